//! What each key left behind of one kind of event: what counts, and what can be told.

use authsieve_engine::event::{Event, Record};
use authsieve_engine::snapshot::{self, Reader, Writer};
use authsieve_engine::state::{Loading, Part};
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::told;
use authsieve_engine::window::excerpt::Excerpt;
use authsieve_engine::window::journal::{Journal, Link};
use authsieve_engine::window::recent::{self, Recent};
use authsieve_engine::window::table::{Entered, Slot, Table};

/// The failures of all keys, or their successes: apart, so that many of these cannot drive out those.
#[derive(Debug)]
pub struct Track {
    /// What is counted, and decided by.
    pub recent: Recent,
    journal: Journal,
    /// Where in the data of a slot the link to the key's newest entry in the journal stands.
    at: usize,
}

impl Track {
    /// Number `number` of those that share a table whose slots have [`Link::BYTES`] of data for each.
    pub fn new(number: usize, recent: Recent, journal_bytes: usize) -> Self {
        Self { recent, journal: Journal::new(journal_bytes), at: number * Link::BYTES }
    }

    /// Takes an event in for a key.
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
        let link = self.journal.append(&told::entry(event, code(event), record));
        self.journal.set_previous(link, 0, self.newest(table, slot));
        if let Some(content) = table.content(slot) {
            link.write(content.data.get_mut(self.at..).unwrap_or_default());
        }
    }

    /// Forgets what the slot of a new key held for another.
    pub fn enter(&mut self, entered: Entered) {
        if entered.new {
            self.recent.forget(entered.slot);
        }
    }

    /// What the journal still holds of a key in [from, to].
    pub fn excerpt(&self, table: &Table, slot: Slot, from: Timestamp, to: Timestamp) -> Excerpt<'_> {
        Excerpt::read(&self.journal, self.newest(table, slot), 0, from, to, &mut |entry| entry.count)
    }

    /// The bytes it takes.
    pub fn bytes(&self) -> usize {
        self.recent.bytes() + self.journal.bytes()
    }

    fn newest(&self, table: &Table, slot: Slot) -> Link {
        Link::read(table.data(slot).get(self.at..).unwrap_or_default())
    }
}

/// Its journal. What is counted is saved key by key, after the table.
impl Part for Track {
    fn save(&self, out: &mut Writer) {
        self.journal.save(out);
    }

    fn load(&self, input: &mut Reader<'_>, loading: &mut Loading) -> snapshot::Result<Self> {
        let journal = Part::load(&self.journal, input, loading)?;
        Ok(Self { recent: self.recent.clone(), journal, at: self.at })
    }
}

/// An empty memory of what happened in the last two windows: the second is for events that come late.
pub fn recent(window: Span, floor: usize, pool_bytes: usize, seed: u64) -> Recent {
    Recent::new(keep(window), floor, pool_bytes).windows([window; 2], seed)
}

/// How long that is.
pub const fn keep(window: Span) -> Span {
    Span(window.0.saturating_mul(2))
}

/// What is tallied under `reasons`: the provider's code, or else the shape it was told in.
fn code<'e>(event: &'e Event<'_>) -> &'e str {
    if event.reason.is_empty() { event.shape.as_str() } else { &event.reason }
}
