//! Removes the prefixes that agents and tools put in front of whole lines: container runtimes, relays, grep, Wazuh's
//! archives.
//!
//! A prefix is removed only if the line does not read as a record by itself. The rest must begin like a record: a
//! time, a priority, XML, JSON or an audit record. Only prefixes of container logs need no such rest.
//!
//! [`PREFIXES`] lists them.

use crate::envelope::is_forwarder;
use crate::find::{find, position};
use crate::shapes::linux::header;
use crate::stamp::{Stamp, Zone};

/// The longest name of a file, container or place in a prefix.
const LONGEST: usize = 256;

/// An example of each prefix, and its writer.
pub const PREFIXES: &[(&str, &str)] = &[
    ("2026-03-01T09:00:00.1Z stderr F ", "CRI: containerd, CRI-O"),
    ("2026-03-01T09:00:00.1Z ", "`kubectl logs --timestamps`, `docker logs -t`"),
    ("2026-03-01T09:00:00.123000+00:00 i-0abc ", "`aws logs tail`"),
    ("2026-03-01T09:00:00Z {job=\"ssh\", host=\"web1\"} ", "Loki's `logcli`"),
    ("[pod/bastion-0/sshd] ", "`kubectl logs --prefix`"),
    ("sshd-1  | ", "`docker compose logs`"),
    ("2026 Mar 01 09:00:00 (web1) 192.0.2.1->/var/log/auth.log ", "Wazuh's archives.log and alerts.log"),
    ("/var/log/auth.log:", "grep"),
    ("auth.log:17:", "`grep -n`"),
    ("[2026-03-01 09:00:00] ", "tools that date what they copy"),
    ("2026-03-01T09:00:00+00:00\tsystem.auth\t", "Fluentd's files, before JSON"),
    ("2026-03-01 09:00:00.123456789 +0000 system.auth: ", "Fluentd's standard output, before JSON"),
    ("[0] tail.0: [1772355600.123456789, ", "Fluent Bit's standard output, around JSON"),
    ("[4711] Mar 01 09:00:00 ", "dropbear, into its standard error"),
    ("4711 2026-03-01 09:00:00.123 ", "sshd on Windows, into `sshd.log`"),
    ("Mar  1 09:00:00 relay ", "a relay, before a whole line"),
    ("Mar  1 09:00:00 relay rsyslogd: ", "a relay that names itself"),
    ("123 ", "octet counting (RFC 6587)"),
    ("data: ", "server-sent events: the journal's gateway"),
];

/// A line without its prefix, and the facts from the prefix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefixed<'a> {
    /// The rest of the line.
    pub rest: &'a [u8],
    /// The time in the prefix.
    pub stamp: Option<Stamp>,
    /// The host.
    pub host: &'a [u8],
    /// The container.
    pub container: &'a [u8],
    /// True for a line of a container's output, or of another log in which sshd names neither itself nor the host.
    pub stream: bool,
    /// The process id.
    pub pid: Option<u32>,
}

/// Removes one prefix from a line. O(1), except for names and similar text.
#[must_use]
pub fn strip<'a>(line: &'a [u8], zone: Zone<'_>) -> Option<Prefixed<'a>> {
    let line = line.trim_ascii();
    match line.first()? {
        b'[' => bracketed(line, zone),
        b'<' => relayed_structured(line, zone).or_else(|| dated(line, zone)),
        b'0'..=b'9' => counted(line)
            .or_else(|| windows(line, zone))
            .or_else(|| archived(line))
            .or_else(|| named(line, zone))
            .or_else(|| dated(line, zone)),
        b'd' if line.starts_with(b"data: {") => {
            Some(Prefixed { rest: line.get(6..)?, ..Prefixed::default() })
        }
        _ => dated(line, zone).or_else(|| named(line, zone)).or_else(|| composed(line)),
    }
}

