//! Finds the times of records, to order files by them.
//!
//! The engine's own decoder reads the times, with the same zone and inferred years as in the analytics. Only records
//! with a needle are decoded. A record without a readable time belongs to the record before it.

use super::failing::Tally;
use authsieve_engine::analytic::{All, Telemetry};
use authsieve_engine::config::{Code, Common, Config, Json};
use authsieve_engine::dating::{Dating, Rules};
use authsieve_engine::decode::{Decoder, Reader};
use authsieve_engine::detector::Reading;
use authsieve_records::prefilter::{Prefilter, Route};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

authsieve_engine::settings! {
    /// The options for times that not all analytics share.
    pub struct Codes {
        /// Extra codes of sign-in and audit logs that count as failures.
        pub extra_failure_codes: Vec<Code> = [];
    }
}

/// Finds the times of the records of one file.
pub struct Clock {
    decoder: Decoder<All>,
    prefilter: Arc<Prefilter>,
    common: Arc<Common>,
    dating: Dating,
}

/// Consecutive records of a batch with the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// The byte range of the records in the batch.
    pub(super) bytes: Range<usize>,
    /// The records' time in microseconds since 1970. `None` if no earlier record of the file had a time.
    pub(super) time: Option<i64>,
}

/// The time of a record, from its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// The time of its first event, in microseconds since 1970.
    pub(super) time: i64,
    /// True if the year was inferred.
    pub(super) inferred: bool,
}

/// The options for a [`Clock`], as JSON: those of the top level that affect decoding, and all failure codes of all
/// analytics. `given` has each option with its path (`fls.extra_failure_codes`) and its value as JSON. Of equal paths,
/// the last counts.
#[must_use]
pub fn clock_options<'o>(given: impl IntoIterator<Item = (&'o str, &'o str)>) -> String {
    let (mut own, mut codes) = (BTreeMap::new(), Vec::new());
    for (path, value) in given {
        let name = path.rsplit('.').next().unwrap_or(path).trim();
        if matches!(name, "extra_failure_codes" | "extraFailureCodes") {
            let list = Json::parse(value).ok().and_then(Json::into_list).unwrap_or_default();
            codes.extend(list.iter().map(|code| code.raw().to_owned()));
        } else if Common::DECODING.contains(&path) {
            own.insert(path, value.to_owned());
        }
    }
    own.insert("extra_failure_codes", format!("[{}]", codes.join(",")));
    let members: Vec<String> = own.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

impl Clock {
    /// Creates a clock from options in JSON. Invalid options are reported elsewhere; the clock then uses the defaults.
    #[must_use]
    pub fn new(options: &str) -> Self {
        let read = |text| Config::<Codes>::read(text, &[]);
        let (common, codes) = match read(options).or_else(|_| read("")) {
            Ok(config) => (config.common, config.options.extra_failure_codes),
            // The defaults are valid.
            Err(problems) => unreachable!("{problems}"),
        };
        let extra_failure_codes = codes.iter().map(|code| code.0).collect();
        // An aside decoder does not search for signs of a login, because unread records do not matter here.
        let decoder =
            Decoder::new(&common, vec![Reader { telemetry: Telemetry::ANY, extra_failure_codes }]).aside();
        let needles = decoder.needles().iter().map(|needle| (*needle).to_owned()).collect();
        Self {
            prefilter: Arc::new(Prefilter::new(&[needles])),
            common: Arc::new(common),
            decoder,
            dating: Dating::default(),
        }
    }

    /// A clock for another file.
    pub(super) fn fresh(&self) -> Self {
        Self {
            decoder: self.decoder.aside(),
            prefilter: Arc::clone(&self.prefilter),
            common: Arc::clone(&self.common),
            dating: Dating::default(),
        }
    }

    /// Begins another file.
    pub(super) fn begin(&mut self) {
        self.dating = Dating::default();
    }

    /// Passes on each record with a time of its own: its place in the batch, and the time. `tally` gets the events.
    pub(super) fn survey(
        &mut self,
        batch: &[u8],
        reading: Reading,
        mut tally: Option<&mut Tally>,
        mut each: impl FnMut(Range<usize>, Told),
    ) {
        let runs = match self.prefilter.route(batch).into_iter().next() {
            Some(Route::Runs(runs)) => runs,
            _ => std::iter::once(0..batch.len()).collect(),
        };
        for run in runs {
            let mut start = run.start;
            for record in batch.get(run).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
                let end = start + record.len();
                if let Some(told) = self.told(record, reading, tally.as_deref_mut()) {
                    each(start..end, told);
                }
                start = end;
            }
        }
    }

    /// Splits the batch into stretches of one time each. `before` is the time of the last earlier record, and is
    /// updated to that of the last record here.
    pub(super) fn stretches(
        &mut self,
        batch: &[u8],
        reading: Reading,
        before: &mut Option<i64>,
    ) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut done = 0;
        self.survey(batch, reading, None, |record, told| {
            if *before == Some(told.time) {
                return;
            }
            if done < record.start {
                stretches.push(Stretch { bytes: done..record.start, time: *before });
            }
            (done, *before) = (record.start, Some(told.time));
        });
        if done < batch.len() {
            stretches.push(Stretch { bytes: done..batch.len(), time: *before });
        }
        stretches
    }

    fn told(&mut self, record: &[u8], reading: Reading, mut tally: Option<&mut Tally>) -> Option<Told> {
        let Self { decoder, dating, common, .. } = self;
        // A record without a time stays with its neighbour, so its receipt must not date it.
        let rules = Rules { undated_is_received: false, ..common.times() };
        let mut first = None;
        if record.len() <= decoder.max_record() {
            let _ = decoder.decode(record, &mut |decoded| {
                let mut event = decoded.event;
                let dated = dating.date(&mut event, &decoded.when, &rules, reading);
                if dated.undated {
                    return;
                }
                first = first.or(Some(Told { time: event.time.0, inferred: dated.inferred }));
                if let Some(tally) = &mut tally {
                    tally.take(event);
                }
            });
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::clock_options;

    #[test]
    fn options_for_times_are_found_wherever_they_stand() {
        let given = [
            ("date_order", "\"dmy\""),
            ("window", "\"5m\""),
            ("an1269.extraFailureCodes", "[1, \"2\"]"),
            ("date_order", "\"mdy\""),
            ("fls.extra_failure_codes", "[50140]"),
            ("fls.timezone", "\"UTC\""),
        ];
        assert_eq!(clock_options(given), r#"{"date_order":"mdy","extra_failure_codes":[1,"2",50140]}"#);
        assert_eq!(clock_options([]), r#"{"extra_failure_codes":[]}"#);
    }
}
