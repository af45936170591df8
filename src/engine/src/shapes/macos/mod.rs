//! Logins at a Mac and to a Mac: the unified log, Endpoint Security events, Jamf's own audit records.
//!
//! | record | decoder |
//! |---|---|
//! | `log show` or `log stream`, `--style ndjson`; alerts of Jamf Protect with an entry of it | `unified.rs` |
//! | Jamf Protect telemetry, `eslogger` | `endpoint.rs` |
//! | Jamf Protect's older telemetry: BSM audit events in JSON | `audit.rs` |
//!
//! Names of accounts keep their case, as on Linux. `host` and `device` are the Mac, `os` is `macOS`.

mod audit;
mod endpoint;
mod unified;

use super::room::mark;
use super::{Given, Room, Said, Sign, fill, named};
use crate::event::Event;
use crate::json::{Member, Object, Slots};
use alloc::borrow::Cow;

named! {
    /// The shapes of its records.
    pub enum Shape {
        UnifiedLog = "unified-log",
        Jamf = "jamf",
    }
}

/// The data about the family.
pub const ROOM: Room = Room {
    title: "macOS",
    layouts: &["the unified log as NDJSON", "Endpoint Security", "BSM audit", "Jamf"],
    needles: &[
    // Texts that programs in the unified log write, or the name of a program that writes nothing else.
    "shortUsername",
    "INCORRECT",
    "Unlock succeeded",
    "Authentication failure type",
    "Failed to authenticate user",
    "allowing login for user",
    "screensharingd",
    "sshd",
    // Names of Endpoint Security events. For `authentication`, names of its kinds of data.
    "openssh_login",
    "login_login",
    "lw_session_login",
    "lw_session_unlock",
    "screensharing_attach",
    "record_name",
    "touchid",
    "pubkey_hash",
    "auto_unlock",
    "AUE_lw_login",
    "AUE_auth_user",
],
    signs: &[Sign {
        words: &[
            "openssh_login", "lw_session_login", "lw_session_unlock", "screensharing_attach",
            "AUE_lw_login", "AUE_auth_user",
        ],
        with: &[],
    }],
    // The unified log, alone and in an alert of Jamf; events of Endpoint Security; BSM audit.
    marks: &[
        mark("eventMessage"),
        Member::open("input"),
        Member::open("input.match"),
        Member::open("input.match.event"),
        mark("input.match.event.composedMessage"),
        mark("event.authentication"),
        mark("event.openssh_login"),
        mark("event.login_login"),
        mark("event.lw_session_login"),
        mark("event.lw_session_unlock"),
        mark("event.screensharing_attach"),
        Member::open("header"),
        mark("header.event_name"),
    ],
    keepers: &[&[("jamf", 3), ("macos", 3)]],
    members: &[unified::MEMBERS.set(), endpoint::MEMBERS.set(), audit::MEMBERS.set()],
    decode: Some(decode),
    ..Room::EMPTY
};

/// Decodes a record.
#[must_use]
pub fn decode<'a>(object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    unified::decode(object, given).or_else(|| endpoint::decode(object)).or_else(|| audit::decode(object))
}

/// Sets host, device and system of an event to the Mac, which the slot `host` names.
fn at<'a>(event: &mut Event<'a>, found: &Slots<'a>, host: u8) {
    fill(&mut event.host, found, host);
    fill(&mut event.device, found, host);
    event.os = Cow::Borrowed("macOS");
}

#[cfg(test)]
mod tests;
