//! The Elastic Common Schema: events whose `event.category` holds `authentication`.
//!
//! Fields are from the ECS reference (`event.*`, `user.*`, `source.*`, `process.*`, `host.*`, `user_agent.*`), nested
//! or dotted, and those that Filebeat's `system.auth` and Auditbeat's `auditd` add. Module, data set and provider
//! tell the provider of an event. Windows events are judged by the rules of Windows. Records with `winlog` are left
//! to the Windows decoder.

use super::room::mark;
use super::entra::codes;
use super::windows::{self, logon};
use super::world::Account;
use super::{Given, Proof, Provider, Room, Said, Sign, client, duo, linux, named, okta, text, world};
use crate::envelope::stamp;
use crate::event::{Event, Access, Outcome, Signal, Text};
use crate::find::find;
use crate::json::{Member, Members, Object, Slots, Value, read};

named! {
    /// The shapes of its records.
    pub enum Shape {
        Ecs = "ecs",
    }
}

/// The data about the family.
pub const ROOM: Room = Room {
    title: "ECS",
    layouts: &["`event.category: authentication`"],
    // As a whole value, and in the form of key=value logs, which are only reported as unread.
    needles: &["\"authentication", "category=authentication"],
    signs: &[Sign {
        words: &[
            "event.category\":\"authentication", "event.category\":[\"authentication",
            "event.category=authentication", "event_category\":\"authentication",
            "event_category\":[\"authentication", "event_category=authentication",
        ],
        with: &[],
    }],
    marks: &[mark("event.category")],
    proof: Proof::Word("authentication"),
    members: &[MEMBERS.set()],
    decode: Some(decode),
    ..Room::EMPTY
};

const OUTCOME: u8 = 0;
const ACTION: u8 = 1;
const TYPE: u8 = 2;
const SSH: u8 = 3;
const METHOD: u8 = 4;
const USER: u8 = 5;
const DOMAIN: u8 = 6;
const ADDRESS: u8 = 7;
const CLIENT: u8 = 8;
const PROCESS: u8 = 9;
const PID: u8 = 10;
const HOST: u8 = 11;
const AGENT: u8 = 12;
const TIME: u8 = 13;
const CODE: u8 = 14;
const REASON: u8 = 15;
const AUDIT: u8 = 16;
const WINLOG: u8 = 17;
const SERVICE: u8 = 18;
const MODULE: u8 = 19;
const PROVIDER: u8 = 20;
const EVENT_CODE: u8 = 21;
const ID: u8 = 22;
const OS: u8 = 23;
const LOGON_TYPE: u8 = 24;
const CLIENT_OS: u8 = 25;
const EMAIL: u8 = 26;
const ACCOUNT: u8 = 27;
const ACCOUNT_ID: u8 = 28;
const DATASET: u8 = 29;
const OBSERVER: u8 = 30;
const KIND: u8 = 31;
const RESULT: u8 = 32;
const WHY: u8 = 33;
const FACTOR: u8 = 34;
const UID: u8 = 35;