/// True if a text begins like a record.
fn opens(text: &[u8], zone: Zone<'_>) -> bool {
    match text.first() {
        Some(b'<') => text.starts_with(b"<Event") || text.get(1).is_some_and(u8::is_ascii_digit),
        Some(b'{') => true,
        Some(b't') if text.starts_with(b"type=") => true,
        Some(b'n') if text.starts_with(b"node=") => true,
        _ => header::stamp(text, zone).is_some(),
    }
}

/// Removes `[pod/NAME/CONTAINER] …` or `[2026-03-01 09:00:00] …`.
fn bracketed<'a>(line: &'a [u8], zone: Zone<'_>) -> Option<Prefixed<'a>> {
    let end = position(line.get(..LONGEST).unwrap_or(line), b']')?;
    let (inside, rest) = (line.get(1..end)?, line.get(end + 1..)?.strip_prefix(b" ")?);
    if inside.len() < 8 && inside.iter().all(u8::is_ascii_digit) {
        return printed(rest).or_else(|| of_process(inside, rest, zone));
    }
    if let Some(name) = inside.strip_prefix(b"pod/") {
        let container = name.rsplit(|byte| *byte == b'/').next()?;
        return Some(Prefixed { rest, container, stream: true, ..Prefixed::default() });
    }
    // A word boundary must follow the stamp, as in a syslog header.
    let (stamp, _) = header::stamp(line.get(1..)?, zone).or_else(|| header::whole_stamp(inside, zone))?;
    Some(Prefixed { rest, stamp: Some(stamp), ..Prefixed::default() })
}

/// Removes `tail.0: [1772355600.123456789, {…}]`, with or without Fluent Bit's metadata: `[[1772355600.123456789,
/// {}], {…}]`.
#[inline(never)]
fn printed(line: &[u8]) -> Option<Prefixed<'_>> {
    let (tag, rest) = line.split_at_checked(position(line.get(..LONGEST).unwrap_or(line), b':')?)?;
    let rest = rest.strip_prefix(b": [")?;
    let rest = rest.strip_suffix(b"]").unwrap_or(rest);
    let is_time = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let clock = |text: &[u8]| text.iter().take(24).take_while(|byte| is_time(byte)).count();
    let rest = match rest.strip_prefix(b"[") {
        None => rest.get(clock(rest)..)?.strip_prefix(b", ")?,
        Some(rest) => {
            let rest = rest.get(clock(rest)..)?.strip_prefix(b", {")?;
            rest.get(find(rest.get(..LONGEST).unwrap_or(rest), b"}], ")? + 4..)?
        }
    };
    let is_tag = !tag.is_empty() && !tag.iter().any(|byte| matches!(byte, b' ' | b'"' | b'{' | b'['));
    (is_tag && rest.starts_with(b"{")).then_some(Prefixed { rest, ..Prefixed::default() })
}

/// Reads `[4711] Mar 01 09:00:00 …`. `process` is the text in the brackets.
#[inline(never)]
fn of_process<'a>(process: &[u8], rest: &'a [u8], zone: Zone<'_>) -> Option<Prefixed<'a>> {
    let pid = core::str::from_utf8(process).ok()?.parse().ok()?;
    let (stamp, used) = header::stamp(rest, zone)?;
    let rest = rest.get(used..)?.strip_prefix(b" ")?;
    Some(Prefixed { rest, stamp: Some(stamp), stream: true, pid: Some(pid), ..Prefixed::default() })
}

/// Removes the length in `123 <38>…`.
fn counted(line: &[u8]) -> Option<Prefixed<'_>> {
    let at = line.iter().take(8).position(|byte| !byte.is_ascii_digit())?;
    let rest = line.get(at..)?.strip_prefix(b" ")?;
    rest.starts_with(b"<").then_some(Prefixed { rest, ..Prefixed::default() })
}

