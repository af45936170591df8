use super::*;
use crate::support;
use authsieve_host::{Analytic, CallError, Cause, Engine, Limits};
use std::time::Duration;

fn sessions(count: usize) -> Vec<Session> {
    let engine = Engine::new(Limits { call: Duration::from_millis(200), memory: 64 << 20 }).unwrap();
    let analytic = Arc::new(Analytic::load(&engine, "hostile", &support::hostile()).unwrap());
    (0..count).map(|_| Session::start(Arc::clone(&analytic), String::new(), 0).unwrap()).collect()
}

fn feed(bytes: &[&'static [u8]]) -> Feed {
    let input = |bytes| Input::Memory { name: "m", bytes };
    Feed {
        inputs: bytes.iter().copied().map(input).collect(),
        received: Some(1),
        max_record: 1 << 20,
        format: None,
    }
}

fn run(feed: Feed, analytics: usize) -> (Vec<String>, Totals) {
    let mut told = Vec::new();
    let totals = feed.run(sessions(analytics), |news| {
        match news {
            News::Alert(_) => told.push("alert".into()),
            News::Unreadable { name, error } => told.push(format!("{name}: {:?}", error.kind())),
            News::Oversized { name, record } => told.push(format!("{name}:{} oversized", record.line)),
            News::Problem { name, problem } => {
                told.push(format!("{name}:{} {:?}", problem.line, problem.flaw))
            }
            News::Trouble { place, .. } => {
                let (name, line) = place.unwrap_or(("end".into(), 0));
                told.push(format!("{name}:{line} trouble"));
            }
            News::Progress(_) => {}
        }
        Ok(())
    });
    (told, totals.unwrap())
}

#[test]
fn state_is_carried_from_input_to_input() {
    let (told, totals) = run(feed(&[b"a\na\nA", b"a\nA\n", b"A"]), 1);
    assert_eq!(told, ["alert", "alert"]);
    assert_eq!((totals.records, totals.bytes, totals.stats.len()), (6, 10, 1));
}

#[test]
fn inputs_that_cannot_be_read_do_not_keep_the_others_from_it() {
    let mut feed = feed(&[b"aaa\n", b"A\n"]);
    feed.inputs.insert(1, Input::Path("/nonexistent/auth.log".into()));
    let (told, totals) = run(feed, 2);
    assert_eq!(told, ["/nonexistent/auth.log: NotFound", "alert", "alert"]);
    assert_eq!(totals.unreadable, 1);
}

#[test]
fn trouble_names_the_line() {
    let (told, totals) = run(feed(&[b"aaa\n", b"A\n\n!\nA\n", b"A!"]), 1);
    assert_eq!(told, ["m:3 trouble", "alert", "alert", "m:1 trouble"]);
    assert_eq!((totals.troubled, totals.records), (2, 6));
}

#[test]
fn what_is_no_record_is_told_and_counted() {
    let (told, totals) = run(feed(&[b"#Fields: x y\na\na b\n", b"aaa\n"]), 1);
    assert_eq!(told, ["m:2 Width"]);
    assert_eq!((totals.records, totals.flaws.total(), totals.unreadable), (2, 1, 0));
}

#[test]
fn overlong_records_are_counted_and_told() {
    let long: &'static [u8] = [b"aaa\n".as_slice(), &[b'x'; 3 << 20], b"\nA\n"].concat().leak();
    let (told, totals) = run(feed(&[long]), 1);
    assert_eq!(told, ["m:2 oversized", "alert"]);
    assert_eq!((totals.records, totals.oversized), (3, 1));
}

#[test]
fn results_come_in_order_whatever_the_threads_do() {
    let mut text = Vec::new();
    for n in 0..200_000 {
        text.extend_from_slice(if n % 1_000 == 0 { b"aaaA\n" } else { b"nothing to see here\n" });
    }
    let (told, totals) = run(feed(&[text.leak()]), 3);
    assert_eq!(told.len(), 600);
    assert_eq!(totals.stats.iter().map(|s| s.records).collect::<Vec<_>>(), [200_000; 3]);
}

#[test]
fn whoever_has_enough_ends_it() {
    let error = feed(&[b"aaa\nA\nA\n"]).run(sessions(1), |news| match news {
        News::Alert(_) => Err(io::ErrorKind::BrokenPipe.into()),
        _ => Ok(()),
    });
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn offsets_in_what_was_gathered_are_offsets_in_the_batch() {
    let error = CallError { function: "process", cause: Cause::Trap(String::new()) };
    for (gathered, wanted) in [(0, 10), (4, 14), (5, 30), (9, 34)] {
        let mut trouble = Trouble::Lost { offset: gathered, length: 1, error: error.clone() };
        relocate(&mut trouble, &[10..15, 30..35]);
        assert!(matches!(trouble, Trouble::Lost { offset, .. } if offset == wanted), "{trouble:?}");
    }
}