static MEMBERS: Members<92> = Members::new([
    Member::new("event.outcome", OUTCOME, 0),
    Member::new("event.action", ACTION, 0),
    Member::new("event.type", TYPE, 0),
    Member::new("event.code", EVENT_CODE, 0),
    Member::new("event.id", ID, 0),
    Member::new("event.reason", REASON, 0),
    Member::new("event.created", TIME, 1),
    Member::new("@timestamp", TIME, 0),
    Member::new("system.auth.ssh.event", SSH, 0),
    Member::new("system.auth.ssh.method", METHOD, 0),
    Member::new("system.auth.ssh.ip", ADDRESS, 1),
    Member::new("system.auth.user", USER, 1),
    Member::new("auditd.message_type", AUDIT, 0),
    Member::new("user.name", USER, 0),
    Member::new("user.target.name", USER, 0),
    Member::new("user.domain", DOMAIN, 0),
    Member::new("related.user", USER, 3),
    Member::new("user.email", EMAIL, 1),
    Member::new("user.target.email", EMAIL, 0),
    Member::new("user.id", ACCOUNT_ID, 1),
    Member::new("user.target.id", ACCOUNT_ID, 0),
    // Auditbeat names only the user that sshd runs as.
    Member::new("auditd.data.acct", ACCOUNT, 0),
    Member::new("auditd.data.id", UID, 0),
    Member::new("user.audit.name", ACCOUNT, 1),
    Member::open("user.audit"),
    Member::open("auditd.data"),
    Member::new("source.ip", ADDRESS, 0),
    Member::new("client.ip", ADDRESS, 2),
    Member::new("source.address", CLIENT, 0),
    Member::new("source.domain", CLIENT, 1),
    Member::new("client.address", CLIENT, 2),
    Member::new("process.name", PROCESS, 0),
    Member::new("process.pid", PID, 0),
    Member::new("host.hostname", HOST, 0),
    Member::new("host.name", HOST, 1),
    Member::or_open("host", HOST, 2),
    Member::new("user_agent.original", AGENT, 0),
    Member::or_open("user_agent", AGENT, 1),
    Member::new("user_agent.os.name", CLIENT_OS, 0),
    Member::open("user_agent.os"),
    Member::new("error.code", CODE, 0),
    Member::new("error.message", REASON, 1),
    Member::new("service.name", SERVICE, 0),
    Member::new("event.dataset", DATASET, 0),
    Member::new("observer.vendor", OBSERVER, 0),
    Member::new("observer.product", OBSERVER, 1),
    Member::open("observer"),
    // The identity provider's own name for the event, which goes before the normalised fields.
    Member::new("okta.event_type", KIND, 0),
    Member::new("okta.eventType", KIND, 1),
    Member::new("okta.outcome.result", RESULT, 0),
    Member::new("okta.outcome.reason", WHY, 0),
    Member::new("okta.actor.alternate_id", EMAIL, 2),
    Member::new("okta.debug_context.debug_data.factor", FACTOR, 0),
    Member::new("okta.debug_context.debug_data.flattened.factor", FACTOR, 1),
    Member::open("okta"),
    Member::open("okta.outcome"),
    Member::open("okta.actor"),
    Member::open("okta.debug_context"),
    Member::open("okta.debug_context.debug_data"),
    Member::open("okta.debug_context.debug_data.flattened"),
    Member::new("cisco_duo.auth.result", RESULT, 0),
    Member::new("cisco_duo.auth.reason", WHY, 0),
    Member::new("cisco_duo.auth.factor", FACTOR, 0),
    Member::open("cisco_duo"),
    Member::open("cisco_duo.auth"),
    Member::new("event.module", MODULE, 0),
    Member::new("event.provider", PROVIDER, 0),
    Member::new("data_stream.dataset", DATASET, 1),
    Member::new("host.os.type", OS, 0),
    Member::new("host.os.platform", OS, 1),
    Member::new("host.os.family", OS, 2),
    Member::new("winlog.channel", WINLOG, 0),
    Member::new("winlog.event_id", WINLOG, 0),
    Member::new("winlog.provider_name", WINLOG, 0),
    Member::new("winlog.logon.type", LOGON_TYPE, 0),
    Member::open("winlog"),
    Member::open("winlog.logon"),
    Member::open("data_stream"),
    Member::open("host.os"),
    Member::open("event"),
    Member::open("system"),
    Member::open("system.auth"),
    Member::open("system.auth.ssh"),
    Member::open("auditd"),
    Member::or_open("user", USER, 4),
    Member::open("user.target"),
    Member::open("related"),
    Member::open("source"),
    Member::open("client"),
    Member::open("process"),
    Member::open("service"),
    Member::open("error"),
]);

/// Reads an authentication event and its time. `None` if it is another event, has `winlog`, or has no outcome.
/// Several records of one attempt (`Invalid user`, then `Failed password`; auditd's `USER_AUTH`, then `USER_LOGIN`)
/// get signals that count only once.
#[must_use]
pub fn decode<'a>(object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    let mut found = Slots::default();
    if !read(object, MEMBERS.set(), &mut found) || found.get(WINLOG).is_some() {
        return None;
    }
    let world = world(&found)?;
    event(&found, world, given)
}

/// Reads an event of the Windows Security log from ECS fields alone. The caller has checked provider and channel.
#[must_use]
pub fn decode_windows<'a>(object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    let mut found = Slots::default();
    if !read(object, MEMBERS.set(), &mut found) {
        return None;
    }
    let (event, time) = event(&found, Provider::Windows, given)?;
    Some((Event { shape: windows::Shape::Winlogbeat.into(), ..event }, time))
}

