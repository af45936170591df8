//! Tests of `authsieve check` on wrong configurations of sinks.

use std::fs;
use std::process::Command;

/// All problems of a configuration: code, path and message.
fn problems(config: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("serve.toml");
    fs::write(&path, config).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_authsieve"))
        .args(["check", "--json", "-c"])
        .arg(&path)
        .env("SINK_URL", "tcp:secret.example:1")
        .env("SINK_SECRET", "too-short-a-secret")
        .output()
        .unwrap();
    let said: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let text =
        |problem: &serde_json::Value, name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    let problems = said["problems"].as_array().cloned().unwrap_or_default();
    assert_eq!(done.status.code(), Some(if problems.is_empty() { 0 } else { 2 }));
    problems
        .iter()
        .map(|problem| {
            format!("{} {}: {}", text(problem, "code"), text(problem, "path"), text(problem, "message"))
        })
        .collect()
}

/// The problems of one sink with these options, without the prefix `sinks.it`.
fn wrong(options: &str) -> Vec<String> {
    problems(&format!("[sinks.it]\n{options}\n"))
}

#[test]
fn each_mistake_is_told_where_it_stands() {
    for (options, wanted) in [
        (
            "type = \"smoke\"\nto = \"-\"",
            "invalid-value sinks.it.type: \"smoke\" is no sink; expected one of stdout, file, http,",
        ),
        (
            "type = \"file\"\nto = \"http://h/\"",
            "invalid-value sinks.it.to: \"http://h/\" is a place for the type http; expected one for file",
        ),
        (
            "to = \"udp:h:1\"",
            "invalid-value sinks.it.to: \"udp:h:1\" `udp:h:1` takes datagrams; expected syslog+udp:h:1",
        ),
        ("to = \"-\"\nrate = \"ten\"", "invalid-value sinks.it.rate: \"ten\" is no rate; expected a number"),
        ("to = \"-\"\nburst = 3", "conflict sinks.it.burst: 3 has no rate beside it"),
        ("to = \"-\"\ntimeout = \"never\"", "invalid-value sinks.it.timeout: \"never\" is no time"),
        ("to = \"-\"\nmethod = \"PUT\"", "unknown-option sinks.it.method: there is no such option"),
        (
            "to = \"http://h/\"\nmethod = \"GET\"",
            "invalid-value sinks.it.method: \"GET\" is no method; expected one of POST",
        ),
        ("type = \"otlp\"\nto = \"tcp:h:1\"", "invalid-value sinks.it.to: \"tcp:h:1\" `tcp:h:1` is no URL"),
        (
            "type = \"otlp\"\nto = \"http://h\"\nencoding = \"xml\"",
            "invalid-value sinks.it.encoding: \"xml\" is no encoding",
        ),
        (
            "type = \"otlp\"\nto = \"http://h\"\nencodng = \"json\"",
            "unknown-option sinks.it.encodng: there is no such option; did you mean encoding?",
        ),
        (
            "type = \"forward\"\nto = \"udp:h:1\"",
            "invalid-value sinks.it.to: \"udp:h:1\" `udp:h:1` is no socket",
        ),
        ("type = \"forward\"\nto = \"tcp:h:1\"\nack = 1", "wrong-type sinks.it.ack: 1 has the wrong type"),
        (
            "type = \"forward\"\nto = \"tcp:h:1\"\nusername = \"a\"",
            "conflict sinks.it.username: counts with the other",
        ),
        ("type = \"syslog\"\nto = \"-\"", "invalid-value sinks.it.to: \"-\" `-` is no socket"),
        (
            "type = \"syslog\"\nto = \"udp:h:1\"\nfacility = \"local9\"",
            "invalid-value sinks.it.facility: \"local9\" is no facility",
        ),
        (
            "type = \"syslog\"\nto = \"udp:h:1\"\nprotocol = \"local\"",
            "invalid-value sinks.it.protocol: \"local\" local needs a unix socket",
        ),
        (
            "type = \"syslog\"\nto = \"udp:h:1\"\nmax_size = 70000",
            "out-of-range sinks.it.max_size: 70000 is out of range; expected a number from 480 to 65507",
        ),
        (
            "type = \"syslog\"\nto = \"tcp:h:1\"\nhostname = \"a b\"",
            "invalid-value sinks.it.hostname: \"a b\" is no name of a host",
        ),
        (
            "type = \"webhook\"\nto = \"http://h\"",
            "empty sinks.it: template is missing; expected slack, teams, pagerduty, or the path of a file",
        ),
        (
            "type = \"webhook\"\nto = \"http://h\"\ntemplate = \"slakc\"",
            "invalid-value sinks.it.template: \"slakc\" is no template; expected slack, teams, pagerduty, or a file: No such file",
        ),
        (
            "type = \"webhook\"\nto = \"http://h\"\ntemplate = \"slack\"\nbatch = 5",
            "conflict sinks.it.batch: 5 is too many: this template takes one alert",
        ),
        (
            "type = \"webhook\"\nto = \"http://h\"\ntemplate = \"pagerduty\"",
            "invalid-value sinks.it.template: \"pagerduty\" fails with an example of an alert: undefined",
        ),
        (
            "type = \"webhook\"\nto = \"http://h\"\ntemplate = \"slack\"\nvars = { a = { env = \"NOT_THERE\" } }",
            "invalid-value sinks.it.vars.a: {\"env\":\"NOT_THERE\"} cannot be read",
        ),
    ] {
        let found = wrong(options);
        assert!(
            found.len() == 1 && found[0].starts_with(wanted),
            "{options}\nwanted {wanted}\nfound {found:#?}"
        );
    }
    assert_eq!(wrong("type = \"stdout\""), [""; 0], "standard output needs no place");
}

#[test]
fn no_secret_is_shown() {
    let found = wrong(
        "type = \"webhook\"\nto = { env = \"SINK_URL\" }\ntemplate = \"slack\"\nsecret = { env = \"SINK_SECRET\" }",
    );
    assert_eq!(
        found,
        [
            "invalid-value sinks.it.to: {\"env\":\"SINK_URL\"} names no place that this type of sink can send to"
        ]
    );
    let found = wrong(
        "type = \"webhook\"\nto = \"http://h\"\ntemplate = \"slack\"\nsecret = { env = \"SINK_SECRET\" }",
    );
    let [found] = &found[..] else { panic!("{found:?}") };
    assert!(found.starts_with("invalid-value sinks.it.secret: is no secret; expected whsec_"), "{found}");
    assert!(!found.contains("too-short"), "{found}");
}
