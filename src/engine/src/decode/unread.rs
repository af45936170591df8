//! Finds records that no decoder reads, although they have a sign of a login.
//!
//! Most records without an event are of no interest. They are the end of a session, a row that is neither success nor
//! failure, or a line of another program. The decoder says so ([`Grasp`](crate::shapes::Grasp)), or the program or mark
//! shows it. The rest may be logins in an unknown layout. A reader counts such a record as unread if it has a [`Sign`]
//! of a family that the reader reads.

use crate::analytic::Telemetry;
use crate::readers::Readers;
use crate::shapes::{Family, SIGNS, Sign};
use crate::sieve::Sieve;
use alloc::vec::Vec;

/// Searches for the signs of families.
#[derive(Debug)]
pub(super) struct Signs {
    /// The sieve for the words of all signs. `None` without signs.
    sieve: Option<Sieve>,
    /// The family and the sign of each word, by its number in the sieve.
    of: Vec<(Family, &'static Sign)>,
}

impl Signs {
    /// No signs.
    pub const NONE: Self = Self { sieve: None, of: Vec::new() };

    /// The signs of the families in `telemetry`.
    pub fn new(telemetry: Telemetry) -> Self {
        let (mut words, mut of) = (Vec::new(), Vec::new());
        for (family, signs) in Family::ALL.into_iter().zip(SIGNS) {
            for sign in signs.iter().filter(|_| telemetry.has(family.telemetry())) {
                words.extend_from_slice(sign.words);
                of.extend(sign.words.iter().map(|_| (family, sign)));
            }
        }
        Self { sieve: Sieve::new(&words), of }
    }

    /// The readers that read a family whose sign is in the record. O(n), plus O(n) for each found word of a sign that
    /// needs a second word.
    pub fn shown(&self, record: &[u8], mut readers: Readers, reads: impl Fn(Family) -> Readers) -> Readers {
        let mut shown = Readers::NONE;
        if let Some(sieve) = self.sieve.as_ref().filter(|_| !readers.is_empty()) {
            sieve.search(record, &mut |number| {
                if let Some((family, sign)) = self.of.get(number) {
                    let takers = reads(*family).common(readers);
                    if !takers.is_empty() && (sign.with.is_empty() || any(record, sign.with)) {
                        (shown, readers) = (shown.and(takers), readers.without(takers));
                    }
                }
                readers.is_empty()
            });
        }
        shown
    }
}

/// True if one of the words is in the record. A number has to be on its own.
fn any(record: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| stands(record, word.as_bytes()))
}

fn stands(record: &[u8], word: &[u8]) -> bool {
    let is_number = word.iter().all(u8::is_ascii_digit);
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| record.get(at)).is_some_and(|byte| is_number && byte.is_ascii_digit())
    };
    let mut places = record.windows(word.len()).enumerate();
    places.any(|(at, part)| {
        part.eq_ignore_ascii_case(word)
            && !is_digit(at.checked_sub(1))
            && !is_digit(at.checked_add(word.len()))
    })
}

#[cfg(test)]
mod tests;
