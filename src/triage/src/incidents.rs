//! Incidents: groups of alerts, from all analytics, that belong together.
//!
//! One attack raises many alerts: a spray, the login after it, the same login seen by another analytic, challenges of a
//! second factor. An incident holds them, and describes the events in order.
//!
//! Alerts come in the order of (time, analytic, id). An alert joins the open incidents that share an *entity* with it
//! and whose last alert is at most [`Limits::gap`] older. Several such incidents merge into the one with the earliest
//! first alert. Entities are addresses as keys, the alert's `user`, and accounts that logged in. Hosts and accounts
//! that were only tried are not entities, because they would join unrelated alerts.
//!
//! An incident closes after the gap, at [`Limits::longest`], or at [`Limits::alerts`]. At most [`Limits::open`] are
//! open. Beyond that, the one without alerts for the longest time closes. The incidents depend only on the alerts, and
//! not on a clock. The tests compare them with a naive reference.

mod incident;
mod parts;

pub use incident::{Fact, Fallen, Incident, State};
pub use parts::{MOST_ENTITIES, logs_in};

use authsieve_engine::alert::Alert;
use authsieve_engine::net::Prefixes;
use authsieve_engine::time::{Span, Timestamp};
use parts::Parts;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The limits of incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest time between an alert and the last alert of the incident that it joins (`incident_gap`).
    pub gap: Span,
    /// The longest time between an alert and the first alert of the incident that it joins.
    pub longest: Span,
    /// The most alerts of an incident.
    pub alerts: usize,
    /// The most incidents that are open at once.
    pub open: usize,
    /// The number of bits of an address that form a key.
    pub prefixes: Prefixes,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            gap: Span::seconds(3600),
            longest: Span::seconds(24 * 3600),
            alerts: 256,
            open: 4096,
            prefixes: Prefixes { v4: 32, v6: 64 },
        }
    }
}

/// The number of an incident in this table, counted up.
pub type Number = u64;

/// The effect of an alert.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Taken {
    /// The incident that holds the alert. `None` for an update or a repeated alert without an open incident.
    pub incident: Option<Number>,
    /// True if the incident must be reported now: it is new, is more severe, or has another compromised account.
    pub urgent: bool,
    /// The incidents that ended before the alert, or because of it, in the order in which they ended.
    pub ended: Vec<Incident>,
}

/// The open incidents.
#[derive(Clone, Debug, Default)]
pub struct Incidents {
    limits: Limits,
    open: BTreeMap<Number, Incident>,
    next: Number,
    /// The incidents by address, as a key.
    by_address: HashMap<[u8; 16], Vec<Number>>,
    /// The incidents by account name, without its domain.
    by_name: HashMap<String, Vec<Number>>,
    /// The incidents by their last alert.
    quiet: BTreeSet<(Timestamp, Number)>,
    /// The incidents by their first alert.
    aged: BTreeSet<(Timestamp, Number)>,
    /// The time of the newest alert.
    newest: Option<Timestamp>,
}

