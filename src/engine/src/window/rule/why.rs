//! What rule R made of an event, in words: for `explain`.

use super::Rule;
use crate::analytic::Context;
use crate::hash::Fingerprint;
use crate::note::Step;
use crate::time::Timestamp;

impl Rule {
    /// Notes what a failure at `time`, just entered, is to its key. `name` is the key in words.
    #[cold]
    pub fn note_failure(
        &mut self,
        key: Option<Fingerprint>,
        name: &str,
        time: Timestamp,
        threshold: u32,
        context: &mut Context<'_>,
    ) {
        let Some(slot) = key.and_then(|key| self.table.find(key)) else { return };
        let (window, newest) = (self.layout.window(), self.table.newest(slot));
        let Some(failures) = self.view(slot) else { return };
        let consumed = failures.consumed().filter(|consumed| time < *consumed);
        let count = failures.count_in(time.minus(window), time) as i64;
        let late = newest.0.saturating_sub(time.0);
        let mut values = [count, threshold.into(), window.0, late];
        let (step, text) = match consumed {
            Some(consumed) => {
                values[2] = consumed.0;
                (Step::Ignored, "not counted: an alert about a success at @ has consumed it")
            }
            None if late > 0 && count < i64::from(threshold) => (
                Step::Counted,
                "failure # of # within ~, ~ late: what is older than the oldest held is not kept",
            ),
            None if count < i64::from(threshold) => (Step::Counted, "failure # of # within ~"),
            None => (Step::Counted, "failure # of # within ~: enough, a success would alert"),
        };
        let values = if consumed.is_some() { &values[2..3] } else { &values[..] };
        context.note(step, name, "", text, values);
    }

    /// Notes what a success at `time` is to a key, before it is judged: only where the rule holds, or only where it does
    /// not, as `holding` says. `name` is the key in words. Changes nothing.
    #[cold]
    pub fn note_success(
        &mut self,
        key: Option<Fingerprint>,
        name: &str,
        time: Timestamp,
        threshold: u32,
        holding: bool,
        context: &mut Context<'_>,
    ) {
        let (window, within) = (self.layout.window(), self.layout.success_within());
        let index = self.layout.thresholds().binary_search(&threshold).unwrap_or(usize::MAX);
        let slot = key.and_then(|key| self.table.find(key));
        let Some(failures) = slot.and_then(|slot| self.view(slot)) else {
            if !holding {
                context.note(Step::Short, name, "", "success after # of # failures", &[0, threshold.into()]);
            }
            return;
        };
        let qualifying = failures.qualifying(time, index);
        if qualifying.is_some() != holding {
            return;
        }
        if let Some(completed) = qualifying {
            let count = failures.count_in(completed.minus(window), time) as i64;
            let values = [count, threshold.into(), window.0, time.0.saturating_sub(completed.0)];
            let text = "success after # of # failures within ~, the count completed ~ before: the rule holds";
            context.note(Step::Counted, name, "", text, &values);
            return;
        }
        let last = failures.times().find(|failure| *failure <= time);
        let most = failures.most_within(time);
        if let Some(completed) = failures.completed(time, index) {
            let over = time.0.saturating_sub(completed.plus(within).0);
            let values = [most.max(threshold as usize) as i64, threshold.into(), over, within.0];
            context.note(
                Step::TooLate,
                name,
                "",
                "success after # of # failures, but ~ too late: within ~",
                &values,
            );
            return;
        }
        let Some(last) = last else {
            let values = [0, threshold.into(), failures.consumed().map_or(0, |consumed| consumed.0)];
            let text = if failures.consumed().is_some_and(|consumed| consumed <= time) {
                "success after # of # failures: an alert at @ has consumed those before"
            } else {
                "success after # of # failures"
            };
            context.note(Step::Short, name, "", text, &values);
            return;
        };
        let values = [most as i64, threshold.into(), window.0, time.0.saturating_sub(last.0)];
        context.note(
            Step::Short,
            name,
            "",
            "success after # of # failures within ~, the last ~ before",
            &values,
        );
    }
}
