//! Writes what is known of an account into an alert, and moves the severity if the options say so.

use super::{Accounts, Change, Meaning, entry};
use crate::alert::Alert;
use crate::config::{Common, Effect};
use crate::event::{Event, Outcome};
use crate::time::{Span, Timestamp};
use crate::told::short;
use alloc::string::String;

/// The time for which a change matters.
pub const RECENT: Span = Span::seconds(86_400);

/// Adds a line to the context of `alert` for each fact about it, and moves its severity. `event` raised the alert.
/// O(1).
///
/// Facts about an account are told if the alert is about one account: a login, or failures of this account only.
#[cold]
#[inline(never)]
pub fn tell(accounts: &Accounts, common: &Common, event: &Event<'_>, alert: &mut Alert) {
    let mut steps = 0;
    let mut say = |effect: Effect, parts: &[&str]| {
        let Some(by) = effect.steps() else { return };
        let mut line = String::new();
        parts.iter().for_each(|part| line.push_str(part));
        if by != 0 {
            line.push_str(if by < 0 {
                "; the severity is lower for it"
            } else {
                "; the severity is higher for it"
            });
        }
        alert.context.push(line);
        steps += by;
    };
    if let Some((what, word)) = entry::risky(event) {
        say(common.risky_entry, &[what, word]);
    }
    let user = alert.user.as_deref().unwrap_or(&event.user);
    let login = !matches!(event.outcome, Outcome::Failure | Outcome::Challenge);
    let one = login || alert.distinct_users.is_none_or(|users| users <= 1);
    if let Some(known) = accounts.of(user, event.folds()).filter(|_| one && !user.is_empty()) {
        let (name, now) = (short(user), event.time);
        let old = |first: &Timestamp| first.plus(common.expected_after.0) <= now;
        match accounts.first_from(&known, user, event.folds(), event.src_ip) {
            Some(first) if old(&first) => {
                let since = first.to_rfc3339();
                say(
                    common.expected_source,
                    &["expected source: ", &name, " has logged in from it since ", &since],
                );
            }
            Some(first) => {
                let effect = common.new_source.min(Effect::Note);
                say(
                    effect,
                    &["new source: the first login of ", &name, " from it was ", &first.to_rfc3339()],
                );
            }
            None if event.src_ip.is_some() => {
                if let Some(first) = known.first().filter(old) {
                    let since = first.to_rfc3339();
                    say(common.new_source, &["new source: ", &name, " logs in from others since ", &since]);
                }
            }
            None => {}
        }
        // Several changes move the severity once.
        let (mut account_change, mut account_risk) = (common.account_change, common.account_risk);
        for change in Change::ALL {
            let latest = known.latest(change).filter(|at| *at <= now && now <= at.plus(RECENT));
            let Some(at) = latest else { continue };
            let before = known.before_factor().filter(|login| at <= login.plus(RECENT));
            let (effect, why, login) = match (change.meaning(), before) {
                (Meaning::Explains, _) => (take(&mut account_change), ", which explains failures", None),
                (Meaning::Worries, Some(login)) if change == Change::Factor => {
                    (take(&mut account_risk), ", after a login at ", Some(login))
                }
                (Meaning::Worries, _) if change != Change::Factor => (take(&mut account_risk), "", None),
                _ => (common.account_change.min(Effect::Note), "", None),
            };
            let login = login.map(Timestamp::to_rfc3339).unwrap_or_default();
            say(effect, &["account ", &name, ": ", change.words(), " at ", &at.to_rfc3339(), why, &login]);
        }
    }
    alert.severity = alert.severity.shifted(steps);
}

/// Returns an effect, and leaves one that only notes.
fn take(effect: &mut Effect) -> Effect {
    let noted = (*effect).min(Effect::Note);
    core::mem::replace(effect, noted)
}
