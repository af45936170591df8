//! Auth0's tenant log.
//!
//! Types are from Auth0's "Log Event Type Codes". A record is a single object, in `{"log_id":…,"data":{…}}` (log
//! streams), under `detail` (EventBridge) or `event` (Splunk's HEC), or in columns (`type_s`).
//!
//! | type | outcome |
//! |---|---|
//! | `gd_send_pn`, `gd_send_sms`, `gd_send_voice`, `gd_send_email` | challenge |
//! | `gd_auth_rejected` | denied |
//! | `gd_auth_succeed` | approved |
//! | `s` | success |
//! | `f`, `fp`, `fu`; `gd_auth_failed`, a wrong code | failure |

use super::spelled::lower;
use super::room::mark;
use super::{Given, Provider, Room, Said, Sign, client, delivery, fill, named, read_within, text, time};
use crate::event::{Event, Outcome};
use crate::json::{Member, Members, Object, Slots};
use alloc::borrow::Cow;

named! {
    /// The shapes of its records.
    pub enum Shape {
        Auth0 = "auth0",
    }
}

/// The data about the family.
pub const ROOM: Room = Room {
    title: "Auth0",
    layouts: &["the tenant log", "log streams"],
    // The quote and the separators keep out the journal's SYSLOG_IDENTIFIER.
    needles: &["\"log_id", ".log_id", "log_id="],
    signs: &[Sign {
        words: &["user_name=", "user_id="],
        with: &["log_id="],
    }],
    marks: &[
        mark("log_id"),
        mark("log_id_s"),
        Member::open("data"),
        mark("data.log_id"),
        mark("event.log_id"),
        Member::open("event.data"),
        mark("event.data.log_id"),
        Member::open("detail"),
        mark("detail.log_id"),
        Member::open("detail.data"),
        mark("detail.data.log_id"),
    ],
    keepers: &[&[("auth0", 2)]],
    members: &[MEMBERS.set()],
    decode: Some(decode),
    ..Room::EMPTY
};

const TYPE: u8 = 0;
const ID: u8 = 1;
const TIME: u8 = 2;
const USER: u8 = 3;
const ADDRESS: u8 = 4;
const AGENT: u8 = 5;
const APPLICATION: u8 = 6;
const REASON: u8 = 7;

static MEMBERS: Members<30> = Members::new([
    Member::open("data"),
    Member::new("type", TYPE, 0),
    Member::new("data.type", TYPE, 0),
    Member::new("type_s", TYPE, 0),
    Member::new("log_id", ID, 0),
    Member::new("data.log_id", ID, 0),
    Member::new("log_id_s", ID, 0),
    Member::new("date", TIME, 0),
    Member::new("data.date", TIME, 0),
    Member::new("date_t", TIME, 0),
    // A push has only the id, a login has both.
    Member::new("user_id", USER, 0),
    Member::new("data.user_id", USER, 0),
    Member::new("user_id_s", USER, 0),
    Member::new("user_name", USER, 1),
    Member::new("data.user_name", USER, 1),
    Member::new("user_name_s", USER, 1),
    Member::new("ip", ADDRESS, 0),
    Member::new("data.ip", ADDRESS, 0),
    Member::new("ip_s", ADDRESS, 0),
    Member::new("client_ip", ADDRESS, 1),
    Member::new("data.client_ip", ADDRESS, 1),
    Member::new("user_agent", AGENT, 0),
    Member::new("data.user_agent", AGENT, 0),
    Member::new("user_agent_s", AGENT, 0),
    Member::new("client_name", APPLICATION, 0),
    Member::new("data.client_name", APPLICATION, 0),
    Member::new("client_name_s", APPLICATION, 0),
    Member::new("description", REASON, 0),
    Member::new("data.description", REASON, 0),
    Member::new("description_s", REASON, 0),
]);

/// Decodes a record.
#[must_use]
pub fn decode<'a>(object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    let found: Slots<'a> = read_within(object, MEMBERS.set(), &[ID], &["event", "detail"])?;
    let kind = text(&found, TYPE);
    let outcome = match &*kind {
        "gd_send_pn" | "gd_send_sms" | "gd_send_voice" | "gd_send_email" => Outcome::Challenge,
        "gd_auth_rejected" => Outcome::Denied,
        "gd_auth_succeed" => Outcome::Approved,
        "s" => Outcome::Success,
        "f" | "fp" | "fu" | "gd_auth_failed" => Outcome::Failure,
        _ => return None,
    };
    let mut event = Event::new(Shape::Auth0.into(), Provider::Auth0);
    event.outcome = outcome;
    event.user = lower(text(&found, USER));
    event.src_ip = client(found.get(ADDRESS), None).0;
    fill(&mut event.user_agent, &found, AGENT);
    event.service = Cow::Borrowed("auth0");
    event.reason = kind;
    fill(&mut event.reason_text, &found, REASON);
    fill(&mut event.application, &found, APPLICATION);
    event.delivery = delivery("auth0", &found, ID);
    Some((event, time(&found, TIME, given.zone.utc_alike())))
}

#[cfg(test)]
mod tests;
