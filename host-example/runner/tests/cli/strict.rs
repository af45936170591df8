//! Tests that commands report records that could not be judged, and who fails most. With `--strict` such records are a
//! failure.

use crate::shell::{ATTACK, RECEIVED, Shell, alerts};

/// The attack, with one line that cannot be judged. There is one variant for each reason.
fn troubles() -> Vec<(&'static str, String, &'static str)> {
    let line = "Failed password for root from 203.0.113.9 port 4000 ssh2";
    vec![
        ("unread", format!("{line}\n"), "1 record in a form that is not known"),
        ("undated", format!("sshd[9]: {line}\n"), "1 record without a time"),
        (
            "malformed",
            format!("{{\"host\":\"web1\",\"message\":\"Mar  4 08:00:00 web1 sshd[9]: {line}\"\n"),
            "1 record of a known form",
        ),
        ("oversized", format!("{}\n", "z".repeat(17 << 20)), "is too long"),
    ]
}

#[test]
fn what_is_not_judged_is_said_and_strictly_a_failure() {
    let shell = Shell::new();
    shell.write("clean.log", ATTACK);
    for command in ["run", "decode", "explain"] {
        let said = shell.run(&[command, "-a", "an1276", RECEIVED, "--strict", "clean.log"]);
        assert_eq!(said.status, Some(0), "{command}: {}", said.err);
    }
    for (kind, line, what) in troubles() {
        let log = shell.write(&format!("{kind}.log"), [ATTACK, &line].concat());
        let name = log.file_name().unwrap().to_str().unwrap();
        for command in ["run", "decode", "explain"] {
            let lenient = shell.run(&[command, "-a", "an1276", RECEIVED, name]);
            let strict = shell.run(&[command, "-a", "an1276", RECEIVED, "--strict", name]);
            assert_eq!(strict.status, Some(1), "{command} {kind}: {}", strict.err);
            assert_eq!(strict.out, lenient.out, "{command} {kind}");
            assert!(strict.err.contains(what), "{command} {kind}: {}", strict.err);
            // Without `--strict`, only a record that is too long is a failure for these commands.
            let fails = kind == "oversized" && command != "run";
            assert_eq!(lenient.status, Some(i32::from(fails)), "{command} {kind}: {}", lenient.err);
        }
        let said = shell.run(&["run", "-q", "-a", "an1276", RECEIVED, "--strict", name]);
        assert_eq!((said.status, alerts(&said).len()), (Some(1), 1), "{kind}");
        assert!(said.err.contains(what), "{kind}: {}", said.err);
    }
}

#[test]
fn a_brute_force_without_a_login_is_in_the_summary() {
    let shell = Shell::new();
    let line = "Failed password for root from 203.0.113.9 port 4000 ssh2";
    let failures: String =
        (0..40).map(|n| format!("Mar  4 08:00:{n:02} web1 sshd[1{n:02}]: {line}\n")).collect();
    // PAM's line repeats an attempt and is not counted again. Another user mistypes a password.
    let others = "\
Mar  4 08:01:00 web1 sshd[100]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= \
rhost=203.0.113.9  user=root
Mar  4 08:01:01 web1 sshd[99]: Failed password for ada from 198.51.100.7 port 4000 ssh2
";
    let log = failures + others;
    shell.write("auth.log", &log);
    let wanted = ["addresses that fail most: 203.0.113.9 (40)\n", "accounts that fail most: root (40)\n"];
    let file = shell.run(&["run", "-a", "an1276", RECEIVED, "auth.log"]);
    let given = shell.run(&["run", "-a", "an1276", RECEIVED, "--order", "given", "auth.log"]);
    let piped = shell.run_with_stdin(&["run", "-a", "an1276", RECEIVED], log.as_bytes());
    for said in [file, given, piped] {
        assert!(wanted.iter().all(|wanted| said.err.contains(wanted)) && said.out.is_empty(), "{}", said.err);
    }
    let quiet = shell.run(&["run", "-q", "-a", "an1276", RECEIVED, "auth.log"]);
    assert_eq!(quiet.err, "");
}

#[test]
fn a_year_that_is_inferred_is_said() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK);
    let note = "leave out the year, which was inferred as 2026: ";
    let file = shell.run(&["run", "-a", "an1276", RECEIVED, "auth.log"]);
    assert!(file.err.contains(&format!("{note}auth.log\n")), "{}", file.err);
    let piped = shell.run_with_stdin(&["run", "-a", "an1276", RECEIVED], ATTACK.as_bytes());
    assert!(piped.err.contains(&format!("{note}-\n")), "{}", piped.err);
    shell.write("iso.log", ATTACK.replace("Mar  4 08:00:", "2026-03-04T08:00:").replace(" web1", "Z web1"));
    let whole = shell.run(&["run", "-a", "an1276", RECEIVED, "iso.log"]);
    assert_eq!((alerts(&whole).len(), whole.err.contains("inferred")), (1, false), "{}", whole.err);
}
