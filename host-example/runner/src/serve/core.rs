//! The thread that journals batches, judges them, and fills the outbox.
//!
//! The thread takes all waiting batches and writes them to disk together. Then it answers their senders and judges the
//! batches one by one. Only this thread writes to the journal, so the journal needs no lock.

mod bury;
mod reload;
mod repeats;
mod start;
mod triage;
mod waiting;

pub(super) use start::{Start, Started};

use super::arrival::{Arrival, Request, Taken};
use super::checkpoint::{Checkpoints, Header, State};
use super::history::{History, Past};
use super::journal::{self, Aside, Entry, Journal};
use super::letters::Letters;
use super::metrics::Counters;
use super::outbox::{Item, Outbox};
use super::plan::{Planned, Snapshots};
use super::say;
use super::trouble::Trouble;
use crate::output::Layout;
use authsieve_engine::alert::Alert;
use authsieve_engine::detector::{Reading, Stats};
use authsieve_engine::time::Timestamp;
use authsieve_host::prefilter::Prefilter;
use authsieve_host::{Origins, Session, convert, in_order};
use repeats::Repeats;
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use triage::Triage;

/// The most batches, and the most bytes of records, that are written to disk together.
const GROUP: usize = 256;
const GROUP_BYTES: usize = 8 << 20;
/// A state is written after this many bytes of records, even before its time has come.
const CHECKPOINT_BYTES: u64 = 64 << 20;
/// How often the recent past is cut when no state is written.
const CUT_EVERY: Duration = Duration::from_secs(60);
/// The number of runs whose records a state can place. A run is one batch or more.
const PLACES: usize = 4096;

/// The state folder.
struct Disk {
    folder: PathBuf,
    /// `None` after a failure, until the journal can be opened again.
    journal: Option<Journal>,
    checkpoints: Checkpoints,
    last_checkpoint: Instant,
    /// The time between two states.
    every: Duration,
    bytes: u64,
    /// The last batch in the newest state.
    kept: u64,
    trouble: Trouble,
    /// True if the last write is not synced yet.
    unsynced: bool,
}

/// The thread's state.
pub(super) struct Core {
    components: Vec<Planned>,
    /// The seed of the analytics' hash tables.
    seed: u64,
    /// One session for each component.
    sessions: Vec<Session>,
    prefilter: Prefilter,
    layouts: Vec<Layout>,
    /// True if a sink takes incidents.
    reports: bool,
    sinks: Vec<String>,
    outbox: Arc<Outbox>,
    counters: Arc<Counters>,
    disk: Option<Disk>,
    aside: Aside,
    origins: Origins,
    history: History,
    letters: Arc<Letters>,
    triage: Triage,
    /// True while batches of the journal are judged again.
    replays: bool,
    /// When the recent past was last cut.
    cut: Instant,
    lines: BTreeMap<String, u64>,
    /// The number of the last batch.
    batch: u64,
    /// The number of the next record.
    record: u64,
    repeats: Repeats,
    /// When the last records arrived.
    last: Instant,
    gathered: Vec<u8>,
}

/// Builds the filter that decides which records each session gets.
fn prefilter(sessions: &mut [Session]) -> Prefilter {
    let needles: Vec<Vec<String>> =
        sessions.iter_mut().map(|session| session.needles().unwrap_or_default()).collect();
    Prefilter::new(&needles)
}

impl Core {
    fn new(
        start: Start,
        mut sessions: Vec<Session>,
        outbox: Arc<Outbox>,
        disk: Option<Disk>,
        held: Option<Vec<u8>>,
    ) -> Self {
        Self {
            triage: Triage::new(start.desk, start.folder.as_deref(), held.as_deref()),
            prefilter: prefilter(&mut sessions),
            components: start.components,
            seed: start.seed,
            sessions,
            layouts: start.layouts,
            reports: start.incidents,
            sinks: start.sinks,
            outbox,
            counters: start.counters,
            disk,
            aside: Aside::default(),
            origins: Origins::default(),
            history: History::default(),
            letters: start.letters,
            replays: false,
            cut: Instant::now(),
            lines: BTreeMap::new(),
            batch: 0,
            record: 1,
            repeats: Repeats::default(),
            last: Instant::now(),
            gathered: Vec::new(),
        }
    }

