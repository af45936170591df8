//! The service's own log, on standard error: text for people, or JSON lines.

use clap::ValueEnum;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, Subscriber as Logger};
use tracing_subscriber::registry::LookupSpan;

/// How lines of the log are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// `authsieve: what happened`. Whoever keeps the log adds the time.
    #[default]
    Text,
    /// A JSON object with time, level and message.
    Json,
}

/// The least level that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Least {
    /// Only what ends the service, or keeps it from what it was told to do.
    Error,
    /// Also what goes wrong.
    Warn,
    /// Also what happens.
    #[default]
    Info,
}

/// Begins the log of this process.
pub fn start(form: Form, least: Least) {
    let level = match least {
        Least::Error => Level::ERROR,
        Least::Warn => Level::WARN,
        Least::Info => Level::INFO,
    };
    let logger = Logger::builder().with_max_level(level).with_writer(io::stderr);
    // Another log of this process is left as it is.
    let _ = match form {
        Form::Text => tracing::subscriber::set_global_default(logger.event_format(Plain).finish()),
        Form::Json => tracing::subscriber::set_global_default(
            logger.json().flatten_event(true).with_target(false).finish(),
        ),
    };
}

/// Writes the message alone.
struct Plain;

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        writer.write_str("authsieve: ")?;
        context.field_format().format_fields(writer.by_ref(), event)?;
        writer.write_char('\n')
    }
}

/// A warning that comes again within this time is left out.
const AGAIN: Duration = Duration::from_secs(60);
/// So many warnings are remembered.
const MOST: usize = 64;

/// The warnings that were logged lately, and how often each was left out since.
static LATELY: Mutex<VecDeque<(String, Instant, u64)>> = Mutex::new(VecDeque::new());

/// How often a warning was left out before, if it is to be logged now.
pub(super) fn is_due(text: &str) -> Option<u64> {
    let mut lately = LATELY.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((_, told, count)) = lately.iter_mut().find(|(known, ..)| known == text) else {
        if lately.len() >= MOST {
            lately.pop_front();
        }
        lately.push_back((text.to_owned(), Instant::now(), 0));
        return Some(0);
    };
    if told.elapsed() < AGAIN {
        *count += 1;
        return None;
    }
    *told = Instant::now();
    Some(std::mem::take(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_not_repeated_at_once() {
        assert_eq!((is_due("a"), is_due("a"), is_due("b"), is_due("a")), (Some(0), None, Some(0), None));
        for number in 0..MOST {
            is_due(&number.to_string());
        }
        assert_eq!(is_due("a"), Some(0), "what is forgotten is new");
    }
}
