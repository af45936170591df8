//! Sign-ins of Entra: Log Analytics, Microsoft Graph, diagnostic settings, the portal's download, and Elastic's form
//! of these.
//!
//! A sign-in has some 30 fields that do not matter here. Each exporter spells the others in its own way
//! (`shapes/spelled.rs`), and objects may be JSON in strings. Sources: Microsoft's references of the tables
//! `SigninLogs` and `AADNonInteractiveUserSignInLogs`, of the Graph resource `signIn`, and of the sign-in log schema
//! in Azure Monitor; Elastic's `azure.signinlogs`.
//!
//! A failed sign-in counts in every category of sign-ins by people. A successful one counts only if it is
//! interactive, or if a password was presented: an existing token (`satisfied by claim in the token`) renews itself
//! all day.

pub(super) mod changes;
pub mod codes;
#[cfg(test)]
mod tests;

use super::spelled::{Pick, contains, gather, is, lower, within};
use super::room::{MICROSOFT, WEAK, mark};
use super::{Given, Grasp, Provider, Room, Said, Sign, World, client, fill, named, text};
use crate::envelope::stamp;
use crate::event::{Event, Outcome, Text};
use crate::find::trim;
use crate::hash::{Hasher128, Salt};
use crate::json::{Items, Kind, Member, Members, Object, Slots, Value};
use crate::stamp::{Order, Stamp, Zone};
use codes::{Meaning, judge};

named! {
    /// The shapes of its records.
    pub enum Shape {
        Diagnostic = "entra-diagnostic",
        SignInLogs = "sign-in-logs",
        PortalExport = "portal-export",
        GraphSignIn = "graph-sign-in",
        AuditLogs = "entra-audit-logs",
    }
}

/// The data about the family.
pub const ROOM: Room = Room {
    title: "Entra",
    layouts: &[
        "Log Analytics `SigninLogs`",
        "Graph",
        "diagnostic settings and Event Hub",
        "the portal's exports",
        "Defender XDR",
    ],
    needles: &[
        "principalname",
        "principal_name",
        "resulttype",
        "result_type",
        "createddatetime",
        "Sign-in error code",
        "Request ID",
        "AccountUpn",
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
        words: &[
            "ResultType", "result_type", "PrincipalName", "principal_name", "createdDateTime",
            "Sign-in error code", "AccountUpn",
        ],
        with: &["50126", "50053", "50034", "50055", "50056", "50057", "50064", "50074", "500121"],
    }],
    // Log Analytics, Graph, diagnostic settings (the operation), and the portal's export.
    marks: &[
        mark("ResultType"),
        mark("ResultType_s"),
        mark("userPrincipalName"),
        mark("UserPrincipalName"),
        mark("userPrincipalName_s"),
        // The members above are empty if the account is unknown.
        mark("createdDateTime"),
        Member::new("CreatedDateTime", 0, WEAK),
        // The tables of Defender XDR: AADSignInEventsBeta, IdentityLogonEvents.
        mark("AccountUpn"),
        // Athena's columns.
        mark("userprincipalname"),
        mark("resulttype"),
        mark("operationName"),
        // Entra's audit log.
        mark("activityDisplayName"),
        mark("TargetResources"),
        mark("targetResources"),
        mark("Sign-in error code"),
        // The error code is empty if there was no error; the request id never is.
        mark("Request ID"),
        Member::open("azure"),
        mark("azure.signinlogs"),
        mark("azure.signinlogs.result_type"),
        mark("azure.signinlogs.properties.id"),
    ],
    keepers: &[MICROSOFT],
    worlds: &[
        World::Word("entra"),
        World::Word("azuread"),
        World::Words("azure", "ad"),
        World::Words("azure", "active"),
        World::Words("azure", "signinlogs"),
        World::Word("signinlogs"),
    ],
    has_codes: true,
    members: &[MEMBERS.set()],
    decode: Some(decode),
    ..Room::EMPTY
};

