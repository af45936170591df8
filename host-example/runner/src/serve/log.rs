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

/// The format of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// `authsieve: what happened`, without a time: the reader of the log adds it.
    #[default]
    Text,
    /// A JSON object with time, level and message.
    Json,
}

/// The lowest level that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Least {
    /// Only failures that end the service or stop it from doing its task.
    Error,
    /// Also warnings.
    Warn,
    /// Also normal events.
    #[default]
    Info,
}

/// Sets up the log of this process.
pub fn start(form: Form, least: Least) {
    let level = match least {
        Least::Error => Level::ERROR,
        Least::Warn => Level::WARN,
        Least::Info => Level::INFO,
    };
    let logger = Logger::builder().with_max_level(level).with_writer(io::stderr);
    // A log that is already set up stays.
    let _ = match form {
        Form::Text => tracing::subscriber::set_global_default(logger.event_format(Plain).finish()),
        Form::Json => tracing::subscriber::set_global_default(
            logger.json().flatten_event(true).with_target(false).finish(),
        ),
    };
}

/// Formats a line as the message alone.
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

/// A repeated warning is left out within this time.
const AGAIN: Duration = Duration::from_secs(60);
/// The number of warnings that are remembered.
const MOST: usize = 64;

/// The recent warnings: text, time, and how often each was left out since.
static LATELY: Mutex<VecDeque<(String, Instant, u64)>> = Mutex::new(VecDeque::new());

/// Returns `None` if the warning has to be left out. Otherwise returns how often it was left out before.
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
