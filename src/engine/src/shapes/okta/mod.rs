//! Okta's System Log, of Classic and Identity Engine orgs.
//!
//! Fields are from Okta's System Log API (`LogEvent`) and its catalogue of event types. A record comes alone, or
//! under `event` (Splunk's HEC), `detail` (EventBridge) or `okta`. It also comes in Elastic's `okta.*`, and in
//! Sentinel's `Okta_CL` (`eventType_s`) and `OktaV2_CL` (`EventOriginalType`), by the connectors in
//! Azure/Azure-Sentinel. The envelope handles event hooks (`data.events`) and arrays.
//!
//! | event type | result | outcome |
//! |---|---|---|
//! | `system.push.send_factor_verify_push`, `system.sms.send_factor_verify_message`, `system.voice.send_mfa_challenge_call`, `system.email.send_factor_verify_message` | SUCCESS | challenge |
//! | the same | DENY, FAILURE: nothing was sent | |
//! | `policy.evaluate_sign_on` | CHALLENGE | challenge |
//! | `user.mfa.okta_verify.deny_push`, `….deny_push_upgrade_needed` (Classic) | any | denied |
//! | `user.authentication.auth_via_mfa` with the authenticator Password | FAILURE | failure |
//! | the same | SUCCESS: a first factor | |
//! | `user.authentication.auth_via_mfa` with any other | SUCCESS | approved |
//! | the same | FAILURE, INVALID_CREDENTIALS: refused, or the wrong answer | denied |
//! | the same | FAILURE for another reason | timeout |
//! | `user.session.start` | SUCCESS | success |
//! | the same | FAILURE | failure |
//! | those of `CHANGES` | SUCCESS | a change of the account among the targets |
//!
//! A login whose policy asks for a factor, and which then sends a push, has two records with a challenge. The field
//! [`method`](crate::event::Event::method) tells them apart: `policy` is the one that sent nothing to a telephone.
//!
//! `transaction.id` ties records together. It is the id of one HTTP request: the request for the push and the request
//! that polled for its answer may differ. Without it, the session is used (`externalSessionId`).

mod targets;

use super::spelled::lower;
use crate::carriers::slot;
use super::room::{WEAK, mark};
use super::{Given, Provider, Room, Said, Sign, World, client, delivery, fill, named, read_within, text, time};
use crate::accounts::Change;
use crate::event::{Event, Outcome, Text};
use crate::json::{Items, Kind, Member, Members, Object, Slots, Value};
use crate::net::parse_address;
use alloc::borrow::Cow;
use core::net::IpAddr;

named! {
    /// The shapes of its records.
    pub enum Shape {
        Okta = "okta",
    }
}

/// The data about the family.
pub const ROOM: Room = Room {
    title: "Okta",
    layouts: &["the System Log", "event hooks", "EventBridge", "Log Analytics"],
    needles: &[
    "send_factor_verify_",
    "send_mfa_challenge_call",
    "policy.evaluate_sign_on",
    "okta_verify.deny_push",
    "user.authentication.auth_via_mfa",
    "user.session.start",
    "user.account.",
    "user.mfa.factor.",
    "user.lifecycle.",
],
    signs: &[Sign {
        words: &[
            "send_factor_verify_", "send_mfa_challenge_call", "okta_verify.deny_push",
            "user.authentication.auth_via_mfa", "user.session.start",
        ],
        with: &[],
    }],
    // Plain records, Log Analytics, Elastic, and records inside Splunk's and EventBridge's objects.
    marks: &[
        mark("eventType"),
        mark("eventType_s"),
        // Athena's columns.
        Member::new("eventtype", 0, WEAK),
        mark("EventOriginalType"),
        Member::open("okta"),
        mark("okta.event_type"),
        mark("okta.eventType"),
        mark("event.eventType"),
        Member::open("detail"),
        mark("detail.eventType"),
    ],
    // The event hook.
    holder: "com.okta.event_hook",
    holds: &[Member::open("data"), Member::new("data.events", slot::BATCH, 0)],
    keepers: &[&[("okta", 0)]],
    worlds: &[World::Word("okta")],
    members: &[MEMBERS.set()],
    decode: Some(decode),
    ..Room::EMPTY
};

