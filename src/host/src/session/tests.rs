use super::single::{MAX_LOST, middle};
use super::*;
use crate::engine::{Engine, Limits};
use crate::error::Cause;
use crate::support;
use std::time::Duration;

fn session(config: &str) -> Session {
    within(Duration::from_millis(100), config)
}

/// A session with this deadline for each call.
fn within(call: Duration, config: &str) -> Session {
    let engine = Engine::new(Limits { call, memory: 16 << 20, ..Limits::default() }).unwrap();
    let analytic = Analytic::load(&engine, "hostile", &support::hostile()).unwrap();
    Session::start(Arc::new(analytic), config.into(), 0).unwrap()
}

/// The lost records, as text.
fn lost<'a>(batch: &'a str, answer: &Answer) -> Vec<&'a str> {
    let one = |trouble: &Trouble| match &trouble.fault {
        Fault::Lost { offset, length, .. } => Some(&batch[*offset..offset + length]),
        _ => None,
    };
    answer.troubles.iter().filter_map(one).collect()
}

#[test]
fn only_the_record_at_fault_is_lost() {
    for poison in ["!", "#", "$", "@"] {
        for config in ["", r#"{"s":1}"#] {
            let mut session = session(config);
            assert_eq!(session.process(b"a\na\n", 1).alerts.len(), 0);
            let batch = format!("A\na\nA\na\nxx{poison}x\nA\na\nA");
            let answer = session.process(batch.as_bytes(), 2);
            assert_eq!(lost(&batch, &answer), [format!("xx{poison}x\n")], "{answer:?}");
            assert_eq!(answer.troubles.len(), 1);
            // The result is as if the record did not exist: A at 2 is silent; at 3, 4 and 5 it raises alerts.
            assert_eq!(answer.alerts.len(), 3);
            assert_eq!(session.process(b"A\n", 3).alerts.len(), 1);
            let stats = &session.stats()[0];
            assert_eq!((stats.matched, stats.keys, stats.records), (5, 5, 9), "{config}");
        }
    }
}

#[test]
fn every_place_in_a_batch_and_every_number_of_poisons_is_got_over() {
    for size in 1..=9_usize {
        for first in 0..size {
            for second in first..size {
                let record = |at| if at == first || at == second { "!\n" } else { "aaaA\n" };
                let batch: String = (0..size).map(record).collect();
                let mut session = session("");
                let answer = session.process(batch.trim_end().as_bytes(), 1);
                let poisons = if first == second { 1 } else { 2 };
                assert_eq!(answer.troubles.len(), poisons, "{batch:?} {answer:?}");
                assert_eq!(answer.alerts.len(), size - poisons, "{batch:?}");
            }
        }
    }
}

#[test]
fn a_batch_of_nothing_but_poison_is_given_up_and_the_analytic_goes_on() {
    let mut session = session("");
    let answer = session.process("!\n".repeat(1_000).as_bytes(), 1);
    assert_eq!(
        answer.troubles.iter().filter(|t| matches!(t.fault, Fault::Lost { .. })).count(),
        2 * MAX_LOST
    );
    assert_eq!(answer.troubles.iter().filter(|t| matches!(t.fault, Fault::Forgot { .. })).count(), 1);
    let rest = answer.troubles.last().unwrap();
    assert!(matches!(rest.fault, Fault::GivenUp { offset: 32, length: 1_968, .. }), "{rest:?}");
    assert_eq!(session.process(b"aaa\nA\n", 2).alerts.len(), 1);
}

#[test]
fn an_analytic_that_always_fails_is_stopped() {
    let mut session = session("");
    let mut stopped = 0;
    for _ in 0..5 {
        let answer = session.process("!\n".repeat(100).as_bytes(), 1);
        stopped += answer.troubles.iter().filter(|t| matches!(t.fault, Fault::Stopped { .. })).count();
    }
    assert_eq!(stopped, 1);
    let answer = session.process(b"aaaA\n", 1);
    assert!(answer.alerts.is_empty() && answer.troubles.is_empty());
    assert!(session.flush().troubles.is_empty());
}

