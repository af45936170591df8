//! Tests of how commands use a configuration.

use crate::shell::{ATTACK, RECEIVED, Shell, alerts};

#[test]
fn a_wrong_configuration_is_status_2_and_names_file_and_field() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK);
    for (text, fields) in [
        ("window = \"abc\"", &["window", "abc"][..]),
        ("min_failures = 0", &["min_failures", "0"]),
        ("min_failures = \"five\"", &["min_failures", "five"]),
        ("min_failure = 5", &["min_failure"]),
        ("[[override]]\nusers = 5", &["users"]),
        ("window = ", &["config.toml:1:"]),
    ] {
        shell.write("config.toml", text);
        let said = shell.run(&["run", "-a", "an1276", "-c", "config.toml", "auth.log"]);
        assert_eq!(said.status, Some(2), "{text}: {}", said.err);
        assert!(
            said.err.contains("config.toml") && fields.iter().all(|field| said.err.contains(field)),
            "{}",
            said.err
        );
    }
    shell.write("config.toml", "min_failures = 6");
    let said = shell.run(&["run", "-a", "an1276", "-c", "config.toml", RECEIVED, "auth.log"]);
    assert_eq!((said.status, said.out.as_str()), (Some(0), ""));
    let said = shell.run(&[
        "run",
        "-a",
        "an1276",
        "-c",
        "config.toml",
        "--set",
        "min_failures=4",
        RECEIVED,
        "auth.log",
    ]);
    assert_eq!(alerts(&said).len(), 1);
    shell.write("all.toml", "[an1276]\nmin_failures = 6");
    let said = shell.run(&["run", "-c", "all.toml", RECEIVED, "auth.log"]);
    assert_eq!((said.status, said.out.as_str()), (Some(0), ""));
}

#[test]
fn an_option_without_its_analytic_says_what_to_write() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK);
    shell.write("flat.toml", "min_failures = 6");
    let said = shell.run(&["run", "-c", "flat.toml", "auth.log"]);
    assert_eq!(said.status, Some(2));
    assert!(
        said.err.contains("min_failures: analytics do not share such an option")
            && said.err.contains("flat.toml:1:1")
            && said.err.contains("[an1276]")
            && said.err.contains("-a"),
        "{}",
        said.err
    );
    shell.write("twice.json", "{\"min_failures\": 6, \"min_failures\": 7}");
    let said = shell.run(&["run", "-a", "an1276", "-c", "twice.json", "auth.log"]);
    assert_eq!(said.status, Some(2));
    assert!(said.err.contains("error[twice]: min_failures: it stands there twice"), "{}", said.err);
}
