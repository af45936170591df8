//! Events of Apple's Endpoint Security, as Jamf Protect and `eslogger` write them in JSON.
//!
//! | `event` | says | outcome |
//! |---|---|---|
//! | `lw_session_login`, `lw_session_unlock` | somebody logged in or came back at the login window | success |
//! | `authentication` | a password, Touch ID, token or watch was checked | by `success` |
//! | `login_login` | `/usr/bin/login` | by `success` |
//! | `screensharing_attach` | a screen is shared | by `success` |
//! | `openssh_login` | sshd | by `success`; keys probed (`result_type` 3, 6) are no failure |
//!
//! sshd, login, screen sharing, su and sudo check passwords through the same service as the login window. They have
//! events of their own, so their `authentication` events would report the same attempt twice.

use super::super::{Provider, Said, client, delivery, fill, number, text, time};
use super::{Shape, at};
use crate::event::{Event, Outcome, Signal, Text};
use crate::json::{Member, Members, Object, Slots, read};
use crate::stamp::Zone;

const CHECK: u8 = 0;
const SSH: u8 = 1;
const LOGIN: u8 = 2;
const SCREEN: u8 = 3;
const WINDOW: u8 = 4;
const USER: u8 = 5;
const ADDRESS: u8 = 6;
const RESULT: u8 = 7;
const REASON: u8 = 8;
const BY: u8 = 9;
const HOST: u8 = 10;
const TIME: u8 = 11;
const ID: u8 = 12;
const PID: u8 = 13;
const PATH: u8 = 14;

pub(super) static MEMBERS: Members<41> = Members::new([
    Member::open("event"),
    Member::open("event.authentication"),
    Member::new("event.authentication.success", CHECK, 0),
    Member::open("event.authentication.data"),
    Member::open("event.authentication.data.od"),
    Member::new("event.authentication.data.od.record_name", USER, 0),
    Member::new("event.authentication.data.od.instigator", BY, 0),
    Member::open("event.authentication.data.touchid"),
    Member::new("event.authentication.data.touchid.instigator", BY, 0),
    Member::open("event.authentication.data.token"),
    Member::new("event.authentication.data.token.instigator", BY, 0),
    Member::open("event.authentication.data.auto_unlock"),
    Member::new("event.authentication.data.auto_unlock.username", USER, 0),
    Member::open("event.openssh_login"),
    Member::new("event.openssh_login.success", SSH, 0),
    Member::new("event.openssh_login.username", USER, 0),
    Member::new("event.openssh_login.source_address", ADDRESS, 0),
    Member::new("event.openssh_login.result_type", RESULT, 0),
    Member::open("event.login_login"),
    Member::new("event.login_login.success", LOGIN, 0),
    Member::new("event.login_login.username", USER, 0),
    Member::new("event.login_login.failure_message", REASON, 0),
    Member::open("event.screensharing_attach"),
    Member::new("event.screensharing_attach.success", SCREEN, 0),
    Member::new("event.screensharing_attach.authentication_username", USER, 0),
    Member::new("event.screensharing_attach.session_username", USER, 1),
    Member::new("event.screensharing_attach.source_address", ADDRESS, 0),
    Member::open("event.lw_session_login"),
    Member::new("event.lw_session_login.username", WINDOW, 0),
    Member::open("event.lw_session_unlock"),
    Member::new("event.lw_session_unlock.username", WINDOW, 0),
    Member::open("host"),
    Member::new("host.hostname", HOST, 0),
    Member::new("hostname", HOST, 1),
    Member::new("time", TIME, 0),
    Member::new("uuid", ID, 0),
    Member::open("process"),
    Member::open("process.audit_token"),
    Member::new("process.audit_token.pid", PID, 0),
    Member::open("process.executable"),
    Member::new("process.executable.path", PATH, 0),
]);

/// Decodes an event.
pub(super) fn decode<'a>(object: &Object<'a>) -> Said<'a> {
    let mut found = Slots::default();
    if !read(object, MEMBERS.set(), &mut found) {
        return None;
    }
    let (service, slot) = if found.get(WINDOW).is_some() {
        ("loginwindow", WINDOW)
    } else if found.get(SSH).is_some() {
        ("sshd", SSH)
    } else if found.get(LOGIN).is_some() {
        ("login", LOGIN)
    } else if found.get(SCREEN).is_some() {
        ("screensharing", SCREEN)
    } else {
        has_no_other_event(&found).then_some(("authentication", CHECK))?
    };
    let success = slot == WINDOW || found.get(slot)?.as_bool()?;
    let signal = if success || slot != SSH { Signal::Attempt } else { refused(&found)? };
    let mut event = Event::new(Shape::Jamf.into(), Provider::Macos);
    if success {
        event.outcome = Outcome::Success;
    }
    event.signal = signal;
    fill(&mut event.user, &found, if slot == WINDOW { WINDOW } else { USER });
    (event.src_ip, event.src_name) = client(found.get(ADDRESS), None);
    event.service = Text::Borrowed(service);
    event.pid = number(&found, PID);
    fill(&mut event.reason, &found, RESULT);
    fill(&mut event.reason_text, &found, REASON);
    event.delivery = delivery("jamf", &found, ID);
    at(&mut event, &found, HOST);
    Some((event, time(&found, TIME, Zone::UTC)))
}

/// The signal of a refused attempt, by `es_openssh_login_result_type_t`. The server reports each refused password (4),
/// answer (5), host (7) and ticket (8). Beside them it reports an unknown user (9), too many attempts (0), and a root
/// login that is not allowed (1).
fn refused(found: &Slots<'_>) -> Option<Signal> {
    match found.get(RESULT).and_then(|result| result.as_i64()) {
        Some(3 | 6) => None,
        Some(0 | 1 | 9) => Some(Signal::Weak),
        _ => Some(Signal::Failed),
    }
}

/// True if this is the only event that the calling program writes for its logins.
fn has_no_other_event(found: &Slots<'_>) -> bool {
    let by = found.get(BY).and_then(|by| by.as_object()?.get("executable")?.as_object()?.get("path"));
    let path = by.and_then(|path| path.as_text()).unwrap_or_else(|| text(found, PATH));
    let program = path.rsplit('/').next().unwrap_or_default();
    !program.starts_with("sshd") && !matches!(program, "login" | "screensharingd" | "su" | "sudo")
}
