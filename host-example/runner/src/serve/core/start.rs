//! The start of the core: loads the state from disk, and judges the batches that came after it.

use super::repeats::{self, Repeats};
use super::triage;
use super::waiting::waiting;
use super::{Core, Disk, create_folder};
use crate::desk::Desk;
use crate::output::Layout;
use crate::serve::checkpoint::{self, Checkpoints, Loaded, State};
use crate::serve::journal::{self, Entry, Journal};
use crate::serve::letters::Letters;
use crate::serve::metrics::Counters;
use crate::serve::outbox::Outbox;
use crate::serve::plan::{Planned, Snapshots};
use crate::serve::restore::{self, Restore};
use crate::serve::trouble::Trouble;
use crate::serve::{fail, say};
use authsieve_engine::time::Timestamp;
use authsieve_host::Session;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A core that is ready for requests.
pub(in crate::serve) struct Started {
    /// The core.
    pub core: Core,
    /// The alerts that wait for the sinks.
    pub outbox: Arc<Outbox>,
    /// The position up to which each source was read.
    pub positions: HashMap<String, String>,
}

/// The settings of a new core.
#[derive(Clone)]
pub(in crate::serve) struct Start {
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
    /// True if a sink takes incidents. Without one, none is queued.
    pub incidents: bool,
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

/// The reason why the core cannot start.
enum Failed {
    /// The journal is damaged or cannot be used.
    Journal(journal::Error),
    /// Something else, as a sentence.
    Other(String),
}

impl From<journal::Error> for Failed {
    fn from(error: journal::Error) -> Self {
        Self::Journal(error)
    }
}

impl From<String> for Failed {
    fn from(why: String) -> Self {
        Self::Other(why)
    }
}

impl Core {
    /// Loads the state from disk, then judges the batches that came after it. A damaged journal is put aside.
    ///
    /// # Errors
    /// Fails if the state folder cannot be used, or the analytics cannot be started.
    pub(in crate::serve) fn start(start: Start) -> Result<Started, String> {
        let Some(folder) = start.folder.clone() else { return Self::without_disk(start) };
        let shown = |error: &dyn std::fmt::Display| format!("{}: {error}", folder.display());
        create_folder(&folder).map_err(|error| shown(&error))?;
        let mut started = Self::with_disk(start.clone(), &folder);
        if let Err(Failed::Journal(error)) = &started
            && error.is_damage()
        {
            let aside = set_aside(&folder).map_err(|error| shown(&error))?;
            start.counters.damaged.inc();
            fail(&format!(
                "{}: {error}. It is kept as {}, and a new one begins. What came after the last state is lost: records, \
                 alerts that were not delivered, and the positions in files",
                folder.display(),
                aside.display()
            ));
            started = Self::with_disk(start, &folder);
        }
        started.map_err(|failed| match failed {
            Failed::Journal(error) => shown(&error),
            Failed::Other(why) => why,
        })
    }

    fn without_disk(start: Start) -> Result<Started, String> {
        let restored = start.restore.as_ref().map(Restore::read).transpose()?;
        let mut state = restored.clone().unwrap_or_default();
        let held = state.take_part(triage::PART);
        let header = std::mem::take(&mut state.header);
        let snapshots: Snapshots = state.into_snapshots().collect();
        let sessions = start.sessions(&snapshots, restored.as_ref())?;
        let outbox = Arc::new(Outbox::new(vec![0; start.sinks.len()], 1, start.outbox_bytes));
        let mut core = Self::new(start, sessions, Arc::clone(&outbox), None, held);
        (core.record, core.lines) = (header.record.max(1), header.lines);
        core.history.begin(snapshots, crate::sources::now());
        Ok(Started { core, outbox, positions: HashMap::new() })
    }

    fn with_disk(start: Start, folder: &Path) -> Result<Started, Failed> {
        let shown = |error: &dyn std::fmt::Display| format!("{}: {error}", folder.display());
        let journal = Journal::open(&folder.join("journal"))?;
        let mut checkpoints = Checkpoints::new(folder);
        if let Some(restore) = &start.restore {
            let state = restore.read()?;
            // A state that cannot be used must not replace the present one.
            start.sessions(&state.clone().into_snapshots().collect(), Some(&state))?;
            restore.install(state, folder, &journal, &mut checkpoints)?;
        }
        let highest = checkpoints.newest().map_err(|error| shown(&error))?.unwrap_or(0);
        let loaded = checkpoints.load().map_err(|error| shown(&error))?;
        for (path, _) in &loaded.damaged {
            start.counters.damaged.inc();
            checkpoint::set_aside(path).map_err(|error| shown(&error))?;
        }
        tell(&loaded);
        let mut state = loaded.state.unwrap_or_default();
        let (held, open) = (state.take_part(triage::PART), state.take_part(repeats::PART));
        let header = std::mem::take(&mut state.header);
        let first = journal.bounds()?.map_or(u64::MAX, |(first, _)| first);
        if first != u64::MAX && first > header.batch + 1 {
            say(&format!(
                "{}: no state is left that goes up to batch {}; what came before it is forgotten",
                folder.display(),
                first - 1
            ));
        }
        let snapshots: Snapshots = state.into_snapshots().collect();
        let sessions = start.sessions(&snapshots, None)?;
        let outbox = waiting(&journal, &start, header.alert)?;
        let (positions, judged) = (journal.positions()?, journal.judged()?);
        // A sender that has no answer repeats its batch, even if the state counts that batch.
        let mut repeats = Repeats::default();
        repeats.load(open.as_deref().unwrap_or_default());
        journal.digests(header.batch, |received, digest| repeats.remember(digest, received))?;
        let disk = Disk {
            folder: folder.into(),
            journal: Some(journal),
            checkpoints,
            last_checkpoint: Instant::now(),
            every: start.checkpoint,
            bytes: 0,
            kept: header.batch,
            trouble: Trouble::default(),
            unsynced: false,
        };
        let mut core = Self::new(start, sessions, Arc::clone(&outbox), Some(disk), held);
        (core.batch, core.record, core.lines) = (header.batch, header.record.max(1), header.lines);
        for (first, source, line) in header.places {
            core.origins.add(first, &source.into(), line);
        }
        core.origins.ends(core.record);
        core.history.begin(snapshots, crate::sources::now());
        core.repeats = repeats;
        core.replays = true;
        core.replay(judged)?;
        core.replays = false;
        // A damaged state may have had a higher batch number, and no later batch may reuse it.
        core.batch = core.batch.max(judged).max(highest);
        Ok(Started { core, outbox, positions })
    }

