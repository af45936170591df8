use super::*;
use proptest::prelude::*;
use std::string::{String, ToString};

/// Time, host, program, process, message.
type Parts = (String, String, String, Option<u32>, String);

fn parts(line: &str) -> Option<Parts> {
    let header = parse(line.as_bytes(), Zone::UTC)?;
    let time = match header.stamp {
        Some(Stamp::At(time)) => time.to_rfc3339(),
        Some(Stamp::Yearless(y)) => {
            std::format!("{}-{} {:02}:{:02}:{:02}", y.month, y.day, y.hour, y.minute, y.second)
        }
        Some(other) => std::format!("{other:?}"),
        None => String::new(),
    };
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Some((time, text(header.host), text(header.program), header.pid, text(header.message)))
}

/// The expected parts, borrowed.
type Expected<'a> = (&'a str, &'a str, &'a str, Option<u32>, &'a str);

fn all(cases: &[(&str, Expected<'_>)]) {
    for (line, (time, host, program, pid, message)) in cases {
        let expected = (time.to_string(), host.to_string(), program.to_string(), *pid, message.to_string());
        assert_eq!(parts(line), Some(expected), "{line}");
    }
}

#[test]
fn rfc_3164_and_its_relatives() {
    all(&[
        ("Mar  2 07:55:48 web sshd[123]: Failed x", ("3-2 07:55:48", "web", "sshd", Some(123), "Failed x")),
        (
            "Feb 7 16:01:07 web sshd[123]: Failed x\r\n",
            ("2-7 16:01:07", "web", "sshd", Some(123), "Failed x"),
        ),
        (
            "<38>Jul 05 18:22:44 web sshd[123]: Failed x",
            ("7-5 18:22:44", "web", "sshd", Some(123), "Failed x"),
        ),
        ("Mar  3 00:17:22 [sshd]: User root", ("3-3 00:17:22", "", "sshd", None, "User root")),
        ("Jun 25 23:53:34 [sshd] User root", ("6-25 23:53:34", "", "sshd", None, "User root")),
        ("Nov 23 21:50:19 sshd[8148]: x", ("11-23 21:50:19", "", "sshd", Some(8148), "x")),
        (
            "Nov 25 17:12:13 web pop(pam_unix)[4920]: x",
            ("11-25 17:12:13", "web", "pop(pam_unix)", Some(4920), "x"),
        ),
        (
            "Feb  7 15:10:42 web pure-ftpd: (pam_unix) x",
            ("2-7 15:10:42", "web", "pure-ftpd", None, "(pam_unix) x"),
        ),
        ("Mar 12 2016 07:55:48 web su: x", ("2016-03-12T07:55:48Z", "web", "su", None, "x")),
        (
            "Thu Mar  3 00:17:22 2022 auth.info sshd[1]: x",
            ("2022-03-03T00:17:22Z", "", "sshd", Some(1), "x"),
        ),
        ("Mar  3 00:17:22 web authpriv.warn sshd[1]: x", ("3-3 00:17:22", "web", "sshd", Some(1), "x")),
        ("Mar  3 00:17:22 web <auth.info> sshd[1]: x", ("3-3 00:17:22", "web", "sshd", Some(1), "x")),
        ("Mar  3 00:17:22 <auth.info> web sshd[1]: x", ("3-3 00:17:22", "web", "sshd", Some(1), "x")),
        (
            "Thu Mar  3 00:17:22 2022 [1646266642.123] auth.info sshd[1]: x",
            ("2022-03-03T00:17:22Z", "", "sshd", Some(1), "x"),
        ),
        (
            "Mar  3 00:17:22 web sudo:    alice : TTY=pts/0",
            ("3-3 00:17:22", "web", "sudo", None, "alice : TTY=pts/0"),
        ),
        ("Mar  3 00:17:22 web sshd[99999999999]: x", ("3-3 00:17:22", "web", "sshd", None, "x")),
        ("Mar  3 00:17:22 2001:db8::1 sshd[1]: x", ("3-3 00:17:22", "2001:db8::1", "sshd", Some(1), "x")),
        (
            "Mar 29 05:59:23 web sshd[20]: [ID 800047 auth.info] Failed x",
            ("3-29 05:59:23", "web", "sshd", Some(20), "Failed x"),
        ),
        (
            "Mar 29 05:59:23 web sshd[20]: kernel:[  970.699396]: Failed x",
            ("3-29 05:59:23", "web", "sshd", Some(20), "Failed x"),
        ),
    ]);
}

#[test]
fn iso_and_no_time() {
    all(&[
        (
            "2026-01-25T05:11:07.311990-08:00 web sshd-session[613]: x",
            ("2026-01-25T13:11:07.311990Z", "web", "sshd-session", Some(613), "x"),
        ),
        (
            "2020-03-23 06:47:42.801612-0700  web sshd[1]: x",
            ("2020-03-23T13:47:42.801612Z", "web", "sshd", Some(1), "x"),
        ),
        ("web sshd[123]: x", ("", "web", "sshd", Some(123), "x")),
        ("sshd[123]: x", ("", "", "sshd", Some(123), "x")),
        ("<86>sshd[123]: x", ("", "", "sshd", Some(123), "x")),
    ]);
}

#[test]
fn rfc_5424() {
    all(&[
        (
            "<38>1 2022-01-19T14:23:55+00:00 web sshd 44255 - [meta sequenceId=\"1\"] Invalid user a",
            ("2022-01-19T14:23:55Z", "web", "sshd", Some(44255), "Invalid user a"),
        ),
        (
            "<38>1 2022-01-19T14:23:55Z web sshd 1 ID7 [a x=\"]\\\"\\]\"][b@1 y=\"z\"] \u{feff}Invalid user a",
            ("2022-01-19T14:23:55Z", "web", "sshd", Some(1), "Invalid user a"),
        ),
        ("<38>1 - - sshd - - - Invalid user a", ("", "", "sshd", None, "Invalid user a")),
        ("<38>1 - - sshd - - -", ("", "", "sshd", None, "")),
        ("<38>1 - web sshd 5 - Invalid user a", ("", "web", "sshd", Some(5), "Invalid user a")),
    ]);
    for broken in [
        "<38>1 yesterday web sshd 5 - - x",
        "<38>1 - web sshd 5 - [a x=\"] x",
        "<38>1 - web",
        "<38>1 ",
        "<x>1 - - sshd - - - x",
    ] {
        assert_eq!(parts(broken), None, "{broken}");
    }
}

/// Only the daemon's own text at the front names the program.
#[test]
fn a_message_names_no_program() {
    all(&[
        (
            "Mar  2 07:55:48 web nginx: Mar  2 07:55:48 web sshd[1]: Accepted password for root",
            ("3-2 07:55:48", "web", "nginx", None, "Mar  2 07:55:48 web sshd[1]: Accepted password for root"),
        ),
        ("Mar  2 07:55:48 web nginx: sshd[1]: x", ("3-2 07:55:48", "web", "nginx", None, "sshd[1]: x")),
    ]);
    for line in [
        "Mar  2 07:55:48 web user agent sshd[1]: Accepted password for root",
        "Mar  2 07:55:48 web -- MARK --",
        "type=USER_AUTH msg=audit(1.0:1): pid=1 msg='op=x'",
        "{\"message\":\"x\"}",
        "Mar  2 07:55:48",
        "<",
        "<38>",
        "<38",
        "",
    ] {
        assert_eq!(parts(line), None, "{line}");
    }
}

proptest! {
    #[test]
    fn no_line_panics(line: String, bytes: std::vec::Vec<u8>) {
        let _ = (parse(line.as_bytes(), Zone::UTC), parse(&bytes, Zone::UTC));
    }

    #[test]
    fn nor_one_that_begins_well(
        start in "(<[0-9]{1,3}>)?(1 )?(Mar  2 07:55:48|2026-01-25T05:11:07Z|-|) ",
        rest in "[a-z\\[\\]:\"\\\\=<>() 0-9-]{0,60}",
    ) {
        let line = start + &rest;
        let _ = parse(line.as_bytes(), Zone::UTC);
    }
}

#[test]
fn repetitions_of_the_last_line() {
    for (line, host, times) in [
        ("Mar  4 08:00:09 web1 syslogd: last message repeated 5 times", "web1", 5),
        ("Mar  4 08:00:09 web1 last message repeated 2 times", "web1", 2),
        ("Mar  4 08:00:09 web1 syslogd[11]: last message repeated 1 time", "web1", 1),
        ("Mar  4 08:00:09 web1 --- last message repeated 3 times ---", "web1", 3),
        ("<38>Mar  4 08:00:09 web1 last message repeated 7 times", "web1", 7),
        ("2026-03-04T08:00:09Z web1 syslogd: last message repeated 5 times", "web1", 5),
        ("Mar  4 08:00:09 web1 auth.info syslogd: last message repeated 5 times", "web1", 5),
        ("Mar  4 08:00:09 syslogd: last message repeated 5 times", "", 5),
        ("Mar  4 08:00:09 web1 syslogd: last message repeated 0 times", "web1", 1),
    ] {
        let found = repeated(line.as_bytes(), Zone::UTC).unwrap_or_else(|| panic!("{line}"));
        assert_eq!((found.host, found.times, found.stamp.is_some()), (host.as_bytes(), times, true), "{line}");
    }
    for line in [
        "Mar  4 08:00:09 web1 app: last message repeated 5 times",
        "Mar  4 08:00:09 web1 sshd[7]: Invalid user last message repeated 5 times",
        "Mar  4 08:00:09 web1 syslogd: message repeated 5 times",
        "Mar  4 08:00:09 web1 syslogd: last message repeated many times",
        "Mar  4 08:00:09 web1 syslogd: last message repeated 5 times: [x]",
    ] {
        assert_eq!(repeated(line.as_bytes(), Zone::UTC), None, "{line}");
    }
}