const CODE: u8 = 0;
const STATUS: u8 = 1;
const REASON: u8 = 2;
const DETAIL: u8 = 3;
const STEPS: u8 = 4;
const INTERACTIVE: u8 = 5;
const CATEGORY: u8 = 6;
const TYPE: u8 = 7;
const KINDS: u8 = 8;
const USER: u8 = 9;
const ADDRESS: u8 = 10;
const AGENT: u8 = 11;
const APPLICATION: u8 = 12;
const RESOURCE: u8 = 13;
const DEVICE: u8 = 14;
const DEVICES: u8 = 15;
const SYSTEM: u8 = 16;
const ID: u8 = 17;
const TRANSACTION: u8 = 18;
const CREATED: u8 = 19;
const CREATED_LOCAL: u8 = 20;
const GENERATED: u8 = 21;
const PROPERTIES: u8 = 22;
const HUB: u8 = 23;
const PORTAL: u8 = 24;
const STATUS_CODE: u8 = 25;
const REQUEST: u8 = 26;
const STORED: u8 = 27;
const PORTAL_TIME: u8 = 28;
const ACTION: u8 = 29;
const BARE_CODE: u8 = 30;
const ACTIVITY: u8 = 31;
const RESULT: u8 = 32;
const TARGETS: u8 = 33;
const CLIENT: u8 = 34;

/// The fields that are read. Elastic's are in `azure.signinlogs`.
static MEMBERS: Members<59> = Members::new([
    Member::open(""),
    Member::new("resulttype", CODE, 0),
    Member::or_open("status", STATUS, 0),
    Member::new("statuserrorcode", STATUS_CODE, 0),
    Member::new("errorcode", BARE_CODE, 0),
    Member::new("signinerrorcode", PORTAL, 0),
    Member::new("statusfailurereason", REASON, 0),
    Member::new("failurereason", REASON, 0),
    Member::new("resultdescription", REASON, 1),
    Member::new("statusadditionaldetails", DETAIL, 0),
    Member::new("multifactorauthenticationresult", DETAIL, 1),
    Member::new("authenticationdetails", STEPS, 0),
    Member::new("isinteractive", INTERACTIVE, 0),
    Member::new("category", CATEGORY, 0),
    Member::new("type", TYPE, 0),
    Member::new("signineventtypes", KINDS, 0),
    Member::new("logontype", KINDS, 1),
    Member::new("actiontype", ACTION, 0),
    Member::new("userprincipalname", USER, 0),
    Member::new("accountupn", USER, 1),
    Member::new("username", USER, 1),
    Member::new("alternatesigninname", USER, 2),
    Member::new("signinidentifier", USER, 3),
    Member::new("ipaddress", ADDRESS, 0),
    Member::new("calleripaddress", ADDRESS, 1),
    Member::new("sourceip", ADDRESS, 2),
    Member::new("clientip", ADDRESS, 3),
    Member::open("source"),
    Member::open("client"),
    Member::or_open("useragent", AGENT, 0),
    Member::new("useragentoriginal", AGENT, 0),
    Member::new("appdisplayname", APPLICATION, 0),
    Member::new("application", APPLICATION, 1),
    Member::new("resourcedisplayname", RESOURCE, 0),
    Member::or_open("devicedetail", DEVICES, 0),
    Member::new("devicedetaildisplayname", DEVICE, 0),
    Member::new("devicedetaildeviceid", DEVICE, 1),
    Member::new("deviceid", DEVICE, 1),
    Member::new("devicedetailoperatingsystem", SYSTEM, 0),
    Member::new("operatingsystem", SYSTEM, 0),
    Member::new("id", ID, 0),
    Member::new("requestid", REQUEST, 0),
    Member::new("correlationid", TRANSACTION, 0),
    Member::new("createddatetime", CREATED, 0),
    Member::new("createddatetimeutc", PORTAL_TIME, 0),
    Member::new("createdat", CREATED, 0),
    Member::new("dateutc", CREATED, 0),
    Member::new("createddatetimelocaltime", CREATED_LOCAL, 0),
    Member::new("datelocal", CREATED_LOCAL, 0),
    Member::new("timegenerated", GENERATED, 0),
    Member::new("timegeneratedutc", PORTAL_TIME, 1),
    Member::new("timestamp", STORED, 0),
    Member::new("time", HUB, 0),
    Member::new("clientappused", CLIENT, 0),
    Member::new("operationname", ACTIVITY, 1),
    Member::new("activitydisplayname", ACTIVITY, 0),
    Member::new("activitydatetime", CREATED, 0),
    Member::new("result", RESULT, 0),
    Member::new("targetresources", TARGETS, 0),
]);

