//! Tests of `authsieve check`, and of how all commands show problems of a configuration.

use crate::shell::{ATTACK, Shell, alerts};
#[cfg(all(feature = "serve", unix))]
use std::path::Path;

#[test]
fn check_prints_what_a_configuration_amounts_to() {
    let shell = Shell::new();
    shell.write("egress.txt", "# VPN\n10.8.0.0/16\n2001:db8::/32 # office\n");
    shell.write(
        "config.toml",
        "analytics = [\"FLS\", \"an1276\"]\ntimezone = \"Europe/Berlin\"\nallow_ips = { file = \"egress.txt\" }\n\
         [server]\nstate_dir = \"x\"\n[an1276]\nminFailures = 8\nmax_keys = 500\n[an1521]\nmin_failures = 4\n\
         [[override]]\nignore = true\nusers = [\"ci-*\"]\n[[override]]\nhosts = [\"a\"]\nspray_accounts = 20\n",
    );
    let said = shell.run(&["check", "-c", "config.toml", "--no-defaults"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    assert_eq!(
        said.out,
        "analytics = [\"an1276\", \"fls\"]\nallow_ips = [\"10.8.0.0/16\", \"2001:db8::/32\"]\n\
         timezone = \"Europe/Berlin\"\n\n[an1276]\nmax_keys = 500\nmin_failures = 8\n\n[fls]\n\n\
         [[override]]\nusers = [\"ci-*\"]\nignore = true\n\n[[override]]\nhosts = [\"a\"]\nspray_accounts = 20\n"
    );
    let all = shell.run(&["check", "-c", "config.toml"]);
    assert!(
        all.out.contains("\n# window = \"15m\"\n") && all.out.contains("\nmin_failures = 8\n"),
        "{}",
        all.out
    );
    // The printed configuration is valid and has the same effect.
    shell.write("printed.toml", &all.out);
    assert_eq!(shell.run(&["check", "-c", "printed.toml"]).out, all.out);
    let json = shell.run(&["check", "-c", "config.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["valid"], true);
    assert_eq!(json["config"]["an1276"]["min_failures"], 8);
    assert_eq!(json["config"]["fls"]["window"], "15m");
    assert_eq!(json["config"]["max_keys"], 100_000);
    // `-a` wins over `analytics`, and a single analytic may have its options at the top.
    let said =
        shell.run(&["check", "-a", "an1521", "-c", "config.toml", "--set", "window=5m", "--no-defaults"]);
    assert!(said.out.contains("[an1521]\nmin_failures = 4\nwindow = \"5m\"\n"), "{} {}", said.out, said.err);
    let said = shell.run(&["check", "-a", "an1521", "--set", "window=5m", "--no-defaults"]);
    assert_eq!(said.out, "analytics = [\"an1521\"]\n\n[an1521]\nwindow = \"5m\"\n", "{}", said.err);
    assert_eq!(shell.run(&["check"]).status, Some(0), "the defaults are valid");
}

#[test]
fn everything_that_is_wrong_is_shown_at_once_and_where_it_stands() {
    let shell = Shell::new();
    shell.write("egress.txt", "10.8.0.0/16\n\n10.9.0.0/33\n");
    shell.write(
        "config.toml",
        "timezone = \"Europe/Berlim\"\nallow_ips = { file = \"egress.txt\" }\nignore_users = { file = \"none.txt\" }\n\
         [an1276]\n  window = \"15x\"\n[an9999]\nwindow = \"5m\"\n[[override]]\nusers = [\"a\", \"\"]\nspray_acounts = 5\n",
    );
    let said = shell.run(&["check", "-c", "config.toml"]);
    assert_eq!((said.status, said.out.as_str()), (Some(2), ""));
    assert!(said.err.contains("error[unreadable-list]: ignore_users: none.txt: "), "{}", said.err);
    shell.write("none.txt", "");
    let said = shell.run(&["check", "-c", "config.toml", "--set", "an1276.min_failures=0"]);
    assert_eq!((said.status, said.out.as_str()), (Some(2), ""));
    for part in [
        "error[unknown-zone]: timezone: \"Europe/Berlim\" is no time zone\n --> config.toml:1:12\n",
        "did you mean Europe/Berlin?",
        "error[invalid-value]: allow_ips[1]: \"10.9.0.0/33\" is not valid\n --> egress.txt:3:1\n",
        "error[invalid-value]: an1276.window: \"15x\" is no duration\n --> config.toml:5:12\n  |\n5 |   window = \"15x\"\n  \
         |            ^^^^^\n",
        "= help: expected a duration from 1s to 7d",
        "error[unknown-analytic]: an9999: there is no such analytic\n --> config.toml:6:2\n",
        "error[invalid-value]: override[0].users[1]: \"\" is not valid\n --> config.toml:9:15\n",
        "error[unknown-option]: override[0].spray_acounts: there is no such option\n  --> config.toml:10:1\n",
        "did you mean spray_accounts?",
        "error[out-of-range]: an1276.min_failures: 0 is out of range\n --> --set:1:21\n",
        "an1276.min_failures=0",
    ] {
        assert!(said.err.contains(part), "{part}\n---\n{}", said.err);
    }
    for once in ["allow_ips[1]:", "override[0].spray_acounts:"] {
        assert_eq!(said.err.matches(once).count(), 1, "what five analytics say is said once: {}", said.err);
    }
    // The same problems as JSON.
    let said = shell.run(&["check", "-c", "config.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.status, json["valid"].as_bool()), (Some(2), Some(false)));
    let window =
        json["problems"].as_array().unwrap().iter().find(|one| one["path"] == "an1276.window").unwrap();
    assert_eq!(
        (
            window["code"].as_str(),
            window["file"].as_str(),
            window["line"].as_u64(),
            window["column"].as_u64()
        ),
        (Some("invalid-value"), Some("config.toml"), Some(5), Some(12))
    );
}

#[test]
fn advice_names_what_is_wrong() {
    let shell = Shell::new();
    shell.write("config.toml", "[an1276]\nwindow = \"5m\"\n[an9999]\nwindow = \"5m\"\n");
    let said = shell.run(&["check", "-a", "an1276", "-c", "config.toml"]);
    assert!(said.err.contains("an9999: there is no such analytic\n --> config.toml:3:2"), "{}", said.err);
    assert_eq!(said.err.matches("error[").count(), 1, "{}", said.err);
    for arguments in
        [&["check", "--set", "an9999.window=5m"][..], &["check", "-a", "an1276", "--set", "an9999.window=5m"]]
    {
        let said = shell.run(arguments);
        assert_eq!(said.status, Some(2));
        assert!(
            said.err.contains("error[unknown-") && said.err.contains("an9999: there is n"),
            "{}",
            said.err
        );
        assert!(said.err.contains("such an analytic") || said.err.contains("such analytic"), "{}", said.err);
        assert!(!said.err.contains(".an9999.window"), "{}", said.err);
    }
    let said = shell.run(&["check", "--set", "window=5m"]);
    assert!(said.err.contains("as in an0454.window=…, or choose one with -a"), "{}", said.err);
    // Options of the only analytic may be at the top, in addition to its table. The table wins.
    shell.write(
        "config.toml",
        "window = \"5m\"\nmin_failures = 7\n[an1276]\nwindow = \"6m\"\n[sinks.x]\nto = \"none\"\n",
    );
    let said = shell.run(&["check", "-a", "an1276", "-c", "config.toml", "--no-defaults"]);
    assert_eq!(
        said.out, "analytics = [\"an1276\"]\n\n[an1276]\nmin_failures = 7\nwindow = \"6m\"\n",
        "{}",
        said.err
    );
    let said = shell.run(&["check", "-a", "an1276", "--set", "fls.window=5m"]);
    assert!(said.err.contains("fls does not run"), "{}", said.err);
}

#[test]
fn a_named_time_zone_dates_what_names_none() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK.replace("Mar  4", "Jul  4"));
    let received = "--received=2026-07-05T00:00:00Z";
    let run = |zone: &str| {
        let said = shell.run(&["run", "-a", "an1276", "--set", zone, received, "auth.log"]);
        let alerts = alerts(&said);
        assert_eq!(alerts.len(), 1, "{}", said.err);
        (alerts[0]["time"].as_str().unwrap().to_owned(), alerts[0]["config_digest"].clone())
    };
    let (time, digest) = run("timezone=Europe/Berlin");
    assert_eq!(time, "2026-07-04T06:00:12Z");
    assert_eq!(run("timezone=+02:00").0, time);
    assert_ne!(run("timezone=Europe/Paris").1, digest);
}

/// The schemas in the repository equal those of the code. `AUTHSIEVE_UPDATE=1` rewrites the files.
#[cfg(all(feature = "serve", unix))]
#[test]
fn the_schemas_are_those_of_the_code() {
    let schema = |arguments: &[&str], file: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines").join(file);
        let said = Shell::new().run(arguments);
        assert_eq!(said.status, Some(0), "{}", said.err);
        if std::env::var_os("AUTHSIEVE_UPDATE").is_some() {
            std::fs::write(&path, &said.out).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == said.out, "{file}: AUTHSIEVE_UPDATE=1 writes it anew");
        serde_json::from_str::<serde_json::Value>(&said.out).unwrap()
    };
    schema(&["schema", "alert"], "alert.schema.json");
    schema(&["schema", "event"], "event.schema.json");
    schema(&["check", "--schema"], "authsieve.schema.json");
    let schema = schema(&["schema", "config"], "authsieve.schema.json");
    let top = schema["properties"].as_object().unwrap();
    for name in ["analytics", "server", "sources", "sinks", "override", "timezone", "an1276", "fls"] {
        assert!(top.contains_key(name), "{name}");
    }
    assert_eq!(schema["properties"]["an1276"]["properties"]["min_failures"]["type"], "integer");
}
