//! Checks alerts in OCSF and ECS against the published schemas: every alert of the project's cases, and one with all
//! fields set.
//!
//! `data/ocsf-1.5.0.txt` is the needed part of the OCSF schema: attributes, types, requirements, enumerations.

use authsieve::cases::{Bench, Case, find};
use authsieve::output::event::EventLine;
use authsieve::output::located::Located;
use authsieve::output::{ecs, ocsf, schema};
use authsieve_engine::alert::{Alert, Evidence, Severity, Tally};
use authsieve_engine::time::Timestamp;
use authsieve_host::{Analytic, Limits, Origins};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;
use std::sync::OnceLock;

mod support;

/// Every alert of every case, and two synthetic ones: one with all fields and one with as few as possible.
fn alerts() -> &'static [Alert] {
    static ALERTS: OnceLock<Vec<Alert>> = OnceLock::new();
    ALERTS.get_or_init(run)
}

fn run() -> Vec<Alert> {
    let bench = Bench::new(&support::engine(Limits::default()), &[]).unwrap();
    let analytics = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/analytics");
    let mut alerts = vec![full(), Alert { id: "00".into(), title: "least".into(), ..Alert::default() }];
    for dir in find(&analytics).unwrap() {
        alerts.extend(bench.alerts(&Case::read(&dir, &[]).unwrap()).unwrap());
    }
    assert!(alerts.len() > 200, "{} alerts", alerts.len());
    alerts
}

fn full() -> Alert {
    let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let some = |value: &str| Some(value.to_owned());
    Alert {
        id: "0123456789abcdef0123456789abcdef".into(),
        analytic: "AN0454".into(),
        analytic_version: "0.1.0".into(),
        config_digest: "d1".into(),
        pattern: "login-after-challenges".into(),
        severity: Severity::Critical,
        title: "a title with \"quotes\"\u{1b}[0m".into(),
        time: Timestamp(1_772_524_805_123_456),
        first_seen: Timestamp(-1),
        last_seen: Timestamp(1_772_524_805_123_456),
        user: some("bob"),
        users: list(&["alice", "bob"]),
        src_ip: some("2001:db8::7"),
        src_ips: list(&["2001:db8::7", "203.0.113.9", "workstation-7"]),
        host: some("web1"),
        service: some("sshd"),
        user_agent: some("curl/8"),
        application: some("Portal"),
        device: some("Bob's Mac"),
        failure_count: Some(12),
        challenge_count: Some(u32::MAX),
        distinct_users: Some(2),
        distinct_ips: Some(3),
        estimated: list(&["failure_count"]),
        matched: list(&["a", "b"]),
        reasons: vec![Tally { code: "50126".into(), count: 3 }],
        outcomes: vec![Tally { code: "denied".into(), count: 4 }],
        related_successes: list(&["carol"]),
        techniques: list(&["T1621", "T1078.004", "T1110", "T9999.001"]),
        context: list(&["why", "and why"]),
        evidence: ["raw one", "{\"raw\":2}"].map(|text| Evidence { record: 1, text: text.into() }).into(),
        status: None,
        record: 2,
        response: list(&["first", "then"]),
    }
}

/// An attribute of an object in the schema.
struct Attribute {
    kind: String,
    is_list: bool,
    is_required: bool,
    values: Vec<i64>,
}

#[derive(Default)]
struct Object {
    attributes: BTreeMap<String, Attribute>,
    at_least_one: Vec<String>,
}

fn schema() -> BTreeMap<String, Object> {
    let mut objects: BTreeMap<String, Object> = BTreeMap::new();
    let mut name = String::new();
    let text = include_str!("data/ocsf-1.5.0.txt");
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        if let Some(head) = line.strip_prefix('[') {
            name = head.trim_end_matches(']').to_owned();
        } else if let ["!", choices @ ..] = &words[..] {
            objects.entry(name.clone()).or_default().at_least_one =
                choices.iter().map(ToString::to_string).collect();
        } else {
            let attribute = Attribute {
                kind: words[1].trim_end_matches("[]").to_owned(),
                is_list: words[1].ends_with("[]"),
                is_required: words[2] == "required",
                values: words
                    .get(3)
                    .map(|list| list.split(',').map(|n| n.parse().unwrap()).collect())
                    .unwrap_or_default(),
            };
            objects.entry(name.clone()).or_default().attributes.insert(words[0].to_owned(), attribute);
        }
    }
    objects
}

