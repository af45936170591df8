//! Inputs through analytics: one thread reads and routes, one thread runs each analytic.
//!
//! What comes out does not depend on the threads: batches are numbered by their order, and the results of a
//! batch are handed on in the order of the analytics.

use crate::source::{self, Input};
use authsieve_engine::alert::Alert;
use authsieve_engine::detector::Stats;
use authsieve_framing::{Counts, Format, Oversized, Problem};
use authsieve_host::prefilter::{Prefilter, Route};
use authsieve_host::{Answer, Session, Trouble, convert};
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// How many batches may be on their way to one analytic.
const DEPTH: usize = 4;

/// What to read, and how.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The inputs, in the order in which they are read.
    pub inputs: Vec<Input>,
    /// When everything was received, instead of what the inputs say.
    pub received: Option<i64>,
    /// The longest record, in bytes.
    pub max_record: usize,
    /// The format of all inputs; without it, each one's is recognised.
    pub format: Option<Format>,
}

/// What is told while inputs are read, in the order it happens.
#[derive(Debug)]
pub enum News {
    /// An analytic has something to say.
    Alert(Box<Alert>),
    /// An input could not be opened, or not be read to its end.
    Unreadable {
        /// The input.
        name: Arc<str>,
        /// Why.
        error: io::Error,
    },
    /// A record was too long and was skipped.
    Oversized {
        /// The input.
        name: Arc<str>,
        /// Which record.
        record: Oversized,
    },
    /// Something could not be made a record. Of each input and flaw only the first few are told.
    Problem {
        /// The input.
        name: Arc<str>,
        /// What it is, and where: in a line, in `.evtx` files in a chunk.
        problem: Problem,
    },
    /// An analytic failed.
    Trouble {
        /// Its name.
        analytic: String,
        /// The input it was at, and the record (which is the line, where records are lines), where there is one.
        place: Option<(Arc<str>, u64)>,
        /// What happened.
        trouble: Trouble,
    },
    /// Another batch is done: this many bytes of the inputs were read by now, as they are stored.
    Progress(u64),
}

/// What was read in all.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Records read, those left out as too long included.
    pub records: u64,
    /// Bytes of records, after decompression.
    pub bytes: u64,
    /// Records that were too long.
    pub oversized: u64,
    /// Inputs that could not be read.
    pub unreadable: u64,
    /// What could not be made a record, by its flaw.
    pub flaws: Counts,
    /// The counters of each analytic, in the order given. `records` are those that reached it.
    pub stats: Vec<Stats>,
    /// How many analytics were stopped, or lost records or state.
    pub troubled: u64,
}

/// A batch on its way.
struct Batch {
    name: Arc<str>,
    bytes: Vec<u8>,
    first_line: u64,
    received: i64,
    routes: Vec<Route>,
    /// For whoever takes the results.
    arrival: Mutex<Option<Arrival>>,
    pool: Arc<Pool>,
}

/// What the reader has to say with a batch.
#[derive(Default)]
struct Arrival {
    news: Vec<News>,
    records: u64,
    oversized: u64,
    unreadable: u64,
    flaws: Counts,
}

/// Buffers of batches, to be used again.
type Pool = Mutex<Vec<Vec<u8>>>;

impl Drop for Batch {
    fn drop(&mut self) {
        if let Ok(mut pool) = self.pool.lock()
            && pool.len() < 2 * DEPTH
        {
            pool.push(std::mem::take(&mut self.bytes));
        }
    }
}

/// What one analytic made of a batch.
struct Outcome {
    batch: Option<Arc<Batch>>,
    alerts: Vec<Alert>,
    troubles: Vec<Trouble>,
    /// With the last one.
    stats: Option<Stats>,
}

