//! Counts each attempt once, even if several programs write lines about it.
//!
//! sshd, PAM and auditd each write lines about the same attempt, in the order `Invalid user`, PAM, `Failed`. For each
//! process (host and pid) and user, there is one counter for each of these voices. A line emits as many failures, at
//! its own time, as the **maximum** of the counters grows. So five `Failed` lines are five failures, five PAM lines
//! beside them add none, and five PAM lines alone are five.
//!
//! * For a password, PAM writes in sshd's own process. For a keyboard-interactive answer, PAM has a process of its
//!   own, which joins an sshd process of the same host, user and address. This sshd process writes `error: PAM:` or
//!   `Failed`, `Postponed` or `Accepted keyboard-interactive` within ten seconds before or after PAM. Each PAM
//!   process joins one sshd process; of several free ones, the newest is taken. If a PAM process turns out to be a
//!   connection itself, it takes its share back.
//! * A login takes back at most one failure of each module, because stacked modules log one in every good login. It
//!   takes back failures that its own process reported and no line of sshd confirms. For a keyboard-interactive
//!   answer, it takes back those of the PAM process that joins it. It never takes back `N more authentication
//!   failures`.
//! * A login takes back a failed `USER_LOGIN` of its process, unless another voice reports that attempt. OpenSSH's
//!   audit writes one for the request "none" and for each key that a client offers.
//! * A failure that is taken back and confirmed later counts at that time.
//! * Lines without a pid cannot be joined: of these, only `Failed` counts.
//!
//! Memory: at most [`MAX_PROCESSES`] processes with at most [`MAX_USERS`] users each. A process is forgotten 120 s
//! after its last line. Time for each line: O(1).

mod ledger;
mod processes;
#[cfg(test)]
mod tests;

use crate::event::{Event, Access, Outcome, Signal};
use crate::find::same;
use crate::hash::{Fingerprint, Hasher128, Salt};
use crate::snapshot::{self, Reader, SnapshotError, Writer};
use crate::time::{Span, Timestamp};
use alloc::borrow::Cow;
use alloc::string::String;
use ledger::{Ledger, MODULES, Said, is_pam, voice};
pub use processes::MAX_PROCESSES;
use processes::{Process, Processes};

/// The most users of one process. sshd allows no change of user within a connection.
pub const MAX_USERS: usize = 16;
/// The time after which a process is forgotten: sshd's `LoginGraceTime`.
const FORGET: Span = Span::seconds(120);
/// The most time between the lines of PAM and sshd about one attempt.
const JOIN: Span = Span::seconds(10);
/// The most bytes of a terminal's name.
const TTY_BYTES: usize = 64;
/// The most bytes of a user's name, which completes lines without a name. sshd itself cuts names at 100.
const NAME_BYTES: usize = 256;
/// The longest host name that is remembered (RFC 5424 section 6.2.4).
const HOST_BYTES: usize = 255;
/// The kind of fingerprint for a host.
const HOST: u8 = 1;
/// A bit that tells two lists of the same place apart: sshd processes that wait for PAM, and PAM processes.
const WAITING: u128 = 1 << 127;
/// The most processes of a place that are searched: more connections than one address opens within ten seconds.
const LOOKS: usize = 128;
/// The version of the snapshot section.
pub const STATE_VERSION: u16 = ledger::SINCE;

