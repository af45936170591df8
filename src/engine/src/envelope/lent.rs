//! Decides whose records a text may hold.
//!
//! Anybody can write text into the log of a program, and the text may be JSON that looks like a record of an identity
//! provider. It counts as a record only if the record around it shows that such records come this way:
//!
//! | keeper of the text | may hold records of |
//! |---|---|
//! | not named, or only labelled | any family: a collector's `log`, `message`, `body` |
//! | a forwarder: an agent, a relay, a queue | any family |
//! | a provider's program, data set or module (`duologsync`, `okta.system`) | that provider |
//! | any other (`nginx`, `nginx.access`), or a category that is not about logins | no family |
//!
//! The names come from syslog fields and headers, and from ECS: `event.dataset` (also `data_stream.dataset`),
//! `event.module`, `event.category`.

use crate::analytic::Telemetry;
use crate::carriers::slot::{CATEGORY, DATASET};
use crate::carriers::{BESIDE, FORWARDERS, INPUTS};
use crate::json::{Slots, equal};
use crate::shapes::{Family, KEEPERS};

/// The longest name in bytes.
const LONGEST: usize = 256;

/// True if the task of a program is to pass on the texts of others. All words of its name have to say so, because a
/// name with another word is that of an application. Digits at the end of a word are ignored (`relay1`).
pub fn is_forwarder(program: &[u8]) -> bool {
    // People use the name of this file as a tag.
    if program.len() > LONGEST || program.eq_ignore_ascii_case(b"auth.log") {
        return program.len() <= LONGEST;
    }
    let mut passes = false;
    for word in program.split(|byte| !byte.is_ascii_alphanumeric()) {
        let letters = word.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |last| last + 1);
        let word = word.get(..letters).unwrap_or_default();
        let is_one_of =
            |words: &[&str]| words.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(word));
        if is_one_of(FORWARDERS) {
            passes = true;
        } else if !word.is_empty() && !is_one_of(BESIDE) {
            return false;
        }
    }
    passes
}

static TAKING_ANY: [Word; INPUTS.len()] = words(INPUTS);

/// The families to which a JSON or XML record in a text of this program may belong. `program` is empty if none is
/// named.
#[must_use]
pub fn lent(program: &[u8]) -> Telemetry {
    if program.is_empty() || is_forwarder(program) { Telemetry::ANY } else { provider(program) }
}

/// The families to which a record in a text may belong, by the ECS fields around the text.
pub fn by_ecs(found: &Slots<'_>) -> Telemetry {
    if let Some(name) = found.get(DATASET).and_then(|value| value.as_text()) {
        let known = provider(name.as_bytes());
        if known != Telemetry::NONE {
            return known;
        }
        if !is_forwarder(name.as_bytes()) && !Name::new(name.as_bytes()).has_any(&TAKING_ANY) {
            return Telemetry::NONE;
        }
    }
    let Some(category) = found.get(CATEGORY) else { return Telemetry::ANY };
    let ours = ["authentication", "iam", "session"].iter().any(|name| super::is_or_holds(category, name));
    if ours { Telemetry::ANY } else { Telemetry::NONE }
}

/// The families of the first known part in a provider's name. A provider may also normalise its own records.
fn provider(name: &[u8]) -> Telemetry {
    let name = Name::new(name);
    let part = PARTS.iter().take(DISTINCT).find(|part| name.has(part.word));
    part.map_or(Telemetry::NONE, |part| part.families.and(Telemetry::NORMALISED))
}

/// A part of names, and the families whose records a program with this name may hold.
#[derive(Clone, Copy)]
struct Part {
    word: Word,
    rank: u8,
    families: Telemetry,
}

/// The parts of all families, each once, ordered by rank. The rest is empty.
static PARTS: [Part; COUNT] = SORTED.0;
const DISTINCT: usize = SORTED.1;
const SORTED: ([Part; COUNT], usize) = {
    let nothing = Part { word: Word::new(""), rank: 0, families: Telemetry::NONE };
    let (mut parts, mut count, mut i) = ([nothing; COUNT], 0, 0);
    while i < KEEPERS.len() {
        let (mut n, family) = (0, Family::ALL[i].telemetry());
        while n < KEEPERS[i].len() {
            let mut m = 0;
            while m < KEEPERS[i][n].len() {
                let (text, rank) = KEEPERS[i][n][m];
                (parts, count) = with(parts, count, Part { word: Word::new(text), rank, families: family });
                m += 1;
            }
            n += 1;
        }
        i += 1;
    }
    (parts, count)
};

/// Inserts a part, or adds its families to the equal part that is there.
const fn with(mut parts: [Part; COUNT], count: usize, part: Part) -> ([Part; COUNT], usize) {
    let mut at = 0;
    while at < count && parts[at].rank <= part.rank {
        if equal(parts[at].word.text, part.word.text) {
            assert!(parts[at].rank == part.rank, "a part of names with two ranks");
            parts[at].families = parts[at].families.and(part.families);
            return (parts, count);
        }
        at += 1;
    }
    let mut end = count;
    while end > at {
        parts[end] = parts[end - 1];
        end -= 1;
    }
    parts[at] = part;
    (parts, count + 1)
}

/// The number of parts that the families name.
const COUNT: usize = {
    let (mut count, mut i) = (0, 0);
    while i < KEEPERS.len() {
        let mut n = 0;
        while n < KEEPERS[i].len() {
            count += KEEPERS[i][n].len();
            n += 1;
        }
        i += 1;
    }
    count
};

/// A word to search in names, in any case.
#[derive(Clone, Copy)]
struct Word {
    text: &'static str,
    letters: u32,
}

impl Word {
    const fn new(text: &'static str) -> Self {
        Self { text, letters: letters(text.as_bytes()) }
    }
}

const fn words<const N: usize>(texts: &[&'static str]) -> [Word; N] {
    let mut words = [Word::new(""); N];
    let mut i = 0;
    while i < N {
        words[i] = Word::new(texts[i]);
        i += 1;
    }
    words
}

/// The letters in a text, with one bit for each. The lowest five bits of a letter are the same in both cases.
const fn letters(text: &[u8]) -> u32 {
    let (mut letters, mut at) = (0, 0);
    while at < text.len() {
        letters |= 1 << (text[at] & 31);
        at += 1;
    }
    letters
}

/// The name of a program or a data set.
#[derive(Clone, Copy)]
struct Name<'n> {
    text: &'n [u8],
    letters: u32,
}

impl<'n> Name<'n> {
    /// Creates a name. A name that is too long contains no word.
    fn new(text: &'n [u8]) -> Self {
        let text = if text.len() <= LONGEST { text } else { b"" };
        Self { text, letters: letters(text) }
    }

    /// True if the word is in the name, with no letter or digit next to it. Usually the name lacks a letter of the
    /// word, which is found out at once.
    fn has(self, word: Word) -> bool {
        let known = word.text.as_bytes();
        let inside =
            |at: Option<usize>| at.and_then(|at| self.text.get(at)).is_some_and(u8::is_ascii_alphanumeric);
        let same = |(place, window): (usize, &[u8])| {
            let open = known.last().is_some_and(|last| !last.is_ascii_alphanumeric());
            window.eq_ignore_ascii_case(known)
                && !inside(place.checked_sub(1))
                && (open || !inside(Some(place + known.len())))
        };
        word.letters & !self.letters == 0 && self.text.windows(known.len().max(1)).enumerate().any(same)
    }

    fn has_any(self, words: &[Word]) -> bool {
        words.iter().any(|word| self.has(*word))
    }
}
