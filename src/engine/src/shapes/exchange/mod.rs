//! Logins in the protocol logs of Exchange Server: IMAP4, POP3 and received SMTP.
//!
//! A record is a CSV line; its `#Fields` are the names of members. Sources: "Protocol logging for POP3 and IMAP4" and
//! "Protocol logging" of Microsoft.
//!
//! Each line is judged alone, and tells this:
//!
//! - IMAP4 and POP3 write a command and its answer in one line: `login` and `authenticate`, `pass` and `auth`. The
//!   event has the tried name if the line has it, in its column or as the argument of `login`.
//! - SMTP writes the answer `535` in a line without a name: this is a failure of an unknown account. A success is the
//!   line `authenticated`, which names the account. The line `235` after it does not count again.
//!
//! The back end logs again whatever the front end passes on to it (ports 1993 and 1995). Servers and probes log in to
//! each other. So machine accounts and back ends are left out.

#[cfg(test)]
mod tests;

use super::iis::account;
use super::spelled::{Pick, contains, gather};
use super::room::{MICROSOFT, mark};
use super::{Given, Provider, Room, Said, Sign, named, text, time};
use crate::event::{Event, Outcome, Text};
use crate::json::{Member, Members, Object, Slots};
use crate::net::parse_address;

named! {
    /// The shapes of its records.
    pub enum Shape {
        Imap = "exchange-imap",
        Pop = "exchange-pop",
        Smtp = "exchange-smtp",
    }
}

/// The data about the family.
pub const ROOM: Room = Room {
    title: "Exchange",
    layouts: &["IMAP, POP and SMTP protocol logs"],
    needles: &["rqsize", "535 5.", "authenticated"],
    signs: &[Sign {
        words: &["535 5.7.3 Authentication unsuccessful"],
        with: &[],
    }],
    // The first mark is of IMAP and POP, the second of SMTP.
    marks: &[mark("sessionId"), mark("connector-id")],
    keepers: &[MICROSOFT, &[("exchange", 6)]],
    members: &[MEMBERS.set()],
    decode: Some(decode),
    ..Room::EMPTY
};

const COMMAND: u8 = 0;
const PARAMETERS: u8 = 1;
const CONTEXT: u8 = 2;
const USER: u8 = 3;
const CLIENT: u8 = 4;
const SERVER: u8 = 5;
const SESSION: u8 = 6;
const EVENT: u8 = 7;
const DATA: u8 = 8;
const CONNECTOR: u8 = 9;
const TIME: u8 = 10;

/// The fields that are read.
static MEMBERS: Members<13> = Members::new([
    Member::new("command", COMMAND, 0),
    Member::new("parameters", PARAMETERS, 0),
    Member::new("context", CONTEXT, 0),
    Member::new("user", USER, 0),
    Member::new("cip", CLIENT, 0),
    Member::new("remoteendpoint", CLIENT, 0),
    Member::new("sip", SERVER, 0),
    Member::new("localendpoint", SERVER, 0),
    Member::new("sessionid", SESSION, 0),
    Member::new("event", EVENT, 0),
    Member::new("data", DATA, 0),
    Member::new("connectorid", CONNECTOR, 0),
    Member::new("datetime", TIME, 0),
]);

/// The action for a field, by its spelling.
fn pick(name: &[u8]) -> Pick {
    MEMBERS.set().find(name)
}

/// Decodes a record.
#[must_use]
pub fn decode<'a>(object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    let mut found = Slots::default();
    if !gather(object, pick, &mut found) || found.get(SESSION).is_none() {
        return None;
    }
    let mut event = if found.get(CONNECTOR).is_some() { smtp(&found) } else { mailbox(&found) }?;
    event.src_ip = parse_address(&text(&found, CLIENT));
    Some((event, time(&found, TIME, given.zone.utc_alike())))
}

