//! Tests of the pipelines in `pipelines/fluent-bit/` with a real Fluent Bit, from `FLUENT_BIT` or from PATH.
//!
//! Without a Fluent Bit these tests say that they were skipped. Each pipeline runs unchanged, with its variables set to
//! a folder of the test. Two inputs are replaced in a copy, and the test says so: the test machine has no journal and
//! no Windows.
#![cfg(target_os = "linux")]

#[path = "support/agent.rs"]
mod agent;

use agent::{Agent, Place, authsieve, note, program, sorted, values, without_envelope};
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime};

fn pipeline(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/fluent-bit").join(name)
}

fn sample(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)).unwrap()
}

/// Copies a pipeline, and replaces its input by JSON from standard input.
fn on_standard_input(place: &Place, name: &str, input: &str, tag: &str) -> PathBuf {
    let text = fs::read_to_string(pipeline(name)).unwrap();
    let (begin, instead) = match name.ends_with(".yaml") {
        true => (format!("    - name: {input}\n"), format!("    - name: stdin\n      tag: {tag}\n")),
        false => {
            (format!("[INPUT]\n    name {input}\n"), format!("[INPUT]\n    name stdin\n    tag {tag}\n"))
        }
    };
    let (before, rest) = text.split_once(&begin).unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    note(&format!("{name} with its input `{input}` replaced by `stdin`, all else as it is"));
    place.write(name, &format!("{before}{instead}\n{after}"))
}

/// Runs a pipeline, feeds it, and compares its alerts with those of `authsieve run` on the same records.
fn compare(config: &Path, place: &Place, ids: &[&str], records: &str, feed: impl FnOnce(&mut Agent)) {
    let Some(program) = program() else { return };
    let raw = place.write("raw.log", records);
    let mut expected = Vec::new();
    for id in ids {
        let alerts = values(&authsieve(&["run", "-q", "--format", "json", "-a", id, raw.to_str().unwrap()]));
        assert!(!alerts.is_empty(), "{id}: these records raise nothing");
        expected.extend(alerts);
    }
    let mut agent = place.start(&program, config);
    feed(&mut agent);
    agent.wait("alerts", |agent| agent.alerts().len() >= expected.len());
    let alerts = agent.stop();
    assert_eq!(sorted(without_envelope(alerts)), sorted(without_envelope(expected)), "{}", config.display());
}