/// The errors in a value of an object type, with their places.
fn flaws(
    schema: &BTreeMap<String, Object>,
    kind: &str,
    value: &Value,
    place: &str,
    flaws_found: &mut Vec<String>,
) {
    let mut flaw = |why: &str| flaws_found.push(format!("{place}: {why}: {value}"));
    let is_time = |n: i64| (-62_135_596_800_000..253_402_300_800_000).contains(&n);
    let fits = match kind {
        "string_t" | "hostname_t" | "username_t" | "url_t" | "email_t" => value.is_string(),
        "ip_t" => value.as_str().is_some_and(|text| text.parse::<IpAddr>().is_ok()),
        "integer_t" => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        "long_t" => value.as_i64().is_some(),
        "timestamp_t" => value.as_i64().is_some_and(is_time),
        "boolean_t" => value.is_boolean(),
        "json_t" => true,
        // `unmapped` may hold any members.
        "object" => value.is_object(),
        _ => {
            let Some(object) = schema.get(kind) else {
                return flaw(&format!("no part of the schema here: {kind}"));
            };
            let Some(map) = value.as_object() else { return flaw("no object") };
            for (name, attribute) in &object.attributes {
                if attribute.is_required && !map.contains_key(name) {
                    flaw(&format!("{name} is required"));
                }
            }
            let any = |names: &[String]| names.iter().any(|name| map.contains_key(name));
            if !object.at_least_one.is_empty() && !any(&object.at_least_one) {
                flaw(&format!("one of {:?} is wanted", object.at_least_one));
            }
            for (name, inner) in map {
                members(schema, object, name, inner, &format!("{place}.{name}"), flaws_found);
            }
            return;
        }
    };
    if !fits {
        flaw(&format!("no {kind}"));
    }
}

fn members(
    schema: &BTreeMap<String, Object>,
    object: &Object,
    name: &str,
    value: &Value,
    place: &str,
    flaws_found: &mut Vec<String>,
) {
    let Some(attribute) = object.attributes.get(name) else {
        return flaws_found.push(format!("{place}: not in the schema"));
    };
    let all: &[Value] = match (attribute.is_list, value) {
        (true, Value::Array(list)) if !list.is_empty() => list,
        (true, _) => return flaws_found.push(format!("{place}: no list, or an empty one: {value}")),
        (false, _) => std::slice::from_ref(value),
    };
    for inner in all {
        flaws(schema, &attribute.kind, inner, place, flaws_found);
        if !attribute.values.is_empty() && !inner.as_i64().is_some_and(|n| attribute.values.contains(&n)) {
            flaws_found.push(format!("{place}: none of {:?}: {inner}", attribute.values));
        }
    }
}

/// An alert with its place in a log of one file.
fn located(alert: &Alert) -> Located<'_> {
    let mut origins = Origins::default();
    origins.add(1, &"logs/auth.log".into(), 1);
    Located::new(alert, &origins)
}

#[test]
fn every_alert_is_a_detection_finding_of_the_published_schema() {
    let schema = schema();
    assert_eq!(schema.len(), 16);
    let mut seen = BTreeSet::new();
    for alert in alerts() {
        let event: Value = serde_json::from_str(&ocsf::to_json(&located(alert))).unwrap();
        let mut found = Vec::new();
        flaws(&schema, "detection_finding", &event, "", &mut found);
        assert!(found.is_empty(), "{}\n{event:#}", found.join("\n"));
        let number = |name: &str| event[name].as_i64().unwrap();
        assert_eq!(number("type_uid"), number("class_uid") * 100 + number("activity_id"));
        assert_eq!(number("class_uid") / 1000, number("category_uid"));
        assert_eq!(event["metadata"]["version"], ocsf::VERSION);
        assert_eq!(event["finding_info"]["uid"], alert.id.as_str());
        let line = &event["unmapped"]["origin"]["line"];
        assert_eq!(line.as_u64().unwrap_or_default(), alert.record);
        assert_eq!(number("time"), alert.time.0.div_euclid(1000));
        assert_eq!(number("severity_id"), alert.severity as i64 + 1);
        // Nothing is lost: each text of the alert is somewhere in the event.
        kept(alert, &event);
        seen.insert(number("severity_id"));
    }
    assert!(seen.len() >= 4, "{seen:?}");
}

