//! The ledger: the counts that one process reported for one user.

use super::{NAME_BYTES, cut};
use crate::event::Signal;
use crate::snapshot::{self, Reader, SnapshotError, Writer};
use crate::time::Timestamp;
use alloc::string::String;

/// The voices; those that are not PAM come first.
const SSHD: usize = 5;
const WEAK: usize = 3;
const AUDIT_LOGIN: usize = 4;
/// The number of PAM modules that are counted separately.
pub(super) const MODULES: usize = 6;
/// The number of voices, each with its own counter.
const VOICES: usize = SSHD + MODULES;
/// The most failures of a user that may be taken back.
const TAKE_BACK: usize = 8;
/// The version of the attempts section that introduced these voices. Before, PAM had two counters.
pub(super) const SINCE: u16 = 4;

/// The counter that a line belongs to.
pub(super) const fn voice(signal: Signal) -> Option<usize> {
    match signal {
        Signal::Failed => Some(0),
        Signal::SshdPam => Some(1),
        Signal::Audit => Some(2),
        Signal::Weak => Some(WEAK),
        Signal::AuditLogin => Some(AUDIT_LOGIN),
        Signal::Pam | Signal::PamMore => Some(SSHD),
        Signal::PamSss => Some(SSHD + 1),
        Signal::PamKrb5 => Some(SSHD + 2),
        Signal::PamLdap => Some(SSHD + 3),
        Signal::PamWinbind => Some(SSHD + 4),
        Signal::PamOther => Some(SSHD + 5),
        Signal::Attempt | Signal::Session | Signal::Postponed | Signal::Repeated => None,
    }
}

/// True if a counter belongs to a PAM module.
pub(super) const fn is_pam(voice: usize) -> bool {
    voice >= SSHD
}

/// The report of one line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub voice: usize,
    pub count: u32,
    pub time: Timestamp,
    /// True if the failure may be taken back: a single line of a module, not `N more`, or a failed `USER_LOGIN`.
    pub may_go: bool,
}

/// One counter for each voice, and the number of failures emitted.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    pub user: String,
    said: [u32; VOICES],
    /// The failures that each module reported in single lines, not by `N more`.
    single: [u32; MODULES],
    emitted: u32,
    /// The last emitted failures that may be taken back: time and number, newest first.
    may_go: [(Timestamp, u32); TAKE_BACK],
}

impl Ledger {
    pub fn of(user: &str) -> Self {
        Self { user: name(user).into(), ..Self::default() }
    }

    pub fn is_of(&self, user: &str) -> bool {
        self.user == name(user)
    }

    /// Adds the report of a line. Returns by how many failures the maximum grows.
    pub fn add(&mut self, line: Said) -> u32 {
        self.say(line);
        let grown = self.settle();
        self.note(line, grown);
        grown
    }

    /// Adds the report of a line that was counted in another ledger.
    pub fn copy(&mut self, line: Said, emitted: u32) {
        self.say(line);
        self.note(line, emitted);
        self.emitted = self.emitted.saturating_add(emitted);
    }

    fn say(&mut self, line: Said) {
        if let Some(said) = self.said.get_mut(line.voice) {
            // "Once per process and user": the weak lines of one connection all report the same attempt.
            let once = matches!(line.voice, WEAK | AUDIT_LOGIN);
            *said = if once { 1 } else { said.saturating_add(line.count) };
        }
        if line.may_go
            && let Some(single) = line.voice.checked_sub(SSHD).and_then(|module| self.single.get_mut(module))
        {
            *single = single.saturating_add(line.count);
        }
    }

    /// Remembers failures that may be taken back.
    fn note(&mut self, line: Said, grown: u32) {
        if line.may_go && grown > 0 {
            self.may_go.rotate_right(1);
            if let Some(newest) = self.may_go.first_mut() {
                *newest = (line.time, grown);
            }
        }
    }

    /// Emits the failures by which the maximum exceeds the number emitted so far. Returns their number.
    fn settle(&mut self) -> u32 {
        let grown = self.most().saturating_sub(self.emitted);
        self.emitted = self.emitted.saturating_add(grown);
        grown
    }

    /// The greatest counter.
    fn most(&self) -> u32 {
        self.said.iter().copied().max().unwrap_or(0)
    }

    /// The greatest counter that is not PAM's.
    fn told_by_sshd(&self) -> u32 {
        self.said.iter().take(SSHD).copied().max().unwrap_or(0)
    }

    /// The greatest counter of a PAM module.
    fn told_by_pam(&self) -> u32 {
        self.said.iter().skip(SSHD).copied().max().unwrap_or(0)
    }

    /// True if sshd reports more failures than PAM, once `count` more of that voice are added.
    pub fn lacks_pam(&self, voice: usize, count: u32) -> bool {
        let said = self.said.get(voice).copied().unwrap_or(0);
        let said = if voice == WEAK { count.min(1).max(said) } else { said.saturating_add(count) };
        self.told_by_sshd().max(said) > self.told_by_pam()
    }

