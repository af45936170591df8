//! Tests of incidents, selections, forms of output, silences and dispositions.

use crate::shell::{ATTACK, RECEIVED, Said, Shell, alerts};
use std::fs;

/// A log with failures of three accounts from one address, and a login of one of them. A day later comes another
/// address.
fn log() -> String {
    let line = |day: u32, second: u32, what: &str, user: &str, address: &str| {
        let (minute, second) = (second / 60, second % 60);
        format!(
            "Mar {day:2} 08:{minute:02}:{second:02} web1 sshd[{day}{minute}{second}]: {what} password for {user} from {address} port 4000 ssh2\n"
        )
    };
    let mut log = String::new();
    for second in 0..6 {
        log += &line(4, second * 2, "Failed", ["root", "ada", "bob"][second as usize % 3], "203.0.113.9");
    }
    log += &line(4, 20, "Accepted", "ada", "203.0.113.9");
    for second in 30..36 {
        log += &line(4, second, "Failed", "eve", "203.0.113.9");
    }
    log += &line(4, 40, "Accepted", "eve", "203.0.113.9");
    for second in 0..5 {
        log += &line(5, second, "Failed", "svc-backup", "198.51.100.7");
    }
    log += &line(5, 9, "Accepted", "svc-backup", "198.51.100.7");
    log
}

fn run(shell: &Shell, arguments: &[&str]) -> Said {
    shell.run(&[&["run", "-a", "an1276", "--received=2026-03-06T00:00:00Z", "auth.log"], arguments].concat())
}

fn ready() -> Shell {
    let shell = Shell::new();
    shell.write("auth.log", log());
    shell
}

