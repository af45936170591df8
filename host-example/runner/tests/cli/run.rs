//! Tests of `run`.

use crate::shell::{ATTACK, RECEIVED, Shell, alerts, said};
use crate::support;
use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

#[test]
fn run_prints_one_json_alert_per_line_and_nothing_else() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK);
    for id in ["an1276", "AN1276", "An1276"] {
        let said = shell.run(&["run", "-a", id, RECEIVED, "auth.log"]);
        assert_eq!(said.status, Some(0), "{}", said.err);
        let alerts = alerts(&said);
        assert_eq!(alerts.len(), 1);
        assert_eq!(alerts[0]["analytic"], "AN1276");
        assert_eq!(alerts[0]["pattern"], "user+ip");
        assert_eq!(alerts[0]["time"], "2026-03-04T08:00:12Z");
        assert_eq!(alerts[0]["user"], "root");
        assert_eq!(alerts[0]["src_ip"], "203.0.113.9");
        assert!(said.err.contains("6 records") && said.err.contains("1 alert"), "{}", said.err);
    }
    let said = shell.run(&["run", "-q", RECEIVED, "auth.log"]);
    assert_eq!((alerts(&said).len(), said.err.as_str()), (1, ""));
}

#[test]
fn the_same_comes_out_of_every_container() {
    let shell = Shell::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(ATTACK.as_bytes()).unwrap();
    shell.write("auth.log", ATTACK.trim_end());
    shell.write("packed", gzip.finish().unwrap());
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    shell.write("squeezed", ruzstd::encoding::compress_to_vec(ATTACK.as_bytes(), level));
    let utf16: Vec<u8> = format!("\u{FEFF}{ATTACK}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    shell.write("utf16", utf16);
    let wanted = shell.run(&["run", RECEIVED, "auth.log"]).out;
    assert_eq!(wanted.lines().count(), 1);
    let of_file = |name: &str| wanted.replace(r#""file":"auth.log""#, &format!(r#""file":"{name}""#));
    for name in ["packed", "squeezed", "utf16"] {
        assert_eq!(shell.run(&["run", RECEIVED, name]).out, of_file(name), "{name}");
    }
    assert_eq!(shell.run_with_stdin(&["run", RECEIVED, "-"], ATTACK.as_bytes()).out, of_file("-"));
}

#[test]
fn alerts_name_file_and_line_in_every_format() {
    let shell = Shell::new();
    // Lines that no analytic needs, an empty line, and a record that is too long.
    let cron = "Mar  4 08:00:00 web1 CRON[9]: (root) CMD (true)\n";
    let lines: Vec<&str> = ATTACK.split_inclusive('\n').collect();
    shell.write("a.log", [cron, cron, lines[0], "\n", lines[1]].concat());
    let long = "z".repeat(17 << 20) + "\n";
    shell.write("b.log", [&long, lines[2], cron, lines[3], lines[4], cron, lines[5]].concat());
    let run = |arguments: &[&str]| {
        let said = shell.run(&[&["run", RECEIVED, "a.log", "b.log"], arguments].concat());
        assert_eq!(said.status, Some(0), "{}", said.err);
        said
    };
    for arguments in [&["-a", "an1276"][..], &["-a", "all"], &["--isolate"]] {
        let alerts = alerts(&run(arguments));
        assert_eq!(alerts.len(), 1);
        let place = |file: &str, line: u64| serde_json::json!({ "file": file, "line": line });
        let origin = &alerts[0]["origin"];
        assert_eq!((&origin["file"], &origin["line"]), (&"b.log".into(), &7.into()), "{origin}");
        let evidence = [("a.log", 3), ("a.log", 5), ("b.log", 2), ("b.log", 4), ("b.log", 5), ("b.log", 7)];
        let wanted: Vec<_> = evidence.into_iter().map(|(file, line)| place(file, line)).collect();
        assert_eq!(origin["evidence"], serde_json::Value::from(wanted));
        let texts = alerts[0]["evidence"].as_array().unwrap();
        assert_eq!(texts.len(), 6);
        for (piece, line) in texts.iter().zip(&lines) {
            assert_eq!(piece["text"], line.trim_end());
        }
    }
    let ocsf = &alerts(&run(&["--format", "ocsf"]))[0];
    assert_eq!(ocsf["unmapped"]["origin"]["line"], 7);
    let ecs = &alerts(&run(&["--format", "ecs"]))[0];
    assert_eq!(
        (&ecs["log"]["file"]["path"], &ecs["authsieve"]["origin"]["line"]),
        (&"b.log".into(), &7.into())
    );
    let text = run(&["--format", "text"]).out;
    assert!(
        text.contains("b.log:7\n")
            && text.contains("evidence   a.log:3  08:00:01  failure  root  203.0.113.9  web1  password\n")
            && text.contains("\n             4        08:00:07  failure  root "),
        "{text}"
    );
    let raw = run(&["--format", "text", "--raw"]).out;
    assert!(raw.contains("Mar  4 08:00:01 web1 sshd[100]: Failed password for root"), "{raw}");
}

#[test]
fn one_component_for_all_says_what_one_for_each_says() {
    let shell = Shell::new();
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let mut files: Vec<String> =
        fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path().display().to_string()).collect();
    files.sort();
    for arguments in [&["-q", "-a", "all"][..], &["-q", "-a", "an1269,fls"], &["-q", "--order", "sort"]] {
        let files = files.iter().map(String::as_str);
        let arguments: Vec<&str> = ["run", RECEIVED].iter().chain(arguments).copied().chain(files).collect();
        let together = shell.run(&arguments);
        let isolated = shell.run(&[&arguments[..], &["--isolate"]].concat());
        assert!(together.out.lines().count() > 3, "{}", together.out);
        assert_eq!((&together.out, &together.err), (&isolated.out, &isolated.err));
    }
}

#[test]
fn several_files_are_one_stream_and_a_missing_one_is_an_error() {
    let shell = Shell::new();
    let (first, second) = ATTACK.split_at(ATTACK.len() / 2);
    let cut = first.rfind('\n').unwrap() + 1;
    shell.write("1.log", &first[..cut]);
    shell.write("2.log", format!("{}{second}", &first[cut..]));
    let said = shell.run(&["run", RECEIVED, "1.log", "missing.log", "2.log"]);
    assert_eq!(said.status, Some(1));
    assert_eq!(alerts(&said).len(), 1);
    assert!(said.err.contains("missing.log: No such file or directory"), "{}", said.err);
    let said = shell.run(&["run", RECEIVED, "--order", "given", "2.log", "1.log"]);
    assert_eq!((said.status, alerts(&said).len()), (Some(0), 0));
}

#[test]
fn junk_is_no_reason_to_stop() {
    let shell = Shell::new();
    let mut bytes = b"\x00\xFF\xFE junk\n".to_vec();
    bytes.extend(std::iter::repeat_n(b'z', 17 << 20));
    bytes.extend_from_slice(b"\n");
    bytes.extend_from_slice(ATTACK.replace('\n', "\r\n").as_bytes());
    shell.write("junk.log", bytes);
    let said = shell.run(&["run", RECEIVED, "junk.log"]);
    assert_eq!((said.status, alerts(&said).len()), (Some(0), 1), "{}", said.err);
    assert!(said.err.contains("junk.log:2: a record of 17825792 bytes is too long"), "{}", said.err);
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    let shell = Shell::new();
    let mut log = String::new();
    for n in 0..20_000 {
        log += &ATTACK.replace("203.0.113.9", &format!("10.{}.{}.9", n / 250, n % 250));
    }
    shell.write("auth.log", log);
    let mut command = shell.command(&["run", "-q", RECEIVED, "auth.log"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut some = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn alerts_come_in_the_layouts_of_others() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK);
    let run = |format: &str| {
        let said = shell.run(&["run", "-a", "an1276", "--format", format, RECEIVED, "auth.log"]);
        assert_eq!(said.status, Some(0), "{}", said.err);
        let mut alerts = alerts(&said);
        assert_eq!(alerts.len(), 1);
        alerts.remove(0)
    };
    let ocsf = run("ocsf");
    assert_eq!((&ocsf["class_uid"], &ocsf["type_uid"]), (&2004.into(), &200_401.into()));
    assert_eq!(ocsf["metadata"]["version"], "1.5.0");
    assert_eq!(ocsf["evidences"][0]["src_endpoint"]["ip"], "203.0.113.9");
    assert_eq!(ocsf["finding_info"]["attacks"][0]["technique"]["uid"], "T1110");
    let ecs = run("ecs");
    assert_eq!((&ecs["event"]["kind"], &ecs["source"]["ip"]), (&"alert".into(), &"203.0.113.9".into()));
    assert_eq!(ecs["rule"]["id"], "AN1276");
    assert_eq!(run("json")["pattern"], "user+ip");
}

#[test]
fn a_backwards_export_is_sorted_on_request() {
    let shell = Shell::new();
    let backwards: Vec<&str> = ATTACK.lines().rev().collect();
    shell.write("auth.log", backwards.join("\n"));
    let said = shell.run(&["run", "-a", "an1276", "--order", "given", RECEIVED, "auth.log"]);
    assert_eq!((said.status, said.out.as_str()), (Some(0), ""));
    assert!(said.err.contains("came too late") && said.err.contains("--order sort"), "{}", said.err);
    let said = shell.run(&["run", "-a", "an1276", "--order", "sort", RECEIVED, "auth.log"]);
    let sorted = alerts(&said);
    let piped = shell.run_with_stdin(
        &["run", "-a", "an1276", "--order", "sort", RECEIVED],
        backwards.join("\n").as_bytes(),
    );
    assert_eq!(alerts(&piped).len(), 1, "{}", piped.err);
    assert_eq!((said.status, sorted.len()), (Some(0), 1), "{}", said.err);
    assert_eq!(
        (sorted[0]["pattern"].as_str(), sorted[0]["time"].as_str()),
        (Some("user+ip"), Some("2026-03-04T08:00:12Z"))
    );
    assert!(!said.err.contains("late"), "{}", said.err);
    // `--order sort` also works with several analytics, and overrides the configuration.
    let said =
        shell.run(&["run", "--order", "sort", "--set", "an1276.allowed_lateness=1s", RECEIVED, "auth.log"]);
    assert!(alerts(&said).iter().any(|alert| alert["analytic"] == "AN1276"), "{}", said.err);
}

#[test]
fn what_an_attacker_wrote_does_not_reach_a_terminal() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK.replace("for root", "for ro\x1b[2Jot"));
    let said = shell.run(&["run", "--format", "text", "--color", "always", RECEIVED, "auth.log"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    assert!(!said.out.contains("\x1b[2J") && said.out.contains("ro\\x1b[2Jot"), "{}", said.out);
    let mut command = shell.command(&["run", "--format", "text", RECEIVED, "auth.log"]);
    let plain = said_text(command.env("NO_COLOR", "1"));
    assert!(!plain.contains('\x1b'));
}

fn said_text(command: &mut Command) -> String {
    said(command.output().unwrap()).out
}

#[test]
fn records_are_found_in_any_layout() {
    let shell = Shell::new();
    let lines: Vec<String> = ATTACK
        .lines()
        .map(|line| format!("{{\n  \"host\": \"web1\",\n  \"message\": {}\n}}", serde_json::json!(line)))
        .collect();
    let array = format!("[\n{}\n]\n", lines.join(",\n"));
    let rows: Vec<String> = ATTACK.lines().map(|line| format!("web1,\"{line}\",\"a\nb\"")).collect();
    let table = format!("host,message,note\n{}\n", rows.join("\n"));
    shell.write("array.json", &array);
    shell.write("concatenated.log", lines.concat());
    shell.write("table.txt", &table);
    for file in ["array.json", "concatenated.log", "table.txt"] {
        let said = shell.run(&["run", "-a", "an1276", RECEIVED, file]);
        assert_eq!((said.status, alerts(&said).len()), (Some(0), 1), "{file}: {}", said.err);
    }
    let said = shell.run_with_stdin(&["run", "-a", "an1276", RECEIVED, "-"], array.as_bytes());
    assert_eq!(alerts(&said).len(), 1, "{}", said.err);
    let said = shell.run(&["decode", "-a", "an1276", RECEIVED, "--input-format=lines", "array.json"]);
    assert_eq!(said.out, "");
    let said = shell.run(&["decode", "--input-format=xls", "array.json"]);
    assert_eq!(said.status, Some(2), "{}", said.err);
    // The broken part is reported and counted. The rest is judged.
    shell.write("cut.json", &array[..array.len() - 20]);
    let said = shell.run(&["run", "-a", "an1276", RECEIVED, "cut.json"]);
    assert_eq!(said.status, Some(0));
    assert!(
        said.err.contains("cut.json:22: the input ends in the middle")
            && said.err.contains("records cut off: 1"),
        "{}",
        said.err
    );
}

#[test]
fn guests_are_not_trusted() {
    let shell = Shell::new();
    shell.write("importing.wasm", support::importing());
    shell.write("idle.wasm", support::idle());
    shell.write("hostile.wasm", support::hostile());
    shell.write("auth.log", "aaa\nA\n!\nA\n@\nA\n");
    let said = shell.run(&["run", "--component", "importing.wasm", "auth.log"]);
    assert_eq!(said.status, Some(1));
    assert!(
        said.err.contains("importing.wasm: refused, because it imports `wasi:clocks/wall-clock"),
        "{}",
        said.err
    );
    let said = shell.run(&["run", "--component", "idle.wasm", "auth.log"]);
    assert!(said.status == Some(1) && said.err.contains("idle.wasm"), "{}", said.err);
    let said = shell.run(&["run", "--component", "hostile.wasm", "--call-limit", "100ms", "auth.log"]);
    assert_eq!(said.status, Some(1));
    assert_eq!(said.out.lines().count(), 3);
    assert!(said.err.contains("auth.log:3: hostile: `process` failed: it stopped itself"), "{}", said.err);
    assert!(
        said.err.contains("auth.log:5: hostile: `process` failed: it took longer than 100ms"),
        "{}",
        said.err
    );
    // Two analytics run in one component. Only the analytic that fails on the record skips it.
    shell.write("auth.log", "aaa\nA\n!\nA\n");
    let said = shell.run(&["run", "--component", "hostile.wasm", "--set", "m=1", "auth.log"]);
    assert_eq!((said.status, said.out.lines().count()), (Some(1), 4), "{}", said.err);
    assert!(said.err.contains("auth.log:3: touchy+gentle: `process` failed"), "{}", said.err);
    assert!(said.err.contains("from now on each analytic runs on its own"), "{}", said.err);
    assert!(said.err.contains("auth.log:3: touchy: `process` failed"), "{}", said.err);
    assert!(!said.err.contains(": gentle: `process`"), "{}", said.err);
    let said = shell.run(&["decode", "--component", "hostile.wasm", "--set", "m=1", "auth.log"]);
    assert!(said.err.contains("auth.log:3: touchy: `decode` failed"), "{}", said.err);
    assert!(!said.err.contains("gentle: `decode`"), "{}", said.err);
}
