//! Writes alerts in the [Elastic Common Schema][1], version 8.17, as events of kind `alert`.
//!
//! Fields of an alert without a field in the schema are under `authsieve.*`, with their own names.
//!
//! | ECS | alert |
//! |---|---|
//! | `@timestamp`, `event.start`, `event.end` | `time`, `first_seen`, `last_seen` |
//! | `event.id` | `id`; for an update `id` and `/u` |
//! | `event.action`, `rule.category` | `pattern` |
//! | `event.severity` | `severity`, from 1 (informational) to 5 (critical) |
//! | `event.reason` | `context` |
//! | `message` | `title` |
//! | `rule.id`, `rule.version` | `analytic`, `analytic_version` |
//! | `threat.*` | `techniques`, with their tactics |
//! | `source.*`, `user.name`, `host.name`, `service.name`, `user_agent.original` | fields of the event that raised the alert |
//! | `related.*` | all addresses, accounts and hosts |
//! | `log.file.path` | the file of the record that raised the alert; `authsieve.origin` has its line, and the places of the evidence |
//!
//! [1]: https://www.elastic.co/guide/en/ecs/8.17/ecs-field-reference.html

use super::attack;
use super::located::Located;
use super::ocsf::{put, severity, text, unmapped};
use authsieve_engine::alert::Alert;
use serde_json::{Value, json};
use std::net::IpAddr;

/// The version of the schema.
pub const VERSION: &str = "8.17.0";

/// The alert as one line of JSON, without a newline.
#[must_use]
pub fn to_json(alert: &Located<'_>) -> String {
    event(alert).to_string()
}

/// The alert as an event.
#[must_use]
pub fn event(located: &Located<'_>) -> Value {
    let alert = located.alert;
    let mut event = json!({
        "@timestamp": alert.time.to_string(),
        "ecs": { "version": VERSION },
        "message": alert.title,
        "event": {
            "kind": "alert",
            "category": ["authentication", "intrusion_detection"],
            "type": ["info"],
            "id": alert.delivery(),
            "action": alert.pattern,
            "provider": "authsieve",
            "severity": severity(alert.severity).0,
            "start": alert.first_seen.to_string(),
            "end": alert.last_seen.to_string(),
        },
        "rule": {
            "id": alert.analytic,
            "version": alert.analytic_version,
            "category": alert.pattern,
            "ruleset": "authsieve",
        },
        "authsieve": own(located),
    });
    if let (Some(inner), false) = (event.get_mut("event"), alert.context.is_empty()) {
        put(inner, "reason", Some(alert.context.join("; ").into()));
    }
    if let Some(address) = &alert.src_ip {
        let mut source = json!({ "address": address });
        put(&mut source, "ip", is_ip(address).then(|| address.as_str().into()));
        put(&mut event, "source", Some(source));
    }
    let named = |value: &Option<String>, field: &str| value.as_ref().map(|name| json!({ field: name }));
    put(&mut event, "user", named(&alert.user, "name"));
    put(&mut event, "host", named(&alert.host, "name"));
    put(&mut event, "service", named(&alert.service, "name"));
    put(&mut event, "user_agent", named(&alert.user_agent, "original"));
    let file = located.origin.as_ref().map(|origin| json!({ "file": { "path": &*origin.file } }));
    put(&mut event, "log", file);
    put(&mut event, "threat", threat(alert));
    put(&mut event, "related", related(alert));
    event
}

fn own(located: &Located<'_>) -> Value {
    let alert = located.alert;
    let mut own = unmapped(located);
    put(&mut own, "severity", Some(alert.severity.as_str().into()));
    // `related.ip` has the other addresses.
    let named: Vec<String> = alert.src_ips.iter().filter(|address| !is_ip(address)).cloned().collect();
    put(&mut own, "src_ips", (!named.is_empty()).then(|| named.into()));
    let evidence =
        || alert.evidence.iter().map(|one| json!({ "record": one.record, "text": one.text })).collect();
    put(&mut own, "evidence", (!alert.evidence.is_empty()).then(evidence));
    put(&mut own, "response", (!alert.response.is_empty()).then(|| alert.response.clone().into()));
    own
}

