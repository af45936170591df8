//! The challenges of each user: open or closed, how they ended, and where they came from.

use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::window::recent::{Entry, Recent};
use authsieve_engine::window::table::Slot;
use std::cell::Cell;

/// The most time between a challenge and its answer, for a result without a known transaction.
const ANSWERED_WITHIN: Span = Span::seconds(300);

/// The most time between the request of a policy for a factor and the challenge.
const ASKED_WITHIN: Span = Span::seconds(60);

/// The most challenges of one user that are remembered. Each result and login looks at all of them.
const MOST: usize = 4096;

/// The kinds of entries. Open: issued. Denied or timeout: answered. The same plus [`ALONE`]: a result without its
/// challenge. Policy: asked for by a policy but not sent yet.
const OPEN: u8 = 0;
const DENIED: u8 = 1;
const TIMEOUT: u8 = 2;
const ALONE: u8 = 2;
const DENIED_ALONE: u8 = DENIED + ALONE;
const TIMEOUT_ALONE: u8 = TIMEOUT + ALONE;
const POLICY: u8 = 5;

/// The numbers of an entry's members: its address and its transaction.
const ADDRESS: usize = 0;
const TRANSACTION: usize = 1;

/// How a challenge ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The person refused or reported the challenge.
    Denied,
    /// Nobody answered the challenge.
    Timeout,
}

impl Fate {
    /// The name of a challenge's outcome in alerts.
    pub const fn outcome(fate: Option<Self>) -> &'static str {
        match fate {
            None => "unanswered",
            Some(Self::Denied) => "denied",
            Some(Self::Timeout) => "timeout",
        }
    }

    const fn kind(self) -> u8 {
        match self {
            Self::Denied => DENIED,
            Self::Timeout => TIMEOUT,
        }
    }
}

/// The challenges that an alert counts.
#[derive(Debug, Default)]
pub struct ChallengeSum {
    /// The time and the address of each, oldest first.
    pub each: Vec<(Timestamp, u64)>,
    pub open: u32,
    pub denied: u32,
    pub timeout: u32,
    /// The number of different addresses.
    pub addresses: u32,
    /// True if some challenges are missing.
    pub cut: bool,
}

/// The challenges of all users. Calls are O(n) in the challenges of one user, unless they say otherwise.
pub struct Challenges {
    pub recent: Recent,
    /// How long challenges are remembered.
    keep: Span,
}

impl Challenges {
    pub fn new(keep: Span, floor: usize, pool_bytes: usize, spans: [Span; 2], seed: u64) -> Self {
        let recent = Recent::new(keep, floor, pool_bytes).windows(spans, seed).at_most(MOST);
        Self { recent, keep }
    }

    /// The kind of an entry for a challenge or a result that counts. `finished` is true for a result that needs no
    /// challenge before it. `policy` is true if a policy asked for the challenge.
    pub const fn kind(fate: Option<Fate>, finished: bool, policy: bool) -> u8 {
        match fate {
            None if policy => POLICY,
            None => OPEN,
            Some(fate) if finished => fate.kind(),
            Some(fate) => fate.kind() + ALONE,
        }
    }

