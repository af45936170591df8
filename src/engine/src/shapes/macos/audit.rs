//! BSM audit events in JSON: Jamf Protect's telemetry before it used Endpoint Security.
//!
//! `AUE_lw_login` is a login at the login window. `AUE_auth_user` is the check of a password or of Touch ID.
//! `return.error` holds the result as errno, and `subject` names the user.

use super::super::{Provider, Said, delivery, fill, text};
use super::{Shape, at};
use crate::event::{Event, Outcome, Text};
use crate::json::{Member, Members, Object, Slots, read};
use crate::stamp::Stamp;
use crate::time::Timestamp;

const EVENT: u8 = 0;
const ERROR: u8 = 1;
const REASON: u8 = 2;
const USER: u8 = 3;
const HOST: u8 = 4;
const SECONDS: u8 = 5;
const MILLIS: u8 = 6;
const ID: u8 = 7;

pub(super) static MEMBERS: Members<13> = Members::new([
    Member::open("header"),
    Member::new("header.event_name", EVENT, 0),
    Member::new("header.time_seconds_epoch", SECONDS, 0),
    Member::new("header.time_milliseconds_offset", MILLIS, 0),
    Member::open("return"),
    Member::new("return.error", ERROR, 0),
    Member::new("return.description", REASON, 0),
    Member::open("subject"),
    Member::new("subject.audit_user_name", USER, 0),
    Member::new("subject.user_name", USER, 1),
    Member::open("host_info"),
    Member::new("host_info.host_name", HOST, 0),
    Member::new("key", ID, 0),
]);

/// Decodes an event.
pub(super) fn decode<'a>(object: &Object<'a>) -> Said<'a> {
    let mut found = Slots::default();
    if !read(object, MEMBERS.set(), &mut found) {
        return None;
    }
    let service = match &*text(&found, EVENT) {
        "AUE_lw_login" => "loginwindow",
        "AUE_auth_user" => "authentication",
        _ => return None,
    };
    let success = found.get(ERROR)?.as_i64()? == 0;
    let mut event = Event::new(Shape::Jamf.into(), Provider::Macos);
    if success {
        event.outcome = Outcome::Success;
    }
    fill(&mut event.user, &found, USER);
    event.service = Text::Borrowed(service);
    fill(&mut event.reason, &found, ERROR);
    fill(&mut event.reason_text, &found, REASON);
    event.delivery = delivery("jamf", &found, ID);
    at(&mut event, &found, HOST);
    let number = |slot| found.get(slot).and_then(|value| value.as_i64());
    let micros =
        || number(SECONDS)?.checked_mul(1_000)?.checked_add(number(MILLIS).unwrap_or(0))?.checked_mul(1_000);
    Some((event, micros().map(|micros| Stamp::At(Timestamp(micros)))))
}
