use super::*;
use crate::event::{Event, Provider};
use crate::net::parse_address;
use crate::time::Span;
use alloc::string::ToString;

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

fn read(text: &str) -> Result<Config<Options>, Problems> {
    Config::of("an1", text, THRESHOLDS)
}

/// Checks that the configuration is refused for exactly these reasons, each a code and the beginning of its line.
fn refused(text: &str, expected: &[(&str, &str)]) {
    let problems = read(text).expect_err(text);
    let told: Vec<_> = problems.list().iter().map(|p| (p.code, p.to_string())).collect();
    assert_eq!(told.len(), expected.len(), "{text} gave {told:?}");
    for ((code, line), (expected_code, begin)) in told.iter().zip(expected) {
        assert!(code == expected_code && line.starts_with(begin), "{text} gave {code} {line}, not {begin}");
        assert!(code::ALL.contains(code));
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
fn the_digest_covers_what_differs_from_the_defaults() {
    let digest = |text| read(text).unwrap().digest;
    assert_eq!(digest(r#"{"window":"900s","min_failures":5,"timezone":"Z","follow_up":"off"}"#), digest(""));
    assert_eq!(digest(r#"{"minFailures":6}"#), digest(r#"{"min_failures":6}"#));
    assert_eq!(digest(r#"{"minFailures":6,"window":"1m"}"#), digest(r#"{"window":"60s","min_failures":6}"#));
    assert_ne!(digest(r#"{"min_failures":6}"#), digest(""));
    assert_ne!(digest(r#"{"override":[{"users":["a"],"ignore":true}]}"#), digest(""));
    assert_ne!(digest(r#"{"ignore_users":["a"]}"#), digest(r#"{"ignore_hosts":["a"]}"#));
    assert_eq!(digest(r#"{"an1":{"window":"5m"},"salt":"x"}"#), digest(r#"{"window":"5m","salt":"x"}"#));
}

#[test]
fn problems_name_option_value_and_what_is_allowed() {
    let duration = "expected a duration from 1s to 7d, such as \"90s\", \"15m\" or \"1h30m\"";
    refused(
        r#"{"window":"15x"}"#,
        &[("invalid-value", &format!("window: \"15x\" is no duration; {duration}"))],
    );
    refused(
        r#"{"window":"8d"}"#,
        &[("out-of-range", &format!("window: \"8d\" is out of range; {duration}"))],
    );
    refused(r#"{"window":5}"#, &[("wrong-type", &format!("window: 5 is a number; {duration}"))]);
    refused(
        r#"{"min_failures":0}"#,
        &[("out-of-range", "min_failures: 0 is out of range; expected a whole number from 1 to 1000")],
    );
    refused(
        r#"{"min_failures":"5"}"#,
        &[("wrong-type", "min_failures: \"5\" is text; expected a whole number from 1 to 1000")],
    );
    refused(
        r#"{"min_failures":1.5}"#,
        &[("invalid-value", "min_failures: 1.5 is not valid; expected a whole")],
    );
    refused(
        r#"{"follow_up":"both"}"#,
        &[("invalid-value", "follow_up: \"both\" is none of the words; expected one of \"off\", \"end\"")],
    );
    refused(
        r#"{"max_record":"17 MiB"}"#,
        &[("invalid-value", "max_record: \"17 MiB\" is not valid; expected bytes")],
    );
    refused(
        r#"{"max_record":5}"#,
        &[("out-of-range", "max_record: 5 is out of range; expected bytes from 1 KiB")],
    );
    refused(
        r#"{"timezone":"-23:59"}"#,
        &[("invalid-value", "timezone: \"-23:59\" is not valid; expected an offset")],
    );
    let unknown = "min_failuers: there is no such option; did you mean min_failures? Expected one of min_failures, \
                   minFailures, window, allow_ips, ";
    refused(r#"{"min_failuers":5}"#, &[("unknown-option", unknown)]);
    refused(
        r#"{"minFailures":5,"min_failures":6}"#,
        &[("twice", "min_failures: 6 is for the same option as minFailures; expected once")],
    );
    refused(
        r#"{"min_failures":5,"min_failures":6}"#,
        &[("twice", "min_failures: 6 stands there twice; expected once")],
    );
    refused("[]", &[("not-json", "[] is a list; expected a JSON object")]);
    refused("{", &[("not-json", "the configuration is not JSON: line 1, column 2")]);
}

#[test]
fn everything_that_is_wrong_is_said_at_once_and_the_element_is_named() {
    let sources: Vec<_> = (0..3000).map(|n| format!("\"10.0.{}.{}/32\"", n / 250, n % 250)).collect();
    let mut allow_ips = sources.clone();
    allow_ips[2741] = "\"10.0.0.0/33\"".into();
    let text = format!(
        r#"{{"window":"x","allow_ips":[{}],"override":[{{}},{{"sources":["::1",[]],"severity":"worse","window":"5m"}}]}}"#,
        allow_ips.join(",")
    );
    refused(
        &text,
        &[
            (
                "invalid-value",
                "allow_ips[2741]: \"10.0.0.0/33\" is not valid; expected an address or a block",
            ),
            ("invalid-value", "window: \"x\" is no duration"),
            ("invalid-value", "override[1].sources[1]: [] is not valid; expected an address"),
            ("invalid-value", "override[1].severity: \"worse\" is not valid; expected \"informational\""),
            ("unknown-option", "override[1].window: there is no such option; Expected one of users, sources"),
        ],
    );
    refused(
        r#"{"allow_ips":"::1"}"#,
        &[("wrong-type", "allow_ips: \"::1\" is text; expected a list of at most")],
    );
    refused(r#"{"override":{}}"#, &[("wrong-type", "override: {} is a table; expected a list of tables")]);
    refused(r#"{"override":[7]}"#, &[("wrong-type", "override[0]: 7 is a number; expected a table")]);
    refused(r#"{"override":[],"override":[]}"#, &[("twice", "override: [] stands there twice")]);
    refused(r#"{"override":[{"min_failures":0}]}"#, &[("out-of-range", "override[0].min_failures: 0")]);
    refused(
        r#"{"override":[{"users":[]}]}"#,
        &[("empty", "override[0].users: [] is empty; expected at least one")],
    );
}

#[test]
fn the_lines_for_hosts_hold_a_tab_where_one_is_meant() {
    let lines = read("{\"a\\tb\":[1,\t2],\"window\":[\n\t]}").unwrap_err().lines();
    let parts: Vec<Vec<_>> = lines.split('\n').map(|line| line.split('\t').collect()).collect();
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3], "{lines}");
    assert_eq!(parts[0][..2], ["wrong-type", "window"]);
    assert_eq!(parts[1][..2], ["unknown-option", r#""a\u0009b""#]);
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
        provider: Provider::Linux,
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
    let ecs = Event { provider: Provider::Ecs, ..event("Root", "-", "x") };
    assert!(!config.overrides.judge(&ecs).ignored(), "and who wrote a normalised event cannot be told");
    let ecs = Event { provider: Provider::Ecs, ..event("SVC-A@example.com", "10.8.1.1", "x") };
    assert_eq!(config.overrides.judge(&ecs).threshold(0, 5), 20);
    let windows = Event { provider: Provider::Windows, ..event("Root", "-", "x") };
    assert!(config.overrides.judge(&windows).ignored());
    assert_eq!(config.overrides.thresholds(0).collect::<Vec<_>>(), [20]);
}

#[test]
fn many_overrides_are_found_by_what_they_name() {
    let names = ["root", "Bob", "svc-1", "alice@example.com"];
    let hosts = ["web1", "DB-2"];
    let mut list = Vec::new();
    for n in 0..100_000 {
        list.push(match n % 5 {
            0 => format!(r#"{{"users":["user{n}","{}"],"min_failures":{}}}"#, names[n % 4], 6 + n % 90),
            1 => format!(r#"{{"hosts":["host{n}"],"users":["{}"],"min_failures":7}}"#, names[n % 3]),
            2 => format!(r#"{{"sources":["10.{}.{}.{}"],"min_failures":8}}"#, n >> 16, n >> 8 & 255, n & 255),
            3 => format!(r#"{{"hosts":["{}"],"sources":["10.0.0.0/8"],"min_failures":9}}"#, hosts[n % 2]),
            _ => format!(r#"{{"users":["u{n}"],"ignore":true}}"#),
        });
    }
    // Patterns among the overrides decide if they come first.
    list.insert(50, r#"{"users":["user7*"],"min_failures":3}"#.into());
    list.insert(0, r#"{"sources":["198.51.100.0/24"],"users":["root"],"min_failures":2}"#.into());
    let config = read(&format!(r#"{{"override":[{}]}}"#, list.join(","))).unwrap();
    for (user, ip, host, threshold) in [
        ("root", "198.51.100.7", "x", 2),
        ("root", "192.0.2.1", "x", 6),
        ("user75", "192.0.2.1", "x", 3),
        ("user70", "192.0.2.1", "x", 3),
        ("user10", "192.0.2.1", "x", 16),
        ("nobody", "10.0.0.2", "x", 8),
        ("nobody", "::ffff:10.0.0.2", "x", 8),
        ("nobody", "10.9.9.9", "db-2", 9),
        ("nobody", "192.0.2.1", "db-2", 5),
        ("u99999", "192.0.2.1", "x", 5),
    ] {
        let event = Event {
            user: user.into(),
            src_ip: parse_address(ip),
            host: host.into(),
            provider: Provider::Linux,
            ..Event::default()
        };
        for _ in 0..1000 {
            assert_eq!(config.overrides.judge(&event).threshold(0, 5), threshold, "{user} {ip} {host}");
        }
    }
    let patterns: Vec<String> =
        (0..1001).map(|n| format!(r#"{{"users":["u{n}*"],"ignore":true}}"#)).collect();
    refused(
        &format!(r#"{{"override":[{}]}}"#, patterns.join(",")),
        &[("conflict", "override: 1001 overrides hold for patterns")],
    );
}

#[test]
fn overrides_are_found_by_the_condition_that_few_others_share() {
    let each = |count: usize, one: &dyn Fn(usize) -> String| {
        let list: Vec<String> = (0..count).map(one).collect();
        format!(r#"{{"override":[{}]}}"#, list.join(","))
    };
    // All overrides name the same user, each with another host.
    let same_user = |n| format!(r#"{{"users":["root"],"hosts":["web{n}"],"min_failures":{}}}"#, n % 900 + 6);
    let config = read(&each(100_000, &same_user)).unwrap();
    for (host, threshold) in [("web77777", 77_777 % 900 + 6), ("WEB5", 11), ("db1", 5)] {
        let event = Event { user: "root".into(), host: host.into(), ..Event::default() };
        for _ in 0..10_000 {
            assert_eq!(config.overrides.judge(&event).threshold(0, 5), threshold, "{host}");
        }
    }
    // Of overrides with equal conditions, the first decides.
    let equal = |n| format!(r#"{{"users":["ro*"],"hosts":["web1"],"min_failures":{}}}"#, n + 6);
    let config = read(&each(900, &equal)).unwrap();
    let event = Event { user: "root".into(), host: "web1".into(), ..Event::default() };
    assert_eq!(config.overrides.judge(&event).threshold(0, 5), 6);

    let block = |n| format!(r#"{{"users":["root"],"sources":["10.{}.{}.0/24"]}}"#, n >> 8, n & 255);
    assert!(read(&each(1000, &block)).is_ok());
    let names = |n| {
        let names: Vec<String> = (0..1000).map(|k| format!("\"{n}-{k}*\"")).collect();
        format!(r#"{{"users":[{}]}}"#, names.join(","))
    };
    assert!(read(&each(20, &names)).is_ok());
    let wide = |n| {
        let names: Vec<String> = (0..1000).map(|k| format!("\"{n}-{k}*\"")).collect();
        format!(r#"{{"hosts":["web1"],"users":[{}]}}"#, names.join(","))
    };
    for (config, message) in [
        (
            each(1001, &block),
            "override: 1001 overrides have a user, an address or a host in common; expected at most 1000",
        ),
        (
            each(21, &names),
            "override: the overrides that hold for patterns, blocks or for all list 21000 names and blocks; \
             expected at most 20000",
        ),
        (
            each(21, &wide),
            "override: the overrides that have a user, an address or a host in common list 21021 names and \
             blocks; expected at most 20000",
        ),
    ] {
        refused(&config, &[("conflict", message)]);
    }
}

#[test]
fn the_schema_tells_every_option() {
    let schema = Config::<Options>::schema("An \"example\"", THRESHOLDS);
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema["title"], "An \"example\"");
    let properties = schema["properties"].as_object().unwrap();
    for name in Config::<Options>::known() {
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
