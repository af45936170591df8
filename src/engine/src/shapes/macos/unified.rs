//! Entries of the unified log.
//!
//! An entry is judged by the program that wrote it, which the system names in `processImagePath`. Only the system's
//! own programs count: nobody can write to their folders, not even root. The subsystem proves nothing, since any
//! program may claim one.
//!
//! | program | message | outcome |
//! |---|---|---|
//! | `loginwindow` | `-[Login1 doLogin] \| shortUsername = U, userID = …` | success |
//! | `loginwindow` | `-[… authFailWithMessage:] \| enter. INCORRECT password` | failure |
//! | `loginwindow` | `… Unlock succeeded, with password, …` | success |
//! | `SecurityAgent`, in the subsystem of loginwindow | `Authentication failure type = 3` | failure |
//! | `authorizationhost` | `Failed to authenticate user <U> (error: 9).` | failure |
//! | the login plugin of Jamf Connect | `Local auth success, allowing login for user U` | success |
//! | `screensharingd`, `sshd` | as in their text: [`linux`] | |
//!
//! The messages are those that Jamf's filters for the unified log search for; the filters come with samples.
//! `opendirectoryd` is left out: it reports failures while somebody locks the screen, and at correct logins.

use super::super::{Given, Provider, Said, number, text, time};
use super::{Shape, at};
use crate::event::{Event, Outcome, Text};
use crate::find::{find, rfind};
use crate::json::{Member, Members, Object, Slots, read};
use crate::shapes::linux;
use alloc::borrow::Cow;

const MESSAGE: u8 = 0;
const PATH: u8 = 1;
const SUBSYSTEM: u8 = 2;
const TIME: u8 = 3;
const PID: u8 = 4;
const HOST: u8 = 5;

pub(super) static MEMBERS: Members<20> = Members::new([
    Member::new("eventMessage", MESSAGE, 0),
    Member::new("processImagePath", PATH, 0),
    Member::new("subsystem", SUBSYSTEM, 0),
    Member::new("timestamp", TIME, 0),
    Member::new("processID", PID, 0),
    Member::open("host"),
    Member::new("host.hostname", HOST, 0),
    Member::new("host.name", HOST, 1),
    Member::new("hostname", HOST, 2),
    Member::open("input"),
    Member::open("input.host"),
    Member::new("input.host.hostname", HOST, 0),
    Member::open("input.match"),
    Member::open("input.match.event"),
    Member::new("input.match.event.composedMessage", MESSAGE, 0),
    Member::new("input.match.event.processImagePath", PATH, 0),
    Member::new("input.match.event.subsystem", SUBSYSTEM, 0),
    Member::new("input.match.event.timestamp", TIME, 0),
    Member::new("input.match.event.processIdentifier", PID, 0),
    Member::new("computer_name", HOST, 3),
]);

/// Decodes an entry.
pub(super) fn decode<'a>(object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    let mut found = Slots::default();
    if !read(object, MEMBERS.set(), &mut found) {
        return None;
    }
    let (path, subsystem) = (text(&found, PATH), text(&found, SUBSYSTEM));
    let program = program(&path)?;
    let mut event = match text(&found, MESSAGE) {
        Cow::Borrowed(message) => said(program, &subsystem, message)?,
        Cow::Owned(message) => said(program, &subsystem, &message)?.into_owned(),
    };
    for text in [&mut event.user, &mut event.src_name] {
        // The log writes this for a hidden value.
        if text == "<private>" {
            *text = Text::Borrowed("");
        }
    }
    event.pid = number(&found, PID);
    event.shape = Shape::UnifiedLog.into();
    event.provider = Provider::Macos;
    at(&mut event, &found, HOST);
    Some((event, time(&found, TIME, given.zone)))
}

/// The name of a program of the system. `None` for a program that anybody may have put there.
fn program(path: &str) -> Option<&str> {
    let system =
        path.starts_with("/System/") || (path.starts_with("/usr/") && !path.starts_with("/usr/local/"));
    path.rsplit('/').next().filter(|_| system && find(path.as_bytes(), b"/../").is_none())
}

/// Reads a program's message about a login.
fn said<'a>(program: &str, subsystem: &str, message: &'a str) -> Option<Event<'a>> {
    let (outcome, user) = match program {
        "sshd" | "sshd-session" | "sshd-auth" => return linux::decode_sshd(message.as_bytes()),
        "screensharingd" => return linux::decode_screen_sharing(message.as_bytes()),
        "loginwindow" => login_window(message)?,
        "SecurityAgent" if subsystem == "com.apple.loginwindow" => {
            message.starts_with("Authentication failure type = ").then_some((Outcome::Failure, ""))?
        }
        _ if subsystem == "com.jamf.connect.login" && hosts_plugins(program) => {
            let user = message.strip_prefix("Local auth success, allowing login for user")?;
            (Outcome::Success, user.trim_start_matches([':', ' ']).trim_end_matches(['.', ' ']))
        }
        _ if hosts_plugins(program) => {
            let rest = message.strip_prefix("Failed to authenticate user <")?;
            (Outcome::Failure, rest.get(..rfind(rest.as_bytes(), b"> (error: ")?)?)
        }
        _ => return None,
    };
    let mut event = Event::new(Shape::UnifiedLog.into(), Provider::Macos);
    event.outcome = outcome;
    event.user = Text::Borrowed(user);
    event.service = Text::Borrowed("loginwindow");
    Some(event)
}

/// True for processes that run login plugins.
fn hosts_plugins(program: &str) -> bool {
    ["authorizationhost", "SecurityAgent"].iter().any(|host| program.starts_with(host))
}

/// Reads messages of the login window. They begin with the method that wrote them; only the first form has a name.
fn login_window(message: &str) -> Option<(Outcome, &str)> {
    if let Some(rest) = message.strip_prefix("-[Login1 doLogin] | shortUsername = ") {
        return Some((
            Outcome::Success,
            rfind(rest.as_bytes(), b", userID = ").and_then(|end| rest.get(..end)).unwrap_or(rest),
        ));
    }
    let says = |words: &[u8]| find(message.as_bytes(), words).is_some();
    if says(b"authFailWithMessage:] | ") && says(b"INCORRECT") {
        return Some((Outcome::Failure, ""));
    }
    says(b"Unlock succeeded, with password").then_some((Outcome::Success, ""))
}
