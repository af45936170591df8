use super::*;
use crate::shapes::linux::tests::{brief, has_needle, read};
use std::format;
use std::string::String;

/// A record as sshd causes it.
fn record(kind: &str, said: &str) -> String {
    format!(
        "type={kind} msg=audit(1767323045.678:9): pid=1277 uid=0 auid=4294967295 ses=4294967295 subj=system_u:system_r:sshd_t:s0-s0:c0.c1023 msg='{said}'"
    )
}

fn raw(record: &str) -> String {
    decode(record.as_bytes()).map_or_else(
        || "nothing".into(),
        |event| {
            assert!(has_needle(record.as_bytes()), "no needle in {record}");
            brief(&event)
        },
    )
}

const SSHD: &str = "exe=\"/usr/sbin/sshd\" hostname=? addr=192.0.2.7 terminal=ssh";

#[test]
fn failures_and_successes_of_sshd() {
    for (kind, said, read) in [
        ("USER_AUTH", "op=PAM:authentication acct=\"root\" # res=failed", "failure audit [root] 192.0.2.7"),
        (
            "USER_AUTH",
            "op=PAM:authentication grantors=? acct=\"root\" # res=failed",
            "failure audit [root] 192.0.2.7",
        ),
        ("USER_AUTH", "op=password acct=\"root\" # res=failed", "failure audit [root] 192.0.2.7"),
        ("USER_AUTH", "op=pubkey acct=\"root\" # res=failed", "nothing"),
        ("USER_AUTH", "op=pubkey acct=\"root\" # res=success", "success audit [root] 192.0.2.7"),
        ("USER_LOGIN", "op=login acct=\"root\" # res=failed", "failure audit-login [root] 192.0.2.7"),
        (
            "USER_LOGIN",
            "op=login acct=28756E6B6E6F776E207573657229 # res=failed",
            "failure audit-login [] 192.0.2.7",
        ),
        (
            "USER_LOGIN",
            "op=login acct=28696E76616C6964207573657229 # res=failed",
            "failure audit-login [] 192.0.2.7",
        ),
        ("USER_LOGIN", "op=login acct=612062 # res=failed", "failure audit-login [a b] 192.0.2.7"),
        ("USER_ERR", "op=PAM:bad_ident acct=\"?\" # res=failed", "failure weak [] 192.0.2.7"),
        ("USER_LOGIN", "op=login id=0 # res=success", "success audit [root] 192.0.2.7"),
        ("USER_LOGIN", "op=login id=1000 # res=success", "success audit [] 192.0.2.7"),
        (
            "CRED_ACQ",
            "op=PAM:setcred grantors=pam_unix acct=\"root\" # res=success",
            "success audit [root] 192.0.2.7",
        ),
        ("USER_START", "op=PAM:session_open acct=\"root\" # res=success", "success audit [root] 192.0.2.7"),
        ("USER_START", "op=PAM:session_open acct=\"root\" # res=failed", "nothing"),
        ("USER_ACCT", "op=PAM:accounting acct=\"root\" # res=success", "nothing"),
        ("USER_END", "op=PAM:session_close acct=\"root\" # res=success", "nothing"),
    ] {
        let record = record(kind, &said.replace('#', SSHD));
        assert_eq!(raw(&record), read, "{record}");
    }
}

#[test]
fn the_record_has_its_own_time_process_and_host() {
    let line = record("USER_AUTH", &format!("op=PAM:authentication acct=\"root\" {SSHD} res=failed"));
    for (prefix, host) in [("", ""), ("node=web ", "web")] {
        let line = format!("{prefix}{line}");
        let event = decode(line.as_bytes()).unwrap();
        assert_eq!(event.time.to_rfc3339(), "2026-01-02T03:04:05.678Z");
        assert_eq!((&*event.host, event.pid, &*event.service), (host, Some(1277), "sshd"));
        assert_eq!((event.shape.as_str(), &*event.reason), ("auditd", "PAM:authentication"));
    }
    // Before Red Hat 7, a word stood before the process.
    assert_eq!(decode(line.replace(": pid", ": user pid").as_bytes()).unwrap().pid, Some(1277));
}

#[test]
fn enriched_records() {
    let login = record("USER_LOGIN", &format!("op=login id=1000 {SSHD} res=success"));
    assert_eq!(
        raw(&format!("{login}\u{1d}UID=\"root\" AUID=\"bob\" ID=\"bob\"")),
        "success audit [bob] 192.0.2.7"
    );
    // The separator may be lost on the way.
    assert_eq!(raw(&format!("{login}UID=\"root\" ID=\"bob\"")), "success audit [bob] 192.0.2.7");
}

