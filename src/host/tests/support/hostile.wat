;; A guest whose records tell it what to do, for tests of a host's recovery. In a batch,
;;   a  adds one to its state
;;   A  raises an (empty) alert if the state is 3 or more
;;   !  traps            @  loops forever      #  allocates without end
;;   $  answers with a list that lies outside of its memory
;;   %  answers with 10,000 empty alerts
;;   ^  traps, but only if two analytics run together
;; and the third byte of its configuration selects a fault:
;;   {"b…  refuses it          {"c…  traps in create    {"s…  traps in snapshot
;;   {"f…  traps in flush      {"r…  traps in restore   {"k…  refuses its own snapshot
;;   {"n…  has 1,001 needles   {"l…  has one of 300 bytes
;;   {"m…  holds two analytics: touchy, and gentle, which never traps. With {"analytics":["touchy…
;;   or {"analytics":["gentle… it holds only one of them. At the end of the input, touchy traps if its state
;;   is 7; when asked for a snapshot, it traps if its state is 9.
;; Its state is one number, and so is its snapshot. An elapsed time adds one to the state.
(module
  (import "[export]authsieve:analytic/analytic@0.2.0" "[resource-new]detector" (func $new (param i32) (result i32)))

  ;; Memory: 0 to 4095 data, with a descriptor at 64; from 4096 results; 65536 to 131071 zeros, for empty records; from 131072 arguments.
  (memory (export "memory") 64)
  (data (i32.const 16) "hostile")
  (data (i32.const 24) "touchy")
  (data (i32.const 56) "gentle")
  (data (i32.const 32) "config: not to my taste")
  (data (i32.const 64) "\10\00\00\00\07\00\00\00\10\00\00\00\07\00\00\00\10\00\00\00\07\00\00\00")

  (global $next (mut i32) (i32.const 131072))
  (global $state (mut i64) (i64.const 0))
  (global $records (mut i64) (i64.const 0))
  (global $counted (mut i64) (i64.const 0))
  (global $mode (mut i32) (i32.const 0))

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
    (global.set $next (i32.add (local.get $at) (local.get 3)))
    (local.get $at))

  (func $done (global.set $next (i32.const 131072)))

  (func $configure (param $config i32) (param $length i32)
    (if (i32.gt_u (local.get $length) (i32.const 2))
      (then (global.set $mode (i32.load8_u offset=2 (local.get $config)))))
    ;; For {"analytics":["…, the first letter of the id is the mode.
    (if (i32.and (i32.eq (global.get $mode) (i32.const 0x61)) (i32.gt_u (local.get $length) (i32.const 15)))
      (then (global.set $mode (i32.load8_u offset=15 (local.get $config)))))
    (call $done))

  ;; Returns a list.
  (func $list (param $at i32) (param $length i32) (result i32)
    (i32.store (i32.const 4096) (local.get $at))
    (i32.store (i32.const 4100) (local.get $length))
    (i32.const 4096))

  ;; Returns result<detector, error>. result<tuple<detector, list<string>>, error> begins in the same way.
  (func $made (result i32)
    (if (i32.eq (global.get $mode) (i32.const 0x63)) (then unreachable))
    (i64.store (i32.const 4096) (i64.const 0))
    (i64.store (i32.const 4104) (i64.const 0))
    (if (i32.eq (global.get $mode) (i32.const 0x62))
      (then
        (i32.store8 (i32.const 4096) (i32.const 1))
        (i32.store (i32.const 4104) (i32.const 32))
        (i32.store (i32.const 4108) (i32.const 23)))
      (else (i32.store (i32.const 4100) (call $new (i32.const 1)))))
    (i32.const 4096))

  (func (export "authsieve:analytic/analytic@0.2.0#describe") (result i32)
    (call $list (i32.const 64) (i32.const 1)))

  (func (export "authsieve:analytic/analytic@0.2.0#[static]detector.create") (param i32 i32 i64) (result i32)
    (call $configure (local.get 0) (local.get 1))
    (call $made))

  (func (export "authsieve:analytic/analytic@0.2.0#[static]detector.restore")
    (param i32 i32 i64 i32 i32) (result i32)
    (global.set $state (i64.load (local.get 3)))
    (call $configure (local.get 0) (local.get 1))
    (if (i32.eq (global.get $mode) (i32.const 0x72)) (then unreachable))
    (drop (call $made))
    (if (i32.eq (global.get $mode) (i32.const 0x6b))
      (then
        (i32.store8 (i32.const 4096) (i32.const 1))
        (i32.store (i32.const 4100) (i32.const 1))
        (i32.store (i32.const 4104) (i32.const 32))
        (i32.store (i32.const 4108) (i32.const 23))))
    (i32.const 4096))

  (func (export "authsieve:analytic/analytic@0.2.0#[method]detector.needles") (param i32) (result i32)
    (if (i32.eq (global.get $mode) (i32.const 0x6e))
      (then (return (call $list (i32.const 65536) (i32.const 1001)))))
    (if (i32.eq (global.get $mode) (i32.const 0x6c))
      (then
        (i32.store (i32.const 4120) (i32.const 65536))
        (i32.store (i32.const 4124) (i32.const 300))
        (return (call $list (i32.const 4120) (i32.const 1)))))
    (call $list (i32.const 0) (i32.const 0)))

  (func $process (export "authsieve:analytic/analytic@0.2.0#[method]detector.process")
    (param $self i32) (param $at i32) (param $length i32) (param i64 i32 i64 i64) (result i32)
    (local $byte i32) (local $alerts i32) (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $over
      (loop $more
        (br_if $over (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $byte (i32.load8_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (if (i32.eq (local.get $byte) (i32.const 0x61))
          (then
            (global.set $counted (i64.add (global.get $counted) (i64.const 1)))
            (global.set $state (i64.add (global.get $state) (i64.const 1)))))
        (if (i32.eq (local.get $byte) (i32.const 0x41))
          (then
            (if (i64.ge_u (global.get $state) (i64.const 3))
              (then
                (local.set $alerts (i32.add (local.get $alerts) (i32.const 1)))
                (if (i32.eq (global.get $mode) (i32.const 0x6d))
                  (then (local.set $alerts (i32.add (local.get $alerts) (i32.const 1)))))))))
        (if (i32.eq (local.get $byte) (i32.const 0x0a))
          (then (global.set $records (i64.add (global.get $records) (i64.const 1)))))
        (if (i32.and (i32.eq (local.get $byte) (i32.const 0x21)) (i32.ne (global.get $mode) (i32.const 0x67)))
          (then unreachable))
        (if (i32.and (i32.eq (local.get $byte) (i32.const 0x5e)) (i32.eq (global.get $mode) (i32.const 0x6d)))
          (then unreachable))
        (if (i32.eq (local.get $byte) (i32.const 0x40)) (then (loop $forever (br $forever))))
        (if (i32.eq (local.get $byte) (i32.const 0x23))
          (then (loop $greed (drop (memory.grow (i32.const 16))) (br $greed))))
        (if (i32.eq (local.get $byte) (i32.const 0x24))
          (then (return (call $list (i32.const 0x7fff0000) (i32.const 1000)))))
        (if (i32.eq (local.get $byte) (i32.const 0x25))
          (then
            ;; The added memory is zero.
            (drop (memory.grow (i32.const 100)))
            (call $done)
            (return (call $list (i32.const 0x400000) (i32.const 10000)))))
        (br $more)))
    (call $done)
    (call $list (i32.const 65536) (local.get $alerts)))

  (func (export "authsieve:analytic/analytic@0.2.0#[method]detector.decode")
    (param i32 i32 i32 i64 i32 i64 i64) (result i32)
    (drop
      (call $process
        (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6)))
    (call $list (i32.const 65536) (i32.const 0)))

  (func (export "authsieve:analytic/analytic@0.2.0#[method]detector.explain")
    (param i32 i32 i32 i64 i32 i64 i64) (result i32)
    (drop
      (call $process
        (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6)))
    (call $list (i32.const 65536) (i32.const 0)))

  (func (export "authsieve:analytic/analytic@0.2.0#[method]detector.elapse") (param i32 i64) (result i32)
    (global.set $state (i64.add (global.get $state) (i64.const 1)))
    (call $list (i32.const 65536) (i32.const 0)))

  (func (export "authsieve:analytic/analytic@0.2.0#[method]detector.flush") (param i32) (result i32)
    (if (i32.eq (global.get $mode) (i32.const 0x66)) (then unreachable))
    (if
      (i32.and
        (i64.eq (global.get $state) (i64.const 7))
        (i32.or (i32.eq (global.get $mode) (i32.const 0x6d)) (i32.eq (global.get $mode) (i32.const 0x74))))
      (then unreachable))
    (call $list (i32.const 65536) (i32.const 0)))

  (func (export "authsieve:analytic/analytic@0.2.0#[method]detector.snapshot") (param i32) (result i32)
    (if (i32.eq (global.get $mode) (i32.const 0x73)) (then unreachable))
    (if
      (i32.and
        (i64.eq (global.get $state) (i64.const 9))
        (i32.or (i32.eq (global.get $mode) (i32.const 0x6d)) (i32.eq (global.get $mode) (i32.const 0x74))))
      (then unreachable))
    (i64.store (i32.const 4112) (global.get $state))
    (call $list (i32.const 4112) (i32.const 8)))

  ;; Writes one record of counters: the id, records, matched (the additions since it was created or restored), zeros, and
  ;; the state as keys.
  (func $counters (param $at i32) (param $id i32) (param $length i32)
    (memory.fill (local.get $at) (i32.const 0) (i32.const 120))
    (i32.store (local.get $at) (local.get $id))
    (i32.store offset=4 (local.get $at) (local.get $length))
    (i64.store offset=8 (local.get $at) (global.get $records))
    (i64.store offset=16 (local.get $at) (global.get $counted))
    (i64.store offset=88 (local.get $at) (global.get $state)))

  (func (export "authsieve:analytic/analytic@0.2.0#[method]detector.stats") (param i32) (result i32)
    (call $counters (i32.const 4224) (i32.const 16) (i32.const 7))
    (if (i32.or (i32.eq (global.get $mode) (i32.const 0x6d)) (i32.eq (global.get $mode) (i32.const 0x74)))
      (then (call $counters (i32.const 4224) (i32.const 24) (i32.const 6))))
    (if (i32.eq (global.get $mode) (i32.const 0x67))
      (then (call $counters (i32.const 4224) (i32.const 56) (i32.const 6))))
    (call $counters (i32.const 4344) (i32.const 56) (i32.const 6))
    (call $list (i32.const 4224) (i32.add (i32.const 1) (i32.eq (global.get $mode) (i32.const 0x6d)))))

  (func (export "authsieve:analytic/analytic@0.2.0#[method]detector.problems") (param i32) (result i32)
    (call $list (i32.const 65536) (i32.const 0)))

  (func (export "authsieve:analytic/analytic@0.2.0#[method]detector.route")
    (param i32 i32 i32 i64 i32 i64 i64) (result i32)
    (call $done)
    (call $list (i32.const 65536) (i32.const 0)))

  (func (export "authsieve:analytic/analytic@0.2.0#[method]detector.judge")
    (param i32 i32 i32 i64 i32 i64 i64) (result i32)
    (call $done)
    (call $list (i32.const 65536) (i32.const 0)))

  (func (export "authsieve:analytic/analytic@0.2.0#[dtor]detector") (param i32)))
