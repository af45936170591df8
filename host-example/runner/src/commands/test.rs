//! `authsieve test`: runs detection cases through the components.

use crate::arguments::{Bounds, Choice, Isolation, Stop};
use crate::cases::junit::{self, Outcome};
use crate::cases::{Bench, Broken, Case, Difference, Line, Verdict, find};
use crate::output::escape;
use crate::output::paint::{Paint, When};
use crate::selection::Error;
use clap::Args;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

const CASES: &str = "\
A case is a folder:
  input.*          the log, in any form that `run` reads
  config.toml      options that differ from the defaults (optional)
  case.toml        description, received (RFC 3339), stream = true for records that came in a stream,
                   analytic or analytics (optional)
  expected.ndjson  one JSON object per alert that must come, in order; only the fields that it names
                   are compared, and null means absent. An empty file means no alert

case.toml names the analytic. Without that, -a does, or the folder above `cases/` (an1276/cases/...).

Exit status: 0 if all cases passed, 1 if one failed, 2 for a wrong command line.";

/// The arguments of `test`.
#[derive(Debug, Args)]
#[command(after_help = CASES)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    isolation: Isolation,
    #[command(flatten)]
    bounds: Bounds,
    /// Run only cases whose path contains this text. May be repeated.
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Also write the results to this file as JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write the present alerts into expected.ndjson: the fields named there, and the main fields of new alerts.
    #[arg(long)]
    update: bool,
    /// Show only failures and the summary.
    #[arg(short, long)]
    quiet: bool,
    /// Folders with cases, at any depth.
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
}

/// The result of a case.
enum Result {
    Passed,
    Updated,
    Failed { description: String, difference: Difference },
    Broken(String),
}

struct Done {
    name: String,
    suite: String,
    result: Result,
    took: Duration,
}

/// Runs the command.
///
/// # Errors
/// Fails if there are no cases, the analytics cannot be loaded, or a report cannot be written.
pub fn run(arguments: &Arguments, color: When) -> std::result::Result<ExitCode, Stop> {
    let folders = cases(arguments)?;
    // Fails before the cases run, if the file cannot be created.
    let junit = arguments.junit.as_deref().map(create).transpose()?;
    let engine = arguments.bounds.engine()?;
    let bench = Bench::new(&engine, &arguments.choice.component)?.isolated(arguments.isolation.isolate);
    // A component file on the command line selects its analytics, like `-a`.
    let mut given = bench.of_files();
    let known = bench.ids();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    given.extend(arguments.choice.selection().resolved(&known)?);
    let paint = color.paint(io::stdout().is_terminal());
    let mut out = io::stdout().lock();
    let started = Instant::now();
    let mut all = Vec::new();
    work(&folders, &bench, &given, arguments.update, |done| {
        if !arguments.quiet {
            writeln!(out, "{}", Row(&done, paint))?;
        }
        all.push(done);
        Ok(())
    })?;
    report(&mut out, &all, started.elapsed(), paint)?;
    if let Some((path, file)) = junit {
        write_junit(file, &all, started.elapsed())
            .map_err(|error| Error::Failure(format!("{}: {error}", path.display())))?;
    }
    let passed = all.iter().all(|done| matches!(done.result, Result::Passed | Result::Updated));
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The folders of the selected cases.
fn cases(arguments: &Arguments) -> std::result::Result<Vec<PathBuf>, Error> {
    let mut folders = Vec::new();
    for root in &arguments.folders {
        let found = find(root).map_err(|error| Error::Usage(format!("{}: {error}", root.display())))?;
        if found.is_empty() {
            return Err(Error::Usage(format!(
                "{}: there are no cases; a case is a folder with input.* and expected.ndjson (see `authsieve test \
                 --help`)",
                root.display()
            )));
        }
        folders.extend(found.into_iter().filter(|dir| !folders.contains(dir)).collect::<Vec<_>>());
    }
    let count = folders.len();
    folders.retain(|dir| {
        let name = dir.to_string_lossy();
        arguments.filter.is_empty() || arguments.filter.iter().any(|text| name.contains(text.as_str()))
    });
    if folders.is_empty() {
        return Err(Error::Usage(format!("--filter leaves none of {count} cases")));
    }
    Ok(folders)
}

fn create(path: &Path) -> std::result::Result<(&Path, File), Error> {
    let file = File::create(path).map_err(|error| Error::Failure(format!("{}: {error}", path.display())))?;
    Ok((path, file))
}

/// Runs the cases on all processors, and reports each in order.
fn work(
    folders: &[PathBuf],
    bench: &Bench,
    given: &[String],
    update: bool,
    mut tell: impl FnMut(Done) -> io::Result<()>,
) -> io::Result<()> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(folders.len());
    let (next, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (results, finished) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let results = results.clone();
            scope.spawn(|| {
                let results = results;
                while !enough.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(dir) = folders.get(index) else { break };
                    if results.send((index, one(dir, bench, given, update))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(results);
        let mut waiting: Vec<Option<Done>> = folders.iter().map(|_| None).collect();
        let mut told = 0;
        for (index, done) in finished {
            if let Some(place) = waiting.get_mut(index) {
                *place = Some(done);
            }
            while let Some(done) = waiting.get_mut(told).and_then(Option::take) {
                told += 1;
                tell(done).inspect_err(|_| enough.store(true, Ordering::Relaxed))?;
            }
        }
        Ok(())
    })
}

fn one(dir: &Path, bench: &Bench, given: &[String], update: bool) -> Done {
    let started = Instant::now();
    let (mut name, mut suite) = (dir.display().to_string(), String::new());
    let result = (|| {
        let case = Case::read(dir, given)?;
        (name, suite) = (case.name.clone(), case.analytics.join("+"));
        if !update {
            case.is_complete()?;
        }
        let alerts = bench.alerts(&case)?;
        if update {
            let changed = case.update(&alerts).map_err(|error| Broken::from(error.to_string()))?;
            return Ok(if changed { Result::Updated } else { Result::Passed });
        }
        Ok(match case.judge(&alerts) {
            Verdict::Passed => Result::Passed,
            Verdict::Failed(difference) => Result::Failed { description: case.description, difference },
        })
    })();
    let result = result.unwrap_or_else(|error: Broken| Result::Broken(error.to_string()));
    Done { name, suite, result, took: started.elapsed() }
}

/// The line for a case.
struct Row<'a>(&'a Done, Paint);

impl std::fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(done, paint) = self;
        match done.result {
            Result::Passed => write!(f, "{}", paint.green("ok     "))?,
            Result::Updated => write!(f, "{}", paint.bold("updated"))?,
            Result::Failed { .. } => write!(f, "{}", paint.red("FAILED "))?,
            Result::Broken(_) => write!(f, "{}", paint.red("ERROR  "))?,
        }
        let took = format_args!("({} ms)", done.took.as_millis()).to_string();
        write!(f, " {} {}", escape::text(&done.name), paint.dim(took))
    }
}

