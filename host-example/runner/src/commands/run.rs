//! `authsieve run`: logs in, alerts out.

use crate::arguments::{self, Bounds, Choice, Configuration, Order, Reading, Stop};
use crate::feed::{Feed, News, Totals};
use crate::output::paint::When;
use crate::output::summary::summary;
use crate::output::{self, Format, Layout};
use crate::selection;
use crate::source::Input;
use authsieve_framing::MAX_RECORD;
use authsieve_host::Session;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long a run lasts before it shows its progress.
const PATIENCE: Duration = Duration::from_secs(1);

/// The arguments of `run`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    configuration: Configuration,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    reading: Reading,
    /// How alerts are written; without it, readable on a terminal and JSON otherwise.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Wanted>,
    /// In which order events are judged.
    #[arg(long, value_enum, default_value_t, value_name = "ORDER")]
    order: Order,
    /// No summary and no progress.
    #[arg(short, long)]
    quiet: bool,
    /// Log files, in this order; `-` is standard input. `.gz` and `.zst` are unpacked.
    /// Lines, JSON of any layout, CSV, W3C logs, XML and `.evtx` are told by content.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// A format, as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    /// One JSON alert per line.
    Json,
    /// The same as OCSF 1.5.0 Detection Findings (class 2004).
    Ocsf,
    /// The same in the Elastic Common Schema 8.17.
    Ecs,
    /// Paragraphs for people.
    Text,
}

/// Runs it.
///
/// # Errors
/// When the analytics cannot be started, or standard output cannot be written to.
pub fn run(arguments: &Arguments, color: When) -> Result<ExitCode, Stop> {
    let engine = arguments.bounds.engine()?;
    let selection = arguments.choice.selection();
    let options = arguments.configuration.options(arguments.order);
    let sessions = selection::start(&engine, &selection, &options, Session::start)?;
    let terminal = io::stdout().is_terminal();
    let format = match arguments.format {
        Some(Wanted::Text) => Format::Text(color.paint(terminal)),
        None if terminal => Format::Text(color.paint(terminal)),
        Some(Wanted::Json) | None => Format::Lines { layout: Layout::Native, terminal },
        Some(Wanted::Ocsf) => Format::Lines { layout: Layout::Ocsf, terminal },
        Some(Wanted::Ecs) => Format::Lines { layout: Layout::Ecs, terminal },
    };
    let feed = Feed {
        inputs: arguments.files.iter().cloned().map(Input::from_argument).collect(),
        received: arguments.reading.received,
        max_record: MAX_RECORD,
        format: arguments.reading.input_format,
    };
    let names: Vec<String> = sessions.iter().map(|session| session.analytic().name().to_owned()).collect();
    let started = Instant::now();
    let totals = show(feed, sessions, format, color, !arguments.quiet)?;
    if !arguments.quiet {
        let paint = color.paint(io::stderr().is_terminal());
        let _ = io::stderr()
            .write_all(summary(&names, &totals, started.elapsed(), arguments.order, paint).as_bytes());
    }
    Ok(if totals.unreadable > 0 || totals.troubled > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Runs a feed; alerts go to standard output, everything else to standard error.
///
/// # Errors
/// When standard output cannot be written to.
pub fn show(
    feed: Feed,
    sessions: Vec<Session>,
    format: Format,
    color: When,
    with_progress: bool,
) -> io::Result<Totals> {
    let mut progress = Progress::new(&feed, with_progress);
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let totals = feed.run(sessions, |news| {
        match news {
            News::Progress(bytes) => {
                // Whoever follows the alerts of a stream shall not wait for more of them.
                progress.aside(|| out.flush())?;
                progress.at(bytes);
            }
            News::Alert(alert) => progress.aside(|| output::write(&mut out, &alert, format))?,
            News::Unreadable { name, error } => progress.complain(color, &format!("{name}: {error}")),
            News::Oversized { name, record } => progress.complain(
                color,
                &format!(
                    "{name}:{}: a record of {} bytes is too long and was skipped",
                    record.line, record.length
                ),
            ),
            News::Problem { name, problem } => {
                progress.complain(color, &format!("{name}:{}: {}", problem.line, problem.flaw));
            }
            News::Trouble { analytic, place, trouble } => {
                let place = place.map(|(name, line)| format!("{name}:{line}: ")).unwrap_or_default();
                progress.complain(color, &format!("{place}{analytic}: {trouble}"));
            }
        }
        Ok(())
    })?;
    progress.finish();
    out.flush()?;
    Ok(totals)
}

/// A bar on standard error, when that is a terminal, the size is known, and it takes a while.
struct Progress {
    size: Option<u64>,
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    fn new(feed: &Feed, wanted: bool) -> Self {
        let wanted = wanted && io::stderr().is_terminal();
        let size = || feed.inputs.iter().map(Input::size).sum();
        Self { size: if wanted { size() } else { None }, started: Instant::now(), bar: None }
    }

    fn at(&mut self, bytes: u64) {
        let Some(size) = self.size else { return };
        if self.bar.is_none() && self.started.elapsed() > PATIENCE {
            let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template(
                "{bar:30} {bytes} of {total_bytes}, {binary_bytes_per_sec}, {eta} left",
            );
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar = Some(bar.with_elapsed(self.started.elapsed()));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(bytes.min(size));
        }
    }

    /// Does something that may write to the terminal.
    fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn complain(&self, color: When, text: &str) {
        self.aside(|| arguments::complain(color, text));
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
