//! Small readers for the values that one pass over a record found, shared by the families.

use crate::envelope::stamp;
use crate::event::Text;
use crate::find::trim;
use crate::hash::{Hasher128, Salt};
use crate::json::{MemberSet, Object, Slots, Value, read};
use crate::net::parse_address;
use crate::stamp::{Stamp, Zone};
use core::net::IpAddr;

/// The text in a slot, or the empty text.
#[inline(never)]
pub(super) fn text<'a>(found: &Slots<'a>, slot: u8) -> Text<'a> {
    found.get(slot).and_then(|value| value.as_text()).unwrap_or_default()
}

/// Sets a text of an event to the value in a slot.
#[inline(never)]
pub(super) fn fill<'a>(field: &mut Text<'a>, found: &Slots<'a>, slot: u8) {
    *field = text(found, slot);
}

/// The number in a slot.
#[inline(never)]
pub(super) fn number(found: &Slots<'_>, slot: u8) -> Option<u32> {
    u32::try_from(found.get(slot)?.as_i64()?).ok()
}

/// The time in a slot. `zone` is for a time without a zone of its own.
#[inline(never)]
pub(super) fn time(found: &Slots<'_>, slot: u8, zone: Zone) -> Option<Stamp> {
    stamp(found.get(slot)?, zone)
}

/// Reads the members of a record, or of the inner record in one of its members (`within`). Takes the first of these
/// that fills any of the slots `marks`. `None` if none does, or if the object to read is malformed.
pub(super) fn read_within<'a>(
    object: &Object<'a>,
    members: MemberSet,
    marks: &[u8],
    within: &[&str],
) -> Option<Slots<'a>> {
    let one = |object: &Object<'a>| {
        let mut found = Slots::default();
        let whole = read(object, members, &mut found);
        (whole && marks.iter().any(|mark| found.get(*mark).is_some())).then_some(found)
    };
    one(object).or_else(|| within.iter().find_map(|name| one(&object.get(name)?.as_object()?)))
}

/// The id that a provider gave an event in one of its logs, in the form of
/// [`Event::delivery`](crate::event::Event::delivery). `None` if there is no id.
#[inline(never)]
pub(super) fn delivery(log: &str, found: &Slots<'_>, slot: u8) -> Option<u128> {
    let id = text(found, slot);
    let hash = || Hasher128::new(Salt::new(""), 2).part(log.as_bytes()).part(id.as_bytes()).finish();
    (!id.is_empty()).then(|| hash().0)
}

/// The client's address, or its name if the value is no address.
#[inline(never)]
pub(super) fn client<'a>(address: Option<Value<'a>>, name: Option<Value<'a>>) -> (Option<IpAddr>, Text<'a>) {
    // A repeated field holds an array; its first element is the nearest client.
    let one = |value: Value<'a>| value.as_array().map_or(Some(value), |mut items| items.next());
    let mut word = Text::Borrowed("");
    for value in [address, name].into_iter().flatten().filter_map(one) {
        let Some(said) = value.as_text() else { continue };
        if let Some(address) = parse_address(&said) {
            return (Some(address), Text::Borrowed(""));
        }
        // Words for "none".
        if !matches!(trim(&said), "" | "-" | "?" | "UNKNOWN" | "LOCAL" | "localhost") {
            word = said;
        }
    }
    (None, word)
}
