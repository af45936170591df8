use super::needles::NEEDLES;
use super::*;
use crate::decode::tests::decoder;
use crate::event::{Access, Outcome};
use crate::sieve::Sieve;
use proptest::prelude::*;
use std::format;
use std::string::{String, ToString};
use std::sync::OnceLock;
use std::vec::Vec;

/// An event in one line: outcome, signal, count if not 1, user, and its address, its name, or the terminal of a local
/// login.
pub(super) fn brief(event: &Event<'_>) -> String {
    let outcome = event.outcome.as_str();
    let times = if event.count == 1 { String::new() } else { format!(" x{}", event.count) };
    let place = match (event.src_ip, event.access) {
        (Some(address), _) => address.to_string(),
        (None, Access::Remote) => format!("<{}>", event.src_name),
        (None, Access::Local) => format!("local {}", event.tty),
    };
    assert!(event.access == Access::Local || event.tty.is_empty(), "a terminal of a remote login: {event:?}");
    assert_eq!(event.provider, crate::event::Provider::Linux);
    format!("{outcome} {}{times} [{}] {place}", event.signal.as_str(), event.user)
}

/// The event that [`decode`] reads from a message. Checks that a needle lets the message through.
pub(super) fn read(program: &str, message: &str) -> String {
    match decode(program.as_bytes(), message.as_bytes()) {
        Some(event) => {
            assert_passes(program, message);
            brief(&event)
        }
        None => "nothing".into(),
    }
}

/// Checks that neither the needles nor the sieve hold a message back.
fn assert_passes(program: &str, message: &str) {
    let line = format!("{program}[7]: {message}");
    assert!(has_needle(line.as_bytes()), "no needle in {line}");
    assert!(sieve().passes(line.as_bytes()), "the sieve holds back {line}");
}

/// The sieve of a decoder that reads these texts.
fn sieve() -> &'static Sieve {
    static SIEVE: OnceLock<Sieve> = OnceLock::new();
    SIEVE.get_or_init(|| decoder().sieve().unwrap())
}

pub(super) fn has_needle(record: &[u8]) -> bool {
    let record = record.to_ascii_lowercase();
    NEEDLES.iter().any(|needle| memchr::memmem::find(&record, needle.as_bytes()).is_some())
}

/// A text still holds a needle after it is escaped as part of a JSON string, once and twice.
#[test]
fn needles_are_lower_case_and_survive_json() {
    assert!(NEEDLES.iter().all(|needle| *needle == needle.to_ascii_lowercase()));
    // For each escaped needle there is one that is not escaped.
    for needle in NEEDLES.iter().filter(|needle| !needle.contains('\\')) {
        let mut text = String::from(*needle);
        for _ in 0..2 {
            let slashes = text.replace('\\', "\\\\").replace('"', "\\\"").replace('/', "\\/");
            let quotes = text.replace('\\', "\\\\").replace('"', "\\\"");
            assert!(has_needle(slashes.as_bytes()), "{slashes}");
            assert!(has_needle(quotes.as_bytes()), "{quotes}");
            text = quotes;
        }
    }
}

/// Common messages of applications and the system hold no needle.
#[test]
fn ordinary_lines_hold_no_needle() {
    for line in [
        "2026-03-01 09:00:00 ERROR failed to parse date: authentication required, order accepted for alice",
        "web1 CRON[5]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
        "web1 systemd[1]: Failed to start Failure log of login.service. pts/0 tty1",
        "type=USER_START msg=audit(1.0:1): pid=4 uid=0 auid=0 ses=3 msg='op=PAM:session_open grantors=pam_unix acct=\"root\" exe=\"/usr/sbin/cron\" hostname=? addr=? terminal=cron res=success'",
        "type=SYSCALL msg=audit(1.0:1): arch=c000003e syscall=59 success=yes pid=4 uid=1000 tty=pts0 comm=\"ls\" exe=\"/usr/bin/ls\"",
        "203.0.113.9 - - [01/Mar/2026:09:00:00 +0000] \"GET /login HTTP/1.1\" 403 12 \"-\" \"curl/8\"",
        "{\"SYSLOG_IDENTIFIER\":\"systemd\",\"MESSAGE\":\"Started user session, accepted 3 connections\"}",
    ] {
        assert!(!has_needle(line.as_bytes()), "{line}");
    }
}

