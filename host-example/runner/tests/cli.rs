//! The `authsieve` command, as a shell sees it.

#[path = "../../../src/host/tests/support/mod.rs"]
mod support;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Five failures and a success: what AN1276 is for.
const ATTACK: &str = "\
Mar  4 08:00:01 web1 sshd[100]: Failed password for root from 203.0.113.9 port 4000 ssh2
Mar  4 08:00:03 web1 sshd[100]: Failed password for root from 203.0.113.9 port 4000 ssh2
Mar  4 08:00:05 web1 sshd[101]: Failed password for root from 203.0.113.9 port 4001 ssh2
Mar  4 08:00:07 web1 sshd[101]: Failed password for root from 203.0.113.9 port 4001 ssh2
Mar  4 08:00:09 web1 sshd[102]: Failed password for root from 203.0.113.9 port 4002 ssh2
Mar  4 08:00:12 web1 sshd[103]: Accepted password for root from 203.0.113.9 port 4003 ssh2
";

const RECEIVED: &str = "--received=2026-03-05T00:00:00Z";

struct Shell {
    folder: TempDir,
}

struct Said {
    status: Option<i32>,
    out: String,
    err: String,
}

impl Shell {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authsieve"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("NO_COLOR").stdin(Stdio::null());
        // One cache for all tests, and not that of whoever runs them.
        command.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        said(self.command(arguments).output().unwrap())
    }

    fn run_with_stdin(&self, arguments: &[&str], input: &[u8]) -> Said {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        said(child.wait_with_output().unwrap())
    }
}

