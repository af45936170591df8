//! Compares settings, and recommends one.

use super::known::{Found, Known};
use crate::report::{listed, number};
use std::collections::HashSet;

/// The results of one setting.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// The options and their values.
    pub setting: Vec<(String, String)>,
    /// The number of alerts.
    pub alerts: usize,
    /// The number of alerts per day.
    pub per_day: f64,
    /// The number of different accounts and addresses in the alerts.
    pub keys: usize,
    /// The known attacks that the setting misses, as positions in the list.
    pub missed: Vec<usize>,
    /// The number of alerts that are known to be false.
    pub wrong: usize,
}

/// All settings, compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The points in the order of the grid.
    pub points: Vec<Point>,
    /// The names of the known attacks.
    pub known: Vec<String>,
    /// The recommended setting, or the reason why none can be recommended.
    pub advice: Result<usize, String>,
}

/// Compares the alerts of settings over this number of days.
#[must_use]
pub fn compare(
    settings: Vec<Vec<(String, String)>>,
    found: &[Vec<Found>],
    known: &[Known],
    wrong: &[Known],
    days: f64,
) -> Outcome {
    let none = Vec::new();
    let point = |(at, setting): (usize, Vec<(String, String)>)| {
        let found = found.get(at).unwrap_or(&none);
        let keys: HashSet<_> = found.iter().map(|one| (&one.user, &one.ip)).collect();
        let missed = known.iter().enumerate().filter(|(_, known)| !found.iter().any(|one| known.is(one)));
        Point {
            setting,
            alerts: found.len(),
            per_day: found.len() as f64 / days.max(1.0 / 24.0),
            keys: keys.len(),
            missed: missed.map(|(at, _)| at).collect(),
            wrong: found.iter().filter(|one| wrong.iter().any(|known| known.is(one))).count(),
        }
    };
    let points: Vec<Point> = settings.into_iter().enumerate().map(point).collect();
    let known: Vec<String> = known.iter().map(|known| known.name.clone()).collect();
    let advice = advise(&points, &known);
    Outcome { points, known, advice }
}

/// The setting with the fewest alerts that misses no known attack. Of equal settings, the one with the fewest false
/// alerts, then the first.
fn advise(points: &[Point], known: &[String]) -> Result<usize, String> {
    if known.is_empty() {
        return Err("no attack is known; name attacks by --expect or `mark ID true`".into());
    }
    let keeps = points.iter().enumerate().filter(|(_, point)| point.missed.is_empty());
    let best = keeps.min_by_key(|(at, point)| (point.alerts, point.wrong, *at)).map(|(at, _)| at);
    best.ok_or_else(|| {
        let always: Vec<&str> = known
            .iter()
            .enumerate()
            .filter(|(at, _)| points.iter().all(|point| point.missed.contains(at)))
            .map(|(_, name)| name.as_str())
            .collect();
        if always.is_empty() {
            return "no setting keeps all known attacks: each misses another".into();
        }
        format!("no setting finds {}", always.join(", "))
    })
}

impl Outcome {
    /// The known attacks that a setting misses, in words. Empty if it misses none.
    #[must_use]
    pub fn loses(&self, point: &Point) -> String {
        let names: Vec<&str> =
            point.missed.iter().filter_map(|at| self.known.get(*at)).map(String::as_str).collect();
        listed(&names, 5)
    }

    /// The recommended setting.
    #[must_use]
    pub fn best(&self) -> Option<&Point> {
        self.advice.as_ref().ok().and_then(|at| self.points.get(*at))
    }

    /// The settings with fewer alerts than the recommended one, most alerts first. They show what each further step
    /// would miss.
    #[must_use]
    pub fn steps(&self) -> Vec<&Point> {
        let Some(best) = self.best() else { return Vec::new() };
        let mut list: Vec<&Point> = self.points.iter().filter(|point| point.alerts < best.alerts).collect();
        list.sort_by(|one, other| (other.alerts, one.missed.len()).cmp(&(one.alerts, other.missed.len())));
        list
    }

    /// The recommended setting as TOML, for the analytic `id`.
    #[must_use]
    pub fn toml(&self, id: &str) -> Option<String> {
        let best = self.best()?;
        let value = |value: &str| match value.parse::<i64>() {
            Ok(count) => count.to_string(),
            Err(_) if matches!(value, "true" | "false") => value.to_owned(),
            Err(_) => format!("{value:?}"),
        };
        let lines: Vec<String> =
            best.setting.iter().map(|(option, given)| format!("{option} = {}", value(given))).collect();
        let count = number(best.alerts, "alert");
        Some(format!(
            "# {count} ({:.1} a day), all {} known attacks found\n[{id}]\n{}\n",
            best.per_day,
            self.known.len(),
            lines.join("\n")
        ))
    }
}

impl Point {
    /// The setting in words: `min_failures=8 window=15m`.
    #[must_use]
    pub fn words(&self) -> String {
        self.setting.iter().map(|(option, value)| format!("{option}={value}")).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use authsieve_engine::alert::Alert;

    fn found(users: &[&str]) -> Vec<Found> {
        let of = |user: &&str| Found::of(&Alert { user: Some((*user).into()), ..Alert::default() });
        users.iter().map(of).collect()
    }

    fn settings(count: usize) -> Vec<Vec<(String, String)>> {
        (0..count)
            .map(|n| vec![("min_failures".into(), n.to_string()), ("window".into(), "15m".into())])
            .collect()
    }

    fn known(users: &[&str]) -> Vec<Known> {
        users.iter().map(|user| Known::parse(user).unwrap()).collect()
    }

    #[test]
    fn the_fewest_alerts_that_keep_every_attack_are_recommended() {
        let all = [found(&["a", "b", "c", "x"]), found(&["a", "b", "x"]), found(&["a", "b"]), found(&["a"])];
        let outcome = compare(settings(4), &all, &known(&["a", "b"]), &known(&["x"]), 2.0);
        assert_eq!(outcome.advice, Ok(2));
        assert_eq!(outcome.points[1].wrong, 1);
        assert_eq!(outcome.points[0].per_day, 2.0);
        let steps: Vec<String> = outcome.steps().iter().map(|point| outcome.loses(point)).collect();
        assert_eq!(steps, ["b"]);
        let toml = outcome.toml("an1276").unwrap();
        assert!(toml.ends_with("[an1276]\nmin_failures = 2\nwindow = \"15m\"\n"), "{toml}");
    }

    #[test]
    fn nothing_is_recommended_without_proof() {
        let all = [found(&["a"]), found(&["b"])];
        let why = |names: &[&str]| compare(settings(2), &all, &known(names), &[], 1.0).advice.unwrap_err();
        assert!(why(&[]).contains("no attack is known"));
        assert!(why(&["a", "b"]).contains("each misses another"));
        assert_eq!(why(&["a", "z"]), "no setting finds z");
    }
}
