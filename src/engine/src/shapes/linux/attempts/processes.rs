//! The processes that are remembered: slots in the order of last use, found by process id or by place. All O(1).

use super::ledger::Ledger;
use super::{FORGET, MAX_USERS};
use crate::hash::{Fingerprint, Placement};
use crate::time::Timestamp;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use hashbrown::HashTable;

/// The most processes: enough for the open connections of many busy hosts (sshd's `MaxStartups` is 100).
pub const MAX_PROCESSES: usize = 4096;
/// Marks the absence of a process.
const NIL: u32 = u32::MAX;

/// The facts about one process.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub id: Fingerprint,
    pub last: Timestamp,
    pub address: Option<IpAddr>,
    pub tty: String,
    /// True if a line that is not from PAM came from this process.
    pub has_sshd: bool,
    /// The user who has logged in.
    pub accepted: Option<String>,
    /// The process whose ledgers include this one's counts. Set for PAM in a process of its own.
    pub home: Option<Fingerprint>,
    /// True if the process asked for a keyboard-interactive answer, for which PAM has a process of its own.
    pub keyboard: bool,
    pub ledgers: Vec<Ledger>,
    /// The list of `by_place` that holds this process.
    pub near: Option<Fingerprint>,
    older: u32,
    newer: u32,
    /// The neighbours in this list.
    before: u32,
    after: u32,
}

impl Process {
    fn new(id: Fingerprint, last: Timestamp) -> Self {
        Self {
            id,
            last,
            address: None,
            tty: String::new(),
            has_sshd: false,
            accepted: None,
            home: None,
            keyboard: false,
            ledgers: Vec::new(),
            near: None,
            older: NIL,
            newer: NIL,
            before: NIL,
            after: NIL,
        }
    }

    /// True if the process is still remembered at `now`.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.0.saturating_sub(self.last.0) <= FORGET.0
    }

    /// The ledger of `user`. For a line without a name, the ledger of the user named last.
    pub fn ledger(&mut self, user: &str) -> Option<&mut Ledger> {
        if user.is_empty() && !self.ledgers.is_empty() {
            return self.ledgers.last_mut();
        }
        if let Some(at) = self.ledgers.iter().rposition(|ledger| ledger.is_of(user)) {
            // The user named last is at the end.
            self.ledgers.get_mut(at..)?.rotate_left(1);
        } else if let Some(nameless) = self.ledgers.last_mut().filter(|ledger| ledger.user.is_empty()) {
            // Counts without a name now belong to this user.
            nameless.user = Ledger::of(user).user;
        } else {
            if self.ledgers.len() >= MAX_USERS {
                self.ledgers.remove(0);
            }
            self.ledgers.push(Ledger::of(user));
        }
        self.ledgers.last_mut()
    }
}

/// The processes; see the [module](self).
#[derive(Clone, Debug)]
pub(super) struct Processes {
    placement: Placement,
    slots: Vec<Process>,
    by_id: HashTable<u32>,
    by_place: HashTable<u32>,
    oldest: u32,
    newest: u32,
}

impl Processes {
    pub const fn new(seed: u64) -> Self {
        Self {
            placement: Placement::new(seed),
            slots: Vec::new(),
            by_id: HashTable::new(),
            by_place: HashTable::new(),
            oldest: NIL,
            newest: NIL,
        }
    }

    pub fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn bytes(&self) -> usize {
        let ledgers = self.slots.iter().flat_map(|process| &process.ledgers);
        self.slots.capacity() * size_of::<Process>()
            + self.slots.iter().map(|process| process.ledgers.capacity() * size_of::<Ledger>()).sum::<usize>()
            + ledgers.map(|ledger| ledger.user.len()).sum::<usize>()
            + (self.by_id.capacity() + self.by_place.capacity()) * 6
    }

    pub fn get(&self, slot: u32) -> Option<&Process> {
        self.slots.get(slot as usize)
    }

    pub fn get_mut(&mut self, slot: u32) -> Option<&mut Process> {
        self.slots.get_mut(slot as usize)
    }

    pub fn find(&self, id: Fingerprint) -> Option<u32> {
        self.by_id.find(self.placement.of(id), |slot| self.get(*slot).is_some_and(|p| p.id == id)).copied()
    }

    /// The processes in the list of a place, newest first.
    pub fn at(&self, near: Fingerprint) -> impl Iterator<Item = (u32, &Process)> {
        let is = |slot: &u32| self.get(*slot).is_some_and(|p| p.near == Some(near));
        let mut next = self.by_place.find(self.placement.of(near), is).copied().unwrap_or(NIL);
        core::iter::from_fn(move || {
            let slot = next;
            let process = self.get(slot)?;
            next = process.before;
            Some((slot, process))
        })
    }