    /// The name of the outcome of an entry of this kind in alerts.
    pub const fn outcome(kind: u8) -> &'static str {
        Fate::outcome(match kind {
            DENIED | DENIED_ALONE => Some(Fate::Denied),
            TIMEOUT | TIMEOUT_ALONE => Some(Fate::Timeout),
            _ => None,
        })
    }

    /// Closes the oldest open challenge for a result at `r`: a challenge of the same transaction, or else one from the
    /// last 5 minutes. Returns the time of the challenge, if there was one.
    pub fn close(&mut self, slot: Slot, r: Timestamp, transaction: u64, fate: Fate) -> Option<Timestamp> {
        let same = if transaction == 0 { None } else { self.answer(slot, r, transaction, fate) };
        same.or_else(|| self.shut(slot, r.minus(ANSWERED_WITHIN), r, fate, &|_| true))
    }

    /// Closes the oldest open challenge of the same transaction for a result at `r`. Returns the time of the challenge,
    /// if there was one.
    pub fn answer(&mut self, slot: Slot, r: Timestamp, transaction: u64, fate: Fate) -> Option<Timestamp> {
        self.shut(slot, r.minus(self.keep), r, fate, &|entry| {
            entry.members.get(TRANSACTION) == Some(&transaction)
        })
    }

    /// Closes the oldest open challenge in [from, to] for which `is_meant` returns true. Returns the time of the
    /// challenge.
    fn shut(
        &mut self,
        slot: Slot,
        from: Timestamp,
        to: Timestamp,
        fate: Fate,
        is_meant: &dyn Fn(&Entry) -> bool,
    ) -> Option<Timestamp> {
        let mut time = None;
        self.recent.change(slot, from, to, |entry| {
            time = (is_meant(entry) && shut(entry, fate)).then_some(entry.time);
            time.is_some()
        });
        time
    }

    /// Marks a challenge as sent at `t`, if a policy asked for it within a minute before, for the same address.
    /// Returns true if there was one.
    pub fn send(&mut self, slot: Slot, t: Timestamp, address: u64) -> bool {
        self.recent.change(slot, t.minus(ASKED_WITHIN), t, |entry| {
            let asked = entry.kind == POLICY && entry.members.get(ADDRESS) == Some(&address);
            if asked {
                entry.kind = OPEN;
            }
            asked
        })
    }

    /// Removes a result that counted alone and may answer a late challenge at `t`. This is the first result of the same
    /// transaction, or else the first within 5 minutes. Returns the kind that the challenge gets from it, and the time
    /// of the result.
    pub fn join(&mut self, slot: Slot, t: Timestamp, transaction: u64) -> Option<(u8, Timestamp)> {
        let alone = |entry: &&Entry| (DENIED_ALONE..=TIMEOUT_ALONE).contains(&entry.kind);
        let same = |entry: &&Entry| transaction != 0 && entry.members.get(TRANSACTION) == Some(&transaction);
        // A result at an equal time came first, so it would also have counted alone in order.
        let after = t.plus(Span(1));
        let found = self.recent.entries(slot, after, Timestamp::MAX).filter(alone).find(same);
        let found = found
            .or_else(|| self.recent.entries(slot, after, t.plus(ANSWERED_WITHIN)).find(alone))
            .copied()?;
        let taken = Cell::new(false);
        self.recent.retain(slot, |entry| {
            taken.get()
                || *entry != found
                || !{
                    taken.set(true);
                    true
                }
        });
        Some((found.kind - ALONE, found.time))
    }

    /// True if at least `threshold` challenges lie in [from, to]. O(threshold).
    pub fn reach(&self, slot: Slot, from: Timestamp, to: Timestamp, threshold: u32) -> bool {
        let threshold = threshold as usize;
        self.recent.entries(slot, from, to).rev().take(threshold).count() >= threshold
    }

    /// The newest challenge t with t ≤ s ≤ t + `within` such that at least `threshold` challenges lie in [t −
    /// `window`, t]. One of these must come from `address`, or either address must be unknown. O(n log n).
    pub fn gave_in(
        &self,
        slot: Slot,
        s: Timestamp,
        address: u64,
        threshold: u32,
        window: Span,
        within: Span,
    ) -> Option<Timestamp> {
        let first = s.minus(within);
        let entries = || self.recent.entries(slot, first.minus(window), s);
        // Many logins from elsewhere cost only one look at each challenge.
        if !entries().any(|entry| address == 0 || is_from(entry, address)) {
            return None;
        }
        let times: Vec<Timestamp> = entries().map(|entry| entry.time).collect();
        // For each challenge, how many up to it may come from the address of the login.
        let mut theirs = vec![0usize];
        for entry in entries() {
            let one = usize::from(address == 0 || is_from(entry, address));
            theirs.push(theirs.last().map_or(0, |sum| sum + one));
        }
        let candidates = times.iter().rev().take_while(|t| **t >= first);
        candidates.copied().find(|t| {
            let low = times.partition_point(|time| *time < t.minus(window));
            let high = times.partition_point(|time| time <= t);
            high.saturating_sub(low) >= threshold as usize && theirs.get(high) > theirs.get(low)
        })
    }

    /// Forgets the challenges up to a login at `s` that come from its address, and those without an address.
    pub fn forget(&mut self, slot: Slot, s: Timestamp, address: u64) {
        let goes = |entry: &Entry| entry.time <= s && is_from(entry, address);
        if self.recent.entries(slot, Timestamp::MIN, s).any(goes) {
            self.recent.retain(slot, |entry| !goes(entry));
        }
    }

    /// True if a challenge is remembered at `s`.
    pub fn any(&self, slot: Slot, s: Timestamp) -> bool {
        self.recent.entries(slot, s.minus(self.keep), Timestamp::MAX).next().is_some()
    }

    /// The challenges in [from, to], for an alert.
    pub fn tally(&self, slot: Slot, from: Timestamp, to: Timestamp) -> ChallengeSum {
        let sum = self.recent.sum(slot, from, to);
        let addresses = sum.distinct.get(ADDRESS).copied().unwrap_or(0);
        let mut tally = ChallengeSum { addresses, cut: sum.cut, ..ChallengeSum::default() };
        for entry in self.recent.entries(slot, from, to) {
            tally.each.push((entry.time, entry.members.get(ADDRESS).copied().unwrap_or(0)));
            let count = match entry.kind {
                OPEN | POLICY => &mut tally.open,
                kind if kind == DENIED || kind == DENIED + ALONE => &mut tally.denied,
                _ => &mut tally.timeout,
            };
            *count += 1;
        }
        tally
    }
}

/// True for a challenge from this address, and for one without an address.
fn is_from(entry: &Entry, address: u64) -> bool {
    let from = entry.members.get(ADDRESS).copied().unwrap_or(0);
    from == 0 || from == address
}

/// Closes a challenge if it is open. Returns whether it was.
fn shut(entry: &mut Entry, fate: Fate) -> bool {
    let open = matches!(entry.kind, OPEN | POLICY);
    if open {
        entry.kind = fate.kind();
    }
    open
}
