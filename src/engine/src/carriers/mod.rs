//! Carriers of records: agents, log daemons, stores and their exports. Each keeps the text of a record and its sender
//! in members of its own.
//!
//! A carrier is data. [`CARRIERS`] is the whole list. The envelope compiles it, together with the marks of all
//! families, into one table of members, and reads each record with this table. To add a carrier, add an entry to
//! `list.rs`, with an example and the expected result.

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
    /// The name, as the README shows it.
    pub name: &'static str,
    /// The members, each for one of the slots in [`slot`]. If several members fill one slot, the lowest rank counts,
    /// across all carriers.
    pub members: &'static [Member],
    /// Members that hold a whole record. They are read if the carrier's record has no text and no family's marks. Of
    /// those present, the first in the list of all carriers counts.
    pub records: &'static [&'static str],
    /// An example record. Its text is `TEXT`.
    pub example: &'static str,
    /// The result for the example: trust, program, process, host, time. `-` means nothing.
    pub says: &'static str,
}

impl Carrier {
    /// An empty carrier, to be filled in.
    pub const EMPTY: Self = Self { name: "", members: &[], records: &[], example: "", says: "" };
}

/// The inner record that a record carries in one of its members. The member is an object; `_source` may also be the
/// text of one, as in exported tables of documents. O(n).
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

/// The slots: the places where one pass over a record leaves what it found.
pub mod slot {
    use crate::json::{SLOTS, any_of};
    use crate::shapes::{FAMILIES, Family};

    /// The log text.
    pub const TEXT: u8 = 0;
    /// The whole original line, from before a pipeline parsed it.
    pub const ORIGINAL: u8 = 1;
    /// The program, from a field that only a log protocol or its parser writes.
    pub const PROGRAM: u8 = 2;
    /// The tag of RFC 3164, `sshd[17]:`.
    pub const TAG: u8 = 3;
    /// The program, from a field in which people put labels.
    pub const LABEL: u8 = 4;
    /// The process id.
    pub const PID: u8 = 5;
    /// The host.
    pub const HOST: u8 = 6;
    /// The time, in microseconds.
    pub const MICROS: u8 = 7;
    /// The time, in any spelling.
    pub const TIME: u8 = 8;
    /// journald's cursor, which identifies the entry.
    pub const CURSOR: u8 = 9;
    /// The first of five slots for each spelling: facts that journald itself records about the sender.
    pub const JOURNALD: u8 = 10;
    /// A member of every journald entry, in any spelling of its underscores.
    pub const ENTRY: u8 = 25;
    /// An array of records.
    pub const BATCH: u8 = 26;
    /// `event.dataset` of ECS, or the module of the data set.
    pub const DATASET: u8 = 27;
    /// The time of receipt, in any spelling.
    pub const RECEIPT: u8 = 28;
    /// The marks of the first family; see [`mark`].
    const MARKS: u8 = 29;
    /// `event.category` of ECS.
    pub const CATEGORY: u8 = mark(Family::Ecs);

    /// A part that must be unfolded into records; the rank names the form. See [`unfold`](super::unfold).
    pub const FOLD: u8 = SLOTS as u8 - 1;
    /// The output stream of the container that wrote the text.
    pub const STREAM: u8 = SLOTS as u8 - 2;
    /// The name of a container.
    pub const CONTAINER: u8 = SLOTS as u8 - 3;
    /// The unit that a reader of the journal follows.
    pub const WATCHED: u8 = SLOTS as u8 - 4;
    const _: () = assert!(MARKS as usize + FAMILIES <= WATCHED as usize, "more families than slots");

    /// The slot for the marks of a family.
    #[must_use]
    pub const fn mark(family: Family) -> u8 {
        MARKS + family as u8
    }

    /// The slots with facts about the sender.
    pub const SENDER: u64 = any_of(&[
        PROGRAM, TAG, LABEL, PID, HOST, MICROS, TIME, RECEIPT, CURSOR, ENTRY, STREAM, CONTAINER, WATCHED,
    ]) | ((1 << (3 * trusted::COUNT)) - 1) << JOURNALD;

    /// The families whose marks are in filled slots, one bit each.
    #[must_use]
    pub const fn marked(filled: u64) -> u64 {
        filled >> MARKS & ((1 << FAMILIES) - 1)
    }

    /// Facts that journald itself records about a sender, as offsets from the first slot of a spelling.
    pub mod trusted {
        /// The name of the process.
        pub const COMM: u8 = 0;
        /// The user id of the process.
        pub const UID: u8 = 1;
        /// The executable of the process.
        pub const EXE: u8 = 2;
        /// The unit of the process.
        pub const UNIT: u8 = 3;
        /// The transport by which the entry came.
        pub const TRANSPORT: u8 = 4;
        /// The number of facts about a process.
        pub const COUNT: u8 = 5;
        /// The first slots of the three spellings: `_COMM`, `COMM` and `comm`.
        pub const SPELLINGS: [u8; 3] =
            [super::JOURNALD, super::JOURNALD + COUNT, super::JOURNALD + 2 * COUNT];
    }
}
