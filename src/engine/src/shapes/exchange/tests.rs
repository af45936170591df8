use super::*;
use crate::analytic::{Reads, Telemetry};
use crate::decode::trial;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use proptest::prelude::*;

struct Reading;

impl Reads for Reading {
    const TELEMETRY: Telemetry = Telemetry::EXCHANGE.and(Telemetry::IIS);
}

fn lines(record: &str) -> Vec<String> {
    let show = |e: &Event<'_>| {
        let ip = e.src_ip.map_or("-".into(), |ip| format!("{ip}"));
        format!("{} {} {}/{} {ip} {}", e.time, e.outcome.as_str(), e.domain, e.user, e.shape)
    };
    trial::events::<Reading>(record).iter().map(show).collect()
}

fn mail(user: &str, command: &str, parameters: &str, context: &str) -> String {
    let [user, parameters, context] =
        [user, parameters, context].map(|text| text.replace('\\', "\\\\").replace('"', "\\\""));
    format!(
        r#"{{"dateTime":"2026-03-01T10:00:00.500Z","sessionId":"000000000000000A","seqNumber":"2","sIp":"10.0.0.1:993","cIp":"192.0.2.1:50001","user":"{user}","duration":"5","rqsize":"17","rpsize":"21","command":"{command}","parameters":"{parameters}","context":"{context}","puid":""}}"#
    )
}

fn smtp(event: &str, data: &str, context: &str) -> String {
    format!(
        r#"{{"date-time":"2026-03-01T10:00:00.500Z","connector-id":"EX1\\Client Frontend EX1","session-id":"08DB994D2DD18DBF","sequence-number":"11","local-endpoint":"10.0.0.1:587","remote-endpoint":"192.0.2.1:50100","event":"{event}","data":"{data}","context":"{context}"}}"#
    )
}

