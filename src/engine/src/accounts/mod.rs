//! Accounts: the sources that each logged in from, and its latest changes. Alerts name these facts in `context`
//! ([`facts`]).
//!
//! Only logins teach a source, and failures never do. A login that raised an alert teaches none either, so a guessed
//! password does not make its source expected.
//!
//! An account takes a slot of a [`Table`], which holds at most [`MOST`] accounts. Each slot has room for [`SOURCES`]
//! sources. So whoever controls one account cannot make the table forget others, from however many addresses he logs
//! in. In a full table, an account that logs in often stays (see [`table`](crate::window::table)).
//!
//! A source is the prefix of an address that forms keys elsewhere too. Its fingerprint has 64 bits, and is compared
//! with those of one account only. Times have seconds.
//!
//! ```
//! use authsieve_engine::accounts::Accounts;
//! use authsieve_engine::event::{Event, Outcome};
//! use authsieve_engine::{hash::Salt, net::Prefixes, time::Timestamp};
//!
//! let mut accounts = Accounts::new(Salt::new(""), Prefixes::WHOLE, 100, 0);
//! let address = "192.0.2.7".parse().ok();
//! let time = Timestamp(1_800_000_000_000_000);
//! let event = Event { time, user: "ada".into(), src_ip: address, outcome: Outcome::Success, ..Event::default() };
//! accounts.learn(&event, time);
//! let known = accounts.of("ada", false).expect("ada logged in");
//! assert_eq!(accounts.first_from(&known, "ada", false, address), Some(time));
//! ```

mod change;
mod entry;
pub mod facts;
mod known;
#[cfg(test)]
mod tests;

pub use change::{Change, Meaning};
pub use known::{Known, SOURCES};

use crate::event::{Event, Text};
use crate::hash::{Fingerprint, Hasher128, Salt};
use crate::net::Prefixes;
use crate::shapes::spelled::lower;
use crate::snapshot::{Reader, Result, Writer};
use crate::time::{Span, Timestamp};
use crate::window::table::{Bounds, Table};
use core::net::IpAddr;

/// The most accounts.
pub const MOST: usize = 16_384;

/// The kinds of fingerprints.
const ACCOUNT: u8 = 33;
const SOURCE: u8 = 34;

/// An account that did nothing for so long makes room for others first.
const HORIZON: Span = Span::seconds(180 * 86_400);
/// The span in which an account must log in again to keep its weight.
const WINDOW: Span = Span::seconds(30 * 86_400);
/// The size of the sketch that decides which accounts stay. It is allocated when the first one has to go.
const SKETCH: usize = 64 << 10;

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Accounts {
    salt: Salt,
    prefixes: Prefixes,
    table: Table,
}

impl Accounts {
    /// An empty list of at most `max_keys` accounts, and never more than [`MOST`].
    #[must_use]
    pub fn new(salt: Salt, prefixes: Prefixes, max_keys: usize, seed: u64) -> Self {
        let bounds = Bounds {
            max_keys: max_keys.min(MOST),
            data: Known::BYTES,
            window: WINDOW,
            horizon: HORIZON,
            weight_cap: 5,
            sketch_bytes: SKETCH,
        };
        Self { salt, prefixes, table: Table::new(bounds, seed) }
    }

    /// True if nothing is known.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The number of accounts.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.table.len()
    }

    /// The bytes in use.
    #[must_use]
    pub fn bytes(&self) -> usize {
        if self.is_empty() { 0 } else { self.table.bytes() }
    }

    /// The key of an account. `folds` says that its name ignores case.
    fn key(&self, user: &str, folds: bool) -> Fingerprint {
        let user = Text::Borrowed(user);
        let user = if folds { lower(user) } else { user };
        Hasher128::new(self.salt, ACCOUNT).part(user.as_bytes()).finish()
    }

    /// The fingerprint of a source of this account.
    fn source(&self, account: Fingerprint, address: IpAddr) -> u64 {
        let octets = u128::from_le_bytes(self.prefixes.octets(address));
        Hasher128::new(self.salt, SOURCE).number(account.0).number(octets).finish().halves().0
    }

    /// Learns the source of a login. `now` is the newest event time judged. O(1) amortised.
    pub fn learn(&mut self, login: &Event<'_>, now: Timestamp) {
        if let Some(address) = login.src_ip {
            let key = self.key(&login.user, login.folds());
            let source = self.source(key, address);
            self.update(key, login, now, &mut |known| known.login(source, login.time));
        }
    }

    /// Learns a change of an account. O(1) amortised.
    #[cold]
    pub fn change(&mut self, event: &Event<'_>, now: Timestamp) {
        if let Some(change) = Change::parse(&event.method) {
            let key = self.key(&event.user, event.folds());
            self.update(key, event, now, &mut |known| known.change(change, event.time));
        }
    }

    #[inline(never)]
    fn update(
        &mut self,
        key: Fingerprint,
        event: &Event<'_>,
        now: Timestamp,
        change: &mut dyn FnMut(&mut Known),
    ) {
        if event.user.is_empty() {
            return;
        }
        let entered = self.table.enter(key, 1, event.time, now.max(event.time));
        if let Some(mut content) = self.table.content(entered.slot) {
            content.raise(event.time);
            let mut known = Known::read(content.data);
            change(&mut known);
            known.write(content.data);
        }
    }

    /// The facts about an account. `None` if there are none.
    #[must_use]
    pub fn of(&self, user: &str, folds: bool) -> Option<Known> {
        let slot = self.table.find(self.key(user, folds))?;
        Some(Known::read(self.table.data(slot)))
    }

    /// The first login of an account from the source of an address. `None` if there was none.
    #[must_use]
    pub fn first_from(
        &self,
        known: &Known,
        user: &str,
        folds: bool,
        address: Option<IpAddr>,
    ) -> Option<Timestamp> {
        known.first_from(self.source(self.key(user, folds), address?))
    }

    /// Writes all accounts. The bytes are the same for every seed. O(n).
    pub fn save(&self, out: &mut Writer) {
        out.raw(&[self.prefixes.v4, self.prefixes.v6]);
        self.table.save(out);
    }

    /// Reads the bytes of [`save`](Self::save) within the bounds of this list. Returns false, and keeps nothing, if
    /// the prefixes of addresses have changed.
    ///
    /// # Errors
    /// Fails if `save` did not write these bytes.
    pub fn load(&mut self, input: &mut Reader<'_>) -> Result<bool> {
        let same = input.array()? == [self.prefixes.v4, self.prefixes.v6];
        let (table, _) = self.table.load(input, None)?;
        if same {
            self.table = table;
        }
        Ok(same)
    }
}
