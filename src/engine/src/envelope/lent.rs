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
use crate::json::{Slots, equal};
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

/// Whose records a provider's name stands for: those of the first part that is in it. What it normalised itself is its own
/// as well.
fn provider(name: &[u8]) -> Telemetry {
    let part = PARTS.iter().take(DISTINCT).find(|part| has_any(name, &[part.text]));
    part.map_or(Telemetry::NONE, |part| part.families.and(Telemetry::NORMALISED))
}

/// A part of names, and the families whose records the text of such a program may hold.
#[derive(Clone, Copy)]
struct Part {
    text: &'static str,
    rank: u8,
    families: Telemetry,
}

/// The parts of all families, each once, those of lower rank first; behind them nothing.
static PARTS: [Part; COUNT] = SORTED.0;
const DISTINCT: usize = SORTED.1;
const SORTED: ([Part; COUNT], usize) = {
    let nothing = Part { text: "", rank: 0, families: Telemetry::NONE };
    let (mut parts, mut count, mut i) = ([nothing; COUNT], 0, 0);
    while i < KEEPERS.len() {
        let (mut n, family) = (0, Family::ALL[i].telemetry());
        while n < KEEPERS[i].len() {
            let mut m = 0;
            while m < KEEPERS[i][n].len() {
                let (text, rank) = KEEPERS[i][n][m];
                (parts, count) = with(parts, count, Part { text, rank, families: family });
                m += 1;
            }
            n += 1;
        }
        i += 1;
    }
    (parts, count)
};

/// Puts a part in its place, or adds its families to those of the same part.
const fn with(mut parts: [Part; COUNT], count: usize, part: Part) -> ([Part; COUNT], usize) {
    let mut at = 0;
    while at < count && parts[at].rank <= part.rank {
        if equal(parts[at].text, part.text) {
            assert!(parts[at].rank == part.rank, "a part of names with two ranks");
            parts[at].families = parts[at].families.and(part.families);
            return (parts, count);
        }
        at += 1;
    }
    let mut end = count;
    while end > at {
        parts[end] = parts[end - 1];
        end -= 1;
    }
    parts[at] = part;
    (parts, count + 1)
}

/// How many parts the families name.
const COUNT: usize = {
    let (mut count, mut i) = (0, 0);
    while i < KEEPERS.len() {
        let mut n = 0;
        while n < KEEPERS[i].len() {
            count += KEEPERS[i][n].len();
            n += 1;
        }
        i += 1;
    }
    count
};

/// Whether any of the words stands in a name, whatever its case.
fn has_any(name: &[u8], words: &[&str]) -> bool {
    name.len() <= LONGEST
        && words
            .iter()
            .any(|word| name.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes())))
}
