//! A report: alerts, their incidents, and a summary for people.

use crate::evidence::Line;
use crate::incidents::{self, Incident, Limits};
use authsieve_engine::alert::{Alert, Severity};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The most pieces of evidence of an incident that are shown.
const SHOWN: usize = 10;

/// A record that an alert shows.
#[derive(Clone, Debug, Default)]
pub struct Piece {
    /// The number of the record in the whole input. 0 if it is unknown.
    pub record: u64,
    /// The place of the record: a file and a line.
    pub place: Option<String>,
    /// The content of the record, if it could be read.
    pub line: Option<Line>,
    /// The record itself, as the alert shows it.
    pub raw: String,
}

/// An alert, with facts that the host adds.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The alert.
    pub alert: Alert,
    /// The place of the record that raised the alert.
    pub place: Option<String>,
    /// The evidence of the alert.
    pub pieces: Vec<Piece>,
    /// The notes of the host: a disposition, the network of an address.
    pub notes: Vec<String>,
}

/// A name and its count.
pub type Count = (String, u64);

/// Alerts and incidents.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// All alerts, in the order in which they came.
    pub alerts: Vec<Told>,
    /// The incidents, in the order of their first alerts, or by severity.
    pub incidents: Vec<Incident>,
    /// The positions of alerts, by id.
    places: HashMap<String, usize>,
}

impl Report {
    /// Groups alerts. An update replaces the alert that it updates.
    #[must_use]
    pub fn new(alerts: Vec<Told>, limits: Limits) -> Self {
        let mut report = Self::default();
        for told in alerts {
            match report.places.get(&told.alert.id).copied() {
                Some(at) if told.alert.status.is_some() => {
                    if let Some(known) = report.alerts.get_mut(at) {
                        *known = told;
                    }
                }
                Some(_) => {}
                None => {
                    report.places.insert(told.alert.id.clone(), report.alerts.len());
                    report.alerts.push(told);
                }
            }
        }
        let mut alerts: Vec<Alert> = report.alerts.iter().map(|told| told.alert.clone()).collect();
        // An updated alert now has all its facts, so it is no update itself.
        alerts.iter_mut().for_each(|alert| alert.status = None);
        report.incidents = incidents::of(&alerts, limits);
        report
    }

    /// Puts the most severe incidents first. Incidents of equal severity stay in the order of time.
    pub fn by_severity(&mut self) {
        self.incidents.sort_by_key(|incident| std::cmp::Reverse(incident.severity));
    }

    /// The alert with this id.
    #[must_use]
    pub fn alert(&self, id: &str) -> Option<&Told> {
        self.alerts.get(*self.places.get(id)?)
    }

    /// The alerts of an incident, in order.
    pub fn of<'r>(&'r self, incident: &'r Incident) -> impl Iterator<Item = &'r Told> {
        incident.alerts.iter().filter_map(|id| self.alert(id))
    }

