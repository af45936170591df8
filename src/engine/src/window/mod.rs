//! The windows of an analytic: bounded memory for each key.
//!
//! - [`table`]: keys and their slots, with a [`sketch`] that decides which keys stay in a flood;
//! - [`failures`]: rule R in a slot, and [`rule`]: a table of such keys with their evidence;
//! - [`recent`]: the latest entries of a key, and counts of different accounts or addresses in a span of time;
//! - [`silence`]: keys that raise no alert until a certain time;
//! - [`journal`]: the latest events themselves, and [`excerpt`]: the events of one key, for an alert.
//!
//! All of it is pure: plain values in, plain facts out, without clock, randomness, options or alerts. All of it can be
//! saved and loaded ([`snapshot`](crate::snapshot)), and none of it depends on the seed that places entries in memory.

pub mod excerpt;
pub mod failures;
mod index;
pub mod journal;
#[doc(hidden)]
pub mod naive;
pub mod recent;
pub mod rule;
pub mod silence;
pub mod sketch;
mod slab;
pub mod table;

/// The memory limits for the windows of an analytic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The most keys.
    pub max_keys: usize,
    /// The bytes of the sketch that decides which keys stay.
    pub sketch_bytes: usize,
    /// The bytes for evidence and for lists of accounts and addresses.
    pub pool_bytes: usize,
}
