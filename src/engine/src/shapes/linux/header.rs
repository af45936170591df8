//! Reads the header that a syslog daemon puts before a message: RFC 3164, RFC 5424, ISO 8601, or no time at all.
//!
//! Program and process are read at the front, where the daemon wrote them. They are never searched for in the
//! message, because another sender may have written the message.

use super::text::{cut_last, first_word, number};
use crate::find::position;
use crate::stamp::{Stamp, Zone, iso, leading};

/// The parts of a line, borrowed from it. A missing part is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The time, if the line has one.
    pub stamp: Option<Stamp>,
    /// The host.
    pub host: &'a [u8],
    /// The program as written: `sshd`, `sshd(pam_unix)`, `/usr/sbin/sshd`.
    pub program: &'a [u8],
    /// The process id.
    pub pid: Option<u32>,
    /// The message, without its line end, and without the prefixes of Solaris (`[ID 800047 auth.info] `) and of the
    /// kernel's ring buffer (`kernel:[  970.699396]: `).
    pub message: &'a [u8],
}

impl Header<'_> {
    /// An empty header.
    pub const EMPTY: Self = Self { stamp: None, host: b"", program: b"", pid: None, message: b"" };
}

/// Reads the header of one line. `zone` is for stamps without a zone. `None` if no program can be found.
///
/// Linear in the header, not in the line.
#[must_use]
pub fn parse<'a>(line: &'a [u8], zone: Zone<'_>) -> Option<Header<'a>> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let rest = without_priority(line)?;
    if let [b'1', b' ', structured @ ..] = rest
        && line.first() == Some(&b'<')
    {
        return rfc5424(structured, zone);
    }
    let (stamp, rest) = match stamp(rest, zone) {
        Some((stamp, used)) => (Some(stamp), rest.get(used..)?.trim_ascii_start()),
        None => (None, rest),
    };
    let (mut first, mut after) = first_word(rest);
    // OpenWrt's `logread -t` repeats the time in seconds.
    if stamp.is_some() && is_seconds(first) {
        (first, after) = first_word(after.trim_ascii_start());
    }
    // FreeBSD's `syslogd -vv` writes the facility before the host. OpenWrt's `logread` writes no host.
    if is_facility(first) {
        (first, after) = first_word(after.trim_ascii_start());
    }
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
    let message = bare(after);
    if tag.0 == b"kernel"
        && let Some((program, pid, message)) = through_kernel(message)
    {
        return Some(Header { stamp, host, program, pid, message });
    }
    Some(Header { stamp, host, program: tag.0, pid: tag.1, message })
}

/// Reads `[  970.699396] sshd[4711]: …`: a message through the kernel's ring buffer, to which only root can write.
fn through_kernel(message: &[u8]) -> Option<(&[u8], Option<u32>, &[u8])> {
    let rest = message.strip_prefix(b"[")?;
    let end = rest.iter().take(24).position(|byte| *byte == b']')?;
    let (seconds, rest) = rest.split_at_checked(end)?;
    seconds.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'.')).then_some(())?;
    let rest = rest.get(1..)?;
    let (word, message) = first_word(rest.strip_prefix(b":").unwrap_or(rest).trim_ascii_start());
    let (program, pid) = tag(word)?;
    pid.is_some().then_some((program, pid, message))
}

/// The line after its priority, such as `<38>`; the whole line if it has none. `None` if the priority is malformed.
pub(crate) fn without_priority(line: &[u8]) -> Option<&[u8]> {
    let [b'<', digits @ ..] = line else { return Some(line) };
    let end = digits.iter().take(4).position(|b| *b == b'>')?;
    let (priority, rest) = digits.split_at_checked(end)?;
    number(priority)?;
    Some(rest.get(1..)?.trim_ascii_start())
}

/// The message of a line from `start` on, if a sender of such messages wrote it. Before it there may be a priority, a
/// time and a host, or the header of a program for which `lends` returns true. Linear in the header.
pub(crate) fn message_from<'a>(
    line: &'a [u8],
    start: &[u8],
    lends: impl Fn(&[u8]) -> bool,
    zone: Zone<'_>,
) -> Option<&'a [u8]> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let begins = |text: &'a [u8]| text.starts_with(start).then_some(text);
    if let Some(header) = parse(line, zone)
        && let Some(message) = begins(header.message)
    {
        return lends(header.program).then_some(message);
    }
    let rest = without_priority(line)?;
    let Some((_, used)) = stamp(rest, zone) else { return begins(rest) };
    let rest = rest.get(used..)?.trim_ascii_start();
    let (machine, behind) = first_word(rest);
    // An application writes a level here, followed by text that it was sent.
    let is_level = |level: &[u8]| machine.eq_ignore_ascii_case(level);
    const LEVELS: [&[u8]; 9] =
        [b"trace", b"debug", b"info", b"notice", b"warn", b"warning", b"error", b"critical", b"fatal"];
    begins(rest).or_else(|| begins(behind.trim_ascii_start()).filter(|_| !LEVELS.into_iter().any(is_level)))
}

