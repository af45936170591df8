//! One attempt counts once, however many programs write lines about it.
//!
//! sshd, PAM and auditd each speak of the same attempt, in the order `Invalid user`, PAM, `Failed`. Per process (host
//! and pid) and user there is one counter for each of these voices, and a line emits, at its own time, as many
//! failures as the **maximum** of the counters grows. So five `Failed` lines are five failures, five PAM lines beside
//! them are none more, and five PAM lines alone are five.
//!
//! * A PAM line of another pid joins the sshd process of the same host and address seen within ten seconds (PAM may
//!   run in a process of its own), whichever of the two wrote first. If the pid turns out to be an sshd process
//!   itself (a parallel connection), it takes its share back.
//! * `Accepted` takes back what only PAM reported: stacked PAM modules log a failure in every good login.
//! * Without a pid nothing can be joined: only `Failed` counts.
//!
//! Memory: at most [`MAX_PROCESSES`] processes of at most [`MAX_USERS`] users; a process is forgotten 120 s after its
//! last line. Time per line: O(log processes).

use crate::event::{Event, Origin, Outcome, Signal};
use crate::hash::{Hasher128, Salt};
use crate::snapshot::{self, Reader, SnapshotError, Writer};
use crate::time::{Span, Timestamp};
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Processes remembered at once: as many connections in flight as two busy hosts hold (`MaxStartups` is 100).
pub const MAX_PROCESSES: usize = 4096;
/// Users remembered of one process. sshd allows no change of user within a connection.
pub const MAX_USERS: usize = 16;
/// A process is forgotten this long after its last line: sshd's `LoginGraceTime`.
const FORGET: Span = Span::seconds(120);
/// How far apart the lines of PAM and sshd about one attempt are at most.
const JOIN: Span = Span::seconds(10);
/// Failures that only PAM reported and that can be taken back, per user.
const TAKE_BACK: usize = 4;
/// Bytes of a user name kept to complete lines that name nobody. sshd itself cuts names at 100.
const NAME_BYTES: usize = 256;

/// Kinds of keys.
const PROCESS: u8 = 1;
const ADDRESS: u8 = 2;

