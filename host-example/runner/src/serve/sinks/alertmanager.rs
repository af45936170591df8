//! The sink for Prometheus' Alertmanager, by its API v2: `POST /api/v2/alerts`.
//!
//! Alertmanager identifies an alert by its labels. The id is one of the labels: so two alerts never merge, and a
//! repeated alert is recognized. The labels are bounded in number and length, and are always the same for an id.
//! `generatorURL` is left out, because authsieve has no page to link to.
//!
//! An alert of authsieve is a point in time and has no end. So it is reported as firing for `resolve_after` from its
//! time, or from its delivery if that is later.

use super::failure::Failure;
use super::fields::{Fields, shown};
use super::place::Place;
use super::{Batch, http};
use crate::serve::net::Access;
use authsieve_engine::time::Timestamp;
use hyper::header::HeaderMap;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The path of the API.
const PATH: &str = "/api/v2/alerts";
/// The largest size of a label in bytes, and of an annotation.
const LABEL: usize = 256;
const ANNOTATION: usize = 2048;
/// The default of `resolve_after`.
const RESOLVE_AFTER: Duration = Duration::from_secs(3600);

/// The options of the sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The server. The path of the API is added to its URL.
    pub http: http::Options,
    /// How long an alert is reported as firing.
    pub resolve_after: Duration,
}

impl Options {
    /// Options with defaults for this server.
    ///
    /// # Errors
    /// Fails if the place is not a URL.
    pub fn new(place: Place) -> Result<Self, String> {
        Ok(Self { http: http::Options::to(place)?, resolve_after: RESOLVE_AFTER })
    }
}

/// Sends alerts to an Alertmanager.
pub(super) struct Alertmanager {
    http: http::Http,
    resolve_after: Duration,
}

impl Alertmanager {
    pub(super) fn new(options: &Options, access: &Access) -> Self {
        let http = http::Http::new(&options.http.clone().under(PATH), access);
        Self { http, resolve_after: options.resolve_after }
    }

    pub(super) async fn deliver(&self, batch: &Batch<'_>) -> Result<(), Failure> {
        let now = crate::sources::now();
        let alert = |item| alert(&Fields::of(item), now, self.resolve_after);
        let alerts: Value = batch.items.iter().map(|item| alert(item)).collect();
        let body = alerts.to_string().into_bytes();
        self.http.send("application/json", HeaderMap::new(), body).await.map(drop)
    }
}

/// An alert in the format of the API.
fn alert(fields: &Fields, now: i64, resolve_after: Duration) -> Value {
    let (mut labels, mut annotations) = (Map::new(), Map::new());
    // Alertmanager drops empty labels and annotations, so they are not sent.
    let put = |map: &mut Map<String, Value>, name: &str, text: Option<&str>, most: usize| {
        if let Some(text) = text {
            map.insert(name.into(), shown(text, most).into());
        }
    };
    let rule = [fields.text("analytic"), fields.text("pattern")].map(Option::unwrap_or_default).join(" ");
    put(&mut labels, "alertname", Some(rule.trim()), LABEL);
    put(&mut labels, "alert_id", fields.text("id"), LABEL);
    put(&mut labels, "severity", Some(fields.severity().as_str()), LABEL);
    for (label, field) in [
        ("analytic", "analytic"),
        ("pattern", "pattern"),
        ("user", "user"),
        ("address", "src_ip"),
        ("host", "host"),
        ("service", "service"),
    ] {
        put(&mut labels, label, fields.text(field), LABEL);
    }
    put(&mut annotations, "summary", fields.text("title"), ANNOTATION);
    put(&mut annotations, "description", fields.joined("context", "; ").as_deref(), ANNOTATION);
    for (name, between) in [("response", " "), ("users", ", "), ("src_ips", ", "), ("techniques", ", ")] {
        put(&mut annotations, name, fields.joined(name, between).as_deref(), ANNOTATION);
    }
    for name in ["failure_count", "challenge_count"] {
        put(
            &mut annotations,
            name,
            fields.number(name).map(|count| count.to_string()).as_deref(),
            ANNOTATION,
        );
    }
    put(&mut annotations, "status", fields.text("status"), ANNOTATION);
    let starts = fields.time("time").unwrap_or(now);
    let micros = i64::try_from(resolve_after.as_micros()).unwrap_or(i64::MAX);
    let ends = match fields.text("status") {
        Some("resolved") => starts.max(now),
        _ => starts.max(now).saturating_add(micros),
    };
    json!({
        "labels": labels,
        "annotations": annotations,
        "startsAt": Timestamp(starts).to_rfc3339(),
        "endsAt": Timestamp(ends).to_rfc3339(),
    })
}
