//! Chooses a window for each needle, and assigns the windows to buckets.
//!
//! The vectorised pass only knows, for each place of a window, which nibbles each bucket accepts. So windows in one
//! bucket should be similar, and each window should be rare in logs. A sample of ordinary logs tells how frequent
//! bytes and windows are.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The length of a window: the bytes of a needle that the pass searches for.
pub(super) const WINDOW: usize = 4;
/// The number of buckets.
pub(super) const BUCKETS: usize = 16;
/// The most windows for the search for the best buckets, which is cubic. With more, neighbours in the alphabet are
/// merged first.
const MOST: usize = 256;

/// The frequencies in the sample.
struct Sample {
    /// The share of bytes with this lower nibble and one of these upper nibbles. The upper nibbles are below 8, one
    /// bit each.
    nibbles: [[f32; 256]; 16],
    /// The count of each window, in lower case.
    windows: HashMap<[u8; WINDOW], u32>,
    length: f32,
}

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| {
    let text = include_bytes!("ordinary.log").to_ascii_lowercase();
    let mut counts = [1_u32; 128];
    text.iter().for_each(|byte| counts[usize::from(byte & 127)] += 1);
    let length = text.len() as f32;
    let share = |low: usize, high: usize| counts[high << 4 | low] as f32 / length;
    let sum = |low: usize, mask: usize| {
        let chosen = (0..8).filter(|high| mask & (1 << high) != 0);
        chosen.map(|high| share(low, high)).sum()
    };
    let nibbles = std::array::from_fn(|low| std::array::from_fn(|mask| sum(low, mask)));
    let mut windows = HashMap::new();
    text.array_windows().for_each(|window| *windows.entry(*window).or_default() += 1);
    Sample { nibbles, windows, length }
});

/// The bytes accepted at one place: those with one of these lower and one of these upper nibbles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Nibbles {
    pub low: u16,
    pub high: u16,
}

impl Nibbles {
    const ALL: Self = Self { low: !0, high: !0 };

    /// Accepts a byte in upper and lower case.
    fn of(byte: u8) -> Self {
        let (lower, upper) = (byte.to_ascii_lowercase(), byte.to_ascii_uppercase());
        Self { low: 1 << (lower & 15) | 1 << (upper & 15), high: 1 << (lower >> 4) | 1 << (upper >> 4) }
    }

    const fn and(self, other: Self) -> Self {
        Self { low: self.low | other.low, high: self.high | other.high }
    }

    /// The share of bytes in logs that are accepted.
    fn share(self) -> f32 {
        if self == Self::ALL {
            return 1.0;
        }
        let (mut share, mut low) = (0.0, self.low);
        while low != 0 {
            share += SAMPLE.nibbles[low.trailing_zeros() as usize][usize::from(self.high & 255)];
            low &= low - 1;
        }
        share
    }
}

/// The needles that share a bucket.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    /// The numbers of the needles.
    pub needles: Vec<usize>,
    /// The bytes accepted at each place of a window.
    pub places: [Nibbles; WINDOW],
    /// The share of the windows in logs that the bucket accepts.
    share: f32,
}

impl Bucket {
    fn new(needles: Vec<usize>, places: [Nibbles; WINDOW]) -> Self {
        Self { needles, places, share: share(&places) }
    }

    /// The bytes accepted by either bucket.
    fn either(&self, other: &Self) -> [Nibbles; WINDOW] {
        std::array::from_fn(|place| self.places[place].and(other.places[place]))
    }

    fn and(&self, other: &Self) -> Self {
        Self::new([&self.needles[..], &other.needles].concat(), self.either(other))
    }
}

/// The share of windows in logs that are accepted, if bytes were independent.
fn share(places: &[Nibbles; WINDOW]) -> f32 {
    places.iter().map(|place| place.share()).product()
}

/// The start of the rarest window of a needle. A needle shorter than a window is a window itself.
pub(super) fn rarest(needle: &[u8]) -> usize {
    let rate = |window: &[u8; WINDOW]| {
        let window = window.map(|byte| byte.to_ascii_lowercase());
        let seen = SAMPLE.windows.get(&window).copied().unwrap_or(0) as f32 / SAMPLE.length;
        let expected: f32 = window.iter().map(|byte| Nibbles::of(*byte).share()).product();
        seen + expected
    };
    let windows = needle.array_windows().map(rate).enumerate();
    windows.min_by(|one, other| one.1.total_cmp(&other.1)).map_or(0, |(at, _)| at)
}

/// Assigns windows to at most [`BUCKETS`] buckets. Merges those windows that together accept the fewest other
/// windows. O(n³) for n windows, n at most [`MOST`].
pub(super) fn buckets<'w>(windows: impl Iterator<Item = &'w [u8]>) -> Vec<Bucket> {
    let mut windows: Vec<(usize, &[u8])> = windows.enumerate().collect();
    let one = |(number, window): &(usize, &[u8])| {
        let places =
            std::array::from_fn(|place| window.get(place).map_or(Nibbles::ALL, |byte| Nibbles::of(*byte)));
        Bucket::new(vec![*number], places)
    };
    let mut all: Vec<Bucket> = if windows.len() > MOST {
        windows.sort_by_key(|(_, window)| *window);
        let each = windows.len().div_ceil(MOST);
        let together = |chunk: &[(usize, &[u8])]| chunk.iter().map(one).reduce(|all, next| all.and(&next));
        windows.chunks(each).filter_map(together).collect()
    } else {
        windows.iter().map(one).collect()
    };
    let more = |one: &Bucket, other: &Bucket| share(&one.either(other)) - one.share - other.share;
    // The cost of merging each bucket with each later bucket.
    let mut costs: Vec<Vec<f32>> = all
        .iter()
        .enumerate()
        .map(|(at, one)| all[at + 1..].iter().map(|other| more(one, other)).collect())
        .collect();
    while all.len() > BUCKETS {
        let rows = costs.iter().enumerate();
        let pairs = rows
            .flat_map(|(first, row)| row.iter().enumerate().map(move |(behind, cost)| (first, behind, cost)));
        let Some((first, behind, _)) = pairs.min_by(|one, other| one.2.total_cmp(other.2)) else { break };
        let second = all.remove(first + 1 + behind);
        all[first] = all[first].and(&second);
        costs.remove(first + 1 + behind);
        for (at, row) in costs.iter_mut().enumerate().take(first + 1 + behind) {
            row.remove(first + behind - at);
        }
        for at in 0..first {
            costs[at][first - at - 1] = more(&all[at], &all[first]);
        }
        costs[first] = all[first + 1..].iter().map(|other| more(&all[first], other)).collect();
    }
    all
}