    /// The slot of a process, which becomes the newest. A process that was silent for too long begins again. If there
    /// is no room, the least recently used process is dropped.
    pub fn enter(&mut self, id: Fingerprint, time: Timestamp) -> u32 {
        let found = self.find(id);
        if let Some(slot) = found
            && self.get(slot).is_some_and(|process| process.is_fresh(time))
        {
            self.unlink(slot);
            self.link(slot);
            if let Some(process) = self.get_mut(slot) {
                process.last = process.last.max(time);
            }
            return slot;
        }
        let full = self.slots.len() >= MAX_PROCESSES;
        let reused = found.or(full.then_some(self.oldest));
        let slot = match reused {
            Some(slot) => {
                self.unlink(slot);
                self.leave(slot);
                if let Some(process) = self.get_mut(slot) {
                    *process = Process::new(id, time);
                }
                slot
            }
            None => {
                self.slots.push(Process::new(id, time));
                u32::try_from(self.slots.len() - 1).unwrap_or(NIL)
            }
        };
        let Self { by_id, slots, placement, .. } = self;
        by_id.insert_unique(placement.of(id), slot, |slot| hash(slots, *slot, *placement, |p| Some(p.id)));
        self.link(slot);
        slot
    }

    /// Makes a process the newest in the list of a place, and removes it from any other list. `None` only removes it.
    pub fn set_near(&mut self, slot: u32, near: Option<Fingerprint>) {
        self.leave_place(slot);
        let Some(near) = near else { return };
        let before = self.at(near).next().map_or(NIL, |(newest, _)| newest);
        if let Some(newest) = self.by_place.find_mut(self.placement.of(near), |other| *other == before) {
            *newest = slot;
        }
        if let Some(process) = self.get_mut(slot) {
            (process.near, process.before, process.after) = (Some(near), before, NIL);
        }
        match self.get_mut(before) {
            Some(process) => process.after = slot,
            None => {
                let Self { by_place, slots, placement, .. } = self;
                let key = |slot: &u32| hash(slots, *slot, *placement, |p| p.near);
                by_place.insert_unique(placement.of(near), slot, key);
            }
        }
    }

    /// Removes a process from both indexes.
    fn leave(&mut self, slot: u32) {
        self.leave_place(slot);
        if let Some(id) = self.get(slot).map(|process| process.id)
            && let Ok(entry) = self.by_id.find_entry(self.placement.of(id), |other| *other == slot)
        {
            entry.remove();
        }
    }

    fn leave_place(&mut self, slot: u32) {
        let Some(process) = self.get_mut(slot) else { return };
        let Some(near) = process.near.take() else { return };
        let (before, after) = (process.before, process.after);
        if let Some(process) = self.get_mut(before) {
            process.after = after;
        }
        if let Some(process) = self.get_mut(after) {
            process.before = before;
        } else if let Ok(mut entry) = self.by_place.find_entry(self.placement.of(near), |head| *head == slot) {
            if before == NIL {
                entry.remove();
            } else {
                *entry.get_mut() = before;
            }
        }
    }

    fn unlink(&mut self, slot: u32) {
        let Some((older, newer)) = self.get(slot).map(|process| (process.older, process.newer)) else {
            return;
        };
        match self.get_mut(older) {
            Some(process) => process.newer = newer,
            None => self.oldest = newer,
        }
        match self.get_mut(newer) {
            Some(process) => process.older = older,
            None => self.newest = older,
        }
    }

    fn link(&mut self, slot: u32) {
        let newest = core::mem::replace(&mut self.newest, slot);
        match self.get_mut(newest) {
            Some(process) => process.newer = slot,
            None => self.oldest = slot,
        }
        if let Some(process) = self.get_mut(slot) {
            (process.older, process.newer) = (newest, NIL);
        }
    }

    /// The processes, from the least recently used to the newest.
    pub fn iter(&self) -> impl Iterator<Item = &Process> {
        let mut next = self.oldest;
        core::iter::from_fn(move || {
            let process = self.get(next)?;
            next = process.newer;
            Some(process)
        })
    }
}

fn hash(slots: &[Process], slot: u32, placement: Placement, key: fn(&Process) -> Option<Fingerprint>) -> u64 {
    slots.get(slot as usize).and_then(key).map_or(0, |key| placement.of(key))
}
