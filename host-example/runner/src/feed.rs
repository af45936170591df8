//! The main loop of most commands: records from a [`Source`] go through [`Worker`]s to a [`Sink`].
//!
//! One thread reads, and the prefilter decides which records each worker gets. Each worker has its own thread. The
//! caller's thread passes the results to the sink. The output does not depend on the timing of threads. Results are
//! ordered by batch, then by record, then by worker.

mod workers;

pub(crate) use workers::tell;

use crate::sinks::{News, Sink};
use crate::sources::{Batch, Loss, Move, Receipt, Source};
use authsieve_engine::detector::Reading;
use authsieve_engine::time::Timestamp;
use authsieve_framing::Counts;
use authsieve_host::prefilter::{Prefilter, Route};
use authsieve_host::{Origins, in_order};
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// The most batches that wait for each worker.
const DEPTH: usize = 4;

/// Processes the batches for one or several analytics, on its own thread.
pub trait Worker: Send + 'static {
    /// The name of the thread, also used in errors: the id of the analytic.
    fn name(&self) -> &str;

    /// The needles: each record that can matter contains at least one of them. If empty, every record may matter.
    fn needles(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// Processes the records of a batch that may matter. Of each other record only the newline is left.
    fn take(&mut self, records: &Records<'_>, news: &mut Vec<News>);

    /// No records arrived for `idle` microseconds: releases what waited for this time.
    fn elapse(&mut self, idle: u64, news: &mut Vec<News>) {
        let _ = (idle, news);
    }

    /// The input has ended.
    fn finish(&mut self, news: &mut Vec<News>) {
        let _ = news;
    }

    /// The input was abandoned before its end: what waits is not released.
    fn leave(&mut self, news: &mut Vec<News>) {
        let _ = news;
    }
}

/// The records of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Records<'b> {
    /// Whole records, each followed by a newline (the last one may lack it). An empty line keeps its number, but has no
    /// record.
    pub bytes: &'b [u8],
    /// The time of reading, and the number of the first record in the whole input, counted from 1.
    pub reading: Reading,
}

impl<'b> Records<'b> {
    /// The records, each with its newline.
    pub fn lines(&self) -> impl Iterator<Item = &'b [u8]> + use<'b> {
        self.bytes.split_inclusive(|byte| *byte == b'\n')
    }

    /// The number of the record that contains the byte at `offset`.
    #[must_use]
    pub fn at(&self, offset: usize) -> u64 {
        let before = self.bytes.get(..offset).unwrap_or(self.bytes);
        self.reading.first + memchr::memchr_iter(b'\n', before).count() as u64
    }
}

/// The totals of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// The records that were read, including those that were too long.
    pub records: u64,
    /// The bytes of the records, after decompression.
    pub bytes: u64,
    /// The records that were too long.
    pub oversized: u64,
    /// The inputs that could not be read.
    pub unreadable: u64,
    /// The pieces of input that could not be turned into records, by flaw.
    pub flaws: Counts,
    /// The failures of analytics.
    pub troubles: u64,
}

impl Totals {
    /// The records that reached the analytics: all except those that were too long.
    #[must_use]
    pub const fn judged(&self) -> u64 {
        self.records - self.oversized
    }

    /// True if records are missing: an input could not be read, a record was too long, or an analytic failed.
    #[must_use]
    pub const fn lost_something(&self) -> bool {
        self.unreadable > 0 || self.oversized > 0 || self.troubles > 0
    }
}

/// Reads a source to its end. Returns the workers and the totals.
///
/// # Errors
/// Fails with the first error of the sink, which ends the loop; the current batch is not acknowledged then. Also fails
/// if a thread cannot be started or has panicked.
pub fn run<W: Worker>(
    source: impl Source + 'static,
    mut workers: Vec<W>,
    sink: &mut impl Sink,
) -> io::Result<(Vec<W>, Totals)> {
    let needles: Vec<Vec<String>> = workers.iter_mut().map(Worker::needles).collect();
    let (arrivals, arrived) = sync_channel(DEPTH);
    let pool = Arc::<Pool>::default();
    let mut reader = Reader {
        source: Box::new(source),
        prefilter: Prefilter::new(&needles),
        arrivals,
        inlets: Vec::new(),
        pool: Arc::clone(&pool),
    };
    let mut outlets = Vec::new();
    for (index, worker) in workers.into_iter().enumerate() {
        let (inlet, jobs) = sync_channel(DEPTH);
        let (results, outlet) = sync_channel(DEPTH);
        let name = worker.name().to_owned();
        outlets.push((name.clone(), outlet));
        thread::Builder::new().name(name).spawn(move || work(worker, index, &jobs, &results))?;
        reader.inlets.push(inlet);
    }
    // The reader may still wait for a pipe when all else has ended, so the loop does not wait for the reader.
    thread::Builder::new().name("reader".into()).spawn(move || reader.read())?;
    collect(&arrived, outlets, sink)
}

/// Batch buffers for reuse.
type Pool = Mutex<Vec<Vec<u8>>>;

/// The records of a batch, for the workers.
struct Job {
    bytes: Vec<u8>,
    reading: Reading,
    routes: Vec<Route>,
    idle: Option<u64>,
    pool: Arc<Pool>,
}

/// A message to a worker.
enum Order {
    Take(Arc<Job>),
    /// The input was abandoned before its end.
    Leave,
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Ok(mut pool) = self.pool.lock()
            && pool.len() < 2 * DEPTH
        {
            pool.push(std::mem::take(&mut self.bytes));
        }
    }
}