fn event<'a>(found: &Slots<'a>, world: Provider, given: Given<'_>) -> Said<'a> {
    let (outcome, signal) = verdict(found, world, given)?;
    let (src_ip, src_name) = client(found.get(ADDRESS), found.get(CLIENT));
    let process = text(found, PROCESS);
    let local = matches!(&*process, "su" | "sudo" | "login") && src_ip.is_none() && src_name.is_empty();
    // `related.user` is an array, and other fields may be one too.
    let name = found.get(USER).and_then(|value| match value.as_array() {
        Some(mut items) => items.next().and_then(|first| first.as_text()),
        None => value.as_text(),
    });
    let audited = text(found, AUDIT);
    let name = name.unwrap_or_default();
    let user = match found.get(ACCOUNT).filter(|_| !audited.is_empty()) {
        Some(account) => linux::audit::account(account.as_text().unwrap_or_default()),
        // The name is that of the user that the daemon runs as, not the account.
        None if !audited.is_empty() && name == "root" && !text(found, UID).eq("0") => Text::Borrowed(""),
        None => Account {
            name,
            domain: text(found, DOMAIN),
            email: text(found, EMAIL),
            id: text(found, ACCOUNT_ID),
        }
        .user(world),
    };
    // In Windows events, the event code is the event's id and no reason.
    let (code, event_code) = (text(found, CODE), text(found, EVENT_CODE));
    let (reason, status) = match world {
        Provider::Windows => (Text::Borrowed(""), code),
        _ if code.is_empty() => (event_code, code),
        _ => (code, Text::Borrowed("")),
    };
    let time = found.get(TIME).and_then(|time| stamp(time, given.zone));
    // For other providers, the id may be that of a session or a rule.
    let delivery = match world {
        Provider::Entra | Provider::M365 | Provider::Okta | Provider::Duo => world::delivery(world, Shape::Ecs.into(), &text(found, ID), time),
        _ => None,
    };
    // The operating system of the client. The agent's own may be that of a machine which only collects logs.
    let mut os = text(found, CLIENT_OS);
    if os.is_empty() && world == Provider::Ecs && text(found, MODULE).is_empty() {
        os = text(found, OS);
    }
    let mut service = process;
    for slot in [SERVICE, DATASET, MODULE] {
        if service.is_empty() {
            service = text(found, slot);
        }
    }
    let event = Event {
        outcome,
        count: 1,
        signal,
        access: if local { Access::Local } else { Access::Remote },
        user,
        domain: text(found, DOMAIN),
        src_ip,
        src_name,
        user_agent: text(found, AGENT),
        os,
        service,
        host: text(found, HOST),
        pid: found.get(PID).and_then(|pid| pid.as_i64()).and_then(|pid| u32::try_from(pid).ok()),
        method: text(found, METHOD),
        logon_type: found.get(LOGON_TYPE).and_then(|kind| logon::logon_type(&kind.as_text()?)),
        reason,
        status,
        reason_text: text(found, REASON),
        shape: Shape::Ecs.into(),
        delivery,
        ..Event::default()
    };
    Some((world::settle(event, world)?, time))
}

/// The provider of the event; `ecs` if unknown. `None` for Windows events that are no logon.
fn world(found: &Slots<'_>) -> Option<Provider> {
    let provider = text(found, PROVIDER);
    let code = text(found, EVENT_CODE);
    let logon = matches!(&*code, "4624" | "4625");
    let named = [SERVICE, DATASET, MODULE, PROVIDER].into_iter().find_map(|slot| world::of(&text(found, slot)));
    if provider.starts_with("Microsoft-Windows") {
        let ours = provider.eq_ignore_ascii_case(logon::SECURITY_AUDITING) && (logon || code.is_empty());
        return ours.then_some(Provider::Windows);
    }
    match named {
        Some(Provider::Windows) => (logon || code.is_empty()).then_some(Provider::Windows),
        Some(world) => Some(world),
        None if [SSH, METHOD, AUDIT].iter().any(|slot| found.get(*slot).is_some()) => Some(Provider::Linux),
        None if world::is_linux_program(&text(found, PROCESS)) => Some(Provider::Linux),
        None if logon && provider.is_empty() => Some(Provider::Windows),
        // An agent names its own system, even in events that it collected elsewhere.
        None if is_own(found) => {
            let system = world::of(&text(found, OS)).filter(|world| matches!(world, Provider::Linux | Provider::Windows));
            Some(system.unwrap_or(Provider::Ecs))
        }
        None => Some(Provider::Ecs),
    }
}

