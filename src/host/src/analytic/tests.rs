use super::*;
use crate::contract::INTERFACE;
use crate::support;
use std::time::{Duration, Instant};

fn engine() -> Engine {
    Engine::new(Limits {
        call: Duration::from_millis(200),
        memory: 16 << 20,
        answer: 16 << 20,
        ..Limits::default()
    })
    .unwrap()
}

fn hostile() -> Analytic {
    Analytic::load(&engine(), "hostile", &support::hostile()).unwrap()
}

fn failure(batch: &[u8]) -> Cause {
    let mut detector = hostile().create("", 0).unwrap();
    let error = detector.process(batch, 0).unwrap_err();
    assert_eq!(error.function, "process");
    assert!(detector.stats().is_err(), "the store is dead");
    error.cause
}

#[test]
fn an_analytic_keeps_its_state_from_call_to_call() {
    let analytic = hostile();
    assert_eq!(analytic.describe().unwrap()[0].id, "hostile");
    let mut detector = analytic.create("{}", 0).unwrap();
    assert!(detector.needles().unwrap().is_empty());
    assert_eq!(detector.process(b"aa\nA\n", 0).unwrap().len(), 0);
    assert_eq!(detector.process(b"a\nA\nA\n", 0).unwrap().len(), 2);
    assert_eq!(detector.stats().unwrap()[0].matched, 3);
    let snapshot = detector.snapshot().unwrap();
    let (mut other, notes) = analytic.restore("{}", 0, &snapshot).unwrap();
    assert!(notes.is_empty());
    assert_eq!(other.process(b"A", 0).unwrap().len(), 1);
}

#[test]
fn a_component_with_imports_is_refused_by_their_names() {
    let error = Analytic::load(&engine(), "x", &support::importing()).err().expect("it must be refused");
    let text = error.to_string();
    assert!(text.contains("`wasi:clocks/wall-clock@0.2.0`, `wasi:random/random@0.2.0`"), "{text}");
    assert!(matches!(error, LoadError::Imports(names) if names.len() == 2));
}

#[test]
fn a_component_without_the_contract_is_refused() {
    let error = Analytic::load(&engine(), "x", &support::idle()).err().expect("it must be refused");
    assert!(matches!(error, LoadError::Exports(_)) && error.to_string().contains(INTERFACE), "{error}");
}

#[test]
fn what_is_no_component_is_refused() {
    let module = wat::parse_str("(module)").unwrap();
    for bytes in [&b""[..], b"\0asm", b"not wasm", &module] {
        let error = Analytic::load(&engine(), "x", bytes).err().expect("it must be refused");
        assert!(matches!(error, LoadError::Invalid(_)) && error.to_string().lines().count() == 1, "{error}");
    }
}

#[test]
fn a_trap_is_a_typed_error() {
    assert!(matches!(failure(b"a!"), Cause::Trap(_)));
}

#[test]
fn a_guest_that_loops_is_stopped_in_time() {
    let started = Instant::now();
    assert_eq!(failure(b"@"), Cause::Deadline(Duration::from_millis(200)));
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[test]
fn a_guest_that_hoards_is_stopped() {
    assert_eq!(failure(b"#"), Cause::Memory(16 << 20));
}

#[test]
fn an_answer_that_is_none_is_an_error() {
    assert!(matches!(failure(b"$"), Cause::Other(_)));
}

#[test]
fn an_answer_takes_no_more_memory_than_it_may() {
    let limits = Limits { answer: 1 << 20, ..Limits::default() };
    let of = |limits| {
        let analytic = Analytic::load(&Engine::new(limits).unwrap(), "hostile", &support::hostile()).unwrap();
        analytic.create("", 0).unwrap().process(b"%", 0)
    };
    assert_eq!(of(limits).unwrap_err().cause, Cause::Answer(1 << 20));
    assert_eq!(of(Limits::default()).unwrap().len(), 10_000);
}

#[test]
fn needles_are_few_and_short() {
    for (config, what) in [(r#"{"n":1}"#, "1001 needles"), (r#"{"l":1}"#, "300 bytes in one needle")] {
        let mut detector = hostile().create(config, 0).unwrap();
        let error = detector.needles().unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn what_is_too_large_is_not_compiled() {
    let code = crate::Code { function: 100, ..crate::Code::default() };
    let engine = Engine::new(Limits { code, ..Limits::default() }).unwrap();
    let error = Analytic::load(&engine, "x", &support::hostile()).err().expect("it must be refused");
    assert!(matches!(&error, LoadError::TooLarge(text) if text.contains("function")), "{error}");
}

#[test]
fn every_call_has_its_own_deadline() {
    let mut detector = hostile().create("", 0).unwrap();
    for _ in 0..5 {
        detector.process(b"a", 0).unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
    detector.process(b"a", 0).unwrap();
}

#[test]
fn errors_of_the_guest_are_told_apart() {
    let analytic = hostile();
    let invalid = analytic.create(r#"{"b":1}"#, 0).err();
    assert!(matches!(invalid, Some(StartError::Config(text)) if text == "config: not to my taste"));
    let trap = analytic.create(r#"{"c":1}"#, 0).err();
    assert!(matches!(trap, Some(StartError::Call(CallError { function: "create", cause: Cause::Trap(_) }))));
}
