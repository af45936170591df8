//! Writes alerts as OCSF Detection Findings: class 2004 of the [Open Cybersecurity Schema Framework][1], version 1.5.0.
//!
//! Only facts of the alert are written. Fields without an attribute in the schema are under `unmapped`, with their own
//! names. Recommended attributes that no alert knows (confidence, the time zone) are left out.
//!
//! | OCSF | alert |
//! |---|---|
//! | `finding_info.uid`, `metadata.uid` | `id` |
//! | `finding_info.title`, `message` | `title` |
//! | `finding_info.desc` | `context` |
//! | `finding_info.types` | `pattern` |
//! | `finding_info.analytic` | `analytic`, `analytic_version` |
//! | `finding_info.attacks` | `techniques` |
//! | `activity_id` | 1 (create), or 2 (update) where `status` says so |
//! | `severity_id` | `severity` |
//! | `time`, `start_time`, `end_time` | `time`, `first_seen`, `last_seen` |
//! | `evidences[0]` | the event that raised the alert: `src_ip`, `user`, `host`, `service`, `user_agent` |
//! | `evidences[1..]` | the other `users` and `src_ips`, then `evidence` as raw text in `data` |
//! | `observables` | `src_ips`, `users`, `host`, `user_agent` |
//! | `remediation.desc` | `response` |
//! | `unmapped.origin` | file and line of the record that raised the alert, and of each piece of `evidence` |
//!
//! [1]: https://schema.ocsf.io/1.5.0/classes/detection_finding

use super::attack;
use super::located::Located;
use authsieve_engine::alert::{Alert, Severity, Tally};
use authsieve_engine::time::Timestamp;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// The version of the schema.
pub const VERSION: &str = "1.5.0";

/// The alert as one line of JSON, without a newline.
#[must_use]
pub fn to_json(alert: &Located<'_>) -> String {
    event(alert).to_string()
}

/// The alert as an event of class 2004.
#[must_use]
pub fn event(located: &Located<'_>) -> Value {
    let alert = located.alert;
    // An update repeats the same finding.
    let (activity, activity_name, status) =
        if alert.status.is_some() { (2, "Update", (2, "In Progress")) } else { (1, "Create", (1, "New")) };
    let mut event = json!({
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "activity_id": activity,
        "activity_name": activity_name,
        "type_uid": 200_400 + activity,
        "type_name": format!("Detection Finding: {activity_name}"),
        "severity_id": severity(alert.severity).0,
        "severity": severity(alert.severity).1,
        "status_id": status.0,
        "status": status.1,
        "is_alert": true,
        "time": milliseconds(alert.time),
        "start_time": milliseconds(alert.first_seen),
        "end_time": milliseconds(alert.last_seen),
        "message": alert.title,
        "metadata": {
            "version": VERSION,
            "uid": alert.delivery(),
            "product": {
                "name": "authsieve",
                "vendor_name": "authsieve",
                "version": env!("CARGO_PKG_VERSION"),
            },
        },
        "finding_info": finding(alert),
        "unmapped": unmapped(located),
    });
    let list = |values: Vec<Value>| (!values.is_empty()).then_some(Value::Array(values));
    put(&mut event, "evidences", list(evidences(alert)));
    put(&mut event, "observables", list(observables(alert)));
    if !alert.response.is_empty() {
        put(&mut event, "remediation", Some(json!({ "desc": alert.response.join("\n") })));
    }
    event
}

fn finding(alert: &Alert) -> Value {
    let mut finding = json!({
        "uid": alert.id,
        "title": alert.title,
        "types": [alert.pattern],
        "created_time": milliseconds(alert.time),
        "first_seen_time": milliseconds(alert.first_seen),
        "last_seen_time": milliseconds(alert.last_seen),
        "analytic": {
            "uid": alert.analytic,
            "type_id": 1,
            "type": "Rule",
            "version": alert.analytic_version,
        },
    });
    if !alert.context.is_empty() {
        put(&mut finding, "desc", Some(alert.context.join("; ").into()));
    }
    if !alert.techniques.is_empty() {
        put(&mut finding, "attacks", Some(alert.techniques.iter().map(|id| attack_of(id)).collect()));
    }
    finding
}

/// A technique. For a sub-technique, both are written.
fn attack_of(id: &str) -> Value {
    let named = |id: &str| {
        let mut entity = json!({ "uid": id });
        if let Some(known) = attack::technique(id) {
            put(&mut entity, "name", Some(known.name.into()));
            put(&mut entity, "src_url", Some(attack::page(id).into()));
        }
        entity
    };
    let mut attack = json!({ "technique": named(attack::whole(id)) });
    if attack::whole(id) != id {
        put(&mut attack, "sub_technique", Some(named(id)));
    }
    if let Some(known) = attack::technique(id) {
        put(&mut attack, "tactic", Some(json!({ "uid": known.tactic.id, "name": known.tactic.name })));
    }
    attack
}

