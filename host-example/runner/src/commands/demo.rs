//! `authsieve demo`: runs the analytics over sample logs.

use super::run::stats;
use crate::arguments::{Stop, engine};
use crate::feed;
use crate::output::look::Look;
use crate::output::paint::When;
use crate::output::report::{self, Whole};
use crate::output::summary::{shortfall, summary};
use crate::selection::{self, Options, Selection};
use crate::sinks::{Alerts, Gate, Output};
use crate::sources::{Files, Input};
use crate::witness::Observer;
use authsieve_host::{Limits, Session};
use authsieve_triage::incidents;
use authsieve_triage::report::Report;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

/// The sample logs. We wrote all of them, with addresses that are reserved for documentation.
const SAMPLES: &[(&str, &[u8])] = &[
    // sshd and PAM with syslog headers; the same from journald; the Windows Security log in the format of evtx_dump.
    ("samples/auth.log", include_bytes!("../../samples/auth.log")),
    ("samples/journal.jsonl", include_bytes!("../../samples/journal.jsonl")),
    ("samples/security.jsonl", include_bytes!("../../samples/security.jsonl")),
    // Entra sign-ins from Log Analytics, the Microsoft 365 audit log, Okta's System Log, Duo's authentication log.
    ("samples/signins.jsonl", include_bytes!("../../samples/signins.jsonl")),
    ("samples/audit.jsonl", include_bytes!("../../samples/audit.jsonl")),
    ("samples/okta.jsonl", include_bytes!("../../samples/okta.jsonl")),
    ("samples/duo.jsonl", include_bytes!("../../samples/duo.jsonl")),
];

/// 2026-03-05T00:00:00Z, the day after the samples, so that their inferred year is always the same.
const RECEIVED: i64 = 1_772_668_800_000_000;

const NEXT: &str = "\
What next:
  authsieve run -a an1276 /var/log/auth.log    your own log (files, .gz, .zst, or - for standard input)
  authsieve inspect an1276                     what the analytic reads, and its options
  authsieve run -a an1276 --set min_failures=3 --set window=1h FILE
  authsieve decode FILE                        what each record says, as JSON
  authsieve --help                             everything else
(From a checkout, write `cargo run --release --` for `authsieve`.)
";

/// Runs the command. Its output is for people, even without a terminal.
///
/// # Errors
/// Fails if the analytics cannot be started, or if standard output cannot be written to.
pub fn run(color: When) -> Result<ExitCode, Stop> {
    let engine = engine(Limits::default())?;
    let sessions = selection::start(
        &engine,
        &Selection::default(),
        &Options { followed: true, ..Options::default() },
        Session::start,
    )?;
    let paint = color.paint(io::stdout().is_terminal());
    let names: Vec<&str> = sessions.iter().flat_map(Session::ids).map(String::as_str).collect();
    let samples: Vec<&str> = SAMPLES.iter().map(|(name, _)| *name).collect();
    let heading = format!(
        "{} over {}, inside wasmtime, in a component that imports nothing:",
        names.join(", "),
        samples.join(", ")
    );
    writeln!(io::stdout(), "{}\n", paint.bold(heading))?;
    let inputs = SAMPLES.iter().map(|(name, bytes)| Input::Memory { name, bytes }).collect();
    let source = Files::new(inputs).received(Some(RECEIVED));
    let mut sink = Alerts::new(Output::Held(Vec::new()), Gate::default(), color, None);
    let started = Instant::now();
    let sessions = sessions.into_iter().map(|session| Observer::new(session, "")).collect();
    let (sessions, totals) = feed::run(source, sessions, &mut sink)?;
    let left = sink.finish()?;
    let stats = stats(sessions.into_iter().map(Observer::into_session).collect());
    let report = Report::new(left.held, incidents::Limits::default());
    report::write(&mut io::stdout(), &report, &Whole::default(), &Look::new(paint))?;
    let summary = summary(&stats, &totals, started.elapsed(), false, paint);
    let shortfall = shortfall(&stats, &totals, &left.first, paint);
    write!(io::stdout(), "{summary}{shortfall}\n{NEXT}")?;
    Ok(if totals.troubles > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
