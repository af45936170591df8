//! `authsieve explain`: what became of each event for each of its keys, and why.

use crate::arguments::{self, Bounds, Choice, Configuration, Order, Reading, Stop};
use crate::convert;
use crate::host::{Analytic, CallError, Detector, Note, StartError, Step};
use crate::output::escape;
use crate::output::paint::{Paint, When};
use crate::output::summary::lateness;
use crate::selection;
use crate::source::{self, Input};
use authsieve_engine::net;
use authsieve_engine::time::Timestamp;
use authsieve_framing::MAX_RECORD;
use clap::Args;
use serde::Serialize;
use std::collections::HashMap;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// So many notes are held to be shown by key. More are counted.
const MOST_NOTES: usize = 50_000;

/// The arguments of `explain`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    configuration: Configuration,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    reading: Reading,
    /// In which order events are judged, as for `run`.
    #[arg(long, value_enum, default_value_t, value_name = "ORDER")]
    order: Order,
    /// How it is written; without it, by key on a terminal and one JSON object per line otherwise.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Wanted>,
    /// Log files, in this order; `-` is standard input. `.gz` and `.zst` are unpacked.
    /// Lines, JSON of any layout, CSV, W3C logs, XML and `.evtx` are told by content.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// A format, as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    /// One JSON object per line, in the order of the input.
    Json,
    /// A timeline for each key.
    Text,
}

/// How notes are written.
#[derive(Clone, Copy, Debug)]
enum Format {
    Json,
    /// With everything escaped that a terminal might act upon.
    JsonForTerminal,
    Text(Paint),
}

/// Which notes are shown. All conditions that are given must hold.
#[derive(Clone, Debug, Default, Args)]
struct Filter {
    /// Only events of this user, in any case.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only events from this address.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    ip: Option<IpAddr>,
    /// Only keys that contain this text, in any case: `user+ip root`, `family admin`.
    #[arg(long, value_name = "TEXT")]
    key: Option<String>,
    /// Only keys that came near without an alert: to 80 % of a threshold, or past it and out of time.
    #[arg(long)]
    near: bool,
}

fn address(text: &str) -> Result<IpAddr, String> {
    net::parse_address(text).ok_or_else(|| format!("`{}` is no address", escape::text(text)))
}

impl Filter {
    fn passes(&self, note: &Note) -> bool {
        let same_user =
            |user: &String| note.user.as_ref().is_some_and(|own| own.to_lowercase() == user.to_lowercase());
        let same_ip =
            |ip: &IpAddr| note.src_ip.as_deref().and_then(net::parse_address).is_some_and(|own| own == *ip);
        let in_key = |key: &String| note.key.to_lowercase().contains(&key.to_lowercase());
        self.user.as_ref().is_none_or(same_user)
            && self.ip.as_ref().is_none_or(same_ip)
            && self.key.as_ref().is_none_or(in_key)
    }
}

/// Whether a key came near by this note.
fn is_near(note: &Note) -> bool {
    let short = |count: u32, needed: u32| count < needed && u64::from(count) * 5 >= u64::from(needed) * 4;
    matches!(note.step, Step::TooLate)
        || note.count.zip(note.needed).is_some_and(|(count, needed)| short(count, needed))
}

/// A note, and where its record stands.
struct Placed {
    place: Option<(Arc<str>, u64)>,
    note: Note,
}

/// The notes on one key of one analytic.
struct Group {
    analytic: Arc<str>,
    key: String,
    notes: Vec<Placed>,
    near: bool,
    alerted: bool,
}

/// Notes by key, as many as there is room for.
#[derive(Default)]
struct Groups {
    list: Vec<Group>,
    index: HashMap<(Arc<str>, String), usize>,
    held: usize,
    left_out: u64,
    only_near: bool,
}