/// First the event that raised the alert, then the other accounts and addresses, then the raw records.
fn evidences(alert: &Alert) -> Vec<Value> {
    let mut raised = json!({});
    put(&mut raised, "src_endpoint", alert.src_ip.as_deref().map(endpoint));
    put(&mut raised, "user", alert.user.as_ref().map(|name| json!({ "name": name })));
    let mut target = json!({});
    put(&mut target, "hostname", text(alert.host.as_ref()));
    put(&mut target, "svc_name", text(alert.service.as_ref()));
    let target = Some(target).filter(|target| target.as_object().is_some_and(|map| !map.is_empty()));
    put(&mut raised, "dst_endpoint", target);
    // The schema does not allow an empty evidence.
    let any = raised.as_object().is_some_and(|map| !map.is_empty());
    if any {
        put(
            &mut raised,
            "http_request",
            alert.user_agent.as_ref().map(|agent| json!({ "user_agent": agent })),
        );
    }
    let others = |all: &'_ [String], one: &Option<String>| -> Vec<String> {
        all.iter().filter(|name| Some(*name) != one.as_ref()).cloned().collect()
    };
    let addresses = others(&alert.src_ips, &alert.src_ip);
    let users = others(&alert.users, &alert.user);
    any.then_some(raised)
        .into_iter()
        .chain(addresses.iter().map(|address| json!({ "src_endpoint": endpoint(address) })))
        .chain(users.iter().map(|name| json!({ "user": { "name": name } })))
        .chain(alert.evidence.iter().map(|record| json!({ "data": record.text })))
        .collect()
}

/// An address, or for a local login the text in its place.
fn endpoint(address: &str) -> Value {
    match address.parse::<IpAddr>() {
        Ok(_) => json!({ "ip": address }),
        Err(_) => json!({ "name": address }),
    }
}

/// The numbers are from the schema: 1 host name, 2 IP address, 4 user name, 16 user agent.
fn observables(alert: &Alert) -> Vec<Value> {
    fn list<'a>(one: &'a Option<String>, all: &'a [String]) -> impl Iterator<Item = &'a String> {
        one.iter().chain(all.iter().filter(move |other| Some(*other) != one.as_ref()))
    }
    let of = |name: &'static str, id: u8, kind: &'static str| move |value: &String| json!({ "name": name, "type_id": id, "type": kind, "value": value });
    list(&alert.src_ip, &alert.src_ips)
        .filter(|address| address.parse::<IpAddr>().is_ok())
        .map(of("evidences.src_endpoint.ip", 2, "IP Address"))
        .chain(list(&alert.user, &alert.users).map(of("evidences.user.name", 4, "User Name")))
        .chain(alert.host.iter().map(of("evidences.dst_endpoint.hostname", 1, "Hostname")))
        .chain(alert.user_agent.iter().map(of("evidences.http_request.user_agent", 16, "HTTP User-Agent")))
        .collect()
}

/// The fields without an attribute in the schema, with their own names.
pub(crate) fn unmapped(located: &Located<'_>) -> Value {
    let alert = located.alert;
    let mut rest = json!({ "config_digest": alert.config_digest, "record": alert.record });
    let records: Vec<u64> = alert.evidence.iter().map(|one| one.record).collect();
    put(&mut rest, "evidence_records", (!records.is_empty()).then(|| records.into()));
    put(&mut rest, "origin", located.origin());
    for (name, value) in &located.added {
        put(&mut rest, name, Some(value.clone()));
    }
    put(&mut rest, "application", text(alert.application.as_ref()));
    put(&mut rest, "device", text(alert.device.as_ref()));
    let counts = [
        ("failure_count", alert.failure_count),
        ("challenge_count", alert.challenge_count),
        ("distinct_users", alert.distinct_users),
        ("distinct_ips", alert.distinct_ips),
    ];
    for (name, count) in counts {
        put(&mut rest, name, count.map(Value::from));
    }
    let lists = [
        ("estimated", &alert.estimated),
        ("matched", &alert.matched),
        ("related_successes", &alert.related_successes),
    ];
    for (name, list) in lists {
        put(&mut rest, name, (!list.is_empty()).then(|| list.clone().into()));
    }
    for (name, list) in [("reasons", &alert.reasons), ("outcomes", &alert.outcomes)] {
        put(&mut rest, name, (!list.is_empty()).then(|| tallies(list)));
    }
    rest
}

/// Written as a list: with codes as field names, each code would become a column.
fn tallies(list: &[Tally]) -> Value {
    list.iter().map(|tally| json!({ "code": tally.code, "count": tally.count })).collect()
}

/// Sets a member of an object, if there is a value for it.
pub(crate) fn put(object: &mut Value, name: &str, value: Option<Value>) {
    if let (Value::Object(map), Some(value)) = (object, value) {
        let map: &mut Map<String, Value> = map;
        map.insert(name.to_owned(), value);
    }
}

pub(crate) fn text(value: Option<&String>) -> Option<Value> {
    value.map(|text| Value::String(text.clone()))
}

pub(crate) fn milliseconds(time: Timestamp) -> i64 {
    time.0.div_euclid(1000)
}

/// The schema's number and name for the severity.
pub(crate) fn severity(severity: Severity) -> (u8, &'static str) {
    match severity {
        Severity::Informational => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}
