use super::*;
use crate::engine::{Engine, Limits};
use crate::error::Cause;
use crate::support;

fn session(config: &str) -> Session {
    within(Duration::from_millis(100), config)
}

/// A session whose calls may take so long.
fn within(call: Duration, config: &str) -> Session {
    let engine = Engine::new(Limits { call, memory: 16 << 20 }).unwrap();
    let analytic = Analytic::load(&engine, "hostile", &support::hostile()).unwrap();
    Session::start(Arc::new(analytic), config.into(), 0).unwrap()
}

/// The records that were lost, as text.
fn lost<'a>(batch: &'a str, answer: &Answer) -> Vec<&'a str> {
    let one = |trouble: &Trouble| match trouble {
        Trouble::Lost { offset, length, .. } => Some(&batch[*offset..offset + length]),
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
            // As if the record had never been there: A at 2 is silent; at 3, 4 and 5 it is not.
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
    assert_eq!(answer.troubles.iter().filter(|t| matches!(t, Trouble::Lost { .. })).count(), 2 * MAX_LOST);
    assert_eq!(answer.troubles.iter().filter(|t| matches!(t, Trouble::Forgot { .. })).count(), 1);
    let rest = answer.troubles.last().unwrap();
    assert!(matches!(rest, Trouble::GivenUp { offset: 32, length: 1_968, .. }), "{rest:?}");
    assert_eq!(session.process(b"aaa\nA\n", 2).alerts.len(), 1);
}

#[test]
fn an_analytic_that_always_fails_is_stopped() {
    let mut session = session("");
    let mut stopped = 0;
    for _ in 0..5 {
        let answer = session.process("!\n".repeat(100).as_bytes(), 1);
        stopped += answer.troubles.iter().filter(|t| matches!(t, Trouble::Stopped { .. })).count();
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
        assert!(answer.troubles.iter().any(|t| matches!(t, Trouble::Forgot { .. })), "{answer:?}");
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
        matches!(&answer.troubles[..], [Trouble::Unfinished { error }] if matches!(error.cause, Cause::Trap(_)))
    );
}

#[test]
fn long_runs_take_checkpoints_and_go_on_from_them() {
    // No call hangs here, and a busy machine is slow.
    let mut session = within(Duration::from_secs(60), "");
    let batch = [b"a\n".as_slice(), &[b'x'; 1 << 20], b"\n"].concat();
    for _ in 0..40 {
        assert!(session.process(&batch, 1).troubles.is_empty());
    }
    assert!(session.replay.snapshot().is_some(), "a snapshot must have been taken");
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
