//! Decides if each analytic can fire on the events, by the needs that it states.

use authsieve_engine::detector::{Descriptor, Need, Seen};
use authsieve_engine::event::Event;
use authsieve_engine::fields::Field;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The events that one analytic judges, counted by its needs.
#[derive(Debug)]
pub struct Intake {
    about: Descriptor,
    /// The number of events, from any provider.
    events: u64,
    /// Of these, the events that the analytic judges.
    own: u64,
    providers: BTreeSet<&'static str>,
    /// For each need, the number of its events, and the number of these events that have all its fields.
    met: Vec<(u64, u64)>,
}

impl Intake {
    /// Starts without events.
    #[must_use]
    pub fn new(about: Descriptor) -> Self {
        let met = vec![(0, 0); about.needs.len()];
        Self { about, events: 0, own: 0, providers: BTreeSet::new(), met }
    }

    /// Adds an event, if the analytic reads it.
    pub fn take(&mut self, seen: &Seen) {
        let Self { about, events, own, providers, met } = self;
        if !seen.analytics.contains(&about.id.as_str()) {
            return;
        }
        let event = &seen.event;
        *events += 1;
        providers.insert(event.provider.as_str());
        if !judges(about, event) {
            return;
        }
        *own += 1;
        for (need, (found, whole)) in about.needs.iter().zip(met) {
            if need.outcomes.contains(&event.outcome) {
                *found += 1;
                *whole += u64::from(need.fields.iter().all(|field| has(event, field)));
            }
        }
    }

    /// Says if the analytic can fire, and what is missing.
    #[must_use]
    pub fn readiness(&self) -> Value {
        let Self { about, events, own, met, .. } = self;
        let mut why = Vec::new();
        let mut needs = Vec::new();
        if *own == 0 {
            why.push(match events {
                0 => format!("None of the records is an event it reads: {}.", about.collect),
                _ => {
                    format!("None of the {events} events it can read is of its telemetry: {}.", about.collect)
                }
            });
        }
        let mut can = *own > 0;
        for (need, (found, whole)) in about.needs.iter().zip(met) {
            needs.push(json!({ "name": need.name, "found": found, "whole": whole }));
            can &= *whole > 0 || need.loses.is_some();
            if *own > 0 && *found == 0 {
                why.push(match need.loses {
                    Some(lost) => format!("No {}: {lost}.", need.name),
                    None => {
                        let advice = self.advice(need);
                        format!("It needs {}, and none of {own} events is one{advice}.", need.name)
                    }
                });
            } else if *found > 0 && *whole == 0 {
                let fields: Vec<&str> = need.fields.iter().map(|field| shown(field)).collect();
                why.push(format!(
                    "None of the {} has {}: they are not counted.",
                    need.name,
                    fields.join(" and ")
                ));
            }
        }
        json!({
            "analytic": about.id,
            "name": about.name,
            "can_fire": can,
            "in_part": can && !why.is_empty(),
            "events": own,
            "needs": needs,
            "why": why,
        })
    }

    fn advice(&self, need: &Need) -> String {
        let holds = |providers: &[&str]| {
            providers.is_empty() || providers.iter().any(|provider| self.providers.contains(provider))
        };
        let advice = need.collect.iter().find(|advice| holds(advice.providers));
        advice.map_or_else(String::new, |advice| format!(": {}", advice.text))
    }
}

/// True if the analytic judges events of this provider and code.
fn judges(about: &Descriptor, event: &Event<'_>) -> bool {
    let is_code = |known: &str| {
        [&event.reason, &event.status]
            .into_iter()
            .filter(|code| !code.is_empty())
            .any(|code| known.strip_suffix('*').map_or(**code == *known, |start| code.starts_with(start)))
    };
    about.sources.iter().any(|source| {
        source.provider == event.provider.as_str()
            && (source.codes.is_empty() || source.codes.iter().any(|known| is_code(known)))
    })
}

/// True if an event has a field, named as in the contract.
fn has(event: &Event<'_>, name: &str) -> bool {
    macro_rules! present {
        (($event:expr) $($field:ident)+) => {
            match name {
                $(stringify!($field) => !Field::is_absent(&$event.$field),)+
                _ => true,
            }
        };
    }
    authsieve_engine::event_fields!(present, event)
}

/// The readable name of a field.
fn shown(field: &str) -> &str {
    if field == "src_ip" { "an address" } else { field }
}
