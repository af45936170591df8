//! People's decisions about alerts: silences and dispositions, in the files of the command's desk.

use authsieve_engine::alert::Alert;
use authsieve_triage::mark::{self, Disposition, Mark};
use authsieve_triage::silence::{Silence, silenced};
use authsieve_triage::{lines, time};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The most silences that are applied, as in the command.
const MOST_SILENCES: usize = 1000;

/// Silences, and dispositions by alert.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    silences: Vec<Silence>,
    marks: HashMap<String, Mark>,
}

impl Decisions {
    /// Reads `silences.jsonl` and `marks.jsonl`.
    ///
    /// # Errors
    /// Fails for a wrong line. The error names file, line and reason.
    pub fn read(silences: &str, marks: &str) -> Result<Self, String> {
        let of = |file: &'static str| move |(line, why): (usize, String)| format!("{file}:{line}: {why}");
        let mut silences = lines::read(silences, silence).map_err(of("silences.jsonl"))?;
        silences.truncate(MOST_SILENCES);
        let marks = lines::read(marks, Mark::from_value).map_err(of("marks.jsonl"))?;
        Ok(Self { silences, marks: marks.into_iter().map(|mark| (mark.alert.clone(), mark)).collect() })
    }

    /// Adds the lines of either file. A line with `alert` is a disposition. A silence that is already there is not
    /// added again.
    ///
    /// # Errors
    /// Fails for a wrong line, and then adds nothing.
    pub fn import(&mut self, text: &str) -> Result<(), String> {
        enum Either {
            Silence(Silence),
            Mark(Mark),
        }
        let one = |value: &Value| match value.get("alert") {
            Some(_) => Mark::from_value(value).map(Either::Mark),
            None => silence(value).map(Either::Silence),
        };
        let list = lines::read(text, one).map_err(|(line, why)| format!("line {line}: {why}"))?;
        for either in list {
            match either {
                Either::Mark(mark) => drop(self.marks.insert(mark.alert.clone(), mark)),
                Either::Silence(silence) => self.add(silence)?,
            }
        }
        Ok(())
    }

    /// Adds a silence under a new name.
    ///
    /// # Errors
    /// Fails for a value that is no silence, and if there are too many.
    pub fn silence(&mut self, value: &Value) -> Result<(), String> {
        self.add(silence(value)?)
    }

    fn add(&mut self, mut silence: Silence) -> Result<(), String> {
        let same = |other: &Silence| Silence { name: silence.name.clone(), ..other.clone() } == silence;
        if self.silences.iter().any(same) {
            return Ok(());
        }
        if self.silences.len() >= MOST_SILENCES {
            return Err(format!("there are {MOST_SILENCES} silences already; remove some"));
        }
        let taken = |name: &str| self.silences.iter().any(|other| other.name == name);
        if silence.name.is_empty() || taken(&silence.name) {
            silence.name = (1..).map(|n| format!("s{n}")).find(|name| !taken(name)).unwrap_or_default();
        }
        self.silences.push(silence);
        Ok(())
    }

    /// Removes a silence.
    pub fn unsilence(&mut self, name: &str) {
        self.silences.retain(|silence| silence.name != name);
    }

    /// Sets the disposition of an alert, or removes it.
    ///
    /// # Errors
    /// Fails for a word that is no disposition, and for a time that is none.
    pub fn mark(&mut self, alert: String, is: Option<&str>, note: String, at: &str) -> Result<(), String> {
        match is {
            Some(word) => {
                let mark =
                    Mark { alert: alert.clone(), is: Disposition::parse(word)?, note, at: time::read(at)? };
                self.marks.insert(alert, mark);
            }
            None => drop(self.marks.remove(&alert)),
        }
        Ok(())
    }

    /// The name of the silence that holds an alert back. O(silences).
    #[must_use]
    pub fn silenced(&self, alert: &Alert) -> Option<&str> {
        silenced(&self.silences, alert).map(|silence| silence.name.as_str())
    }

    /// The disposition of an alert in words.
    #[must_use]
    pub fn words(&self, alert: &Alert) -> Option<String> {
        self.marks.get(&alert.id).map(Mark::words)
    }

    /// All dispositions.
    pub fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.marks.values()
    }

    /// All decisions for the page: as objects, as files of the desk, and the silenced alerts by their ids.
    #[must_use]
    pub fn told(&self, alerts: &[Alert]) -> Value {
        let mut marks: Vec<Mark> = self.marks.values().cloned().collect();
        mark::sort(&mut marks);
        let silenced: Map<String, Value> = alerts
            .iter()
            .filter_map(|alert| Some((alert.id.clone(), self.silenced(alert)?.into())))
            .collect();
        json!({
            "silences": self.silences.iter().map(Silence::to_value).collect::<Vec<_>>(),
            "marks": marks.iter().map(|mark| (mark.alert.clone(), mark.to_value())).collect::<Map<_, _>>(),
            "silenced": silenced,
            "files": {
                "silences": lines::write(self.silences.iter().map(Silence::to_value)),
                "marks": lines::write(marks.iter().map(Mark::to_value)),
            },
        })
    }
}

fn silence(value: &Value) -> Result<Silence, String> {
    Silence::from_value(value, |text| time::read(text).ok())
}
