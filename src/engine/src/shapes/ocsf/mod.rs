//! The Open Cybersecurity Schema Framework: events of class 3002, Authentication (<https://schema.ocsf.io>).
//!
//! Only activity 1, Logon, counts: tickets, logoffs and others are no attempts to log in. Status 1 is a success, 2 a
//! failure; with any other number, the word in `status` decides. The product and the log tell the provider of an
//! event. Windows events (`metadata.event_code` 4624, 4625) are judged by the rules of Windows.

use super::room::mark;
use super::entra::codes;
use super::windows::logon;
use super::world::Account;
use super::{Given, Proof, Provider, Room, Said, Sign, client, named, okta, text, world};
use crate::envelope::stamp;
use crate::event::{Event, Access, Outcome, Text};
use crate::json::{Member, Members, Object, Slots, read};

named! {
    /// The shapes of its records.
    pub enum Shape {
        Ocsf = "ocsf",
    }
}

/// The data about the family.
pub const ROOM: Room = Room {
    title: "OCSF",
    layouts: &["Authentication, class 3002"],
    needles: &["3002"],
    signs: &[Sign {
        words: &["class_uid"],
        with: &["3002"],
    }],
    marks: &[mark("class_uid")],
    proof: Proof::Number(3002),
    members: &[MEMBERS.set()],
    decode: Some(decode),
    ..Room::EMPTY
};

const CLASS: u8 = 0;
const ACTIVITY: u8 = 1;
const STATUS_ID: u8 = 2;
const STATUS: u8 = 3;
const USER: u8 = 4;
const DOMAIN: u8 = 5;
const ADDRESS: u8 = 6;
const CLIENT: u8 = 7;
const HOST: u8 = 8;
const TIME: u8 = 9;
const CODE: u8 = 10;
const DETAIL: u8 = 11;
const METHOD: u8 = 12;
const AGENT: u8 = 13;
const SERVICE: u8 = 14;
const REMOTE: u8 = 15;
const LOGON_TYPE: u8 = 16;
const PID: u8 = 17;
const TTY: u8 = 18;
const LOGON_WORD: u8 = 19;
const EVENT_CODE: u8 = 20;
const UID: u8 = 21;
const PRODUCT: u8 = 22;
const LOG: u8 = 23;
const PROVIDER: u8 = 24;
const OS: u8 = 25;
const SUB_STATUS: u8 = 26;
const EMAIL: u8 = 27;
const ACCOUNT_ID: u8 = 28;
const KIND: u8 = 29;