/// Elastic's field for the operation.
static OPERATION: Member = Member::new("azuresigninlogsoperationname", HUB, 1);
/// The object in which diagnostic settings put all other fields.
static INNER: Member = Member::or_open("properties", PROPERTIES, 0);

/// The action for a field, by its spelling.
fn pick(name: &[u8]) -> Pick {
    let name = match name.strip_prefix(b"azure") {
        Some(b"signinlogsoperationname") => return Some(&OPERATION),
        Some(inner) => inner,
        None => name,
    };
    let name = name.strip_prefix(b"signinlogs").unwrap_or(name);
    let name = match name.strip_prefix(b"properties") {
        Some(b"") => return Some(&INNER),
        Some(inner) => inner,
        None => name,
    };
    MEMBERS.set().find(name)
}

/// Decodes a record.
#[must_use]
pub fn decode<'a>(object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    let mut found = Slots::default();
    if !gather(object, pick, &mut found) {
        return None;
    }
    let Some(properties) = found.get(PROPERTIES).filter(|value| value.kind == Kind::Str) else {
        return said(&found, given);
    };
    // The properties are JSON in a string, so the result must not borrow from the unescaped copy.
    within(properties, |json| {
        let mut found: Slots<'_> = found.clone();
        if !gather(&Object::new(json)?, pick, &mut found) {
            return None;
        }
        said(&found, given).map(|(event, time)| (event.into_owned(), time))
    })?
}

/// Makes an event from the fields.
fn said<'a>(found: &Slots<'a>, given: Given<'_>) -> Said<'a> {
    let category = text(found, CATEGORY);
    let kind = text(found, TYPE);
    let kinds = found.get(KINDS).map_or(&b""[..], |value| value.raw);
    let kinds = core::str::from_utf8(kinds).unwrap_or_default();
    if found.get(TARGETS).is_some() {
        return changes::said(found, text(found, ACTIVITY), given.zone);
    }
    // Other logs of Entra and Azure use the same envelope.
    if !category.is_empty() && !contains(&category, "signin") && !contains(&category, "identitylogon") {
        return None;
    }
    // Applications and machines sign in as well; these are no logins of people.
    let any = |part: &str| [&*category, &*kind, kinds].iter().any(|text| contains(text, part));
    if any("serviceprincipal") || any("managedidentity") {
        return None;
    }
    let status = Status::read(found);
    let steps = Steps::read(found.get(STEPS));
    let words = [&*status.detail, &*status.reason, &*steps.words];
    let Some(code) = status.code else {
        given.grasped(Grasp::Missed);
        return None;
    };
    let Meaning { outcome, credential } = judge(code, &words, given.extra_failure_codes)?;
    if outcome == Outcome::Success {
        let interactive = flag(found.get(INTERACTIVE)).or_else(|| any("noninteractive").then_some(false));
        // An interactive sign-in may end with a row of its own. All its steps are then done by the token of the row
        // before, so the flag decides first. Without the flag, a token means that no person signed in.
        let claimed = if steps.seen { !steps.done } else { contains(&status.detail, CLAIM) };
        if !(steps.password || interactive.unwrap_or(!claimed)) {
            return None;
        }
    }
    let mut event = Event::new(shape(found).into(), Provider::Entra);
    event.outcome = outcome;
    event.user = lower(text(found, USER));
    (event.src_ip, event.src_name) = client(found.get(ADDRESS), None);
    fill(&mut event.user_agent, found, AGENT);
    fill(&mut event.service, found, RESOURCE);
    event.reason = status.words;
    // The details contain the outcome of a second factor. In all other cases they are only advice.
    event.reason_text = match outcome {
        Outcome::Denied | Outcome::Timeout => or(status.detail, status.reason),
        _ => or(status.reason, status.detail),
    };
    fill(&mut event.application, found, APPLICATION);
    fill(&mut event.method, found, CLIENT);
    let [device, device_id, system] = members(found, DEVICES, ["displayname", "deviceid", "operatingsystem"]);
    event.device = or(or(text(found, DEVICE), device), device_id);
    event.os = or(text(found, SYSTEM), system);
    event.transaction = transaction(text(found, TRANSACTION));
    event.credential = credential || (outcome == Outcome::Success && steps.password);
    event.delivery = delivery(&or(text(found, ID), text(found, REQUEST)));
    Some((event, time(found, given.zone)))
}

