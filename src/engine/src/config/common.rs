//! The options that all analytics share.

use super::glob::Glob;
use super::problems::{Problem, code};
use super::severity::Effect;
use super::timezone::Timezone;
use super::values::{Bits4, Bits6, Bytes, Keys, Lateness, RecordBytes, Threshold, Wait};
use crate::dating::Rules;
use crate::event::Event;
use crate::hash::Salt;
use crate::net::{Cidr, Prefixes};
use crate::stamp::Order;
use crate::window::Memory;
use crate::window::failures::MOST_THRESHOLD;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

crate::words! {
    /// Repeats of an alert when its silence ends.
    pub enum FollowUp {
        /// No repeat.
        Off = "off",
        /// The alert is repeated once, with the counts of the whole attack.
        End = "end",
    }
}

crate::words! {
    /// The order of day and month in dates that are all numbers, such as `04/03/2026`.
    pub enum DateOrder {
        /// Unknown: such a date cannot be read.
        Unknown = "unknown",
        /// The day comes first.
        DayMonth = "dmy",
        /// The month comes first.
        MonthDay = "mdy",
    }
}

impl DateOrder {
    /// The order, if it is known.
    #[must_use]
    pub const fn order(self) -> Option<Order> {
        match self {
            Self::Unknown => None,
            Self::DayMonth => Some(Order::DayMonth),
            Self::MonthDay => Some(Order::MonthDay),
        }
    }
}

crate::words! {
    /// The treatment of a record without a time in a stored log.
    pub enum Undated {
        /// The record is counted, but not judged.
        Ignored = "ignored",
        /// The record is dated by its receipt.
        Received = "received",
    }
}

crate::settings! {
    /// The options that all analytics share.
    pub struct Common {
        /// Addresses and blocks whose events are ignored.
        pub allow_ips: Vec<Cidr> = [];
        /// Users whose events are ignored. `*` and `?` stand for any characters.
        pub ignore_users: Vec<Glob> = [];
        /// Hosts whose events are ignored. `*` and `?` stand for any characters.
        pub ignore_hosts: Vec<Glob> = [];
        /// The most keys of all kinds together. Beyond this number, keys with few failures make room for new keys.
        pub max_keys: Keys = 100000;
        /// The longest delay after which an event is still sorted into its place. With `0s`, events are judged in the
        /// order in which they come. With `max`, a whole finite input is sorted first.
        pub allowed_lateness: Lateness = "0s";
        /// The number of bits of an IPv4 address that form a key. Alerts show whole addresses.
        pub ipv4_prefix: Bits4 = 32;
        /// The number of bits of an IPv6 address that form a key. A customer holds at least a /64.
        pub ipv6_prefix: Bits6 = 64;
        /// The time zone of times that name none: an offset from UTC, or for the command `authsieve` a name such as
        /// `Europe/Berlin`. In an hour that clocks repeat in autumn, the reading nearer to the host's previous time
        /// holds. In the hour that they skip in spring, the offset before the change holds.
        pub timezone: Timezone = "+00:00";
        /// The order of day and month in dates of numbers (`04/03/2026`): `dmy`, `mdy`, or `unknown`. If it is
        /// unknown, the command `authsieve` derives the order from all dates of a file. If these leave it open, such
        /// dates are not read.
        pub date_order: DateOrder = "unknown";
        /// The treatment of a record without any time in a stored log. With `ignored`, the record is counted as
        /// undated. With `received`, it gets the time of its receipt, as in a stream.
        pub undated: Undated = "ignored";
        /// Addresses and blocks of proxies and load balancers. Behind them, the client is the last address of
        /// `X-Forwarded-For` that is none of them. If the list is empty, a public peer is the client itself. Behind a
        /// private peer, the client is then the last address that is not private.
        pub trusted_proxies: Vec<Cidr> = [];
        /// The longest time by which an event may be ahead of its receipt. Beyond it, an event of a stream gets the
        /// time of its receipt, and an event of a stored log is undated.
        pub max_ahead: Wait = "5m";
        /// The most bytes of a record, at most 16 MiB. A longer record is skipped and counted.
        pub max_record: RecordBytes = "16 MiB";
        /// The memory for the details of alerts: evidence, and lists of accounts and addresses.
        pub pool_bytes: Bytes = "8 MiB";
        /// The memory for the sketch that decides which keys stay when there are too many. A larger sketch withstands
        /// a larger flood of junk keys.
        pub sketch_bytes: Bytes = "4 MiB";
        /// A text that keys the fingerprints and sketches. It is no secret. With a value of your own, others cannot
        /// prepare keys that collide in the sketch.
        pub salt: String = "";
        /// The repeat of an alert when its silence ends. With `off`, there is none. With `end`, the alert comes again
        /// with the same id, the status `update`, and the counts of the whole attack. Follow-ups take up to a quarter
        /// of `pool_bytes` more. The digest of a configuration does not cover this option.
        pub follow_up: FollowUp = "off";
        /// The effect on an alert if the account has logged in from this source for at least `expected_after`. `note`
        /// tells it, `off` does not, and steps such as `-1` also move the severity.
        pub expected_source: Effect = "note";
        /// The effect if the account has logged in before, but never from this source.
        pub new_source: Effect = "note";
        /// The time after the first login from which on a source is expected.
        pub expected_after: Wait = "24h";
        /// The effect of a change of the account in the last 24 hours that explains failures: a new password, an
        /// unlock.
        pub account_change: Effect = "note";
        /// The effect of a change that makes it worse: new rights, or another second factor after a login.
        pub account_risk: Effect = "note";
        /// The effect of a legacy protocol without a second factor, or of the user agent of a known tool.
        pub risky_entry: Effect = "note";
    }
}

