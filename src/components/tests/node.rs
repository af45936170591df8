//! Compares the browser class with the native detector, byte by byte. Needs `node`; skipped without it.

use authsieve_an1276::An1276;
use authsieve_engine::detector::{Detector, Reading};
use authsieve_engine::time::{Span, Timestamp};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fmt::Write as _, fs};

/// 2026-03-01T13:00:00Z.
const RECEIVED: Timestamp = Timestamp(1_772_370_000_000_000);

/// Five refused passwords, a login, and other lines of such logs, with a name that JSON has to escape.
const LOG: &str = "\
2026-03-01T12:00:01Z bastion sshd[811]: Failed password for root from 192.0.2.66 port 40100 ssh2
2026-03-01T12:00:03Z bastion sshd[812]: Failed password for root from 192.0.2.66 port 40101 ssh2
2026-03-01T12:00:05Z bastion sshd[813]: Failed password for invalid user a\"\\\u{1b}\u{e9} from 192.0.2.66 port 40102 ssh2
2026-03-01T12:00:07Z bastion sshd[814]: Failed password for root from 192.0.2.66 port 40103 ssh2
2026-03-01T12:00:08Z bastion cron[99]: (root) CMD (true)
2026-03-01T12:00:09Z bastion sshd[815]: Failed password for root from 192.0.2.66 port 40104 ssh2
2026-03-01T12:00:11Z bastion sshd[816]: Failed password for root from 192.0.2.66 port 40105 ssh2
2026-03-01T12:00:30Z bastion sshd[817]: Accepted password for root from 192.0.2.66 port 40106 ssh2
2026-03-01T12:01:00Z bastion sshd[818]: Failed password for eve from 2001:db8::9 port 40107 ssh2
";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The output of `tests/node/detect.mjs`, made by the native detector.
fn native() -> (String, usize) {
    let batch = LOG.as_bytes();
    let mut out = Detector::<An1276>::describe().remove(0).config_schema;
    let mut detector = Detector::<An1276>::create("", 7).expect("the defaults are valid");
    let _ = write!(out, "\n{}\n", detector.needles().join(","));
    let outcomes: Vec<&str> =
        detector.decode(batch, RECEIVED).iter().map(|seen| seen.event.outcome.as_str()).collect();
    let _ = writeln!(out, "{}", outcomes.join(","));
    let mut alerts = detector.process(batch, Reading { first: 1, ..Reading::at(RECEIVED) });
    alerts.extend(detector.elapse(Span(60_000_000)));
    alerts.extend(detector.flush());
    for alert in &alerts {
        let _ = writeln!(out, "{}", alert.to_json());
    }
    let _ = writeln!(out, "{}\n{}", detector.stats()[0].records, hex(&detector.snapshot()));
    let (restored, notes) =
        Detector::<An1276>::restore("", 8, &detector.snapshot()).expect("it has just been written");
    let _ = writeln!(out, "{} {}", notes.len(), hex(&restored.snapshot()));
    for error in [
        Detector::<An1276>::create(r#"{"window":"soon"}"#, 7).err(),
        Detector::<An1276>::restore("", 7, &[1, 2, 3]).err(),
    ] {
        let _ = writeln!(out, "Error: {}", error.expect("an error"));
    }
    out.push_str("TypeError\n"); // A forgotten argument, which the native compiler does not let pass.
    (out, alerts.len())
}

/// A directory with what a page would load, as `export` lays it out.
fn page(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let an1276 = authsieve_components::get("an1276").expect("it is one of them");
    fs::create_dir_all(&dir).expect("a directory");
    for (name, bytes) in [
        ("package.json", br#"{"type":"module"}"#.as_slice()),
        ("an1276_browser.js", an1276.browser_js.as_bytes()),
        ("an1276_browser_bg.wasm", an1276.browser_wasm),
        ("auth.log", LOG.as_bytes()),
    ] {
        fs::write(dir.join(name), bytes).expect(name);
    }
    dir
}

#[test]
fn the_browser_class_says_what_the_native_detector_says() {
    let (expected, alerts) = native();
    assert_eq!(alerts, 1, "{expected}");
    if Command::new("node").arg("--version").output().is_err() {
        println!("skipped: no node");
        return;
    }
    let dir = page("page");
    let output = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node/detect.mjs"))
        .args(["an1276_browser.js", "an1276_browser_bg.wasm", "auth.log"].map(|name| dir.join(name)))
        .arg(RECEIVED.0.to_string())
        .output()
        .expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).expect("UTF-8"), expected);
}

/// Runs `tests/node/refused.mjs`, which throws if a wrong argument is accepted.
#[test]
fn wrong_arguments_are_refused_by_name() {
    if Command::new("node").arg("--version").output().is_err() {
        println!("skipped: no node");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node/refused.mjs");
    let class = page("refused").join("an1276_browser.js");
    let output = Command::new("node").arg(script).arg(class).output().expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).expect("UTF-8"), "21 refused\n");
}
