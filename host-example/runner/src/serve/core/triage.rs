//! Alerts on their way to the outbox: silenced ones are kept apart, all others make incidents.
//!
//! The open incidents are part of the state on disk, and batches that are judged again after a crash make the same of them.

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

/// The name of the part of a state that holds incidents. No analytic is called so.
pub(super) const PART: &str = "incidents/1";
/// The file of silenced alerts in the state folder. When it is full, it takes the place of the one before.
const APART: &str = "silenced.ndjson";
const APART_BYTES: u64 = 64 << 20;

/// What people said, and the open incidents.
#[derive(Default)]
pub(super) struct Triage {
    desk: Option<Desk>,
    silences: Vec<Silence>,
    /// When the file of silences was changed last.
    changed: Option<SystemTime>,
    apart: Option<PathBuf>,
    incidents: Incidents,
    /// The newest alert, and when its records were received.
    clock: Option<(i64, i64)>,
}

impl Triage {
    /// Silences of a desk; with a state folder, silenced alerts are kept there. `held` are the bytes of open incidents.
    pub(super) fn new(desk: Option<Desk>, folder: Option<&Path>, held: Option<&[u8]>) -> Self {
        let incidents = match held.map(|held| Incidents::load(Limits::default(), held)) {
            Some(Ok(incidents)) => incidents,
            Some(Err(why)) => {
                say(&format!("incidents: their state is not read, they begin anew: {why}"));
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

    /// Reads the silences again if their file has changed. Where it is wrong, the old ones stay.
    pub(super) fn look(&mut self) {
        let Some(desk) = &self.desk else { return };
        let changed = fs::metadata(desk.silences_file()).and_then(|file| file.modified()).ok();
        if changed == self.changed {
            return;
        }
        self.changed = changed;
        match desk.silences() {
            Ok(silences) => self.silences = silences,
            Err(why) => say(&format!("{why}; the silences from before stay")),
        }
    }

    /// Takes alerts of records that were received at a time. Returns which of them go to the sinks, and what is to be told of
    /// incidents. `keeps`: silenced ones are written down, as they were not yet.
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

    /// Time has passed since the newest alert came: incidents that this closes are told. A source may lag behind, so what
    /// passed on this machine's clock is added to the alert's own time.
    fn pass(&mut self, received: i64) -> Vec<Item> {
        let Some((newest, at)) = self.clock else { return Vec::new() };
        let now = newest.saturating_add(received.saturating_sub(at).max(0));
        self.incidents.pass(Timestamp(now)).iter().map(item).collect()
    }

    /// Writes a silenced alert down. Nothing else knows of it.
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

/// An incident for the sinks that want incidents. Each change has an id of its own, as receivers drop what comes twice.
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
