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
//!   Likewise a PAM process that first seemed to be part of an earlier connection goes with the one that begins now.
//! * `Accepted` takes back what only PAM reported: stacked PAM modules log a failure in every good login.
//! * Without a pid nothing can be joined: only `Failed` counts.
//!
//! Memory: at most [`MAX_PROCESSES`] processes of at most [`MAX_USERS`] users; a process is forgotten 120 s after its
//! last line. Time per line: O(1).

mod ledger;
mod processes;
#[cfg(test)]
mod tests;

use crate::event::{Event, Origin, Outcome, Signal};
use crate::find::same;
use crate::hash::{Fingerprint, Hasher128, Salt};
use crate::snapshot::{self, Reader, SnapshotError, Writer};
use crate::time::{Span, Timestamp};
use alloc::borrow::Cow;
use alloc::string::String;
use ledger::{Ledger, voice};
pub use processes::MAX_PROCESSES;
use processes::{Process, Processes};

/// Users remembered of one process. sshd allows no change of user within a connection.
pub const MAX_USERS: usize = 16;
/// A process is forgotten this long after its last line: sshd's `LoginGraceTime`.
const FORGET: Span = Span::seconds(120);
/// How far apart the lines of PAM and sshd about one attempt are at most.
const JOIN: Span = Span::seconds(10);
/// Bytes kept of a terminal's name.
const TTY_BYTES: usize = 64;
/// Bytes kept of a user's name, to complete lines that name nobody. sshd itself cuts names at 100.
const NAME_BYTES: usize = 256;
/// The name of a host that is longer is not remembered (RFC 5424 section 6.2.4).
const HOST_BYTES: usize = 255;
/// The kind of a host's key.
const HOST: u8 = 1;

/// Takes the meaning of a line: events that count, and failures that were none.
pub trait Meant {
    /// An event counts, with user and address completed from the lines before it.
    fn count(&mut self, event: Event<'_>);

    /// So many failures were counted at the event's time, and were none.
    fn take_back(&mut self, event: Event<'_>);
}

/// The table of processes. See the module's documentation.
#[derive(Clone, Debug)]
pub struct Attempts {
    salt: Salt,
    /// The host that spoke last, and its key: lines of one host come in runs.
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

    /// Takes one event in, and hands on its meaning: nothing, one event, or taken-back failures and an event.
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
            _ => meant.count(event),
        }
    }

    fn failure(&mut self, id: Fingerprint, voice: usize, mut event: Event<'_>, meant: &mut dyn Meant) {
        let own = self.enter(id, &event);
        let pam = matches!(event.signal, Signal::Pam | Signal::PamOther);
        let owner = if pam {
            self.home_of(own, &event)
        } else {
            self.speaks_itself(own, &event, meant);
            own
        };

        let mut grown = 0;
        if let Some(ledger) = self.processes.get_mut(owner).and_then(|p| p.ledger(&event.user)) {
            grown = ledger.add(voice, event.count, event.time);
            if event.user.is_empty() {
                event.user = Cow::Owned(ledger.user.clone());
            }
        }
        if owner != own
            && let Some(ledger) = self.processes.get_mut(own).and_then(|p| p.ledger(&event.user))
        {
            ledger.copy(voice, event.count, grown, event.time);
        }
        if grown > 0 {
            self.complete(owner, &mut event);
            event.count = grown;
            meant.count(event);
        }
    }

    fn success(&mut self, id: Fingerprint, mut event: Event<'_>, meant: &mut dyn Meant) {
        let told = event.signal != Signal::Session;
        let fresh = || self.processes.get(self.processes.find(id)?).map(|p| p.is_fresh(event.time));
        if !told && fresh() != Some(true) {
            return; // PAM alone, of a process nobody spoke of: it names no address.
        }
        let own = self.enter(id, &event);
        self.complete(own, &mut event);
        // PAM in a process of its own, of which sshd has not spoken yet. If it turns out to be a connection of its own
        // after all, its failure counts when sshd says so.
        let guest = self.place(&event).filter(|_| told).and_then(|place| self.guest(own, place, &event));
        let Some(process) = self.processes.get_mut(own) else { return };
        let same = |user: &String| event.user.is_empty() || *user == cut(&event.user, NAME_BYTES);
        let again = matches!(event.signal, Signal::Session | Signal::Audit)
            && process.accepted.as_ref().is_some_and(same);
        if again || (!told && process.address.is_none() && process.tty.is_empty()) {
            return; // Said before, or from nowhere.
        }
        process.accepted = Some(cut(&event.user, NAME_BYTES).into());
        for slot in [Some(own), guest].into_iter().flatten() {
            // Whoever logs in here was no part of another connection: what is taken back must not stay counted there.
            self.leave_home(slot, &event, meant);
            let Some(process) = self.processes.get_mut(slot) else { continue };
            for ledger in &mut process.ledgers {
                ledger.take_back(&mut |user, time, count| {
                    let (outcome, signal, user) = (Outcome::Failure, Signal::Pam, Cow::Borrowed(user));
                    meant.take_back(Event { time, outcome, signal, count, user, ..event.clone() });
                });
            }
        }
        meant.count(event);
    }

