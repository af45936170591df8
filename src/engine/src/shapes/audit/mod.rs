//! Logins in the unified audit log of Microsoft 365: the operations `UserLoggedIn` and `UserLoginFailed` of the
//! workload AzureActiveDirectory. Also changes of accounts, whose operations have the names of Entra's audit log.
//!
//! A record comes plain, as the Management Activity API returns it. It also comes in the string `AuditData` of
//! `Search-UnifiedAuditLog`, Purview's export and Graph's audit search; in Elastic's `o365.audit`; as columns.
//! Source: "Office 365 Management Activity API schema", Microsoft Entra STS Logon.
//!
//! `ResultStatus` says `Success` on most failed logins, since it only says that the service worked. The operation and
//! `ErrorNumber` decide; the oldest entries have no `ErrorNumber`. An entry with a `LogonError` is never a success.
//! Times have no zone and are UTC.

#[cfg(test)]
mod tests;

use super::entra::codes::{Meaning, judge};
use super::entra::{changes, delivery, transaction};
use super::spelled::{Pick, contains, gather, is, lower, within};
use crate::carriers::slot;
use super::room::{MICROSOFT, mark};
use super::{Given, Provider, Room, Said, Sign, World, fill, named, text, time};
use crate::event::{Event, Outcome, Text};
use crate::json::{Items, Member, Members, Object, Slots};
use crate::net::parse_address;

named! {
    /// The shapes of its records.
    pub enum Shape {
        AuditLog = "audit-log",
    }
}

/// The data about the family.
pub const ROOM: Room = Room {
    title: "Microsoft 365",
    layouts: &["the unified audit log", "bare, in `AuditData`, of Elastic and Wazuh"],
    needles: &[
        "UserLoggedIn",
        "UserLoginFailed",
        "user password",
        "Reset password (",
        "Change password (",
        "Unlock user account",
        "Enable account",
        "Disable account",
        "Add member to role",
        "security info",
    ],
    signs: &[Sign {
        words: &["UserLoggedIn", "UserLoginFailed"],
        with: &["AzureActiveDirectory", "Workload", "RecordType", "ErrorNumber"],
    }],
    // Plain records, and records inside exports.
    marks: &[
        mark("Operation"),
        mark("Operation_s"),
        // Athena's columns. Many other records have an `operation`, so that is no mark.
        mark("creationtime"),
        Member::open("o365"),
        Member::open("o365.audit"),
        mark("o365.audit.UserId"),
        mark("o365.audit.CreationTime"),
        Member::open("auditData"),
        mark("auditData.Operation"),
    ],
    holds: &[Member::new("AuditData", slot::TEXT, 0)],
    keepers: &[MICROSOFT],
    worlds: &[
        World::Word("o365"),
        World::Word("m365"),
        World::Word("office365"),
        World::Words("office", "365"),
        World::Words("microsoft", "365"),
    ],
    has_codes: true,
    members: &[MEMBERS.set()],
    decode: Some(decode),
    ..Room::EMPTY
};

const OPERATION: u8 = 0;
const DATA: u8 = 1;
const WORKLOAD: u8 = 2;
const CODE: u8 = 3;
const REASON: u8 = 4;
const USER: u8 = 5;
const ADDRESS: u8 = 6;
const ACTOR: u8 = 7;
const AGENT: u8 = 8;
const EXTENDED: u8 = 9;
const DEVICES: u8 = 10;
const SYSTEM: u8 = 11;
const DEVICE: u8 = 12;
const APPLICATION: u8 = 13;
const RESOURCE: u8 = 14;
const ID: u8 = 15;
const TRANSACTION: u8 = 16;
const TIME: u8 = 17;

/// The fields that are read. Elastic's are in `o365.audit`, except those with a place in ECS.
static MEMBERS: Members<35> = Members::new([
    Member::open(""),
    Member::open("event"),
    Member::open("source"),
    Member::open("client"),
    Member::new("operation", OPERATION, 0),
    Member::new("eventaction", OPERATION, 1),
    Member::new("auditdata", DATA, 0),
    Member::new("workload", WORKLOAD, 0),
    Member::new("officeworkload", WORKLOAD, 0),
    Member::new("eventprovider", WORKLOAD, 1),
    Member::new("errornumber", CODE, 0),
    Member::new("logonerror", REASON, 0),
    Member::new("userid", USER, 0),
    Member::new("clientip", ADDRESS, 0),
    Member::new("clientipaddress", ADDRESS, 1),
    Member::new("sourceip", ADDRESS, 2),
    Member::new("actoripaddress", ACTOR, 0),
    Member::or_open("useragent", AGENT, 2),
    Member::new("useragentoriginal", AGENT, 0),
    Member::new("extendedpropertiesuseragent", AGENT, 1),
    Member::or_open("extendedproperties", EXTENDED, 0),
    Member::or_open("deviceproperties", DEVICES, 0),
    Member::new("devicepropertiesos", SYSTEM, 0),
    Member::new("devicepropertiesdisplayname", DEVICE, 0),
    Member::new("devicepropertiesid", DEVICE, 1),
    Member::new("applicationid", APPLICATION, 0),
    Member::new("objectid", RESOURCE, 0),
    Member::new("id", ID, 0),
    Member::new("officeid", ID, 0),
    Member::new("eventid", ID, 1),
    Member::new("intersystemsid", TRANSACTION, 0),
    Member::new("creationtime", TIME, 0),
    Member::new("timegenerated", TIME, 1),
    Member::new("timegeneratedutc", TIME, 1),
    Member::new("timestamp", TIME, 2),
]);

