//! Tests of `doctor`.

use crate::shell::{ATTACK, RECEIVED, Shell};

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
    assert_eq!(said.status, Some(0), "nobody asked for Windows: one can fire");
    let found: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&found["records"], &found["read"]), (&6.into(), &6.into()), "{found}");
    assert_eq!(found["feeds"][0]["outcomes"], serde_json::json!({ "failure": 5, "success": 1 }));
    let can = |id: &str| {
        let all = found["analytics"].as_array().unwrap();
        all.iter().find(|one| one["id"] == id).unwrap()["can_fire"].as_bool().unwrap()
    };
    assert!(can("an1276") && !can("an0454") && !can("an1521") && !can("fls"), "{found}");

    // Each of these options silences the analytic.
    for (option, word) in [
        ("allow_ips=[\"0.0.0.0/0\"]", "ignored by"),
        ("ignore_users=[\"*\"]", "ignored by"),
        ("override=[{ignore=true}]", "left out"),
        ("success_methods=[\"passwrd\"]", "success_methods"),
        ("login_source=local", "login_source"),
    ] {
        let said = doctor(&["-a", "an1276", "--set", option, "auth.log"]);
        assert_eq!(said.status, Some(1), "{option}: {}{}", said.out, said.err);
        assert!(said.out.contains("cannot fire") && said.out.contains(word), "{option}: {}", said.out);
    }
    let said = doctor(&["-a", "an1276", "--set", "min_failures=1000", "--set", "window=1s", "auth.log"]);
    assert!(said.status == Some(1) && said.out.contains("no attack is that fast"), "{}", said.out);

    // A row without success or failure counts as read. A line of sshd without its header does not.
    shell.write(
        "signins.jsonl",
        "{\"TimeGenerated\":\"2026-03-04T08:00:00Z\",\"Category\":\"SignInLogs\",\"ResultType\":\"50140\",\"UserPrincipalName\":\"a@example.com\",\"IPAddress\":\"203.0.113.9\"}\n",
    );
    let said = doctor(&["-a", "fls", "signins.jsonl"]);
    assert!(!said.out.contains("no analytic reads"), "{}", said.out);
    shell.write("bare.log", "Failed password for root from 203.0.113.9 port 4000 ssh2\n");
    let said = doctor(&["bare.log"]);
    assert!(said.status == Some(1) && said.out.contains("lines of sshd or PAM in a layout"), "{}", said.out);

    let backwards: String = ATTACK.lines().rev().map(|line| format!("{line}\n")).collect();
    shell.write("backwards.log", backwards);
    let said = doctor(&["-a", "an1276", "backwards.log"]);
    assert!(said.err.contains("runs backwards") && !said.out.contains("newest first"), "{}", said.out);
    let said = doctor(&["-a", "an1276", "--order", "given", "backwards.log"]);
    assert!(
        said.out.contains("newest first") && said.out.contains("allowed_lateness = \"max\""),
        "{}",
        said.out
    );
    assert_eq!(doctor(&["nowhere.log"]).status, Some(1));
}