// A snapshot with a greater threshold is refused.
const _: () = assert!(Threshold::MOST <= MOST_THRESHOLD);

/// The most bytes of an analytic's state: a 32-bit module has 4 GiB for everything.
const STATE_BYTES: u64 = 2 << 30;

impl Common {
    /// The options that affect decoding. A suite decodes each record once for all its analytics, so these options are
    /// allowed at the top level only.
    pub const DECODING: [&'static str; 5] =
        ["timezone", "date_order", "max_ahead", "max_record", "trusted_proxies"];

    /// True if the options exclude the event.
    #[must_use]
    pub fn ignores(&self, event: &Event<'_>) -> bool {
        self.ignored_by(event).is_some()
    }

    /// The option that excludes the event, if one does.
    #[must_use]
    pub fn ignored_by(&self, event: &Event<'_>) -> Option<&'static str> {
        let any = |globs: &[Glob], name: &str, fold| {
            !name.is_empty() && globs.iter().any(|g| g.matches(name, fold))
        };
        if event.src_ip.is_some_and(|ip| self.allow_ips.iter().any(|block| block.contains(ip))) {
            return Some("allow_ips");
        }
        if any(&self.ignore_users, &event.user, event.folds()) {
            return Some("ignore_users");
        }
        any(&self.ignore_hosts, &event.host, true).then_some("ignore_hosts")
    }

    /// The rules for reading times.
    #[must_use]
    pub fn times(&self) -> Rules<'_> {
        Rules {
            zone: self.timezone.zone(),
            max_ahead: self.max_ahead.0,
            undated_is_received: self.undated == Undated::Received,
        }
    }

    /// The salt of all fingerprints.
    #[must_use]
    pub fn salt(&self) -> Salt {
        Salt::new(&self.salt)
    }

    /// The number of bits of an address that form a key.
    #[must_use]
    pub const fn prefixes(&self) -> Prefixes {
        Prefixes { v4: self.ipv4_prefix.0, v6: self.ipv6_prefix.0 }
    }

    /// The memory that windows may use.
    #[must_use]
    pub const fn memory(&self) -> Memory {
        Memory {
            max_keys: self.max_keys.0 as usize,
            sketch_bytes: self.sketch_bytes.0 as usize,
            pool_bytes: self.pool_bytes.0 as usize,
        }
    }

    /// The most bytes for one key, so that `max_keys` keys stay below 2 GiB.
    #[must_use]
    pub fn key_bytes(&self) -> u64 {
        STATE_BYTES / u64::from(self.max_keys.0).max(1)
    }

    /// Checks that `max_keys` keys of `each` bytes stay below 2 GiB. `with` is the name and the value of the
    /// threshold that determines `each`.
    ///
    /// # Errors
    /// Fails with a conflict of `max_keys`; its message names the number of keys that fit.
    pub fn fits(&self, each: u64, with: Option<(&str, u32)>) -> Result<(), Problem> {
        if each <= self.key_bytes() {
            return Ok(());
        }
        let with = with.map(|(name, value)| format!(" with a {name} of {value}")).unwrap_or_default();
        let (keys, most) = (self.max_keys.0, STATE_BYTES / each);
        let why =
            format!("{keys} is too many; expected at most {most}{with}, so that the state stays below 2 GiB");
        Err(Problem::new(code::CONFLICT, "max_keys", why))
    }
}