    /// Handles requests until `Stop` arrives or all senders are gone.
    pub(super) fn run(mut self, mut requests: Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let (mut group, mut bytes) = (Vec::new(), 0);
            let mut next = Some(first);
            while let Some(request) = next.take() {
                match request {
                    Request::Take(arrival, reply) => {
                        bytes += arrival.records.len();
                        group.push((arrival, reply));
                    }
                    Request::Answered(digest) => self.repeats.forget(digest),
                    Request::Delivered(sink, number) => self.delivered(sink, number),
                    Request::Gone(sink) => self.gone(sink),
                    Request::Tick => self.tick(),
                    Request::Reload(reload, reply) => {
                        // The waiting batches came under the old configuration, so it judges them.
                        self.take(std::mem::take(&mut group));
                        let _ = reply.send(self.reload(reload));
                    }
                    Request::Recent(reply) => {
                        self.take(std::mem::take(&mut group));
                        let _ = reply.send(self.history.recent(self.components.clone(), self.seed));
                    }
                    Request::Snapshot(reply) => {
                        self.take(std::mem::take(&mut group));
                        let taken = self.snapshots().map(|snapshots| self.state(snapshots));
                        let _ = reply
                            .send(taken.and_then(|state| state.encode().map_err(|error| error.to_string())));
                    }
                    Request::Positions(reply) => {
                        self.take(std::mem::take(&mut group));
                        let _ = reply.send(self.positions());
                    }
                    Request::Stats(reply) => {
                        let _ = reply.send(self.stats());
                    }
                    Request::Stop(reply) => {
                        self.take(group);
                        if self.disk.is_some() {
                            self.checkpoint();
                        }
                        let _ = reply.send(());
                        return;
                    }
                }
                if group.len() < GROUP && bytes < GROUP_BYTES {
                    next = requests.try_recv().ok();
                }
            }
            self.take(group);
            self.checkpoint_if_due();
        }
    }

    /// Writes batches to disk, answers their senders, and judges the batches.
    fn take(&mut self, group: Vec<(Arrival, oneshot::Sender<Taken>)>) {
        let (mut entries, mut replies, mut record) = (Vec::new(), Vec::new(), self.record);
        let mut repeated = Vec::new();
        for (arrival, reply) in group {
            if self.repeats.contains(arrival.digest) {
                repeated.push((arrival, reply));
                continue;
            }
            self.repeats.remember(arrival.digest, arrival.received);
            let number = self.batch + 1 + entries.len() as u64;
            let first = record;
            record += count(&arrival.records);
            entries.push((number, Entry::Records(first, arrival)));
            replies.push(reply);
        }
        let is_kept = entries.is_empty() || self.disk.is_none() || self.write(&entries, true);
        for (arrival, reply) in repeated {
            // The first copy may be in this group, and not on disk.
            if !is_kept && entries.iter().any(|(_, entry)| entry.has_digest(arrival.digest)) {
                let _ = reply.send(Taken::Refused(arrival));
                continue;
            }
            self.counters.repeated.inc();
            let _ = reply.send(Taken::Repeated);
        }
        if entries.is_empty() {
            return self.write_aside();
        }
        if !is_kept {
            for ((_, entry), reply) in entries.into_iter().zip(replies) {
                let Entry::Records(_, arrival) = entry else { continue };
                self.repeats.forget(arrival.digest);
                let _ = reply.send(Taken::Refused(arrival));
            }
            return;
        }
        let mut replies: VecDeque<_> = replies.into();
        if self.disk.is_some() {
            for reply in replies.drain(..) {
                let _ = reply.send(Taken::Kept);
            }
        }
        for (number, entry) in entries {
            let Entry::Records(_, arrival) = entry else { continue };
            self.batch = number;
            let alerts = self.judge(&arrival);
            self.hand_on(&alerts, arrival.received, true);
            self.aside.judged = Some(number);
            if let Some(disk) = &mut self.disk {
                disk.bytes += arrival.records.len() as u64;
            }
            if let Some(reply) = replies.pop_front() {
                let _ = reply.send(Taken::Kept);
            }
            self.counters.latency.observe(since(arrival.received));
        }
        self.last = Instant::now();
        self.write_aside();
    }

    /// Judges the records of a batch. The first of them has the next record number.
    fn judge(&mut self, arrival: &Arrival) -> Vec<Alert> {
        let (first, records) = (self.record, count(&arrival.records));
        self.record += records;
        let known = self.lines.entry(arrival.source.to_string()).or_default();
        let line = *known + 1;
        *known += records;
        self.origins.add(first, &arrival.source, line);
        self.origins.ends(self.record);
        self.counters.took(records, arrival.records.len() as u64);
        let reading = Reading { received: Timestamp(arrival.received), written: None, first };
        let routes = self.prefilter.route(&arrival.records);
        let (mut all, mut parts) = (Vec::new(), Vec::new());
        for (at, (session, route)) in self.sessions.iter_mut().zip(&routes).enumerate() {
            let bytes = route.gather(&arrival.records, &mut self.gathered);
            if bytes.is_empty() {
                continue;
            }
            let answer = session.process(bytes, reading);
            for trouble in &answer.troubles {
                self.counters.restarted(&trouble.analytic);
            }
            // A batch that is judged again was reported before.
            if !self.replays {
                bury::bury(session, &answer, bytes, arrival, &self.letters);
            }
            all.push(answer.alerts);
            parts.push((at, bytes.to_vec()));
        }
        if !parts.is_empty() {
            let (source, received) = (Arc::clone(&arrival.source), arrival.received);
            self.history.push(Past::Records { source, line, received, first, count: records, parts });
        }
        in_order(all, |alert| alert.record).into_iter().map(convert::alert).collect()
    }

    fn elapse(&mut self, micros: u64) -> Vec<Alert> {
        let mut all = Vec::new();
        for session in &mut self.sessions {
            all.extend(session.elapse(micros).alerts.into_iter().map(convert::alert));
        }
        if !all.is_empty() {
            self.history.push(Past::Idle(micros));
        }
        all
    }

    /// Puts alerts into the outbox.
    fn hand_on(&mut self, alerts: &[Alert], received: i64, is_new: bool) {
        let (alerts, incidents, apart) = self.triage.take(alerts, received, &self.origins, is_new);
        if !is_new {
            return;
        }
        self.counters.silenced.inc_by(apart);
        for alert in &alerts {
            self.counters.alert(&alert.analytic, alert.severity);
        }
        let told = alerts.iter().map(|alert| Item::of(alert, &self.layouts, &self.origins));
        let items: Vec<Arc<Item>> =
            told.chain(incidents.into_iter().filter(|_| self.reports)).map(Arc::new).collect();
        if items.is_empty() {
            return;
        }
        let numbers = self.outbox.push(items.clone());
        if self.disk.is_some() && !self.sinks.is_empty() {
            let encoded = items.iter().map(|item| item.encode());
            self.aside.alerts.extend(numbers.into_iter().zip(encoded));
        }
    }

    /// Runs about once a second, and releases the alerts that wait for time to pass.
    fn tick(&mut self) {
        self.triage.look();
        // A sync each second limits the number of alerts that a crash delivers twice.
        if self.disk.as_ref().is_some_and(|disk| disk.unsynced) {
            self.write(&[], true);
        }
        let idle = self.last.elapsed();
        if idle < Duration::from_millis(900) {
            return;
        }
        let micros = u64::try_from(idle.as_micros()).unwrap_or(u64::MAX);
        let alerts = self.elapse(micros);
        if alerts.is_empty() {
            return self.write_aside();
        }
        // This step moves the analytics' time forward, so a replay has to repeat it.
        self.batch += 1;
        let entry = [(self.batch, Entry::Idle(micros))];
        if self.disk.is_some() && !self.write(&entry, true) {
            self.batch -= 1;
        }
        self.hand_on(&alerts, 0, true);
        self.aside.judged = Some(self.batch);
        self.write_aside();
    }

    fn delivered(&mut self, sink: usize, number: u64) {
        let done = self.outbox.delivered(sink, number);
        if self.disk.is_some()
            && let Some(name) = self.sinks.get(sink)
        {
            self.aside.delivered.retain(|(other, _)| other != name);
            self.aside.delivered.push((name.clone(), number));
            self.aside.done = Some(done);
        }
    }

    /// Forgets a removed sink. No alert waits for it any more.
    fn gone(&mut self, sink: usize) {
        let done = self.outbox.leave(sink);
        if self.disk.is_some()
            && let Some(name) = self.sinks.get(sink)
        {
            self.aside.delivered.retain(|(other, _)| other != name);
            self.aside.gone.push(name.clone());
            self.aside.done = Some(done);
        }
    }

    fn stats(&mut self) -> Vec<Stats> {
        self.sessions.iter_mut().flat_map(Session::stats).collect()
    }

    /// Writes the waiting alerts and positions, without a sync.
    fn write_aside(&mut self) {
        if self.disk.is_some() && !self.aside.is_empty() {
            self.write(&[], false);
        }
    }

    /// Writes batches with the waiting alerts and positions. Returns `false` if the disk fails; that is logged now and
    /// then.
    fn write(&mut self, entries: &[(u64, Entry)], synced: bool) -> bool {
        let Some(disk) = &mut self.disk else { return true };
        let mut opened = Ok(());
        if disk.journal.is_none() {
            // After a failure the unsynced alerts are lost on disk, so all waiting alerts are written again. If somebody
            // removed the folder, the positions are lost too.
            let waiting = self.outbox.waiting();
            self.aside.alerts = waiting.into_iter().map(|(number, item)| (number, item.encode())).collect();
            self.aside.judged = Some(self.batch);
            for (sink, name) in self.sinks.iter().enumerate() {
                let (known, number) = (&mut self.aside.delivered, self.outbox.position(sink));
                if number != u64::MAX && !known.iter().any(|(other, _)| other == name) {
                    known.push((name.clone(), number));
                }
            }
            opened = disk.open();
        }
        let aside = &self.aside;
        let written = opened.and_then(|()| match &disk.journal {
            Some(journal) => journal.write(entries, aside, synced),
            None => Ok(()),
        });
        match written {
            Ok(()) => {
                self.aside = Aside::default();
                disk.unsynced = !synced;
                disk.trouble.ends(|| "the state folder can be written to again".into());
                self.counters.disk_fails.set(0);
                true
            }
            Err(error) => {
                disk.failed(&error);
                self.counters.disk_fails.set(1);
                false
            }
        }
    }

    fn checkpoint_if_due(&mut self) {
        let Some(disk) = &self.disk else {
            if self.cut.elapsed() >= CUT_EVERY
                && self.history.is_due()
                && let Ok(snapshots) = self.snapshots()
            {
                self.cut = Instant::now();
                self.history.cut(snapshots, crate::sources::now());
            }
            return;
        };
        let due = disk.last_checkpoint.elapsed() >= disk.every || disk.bytes >= CHECKPOINT_BYTES;
        if due && self.batch > disk.kept {
            self.checkpoint();
        }
    }

    /// Takes a snapshot of each component.
    fn snapshots(&mut self) -> Result<Snapshots, String> {
        let of = |session: &mut Session| {
            let name = session.analytic().name().to_owned();
            match session.snapshot() {
                Ok((bytes, _)) => Ok((name, bytes)),
                Err(error) => Err(format!("{name}: no state can be taken: {error}")),
            }
        };
        self.sessions.iter_mut().map(of).collect()
    }

    /// Builds the state from the snapshots and the present numbers.
    fn state(&self, snapshots: Snapshots) -> State {
        let mut parts: Vec<(String, Vec<u8>)> = snapshots.into_iter().collect();
        parts.sort();
        parts.push((triage::PART.into(), self.triage.save()));
        parts.push((repeats::PART.into(), self.repeats.save()));
        let ids = self.sessions.iter().flat_map(Session::ids).cloned();
        let header = Header {
            batch: self.batch,
            record: self.record,
            alert: self.outbox.following(),
            lines: self.lines.clone(),
            places: self
                .origins
                .newest(PLACES)
                .map(|(first, file, line)| (first, file.to_string(), line))
                .collect(),
            version: env!("CARGO_PKG_VERSION").into(),
            analytics: ids.collect(),
            parts: Vec::new(),
        };
        State { header, parts }
    }

    /// Writes the state. Then removes the batches that the older generation includes from the journal.
    fn checkpoint(&mut self) {
        let began = Instant::now();
        let snapshots = match self.snapshots() {
            Ok(snapshots) => snapshots,
            Err(why) => return say(&why),
        };
        // The alerts of removed batches have to be on disk first.
        if !self.write(&[], true) {
            return;
        }
        if self.history.is_due() {
            self.history.cut(snapshots.clone(), crate::sources::now());
        }
        let state = self.state(snapshots);
        let Some(disk) = &mut self.disk else { return };
        (disk.last_checkpoint, disk.bytes) = (Instant::now(), 0);
        let saved = disk.checkpoints.save(&state);
        let forgotten = saved.map_err(|error| error.to_string()).and_then(|up_to| {
            disk.kept = self.batch;
            let forget = disk.journal.as_ref().map_or(Ok(()), |journal| journal.forget(up_to));
            forget.map_err(|error| error.to_string())
        });
        match forgotten {
            Ok(()) => self.counters.checkpoint(began.elapsed()),
            Err(why) => disk.failed(&why),
        }
    }
}

impl Disk {
    /// Opens the journal again. If somebody removed the folder, it is created again, and the state is written soon.
    fn open(&mut self) -> Result<(), journal::Error> {
        let path = self.folder.join("journal");
        if !path.exists() {
            create_folder(&self.folder).map_err(|error| journal::Error::Store(error.into()))?;
            (self.kept, self.bytes) = (0, CHECKPOINT_BYTES);
        }
        self.journal = Some(Journal::open(&path)?);
        Ok(())
    }

    /// Closes the journal, so that the next write opens it again. Logs the reason now and then.
    fn failed(&mut self, why: &dyn std::fmt::Display) {
        self.journal = None;
        self.trouble.tell(|| {
            let folder = self.folder.display();
            format!("{folder}: {why}; senders are asked to try again until it can be written to")
        });
    }
}

/// Creates the state folder. It holds personal data.
fn create_folder(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The number of records.
fn count(records: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', records).count() as u64
}

/// The time since this receipt.
fn since(received: i64) -> Duration {
    let now = crate::sources::now();
    Duration::from_micros(u64::try_from(now.saturating_sub(received)).unwrap_or(0))
}