impl Feed {
    /// Reads all inputs to their end, and tells `news` what comes of it.
    ///
    /// # Errors
    /// The first of `news`, which ends everything at once; or that a thread cannot be started.
    pub fn run(
        self,
        sessions: Vec<Session>,
        mut news: impl FnMut(News) -> io::Result<()>,
    ) -> io::Result<Totals> {
        let mut sessions = sessions;
        let names: Vec<String> =
            sessions.iter().map(|session| session.analytic().name().to_owned()).collect();
        // Needles only save work: an analytic that fails to name its own gets every record.
        let needles: Vec<_> =
            sessions.iter_mut().map(|session| session.needles().unwrap_or_default()).collect();
        let prefilter = Prefilter::new(&needles);
        let (mut inlets, mut outlets) = (Vec::new(), Vec::new());
        for (index, session) in sessions.into_iter().enumerate() {
            let (inlet, batches) = sync_channel(DEPTH);
            let (results, outlet) = sync_channel(DEPTH);
            let name = session.analytic().name().to_owned();
            thread::Builder::new().name(name).spawn(move || analyse(session, index, &batches, &results))?;
            inlets.push(inlet);
            outlets.push(outlet);
        }
        let progress = Arc::new(AtomicU64::new(0));
        let reader =
            Reader { feed: self, prefilter, inlets, progress: Arc::clone(&progress), pool: Arc::default() };
        thread::Builder::new().name("reader".into()).spawn(move || reader.read())?;
        collect(&names, &outlets, &progress, &mut news)
    }
}

struct Reader {
    feed: Feed,
    prefilter: Prefilter,
    inlets: Vec<SyncSender<Arc<Batch>>>,
    progress: Arc<AtomicU64>,
    pool: Arc<Pool>,
}

/// Nobody takes the batches any more.
struct Gone;

impl Reader {
    fn read(self) {
        for input in &self.feed.inputs {
            if self.read_one(input).is_err() {
                return;
            }
        }
    }

    fn read_one(&self, input: &Input) -> Result<(), Gone> {
        let name: Arc<str> = input.name().into();
        let failed = |error| Arrival {
            news: vec![News::Unreadable { name: Arc::clone(&name), error }],
            unreadable: 1,
            ..Arrival::default()
        };
        let mut source = match input.open(self.feed.max_record, self.feed.format, &self.progress) {
            Ok(source) => source,
            Err(error) => return self.send(&name, Vec::new(), 0, 0, failed(error)),
        };
        let received = self.feed.received.or(source.received);
        loop {
            let mut bytes = self.pool.lock().ok().and_then(|mut pool| pool.pop()).unwrap_or_default();
            match source.records.next(&mut bytes) {
                Ok(None) => {
                    let flaws = source.records.counts();
                    let arrival = Arrival { flaws, ..Arrival::default() };
                    let told = flaws.total() == 0;
                    return if told { Ok(()) } else { self.send(&name, Vec::new(), 0, 0, arrival) };
                }
                Err(error) => {
                    let arrival = Arrival { flaws: source.records.counts(), ..failed(error) };
                    return self.send(&name, Vec::new(), 0, 0, arrival);
                }
                Ok(Some(cut)) => {
                    let oversized = cut.oversized.len() as u64;
                    let tell = |record| News::Oversized { name: Arc::clone(&name), record };
                    let warn = |problem| News::Problem { name: Arc::clone(&name), problem };
                    let arrival = Arrival {
                        records: cut.records + oversized,
                        oversized,
                        news: (cut.oversized.into_iter().map(tell))
                            .chain(cut.problems.into_iter().map(warn))
                            .collect(),
                        ..Arrival::default()
                    };
                    self.send(&name, bytes, cut.first_line, received.unwrap_or_else(source::now), arrival)?;
                }
            }
        }
    }

    fn send(
        &self,
        name: &Arc<str>,
        bytes: Vec<u8>,
        first_line: u64,
        received: i64,
        arrival: Arrival,
    ) -> Result<(), Gone> {
        let routes = self.prefilter.route(&bytes);
        let (name, pool) = (Arc::clone(name), Arc::clone(&self.pool));
        let batch = Arc::new(Batch {
            name,
            bytes,
            first_line,
            received,
            routes,
            arrival: Mutex::new(Some(arrival)),
            pool,
        });
        self.inlets.iter().try_for_each(|inlet| inlet.send(Arc::clone(&batch)).map_err(|_| Gone))
    }
}

