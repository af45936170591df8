//! Follow-ups: when the silence of an alert ends, the alert comes once more, with the counts of the events since then.
//!
//! An alert is raised at its threshold, but the attack may continue. With `follow_up = "end"`, each alert with a
//! silence opens a follow-up for its *group*: the key whose events its pattern counts. The analytic reports each such
//! event once to [`FollowUps::count`]. When event time passes the end of the silence, the alert comes again with the
//! final counts and the status `update`.
//!
//! A follow-up covers the events from the first event of its alert to the end of the silence, both included. Its memory
//! is limited. If memory is short, the follow-up that ends first is sent early, with its counts marked as estimated.

mod least;
mod sums;
#[cfg(test)]
mod tests;

use crate::alert::{Alert, Tally};
use crate::hash::{Fingerprint, Salt};
use crate::snapshot::fields::Saved;
use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use crate::time::Timestamp;
use crate::told::{MOST_LISTED, number};
use crate::window::excerpt::Excerpt;
use crate::window::journal::Entry;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use sums::Sums;

/// The status of a repeated alert.
pub const UPDATE: &str = "update";

/// The events that an alert continues to count, and the end of the counting.
#[derive(Clone, Copy, Debug)]
pub struct Following {
    /// The key whose events the alert's pattern counts.
    pub group: Fingerprint,
    /// The key of the alert's silence.
    pub quiet: Fingerprint,
    /// The end of the alert's silence.
    pub end: Timestamp,
}

/// The open follow-ups. See the [module](self). If there are none, each call costs one test.
#[derive(Debug)]
pub struct FollowUps {
    on: bool,
    most: usize,
    salt: Salt,
    /// In the order of groups, then places.
    #[expect(clippy::vec_box, reason = "an insertion moves all later ones, and they are large")]
    open: Vec<Box<Open>>,
    /// The places of all follow-ups. The last one ends first.
    order: Vec<Place>,
    bytes: usize,
}

/// The place of a follow-up in the order of ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    end: Timestamp,
    /// The id of the alert. 0 while the alert waits to be confirmed.
    id: u128,
    group: Fingerprint,
    quiet: Fingerprint,
    time: Timestamp,
}

/// A follow-up.
#[derive(Clone, Debug)]
struct Open {
    place: Place,
    alert: Alert,
    /// The number of events that the alert counted and that its excerpt no longer held.
    base: u32,
    /// True if the excerpt of the alert lacked events.
    cut: bool,
    /// True if all events without an account count as one account.
    unnamed: bool,
    sums: Sums,
}

impl FollowUps {
    /// Creates an empty set of at most `most` bytes. If `on` is false, it stays empty.
    #[must_use]
    pub const fn new(on: bool, most: usize, salt: Salt) -> Self {
        Self { on, most, salt, open: Vec::new(), order: Vec::new(), bytes: 0 }
    }

