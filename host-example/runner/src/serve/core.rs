//! The thread that journals batches, judges them, and fills the outbox.
//!
//! It takes as many batches as wait, writes them to disk together, answers their senders, and judges them one by one. Only it
//! writes to the journal, so nothing there needs a lock.

mod bury;
mod reload;

use super::arrival::{Arrival, Request, Taken};
use super::checkpoint::{Checkpoints, Header, State};
use super::history::{History, Past};
use super::journal::{self, Aside, Entry, Journal};
use super::letters::Letters;
use super::metrics::Counters;
use super::outbox::{Item, Outbox};
use super::plan::{Planned, Snapshots};
use super::restore::{self, Restore};
use super::say;
use super::trouble::Trouble;
use crate::output::Layout;
use authsieve_engine::alert::Alert;
use authsieve_engine::detector::{Reading, Stats};
use authsieve_engine::time::Timestamp;
use authsieve_host::prefilter::Prefilter;
use authsieve_host::{Origins, Session, convert, in_order};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;

/// This many batches, or bytes of them, go to disk together.
const GROUP: usize = 256;
const GROUP_BYTES: usize = 8 << 20;
/// A state is written after so many bytes of records, if its time has not come before.
const CHECKPOINT_BYTES: u64 = 64 << 20;
/// The recent past is cut so often where no state is written.
const CUT_EVERY: Duration = Duration::from_secs(60);
/// A batch that a sender may repeat is remembered so long, in microseconds, and among so many.
const REPEATED: i64 = 3_600_000_000;
const MOST_REPEATED: usize = 1 << 16;
/// A state knows where the records of so many runs stand. A run is at least a batch.
const PLACES: usize = 4096;

/// The state folder.
struct Disk {
    folder: PathBuf,
    /// `None` after a failure, until it can be opened again.
    journal: Option<Journal>,
    checkpoints: Checkpoints,
    last_checkpoint: Instant,
    /// A state is written after this time.
    every: Duration,
    bytes: u64,
    /// Up to which batch the last state counts.
    kept: u64,
    trouble: Trouble,
    /// True if the last write is not synced.
    unsynced: bool,
}

/// The thread's state.
pub(super) struct Core {
    components: Vec<Planned>,
    /// Places entries in hash tables.
    seed: u64,
    /// One for each component.
    sessions: Vec<Session>,
    prefilter: Prefilter,
    layouts: Vec<Layout>,
    sinks: Vec<String>,
    outbox: Arc<Outbox>,
    counters: Arc<Counters>,
    disk: Option<Disk>,
    aside: Aside,
    origins: Origins,
    history: History,
    letters: Arc<Letters>,
    /// Batches are judged again that were judged before.
    replays: bool,
    /// When the past was cut last.
    cut: Instant,
    lines: BTreeMap<String, u64>,
    /// The number of the last batch.
    batch: u64,
    /// The number of the next record.
    record: u64,
    /// The digests of batches whose senders may not have their answer.
    open: HashSet<u128>,
    order: VecDeque<(i64, u128)>,
    /// When the last records came.
    last: Instant,
    gathered: Vec<u8>,
}

/// A core that may take requests, and what goes with it.
pub(super) struct Started {
    /// The core.
    pub core: Core,
    /// Where alerts wait for the sinks.
    pub outbox: Arc<Outbox>,
    /// Up to where each source was read.
    pub positions: HashMap<String, String>,
}

/// All that a core begins with.
pub(super) struct Start {
    /// The components that judge.
    pub components: Vec<Planned>,
    /// Places entries in hash tables. Random, since attackers choose the keys.
    pub seed: u64,
    /// The folder of the state, if there is one.
    pub folder: Option<PathBuf>,
    /// A state that it starts from.
    pub restore: Option<Restore>,
    /// The layouts that sinks want.
    pub layouts: Vec<Layout>,
    /// The names of the sinks, in order.
    pub sinks: Vec<String>,
    /// Beyond so many bytes of alerts sources have to wait.
    pub outbox_bytes: u64,
    /// A state is written after this time.
    pub checkpoint: Duration,
    /// The counters.
    pub counters: Arc<Counters>,
    /// Where bad records go.
    pub letters: Arc<Letters>,
}