fn users(said: &Said) -> Vec<String> {
    assert!(said.status == Some(0) || said.status == Some(3), "{}", said.err);
    alerts(said).iter().map(|alert| alert["user"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn alerts_are_told_as_incidents() {
    let shell = ready();
    let text = run(&shell, &["--format", "text"]).out;
    let headline =
        "2 incidents (2 high) from 3 alerts. Somebody got into 3 accounts: ada, eve, svc-backup.\n";
    assert!(text.starts_with(headline), "{text}");
    let titles: Vec<&str> = text.lines().filter(|line| line.starts_with(" HIGH ")).collect();
    assert_eq!(
        titles,
        [
            " HIGH  somebody got into 2 accounts from 203.0.113.9",
            " HIGH  somebody got into svc-backup from 198.51.100.7"
        ]
    );
    assert!(text.contains("  logged in  ada at 08:00:20, eve at 08:00:40\n"), "{text}");
    assert!(text.contains("  in all     12 failures of 203.0.113.9"), "{text}");
    assert_eq!(text.matches("What to do next").count(), 1);
    assert_eq!(text.matches("- Ask the user").count(), 1, "the steps stand there once: {text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let narrow = {
        let mut command = shell.command(&["run", "--format", "text", RECEIVED, "auth.log"]);
        crate::shell::said(command.env("COLUMNS", "80").output().unwrap()).out
    };
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
}

#[test]
fn conditions_choose_alerts_and_never_events() {
    let shell = ready();
    let chosen = |arguments: &[&str]| users(&run(&shell, arguments));
    assert_eq!(chosen(&[]), ["ada", "eve", "svc-backup"]);
    // The failures of ada are before this time.
    assert_eq!(chosen(&["--since", "2026-03-04T08:00:20Z"]), ["ada", "eve", "svc-backup"]);
    assert_eq!(chosen(&["--since", "2026-03-04T08:00:21Z"]), ["eve", "svc-backup"]);
    assert_eq!(chosen(&["--until", "2026-03-04T08:00:39Z"]), ["ada"]);
    assert_eq!(chosen(&["--user", "EVE"]), ["eve"]);
    assert_eq!(chosen(&["--ip", "198.51.100.0/24"]), ["svc-backup"]);
    assert_eq!(chosen(&["--min-severity", "critical"]), [""; 0]);
    assert_eq!(chosen(&["--limit", "2"]), ["ada", "eve"]);
    assert_eq!(chosen(&["--sort", "severity"]), ["ada", "eve", "svc-backup"]);
    let said = run(&shell, &["--user", "eve"]);
    assert!(said.err.contains("2 alerts left out by the conditions"), "{}", said.err);
    for (arguments, why) in [
        (["--user", ""], "names no account"),
        (["--ip", "nowhere"], "neither an address nor a block"),
        (["--min-severity", "awful"], "informational, low, medium, high, critical"),
        (["--tz", "Mars"], "no time zone"),
        (["-o", "alerts.pdf"], "expected .jsonl, .csv, .html or .txt"),
    ] {
        let said = run(&shell, &arguments);
        assert_eq!(said.status, Some(2), "{arguments:?}: {}", said.err);
        assert!(said.err.contains(why), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn a_script_sees_by_the_status_that_it_is_serious() {
    let shell = ready();
    let status = |arguments: &[&str]| run(&shell, arguments).status;
    assert_eq!(status(&["--fail-on", "high"]), Some(3));
    assert_eq!(status(&["--fail-on", "critical"]), Some(0));
    assert_eq!(status(&["--fail-on", "low", "--user", "nobody"]), Some(0), "what is left out fails nothing");
    assert_eq!(status(&["--fail-on", "low", "missing.log"]), Some(1), "a failure goes before");
}

#[test]
fn a_file_has_the_form_of_its_ending() {
    let shell = ready();
    let read = |name: &str| {
        let said = run(&shell, &["-o", name]);
        assert_eq!((said.status, said.out.as_str()), (Some(0), ""), "{}", said.err);
        fs::read_to_string(shell.folder.path().join(name)).unwrap()
    };
    assert_eq!(read("alerts.jsonl"), run(&shell, &[]).out);
    let table = read("alerts.csv");
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.lines().nth(1).unwrap().starts_with("2026-03-04T08:00:20Z,high,AN1276,ip,"), "{table}");
    let page = read("report.html");
    assert!(page.starts_with("<!doctype html>") && page.contains("somebody got into 2 accounts"), "{page}");
    assert!(!page.contains("<script") && page.contains("default-src 'none'"), "{page}");
    assert!(page.contains("What to do next") && page.contains("20 records"), "{page}");
    assert!(read("report.txt").starts_with("2 incidents"));
}

#[test]
fn times_are_in_the_zone_that_is_asked_for() {
    let shell = ready();
    let text = run(&shell, &["--format", "text", "--tz", "Asia/Kolkata"]).out;
    assert!(text.contains("  logged in  ada at 13:30:20") && text.contains(" IST ("), "{text}");
    let json = alerts(&run(&shell, &["--tz", "Asia/Kolkata"]));
    assert_eq!(json[0]["time"], "2026-03-04T08:00:20Z", "JSON stays as it is");
}

#[test]
fn what_leaves_the_house_names_nobody() {
    let shell = ready();
    for form in ["json", "text", "csv", "html", "ecs", "ocsf"] {
        let said = run(&shell, &["--redact", "--format", form]);
        for name in ["203.0.113.9", "198.51.100.7", "svc-backup", "web1", "root", "Failed password"] {
            assert!(
                !said.out.contains(name) && !said.err.contains(name),
                "{form} {name}: {}{}",
                said.out,
                said.err
            );
        }
        assert!(said.out.contains("user-1") && said.out.contains("address-1"), "{form}: {}", said.out);
    }
}

#[test]
fn the_summary_stands_alone() {
    let shell = ready();
    let said = run(&shell, &["--summary"]);
    assert!(said.out.starts_with("2 incidents (2 high) from 3 alerts."), "{}", said.out);
    assert!(said.out.contains("  addresses  198.51.100.7 (1), 203.0.113.9 (1)\n"), "{}", said.out);
    assert!(!said.out.contains("evidence"), "{}", said.out);
}

#[test]
fn a_silence_keeps_alerts_apart_until_it_ends() {
    let shell = ready();
    let silence = |arguments: &[&str]| shell.run(&[&["silence"], arguments].concat());
    let added =
        silence(&["add", "--user", "svc-*", "--until", "2026-03-05T08:00:10Z", "--reason", "new key"]);
    assert_eq!((added.status, added.out.as_str()), (Some(0), "s1\n"), "{}", added.err);
    let said = run(&shell, &[]);
    assert_eq!(users(&said), ["ada", "eve"]);
    assert!(said.err.contains("1 alert silenced (1 by s1)"), "{}", said.err);
    let shown = alerts(&run(&shell, &["--silenced"]));
    assert_eq!(shown[2]["silenced"], serde_json::json!({ "name": "s1", "reason": "new key" }));
    let listed = silence(&["list"]).out;
    assert_eq!(listed, "s1  until 2026-03-05T08:00:10Z (ended)  user=svc-*  new key\n");
    assert_eq!(silence(&["remove", "s1"]).status, Some(0));
    assert_eq!(silence(&["remove", "s1"]).status, Some(2));
    // The alert was raised at 08:00:09.
    silence(&["add", "--user", "svc-*", "--until", "2026-03-05T08:00:09Z", "--reason", "x"]);
    assert_eq!(users(&run(&shell, &[])).len(), 3);
    let without = silence(&["add", "--until", "7d", "--reason", "x"]);
    assert_eq!(without.status, Some(2), "{}", without.err);
    shell.write("desk/silences.jsonl", "{\"user\":\"a\",\"until\":\"soon\"}\n");
    let said = run(&shell, &[]);
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains("silences.jsonl:1: `until` is no time"), "{}", said.err);
}

#[test]
fn a_disposition_stands_with_its_alert() {
    let shell = ready();
    let id = alerts(&run(&shell, &[]))[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(shell.run(&["mark", &id, "benign", "--note", "a test"]).status, Some(0));
    let shown = alerts(&run(&shell, &[]));
    assert_eq!(shown[0]["disposition"], serde_json::json!({ "is": "benign", "note": "a test" }));
    assert!(shown[1].get("disposition").is_none());
    let text = run(&shell, &["--format", "text"]).out;
    assert!(text.contains("marked as benign: a test"), "{text}");
    let listed = shell.run(&["mark"]).out;
    assert!(listed.ends_with(&format!("Z  {id}  marked as benign: a test\n")), "{listed}");
    assert_eq!(shell.run(&["mark", &id, "maybe"]).status, Some(2));
    assert_eq!(shell.run(&["mark", &id]).status, Some(2));
}

#[test]
fn evidence_of_every_telemetry_is_told_in_words() {
    let shell = Shell::new();
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let said = shell.run(&["run", RECEIVED, "--format", "text", samples]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    for words in ["wrong user name or password", "wrong password", "  failure  ", "  challenge  "] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    assert!(!said.out.contains("evidence   {") && !said.out.contains(" {\""), "no raw JSON: {}", said.out);
}

#[test]
fn a_stream_tells_each_alert_as_it_comes() {
    let shell = Shell::new();
    let said = shell.run_with_stdin(&["run", "--follow", "--format", "text", "-"], ATTACK.as_bytes());
    assert!(
        said.out.contains("AN1276  5 failed logins of root from 203.0.113.9"),
        "{}{}",
        said.out,
        said.err
    );
    assert!(said.out.contains("  evidence   1  "), "{}", said.out);
}

/// A database in MaxMind's format 2.0 with one network: 203.0.113.0/24.
fn database() -> Vec<u8> {
    // Lengths from 29 on have a byte of their own.
    let text = |text: &str| match u8::try_from(text.len()).expect("a short text") {
        short @ ..29 => [&[(2 << 5) | short], text.as_bytes()].concat(),
        long => [&[(2 << 5) | 29, long - 29], text.as_bytes()].concat(),
    };
    let map = |members: &[(&str, Vec<u8>)]| {
        let pairs = members.iter().flat_map(|(name, value)| [text(name), value.clone()]);
        [vec![(7 << 5) | members.len() as u8], pairs.collect::<Vec<_>>().concat()].concat()
    };
    let u16 = |number: u16| [&[(5 << 5) | 2][..], &number.to_be_bytes()].concat();
    let u32 = |number: u32| [&[(6 << 5) | 4][..], &number.to_be_bytes()].concat();
    let data = map(&[
        ("country", map(&[("iso_code", text("DE"))])),
        ("city", map(&[("names", map(&[("en", text("Berlin"))]))])),
        ("autonomous_system_number", u32(64_496)),
        ("autonomous_system_organization", text("Example")),
    ]);
    let nodes = 24_u32;
    let mut out = Vec::new();
    for bit in 0..nodes {
        let next = if bit + 1 == nodes { nodes + 16 } else { bit + 1 };
        let goes_right = (0xcb00_7100_u32 >> (31 - bit)) & 1 == 1;
        let sides = if goes_right { [nodes, next] } else { [next, nodes] };
        sides.iter().for_each(|record| out.extend(&record.to_be_bytes()[1..]));
    }
    out.extend([0; 16]);
    out.extend(data);
    out.extend(b"\xab\xcd\xefMaxMind.com");
    // An array and a 64-bit number have extended types.
    let languages = [&[1, 4][..], &text("en")].concat();
    let epoch = [&[8, 2][..], &1_772_600_000_u64.to_be_bytes()].concat();
    out.extend(map(&[
        ("binary_format_major_version", u16(2)),
        ("binary_format_minor_version", u16(0)),
        ("build_epoch", epoch),
        ("database_type", text("Test-City")),
        ("description", map(&[("en", text("a test"))])),
        ("ip_version", u16(4)),
        ("languages", languages),
        ("node_count", u32(nodes)),
        ("record_size", u16(24)),
    ]));
    out
}

#[test]
fn addresses_are_placed_by_a_database() {
    let shell = ready();
    shell.write("test.mmdb", database());
    let shown = alerts(&run(&shell, &["--geoip", "test.mmdb"]));
    let wanted = serde_json::json!({
        "203.0.113.9": { "country": "DE", "city": "Berlin", "asn": 64_496, "as_org": "Example" }
    });
    assert_eq!(shown[0]["enrichment"], wanted);
    assert!(shown[2].get("enrichment").is_none(), "198.51.100.7 is not in it");
    let text = run(&shell, &["--geoip", "test.mmdb", "--format", "text"]).out;
    assert!(text.contains("203.0.113.9 is in DE, Berlin (AS64496 Example)"), "{text}");
    let redacted = run(&shell, &["--geoip", "test.mmdb", "--redact"]).out;
    assert!(
        redacted.contains("\"enrichment\":{\"address-1\":{") && !redacted.contains("203.0.113.9"),
        "{redacted}"
    );
    let said = run(&shell, &["--geoip", "auth.log"]);
    assert_eq!(said.status, Some(1), "{}", said.err);
    assert!(said.err.contains("auth.log"), "{}", said.err);
}
