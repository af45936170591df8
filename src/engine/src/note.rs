//! Notes: what became of each event, and why. They answer the question "why was there no alert".
//!
//! Only [`Detector::explain`](crate::detector::Detector::explain) makes an analytic write notes. While
//! [`Context::explains`](crate::analytic::Context::explains) returns false, an analytic makes no note and no text,
//! and pays one branch for each event.

use crate::event::{Event, Outcome, Text};
use crate::time::{Span, Timestamp};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

/// The result of an event for one key. The WIT enum `step` documents each value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Step {
    Ignored,
    Joined,
    Counted,
    Short,
    TooLate,
    Silent,
    Waiting,
    Alert,
}

impl Step {
    /// The word for the step, as in the WIT contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::Joined => "joined",
            Self::Counted => "counted",
            Self::Short => "short",
            Self::TooLate => "too-late",
            Self::Silent => "silent",
            Self::Waiting => "waiting",
            Self::Alert => "alert",
        }
    }
}

crate::record! { $ note_fields;
    /// One note. The WIT record `note` documents each field.
    #[derive(Clone, Debug, PartialEq)]
    #[allow(missing_docs)]
    pub struct Note {
        pub analytic: &'static str,
        pub record: u64,
        pub time: Timestamp,
        pub outcome: Outcome,
        pub user: Text<'static>,
        pub src_ip: Option<IpAddr>,
        pub step: Step,
        pub key: String,
        pub text: String,
        pub count: Option<u32>,
        pub needed: Option<u32>,
    }
}

note_fields!(write_fields, Note);

/// Collects the notes on a batch.
#[derive(Debug, Default)]
pub struct Notes {
    analytic: &'static str,
    list: Vec<Note>,
    record: u64,
    time: Timestamp,
    outcome: Outcome,
    user: String,
    src_ip: Option<IpAddr>,
}

impl Notes {
    /// An empty list for the analytic with this id.
    #[must_use]
    pub(crate) fn of(analytic: &'static str) -> Self {
        Self { analytic, ..Self::default() }
    }

    /// Makes later notes refer to this event of the record with this number.
    pub(crate) fn about(&mut self, event: &Event<'_>, record: u64) {
        self.record = record;
        (self.time, self.outcome, self.src_ip) = (event.time, event.outcome, event.src_ip);
        self.user.clear();
        self.user.push_str(&event.user);
    }

    /// The number of notes.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Takes all notes out.
    pub(crate) fn take(&mut self) -> Vec<Note> {
        core::mem::take(&mut self.list)
    }

    /// Adds a note: see [`Context::note`](crate::analytic::Context::note).
    pub(crate) fn add(&mut self, step: Step, key: &str, word: &str, template: &str, values: &[i64]) {
        let text = fill(template, word, values);
        let number = |at: usize| {
            let value = values.get(at).filter(|_| !matches!(step, Step::Ignored | Step::Joined));
            value.map(|value| u32::try_from(*value).unwrap_or(u32::MAX))
        };
        self.list.push(Note {
            analytic: self.analytic,
            record: self.record,
            time: self.time,
            outcome: self.outcome,
            user: Text::Owned(self.user.clone()),
            src_ip: self.src_ip,
            step,
            key: key.into(),
            text,
            count: number(0).filter(|_| values.len() > 1),
            needed: number(1),
        });
    }

    /// Adds a note on an alert. Its key is the key of the last counted note for the same event, if there is one.
    pub(crate) fn alert(&mut self, alert: &crate::alert::Alert) {
        let own = |note: &&Note| note.record == self.record && note.time == alert.time;
        let last = self.list.iter().rev().take_while(own).find(|note| note.step == Step::Counted);
        let (key, count, needed) = match last {
            Some(note) if !note.key.is_empty() => (note.key.clone(), note.count, note.needed),
            _ => {
                let key = key("user", alert.user.as_deref().unwrap_or_default(), None);
                (key, None, None)
            }
        };
        let mut text = String::from(alert.pattern.as_str());
        for part in [", ", alert.severity.as_str(), ": ", &alert.title] {
            text.push_str(part);
        }
        self.list.push(Note {
            analytic: self.analytic,
            record: alert.record,
            time: alert.time,
            outcome: self.outcome,
            user: Text::Owned(alert.user.clone().unwrap_or_default()),
            src_ip: alert.src_ip.as_deref().and_then(crate::net::parse_address),
            step: Step::Alert,
            key,
            text,
            count: alert.failure_count.or(alert.challenge_count).or(count),
            needed,
        });
    }
}

/// Names a key in words: its kind, and its account and address if they are part of the key.
#[must_use]
pub fn key(kind: &str, user: &str, address: Option<IpAddr>) -> String {
    let mut key = String::from(kind);
    for part in [user, &crate::net::shown(address).unwrap_or_default()] {
        if !part.is_empty() {
            key.push(' ');
            key.push_str(part);
        }
    }
    key
}

/// Fills in a template: `#` is the next value as a number, `~` as a duration, `@` as a time, and `%` is the word.
fn fill(template: &str, word: &str, values: &[i64]) -> String {
    let mut text = String::with_capacity(template.len() + 32);
    let mut values = values.iter();
    for c in template.chars() {
        if c == '%' {
            text.push_str(word);
            continue;
        }
        let value = if matches!(c, '#' | '~' | '@') { values.next() } else { None };
        match (c, value) {
            ('#', Some(number)) => text.push_str(&format!("{number}")),
            ('~', Some(span)) => text.push_str(&format!("{}", Span(*span))),
            ('@', Some(time)) => text.push_str(&Timestamp(*time).to_rfc3339()),
            _ => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_filled_in_order() {
        let minute = 60_000_000;
        assert_eq!(fill("# of # within ~", "", &[4, 5, 15 * minute]), "4 of 5 within 15m");
        assert_eq!(fill("%: silent until @", "burst", &[0]), "burst: silent until 1970-01-01T00:00:00Z");
        assert_eq!(fill("# ~ @ %", "", &[]), "# ~ @ ", "what is missing is seen");
        // Marks inside the word or a value are not filled in.
        assert_eq!(fill("% #", "#", &[7]), "# 7");
    }

    #[test]
    fn keys_are_named_by_what_makes_them() {
        let address = "192.0.2.7".parse().ok();
        assert_eq!(key("user+ip", "root", address), "user+ip root 192.0.2.7");
        assert_eq!(key("ip", "", address), "ip 192.0.2.7");
        assert_eq!(key("user", "ada", None), "user ada");
    }

    #[test]
    fn counts_are_the_first_values_where_something_is_counted() {
        let mut notes = Notes::default();
        notes.about(&Event { user: "ada".into(), ..Event::default() }, 3);
        notes.add(Step::Counted, "user ada", "", "# of #", &[4, 5]);
        notes.add(Step::Ignored, "", "", "# # #", &[1, 2, 3]);
        let list = notes.take();
        assert_eq!((list[0].count, list[0].needed, list[0].record), (Some(4), Some(5), 3));
        assert_eq!((list[1].count, list[1].needed), (None, None));
        assert!(notes.take().is_empty());
    }
}
