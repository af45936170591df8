//! CEF, as DuoLogSync writes it: `CEF:0|Duo Security|DuoLogSync|2.3.0|authentication|authentication|5|src=… cs1Label=integration
//! cs1=VPN … outcome=denied rt=1741075200000 duser=jane`.
//!
//! Source: DuoLogSync's `cef.py`. A value ends where the next name begins; CEF escapes `=` in a value by a backslash.

use super::super::linux::header::message_from;
use super::super::{Given, Grasp, Said};
use crate::event::Event;
use crate::analytic::Telemetry;
use crate::envelope::lent;
use crate::json::{Object, quote_into};
use alloc::vec::Vec;

/// The most fields of a line.
const MOST: usize = 64;

/// Decodes a line. `None` if it is no authentication of Duo. O(n).
#[must_use]
pub fn decode<'a>(line: &'a [u8], given: Given<'_>) -> Said<'a> {
    const HEAD: &[u8] = b"CEF:0|Duo Security|DuoLogSync|";
    // Anybody can send this text to a server that logs it, so it counts only at the beginning of a message.
    let lends = |program: &[u8]| program.eq_ignore_ascii_case(b"cef") || lent(program).has(Telemetry::DUO);
    let rest = message_from(line, HEAD, lends, given.zone)?.get(HEAD.len()..)?;
    let mut columns = rest.splitn(5, |byte| *byte == b'|');
    given.grasped(Grasp::Whole);
    let (_version, kind, _name, _severity) = (columns.next()?, columns.next()?, columns.next()?, columns.next()?);
    if kind != b"authentication" {
        return None;
    }
    let fields = fields(columns.next()?);
    let of = |name: &[u8]| fields.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    // The value of a field that is named by a label: `cs1Label=integration cs1=VPN`.
    let labelled = |label: &[u8]| {
        let (key, _) = fields.iter().find(|(key, value)| key.ends_with(b"Label") && *value == label)?;
        of(key.strip_suffix(b"Label")?)
    };
    let mut record = Vec::from(&b"{\"new_enrollment\":false"[..]);
    for (name, value) in [
        ("event_type", labelled(b"event_type")),
        ("factor", labelled(b"factor")),
        ("integration", labelled(b"integration")),
        ("reason", labelled(b"reason").or_else(|| of(b"reason"))),
        ("txid", labelled(b"txid")),
        ("result", of(b"outcome")),
        ("ip", of(b"src")),
        ("username", of(b"duser")),
        ("timestamp", of(b"rt")),
    ] {
        if let Some(value) = value.filter(|value| *value != b"None") {
            record.push(b',');
            quote_into(name.as_bytes(), &mut record);
            record.push(b':');
            quote_into(value, &mut record);
        }
    }
    record.push(b'}');
    super::decode(&Object::new(&record)?, given).map(|(event, time)| (Event::into_owned(event), time))
}

/// The names and values. A value may hold blanks: it ends before the last word that is followed by `=`.
fn fields(extension: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut fields = Vec::new();
    let mut rest = extension.trim_ascii();
    while fields.len() < MOST {
        let Some(equals) = equals(rest) else { break };
        let (name, value) = rest.split_at_checked(equals).unwrap_or_default();
        let value = value.get(1..).unwrap_or_default();
        let end = self::equals(value).and_then(|next| value.get(..next)?.iter().rposition(|byte| *byte == b' '));
        let (value, after) = value.split_at_checked(end.unwrap_or(value.len())).unwrap_or_default();
        fields.push((name.trim_ascii(), value.trim_ascii()));
        rest = after.trim_ascii_start();
    }
    fields
}

/// The first `=` without a backslash before it.
fn equals(text: &[u8]) -> Option<usize> {
    let escaped = |at: usize| at.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'\\');
    text.iter().enumerate().find(|(at, byte)| **byte == b'=' && !escaped(*at)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytic::Reads;
    use std::format;

    struct Mfa;

    impl Reads for Mfa {
        const TELEMETRY: Telemetry = Telemetry::DUO;
    }

    #[test]
    fn a_line_of_duologsync() {
        let line = |kind: &str, more: &str| {
            format!("Mar 04 08:00:05 dls1 CEF:0|Duo Security|DuoLogSync|2.3.0|{kind}|{kind}|5|dhost=None src=203.0.113.9 \
                cs1Label=integration cs1=Company VPN cs2Label=event_type cs2=authentication cs3Label=factor cs3=duo_push {more}")
        };
        let given = Given::UTC;
        let text = line("authentication", "outcome=denied rt=1741075200000 duser=jane");
        let (event, time) = decode(text.as_bytes(), given).unwrap();
        assert_eq!((event.outcome.as_str(), &*event.user, &*event.application), ("denied", "jane", "Company VPN"));
        assert!(event.src_ip.is_some() && time.is_some());
        for carried in [format!(r#"{{"message":"{text}"}}"#), format!(r#"{{"message":"<14>{text}","host":"relay"}}"#)] {
            let read = crate::decode::trial::events::<Mfa>(&carried);
            assert_eq!(read.len(), 1, "{carried}");
            assert_eq!(&*read[0].user, "jane");
        }
        let bare = text.split_once("dls1 ").unwrap().1;
        for good in [bare.into(), format!("<14>1 2025-03-04T08:00:05Z dls1 duologsync - - - {bare}")] {
            assert!(decode(good.as_bytes(), given).is_some(), "{good}");
        }
        // Text inside a user agent, a path, or a message to a program.
        for forged in [
            format!("203.0.113.9 - - [04/Mar/2026:08:00:00 +0000] \"GET / HTTP/1.1\" 200 7 \"-\" \"{bare}\""),
            format!("Mar 04 08:00:05 web1 nginx: {bare}"),
            format!("Mar 04 08:00:05 web1 said {bare}"),
            format!("2026-03-04 08:00:05,123 INFO [app] {bare}"),
            format!("2026-03-04 08:00:05 INFO {bare}"),
            format!("said {bare}"),
        ] {
            assert!(decode(forged.as_bytes(), given).is_none(), "{forged}");
            assert!(crate::decode::trial::events::<Mfa>(&forged).is_empty(), "{forged}");
        }
        assert!(decode(line("telephony", "outcome=denied").as_bytes(), given).is_none());
        assert!(decode(b"CEF:0|Duo Security|DuoLogSync|1|authentication", given).is_none());
        assert!(decode(b"CEF:0|Other|DuoLogSync|1|authentication|a|5|outcome=denied", given).is_none());
    }
}