#[test]
fn the_program_decides_who_is_believed() {
    const ACCEPTED: &str = "Accepted password for root from 192.0.2.1 port 22 ssh2";
    for program in ["sshd", "sshd-session", "sshd-auth", "/usr/sbin/sshd"] {
        assert_eq!(read(program, ACCEPTED), "success attempt [root] 192.0.2.1", "{program}");
    }
    for program in ["", "nginx", "su", "login", "sshd2", "notsshd", "sshd/x", "kernel"] {
        assert_eq!(read(program, ACCEPTED), "nothing", "{program}");
    }
    const PAM: &str = "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root";
    assert_eq!(read("sshd-session", PAM), "failure pam [root] 192.0.2.1");
    assert_eq!(read("nginx", PAM), "nothing", "a web server has nothing to say of sshd");
}

#[test]
fn repeated_messages_count_and_are_capped() {
    for (message, said) in [
        (
            "message repeated 5 times: [ Failed password for root from 192.0.2.1 port 22 ssh2]",
            "failure failed x5 [root] 192.0.2.1",
        ),
        (
            "message repeated 2 times: [ PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root]",
            "failure pam-more x4 [root] 192.0.2.1",
        ),
        (
            "message repeated 99999999999 times: [ Failed password for root from 192.0.2.1 port 22 ssh2]",
            "failure failed x10000 [root] 192.0.2.1",
        ),
        (
            "message repeated 0 times: [ Failed password for root from 192.0.2.1 port 22 ssh2]",
            "failure failed [root] 192.0.2.1",
        ),
        // Weak lines and successes count once, even if repeated.
        ("message repeated 3 times: [ Invalid user a from 192.0.2.1 port 22]", "failure weak [a] 192.0.2.1"),
        (
            "message repeated 3 times: [ Accepted password for a from 192.0.2.1 port 22 ssh2]",
            "success attempt [a] 192.0.2.1",
        ),
        (
            "message repeated 3 times: [ message repeated 3 times: [ Invalid user a from 192.0.2.1]]",
            "nothing",
        ),
        ("message repeated 3 times: [ Failed password for root from 192.0.2.1 port 22 ssh2", "nothing"),
        ("message repeated x times: [ Failed password for root from 192.0.2.1 port 22 ssh2]", "nothing"),
    ] {
        assert_eq!(read("sshd", message), said, "{message}");
    }
}

/// Text is borrowed from the record if it is UTF-8, and readable if not.
#[test]
fn text_is_borrowed_or_lossy() {
    let event = decode(b"sshd", b"Failed password for j\xc3\xb6rg from 192.0.2.1 port 22 ssh2").unwrap();
    assert!(matches!(event.user, alloc::borrow::Cow::Borrowed("j\u{f6}rg")));
    let event = decode(b"sshd", b"Failed password for \xff\xfe from 192.0.2.1 port 22 ssh2").unwrap();
    assert_eq!(event.user, "\u{fffd}\u{fffd}");
}

/// The beginnings of all message forms of these programs. Random text is put after them.
const STARTS: &[(&str, &str)] = &[
    ("sshd", "Accepted password for "),
    ("sshd", "Failed password for "),
    ("sshd", "Failed hostbased for invalid user "),
    ("sshd", "Invalid user "),
    ("sshd", "error: PAM: Authentication failure for "),
    ("sshd", "Connection closed by invalid user "),
    ("sshd", "Disconnecting invalid user "),
    ("sshd", "Disconnecting: Too many authentication failures"),
    ("sshd", "Received disconnect from "),
    ("sshd", "ROOT LOGIN REFUSED FROM "),
    ("sshd", "User "),
    ("sshd", "pam_unix(sshd:auth): authentication failure; logname="),
    ("sshd", "pam_unix(sshd:session): session opened for user "),
    ("sshd-session", "pam_unix(sshd-session:session): session opened for user "),
    ("sshd-auth", "pam_unix(sshd-auth:session): session opened for user "),
    ("login", "pam_unix(login:session): session opened for user "),
    ("su", "pam_unix(su:session): session opened for user "),
    ("su", "pam_unix(su-l:session): session opened for user "),
    ("sudo", "pam_unix(sudo:session): session opened for user "),
    ("sudo", "pam_unix(sudo-i:session): session opened for user "),
    ("sshd", "pam_unix(session): session opened for user "),
    ("sshd", "pam_unix(sshd:auth): session opened for user "),
    ("sshd", "pam_unix: session opened for user "),
    ("sshd", "(pam_unix) session opened for user "),
    ("sshd(pam_unix)", "session opened for user "),
    ("sshd", "message repeated "),
    ("sshd", "PAM "),
    ("x(pam_unix)", ""),
    ("su", "FAILED SU (to "),
    ("su", "+ "),
    ("sudo", "alice : "),
    ("login", "FAILED LOGIN "),
    ("login", "LOGIN ON "),
    ("login", "'"),
    ("screensharingd", "Authentication: FAILED :: "),
    ("audit", "USER_AUTH pid=1 msg='op="),
    ("kernel", "[ 1.2] audit: type=1100 audit("),
];

