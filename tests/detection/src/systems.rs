//! The systems that are compared: each judges the same events.

pub mod elastic;
pub mod rsigma;
mod runs;
pub mod sentinel;
pub mod threshold;

use crate::alarm::Alarm;
use crate::corpus::Corpus;
use authsieve_engine::detector::{Detector, Reading, Seen};
use authsieve_engine::event::{Outcome, Signal};
use authsieve_engine::time::Timestamp;
use authsieve_suite::Suite;
use authsieve_tests::fact::{MINUTE, Micros};

/// The ids of the analytics, as the page orders them.
pub const ANALYTICS: [&str; 5] = ["an1276", "fls", "an1521", "an1269", "an0454"];

/// A rule, or several that belong together.
#[derive(Debug)]
pub struct System {
    /// The publisher.
    pub name: &'static str,
    /// The names of the rules, and what they count.
    pub rules: &'static str,
    /// The providers whose records the rules read. All, if it is empty.
    pub providers: &'static [&'static str],
    /// Judges events in the order of their times.
    pub judge: fn(&[Fact]) -> Vec<Alarm>,
}

/// The systems that are compared with an analytic, besides rsigma.
#[must_use]
pub fn compared_with(analytic: &str) -> Vec<&'static System> {
    let all = [threshold::RULES, elastic::RULES, sentinel::RULES];
    all.iter()
        .flat_map(|rules| rules.iter())
        .filter(|(id, _)| *id == analytic)
        .map(|(_, rule)| rule)
        .collect()
}

/// An event, for rules of others: one attempt, as the program or the provider itself reports it.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // As in the event.
pub struct Fact {
    pub time: Micros,
    pub provider: &'static str,
    pub outcome: Outcome,
    pub user: String,
    pub address: String,
    pub host: String,
    /// True if the record says that the account does not exist.
    pub unknown: bool,
    /// True if the password was right.
    pub credential: bool,
}

/// The alerts of authsieve for a corpus.
#[derive(Debug)]
pub struct Judged {
    /// The alarms of each analytic.
    pub alarms: Vec<(String, Alarm)>,
    /// The events of all records, in the order of their arrival.
    pub events: Vec<Seen>,
}

impl Judged {
    /// Runs all analytics over the corpus, with their defaults.
    ///
    /// # Panics
    /// Panics if the defaults are not valid.
    #[must_use]
    pub fn new(corpus: &Corpus) -> Self {
        let batch = corpus.batch();
        let mut detector = Detector::<Suite>::create("", 0).expect("the defaults are valid");
        let reading = Reading { first: 1, ..Reading::at(Timestamp(corpus.end() + MINUTE)) };
        let events = detector.decode(&batch, reading);
        let mut alerts = detector.process(&batch, reading);
        alerts.extend(detector.flush());
        let alarms = alerts.iter().map(|alert| (alert.analytic.to_lowercase(), alert.into())).collect();
        Self { alarms, events }
    }

    /// The alarms of one analytic.
    #[must_use]
    pub fn of(&self, analytic: &str) -> Vec<Alarm> {
        self.alarms.iter().filter(|(id, _)| id == analytic).map(|(_, alarm)| alarm.clone()).collect()
    }

    /// The events that an analytic reads, for rules of others, in the order of their times. Of the lines about one
    /// attempt on Linux there is only the program's own.
    #[must_use]
    pub fn facts(&self, analytic: &str, corpus: &Corpus) -> Vec<Fact> {
        let own = |seen: &&Seen| {
            let signal = matches!(seen.event.signal, Signal::Attempt | Signal::Failed);
            // Of a normalised record, an analytic judges only those of its world.
            let provider = seen.event.provider.as_str();
            let judged = match analytic {
                "an1276" => provider == "linux",
                "an1521" => provider == "windows",
                "fls" => provider != "linux",
                _ => provider != "linux" && provider != "windows",
            };
            signal && judged && seen.analytics.contains(&analytic)
        };
        let mut facts: Vec<Fact> = self.events.iter().filter(own).map(|seen| fact(seen, corpus)).collect();
        facts.sort_by_key(|fact| fact.time);
        facts
    }
}

fn fact(seen: &Seen, corpus: &Corpus) -> Fact {
    let event = &seen.event;
    let place = usize::try_from(seen.record).unwrap_or(0).wrapping_sub(1);
    let text = corpus.records.get(place).map_or(&[][..], |(_, text)| text);
    Fact {
        time: event.time.0,
        provider: event.provider.as_str(),
        outcome: event.outcome,
        user: event.user.to_string(),
        address: event.src_ip.map(|address| address.to_string()).unwrap_or_default(),
        host: event.host.to_string(),
        unknown: text.windows(12).any(|part| part == b"invalid user"),
        credential: event.credential,
    }
}