#[test]
fn programs_at_the_machine() {
    let said = |exe: &str, op: &str, acct: &str, res: &str| {
        format!("op={op} acct=\"{acct}\" exe=\"{exe}\" hostname=? addr=? terminal=/dev/pts/0 res={res}")
    };
    for (kind, said, read) in [
        (
            "USER_AUTH",
            said("/usr/bin/sudo", "PAM:authentication", "alice", "failed"),
            "failure audit [alice] local pts/0",
        ),
        (
            "USER_AUTH",
            said("/usr/bin/sudo", "PAM:authentication", "alice", "success"),
            "success audit [alice] local pts/0",
        ),
        (
            "USER_AUTH",
            said("/usr/bin/su", "PAM:authentication", "root", "failed"),
            "failure audit [root] local pts/0",
        ),
        (
            "USER_START",
            said("/usr/bin/su", "PAM:session_open", "root", "success"),
            "success audit [root] local pts/0",
        ),
        ("USER_START", said("/usr/sbin/crond", "PAM:session_open", "root", "success"), "nothing"),
        ("USER_START", said("/usr/lib/systemd/systemd", "PAM:session_open", "root", "success"), "nothing"),
        ("USER_AUTH", said("/usr/sbin/unix_chkpwd", "PAM:unix_chkpwd", "root", "failed"), "nothing"),
        // The session belongs to the target user; the login uid names the caller.
        ("USER_START", said("/usr/bin/sudo", "PAM:session_open", "root", "success"), "nothing"),
    ] {
        assert_eq!(raw(&record(kind, &said)), read, "{said}");
    }
    let sudo = record("USER_START", &said("/usr/bin/sudo", "PAM:session_open", "root", "success"));
    assert_eq!(raw(&format!("{sudo}\u{1d}UID=\"root\" AUID=\"alice\"")), "success audit [alice] local pts/0");
    assert_eq!(raw(&format!("{sudo}\u{1d}UID=\"root\" AUID=\"unset\"")), "nothing");
}

#[test]
fn through_syslog_and_the_journal() {
    let said = format!("pid=7 uid=0 msg='op=PAM:authentication acct=\"root\" {SSHD} res=failed'");
    for (program, message) in [
        ("audit", format!("USER_AUTH {said}")),
        ("audispd", format!("node=web type=USER_AUTH msg=audit(1767323045.678:9): {said}")),
        ("audisp-syslog", format!("type=USER_AUTH msg=audit(1767323045.678:9): {said}")),
        ("kernel", format!("audit: type=1100 audit(1767323045.678:9): {said}")),
        ("kernel", format!("[   12.345678] audit: type=1100 audit(1767323045.678:9): {said}")),
    ] {
        assert_eq!(read(program, &message), "failure audit [root] 192.0.2.7", "{program}: {message}");
    }
}

#[test]
fn red_hat_5() {
    let said = "PAM: authentication acct=\"root\" : exe=\"/usr/sbin/sshd\" (hostname=a.example, addr=192.0.2.7, terminal=ssh res=failed)";
    assert_eq!(raw(&record("USER_AUTH", said)), "failure audit [root] 192.0.2.7");
}

#[test]
fn names_cannot_forge() {
    for (acct, user) in [
        // A quote that libaudit does not escape, and no spaces.
        ("\"a'res=success\"", "a'res=success"),
        ("\"acct=root'\"", "acct=root'"),
        // ` res=success'` in hexadecimal stays a name.
        ("61207265733D7375636365737327", "a res=success'"),
    ] {
        let line = record("USER_AUTH", &format!("op=PAM:authentication acct={acct} {SSHD} res=failed"));
        assert_eq!(raw(&line), format!("failure audit [{user}] 192.0.2.7"));
    }
}

#[test]
fn broken_records_are_nothing() {
    for line in [
        "type=USER_AUTH",
        "type=USER_AUTH msg=audit(): pid=1 msg='op=x res=failed'",
        "type=USER_AUTH msg=audit(1.0:9): pid=1",
        "type=USER_AUTH msg=audit(1.0:9): pid=1 msg='op=x",
        "type=USER_AUTH msg=audit(1.0:9): pid=1 msg='op=x res=maybe'",
        "type=SYSCALL msg=audit(1.0:9): arch=c000003e syscall=1 success=yes",
        "node=",
        "[",
        "",
    ] {
        assert_eq!(raw(line), "nothing", "{line}");
    }
}

/// `ausearch -i` writes times, users and accounts for people.
#[test]
fn interpreted_records() {
    let line = "type=USER_AUTH msg=audit(03/04/2026 08:00:00.993:121) : pid=1885 uid=root auid=unset ses=unset \
        msg='op=PAM:authentication grantors=? acct=ADBE exe=/usr/sbin/sshd hostname=192.0.2.7 addr=192.0.2.7 terminal=ssh res=failed'";
    let event = decode(line.as_bytes()).unwrap();
    assert_eq!(brief(&event), "failure audit [ADBE] 192.0.2.7");
    assert_eq!((event.pid, event.time), (Some(1885), crate::time::Timestamp::default()));
    let read = |line: &str, zone| match written(line.as_bytes(), zone) {
        Some(Stamp::At(time)) => time.to_rfc3339(),
        other => format!("{other:?}"),
    };
    assert_eq!(read(line, Zone::UTC), "2026-03-04T08:00:00.993Z");
    assert_eq!(read(line, Zone::UTC.with_order(Some(Order::DayMonth))), "2026-04-03T08:00:00.993Z");
    assert_eq!(read(&record("USER_AUTH", "op=x"), Zone::UTC), "None");
}