/// The text of a step that a token did instead of a person.
const CLAIM: &str = "satisfied by claim in the token";

/// The delivery id of a sign-in. The audit log has the same ids for the same sign-ins (seen on each of 258). So a
/// sign-in that comes in both logs counts once. An id of zeros is no id.
pub(super) fn delivery(id: &str) -> Option<u128> {
    const SIGN_IN: u8 = 32;
    let hash =
        |id: Text<'_>| Hasher128::new(Salt::new(""), SIGN_IN).part(b"entra").part(id.as_bytes()).finish().0;
    is_id(id).then(|| hash(lower(id.into())))
}

/// The correlation id, unless it is all zeros.
pub(super) fn transaction(id: Text<'_>) -> Text<'_> {
    if is_id(&id) { lower(id) } else { Text::Borrowed("") }
}

fn is_id(id: &str) -> bool {
    id.bytes().any(|byte| byte.is_ascii_alphanumeric() && byte != b'0')
}

/// The shape, which depends on the exporter.
fn shape(found: &Slots<'_>) -> Shape {
    let has = |slot| found.get(slot).is_some();
    match (has(CODE), has(HUB)) {
        (true, true) => Shape::Diagnostic,
        (true, false) => Shape::SignInLogs,
        (false, _) if has(REQUEST) => Shape::PortalExport,
        (false, _) => Shape::GraphSignIn,
    }
}

/// The time at which the sign-in was created, not stored.
fn time(found: &Slots<'_>, zone: Zone) -> Option<Stamp> {
    // A time without a zone is UTC, except if the portal was set to local times. Azure writes the month first.
    const AZURE: Zone<'_> = Zone::UTC.with_order(Some(Order::MonthDay));
    let diagnostics = shape(found) == Shape::Diagnostic;
    // In a stream of Defender XDR, the outer time is the time of publication.
    let hunting = contains(&text(found, CATEGORY), "advancedhunting");
    let [hub, stored] = [(HUB, AZURE), (STORED, zone.utc_alike())];
    let slots = [
        (CREATED, if diagnostics { AZURE } else { zone.utc_alike() }),
        (PORTAL_TIME, AZURE),
        (CREATED_LOCAL, zone.with_order(AZURE.order())),
        (GENERATED, zone.utc_alike()),
        if hunting { stored } else { hub },
        if hunting { hub } else { stored },
    ];
    Stamp::first_of(slots.into_iter().map(|(slot, zone)| stamp(found.get(slot)?, zone)))
}

/// The result: its code as a number and as text, and the texts about it.
#[derive(Default)]
struct Status<'a> {
    code: Option<i64>,
    words: Text<'a>,
    reason: Text<'a>,
    detail: Text<'a>,
}

impl<'a> Status<'a> {
    fn read(found: &Slots<'a>) -> Self {
        let [code, reason, detail] =
            members(found, STATUS, ["errorcode", "failurereason", "additionaldetails"]);
        // Many other records have an error code, so it counts only with fields of a sign-in.
        let known = [USER, CREATED, CREATED_LOCAL].iter().any(|slot| found.get(*slot).is_some());
        let bare = if known { text(found, BARE_CODE) } else { Text::Borrowed("") };
        let mut words = [text(found, CODE), text(found, STATUS_CODE), code, text(found, PORTAL), bare];
        let numeric = words.iter_mut().find_map(|word| Some((number(word)?, core::mem::take(word))));
        let (code, words) = match numeric {
            Some((code, words)) => (Some(code), words),
            // The portal omits the code if there was no error.
            None if found.get(REQUEST).is_some()
                && found.get(STATUS).is_some_and(|value| value.says_ignore_case("success")) =>
            {
                (Some(0), "0".into())
            }
            None => match &*text(found, ACTION) {
                // IdentityLogonEvents: only reasons that mean a tried password count.
                "LogonFailed" if wrong(&text(found, REASON)) => (Some(50126), "50126".into()),
                "LogonSuccess" if interactive(found) => (Some(0), "0".into()),
                _ => (None, Text::Borrowed("")),
            },
        };
        Self { code, words, reason: or(text(found, REASON), reason), detail: or(text(found, DETAIL), detail) }
    }
}

