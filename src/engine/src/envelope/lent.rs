//! Whose records a text may hold.
//!
//! Whoever writes into a log of a program writes text, and text may be JSON that looks like the record of an identity
//! provider. It is one only where the record around it says that such records come this way:
//!
//! | kept by | holds records of |
//! |---|---|
//! | nobody who is named, or only labelled | anybody: a collector's `log`, `message`, `body` |
//! | a forwarder: an agent, a relay, a queue | anybody |
//! | a provider's program, data set or module (`duologsync`, `okta.system`) | that provider |
//! | any other (`nginx`, `nginx.access`), or another category than those of logins | nobody |
//!
//! Names are those of syslog fields and headers, and of ECS: `event.dataset` (also `data_stream.dataset`),
//! `event.module`, `event.category`.

use crate::analytic::Telemetry;
use crate::carriers::slot::{CATEGORY, DATASET};
use crate::carriers::{FORWARDERS, INPUTS};
use crate::json::Slots;
use crate::shapes::{Family, KEEPERS};

/// Nobody's name is longer.
const LONGEST: usize = 256;

/// Whether a program's business is to pass on what others wrote.
pub fn is_forwarder(program: &[u8]) -> bool {
    has_any(program, FORWARDERS)
}

/// Of which families a JSON or XML record may be that stands in a text of this program, or of no program.
#[must_use]
pub fn lent(program: &[u8]) -> Telemetry {
    if program.is_empty() || is_forwarder(program) { Telemetry::ANY } else { provider(program) }
}

/// The same by what a record of ECS says of itself.
pub fn by_ecs(found: &Slots<'_>) -> Telemetry {
    if let Some(name) = found.get(DATASET).and_then(|value| value.as_text()) {
        let known = provider(name.as_bytes());
        if known != Telemetry::NONE {
            return known;
        }
        if !is_forwarder(name.as_bytes()) && !has_any(name.as_bytes(), INPUTS) {
            return Telemetry::NONE;
        }
    }
    let Some(category) = found.get(CATEGORY) else { return Telemetry::ANY };
    let ours = ["authentication", "iam", "session"].iter().any(|name| super::is_or_holds(category, name));
    if ours { Telemetry::ANY } else { Telemetry::NONE }
}

/// Whose records a provider's name stands for: those of the families with the part of lowest rank in it. What it
/// normalised itself is its own as well.
fn provider(name: &[u8]) -> Telemetry {
    let (mut lowest, mut families) = (u8::MAX, Telemetry::NONE);
    for (family, keepers) in Family::ALL.into_iter().zip(KEEPERS) {
        for (part, rank) in keepers.iter().copied().flatten() {
            if *rank <= lowest && has_any(name, &[part]) {
                families = if *rank < lowest { Telemetry::NORMALISED } else { families };
                families = families.and(family.telemetry());
                lowest = *rank;
            }
        }
    }
    families
}

/// Whether any of the words stands in a name, whatever its case.
fn has_any(name: &[u8], words: &[&str]) -> bool {
    name.len() <= LONGEST
        && words
            .iter()
            .any(|word| name.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes())))
}
