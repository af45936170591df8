//! The state of an analytic as a list of pieces, in the order in which a snapshot holds them.
//!
//! [`state!`](crate::state!) writes `save` and `load` of an [`Analytic`](crate::analytic::Analytic) from the names of
//! its fields. Each field is a [`Piece`]. `load` reads all pieces before it keeps the first one. If an option that
//! shapes keys has changed, the keys of the snapshot would never match again; then only pieces without keys are kept.

use crate::deliveries::Deliveries;
use crate::net::Prefixes;
use crate::snapshot::{Reader, Result, Writer};
use crate::window::journal::Journal;
use crate::window::rule::Rule;
use crate::window::silence::Silences;
use crate::window::table::{Loaded, Slot, Table};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Implements `save` and `load` of an analytic from the list of its pieces.
///
/// ```ignore
/// impl Analytic for An1269 {
///     // In this order, and then what `failed.recent` and `succeeded.recent` hold of each slot of the table.
///     authsieve_engine::state! {
///         prefixes, quiet, failed, succeeded, table;
///         each slot of table: failed.recent, succeeded.recent
///     }
/// }
/// ```
///
/// `each key of table` writes each key before the content of its slot, and so does not depend on the table's order.
#[macro_export]
macro_rules! state {
    ($($part:ident),+ $(; $($slots:tt)+)?) => {
        fn save(&self, out: &mut $crate::snapshot::Writer) {
            $( $crate::state::Piece::save(&self.$part, out); )+
            $( $crate::state!(@save self, out, $($slots)+); )?
        }

        fn load(
            &mut self,
            input: &mut $crate::snapshot::Reader<'_>,
        ) -> $crate::snapshot::Result<$crate::state::Notes> {
            let mut loading = $crate::state::Loading::default();
            $( let $part = $crate::state::Piece::load(&self.$part, input, &mut loading)?; )+
            $( loading.keep(&mut self.$part, $part); )+
            $( $crate::state!(@load self, input, loading, $($slots)+); )?
            Ok(loading.notes())
        }
    };
    (@save $self:ident, $out:ident, each slot of $table:ident: $($($recent:ident).+),+) => {
        for (_, slot) in $self.$table.iter() {
            $( $self.$($recent).+.save(slot, $out); )+
        }
    };
    (@load $self:ident, $input:ident, $loading:ident, each slot of $table:ident: $($($recent:ident).+),+) => {
        for slot in $loading.slots(&$self.$table) {
            $( $self.$($recent).+.load(slot, $input)?; )+
        }
    };
    (@save $self:ident, $out:ident, each key of $table:ident: $($($recent:ident).+),+) => {
        $out.count($self.$table.len());
        for (key, slot) in $self.$table.iter() {
            $out.raw(&key.to_bytes());
            $( $self.$($recent).+.save(slot, $out); )+
        }
    };
    (@load $self:ident, $input:ident, $loading:ident, each key of $table:ident: $($($recent:ident).+),+) => {
        for _ in 0..$input.count(16)? {
            let slot = $self.$table.find($crate::hash::Fingerprint::from_bytes($input.array()?));
            $( $self.$($recent).+.load(slot, $input)?; )+
        }
    };
}

/// Notes on the parts of a snapshot that `load` dropped because the configuration differs.
pub type Notes = Vec<String>;

/// One piece of the state of an analytic.
pub trait Piece: Sized {
    /// True if the piece holds no keys. Then it is kept even if keys are made differently now.
    const KEYLESS: bool = false;

    /// Writes the piece. The bytes are the same on every host and for every seed.
    fn save(&self, out: &mut Writer);

    /// Reads a piece. `self` is an empty piece that gives the bounds.
    ///
    /// # Errors
    /// Fails if `save` did not write these bytes.
    fn load(&self, input: &mut Reader<'_>, loading: &mut Loading) -> Result<Self>;
}

/// Facts about a snapshot that is being read.
#[derive(Debug, Default)]
pub struct Loading {
    table: Loaded,
    /// The number of keys of the snapshot that fitted into the table.
    keys: usize,
    evidence_cut: bool,
    /// The option that makes keys differently now.
    regrouped: Option<&'static str>,
    notes: Notes,
}

impl Loading {
    /// Notes that the snapshot made its keys with another value of the option `name`. The first call counts.
    pub fn regrouped(&mut self, name: &'static str) {
        self.regrouped.get_or_insert(name);
    }

    /// Adds a note of the analytic. It is dropped if the snapshot holds no key.
    pub fn note(&mut self, text: &str) {
        self.notes.push(text.into());
    }

