//! W3C extended logs (IIS; <https://www.w3.org/TR/WD-logfile>) and the protocol logs of Exchange: each line becomes a
//! JSON object, under the names of the last `#Fields`.
//!
//! - Values are kept as they are. A `-` for "nothing" stays: a request without a user differs from a log without users.
//!   The `+` that IIS writes for a blank stays too: only a decoder that knows the field can tell it from a real `+`.
//! - IIS separates values by blanks and quotes none. So a quote has no meaning: a browser may call itself `"`. A line
//!   with another number of values than names is left out: values could get wrong names.
//! - If commas separate the names (Exchange), lines are CSV. A value never continues in the next line.
//! - The `#Log-type` (`IMAP4 Log`) is added to each record, since the fields of Exchange do not show it.

use crate::columns::{Keys, escaped};
use crate::csv::{Fields, put_row};
use crate::lines::{Line, Lines};
use crate::problem::Flaw;
use crate::sink::Sink;
use std::borrow::Cow;

#[derive(Debug, Default)]
pub(crate) struct W3c {
    lines: Lines,
    fields: Option<FieldNames>,
    /// The member with the type of the log.
    log_type: Vec<u8>,
    /// The first line, if it is no directive. Exchange repeats the names of fields there.
    first: Option<Vec<u8>>,
    /// True once a line was read.
    begun: bool,
}

#[derive(Debug)]
struct FieldNames {
    keys: Keys,
    with_commas: bool,
}

impl W3c {
    pub(crate) fn frame(&mut self, window: &[u8], ended: bool, sink: &mut Sink<'_>) -> usize {
        let mut done = 0;
        while let Some(line) = self.lines.next(window, &mut done, ended, sink) {
            self.line(window, &line, sink);
        }
        if ended && self.first.take().is_some() {
            sink.problem_at(Flaw::Nameless, Some(1), window, 0);
        }
        done
    }

    fn line(&mut self, window: &[u8], line: &Line<'_>, sink: &mut Sink<'_>) {
        let at = line.at;
        let is_first = !std::mem::replace(&mut self.begun, true);
        // IIS reserves space with zeros, and a crash leaves them.
        let text = line.bytes.trim_ascii();
        let zeros = text.iter().position(|byte| *byte != 0).unwrap_or(text.len());
        let text = text.get(zeros..).unwrap_or_default();
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        match (text, &self.fields) {
            ([], _) => {}
            ([b'#', directive @ ..], _) => self.directive(directive, window, sink),
            (_, None) if is_first && sink.line(window, at) == 1 => self.first = Some(text.to_vec()),
            (_, None) => sink.problem(Flaw::Nameless, window, at),
            (_, Some(FieldNames { keys, with_commas: true })) => {
                if Fields::new(text, b',').skip(keys.len()).any(|field| !field.is_empty()) {
                    return sink.problem(Flaw::Width, window, at);
                }
                sink.record(window, at, |record| {
                    put_row(keys, Fields::new(text, b','), &self.log_type, record)
                });
            }
            (_, Some(FieldNames { keys, .. })) => {
                let blanks = || text.split(|b| *b == b' ').filter(|value| !value.is_empty());
                let tabs = || text.split(|b| *b == b'\t');
                if blanks().count() == keys.len() {
                    let values = blanks().map(Cow::from);
                    sink.record(window, at, |record| put_row(keys, values, &self.log_type, record));
                } else if tabs().count() == keys.len() {
                    let values = tabs().map(Cow::from);
                    sink.record(window, at, |record| put_row(keys, values, &self.log_type, record));
                } else {
                    sink.problem(Flaw::Width, window, at);
                }
            }
        }
    }

    fn directive(&mut self, directive: &[u8], window: &[u8], sink: &mut Sink<'_>) {
        let Some(colon) = memchr::memchr(b':', directive) else { return };
        let (name, value) = directive.split_at_checked(colon).unwrap_or_default();
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"fields") {
            let with_commas = value.contains(&b',');
            let keys = if with_commas {
                Keys::new(Fields::new(value, b','))
            } else {
                Keys::new(value.split(u8::is_ascii_whitespace).filter(|n| !n.is_empty()).map(Cow::from))
            };
            self.fields = (keys.len() > 0).then_some(FieldNames { keys, with_commas });
            if self.first.take().is_some_and(|first| first != value) {
                sink.problem_at(Flaw::Nameless, Some(1), window, 0);
            }
        } else if name.eq_ignore_ascii_case(b"log-type") {
            let kind = String::from_utf8_lossy(value.get(..value.len().min(256)).unwrap_or_default());
            self.log_type = [b"\"#Log-type\":\"", &*escaped(&kind), b"\""].concat();
        }
    }
}

#[cfg(test)]
mod tests;