    /// True if alerts are followed.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.on
    }

    /// True if no follow-up is open.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The approximate bytes in use.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Follows an alert. An alert that waits to be confirmed has no id yet, and gets it from
    /// [`confirm`](Self::confirm). `seen` are the events that the alert counted.
    #[cold]
    #[inline(never)]
    pub fn open(&mut self, following: Following, alert: &Alert, seen: &Excerpt<'_>) {
        let Following { group, quiet, end } = following;
        if !self.on || alert.time > end {
            return;
        }
        let place = Place { end, id: id(alert), group, quiet, time: alert.time };
        let entries =
            || seen.entries().iter().filter(|entry| alert.first_seen <= entry.time && entry.time <= end);
        let mut open = Box::new(Open {
            place,
            alert: Alert { status: Some(UPDATE.into()), ..alert.clone() },
            base: 0,
            cut: seen.cut(),
            unnamed: false,
            sums: Sums::default(),
        });
        for unnamed in [false, true] {
            open.unnamed = unnamed;
            open.sums = Sums::default();
            entries().for_each(|entry| open.sums.add(entry, unnamed, self.salt));
            if alert.distinct_users.is_none_or(|users| open.sums.users().0 >= users) {
                break;
            }
        }
        open.base = counted(alert).saturating_sub(open.sums.count);
        open.sums.last = open.sums.last.max(alert.last_seen);
        self.insert(open);
    }

    /// The position of a follow-up in `open`.
    fn position(&self, place: &Place) -> usize {
        self.open.partition_point(|open| (open.place.group, open.place) < (place.group, *place))
    }

    #[cold]
    #[inline(never)]
    fn insert(&mut self, open: Box<Open>) {
        let place = open.place;
        let at = self.order.partition_point(|held| *held > place);
        // An equal alert is followed already.
        if self.order.get(at) == Some(&place) {
            return;
        }
        self.order.insert(at, place);
        self.bytes += open.bytes();
        self.open.insert(self.position(&place), open);
    }

    #[cold]
    #[inline(never)]
    fn remove(&mut self, place: &Place) -> Option<Box<Open>> {
        let at = self.order.partition_point(|held| held > place);
        self.order.get(at).filter(|held| *held == place)?;
        self.order.remove(at);
        let open = self.open.remove(self.position(place));
        self.bytes = self.bytes.saturating_sub(open.bytes());
        Some(open)
    }

    /// Calls `change` for each follow-up of a group that covers `time`.
    fn each(&mut self, group: Fingerprint, time: Timestamp, change: &mut dyn FnMut(&mut Open, Salt)) {
        if self.order.is_empty() {
            return;
        }
        let Self { open, bytes, salt, .. } = self;
        let first = open.partition_point(|open| open.place.group < group);
        for open in open.iter_mut().skip(first).take_while(|open| open.place.group == group) {
            if open.alert.first_seen <= time && time <= open.place.end {
                *bytes = bytes.saturating_sub(open.bytes());
                change(open, *salt);
                *bytes += open.bytes();
            }
        }
    }

    /// Counts an event of a group. O(follow-ups of the group).
    pub fn count(&mut self, group: Fingerprint, entry: &Entry<'_>) {
        self.each(group, entry.time, &mut |open, salt| open.sums.add(entry, open.unnamed, salt));
    }

    /// Takes back an event that should not have been counted.
    pub fn take_back(&mut self, group: Fingerprint, entry: &Entry<'_>) {
        self.each(group, entry.time, &mut |open, salt| open.sums.take(entry, open.unnamed, salt));
    }

    /// Changes the outcome of the challenge at `time`. `None` means that there is no challenge before the change, or
    /// none after it.
    pub fn outcome(
        &mut self,
        group: Fingerprint,
        time: Timestamp,
        before: Option<&str>,
        after: Option<&str>,
    ) {
        self.each(group, time, &mut |open, _| {
            let outcomes = &mut open.alert.outcomes;
            let place = |list: &[Tally], code: &str| list.binary_search_by(|tally| (*tally.code).cmp(code));
            if let Some(code) = before
                && let Ok(at) = place(outcomes, code)
                && let Some(tally) = outcomes.get_mut(at)
            {
                tally.count = tally.count.saturating_sub(1);
                if tally.count == 0 {
                    outcomes.remove(at);
                }
            }
            match after.map(|code| (code, place(outcomes, code))) {
                Some((_, Ok(at))) => outcomes.iter_mut().skip(at).take(1).for_each(|tally| tally.count += 1),
                Some((code, Err(at))) => outcomes.insert(at, Tally { code: code.into(), count: 1 }),
                None => {}
            }
        });
    }

    /// Adds a login to the related successes, if there is room. The list is in order.
    pub fn success(&mut self, group: Fingerprint, time: Timestamp, who: &str, most: usize) {
        self.each(group, time, &mut |open, _| {
            let list = &mut open.alert.related_successes;
            if let Err(at) = list.binary_search_by(|held| (**held).cmp(who)) {
                list.insert(at, who.into());
                list.truncate(most);
            }
        });
    }

    /// Gives the id to an alert that waited and is now raised.
    pub fn confirm(&mut self, group: Fingerprint, alert: &Alert) {
        let waits = |place: &&Place| place.id == 0 && place.group == group && place.time == alert.time;
        let Some(place) = self.order.iter().find(waits).copied() else { return };
        if let Some(mut open) = self.remove(&place) {
            // Raising the alert adds these.
            let Alert {
                id: name,
                analytic,
                analytic_version,
                config_digest,
                techniques,
                response,
                context,
                ..
            } = alert;
            for (field, text) in [
                (&mut open.alert.id, name),
                (&mut open.alert.analytic, analytic),
                (&mut open.alert.analytic_version, analytic_version),
                (&mut open.alert.config_digest, config_digest),
            ] {
                field.clone_from(text);
            }
            for (field, list) in [
                (&mut open.alert.techniques, techniques),
                (&mut open.alert.response, response),
                (&mut open.alert.context, context),
            ] {
                field.clone_from(list);
            }
            open.place.id = id(alert);
            self.insert(open);
        }
    }

    /// Removes the follow-ups of waiting alerts that will never be raised: alerts of a group, decided in [from, to].
    pub fn forget_waiting(&mut self, group: Fingerprint, from: Timestamp, to: Timestamp) {
        self.forget(|place| place.id == 0 && place.group == group && from <= place.time && place.time <= to);
    }

    /// Removes the follow-ups of a silence, because a stronger alert reports the same events.
    pub fn forget_quiet(&mut self, quiet: Fingerprint) {
        self.forget(|place| place.quiet == quiet);
    }

    fn forget(&mut self, forgets: impl Fn(&Place) -> bool) {
        while let Some(place) = self.order.iter().find(|place| forgets(place)).copied() {
            self.remove(&place);
        }
    }

    /// The next update for a silence that ended early.
    pub fn ended(&mut self, quiet: Fingerprint) -> Option<Alert> {
        let place = *self.order.iter().rev().find(|place| place.quiet == quiet && place.id != 0)?;
        self.remove(&place).map(|open| (*open).update(false))
    }

    /// The next update for a silence that ended before `now`, in the order of ends, then ids.
    pub fn due(&mut self, now: Timestamp) -> Option<Alert> {
        let is_over = |place: &&Place| place.end < now || now == Timestamp::MAX;
        let place = *self.order.iter().rev().take_while(is_over).find(|place| place.id != 0)?;
        self.remove(&place).map(|open| (*open).update(false))
    }

    /// The next update that is sent early because memory is short.
    pub fn crowded_out(&mut self) -> Option<Alert> {
        while self.bytes > self.most {
            let place = *self.order.last()?;
            let alert = self.remove(&place).map(|open| (*open).update(true));
            if place.id != 0 {
                return alert;
            }
        }
        None
    }

    /// Writes the follow-ups, in the order of their ends.
    #[cold]
    #[inline(never)]
    pub fn save(&self, out: &mut Writer) {
        out.count(self.order.len());
        for place in self.order.iter().rev() {
            let Some(open) = self.open.get(self.position(place)) else { continue };
            out.i64(place.end.0);
            out.raw(&place.group.to_bytes());
            out.raw(&place.quiet.to_bytes());
            open.alert.save(out);
            out.varint(open.base.into());
            out.u8(u8::from(open.cut) | u8::from(open.unnamed) << 1);
            open.sums.save(out);
        }
    }

    /// Reads follow-ups into an empty set. They are read even if alerts are not followed any more, and end as usual.
    ///
    /// # Errors
    /// Fails if [`save`](Self::save) did not write the bytes.
    #[cold]
    #[inline(never)]
    pub fn load(&mut self, input: &mut Reader<'_>) -> Result<()> {
        for _ in 0..input.count(48)? {
            let end = Timestamp(input.i64()?);
            let group = Fingerprint::from_bytes(input.array()?);
            let quiet = Fingerprint::from_bytes(input.array()?);
            let alert = Alert::load(input)?;
            let place = Place { end, id: id(&alert), group, quiet, time: alert.time };
            if self.order.first().is_some_and(|last| *last >= place) {
                return Err(SnapshotError::Invalid("the order of follow-ups"));
            }
            let base = u32::try_from(input.varint()?).unwrap_or(u32::MAX);
            let flags = input.u8()?;
            let sums = Sums::load(input)?;
            let (cut, unnamed) = (flags & 1 != 0, flags & 2 != 0);
            self.insert(Box::new(Open { place, alert, base, cut, unnamed, sums }));
        }
        Ok(())
    }
}