    /// True if only PAM reports a failure, by a line that may be taken back.
    pub fn has_unconfirmed(&self) -> bool {
        let confirmed = self.told_by_sshd();
        let modules = self.said.iter().skip(SSHD).zip(self.single);
        modules.into_iter().any(|(said, single)| *said > confirmed && single > 0)
    }

    /// Adds the counts of another ledger.
    pub fn join(&mut self, other: &Self) {
        for (said, more) in self.said.iter_mut().zip(other.said) {
            *said = said.saturating_add(more);
        }
        for (single, more) in self.single.iter_mut().zip(other.single) {
            *single = single.saturating_add(more);
        }
        self.emitted = self.emitted.saturating_add(other.emitted);
        for (time, count) in other.may_go.into_iter().rev().filter(|(_, count)| *count > 0) {
            self.may_go.rotate_right(1);
            if let Some(newest) = self.may_go.first_mut() {
                *newest = (time, count);
            }
        }
    }

    /// Subtracts the counts of another ledger that were added before. Of the failures emitted so far, this ledger
    /// keeps those that it reported itself, and the other gets the rest. Returns the failures that this ledger
    /// reported beyond all emitted ones.
    pub fn part_from(&mut self, other: &mut Self) -> u32 {
        for (said, less) in self.said.iter_mut().zip(other.said) {
            *said = said.saturating_sub(less);
        }
        for (single, less) in self.single.iter_mut().zip(other.single) {
            *single = single.saturating_sub(less);
        }
        for left in &other.may_go {
            if let Some(place) = self.may_go.iter_mut().find(|place| *place == left) {
                place.1 = 0;
            }
        }
        let both = core::mem::take(&mut self.emitted);
        let missing = self.settle().saturating_sub(both);
        other.emitted = both.saturating_sub(self.emitted);
        missing
    }

    /// Takes failures back after a login. Takes back a failed `USER_LOGIN`. With `modules`, also takes back one
    /// failure of each of these modules, if only PAM reported it; such a module is then removed from `modules`. Calls
    /// `failure` with the time and number of each, newest first.
    pub fn take_back(
        &mut self,
        modules: Option<&mut [bool; MODULES]>,
        failure: &mut dyn FnMut(&str, Timestamp, u32),
    ) {
        if let Some(said) = self.said.get_mut(AUDIT_LOGIN) {
            *said = 0;
        }
        let confirmed = self.told_by_sshd();
        if let Some(modules) = modules {
            let counters = self.said.iter_mut().skip(SSHD).zip(&mut self.single);
            for ((said, single), free) in counters.zip(modules) {
                if *free && *single > 0 && *said > confirmed {
                    (*said, *single, *free) = (*said - 1, *single - 1, false);
                }
            }
        }
        self.take_back_excess(failure);
    }

    /// Takes back failures that were counted twice, newest first. Calls `failure` with time and number.
    pub fn take_back_excess(&mut self, failure: &mut dyn FnMut(&str, Timestamp, u32)) {
        let mut excess = self.emitted.saturating_sub(self.most());
        for (time, count) in &mut self.may_go {
            let back = excess.min(*count);
            if back > 0 {
                excess -= back;
                *count -= back;
                self.emitted -= back;
                failure(&self.user, *time, back);
            }
        }
    }

    pub fn save(&self, out: &mut Writer) {
        out.bytes(self.user.as_bytes());
        for said in self.said.into_iter().chain(self.single) {
            out.varint(said.into());
        }
        out.varint(self.emitted.into());
        for (time, count) in self.may_go {
            out.i64(time.0);
            out.varint(count.into());
        }
    }

    pub fn load(input: &mut Reader<'_>, version: u16) -> snapshot::Result<Self> {
        let number = |input: &mut Reader<'_>| {
            u32::try_from(input.varint()?).map_err(|_| SnapshotError::Invalid("a counter"))
        };
        let mut ledger = Self { user: super::text(input.bytes()?)?, ..Self::default() };
        if version < SINCE {
            // The old form has four voices of sshd and two of PAM: `pam_unix` and all others.
            for voice in [0, 1, 2, WEAK, SSHD, VOICES - 1] {
                let said = number(input)?;
                if let Some(place) = ledger.said.get_mut(voice) {
                    *place = said;
                }
                if let Some(place) = voice.checked_sub(SSHD).and_then(|module| ledger.single.get_mut(module)) {
                    *place = said;
                }
            }
        } else {
            for said in ledger.said.iter_mut().chain(&mut ledger.single) {
                *said = number(input)?;
            }
        }
        ledger.emitted = number(input)?;
        for slot in &mut ledger.may_go {
            *slot = (Timestamp(input.i64()?), number(input)?);
        }
        Ok(ledger)
    }
}

/// The part of a user name that is kept.
fn name(user: &str) -> &str {
    cut(user, NAME_BYTES)
}