/// Receives the meaning of a line: events that count, and failures to take back.
pub trait Meant {
    /// An event counts. Its user and address are completed from earlier lines.
    fn count(&mut self, event: Event<'_>);

    /// `event.count` failures, counted at the event's time, turned out not to be failures.
    fn take_back(&mut self, event: Event<'_>);
}

/// The table of processes; see the [module](self).
#[derive(Clone, Debug)]
pub struct Attempts {
    salt: Salt,
    /// The host of the last line, and its key. Lines of one host often follow each other.
    host: Option<String>,
    key: Fingerprint,
    processes: Processes,
}

impl Attempts {
    /// An empty table. `salt` keys its fingerprints; `seed` places them.
    #[must_use]
    pub fn new(salt: Salt, seed: u64) -> Self {
        Self { salt, host: None, key: Fingerprint::default(), processes: Processes::new(seed) }
    }

    /// Reads one event and reports its meaning to `meant`: nothing, one event, or failures to take back and an event.
    pub fn observe(&mut self, event: Event<'_>, meant: &mut dyn Meant) {
        let Some(pid) = event.pid else {
            if matches!(event.signal, Signal::Attempt | Signal::Failed) {
                meant.count(event);
            }
            return;
        };
        if self.host.as_ref().is_none_or(|host| !same(host.as_bytes(), event.host.as_bytes())) {
            self.key = Hasher128::new(self.salt, HOST).part(event.host.as_bytes()).finish();
            self.host = (event.host.len() <= HOST_BYTES).then(|| event.host.as_ref().into());
        }
        let id = self.on_host(pid.into());
        match (event.outcome, voice(event.signal)) {
            (Outcome::Failure, Some(voice)) => self.failure(id, voice, event, meant),
            (Outcome::Success, _) => self.success(id, event, meant),
            _ if event.signal == Signal::Postponed => self.postponed(id, &event, meant),
            _ => meant.count(event),
        }
    }

    fn failure(&mut self, id: Fingerprint, voice: usize, mut event: Event<'_>, meant: &mut dyn Meant) {
        let own = self.enter(id, &event);
        let line = Said {
            voice,
            count: event.count,
            time: event.time,
            may_go: is_pam(voice) && event.signal != Signal::PamMore || event.signal == Signal::AuditLogin,
        };
        let mut joined = false;
        let owner = match event.signal {
            _ if is_pam(voice) => self.home_of(own, &event),
            Signal::Audit => self.known_home(own, event.time).unwrap_or(own),
            _ => {
                joined = self.speaks_itself(own, &event, line, meant);
                own
            }
        };
        let mut grown = 0;
        if let Some(ledger) = self.processes.get_mut(owner).and_then(|p| p.ledger(&event.user)) {
            grown = ledger.add(line);
            if event.user.is_empty() {
                event.user = Cow::Owned(ledger.user.clone());
            }
        }
        if joined && let Some(process) = self.processes.get_mut(owner) {
            // `Invalid user` and PAM both counted before it was known that they report one attempt. PAM may have
            // counted for a user that the process named earlier.
            for ledger in &mut process.ledgers {
                ledger.take_back_excess(&mut |user, time, count| {
                    let user = Cow::Borrowed(user);
                    meant.take_back(Event { time, signal: Signal::Pam, count, user, ..event.clone() });
                });
            }
        }
        if owner != own
            && let Some(ledger) = self.processes.get_mut(own).and_then(|p| p.ledger(&event.user))
        {
            ledger.copy(line, grown);
        }
        self.wait_or_not(owner, &event);
        if grown > 0 {
            self.complete(owner, &mut event);
            event.count = grown;
            meant.count(event);
        }
    }

    fn success(&mut self, id: Fingerprint, mut event: Event<'_>, meant: &mut dyn Meant) {
        let told = event.signal != Signal::Session;
        let fresh = || self.processes.get(self.processes.find(id)?).map(|p| p.is_fresh(event.time));
        if !told && event.tty.is_empty() && fresh() != Some(true) {
            return; // Only PAM reports it, for an unknown process, so its origin is unknown.
        }
        let own = self.enter(id, &event);
        // A session has no address; the address of its process is its address.
        if !told && self.processes.get(own).is_some_and(|process| process.address.is_some()) {
            event.access = Access::Remote;
        }
        self.complete(own, &mut event);
        let Some(process) = self.processes.get_mut(own) else { return };
        let same = |user: &String| event.user.is_empty() || *user == cut(&event.user, NAME_BYTES);
        let again = matches!(event.signal, Signal::Session | Signal::Audit)
            && process.accepted.as_ref().is_some_and(same);
        if again || (!told && process.address.is_none() && process.tty.is_empty()) {
            return; // Reported before, or of unknown origin.
        }
        process.accepted = Some(cut(&event.user, NAME_BYTES).into());
        // This process is no part of another connection. Failures that it takes back must not stay counted there.
        self.leave_home(own, &event, meant);
        self.processes.set_near(own, None);
        if is_keyboard(&event)
            && !self.of_user(own, &event.user).any(Ledger::has_unconfirmed)
            && let Some(guest) = self.guest(own, &event)
        {
            // PAM in a process of its own. If it turns out to be a connection itself, its failure counts when sshd
            // confirms it.
            self.join(own, guest);
        }
        let Some(process) = self.processes.get_mut(own) else { return };
        let mut modules = [true; MODULES];
        for ledger in process.ledgers.iter_mut().rev() {
            let is_his = event.user.is_empty() || ledger.user.is_empty() || ledger.is_of(&event.user);
            ledger.take_back(is_his.then_some(&mut modules), &mut |user, time, count| {
                let (outcome, signal, user) = (Outcome::Failure, Signal::Pam, Cow::Borrowed(user));
                meant.take_back(Event { time, outcome, signal, count, user, ..event.clone() });
            });
        }
        meant.count(event);
    }

    /// sshd waits for a keyboard-interactive answer, for which PAM has a process of its own.
    fn postponed(&mut self, id: Fingerprint, event: &Event<'_>, meant: &mut dyn Meant) {
        let own = self.enter(id, event);
        if let Some(process) = self.processes.get_mut(own) {
            (process.has_sshd, process.keyboard) = (true, true);
        }
        self.leave_home(own, event, meant);
        self.wait_or_not(own, event);
    }

    /// Finds or creates the process of a line, and notes the line's address and terminal.
    fn enter(&mut self, id: Fingerprint, event: &Event<'_>) -> u32 {
        let slot = self.processes.enter(id, event.time);
        if let Some(process) = self.processes.get_mut(slot) {
            process.address = event.src_ip.or(process.address);
            if !event.tty.is_empty() && process.tty != event.tty {
                process.tty = cut(&event.tty, TTY_BYTES).into();
            }
        }
        slot
    }

    /// The process whose ledger a PAM line goes to: the sshd process that PAM runs for, or its own.
    fn home_of(&mut self, own: u32, event: &Event<'_>) -> u32 {
        let Some(process) = self.processes.get(own).filter(|p| !p.has_sshd) else { return own };
        let user = process.ledgers.last().map_or_else(|| event.user.clone(), |l| Cow::Owned(l.user.clone()));
        if let Some(home) = self.known_home(own, event.time) {
            return home;
        }
        let Some(place) = self.place(event) else { return own };
        // An sshd process that reported a failure which PAM has not reported yet.
        let waits = |(slot, process): &(u32, &Process)| {
            *slot != own
                && apart(process, event.time) <= JOIN
                && process.ledgers.last().is_some_and(|l| are_one(&l.user, &user) && are_one(&l.user, &event.user))
        };
        let waiting = Fingerprint(place.0 ^ WAITING);
        let Some((home, _)) = self.processes.at(waiting).take(LOOKS).find(waits) else {
            self.processes.set_near(own, Some(place));
            return own;
        };
        self.join(home, own);
        home
    }

    /// The process that PAM is known to run for.
    fn known_home(&self, own: u32, now: Timestamp) -> Option<u32> {
        let home = self.processes.find(self.processes.get(own)?.home?)?;
        self.processes.get(home)?.is_fresh(now).then_some(home)
    }

    /// Handles a line that is not from PAM. The process is sshd, so it leaves any process that it joined, and may
    /// take in a PAM process. Returns true if a PAM process joins it.
    fn speaks_itself(&mut self, own: u32, event: &Event<'_>, line: Said, meant: &mut dyn Meant) -> bool {
        let Some(process) = self.processes.get_mut(own) else { return false };
        process.has_sshd = true;
        process.keyboard |= is_keyboard(event);
        let keyboard = is_keyboard(event) || event.signal == Signal::Weak && process.keyboard;
        // It may have been taken for the PAM part of another process, but is a connection itself.
        self.leave_home(own, event, meant);
        self.processes.set_near(own, None);
        let lacks =
            self.of_user(own, &event.user).next().is_none_or(|ledger| ledger.lacks_pam(line.voice, line.count));
        let guest = if keyboard && lacks { self.guest(own, event) } else { None };
        if let Some(guest) = guest {
            self.join(own, guest);
        }
        guest.is_some()
    }

    /// Lets a process that asked for a keyboard-interactive answer wait for PAM, while it reports more failures than
    /// PAM.
    fn wait_or_not(&mut self, owner: u32, event: &Event<'_>) {
        let Some(process) = self.processes.get(owner).filter(|p| p.has_sshd) else { return };
        let waits = process.keyboard && process.ledgers.last().is_some_and(|ledger| ledger.lacks_pam(0, 0));
        let place = self.place(event).filter(|_| waits).map(|place| Fingerprint(place.0 ^ WAITING));
        self.processes.set_near(owner, place);
    }

    /// The ledgers of a process for `user`. Without a name, the last one.
    fn of_user<'s>(&'s self, slot: u32, user: &'s str) -> impl Iterator<Item = &'s Ledger> + 's {
        let ledgers = self.processes.get(slot).map_or(&[][..], |process| &process.ledgers);
        let last = ledgers.len().saturating_sub(1);
        let of = move |at: usize, ledger: &Ledger| match user {
            "" => at == last,
            user => are_one(&ledger.user, cut(user, NAME_BYTES)),
        };
        ledgers.iter().enumerate().filter(move |(at, ledger)| of(*at, ledger)).map(|(_, ledger)| ledger)
    }

    /// The newest free PAM process from the same place, for the same user.
    fn guest(&self, own: u32, event: &Event<'_>) -> Option<u32> {
        let place = self.place(event)?;
        let known = self.processes.get(own)?.ledgers.last().map_or("", |ledger| ledger.user.as_str());
        let user = if event.user.is_empty() { known } else { cut(&event.user, NAME_BYTES) };
        let fits = |(slot, guest): &(u32, &Process)| {
            *slot != own
                && apart(guest, event.time) <= JOIN
                && guest.ledgers.iter().all(|ledger| are_one(&ledger.user, user))
        };
        self.processes.at(place).take(LOOKS).find(fits).map(|(slot, _)| slot)
    }

    /// Makes a PAM process a part of another process, and adds its counts there.
    fn join(&mut self, home: u32, guest: u32) {
        let Some(id) = self.processes.get(home).map(|process| process.id) else { return };
        self.processes.set_near(guest, None);
        let Some(process) = self.processes.get_mut(guest) else { return };
        process.home = Some(id);
        let shares = process.ledgers.clone();
        for share in &shares {
            if let Some(ledger) = self.processes.get_mut(home).and_then(|home| home.ledger(&share.user)) {
                ledger.join(share);
            }
        }
    }

    /// Removes the share of a process from the process that it was taken for a part of. Failures that the other
    /// process reported itself, and that the share had covered, count now. Those that had counted only for the share
    /// go with the share.
    fn leave_home(&mut self, own: u32, event: &Event<'_>, meant: &mut dyn Meant) {
        let Some(process) = self.processes.get_mut(own) else { return };
        let Some(home) = process.home.take() else { return };
        let mut shares = core::mem::take(&mut process.ledgers);
        if let Some(home) = self.processes.find(home).and_then(|home| self.processes.get_mut(home)) {
            for share in &mut shares {
                let Some(ledger) = home.ledger(&share.user) else { continue };
                let count = ledger.part_from(share);
                if count > 0 {
                    let (signal, user) = (Signal::Failed, Cow::Borrowed(ledger.user.as_str()));
                    meant.count(Event { signal, count, user, ..event.clone() });
                }
            }
        }
        if let Some(process) = self.processes.get_mut(own) {
            process.ledgers = shares;
        }
    }

    /// The key of the line's host and address.
    fn place(&self, event: &Event<'_>) -> Option<Fingerprint> {
        Some(self.on_host(u128::from_le_bytes(crate::net::octets(event.src_ip?))))
    }

    /// The key of a number on the current host. Numbers of one host never collide. Numbers of two hosts collide only
    /// if the keys of the hosts differ exactly as the numbers do. For process ids, 96 bits must agree; for an
    /// attacker's IPv6 prefix, 64. An attacker who can choose host names for this could as well name any host in the
    /// log.
    const fn on_host(&self, number: u128) -> Fingerprint {
        Fingerprint(self.key.0 ^ number)
    }

    /// Fills in facts that are missing in the line but known of the process.
    fn complete(&self, own: u32, event: &mut Event<'_>) {
        let Some(process) = self.processes.get(own) else { return };
        match event.access {
            Access::Remote => event.src_ip = event.src_ip.or(process.address),
            Access::Local if event.tty.is_empty() && !process.tty.is_empty() => {
                event.tty = Cow::Owned(process.tty.clone());
            }
            Access::Local => {}
        }
    }

    /// The bytes of memory in use, approximately, for `stats`.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.processes.bytes()
    }

