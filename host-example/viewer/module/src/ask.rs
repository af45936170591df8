//! Answers questions in JSON, which the JavaScript interface passes on.

use crate::decisions::Decisions;
use crate::describe::describe;
use crate::report;
use crate::session::{Session, Step, Told};
use crate::states;
use authsieve_inputs::{Input, Store};
use authsieve_outputs::Layout;
use authsieve_outputs::located::Located;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Opens a file of the page by its number and size.
pub type Open = fn(file: u32, size: u64) -> Arc<dyn Store>;

/// Answers questions about one session at a time.
pub struct Desk {
    open: Open,
    session: Option<Session>,
    decisions: Option<Decisions>,
}

/// A question.
#[derive(Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
enum Ask {
    /// Asks for the analytics and the columns of events.
    Describe,
    /// Begins a session. `seed` is hexadecimal.
    Open { files: Vec<File>, received: String, config: String, seed: String },
    /// Continues reading, for at least this many bytes of records.
    Step { bytes: u64 },
    /// Ends reading.
    End,
    /// Explains the next batches.
    Explain { batches: u64 },
    /// Begins to judge again with another configuration.
    JudgeAgain { config: String },
    /// Judges the next batches again.
    Again { batches: u64 },
    /// Begins to judge with several values of an option at once: `min_failures=3..10`. Without values, takes some around
    /// the default.
    JudgeGrid { config: String, analytic: String, axis: String },
    /// Judges the next batches with each value.
    Grid { batches: u64 },
    /// Asks for the table of the values.
    Table,
    /// Asks for the near misses.
    Near,
    /// Asks for the windows in which a record counts.
    Windows { analytic: String, record: u64 },
    /// Asks for the highest counts of keys.
    Highest,
    /// Asks for the text of records.
    Records { records: Vec<u64> },
    /// Asks for the texts of a column, from this number on.
    Texts { column: String, from: usize },
    /// Asks for alerts in another layout, one line each, by their numbers.
    Written { layout: String, alerts: Vec<usize> },
    /// Asks for the incidents of the alerts that no silence holds back.
    Incidents,
    /// Asks for a report of alerts, by their numbers. `notes` are the notes of the page, by the id of the alert.
    Report { title: String, alerts: Vec<usize>, notes: BTreeMap<String, String>, about: Vec<String> },
    /// Replaces the silences and dispositions. Both are files of the desk.
    Decide { silences: String, marks: String },
    /// Adds the silences or dispositions of a file of the desk.
    Import { text: String },
    /// Adds a silence, as an object.
    Silence { silence: Value },
    /// Removes a silence by its name.
    Unsilence { name: String },
    /// Sets the disposition of an alert, or removes it.
    Mark { alert: String, is: Option<String>, note: String, at: String },
    /// Asks for the state, as hexadecimal digits.
    State,
    /// Asks for the results of each file, and for the readiness of the analytics.
    Health,
}

/// A file of the page.
#[derive(Deserialize)]
struct File {
    number: u32,
    name: String,
    size: u64,
    /// The time of its last change, in microseconds since 1970.
    written: Option<String>,
}

impl Desk {
    /// Creates a desk without a session.
    #[must_use]
    pub const fn new(open: Open) -> Self {
        Self { open, session: None, decisions: None }
    }

    /// The session, if there is one.
    #[must_use]
    pub const fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Answers a question. Both are JSON.
    ///
    /// # Errors
    /// Fails for an unknown question, for an invalid configuration (with a line for each problem), and without a
    /// session.
    pub fn answer(&mut self, question: &[u8]) -> Result<String, String> {
        let ask: Ask = serde_json::from_slice(question).map_err(|error| error.to_string())?;
        let answer = match ask {
            Ask::Describe => json!({
                "analytics": describe(),
                "texts": crate::Events::TEXTS,
                "numbers": crate::Events::NUMBERS,
            }),
            Ask::Open { files, received, config, seed } => {
                // Frees the memory of the old session first.
                self.session = None;
                let number = |text: &str| text.parse::<i64>().map_err(|error| format!("{text}: {error}"));
                let (mut inputs, mut state) = (Vec::new(), None);
                for File { number: place, name, size, written } in files {
                    let written = written.as_deref().map(number).transpose()?;
                    let store = (self.open)(place, size);
                    match states::of(&*store).map_err(|why| format!("{name}: {why}"))? {
                        Some(bytes) => state = Some(bytes),
                        None => inputs.push(Input::Stored { name, written, store }),
                    }
                }
                let seed = u64::from_str_radix(&seed, 16).map_err(|error| error.to_string())?;
                let session = Session::new(inputs, number(&received)?, &config, seed, state);
                self.session = Some(session.map_err(|error| error.to_string())?);
                json!({})
            }
            Ask::Decide { silences, marks } => {
                self.decisions = Some(Decisions::read(&silences, &marks)?);
                self.decided()
            }
            Ask::Import { text } => {
                self.decisions().import(&text)?;
                self.decided()
            }
            Ask::Silence { silence } => {
                self.decisions().silence(&silence)?;
                self.decided()
            }
            Ask::Unsilence { name } => {
                self.decisions().unsilence(&name);
                self.decided()
            }
            Ask::Mark { alert, is, note, at } => {
                self.decisions().mark(alert, is.as_deref(), note, &at)?;
                self.decided()
            }
            other => {
                let session = self.session.as_mut().ok_or("no files are open")?;
                let decisions = self.decisions.get_or_insert_default();
                return answer(session, decisions, other).map(|answer| answer.to_string());
            }
        };
        Ok(answer.to_string())
    }

