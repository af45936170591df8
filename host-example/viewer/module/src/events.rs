//! Stores events as columns: one number per event and field. Each text is stored once.

use authsieve_engine::event::{Event, Outcome};
use authsieve_records::Origin;
use std::collections::HashMap;

/// The most events that are listed. Further events are judged only.
const MOST: usize = 16 << 20;

/// The number that means an absent value.
pub const NONE: u32 = u32::MAX;

/// The texts of a column. Number 0 is the absent text.
#[derive(Debug)]
pub struct Texts {
    numbers: HashMap<Box<str>, u32>,
    list: Vec<Box<str>>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { numbers: HashMap::from([("".into(), 0)]), list: vec!["".into()] }
    }
}

impl Texts {
    /// The number of a text. Adds the text if it is new.
    pub fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(NONE);
        self.list.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }

    /// The texts from this number on.
    #[must_use]
    pub fn from(&self, number: usize) -> &[Box<str>] {
        self.list.get(number..).unwrap_or_default()
    }

    /// The text with this number.
    #[must_use]
    pub fn text(&self, number: u32) -> &str {
        self.list.get(number as usize).map_or("", |text| text)
    }
}

/// Declares the columns for texts and for numbers.
macro_rules! columns {
    (texts: $($text:ident)+; numbers: $($number:ident)+;) => {
        /// The columns of events, in the order of their records.
        #[derive(Debug, Default)]
        #[allow(missing_docs)]
        pub struct Events {
            pub time: Vec<i64>,
            $(pub $text: Vec<u32>,)+
            $(pub $number: Vec<u32>,)+
            texts: Dictionaries,
            /// The number of events that are not listed.
            pub unlisted: u64,
        }

        #[derive(Debug, Default)]
        struct Dictionaries { $($text: Texts,)+ }

        impl Events {
            /// The names of the text columns for JavaScript.
            pub const TEXTS: &'static [&'static str] = &[$(stringify!($text)),+];
            /// The names of the number columns.
            pub const NUMBERS: &'static [&'static str] = &[$(stringify!($number)),+];

            /// A column by its position. The text columns come before the number columns.
            #[must_use]
            pub fn column(&self, place: usize) -> Option<&[u32]> {
                [$(&self.$text[..],)+ $(&self.$number[..],)+].get(place).copied()
            }

            /// The texts of a column.
            #[must_use]
            pub fn texts(&self, name: &str) -> Option<&Texts> {
                match name {
                    $(stringify!($text) => Some(&self.texts.$text),)+
                    _ => None,
                }
            }
        }
    };
}

columns! {
    texts: user domain address host service method reason reason_text user_agent application device tty os outcome shape provider file;
    numbers: record line logon_type count analytics;
}

impl Events {
    /// The number of events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// True if there are no events.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// Adds an event. `analytics` has a bit for each analytic that reads the event, in the order of their ids.
    pub fn add(&mut self, record: u64, origin: Option<&Origin>, analytics: u32, event: &Event<'_>) {
        if self.time.len() >= MOST {
            self.unlisted += 1;
            return;
        }
        let short = |number: u64| u32::try_from(number).unwrap_or(NONE);
        self.time.push(event.time.0);
        self.record.push(short(record));
        self.line.push(origin.map_or(0, |origin| short(origin.line)));
        self.logon_type.push(event.logon_type.unwrap_or(NONE));
        self.count.push(event.count);
        self.analytics.push(analytics);
        let address = event.src_ip.map(|ip| ip.to_string());
        let address = address.as_deref().unwrap_or(&event.src_name);
        macro_rules! texts {
            ($($column:ident: $text:expr;)+) => { $(
                let number = self.texts.$column.number($text);
                self.$column.push(number);
            )+ };
        }
        texts! {
            user: &event.user;
            domain: &event.domain;
            address: address;
            host: &event.host;
            service: &event.service;
            method: &event.method;
            reason: &event.reason;
            reason_text: &event.reason_text;
            user_agent: &event.user_agent;
            application: &event.application;
            device: &event.device;
            tty: &event.tty;
            os: &event.os;
            outcome: event.outcome.as_str();
            shape: event.shape.as_str();
            provider: event.provider.as_str();
            file: origin.map_or("", |origin| &origin.file);
        }
    }

    /// The days from the earliest to the latest event. O(events).
    #[must_use]
    pub fn days(&self) -> f64 {
        let ends = self.time.iter().min().zip(self.time.iter().max());
        ends.map_or(0.0, |(first, last)| last.saturating_sub(*first) as f64 / 86_400e6)
    }

    /// True if an event of this record and time is a login.
    #[must_use]
    pub fn is_login(&self, record: u64, time: i64) -> bool {
        let Ok(record) = u32::try_from(record) else { return false };
        let from = self.record.partition_point(|other| *other < record);
        let lets_in = |outcome: &str| {
            [Outcome::Success, Outcome::Approved].iter().any(|known| known.as_str() == outcome)
        };
        (from..self.record.len())
            .take_while(|row| self.record.get(*row) == Some(&record))
            .filter(|row| self.time.get(*row) == Some(&time))
            .any(|row| self.outcome.get(row).is_some_and(|number| lets_in(self.texts.outcome.text(*number))))
    }
}