/// What a line means for the windows.
#[derive(Debug, PartialEq)]
pub enum Step<'a> {
    /// An event that counts, with user and address completed from the lines before it.
    Count(Event<'a>),
    /// Failures that were counted at this time, and were none.
    TakeBack(Event<'a>),
}

/// The voices, each with a counter of its own.
const VOICES: usize = 6;

const fn voice(signal: Signal) -> Option<usize> {
    match signal {
        Signal::Failed => Some(0),
        Signal::SshdPam => Some(1),
        Signal::Audit => Some(2),
        Signal::Weak => Some(3),
        Signal::Pam => Some(4),
        Signal::PamOther => Some(5),
        Signal::Attempt | Signal::Session => None,
    }
}

const fn is_pam(signal: Signal) -> bool {
    matches!(signal, Signal::Pam | Signal::PamOther)
}

/// What was said of one user by one process.
#[derive(Clone, Debug, Default)]
struct Ledger {
    user: String,
    said: [u32; VOICES],
    emitted: u32,
    /// The last failures that PAM alone had reported when they were emitted: time and number.
    pam_only: [(Timestamp, u32); TAKE_BACK],
}

impl Ledger {
    fn most(&self) -> u32 {
        self.said.iter().copied().max().unwrap_or(0)
    }

    /// The most that somebody other than PAM said.
    fn most_without_pam(&self) -> u32 {
        self.said.iter().take(4).copied().max().unwrap_or(0)
    }

    fn add(&mut self, voice: usize, count: u32) {
        if let Some(said) = self.said.get_mut(voice) {
            // "Once per process and user": the weak lines of one connection all speak of the same attempt.
            *said = if voice == 3 { 1 } else { said.saturating_add(count) };
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Process {
    last: Timestamp,
    /// For the list of least recent use.
    used: u64,
    /// Its entry in `by_address`, 0 for none.
    address_key: u128,
    address: Option<IpAddr>,
    tty: String,
    /// Whether anybody but PAM spoke.
    has_sshd: bool,
    accepted: bool,
    /// The process whose ledgers hold a copy of this one's: PAM in a process of its own.
    home: Option<u128>,
    ledgers: Vec<Ledger>,
}

impl Process {
    /// The ledger of `user`; of the user named last where the line names nobody.
    fn ledger(&mut self, user: &str) -> Option<&mut Ledger> {
        if user.is_empty() && !self.ledgers.is_empty() {
            return self.ledgers.last_mut();
        }
        let user = cut(user, NAME_BYTES);
        if let Some(at) = self.ledgers.iter().position(|l| l.user == user) {
            // The user named last stands last.
            if let Some(tail) = self.ledgers.get_mut(at..) {
                tail.rotate_left(1);
            }
        } else if let Some(nameless) = self.ledgers.last_mut().filter(|l| l.user.is_empty()) {
            // What was said of nobody in particular was said of this user.
            nameless.user.push_str(user);
        } else {
            if self.ledgers.len() >= MAX_USERS {
                self.ledgers.remove(0);
            }
            self.ledgers.push(Ledger { user: user.into(), ..Ledger::default() });
        }
        self.ledgers.last_mut()
    }
}

/// The table of processes. See the module's documentation.
#[derive(Clone, Debug)]
pub struct Attempts {
    salt: Salt,
    clock: u64,
    processes: BTreeMap<u128, Process>,
    /// By last use, for the bound.
    by_use: BTreeMap<u64, u128>,
    /// The process last seen for a host and address.
    by_address: BTreeMap<u128, u128>,
}

impl Attempts {
    /// An empty table. `salt` keys its fingerprints.
    #[must_use]
    pub const fn new(salt: Salt) -> Self {
        Self {
            salt,
            clock: 0,
            processes: BTreeMap::new(),
            by_use: BTreeMap::new(),
            by_address: BTreeMap::new(),
        }
    }

    /// Takes one event in, and hands on what it means: nothing, one event, or taken-back failures and an event.
    pub fn observe(&mut self, event: Event<'_>, sink: &mut dyn FnMut(Step<'_>)) {
        let Some(pid) = event.pid else {
            if matches!(event.signal, Signal::Attempt | Signal::Failed) {
                sink(Step::Count(event));
            }
            return;
        };
        let id = self.key(PROCESS, &event.host, &pid.to_le_bytes());
        match (event.outcome, voice(event.signal)) {
            (Outcome::Failure, Some(voice)) => self.failure(id, voice, event, sink),
            (Outcome::Success, _) => self.success(id, event, sink),
            _ => sink(Step::Count(event)),
        }
    }

    fn failure(&mut self, id: u128, voice: usize, mut event: Event<'_>, sink: &mut dyn FnMut(Step<'_>)) {
        let pam = is_pam(event.signal);
        let known = self.touch(id, &event);
        let owner = if pam { self.home_of(id, &event) } else { self.speaks_itself(id, known, &event) };

        let mut grown = 0;
        if let Some(ledger) = self.processes.get_mut(&owner).and_then(|p| p.ledger(&event.user)) {
            ledger.add(voice, event.count);
            grown = ledger.most().saturating_sub(ledger.emitted);
            ledger.emitted = ledger.emitted.saturating_add(grown);
            if pam && grown > 0 {
                ledger.pam_only.rotate_right(1);
                ledger.pam_only[0] = (event.time, grown);
            }
            if event.user.is_empty() {
                event.user = Cow::Owned(ledger.user.clone());
            }
        }
        if owner != id
            && let Some(own) = self.processes.get_mut(&id).and_then(|p| p.ledger(&event.user))
        {
            own.add(voice, event.count);
            own.emitted = own.emitted.saturating_add(grown);
        }
        if grown > 0 {
            self.complete(owner, &mut event);
            event.count = grown;
            sink(Step::Count(event));
        }
    }

    fn success(&mut self, id: u128, mut event: Event<'_>, sink: &mut dyn FnMut(Step<'_>)) {
        let told = event.signal != Signal::Session;
        if !told && !self.processes.get(&id).is_some_and(|p| fresh(p, event.time)) {
            return; // PAM alone, of a process nobody spoke of: it names no address.
        }
        self.touch(id, &event);
        self.complete(id, &mut event);
        let Some(process) = self.processes.get_mut(&id) else { return };
        let again = process.accepted && matches!(event.signal, Signal::Session | Signal::Audit);
        if again || (!told && process.address.is_none() && process.tty.is_empty()) {
            return; // Said before, or from nowhere.
        }
        process.accepted = true;
        for ledger in &mut process.ledgers {
            let mut excess = ledger.emitted.saturating_sub(ledger.most_without_pam());
            for (time, count) in &mut ledger.pam_only {
                let back = excess.min(*count);
                if back > 0 {
                    excess -= back;
                    *count -= back;
                    ledger.emitted -= back;
                    ledger.said[4] = ledger.said[4].min(ledger.emitted);
                    ledger.said[5] = ledger.said[5].min(ledger.emitted);
                    let failure = Event {
                        time: *time,
                        outcome: Outcome::Failure,
                        signal: Signal::Pam,
                        count: back,
                        user: Cow::Borrowed(&ledger.user),
                        ..event.clone()
                    };
                    sink(Step::TakeBack(failure));
                }
            }
        }
        sink(Step::Count(event));
    }

    /// Finds or makes the process, and notes what the line says of it. Whether it was known.
    fn touch(&mut self, id: u128, event: &Event<'_>) -> bool {
        self.clock += 1;
        let known = match self.processes.get_mut(&id) {
            Some(process) if fresh(process, event.time) => true,
            Some(process) => {
                let stale = core::mem::take(process);
                process.used = stale.used;
                self.forget_address(id, stale.address_key);
                false
            }
            None => {
                if self.processes.len() >= MAX_PROCESSES {
                    self.forget_oldest();
                }
                false
            }
        };
        let process = self.processes.entry(id).or_default();
        self.by_use.remove(&process.used);
        process.used = self.clock;
        self.by_use.insert(self.clock, id);
        process.last = if known { process.last.max(event.time) } else { event.time };
        if event.src_ip.is_some() {
            process.address = event.src_ip;
        }
        if !event.tty.is_empty() {
            process.tty.clear();
            process.tty.push_str(cut(&event.tty, NAME_BYTES));
        }
        known
    }

    fn forget_oldest(&mut self) {
        if let Some((_, id)) = self.by_use.pop_first()
            && let Some(process) = self.processes.remove(&id)
        {
            self.forget_address(id, process.address_key);
        }
    }

    fn forget_address(&mut self, id: u128, key: u128) {
        if self.by_address.get(&key) == Some(&id) {
            self.by_address.remove(&key);
        }
    }

    /// Whose ledger a PAM line goes to: that of the sshd process it runs for, or its own.
    fn home_of(&mut self, id: u128, event: &Event<'_>) -> u128 {
        let Some(process) = self.processes.get(&id) else { return id };
        if process.has_sshd {
            return id;
        }
        if let Some(home) = process.home
            && self.processes.get(&home).is_some_and(|p| fresh(p, event.time))
        {
            return home;
        }
        let sshd = self.near(id, event).filter(|other| self.processes.get(other).is_some_and(|p| p.has_sshd));
        if sshd.is_none() {
            self.remember_address(id, event);
        } else if let Some(process) = self.processes.get_mut(&id) {
            process.home = sshd;
        }
        sshd.unwrap_or(id)
    }

    /// A line that is not PAM's: the process speaks for itself, and takes in or leaves the others.
    fn speaks_itself(&mut self, id: u128, known: bool, event: &Event<'_>) -> u128 {
        let Some(process) = self.processes.get_mut(&id) else { return id };
        process.has_sshd = true;
        if let Some(home) = process.home.take() {
            // It was taken for the PAM part of another process, and is a connection of its own.
            let shares = process.ledgers.clone();
            self.share(home, &shares, false);
        } else if !known
            && let Some(other) = self.near(id, event)
            && let Some(guest) = self.processes.get_mut(&other)
            && !guest.has_sshd
            && guest.home.is_none()
            && guest.ledgers.iter().all(|l| l.user.is_empty() || l.user == event.user)
        {
            // PAM spoke first, from a process of its own.
            guest.home = Some(id);
            let shares = guest.ledgers.clone();
            self.share(id, &shares, true);
        }
        self.remember_address(id, event);
        id
    }

    /// Adds the ledgers of a guest to those of its home, or takes them away again.
    fn share(&mut self, home: u128, shares: &[Ledger], add: bool) {
        let Some(home) = self.processes.get_mut(&home) else { return };
        for share in shares {
            let Some(ledger) = home.ledger(&share.user) else { continue };
            for (said, more) in ledger.said.iter_mut().zip(share.said) {
                *said = if add { said.saturating_add(more) } else { said.saturating_sub(more) };
            }
            ledger.emitted = if add {
                ledger.emitted.saturating_add(share.emitted)
            } else {
                ledger.emitted.saturating_sub(share.emitted)
            };
            if add {
                ledger.pam_only = share.pam_only;
            }
        }
    }

    /// The other process last seen for the same host and address, if that was within ten seconds.
    fn near(&self, id: u128, event: &Event<'_>) -> Option<u128> {
        let other = *self.by_address.get(&self.address_key(event)?)?;
        let process = self.processes.get(&other)?;
        let apart = event.time.0.saturating_sub(process.last.0).saturating_abs();
        (other != id && apart <= JOIN.0).then_some(other)
    }

    fn remember_address(&mut self, id: u128, event: &Event<'_>) {
        let Some(key) = self.address_key(event) else { return };
        let Some(process) = self.processes.get_mut(&id) else { return };
        let before = core::mem::replace(&mut process.address_key, key);
        if before != key {
            self.forget_address(id, before);
        }
        self.by_address.insert(key, id);
    }

    fn address_key(&self, event: &Event<'_>) -> Option<u128> {
        let address = event.src_ip?;
        Some(self.key(ADDRESS, &event.host, &crate::net::octets(address)))
    }

    fn key(&self, kind: u8, host: &str, part: &[u8]) -> u128 {
        Hasher128::new(self.salt, kind).part(host.as_bytes()).part(part).finish().0
    }

    /// Fills in what the line left out and the process is known for.
    fn complete(&self, id: u128, event: &mut Event<'_>) {
        let Some(process) = self.processes.get(&id) else { return };
        if event.src_ip.is_none() && event.origin == Origin::Remote {
            event.src_ip = process.address;
        }
        if event.tty.is_empty() && event.origin == Origin::Local && !process.tty.is_empty() {
            event.tty = Cow::Owned(process.tty.clone());
        }
    }

    /// Bytes held, roughly: what `stats` reports.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.processes.len() * (size_of::<Process>() + size_of::<Ledger>() + 96) + self.by_address.len() * 48
    }

    /// Writes the table, least recently used first.
    pub fn save(&self, out: &mut Writer) {
        out.count(self.by_use.len());
        for id in self.by_use.values() {
            let Some(process) = self.processes.get(id) else { continue };
            let latest = self.by_address.get(&process.address_key) == Some(id);
            out.raw(&id.to_le_bytes());
            out.i64(process.last.0);
            out.bytes(process.address.map(crate::net::octets).as_ref().map_or(&[], |octets| octets));
            out.bytes(process.tty.as_bytes());
            out.u8(u8::from(process.has_sshd) | u8::from(process.accepted) << 1);
            out.raw(&process.home.unwrap_or(0).to_le_bytes());
            out.raw(&if latest { process.address_key } else { 0 }.to_le_bytes());
            out.count(process.ledgers.len());
            for ledger in &process.ledgers {
                ledger.save(out);
            }
        }
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// Where the bytes are not what `save` writes.
    pub fn load(salt: Salt, input: &mut Reader<'_>) -> snapshot::Result<Self> {
        let mut table = Self::new(salt);
        for _ in 0..bounded(input, 16, MAX_PROCESSES)? {
            let id = u128::from_le_bytes(input.array()?);
            table.clock += 1;
            let mut process =
                Process { used: table.clock, last: Timestamp(input.i64()?), ..Process::default() };
            process.address = <[u8; 16]>::try_from(input.bytes()?).ok().map(crate::net::from_octets);
            process.tty = text(input.bytes()?)?;
            let flags = input.u8()?;
            (process.has_sshd, process.accepted) = (flags & 1 != 0, flags & 2 != 0);
            process.home = Some(u128::from_le_bytes(input.array()?)).filter(|home| *home != 0);
            process.address_key = u128::from_le_bytes(input.array()?);
            if process.address_key != 0 {
                table.by_address.insert(process.address_key, id);
            }
            for _ in 0..bounded(input, 1, MAX_USERS)? {
                process.ledgers.push(Ledger::load(input)?);
            }
            table.by_use.insert(table.clock, id);
            table.processes.insert(id, process);
        }
        Ok(table)
    }
}

impl Ledger {
    fn save(&self, out: &mut Writer) {
        out.bytes(self.user.as_bytes());
        for said in self.said {
            out.varint(said.into());
        }
        out.varint(self.emitted.into());
        for (time, count) in self.pam_only {
            out.i64(time.0);
            out.varint(count.into());
        }
    }

    fn load(input: &mut Reader<'_>) -> snapshot::Result<Self> {
        let mut ledger = Self { user: text(input.bytes()?)?, ..Self::default() };
        for said in &mut ledger.said {
            *said = number(input)?;
        }
        ledger.emitted = number(input)?;
        for slot in &mut ledger.pam_only {
            *slot = (Timestamp(input.i64()?), number(input)?);
        }
        Ok(ledger)
    }
}

fn number(input: &mut Reader<'_>) -> snapshot::Result<u32> {
    u32::try_from(input.varint()?).map_err(|_| SnapshotError::Invalid("a counter"))
}

fn bounded(input: &mut Reader<'_>, size: usize, most: usize) -> snapshot::Result<usize> {
    input
        .count(size)
        .and_then(|n| if n <= most { Ok(n) } else { Err(SnapshotError::Invalid("a table of processes")) })
}

fn fresh(process: &Process, now: Timestamp) -> bool {
    now.0.saturating_sub(process.last.0) <= FORGET.0
}

fn text(bytes: &[u8]) -> snapshot::Result<String> {
    core::str::from_utf8(bytes).map(String::from).map_err(|_| SnapshotError::Invalid("a name"))
}

/// The first `bytes` bytes of `text`, cut at a character.
fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

#[cfg(test)]
#[path = "attempts_tests.rs"]
mod tests;
