//! What was said of one user by one process.

use super::{NAME_BYTES, cut};
use crate::event::Signal;
use crate::snapshot::{self, Reader, SnapshotError, Writer};
use crate::time::Timestamp;
use alloc::string::String;

/// The voices, each with a counter of its own; those of PAM come last.
const VOICES: usize = 6;
const PAM: usize = 4;
const WEAK: usize = 3;
/// Failures that only PAM reported and that can be taken back, per user.
const TAKE_BACK: usize = 8;

/// Which counter a line belongs to.
pub(super) const fn voice(signal: Signal) -> Option<usize> {
    match signal {
        Signal::Failed => Some(0),
        Signal::SshdPam => Some(1),
        Signal::Audit => Some(2),
        Signal::Weak => Some(WEAK),
        Signal::Pam => Some(PAM),
        Signal::PamOther => Some(PAM + 1),
        Signal::Attempt | Signal::Session => None,
    }
}

/// One counter for each voice, and how many failures they made.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    pub user: String,
    said: [u32; VOICES],
    emitted: u32,
    /// The last failures that PAM alone had reported when they were emitted: time and number, newest first.
    pam_only: [(Timestamp, u32); TAKE_BACK],
}

impl Ledger {
    pub fn of(user: &str) -> Self {
        Self { user: name(user).into(), ..Self::default() }
    }

    pub fn is_of(&self, user: &str) -> bool {
        self.user == name(user)
    }

    /// Adds what a line says, and returns by how many failures the maximum grows.
    pub fn add(&mut self, voice: usize, count: u32, time: Timestamp) -> u32 {
        self.say(voice, count);
        let grown = self.settle();
        self.note(voice, grown, time);
        grown
    }

    /// Remembers what may be taken back.
    fn note(&mut self, voice: usize, grown: u32, time: Timestamp) {
        if voice >= PAM && grown > 0 {
            self.pam_only.rotate_right(1);
            if let Some(newest) = self.pam_only.first_mut() {
                *newest = (time, grown);
            }
        }
    }

    /// By how many failures the maximum is above what was counted; from now on it no longer is.
    pub fn settle(&mut self) -> u32 {
        let grown = self.said.iter().copied().max().unwrap_or(0).saturating_sub(self.emitted);
        self.emitted = self.emitted.saturating_add(grown);
        grown
    }

    /// Adds what a line says that was counted elsewhere.
    pub fn copy(&mut self, voice: usize, count: u32, emitted: u32, time: Timestamp) {
        self.say(voice, count);
        self.note(voice, emitted, time);
        self.emitted = self.emitted.saturating_add(emitted);
    }

    fn say(&mut self, voice: usize, count: u32) {
        if let Some(said) = self.said.get_mut(voice) {
            // "Once per process and user": the weak lines of one connection all speak of the same attempt.
            *said = if voice == WEAK { 1 } else { said.saturating_add(count) };
        }
    }

    /// Adds all that another ledger holds.
    pub fn join(&mut self, other: &Self) {
        for (said, more) in self.said.iter_mut().zip(other.said) {
            *said = said.saturating_add(more);
        }
        self.emitted = self.emitted.saturating_add(other.emitted);
        self.pam_only = other.pam_only;
    }

    /// Takes away what another ledger had added. Of what both were counted for, this keeps what it said itself and the
    /// other gets the rest; returns by how much it said more than both were counted for.
    pub fn part_from(&mut self, other: &mut Self) -> u32 {
        for (said, less) in self.said.iter_mut().zip(other.said) {
            *said = said.saturating_sub(less);
        }
        let both = core::mem::take(&mut self.emitted);
        let missing = self.settle().saturating_sub(both);
        other.emitted = both.saturating_sub(self.emitted);
        missing
    }

    /// Takes back what only PAM reported, newest first: `failure` gets each time and number.
    pub fn take_back(&mut self, failure: &mut dyn FnMut(&str, Timestamp, u32)) {
        let others = self.said.iter().take(PAM).copied().max().unwrap_or(0);
        let mut excess = self.emitted.saturating_sub(others);
        for (time, count) in &mut self.pam_only {
            let back = excess.min(*count);
            if back > 0 {
                excess -= back;
                *count -= back;
                self.emitted -= back;
                failure(&self.user, *time, back);
            }
        }
        for said in self.said.iter_mut().skip(PAM) {
            *said = (*said).min(self.emitted);
        }
    }

    pub fn save(&self, out: &mut Writer) {
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

    pub fn load(input: &mut Reader<'_>) -> snapshot::Result<Self> {
        let number = |input: &mut Reader<'_>| {
            u32::try_from(input.varint()?).map_err(|_| SnapshotError::Invalid("a counter"))
        };
        let mut ledger = Self { user: super::text(input.bytes()?)?, ..Self::default() };
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

/// As much of a user name as is kept.
fn name(user: &str) -> &str {
    cut(user, NAME_BYTES)
}
