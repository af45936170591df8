//! Alerts and notes of rule R: the alert on a match, and the notes of `explain`. AN1276 and FLS share them.

use super::about;
use crate::alert::{Alert, Severity};
use crate::analytic::Context;
use crate::event::Event;
use crate::hash::Fingerprint;
use crate::note::Step;
use crate::time::{Span, Timestamp};
use crate::window::excerpt::Excerpt;
use crate::window::rule::{Match, Rule, Standing};
use alloc::format;
use alloc::vec;

/// Begins the alert that a success raises on a match, and returns the failures that the journal still holds. The
/// analytic completes the alert, and then [tells](super::tell) the failures.
#[must_use]
pub fn alert<'r>(rule: &'r Rule, m: &Match, event: &Event<'_>) -> (Alert, Excerpt<'r>) {
    let excerpt = rule.excerpt(m.key, m.number, m.from, event.time);
    let failures = excerpt.count().max(m.count);
    let after = Span(event.time.0.saturating_sub(m.completed.0));
    let mut alert = about(event);
    alert.severity = Severity::High;
    alert.first_seen = m.completed;
    alert.failure_count = Some(failures);
    if excerpt.cut() && m.full {
        alert.estimated = vec!["failure_count".into()];
    }
    alert.context = vec![format!(
        "{failures} failures within the window, then a success {after} after the last that completed the count"
    )];
    (alert, excerpt)
}

/// Notes how a failure at `time`, which was just added, counts for its key. `name` is the key in words.
#[cold]
pub fn note_failure(
    rule: &mut Rule,
    key: Option<Fingerprint>,
    name: &str,
    time: Timestamp,
    threshold: u32,
    context: &mut Context<'_>,
) {
    let Some(counted) = key.and_then(|key| rule.counted(key, time)) else { return };
    if let Some(consumed) = counted.consumed {
        let text = "not counted: an alert about a success at @ has consumed it";
        context.note(Step::Ignored, name, "", text, &[consumed.0]);
        return;
    }
    let text = match counted.late {
        _ if counted.count >= threshold => "failure # of # within ~: enough, a success would alert",
        Span(0) => "failure # of # within ~",
        _ => "failure # of # within ~, ~ late: what is older than the oldest held is not kept",
    };
    let values = [counted.count.into(), threshold.into(), rule.window().0, counted.late.0];
    context.note(Step::Counted, name, "", text, &values);
}

/// Notes how a success at `time` relates to its key, before it is judged. With `holding`, only if the rule holds;
/// otherwise, only if it does not. `name` is the key in words. Changes nothing.
#[cold]
pub fn note_success(
    rule: &mut Rule,
    key: Option<Fingerprint>,
    name: &str,
    time: Timestamp,
    threshold: u32,
    holding: bool,
    context: &mut Context<'_>,
) {
    let standing = key.map_or(Standing::Nothing, |key| rule.standing(key, time, threshold));
    if matches!(standing, Standing::Holds { .. }) != holding {
        return;
    }
    let (window, within, needed) = (rule.window().0, rule.success_within().0, i64::from(threshold));
    let (step, text, values) = match standing {
        Standing::Holds { count, after } => (
            Step::Counted,
            "success after # of # failures within ~, the count completed ~ before: the rule holds",
            [count.into(), needed, window, after.0],
        ),
        Standing::TooLate { count, over } => (
            Step::TooLate,
            "success after # of # failures, but ~ too late: within ~",
            [count.into(), needed, over.0, within],
        ),
        Standing::Short { count, since } => (
            Step::Short,
            "success after # of # failures within ~, the last ~ before",
            [count.into(), needed, window, since.0],
        ),
        Standing::Consumed { at } => (
            Step::Short,
            "success after # of # failures: an alert at @ has consumed those before",
            [0, needed, at.0, 0],
        ),
        Standing::Nothing => (Step::Short, "success after # of # failures", [0, needed, 0, 0]),
    };
    context.note(step, name, "", text, &values);
}

#[cfg(test)]
mod tests;
