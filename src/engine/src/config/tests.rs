use super::*;
use crate::event::Event;
use crate::net::parse_address;
use crate::time::Span;

crate::settings! {
    /// Options as an analytic has them.
    pub struct Options {
        /// Failures it takes.
        pub min_failures: Threshold = 5, also "minFailures";
        /// How far back.
        pub window: Window = "15m";
    }
}

const THRESHOLDS: &[&str] = &["min_failures"];

fn read(text: &str) -> Result<Config<Options>, String> {
    Config::read(text, THRESHOLDS)
}

fn refused(text: &str, parts: &[&str]) {
    let error = read(text).expect_err(text);
    for part in parts {
        assert!(error.contains(part), "{text} gave {error:?}, which lacks {part:?}");
    }
}

#[test]
fn defaults_are_valid_and_equal_to_the_empty_object() {
    let config = read("").unwrap();
    assert_eq!(config.options.min_failures.0, 5);
    assert_eq!(config.options.window.0, Span::seconds(900));
    assert_eq!(config.common.max_keys.0, 100_000);
    assert_eq!(config.digest, read("{}").unwrap().digest);
}

#[test]
fn the_digest_names_the_effective_configuration() {
    let digest = |text| read(text).unwrap().digest;
    assert_eq!(digest(r#"{"window":"900s","min_failures":5}"#), digest(""));
    assert_eq!(digest(r#"{"minFailures":6}"#), digest(r#"{"min_failures":6}"#));
    assert_ne!(digest(r#"{"min_failures":6}"#), digest(""));
    assert_ne!(digest(r#"{"override":[{"users":["a"],"ignore":true}]}"#), digest(""));
}

#[test]
fn errors_name_field_value_and_what_is_allowed() {
    refused(r#"{"window":"abc"}"#, &["window = \"abc\"", "a duration from 1s to 7d"]);
    refused(r#"{"min_failures":0}"#, &["min_failures = 0", "a whole number from 1 to 1000"]);
    refused(r#"{"min_failures":"5"}"#, &["min_failures = \"5\"", "a whole number"]);
    refused(
        r#"{"min_failuers":5}"#,
        &["min_failuers = 5", "no such option", "did you mean min_failures?", "window"],
    );
    refused(r#"{"minFailures":5,"min_failures":6}"#, &["the same option"]);
    refused(r#"{"min_failures":5,"min_failures":6}"#, &["there already"]);
    refused(
        r#"{"allow_ips":["10.0.0.0/33"]}"#,
        &["allow_ips = [\"10.0.0.0/33\"]", "each entry is an address"],
    );
    refused(
        r#"{"allow_ips":"10.0.0.0/8"}"#,
        &["allow_ips", "a list of at most 10000 in which each entry is an address"],
    );
    refused(r#"{"override":{}}"#, &["override", "a list of tables"]);
    refused(r#"{"override":[{},{"severity":"worse"}]}"#, &["override[1].severity", "\"worse\"", "\"+1\""]);
    refused(r#"{"override":[{"min_failures":0}]}"#, &["override[0].min_failures = 0", "1 to 1000"]);
    refused(r#"{"override":[{"window":"5m"}]}"#, &["override[0].window", "no such option"]);
    refused(r#"{"override":[{"users":[]}]}"#, &["override[0].users = []", "at least one"]);
    refused("[]", &["expected a JSON object"]);
    refused("{", &["not JSON"]);
    let both = read(r#"{"window":"x","min_failures":0}"#).unwrap_err();
    assert_eq!(both.lines().count(), 2, "everything that is wrong is said at once: {both}");
}

#[test]
fn the_first_override_whose_conditions_all_hold_decides() {
    let config = read(
        r#"{"override":[
            {"users":["svc-*"],"sources":["10.8.0.0/16"],"min_failures":20,"reason":"VPN egress"},
            {"hosts":["Bastion-*"],"severity":"+1"},
            {"users":["root"],"ignore":true}]}"#,
    )
    .unwrap();
    let event = |user: &'static str, ip: &str, host: &'static str| Event {
        user: user.into(),
        src_ip: parse_address(ip),
        host: host.into(),
        provider: "linux",
        ..Event::default()
    };
    let judge = |e: Event<'static>| {
        let j = config.overrides.judge(&e);
        (
            j.threshold(0, 5),
            j.severity(crate::alert::Severity::High).as_str(),
            j.ignored(),
            j.reason().map(String::from),
        )
    };
    assert_eq!(judge(event("svc-a", "10.8.1.1", "x")), (20, "high", false, Some("VPN egress".into())));
    assert_eq!(judge(event("svc-a", "10.9.1.1", "bastion-1")), (5, "critical", false, None));
    assert_eq!(judge(event("root", "-", "x")), (5, "high", true, None));
    assert_eq!(judge(event("Root", "-", "x")), (5, "high", false, None), "Linux names differ by case");
    let ecs = Event { provider: "ecs", ..event("Root", "-", "x") };
    assert!(!config.overrides.judge(&ecs).ignored(), "and who wrote a normalised event cannot be told");
    let ecs = Event { provider: "ecs", ..event("SVC-A@example.com", "10.8.1.1", "x") };
    assert_eq!(config.overrides.judge(&ecs).threshold(0, 5), 20);
    let windows = Event { provider: "windows", ..event("Root", "-", "x") };
    assert!(config.overrides.judge(&windows).ignored());
    assert_eq!(config.overrides.thresholds(0).collect::<Vec<_>>(), [20]);
}

#[test]
fn the_schema_tells_every_option() {
    let schema = Config::<Options>::schema("An \"example\"", THRESHOLDS);
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema["title"], "An \"example\"");
    let properties = schema["properties"].as_object().unwrap();
    for name in Config::<Options>::names() {
        assert!(properties.contains_key(name), "{name}");
    }
    assert_eq!(schema["properties"]["window"]["default"], "15m");
    assert_eq!(schema["properties"]["allow_ips"]["default"], serde_json::json!([]));
    assert_eq!(schema["properties"]["minFailures"]["$ref"], "#/properties/min_failures");
    assert_eq!(schema["properties"]["allow_ips"]["items"]["type"], "string");
    assert_eq!(
        schema["properties"]["allowed_lateness"]["pattern"],
        r"^max$|^\s*([0-9]+\s*(us|ms|s|m|h|d|w)\s*)+$"
    );
    assert_eq!(schema["properties"]["override"]["items"]["properties"]["min_failures"]["minimum"], 1);
}
