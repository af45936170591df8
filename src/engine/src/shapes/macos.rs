//! Logins at a Mac, and to it: the unified log, Endpoint Security events, Jamf's own audit records.
//!
//! | record | decoder |
//! |---|---|
//! | `log show` or `log stream`, `--style ndjson`; alerts of Jamf Protect with an entry of it | [`unified`] |
//! | Jamf Protect telemetry, `eslogger` | [`endpoint`] |
//! | Jamf Protect's older telemetry: BSM audit events in JSON | [`audit`] |
//!
//! The names of accounts stay as they are, as those of Linux do. `host` and `device` are the Mac, `os` is `macOS`.

mod audit;
mod endpoint;
mod unified;

use super::{Given, Said, fill};
use crate::event::Event;
use crate::json::{Object, Slots};
use alloc::borrow::Cow;

/// Literals of which any record that says something contains at least one.
pub const NEEDLES: &[&str] = &[
    // What programs of the unified log write, or the program where it writes nothing else.
    "shortUsername",
    "INCORRECT",
    "Unlock succeeded",
    "Authentication failure type",
    "Failed to authenticate user",
    "allowing login for user",
    "screensharingd",
    "sshd",
    // The names of Endpoint Security events; of `authentication`, those of its kinds of data.
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
];

/// Takes a record apart.
#[must_use]
pub fn decode<'a>(object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    unified::decode(object, given).or_else(|| endpoint::decode(object)).or_else(|| audit::decode(object))
}

/// What the event says of the Mac that it happened at. A slot holds its name.
fn at<'a>(event: &mut Event<'a>, found: &Slots<'a>, host: u8) {
    fill(&mut event.host, found, host);
    fill(&mut event.device, found, host);
    event.os = Cow::Borrowed("macOS");
}

#[cfg(test)]
mod tests;