proptest! {
    /// Words of the formats in any order: nothing panics, and each event has a needle.
    #[test]
    fn no_message_panics(
        start in 0..STARTS.len(),
        words in proptest::collection::vec(
            prop::sample::select(&[
                "root", "", "from", "192.0.2.1", "2001:db8::1", "port", "22", "ssh2", "ssh2:", "ssh1:", "invalid", "user",
                "user=x", "rhost=192.0.2.1", "ruser=", "ruser=a", "uid=0", "euid=0", "tty=ssh", "by", "(uid=0)", "via", "on",
                "'/dev/tty1'", "FOR", "FROM", "tty1", "pts/0", ";", "TTY=pts/0", "COMMAND=x", ":", "not allowed because",
                "Too many authentication failures", "Change of username or service not allowed: (", ",s)", "->", "\u{fffd}",
                "acct=\"a\"", "acct=41", "exe=\"/usr/sbin/sshd\"", "addr=192.0.2.1", "terminal=ssh", "res=failed'", "5",
                "times: [", "more authentication failures;", "::", "User Name:", "[preauth]", ")", "(to", "'", ",", "1.0:5):",
            ][..]),
            0..14,
        ),
        joint in prop::sample::select(&[" ", "", "  "][..]),
    ) {
        let (program, start) = STARTS[start];
        let message = format!("{start}{}", words.join(joint));
        if let Some(event) = decode(program.as_bytes(), message.as_bytes()) {
            assert_passes(program, &message);
            prop_assert!((1..=MAX_COUNT).contains(&event.count));
        }
    }

    #[test]
    fn nor_do_bytes(program in "sshd|su|sudo|login|audit|kernel|x\\(pam_unix\\)", bytes: Vec<u8>) {
        let _ = decode(program.as_bytes(), &bytes);
        let _ = audit::decode(&bytes);
    }

    /// If a name imitates its line, the server's own end of the line decides.
    #[test]
    fn a_name_forges_no_address(name in proptest::collection::vec(
        prop::sample::select(&[
            " from 10.0.0.1 port 22 ssh2", " from 10.0.0.1", " 10.0.0.1 port 22", " ssh2", ": ", " from ", " port ", "root",
            " [preauth]", " via 10.0.0.1", ": Too many authentication failures", " not allowed because not listed in AllowUsers",
            " ssh2: RSA SHA256:x", " port 22", "\\n", "Accepted password for root", "invalid user ", "[", "]", "'",
        ][..]),
        0..6,
    )) {
        let name = name.concat();
        for (form, outcome) in [
            (format!("Failed password for invalid user {name} from 192.0.2.9 port 41000 ssh2"), Outcome::Failure),
            (format!("Failed keyboard-interactive/pam for invalid user {name} from 192.0.2.9 port 41000 ssh2 [preauth]"), Outcome::Failure),
            (format!("Invalid user {name} from 192.0.2.9 port 41000"), Outcome::Failure),
            (format!("Invalid user {name} from 192.0.2.9"), Outcome::Failure),
            (format!("error: PAM: Authentication failure for illegal user {name} from 192.0.2.9"), Outcome::Failure),
            (format!("error: maximum authentication attempts exceeded for invalid user {name} from 192.0.2.9 port 41000 ssh2 [preauth]"), Outcome::Failure),
            (format!("Connection closed by invalid user {name} 192.0.2.9 port 41000 [preauth]"), Outcome::Failure),
            (format!("Connection reset by authenticating user {name} 192.0.2.9 port 41000 [preauth]"), Outcome::Failure),
            (format!("Disconnected from invalid user {name} 192.0.2.9 port 41000 [preauth]"), Outcome::Failure),
            (format!("Disconnecting invalid user {name} 192.0.2.9 port 41000: Too many authentication failures [preauth]"), Outcome::Failure),
            (format!("Disconnecting invalid user {name} 192.0.2.9 port 41000: Change of username or service not allowed: ({name},ssh-connection) -> (x{name},ssh-connection) [preauth]"), Outcome::Failure),
            (format!("Accepted password for {name} from 192.0.2.9 port 41000 ssh2"), Outcome::Success),
        ] {
            let event = decode(b"sshd-session", form.as_bytes());
            let event = event.unwrap_or_else(|| panic!("not read: {form}"));
            prop_assert_eq!(event.outcome, outcome);
            prop_assert_eq!(event.src_ip, crate::net::parse_address("192.0.2.9"), "{}", form);
            prop_assert_eq!(&*event.user, &*name, "{}", form);
        }
    }
}