    fn decisions(&mut self) -> &mut Decisions {
        self.decisions.get_or_insert_default()
    }

    /// All decisions, and the alerts that silences hold back.
    fn decided(&mut self) -> Value {
        let alerts = self.session.as_ref().map(|session| session.alerts.as_slice()).unwrap_or_default();
        self.decisions.get_or_insert_default().told(alerts)
    }
}

fn answer(session: &mut Session, decisions: &Decisions, ask: Ask) -> Result<Value, String> {
    let mut told = Vec::new();
    Ok(match ask {
        Ask::Step { bytes } => {
            let until = session.read().1.saturating_add(bytes);
            let mut step = session.step(&mut told);
            while !step.done && session.read().1 < until {
                step = session.step(&mut told);
            }
            progress(session, decisions, step, &told)
        }
        Ask::End => {
            session.end(&mut told);
            progress(session, decisions, Step { done: true, at: 0, of: 0 }, &told)
        }
        Ask::Explain { batches } => {
            let step = steps(batches, || session.explain());
            json!({ "done": step.done, "at": step.at, "of": step.of })
        }
        Ask::JudgeAgain { config } => {
            json!({ "analytics": session.judge_again(&config).map_err(|error| error.to_string())? })
        }
        Ask::Again { batches } => {
            let step = steps(batches, || session.again(&mut told));
            progress(session, decisions, step, &told)
        }
        Ask::JudgeGrid { config, analytic, axis } => {
            json!({ "values": session.judge_grid(&config, &analytic, &axis)? })
        }
        Ask::Grid { batches } => {
            let step = steps(batches, || session.grid());
            json!({ "done": step.done, "at": step.at, "of": step.of })
        }
        Ask::Table => session.table(decisions),
        Ask::Incidents => report::incidents(session, decisions),
        Ask::Report { title, alerts, notes, about } => {
            json!(report::page(session, decisions, &title, &alerts, &notes, &about))
        }
        Ask::Near => session.notes.near_misses(),
        Ask::Windows { analytic, record } => session.notes.windows(&analytic, record),
        Ask::Highest => session.notes.highest(),
        Ask::Records { records } => records.iter().map(|record| whole(session, *record)).collect(),
        Ask::Texts { column, from } => {
            json!(session.events.texts(&column).map(|texts| texts.from(from)).unwrap_or_default())
        }
        Ask::Written { layout, alerts } => {
            let layout = Layout::parse(&layout).ok_or_else(|| format!("there is no layout {layout}"))?;
            let alerts = alerts.iter().filter_map(|number| session.alerts.get(*number));
            let line = |alert| layout.to_json(&Located::new(alert, &session.origins)) + "\n";
            json!(alerts.map(line).collect::<String>())
        }
        Ask::State => {
            use std::fmt::Write as _;
            let bytes = session.state()?;
            json!(bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            }))
        }
        Ask::Health => {
            let stats: Vec<Value> = session.stats().iter().map(|stats| json!(stats)).collect();
            let problems: Vec<Value> = session
                .problems()
                .iter()
                .map(|problem| {
                    let place = session.place(problem.record);
                    json!({
                        "kind": problem.kind,
                        "text": problem.text,
                        "record": problem.record,
                        "file": place.as_ref().map(|(file, _)| &**file),
                        "line": place.as_ref().map(|(_, line)| line),
                    })
                })
                .collect();
            json!({
                "stats": stats,
                "readiness": session.readiness(),
                "problems": problems,
                "unlisted": session.events.unlisted,
                "left_out": session.notes.left_out,
                "dropped": session.dropped,
                "files": session.files.list(),
            })
        }
        // The desk answers the others.
        _ => Value::Null,
    })
}

/// Takes at most so many steps, and at least one. Returns the last.
fn steps(most: u64, mut take: impl FnMut() -> Step) -> Step {
    let mut step = take();
    for _ in 1..most {
        if step.done {
            break;
        }
        step = take();
    }
    step
}

fn progress(session: &Session, decisions: &Decisions, step: Step, told: &[Told]) -> Value {
    let alerts: Vec<Value> = told
        .iter()
        .map(|Told { alert, login, number }| {
            let place = |record: u64| {
                session.place(record).map(|(file, line)| json!({ "file": &*file, "line": line }))
            };
            json!({
                "json": alert.to_json(),
                "login": login,
                "number": number,
                "silence": decisions.silenced(alert),
                "origin": place(alert.record),
                "evidence": alert.evidence.iter().map(|piece| place(piece.record)).collect::<Vec<_>>(),
            })
        })
        .collect();
    let (records, bytes) = session.read();
    let Step { done, at, of } = step;
    json!({
        "done": done, "at": at, "of": of, "records": records, "bytes": bytes, "events": session.events.len(),
        "alerts": alerts,
    })
}

fn whole(session: &Session, record: u64) -> Value {
    let place = session.place(record);
    let bytes = session.kept.record(record);
    json!({
        "record": record,
        "text": bytes.map(String::from_utf8_lossy),
        "file": place.as_ref().map(|(file, _)| &**file),
        "line": place.as_ref().map(|(_, line)| line),
    })
}