    /// Finds or makes the process, and notes what the line says of it.
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

    /// Whose ledger a PAM line goes to: that of the sshd process it runs for, or its own.
    fn home_of(&mut self, own: u32, event: &Event<'_>) -> u32 {
        let Some(process) = self.processes.get(own).filter(|p| !p.has_sshd) else { return own };
        let known = process.home.and_then(|home| self.processes.find(home));
        let Some(place) = self.place(event) else { return known.unwrap_or(own) };
        let home = known.or_else(|| {
            let near = self.near(own, place, event.time)?;
            let near = match self.processes.get(near)? {
                sshd if sshd.has_sshd => near,
                guest => self.processes.find(guest.home?)?,
            };
            let home = self.processes.get(near)?;
            let spoke =
                |of: fn(&Ledger, &str) -> bool| home.ledgers.iter().any(|ledger| of(ledger, &event.user));
            let likely =
                event.user.is_empty() || spoke(Ledger::is_of) || !spoke(|ledger, _| !ledger.user.is_empty());
            (likely && apart(home, event.time) <= JOIN).then_some(near)
        });
        let home = home.filter(|home| self.processes.get(*home).is_some_and(|p| p.is_fresh(event.time)));
        let home_id = home.and_then(|home| self.processes.get(home)).map(|p| p.id);
        if let Some(process) = self.processes.get_mut(own) {
            process.home = home_id;
        }
        self.processes.set_near(own, place);
        home.unwrap_or(own)
    }

    /// A line that is not PAM's: the process speaks for itself, and takes in or leaves the others.
    fn speaks_itself(&mut self, own: u32, event: &Event<'_>, meant: &mut dyn Meant) {
        let Some(process) = self.processes.get_mut(own) else { return };
        process.has_sshd = true;
        let id = process.id;
        // It may have been taken for the PAM part of another process, and is a connection of its own.
        self.leave_home(own, event, meant);
        let Some(place) = self.place(event) else { return };
        if let Some(guest) = self.guest(own, place, event) {
            // PAM spoke first, from a process of its own.
            self.leave_home(guest, event, meant);
            if let Some(guest) = self.processes.get_mut(guest) {
                guest.home = Some(id);
                let shares = guest.ledgers.clone();
                for share in &shares {
                    if let Some(ledger) =
                        self.processes.get_mut(own).and_then(|home| home.ledger(&share.user))
                    {
                        ledger.join(share);
                    }
                }
            }
        }
        self.processes.set_near(own, place);
    }

    /// The process of PAM that spoke last from the same place, if it can be about the same attempt: the first that
    /// this process is heard of, or the first of this user.
    fn guest(&self, own: u32, place: Fingerprint, event: &Event<'_>) -> Option<u32> {
        let heard = &self.processes.get(own)?.ledgers;
        if heard.iter().any(|l| l.is_of(&event.user)) || (event.user.is_empty() && !heard.is_empty()) {
            return None;
        }
        let other = self.near(own, place, event.time)?;
        let guest = self.processes.get(other).filter(|guest| !guest.has_sshd)?;
        guest.ledgers.iter().all(|l| l.user.is_empty() || l.is_of(&event.user)).then_some(other)
    }

    /// Takes the share of a process back from the one it was taken to be a part of. What that one said itself, and the
    /// share had covered, counts now; what it was counted for because of the share, the share was counted for.
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