/// The action for a field, by its spelling.
fn pick(name: &[u8]) -> Pick {
    let name = name.strip_prefix(b"o365").unwrap_or(name);
    let name = name.strip_prefix(b"audit").filter(|inner| !inner.starts_with(b"data")).unwrap_or(name);
    MEMBERS.set().find(name)
}

/// Decodes a record.
#[must_use]
pub fn decode<'a>(object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    let mut found = Slots::default();
    if !gather(object, pick, &mut found) {
        return None;
    }
    let Some(data) = found.get(DATA) else { return said(&found, given) };
    if let Some(inner) = data.as_object() {
        // The search result around the record has an `id` and a `createdDateTime` of its own, which are not read.
        let mut found = Slots::default();
        return gather(&inner, pick, &mut found).then(|| said(&found, given))?;
    }
    // The JSON is in a string, so the result must not borrow from the unescaped copy.
    within(data, |json| {
        let mut found = Slots::default();
        if !gather(&Object::new(json)?, pick, &mut found) {
            return None;
        }
        said(&found, given).map(|(event, time)| (event.into_owned(), time))
    })?
}

/// Makes an event from the fields.
fn said<'a>(found: &Slots<'a>, given: Given<'_>) -> Said<'a> {
    let operation = found.get(OPERATION)?;
    let success = operation.says_ignore_case("UserLoggedIn");
    let attempt = success || operation.says_ignore_case("UserLoginFailed");
    let change = if attempt { None } else { changes::of(&operation.as_text()?) };
    if !attempt && change.is_none() {
        return None;
    }
    let workload = text(found, WORKLOAD);
    if !workload.is_empty() && !contains(&workload, "activedirectory") && !contains(&workload, "entra") {
        return None;
    }
    if let Some(change) = change {
        let mut event = Event::changed(Shape::AuditLog.into(), Provider::M365, change);
        // The object is the changed account, and the user is who changed it.
        event.user = user(text(found, RESOURCE));
        event.reason = operation.as_text()?;
        event.delivery = delivery(&text(found, ID));
        return event.user.contains('@').then(|| (event, time(found, TIME, given.zone.utc_alike())));
    }
    let code = text(found, CODE);
    let reason_text = text(found, REASON);
    let Meaning { outcome, credential } = match (code.trim(), success) {
        ("", true) => Meaning { outcome: Outcome::Success, credential: false },
        ("", false) => Meaning { outcome: Outcome::Failure, credential: false },
        (code, _) => judge(code.parse().ok()?, &[&reason_text], given.extra_failure_codes)?,
    };
    let in_error = !matches!(reason_text.trim(), "" | "None" | "none" | "null");
    if outcome == Outcome::Success && (!success || in_error) {
        return None;
    }
    // The client's address. If it is missing, that of a service in between.
    let address = |slot| found.get(slot).and_then(|value| parse_address(&value.as_text()?));
    let src_ip = address(ADDRESS).or_else(|| address(ACTOR));
    let mut event = Event::new(Shape::AuditLog.into(), Provider::M365);
    event.outcome = outcome;
    event.user = user(text(found, USER));
    event.src_ip = src_ip;
    fill(&mut event.service, found, RESOURCE);
    event.reason = code;
    event.reason_text = reason_text;
    fill(&mut event.application, found, APPLICATION);
    let [agent, ..] = properties(found, EXTENDED, ["useragent", "", ""]);
    event.user_agent = or(agent, found, AGENT);
    let [system, name, id] = properties(found, DEVICES, ["os", "displayname", "id"]);
    event.device = or(name, found, DEVICE);
    if event.device.is_empty() {
        event.device = id;
    }
    event.os = or(system, found, SYSTEM);
    event.transaction = transaction(text(found, TRANSACTION));
    event.credential = credential;
    event.delivery = delivery(&text(found, ID));
    Some((event, time(found, TIME, given.zone.utc_alike())))
}

/// The account. If there is none, the log writes certain words, and the result is empty.
fn user(id: Text<'_>) -> Text<'_> {
    match lower(id) {
        id if matches!(&*id, "not available" | "unknown") => Text::Borrowed(""),
        id => id,
    }
}

/// `said`, or the value of the slot if `said` is empty.
fn or<'a>(said: Text<'a>, found: &Slots<'a>, slot: u8) -> Text<'a> {
    if said.is_empty() { text(found, slot) } else { said }
}

/// Values from a list of names and values: `[{"Name":"UserAgent","Value":"…"}]`, or the same list in a string.
fn properties<'a>(found: &Slots<'a>, slot: u8, names: [&str; 3]) -> [Text<'a>; 3] {
    let Some(list) = found.get(slot) else { return Default::default() };
    match list.as_array() {
        Some(items) => named(items, names),
        None => within(list, |json| {
            let items = Items::new(json)?;
            Some(named(items, names).map(|text| Text::Owned(text.into_owned())))
        })
        .flatten()
        .unwrap_or_default(),
    }
}

fn named<'a>(items: Items<'a>, names: [&str; 3]) -> [Text<'a>; 3] {
    /// The most elements that are read; no known list is longer.
    const MOST: usize = 64;
    let mut texts: [Text<'a>; 3] = Default::default();
    for object in items.take(MOST).filter_map(|item| item.as_object()) {
        let (mut name, mut said) = (None, None);
        for (key, value) in object.fields() {
            if is(key.raw, "name") {
                name = name.max(Some(value.raw));
            } else if is(key.raw, "value") {
                said = said.max(value.as_text());
            }
        }
        if let (Some(name), Some(said)) = (name, said)
            && let Some(at) = names.iter().position(|wanted| is(name, wanted))
            && let Some(text) = texts.get_mut(at)
        {
            *text = said;
        }
    }
    texts
}