/// The other data of a batch, for the collector.
struct Arrival {
    file: Arc<str>,
    line: u64,
    moves: Vec<Move>,
    first: u64,
    records: u64,
    bytes: u64,
    losses: Vec<Loss>,
    flaws: Counts,
    receipt: Receipt,
}

/// The result of a worker: the news of a batch, or the worker itself at the end.
enum Outcome<W> {
    Batch(Vec<News>),
    End(Box<W>, Vec<News>),
}

struct Reader {
    source: Box<dyn Source>,
    prefilter: Prefilter,
    arrivals: SyncSender<Arrival>,
    inlets: Vec<SyncSender<Order>>,
    pool: Arc<Pool>,
}

impl Reader {
    /// Reads to the end, or until nobody takes the batches any more.
    fn read(mut self) {
        let mut first = 1;
        loop {
            let buffer = self.pool.lock().ok().and_then(|mut pool| pool.pop()).unwrap_or_default();
            let Some(batch) = self.source.next(buffer) else { break };
            let records = count(&batch.bytes);
            let (arrival, job) = self.split(batch, first, records);
            first += records;
            let taken = self.arrivals.send(arrival).is_ok()
                && self.inlets.iter().all(|inlet| inlet.send(Order::Take(Arc::clone(&job))).is_ok());
            if !taken {
                return;
            }
        }
        if self.source.was_left() {
            // If a worker is gone already, it needs no message.
            self.inlets.iter().for_each(|inlet| drop(inlet.send(Order::Leave)));
        }
    }

    fn split(&self, batch: Batch, first: u64, records: u64) -> (Arrival, Arc<Job>) {
        let Batch { file, line, moves, bytes, received, written, idle, losses, flaws, receipt } = batch;
        let reading = Reading { received: Timestamp(received), written: written.map(Timestamp), first };
        let size = bytes.len() as u64;
        let (routes, pool) = (self.prefilter.route(&bytes), Arc::clone(&self.pool));
        let arrival = Arrival { file, line, moves, first, records, bytes: size, losses, flaws, receipt };
        (arrival, Arc::new(Job { bytes, reading, routes, idle, pool }))
    }
}

/// The number of records. The last one may lack its newline.
fn count(bytes: &[u8]) -> u64 {
    let unterminated = bytes.last().is_some_and(|last| *last != b'\n');
    memchr::memchr_iter(b'\n', bytes).count() as u64 + u64::from(unterminated)
}

/// Runs one worker. Ends when there are no more orders, or nobody takes the results.
fn work<W: Worker>(mut worker: W, index: usize, orders: &Receiver<Order>, results: &SyncSender<Outcome<W>>) {
    let (mut gathered, mut left) = (Vec::new(), false);
    for order in orders {
        let Order::Take(job) = order else {
            left = true;
            break;
        };
        let mut news = Vec::new();
        let bytes = job.routes.get(index).unwrap_or(&Route::All).gather(&job.bytes, &mut gathered);
        if !bytes.is_empty() {
            worker.take(&Records { bytes, reading: job.reading }, &mut news);
        }
        if let Some(idle) = job.idle {
            worker.elapse(idle, &mut news);
        }
        if results.send(Outcome::Batch(news)).is_err() {
            return;
        }
    }
    let mut news = Vec::new();
    if left {
        worker.leave(&mut news)
    } else {
        worker.finish(&mut news)
    }
    let _ = results.send(Outcome::End(Box::new(worker), news));
}

/// Passes the results to the sink, batch by batch.
fn collect<W>(
    arrived: &Receiver<Arrival>,
    outlets: Vec<(String, Receiver<Outcome<W>>)>,
    sink: &mut impl Sink,
) -> io::Result<(Vec<W>, Totals)> {
    let (mut totals, mut origins) = (Totals::default(), Origins::default());
    for arrival in arrived {
        let Arrival { file, line, moves, first, records, bytes, losses, flaws, receipt } = arrival;
        if records > 0 {
            origins.add(first, &file, line);
            moves.iter().for_each(|to| origins.add(first + to.record, &to.file, to.line));
            origins.ends(first + records);
        }
        totals.records += records;
        totals.bytes += bytes;
        totals.flaws.merge(&flaws);
        for loss in losses {
            match loss {
                Loss::Unreadable(_) => totals.unreadable += 1,
                Loss::Oversized(_) => {
                    (totals.records, totals.oversized) = (totals.records + 1, totals.oversized + 1)
                }
                Loss::Flawed(_) => {}
            }
            sink.take(News::Loss { file: Arc::clone(&file), loss }, &origins)?;
        }
        let mut all = Vec::new();
        for (name, outlet) in &outlets {
            match outlet.recv() {
                Ok(Outcome::Batch(news)) => all.push(news),
                Ok(Outcome::End(..)) | Err(_) => return Err(gone(name)),
            }
        }
        hand_on(in_order(all, News::record), &origins, &mut totals, sink)?;
        sink.flush()?;
        receipt.acknowledge();
    }
    let mut workers = Vec::new();
    for (name, outlet) in outlets {
        let Ok(Outcome::End(worker, news)) = outlet.recv() else { return Err(gone(&name)) };
        hand_on(news, &origins, &mut totals, sink)?;
        workers.push(*worker);
    }
    sink.flush()?;
    Ok((workers, totals))
}

fn hand_on(news: Vec<News>, origins: &Origins, totals: &mut Totals, sink: &mut impl Sink) -> io::Result<()> {
    news.into_iter().try_for_each(|news| {
        totals.troubles += u64::from(matches!(news, News::Trouble { .. }));
        sink.take(news, origins)
    })
}

/// The error for a thread that ended too early: it has panicked.
fn gone(name: &str) -> io::Error {
    io::Error::other(format!("the thread of {name} ended"))
}

#[cfg(test)]
mod tests;
