//! Small readers of what one pass over a record found, shared by the families.

use crate::envelope::stamp;
use crate::event::Text;
use crate::find::trim;
use crate::hash::{Hasher128, Salt};
use crate::json::{MemberSet, Object, Slots, Value, read};
use crate::net::parse_address;
use crate::stamp::{Stamp, Zone};
use core::net::IpAddr;

/// What a slot says, or nothing.
#[inline(never)]
pub(super) fn text<'a>(found: &Slots<'a>, slot: u8) -> Text<'a> {
    found.get(slot).and_then(|value| value.as_text()).unwrap_or_default()
}

/// Sets a text of an event to what a slot says.
#[inline(never)]
pub(super) fn fill<'a>(field: &mut Text<'a>, found: &Slots<'a>, slot: u8) {
    *field = text(found, slot);
}

/// The number that a slot holds.
#[inline(never)]
pub(super) fn number(found: &Slots<'_>, slot: u8) -> Option<u32> {
    u32::try_from(found.get(slot)?.as_i64()?).ok()
}

/// The point in time that a slot holds. `zone` goes for one that is written without.
#[inline(never)]
pub(super) fn time(found: &Slots<'_>, slot: u8, zone: Zone) -> Option<Stamp> {
    stamp(found.get(slot)?, zone)
}

/// Reads a record by its members, or the one inside it where a carrier holds it in a member of its own (`within`): the
/// one that fills any of the slots `marks`. `None` where neither does, or what should be read is malformed.
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

/// The id that a provider gave an event in one of its logs, as [`Event::delivery`](crate::event::Event::delivery) holds it. None where it gave none.
#[inline(never)]
pub(super) fn delivery(log: &str, found: &Slots<'_>, slot: u8) -> Option<u128> {
    let id = text(found, slot);
    let hash = || Hasher128::new(Salt::new(""), 2).part(log.as_bytes()).part(id.as_bytes()).finish();
    (!id.is_empty()).then(|| hash().0)
}

/// Address and, where what stands there is no address, the name of the client.
#[inline(never)]
pub(super) fn client<'a>(address: Option<Value<'a>>, name: Option<Value<'a>>) -> (Option<IpAddr>, Text<'a>) {
    // A field of which there are several holds an array: the first is the nearest.
    let one = |value: Value<'a>| value.as_array().map_or(Some(value), |mut items| items.next());
    let mut word = Text::Borrowed("");
    for value in [address, name].into_iter().flatten().filter_map(one) {
        let Some(said) = value.as_text() else { continue };
        if let Some(address) = parse_address(&said) {
            return (Some(address), Text::Borrowed(""));
        }
        // The words for "none".
        if !matches!(trim(&said), "" | "-" | "?" | "UNKNOWN" | "LOCAL" | "localhost") {
            word = said;
        }
    }
    (None, word)
}
