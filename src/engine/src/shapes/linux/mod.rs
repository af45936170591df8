//! Linux text: lines of sshd, PAM, su, sudo, login and the audit log about attempts to log in.
//!
//! A record is decoded in two steps. First, [`header::parse`] reads the text that the syslog daemon wrote in front.
//! Envelopes such as journald's have these facts in fields. Then [`decode`] reads the message by the program that wrote
//! it. Then [`attempts`] counts each attempt once, even if several lines report it.
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
//! Nothing in a message is trusted for its looks. The client chooses the user name, which may imitate the rest of its
//! line or a line of another program. Each decoder documents the words that it relies on.

pub mod attempts;
pub mod audit;
pub mod header;
mod change;
mod dropbear;
mod local;
mod needles;
pub(crate) mod openssh;
mod pam;
mod sshd;
mod text;

use super::{Room, Sign, World, named};
use crate::envelope::is_forwarder;
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
        Account = "account",
    }
}

/// The data about the family.
pub const ROOM: Room = Room {
    title: "Linux",
    layouts: &[
        "sshd and `sshd-session`",
        "dropbear",
        "OpenSSH for Windows",
        "PAM",
        "su, sudo, login",
        "passwd, chage, useradd, usermod, userdel",
        "under RFC 3164, RFC 5424 and ISO 8601 headers",
        "journald as JSON",
        "`journalctl -o export` and `verbose`",
        "auditd raw, enriched, by `ausearch -i`, Auditbeat and LAUREL",
    ],
    needles: needles::NEEDLES,
    signs: &[
        Sign {
            words: &[
                "Failed password for ",
                "Failed keyboard-interactive",
                "Accepted password for ",
                "Accepted publickey for ",
                "Accepted keyboard-interactive",
                "authentication failure; logname=",
                "password attempt for ",
                "type=USER_LOGIN ",
                "type=USER_AUTH ",
                // A message of doas.
                "failed auth for ",
                "FAILED SU (to ",
            ],
            with: &[],
        },
        Sign { words: &["Invalid user "], with: &[" from "] },
        Sign { words: &["FAILED LOGIN "], with: &[" FOR ", " FROM "] },
        // Messages of F5's devices.
        Sign { words: &["AUDIT - user", "pam_audit"], with: &["tty=", "failed", "authenticat"] },
    ],
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

/// The most attempts that one line can report ("message repeated N times").
pub const MAX_COUNT: u32 = 10_000;

/// Reads a message by the program that wrote it. The program may have a path or a PAM module (`sshd(pam_unix)`).
///
/// The event has no time, host and process; these come from the header. Only an audit record has its own, which go
/// before the header's. If it lacks them, the time is 0, the host is empty and the process is `None`. The signal
/// names the counter of the attempt that the line belongs to.
///
/// Linear in the message. Allocates only for text that is not UTF-8, and for hexadecimal account names.
#[must_use]
pub fn decode<'a>(program: &'a [u8], message: &'a [u8]) -> Option<Event<'a>> {
    let program = base(program);
    let (times, message) = repeated(message.trim_ascii());
    let mut event = if program.ends_with(b")") || matches!(message.first()?, b'p' | b'P' | b'(') {
        // sshd's own `PAM: …` is no message of a module, and neither is su's own `(to root) …`.
        pam::decode(program, message).or_else(|| by_program(program, message))?
    } else {
        by_program(program, message)?
    };
    if matches!(event.signal, Signal::Failed | Signal::SshdPam) || event.signal.is_pam() {
        event.count = event.count.saturating_mul(times).clamp(1, MAX_COUNT);
    }
    Some(event)
}

/// A program without its path.
fn base(program: &[u8]) -> &[u8] {
    let program = program.rsplit(|b| *b == b'/').next().unwrap_or(program);
    // `journalctl -o with-unit` names the unit.
    match program {
        b"ssh.service" | b"sshd.service" => b"sshd",
        [b's', b's', b'h', b'@', ..] | [b's', b's', b'h', b'd', b'@', ..] => b"sshd",
        program => program,
    }
}

/// True if [`decode`] reads messages of this program.
pub(crate) fn is_ours(program: &[u8]) -> bool {
    reader(base(program)).is_some()
}

/// True if [`decode`] returns no event by right: the program is known, and the message does not begin like one about
/// an attempt.
pub(crate) fn knows(program: &[u8], message: &[u8]) -> bool {
    let (_, message) = repeated(message.trim_ascii());
    // Cygwin's sshd names itself in the message.
    let is_cut = sshd::begins_an_attempt(message) || message.starts_with(b"PID ");
    !is_cut && pam::knows(base(program), message).unwrap_or_else(|| is_ours(program))
}

/// True if another program wrote the message, which may then repeat text that somebody sent. A message that begins
/// like a login may be that of a program with an unknown name, so it does not count here.
pub(crate) fn is_of_another(program: &[u8], message: &[u8]) -> bool {
    let message = message.trim_ascii();
    let is_login = sshd::begins_an_attempt(message) || message.starts_with(b"failed auth for ");
    !is_login && !is_ours(program) && !is_forwarder(program) && pam::knows(base(program), message).is_none()
}

/// True if the message has a form that dropbear writes but sshd does not.
pub(crate) fn is_of_dropbear(message: &[u8]) -> bool {
    dropbear::decode(message.trim_ascii()).is_some()
}

/// Reads a message of sshd from a log that has no syslog header and no PAM lines.
pub(crate) fn decode_sshd(message: &[u8]) -> Option<Event<'_>> {
    sshd::decode(without_source(message.trim_ascii()))
}

/// Reads a message of macOS's screen sharing from such a log.
pub(crate) fn decode_screen_sharing(message: &[u8]) -> Option<Event<'_>> {
    local::screen_sharing(message.trim_ascii())
}

fn by_program<'a>(program: &[u8], message: &'a [u8]) -> Option<Event<'a>> {
    reader(program)?(message)
}

/// A function that reads a message.
type Decode = for<'a> fn(&'a [u8]) -> Option<Event<'a>>;

/// The decoder of a program's messages.
fn reader(program: &[u8]) -> Option<Decode> {
    Some(match program {
        b"sshd" | b"sshd-session" | b"sshd-auth" => decode_sshd,
        b"dropbear" => dropbear::decode,
        b"sudo" => local::sudo,
        b"su" | b"su-l" => local::su,
        b"login" => local::login,
        b"screensharingd" => local::screen_sharing,
        b"passwd" | b"chpasswd" | b"chage" | b"useradd" | b"usermod" | b"userdel" => change::decode,
        b"audit" | b"auditd" | b"audispd" | b"audisp-syslog" | b"kernel" => audit::decode,
        _ => return None,
    })
}

/// The message after the source position that Synology's sshd writes first: `auth.c:275 Accepted …`.
fn without_source(message: &[u8]) -> &[u8] {
    const LONGEST: usize = 32;
    let behind = || {
        let (place, rest) = cut(message.get(..LONGEST).unwrap_or(message), b" ")?;
        let (file, line) = cut(place, b".c:")?;
        let is_place = !file.is_empty()
            && file.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
            && !line.is_empty()
            && line.iter().all(u8::is_ascii_digit);
        is_place.then(|| message.get(message.len().min(LONGEST) - rest.len()..))?
    };
    behind().unwrap_or(message)
}

/// Reads rsyslog's form of equal lines: `message repeated 5 times: [ MESSAGE]`.
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