    /// Judges the batches of the journal again. The alerts of batches up to `judged` are already in the outbox.
    fn replay(&mut self, judged: u64) -> Result<(), journal::Error> {
        let mut count = 0_u64;
        loop {
            // Batches are read one at a time: a journal may be larger than the memory.
            let journal = self.disk.as_ref().and_then(|disk| disk.journal.as_ref());
            let found = journal.map_or(Ok(None), |journal| journal.behind(self.batch))?;
            let Some((number, entry)) = found else { break };
            if count == 0 {
                say("judges batches again that the last state does not count");
            }
            (self.batch, count) = (number, count + 1);
            let (alerts, received) = match entry {
                Entry::Records(first, arrival) => {
                    self.record = first;
                    self.repeats.remember(arrival.digest, arrival.received);
                    (self.judge(&arrival), arrival.received)
                }
                Entry::Idle(micros) => (self.elapse(micros), 0),
            };
            self.hand_on(&alerts, received, number > judged);
            if number > judged {
                self.aside.judged = Some(number);
            }
        }
        if count > 0 {
            say(&format!("judged {count} batches again that the last state does not count"));
        }
        Ok(())
    }
}

/// Logs the damaged states.
fn tell(loaded: &Loaded) {
    for (path, why) in &loaded.damaged {
        say(&format!("{}: {why}; it is kept under a name that ends in .damaged", path.display()));
    }
    match (&loaded.state, loaded.damaged.is_empty()) {
        (_, true) => {}
        (Some(state), false) => {
            say(&format!("the state before it is used, up to batch {}", state.header.batch))
        }
        (None, false) => fail("no state is left: what came before the journal's first batch is forgotten"),
    }
}

/// Renames the journal. Returns its new path.
fn set_aside(folder: &Path) -> io::Result<PathBuf> {
    let time = Timestamp(crate::sources::now()).to_rfc3339().replace(':', "");
    let aside = folder.join(format!("journal.damaged-{time}"));
    fs::rename(folder.join("journal"), &aside)?;
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::arrival::{Arrival, Request, Taken};
    use std::thread;
    use tokio::sync::{mpsc, oneshot};

    /// Runs a core without analytics on this folder. It takes a batch with each digest, and tells the core that the
    /// senders of some have the answer.
    fn run(folder: &Path, digests: &[u128], answered: &[u128]) -> Vec<Taken> {
        let counters = Arc::new(Counters::new());
        let start = Start {
            components: Vec::new(),
            seed: 1,
            folder: Some(folder.into()),
            restore: None,
            layouts: Vec::new(),
            incidents: false,
            sinks: Vec::new(),
            outbox_bytes: 1 << 20,
            checkpoint: Duration::from_secs(60),
            letters: Arc::new(Letters::new(None, Arc::clone(&counters))),
            counters,
            desk: None,
        };
        let core = Core::start(start).unwrap().core;
        let (requests, received) = mpsc::channel(16);
        let thread = thread::spawn(move || core.run(received));
        let take = |digest| {
            let (reply, taken) = oneshot::channel();
            let (source, records) = ("http".into(), b"a\n".to_vec());
            let received = crate::sources::now();
            let arrival = Arrival { source, received, records, digest, positions: Vec::new() };
            requests.blocking_send(Request::Take(arrival, reply)).unwrap();
            taken.blocking_recv().unwrap()
        };
        let taken = digests.iter().map(|digest| take(*digest)).collect();
        for digest in answered {
            requests.blocking_send(Request::Answered(*digest)).unwrap();
        }
        let (reply, stopped) = oneshot::channel();
        requests.blocking_send(Request::Stop(reply)).unwrap();
        stopped.blocking_recv().unwrap();
        thread.join().unwrap();
        taken
    }

    /// A state counts the batch of a sender that has no answer. The sender repeats it after the restart.
    #[test]
    fn a_batch_that_the_state_counts_is_known_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(run(folder.path(), &[1, 2], &[2]), [Taken::Kept, Taken::Kept]);
        // Several states later, the journal does not hold the batch any more.
        for digest in 3..7 {
            assert_eq!(run(folder.path(), &[digest], &[digest]), [Taken::Kept]);
        }
        let taken = run(folder.path(), &[1, 1, 9], &[1, 9]);
        assert_eq!(taken, [Taken::Repeated, Taken::Repeated, Taken::Kept]);
    }

    /// The core was told of the answer, but the answer may still have been lost at the end of the process.
    #[test]
    fn a_batch_of_the_journal_is_known_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(run(folder.path(), &[1], &[1]), [Taken::Kept]);
        assert_eq!(run(folder.path(), &[1], &[1]), [Taken::Repeated]);
    }
}
