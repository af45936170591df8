//! Incidents: alerts of all analytics that belong together.
//!
//! One attack raises many alerts: a spray, the login that it led to, the same login as seen by another analytic, challenges
//! of the second factor. An incident holds them, and tells in order what happened.
//!
//! Alerts come in the order of (time, analytic, id). One joins the open incidents that share an *entity* with it and whose
//! last alert is at most [`Limits::gap`] older. Where these are several, they merge into the one with the earliest first
//! alert. Entities are addresses as keys, the alert's `user`, and accounts that logged in; neither hosts nor accounts that
//! were only tried, since these join what does not belong together.
//!
//! An incident closes after the gap, at [`Limits::longest`], or at [`Limits::alerts`]. At most [`Limits::open`] are open:
//! the one that was quiet longest closes first. What comes out is a function of the alerts alone, and never of a clock. A
//! naive reference stands beside it in the tests.

mod incident;
mod parts;

pub use incident::{Fact, Fallen, Incident, State};
pub use parts::{MOST_ENTITIES, logs_in};

use authsieve_engine::alert::Alert;
use authsieve_engine::net::Prefixes;
use authsieve_engine::time::{Span, Timestamp};
use parts::Parts;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What bounds incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// An alert joins an incident whose last alert is at most so much older (`incident_gap`).
    pub gap: Span,
    /// No alert joins an incident whose first alert is older by more than this.
    pub longest: Span,
    /// An incident with so many alerts takes no more.
    pub alerts: usize,
    /// So many are open at once.
    pub open: usize,
    /// How many bits of an address make a key.
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

/// The name of an incident in this table: it counts up.
pub type Number = u64;

/// What an alert did.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Taken {
    /// The incident that has the alert now; `None` where an update, or a second copy, belongs to none that is open.
    pub incident: Option<Number>,
    /// Something of that incident changed that cannot wait for its end: it is new, or more severe, or another account fell.
    pub urgent: bool,
    /// Incidents that ended: before the alert, or by it. In the order in which they ended.
    pub ended: Vec<Incident>,
}

/// The open incidents.
#[derive(Clone, Debug, Default)]
pub struct Incidents {
    limits: Limits,
    open: BTreeMap<Number, Incident>,
    next: Number,
    /// By address as a key.
    by_address: HashMap<[u8; 16], Vec<Number>>,
    /// By the name of an account, whatever its domain.
    by_name: HashMap<String, Vec<Number>>,
    /// By their last alert.
    quiet: BTreeSet<(Timestamp, Number)>,
    /// By their first alert.
    aged: BTreeSet<(Timestamp, Number)>,
    /// The newest alert so far.
    newest: Option<Timestamp>,
}

impl Incidents {
    /// None yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Those that are open, the eldest first.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.open.values()
    }

    /// An open incident.
    #[must_use]
    pub fn get(&self, number: Number) -> Option<&Incident> {
        self.open.get(&number)
    }

    /// Takes the next alert. An update (`status`) replaces what its alert told; a second copy changes nothing. O(log n) in
    /// the open incidents, and linear in those that merge.
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
            // What has no room stays an incident of its own.
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

    /// Time has reached `now`: returns the incidents that this closes, those first that were quiet first.
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

    /// No more alerts come: all that are open, the eldest first. They are left open, as more may come another day.
    #[must_use]
    pub fn finish(self) -> Vec<Incident> {
        self.open.into_values().collect()
    }

    /// All that is open, as bytes for [`load`](Self::load).
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let open: Vec<&Incident> = self.open.values().collect();
        // Strings, integers and lists of them: this cannot fail.
        serde_json::to_vec(&(self.newest.map(|time| time.0), open)).unwrap_or_default()
    }

    /// Goes on with what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// For other bytes.
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

    /// The open incidents that share an entity, by their first alerts.
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
            // One that comes late may be older than an incident by more than the gap.
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

    /// Changes an open incident, whose entities and times may change with it.
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

/// All incidents of alerts that are there already, in any order: updates replace what their alerts told. Incidents that
/// merged are left out, as others hold their alerts. By their first alerts. O(n log n).
#[must_use]
pub fn of(alerts: &[Alert], limits: Limits) -> Vec<Incident> {
    let mut ordered: Vec<&Alert> = alerts.iter().collect();
    // An update has the time and id of its alert, and comes behind it.
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
