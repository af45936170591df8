//! Handles alerts on their way to the outbox. Silenced alerts go to a file, and all others form incidents.
//!
//! The open incidents are part of the state on disk. Batches that are judged again after a crash form the same
//! incidents.

use super::Item;
use crate::desk::Desk;
use crate::output::escape;
use crate::output::located::Located;
use crate::serve::outbox::INCIDENT;
use crate::serve::say;
use authsieve_engine::alert::Alert;
use authsieve_engine::time::Timestamp;
use authsieve_host::Origins;
use authsieve_triage::incidents::{Incident, Incidents, Limits, State};
use authsieve_triage::silence::{Silence, silenced};
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The name of the incidents among the parts of a state. No analytic has this name.
pub(super) const PART: &str = "incidents/1";
/// The name of the file of silenced alerts in the state folder. A full file replaces the previous one.
const APART: &str = "silenced.ndjson";
const APART_BYTES: u64 = 64 << 20;

/// The silences of people, and the open incidents.
#[derive(Default)]
pub(super) struct Triage {
    desk: Option<Desk>,
    silences: Vec<Silence>,
    /// The time of the last change of the silences file.
    changed: Option<SystemTime>,
    apart: Option<PathBuf>,
    incidents: Incidents,
    /// The time of the newest alert, and the time at which its records were received.
    clock: Option<(i64, i64)>,
}

impl Triage {
    /// Uses the silences of a desk. With a state folder, silenced alerts are written there. `held` are the bytes of the
    /// open incidents.
    pub(super) fn new(desk: Option<Desk>, folder: Option<&Path>, held: Option<&[u8]>) -> Self {
        let incidents = match held.map(|held| Incidents::load(Limits::default(), held)) {
            Some(Ok(incidents)) => incidents,
            Some(Err(why)) => {
                say(&format!("incidents: their state cannot be read, so they begin anew: {why}"));
                Incidents::default()
            }
            None => Incidents::default(),
        };
        let mut triage =
            Self { desk, apart: folder.map(|folder| folder.join(APART)), incidents, ..Self::default() };
        triage.look();
        triage
    }

    /// The open incidents, as bytes.
    pub(super) fn save(&self) -> Vec<u8> {
        self.incidents.save()
    }

    /// Reads the silences again if their file has changed. If the file is wrong, the old silences stay.
    pub(super) fn look(&mut self) {
        let Some(desk) = &self.desk else { return };
        let changed = fs::metadata(desk.silences_file()).and_then(|file| file.modified()).ok();
        if changed == self.changed {
            return;
        }
        self.changed = changed;
        match desk.silences() {
            Ok(silences) => self.silences = silences,
            Err(why) => say(&format!("{why}; the silences from before still hold")),
        }
    }

    /// Takes alerts of records that were received at one time. Returns the alerts for the sinks, and the incidents to
    /// report. `keeps` is true if silenced alerts have not been written yet, and must be.
    pub(super) fn take(
        &mut self,
        alerts: &[Alert],
        received: i64,
        origins: &Origins,
        keeps: bool,
    ) -> (Vec<Alert>, Vec<Item>, u64) {
        let (mut shown, mut told, mut apart) = (Vec::new(), self.pass(received), 0);
        for alert in alerts {
            if let Some(silence) = silenced(&self.silences, alert) {
                apart += 1;
                if keeps {
                    self.keep(alert, silence, origins);
                }
                continue;
            }
            shown.push(alert.clone());
            let taken = self.incidents.take(alert);
            told.extend(taken.ended.iter().map(item));
            if let Some(incident) = taken.incident.and_then(|number| self.incidents.get(number))
                && taken.urgent
            {
                told.push(item(incident));
            }
            if self.clock.is_none_or(|(newest, _)| newest < alert.time.0) {
                self.clock = Some((alert.time.0, received));
            }
        }
        (shown, told, apart)
    }

    /// Closes and reports incidents that have ended. A source may lag behind, so the time that passed on this machine's
    /// clock is added to the time of the newest alert.
    fn pass(&mut self, received: i64) -> Vec<Item> {
        let Some((newest, at)) = self.clock else { return Vec::new() };
        let now = newest.saturating_add(received.saturating_sub(at).max(0));
        self.incidents.pass(Timestamp(now)).iter().map(item).collect()
    }

    /// Writes a silenced alert to the file. It is written nowhere else.
    fn keep(&self, alert: &Alert, silence: &Silence, origins: &Origins) {
        let Some(file) = &self.apart else { return };
        let why = json!({ "name": silence.name, "reason": silence.reason });
        let located = Located { added: vec![("silenced", why)], ..Located::new(alert, origins) };
        let json = located.to_json();
        let line = escape::line(&json, false);
        if fs::metadata(file).is_ok_and(|known| known.len() >= APART_BYTES) {
            let _ = fs::rename(file, file.with_extension("ndjson.1"));
        }
        let opened = OpenOptions::new().create(true).append(true).open(file);
        if let Err(error) = opened.and_then(|mut opened| writeln!(opened, "{line}")) {
            say(&format!("{}: {error}; a silenced alert is not kept: {}", file.display(), alert.id));
        }
    }
}

/// An incident for the sinks that want incidents. Each change has its own id, because receivers drop repeated ids.
fn item(incident: &Incident) -> Item {
    let word = match incident.state {
        State::Open => "open",
        State::Closed => "closed",
        State::Merged { .. } => "merged",
    };
    let mut value = incident.to_value();
    let id = format!("{}/{word}/{}", incident.id, incident.alerts.len());
    if let Value::Object(map) = &mut value {
        map.insert("id".into(), id.as_str().into());
    }
    let line = escape::line(&value.to_string(), false).into_owned();
    Item {
        analytic: INCIDENT.into(),
        severity: crate::serve::outbox::rank(incident.severity),
        id,
        lines: vec![("json".into(), line)],
    }
}