/// Writes the failures with their reasons, and the totals.
fn report(out: &mut impl Write, all: &[Done], took: Duration, paint: Paint) -> io::Result<()> {
    for done in all {
        let head = |what: &str| format!("\n{what} {}", escape::text(&done.name));
        match &done.result {
            Result::Passed | Result::Updated => {}
            Result::Broken(why) => {
                writeln!(out, "{}", paint.red(head("ERROR")))?;
                why.lines().try_for_each(|line| writeln!(out, "  {}", escape::text(line)))?;
            }
            Result::Failed { description, difference } => {
                writeln!(out, "{}", paint.red(head("FAILED")))?;
                if !description.is_empty() {
                    writeln!(out, "  {}", paint.dim(escape::text(description)))?;
                }
                writeln!(out, "  {}", paint.red("--- expected"))?;
                writeln!(out, "  {}", paint.green("+++ what comes"))?;
                for line in &difference.lines {
                    let text = line.to_string();
                    let text = escape::text(&text);
                    match line {
                        Line::Head(_) => writeln!(out, "  {}", paint.bold(text))?,
                        Line::Same(_) => writeln!(out, "  {text}")?,
                        Line::Expected(_) => writeln!(out, "  {}", paint.red(text))?,
                        Line::Actual(_) => writeln!(out, "  {}", paint.green(text))?,
                    }
                }
            }
        }
    }
    let count = |is: fn(&Result) -> bool| all.iter().filter(|done| is(&done.result)).count();
    let parts = [
        (count(|r| matches!(r, Result::Passed)), "ok"),
        (count(|r| matches!(r, Result::Updated)), "updated"),
        (count(|r| matches!(r, Result::Failed { .. })), "FAILED"),
        (count(|r| matches!(r, Result::Broken(_))), "with an ERROR"),
    ];
    let counted: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let cases = if all.len() == 1 { "case" } else { "cases" };
    let text = format!("{} {cases}: {}", all.len(), counted.join(", "));
    let failed = parts.iter().skip(2).any(|(count, _)| *count > 0);
    let text = if failed { paint.red(text) } else { paint.green(text) };
    writeln!(out, "\n{text} ({:.2} s)", took.as_secs_f64())
}

fn write_junit(file: File, all: &[Done], took: Duration) -> io::Result<()> {
    let outcome = |done: &Done| Outcome {
        name: done.name.clone(),
        suite: if done.suite.is_empty() { "unknown".into() } else { done.suite.clone() },
        result: match &done.result {
            Result::Passed | Result::Updated => junit::Result::Passed,
            Result::Failed { difference, .. } => junit::Result::Failed(difference.to_string()),
            Result::Broken(why) => junit::Result::Broken(why.clone()),
        },
        took: done.took,
    };
    let outcomes: Vec<Outcome> = all.iter().map(outcome).collect();
    let mut out = BufWriter::new(file);
    junit::write(&mut out, &outcomes, took)?;
    out.flush()
}
