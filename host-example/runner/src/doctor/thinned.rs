//! Percentiles of any number of values, in bounded memory.

/// The most values that are held.
const MOST: usize = 1 << 14;

/// A sample of values: every n-th value, and the greatest of all. When the sample is full, n doubles.
#[derive(Clone, Debug)]
pub struct Thinned {
    held: Vec<i64>,
    every: u64,
    came: u64,
    greatest: i64,
}

impl Default for Thinned {
    fn default() -> Self {
        Self { held: Vec::new(), every: 1, came: 0, greatest: i64::MIN }
    }
}

impl Thinned {
    /// Adds a value. O(1) amortised.
    pub fn add(&mut self, value: i64) {
        self.greatest = self.greatest.max(value);
        if self.came.is_multiple_of(self.every) {
            if self.held.len() >= MOST {
                let mut number = 0usize;
                self.held.retain(|_| {
                    number += 1;
                    number % 2 == 1
                });
                self.every *= 2;
            }
            if self.came.is_multiple_of(self.every) {
                self.held.push(value);
            }
        }
        self.came += 1;
    }

    /// The number of values that were added.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.came
    }

    /// The value that `percent` of the values do not exceed. 100 gives the greatest. `None` without values.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Option<i64> {
        if percent >= 100 {
            return (self.came > 0).then_some(self.greatest);
        }
        let mut sorted = self.held.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
        sorted.get(rank).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_few_are_exact_and_of_many_close() {
        let mut few = Thinned::default();
        assert_eq!(few.percentile(50), None);
        (1..=100).for_each(|value| few.add(value));
        assert_eq!([50, 90, 99, 100].map(|p| few.percentile(p)), [50, 90, 99, 100].map(Some));
        let mut many = Thinned::default();
        (0..1_000_000).for_each(|value| many.add(value));
        assert!(many.held.len() <= MOST);
        let p99 = many.percentile(99).unwrap();
        assert!((985_000..=995_000).contains(&p99), "{p99}");
        assert_eq!(many.percentile(100), Some(999_999));
    }
}
