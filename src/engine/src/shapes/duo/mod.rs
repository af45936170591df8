//! Duo's authentication log.
//!
//! Fields are from Duo's Admin API: version 2, the older version (`username`, `integration`, results in capitals),
//! and the telephony log. DuoLogSync writes the same fields. They also come under `event` (Splunk's HEC), in
//! Elastic's `cisco_duo.auth.*`, and in Sentinel's columns (`txid_g`, `user_name_s`).
//!
//! Duo writes each challenge once, when it is over: every row of an authentication is one challenge with its answer,
//! and `txid` is its id. A row that a policy denied counts as well, because somebody reached the second factor. A
//! success by a remembered device, a bypassed user or a trusted network is no answer of a person, and does not count.
//! The telephony log has the messages and calls that went out; it names a telephone but no user.

mod cef;

use super::spelled::lower;
use super::room::mark;
use super::{Given, Provider, Room, Said, Sign, World, client, delivery, fill, named, read_within, text, time};
use crate::event::{Event, Outcome};
use crate::json::{Member, Members, Object, Slots};
use crate::hash::{Hasher128, Salt};
use crate::stamp::Stamp;
use alloc::borrow::Cow;

named! {
    /// The shapes of its records.
    pub enum Shape {
        Duo = "duo",
    }
}

/// The data about the family.
pub const ROOM: Room = Room {
    title: "Duo",
    layouts: &["the authentication log, versions 1 and 2", "the telephony log", "CEF of DuoLogSync"],
    // `duologsync` is the needle of CEF.
    needles: &["txid", "telephony_id", "new_enrollment", "duologsync"],
    signs: &[Sign {
        words: &["duo_push", "access_device", "duologsync"],
        with: &["txid", "telephony_id", "new_enrollment", "duologsync"],
    }],
    marks: &[
        mark("txid"),
        mark("txid_g"),
        mark("txid_s"),
        mark("telephony_id"),
        // A field that only the older version has.
        mark("new_enrollment"),
        mark("new_enrollment_b"),
        Member::open("cisco_duo"),
        Member::open("cisco_duo.auth"),
        mark("cisco_duo.auth.txid"),
        mark("event.txid"),
        Member::open("detail"),
        mark("detail.txid"),
    ],
    keepers: &[&[("duo", 1), ("duologsync", 1)]],
    worlds: &[World::Word("duo")],
    members: &[MEMBERS.set()],
    decode: Some(decode),
    text: Some(cef::decode),
    ..Room::EMPTY
};

const EVENT: u8 = 0;
const TXID: u8 = 1;
const OLD: u8 = 2;
const RESULT: u8 = 3;
const REASON: u8 = 4;
const FACTOR: u8 = 5;
const USER: u8 = 6;
const ADDRESS: u8 = 7;
const SYSTEM: u8 = 8;
const DEVICE: u8 = 9;
const BROWSER: u8 = 10;
const APPLICATION: u8 = 11;
const TIME: u8 = 12;
const CONTEXT: u8 = 13;
const CALL: u8 = 14;
const MEDIUM: u8 = 15;

static MEMBERS: Members<77> = Members::new([
    Member::new("event_type", EVENT, 0),
    Member::new("event_type_s", EVENT, 0),
    Member::open("cisco_duo"),
    Member::open("cisco_duo.auth"),
    Member::new("cisco_duo.auth.event_type", EVENT, 0),
    Member::new("txid", TXID, 0),
    Member::new("txid_g", TXID, 0),
    Member::new("txid_s", TXID, 0),
    Member::new("cisco_duo.auth.txid", TXID, 0),
    Member::new("new_enrollment", OLD, 0),
    Member::new("new_enrollment_b", OLD, 0),
    Member::new("result", RESULT, 0),
    Member::new("result_s", RESULT, 0),
    Member::new("cisco_duo.auth.result", RESULT, 0),
    Member::new("reason", REASON, 0),
    Member::new("reason_s", REASON, 0),
    Member::new("cisco_duo.auth.reason", REASON, 0),
    Member::new("factor", FACTOR, 0),
    Member::new("factor_s", FACTOR, 0),
    Member::new("cisco_duo.auth.factor", FACTOR, 0),
    Member::or_open("user", USER, 0),
    Member::new("user.name", USER, 0),
    Member::new("user_name_s", USER, 0),
    Member::new("user_s", USER, 1),
    Member::new("username", USER, 1),
    Member::new("username_s", USER, 1),
    Member::new("cisco_duo.auth.user.name", USER, 1),
    Member::open("cisco_duo.auth.user"),
    Member::open("source"),
    Member::open("source.user"),
    Member::new("source.user.name", USER, 2),
    Member::new("email", USER, 3),
    Member::new("email_s", USER, 3),
    Member::new("cisco_duo.auth.email", USER, 3),
    Member::open("access_device"),
    Member::or_open("access_device.ip", ADDRESS, 0),
    Member::new("access_device.ip.address", ADDRESS, 0),
    Member::new("access_device_ip_s", ADDRESS, 0),
    Member::new("access_device_ip_address_s", ADDRESS, 0),
    Member::open("cisco_duo.auth.access_device"),
    Member::or_open("cisco_duo.auth.access_device.ip", ADDRESS, 0),
    Member::new("cisco_duo.auth.access_device.ip.address", ADDRESS, 0),
    Member::or_open("ip", ADDRESS, 1),
    Member::new("ip.address", ADDRESS, 1),
    Member::new("ip_s", ADDRESS, 1),
    Member::new("source.ip", ADDRESS, 2),
    Member::new("access_device.os", SYSTEM, 0),
    Member::new("access_device_os_s", SYSTEM, 0),
    Member::new("cisco_duo.auth.access_device.os", SYSTEM, 0),
    Member::open("user_agent"),
    Member::open("user_agent.os"),
    Member::new("user_agent.os.name", SYSTEM, 1),
    Member::new("access_device.hostname", DEVICE, 0),
    Member::new("access_device_hostname_s", DEVICE, 0),
    Member::new("cisco_duo.auth.access_device.hostname", DEVICE, 0),
    Member::new("access_device.browser", BROWSER, 0),
    Member::new("access_device_browser_s", BROWSER, 0),
    Member::new("user_agent.name", BROWSER, 1),
    Member::or_open("application", APPLICATION, 0),
    Member::new("application.name", APPLICATION, 0),
    Member::new("application_name_s", APPLICATION, 0),
    Member::open("cisco_duo.auth.application"),
    Member::new("cisco_duo.auth.application.name", APPLICATION, 0),
    Member::new("integration", APPLICATION, 1),
    Member::new("integration_s", APPLICATION, 1),
    Member::new("isotimestamp", TIME, 0),
    Member::new("isotimestamp_t", TIME, 0),
    Member::new("isotimestamp_t [UTC]", TIME, 0),
    Member::new("timestamp", TIME, 1),
    Member::new("timestamp_d", TIME, 1),
    Member::new("ts", TIME, 1),
    Member::new("@timestamp", TIME, 2),
    Member::new("TimeGenerated", TIME, 3),
    Member::new("context", CONTEXT, 0),
    Member::new("telephony_id", CALL, 0),
    Member::new("type", MEDIUM, 0),
    Member::new("eventtype", EVENT, 3),
]);