impl Groups {
    fn add(&mut self, analytic: &Arc<str>, placed: Placed) {
        if self.held >= MOST_NOTES && self.only_near {
            self.forget_far();
        }
        let key = (Arc::clone(analytic), placed.note.key.clone());
        let full = self.held >= MOST_NOTES;
        let at = match self.index.get(&key) {
            Some(at) => *at,
            None if full => {
                self.left_out += 1;
                return;
            }
            None => {
                let at = self.list.len();
                self.list.push(Group {
                    analytic: Arc::clone(analytic),
                    key: key.1.clone(),
                    notes: Vec::new(),
                    near: false,
                    alerted: false,
                });
                self.index.insert(key, at);
                at
            }
        };
        let Some(group) = self.list.get_mut(at) else { return };
        group.near |= is_near(&placed.note);
        group.alerted |= matches!(placed.note.step, Step::Alert);
        if full {
            self.left_out += 1;
        } else {
            group.notes.push(placed);
            self.held += 1;
        }
    }

    /// Makes room: what is not near by now is forgotten. A key goes on with what its next notes count.
    fn forget_far(&mut self) {
        self.list.retain(|group| group.near && !group.alerted);
        self.held = self.list.iter().map(|group| group.notes.len()).sum();
        self.index = self
            .list
            .iter()
            .enumerate()
            .map(|(at, group)| ((Arc::clone(&group.analytic), group.key.clone()), at))
            .collect();
    }

    fn shown(&self) -> impl Iterator<Item = &Group> {
        let only_near = self.only_near;
        // What counts for no key comes last.
        let wanted = move |group: &&Group| !only_near || group.near && !group.alerted;
        let keyed = self.list.iter().filter(|group| !group.key.is_empty()).filter(wanted);
        keyed.chain(self.list.iter().filter(|group| group.key.is_empty()).filter(wanted))
    }
}

/// An analytic that is asked why.
struct Explainer {
    analytic: Arc<Analytic>,
    name: Arc<str>,
    config: String,
    seed: u64,
    detector: Detector,
}

impl Explainer {
    fn new(analytic: Arc<Analytic>, config: String, seed: u64) -> Result<Self, StartError> {
        let detector = analytic.create(&config, seed)?;
        Ok(Self { name: analytic.name().into(), analytic, config, seed, detector })
    }

    /// What became of the records. After an error it goes on from nothing.
    fn explain(&mut self, batch: &[u8], received: i64) -> Result<Vec<Note>, CallError> {
        let notes = self.detector.explain(batch, received);
        if notes.is_err()
            && let Ok(detector) = self.analytic.create(&self.config, self.seed)
        {
            self.detector = detector;
        }
        notes
    }

    /// What waited, at the end of the input.
    fn finish(&mut self, received: i64) -> Result<Vec<Note>, CallError> {
        self.detector.flush()?;
        self.detector.explain(b"", received)
    }
}

/// Where notes go.
struct Sink<'o, W: Write> {
    out: &'o mut W,
    filter: &'o Filter,
    format: Format,
    several: bool,
    groups: Groups,
}

impl<W: Write> Sink<'_, W> {
    fn take(&mut self, analytic: &Arc<str>, placed: Placed) -> io::Result<()> {
        if !self.filter.passes(&placed.note) {
            return Ok(());
        }
        if matches!(self.format, Format::Text(_)) || self.filter.near {
            self.groups.add(analytic, placed);
            Ok(())
        } else {
            self.line(analytic, &placed)
        }
    }

    fn line(&mut self, analytic: &str, placed: &Placed) -> io::Result<()> {
        write_json(self.out, analytic, placed, self.several, self.format)
    }

    fn finish(self, color: When) -> io::Result<()> {
        let mut shown = 0;
        for group in self.groups.shown() {
            shown += 1;
            if let Format::Text(paint) = self.format {
                write_group(self.out, group, self.several, paint)?;
                continue;
            }
            for placed in &group.notes {
                write_json(self.out, &group.analytic, placed, self.several, self.format)?;
            }
        }
        self.out.flush()?;
        let paint = color.paint(io::stderr().is_terminal());
        let left_out = self.groups.left_out;
        if left_out > 0 {
            let _ = writeln!(
                io::stderr(),
                "{} {left_out} more notes are not shown: narrow them with --user, --ip, --key or --near, or write \
                 JSON into a file",
                paint.bold("note:")
            );
        } else if shown == 0 && matches!(self.format, Format::Text(_)) {
            let _ = writeln!(
                io::stderr(),
                "{} no event fits; `authsieve decode` shows what the records say",
                paint.bold("note:")
            );
        }
        Ok(())
    }
}