/// Lists each technique, sub-technique and tactic once. Entries at the same position of two lists belong together.
fn threat(alert: &Alert) -> Option<Value> {
    let mut wholes: Vec<&str> = Vec::new();
    let mut parts: Vec<&str> = Vec::new();
    let mut tactics: Vec<attack::Tactic> = Vec::new();
    for id in &alert.techniques {
        let whole = attack::whole(id);
        if !wholes.contains(&whole) {
            wholes.push(whole);
        }
        if whole != id && !parts.contains(&id.as_str()) {
            parts.push(id);
        }
        tactics.extend(
            attack::technique(id)
                .map(|known| known.tactic)
                .filter(|tactic| !tactics.contains(tactic))
                .as_slice(),
        );
    }
    if wholes.is_empty() {
        return None;
    }
    let entity = |ids: &[&str]| {
        let names: Option<Vec<&str>> =
            ids.iter().map(|id| attack::technique(id).map(|known| known.name)).collect();
        let mut entity = json!({ "id": ids });
        // A list with gaps would put a name next to the wrong id.
        if let Some(names) = names {
            let pages: Vec<String> = ids.iter().map(|id| attack::page(id)).collect();
            put(&mut entity, "name", Some(names.into()));
            put(&mut entity, "reference", Some(pages.into()));
        }
        entity
    };
    let mut technique = entity(&wholes);
    put(&mut technique, "subtechnique", (!parts.is_empty()).then(|| entity(&parts)));
    let mut threat = json!({ "framework": "MITRE ATT&CK", "technique": technique });
    if !tactics.is_empty() {
        let ids: Vec<&str> = tactics.iter().map(|tactic| tactic.id).collect();
        let names: Vec<&str> = tactics.iter().map(|tactic| tactic.name).collect();
        put(&mut threat, "tactic", Some(json!({ "id": ids, "name": names })));
    }
    Some(threat)
}

fn related(alert: &Alert) -> Option<Value> {
    let all = |one: &Option<String>, others: &[String], wanted: fn(&str) -> bool| {
        let mut list: Vec<String> = Vec::new();
        for value in one.iter().chain(others).filter(|value| wanted(value)) {
            if !list.contains(value) {
                list.push(value.clone());
            }
        }
        (!list.is_empty()).then(|| Value::from(list))
    };
    let mut related = json!({});
    put(&mut related, "ip", all(&alert.src_ip, &alert.src_ips, is_ip));
    put(&mut related, "user", all(&alert.user, &alert.users, |_| true));
    put(&mut related, "hosts", text(alert.host.as_ref()).map(|host| vec![host].into()));
    related.as_object().is_some_and(|map| !map.is_empty()).then_some(related)
}

/// True if a field of type `ip` accepts the text. Otherwise Elasticsearch would refuse the whole event.
fn is_ip(address: &str) -> bool {
    address.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use authsieve_engine::alert::{Severity, Tally};
    use authsieve_engine::time::Timestamp;
    use authsieve_records::Origins;

    #[test]
    fn an_alert_in_ecs() {
        let alert = Alert {
            id: "ab".into(),
            analytic: "AN1269".into(),
            analytic_version: "0.1.0".into(),
            pattern: "password-spray".into(),
            severity: Severity::Critical,
            title: "spray".into(),
            time: Timestamp(1_772_524_805_000_000),
            first_seen: Timestamp(1_772_524_705_000_000),
            last_seen: Timestamp(1_772_524_805_000_000),
            user: Some("bob@example.com".into()),
            users: vec!["alice@example.com".into(), "bob@example.com".into()],
            src_ip: Some("203.0.113.9".into()),
            src_ips: vec!["203.0.113.9".into()],
            reasons: vec![Tally { code: "50126".into(), count: 12 }],
            techniques: vec!["T1110.003".into(), "T1078.004".into(), "T1110.004".into()],
            ..Alert::default()
        };
        let event = event(&Located::new(&alert, &Origins::default()));
        assert_eq!(event["@timestamp"], "2026-03-03T08:00:05Z");
        assert_eq!(event["event"]["kind"], "alert");
        assert_eq!(event["event"]["severity"], 5);
        assert_eq!(event["source"], json!({ "ip": "203.0.113.9", "address": "203.0.113.9" }));
        assert_eq!(event["related"]["user"], json!(["bob@example.com", "alice@example.com"]));
        assert_eq!(event["threat"]["technique"]["id"], json!(["T1110", "T1078"]));
        assert_eq!(
            event["threat"]["technique"]["subtechnique"]["name"],
            json!(["Password Spraying", "Cloud Accounts", "Credential Stuffing"])
        );
        assert_eq!(event["threat"]["tactic"]["id"], json!(["TA0006", "TA0001"]));
        assert_eq!(event["authsieve"]["reasons"], json!([{ "code": "50126", "count": 12 }]));
        assert!(event.get("host").is_none() && event["authsieve"].get("device").is_none());
    }

    #[test]
    fn what_is_no_address_is_none() {
        let alert = Alert { src_ip: Some("tty1".into()), ..Alert::default() };
        let event = event(&Located::new(&alert, &Origins::default()));
        assert_eq!(event["source"], json!({ "address": "tty1" }));
        assert!(event.get("related").is_none());
    }
}
