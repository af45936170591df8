//! The thread that journals batches, judges them, and fills the outbox.
//!
//! The thread takes all waiting batches and writes them to disk together. Then it answers their senders and judges the
//! batches one by one. Only this thread writes to the journal, so the journal needs no lock.

mod bury;
mod reload;
mod triage;

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
use crate::desk::Desk;
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
use triage::Triage;

/// The most batches, and the most bytes of records, that are written to disk together.
const GROUP: usize = 256;
const GROUP_BYTES: usize = 8 << 20;
/// A state is written after this many bytes of records, even before its time has come.
const CHECKPOINT_BYTES: u64 = 64 << 20;
/// How often the recent past is cut when no state is written.
const CUT_EVERY: Duration = Duration::from_secs(60);
/// How long the digest of a repeatable batch is remembered, in microseconds, and how many are remembered.
const REPEATED: i64 = 3_600_000_000;
const MOST_REPEATED: usize = 1 << 16;
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
    /// The digests of batches whose senders may not have received an answer.
    open: HashSet<u128>,
    order: VecDeque<(i64, u128)>,
    /// When the last records arrived.
    last: Instant,
    gathered: Vec<u8>,
}

/// A core that is ready for requests.
pub(super) struct Started {
    /// The core.
    pub core: Core,
    /// The alerts that wait for the sinks.
    pub outbox: Arc<Outbox>,
    /// The position up to which each source was read.
    pub positions: HashMap<String, String>,
}

/// The settings of a new core.
pub(super) struct Start {
    /// The components that judge.
    pub components: Vec<Planned>,
    /// The seed of the analytics' hash tables. It is random because attackers choose the keys.
    pub seed: u64,
    /// The state folder, if there is one.
    pub folder: Option<PathBuf>,
    /// A state of another service to start from.
    pub restore: Option<Restore>,
    /// The layouts that the sinks use.
    pub layouts: Vec<Layout>,
    /// The names of the sinks, in the order of their numbers.
    pub sinks: Vec<String>,
    /// Sources have to wait while more bytes of alerts than this are waiting.
    pub outbox_bytes: u64,
    /// The time between two states.
    pub checkpoint: Duration,
    /// The counters of the service.
    pub counters: Arc<Counters>,
    /// The file for records that cannot be judged.
    pub letters: Arc<Letters>,
    /// The folder of people's decisions about alerts.
    pub desk: Option<Desk>,
}

impl Start {
    /// Starts the components, and logs which part of their state was dropped. `restored` is the state of another
    /// service, if one was given.
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

/// Removes the open incidents from the parts of a state and returns them, if they are there.
fn incidents(parts: &mut Vec<(String, Vec<u8>)>) -> Option<Vec<u8>> {
    let at = parts.iter().position(|(name, _)| name == triage::PART)?;
    Some(parts.remove(at).1)
}

/// Builds the filter that decides which records each session gets.
fn prefilter(sessions: &mut [Session]) -> Prefilter {
    let needles: Vec<Vec<String>> =
        sessions.iter_mut().map(|session| session.needles().unwrap_or_default()).collect();
    Prefilter::new(&needles)
}

impl Core {
    /// Loads the state from disk, then judges the batches that came after it.
    ///
    /// # Errors
    /// Fails if the state folder cannot be used, or the analytics cannot be started.
    pub(super) fn start(start: Start) -> Result<Started, String> {
        let restored = start.restore.as_ref().map(Restore::read).transpose()?;
        let Some(folder) = &start.folder else {
            let State { header, mut parts } = restored.clone().unwrap_or_default();
            let held = incidents(&mut parts);
            let snapshots: Snapshots = parts.into_iter().collect();
            let sessions = start.sessions(&snapshots, restored.as_ref())?;
            let outbox = Arc::new(Outbox::new(vec![0; start.sinks.len()], 1, start.outbox_bytes));
            let mut core = Self::new(start, sessions, Arc::clone(&outbox), None, held);
            (core.record, core.lines) = (header.record.max(1), header.lines);
            core.history.begin(snapshots, crate::sources::now());
            return Ok(Started { core, outbox, positions: HashMap::new() });
        };
        let shown = |error: &dyn std::fmt::Display| format!("{}: {error}", folder.display());
        // The state folder holds personal data.
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| shown(&error))?;
        let journal = Journal::open(&folder.join("journal")).map_err(|error| shown(&error))?;
        let checkpoints = Checkpoints::new(folder);
        if let (Some(restore), Some(state)) = (&start.restore, &restored) {
            // A state that cannot be used must not replace the present one.
            let mut parts = state.parts.clone();
            incidents(&mut parts);
            start.sessions(&parts.into_iter().collect(), restored.as_ref())?;
            restore.install(state.clone(), folder, &journal, &checkpoints)?;
        }
        let (state, wrong) = checkpoints.load().map_err(|error| shown(&error))?;
        wrong.iter().for_each(|why| say(&format!("{why}; the state before it is used")));
        let mut state = state.unwrap_or_default();
        let held = incidents(&mut state.parts);
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
        // New sinks are recorded at once, even before their first delivery.
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
        let mut core = Self::new(start, sessions, Arc::clone(&outbox), Some(disk), held);
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

