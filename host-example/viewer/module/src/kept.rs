//! Keeps the records that may matter, in the form in which they were read.

use authsieve_engine::detector::Reading;

/// A batch without the records that cannot matter. Their newlines remain, so the other records keep their numbers.
#[derive(Debug)]
pub struct Batch {
    /// The records.
    pub bytes: Box<[u8]>,
    /// The reading of the batch.
    pub reading: Reading,
}

/// The batches, in the order in which they were judged.
#[derive(Debug, Default)]
pub struct Kept(Vec<Batch>);

impl Kept {
    /// Adds a batch.
    pub fn add(&mut self, bytes: &[u8], reading: Reading) {
        self.0.push(Batch { bytes: bytes.into(), reading });
    }

    /// The batch at a position.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&Batch> {
        self.0.get(place)
    }

    /// The number of batches.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there are no batches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The record with this number, without its newline. O(bytes of its batch).
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
