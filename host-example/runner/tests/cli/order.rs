//! Tests of the order in which files are read. Neither the direction of a file nor the order of names may matter.

use crate::packed::{gzip, tar, zip};
use crate::shell::{ATTACK, RECEIVED, Said, Shell, alerts};
use std::fs;

fn lines() -> Vec<&'static str> {
    ATTACK.split_inclusive('\n').collect()
}

fn backwards(text: &str) -> String {
    text.split_inclusive('\n').rev().collect()
}

fn run(shell: &Shell, arguments: &[&str]) -> Said {
    let said = shell.run(&[&["run", "-a", "an1276", RECEIVED], arguments].concat());
    assert_eq!(said.status, Some(0), "{}", said.err);
    said
}

/// The places (file and line) of the record that raised the only alert, and of its evidence.
fn origin(said: &Said) -> (String, Vec<String>) {
    let alerts = alerts(said);
    assert_eq!(alerts.len(), 1, "{}\n{}", said.out, said.err);
    let place = |place: &serde_json::Value| format!("{}:{}", place["file"].as_str().unwrap(), place["line"]);
    let origin = &alerts[0]["origin"];
    (place(origin), origin["evidence"].as_array().unwrap().iter().map(place).collect())
}

#[test]
fn rotated_files_in_the_order_of_the_shell_are_read_by_their_times() {
    let shell = Shell::new();
    let lines = lines();
    shell.write("auth.log.1", lines[..4].concat());
    shell.write("auth.log", lines[4..].concat());
    let said = run(&shell, &["auth.log", "auth.log.1"]);
    let evidence =
        ["auth.log.1:1", "auth.log.1:2", "auth.log.1:3", "auth.log.1:4", "auth.log:1", "auth.log:2"];
    assert_eq!(origin(&said), ("auth.log:2".into(), evidence.map(String::from).into()));
    assert!(said.err.contains("in the order of their events: auth.log.1, auth.log\n"), "{}", said.err);
    for order in ["given", "arrival"] {
        let given = run(&shell, &["--order", order, "auth.log", "auth.log.1"]);
        assert_eq!(
            (alerts(&given).len(), given.err.contains("in the order of")),
            (0, false),
            "{}",
            given.err
        );
    }
    // In the other order nothing is reported.
    let said = run(&shell, &["auth.log.1", "auth.log"]);
    assert_eq!(alerts(&said).len(), 1);
    assert!(!said.err.contains("in the order of"), "{}", said.err);
    let sorted = run(&shell, &["--order", "sort", "auth.log", "auth.log.1"]);
    assert_eq!(alerts(&sorted).len(), 1);
}

#[test]
fn rotated_files_are_found_in_folders_and_archives() {
    let shell = Shell::new();
    let lines = lines();
    let (old, new) = (lines[..4].concat(), lines[4..].concat());
    fs::create_dir(shell.folder.path().join("logs")).unwrap();
    shell.write("logs/auth.log", &new);
    shell.write("logs/auth.log.1.gz", gzip(old.as_bytes()));
    shell.write("logs.tar", tar(&[("auth.log", new.as_bytes()), ("auth.log.1.gz", &gzip(old.as_bytes()))]));
    shell.write("logs.tgz", gzip(&tar(&[("auth.log", new.as_bytes()), ("auth.log.1", old.as_bytes())])));
    for input in ["logs", "logs.tar", "logs.tgz"] {
        let (raised, evidence) = origin(&run(&shell, &[input]));
        assert_eq!((raised, evidence.len()), (format!("{input}/auth.log:2"), 6));
        assert!(evidence[3].starts_with(&format!("{input}/auth.log.1")) && evidence[3].ends_with(":4"));
        assert_eq!(alerts(&run(&shell, &["--order", "given", input])).len(), 0, "{input}");
    }
}