    /// Judges the batches of the journal again. The alerts of batches up to `judged` are already in the outbox.
    fn replay(&mut self, judged: u64) -> Result<(), String> {
        let began = self.batch;
        loop {
            // Batches are read one at a time: a journal may be larger than the memory.
            let journal = self.disk.as_ref().and_then(|disk| disk.journal.as_ref());
            let found = journal.map_or(Ok(None), |journal| journal.behind(self.batch));
            let Some((number, entry)) = found.map_err(|error| error.to_string())? else { break };
            self.batch = number;
            let (alerts, received) = match entry {
                Entry::Records(first, arrival) => {
                    self.record = first;
                    self.remember(&arrival);
                    (self.judge(&arrival), arrival.received)
                }
                Entry::Idle(micros) => (self.elapse(micros), 0),
            };
            self.hand_on(&alerts, received, number > judged);
            if number > judged {
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
                    Request::Answered(digest) => {
                        self.open.remove(&digest);
                    }
                    Request::Delivered(sink, number) => self.delivered(sink, number),
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
        for (arrival, reply) in group {
            // The digest is removed: this copy gets its answer now. Batches that cannot be repeated are never in the
            // set.
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

    /// Remembers the digest of a batch whose sender has no answer yet.
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
        let items: Vec<Arc<Item>> = told.chain(incidents).map(Arc::new).collect();
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
            // After a failure the unsynced alerts are lost on disk, so all waiting alerts are written again.
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
    /// Closes the journal, so that the next write opens it again. Logs the reason now and then.
    fn failed(&mut self, why: &dyn std::fmt::Display) {
        self.journal = None;
        self.trouble.tell(|| {
            let folder = self.folder.display();
            format!("{folder}: {why}; senders are asked to try again until it can be written to")
        });
    }
}

/// The number of the last delivered alert, by the name of the sink.
type Delivered = Vec<(String, u64)>;

/// Loads the undelivered alerts from the journal. Also returns the new sinks, each with the last alert that it does not
/// get.
fn waiting(journal: &Journal, start: &Start, next: u64) -> Result<(Arc<Outbox>, Delivered), journal::Error> {
    let alerts = journal.alerts()?;
    let mut known = Vec::new();
    for sink in &start.sinks {
        known.push(journal.delivered(sink)?);
    }
    let last = alerts.last().map_or(0, |(number, _)| *number);
    let most = known.iter().flatten().copied().max().unwrap_or(0).max(last).max(next.saturating_sub(1));
    // A new sink gets only the alerts from now on.
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

/// The number of records.
fn count(records: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', records).count() as u64
}

/// The time since this receipt.
fn since(received: i64) -> Duration {
    let now = crate::sources::now();
    Duration::from_micros(u64::try_from(now.saturating_sub(received)).unwrap_or(0))
}
