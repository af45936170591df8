//! `authsieve diff`: compares the alerts of two configurations, or of two versions of analytics, over the same history.

use crate::arguments::{Bounds, Choice, Configuration, Inputs, Stop};
use crate::feed::{self, Records, Worker};
use crate::output::look::Look;
use crate::output::paint::When;
use crate::output::summary::grouped;
use crate::output::{complain, escape};
use crate::selection::{self, Error, Options, Selection};
use crate::sinks::{Complaints, News};
use authsieve_engine::alert::Alert;
use authsieve_engine::time::Span;
use authsieve_host::{Engine, Session};
use clap::Args;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// The most alerts of a side that are compared.
const MOST: usize = 200_000;
/// Two alerts that differ in time by at most this are the same alert, which has moved.
const NEAR: Span = Span::seconds(24 * 3600);
/// Fields about the version and the settings, not about the events. They are not compared.
const APART: [&str; 5] = ["id", "record", "analytic_version", "config_digest", "evidence"];

/// The arguments of `diff`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    configuration: Configuration,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    inputs: Inputs,
    /// The configuration to compare with. `-c` is the configuration before.
    #[arg(long, value_name = "FILE")]
    with_config: Option<PathBuf>,
    /// Set one option of the configuration to compare with.
    #[arg(long, value_name = "KEY=VALUE")]
    with: Vec<String>,
    /// A component to compare with, such as a newer version. Repeat for several.
    #[arg(long, value_name = "FILE")]
    with_component: Vec<PathBuf>,
    /// The form of the differences. By default text on a terminal, and JSON lines otherwise.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Wanted>,
}

/// A form of the differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    /// Text for people.
    Text,
    /// One line of JSON for each difference.
    Json,
}

/// The analytics of one side, and their alerts.
struct Side {
    session: Session,
    name: String,
    alerts: Vec<Alert>,
    left_out: u64,
}

impl Side {
    fn start(
        engine: &Engine,
        selection: &Selection,
        options: &Options,
        name: &str,
    ) -> Result<Vec<Self>, Error> {
        let sessions = selection::start(engine, selection, options, Session::start)?;
        let side = |session: Session| {
            let name = format!("{name} {}", session.analytic().name());
            Self { session, name, alerts: Vec::new(), left_out: 0 }
        };
        Ok(sessions.into_iter().map(side).collect())
    }

    fn keep(&mut self, heard: Vec<News>, news: &mut Vec<News>) {
        for one in heard {
            match one {
                News::Alert(alert) if self.alerts.len() < MOST => self.alerts.push(*alert),
                News::Alert(_) => self.left_out += 1,
                other => news.push(other),
            }
        }
    }
}

impl Worker for Side {
    fn name(&self) -> &str {
        &self.name
    }

    fn needles(&mut self) -> Vec<String> {
        Worker::needles(&mut self.session)
    }

    fn take(&mut self, records: &Records<'_>, news: &mut Vec<News>) {
        let mut heard = Vec::new();
        self.session.take(records, &mut heard);
        self.keep(heard, news);
    }

    fn finish(&mut self, news: &mut Vec<News>) {
        let mut heard = Vec::new();
        self.session.finish(&mut heard);
        self.keep(heard, news);
    }
}

/// The difference between the alerts of both sides.
#[derive(Debug)]
enum Difference {
    Comes(Alert),
    Goes(Alert),
    /// The new alert, and the fields that changed, with the old and the new values.
    Changes(Alert, Map<String, Value>),
}