/// Decodes a record.
#[must_use]
pub fn decode<'a>(object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    let found: Slots<'a> = read_within(object, MEMBERS.set(), &[TXID, OLD, CALL], &["event", "detail"])?;
    let call = found.get(CALL).is_some() && found.get(RESULT).is_none();
    let (outcome, method) = if call { (called(&found)?, MEDIUM) } else { (finished(&found)?, FACTOR) };
    let mut event = Event::new(Shape::Duo.into(), Provider::Duo);
    event.outcome = outcome;
    event.user = lower(text(&found, USER));
    event.src_ip = client(found.get(ADDRESS), None).0;
    fill(&mut event.user_agent, &found, BROWSER);
    event.service = Cow::Borrowed("duo");
    fill(&mut event.method, &found, method);
    fill(&mut event.reason, &found, REASON);
    fill(&mut event.application, &found, APPLICATION);
    fill(&mut event.device, &found, DEVICE);
    fill(&mut event.os, &found, SYSTEM);
    fill(&mut event.transaction, &found, TXID);
    let stamp = time(&found, TIME, given.zone.utc_alike());
    event.delivery =
        if call { delivery("duo telephony", &found, CALL) } else { row(&event, &text(&found, RESULT), stamp) };
    Some((event, stamp))
}

/// The delivery id of a row, from its transaction, user, time and result: a success may have the transaction of an
/// earlier denial. `None` if the row has no transaction.
fn row(event: &Event<'_>, result: &str, stamp: Option<Stamp>) -> Option<u128> {
    let time = match stamp {
        Some(Stamp::At(time)) => time.0,
        Some(Stamp::Local(time)) => time,
        _ => 0,
    };
    let hash = || {
        Hasher128::new(Salt::new(""), 2)
            .part(b"duo row")
            .part(event.transaction.as_bytes())
            .part(event.user.as_bytes())
            .part(&time.to_le_bytes())
            .part(result.to_ascii_lowercase().as_bytes())
            .finish()
    };
    (!event.transaction.is_empty()).then(|| hash().0)
}

/// The outcome of a message or call that went out.
fn called(found: &Slots<'_>) -> Option<Outcome> {
    found.get(CONTEXT)?.says("authentication").then_some(Outcome::Challenge)
}

/// The outcome of a finished challenge.
fn finished(found: &Slots<'_>) -> Option<Outcome> {
    // The log has rows for enrollments too. The oldest rows have no event type.
    let kind = text(found, EVENT);
    if !matches!(&*kind, "" | "authentication" | "auth" | "auth_log") {
        return None;
    }
    judge(&text(found, RESULT), &text(found, REASON), &text(found, FACTOR))
}

/// The outcome of a challenge, by Duo's own words. `None` if no person answered.
pub(super) fn judge(result: &str, reason: &str, factor: &str) -> Option<Outcome> {
    if begins(result, "success") {
        let nobody = ["remembered", "trusted", "bypass_user", "allow"];
        let by_factor = begins(factor, "remembered") || begins(factor, "trusted");
        let answered = !by_factor && !nobody.iter().any(|head| begins(reason, head));
        return answered.then_some(Outcome::Approved);
    }
    if begins(result, "fraud") {
        return Some(Outcome::Denied);
    }
    if !["denied", "failure", "error"].iter().any(|word| begins(result, word)) {
        return None;
    }
    let waited = ["no_response", "no_keys_pressed", "call_timed_out", "login_timed_out"];
    let timeout = waited.iter().any(|head| begins(reason, head));
    Some(if timeout { Outcome::Timeout } else { Outcome::Denied })
}

/// True if a word in the log begins like the documented `word`. The older version writes `No response` for
/// `no_response`.
fn begins(said: &str, word: &str) -> bool {
    let plain = |byte: u8| if byte == b' ' { b'_' } else { byte.to_ascii_lowercase() };
    said.len() >= word.len() && said.bytes().zip(word.bytes()).all(|(said, word)| plain(said) == word)
}

#[cfg(test)]
mod tests;
