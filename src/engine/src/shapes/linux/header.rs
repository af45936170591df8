//! The header that a syslog daemon puts before a message: RFC 3164, RFC 5424, ISO 8601, or no time at all.
//!
//! Program and process are read where the daemon wrote them, at the front, and are never searched for in the
//! message: whatever a message repeats of them was written by somebody else.

use super::text::{first_word, number};
use crate::find::position;
use crate::stamp::{Stamp, Zone, iso, rfc3164};

/// A line taken apart. All parts borrow from it; what the line does not say is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// When, if it says so.
    pub stamp: Option<Stamp>,
    /// The machine.
    pub host: &'a [u8],
    /// The program as it was written: `sshd`, `sshd(pam_unix)`, `/usr/sbin/sshd`.
    pub program: &'a [u8],
    /// The process.
    pub pid: Option<u32>,
    /// The message, without the end of the line and without the prefixes of Solaris (`[ID 800047 auth.info] `) and
    /// of the kernel's ring buffer (`kernel:[  970.699396]: `).
    pub message: &'a [u8],
}

/// Reads the header of one line. `zone` is that of stamps without one. `None` where no program can be told.
///
/// Linear in the header, not in the line.
#[must_use]
pub fn parse<'a>(line: &'a [u8], zone: Zone<'_>) -> Option<Header<'a>> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let rest = match line {
        [b'<', digits @ ..] => {
            let end = digits.iter().take(4).position(|b| *b == b'>')?;
            let (priority, rest) = digits.split_at_checked(end)?;
            number(priority)?;
            match rest.get(1..)? {
                [b'1', b' ', structured @ ..] => return rfc5424(structured, zone),
                rest => rest.trim_ascii_start(),
            }
        }
        _ => line,
    };
    let (stamp, rest) = match stamp(rest, zone) {
        Some((stamp, used)) => (Some(stamp), rest.get(used..)?.trim_ascii_start()),
        None => (None, rest),
    };
    let (first, after) = first_word(rest);
    let (host, tag, after) = match tag(first) {
        Some(tag) => (&b""[..], tag, after),
        None => {
            let (mut second, mut after) = first_word(after.trim_ascii_start());
            if is_facility(second) {
                (second, after) = first_word(after);
            }
            (first, tag(second)?, after)
        }
    };
    Some(Header { stamp, host, program: tag.0, pid: tag.1, message: bare(after) })
}

/// A stamp and the word boundary after it; a weekday may go before it.
fn stamp(bytes: &[u8], zone: Zone) -> Option<(Stamp, usize)> {
    let (stamp, used) = if bytes.first()?.is_ascii_digit() {
        let (time, used) = iso(bytes, zone)?;
        (Stamp::At(time), used)
    } else {
        match rfc3164(bytes, zone) {
            Some(found) => found,
            None => match bytes {
                [a, b, c, b' ', rest @ ..] if [a, b, c].iter().all(|b| b.is_ascii_alphabetic()) => {
                    let (stamp, used) = rfc3164(rest, zone)?;
                    (stamp, used + 4)
                }
                _ => return None,
            },
        }
    };
    // Some daemons put a colon after the time.
    let used = if bytes.get(used) == Some(&b':') { used + 1 } else { used };
    matches!(bytes.get(used), Some(b' ' | b'\t')).then_some((stamp, used))
}

/// `sshd[123]:`, `sshd:`, `[sshd]:`, `[sshd]`, `sshd(pam_unix)[123]:`: the program and its process.
fn tag(word: &[u8]) -> Option<(&[u8], Option<u32>)> {
    let name = match word.strip_suffix(b":") {
        Some(name) => name,
        None if word.starts_with(b"[") && word.ends_with(b"]") => word,
        None => return None,
    };
    let name = match name {
        [b'[', inner @ .., b']'] => inner,
        _ => name,
    };
    let (program, pid) = match name.strip_suffix(b"]").and_then(|open| {
        let at = position(open, b'[')?;
        Some((open.get(..at)?, open.get(at + 1..)?))
    }) {
        Some((program, pid)) => (program, number(pid)),
        None => (name, None),
    };
    // `msg=audit(…):` of a raw audit record is no tag.
    (!program.is_empty() && position(program, b'=').is_none()).then_some((program, pid))
}

/// `auth.info`, as BusyBox and OpenWrt write it before the program; AIX has `auth|security:info`.
fn is_facility(word: &[u8]) -> bool {
    !word.ends_with(b":")
        && !word.contains(&b'[')
        && [&b"auth."[..], b"authpriv.", b"daemon.", b"user.", b"kern.", b"auth|"]
            .iter()
            .any(|f| word.starts_with(f))
}

/// RFC 5424 after its version: time, host, program, process, message id, structured data, message.
fn rfc5424<'a>(bytes: &'a [u8], zone: Zone<'_>) -> Option<Header<'a>> {
    let (time, rest) = first_word(bytes);
    let (host, rest) = first_word(rest);
    let (program, rest) = first_word(rest);
    let (process, rest) = first_word(rest);
    let (_id, rest) = first_word(rest);
    let stamp = match time {
        b"-" => None,
        _ => iso(time, zone).filter(|(_, used)| *used == time.len()).map(|(time, _)| Stamp::At(time)),
    };
    if stamp.is_none() && time != b"-" || program.is_empty() {
        return None;
    }
    let message = match rest {
        b"-" => b"",
        [b'-', b' ', message @ ..] => message,
        [b'[', ..] => after_structured_data(rest)?,
        message => message,
    };
    let message = message.strip_prefix(b"\xef\xbb\xbf").unwrap_or(message);
    let said = |word: &'static [u8], value| if value == word { &b""[..] } else { value };
    Some(Header {
        stamp,
        host: said(b"-", host),
        program: said(b"-", program),
        pid: number(process),
        message: bare(message),
    })
}

/// What follows `[id name="value" …][…]`, in whose values `"`, `\` and `]` are escaped by `\` (RFC 5424 section 6.3.3).
fn after_structured_data(mut rest: &[u8]) -> Option<&[u8]> {
    while let [b'[', elements @ ..] = rest {
        let mut quoted = false;
        let mut escaped = false;
        let end = elements.iter().position(|&byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b']' if !quoted => return true,
                _ => {}
            }
            false
        })?;
        rest = elements.get(end + 1..)?;
    }
    match rest {
        [] => Some(rest),
        [b' ', message @ ..] => Some(message),
        _ => None,
    }
}

/// The message without what relays and kernels put before it.
fn bare(message: &[u8]) -> &[u8] {
    let mut message = message.trim_ascii_start();
    if let Some(rest) = message.strip_prefix(b"[ID ")
        && let Some(at) = rest.iter().take(64).position(|b| *b == b']')
        && let Some([b' ', rest @ ..]) = rest.get(at + 1..)
    {
        message = rest;
    }
    if let Some(rest) = message.strip_prefix(b"kernel:[")
        && let Some(at) = rest.iter().take(64).position(|b| *b == b']')
        && let Some(rest) = rest.get(at + 1..)
    {
        message = rest.strip_prefix(b":").unwrap_or(rest);
    }
    message.trim_ascii_start()
}

#[cfg(test)]
mod tests;
