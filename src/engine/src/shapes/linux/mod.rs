//! Linux text: what sshd, PAM, su, sudo, login and the audit log say of an attempt to log in.
//!
//! A record is taken apart in two steps. [`header::parse`] reads what the syslog daemon wrote in front (envelopes
//! like journald's have it in fields of their own), and [`decode`] reads the message by the program that wrote it.
//! [`attempts`] then counts one attempt once, however many of these lines speak of it.
//!
//! ```
//! use authsieve_engine::{shapes::linux, stamp::Zone};
//! let line = b"Mar  2 07:55:48 web sshd[4711]: Failed password for invalid user bob from 192.0.2.7 port 52100 ssh2";
//! let header = linux::header::parse(line, Zone::UTC).unwrap();
//! let event = linux::decode(header.program, header.message).unwrap();
//! assert_eq!((header.host, header.pid), (&b"web"[..], Some(4711)));
//! assert_eq!((&*event.user, event.src_ip.unwrap().to_string().as_str()), ("bob", "192.0.2.7"));
//! ```
//!
//! **Nothing in a message is trusted because of how it looks.** The user name is the client's, and may imitate the
//! rest of its line or a line of another program. Each decoder says what it anchors on.

pub mod attempts;
pub mod audit;
pub mod header;
mod local;
mod pam;
mod sshd;
mod text;

use super::{Room, World, named};
use crate::event::{Event, Signal};
use text::{cut, leading_number};

named! {
    /// The shapes of its records.
    pub enum Shape {
        Sshd = "sshd",
        Pam = "pam",
        Su = "su",
        Sudo = "sudo",
        Login = "login",
        Auditd = "auditd",
        ScreenSharing = "screensharing",
    }
}

/// What is known of the family.
pub const ROOM: Room = Room {
    needles: NEEDLES,
    keepers: &[&[("system.", 8)]],
    worlds: &[
        World::Words("system", "auth"),
        World::Word("auditd"),
        World::Word("linux"),
        World::Word("sshd"),
        World::Word("debian"),
        World::Word("ubuntu"),
        World::Word("redhat"),
        World::Word("rhel"),
    ],
    ..Room::EMPTY
};

/// The most attempts that one line can speak of ("message repeated N times").
pub const MAX_COUNT: u32 = 10_000;

/// Literal strings, compared without ASCII case, of which every record that [`decode`] reads holds at least one. None
/// is changed by JSON's escapes.
pub const NEEDLES: &[&str] = &[
    "accepted ",
    "authenticat",
    "fail",
    "illegal user",
    "invalid user",
    "not allowed",
    "pts",
    "res=success",
    "root login",
    "session opened",
    "successful su",
    "tty",
];

/// Reads a message by the program that wrote it: its name, or with path or PAM module (`sshd(pam_unix)`).
///
/// The event holds neither time nor host nor process: those are the header's. Only an audit record brings its own, and
/// then they go before the header's; where it has none, the time is 0, the host empty and the process `None`. The
/// signal says which of the attempt's counters the line belongs to.
///
/// Linear in the message; allocates only for text that is not UTF-8, and for hexadecimal account names.
#[must_use]
pub fn decode<'a>(program: &'a [u8], message: &'a [u8]) -> Option<Event<'a>> {
    let program = program.rsplit(|b| *b == b'/').next().unwrap_or(program);
    let (times, message) = repeated(message.trim_ascii());
    let mut event = if program.ends_with(b")") || matches!(message.first()?, b'p' | b'P' | b'(') {
        // sshd's own `PAM: …` is not a module's, su's own `(to root) …` neither.
        pam::decode(program, message).or_else(|| by_program(program, message))?
    } else {
        by_program(program, message)?
    };
    if matches!(event.signal, Signal::Failed | Signal::SshdPam | Signal::Pam | Signal::PamOther) {
        event.count = event.count.saturating_mul(times).clamp(1, MAX_COUNT);
    }
    Some(event)
}

/// Reads a message of sshd, from a log in which neither a syslog daemon nor PAM writes in front of it.
pub(crate) fn decode_sshd(message: &[u8]) -> Option<Event<'_>> {
    sshd::decode(message.trim_ascii())
}

/// Reads a message of macOS's screen sharing, from such a log.
pub(crate) fn decode_screen_sharing(message: &[u8]) -> Option<Event<'_>> {
    local::screen_sharing(message.trim_ascii())
}

fn by_program<'a>(program: &[u8], message: &'a [u8]) -> Option<Event<'a>> {
    match program {
        b"sshd" | b"sshd-session" | b"sshd-auth" => sshd::decode(message),
        b"sudo" => local::sudo(message),
        b"su" | b"su-l" => local::su(message),
        b"login" => local::login(message),
        b"screensharingd" => local::screen_sharing(message),
        b"audit" | b"auditd" | b"audispd" | b"audisp-syslog" | b"kernel" => audit::decode(message),
        _ => None,
    }
}

/// What rsyslog makes of equal lines: `message repeated 5 times: [ MESSAGE]`.
fn repeated(message: &[u8]) -> (u32, &[u8]) {
    let inner = || {
        let (times, rest) = leading_number(message.strip_prefix(b"message repeated ")?)?;
        let (head, rest) = cut(rest, b"[")?;
        (head == b" times: ").then(|| Some((times.max(1), rest.strip_suffix(b"]")?.trim_ascii_start())))?
    };
    inner().unwrap_or((1, message))
}

#[cfg(test)]
mod tests;
