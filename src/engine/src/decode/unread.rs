//! Records that nobody reads, though they show that they tell of a login.
//!
//! A record without an event is mostly none of anybody's: a session that ended, a row that is neither success nor
//! failure, a line of another program. Its decoder says so ([`Grasp`](crate::shapes::Grasp)), or its program or its mark
//! does. What is left may be a login in a layout that nobody knows. A reader counts it as unread if it shows a [`Sign`]
//! of a family that the reader reads.

use crate::analytic::Telemetry;
use crate::readers::Readers;
use crate::shapes::{Family, SIGNS, Sign};
use crate::sieve::Sieve;
use alloc::vec::Vec;

/// Looks for the signs of families.
#[derive(Debug)]
pub(super) struct Signs {
    /// Of the words of all signs. `None` where there are none.
    sieve: Option<Sieve>,
    /// Whose sign each word is, by its number in the sieve.
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

    /// Which of the readers read a family of which the record shows a sign. O(n), and O(n) once more for each word of a
    /// sign that stands there and needs another.
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

/// True if one of the words stands in the record, a number by itself.
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