/// Runs it.
///
/// # Errors
/// When the analytics cannot be started, or standard output cannot be written to.
pub fn run(arguments: &Arguments, color: When) -> Result<ExitCode, Stop> {
    let engine = arguments.bounds.engine()?;
    let (selection, options) =
        (arguments.choice.selection(), arguments.configuration.options(arguments.order));
    let mut explainers = selection::start(&engine, &selection, &options, Explainer::new)?;
    let terminal = io::stdout().is_terminal();
    let format = match arguments.format {
        Some(Wanted::Json) if terminal => Format::JsonForTerminal,
        Some(Wanted::Json) => Format::Json,
        None if !terminal => Format::Json,
        Some(Wanted::Text) | None => Format::Text(color.paint(terminal)),
    };
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let mut sink = Sink {
        out: &mut out,
        filter: &arguments.filter,
        format,
        several: arguments.files.len() > 1,
        groups: Groups { only_near: arguments.filter.near, ..Groups::default() },
    };
    let mut failed = false;
    let mut last_received = arguments.reading.received.unwrap_or_else(source::now);
    for file in &arguments.files {
        let input = Input::from_argument(file.clone());
        let name: Arc<str> = input.name().into();
        let mut complain = |line: Option<u64>, error: &dyn std::fmt::Display| {
            failed = true;
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            arguments::complain(color, &format!("{name}{line}: {error}"));
        };
        let mut source = match input.open(MAX_RECORD, arguments.reading.input_format, &Arc::default()) {
            Ok(source) => source,
            Err(error) => {
                complain(None, &error);
                continue;
            }
        };
        let mut batch = Vec::new();
        loop {
            let cut = match source.records.next(&mut batch) {
                Ok(None) => break,
                Ok(Some(cut)) => cut,
                Err(error) => {
                    complain(None, &error);
                    break;
                }
            };
            for record in &cut.oversized {
                complain(Some(record.line), &format_args!("a record of {} bytes is too long", record.length));
            }
            for problem in &cut.problems {
                // Whatever else the input holds is read: this is no failure.
                arguments::complain(color, &format!("{name}:{}: {}", problem.line, problem.flaw));
            }
            last_received = arguments.reading.received.or(source.received).unwrap_or_else(source::now);
            let lines = lines(&batch, cut.first_line);
            for explainer in &mut explainers {
                match explainer.explain(&batch, last_received) {
                    Ok(notes) => {
                        for note in notes {
                            let line = note.record.and_then(|number| lines.get(number as usize));
                            let place = line.map(|line| (Arc::clone(&name), *line));
                            sink.take(&explainer.name, Placed { place, note })?;
                        }
                    }
                    Err(error) => complain(
                        Some(cut.first_line),
                        &format_args!(
                            "{}: {error}; its state is lost, it goes on from nothing",
                            explainer.name
                        ),
                    ),
                }
            }
        }
    }
    for explainer in &mut explainers {
        match explainer.finish(last_received) {
            Ok(notes) => {
                for note in notes {
                    sink.take(&explainer.name, Placed { place: None, note })?;
                }
            }
            Err(error) => {
                failed = true;
                arguments::complain(color, &format!("{}: {error}", explainer.name));
            }
        }
    }
    sink.finish(color)?;
    for explainer in &mut explainers {
        let note = explainer.detector.stats().ok().and_then(|stats| lateness(&stats, arguments.order));
        if let Some(note) = note {
            let paint = color.paint(io::stderr().is_terminal());
            let name = escape::text(&explainer.name);
            let _ = writeln!(io::stderr(), "{} {name}: {note}", paint.bold("note:"));
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The lines of the records of a batch, as the contract counts them: empty lines are none.
fn lines(batch: &[u8], first: u64) -> Vec<u64> {
    let records = batch.split_inclusive(|byte| *byte == b'\n').zip(first..);
    let said = |(record, line): (&[u8], u64)| {
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        let record = record.strip_suffix(b"\r").unwrap_or(record);
        (!record.is_empty()).then_some(line)
    };
    records.filter_map(said).collect()
}

/// A note as JSON.
#[derive(Serialize)]
struct Line<'a> {
    analytic: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    time: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    src_ip: Option<&'a str>,
    step: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    key: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needed: Option<u32>,
}

fn write_json(
    out: &mut impl Write,
    analytic: &str,
    placed: &Placed,
    several: bool,
    format: Format,
) -> io::Result<()> {
    let note = &placed.note;
    let line = Line {
        analytic,
        file: placed.place.as_ref().filter(|_| several).map(|(name, _)| &**name),
        line: placed.place.as_ref().map(|(_, line)| *line),
        time: Timestamp(note.time).to_rfc3339(),
        outcome: convert::outcome(note.outcome),
        user: note.user.as_deref(),
        src_ip: note.src_ip.as_deref(),
        step: step(note.step),
        key: &note.key,
        text: &note.text,
        count: note.count,
        needed: note.needed,
    };
    // Strings and integers: this cannot fail.
    let json = serde_json::to_string(&line).unwrap_or_default();
    match format {
        Format::JsonForTerminal => writeln!(out, "{}", escape::json(&json)),
        _ => writeln!(out, "{json}"),
    }
}

fn write_group(out: &mut impl Write, group: &Group, several: bool, paint: Paint) -> io::Result<()> {
    let key = if group.key.is_empty() { "events that count for no key" } else { &group.key };
    let verdict = match (group.alerted, group.near, group.key.is_empty()) {
        (true, ..) => ", alerted",
        (_, true, _) => ", came near, no alert",
        (.., true) => "",
        _ => ", no alert",
    };
    writeln!(
        out,
        "{}  {}{}",
        paint.dim(escape::text(&group.analytic)),
        paint.bold(escape::text(key)),
        paint.dim(verdict)
    )?;
    for Placed { place, note } in &group.notes {
        let who = match (group.key.is_empty(), &note.user, &note.src_ip) {
            (false, Some(user), _) if !group.key.contains(user.as_str()) => format!(" ({user})"),
            (false, _, Some(ip)) if !group.key.contains(ip.as_str()) => format!(" (from {ip})"),
            (true, Some(user), Some(ip)) => format!(" ({user} from {ip})"),
            (true, Some(one), None) | (true, None, Some(one)) => format!(" ({one})"),
            _ => String::new(),
        };
        let at = match place {
            Some((name, line)) if several => format!("  {name}:{line}"),
            Some((_, line)) => format!("  line {line}"),
            None => String::new(),
        };
        let word = format!("{:<9}", step(note.step));
        let word = match note.step {
            Step::Alert => paint.red(word),
            Step::TooLate | Step::Short | Step::Silent => paint.bold(word),
            _ => paint.dim(word),
        };
        writeln!(
            out,
            "  {}  {:<9} {word} {}{}{}",
            Timestamp(note.time),
            convert::outcome(note.outcome),
            escape::text(&note.text),
            escape::text(&who),
            paint.dim(escape::text(&at))
        )?;
    }
    writeln!(out)
}

const fn step(step: Step) -> &'static str {
    match step {
        Step::Ignored => "ignored",
        Step::Joined => "joined",
        Step::Counted => "counted",
        Step::Short => "short",
        Step::TooLate => "too-late",
        Step::Silent => "silent",
        Step::Waiting => "waiting",
        Step::Alert => "alert",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Outcome;

    fn note(key: &str, step: Step, count: u32, needed: u32) -> Note {
        Note {
            record: Some(0),
            time: 0,
            outcome: Outcome::Failure,
            user: Some("Root".into()),
            src_ip: Some("192.0.2.7".into()),
            step,
            key: key.into(),
            text: "failure".into(),
            count: Some(count),
            needed: Some(needed),
        }
    }

    fn placed(note: Note) -> Placed {
        Placed { place: None, note }
    }

    #[test]
    fn filters_hold_together() {
        let note = note("user+ip Root 192.0.2.7", Step::Counted, 1, 5);
        let filter = |user: Option<&str>, ip: Option<&str>, key: Option<&str>| Filter {
            user: user.map(Into::into),
            ip: ip.map(|ip| address(ip).unwrap()),
            key: key.map(Into::into),
            near: false,
        };
        assert!(filter(None, None, None).passes(&note));
        assert!(filter(Some("root"), Some("::ffff:192.0.2.7"), Some("USER+IP")).passes(&note));
        assert!(!filter(Some("root"), Some("192.0.2.8"), None).passes(&note));
        assert!(!filter(Some("roo"), None, None).passes(&note), "a name is whole");
        assert!(!filter(None, None, Some("family")).passes(&note));
        assert!(address("nowhere").is_err());
    }

    #[test]
    fn near_is_four_of_five_or_out_of_time() {
        assert!(is_near(&note("", Step::Short, 4, 5)) && is_near(&note("", Step::TooLate, 5, 5)));
        assert!(!is_near(&note("", Step::Short, 3, 5)) && !is_near(&note("", Step::Counted, 5, 5)));
        assert!(is_near(&note("", Step::Counted, 8, 10)) && !is_near(&note("", Step::Counted, 7, 10)));
    }

    #[test]
    fn only_keys_that_came_near_are_kept_when_there_is_no_room() {
        let (mut groups, analytic) = (Groups { only_near: true, ..Groups::default() }, Arc::from("an1276"));
        groups.add(&analytic, placed(note("near", Step::Short, 4, 5)));
        for number in 0..MOST_NOTES + 10 {
            groups.add(&analytic, placed(note(&format!("junk {number}"), Step::Counted, 1, 5)));
        }
        groups.add(&analytic, placed(note("near", Step::Counted, 4, 5)));
        assert!(groups.held <= MOST_NOTES && groups.left_out == 0);
        let shown: Vec<_> = groups.shown().map(|group| (group.key.as_str(), group.notes.len())).collect();
        assert_eq!(shown, [("near", 2)]);
        groups.add(&analytic, placed(note("near", Step::Alert, 5, 5)));
        assert_eq!(groups.shown().count(), 0, "it alerted");
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let (mut groups, analytic) = (Groups::default(), Arc::from("an1276"));
        for _ in 0..MOST_NOTES + 7 {
            groups.add(&analytic, placed(note("one", Step::Counted, 1, 5)));
        }
        assert_eq!((groups.held, groups.left_out), (MOST_NOTES, 7));
    }

    #[test]
    fn a_timeline_is_harmless_to_a_terminal() {
        let mut note = note("user+ip a\x1b[2J 192.0.2.7", Step::Short, 4, 5);
        note.text = "x\ny".into();
        let group = Group {
            analytic: "an1276".into(),
            key: note.key.clone(),
            notes: vec![placed(note)],
            near: true,
            alerted: false,
        };
        let mut out = Vec::new();
        write_group(&mut out, &group, false, Paint { on: false }).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains('\x1b') && text.contains("x\\ny") && text.contains("came near"), "{text}");
    }

    #[test]
    fn empty_lines_are_no_records() {
        assert_eq!(lines(b"a\n\nb\r\n\r\nc", 10), [10, 12, 14]);
        assert_eq!(lines(b"", 1), [0u64; 0]);
    }
}
