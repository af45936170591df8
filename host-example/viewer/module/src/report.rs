//! Incidents and the report, by the code of the command.

use crate::decisions::Decisions;
use crate::session::Session;
use authsieve_engine::alert::Alert;
use authsieve_triage::html::{self, Page};
use authsieve_triage::incidents::{Incident, Limits};
use authsieve_triage::report::{Piece, Report, Told};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

/// The incidents, in the order of their first alerts. Silenced alerts belong to none.
pub fn incidents(session: &Session, decisions: &Decisions) -> Value {
    let loud = session.alerts.iter().filter(|alert| decisions.silenced(alert).is_none());
    let told = |alert: &Alert| Told { alert: alert.clone(), ..Told::default() };
    let report = Report::new(loud.map(told).collect(), Limits::default());
    let one = |incident: &Incident| {
        let mut value = incident.to_value();
        if let Some(map) = value.as_object_mut() {
            map.insert("places".into(), html::places(incident).into());
            map.insert("reasons".into(), html::reasons(&report, incident).into());
            map.insert("context".into(), report.context(incident).into());
            map.insert("lasted".into(), incident.lasted().to_string().into());
        }
        value
    };
    json!({ "headline": report.headline(), "incidents": report.incidents.iter().map(one).collect::<Vec<_>>() })
}

/// A page with the incidents of some alerts, with evidence in words. `about` has lines about the input.
pub fn page(
    session: &Session,
    decisions: &Decisions,
    title: &str,
    alerts: &[usize],
    notes: &BTreeMap<String, String>,
    about: &[String],
) -> String {
    let mut witness = session.witness();
    let place = |record: u64| session.place(record).map(|(file, line)| format!("{file}:{line}"));
    let wanted: HashSet<&str> =
        alerts.iter().filter_map(|at| session.alerts.get(*at)).map(|alert| &*alert.id).collect();
    // An update has the id of its alert.
    let chosen = session.alerts.iter().filter(|alert| wanted.contains(&*alert.id));
    let told = chosen.map(|alert| {
        let pieces = alert.evidence.iter().map(|piece| {
            let whole = session.kept.record(piece.record);
            let line = witness.line(whole.unwrap_or(piece.text.as_bytes()), alert);
            Piece { record: piece.record, place: place(piece.record), line, raw: piece.text.clone() }
        });
        let note = notes.get(&alert.id).map(|note| format!("note: {note}"));
        Told {
            pieces: pieces.collect(),
            place: place(alert.record),
            notes: decisions.words(alert).into_iter().chain(note).collect(),
            alert: alert.clone(),
        }
    });
    let mut report = Report::new(told.collect(), Limits::default());
    report.by_severity();
    let page = Page { title, notes: about, table: None, time: &|time| time.to_string(), raw: true };
    html::page(&report, &page)
}