impl Open {
    fn bytes(&self) -> usize {
        size_of::<Self>() + size_of::<Place>() + self.alert.beside() + self.sums.bytes()
    }

    /// The alert with the counts of its whole silence. `early` is true if the silence has not ended yet.
    #[cold]
    #[inline(never)]
    fn update(self, early: bool) -> Alert {
        let Self { place, mut alert, base, cut, sums, .. } = self;
        let count = base.saturating_add(sums.count);
        let mut estimated = Vec::new();
        let what = if alert.challenge_count.is_some() { "challenge" } else { "failure" };
        for (field, name) in
            [(&mut alert.failure_count, "failure_count"), (&mut alert.challenge_count, "challenge_count")]
        {
            if field.is_some() {
                *field = Some(count);
                estimated.push((name, early));
            }
        }
        for (field, name, (number, exact)) in [
            (&mut alert.distinct_users, "distinct_users", sums.users()),
            (&mut alert.distinct_ips, "distinct_ips", sums.addresses()),
        ] {
            if let Some(held) = field {
                *held = number.max(*held);
                estimated.push((name, early || cut || !exact));
            }
        }
        let users = core::mem::replace(&mut alert.users, sums.names());
        join(&mut alert.users, users);
        let addresses = core::mem::replace(&mut alert.src_ips, sums.listed());
        join(&mut alert.src_ips, addresses);
        alert.reasons = sums.codes();
        alert.last_seen = alert.last_seen.max(sums.last);
        for (name, _) in estimated.into_iter().filter(|(_, estimated)| *estimated) {
            if alert.estimated.iter().all(|held| held != name) {
                alert.estimated.push(name.into());
            }
        }
        let until = if early { "so far".into() } else { format!("until {}", place.end) };
        alert.context.push(format!("{until}: {}", number(count, what)));
        alert
    }
}

/// Adds the missing names to a list, up to the limit for lists in alerts.
fn join(list: &mut Vec<String>, more: Vec<String>) {
    for name in more {
        if list.len() < MOST_LISTED && !list.contains(&name) {
            list.push(name);
        }
    }
}

/// The number of failures or challenges that an alert counts.
fn counted(alert: &Alert) -> u32 {
    alert.failure_count.or(alert.challenge_count).unwrap_or_default()
}

/// The id of an alert as a number. 0 if it has none yet.
fn id(alert: &Alert) -> u128 {
    u128::from_str_radix(&alert.id, 16).unwrap_or_default()
}