    /// The other process that spoke last from the same host and address, if that was within ten seconds.
    fn near(&self, own: u32, place: Fingerprint, now: Timestamp) -> Option<u32> {
        let other = self.processes.find_near(place).filter(|other| *other != own)?;
        (apart(self.processes.get(other)?, now) <= JOIN).then_some(other)
    }

    /// Host and address of the line that is being observed.
    fn place(&self, event: &Event<'_>) -> Option<Fingerprint> {
        Some(self.on_host(u128::from_le_bytes(crate::net::octets(event.src_ip?))))
    }

    /// The key of something of the host that speaks. Numbers of one host never meet. Those of two meet where the keys of
    /// the hosts differ by just what the numbers do: of process ids, where 96 bits agree, of an attacker's IPv6 prefix,
    /// 64. Who can choose names of hosts to that end need not: the log takes his word for any host.
    const fn on_host(&self, number: u128) -> Fingerprint {
        Fingerprint(self.key.0 ^ number)
    }

    /// Fills in what the line left out and the process is known for.
    fn complete(&self, own: u32, event: &mut Event<'_>) {
        let Some(process) = self.processes.get(own) else { return };
        match event.origin {
            Origin::Remote => event.src_ip = event.src_ip.or(process.address),
            Origin::Local if event.tty.is_empty() && !process.tty.is_empty() => {
                event.tty = Cow::Owned(process.tty.clone());
            }
            Origin::Local => {}
        }
    }

    /// Bytes held, about: what `stats` reports.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.processes.bytes()
    }

    /// Writes the table, least recently used first. The same bytes for every seed.
    pub fn save(&self, out: &mut Writer) {
        out.count(self.processes.len());
        for process in self.processes.iter() {
            out.raw(&process.id.to_bytes());
            out.i64(process.last.0);
            out.bytes(process.address.map(crate::net::octets).as_ref().map_or(&[], |octets| octets));
            out.bytes(process.tty.as_bytes());
            out.u8(u8::from(process.has_sshd) | u8::from(process.accepted.is_some()) << 1);
            out.bytes(process.accepted.as_deref().unwrap_or_default().as_bytes());
            for key in [process.home, process.near] {
                out.bytes(key.map(Fingerprint::to_bytes).as_ref().map_or(&[], |key| key));
            }
            out.count(process.ledgers.len());
            process.ledgers.iter().for_each(|ledger| ledger.save(out));
        }
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// Where the bytes are not what `save` writes.
    pub fn load(salt: Salt, seed: u64, input: &mut Reader<'_>) -> snapshot::Result<Self> {
        let bounded = |count: usize, most: usize| {
            if count <= most { Ok(count) } else { Err(SnapshotError::Invalid("the table of processes")) }
        };
        let sixteen = |input: &mut Reader<'_>| Ok(<[u8; 16]>::try_from(input.bytes()?).ok());
        let mut table = Self::new(salt, seed);
        for _ in 0..bounded(input.count(16)?, MAX_PROCESSES)? {
            let id = Fingerprint::from_bytes(input.array()?);
            let slot = table.processes.enter(id, Timestamp(input.i64()?));
            let Some(process) = table.processes.get_mut(slot) else { continue };
            process.address = sixteen(input)?.map(crate::net::from_octets);
            process.tty = text(input.bytes()?)?;
            let flags = input.u8()?;
            process.has_sshd = flags & 1 != 0;
            process.accepted = Some(text(input.bytes()?)?).filter(|_| flags & 2 != 0);
            process.home = sixteen(input)?.map(Fingerprint::from_bytes);
            let near = sixteen(input)?.map(Fingerprint::from_bytes);
            for _ in 0..bounded(input.count(1)?, MAX_USERS)? {
                process.ledgers.push(Ledger::load(input)?);
            }
            if let Some(near) = near {
                table.processes.set_near(slot, near);
            }
        }
        Ok(table)
    }
}

/// How long before or after its last line.
fn apart(process: &Process, time: Timestamp) -> Span {
    Span(time.0.saturating_sub(process.last.0).saturating_abs())
}

fn text(bytes: &[u8]) -> snapshot::Result<String> {
    core::str::from_utf8(bytes).map(String::from).map_err(|_| SnapshotError::Invalid("a name"))
}

/// The first `bytes` bytes of `text`, cut at a character.
fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}