const EVENT: u8 = 0;
const ID: u8 = 1;
const TIME: u8 = 2;
const ACTOR: u8 = 3;
const ACTOR_TYPE: u8 = 4;
const ADDRESS: u8 = 5;
const CHAIN: u8 = 6;
const AGENT: u8 = 7;
const SYSTEM: u8 = 8;
const DEVICE: u8 = 9;
const RESULT: u8 = 10;
const REASON: u8 = 11;
const SESSION: u8 = 12;
const TRANSACTION: u8 = 13;
const TARGET: u8 = 14;
const FACTOR: u8 = 15;
const DEBUG: u8 = 16;

static MEMBERS: Members<101> = Members::new([
    Member::new("eventType", EVENT, 0),
    Member::new("eventType_s", EVENT, 0),
    Member::new("eventtype", EVENT, 0),
    Member::new("actor.alternateid", ACTOR, 0),
    Member::new("client.ipaddress", ADDRESS, 0),
    Member::new("okta.event_type", EVENT, 0),
    Member::new("EventOriginalType", EVENT, 1),
    Member::new("uuid", ID, 0),
    Member::new("uuid_g", ID, 0),
    Member::new("uuid_s", ID, 0),
    Member::new("okta.uuid", ID, 0),
    Member::new("EventOriginalUid", ID, 1),
    Member::new("published", TIME, 0),
    Member::new("published_t", TIME, 0),
    Member::new("published_t [UTC]", TIME, 0),
    Member::new("published_s", TIME, 0),
    Member::new("okta.published", TIME, 0),
    Member::new("@timestamp", TIME, 1),
    Member::new("TimeGenerated", TIME, 1),
    Member::new("TimeGenerated [UTC]", TIME, 1),
    Member::open("actor"),
    Member::new("actor.alternateId", ACTOR, 0),
    Member::new("actor_alternateId_s", ACTOR, 0),
    Member::open("okta"),
    Member::open("okta.actor"),
    Member::new("okta.actor.alternate_id", ACTOR, 0),
    Member::new("OriginalActorAlternateId", ACTOR, 1),
    Member::new("ActorUsername", ACTOR, 2),
    Member::new("actor.type", ACTOR_TYPE, 0),
    Member::new("actor_type_s", ACTOR_TYPE, 0),
    Member::new("okta.actor.type", ACTOR_TYPE, 0),
    Member::new("OriginalUserType", ACTOR_TYPE, 1),
    Member::open("client"),
    Member::new("client.ipAddress", ADDRESS, 0),
    Member::new("client_ipAddress_s", ADDRESS, 0),
    Member::open("okta.client"),
    Member::new("okta.client.ip", ADDRESS, 0),
    Member::new("SrcIpAddr", ADDRESS, 1),
    Member::open("request"),
    Member::new("request.ipChain", CHAIN, 0),
    Member::new("request_ipChain_s", CHAIN, 0),
    Member::open("okta.request"),
    Member::new("okta.request.ip_chain", CHAIN, 0),
    Member::open("Request"),
    Member::new("Request.ipChain", CHAIN, 1),
    Member::open("client.userAgent"),
    Member::new("client.userAgent.rawUserAgent", AGENT, 0),
    Member::new("client_userAgent_rawUserAgent_s", AGENT, 0),
    Member::open("okta.client.user_agent"),
    Member::new("okta.client.user_agent.raw_user_agent", AGENT, 0),
    Member::new("HttpUserAgent", AGENT, 1),
    Member::new("client.userAgent.os", SYSTEM, 0),
    Member::new("client_userAgent_os_s", SYSTEM, 0),
    Member::new("okta.client.user_agent.os", SYSTEM, 0),
    Member::new("SrcDvcOs", SYSTEM, 1),
    Member::open("device"),
    Member::new("device.os_platform", SYSTEM, 2),
    Member::new("device.name", DEVICE, 0),
    Member::open("okta.device"),
    Member::new("okta.device.name", DEVICE, 0),
    Member::new("client.device", DEVICE, 1),
    Member::new("client_device_s", DEVICE, 1),
    Member::new("okta.client.device", DEVICE, 1),
    Member::new("OriginalClientDevice", DEVICE, 1),
    Member::open("outcome"),
    Member::new("outcome.result", RESULT, 0),
    Member::new("outcome_result_s", RESULT, 0),
    Member::open("okta.outcome"),
    Member::new("okta.outcome.result", RESULT, 0),
    Member::new("OriginalOutcomeResult", RESULT, 1),
    Member::new("outcome.reason", REASON, 0),
    Member::new("outcome_reason_s", REASON, 0),
    Member::new("okta.outcome.reason", REASON, 0),
    Member::new("EventOriginalResultDetails", REASON, 1),
    Member::open("authenticationContext"),
    Member::new("authenticationContext.externalSessionId", SESSION, 0),
    Member::new("authenticationContext_externalSessionId_s", SESSION, 0),
    Member::open("okta.authentication_context"),
    Member::new("okta.authentication_context.external_session_id", SESSION, 0),
    Member::new("ActorSessionId", SESSION, 1),
    Member::open("transaction"),
    Member::new("transaction.id", TRANSACTION, 0),
    Member::new("transaction_id_s", TRANSACTION, 0),
    Member::open("okta.transaction"),
    Member::new("okta.transaction.id", TRANSACTION, 0),
    Member::new("TransactionId", TRANSACTION, 1),
    Member::new("target", TARGET, 0),
    Member::new("target_s", TARGET, 0),
    Member::new("okta.target", TARGET, 0),
    Member::new("OriginalTarget", TARGET, 1),
    Member::open("debugContext"),
    Member::open("debugContext.debugData"),
    Member::new("debugContext.debugData.factor", FACTOR, 0),
    Member::new("debugContext_debugData_factor_s", FACTOR, 0),
    Member::open("okta.debug_context"),
    Member::open("okta.debug_context.debug_data"),
    Member::new("okta.debug_context.debug_data.factor", FACTOR, 0),
    Member::open("okta.debug_context.debug_data.flattened"),
    Member::new("okta.debug_context.debug_data.flattened.factor", FACTOR, 1),
    Member::or_open("DebugData", DEBUG, 0),
    Member::new("DebugData.factor", FACTOR, 0),
]);

