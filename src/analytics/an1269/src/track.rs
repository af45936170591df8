//! The events of one kind, for each key: entries to count, and a journal for alerts.

use authsieve_engine::event::{Event, Record};
use authsieve_engine::snapshot::{self, Reader, Writer};
use authsieve_engine::state::{Loading, Piece};
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::told;
use authsieve_engine::window::excerpt::Excerpt;
use authsieve_engine::window::journal::{Entry, Journal, Link};
use authsieve_engine::window::recent::{self, Recent};
use authsieve_engine::window::table::{Entered, Slot, Table};

/// The failures of all keys, or their successes. They are separate, so that many successes cannot push out failures.
#[derive(Debug)]
pub struct Track {
    /// The entries that are counted.
    pub recent: Recent,
    journal: Journal,
    /// The offset, in the data of a slot, of the link to the newest journal entry.
    at: usize,
}

impl Track {
    /// The track with the number `number` of a table. The data of a slot holds one link for each track.
    pub fn new(number: usize, recent: Recent, journal_bytes: usize) -> Self {
        Self { recent, journal: Journal::new(journal_bytes), at: number * Link::BYTES }
    }

    /// Adds an event to a key.
    pub fn push(
        &mut self,
        table: &mut Table,
        slot: Slot,
        event: &Event<'_>,
        members: [u64; 2],
        record: Record<'_>,
    ) {
        self.recent.push(
            slot,
            false,
            recent::Entry { time: event.time, count: event.count, kind: 0, members },
        );
        let link = self.journal.append(&entry(event, record));
        self.journal.set_previous(link, 0, self.newest(table, slot));
        if let Some(content) = table.content(slot) {
            link.write(content.data.get_mut(self.at..).unwrap_or_default());
        }
    }

    /// Drops the entries that the slot of a new key held for another key.
    pub fn enter(&mut self, entered: Entered) {
        if entered.new {
            self.recent.forget(entered.slot);
        }
    }

    /// The events of a key in [from, to], as far as the journal still holds them.
    pub fn excerpt(&self, table: &Table, slot: Slot, from: Timestamp, to: Timestamp) -> Excerpt<'_> {
        Excerpt::read(&self.journal, self.newest(table, slot), 0, from, to, &mut |entry| entry.count)
    }

    /// The bytes of memory in use.
    pub fn bytes(&self) -> usize {
        self.recent.bytes() + self.journal.bytes()
    }

    fn newest(&self, table: &Table, slot: Slot) -> Link {
        Link::read(table.data(slot).get(self.at..).unwrap_or_default())
    }
}

/// Writes the journal. The entries are saved key by key, after the table.
impl Piece for Track {
    fn save(&self, out: &mut Writer) {
        self.journal.save(out);
    }

    fn load(&self, input: &mut Reader<'_>, loading: &mut Loading) -> snapshot::Result<Self> {
        let journal = Piece::load(&self.journal, input, loading)?;
        Ok(Self { recent: self.recent.clone(), journal, at: self.at })
    }
}

/// An empty list of entries for each key, with sums for two windows. The second window is for late events.
pub fn recent(window: Span, floor: usize, pool_bytes: usize, seed: u64) -> Recent {
    Recent::new(keep(window), floor, pool_bytes).windows([window; 2], seed)
}

/// How long entries are kept.
pub const fn keep(window: Span) -> Span {
    Span(window.0.saturating_mul(2))
}

/// An event in the form of the journal.
pub fn entry<'e>(event: &'e Event<'_>, record: Record<'e>) -> Entry<'e> {
    told::entry(event, code(event), record)
}

/// The code of an event under `reasons`: the provider's code, or else the shape of its record.
fn code<'e>(event: &'e Event<'_>) -> &'e str {
    if event.reason.is_empty() { event.shape.as_str() } else { &event.reason }
}