    /// Puts a piece in its place, unless its keys no longer match.
    #[doc(hidden)]
    pub fn keep<P: Piece>(&self, place: &mut P, part: P) {
        if self.regrouped.is_none() || P::KEYLESS {
            *place = part;
        }
    }

    /// The slot of each key of the snapshot, in its order; `None` for a dropped key.
    #[doc(hidden)]
    pub fn slots(&self, table: &Table) -> impl Iterator<Item = Option<Slot>> {
        let dropped = self.table.dropped + if self.regrouped.is_some() { self.keys } else { 0 };
        core::iter::repeat_n(None, dropped).chain(table.iter().map(|(_, slot)| Some(slot)))
    }

    /// The notes on the state that the configuration made the analytic drop.
    #[doc(hidden)]
    #[must_use]
    pub fn notes(self) -> Notes {
        let mut notes = Vec::new();
        if let Some(name) = self.regrouped {
            if self.keys > 0 {
                notes.push(format!(
                    "{name}: changed, so the keys of the snapshot mean nothing here; all were dropped"
                ));
            }
            return notes;
        }
        if self.evidence_cut {
            notes.push("pool_bytes: smaller than before; the oldest evidence was dropped".into());
        }
        if self.table.dropped > 0 {
            notes.push(format!("max_keys: smaller than before; {} keys were dropped", self.table.dropped));
        }
        if self.table.sketch_dropped {
            let what = "what the sketch knew of keys that are not held was dropped";
            notes.push(format!("sketch_bytes: changed; {what}"));
        }
        notes.extend(self.notes.into_iter().filter(|_| self.keys > 0));
        notes
    }
}

/// The value of an option that shapes keys, as bytes.
#[derive(Clone, Copy, Debug)]
pub struct MadeBy<const N: usize> {
    /// The name of the option or options.
    pub name: &'static str,
    /// The value.
    pub value: [u8; N],
}

impl<const N: usize> Piece for MadeBy<N> {
    fn save(&self, out: &mut Writer) {
        out.raw(&self.value);
    }

    fn load(&self, input: &mut Reader<'_>, loading: &mut Loading) -> Result<Self> {
        if input.array()? != self.value {
            loading.regrouped(self.name);
        }
        Ok(*self)
    }
}

impl Piece for Prefixes {
    fn save(&self, out: &mut Writer) {
        out.raw(&[self.v4, self.v6]);
    }

    fn load(&self, input: &mut Reader<'_>, loading: &mut Loading) -> Result<Self> {
        if input.array()? != [self.v4, self.v6] {
            loading.regrouped("ipv4_prefix or ipv6_prefix");
        }
        Ok(*self)
    }
}

impl Piece for Table {
    fn save(&self, out: &mut Writer) {
        self.save(out);
    }

    fn load(&self, input: &mut Reader<'_>, loading: &mut Loading) -> Result<Self> {
        let (table, loaded) = self.load(input, None)?;
        (loading.table, loading.keys) = (loaded, table.len());
        Ok(table)
    }
}

impl Piece for Rule {
    fn save(&self, out: &mut Writer) {
        self.save(out);
    }

    fn load(&self, input: &mut Reader<'_>, loading: &mut Loading) -> Result<Self> {
        let (rule, loaded, cut) = self.load(input)?;
        (loading.table, loading.keys) = (loaded, rule.table().len());
        loading.evidence_cut |= cut;
        Ok(rule)
    }
}

impl Piece for Journal {
    fn save(&self, out: &mut Writer) {
        self.save(out);
    }

    fn load(&self, input: &mut Reader<'_>, loading: &mut Loading) -> Result<Self> {
        let (journal, cut) = self.load(input)?;
        loading.evidence_cut |= cut;
        Ok(journal)
    }
}

impl Piece for Silences {
    fn save(&self, out: &mut Writer) {
        self.save(out);
    }

    fn load(&self, input: &mut Reader<'_>, _: &mut Loading) -> Result<Self> {
        self.load(input)
    }
}

impl Piece for Deliveries {
    /// Delivery ids come from the provider and depend on no option.
    const KEYLESS: bool = true;

    fn save(&self, out: &mut Writer) {
        self.save(out);
    }

    fn load(&self, input: &mut Reader<'_>, _: &mut Loading) -> Result<Self> {
        let mut deliveries = self.clone();
        Self::load(&mut deliveries, input)?;
        Ok(deliveries)
    }
}

#[cfg(test)]
mod tests;