impl Start {
    /// Starts the components, and tells what of their state was dropped. `restored`: the state of another service, if it is one.
    fn sessions(&self, snapshots: &Snapshots, restored: Option<&State>) -> Result<Vec<Session>, String> {
        if let (Some(state), Some(restore)) = (restored, &self.restore) {
            let mut running = Vec::new();
            for component in &self.components {
                let started = component.start(&Snapshots::new(), self.seed);
                let (session, _) = started.map_err(|error| format!("{}: {error}", component.name()))?;
                running.extend(session.ids().iter().cloned());
            }
            let compared = restore::compare(state, &running);
            compared.map_err(|why| format!("{}: {why}", restore.file.display()))?;
        }
        let start = |component: &Planned| {
            let started = component.start(snapshots, self.seed);
            let (session, notes) = started.map_err(|error| format!("{}: {error}", component.name()))?;
            notes.iter().for_each(|note| say(note));
            Ok(session)
        };
        self.components.iter().map(start).collect()
    }
}

/// Tells which records may matter to which session.
fn prefilter(sessions: &mut [Session]) -> Prefilter {
    let needles: Vec<Vec<String>> =
        sessions.iter_mut().map(|session| session.needles().unwrap_or_default()).collect();
    Prefilter::new(&needles)
}

impl Core {
    /// Loads what is on disk, and judges the batches again that the state there does not count.
    ///
    /// # Errors
    /// Where the state folder cannot be used, or the analytics cannot be started.
    pub(super) fn start(start: Start) -> Result<Started, String> {
        let restored = start.restore.as_ref().map(Restore::read).transpose()?;
        let Some(folder) = &start.folder else {
            let State { header, parts } = restored.clone().unwrap_or_default();
            let snapshots: Snapshots = parts.into_iter().collect();
            let sessions = start.sessions(&snapshots, restored.as_ref())?;
            let outbox = Arc::new(Outbox::new(vec![0; start.sinks.len()], 1, start.outbox_bytes));
            let mut core = Self::new(start, sessions, Arc::clone(&outbox), None);
            (core.record, core.lines) = (header.record.max(1), header.lines);
            core.history.begin(snapshots, crate::sources::now());
            return Ok(Started { core, outbox, positions: HashMap::new() });
        };
        let shown = |error: &dyn std::fmt::Display| format!("{}: {error}", folder.display());
        // What is in it tells of people.
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| shown(&error))?;
        let journal = Journal::open(&folder.join("journal")).map_err(|error| shown(&error))?;
        let checkpoints = Checkpoints::new(folder);
        if let (Some(restore), Some(state)) = (&start.restore, &restored) {
            // A state that cannot be used replaces none.
            start.sessions(&state.parts.iter().cloned().collect(), restored.as_ref())?;
            restore.install(state.clone(), folder, &journal, &checkpoints)?;
        }
        let (state, wrong) = checkpoints.load().map_err(|error| shown(&error))?;
        wrong.iter().for_each(|why| say(&format!("{why}; the state before it is used")));
        let state = state.unwrap_or_default();
        let first = journal.bounds().map_err(|error| shown(&error))?.map_or(u64::MAX, |(first, _)| first);
        if first != u64::MAX && first > state.header.batch + 1 {
            say(&format!(
                "{}: no state is left that goes up to batch {}; what came before it is forgotten",
                folder.display(),
                first - 1
            ));
        }
        let snapshots: Snapshots = state.parts.into_iter().collect();
        let sessions = start.sessions(&snapshots, None)?;
        let (outbox, fresh) = waiting(&journal, &start, state.header.alert).map_err(|error| shown(&error))?;
        // From here on they are known, also if they deliver nothing.
        journal
            .write(&[], &Aside { delivered: fresh, ..Aside::default() }, true)
            .map_err(|error| shown(&error))?;
        let positions = journal.positions().map_err(|error| shown(&error))?;
        let disk = Disk {
            folder: folder.clone(),
            journal: Some(journal),
            checkpoints,
            last_checkpoint: Instant::now(),
            every: start.checkpoint,
            bytes: 0,
            kept: state.header.batch,
            trouble: Trouble::default(),
            unsynced: false,
        };
        let shown = |error: &dyn std::fmt::Display| format!("{}: {error}", disk.folder.display());
        let judged = disk.journal.as_ref().map_or(Ok(0), Journal::judged).map_err(|error| shown(&error))?;
        let mut core = Self::new(start, sessions, Arc::clone(&outbox), Some(disk));
        (core.batch, core.record, core.lines) =
            (state.header.batch, state.header.record.max(1), state.header.lines);
        for (first, source, line) in state.header.places {
            core.origins.add(first, &source.into(), line);
        }
        core.origins.ends(core.record);
        core.history.begin(snapshots, crate::sources::now());
        core.replays = true;
        core.replay(judged)?;
        core.replays = false;
        Ok(Started { core, outbox, positions })
    }

    fn new(start: Start, mut sessions: Vec<Session>, outbox: Arc<Outbox>, disk: Option<Disk>) -> Self {
        Self {
            prefilter: prefilter(&mut sessions),
            components: start.components,
            seed: start.seed,
            sessions,
            layouts: start.layouts,
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
            open: HashSet::new(),
            order: VecDeque::new(),
            last: Instant::now(),
            gathered: Vec::new(),
        }
    }

    /// Judges batches again. Alerts of those up to `judged` are in the outbox already.
    fn replay(&mut self, judged: u64) -> Result<(), String> {
        let began = self.batch;
        loop {
            // One at a time: a journal may be larger than the memory.
            let journal = self.disk.as_ref().and_then(|disk| disk.journal.as_ref());
            let found = journal.map_or(Ok(None), |journal| journal.behind(self.batch));
            let Some((number, entry)) = found.map_err(|error| error.to_string())? else { break };
            self.batch = number;
            let alerts = match entry {
                Entry::Records(first, arrival) => {
                    self.record = first;
                    self.remember(&arrival);
                    self.judge(&arrival)
                }
                Entry::Idle(micros) => self.elapse(micros),
            };
            if number > judged {
                self.hand_on(&alerts);
                self.aside.judged = Some(number);
            }
        }
        if self.batch > began {
            say(&format!(
                "judged the {} batches again that the last state does not count",
                self.batch - began
            ));
        }
        Ok(())
    }

    /// Takes requests until it is to stop, or nobody is left to ask.
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
                    Request::Answered(digest) => {
                        self.open.remove(&digest);
                    }
                    Request::Delivered(sink, number) => self.delivered(sink, number),
                    Request::Tick => self.tick(),
                    Request::Reload(reload, reply) => {
                        // Under the configuration that held when they came.
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

    /// Writes batches to disk, answers their senders, and judges them.
    fn take(&mut self, group: Vec<(Arrival, oneshot::Sender<Taken>)>) {
        let (mut entries, mut replies, mut record) = (Vec::new(), Vec::new(), self.record);
        for (arrival, reply) in group {
            // Once: its sender asks for an answer to this copy now. No batch that cannot be repeated is in the set.
            if self.open.remove(&arrival.digest) {
                self.counters.repeated.inc();
                let _ = reply.send(Taken::Repeated);
                continue;
            }
            self.remember(&arrival);
            let number = self.batch + 1 + entries.len() as u64;
            let first = record;
            record += count(&arrival.records);
            entries.push((number, Entry::Records(first, arrival)));
            replies.push(reply);
        }
        if entries.is_empty() {
            return self.write_aside();
        }
        if self.disk.is_some() && !self.write(&entries, true) {
            for ((_, entry), reply) in entries.into_iter().zip(replies) {
                let Entry::Records(_, arrival) = entry else { continue };
                self.open.remove(&arrival.digest);
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
            self.hand_on(&alerts);
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

    /// Remembers a batch whose sender has no answer yet.
    fn remember(&mut self, arrival: &Arrival) {
        if arrival.digest == 0 {
            return;
        }
        while self.order.front().is_some_and(|(time, _)| {
            self.order.len() >= MOST_REPEATED || arrival.received.saturating_sub(*time) > REPEATED
        }) {
            if let Some((_, digest)) = self.order.pop_front() {
                self.open.remove(&digest);
            }
        }
        self.open.insert(arrival.digest);
        self.order.push_back((arrival.received, arrival.digest));
    }

    /// Judges the records of a batch: those whose numbers begin at the next one.
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
            // What is judged again was told before.
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
    fn hand_on(&mut self, alerts: &[Alert]) {
        if alerts.is_empty() {
            return;
        }
        let items: Vec<Arc<Item>> =
            alerts.iter().map(|alert| Arc::new(Item::of(alert, &self.layouts, &self.origins))).collect();
        for alert in alerts {
            self.counters.alert(&alert.analytic, alert.severity);
        }
        let numbers = self.outbox.push(items.clone());
        if self.disk.is_some() && !self.sinks.is_empty() {
            let encoded = items.iter().map(|item| item.encode());
            self.aside.alerts.extend(numbers.into_iter().zip(encoded));
        }
    }

    /// About a second passed: gives out what waits for time.
    fn tick(&mut self) {
        // So that little is delivered twice after a crash.
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
        // Later records find the time as it is now, so a replay has to pass it too.
        self.batch += 1;
        let entry = [(self.batch, Entry::Idle(micros))];
        if self.disk.is_some() && !self.write(&entry, true) {
            self.batch -= 1;
        }
        self.hand_on(&alerts);
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

    fn stats(&mut self) -> Vec<Stats> {
        self.sessions.iter_mut().flat_map(Session::stats).collect()
    }

    /// Writes what waits beside batches, without waiting for the disk.
    fn write_aside(&mut self) {
        if self.disk.is_some() && !self.aside.is_empty() {
            self.write(&[], false);
        }
    }

    /// Writes batches and what waits beside them. `false` where the disk fails, and says so now and then.
    fn write(&mut self, entries: &[(u64, Entry)], synced: bool) -> bool {
        let Some(disk) = &mut self.disk else { return true };
        let mut opened = Ok(());
        if disk.journal.is_none() {
            // After a failure all that waits is written again: what was not synced is lost.
            let waiting = self.outbox.waiting();
            self.aside.alerts = waiting.into_iter().map(|(number, item)| (number, item.encode())).collect();
            opened = Journal::open(&disk.folder.join("journal")).map(|journal| disk.journal = Some(journal));
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

    /// The state of each component.
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

    /// The whole state.
    fn state(&self, snapshots: Snapshots) -> State {
        let mut parts: Vec<(String, Vec<u8>)> = snapshots.into_iter().collect();
        parts.sort();
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

    /// Writes the state, and forgets the batches that the generation before it counts.
    fn checkpoint(&mut self) {
        let began = Instant::now();
        let snapshots = match self.snapshots() {
            Ok(snapshots) => snapshots,
            Err(why) => return say(&why),
        };
        // Alerts of batches that are forgotten have to be in the store for good.
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
    /// Closes the journal, so that it is opened anew, and tells why now and then.
    fn failed(&mut self, why: &dyn std::fmt::Display) {
        self.journal = None;
        self.trouble.tell(|| {
            let folder = self.folder.display();
            format!("{folder}: {why}; senders are asked to try again until it can be written to")
        });
    }
}

/// The last alert that each sink has delivered.
type Delivered = Vec<(String, u64)>;

/// The alerts that some sink has not delivered, from the store; and the sinks that are new, with what they need not deliver.
fn waiting(journal: &Journal, start: &Start, next: u64) -> Result<(Arc<Outbox>, Delivered), journal::Error> {
    let alerts = journal.alerts()?;
    let mut known = Vec::new();
    for sink in &start.sinks {
        known.push(journal.delivered(sink)?);
    }
    let last = alerts.last().map_or(0, |(number, _)| *number);
    let most = known.iter().flatten().copied().max().unwrap_or(0).max(last).max(next.saturating_sub(1));
    // A sink that is new gets what comes from now on.
    let are_new = start.sinks.iter().zip(&known).filter(|(_, known)| known.is_none());
    let fresh = are_new.map(|(sink, _)| (sink.clone(), most)).collect();
    let delivered = known.into_iter().map(|number| number.unwrap_or(most)).collect();
    let outbox = Outbox::new(delivered, most + 1, start.outbox_bytes);
    for (number, bytes) in alerts {
        match Item::decode(&bytes) {
            Some(item) => outbox.restore(number, item),
            None => say(&format!("alert {number} in the journal cannot be read and is left out")),
        }
    }
    Ok((Arc::new(outbox), fresh))
}

/// How many records there are.
fn count(records: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', records).count() as u64
}

/// How long ago that was.
fn since(received: i64) -> Duration {
    let now = crate::sources::now();
    Duration::from_micros(u64::try_from(now.saturating_sub(received)).unwrap_or(0))
}