/// True if a reason of IdentityLogonEvents means that a password was tried, or that the account does not exist.
fn wrong(reason: &str) -> bool {
    ["wrongpassword", "unknownuser", "accountlocked", "accountdisabled", "passwordexpired"]
        .iter()
        .any(|known| is(reason.as_bytes(), known))
}

/// True if a person logged on at a machine. False for a service that asked for a ticket.
fn interactive(found: &Slots<'_>) -> bool {
    found.get(KINDS).and_then(|kind| kind.as_str()).is_some_and(|kind| contains(&kind, "interactive"))
}

/// Reads a code, also in the form of spreadsheets (`50126.0`).
fn number(word: &str) -> Option<i64> {
    let word = trim(word);
    word.strip_suffix(".0").unwrap_or(word).parse().ok()
}

/// The facts from the steps of an authentication.
#[derive(Default)]
struct Steps {
    /// True if there are steps.
    seen: bool,
    /// True if at least one step was not done by a token.
    done: bool,
    /// True if a password was presented and was right.
    password: bool,
    /// The texts of the failed steps.
    words: alloc::string::String,
}

impl Steps {
    /// The most steps that are read; no known sign-in has more.
    const MOST: usize = 32;

    fn read(value: Option<Value<'_>>) -> Self {
        value.and_then(|value| within(value, Self::of)).unwrap_or_default()
    }

    fn of(json: &[u8]) -> Self {
        let mut steps = Self::default();
        match Items::new(json) {
            Some(items) => {
                for step in items.take(Self::MOST).filter_map(|item| item.as_object()) {
                    steps.take(&step);
                }
            }
            // Elastic writes a single step without an array.
            None => {
                if let Some(step) = Object::new(json) {
                    steps.take(&step);
                }
            }
        }
        steps
    }

    #[inline(never)]
    fn take(&mut self, step: &Object<'_>) {
        let [method, result, succeeded] =
            named(step, ["authenticationmethod", "authenticationstepresultdetail", "succeeded"]);
        self.seen = true;
        let failed = succeeded.eq_ignore_ascii_case("false");
        if failed {
            self.words.push_str(&result);
            self.words.push(';');
        }
        if !contains(&result, CLAIM) && !method.eq_ignore_ascii_case("Previously satisfied") {
            self.done = true;
            self.password |= !failed && method.eq_ignore_ascii_case("Password");
        }
    }
}

/// Three members of the object in a slot, or of an object in a string.
fn members<'a>(found: &Slots<'a>, slot: u8, names: [&str; 3]) -> [Text<'a>; 3] {
    let Some(value) = found.get(slot) else { return Default::default() };
    match value.as_object() {
        Some(object) => named(&object, names),
        None if value.raw.trim_ascii_start().starts_with(b"{") => within(value, |json| {
            let object = Object::new(json)?;
            Some(named(&object, names).map(|text| Text::Owned(text.into_owned())))
        })
        .flatten()
        .unwrap_or_default(),
        None => Default::default(),
    }
}

fn named<'a>(object: &Object<'a>, names: [&str; 3]) -> [Text<'a>; 3] {
    let mut texts: [Text<'a>; 3] = Default::default();
    for (key, value) in object.fields() {
        for (text, name) in texts.iter_mut().zip(names) {
            if is(key.raw, name) {
                // Of several spellings, the greatest value wins, so that their order does not matter.
                *text = value.as_text().unwrap_or_default().max(core::mem::take(text));
            }
        }
    }
    texts
}

/// The first of the two texts that is not empty.
#[inline(never)]
fn or<'a>(said: Text<'a>, other: Text<'a>) -> Text<'a> {
    [said, other].into_iter().find(|text| !trim(text).is_empty()).unwrap_or_default()
}

/// Reads true or false, in any form.
fn flag(value: Option<Value<'_>>) -> Option<bool> {
    let word = value?.as_text()?;
    match trim(&word) {
        word if word.eq_ignore_ascii_case("true") || word == "1" => Some(true),
        word if word.eq_ignore_ascii_case("false") || word == "0" => Some(false),
        _ => None,
    }
}