/// Decodes a record.
#[must_use]
pub fn decode<'a>(object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    let found: Slots<'a> = read_within(object, MEMBERS.set(), &[EVENT], &["event", "detail", "okta"])?;
    let kind = text(&found, EVENT);
    if let Some((_, change)) = CHANGES.iter().find(|(start, _)| kind.starts_with(start)) {
        return changed(&found, kind, *change, given);
    }
    let asked = asked(&kind);
    // All other types are left out here, before anything else is read.
    if asked.is_none() && !ANSWERS.contains(&&*kind) {
        return None;
    }
    let targets = targets::read(found.get(TARGET));
    let mut event = Event::new(Shape::Okta.into(), Provider::Okta);
    event.application = targets.application;
    event.method = factor(&found);
    let password = if event.method.is_empty() { targets.password } else { is_password(&event.method) };
    fill(&mut event.reason, &found, REASON);
    let result = text(&found, RESULT);
    event.outcome = match asked {
        Some(method) => challenge(method, &result)?,
        None => answer(&kind, &result, &event.reason, password)?,
    };
    match asked {
        Some(method) if method == "policy" || event.method.is_empty() => event.method = Cow::Borrowed(method),
        _ => {}
    }
    fill(&mut event.user, &found, ACTOR);
    // Okta itself sends pushes; the target is the user.
    if found.get(ACTOR_TYPE).is_some_and(|kind| !kind.says("User"))
        || matches!(&*event.user, "" | "unknown" | "system@okta.com")
    {
        event.user = targets.user;
    }
    event.user = lower(event.user);
    event.src_ip = client(found.get(ADDRESS), None).0.or_else(|| first_hop(found.get(CHAIN)?));
    fill(&mut event.user_agent, &found, AGENT);
    event.service = Cow::Borrowed("okta");
    known(&mut event.device, &found, DEVICE);
    known(&mut event.os, &found, SYSTEM);
    known(&mut event.transaction, &found, TRANSACTION);
    if event.transaction.is_empty() {
        known(&mut event.transaction, &found, SESSION);
    }
    event.delivery = delivery("okta", &found, ID);
    Some((event, time(&found, TIME, given.zone.utc_alike())))
}

/// The starts of the types of events about a change of an account.
const CHANGES: [(&str, Change); 12] = [
    ("user.account.update_password", Change::Password),
    ("user.account.reset_password", Change::Password),
    ("user.account.unlock", Change::Unlock),
    ("user.account.lock", Change::Lock),
    ("user.account.privilege.grant", Change::Rights),
    ("user.mfa.factor.", Change::Factor),
    ("user.lifecycle.create", Change::Create),
    ("user.lifecycle.activate", Change::Enable),
    ("user.lifecycle.unsuspend", Change::Enable),
    ("user.lifecycle.suspend", Change::Disable),
    ("user.lifecycle.deactivate", Change::Disable),
    ("user.lifecycle.delete", Change::Delete),
];