#[test]
fn an_export_that_runs_backwards_alerts_on_the_first_run() {
    let shell = Shell::new();
    let reversed = backwards(ATTACK);
    shell.write("auth.log", &reversed);
    shell.write("auth.log.gz", gzip(reversed.as_bytes()));
    shell.write("auth.zip", zip("auth.log", reversed.as_bytes()));
    let utf16: Vec<u8> = format!("\u{FEFF}{reversed}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    shell.write("utf16", utf16);
    for (input, name) in [
        ("auth.log", "auth.log"),
        ("auth.log.gz", "auth.log.gz"),
        ("auth.zip", "auth.zip/auth.log"),
        ("utf16", "utf16"),
    ] {
        let said = run(&shell, &[input]);
        let evidence: Vec<String> = (1..=6).rev().map(|line| format!("{name}:{line}")).collect();
        assert_eq!(origin(&said), (format!("{name}:1"), evidence), "{input}");
        assert!(
            said.err.contains(&format!("runs backwards and was read from its end: {name}\n")),
            "{}",
            said.err
        );
        assert_eq!(alerts(&run(&shell, &["--order", "given", input])).len(), 0, "{input}");
    }
    // A pipe is judged in the order in which it arrives.
    let piped = shell.run_with_stdin(&["run", "-a", "an1276", RECEIVED], reversed.as_bytes());
    assert_eq!(alerts(&piped).len(), 0);
    assert!(piped.err.contains("run again with --order sort"), "{}", piped.err);
    let arguments = ["run", "-a", "an1276", RECEIVED, "--order", "sort"];
    assert_eq!(alerts(&shell.run_with_stdin(&arguments, reversed.as_bytes())).len(), 1);
}

#[test]
fn a_table_that_runs_backwards_is_turned_below_its_header() {
    let shell = Shell::new();
    let row = |minute: u32, code: u32| {
        format!("2026-03-04T08:{minute:02}:00Z,jane@example.com,203.0.113.9,{code},SignInLogs\n")
    };
    let header = "TimeGenerated,UserPrincipalName,IPAddress,ResultType,Category\n";
    let rows: String =
        [row(6, 0)].into_iter().chain((1..=5).rev().map(|minute| row(minute, 50126))).collect();
    shell.write("signins.csv", [header, &rows].concat());
    let said = shell.run(&["run", "-a", "fls", RECEIVED, "signins.csv"]);
    let (raised, evidence) = origin(&said);
    assert_eq!((raised.as_str(), evidence.len()), ("signins.csv:1", 6), "{}", said.err);
    let said = shell.run(&["run", "-a", "fls", RECEIVED, "--order", "given", "signins.csv"]);
    assert_eq!(alerts(&said).len(), 0);
}

#[test]
fn equal_times_are_turned_too() {
    let shell = Shell::new();
    // Three failures and the login have the same second. Only in the right order they are an attack.
    let lines = lines();
    let second = |line: &str| {
        line.replace("08:00:05", "08:00:12").replace("08:00:07", "08:00:12").replace("08:00:09", "08:00:12")
    };
    let text: String = lines.iter().map(|line| second(line)).collect();
    shell.write("auth.log", backwards(&text));
    assert_eq!(origin(&run(&shell, &["auth.log"])).0, "auth.log:1");
}

#[test]
fn files_of_several_hosts_are_one_stream() {
    let shell = Shell::new();
    // An address fails at each host in turn, then logs in at the first.
    let failed = "Failed password for";
    for host in 0..3 {
        let mut text = String::new();
        for round in 0..2 {
            text += &format!(
                "2026-03-04T08:00:{:02}Z h{host} sshd[1{round}]: {failed} u{host} from 203.0.113.9 port 1 ssh2\n",
                10 * round + host
            );
        }
        if host == 0 {
            text +=
                "2026-03-04T08:01:00Z h0 sshd[20]: Accepted password for ada from 203.0.113.9 port 1 ssh2\n";
            text +=
                "2026-03-04T09:00:00Z h0 sshd[21]: Accepted password for ada from 198.51.100.7 port 1 ssh2\n";
        }
        shell.write(&format!("h{host}.log"), text);
    }
    let files = ["h0.log", "h1.log", "h2.log"];
    let (raised, evidence) = origin(&run(&shell, &files));
    let wanted = ["h0.log:1", "h1.log:1", "h2.log:1", "h0.log:2", "h1.log:2", "h2.log:2", "h0.log:3"];
    assert_eq!((raised.as_str(), evidence), ("h0.log:3", wanted.map(String::from).into()));
    let said = run(&shell, &["h2.log", "h0.log", "h1.log"]);
    assert_eq!(origin(&said).0, "h0.log:3");
    assert!(said.err.contains("overlap in time and were merged: h0.log, h1.log, h2.log\n"), "{}", said.err);
    assert_eq!(alerts(&run(&shell, &["--order", "given", "h0.log", "h1.log", "h2.log"])).len(), 0);
    for command in ["decode", "explain"] {
        let said = shell.run(&[&[command, "-a", "an1276", RECEIVED][..], &files].concat());
        assert_eq!(said.status, Some(0), "{}", said.err);
        let events = alerts(&said);
        let places: Vec<String> = events
            .iter()
            .map(|event| format!("{}:{}", event["file"].as_str().unwrap(), event["line"]))
            .collect();
        let mut places: Vec<&str> = places.iter().map(String::as_str).collect();
        places.dedup();
        assert_eq!(places, [&wanted[..], &["h0.log:4"]].concat(), "{command}");
    }
}

#[test]
fn a_file_in_no_order_is_sorted() {
    let shell = Shell::new();
    let lines = lines();
    let shuffled: String = [0, 3, 1, 5, 2, 4].map(|at| lines[at]).concat();
    shell.write("auth.log", shuffled);
    let said = run(&shell, &["auth.log"]);
    let evidence = [1, 3, 5, 2, 6, 4].map(|line| format!("auth.log:{line}"));
    assert_eq!(origin(&said), ("auth.log:4".into(), evidence.into()));
    assert!(said.err.contains("was sorted by time: auth.log\n"), "{}", said.err);
}

#[test]
fn zones_and_codes_of_the_configuration_decide() {
    let shell = Shell::new();
    // Two machines without a time zone, whose files have Berlin's. The other one's record of the summer says UTC.
    let local = |second: u32| {
        format!(
            "2026-07-04T10:00:{second:02} h sshd[1]: Failed password for root from 203.0.113.9 port 1 ssh2\n"
        )
    };
    shell.write("local.log", (0..5).map(local).collect::<String>());
    shell.write(
        "utc.log",
        "2026-07-04T08:00:09Z h sshd[2]: Accepted password for root from 203.0.113.9 port 1 ssh2\n",
    );
    let late = "--received=2026-07-05T00:00:00Z";
    for (zone, count) in [("Europe/Berlin", 1), ("+00:00", 0)] {
        let zone = format!("timezone={zone}");
        let said = shell.run(&["run", "-a", "an1276", late, "--set", &zone, "utc.log", "local.log"]);
        assert_eq!(alerts(&said).len(), count, "{zone}: {}", said.err);
    }
}

#[test]
fn files_that_leave_out_the_year_are_read_as_of_when_each_was_written() {
    let shell = Shell::new();
    let lines = lines();
    let old = shell.write("old.log", lines[..5].concat().replace("web1", "web0"));
    shell.write("new.log", lines[5..].concat());
    let touch = |path, time| {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(time)).unwrap();
    };
    let files = ["new.log", "old.log"];
    // Both files were written in March 2026. Later the first one gets a date two years before.
    touch(shell.folder.path().join("new.log"), 1_772_620_000);
    touch(old.clone(), 1_772_620_000);
    assert_eq!(alerts(&run(&shell, &files)).len(), 1);
    touch(old, 1_709_600_000);
    assert_eq!(alerts(&run(&shell, &files)).len(), 0);
}

#[test]
fn an_error_in_one_file_keeps_no_other_from_being_read() {
    let shell = Shell::new();
    let lines = lines();
    shell.write("a.log", lines[..3].concat());
    shell.write("b.log", lines[3..].concat());
    let packed = gzip(&ATTACK.repeat(50).into_bytes());
    shell.write("cut.gz", &packed[..packed.len() - 9]);
    let said = shell.run(&["run", "-a", "an1276", RECEIVED, "b.log", "cut.gz", "missing", "a.log"]);
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains("cut.gz: ") && said.err.contains("missing: "), "{}", said.err);
    assert_eq!(said.err.matches("cut.gz: the").count(), 1, "{}", said.err);
    assert!(!alerts(&said).is_empty());
}
