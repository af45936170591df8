//! Adds a failure to the windows of its family, its account alone, and its address.

use crate::{ACCOUNT, An1521, Failure, SOURCE, Similarity, kind, report};
use authsieve_engine::analytic::Context;
use authsieve_engine::hash::{Fingerprint, Hasher128};
use authsieve_engine::time::Timestamp;
use authsieve_engine::told;
use authsieve_engine::window::journal::{self, Link};
use authsieve_engine::window::recent::Entry;
use authsieve_engine::window::table::Slot;

impl An1521 {
    /// Adds a failure to its family, its account alone, and its address. Judges family and address at once.
    pub(crate) fn failure(&mut self, failure: &Failure<'_>, context: &mut Context<'_>) {
        let event = failure.event;
        let member = |fingerprint: Fingerprint| fingerprint.halves().0.max(1);
        let mut digits = [0; 10];
        let told = journal::Entry {
            user: failure.account.as_bytes(),
            code: report::code(event, &mut digits),
            ..told::entry(event, "", failure.record)
        };
        if context.is_following() {
            let subjects = [Some(failure.family), Some(self.account(failure)), failure.source];
            subjects.into_iter().flatten().for_each(|subject| context.count(subject, &told));
        }
        let link = self.journal.append(&told);
        self.accounts.note(failure.member, failure.account);

        let members = [failure.member, failure.source.map_or(0, member)];
        let entry = Entry { time: event.time, count: event.count, kind: kind::FAMILY, members };
        let known = self.table.find(failure.family).is_some_and(|slot| {
            let oldest = self.table.newest(slot).max(event.time).minus(self.keep);
            self.recent.has(slot, ACCOUNT, failure.member, oldest, Timestamp::MAX)
        });
        let (slot, late) = self.enter(failure.family, entry, link, context.watermark);
        self.judge_family(failure, slot, members[SOURCE], context);
        self.enter_alone(failure, entry, slot, known, context.watermark);

        let Some(source) = failure.source else {
            self.late += u64::from(late);
            return;
        };
        let members = [member(failure.family), failure.member];
        let entry = Entry { kind: kind::ADDRESS, members, ..entry };
        let (slot, late_too) = self.enter(source, entry, link, context.watermark);
        self.judge_source(failure, source, slot, context);
        self.late += u64::from(late || late_too);
    }

    /// The key of silences for an account alone.
    pub(crate) fn account(&self, failure: &Failure<'_>) -> Fingerprint {
        Hasher128::new(self.salt, kind::ACCOUNT).part(failure.account.as_bytes()).finish()
    }

    /// Adds a failure to a key. Returns the key's slot, and true if the failure is late for this key.
    fn enter(&mut self, key: Fingerprint, entry: Entry, link: Link, watermark: Timestamp) -> (Slot, bool) {
        let entered = self.table.enter(key, entry.count, entry.time, watermark);
        let late = self.table.newest(entered.slot) > entry.time;
        self.recent.push(entered.slot, entered.new, entry);
        self.journal.set_previous(link, entry.kind.into(), self.link(entered.slot));
        if let Some(mut content) = self.table.content(entered.slot) {
            content.raise(entry.time);
            link.write(content.data);
        }
        (entered.slot, late)
    }

    /// Also keeps the failures of each account apart, once a family has several accounts. So they can be counted
    /// alone, and other accounts do not push them out. `known` is true if the family held failures of the account
    /// before. O(1), unless the account was alone in the family until now, or its key was evicted.
    fn enter_alone(
        &mut self,
        failure: &Failure<'_>,
        entry: Entry,
        family: Slot,
        known: bool,
        watermark: Timestamp,
    ) {
        if self.options.similarity == Similarity::Exact {
            return;
        }
        let newest = self.table.newest(family);
        let accounts = self.recent.sum(family, newest.minus(self.keep), newest).distinct[ACCOUNT];
        let own = self.alone(failure.family, failure.member);
        let held = self.table.find(own).is_some();
        let all = (Timestamp::MIN, Timestamp::MAX);
        let of = |account: u64, entry: &Entry| entry.members[ACCOUNT] == account;
        if !known && accounts == 2 {
            let mut entries = self.recent.entries(family, all.0, all.1).rev();
            let other = entries.find(|entry| !of(failure.member, entry)).map(|entry| entry.members[ACCOUNT]);
            drop(entries);
            if let Some(other) = other
                && let key = self.alone(failure.family, other)
                && self.table.find(key).is_none()
            {
                let entries = self.recent.entries(family, all.0, all.1);
                let entries: Vec<Entry> = entries.filter(|entry| of(other, entry)).copied().collect();
                self.push_alone(key, &entries, watermark);
            }
        }
        if held || !known && accounts > 1 {
            self.push_alone(own, &[entry], watermark);
        } else if accounts > 1 {
            let entries = self.recent.entries(family, all.0, all.1);
            let entries: Vec<Entry> = entries.filter(|entry| of(failure.member, entry)).copied().collect();
            self.push_alone(own, &entries, watermark);
        }
    }

    fn push_alone(&mut self, key: Fingerprint, entries: &[Entry], watermark: Timestamp) {
        for entry in entries {
            let entered = self.table.enter(key, entry.count, entry.time, watermark);
            self.recent.push(entered.slot, entered.new, *entry);
            if let Some(mut content) = self.table.content(entered.slot) {
                content.raise(entry.time);
            }
        }
    }
}