    /// Writes the table, the least recently used first. The bytes are the same for every seed.
    pub fn save(&self, out: &mut Writer) {
        out.count(self.processes.len());
        for process in self.processes.iter() {
            out.raw(&process.id.to_bytes());
            out.i64(process.last.0);
            out.bytes(process.address.map(crate::net::octets).as_ref().map_or(&[], |octets| octets));
            out.bytes(process.tty.as_bytes());
            let (accepted, keyboard) = (u8::from(process.accepted.is_some()), u8::from(process.keyboard));
            out.u8(u8::from(process.has_sshd) | accepted << 1 | keyboard << 2);
            out.bytes(process.accepted.as_deref().unwrap_or_default().as_bytes());
            for key in [process.home, process.near] {
                out.bytes(key.map(Fingerprint::to_bytes).as_ref().map_or(&[], |key| key));
            }
            out.count(process.ledgers.len());
            process.ledgers.iter().for_each(|ledger| ledger.save(out));
        }
    }

    /// Reads the bytes of [`save`](Self::save).
    ///
    /// # Errors
    /// Fails if `save` did not write these bytes.
    pub fn load(salt: Salt, seed: u64, input: &mut Reader<'_>) -> snapshot::Result<Self> {
        let bounded = |count: usize, most: usize| {
            if count <= most { Ok(count) } else { Err(SnapshotError::Invalid("the table of processes")) }
        };
        let sixteen = |input: &mut Reader<'_>| Ok(<[u8; 16]>::try_from(input.bytes()?).ok());
        let version = input.version();
        let mut table = Self::new(salt, seed);
        for _ in 0..bounded(input.count(16)?, MAX_PROCESSES)? {
            let id = Fingerprint::from_bytes(input.array()?);
            let slot = table.processes.enter(id, Timestamp(input.i64()?));
            let Some(process) = table.processes.get_mut(slot) else { continue };
            process.address = sixteen(input)?.map(crate::net::from_octets);
            process.tty = text(input.bytes()?)?;
            let flags = input.u8()?;
            process.has_sshd = flags & 1 != 0;
            process.keyboard = flags & 4 != 0;
            process.accepted = Some(text(input.bytes()?)?).filter(|_| flags & 2 != 0);
            process.home = sixteen(input)?.map(Fingerprint::from_bytes);
            let near = sixteen(input)?.map(Fingerprint::from_bytes);
            for _ in 0..bounded(input.count(1)?, MAX_USERS)? {
                process.ledgers.push(Ledger::load(input, version)?);
            }
            // Earlier versions put every process with a known place into this list.
            let is_free = |p: &Process| !p.has_sshd && p.home.is_none();
            if version >= STATE_VERSION || table.processes.get(slot).is_some_and(is_free) {
                table.processes.set_near(slot, near);
            }
        }
        Ok(table)
    }
}

/// True if a line reports an attempt for which PAM has a process of its own.
fn is_keyboard(event: &Event<'_>) -> bool {
    matches!(event.signal, Signal::SshdPam | Signal::Postponed)
        || event.method.starts_with("keyboard-interactive")
}

/// True if two names may be of one user. An empty name fits any.
fn are_one(one: &str, other: &str) -> bool {
    one == other || one.is_empty() || other.is_empty()
}

/// The time between a process's last line and `time`, in either direction.
fn apart(process: &Process, time: Timestamp) -> Span {
    Span(time.0.saturating_sub(process.last.0).saturating_abs())
}

fn text(bytes: &[u8]) -> snapshot::Result<String> {
    core::str::from_utf8(bytes).map(String::from).map_err(|_| SnapshotError::Invalid("a name"))
}

/// The first `bytes` bytes of `text`, without cutting a character.
fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}
