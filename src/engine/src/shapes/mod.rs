//! Records with fields of their own, one decoder for each family of writers.
//!
//! The envelope recognises whose record it is while it looks for text ([`crate::envelope::Family`]); here it is taken
//! apart, and looked at closer: a field that gave a family away is no proof. A record that carries the original text of
//! a Linux program as well is judged by that text alone
//! ([`Envelope::speaks_linux`](crate::envelope::Envelope::speaks_linux)), never by both.

pub mod audit;
pub mod auth0;
pub mod duo;
pub mod ecs;
pub mod entra;
pub mod exchange;
pub mod iis;
pub mod macos;
pub mod ocsf;
pub mod okta;
mod spelling;
#[cfg(test)]
mod testing;
pub mod windows;
mod world;

use crate::analytic::{Reads, Telemetry};
use crate::envelope::{Family, stamp};
use crate::event::{Event, Text};
use crate::find::trim;
use crate::hash::{Hasher128, Salt};
use crate::json::{Names, Object, Slots, Value, read};
use crate::net::parse_address;
use crate::stamp::{Stamp, Zone};
use core::net::IpAddr;
use spelling::lower;

/// For each family of telemetry, literals of which any of its records that matter contains at least one, whatever its
/// encoder escapes. Compared without ASCII case.
pub const NEEDLES: [(Telemetry, &[&str]); 10] = [
    // `event.category` of ECS and `class_uid` of OCSF.
    (Telemetry::NORMALISED, &["authentication", "3002"]),
    (Telemetry::WINDOWS, windows::NEEDLES),
    (Telemetry::ENTRA, entra::NEEDLES),
    (Telemetry::AUDIT, audit::NEEDLES),
    (Telemetry::IIS, iis::NEEDLES),
    (Telemetry::EXCHANGE, exchange::NEEDLES),
    (Telemetry::OKTA, okta::NEEDLES),
    (Telemetry::DUO, duo::NEEDLES),
    (Telemetry::AUTH0, auth0::NEEDLES),
    (Telemetry::MACOS, macos::NEEDLES),
];

/// What a decoder is given beside the record.
#[derive(Clone, Copy, Debug)]
pub struct Given<'g> {
    /// The time zone of times that are written without one.
    pub zone: Zone<'g>,
    /// Codes of sign-in and audit logs that count as failures beyond the usual ones.
    pub extra_failure_codes: &'g [u32],
}

/// What a record says: an event, and when it happened, if that is known. `None`: nothing that counts.
pub type Said<'a> = Option<(Event<'a>, Option<Stamp>)>;

/// Takes a record of a family apart.
pub fn decode<'a, R: Reads>(family: Family, object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    // What the analytic does not read is no code in its module: each condition is known when it is compiled.
    const fn reads<R: Reads>(telemetry: Telemetry) -> bool {
        R::TELEMETRY.has(telemetry)
    }
    match family {
        Family::Ecs if reads::<R>(Telemetry::NORMALISED) => ecs::decode(object, given.zone),
        Family::Ocsf if reads::<R>(Telemetry::NORMALISED) => ocsf::decode(object, given.zone),
        Family::Windows if reads::<R>(Telemetry::WINDOWS) => windows::decode(object, given),
        Family::Entra if reads::<R>(Telemetry::ENTRA) => entra::decode(object, given),
        Family::Audit if reads::<R>(Telemetry::AUDIT) => audit::decode(object, given),
        Family::Iis if reads::<R>(Telemetry::IIS) => iis::decode(object, given),
        Family::Exchange if reads::<R>(Telemetry::EXCHANGE) => exchange::decode(object, given),
        Family::Okta if reads::<R>(Telemetry::OKTA) => okta::decode(object, given),
        Family::Duo if reads::<R>(Telemetry::DUO) => duo::decode(object, given),
        Family::Auth0 if reads::<R>(Telemetry::AUTH0) => auth0::decode(object, given),
        Family::Macos if reads::<R>(Telemetry::MACOS) => macos::decode(object, given),
        _ => None,
    }
}

/// What a slot says, or nothing.
#[inline(never)]
fn text<'a>(found: &Slots<'a>, slot: u8) -> Text<'a> {
    found.get(slot).and_then(|value| value.as_text()).unwrap_or_default()
}

/// Sets a text of an event to what a slot says.
#[inline(never)]
fn fill<'a>(field: &mut Text<'a>, found: &Slots<'a>, slot: u8) {
    *field = text(found, slot);
}

/// The number that a slot holds.
#[inline(never)]
fn number(found: &Slots<'_>, slot: u8) -> Option<u32> {
    u32::try_from(found.get(slot)?.as_i64()?).ok()
}

/// The point in time that a slot holds. `zone` goes for one that is written without.
#[inline(never)]
fn time(found: &Slots<'_>, slot: u8, zone: Zone) -> Option<Stamp> {
    stamp(found.get(slot)?, zone)
}

/// Reads a record by its table, or the one inside it where a carrier holds it in a member of its own (`within`): the
/// one that fills any of the slots `marks`. `None` where neither does, or what should be read is malformed.
fn read_within<'a>(object: &Object<'a>, names: Names, marks: &[u8], within: &[&str]) -> Option<Slots<'a>> {
    let one = |object: &Object<'a>| {
        let mut found = Slots::default();
        let whole = read(object, names, &mut found);
        (whole && marks.iter().any(|mark| found.get(*mark).is_some())).then_some(found)
    };
    one(object).or_else(|| within.iter().find_map(|name| one(&object.get(name)?.as_object()?)))
}

/// The id that a provider gave an event, as [`Event::delivery`] holds it. None where it gave none.
#[inline(never)]
fn delivery(provider: &str, found: &Slots<'_>, slot: u8) -> Option<u128> {
    let id = text(found, slot);
    let hash = || Hasher128::new(Salt::new(""), 2).part(provider.as_bytes()).part(id.as_bytes()).finish();
    (!id.is_empty()).then(|| hash().0)
}

/// Address and, where what stands there is no address, the name of the client.
#[inline(never)]
fn client<'a>(address: Option<Value<'a>>, name: Option<Value<'a>>) -> (Option<IpAddr>, Text<'a>) {
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