/// Fields of the Elastic Common Schema 8.17 that alerts use, with their types. `[]` marks fields that are usually
/// lists.
const ECS: [(&str, &str); 38] = [
    ("@timestamp", "date"),
    ("ecs.version", "keyword"),
    ("event.action", "keyword"),
    ("event.category", "keyword[]"),
    ("event.end", "date"),
    ("event.id", "keyword"),
    ("event.kind", "keyword"),
    ("event.provider", "keyword"),
    ("event.reason", "keyword"),
    ("event.severity", "long"),
    ("event.start", "date"),
    ("event.type", "keyword[]"),
    ("host.name", "keyword"),
    ("log.file.path", "keyword"),
    ("message", "match_only_text"),
    ("related.hosts", "keyword[]"),
    ("related.ip", "ip[]"),
    ("related.user", "keyword[]"),
    ("rule.category", "keyword"),
    ("rule.id", "keyword"),
    ("rule.name", "keyword"),
    ("rule.ruleset", "keyword"),
    ("rule.version", "keyword"),
    ("service.name", "keyword"),
    ("source.address", "keyword"),
    ("source.ip", "ip"),
    ("threat.framework", "keyword"),
    ("threat.tactic.id", "keyword[]"),
    ("threat.tactic.name", "keyword[]"),
    ("threat.tactic.reference", "keyword[]"),
    ("threat.technique.id", "keyword[]"),
    ("threat.technique.name", "keyword[]"),
    ("threat.technique.reference", "keyword[]"),
    ("threat.technique.subtechnique.id", "keyword[]"),
    ("threat.technique.subtechnique.name", "keyword[]"),
    ("threat.technique.subtechnique.reference", "keyword[]"),
    ("user.name", "keyword"),
    ("user_agent.original", "keyword"),
];

fn leaves(map: &Map<String, Value>, place: &str, tell: &mut impl FnMut(&str, &Value)) {
    for (name, value) in map {
        let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        match value {
            Value::Object(inner) => {
                assert!(!inner.is_empty(), "{place} is empty");
                leaves(inner, &place, tell);
            }
            value => tell(&place, value),
        }
    }
}

#[test]
fn every_alert_is_an_ecs_alert() {
    let known: BTreeMap<&str, &str> = ECS.into_iter().collect();
    for alert in alerts() {
        let event: Value = serde_json::from_str(&ecs::to_json(&located(alert))).unwrap();
        leaves(event.as_object().unwrap(), "", &mut |place, value| {
            if place.starts_with("authsieve.") {
                return;
            }
            let kind = known.get(place).unwrap_or_else(|| panic!("{place} is no field of the schema"));
            let all = match (kind.strip_suffix("[]"), value) {
                (Some(_), Value::Array(list)) if !list.is_empty() => list.as_slice(),
                (None, _) => std::slice::from_ref(value),
                _ => panic!("{place}: no list: {value}"),
            };
            for value in all {
                let text = value.as_str();
                let fits = match kind.trim_end_matches("[]") {
                    "keyword" | "match_only_text" => text.is_some(),
                    "date" => text.is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
                    "ip" => text.is_some_and(|text| text.parse::<IpAddr>().is_ok()),
                    _ => value.is_i64(),
                };
                assert!(fits, "{place}: no {kind}: {value}");
            }
        });
        // The schema defines the allowed values, and which types belong to which categories.
        assert_eq!(event["event"]["kind"], "alert");
        assert_eq!(event["event"]["category"], serde_json::json!(["authentication", "intrusion_detection"]));
        assert_eq!(event["event"]["type"], serde_json::json!(["info"]));
        assert_eq!(event["ecs"]["version"], ecs::VERSION);
        assert_eq!(event["@timestamp"], alert.time.to_string());
        kept(alert, &event);
    }
}