#[test]
fn imap() {
    let at = "2026-03-01T10:00:00.500Z";
    let (of, shape) =
        (|u: &str, c: &str, p: &str, x: &str| lines(&mail(u, c, p, x)), "192.0.2.1 exchange-imap");
    let failed = r#"R="a2 NO LOGIN failed.";Msg=LogonFailed"#;
    assert_eq!(of("", "login", " *****", failed), [format!("{at} failure / {shape}")]);
    assert_eq!(of("Bob", "login", "bob *****", failed), [format!("{at} failure /bob {shape}")]);
    assert_eq!(of("", "login", r"CORP\Bob *****", failed), [format!("{at} failure CORP/bob {shape}")]);
    assert_eq!(
        of("", "LOGIN", r#""Bob@Example.com" *****"#, failed),
        [format!("{at} failure /bob@example.com {shape}")]
    );
    assert_eq!(
        of("bob", "login", "bob *****", r#"R=OK;Msg="Proxy:EX1:1993:SSL;ProxySuccess""#),
        [format!("{at} success /bob {shape}")]
    );
    assert_eq!(of("bob", "authenticate", "PLAIN", "R=OK"), [format!("{at} success /bob {shape}")]);
    assert_eq!(
        of("", "authenticate", "PLAIN", r#"R="a3 NO AUTHENTICATE failed.""#),
        [format!("{at} failure / {shape}")]
    );
    for (user, command, context) in [
        ("bob", "select", "R=OK"),
        ("bob", "fetch", r#"R="a4 NO The specified message set is invalid.""#),
        ("bob", "login", r#"R="a2 BAD Command Argument Error.""#),
        ("bob", "login", r#"R="a2 NO Server Unavailable. 15""#),
        ("bob", "login", ""),
        ("", "login", "R=OK"),
        ("", "OpenSession", ""),
    ] {
        assert!(of(user, command, "", context).is_empty(), "{command} {context}");
    }
    let back = mail("bob", "login", "bob *****", failed).replace("10.0.0.1:993", "10.0.0.1:1993");
    assert!(lines(&back).is_empty(), "the back end repeats it");
}

#[test]
fn pop() {
    let at = "2026-03-01T10:00:00.500Z";
    let of = |user: &str, command: &str, context: &str| lines(&mail(user, command, "*****", context));
    let failed = r#"R="-ERR Logon failure: unknown user name or bad password.""#;
    assert_eq!(of("bob", "pass", failed), [format!("{at} failure /bob 192.0.2.1 exchange-pop")]);
    assert_eq!(of("bob", "pass", "R=OK"), [format!("{at} success /bob 192.0.2.1 exchange-pop")]);
    assert_eq!(
        of("bob", "pass", r#"R="+OK User successfully logged on.""#),
        [format!("{at} success /bob 192.0.2.1 exchange-pop")]
    );
    assert!(of("", "user", "R=OK").is_empty());
    assert!(of("bob", "pass", r#"R="-ERR Command is not valid in this state.""#).is_empty());
}

#[test]
fn what_the_client_sent_is_no_answer() {
    // The client chose the tag and the text after the answer.
    assert!(lines(&mail("", "login", "x *****", r#"R="OK NO LOGIN failed.""#))[0].contains("failure"));
    assert!(
        lines(&mail("", "login", "x *****", r#"R="a NO LOGIN failed.";Msg="User: R=OK""#))[0]
            .contains("failure")
    );
    assert!(lines(&mail("", "login", "x *****", r#"Msg="x";R=OK"#)).is_empty());
    let name = r#"eve"";R=OK,"#;
    assert!(
        lines(&mail(name, "login", "", r#"R="a NO LOGIN failed.""#))[0].contains("failure /eve\"\";r=ok,")
    );
}

#[test]
fn smtp_lines() {
    let at = "2026-03-01T10:00:00.500Z";
    assert_eq!(
        lines(&smtp(">", "535 5.7.3 Authentication unsuccessful", "")),
        [format!("{at} failure / 192.0.2.1 exchange-smtp")]
    );
    assert_eq!(
        lines(&smtp("*", r"CORP\\Bob", "authenticated")),
        [format!("{at} success CORP/bob 192.0.2.1 exchange-smtp")]
    );
    assert_eq!(
        lines(&smtp("*", "bob@example.com", "authenticated")),
        [format!("{at} success /bob@example.com 192.0.2.1 exchange-smtp")]
    );
    for record in [
        smtp("*", "Tarpit for '0.00:00:05' due to '535 5.7.3 Authentication unsuccessful'", ""),
        smtp("*", "", "Inbound AUTH LOGIN failed because of LogonDenied"),
        smtp("<", "535 5.7.3 Authentication unsuccessful", ""),
        smtp("<", "MAIL FROM:<535 5.7.3@example.com>", "authenticated"),
        smtp(">", "235 2.7.0 Authentication successful", ""),
        smtp(">", "454 4.7.0 Temporary authentication failure", ""),
        smtp("*", r"CORP\\EX1$", "authenticated"),
        smtp("*", "", "authenticated"),
    ] {
        assert!(lines(&record).is_empty(), "{record}");
    }
}

#[test]
fn in_batches_and_of_others() {
    let record = mail("bob", "login", "", "R=OK");
    assert_eq!(lines(&format!("[{record},{record}]")).len(), 2);
    assert!(lines(r#"{"sessionId":"1","command":"x"}"#).is_empty());
    assert!(lines(r#"{"sessionId":{},"command":["login"],"context":7}"#).is_empty());
}

proptest! {
    #[test]
    fn no_mutation_panics(which in any::<bool>(), at in 0usize..500, bytes in proptest::collection::vec(any::<u8>(), 0..12), keep in any::<bool>()) {
        let record = if which { mail("bob", "login", "\"bob\" *****", r#"R="a NO LOGIN failed.""#) } else { smtp("*", "bob", "authenticated") };
        let record = record.as_bytes();
        let at = at % record.len();
        let after = if keep { at } else { (at + bytes.len()).min(record.len()) };
        let mutated = [&record[..at], &bytes, &record[after..]].concat();
        if let Some(object) = Object::new(&mutated) {
            let _ = decode(&object, Given::UTC);
        }
    }
}
