//! Logins in the unified audit log of Microsoft 365: operations `UserLoggedIn` and `UserLoginFailed` of the workload
//! AzureActiveDirectory.
//!
//! Bare as the Management Activity API hands them out; as the string `AuditData` of `Search-UnifiedAuditLog`, of
//! Purview's export and of Graph's audit search; as Elastic's `o365.audit`; as columns. Source: "Office 365 Management
//! Activity API schema", Microsoft Entra STS Logon.
//!
//! `ResultStatus` says `Success` on most failed logins: it says that the service worked. The operation and
//! `ErrorNumber` decide; the oldest entries have no such number. Times bear no zone and are UTC.

#[cfg(test)]
mod tests;

use super::entra::codes::{Verdict, judge};
use super::entra::{delivery, transaction};
use super::spelling::{Found, Pick, contains, gather, is, lower, within};
use super::{Given, Said, text};
use crate::envelope::stamp;
use crate::event::{Event, Outcome, Text};
use crate::json::{Items, Object, Value};
use crate::net::parse_address;
use crate::stamp::Zone;

/// Literals of which any record that says something contains at least one.
pub const NEEDLES: &[&str] = &["UserLoggedIn", "UserLoginFailed"];

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

/// Which fields are taken. Elastic's stand in `o365.audit`, but for those that ECS has a place for.
fn pick(name: &[u8]) -> Pick {
    use Pick::{Leave, Open, OpenOrTake, Take};
    let name = name.strip_prefix(b"o365").unwrap_or(name);
    let name = name.strip_prefix(b"audit").filter(|inner| !inner.starts_with(b"data")).unwrap_or(name);
    match name {
        b"" | b"event" | b"source" | b"client" => Open,
        b"operation" => Take(OPERATION, 0),
        b"eventaction" => Take(OPERATION, 1),
        b"auditdata" => Take(DATA, 0),
        b"workload" | b"officeworkload" => Take(WORKLOAD, 0),
        b"eventprovider" => Take(WORKLOAD, 1),
        b"errornumber" => Take(CODE, 0),
        b"logonerror" => Take(REASON, 0),
        b"userid" => Take(USER, 0),
        b"clientip" => Take(ADDRESS, 0),
        b"clientipaddress" => Take(ADDRESS, 1),
        b"sourceip" => Take(ADDRESS, 2),
        b"actoripaddress" => Take(ACTOR, 0),
        b"useragent" => OpenOrTake(AGENT, 1),
        b"useragentoriginal" | b"extendedpropertiesuseragent" => Take(AGENT, 0),
        b"extendedproperties" => OpenOrTake(EXTENDED, 0),
        b"deviceproperties" => OpenOrTake(DEVICES, 0),
        b"devicepropertiesos" => Take(SYSTEM, 0),
        b"devicepropertiesdisplayname" => Take(DEVICE, 0),
        b"devicepropertiesid" => Take(DEVICE, 1),
        b"applicationid" => Take(APPLICATION, 0),
        b"objectid" => Take(RESOURCE, 0),
        b"id" | b"officeid" => Take(ID, 0),
        b"eventid" => Take(ID, 1),
        b"intersystemsid" => Take(TRANSACTION, 0),
        b"creationtime" => Take(TIME, 0),
        b"timegenerated" | b"timegeneratedutc" => Take(TIME, 1),
        b"timestamp" => Take(TIME, 2),
        _ => Leave,
    }
}

/// Takes a record apart.
#[must_use]
pub fn decode<'a>(object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    let mut found = Found::default();
    if !gather(object, pick, &mut found) {
        return None;
    }
    let Some(data) = found.get(DATA) else { return said(&found, given) };
    if let Some(inner) = data.as_object() {
        // The object around it is the search's: its `id` and `createdDateTime` are its own.
        let mut found = Found::default();
        return gather(&inner, pick, &mut found).then(|| said(&found, given))?;
    }
    // JSON in a string: what is read from the copy has to be copied as well.
    within(data, |json| {
        let mut found = Found::default();
        if !gather(&Object::new(json)?, pick, &mut found) {
            return None;
        }
        said(&found, given).map(|(event, time)| (event.into_owned(), time))
    })?
}

/// What the fields say.
fn said<'a>(found: &Found<'a>, given: Given<'_>) -> Said<'a> {
    let operation = found.get(OPERATION)?;
    let success = operation.says_ignore_case("UserLoggedIn");
    if !success && !operation.says_ignore_case("UserLoginFailed") {
        return None;
    }
    let workload = text(found, WORKLOAD);
    if !workload.is_empty() && !contains(&workload, "activedirectory") && !contains(&workload, "entra") {
        return None;
    }
    let code = text(found, CODE);
    let reason_text = text(found, REASON);
    let Verdict { outcome, credential } = match (code.trim(), success) {
        ("", true) => Verdict { outcome: Outcome::Success, credential: false },
        ("", false) => Verdict { outcome: Outcome::Failure, credential: false },
        (code, _) => judge(code.parse().ok()?, &[&reason_text], given.extra_failure_codes)?,
    };
    if outcome == Outcome::Success && !success {
        return None;
    }
    // The client's, unless it is that of a service between.
    let address = |slot| found.get(slot).and_then(|value| parse_address(&value.as_text()?));
    let src_ip = address(ADDRESS).or_else(|| address(ACTOR));
    let [extended_agent, ..] =
        found.get(EXTENDED).map(|list| properties(list, ["useragent", "", ""])).unwrap_or_default();
    let [system, name, id] =
        found.get(DEVICES).map(|list| properties(list, ["os", "displayname", "id"])).unwrap_or_default();
    let or = |said: Text<'a>, other: Text<'a>| if said.is_empty() { other } else { said };
    let event = Event {
        outcome,
        count: 1,
        user: user(text(found, USER)),
        src_ip,
        user_agent: or(extended_agent, text(found, AGENT)),
        service: text(found, RESOURCE),
        reason: code,
        reason_text,
        application: text(found, APPLICATION),
        device: or(or(name, text(found, DEVICE)), id),
        os: or(system, text(found, SYSTEM)),
        transaction: transaction(text(found, TRANSACTION)),
        credential,
        shape: "audit-log",
        provider: "m365",
        delivery: delivery(&text(found, ID)),
        ..Event::default()
    };
    Some((event, found.get(TIME).and_then(|time| stamp(time, Zone::UTC))))
}

/// The account. Where there is none, the log says so in words.
fn user(id: Text<'_>) -> Text<'_> {
    match lower(id) {
        id if matches!(&*id, "not available" | "unknown") => Text::default(),
        id => id,
    }
}

/// Values of a list of names and values: `[{"Name":"UserAgent","Value":"…"}]`, or the same in a string.
fn properties<'a>(list: Value<'a>, names: [&str; 3]) -> [Text<'a>; 3] {
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
    /// Longer lists than this are nobody's.
    const MOST: usize = 64;
    let mut texts: [Text<'a>; 3] = Default::default();
    for object in items.take(MOST).filter_map(|item| item.as_object()) {
        let (mut name, mut said) = (None, None);
        for (key, value) in object.fields() {
            if is(key.raw, "name") {
                name = Some(value.raw);
            } else if is(key.raw, "value") {
                said = value.as_text();
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
