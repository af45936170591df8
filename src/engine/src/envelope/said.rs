//! The text of a record: the member that holds it, and its bytes.

use super::Trust;
use crate::carriers::slot::{ORIGINAL, TEXT};
use crate::json::{Kind, Object, Slots, Value};
use alloc::vec::Vec;

/// The text as it is in the record. Without a program, the original line says more than the parsed text.
pub(super) fn text<'a>(found: &Slots<'a>, trust: Trust) -> Option<Value<'a>> {
    let original = found.get(ORIGINAL).filter(|value| value.kind == Kind::Str);
    let text = found.get(TEXT).filter(|value| matches!(value.kind, Kind::Str | Kind::Array | Kind::Object));
    if trust < Trust::Named { original.or(text) } else { text.or(original) }
}

/// True if hosts can find the text. A text as an array of numbers contains no needle, so hosts look for its name and
/// the characters after it ([`Decoder::needles`](crate::decode::Decoder::needles)).
pub(super) fn is_found(object: &Object<'_>, value: &Value<'_>, strings: usize) -> bool {
    let numbers =
        || value.as_array().and_then(|mut items| items.next()).is_some_and(|first| first.kind == Kind::Num);
    if value.kind != Kind::Array || !numbers() {
        return true;
    }
    let forms: &[&[u8]] = match strings {
        0 => &[b"\":", b"\": ", b"\":  ", b"\":\t", b"\" :", b"\" : "],
        1 => &[b"\":", b"\": ", b"\":  ", b"\" :", b"\" : "],
        2 => &[b"\":", b"\": ", b"\" :", b"\" : "],
        _ => &[],
    };
    let before = object.before(value).unwrap_or_default();
    forms.iter().any(|form| {
        let name = before.strip_suffix(*form).unwrap_or_default();
        let start = name.len().saturating_sub(b"message".len());
        name.get(start..).is_some_and(|name| name.eq_ignore_ascii_case(b"message"))
    })
}

/// The bytes of a text: a string, the first of several values, or an array of numbers. The "Journal JSON Format" of
/// systemd writes bytes that are not UTF-8 as such an array.
pub(super) fn said<'a>(value: Value<'a>, scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let Some(mut items) = value.as_array() else { return value.bytes(scratch) };
    let first = items.clone().next()?;
    if first.kind == Kind::Str {
        return first.bytes(scratch);
    }
    scratch.clear();
    for item in items.by_ref() {
        scratch.push(u8::try_from(item.as_i64()?).ok()?);
    }
    items.complete().then_some(scratch)
}