/// Removes `4711 2026-03-01 09:00:00.123 …`: process, local time in milliseconds, message.
fn windows<'a>(line: &'a [u8], zone: Zone<'_>) -> Option<Prefixed<'a>> {
    let at = line.iter().take(8).position(|byte| !byte.is_ascii_digit())?;
    let (pid, rest) = line.split_at_checked(at)?;
    let [b' ', time @ ..] = rest else { return None };
    let [
        _,
        _,
        _,
        _,
        b'-',
        _,
        _,
        b'-',
        _,
        _,
        b' ',
        _,
        _,
        b':',
        _,
        _,
        b':',
        _,
        _,
        b'.',
        _,
        _,
        _,
        b' ',
        rest @ ..,
    ] = time
    else {
        return None;
    };
    let pid = core::str::from_utf8(pid).ok()?.parse().ok()?;
    let (stamp, _) = header::stamp(time, zone)?;
    Some(Prefixed { rest, stamp: Some(stamp), stream: true, pid: Some(pid), ..Prefixed::default() })
}

/// Removes a forwarder's RFC 5424 header before a whole line: `<38>1 2026-03-01T09:00:00Z relay rsyslogd - - - …`.
fn relayed_structured<'a>(line: &'a [u8], zone: Zone<'_>) -> Option<Prefixed<'a>> {
    header::without_priority(line)?.strip_prefix(b"1 ")?;
    let header = header::parse(line, zone)?;
    (is_forwarder(header.program) && opens(header.message, zone)).then_some(Prefixed {
        rest: header.message,
        stamp: header.stamp,
        host: header.host,
        ..Prefixed::default()
    })
}

/// Removes `2026 Mar 01 09:00:00 (web1) 192.0.2.1->/var/log/auth.log …`. The time is that of the Wazuh manager, and
/// is ignored.
fn archived(line: &[u8]) -> Option<Prefixed<'_>> {
    let [_, _, _, _, b' ', _, _, _, b' ', _, _, b' ', _, _, b':', _, _, b':', _, _, b' ', place @ ..] = line
    else {
        return None;
    };
    let arrow = find(place.get(..LONGEST).unwrap_or(place), b"->")?;
    let (source, rest) = (place.get(..arrow)?, place.get(arrow + 2..)?);
    let rest = rest.get(position(rest.get(..LONGEST).unwrap_or(rest), b' ')? + 1..)?;
    // The forms are `(web1) any` and `web1`.
    let host = match source.strip_prefix(b"(") {
        Some(named) => named.get(..position(named, b')')?)?,
        None => source,
    };
    Some(Prefixed { rest, host, ..Prefixed::default() })
}

/// Removes `FILE:…`, `FILE:17:…` or `17:…`. The rest must begin like a record.
fn named<'a>(line: &'a [u8], zone: Zone<'_>) -> Option<Prefixed<'a>> {
    let head = line.get(..LONGEST).unwrap_or(line);
    for (at, byte) in head.iter().enumerate() {
        match byte {
            b':' => {
                let rest = line.get(at + 1..)?;
                if opens(rest, zone) {
                    return Some(Prefixed { rest, ..Prefixed::default() });
                }
            }
            b' ' | b'\t' | b'"' | b'{' | b'<' | b'=' => return None,
            _ => {}
        }
    }
    None
}

/// Removes `sshd-1  | …`, as Docker Compose writes it.
fn composed(line: &[u8]) -> Option<Prefixed<'_>> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let end = line.iter().take(LONGEST).position(|byte| !is_name(byte))?;
    let (name, after) = line.split_at_checked(end)?;
    let rest = after.trim_ascii_start().strip_prefix(b"| ")?;
    (after.starts_with(b" ") && !name.is_empty()).then_some(Prefixed {
        rest,
        container: name,
        stream: true,
        ..Prefixed::default()
    })
}

