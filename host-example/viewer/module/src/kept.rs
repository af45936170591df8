//! Records that may matter, as they were read.

use authsieve_engine::detector::Reading;

/// A batch without the records that cannot matter. These have left their newlines, so that all have their numbers.
#[derive(Debug)]
pub struct Batch {
    /// The records.
    pub bytes: Box<[u8]>,
    /// When they were read.
    pub reading: Reading,
}

/// Batches in the order in which they were judged.
#[derive(Debug, Default)]
pub struct Kept(Vec<Batch>);

impl Kept {
    /// Adds a batch.
    pub fn add(&mut self, bytes: &[u8], reading: Reading) {
        self.0.push(Batch { bytes: bytes.into(), reading });
    }

    /// A batch by its place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&Batch> {
        self.0.get(place)
    }

    /// How many batches there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The record of that number, without its newline. O(bytes of its batch).
    #[must_use]
    pub fn record(&self, number: u64) -> Option<&[u8]> {
        let after = self.0.partition_point(|batch| batch.reading.first <= number);
        let batch = self.0.get(after.checked_sub(1)?)?;
        let place = usize::try_from(number.checked_sub(batch.reading.first)?).ok()?;
        let start = match place.checked_sub(1) {
            Some(before) => memchr::memchr_iter(b'\n', &batch.bytes).nth(before)? + 1,
            None => 0,
        };
        let rest = batch.bytes.get(start..)?;
        let record = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len()))?;
        (!record.is_empty()).then(|| record.strip_suffix(b"\r").unwrap_or(record))
    }
}
