//! Events that somebody else has normalised already: ECS and OCSF.
//!
//! The envelope recognises them while it reads a record ([`crate::envelope::Shape`]); here they are taken apart. A
//! record that carries the original text of a Linux program as well is judged by that text alone
//! ([`Envelope::speaks_linux`](crate::envelope::Envelope::speaks_linux)), never by both.

pub mod ecs;
pub mod ocsf;

use crate::event::Text;
use crate::json::{Slots, Value};
use crate::net::parse_address;
use core::net::IpAddr;

/// What any record of these shapes contains, whatever its encoder escapes: `event.category` of ECS and `class_uid` of
/// OCSF. Compared without ASCII case.
pub const NEEDLES: [&str; 2] = ["authentication", "3002"];

/// What a slot says, or nothing.
fn text<'a, const S: usize>(found: &Slots<'a, S>, slot: u8) -> Text<'a> {
    found.get(slot).and_then(|value| value.as_text()).unwrap_or_default()
}

/// Address and, where what stands there is no address, the name of the client.
fn client<'a>(address: Option<Value<'a>>, name: Option<Value<'a>>) -> (Option<IpAddr>, Text<'a>) {
    // A field of which there are several holds an array: the first is the nearest.
    let one = |value: Value<'a>| value.as_array().map_or(Some(value), |mut items| items.next());
    let mut word = Text::default();
    for value in [address, name].into_iter().flatten().filter_map(one) {
        let Some(said) = value.as_text() else { continue };
        if let Some(address) = parse_address(&said) {
            return (Some(address), Text::default());
        }
        // The words for "none".
        if !matches!(said.trim(), "" | "-" | "?" | "UNKNOWN" | "LOCAL" | "localhost") {
            word = said;
        }
    }
    (None, word)
}