/// Runs `diff`.
///
/// # Errors
/// Fails if the analytics cannot be started, or the output cannot be written.
pub fn run(arguments: &Arguments, color: When) -> Result<ExitCode, Stop> {
    let engine = arguments.bounds.engine()?;
    let before = arguments.choice.selection();
    let options = arguments.configuration.options(arguments.inputs.order);
    if arguments.with_config.is_none() && arguments.with.is_empty() && arguments.with_component.is_empty() {
        let why = "there is nothing to compare with; expected --with-config, --with or --with-component";
        return Err(Error::Usage(why.into()).into());
    }
    let after = Selection {
        files: if arguments.with_component.is_empty() {
            before.files.clone()
        } else {
            arguments.with_component.clone()
        },
        ids: if arguments.with_component.is_empty() { before.ids.clone() } else { Vec::new() },
        ..before.clone()
    };
    let changed = Options {
        file: arguments.with_config.clone().or_else(|| options.file.clone()),
        assignments: [options.assignments.clone(), arguments.with.clone()].concat(),
        ..options.clone()
    };
    let mut sides = Side::start(&engine, &before, &options, "before")?;
    let first = sides.len();
    sides.extend(Side::start(&engine, &after, &changed, "after")?);
    let source = arguments.inputs.source(&options)?;
    let (mut sides, totals) = feed::run(source, sides, &mut Complaints { color })?;
    let left_out: u64 = sides.iter().map(|side| side.left_out).sum();
    if left_out > 0 {
        complain(
            color,
            &format!("there are {} alerts more than can be compared; narrow the input", grouped(left_out)),
        );
    }
    let alerts = |sides: Vec<Side>| sides.into_iter().flat_map(|side| side.alerts).collect::<Vec<_>>();
    let after = alerts(sides.split_off(first));
    let (same, differences) = compare(alerts(sides), after);
    let terminal = io::stdout().is_terminal();
    let text = arguments.format.map_or(terminal, |format| format == Wanted::Text);
    let look = Look::new(color.paint(terminal));
    let mut out = BufWriter::new(io::stdout().lock());
    for difference in &differences {
        if text {
            write_text(&mut out, difference, &look)?
        } else {
            write_json(&mut out, difference, terminal)?
        }
    }
    out.flush()?;
    let count = |is: fn(&Difference) -> bool| differences.iter().filter(|one| is(one)).count();
    let summary = format!(
        "{} come, {} go, {} change, {same} stay\n",
        count(|one| matches!(one, Difference::Comes(_))),
        count(|one| matches!(one, Difference::Goes(_))),
        count(|one| matches!(one, Difference::Changes(..)))
    );
    if text {
        io::stdout().write_all(summary.as_bytes())?
    } else {
        io::stderr().write_all(summary.as_bytes())?
    }
    Ok(if totals.lost_something() || left_out > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The number of alerts that stay as they are, and all other alerts in the order of time.
fn compare(before: Vec<Alert>, after: Vec<Alert>) -> (usize, Vec<Difference>) {
    let mut same = 0;
    let mut differences = Vec::new();
    let mut change = |old: &Alert, new: Alert, differences: &mut Vec<Difference>| {
        let changed = changes(old, &new);
        if changed.is_empty() { same += 1 } else { differences.push(Difference::Changes(new, changed)) }
    };
    let mut old: HashMap<String, Alert> = before.into_iter().map(|alert| (alert.id.clone(), alert)).collect();
    let mut new = Vec::new();
    for alert in after {
        match old.remove(&alert.id) {
            Some(known) => change(&known, alert, &mut differences),
            None => new.push(alert),
        }
    }
    // A higher threshold is reached later, by another record. So the same attack has another alert id.
    let mut rest: Vec<Alert> = old.into_values().collect();
    rest.sort_by(|one, other| order(one).cmp(&order(other)));
    let mut taken = HashSet::new();
    for alert in new {
        let near = |other: &Alert| {
            let apart = other.time.0.abs_diff(alert.time.0);
            (&other.analytic, &other.pattern, &other.user, &other.src_ip)
                == (&alert.analytic, &alert.pattern, &alert.user, &alert.src_ip)
                && apart <= NEAR.0.unsigned_abs()
        };
        let found = rest.iter().enumerate().find(|(at, other)| !taken.contains(at) && near(other));
        match found.map(|(at, _)| at) {
            Some(at) => {
                taken.insert(at);
                if let Some(known) = rest.get(at) {
                    change(known, alert, &mut differences);
                }
            }
            None => differences.push(Difference::Comes(alert)),
        }
    }
    let gone = rest.into_iter().enumerate().filter(|(at, _)| !taken.contains(at));
    differences.extend(gone.map(|(_, alert)| Difference::Goes(alert)));
    differences.sort_by(|one, other| order(one.alert()).cmp(&order(other.alert())));
    (same, differences)
}

fn order(alert: &Alert) -> (i64, &str, &str) {
    (alert.time.0, &alert.analytic, &alert.id)
}

fn changes(old: &Alert, new: &Alert) -> Map<String, Value> {
    let read =
        |alert: &Alert| serde_json::from_str::<Map<String, Value>>(&alert.to_json()).unwrap_or_default();
    let (old, new) = (read(old), read(new));
    let names: HashSet<&String> =
        old.keys().chain(new.keys()).filter(|name| !APART.contains(&name.as_str())).collect();
    let changed = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    changed.map(|name| (name.clone(), json!([old.get(name), new.get(name)]))).collect()
}

impl Difference {
    const fn alert(&self) -> &Alert {
        match self {
            Self::Comes(alert) | Self::Goes(alert) | Self::Changes(alert, _) => alert,
        }
    }

    const fn word(&self) -> &'static str {
        match self {
            Self::Comes(_) => "comes",
            Self::Goes(_) => "goes",
            Self::Changes(..) => "changes",
        }
    }
}

fn write_text(out: &mut impl Write, difference: &Difference, look: &Look) -> io::Result<()> {
    let alert = difference.alert();
    let sign = match difference {
        Difference::Comes(_) => look.paint.green("+").to_string(),
        Difference::Goes(_) => look.paint.red("-").to_string(),
        Difference::Changes(..) => "~".to_owned(),
    };
    let line = format!("{}  {}  {}  {}", look.time(alert.time), alert.severity, alert.analytic, alert.title);
    look.text(out, &format!("{sign} "), 2, &line)?;
    if let Difference::Changes(_, changed) = difference {
        for (name, values) in changed.iter().filter(|(name, _)| !matches!(name.as_str(), "title" | "context"))
        {
            let (old, new) = (values.get(0).unwrap_or(&Value::Null), values.get(1).unwrap_or(&Value::Null));
            look.text(out, &"    ", 6, &format!("{name}: {old} -> {new}"))?;
        }
    }
    Ok(())
}

fn write_json(out: &mut impl Write, difference: &Difference, terminal: bool) -> io::Result<()> {
    let alert: Value = serde_json::from_str(&difference.alert().to_json()).unwrap_or_default();
    let mut line = json!({ "difference": difference.word(), "alert": alert });
    if let (Difference::Changes(_, changed), Some(map)) = (difference, line.as_object_mut()) {
        map.insert("changed".into(), changed.clone().into());
    }
    writeln!(out, "{}", escape::line(&line.to_string(), terminal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use authsieve_engine::alert::Severity;
    use authsieve_engine::time::Timestamp;

    fn alert(id: &str, user: &str, second: i64) -> Alert {
        let time = Timestamp(second * 1_000_000);
        Alert { id: id.into(), user: Some(user.into()), time, ..Alert::default() }
    }

    #[test]
    fn alerts_come_go_change_and_stay() {
        let before =
            vec![alert("a", "ada", 1), alert("b", "bob", 2), alert("c", "eve", 3), alert("d", "joe", 4)];
        let changed = Alert { severity: Severity::Critical, ..alert("b", "bob", 2) };
        let digest = Alert { config_digest: "x".into(), ..alert("a", "ada", 1) };
        let after = vec![digest, changed, alert("e", "eve", 9), alert("f", "kim", 5)];
        let (same, differences) = compare(before, after);
        let told: Vec<String> = differences
            .iter()
            .map(|one| format!("{} {}", one.word(), one.alert().user.clone().unwrap_or_default()))
            .collect();
        assert_eq!(
            (same, told),
            (1, vec!["changes bob".into(), "goes joe".into(), "comes kim".into(), "changes eve".into()])
        );
        let Difference::Changes(_, changed) = &differences[0] else { panic!("{differences:?}") };
        assert_eq!(Value::from(changed.clone()), json!({ "severity": ["medium", "critical"] }));
    }
}
