//! Mutations of inputs without coverage: deterministic, from a seed.

/// Random numbers: SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    /// A number below `end`, or 0 if `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.number() % (end as u64).max(1)) as usize
    }

    /// One element of a list, or empty if the list is empty.
    pub fn one<'a, T: AsRef<[u8]>>(&mut self, list: &'a [T]) -> &'a [u8] {
        list.get(self.below(list.len())).map_or(&[], AsRef::as_ref)
    }
}

/// Mutates an input at one to eight places, with words and pieces of other inputs. The result is at most `longest`
/// bytes long.
#[must_use]
pub fn mutated(random: &mut Random, seeds: &[Vec<u8>], words: &[Vec<u8>], longest: usize) -> Vec<u8> {
    let mut bytes = random.one(seeds).to_vec();
    for _ in 0..=random.below(8) {
        let from = random.below(bytes.len() + 1);
        let length = 1 << random.below(8);
        let to = (from + random.below(length) + 1).min(bytes.len());
        match random.below(11) {
            0 if from < to => bytes[from] ^= 1 << random.below(8),
            1 if from < to => bytes[from] = random.number() as u8,
            2 => drop(bytes.drain(from..to)),
            3 => {
                let again = bytes[from..to].to_vec();
                insert(&mut bytes, to, &again.repeat(1 + random.below(3)));
            }
            4 => insert(&mut bytes, from, random.one(words)),
            5 => replace_word(&mut bytes, from, random.one(words)),
            6 => {
                let other = random.one(seeds);
                let start = random.below(other.len());
                let end = (start + 1 + random.below(512)).min(other.len());
                let piece = &other[start..end];
                insert(&mut bytes, from, piece);
            }
            7 => {
                let nest = random.one(&["[", "{\"a\":", "(", "<a>", "\"{\\\"", "\\"]).to_vec();
                let times = 1 + random.below(300);
                insert(&mut bytes, from, &nest.repeat(times));
            }
            8 => {
                // Repeats a line, as attackers and agents do.
                let start = bytes[..from].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                let end = bytes[from..]
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .map_or(bytes.len(), |at| from + at + 1);
                let line = bytes[start..end].to_vec();
                insert(&mut bytes, start, &line.repeat(1 + random.below(8)));
            }
            9 => bytes.truncate(from),
            _ => replace_number(&mut bytes, from, random),
        }
    }
    bytes.truncate(longest);
    bytes
}

/// An input in which a word, or a piece of another input, is repeated at one place up to `length` bytes. It shows
/// work that grows faster than the input. Equal random numbers give equal inputs, except for their length.
#[must_use]
pub fn grown(random: &mut Random, seeds: &[Vec<u8>], words: &[Vec<u8>], length: usize) -> Vec<u8> {
    let mut bytes = random.one(seeds).to_vec();
    let at = random.below(bytes.len() + 1);
    let unit = match random.below(3) {
        0 => random.one(words),
        1 => random.one(seeds),
        _ => {
            let other = random.one(seeds);
            let start = random.below(other.len());
            let end = (start + 1 + random.below(40)).min(other.len());
            &other[start..end]
        }
    };
    let times = length.saturating_sub(bytes.len()) / unit.len().max(1);
    insert(&mut bytes, at, &unit.repeat(times));
    bytes
}

fn insert(bytes: &mut Vec<u8>, at: usize, what: &[u8]) {
    bytes.splice(at..at, what.iter().copied());
}

/// Replaces the word at `at` by another one.
fn replace_word(bytes: &mut Vec<u8>, at: usize, word: &[u8]) {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let start = bytes[..at].iter().rposition(|byte| !part(byte)).map_or(0, |at| at + 1);
    let end = bytes[at..].iter().position(|byte| !part(byte)).map_or(bytes.len(), |length| at + length);
    bytes.splice(start..end, word.iter().copied());
}

/// Replaces the next number at or after `at` by another one.
fn replace_number(bytes: &mut Vec<u8>, at: usize, random: &mut Random) {
    let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit).map(|length| at + length) else {
        return;
    };
    let end =
        bytes[start..].iter().position(|byte| !byte.is_ascii_digit()).map_or(bytes.len(), |n| start + n);
    let number = match random.below(6) {
        0 => "0".to_owned(),
        1 => "99".to_owned(),
        2 => u64::MAX.to_string(),
        3 => "9".repeat(1 + random.below(40)),
        4 => random.below(70).to_string(),
        _ => (random.number() >> random.below(64)).to_string(),
    };
    bytes.splice(start..end, number.into_bytes());
}