/// True if the event may come from the agent's own machine: nothing names another source.
fn is_own(found: &Slots<'_>) -> bool {
    let (module, dataset) = (text(found, MODULE), text(found, DATASET));
    let system = module == "system";
    (module.is_empty() || system)
        && (system || matches!(&*dataset, "" | "generic" | "login") || dataset.starts_with("system."))
        && found.get(OBSERVER).is_none()
}

/// The outcome by the identity provider's own name for the event. `None` if the event has no such name.
fn told(found: &Slots<'_>, world: Provider, given: Given<'_>) -> Option<Option<Outcome>> {
    let succeeded = found.get(OUTCOME).map(|outcome| outcome.says("success"));
    match world {
        Provider::Okta => {
            let mut kind = text(found, KIND);
            if kind.is_empty() {
                kind = text(found, ACTION);
            }
            let mut result = text(found, RESULT);
            if result.is_empty() {
                result = Text::Borrowed(if succeeded? { "SUCCESS" } else { "FAILURE" });
            }
            Some(okta::judge(&kind, &result, &text(found, WHY), &text(found, FACTOR)))
        }
        Provider::Duo if found.get(RESULT).is_some() => {
            Some(duo::judge(&text(found, RESULT), &text(found, WHY), &text(found, FACTOR)))
        }
        Provider::Entra | Provider::M365 => {
            let code = text(found, CODE);
            let code = if code.is_empty() { text(found, EVENT_CODE) } else { code };
            if let Ok(code) = code.trim().parse() {
                let meaning = codes::judge(code, &[&text(found, REASON)], given.extra_failure_codes);
                return Some(meaning.map(|meaning| meaning.outcome));
            }
            found.get(ACTION)?.says_ignore_case("UserLoginFailed").then_some(Some(Outcome::Failure))
        }
        _ => None,
    }
}

/// The outcome of the attempt, and the signal: which of several records about one attempt this is.
fn verdict(found: &Slots<'_>, world: Provider, given: Given<'_>) -> Option<(Outcome, Signal)> {
    if let Some(outcome) = told(found, world, given) {
        return Some((outcome?, Signal::Attempt));
    }
    if world == Provider::Windows {
        match &*text(found, EVENT_CODE) {
            "4624" => return Some((Outcome::Success, Signal::Attempt)),
            "4625" => return Some((Outcome::Failure, Signal::Attempt)),
            _ => {}
        }
    }
    let any = |slot: u8, test: &dyn Fn(Value<'_>) -> bool| {
        found.get(slot).is_some_and(|value| match value.as_array() {
            Some(mut items) => items.any(test),
            None => test(value),
        })
    };
    // The end of a session is an authentication event in ECS, but no attempt.
    if any(TYPE, &|t| t.says("end")) && !any(TYPE, &|t| t.says("start")) || any(ACTION, &is_end) {
        return None;
    }
    let ssh = text(found, SSH);
    let said = text(found, OUTCOME);
    let outcome = match (&*said, &*ssh) {
        ("success", _) | ("" | "unknown", "Accepted") => Outcome::Success,
        ("failure", _) | ("" | "unknown", "Failed" | "Invalid") => Outcome::Failure,
        _ => return None,
    };
    let audit = text(found, AUDIT).to_ascii_lowercase();
    let signal = match (outcome, &*ssh, &*audit) {
        (Outcome::Failure, "Failed", _) => {
            // A client tries its keys, and `none`, before it asks for a password. These are no failed logins.
            if matches!(&*text(found, METHOD), "publickey" | "none") {
                return None;
            }
            Signal::Failed
        }
        (Outcome::Failure, "Invalid", _) => Signal::Weak,
        (_, _, "") => Signal::Attempt,
        (Outcome::Failure, _, "user_auth") => Signal::Audit,
        (Outcome::Failure, _, "user_login") => Signal::AuditLogin,
        (Outcome::Failure, _, "user_err") => Signal::Weak,
        (Outcome::Success, _, "user_auth" | "user_login") => Signal::Attempt,
        // Credentials, accounting and sessions follow a login.
        _ => return None,
    };
    Some((outcome, signal))
}

/// True if the action means the end of a session, in various writers' words.
fn is_end(action: Value<'_>) -> bool {
    action.as_str().is_some_and(|action| {
        let action = action.to_ascii_lowercase();
        [
            "logout",
            "logged-out",
            "logged_out",
            "logoff",
            "logged-off",
            "log_off",
            "ended-session",
            "session-end",
            "session_end",
        ]
        .iter()
        .any(|end| find(action.as_bytes(), end.as_bytes()).is_some())
    })
}

#[cfg(test)]
mod tests;