static MEMBERS: Members<64> = Members::new([
    Member::new("class_uid", CLASS, 0),
    Member::new("activity_id", ACTIVITY, 0),
    Member::new("activity_name", ACTIVITY, 1),
    Member::new("activity", ACTIVITY, 2),
    Member::new("status_id", STATUS_ID, 0),
    Member::new("status", STATUS, 0),
    Member::new("status_code", CODE, 0),
    Member::new("status_detail", DETAIL, 0),
    Member::new("message", DETAIL, 1),
    Member::new("user.name", USER, 0),
    Member::new("actor.user.name", USER, 1),
    Member::new("user.email_addr", EMAIL, 0),
    Member::new("actor.user.email_addr", EMAIL, 1),
    Member::new("user.uid", ACCOUNT_ID, 0),
    Member::new("actor.user.uid", ACCOUNT_ID, 1),
    Member::new("user.domain", DOMAIN, 0),
    Member::new("actor.user.domain", DOMAIN, 1),
    Member::new("src_endpoint.ip", ADDRESS, 0),
    Member::new("src_endpoint.hostname", CLIENT, 0),
    Member::new("src_endpoint.name", CLIENT, 1),
    Member::new("dst_endpoint.hostname", HOST, 0),
    Member::new("dst_endpoint.name", HOST, 1),
    Member::new("device.hostname", HOST, 2),
    Member::new("device.name", HOST, 3),
    Member::new("dst_endpoint.ip", HOST, 4),
    Member::new("time", TIME, 0),
    Member::new("time_dt", TIME, 1),
    Member::new("auth_protocol", METHOD, 0),
    Member::new("http_request.user_agent", AGENT, 0),
    Member::new("service.name", SERVICE, 0),
    Member::new("actor.process.name", SERVICE, 1),
    Member::new("logon_process.name", SERVICE, 2),
    Member::new("is_remote", REMOTE, 0),
    Member::new("logon_type_id", LOGON_TYPE, 0),
    Member::new("logon_type", LOGON_WORD, 0),
    Member::new("metadata.event_code", EVENT_CODE, 0),
    // Okta's own name for the event.
    Member::new("unmapped.eventType", KIND, 0),
    Member::new("unmapped.event_type", KIND, 1),
    Member::new("metadata.uid", UID, 0),
    Member::new("metadata.product.name", PRODUCT, 0),
    Member::new("metadata.product.vendor_name", PRODUCT, 1),
    Member::new("metadata.log_name", LOG, 0),
    Member::new("metadata.log_provider", PROVIDER, 0),
    Member::new("device.os.type", OS, 0),
    Member::new("device.os.name", OS, 1),
    Member::new("unmapped.SubStatus", SUB_STATUS, 0),
    Member::new("unmapped.Status", CODE, 1),
    Member::open("metadata"),
    Member::open("metadata.product"),
    Member::open("device.os"),
    Member::open("unmapped"),
    Member::open("logon_process"),
    Member::new("actor.process.pid", PID, 0),
    Member::new("session.terminal", TTY, 0),
    Member::open("user"),
    Member::open("actor"),
    Member::open("actor.user"),
    Member::open("actor.process"),
    Member::open("src_endpoint"),
    Member::open("dst_endpoint"),
    Member::open("device"),
    Member::open("session"),
    Member::open("http_request"),
    Member::open("service"),
]);

/// Reads a logon and its time. `None` if the record is another event or has no outcome.
#[must_use]
pub fn decode<'a>(object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    let zone = given.zone;
    let mut found = Slots::default();
    if !read(object, MEMBERS.set(), &mut found) || found.get(CLASS)?.as_i64() != Some(3002) {
        return None;
    }
    // The name of the activity counts only if the number is missing.
    if let Some(activity) = found.get(ACTIVITY)
        && activity.as_i64() != Some(1)
        && !activity.says_ignore_case("logon")
    {
        return None;
    }
    let world = world(&found)?;
    let status = found.get(STATUS);
    let code = text(&found, EVENT_CODE);
    let outcome = match found.get(STATUS_ID).and_then(|id| id.as_i64()) {
        Some(1) => Outcome::Success,
        Some(2) => Outcome::Failure,
        _ if status.is_some_and(|status| status.says_ignore_case("success")) => Outcome::Success,
        _ if status.is_some_and(|status| status.says_ignore_case("failure")) => Outcome::Failure,
        _ if world == Provider::Windows && code == "4624" => Outcome::Success,
        _ if world == Provider::Windows && code == "4625" => Outcome::Failure,
        _ => return None,
    };
    let outcome = match told(&found, world, outcome, given) {
        Some(outcome) => outcome?,
        None => outcome,
    };
    let (src_ip, src_name) = client(found.get(ADDRESS), found.get(CLIENT));
    let local = found.get(REMOTE).and_then(|remote| remote.as_bool()) == Some(false);
    let small = |slot| found.get(slot).and_then(|n| n.as_i64()).and_then(|n| u32::try_from(n).ok());
    let mut tty = text(&found, TTY);
    if let Some(name) = tty.strip_prefix("/dev/") {
        tty = Text::Owned(name.into());
    }
    let time = found.get(TIME).and_then(|time| stamp(time, zone));
    let (reason, status, logon_type) = match world {
        Provider::Windows => (text(&found, SUB_STATUS), text(&found, CODE), logon_type(&found)),
        _ => (text(&found, CODE), Text::Borrowed(""), small(LOGON_TYPE)),
    };
    let user = Account {
        name: text(&found, USER),
        domain: text(&found, DOMAIN),
        email: text(&found, EMAIL),
        id: text(&found, ACCOUNT_ID),
    }
    .user(world);
    let event = Event {
        outcome,
        count: 1,
        access: if local { Access::Local } else { Access::Remote },
        user,
        domain: text(&found, DOMAIN),
        src_ip,
        src_name,
        tty,
        user_agent: text(&found, AGENT),
        os: text(&found, OS),
        service: text(&found, SERVICE),
        host: text(&found, HOST),
        pid: small(PID),
        method: text(&found, METHOD),
        logon_type,
        reason,
        status,
        reason_text: text(&found, DETAIL),
        shape: Shape::Ocsf.into(),
        delivery: world::delivery(world, Shape::Ocsf.into(), &text(&found, UID), time),
        ..Event::default()
    };
    Some((world::settle(event, world)?, time))
}