/// A line of IMAP4 or POP3.
fn mailbox<'a>(found: &Slots<'a>) -> Option<Event<'a>> {
    let command = text(found, COMMAND);
    let any = |names: [&str; 2]| names.iter().any(|name| command.eq_ignore_ascii_case(name));
    let (shape, service) = if any(["login", "authenticate"]) {
        (Shape::Imap, "imap")
    } else if any(["pass", "auth"]) {
        (Shape::Pop, "pop")
    } else {
        return None;
    };
    if text(found, SERVER).rsplit(':').next().is_some_and(|port| matches!(port, "1993" | "1995")) {
        return None;
    }
    let context = text(found, CONTEXT);
    // `R=OK;Msg="…"` or `R="a2 NO LOGIN failed."`. The text after the answer repeats what the client sent, so it does
    // not count.
    let answer = context.trim_start().strip_prefix("R=")?;
    let answer = match answer.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default(),
        None => answer.split(';').next().unwrap_or_default(),
    };
    let outcome = verdict(answer.trim(), shape == Shape::Imap)?;
    let named = match text(found, USER) {
        // The argument of `login`. The password after it is replaced by stars.
        user if user.trim().is_empty() && command.eq_ignore_ascii_case("login") => {
            first_word(text(found, PARAMETERS))
        }
        user => user,
    };
    let mut event = Event::new(shape.into(), Provider::Exchange);
    event.outcome = outcome;
    (event.domain, event.user) = account(named);
    if outcome == Outcome::Success && event.user.is_empty() {
        return None;
    }
    if outcome == Outcome::Failure {
        event.reason_text = Text::Owned(answer.into());
    }
    event.service = service.into();
    event.method = command;
    Some(event)
}

/// The outcome by the server's answer. The log shortens each good answer to `OK`. Other answers are as sent, with
/// IMAP's tag first, which the client chose.
fn verdict(answer: &str, imap: bool) -> Option<Outcome> {
    if answer.eq_ignore_ascii_case("OK") {
        return Some(Outcome::Success);
    }
    let (mut words, failed) = (answer.split(' '), ["fail", "denied", "password"]);
    if imap {
        words.next();
    }
    let word = words.next()?;
    let refused = || failed.iter().any(|part| words.clone().any(|word| contains(word, part)));
    match word.trim_start_matches(['+', '-']) {
        word if word.eq_ignore_ascii_case("OK") => Some(Outcome::Success),
        word if (word.eq_ignore_ascii_case("NO") || word.eq_ignore_ascii_case("ERR")) && refused() => {
            Some(Outcome::Failure)
        }
        // A server that is down, or a command in the wrong place.
        _ => None,
    }
}

/// The first word, unless it is a row of stars. In quotes, it may hold spaces.
fn first_word(parameters: Text<'_>) -> Text<'_> {
    let trimmed = parameters.trim_start();
    let word = match trimmed.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => trimmed.split(' ').next(),
    };
    match word.filter(|word| word.bytes().any(|byte| byte != b'*')) {
        Some(word) => Text::Owned(word.into()),
        None => Text::Borrowed(""),
    }
}

/// Decodes a line of SMTP. Only lines that the server sent (`>`) or remarked (`*`) count. Before the server sends the
/// answer, it also remarks that it delays the client `due to '535 5.7.3 Authentication unsuccessful'`.
fn smtp<'a>(found: &Slots<'a>) -> Option<Event<'a>> {
    let data = text(found, DATA);
    let mut event = Event::new(Shape::Smtp.into(), Provider::Exchange);
    event.service = "smtp".into();
    match &*text(found, EVENT) {
        ">" if data.starts_with("535 5.") => {
            event.reason = "535".into();
            event.reason_text = data;
        }
        "*" if text(found, CONTEXT).trim() == "authenticated" => {
            event.outcome = Outcome::Success;
            (event.domain, event.user) = account(data);
            // Servers authenticate to each other.
            if event.user.is_empty() || event.user.ends_with('$') {
                return None;
            }
        }
        _ => return None,
    }
    Some(event)
}
