//! The Elastic Common Schema: events whose `event.category` holds `authentication`.
//!
//! Fields by the ECS reference (`event.*`, `user.*`, `source.*`, `process.*`, `host.*`, `user_agent.*`), nested or
//! dotted, and what Filebeat's `system.auth` and Auditbeat's `auditd` add to them. Windows events (`winlog`) are left
//! to the decoder that knows their codes.

use super::{client, text};
use crate::envelope::stamp;
use crate::event::{Event, Origin, Outcome, Signal};
use crate::json::{Name, Object, Slots, Table, Value, read};
use crate::stamp::{Stamp, Zone};

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
const WINDOWS: u8 = 17;
const SERVICE: u8 = 18;
const COUNT: usize = 19;

static TABLE: Table<49> = Table::new([
    Name::new("event.outcome", OUTCOME, 0),
    Name::new("event.action", ACTION, 0),
    Name::new("event.type", TYPE, 0),
    Name::new("event.code", CODE, 1),
    Name::new("event.reason", REASON, 0),
    Name::new("event.created", TIME, 1),
    Name::new("@timestamp", TIME, 0),
    Name::new("system.auth.ssh.event", SSH, 0),
    Name::new("system.auth.ssh.method", METHOD, 0),
    Name::new("system.auth.ssh.ip", ADDRESS, 1),
    Name::new("system.auth.user", USER, 1),
    Name::new("auditd.message_type", AUDIT, 0),
    Name::new("user.name", USER, 0),
    Name::new("user.target.name", USER, 0),
    Name::new("user.domain", DOMAIN, 0),
    Name::new("related.user", USER, 3),
    Name::new("user.email", USER, 2),
    Name::new("source.ip", ADDRESS, 0),
    Name::new("client.ip", ADDRESS, 2),
    Name::new("source.address", CLIENT, 0),
    Name::new("source.domain", CLIENT, 1),
    Name::new("client.address", CLIENT, 2),
    Name::new("process.name", PROCESS, 0),
    Name::new("process.pid", PID, 0),
    Name::new("host.hostname", HOST, 0),
    Name::new("host.name", HOST, 1),
    Name::or_open("host", HOST, 2),
    Name::new("user_agent.original", AGENT, 0),
    Name::or_open("user_agent", AGENT, 1),
    Name::new("error.code", CODE, 0),
    Name::new("error.message", REASON, 1),
    Name::new("service.name", SERVICE, 0),
    Name::new("event.dataset", SERVICE, 1),
    Name::new("event.module", SERVICE, 2),
    Name::new("winlog", WINDOWS, 0),
    Name::new("event.provider", WINDOWS, 1),
    Name::open("event"),
    Name::open("system"),
    Name::open("system.auth"),
    Name::open("system.auth.ssh"),
    Name::open("auditd"),
    Name::or_open("user", USER, 4),
    Name::open("user.target"),
    Name::open("related"),
    Name::open("source"),
    Name::open("client"),
    Name::open("process"),
    Name::open("service"),
    Name::open("error"),
]);

/// Reads an authentication event, and when it happened. `None` if it is none, of Windows, or says no outcome.
/// Duplicate ways to say one thing (`Invalid user` then `Failed password`; auditd's `USER_AUTH` then `USER_LOGIN`)
/// come out as the signals that count once.
#[must_use]
pub fn decode<'a>(object: &Object<'a>, zone: Zone) -> Option<(Event<'a>, Option<Stamp>)> {
    let mut found = Slots::<COUNT>::default();
    if !read(object, &TABLE, &mut found) {
        return None;
    }
    // Without `winlog`, a provider of the Windows event log gives it away.
    if found.get(WINDOWS).is_some_and(|v| v.as_object().is_some() || v.raw.starts_with(b"Microsoft-Windows"))
    {
        return None;
    }
    let (outcome, signal) = verdict(&found)?;
    let (src_ip, src_name) = client(found.get(ADDRESS), found.get(CLIENT));
    let process = text(&found, PROCESS);
    let local = matches!(&*process, "su" | "sudo" | "login") && src_ip.is_none() && src_name.is_empty();
    // `related.user` is an array, and so may the others be.
    let user = found.get(USER).and_then(|value| match value.as_array() {
        Some(mut items) => items.next().and_then(|first| first.as_text()),
        None => value.as_text(),
    });
    let event = Event {
        outcome,
        count: 1,
        signal,
        origin: if local { Origin::Local } else { Origin::Remote },
        user: user.unwrap_or_default(),
        domain: text(&found, DOMAIN),
        src_ip,
        src_name,
        user_agent: text(&found, AGENT),
        service: if process.is_empty() { text(&found, SERVICE) } else { process },
        host: text(&found, HOST),
        pid: found.get(PID).and_then(|pid| pid.as_i64()).and_then(|pid| u32::try_from(pid).ok()),
        method: text(&found, METHOD),
        reason: text(&found, CODE),
        reason_text: text(&found, REASON),
        shape: "ecs",
        provider: "ecs",
        ..Event::default()
    };
    Some((event, found.get(TIME).and_then(|time| stamp(time, zone))))
}

/// What became of the attempt, and which of several records about it this is.
fn verdict(found: &Slots<'_, COUNT>) -> Option<(Outcome, Signal)> {
    let any = |slot: u8, test: &dyn Fn(Value<'_>) -> bool| {
        found.get(slot).is_some_and(|value| match value.as_array() {
            Some(mut items) => items.any(test),
            None => test(value),
        })
    };
    // The end of a session is an authentication event to ECS, but no attempt.
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
            // A client tries its keys, and `none`, before it asks for a password: no failed login.
            if matches!(&*text(found, METHOD), "publickey" | "none") {
                return None;
            }
            Signal::Failed
        }
        (Outcome::Failure, "Invalid", _) => Signal::Weak,
        (_, _, "") => Signal::Attempt,
        (Outcome::Failure, _, "user_auth") => Signal::Audit,
        (Outcome::Failure, _, "user_login" | "user_err") => Signal::Weak,
        (Outcome::Success, _, "user_auth" | "user_login") => Signal::Attempt,
        // Credentials, accounting, sessions: what follows a login.
        _ => return None,
    };
    Some((outcome, signal))
}

/// Actions by which writers call the end of a session.
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
        .any(|end| action.contains(end))
    })
}

#[cfg(test)]
mod tests;
