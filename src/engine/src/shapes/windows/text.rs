//! Events as lines of text, from Splunk's classic inputs and Snare.
//!
//! ```text
//! 03/04/2026 08:00:00 AM
//! LogName=Security
//! EventCode=4625
//! …
//! Message=An account failed to log on.
//! …
//! ```
//!
//! Snare writes one line, with tabs (⇥): `MSWinEventLog⇥1⇥Security⇥9000⇥Wed Mar 04 08:00:00 2026⇥4625⇥SOURCE⇥USER⇥SIDTYPE⇥TYPE⇥COMPUTER⇥CATEGORY⇥DATA⇥TEXT`.
//! A client's text is in the message only, which is read like any other message.

use super::logon::{Logon, field};
use super::{Given, Said, message, settled};
use crate::analytic::Telemetry;
use crate::envelope::lent;
use crate::event::{Text, text};
use crate::shapes::linux::header::message_from;
use crate::stamp::Order;
use alloc::string::String;

/// Decodes an event. `None` for any other text. O(n).
#[must_use]
pub fn decode<'a>(event: &'a [u8], given: Given<'_>) -> Said<'a> {
    let mut logon = Logon::default();
    // Anybody can send this text to a server that logs it, so it counts only at the beginning of a message. rsyslog
    // escapes tabs.
    let line = |start: &[u8]| message_from(event, start, |program| lent(program).has(Telemetry::WINDOWS), given.zone);
    if let Some(line) = line(b"MSWinEventLog\t") {
        snare(line, &mut logon)?;
    } else if let Some(line) = line(b"MSWinEventLog#011") {
        let line = String::from_utf8_lossy(line).replace("#011", "\t");
        let mut copy = Logon::default();
        snare(line.as_bytes(), &mut copy)?;
        logon = copy.into_owned();
    } else {
        named(event, &mut logon)?;
    }
    // Splunk writes the month first, in every country.
    settled(logon, given.zone.with_order(Some(Order::MonthDay)), given, event)
}

fn named<'a>(event: &'a [u8], logon: &mut Logon<'a>) -> Option<()> {
    /// The most lines before the message.
    const HEAD: usize = 32;
    let mut rest = event.trim_ascii_start();
    for place in 0..HEAD {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let line = rest.get(..end)?.trim_ascii_end();
        if let Some(first) = line.strip_prefix(b"Message=") {
            message::read(rest.get(line.len() - first.len()..)?, logon);
            return Some(());
        }
        let slot = match line.iter().position(|byte| *byte == b'=').and_then(|at| line.split_at_checked(at)) {
            Some((name, value)) => {
                let slot = match name {
                    b"LogName" => Some(field::CHANNEL),
                    b"EventCode" => Some(field::ID),
                    b"ComputerName" => Some(field::HOST),
                    b"SourceName" => Some(field::PROVIDER),
                    b"RecordNumber" => Some(field::RECORD),
                    _ => None,
                };
                slot.zip(value.get(1..))
            }
            // The time is alone on the first line.
            None if place == 0 => Some((field::TIME, line)),
            None => return None,
        };
        if let Some((slot, value)) = slot {
            logon.put(slot, text(value));
        }
        rest = rest.get(end + 1..)?;
    }
    None
}

fn snare<'a>(event: &'a [u8], logon: &mut Logon<'a>) -> Option<()> {
    let mut columns = event.splitn(14, |byte| *byte == b'\t');
    let slots = [
        None,
        None,
        Some(field::CHANNEL),
        None,
        Some(field::TIME),
        Some(field::ID),
        Some(field::PROVIDER),
        None,
        None,
        None,
        Some(field::HOST),
        None,
        None,
    ];
    for slot in slots {
        let column = columns.next()?;
        if let Some(slot) = slot {
            let said: Text<'a> = text(column);
            logon.put(slot, said);
        }
    }
    message::read(columns.next()?, logon);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::string::String;

    const MESSAGE: &str = "An account failed to log on.\n\nSubject:\n\tSecurity ID:\t\tS-1-0-0\n\tAccount Name:\t\t-\n\nLogon Type:\t\t\t3\n\n\
        Account For Which Logon Failed:\n\tSecurity ID:\t\tS-1-0-0\n\tAccount Name:\t\tbob\n\tAccount Domain:\t\tEXAMPLE\n\n\
        Failure Information:\n\tFailure Reason:\t\tUnknown.\n\tStatus:\t\t\t0xC000006D\n\tSub Status:\t\t0xC000006A\n\n\
        Network Information:\n\tWorkstation Name:\tKALI\n\tSource Network Address:\t203.0.113.9\n\tSource Port:\t\t50112\n";

    fn said(text: &str) -> Option<String> {
        let given = Given::UTC;
        let (event, _) = decode(text.as_bytes(), given)?;
        Some(format!("{} {} {:?} {} {}", event.user, event.domain, event.src_ip?, event.host, event.reason))
    }

    #[test]
    fn both_forms() {
        let splunk = format!("03/04/2026 08:00:00 AM\nLogName=Security\nEventCode=4625\nComputerName=dc1\n\
            SourceName=Microsoft Windows security auditing.\nKeywords=Audit Failure\nMessage={MESSAGE}");
        let flat = MESSAGE.replace(['\n', '\t'], "  ");
        let snare = format!("<14>Mar  4 08:00:00 dc1 MSWinEventLog\t1\tSecurity\t9000\tWed Mar 04 08:00:00 2026\t4625\t\
            Microsoft-Windows-Security-Auditing\tN/A\tN/A\tFailure Audit\tdc1\tLogon\t\t{flat}\t9000");
        let escaped = snare.replace('\t', "#011");
        let program = snare.replace("dc1 MSWin", "dc1 nxlog: MSWin");
        for text in [&splunk, &snare, &escaped, &program] {
            assert_eq!(said(text).as_deref(), Some("bob EXAMPLE 203.0.113.9 dc1 0xc000006a"), "{text}");
        }
        // A client's text in the log of another program.
        let bare = snare.split_once("dc1 ").unwrap().1;
        for forged in [
            format!("203.0.113.9 - - [04/Mar/2026:08:00:00 +0000] \"GET /{bare} HTTP/1.1\" 404 7"),
            format!("Mar  4 08:00:00 web1 nginx: {bare}"),
            format!("INFO login of {bare}"),
        ] {
            assert_eq!(said(&forged), None, "{forged}");
        }
        for text in ["", "LogName=Security\n", "x\ny\nMessage=z", "MSWinEventLog\t1", "LogName=Security\nEventCode=4634\nMessage=x"] {
            assert_eq!(said(text), None, "{text}");
        }
    }
}
