//! What carries records: agents, log daemons, stores and their exports, each with the members in which it keeps a
//! record's text and says who sent it.
//!
//! A carrier is data. [`CARRIERS`] is the whole list; the envelope compiles it, together with the marks of all families,
//! into one set of members and reads a record by that. To add a carrier: an entry in `list.rs`, with an input and what
//! it says.

mod list;
pub mod prefix;
#[cfg(test)]
mod tests;
pub mod unfold;

use crate::json::{Key, Kind, Member, Object, Value};
pub use list::{BESIDE, CARRIERS, FORWARDERS, GRAYLOG_NAMES_IT, INPUTS};

/// One carrier.
#[derive(Clone, Copy, Debug)]
pub struct Carrier {
    /// What it is called.
    pub name: &'static str,
    /// Its members, each for one of the slots in [`slot`]. Of several in one slot the lowest rank counts, whatever carriers
    /// they are of.
    pub members: &'static [Member],
    /// Members that are a record as a whole, where the carrier's record has neither text nor a family's marks. The first of
    /// all carriers' that is there counts.
    pub records: &'static [&'static str],
    /// A record of it with the text `TEXT`.
    pub example: &'static str,
    /// What the example says: trust, program, process, host, time, with `-` for nothing.
    pub says: &'static str,
}

impl Carrier {
    /// A carrier of which nothing is said yet.
    pub const EMPTY: Self = Self { name: "", members: &[], records: &[], example: "", says: "" };
}

/// The record that another one is the carrier of, in a member of its own: an object, or in `_source` also the text of one, as
/// tables of documents have it. O(n).
#[must_use]
pub fn record_in<'a>(object: &Object<'a>) -> Option<Value<'a>> {
    let mut best: Option<(usize, Value<'a>)> = None;
    let may_be = |key: &Key<'a>, value: &Value<'a>| match value.kind {
        Kind::Object => true,
        Kind::Str => key.is("_source"),
        _ => false,
    };
    for (key, value) in object.fields().filter(|(key, value)| may_be(key, value)) {
        let place = CARRIERS.iter().flat_map(|carrier| carrier.records).position(|name| key.is(name));
        if let Some(place) = place
            && best.is_none_or(|(before, _)| place < before)
        {
            best = Some((place, value));
        }
    }
    best.map(|(_, value)| value)
}

/// Where the envelope finds what one pass over a record told it.
pub mod slot {
    use crate::json::{SLOTS, any_of};
    use crate::shapes::{FAMILIES, Family};

    /// The log text.
    pub const TEXT: u8 = 0;
    /// The whole line before a pipeline took it apart.
    pub const ORIGINAL: u8 = 1;
    /// The program, by a field that only a log protocol or its parser writes.
    pub const PROGRAM: u8 = 2;
    /// The tag of RFC 3164, `sshd[17]:`.
    pub const TAG: u8 = 3;
    /// The program, by a field that people put labels in.
    pub const LABEL: u8 = 4;
    /// The process.
    pub const PID: u8 = 5;
    /// The machine.
    pub const HOST: u8 = 6;
    /// The time, in microseconds.
    pub const MICROS: u8 = 7;
    /// The time, in any spelling.
    pub const TIME: u8 = 8;
    /// journald's own name for the entry.
    pub const CURSOR: u8 = 9;
    /// The first of five for each spelling of their names: what journald itself says of the sender.
    pub const JOURNALD: u8 = 10;
    /// Stands in every entry of journald, whatever a pipeline did to its underscores.
    pub const ENTRY: u8 = 25;
    /// An array of records.
    pub const BATCH: u8 = 26;
    /// `event.dataset` of ECS, or the module it belongs to.
    pub const DATASET: u8 = 27;
    /// The time at which somebody got the record, in any spelling.
    pub const RECEIPT: u8 = 28;
    /// The marks of the first family; see [`mark`].
    const MARKS: u8 = 29;
    /// `event.category` of ECS.
    pub const CATEGORY: u8 = mark(Family::Ecs);

    /// A part that is to be taken apart into records; the rank says how. See [`unfold`](super::unfold).
    pub const FOLD: u8 = SLOTS as u8 - 1;
    /// The output of a container that the text comes from.
    pub const STREAM: u8 = SLOTS as u8 - 2;
    /// The name of a container.
    pub const CONTAINER: u8 = SLOTS as u8 - 3;
    /// The unit that a reader of the journal watched.
    pub const WATCHED: u8 = SLOTS as u8 - 4;
    const _: () = assert!(MARKS as usize + FAMILIES <= WATCHED as usize, "more families than slots");

    /// The mark of a family.
    #[must_use]
    pub const fn mark(family: Family) -> u8 {
        MARKS + family as u8
    }

    /// The slots that tell of the sender.
    pub const SENDER: u64 = any_of(&[
        PROGRAM, TAG, LABEL, PID, HOST, MICROS, TIME, RECEIPT, CURSOR, ENTRY, STREAM, CONTAINER, WATCHED,
    ]) | ((1 << (3 * trusted::COUNT)) - 1) << JOURNALD;

    /// The families whose marks are among filled slots, a bit each.
    #[must_use]
    pub const fn marked(filled: u64) -> u64 {
        filled >> MARKS & ((1 << FAMILIES) - 1)
    }

    /// What journald says of a sender: offsets from the first slot of a spelling.
    pub mod trusted {
        /// The name of the process.
        pub const COMM: u8 = 0;
        /// Whose process it is.
        pub const UID: u8 = 1;
        /// The file it was started from.
        pub const EXE: u8 = 2;
        /// The unit it belongs to.
        pub const UNIT: u8 = 3;
        /// The way it came.
        pub const TRANSPORT: u8 = 4;
        /// How many there are.
        pub const COUNT: u8 = 5;
        /// `_COMM`; `COMM`; `comm`.
        pub const SPELLINGS: [u8; 3] =
            [super::JOURNALD, super::JOURNALD + COUNT, super::JOURNALD + 2 * COUNT];
    }
}