/// The provider of the event; `ocsf` if unknown. `None` for Windows events that are no logon.
fn world(found: &Slots<'_>) -> Option<Provider> {
    let code = text(found, EVENT_CODE);
    let logon = matches!(&*code, "4624" | "4625");
    let provider = text(found, PROVIDER);
    if provider.starts_with("Microsoft-Windows") {
        let ours = provider.eq_ignore_ascii_case(logon::SECURITY_AUDITING) && (logon || code.is_empty());
        return ours.then_some(Provider::Windows);
    }
    let product = text(found, PRODUCT);
    match world::of(&product).or_else(|| world::of(&provider)) {
        Some(Provider::Windows) => (logon || code.is_empty()).then_some(Provider::Windows),
        Some(world) => Some(world),
        None if logon && (provider.is_empty() || text(found, LOG).eq_ignore_ascii_case("security")) => {
            Some(Provider::Windows)
        }
        None if world::is_linux_program(&text(found, SERVICE)) => Some(Provider::Linux),
        // In events of identity providers, the device is the client's.
        None if product.is_empty() => {
            let system = world::of(&text(found, OS)).filter(|world| matches!(world, Provider::Linux | Provider::Windows));
            Some(system.unwrap_or(Provider::Ocsf))
        }
        None => Some(Provider::Ocsf),
    }
}

/// The outcome by the identity provider's own name for the event. `None` if the event has no such name.
fn told(
    found: &Slots<'_>,
    world: Provider,
    outcome: Outcome,
    given: Given<'_>,
) -> Option<Option<Outcome>> {
    match world {
        Provider::Okta => {
            let mut kind = text(found, KIND);
            if kind.is_empty() {
                kind = text(found, EVENT_CODE);
            }
            let result = if outcome == Outcome::Success { "SUCCESS" } else { "FAILURE" };
            (!kind.is_empty()).then(|| okta::judge(&kind, result, &text(found, CODE), ""))
        }
        Provider::Entra | Provider::M365 => {
            let code = text(found, CODE).trim().parse().ok()?;
            let meaning = codes::judge(code, &[&text(found, DETAIL)], given.extra_failure_codes);
            Some(meaning.map(|meaning| meaning.outcome))
        }
        _ => None,
    }
}

/// The logon type by Windows' number. OCSF's numbers are the same, except 0 for "unknown" and 1 for "system".
fn logon_type(found: &Slots<'_>) -> Option<u32> {
    match found.get(LOGON_TYPE).and_then(|id| id.as_i64()) {
        Some(1) => Some(0),
        Some(id @ 2..99) => u32::try_from(id).ok(),
        _ => logon::logon_type(&text(found, LOGON_WORD)),
    }
}

#[cfg(test)]
mod tests;
