//! The members that the envelope reads: those of all carriers and the marks of all families, in one table.

use crate::carriers::{CARRIERS, slot};
use crate::json::{Member, Members};
use crate::shapes::{FAMILIES, Family, HOLDS, MARKS};

/// The number of members.
const COUNT: usize = {
    let mut count = 0;
    let mut i = 0;
    while i < CARRIERS.len() {
        count += CARRIERS[i].members.len();
        i += 1;
    }
    let mut i = 0;
    while i < FAMILIES {
        count += MARKS[i].len() + HOLDS[i].len();
        i += 1;
    }
    count
};

/// All members.
pub static MEMBERS: Members<COUNT> = Members::new({
    let mut all = [Member::open(""); COUNT];
    let mut count = 0;
    let mut i = 0;
    while i < CARRIERS.len() {
        (all, count) = with(all, count, CARRIERS[i].members, None);
        i += 1;
    }
    let mut i = 0;
    while i < FAMILIES {
        (all, count) = with(all, count, MARKS[i], Some(slot::mark(Family::ALL[i])));
        (all, count) = with(all, count, HOLDS[i], None);
        i += 1;
    }
    assert!(count == COUNT);
    all
});

/// Appends members. If a slot is given, their values go there.
const fn with(
    mut all: [Member; COUNT],
    mut count: usize,
    more: &[Member],
    slot: Option<u8>,
) -> ([Member; COUNT], usize) {
    let mut i = 0;
    while i < more.len() {
        all[count] = match slot {
            Some(slot) => more[i].to(slot),
            None => more[i],
        };
        i += 1;
        count += 1;
    }
    (all, count)
}
