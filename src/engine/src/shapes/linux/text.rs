//! Small readers of bytes for the Linux decoders. All are linear and none allocates.

pub(super) use crate::event::text;
use super::Shape;
use crate::event::{Event, Text};
use crate::find::{find, last_position, position, rfind};
use crate::net::{parse_address, parse_dotted};
use crate::shapes::Provider;
use core::net::IpAddr;

/// The text before and after the first `mark`.
pub(super) fn cut<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    split(bytes, find(bytes, mark)?, mark.len())
}

/// The text before and after the last `mark`.
pub(super) fn cut_last<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    split(bytes, rfind(bytes, mark)?, mark.len())
}

/// The first word, and the text after the one space after it. Without a space, the whole text is the word.
pub(super) fn first_word(bytes: &[u8]) -> (&[u8], &[u8]) {
    position(bytes, b' ').and_then(|at| split(bytes, at, 1)).unwrap_or((bytes, b""))
}

/// The text before the last space, and the word after it. `None` without a space.
pub(super) fn last_word(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    split(bytes, last_position(bytes, b' ')?, 1)
}

fn split(bytes: &[u8], at: usize, length: usize) -> Option<(&[u8], &[u8])> {
    let (before, rest) = bytes.split_at_checked(at)?;
    Some((before, rest.get(length..)?))
}

/// Reads a text that is a decimal number.
pub(super) fn number(bytes: &[u8]) -> Option<u32> {
    let mut value = 0u64;
    for byte in bytes {
        if !byte.is_ascii_digit() || value > u32::MAX.into() {
            return None;
        }
        value = value * 10 + u64::from(byte - b'0');
    }
    u32::try_from(value).ok().filter(|_| !bytes.is_empty())
}

/// Reads the digits at the start as a number, at most `u32::MAX`. Returns the rest too.
pub(super) fn leading_number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = bytes.split_at_checked(digits)?;
    (!digits.is_empty()).then(|| {
        let add = |value: u32, digit: &u8| value.saturating_mul(10).saturating_add(u32::from(digit & 0x0f));
        (digits.iter().fold(0, add), rest)
    })
}

/// An address, or else a name. `?`, `-`, `(null)` and the empty text give neither.
pub(super) fn peer(host: &[u8]) -> (Option<IpAddr>, Text<'_>) {
    match parse_dotted(host).or_else(|| parse_address(core::str::from_utf8(host).ok()?)) {
        Some(address) => (Some(address), Text::Borrowed("")),
        None if matches!(host, b"" | b"?" | b"-" | b"(null)" | b"UNKNOWN") => (None, Text::Borrowed("")),
        None => (None, text(host)),
    }
}

/// The terminal in the form `pts/0`. Empty for `?`, `unknown` and other words for "none".
pub(super) fn terminal(name: &[u8]) -> &[u8] {
    match name.strip_prefix(b"/dev/").unwrap_or(name) {
        b"?" | b"??" | b"???" | b"unknown" | b"none" | b"(none)" | b"(null)" => b"",
        name => name,
    }
}

/// A new event of one failed attempt, with no other facts.
pub(super) fn event<'a>(shape: Shape, service: &'a [u8]) -> Event<'a> {
    let mut event = Event::new(shape.into(), Provider::Linux);
    event.service = text(service);
    event
}
