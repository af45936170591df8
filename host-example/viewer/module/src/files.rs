//! Collects the results for each file.

use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;

/// The most losses of a file that are listed.
const MOST: usize = 20;

/// The most files that are listed.
const MOST_FILES: usize = 10_000;

/// The results of all files, in the order of reading.
#[derive(Debug, Default)]
pub struct Tallies {
    places: HashMap<Arc<str>, usize>,
    list: Vec<Tally>,
}

/// The results of one file.
#[derive(Debug, Serialize)]
pub struct Tally {
    #[serde(serialize_with = "text")]
    name: Arc<str>,
    records: u64,
    events: u64,
    /// The earliest and the latest event, in microseconds since 1970. They are texts, because JavaScript's numbers are
    /// not exact enough.
    first: Option<String>,
    last: Option<String>,
    #[serde(skip)]
    between: Option<(i64, i64)>,
    losses: Vec<Loss>,
    /// The number of losses.
    lost: u64,
    /// True if the file could not be opened or not be read to its end.
    damaged: bool,
}

/// A part of a file that did not become a record.
#[derive(Debug, Serialize)]
struct Loss {
    line: Option<u64>,
    text: String,
}

fn text<S: serde::Serializer>(name: &Arc<str>, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(name)
}

impl Tallies {
    fn of(&mut self, name: &Arc<str>) -> Option<&mut Tally> {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None if self.list.len() >= MOST_FILES => return None,
            None => {
                self.places.insert(Arc::clone(name), self.list.len());
                self.list.push(Tally {
                    name: Arc::clone(name),
                    records: 0,
                    events: 0,
                    first: None,
                    last: None,
                    between: None,
                    losses: Vec::new(),
                    lost: 0,
                    damaged: false,
                });
                self.list.len() - 1
            }
        };
        self.list.get_mut(place)
    }

    /// Counts records of a file that were read.
    pub fn records(&mut self, name: &Arc<str>, count: u64) {
        if let Some(tally) = self.of(name) {
            tally.records += count;
        }
    }

    /// Counts an event in a file.
    pub fn event(&mut self, name: &Arc<str>, time: i64) {
        if let Some(tally) = self.of(name) {
            tally.events += 1;
            let (first, last) = tally.between.unwrap_or((time, time));
            tally.between = Some((first.min(time), last.max(time)));
        }
    }

    /// Counts a loss in a file, and lists it if there is room.
    pub fn loss(&mut self, name: &Arc<str>, line: Option<u64>, text: String, damaged: bool) {
        if let Some(tally) = self.of(name) {
            tally.lost += 1;
            tally.damaged |= damaged;
            if tally.losses.len() < MOST || damaged {
                tally.losses.push(Loss { line, text });
            }
        }
    }

    /// The results of all files.
    pub fn list(&mut self) -> &[Tally] {
        for tally in &mut self.list {
            (tally.first, tally.last) = tally.between.map(|(a, b)| (a.to_string(), b.to_string())).unzip();
        }
        &self.list
    }
}