/// Checks that every text of the alert is somewhere in the event, alone or joined with others.
fn kept(alert: &Alert, event: &Value) {
    fn texts(value: &Value, all: &mut Vec<String>) {
        match value {
            Value::String(text) => all.push(text.clone()),
            Value::Number(number) => all.push(number.to_string()),
            Value::Array(list) => list.iter().for_each(|inner| texts(inner, all)),
            Value::Object(map) => map.values().for_each(|inner| texts(inner, all)),
            _ => {}
        }
    }
    let mut there = Vec::new();
    texts(event, &mut there);
    let mut wanted = Vec::new();
    let Value::Object(mut map) = serde_json::to_value(alert).unwrap() else { panic!("no object") };
    // The format has these members in other units or words.
    for name in ["time", "first_seen", "last_seen", "severity"] {
        map.remove(name);
    }
    for name in ["reasons", "outcomes"] {
        if let Some(Value::Object(tallies)) = map.get(name) {
            wanted.extend(tallies.keys().cloned());
        }
    }
    texts(&Value::Object(map), &mut wanted);
    for text in wanted {
        assert!(there.iter().any(|other| other.contains(&text)), "{text} is lost: {event:#}");
    }
}

/// Says whether a value is what a JSON Schema describes. Knows the keywords that ours use. Members must be named.
fn fits(schema: &Value, value: &Value) -> bool {
    let is = |kind: &Value| match kind.as_str() {
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some("null") => value.is_null(),
        Some("integer") => {
            value.as_u64().is_some_and(|n| schema["maximum"].as_u64().is_none_or(|most| n <= most))
        }
        _ => false,
    };
    let member = |(name, value): (&String, &Value)| match (
        &schema["properties"][name],
        &schema["additionalProperties"],
    ) {
        (Value::Null, Value::Null) => false,
        (Value::Null, every) => fits(every, value),
        (member, _) => fits(member, value),
    };
    let kinds =
        schema["type"].as_array().map_or_else(|| std::slice::from_ref(&schema["type"]), Vec::as_slice);
    let mut names = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    schema["enum"].as_array().map_or_else(|| kinds.iter().any(is), |words| words.contains(value))
        && value.as_object().is_none_or(|map| map.iter().all(member))
        && value.as_array().is_none_or(|list| list.iter().all(|item| fits(&schema["items"], item)))
        && names.all(|name| value.get(name).is_some())
}

#[test]
fn alerts_and_events_fit_their_schemas() {
    let alert = schema::alert();
    for found in alerts() {
        let json: Value = serde_json::from_str(&located(found).to_json()).unwrap();
        assert!(fits(&alert, &json), "{json:#}");
        let mut other = json;
        other["severity"] = "grave".into();
        assert!(!fits(&alert, &other));
    }
    let event = schema::event();
    let mut events = 0;
    for file in [
        "audit.jsonl",
        "auth.log",
        "duo.jsonl",
        "journal.jsonl",
        "okta.jsonl",
        "security.jsonl",
        "signins.jsonl",
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host-example/runner/samples").join(file);
        let log = std::fs::read(path).unwrap();
        let engine = support::engine(Limits::default());
        let suite = Analytic::load(&engine, "suite", authsieve_components::SUITE.wasm).unwrap();
        let decoded = suite.create("", 0).unwrap().decode(&log, 1_780_272_000_000_000).unwrap();
        for found in decoded {
            let line = EventLine::of(None, found.record, found).to_json();
            assert!(fits(&event, &serde_json::from_str(&line).unwrap()), "{line}");
            events += 1;
        }
    }
    assert!(events > 100, "{events} events");
    assert!(fits(&event, &serde_json::from_str(&EventLine::nothing(Some("a.log"), 7).to_json()).unwrap()));
}