/// Posts records as one JSON array.
fn post(port: u16, path: &str, records: &str) -> String {
    let body = format!("[{}]", records.trim().replace('\n', ","));
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

fn listens(agent: &mut Agent, port: u16) {
    agent.wait("a port", |_| TcpStream::connect(("127.0.0.1", port)).is_ok());
}

/// A line of sshd about a user, at a second of the day.
fn sshd(second: usize, what: &str, user: &str, address: &str) -> String {
    let (hour, minute, at) = (second / 3600, second / 60 % 60, second % 60);
    let process = 1000 + second % 30_000;
    format!(
        "Mar  4 {hour:02}:{minute:02}:{at:02} web1 sshd[{process}]: {what} password for {user} from {address} port 4711 ssh2\n"
    )
}

/// Failed logins of one user from one address.
fn failures(from: usize, user: &str, count: usize) -> String {
    (from..from + count).map(|second| sshd(second, "Failed", user, "192.0.2.7")).collect()
}

fn login(second: usize, user: &str) -> String {
    sshd(second, "Accepted", user, "192.0.2.7")
}

/// Records that raise an alert. The alert shows that all earlier records were read.
fn attack(from: usize, user: &str) -> String {
    failures(from, user, 5) + &login(from + 5, user)
}

/// Appends lines to the log that `tail` reads.
fn append(place: &Place, lines: &str) {
    let log = place.path("logs/auth.log");
    let mut log = fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
    log.write_all(lines.as_bytes()).unwrap();
}

fn users(alerts: &[serde_json::Value]) -> Vec<&str> {
    alerts.iter().map(|alert| alert["user"].as_str().unwrap()).collect()
}

#[test]
fn log_files() {
    for name in ["tail.yaml", "tail.conf"] {
        for file in ["auth.log", "secure"] {
            let place = Place::new();
            let log = sample("auth.log");
            fs::write(place.path("logs").join(file), &log).unwrap();
            compare(&pipeline(name), &place, &["an1276"], &log, |_| ());
        }
    }
}

#[test]
fn the_journal() {
    if program().is_none() {
        return;
    }
    for name in ["systemd.yaml", "systemd.conf"] {
        let place = Place::new();
        let records = sample("journal.jsonl");
        let config = on_standard_input(&place, name, "systemd", "journal");
        compare(&config, &place, &["an1276"], &records, |agent| agent.feed(&records));
    }
}

/// Records of `winevtlog`: failed logons of one account, then a logon.
fn security_channel() -> String {
    let record = |number: u32, id: u32, inserts: Vec<&str>| {
        serde_json::json!({
            "ProviderName": "Microsoft-Windows-Security-Auditing", "ProviderGuid": "{54849625-5478-4994-A5BA-3E3B0328C30D}",
            "Qualifiers": "", "EventID": id, "Version": 0, "Level": 0, "Task": 12544, "Opcode": 0,
            "Keywords": "0x8010000000000000", "TimeCreated": format!("2026-03-04 09:{number:02}:00 +0100"),
            "EventRecordID": 7000 + number, "ActivityID": "", "RelatedActivityID": "", "ProcessID": 716,
            "ThreadID": 5108, "Channel": "Security", "Computer": "srv1.example.com", "UserID": "",
            "Message": "An account.", "StringInserts": inserts,
        })
        .to_string()
            + "\n"
    };
    let failures = (0..12).map(|number| {
        record(
            number,
            4625,
            vec![
                "S-1-0-0",
                "-",
                "-",
                "0x0",
                "S-1-0-0",
                "bob",
                "CONTOSO",
                "0xc000006d",
                "%%2313",
                "0xc000006a",
                "3",
                "NtLmSsp ",
                "NTLM",
                "PC7",
                "-",
                "-",
                "0",
                "0x0",
                "-",
                "192.0.2.10",
                "50123",
            ],
        )
    });
    let login = record(
        12,
        4624,
        vec![
            "S-1-0-0",
            "-",
            "-",
            "0x0",
            "S-1-5-21-1",
            "bob",
            "CONTOSO",
            "0x5a1b2c",
            "3",
            "NtLmSsp ",
            "NTLM",
            "PC7",
            "{00000000-0000-0000-0000-000000000000}",
            "-",
            "NTLM V2",
            "128",
            "0x0",
            "-",
            "192.0.2.10",
            "50124",
        ],
    );
    failures.chain([login]).collect()
}

#[test]
fn the_security_channel() {
    if program().is_none() {
        return;
    }
    for name in ["winevtlog.yaml", "winevtlog.conf"] {
        let place = Place::new();
        let records = security_channel();
        let config = on_standard_input(&place, name, "winevtlog", "security");
        compare(&config, &place, &["an1521", "fls"], &records, |agent| agent.feed(&records));
    }
}

/// Records of identity providers: Microsoft 365, Okta and Duo.
fn providers() -> String {
    ["audit.jsonl", "okta.jsonl", "duo.jsonl"].map(sample).concat()
}

#[test]
fn records_posted() {
    for name in ["http.yaml", "http.conf"] {
        let (place, records) = (Place::new(), providers());
        compare(&pipeline(name), &place, &["an1269", "an0454"], &records, |agent| {
            listens(agent, place.port);
            // A forged alert must not pass, neither as a member of a record nor under a tag that the sender chooses.
            let forged = r#"{"authsieve":{"analytic":"AN1269","id":"forged"},"n":1,"authsieve":{"analytic":"AN0454"}}"#;
            for path in ["/", "/idp", "/authsieve-alert", "/idp-heartbeat"] {
                assert!(post(place.port, path, forged).contains("201"), "{path}");
            }
            assert!(post(place.port, "/", &records).contains("201"));
        });
    }
}

#[test]
fn records_forwarded() {
    for name in ["forward.yaml", "forward.conf"] {
        let (place, records) = (Place::new(), providers());
        compare(&pipeline(name), &place, &["an1269", "an0454"], &records, |agent| {
            listens(agent, place.port);
            let forged = r#"{"authsieve":{"analytic":"AN1269","id":"forged"}}"#;
            for (tag, records) in [("authsieve-alert", forged), ("any.tag", &*records)] {
                let mut sender = Command::new(program().unwrap())
                    .args(["-q", "-i", "stdin", "-t", tag, "-o", "forward", "-p", "host=127.0.0.1"])
                    .args(["-p", &format!("port={}", place.port), "-m", "*", "-f", "1"])
                    .stdin(Stdio::piped())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap();
                sender.stdin.take().unwrap().write_all(format!("{records}\n").as_bytes()).unwrap();
                assert!(sender.wait().unwrap().success());
            }
        });
    }
}

/// Copies a pipeline and replaces one thing in it.
fn changed(place: &Place, name: &str, replaced: &str, by: &str) -> PathBuf {
    let text = fs::read_to_string(pipeline(name)).unwrap();
    assert!(text.contains(replaced), "{name}: {replaced}");
    note(&format!("{name} with {replaced:?} replaced by {by:?}"));
    place.write(name, &text.replace(replaced, by))
}

#[test]
fn the_log_goes_on_as_it_came() {
    let Some(program) = program() else { return };
    let place = Place::new();
    let long = "x".repeat(300_000);
    let odd = [
        "a \"quoted\" back\\slash",
        "tab\there",
        "é – 🦀",
        "",
        &long,
        "{\"authsieve\": {\"analytic\": \"AN1276\"}}",
    ];
    let mut log: String = odd.iter().map(|line| format!("{line}\n")).collect();
    log += &attack(0, "root");
    // The line is longer than the agent accepts. It is left out, and the next lines are read.
    append(&place, &format!("{log}{}\n{}", "y".repeat(2 << 20), attack(100, "bob")));
    let config = changed(
        &place,
        "tail.conf",
        "    name null\n",
        "    name file\n    path ${AUTHSIEVE_STATE}\n    file log.jsonl\n    format plain\n",
    );
    let mut agent = place.start(&program, &config);
    agent.wait("alerts", |agent| agent.alerts().len() == 2);
    assert_eq!(users(&agent.stop()), ["root", "bob"]);
    let written = values(&fs::read_to_string(place.path("state/log.jsonl")).unwrap());
    let expected: Vec<_> = format!("{log}{}", attack(100, "bob"))
        .lines()
        .map(|line| serde_json::json!({ "log": line }))
        .collect();
    assert!(written == expected, "{} records of {}", written.len(), expected.len());
}

/// Another filter gives a log a new tag, so the log passes the filters twice. The pipelines match only the last tag.
/// With `*` the records would count twice, and the filter would take the alert of its own first pass for a forged one.
#[test]
fn what_is_tagged_anew_is_counted_once() {
    let Some(program) = program() else { return };
    let tagged = "[FILTER]\n    name rewrite_tag\n    match raw\n    rule $log .* auth false\n\n";
    for matched in ["auth", "*"] {
        let place = Place::new();
        append(&place, &(failures(0, "one-short", 4) + &login(10, "one-short") + &attack(20, "enough")));
        let text = fs::read_to_string(pipeline("tail.conf")).unwrap();
        let (before, after) = text.split_once("# A copy of it").unwrap();
        let before = before.replace("    tag auth\n", "    tag raw\n");
        let before = before.replace("    match auth\n", &format!("    match {matched}\n"));
        let config = place.write("retagged.conf", &format!("{before}{tagged}# A copy of it{after}"));
        note(&format!("tail.conf with a rewrite_tag of its log, and `match {matched}`"));
        let mut agent = place.start(&program, &config);
        agent.wait("a copy", |agent| !agent.alerts().is_empty());
        let alerts = agent.stop();
        if matched == "auth" {
            assert_eq!((users(&alerts), &alerts[0]["failure_count"]), (vec!["enough"], &5.into()));
        } else {
            assert!(alerts.iter().all(|copy| copy.get("user").is_none()), "{alerts:?}");
        }
    }
}

/// A reload or restart forgets half an attack. The documentation warns of this.
#[test]
fn a_reload_and_a_restart_forget() {
    let Some(program) = program() else { return };
    let place = Place::new();
    append(&place, &(failures(0, "half", 5) + &attack(10, "first")));
    let mut agent = place.start(&program, &pipeline("tail.conf"));
    agent.wait("the first", |agent| agent.alerts().len() == 1);

    append(&place, &(login(20, "half") + &failures(30, "other", 5) + &attack(40, "second")));
    agent.wait("the second", |agent| agent.alerts().len() == 3);

    agent.signal(rustix::process::Signal::HUP);
    agent.wait("a reload", |agent| agent.log().matches("stream processor started").count() == 2);
    append(&place, &(login(50, "other") + &failures(60, "third", 5) + &attack(70, "fourth")));
    agent.wait("the fourth", |agent| agent.alerts().len() == 4);

    agent.stop();
    append(&place, &(login(80, "third") + &attack(90, "fifth")));
    let mut agent = place.start(&program, &pipeline("tail.conf"));
    agent.wait("the fifth", |agent| agent.alerts().len() == 5);
    let alerts = agent.alerts();
    // No line was read twice, and complete attacks before and after the restart raised alerts.
    assert_eq!(users(&alerts), ["first", "half", "second", "fourth", "fifth"]);
}

/// After a hundred thousand failed logins the tables have reached their full size. Of the later records one in ten is a
/// failed login, because these cost the agent's interpreter most. The agent's buffers vary with its pace, so its memory
/// may grow at times. A leak of each record would show in every part.
#[test]
fn a_million_records_take_no_more_memory() {
    const PARTS: [(usize, usize, &str); 5] = [
        (100_000, 1, "flood"),
        (225_000, 10, "a"),
        (225_000, 10, "b"),
        (225_000, 10, "c"),
        (225_000, 10, "d"),
    ];
    let Some(program) = program() else { return };
    let place = Place::new();
    let mut agent = None;
    let (mut at, mut told, mut held) = (0, 0, Vec::new());
    let begun = Instant::now();
    for (count, one_in, last) in PARTS {
        let mut lines = String::with_capacity(count * 100);
        for _ in 0..count {
            at += 1;
            let address = format!("198.51.{}.{}", 100 + at % 4, at % 250);
            lines += &match at % one_in {
                0 => sshd(at / 20, "Failed", ["root", "admin", "oracle"][at % 3], &address),
                _ => format!(
                    "Mar  4 09:00:00 web1 CRON[{at}]: (root) CMD (test -x /usr/sbin/anacron || run-parts {at})\n"
                ),
            };
        }
        append(&place, &(lines + &attack(at / 20, last)));
        let agent = agent.get_or_insert_with(|| place.start(&program, &pipeline("tail.conf")));
        told += 1;
        agent.wait(last, |agent| agent.alerts().len() == told);
        held.push(agent.memory() >> 10);
    }
    note(&format!("memory after parts of a million records {held:?} KiB ({:.1?})", begun.elapsed()));
    let alerts = agent.expect("parts").stop();
    assert_eq!(users(&alerts), PARTS.map(|(_, _, last)| last));
    // Less than five bytes per record.
    let grown = held.windows(2).skip(1).map(|pair| pair[1].saturating_sub(pair[0])).min();
    assert!(grown.is_some_and(|grown| grown < 1024), "it grew with each part: {held:?} KiB");
}

/// A delayed alert, which a login could still cancel, comes with the heartbeat if no other record comes.
#[test]
fn a_heartbeat_lets_out_what_waits() {
    let Some(program) = program() else { return };
    let place = Place::new();
    let baked = place.path("modules/an0454.fluent-bit.wasm");
    let config = place.write("an0454.toml", "confirm_after = \"2s\"\n");
    let [config, baked] = [&config, &baked].map(|path| path.to_str().unwrap());
    authsieve(&["bake", "-c", config, "-o", baked, "an0454"]);
    let config = changed(&place, "http.yaml", "interval_sec: 5", "interval_sec: 1");
    let mut agent = place.start(&program, &config);
    listens(&mut agent, place.port);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let push = |number: u64| {
        let time =
            chrono::DateTime::from_timestamp((now - 10 + number).cast_signed(), 0).unwrap().to_rfc3339();
        format!(
            r#"{{"uuid":"{number}","published":"{time}","eventType":"system.push.send_factor_verify_push","actor":{{"alternateId":"jane@example.com"}},"client":{{"ipAddress":"203.0.113.9"}},"outcome":{{"result":"SUCCESS"}},"transaction":{{"id":"t{number}"}}}}"#
        ) + "\n"
    };
    assert!(post(place.port, "/", &(0..5).map(push).collect::<String>()).contains("201"));
    agent.wait("the alert", |agent| !agent.alerts().is_empty());
    let alerts = agent.stop();
    assert_eq!((alerts.len(), &alerts[0]["pattern"]), (1, &"challenges-without-login".into()));
}

/// The documented configuration for alerts only.
#[test]
fn alerts_alone() {
    let Some(program) = program() else { return };
    let place = Place::new();
    let page = fs::read_to_string(pipeline("README.md")).unwrap();
    let shown = page.split("```\n").find(|block| block.contains("function_name alerts")).unwrap();
    let config = shown
        .replace("/var/log", "${AUTHSIEVE_LOGS}")
        .replace("/var/lib/fluent-bit", "${AUTHSIEVE_STATE}")
        .replace("/usr/lib/authsieve", "${AUTHSIEVE_MODULES}");
    let config = place.write("alerts.conf", &config);
    append(&place, "");
    let mut agent = place.start(&program, &config);
    agent.wait("the log to be read", |agent| agent.log().contains("inotify_fs_add"));
    append(&place, &(failures(0, "one-short", 4) + &login(10, "one-short") + &attack(20, "enough")));
    let mut printed = String::new();
    agent.wait("an alert", |_| {
        printed = fs::read_to_string(place.path("stdout")).unwrap();
        printed.ends_with('\n')
    });
    let printed = values(&printed);
    assert_eq!(users(&printed), ["enough"]);
    assert!(printed[0].get("log").is_none(), "{printed:?}");
}

/// The alternative: a service next to the agent keeps the state, and both may restart at any time.
#[cfg(feature = "serve")]
#[test]
fn a_service_beside_the_agent_remembers() {
    let Some(program) = program() else { return };
    for name in ["serve.yaml", "serve.conf"] {
        let place = Place::new();
        let folder = place.path("").display().to_string();
        let port = place.port.to_string();
        let text = fs::read_to_string(pipeline("serve.toml")).unwrap();
        let text = text.replace("/var/lib", &folder).replace("/var/log", &folder).replace("24224", &port);
        // Shorter than in the shipped file, so that the test need not wait as long.
        let service = place.write("serve.toml", &text.replace("\"30s\"", "\"3s\""));
        note("serve.toml with its paths and port replaced, and allowed_lateness of 3s");
        let config = changed(&place, name, "24224", &port);
        let out = place.path("authsieve-alerts.jsonl");
        // Alerts that were delivered just before the kill may come twice, with the same id.
        let told = |alerts: &str| -> BTreeSet<(String, String)> {
            let told =
                |alert: &serde_json::Value| (alert["id"].to_string(), alert["failure_count"].to_string());
            values(alerts).iter().map(told).collect()
        };
        let alerts = || told(&fs::read_to_string(&out).unwrap_or_default());
        let serve = || {
            Command::new(env!("CARGO_BIN_EXE_authsieve"))
                .args(["serve", "-c", service.to_str().unwrap()])
                .stdin(Stdio::null())
                .spawn()
                .unwrap()
        };
        let log = ["first", "second", "third", "fourth"].into_iter().zip((0..).step_by(60));
        let lines: Vec<String> = log
            .flat_map(|(user, at)| {
                attack(at, user).lines().map(|line| format!("{line}\n")).collect::<Vec<_>>()
            })
            .collect();
        // Each part ends in the middle of an attack.
        let (mut beside, mut agent) = (serve(), place.start(&program, &config));
        append(&place, &lines[..9].concat());
        agent.wait("the first", |_| alerts().len() == 1);
        agent.stop();
        append(&place, &lines[9..15].concat());
        agent = place.start(&program, &config);
        agent.wait("the second", |_| alerts().len() == 2);
        beside.kill().unwrap();
        beside.wait().unwrap();
        append(&place, &lines[15..21].concat());
        beside = serve();
        agent.wait("the third", |_| alerts().len() == 3);
        append(&place, &lines[21..].concat());
        agent.wait("the fourth", |_| alerts().len() == 4);
        drop(agent);
        beside.kill().unwrap();
        beside.wait().unwrap();
        let raw = place.write("raw.log", &lines.concat());
        let late = ["--set", "allowed_lateness=3s"];
        let run = ["run", "-q", "--format", "json", "-a", "an1276", late[0], late[1], raw.to_str().unwrap()];
        assert_eq!(alerts(), told(&authsieve(&run)), "{name}");
    }
}
