//! Finds records that hold no needle, before anything is parsed. For hosts without vector instructions.
//!
//! Each record that can matter holds one of the decoder's needles. In an interpreter every instruction costs, so the
//! search looks at few bytes. If the shortest needle has `n` letters, it looks at a pair of bytes at every `n - 1`th
//! place. Every occurrence of a needle covers at least one such pair. A table of all pairs (64 Ki entries) tells
//! which pairs occur in needles. Only for these pairs the needle is compared.

use crate::find::short;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// Text of common records, in lower case. The search avoids pairs that are frequent here, since each hit costs a
/// comparison.
const USUAL: &[u8] = br#"{"_hostname":"db2","priority":"6","_uid":"1000","_gid":"0","_comm":"nginx","_exe":"/usr/sbin/nginx",
"_cmdline":"nginx: worker process","_systemd_cgroup":"/system.slice/nginx.service","_systemd_unit":"nginx.service",
"_systemd_slice":"system.slice","_boot_id":"5d8a","_machine_id":"c4f1","_cap_effective":"1ffffffffff","_pid":"4711",
"_transport":"syslog","syslog_facility":"10","syslog_identifier":"nginx","_source_realtime_timestamp":"1772355600000000",
"message":"mar  4 07:55:48 web1 systemd[1]: started session 12 of user bob.","log":"kernel: tcp: possible syn flooding"}
{"providername":"microsoft-windows-security-auditing","eventid":4688,"timecreated":"2026-03-04 07:55:48 +0000",
"channel":"security","computer":"dc1.corp.example","level":0,"keywords":"0x8020000000000000","stringinserts":["s-1-5-18"],
"message":"a new process has been created. subject: security id: s-1-5-18 account name: dc1$ account domain: corp logon id:
0x3e7 process information: new process id: 0x1a4 c:\\windows\\system32\\conhost.exe"}
{"published":"2026-03-04t07:55:48.123z","eventtype":"policy.evaluate_sign_on","outcome":{"result":"allow","reason":null},
"actor":{"id":"00u1","type":"user","alternateid":"bob@example.com","displayname":"bob"},"client":{"useragent":{"os":"linux"},
"ipaddress":"192.0.2.7"},"operationname":"list applications","resultsignature":"none","properties":{"appid":"5d8a-11ee"}}
2026-03-04 07:55:48 192.0.2.1 get /index.html - 443 - 192.0.2.7 mozilla/5.0 200 0 0 15"#;

/// A search for any of several needles; see the [module](self).
#[derive(Clone, Debug)]
pub struct Sieve {
    /// The distance between the pairs that the search looks at.
    step: usize,
    /// For each pair of bytes, one more than the number of its first clue.
    pairs: Box<[u16; 1 << 16]>,
    clues: Vec<Clue>,
}

/// A needle that holds a certain pair.
#[derive(Clone, Debug)]
struct Clue {
    needle: Box<[u8]>,
    /// The needle's place in the list.
    number: u16,
    /// The letters that may follow the pair in first and second place, in this clue and all later ones of the pair.
    /// Each is a bit set by the lowest five bits of a letter, which ignore case.
    letters: [u32; 2],
    /// The eight letters from the pair on, folded, up to the end of the needle.
    own: u64,
    /// Masks the bits of `own` that count.
    own_mask: u64,
    /// The place of the pair in the needle.
    at: u8,
    /// One more than the number of the next clue of the same pair.
    next: u16,
}

impl Sieve {
    /// Makes a sieve for ASCII needles, which are compared without case. Returns `None` if a needle is shorter than
    /// two letters, or if there are too many; then every record may matter.
    #[must_use]
    pub fn new(needles: &[&str]) -> Option<Self> {
        let shortest = needles.iter().map(|needle| needle.len()).min()?;
        let step = shortest.checked_sub(1).filter(|step| *step > 0)?.min(6);
        let pairs: Box<[u16]> = vec![0; 1 << 16].into();
        let mut sieve = Self { step, pairs: pairs.try_into().ok()?, clues: Vec::new() };
        let mut usual = vec![0u8; 1 << 16];
        for pair in pairs_of(USUAL) {
            if let Some(times) = usual.get_mut(pair) {
                *times = times.saturating_add(1);
            }
        }
        for (number, needle) in (0..).zip(needles) {
            let needle: Box<[u8]> = needle.bytes().map(|byte| byte.to_ascii_lowercase()).collect();
            // Of a long needle, only the part with the rarest pairs is used.
            let stops = |part: &[u8]| -> u32 {
                pairs_of(part).filter_map(|pair| usual.get(pair)).map(|times| u32::from(*times)).sum()
            };
            let parts = needle.windows(step + 1).enumerate();
            let (from, _) = parts.min_by_key(|(_, part)| stops(part))?;
            for at in from..from + step {
                sieve.add(&needle, number, at)?;
            }
        }
        Some(sieve)
    }

    /// Adds a pair of a needle. All combinations of upper and lower case share one list of clues.
    fn add(&mut self, needle: &[u8], number: u16, at: usize) -> Option<()> {
        let (one, other) = (*needle.get(at)?, *needle.get(at + 1)?);
        let next = self.pairs[place(one, other)];
        let eight = needle.get(at..)?.chunks(8).next()?;
        let own_mask = u64::MAX >> (64 - 8 * eight.len());
        let own = fold(short(eight)) & own_mask;
        // After the end of the needle, any letter may follow.
        let letter = |at: usize| needle.get(at).map_or(u32::MAX, |letter| 1 << (letter & 31));
        let [thirds, fourths] = self.clue(next).map_or([0; 2], |clue| clue.letters);
        let letters = [thirds | letter(at + 2), fourths | letter(at + 3)];
        let (needle, at) = (needle.into(), u8::try_from(at).ok()?);
        self.clues.push(Clue { needle, number, letters, own, own_mask, at, next });
        let first = u16::try_from(self.clues.len()).ok()?;
        for one in [one, one.to_ascii_uppercase()] {
            for other in [other, other.to_ascii_uppercase()] {
                self.pairs[place(one, other)] = first;
            }
        }
        Some(())
    }

    /// True if the record holds a needle. O(n).
    #[must_use]
    pub fn passes(&self, record: &[u8]) -> bool {
        self.search(record, &mut |_| true)
    }

    /// Calls `found` with the number of each needle in the record, once per place, until `found` returns true.
    /// Returns whether it did. O(n) without the calls.
    pub fn search(&self, record: &[u8], found: &mut dyn FnMut(usize) -> bool) -> bool {
        // The width of a block covers four steps and the letters after the last pair.
        match self.step {
            1 => self.search_by::<1, 7>(record, found),
            2 => self.search_by::<2, 10>(record, found),
            3 => self.search_by::<3, 13>(record, found),
            4 => self.search_by::<4, 16>(record, found),
            5 => self.search_by::<5, 19>(record, found),
            _ => self.search_by::<6, 22>(record, found),
        }
    }

    #[inline(always)]
    fn search_by<const STEP: usize, const WIDTH: usize>(
        &self,
        record: &[u8],
        found: &mut dyn FnMut(usize) -> bool,
    ) -> bool {
        let mut rest = record;
        // The loop is unrolled by hand, because a compiler that optimises for size does not unroll.
        while let Some(block) = rest.first_chunk::<WIDTH>() {
            let first = self.first_clue(block, 0);
            let second = self.first_clue(block, STEP);
            let third = self.first_clue(block, 2 * STEP);
            let fourth = self.first_clue(block, 3 * STEP);
            if first | second | third | fourth != 0 {
                let from = record.len() - rest.len();
                if self.found(record, from, block, 0, first, found)
                    || self.found(record, from, block, STEP, second, found)
                    || self.found(record, from, block, 2 * STEP, third, found)
                    || self.found(record, from, block, 3 * STEP, fourth, found)
                {
                    return true;
                }
            }
            rest = rest.get(4 * STEP..).unwrap_or_default();
        }
        while rest.len() > 1 {
            let first = self.first_clue(rest, 0);
            if first != 0 && self.stands(record, record.len() - rest.len(), first, found) {
                return true;
            }
            rest = rest.get(STEP..).unwrap_or_default();
        }
        false
    }

    /// One more than the number of the first clue of a pair.
    #[inline(always)]
    fn first_clue(&self, text: &[u8], at: usize) -> u16 {
        // Loads both bytes at once.
        match text.get(at..).and_then(|text| text.first_chunk::<2>()) {
            Some(pair) => self.pairs[usize::from(u16::from_le_bytes(*pair))],
            None => 0,
        }
    }

    /// True if a needle is where a pair was found, and `found` returns true for it. The block begins at `from` in
    /// the record.
    #[inline(always)]
    fn found(
        &self,
        record: &[u8],
        from: usize,
        block: &[u8],
        at: usize,
        first: u16,
        found: &mut dyn FnMut(usize) -> bool,
    ) -> bool {
        first != 0 && self.hints(block, at, first) && self.stands(record, from + at, first, found)
    }

    /// True if the letters after a pair allow any of its needles.
    #[inline(always)]
    fn hints(&self, text: &[u8], at: usize, first: u16) -> bool {
        match (self.clue(first), text.get(at..).and_then(|text| text.first_chunk())) {
            (Some(clue), Some([_, _, third, fourth])) => {
                let [thirds, fourths] = clue.letters;
                thirds >> (third & 31) & fourths >> (fourth & 31) & 1 != 0
            }
            _ => true,
        }
    }

    #[inline(always)]
    fn clue(&self, number: u16) -> Option<&Clue> {
        self.clues.get(usize::from(number).wrapping_sub(1))
    }

    /// True if one of the pair's needles is at `at`, and `enough` returns true for it.
    #[inline(never)]
    fn stands(&self, record: &[u8], at: usize, first: u16, enough: &mut dyn FnMut(usize) -> bool) -> bool {
        let eight = record.get(at..).and_then(|text| text.first_chunk());
        let eight = eight.map(|letters| fold(u64::from_le_bytes(*letters)));
        let mut next = first;
        while let Some(clue) = self.clue(next) {
            next = clue.next;
            if eight.is_some_and(|eight| eight & clue.own_mask != clue.own) {
                continue;
            }
            let found =
                at.checked_sub(clue.at.into()).and_then(|from| record.get(from..from + clue.needle.len()));
            if found.is_some_and(|found| found.eq_ignore_ascii_case(&clue.needle))
                && enough(clue.number.into())
            {
                return true;
            }
        }
        false
    }
}

/// Folds the case of letters. Other bytes may become equal too; a later comparison tells them apart.
#[inline(always)]
const fn fold(letters: u64) -> u64 {
    letters | 0x2020_2020_2020_2020
}

/// The place of a pair in the table.
#[inline(always)]
fn place(one: u8, other: u8) -> usize {
    u16::from_le_bytes([one, other]).into()
}

/// The places of all pairs of a text.
fn pairs_of(text: &[u8]) -> impl Iterator<Item = usize> {
    text.array_windows().map(|[one, other]| place(*one, *other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(needles: &[&str], record: &[u8]) -> bool {
        let record = record.to_ascii_lowercase();
        needles.iter().any(|needle| {
            let needle = needle.to_ascii_lowercase().into_bytes();
            record.windows(needle.len()).any(|part| part == needle)
        })
    }

    #[test]
    fn a_needle_is_found_wherever_it_stands() {
        let needles = ["accepted ", "fail", "4625", "\\u004", "Session Opened"];
        let sieve = Sieve::new(&needles).unwrap();
        for needle in needles {
            for before in 0..40 {
                for after in 0..20 {
                    let text = alloc::format!("{}{needle}{}", "-".repeat(before), ".".repeat(after));
                    assert!(sieve.passes(text.as_bytes()), "{text}");
                    assert!(sieve.passes(text.to_ascii_uppercase().as_bytes()), "{text}");
                    let cut = text.replace(needle, &needle[1..]);
                    assert!(!sieve.passes(cut.as_bytes()), "{cut}");
                }
            }
        }
    }

    #[test]
    fn needles_that_tell_nothing_make_no_sieve() {
        assert!(Sieve::new(&[]).is_none());
        assert!(Sieve::new(&["fail", "x"]).is_none());
    }

    proptest! {
        #[test]
        fn it_finds_what_a_naive_search_finds(
            needles in proptest::collection::vec("[a-cA-C]{2,8}", 1..6),
            record in "[a-dA-D]{0,90}",
        ) {
            let needles: Vec<&str> = needles.iter().map(|needle| &**needle).collect();
            let sieve = Sieve::new(&needles).unwrap();
            prop_assert_eq!(sieve.passes(record.as_bytes()), naive(&needles, record.as_bytes()));
            let mut found = alloc::vec![0; needles.len()];
            sieve.search(record.as_bytes(), &mut |number| {
                found[number] += 1;
                false
            });
            for (needle, times) in needles.iter().zip(found) {
                let lower = record.to_ascii_lowercase().into_bytes();
                let needle = needle.to_ascii_lowercase().into_bytes();
                prop_assert_eq!(lower.windows(needle.len()).filter(|part| *part == needle).count(), times);
            }
        }
    }
}
