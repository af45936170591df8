//! Judges the kept records with several values of an option at once, as the command `tune` does. The records are
//! decoded only once.

use crate::again::{Again, Decoded, narrowed};
use crate::decisions::Decisions;
use crate::kept::Kept;
use authsieve_engine::detector::{Analytics, Detector};
use authsieve_suite::Suite;
use authsieve_triage::mark::Disposition;
use authsieve_triage::tuning::grid::{Axis, points};
use authsieve_triage::tuning::known::{Found, Known};
use authsieve_triage::tuning::outcome::{Outcome, Point, compare};
use serde_json::{Value, json};

/// The most values. More settings at once would need much memory.
const MOST_VALUES: usize = 32;

/// The most alerts of a value that are compared. Further alerts are only counted.
const MOST_FOUND: usize = 100_000;

type Setting = Vec<(String, String)>;

/// A grid of values of one option.
pub struct Grid {
    again: Again,
    settings: Vec<Setting>,
    found: Vec<Vec<Found>>,
    /// The number of alerts of each value.
    counts: Vec<usize>,
}

impl Grid {
    /// Begins. `axis` is an option with its values (`min_failures=3..10`). Without values, some around the default are
    /// taken.
    ///
    /// # Errors
    /// Fails for an option that the analytic does not have, and for a value that is not allowed.
    pub fn new(
        config: &str,
        seed: u64,
        analytic: &str,
        axis: &str,
        decoded: &mut Decoded,
    ) -> Result<Self, String> {
        let about = Suite::describe().into_iter().find(|about| about.id.eq_ignore_ascii_case(analytic));
        let about = about.ok_or_else(|| format!("there is no analytic {analytic}"))?;
        let id = *Suite::IDS.iter().find(|id| **id == about.id).ok_or("there is no such analytic")?;
        let axis = match axis.contains('=') {
            true => Axis::parse(axis)?,
            false => {
                let schema = serde_json::from_str(&about.config_schema).unwrap_or_default();
                Axis::around(&schema, axis)
                    .ok_or_else(|| format!("{axis}: expected values for this option"))?
            }
        };
        if axis.values.len() > MOST_VALUES {
            return Err(format!("{} values are too many; expected at most {MOST_VALUES}", axis.values.len()));
        }
        let settings = points(&[axis])?;
        let base = narrowed(config, &[id]);
        let list: Vec<String> = settings.iter().map(|setting| with(&base, id, setting)).collect();
        let detector = Detector::create(&format!("[{}]", list.join(",")), seed);
        let detector = detector.map_err(|error| error.to_string())?;
        Ok(Self {
            again: Again::with(detector, vec![id], config, decoded),
            found: vec![Vec::new(); settings.len()],
            counts: vec![0; settings.len()],
            settings,
        })
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.settings.len()
    }

    /// The number of batches that were judged.
    pub const fn place(&self) -> usize {
        self.again.place()
    }

    /// Judges the next batch with each value. Returns false at the end.
    pub fn next(&mut self, kept: &Kept, decoded: &mut Decoded) -> bool {
        let Some(alerts) = self.again.next(kept, decoded) else { return false };
        for alert in alerts {
            // The digest of such an alert is the number of its setting.
            let Ok(at) = alert.config_digest.parse::<usize>() else { continue };
            if let (Some(found), Some(count)) = (self.found.get_mut(at), self.counts.get_mut(at)) {
                *count += 1;
                if found.len() < MOST_FOUND {
                    found.push(Found::of(&alert));
                }
            }
        }
        true
    }

    /// The table. Each value has its alerts, its alerts per day, and the accounts and addresses behind them. It also has
    /// the known attacks that the value loses, and the known false alerts.
    pub fn table(&self, decisions: &Decisions, days: f64) -> Value {
        let (mut attacks, mut wrong) = (Vec::new(), Vec::new());
        for mark in decisions.marks() {
            let known = Known { name: mark.alert.clone(), id: Some(mark.alert.clone()), ..Known::default() };
            if mark.is == Disposition::True { &mut attacks } else { &mut wrong }.push(known);
        }
        for known in attacks.iter_mut().chain(&mut wrong) {
            known.resolve(self.found.iter().flatten());
        }
        // Dispositions of alerts that no value finds belong to other analytics or to other files.
        attacks.retain(|known| known.user.is_some() || known.ip.is_some());
        attacks.sort_by(|one, other| one.name.cmp(&other.name));
        let mut outcome = compare(self.settings.clone(), &self.found, &attacks, &wrong, days);
        for (point, count) in outcome.points.iter_mut().zip(&self.counts) {
            point.per_day *= *count as f64 / point.alerts.max(1) as f64;
            point.alerts = *count;
        }
        told(&outcome)
    }
}

fn told(outcome: &Outcome) -> Value {
    let point = |point: &Point| {
        json!({
            "value": point.setting.first().map(|(_, value)| value),
            "alerts": point.alerts,
            "per_day": point.per_day,
            "keys": point.keys,
            "wrong": point.wrong,
            "loses": point.missed.iter().filter_map(|at| outcome.known.get(*at)).collect::<Vec<_>>(),
        })
    };
    json!({
        "option": outcome.points.first().and_then(|point| point.setting.first()).map(|(option, _)| option),
        "points": outcome.points.iter().map(point).collect::<Vec<_>>(),
        "known": outcome.known,
        "best": outcome.advice.as_ref().ok(),
        "why_not": outcome.advice.as_ref().err(),
    })
}

/// A configuration with a value of an option of an analytic.
fn with(config: &str, id: &str, setting: &[(String, String)]) -> String {
    let mut config: Value = serde_json::from_str(config).unwrap_or_else(|_| json!({}));
    let Some(top) = config.as_object_mut() else { return "{}".into() };
    let name =
        top.keys().find(|name| name.eq_ignore_ascii_case(id)).cloned().unwrap_or_else(|| id.to_owned());
    let section = top.entry(name).or_insert_with(|| json!({}));
    for (option, value) in setting {
        let value: Value = match (value.parse::<i64>(), value.as_str()) {
            (Ok(count), _) => count.into(),
            (_, "true" | "false") => (value == "true").into(),
            _ => value.as_str().into(),
        };
        if let Some(section) = section.as_object_mut() {
            section.insert(option.clone(), value);
        }
    }
    config.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_goes_into_the_section_of_its_analytic() {
        let setting = |value: &str| vec![("o".to_owned(), value.to_owned())];
        assert_eq!(with("{}", "fls", &setting("5")), r#"{"fls":{"o":5}}"#);
        assert_eq!(with(r#"{"FLS":{"a":1}}"#, "fls", &setting("15m")), r#"{"FLS":{"a":1,"o":"15m"}}"#);
        assert_eq!(with("", "fls", &setting("true")), r#"{"fls":{"o":true}}"#);
    }
}