    /// The evidence of an incident, and the number of pieces that are left out. Each record comes once, in the order of
    /// the records. Records that raised alerts are preferred to the records around them.
    #[must_use]
    pub fn evidence<'r>(&'r self, incident: &'r Incident) -> (Vec<&'r Piece>, usize) {
        let (mut raised, mut others) = (Vec::new(), Vec::new());
        let mut seen = HashSet::new();
        for told in self.of(incident) {
            for piece in &told.pieces {
                let key = (piece.record, if piece.record == 0 { piece.raw.as_str() } else { "" });
                if !seen.insert(key) {
                    continue;
                }
                let raises = piece.record != 0 && piece.record == told.alert.record;
                if raises { &mut raised } else { &mut others }.push(piece);
            }
        }
        let all = raised.len() + others.len();
        raised.truncate(SHOWN);
        others.truncate(SHOWN - raised.len());
        let mut shown = [raised, others].concat();
        shown.sort_by_key(|piece| (piece.line.as_ref().and_then(|line| line.time), piece.record));
        (shown.clone(), all - shown.len())
    }

    /// The reasons for the severity of the incident's alerts, each once, in order.
    #[must_use]
    pub fn context<'r>(&'r self, incident: &'r Incident) -> Vec<&'r str> {
        let mut list: Vec<&str> = Vec::new();
        for text in self.of(incident).flat_map(|told| told.alert.context.iter().chain(&told.notes)) {
            if !list.contains(&text.as_str()) {
                list.push(text);
            }
        }
        list
    }

    /// The codes of failures in an incident. Each alert counts the failures of its own window. Windows may overlap, so
    /// the greatest count of a code is shown.
    #[must_use]
    pub fn reasons(&self, incident: &Incident) -> Vec<Count> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for tally in self.of(incident).flat_map(|told| told.alert.reasons.iter().chain(&told.alert.outcomes))
        {
            let count = counts.entry(&tally.code).or_default();
            *count = (*count).max(tally.count.into());
        }
        most(counts.into_iter().map(|(name, count)| (name.to_owned(), count)), usize::MAX)
    }

    /// The next steps for an analyst, once for each analytic.
    #[must_use]
    pub fn response(&self) -> Vec<(&str, &[String])> {
        let mut list: BTreeMap<&str, &[String]> = BTreeMap::new();
        for told in &self.alerts {
            let steps = list.entry(&told.alert.analytic).or_default();
            if steps.is_empty() {
                *steps = &told.alert.response;
            }
        }
        list.into_iter().filter(|(_, steps)| !steps.is_empty()).collect()
    }

    /// The number of incidents of each severity, the highest severity first.
    #[must_use]
    pub fn severities(&self) -> Vec<(Severity, usize)> {
        let of = |severity: Severity| {
            (severity, self.incidents.iter().filter(|incident| incident.severity == severity).count())
        };
        Severity::ALL.into_iter().rev().map(of).filter(|(_, count)| *count > 0).collect()
    }

    /// The compromised accounts, each once, in order.
    #[must_use]
    pub fn fell(&self) -> Vec<&str> {
        let mut list: Vec<&str> = Vec::new();
        for fallen in self.incidents.iter().flat_map(|incident| &incident.fell) {
            if !list.contains(&fallen.account.as_str()) {
                list.push(&fallen.account);
            }
        }
        list
    }

    /// The report in one or two sentences.
    #[must_use]
    pub fn headline(&self) -> String {
        let (incidents, alerts) = (self.incidents.len(), self.alerts.len());
        if incidents == 0 {
            return "no alerts".into();
        }
        let of = |(severity, count): (Severity, usize)| format!("{count} {severity}");
        let severities = self.severities().into_iter().map(of).collect::<Vec<_>>().join(", ");
        let fell = self.fell();
        let fallen = match fell.as_slice() {
            [] => "No login is seen behind them.".to_owned(),
            [one] => format!("Somebody got into {one}."),
            all => format!("Somebody got into {} accounts: {}.", all.len(), listed(all, 5)),
        };
        format!("{} ({severities}) from {}. {fallen}", number(incidents, "incident"), number(alerts, "alert"))
    }

    /// The number of incidents of each account, address or machine, the greatest first. At most `at_most`.
    #[must_use]
    pub fn top(&self, of: impl Fn(&Incident) -> &[String], at_most: usize) -> Vec<Count> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for incident in &self.incidents {
            for name in of(incident) {
                *counts.entry(name).or_default() += 1;
            }
        }
        most(counts.into_iter().map(|(name, count)| (name.to_owned(), count)), at_most)
    }
}

/// The greatest counts first. Equal counts are sorted by name.
fn most(counts: impl Iterator<Item = Count>, at_most: usize) -> Vec<Count> {
    let mut list: Vec<Count> = counts.collect();
    list.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
    list.truncate(at_most);
    list
}

/// A number with its noun: `1 alert`, `2 alerts`.
#[must_use]
pub fn number(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The first `most` names, and the number of the others.
#[must_use]
pub fn listed(names: &[impl AsRef<str>], most: usize) -> String {
    let shown = names.iter().take(most).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(most) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use authsieve_engine::alert::Tally;
    use authsieve_engine::time::Timestamp;

    fn told(id: &str, second: i64, records: &[u64]) -> Told {
        let piece = |record: &u64| Piece { record: *record, raw: format!("r{record}"), ..Piece::default() };
        Told {
            alert: Alert {
                id: id.into(),
                analytic: "FLS".into(),
                severity: Severity::High,
                time: Timestamp(second * 1_000_000),
                record: records.last().copied().unwrap_or_default(),
                user: Some("ada".into()),
                techniques: vec!["T1078".into()],
                reasons: vec![Tally { code: "50126".into(), count: second as u32 }],
                response: vec!["Ask ada".into()],
                context: vec!["why".into()],
                ..Alert::default()
            },
            pieces: records.iter().map(piece).collect(),
            ..Told::default()
        }
    }

    #[test]
    fn evidence_is_shown_once_and_what_raised_alerts_goes_first() {
        let first: Vec<u64> = (1..=12).collect();
        let report = Report::new(vec![told("a", 5, &first), told("b", 9, &[3, 40])], Limits::default());
        let (pieces, more) = report.evidence(&report.incidents[0]);
        let records: Vec<u64> = pieces.iter().map(|piece| piece.record).collect();
        assert_eq!((records, more), (vec![1, 2, 3, 4, 5, 6, 7, 8, 12, 40], 3));
        assert_eq!(report.reasons(&report.incidents[0]), [("50126".to_owned(), 9)]);
        assert_eq!(report.context(&report.incidents[0]), ["why"]);
        assert_eq!(report.response(), [("FLS", &["Ask ada".to_owned()][..])]);
        assert_eq!(report.headline(), "1 incident (1 high) from 2 alerts. Somebody got into ada.");
    }

    #[test]
    fn an_update_stands_for_its_alert() {
        let mut update = told("a", 5, &[1]);
        (update.alert.status, update.alert.title) = (Some("update".into()), "all of it".into());
        let report = Report::new(vec![told("a", 5, &[1]), update], Limits::default());
        assert_eq!((report.alerts.len(), &*report.incidents[0].facts[0].text), (1, "all of it"));
        assert_eq!(Report::default().headline(), "no alerts");
    }
}