impl Incidents {
    /// Creates an empty table.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The open incidents, the oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.open.values()
    }

    /// An open incident.
    #[must_use]
    pub fn get(&self, number: Number) -> Option<&Incident> {
        self.open.get(&number)
    }

    /// Takes the next alert. An update (`status`) replaces its alert, and a repeated alert changes nothing. O(log n) in
    /// the open incidents, and linear in the incidents that merge.
    pub fn take(&mut self, alert: &Alert) -> Taken {
        let parts = Parts::of(alert, self.limits.prefixes);
        let mut taken = Taken { ended: self.pass(alert.time), ..Taken::default() };
        let candidates = self.sharing(&parts, alert.time);
        if let Some(known) =
            candidates.iter().find(|number| self.get(**number).is_some_and(|it| it.has(alert)))
        {
            let number = *known;
            taken.urgent = self.change(number, |incident| incident.update(alert, &parts));
            taken.incident = Some(number);
            return taken;
        }
        if alert.status.is_some() {
            return taken;
        }
        let Some((first, others)) = candidates.split_first() else {
            if self.open.len() >= self.limits.open
                && let Some((_, number)) = self.quiet.first().copied()
            {
                taken.ended.extend(self.remove(number, State::Closed));
            }
            let number = self.next;
            self.next += 1;
            self.insert(number, Incident::new(alert, &parts));
            return self.closed_if_full(number, Taken { incident: Some(number), urgent: true, ..taken });
        };
        taken.incident = Some(*first);
        taken.urgent = self.change(*first, |incident| incident.add(alert, &parts));
        for other in others {
            let size = |number| self.get(number).map_or(0, |incident| incident.alerts.len());
            // An incident that does not fit stays separate.
            if size(*first) + size(*other) > self.limits.alerts {
                continue;
            }
            let into = self.get(*first).map(|incident| incident.id.clone()).unwrap_or_default();
            if let Some(merged) = self.remove(*other, State::Merged { into }) {
                self.change(*first, |incident| incident.absorb(&merged));
                taken.urgent = true;
                taken.ended.push(merged);
            }
        }
        let number = *first;
        self.closed_if_full(number, taken)
    }

    /// Closes incidents because the time is now `now`. Returns the closed incidents, the one with the oldest last alert
    /// first.
    pub fn pass(&mut self, now: Timestamp) -> Vec<Incident> {
        let now = self.newest.map_or(now, |newest| newest.max(now));
        self.newest = Some(now);
        let mut ended = Vec::new();
        let stale = |set: &BTreeSet<(Timestamp, Number)>, span: Span| {
            set.first().copied().filter(|(time, _)| time.plus(span) < now).map(|(_, number)| number)
        };
        while let Some(number) =
            stale(&self.quiet, self.limits.gap).or_else(|| stale(&self.aged, self.limits.longest))
        {
            ended.extend(self.remove(number, State::Closed));
        }
        ended
    }

    /// Ends the stream of alerts. Returns all open incidents, the oldest first. They stay open, because more alerts may
    /// come another day.
    #[must_use]
    pub fn finish(self) -> Vec<Incident> {
        self.open.into_values().collect()
    }

    /// Writes all open incidents, for [`load`](Self::load).
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let open: Vec<&Incident> = self.open.values().collect();
        // The value holds only strings, integers and lists of them, so this cannot fail.
        serde_json::to_vec(&(self.newest.map(|time| time.0), open)).unwrap_or_default()
    }

    /// Reads the bytes that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// Fails for other bytes.
    pub fn load(limits: Limits, bytes: &[u8]) -> Result<Self, String> {
        let (newest, open): (Option<i64>, Vec<Incident>) =
            serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let mut incidents = Self { newest: newest.map(Timestamp), ..Self::new(limits) };
        for incident in open.into_iter().take(limits.open) {
            let number = incidents.next;
            incidents.next += 1;
            incidents.insert(number, incident);
        }
        Ok(incidents)
    }

    /// The open incidents that share an entity, in the order of their first alerts.
    fn sharing(&self, parts: &Parts, time: Timestamp) -> Vec<Number> {
        let by_address = parts.addresses.iter().filter_map(|(key, _)| self.by_address.get(key)).flatten();
        let mut numbers: BTreeSet<Number> = by_address.copied().collect();
        for account in &parts.accounts {
            for number in self.by_name.get(&account.name).into_iter().flatten() {
                if self.get(*number).is_some_and(|incident| incident.knows(account)) {
                    numbers.insert(*number);
                }
            }
        }
        let mut incidents: Vec<(Number, &Incident)> = numbers
            .into_iter()
            .filter_map(|number| self.get(number).map(|incident| (number, incident)))
            // A late alert may be older than an incident by more than the gap.
            .filter(|(_, incident)| time.plus(self.limits.gap) >= incident.first_alert)
            .collect();
        incidents.sort_by(|(_, one), (_, other)| one.place_of_first().cmp(&other.place_of_first()));
        incidents.into_iter().map(|(number, _)| number).collect()
    }

    fn closed_if_full(&mut self, number: Number, mut taken: Taken) -> Taken {
        if self.get(number).is_some_and(|incident| incident.alerts.len() >= self.limits.alerts) {
            taken.ended.extend(self.remove(number, State::Closed));
        }
        taken
    }

    fn insert(&mut self, number: Number, incident: Incident) {
        for key in incident.keys() {
            self.by_address.entry(*key).or_default().push(number);
        }
        for account in incident.accounts() {
            let numbers = self.by_name.entry(account.name.clone()).or_default();
            if numbers.last() != Some(&number) {
                numbers.push(number);
            }
        }
        self.quiet.insert((incident.last_alert, number));
        self.aged.insert((incident.first_alert, number));
        self.open.insert(number, incident);
    }

    fn remove(&mut self, number: Number, state: State) -> Option<Incident> {
        let mut incident = self.open.remove(&number)?;
        for key in incident.keys() {
            forget(&mut self.by_address, key, number);
        }
        for account in incident.accounts() {
            forget(&mut self.by_name, &account.name, number);
        }
        self.quiet.remove(&(incident.last_alert, number));
        self.aged.remove(&(incident.first_alert, number));
        incident.state = state;
        Some(incident)
    }

    /// Changes an open incident, and updates the indexes by entity and time.
    fn change<T: Default>(&mut self, number: Number, how: impl FnOnce(&mut Incident) -> T) -> T {
        let Some(mut incident) = self.remove(number, State::Open) else { return T::default() };
        let told = how(&mut incident);
        self.insert(number, incident);
        told
    }
}

fn forget<K: std::hash::Hash + Eq>(index: &mut HashMap<K, Vec<Number>>, key: &K, number: Number) {
    if let Some(numbers) = index.get_mut(key) {
        numbers.retain(|other| *other != number);
        if numbers.is_empty() {
            index.remove(key);
        }
    }
}

/// Groups existing alerts, in any order, into incidents. Updates replace their alerts. Returns the incidents in the
/// order of their first alerts, without those that merged into others. O(n log n).
#[must_use]
pub fn of(alerts: &[Alert], limits: Limits) -> Vec<Incident> {
    let mut ordered: Vec<&Alert> = alerts.iter().collect();
    // An update has the time and id of its alert, and comes after it.
    ordered.sort_by(|one, other| {
        (one.time, &one.analytic, &one.id, one.status.is_some()).cmp(&(
            other.time,
            &other.analytic,
            &other.id,
            other.status.is_some(),
        ))
    });
    let mut incidents = Incidents::new(limits);
    let mut all: Vec<Incident> = ordered.into_iter().flat_map(|alert| incidents.take(alert).ended).collect();
    all.extend(incidents.finish());
    all.retain(|incident| !matches!(incident.state, State::Merged { .. }));
    all.sort_by(|one, other| one.place_of_first().cmp(&other.place_of_first()));
    all
}

#[cfg(test)]
mod tests;
