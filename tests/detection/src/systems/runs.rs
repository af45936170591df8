//! Counts of events in a sliding window, for each key.

use authsieve_tests::fact::Micros;
use std::collections::{HashMap, VecDeque};

/// The times of the events of each key within a span, both ends included.
#[derive(Debug)]
pub struct Runs {
    span: Micros,
    times: HashMap<String, VecDeque<Micros>>,
}

impl Runs {
    /// No events yet.
    #[must_use]
    pub fn new(span: Micros) -> Self {
        Self { span, times: HashMap::new() }
    }

    /// Adds an event, and counts those of its key within the span that ends with it.
    pub fn add(&mut self, key: &str, time: Micros) -> usize {
        self.times.entry(key.to_owned()).or_default().push_back(time);
        self.count(key, time)
    }

    /// The number of events of a key within the span that ends at a time.
    pub fn count(&mut self, key: &str, time: Micros) -> usize {
        let Some(times) = self.times.get_mut(key) else { return 0 };
        while times.front().is_some_and(|first| *first < time - self.span) {
            times.pop_front();
        }
        times.len()
    }

    /// Forgets a key.
    pub fn forget(&mut self, key: &str) {
        self.times.remove(key);
    }
}