/// The thread of one analytic. Ends when there is no more to take, or nobody to take the results.
fn analyse(
    mut session: Session,
    index: usize,
    batches: &Receiver<Arc<Batch>>,
    results: &SyncSender<Outcome>,
) {
    let mut gathered = Vec::new();
    for batch in batches {
        let answer = match batch.routes.get(index) {
            None | Some(Route::All) if !batch.bytes.is_empty() => {
                session.process(&batch.bytes, batch.received)
            }
            Some(Route::Runs(runs)) if !runs.is_empty() => {
                gathered.clear();
                for run in runs {
                    gathered.extend_from_slice(batch.bytes.get(run.clone()).unwrap_or_default());
                }
                let mut answer = session.process(&gathered, batch.received);
                answer.troubles.iter_mut().for_each(|trouble| relocate(trouble, runs));
                answer
            }
            _ => Answer::default(),
        };
        if results.send(result(Some(batch), answer, None)).is_err() {
            return;
        }
    }
    let answer = session.flush();
    let stats = session.stats().into_iter().next().unwrap_or_default();
    let _ = results.send(result(None, answer, Some(stats)));
}

fn result(batch: Option<Arc<Batch>>, answer: Answer, stats: Option<Stats>) -> Outcome {
    let alerts = answer.alerts.into_iter().map(convert::alert).collect();
    Outcome { batch, alerts, troubles: answer.troubles, stats }
}

/// Turns an offset in what was gathered from `runs` into one in the batch.
fn relocate(trouble: &mut Trouble, runs: &[Range<usize>]) {
    let (Trouble::Lost { offset, .. } | Trouble::GivenUp { offset, .. }) = trouble else { return };
    let mut left = *offset;
    for run in runs {
        if left < run.len() {
            *offset = run.start + left;
            return;
        }
        left -= run.len();
    }
}

/// Hands on the results, batch by batch.
fn collect(
    names: &[String],
    outlets: &[Receiver<Outcome>],
    progress: &AtomicU64,
    news: &mut impl FnMut(News) -> io::Result<()>,
) -> io::Result<Totals> {
    let mut totals = Totals::default();
    let mut open = !outlets.is_empty();
    while open {
        let mut read = None;
        for (name, outlet) in names.iter().zip(outlets) {
            // A thread that is gone without its last word has panicked.
            let Ok(result) = outlet.recv() else {
                return Err(io::Error::other(format!("the thread of {name} ended")));
            };
            let place = |trouble: &Trouble| {
                let batch = result.batch.as_ref()?;
                let (Trouble::Lost { offset, .. } | Trouble::GivenUp { offset, .. }) = trouble else {
                    return Some((Arc::clone(&batch.name), batch.first_line));
                };
                let before = batch.bytes.get(..*offset).unwrap_or_default();
                Some((
                    Arc::clone(&batch.name),
                    batch.first_line + memchr::memchr_iter(b'\n', before).count() as u64,
                ))
            };
            let arrival = result.batch.as_ref().and_then(|batch| batch.arrival.lock().ok()?.take());
            if let (Some(arrival), Some(batch)) = (arrival, &result.batch) {
                totals.records += arrival.records;
                totals.bytes += batch.bytes.len() as u64;
                totals.oversized += arrival.oversized;
                totals.unreadable += arrival.unreadable;
                totals.flaws.merge(&arrival.flaws);
                arrival.news.into_iter().try_for_each(&mut *news)?;
                read = Some(progress.load(Ordering::Relaxed));
            }
            for trouble in result.troubles {
                totals.troubled += 1;
                news(News::Trouble { analytic: name.clone(), place: place(&trouble), trouble })?;
            }
            result.alerts.into_iter().try_for_each(|alert| news(News::Alert(Box::new(alert))))?;
            if let Some(stats) = result.stats {
                totals.stats.push(stats);
                open = false;
            }
        }
        read.map_or(Ok(()), |read| news(News::Progress(read)))?;
    }
    Ok(totals)
}

#[cfg(test)]
mod tests;
