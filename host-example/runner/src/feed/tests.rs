use super::*;
use crate::sources::{Files, Input};
use crate::support;
use authsieve_host::{Analytic, Engine, Limits, Session};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

fn sessions(count: usize) -> Vec<Session> {
    let engine =
        Engine::new(Limits { call: Duration::from_millis(200), memory: 64 << 20, ..Limits::default() })
            .unwrap();
    let analytic = Arc::new(Analytic::load(&engine, "hostile", &support::hostile()).unwrap());
    (0..count).map(|_| Session::start(Arc::clone(&analytic), String::new(), 0).unwrap()).collect()
}

fn inputs(bytes: &[&'static [u8]]) -> Vec<Input> {
    bytes.iter().map(|bytes| Input::Memory { name: "m", bytes }).collect()
}

fn files(inputs: Vec<Input>) -> Files {
    Files::new(inputs).received(Some(1)).max_record(1 << 20)
}

/// Records the news as texts, and counts the flushes.
#[derive(Default)]
struct Heard {
    lines: Vec<String>,
    flushed: u64,
    /// The number of the alert at which the sink fails.
    enough: Option<usize>,
}

impl Sink for Heard {
    fn take(&mut self, news: News, origins: &Origins) -> io::Result<()> {
        let line = match news {
            News::Alert(_) => "alert".into(),
            News::Loss { file, loss: Loss::Unreadable(error) } => format!("{file}: {:?}", error.kind()),
            News::Loss { file, loss: Loss::Oversized(record) } => format!("{file}:{} oversized", record.line),
            News::Loss { file, loss: Loss::Flawed(flawed) } => {
                format!("{file}:{} {:?}", flawed.line, flawed.flaw)
            }
            News::Trouble { record, .. } => match origins.of(record) {
                Some(origin) => format!("{origin} trouble"),
                None => "trouble at the end".into(),
            },
            other => format!("{other:?}"),
        };
        self.lines.push(line);
        if self.enough.is_some_and(|enough| self.lines.len() >= enough) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed += 1;
        Ok(())
    }
}

fn run_files(files: Files, analytics: usize) -> (Vec<String>, Totals) {
    let mut heard = Heard::default();
    let (workers, totals) = run(files, sessions(analytics), &mut heard).unwrap();
    assert_eq!(workers.len(), analytics, "all come back");
    (heard.lines, totals)
}

#[test]
fn state_is_carried_from_input_to_input() {
    let (heard, totals) = run_files(files(inputs(&[b"a\na\nA", b"a\nA\n", b"A"])), 1);
    assert_eq!(heard, ["alert", "alert"]);
    assert_eq!((totals.records, totals.bytes), (6, 10));
}

#[test]
fn inputs_that_cannot_be_read_do_not_keep_the_others_from_it() {
    let mut inputs = inputs(&[b"aaa\n", b"A\n"]);
    inputs.insert(1, Input::Path("/nonexistent/auth.log".into()));
    let (heard, totals) = run_files(files(inputs), 2);
    assert_eq!(heard, ["/nonexistent/auth.log: NotFound", "alert", "alert"]);
    assert_eq!(totals.unreadable, 1);
}

#[test]
fn trouble_names_the_line() {
    let (heard, totals) = run_files(files(inputs(&[b"aaa\n", b"A\n\n!\nA\n", b"A!"])), 1);
    assert_eq!(heard, ["m:3 trouble", "alert", "alert", "m:1 trouble"]);
    assert_eq!((totals.troubles, totals.records), (2, 6));
}

#[test]
fn what_is_no_record_is_told_and_counted() {
    let (heard, totals) = run_files(files(inputs(&[b"#Fields: x y\na\na b\n", b"aaa\n"])), 1);
    assert_eq!(heard, ["m:2 Width"]);
    assert_eq!((totals.records, totals.flaws.total(), totals.unreadable), (2, 1, 0));
}

#[test]
fn overlong_records_are_counted_and_told() {
    let long: &'static [u8] = [b"aaa\n".as_slice(), &[b'x'; 3 << 20], b"\nA\n"].concat().leak();
    let (heard, totals) = run_files(files(inputs(&[long])), 1);
    assert_eq!(heard, ["m:2 oversized", "alert"]);
    assert_eq!((totals.records, totals.oversized), (3, 1));
}

#[test]
fn results_come_in_order_whatever_the_threads_do() {
    let mut text = Vec::new();
    for n in 0..200_000 {
        text.extend_from_slice(if n % 1_000 == 0 { b"aaaA\n" } else { b"nothing to see here\n" });
    }
    let mut heard = Heard::default();
    let (mut workers, _) = run(files(inputs(&[text.leak()])), sessions(3), &mut heard).unwrap();
    assert_eq!(heard.lines.len(), 600);
    assert_eq!(workers.iter_mut().map(|w| w.stats()[0].records).collect::<Vec<_>>(), [200_000; 3]);
}

#[test]
fn a_sink_that_has_enough_ends_it() {
    let mut heard = Heard { enough: Some(1), ..Heard::default() };
    let error = run(files(inputs(&[b"aaa\nA\nA\n"])), sessions(1), &mut heard).err().expect("it fails");
    assert_eq!((error.kind(), heard.lines.len()), (io::ErrorKind::BrokenPipe, 1));
}

/// A worker with a needle. It reports the records that it gets.
struct Picky;

impl Worker for Picky {
    fn name(&self) -> &str {
        "picky"
    }

    fn needles(&mut self) -> Vec<String> {
        vec!["needle".into()]
    }

    fn take(&mut self, records: &Records<'_>, news: &mut Vec<News>) {
        let found = memchr::memmem::find_iter(records.bytes, "needle");
        let trouble =
            |at| News::Trouble { analytic: "picky".into(), record: records.at(at), why: String::new() };
        news.extend(found.map(trouble));
    }
}

#[test]
fn records_keep_their_numbers_behind_the_prefilter() {
    let mut heard = Heard::default();
    let bytes: [&[u8]; 2] = [b"no\n\na needle\nno\nno\nneedle", b"no\nneedle\nno\n"];
    run(files(inputs(&bytes)), vec![Picky], &mut heard).unwrap();
    assert_eq!(heard.lines, ["m:3 trouble", "m:6 trouble", "m:2 trouble"]);
}

/// A source with batches of one record. It counts the acknowledgements.
struct Queue {
    left: u64,
    acknowledged: Arc<AtomicU64>,
}

impl Source for Queue {
    fn next(&mut self, _: Vec<u8>) -> Option<Batch> {
        self.left = self.left.checked_sub(1)?;
        let acknowledged = Arc::clone(&self.acknowledged);
        Some(Batch {
            file: "queue".into(),
            line: 1,
            moves: Vec::new(),
            bytes: b"aaaA\n".to_vec(),
            received: 1,
            written: None,
            idle: None,
            losses: Vec::new(),
            flaws: Counts::default(),
            receipt: Receipt::new(move || {
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }),
        })
    }
}

#[test]
fn a_batch_is_acknowledged_once_the_sink_has_all_of_it() {
    for (enough, wanted) in [(None, 5), (Some(3), 2)] {
        let acknowledged = Arc::<AtomicU64>::default();
        let source = Queue { left: 5, acknowledged: Arc::clone(&acknowledged) };
        let mut heard = Heard { enough, ..Heard::default() };
        let result = run(source, sessions(1), &mut heard);
        assert_eq!(result.is_ok(), enough.is_none());
        assert_eq!(acknowledged.load(Ordering::Relaxed), wanted);
        assert!(heard.flushed >= wanted);
    }
}
