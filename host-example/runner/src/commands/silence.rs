//! `authsieve silence` and `authsieve mark`: record people's decisions about alerts.

use super::run::block;
use crate::arguments::{Stop, received};
use crate::desk::{Desk, Disposition, Mark};
use crate::output::escape;
use crate::selection::Error;
use crate::sources::now;
use authsieve_engine::alert::Alert;
use authsieve_engine::time::{Span, Timestamp};
use authsieve_triage::mark::sort;
use authsieve_triage::silence::Silence;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// The arguments of `silence`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    /// The folder of silences and dispositions. By default `authsieve` in the folder of your state.
    #[arg(long, global = true, value_name = "DIR")]
    desk: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Silence alerts that meet all conditions, until a date.
    Add(Box<Add>),
    /// List all silences.
    List,
    /// Remove a silence.
    Remove {
        /// The name of the silence, as `list` shows it.
        name: String,
    },
}

#[derive(Debug, Args)]
struct Add {
    /// The account that raised the alert. `*` stands for any characters.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// An address, or a block such as 10.8.0.0/16.
    #[arg(long, value_name = "ADDRESS", value_parser = |text: &str| block(text).map(|_| text.to_owned()))]
    ip: Option<String>,
    /// The machine. `*` stands for any characters.
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// The analytic, such as an1276.
    #[arg(short, long, value_name = "ID")]
    analytic: Option<String>,
    /// The pattern, such as password-spray.
    #[arg(long, value_name = "PATTERN")]
    pattern: Option<String>,
    /// The silence holds for alerts raised before this time: RFC 3339, a day such as 2026-12-24, or a time from now
    /// such as 7d.
    #[arg(long, value_name = "TIME", value_parser = until)]
    until: i64,
    /// The reason.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// The arguments of `mark`.
#[derive(Debug, Args)]
pub struct Marking {
    /// The id of the alert. Without it, all dispositions are listed.
    #[arg(value_name = "ID", requires = "is")]
    alert: Option<String>,
    /// The disposition of the alert: an attack, no attack, or an allowed action.
    #[arg(value_name = "true|false|benign", value_parser = disposition())]
    is: Option<Disposition>,
    /// The reason.
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// The folder of silences and dispositions. By default `authsieve` in the folder of your state.
    #[arg(long, value_name = "DIR")]
    desk: Option<PathBuf>,
}

/// Runs `silence`.
///
/// # Errors
/// Fails if the desk cannot be read or written.
pub fn run(arguments: Arguments) -> Result<ExitCode, Stop> {
    let desk = found(Desk::find(arguments.desk.as_deref()))?;
    let mut out = io::stdout().lock();
    match arguments.what {
        What::Add(add) => {
            let Add { user, ip, host, analytic, pattern, until, reason } = *add;
            let until = Timestamp(until);
            let silence = Silence { name: String::new(), user, ip, host, analytic, pattern, until, reason };
            if silence.is_empty() {
                let why =
                    "a silence needs a condition; expected --user, --ip, --host, --analytic or --pattern";
                return Err(Error::Usage(why.into()).into());
            }
            writeln!(out, "{}", desk.add(silence).map_err(Error::Failure)?)?;
        }
        What::List => {
            let now = Timestamp(now());
            for silence in desk.silences().map_err(Error::Failure)? {
                let conditions: Vec<String> =
                    silence.conditions().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
                let ended = if silence.until <= now { " (ended)" } else { "" };
                let (until, reason) = (silence.until, &silence.reason);
                let line =
                    format!("{}  until {until}{ended}  {}  {reason}", silence.name, conditions.join(" "));
                writeln!(out, "{}", escape::text(&line))?;
            }
        }
        What::Remove { name } => {
            if !desk.remove(&name).map_err(Error::Failure)? {
                let shown = escape::text(&name);
                let why = format!("no silence is called `{shown}`; `authsieve silence list` shows them");
                return Err(Error::Usage(why).into());
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs `mark`.
///
/// # Errors
/// Fails if the desk cannot be read or written.
pub fn mark(arguments: Marking) -> Result<ExitCode, Stop> {
    let desk = found(Desk::find(arguments.desk.as_deref()))?;
    if let (Some(id), Some(is)) = (arguments.alert, arguments.is) {
        let alert = Alert { id, ..Alert::default() };
        let mark = Mark { note: arguments.note, ..Mark::of(&alert, is, Timestamp(now())) };
        desk.mark(mark).map_err(Error::Failure)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut marks: Vec<Mark> = desk.marks().map_err(Error::Failure)?.into_values().collect();
    sort(&mut marks);
    let mut out = io::stdout().lock();
    for mark in marks {
        writeln!(out, "{}", escape::text(&format!("{}  {}  {}", mark.at, mark.alert, mark.words())))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads one of the words for a disposition.
fn disposition() -> impl TypedValueParser<Value = Disposition> {
    let value = |is: Disposition| PossibleValue::new(is.as_str()).help(is.about());
    PossibleValuesParser::new(Disposition::ALL.map(value)).try_map(|word| Disposition::parse(&word))
}

fn found(desk: Option<Desk>) -> Result<Desk, Error> {
    desk.ok_or_else(|| Error::Usage("there is no folder for silences; name one by --desk DIR".into()))
}

/// Reads a time, a day, or a time from now.
fn until(text: &str) -> Result<i64, String> {
    let day = || received(&format!("{text}T00:00:00Z")).ok();
    let later = || Span::parse(text).map(|span| now().saturating_add(span.0));
    received(text).ok().or_else(day).or_else(later).ok_or_else(|| {
        let shown = escape::text(text);
        format!("`{shown}` is no time; expected RFC 3339, a day such as 2026-12-24, or a span such as 7d")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_times_days_and_spans() {
        assert_eq!(until("2026-03-03"), until("2026-03-03T00:00:00Z"));
        let week = until("7d").unwrap() - now();
        assert!((604_000_000_000..=604_800_000_000).contains(&week), "{week}");
        assert!(until("someday").is_err());
    }
}