/// Makes an event of a change.
#[cold]
fn changed<'a>(found: &Slots<'a>, kind: Text<'a>, change: Change, given: Given<'_>) -> Said<'a> {
    if !matches!(&*text(found, RESULT), "SUCCESS" | "") {
        return None;
    }
    let mut event = Event::changed(Shape::Okta.into(), Provider::Okta, change);
    event.user = lower(targets::read(found.get(TARGET)).user);
    if event.user.is_empty() {
        event.user = lower(text(found, ACTOR));
    }
    event.reason = kind;
    event.delivery = delivery("okta", found, ID);
    Some((event, time(found, TIME, given.zone.utc_alike())))
}

/// Does the same as [`fill`], unless Okta's value is "unknown".
fn known<'a>(field: &mut Text<'a>, found: &Slots<'a>, slot: u8) {
    if !found.get(slot).is_some_and(|value| value.says_ignore_case("unknown")) {
        fill(field, found, slot);
    }
}

/// The types of events about an answer or a login.
const ANSWERS: [&str; 4] = [
    "user.mfa.okta_verify.deny_push",
    "user.mfa.okta_verify.deny_push_upgrade_needed",
    FACTOR_USED,
    SESSION_STARTED,
];
const FACTOR_USED: &str = "user.authentication.auth_via_mfa";
const SESSION_STARTED: &str = "user.session.start";

/// The method of a challenge, for the types of events that ask.
fn asked(kind: &str) -> Option<&'static str> {
    const TYPES: [(&str, &str); 5] = [
        ("system.push.send_factor_verify_push", "push"),
        ("system.sms.send_factor_verify_message", "sms"),
        ("system.voice.send_mfa_challenge_call", "voice"),
        ("system.email.send_factor_verify_message", "email"),
        ("policy.evaluate_sign_on", "policy"),
    ];
    TYPES.iter().find(|(name, _)| *name == kind).map(|(_, method)| *method)
}

/// The outcome of an event by its type, in any layout. `None` for events that are no attempt, challenge or answer: an
/// evaluated policy, an application, or a directory agent, whose answer the session reports too.
pub(super) fn judge(kind: &str, result: &str, reason: &str, factor: &str) -> Option<Outcome> {
    match asked(kind) {
        Some(method) => challenge(method, result),
        None if ANSWERS.contains(&kind) => answer(kind, result, reason, is_password(factor)),
        None => None,
    }
}

fn challenge(method: &str, result: &str) -> Option<Outcome> {
    let done = if method == "policy" { result == "CHALLENGE" } else { matches!(result, "SUCCESS" | "") };
    done.then_some(Outcome::Challenge)
}

fn answer(kind: &str, result: &str, reason: &str, password: bool) -> Option<Outcome> {
    let session = kind == SESSION_STARTED;
    if !session && kind != FACTOR_USED {
        return Some(Outcome::Denied);
    }
    match result {
        "SUCCESS" if session => Some(Outcome::Success),
        "SUCCESS" => (!password).then_some(Outcome::Approved),
        "FAILURE" if session || password => Some(Outcome::Failure),
        "FAILURE" if reason == "INVALID_CREDENTIALS" => Some(Outcome::Denied),
        "FAILURE" => Some(Outcome::Timeout),
        _ => None,
    }
}

/// The factor in Okta's debug data: `OKTA_VERIFY_PUSH`, `PASSWORD_AS_FACTOR`.
fn factor<'a>(found: &Slots<'a>) -> Text<'a> {
    if found.get(FACTOR).is_some() {
        return text(found, FACTOR);
    }
    // Exports of Log Analytics hold the object as a string.
    let debug = text(found, DEBUG);
    let factor = Object::new(debug.as_bytes()).and_then(|debug| debug.get("factor"));
    let factor = factor.and_then(|factor| factor.as_text());
    factor.map_or(Text::Borrowed(""), |factor| Cow::Owned(factor.into_owned()))
}

fn is_password(factor: &str) -> bool {
    factor.get(..8).is_some_and(|head| head.eq_ignore_ascii_case("password"))
}

/// The first address of a request's chain, which is the client's.
fn first_hop(chain: Value<'_>) -> Option<IpAddr> {
    let held = if chain.kind == Kind::Str { chain.as_text()? } else { Cow::Borrowed("") };
    let mut hops = if chain.kind == Kind::Str { Items::new(held.as_bytes())? } else { chain.as_array()? };
    parse_address(&hops.next()?.as_object()?.get("ip")?.as_text()?)
}

#[cfg(test)]
mod tests;