/// Removes a time and what follows it: a container's stream, a host or a relay.
fn dated<'a>(line: &'a [u8], zone: Zone<'_>) -> Option<Prefixed<'a>> {
    let line = header::without_priority(line)?;
    let (stamp, used) = header::stamp(line, zone)?;
    let behind = line.get(used..)?;
    let rest = behind.trim_ascii_start();
    let found = Prefixed { rest, stamp: Some(stamp), ..Prefixed::default() };
    if let Some(rest) = behind.strip_prefix(b"\t").and_then(|rest| tagged(rest, b"\t")) {
        return Some(Prefixed { rest, ..found });
    }
    // Fluentd writes nanoseconds and an offset here. A program with dots in its name that logs JSON does not.
    if line.get(..used).is_some_and(counts_nanoseconds)
        && let Some(rest) = behind.strip_prefix(b" ").and_then(|rest| tagged(rest, b": "))
    {
        return Some(Prefixed { rest, ..found });
    }
    for stream in [&b"stdout "[..], b"stderr "] {
        if let Some([_, b' ' | b':', ..]) = rest.strip_prefix(stream) {
            let flags = rest.get(stream.len()..)?;
            let rest = flags.get(position(flags, b' ')? + 1..)?;
            return Some(Prefixed { rest, stream: true, ..found });
        }
    }
    if opens(rest, zone) {
        return Some(Prefixed { rest: labelled(rest).unwrap_or(rest), ..found });
    }
    if let Some(relayed) = relayed(rest, zone) {
        return Some(Prefixed { stamp: found.stamp, ..relayed });
    }
    // A container log counts nanoseconds, in UTC.
    let nanos = line.get(..used).is_some_and(|time| time.ends_with(b"Z") && time.contains(&b'.'));
    nanos.then_some(Prefixed { stream: true, ..found })
}

/// True for `2026-03-01 09:00:00.123456789 +0000`.
#[inline(never)]
fn counts_nanoseconds(time: &[u8]) -> bool {
    let fraction = position(time, b'.').and_then(|point| time.get(point + 1..)).unwrap_or_default();
    fraction.iter().take_while(|byte| byte.is_ascii_digit()).count() == 9
        && matches!(fraction.get(9..), Some([b' ', b'+' | b'-', ..]))
}

/// Removes one of Fluentd's tags with dots before JSON: `system.auth⇥{…`. Other loggers write a level there.
#[inline(never)]
fn tagged<'a>(rest: &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    let at = find(rest.get(..LONGEST).unwrap_or(rest), end)?;
    let (tag, record) = (rest.get(..at)?, rest.get(at + end.len()..)?);
    let is_tag = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/');
    (record.starts_with(b"{") && tag.contains(&b'.') && tag.iter().all(is_tag)).then_some(record)
}

/// Removes `relay …` or `relay rsyslogd: …`: a host, perhaps with a forwarder, before a whole line.
fn relayed<'a>(rest: &'a [u8], zone: Zone<'_>) -> Option<Prefixed<'a>> {
    let word = |text: &'a [u8]| {
        let space = position(text.get(..LONGEST).unwrap_or(text), b' ')?;
        Some((text.get(..space)?, text.get(space + 1..)?))
    };
    let (host, after) = word(rest)?;
    // JSON after a host alone is no known record.
    if !after.starts_with(b"{") && opens(after, zone) {
        return Some(Prefixed { rest: after, host, ..Prefixed::default() });
    }
    let (tag, message) = word(after)?;
    let name = tag.strip_suffix(b":")?.split(|byte| *byte == b'[').next()?;
    (is_forwarder(name) && opens(message, zone)).then_some(Prefixed {
        rest: message,
        host,
        ..Prefixed::default()
    })
}

/// The text after the labels that logcli writes: `{host="web1"} …`.
fn labelled(rest: &[u8]) -> Option<&[u8]> {
    let labels = rest.strip_prefix(b"{")?;
    labels.first()?.is_ascii_alphabetic().then_some(())?;
    let end = find(labels, b"\"} ")?;
    labels.get(end + 3..)
}

#[cfg(test)]
mod tests;
