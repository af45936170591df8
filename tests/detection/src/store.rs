//! The figures of rsigma, which is not installed everywhere.

use crate::corpus::Corpus;
use crate::score::Score;
use crate::systems::rsigma::{RULES, Rsigma};
use crate::systems::{ANALYTICS, Judged};
use authsieve_engine::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, io, path::Path};

/// The figures of a run of rsigma.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The version of rsigma.
    pub version: String,
    /// The day of the run.
    pub date: String,
    /// The hash of the corpus and the rules. Figures of another corpus are of no use.
    pub inputs: String,
    /// The scores, by analytic.
    pub scores: BTreeMap<String, Score>,
}

impl Stored {
    /// Runs rsigma.
    ///
    /// # Errors
    /// Fails if the program cannot be run, or fails.
    pub fn new(rsigma: &Rsigma, corpus: &Corpus, judged: &Judged) -> io::Result<Self> {
        let mut scores = BTreeMap::new();
        for analytic in ANALYTICS {
            let alarms = rsigma.judge(analytic, &judged.events)?;
            scores.insert(analytic.to_owned(), Score::new(&alarms, corpus));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp(i64::try_from(now.as_micros()).unwrap_or(0)).to_string();
        let date = now.split('T').next().unwrap_or_default().to_owned();
        Ok(Self { version: rsigma.version.clone(), date, inputs: inputs(corpus), scores })
    }

    /// The place of the file.
    #[must_use]
    pub fn file() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/rsigma.json"))
    }

    /// Reads the figures of an earlier run. `None` if there was none.
    ///
    /// # Errors
    /// Fails if they cannot be read, or are of another corpus.
    pub fn read(corpus: &Corpus) -> io::Result<Option<Self>> {
        if !Self::file().exists() {
            return Ok(None);
        }
        let stored: Self = serde_json::from_slice(&fs::read(Self::file())?)?;
        if stored.inputs == inputs(corpus) {
            Ok(Some(stored))
        } else {
            let why = "rsigma.json: these figures are of another corpus or of other rules; run the command with rsigma 0.23";
            Err(io::Error::other(why))
        }
    }

    /// Writes the figures.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn write(&self) -> io::Result<()> {
        fs::write(Self::file(), serde_json::to_string(self)? + "\n")
    }
}

/// FNV-1a over all records and rules.
fn inputs(corpus: &Corpus) -> String {
    let records = corpus.records.iter().map(|(_, record)| &**record);
    let rules = RULES.iter().map(|(_, text)| text.as_bytes());
    let hash = records.chain(rules).flatten().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