fn said(output: Output) -> Said {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn alerts(said: &Said) -> Vec<serde_json::Value> {
    said.out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}

#[test]
fn the_demonstration_is_for_people() {
    let shell = Shell::new();
    for arguments in [&[][..], &["demo"]] {
        let said = shell.run(arguments);
        assert_eq!(said.status, Some(0), "{}", said.err);
        assert!(said.out.contains("203.0.113.9") && said.out.contains("What next"), "{}", said.out);
        assert!(said.out.contains("2001:db8:44::99"), "{}", said.out);
        for analytic in ["AN0454", "AN1269", "AN1276", "AN1521", "FLS"] {
            assert!(said.out.contains(&format!("Z  {analytic}  ")), "{analytic}: {}", said.out);
        }
        // Neither alice, who mistyped twice, nor the forged login of root.
        assert!(!said.out.contains("192.0.2.44") && !said.out.contains("198.51.100.23"), "{}", said.out);
        assert!(!said.out.contains('\x1b'));
    }
}

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
    for name in ["packed", "squeezed", "utf16"] {
        assert_eq!(shell.run(&["run", RECEIVED, name]).out, wanted, "{name}");
    }
    assert_eq!(shell.run_with_stdin(&["run", RECEIVED, "-"], ATTACK.as_bytes()).out, wanted);
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
    let said = shell.run(&["run", RECEIVED, "2.log", "1.log"]);
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
fn wrong_usage_is_status_2() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK);
    for (arguments, wanted) in [
        (&["run", "-a", "an9999", "auth.log"][..], "there are: an0454, an1269, an1276, an1521, fls"),
        (&["run"], "FILE"),
        (&["run", "--received", "yesterday", "auth.log"], "RFC 3339"),
        (&["run", "-a", "an1276", "--set", "window=abc", "auth.log"], "window"),
        (&["run", "-a", "an1276", "--set", "window", "auth.log"], "key=value"),
        (&["frobnicate"], "frobnicate"),
    ] {
        let said = shell.run(arguments);
        assert_eq!(said.status, Some(2), "{arguments:?} {}", said.err);
        assert!(said.err.contains(wanted) && said.out.is_empty(), "{arguments:?} {}", said.err);
    }
}

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
fn decode_tells_the_line_of_each_event() {
    let shell = Shell::new();
    shell.write("auth.log", format!("nothing\n{ATTACK}\nMar  4 09:00:00 web1 CRON[1]: (root) CMD (true)\n"));
    let said = shell.run(&["decode", "-a", "an1276", RECEIVED, "auth.log"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    let events = alerts(&said);
    let lines: Vec<_> = events.iter().map(|event| event["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7]);
    assert_eq!(events[0]["outcome"], "failure");
    assert_eq!(events[5]["outcome"], "success");
    assert_eq!(events[5]["time"], "2026-03-04T08:00:12Z");
    assert_eq!(events[5]["src_ip"], "203.0.113.9");
    let said = shell.run(&["decode", "--all", RECEIVED, "auth.log"]);
    let lines: Vec<_> = alerts(&said).iter().map(|event| event["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, (1..=9).collect::<Vec<_>>());
    assert!(said.out.starts_with("{\"line\":1,\"outcome\":null}\n"));
    let said = shell.run(&["decode", RECEIVED, "auth.log", "auth.log"]);
    assert_eq!(alerts(&said)[6]["file"], "auth.log");
}

#[test]
fn inspect_tells_what_an_analytic_is() {
    let shell = Shell::new();
    let said = shell.run(&["inspect", "-a", "an1276"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    for wanted in ["an1276", "imports", "none", "min_failures", "integer", "= 5", "T1110", "needles"] {
        assert!(said.out.contains(wanted), "{wanted}: {}", said.out);
    }
    let json: serde_json::Value =
        serde_json::from_str(&shell.run(&["inspect", "-a", "an1276", "--json"]).out).unwrap();
    assert_eq!(json["imports"], serde_json::json!([]));
    assert_eq!(json["config_schema"]["properties"]["min_failures"]["default"], 5);
}

#[test]
fn what_is_exported_can_be_run() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK);
    let said = shell.run(&["export", "out", "-a", "an1276"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    let names = [
        "an1276.wasm",
        "an1276_browser.js",
        "an1276_browser.d.ts",
        "an1276_browser_bg.wasm",
        "authsieve.wit",
    ];
    for name in names {
        assert!(shell.folder.path().join("out").join(name).metadata().unwrap().len() > 0, "{name}");
    }
    let js = fs::read_to_string(shell.folder.path().join("out/an1276_browser.js")).unwrap();
    assert!(js.contains("an1276_browser_bg.wasm"));
    let component = Path::new("out/an1276.wasm").display().to_string();
    let said =
        shell.run(&["run", "--component", &component, "--set", "min_failures=5", RECEIVED, "auth.log"]);
    assert_eq!(said.out, shell.run(&["run", "-a", "an1276", RECEIVED, "auth.log"]).out, "{}", said.err);
    assert_eq!(alerts(&said).len(), 1);
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

/// A case folder `name` under `an1276/cases`.
fn write_case(shell: &Shell, name: &str, expected: Option<&str>) {
    let dir = format!("an1276/cases/{name}");
    fs::create_dir_all(shell.folder.path().join(&dir)).unwrap();
    shell.write(&format!("{dir}/input.log"), ATTACK);
    shell.write(
        &format!("{dir}/case.toml"),
        "description = \"five failures\"\nreceived = \"2026-03-05T00:00:00Z\"",
    );
    if let Some(expected) = expected {
        shell.write(&format!("{dir}/expected.ndjson"), expected);
    }
}

#[test]
fn cases_are_run_and_reported() {
    let shell = Shell::new();
    write_case(&shell, "good", Some("{\"pattern\":\"user+ip\",\"user\":\"root\"}\n"));
    let said = shell.run(&["test", "."]);
    assert_eq!(said.status, Some(0), "{}{}", said.out, said.err);
    assert!(
        said.out.contains("ok      ./an1276/cases/good (") && said.out.contains("1 case: 1 ok ("),
        "{}",
        said.out
    );
    assert!(said.err.is_empty() && !said.out.contains('\x1b'), "{}", said.err);

    write_case(&shell, "bad", Some("{\"pattern\":\"ip\",\"user\":\"root\"}\n"));
    write_case(&shell, "none", None);
    let said = shell.run(&["test", "--junit", "report.xml", "an1276"]);
    assert_eq!(said.status, Some(1), "{}{}", said.out, said.err);
    for wanted in [
        "FAILED  an1276/cases/bad",
        "\n  five failures\n",
        "- pattern = \"ip\"",
        "+ pattern = \"user+ip\"",
        "  user = \"root\"",
        "ERROR   an1276/cases/none",
        "authsieve test --update an1276/cases/none",
        "3 cases: 1 ok, 1 FAILED, 1 with an ERROR",
    ] {
        assert!(said.out.contains(wanted), "{wanted}: {}", said.out);
    }
    let xml = fs::read_to_string(shell.folder.path().join("report.xml")).unwrap();
    assert!(xml.contains(r#"<testsuite name="an1276" tests="3" failures="1" errors="1""#), "{xml}");

    let said = shell.run(&["test", "-q", "--filter", "good", "an1276"]);
    assert_eq!((said.status, said.out.lines().count()), (Some(0), 2), "{}", said.out);
    let said = shell.run(&["test", "--color", "always", "an1276"]);
    assert!(said.out.contains("\x1b[32m+ pattern"), "{}", said.out);

    let said = shell.run(&["test", "--update", "an1276"]);
    assert_eq!(said.status, Some(0), "{}{}", said.out, said.err);
    assert!(said.out.contains("3 cases: 1 ok, 2 updated"), "{}", said.out);
    let bad = fs::read_to_string(shell.folder.path().join("an1276/cases/bad/expected.ndjson")).unwrap();
    assert_eq!(bad, "{\"pattern\":\"user+ip\",\"user\":\"root\"}\n");
    let said = shell.run(&["test", "an1276"]);
    assert_eq!(said.status, Some(0), "{}{}", said.out, said.err);
}

#[test]
fn no_cases_are_a_usage_error() {
    let shell = Shell::new();
    write_case(&shell, "good", Some(""));
    fs::create_dir(shell.folder.path().join("empty")).unwrap();
    for (arguments, wanted) in [
        (&["test", "empty"][..], "there are no cases"),
        (&["test", "missing"], "missing: "),
        (&["test", "--filter", "x-y", "an1276"], "--filter leaves none of 1 cases"),
        (&["test", "-a", "an9999", "an1276"], "`an9999`"),
        (&["test"], "<DIR>"),
    ] {
        let said = shell.run(arguments);
        assert_eq!(said.status, Some(2), "{arguments:?}: {}", said.err);
        assert!(said.err.contains(wanted), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn a_component_of_ones_own_is_tested_too() {
    let shell = Shell::new();
    write_case(&shell, "good", Some("{\"pattern\":\"user+ip\"}\n"));
    assert_eq!(shell.run(&["export", "out", "-a", "an1276"]).status, Some(0));
    let said = shell.run(&["test", "--component", "out/an1276.wasm", "an1276/cases"]);
    assert_eq!(said.status, Some(0), "{}{}", said.out, said.err);
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
    let said = shell.run(&["run", "-a", "an1276", RECEIVED, "auth.log"]);
    assert_eq!((said.status, said.out.as_str()), (Some(0), ""));
    assert!(said.err.contains("came too late") && said.err.contains("--order sort"), "{}", said.err);
    let said = shell.run(&["run", "-a", "an1276", "--order", "sort", RECEIVED, "auth.log"]);
    let sorted = alerts(&said);
    assert_eq!((said.status, sorted.len()), (Some(0), 1), "{}", said.err);
    assert_eq!(
        (sorted[0]["pattern"].as_str(), sorted[0]["time"].as_str()),
        (Some("user+ip"), Some("2026-03-04T08:00:12Z"))
    );
    assert!(!said.err.contains("late"), "{}", said.err);
    // Also with several analytics, and whatever the configuration says.
    let said =
        shell.run(&["run", "--order", "sort", "--set", "an1276.allowed_lateness=1s", RECEIVED, "auth.log"]);
    assert!(alerts(&said).iter().any(|alert| alert["analytic"] == "AN1276"), "{}", said.err);
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

#[test]
fn check_prints_what_a_configuration_amounts_to() {
    let shell = Shell::new();
    shell.write("egress.txt", "# VPN\n10.8.0.0/16\n2001:db8::/32 # office\n");
    shell.write(
        "config.toml",
        "analytics = [\"FLS\", \"an1276\"]\ntimezone = \"Europe/Berlin\"\nallow_ips = { file = \"egress.txt\" }\n\
         [server]\nlisten = \"x\"\n[an1276]\nminFailures = 8\nmax_keys = 500\n[an1521]\nmin_failures = 4\n\
         [[override]]\nignore = true\nusers = [\"ci-*\"]\n[[override]]\nhosts = [\"a\"]\nspray_accounts = 20\n",
    );
    let said = shell.run(&["check", "-c", "config.toml", "--no-defaults"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    assert_eq!(
        said.out,
        "analytics = [\"fls\", \"an1276\"]\nallow_ips = [\"10.8.0.0/16\", \"2001:db8::/32\"]\n\
         timezone = \"Europe/Berlin\"\n\n[fls]\n\n[an1276]\nmax_keys = 500\nmin_failures = 8\n\n\
         [[override]]\nusers = [\"ci-*\"]\nignore = true\n\n[[override]]\nhosts = [\"a\"]\nspray_accounts = 20\n"
    );
    let all = shell.run(&["check", "-c", "config.toml"]);
    assert!(
        all.out.contains("\n# window = \"15m\"\n") && all.out.contains("\nmin_failures = 8\n"),
        "{}",
        all.out
    );
    // What is printed is a configuration that amounts to the same.
    shell.write("printed.toml", &all.out);
    assert_eq!(shell.run(&["check", "-c", "printed.toml"]).out, all.out);
    let json = shell.run(&["check", "-c", "config.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["valid"], true);
    assert_eq!(json["config"]["an1276"]["min_failures"], 8);
    assert_eq!(json["config"]["fls"]["window"], "15m");
    assert_eq!(json["config"]["max_keys"], 100_000);
    // `-a` goes before `analytics`, and one alone may have its options at the top.
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
        "error[unknown-option]: override[0].spray_acounts: there is no such option\n --> config.toml:10:1\n",
        "error[out-of-range]: an1276.min_failures: 0 is out of range\n --> --set:1:21\n",
        "an1276.min_failures=0",
    ] {
        assert!(said.err.contains(part), "{part}\n---\n{}", said.err);
    }
    assert_eq!(
        said.err.matches("allow_ips[1]").count(),
        1,
        "what five analytics say is said once: {}",
        said.err
    );
    // The same for programs.
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
        assert!(said.err.contains("such analytic") && !said.err.contains("an9999.window"), "{}", said.err);
    }
    let said = shell.run(&["check", "--set", "window=5m"]);
    assert!(said.err.contains("as in an0454.window=…, or choose one with -a"), "{}", said.err);
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

#[test]
fn inspect_shows_other_spellings_beside_the_option() {
    let shell = Shell::new();
    let said = shell.run(&["inspect", "-a", "an1276"]);
    assert!(said.out.contains("min_failures (or minFailures)  integer"), "{}", said.out);
    assert!(
        said.out.contains("window  duration = \"15m\"") || said.out.contains(")  duration = \"15m\""),
        "{}",
        said.out
    );
    assert!(said.out.contains("duration or \"max\""), "{}", said.out);
    assert!(!said.out.contains("Another spelling"), "{}", said.out);
}

/// The attack without its fifth failure, and with a login of somebody else.
const NEAR_MISS: &str = "\
Mar  4 08:00:01 web1 sshd[100]: Failed password for root from 203.0.113.9 port 4000 ssh2
Mar  4 08:00:03 web1 sshd[101]: Failed password for root from 203.0.113.9 port 4000 ssh2
Mar  4 08:00:05 web1 sshd[102]: Failed password for root from 203.0.113.9 port 4001 ssh2
Mar  4 08:00:07 web1 sshd[103]: Failed password for root from 203.0.113.9 port 4001 ssh2
Mar  4 08:00:12 web1 sshd[104]: Accepted password for root from 203.0.113.9 port 4003 ssh2

Mar  4 08:00:13 web1 sshd[105]: Accepted password for ada from 192.0.2.44 port 4004 ssh2
";

#[test]
fn explain_says_what_was_missing() {
    let shell = Shell::new();
    shell.write("auth.log", NEAR_MISS);
    let explain = |more: &[&str]| {
        let said = shell.run(&[&["explain", "-a", "an1276", RECEIVED, "auth.log"], more].concat());
        assert_eq!(said.status, Some(0), "{}", said.err);
        said
    };
    let notes = alerts(&explain(&["--key", "user+ip root"]));
    assert_eq!(notes.len(), 5, "{notes:?}");
    let last = &notes[4];
    assert_eq!((&last["step"], &last["count"], &last["needed"]), (&"short".into(), &4.into(), &5.into()));
    assert_eq!((&last["line"], &last["time"]), (&5.into(), &"2026-03-04T08:00:12Z".into()));
    assert_eq!(last["text"], "success after 4 of 5 failures within 15m, the last 5s before");

    let of_ada = alerts(&explain(&["--user", "ADA"]));
    assert!(!of_ada.is_empty() && of_ada.iter().all(|note| note["user"] == "ada" && note["line"] == 7));
    assert!(alerts(&explain(&["--ip", "198.51.100.1"])).is_empty());
    let near = alerts(&explain(&["--near"]));
    assert!(near.iter().all(|note| note["src_ip"] == "203.0.113.9") && near.len() == 10, "{near:?}");

    let text = explain(&["--format", "text"]).out;
    assert!(text.contains("user+ip root 203.0.113.9, came near, no alert"), "{text}");
    assert!(!text.contains('\x1b'));
    assert_eq!(shell.run(&["explain", "--ip", "nowhere", "auth.log"]).status, Some(2));
}

#[test]
fn explain_tells_of_every_alert() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK);
    let said = shell.run(&["explain", "-a", "an1276", RECEIVED, "auth.log"]);
    let alerts: Vec<_> = alerts(&said).into_iter().filter(|note| note["step"] == "alert").collect();
    assert_eq!(alerts.len(), 1, "{}", said.out);
    assert_eq!(alerts[0]["key"], "user+ip root 203.0.113.9");
}

#[test]
fn doctor_says_what_can_fire_and_what_is_missing() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK);
    let failures: String =
        ATTACK.lines().filter(|line| line.contains("Failed")).map(|line| format!("{line}\n")).collect();
    shell.write("failures.log", failures + "a line of no use \x1b[2J\n");
    let doctor = |arguments: &[&str]| shell.run(&[&["doctor", RECEIVED], arguments].concat());

    let said = doctor(&["-a", "an1276", "auth.log"]);
    assert_eq!(said.status, Some(0), "{}{}", said.out, said.err);
    assert!(said.out.contains("AN1276") && said.out.contains("can fire"), "{}", said.out);

    let said = doctor(&["-a", "an1276", "failures.log"]);
    assert_eq!(said.status, Some(1), "{}", said.out);
    assert!(said.out.contains("cannot fire") && said.out.contains("LogLevel INFO"), "{}", said.out);
    assert!(said.out.contains("a line of no use") && !said.out.contains('\x1b'), "{}", said.out);

    let said = doctor(&["--format", "json", "auth.log"]);
    assert_eq!(said.status, Some(1), "no challenges, no Windows");
    let found: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&found["records"], &found["read"]), (&6.into(), &6.into()), "{found}");
    assert_eq!(found["feeds"][0]["outcomes"], serde_json::json!({ "failure": 5, "success": 1 }));
    let can = |id: &str| {
        let all = found["analytics"].as_array().unwrap();
        all.iter().find(|one| one["id"] == id).unwrap()["can_fire"].as_bool().unwrap()
    };
    assert!(can("an1276") && !can("an0454") && !can("an1521") && !can("fls"), "{found}");

    let backwards: String = ATTACK.lines().rev().map(|line| format!("{line}\n")).collect();
    shell.write("backwards.log", backwards);
    let said = doctor(&["-a", "an1276", "backwards.log"]);
    assert!(
        said.out.contains("newest first") && said.out.contains("allowed_lateness = \"max\""),
        "{}",
        said.out
    );
    assert_eq!(doctor(&["nowhere.log"]).status, Some(1));
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
    // What cannot be read is told and counted; the rest is.
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
fn the_error_says_what_cannot_be_baked() {
    let shell = Shell::new();
    let said = shell.run(&["bake", "-o", "out.wasm", "absent.wasm"]);
    assert_eq!(
        (said.status, said.err.contains("absent.wasm: there is no such file")),
        (Some(1), true),
        "{}",
        said.err
    );
    assert_eq!(shell.run(&["bake", "--form", "component", "-o", "an1276.wasm", "an1276"]).status, Some(0));
    let said = shell.run(&["bake", "--form", "fluent-bit", "-o", "out.wasm", "an1276.wasm"]);
    assert_eq!(
        (said.status, said.err.contains("an1276.wasm is a component")),
        (Some(2), true),
        "{}",
        said.err
    );
    assert_eq!(shell.run(&["bake", "-o", "again.wasm", "an1276.wasm"]).status, Some(0));
}