/// Reads a text that is only a stamp.
pub(crate) fn whole_stamp(text: &[u8], zone: Zone) -> Option<(Stamp, usize)> {
    const LONGEST: usize = 64;
    if text.len() > LONGEST {
        return None;
    }
    stamp(&[text, b" "].concat(), zone).filter(|(_, used)| *used == text.len())
}

/// The line that a syslog daemon writes instead of equal lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated<'a> {
    /// The time, if the line has one.
    pub stamp: Option<Stamp>,
    /// The host; empty if unknown.
    pub host: &'a [u8],
    /// The number of repetitions, at least 1.
    pub times: u32,
}

/// Reads `last message repeated 5 times` after a stamp, a host and the daemon's tag, all of which may be missing.
/// macOS puts hyphens around the words. Linear in the line's end.
#[must_use]
pub fn repeated<'a>(line: &'a [u8], zone: Zone<'_>) -> Option<Repeated<'a>> {
    const WORDS: &[u8] = b"last message repeated ";
    /// A longer line is another message.
    const LONGEST: usize = 400;
    let line = line.trim_ascii();
    let line = line.strip_suffix(b" ---").unwrap_or(line);
    let before = line.strip_suffix(b" times").or_else(|| line.strip_suffix(b" time"))?;
    let before = (before.len() <= LONGEST).then_some(before)?;
    let (head, times) = cut_last(before, WORDS)?;
    let times = number(times)?.max(1);
    let head = match head {
        [b'<', rest @ ..] => rest.get(rest.iter().take(4).position(|b| *b == b'>')? + 1..)?.trim_ascii(),
        head => head.trim_ascii(),
    };
    let head = head.strip_suffix(b"---").unwrap_or(head).trim_ascii_end();
    let (stamp, rest) = match stamp_within(head, zone) {
        Some((stamp, used)) => (Some(stamp), head.get(used..)?.trim_ascii()),
        None => (None, head),
    };
    let is_tag = |word: &[u8]| tag(word).is_some_and(|(name, _)| name.ends_with(b"syslogd") || name == b"syslog");
    let (first, rest) = first_word(rest);
    let host = match (first, rest.trim_ascii()) {
        (tag, b"") if is_tag(tag) => b"",
        (host, b"") if tag(host).is_none() => host,
        (host, second) if tag(host).is_none() => {
            let (word, second) = first_word(second);
            let second = if is_facility(word) { second } else { rest.trim_ascii() };
            (second.is_empty() || is_tag(second)).then_some(host)?
        }
        _ => return None,
    };
    Some(Repeated { stamp, host, times })
}

/// Reads a stamp like [`stamp`], but also at the end of the text.
fn stamp_within(bytes: &[u8], zone: Zone<'_>) -> Option<(Stamp, usize)> {
    let mut with_space = [b' '; 64];
    let length = bytes.len().min(with_space.len() - 1);
    with_space.get_mut(..length)?.copy_from_slice(bytes.get(..length)?);
    stamp(&with_space, zone).filter(|(_, used)| *used <= bytes.len())
}

/// Reads a stamp and the word boundary after it. Returns the length of the stamp.
pub(crate) fn stamp(bytes: &[u8], zone: Zone) -> Option<(Stamp, usize)> {
    let (stamp, used) = leading(bytes, zone)?;
    // Some daemons put a colon after the time.
    let used = if bytes.get(used) == Some(&b':') { used + 1 } else { used };
    matches!(bytes.get(used), Some(b' ' | b'\t')).then_some((stamp, used))
}

/// Reads the program and its process: `sshd[123]:`, `sshd:`, `[sshd]:`, `[sshd]`, `sshd(pam_unix)[123]:`.
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

/// True for `[1772611200.123]`.
fn is_seconds(word: &[u8]) -> bool {
    matches!(word, [b'[', inner @ .., b']'] if inner.contains(&b'.') && inner.iter().all(|b| b.is_ascii_digit() || *b == b'.'))
}

/// True for a facility: `auth.info` (BusyBox and OpenWrt, before the program), `<auth.info>` (the BSDs),
/// `auth|security:info` (AIX).
fn is_facility(word: &[u8]) -> bool {
    let word = word.strip_prefix(b"<").and_then(|word| word.strip_suffix(b">")).unwrap_or(word);
    // The word must not be the name of a file: `auth.log:17`.
    !word.ends_with(b":")
        && word.iter().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'|' | b':' | b'_'))
        && [&b"auth."[..], b"authpriv.", b"daemon.", b"user.", b"kern.", b"auth|"]
            .iter()
            .any(|f| word.starts_with(f))
}

/// Reads RFC 5424 after its version: time, host, program, process, message id, structured data, message.
fn rfc5424<'a>(bytes: &'a [u8], zone: Zone<'_>) -> Option<Header<'a>> {
    let (time, rest) = first_word(bytes);
    let (host, rest) = first_word(rest);
    let (program, rest) = first_word(rest);
    let (process, rest) = first_word(rest);
    let (_id, rest) = first_word(rest);
    let stamp = match time {
        b"-" => None,
        _ => iso(time, zone).filter(|(_, used)| *used == time.len()).map(|(stamp, _)| stamp),
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

/// The text after `[id name="value" …][…]`. In values, `\` escapes `"`, `\` and `]` (RFC 5424 section 6.3.3).
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

/// The message without the prefixes of relays and kernels.
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