#[test]
fn a_snapshot_that_is_not_taken_back_costs_the_state_and_no_more() {
    for config in [r#"{"r":1}"#, r#"{"k":1}"#] {
        let mut session = session(config);
        session.process(b"aaa\n", 1);
        let batch = "A\n!\nA\naaa\nA\n!\naaa\nA\n";
        let answer = session.process(batch.as_bytes(), 2);
        assert!(answer.troubles.iter().any(|t| matches!(t.fault, Fault::Forgot { .. })), "{answer:?}");
        assert_eq!(lost(batch, &answer), ["!\n", "!\n"], "{config}");
        assert!(!answer.alerts.is_empty());
        assert!(session.process(b"aaa\nA\n", 3).troubles.is_empty());
    }
}

#[test]
fn a_flush_that_fails_is_told() {
    let mut session = session(r#"{"f":1}"#);
    session.process(b"aaa\n", 1);
    let answer = session.flush();
    assert!(
        matches!(&answer.troubles[..], [Trouble { fault: Fault::Unfinished { error }, .. }] if matches!(error.cause, Cause::Trap(_)))
    );
}

#[test]
fn long_runs_take_checkpoints_and_go_on_from_them() {
    // No call hangs here, and a busy machine is slow.
    let mut session = within(Duration::from_secs(60), "");
    let batch = [b"a\n".as_slice(), &[b'x'; 1 << 20], b"\n"].concat();
    for _ in 0..130 {
        assert!(session.process(&batch, 1).troubles.is_empty());
    }
    assert!(session.parts[0].has_checkpoint(), "a snapshot must have been taken");
    let answer = session.process(b"!\nA\n", 2);
    assert_eq!((answer.alerts.len(), answer.troubles.len()), (1, 1));
}

#[test]
fn halves_meet_at_a_boundary() {
    assert_eq!(middle(b"a\nb\n", 0, 4), Some(2));
    assert_eq!(middle(b"a\nb", 0, 3), Some(2));
    assert_eq!(middle(b"a\n", 0, 2), None);
    assert_eq!(middle(b"a", 0, 1), None);
    assert_eq!(middle(b"", 0, 0), None);
    assert_eq!(middle(b"a\nlonglonglong\n", 0, 15), Some(2));
    assert_eq!(middle(b"longlonglong\na\n", 0, 15), Some(13));
}

/// The failures, each with its analytic.
fn told(answer: &Answer) -> Vec<(&str, &str)> {
    let word = |fault: &Fault| match fault {
        Fault::Apart { .. } => "apart",
        Fault::Lost { .. } => "lost",
        Fault::Unfinished { .. } => "unfinished",
        _ => "other",
    };
    answer.troubles.iter().map(|trouble| (&*trouble.analytic, word(&trouble.fault))).collect()
}

#[test]
fn only_the_analytic_that_fails_on_a_record_skips_it() {
    let mut session = session(r#"{"m":1}"#);
    assert_eq!(session.ids(), ["touchy", "gentle"]);
    assert_eq!(session.process(b"a\na\nA\n", 1).alerts.len(), 0);
    let batch = "a\nA\nxx!aA\nA\n";
    let answer = session.process(batch.as_bytes(), 2);
    assert_eq!(told(&answer), [("touchy+gentle", "apart"), ("touchy", "lost")], "{answer:?}");
    assert_eq!(lost(batch, &answer), ["xx!aA\n"]);
    // Two alerts from the first A, one from the second, two from the third.
    assert_eq!(answer.alerts.len(), 5);
    // The record counted for one of the two analytics.
    let keys = |session: &mut Session| session.stats().iter().map(|stats| stats.keys).collect::<Vec<_>>();
    assert_eq!(keys(&mut session), [3, 4]);
    let answer = session.process(b"!\nA\na\n", 3);
    assert_eq!((told(&answer), answer.alerts.len()), (vec![("touchy", "lost")], 2));
    assert_eq!(keys(&mut session), [4, 5]);
}

#[test]
fn a_record_that_only_the_suite_fails_on_is_skipped_by_nobody() {
    for (before, batch, offset) in [("", "^A\n", 3), ("aaa\n", "A\n^A\nA\n", 3), ("aaa\n", "a\n^A", 3)] {
        let mut session = session(r#"{"m":1}"#);
        session.process(before.as_bytes(), 1);
        let answer = session.process(batch.as_bytes(), 2);
        assert_eq!(told(&answer), [("touchy+gentle", "apart")], "{offset}");
        let raised = if before.is_empty() { 0 } else { 2 * batch.matches('A').count() };
        assert_eq!(answer.alerts.len(), raised, "{batch}");
    }
}

#[test]
fn a_suite_that_fails_at_the_end_is_taken_apart_too() {
    let mut session = session(r#"{"m":1}"#);
    session.process(b"aaaaaaa\n", 1);
    assert_eq!(told(&session.flush()), [("touchy+gentle", "apart"), ("touchy", "unfinished")]);
    assert_eq!(session.process(b"A\n", 2).alerts.len(), 2);
}

#[test]
fn a_suite_that_gives_no_snapshot_is_taken_apart_too() {
    let mut session = session(r#"{"m":1}"#);
    session.process(b"aaaaaaaaa\n", 1);
    assert!(session.snapshot().is_err(), "touchy still fails");
    let answer = session.process(b"A\n!\nA\na\n", 2);
    assert_eq!((told(&answer), answer.alerts.len()), (vec![("touchy", "lost")], 4));
    let (snapshot, troubles) = session.snapshot().unwrap();
    assert_eq!((snapshot.len(), troubles.len()), (16, 0), "one after the other");
}

#[test]
fn notes_are_as_safe_as_alerts() {
    let mut session = session(r#"{"m":1}"#);
    session.explain(b"aaa\n", 1);
    let batch = "a\n!\nA\n";
    let answer = session.explain(batch.as_bytes(), 2);
    assert_eq!(told(&answer), [("touchy+gentle", "apart"), ("touchy", "lost")]);
    assert_eq!(lost(batch, &answer), ["!\n"]);
    assert_eq!(session.process(b"A\n", 3).alerts.len(), 2, "the state is kept");
}

#[test]
fn a_session_goes_on_from_a_snapshot() {
    let engine =
        Engine::new(Limits { call: Duration::from_secs(9), memory: 16 << 20, ..Limits::default() }).unwrap();
    let analytic = Arc::new(Analytic::load(&engine, "hostile", &support::hostile()).unwrap());
    let mut before = Session::start(Arc::clone(&analytic), String::new(), 0).unwrap();
    before.process(b"aaa\n", 1);
    let (snapshot, troubles) = before.snapshot().unwrap();
    assert!(troubles.is_empty());
    let (mut session, notes) = Session::restore(Arc::clone(&analytic), String::new(), 1, &snapshot).unwrap();
    assert!(notes.is_empty());
    let batch = b"A\n!\nA\na\n";
    let answer = session.process(batch, 2);
    assert_eq!((told(&answer), answer.alerts.len()), (vec![("hostile", "lost")], 2));
    assert_eq!(session.stats()[0].keys, 4);
    let refused = Session::restore(analytic, r#"{"k":1}"#.into(), 1, &snapshot);
    assert!(refused.is_err());
}

#[test]
fn time_that_passed_is_part_of_what_is_done_again() {
    let mut session = session("");
    session.process(b"aaa\n", 1);
    // For this guest, an hour without records is one addition.
    assert!(session.elapse(3_600_000_000).troubles.is_empty());
    assert_eq!(session.stats()[0].keys, 4);
    let answer = session.process(b"!\n", 2);
    assert_eq!(told(&answer), [("hostile", "lost")]);
    assert_eq!(session.stats()[0].keys, 4);
}
