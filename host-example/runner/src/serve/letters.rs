//! Dead letters: records that could not be judged, in a file of the state folder, one JSON object each.
//!
//! A bad record never costs its batch. The record is kept here with its source, its time, and what is wrong with it. An
//! attacker may send bad records, so two files of bounded size are kept, with a limit of letters per minute.

use super::metrics::Counters;
use super::trouble::Trouble;
use super::{private, say};
use authsieve_engine::time::Timestamp;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The names of the present file and the one before it.
const NAME: &str = "dead-letters.ndjson";
const OLD: &str = "dead-letters.1.ndjson";
/// The largest size of the file, in bytes. A full file replaces the one before it.
const LARGEST: u64 = 16 << 20;
/// The number of bytes that are kept of a record.
const RECORD: usize = 64 << 10;
/// The number of letters that are written per minute. More are only counted.
const MOST: u32 = 1000;
const MINUTE: Duration = Duration::from_secs(60);

/// Why a record could not be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The record is too long.
    Oversized,
    /// The record is not JSON, though its sender says so.
    NotJson,
    /// The data could not be turned into a record.
    Broken,
    /// The record is for an analytic, but the analytic cannot read it.
    Malformed,
    /// None of the times in the record can be read.
    Undated,
    /// An analytic fails on the record.
    Poisonous,
}

impl Fault {
    /// The name of the fault in the file and the metrics.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Oversized => "oversized",
            Self::NotJson => "not-json",
            Self::Broken => "broken",
            Self::Malformed => "malformed",
            Self::Undated => "undated",
            Self::Poisonous => "poisonous",
        }
    }
}

/// A record that could not be judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter<'a> {
    /// The name of the source.
    pub source: &'a str,
    /// The analytic that could not judge the record, if the fault concerns one.
    pub analytic: Option<&'a str>,
    /// The kind of fault.
    pub fault: Fault,
    /// The reason, as a sentence.
    pub why: &'a str,
    /// The record, or the part of it that is left.
    pub record: &'a [u8],
    /// The time of receipt, in microseconds since 1970.
    pub received: i64,
}

/// The writer of dead letters.
pub(super) struct Letters {
    /// `None` without a state folder: letters are only counted.
    writing: Option<Mutex<Writing>>,
    counters: Arc<Counters>,
}

#[derive(Debug)]
struct Writing {
    folder: PathBuf,
    file: Option<(File, u64)>,
    minute: Instant,
    written: u32,
    trouble: Trouble,
}

impl Letters {
    /// Writes to this folder.
    pub(super) fn new(folder: Option<PathBuf>, counters: Arc<Counters>) -> Self {
        let writing = folder.map(|folder| Writing {
            folder,
            file: None,
            minute: Instant::now(),
            written: 0,
            trouble: Trouble::default(),
        });
        Self { writing: writing.map(Mutex::new), counters }
    }

    /// Counts a letter, and writes it if the limits allow.
    pub(super) fn add(&self, letter: &Letter<'_>) {
        self.counters.dead_letter(letter.source, letter.fault);
        let Some(writing) = &self.writing else { return };
        let mut writing = writing.lock().unwrap_or_else(PoisonError::into_inner);
        if writing.minute.elapsed() >= MINUTE {
            (writing.minute, writing.written) = (Instant::now(), 0);
        }
        if writing.written >= MOST {
            return;
        }
        writing.written += 1;
        match writing.write(&line(letter)) {
            Ok(()) => writing.trouble.ends(|| "dead letters can be written again".into()),
            Err(error) => {
                writing.file = None;
                let path = writing.folder.join(NAME);
                writing.trouble.tell(|| format!("{}: {error}", path.display()));
            }
        }
        if writing.written == MOST {
            say(&format!("more than {MOST} dead letters in a minute: further ones are only counted"));
        }
    }
}

impl Writing {
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let path = self.folder.join(NAME);
        if self.file.as_ref().is_some_and(|(_, size)| *size >= LARGEST) {
            self.file = None;
            fs::rename(&path, self.folder.join(OLD))?;
        }
        let (file, size) = match &mut self.file {
            Some(open) => open,
            None => {
                let file = private().append(true).open(&path)?;
                let size = file.metadata()?.len();
                self.file.insert((file, size))
            }
        };
        *size += line.len() as u64;
        file.write_all(line)
    }
}

fn line(letter: &Letter<'_>) -> Vec<u8> {
    let cut = letter.record.get(..RECORD.min(letter.record.len())).unwrap_or_default();
    let mut json = serde_json::json!({
        "time": Timestamp(letter.received).to_rfc3339(),
        "source": letter.source,
        "fault": letter.fault.word(),
        "why": letter.why,
        "record": String::from_utf8_lossy(cut),
    });
    if let (Some(analytic), Some(members)) = (letter.analytic, json.as_object_mut()) {
        members.insert("analytic".into(), analytic.into());
    }
    format!("{json}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(record: &[u8]) -> Letter<'_> {
        Letter { source: "s", analytic: None, fault: Fault::NotJson, why: "because", record, received: 0 }
    }

    #[test]
    fn letters_are_bounded_in_size_and_number() {
        let folder = tempfile::tempdir().unwrap();
        let letters = Letters::new(Some(folder.path().into()), Arc::new(Counters::new()));
        let large = vec![b'x'; 2 * RECORD];
        for _ in 0..2 * MOST {
            letters.add(&letter(&large));
        }
        let size = |name: &str| fs::metadata(folder.path().join(name)).unwrap().len();
        let most = LARGEST + RECORD as u64 + 1000;
        assert!(size(NAME) < most && (LARGEST..most).contains(&size(OLD)), "{} {}", size(NAME), size(OLD));
        assert!(size(NAME) + size(OLD) < u64::from(MOST) * (RECORD as u64 + 200));
        let text = letters.counters.text(&[], &super::super::outbox::Outbox::new(vec![], 1, 0));
        let counted = r#"authsieve_dead_letters_total{source="s",fault="not-json"} 2000"#;
        assert!(text.contains(counted), "{text}");
    }

    #[test]
    fn a_letter_says_all() {
        let bytes = line(&Letter { analytic: Some("fls"), ..letter(b"{\"a\":\xff\n") });
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let wanted = serde_json::json!({
            "time": "1970-01-01T00:00:00Z", "source": "s", "fault": "not-json", "why": "because",
            "record": "{\"a\":\u{fffd}\n", "analytic": "fls",
        });
        assert_eq!(json, wanted);
    }
}
