//! The notes of AN0454 on an event, for `explain`.

use crate::challenges::Fate;
use crate::report::Pattern;
use crate::{An0454, User};
use authsieve_engine::analytic::Context;
use authsieve_engine::event::{Event, Outcome, Provider};
use authsieve_engine::note::{self, Step};
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::window::table::Slot;

fn name(user: &User<'_>) -> String {
    note::key("user", &user.name, None)
}

/// Notes an event that belongs to a challenge counted before.
#[cold]
pub fn joined(user: &User<'_>, text: &str, context: &mut Context<'_>) {
    context.note(Step::Joined, &name(user), "", text, &[]);
}

/// The reason why an event does not count itself.
pub const fn closes(fate: Option<Fate>, late: bool) -> &'static str {
    match fate {
        None => "the challenge that a policy asked for was sent: counted once with it",
        Some(_) if late => "a result that came late: it closes an open challenge, or does not count",
        Some(_) => "closes the open challenge before it: counted once with it",
    }
}

/// Notes an alert that waits.
#[cold]
pub fn waits(user: &User<'_>, until: Timestamp, context: &mut Context<'_>) {
    context.note(
        Step::Waiting,
        &name(user),
        "",
        "holds, and waits until @ for a login (confirm_after)",
        &[until.0],
    );
}

impl An0454 {
    /// Notes why an event is ignored.
    #[cold]
    pub(crate) fn why_left_out(&self, event: &Event<'_>, context: &mut Context<'_>) {
        let why = if matches!(event.outcome, Outcome::Failure | Outcome::Stopped) {
            "not looked at: a wrong password or a stopped login is no challenge"
        } else if event.user.is_empty() {
            "not counted: it names no user"
        } else if matches!(event.provider, Provider::Linux | Provider::Windows | Provider::Exchange) {
            "not looked at: of a provider without challenges"
        } else {
            "not looked at: not known to be from a Mac (platform)"
        };
        context.note(Step::Ignored, "", "", why, &[]);
    }

    /// Notes the count of a challenge, which was just added, for a pattern.
    #[cold]
    pub(crate) fn why_challenge(
        &self,
        event: &Event<'_>,
        slot: Slot,
        user: &User<'_>,
        pattern: Pattern,
        (window, least): (Span, u32),
        context: &mut Context<'_>,
    ) {
        let (to, quiet) = (event.time, self.silence(pattern, user));
        let count = self.challenges.recent.entries(slot, to.minus(window), to).count() as i64;
        let mut values = [count, least.into(), window.0];
        let (step, text) = if count < i64::from(least) {
            (Step::Counted, "%: challenge # of # within ~")
        } else if self.quiet.is_silent(quiet, to) {
            values[2] = self.quiet.until(quiet, to).unwrap_or(to).0;
            (Step::Silent, "%: challenge # of #, but silent until @")
        } else {
            (Step::Counted, "%: challenge # of # within ~: enough")
        };
        context.note(step, &name(user), pattern.as_str(), text, &values);
    }

    /// Notes how a login relates to the challenges of its user, before it is judged.
    #[cold]
    pub(crate) fn why_login(
        &self,
        event: &Event<'_>,
        slot: Option<Slot>,
        user: &User<'_>,
        context: &mut Context<'_>,
    ) {
        let (s, window, within) = (event.time, self.options.window.0, self.options.success_within.0);
        let least = context.judgement.threshold(0, self.options.min_challenges.0);
        let address = self.address(event.src_ip);
        let key = name(user);
        let held = |within| {
            let asked = |slot, address| self.challenges.gave_in(slot, s, address, least, window, within);
            slot.map_or((None, None), |slot| (asked(slot, address), asked(slot, 0)))
        };
        let (theirs, anybodys) = held(within);
        let (step, text, values) = if let Some(t) = theirs {
            let text = "login after # or more challenges (# needed), the last ~ before, one from there: the user gave in";
            (Step::Counted, text, [least.into(), least.into(), s.0.saturating_sub(t.0)])
        } else if anybodys.is_some() {
            let text = "login after # or more challenges (# needed), none of them from its address";
            (Step::Short, text, [least.into(), least.into(), 0])
        } else if let Some(t) = held(Span(i64::MAX)).0 {
            let over = s.0.saturating_sub(t.plus(within).0);
            let text = "login after # or more challenges (# needed), but ~ too late";
            (Step::TooLate, text, [least.into(), least.into(), over])
        } else {
            let from = s.minus(within).minus(window);
            let count = slot.map_or(0, |slot| self.challenges.recent.entries(slot, from, s).count());
            (Step::Short, "login after # of # challenges within ~", [count as i64, least.into(), window.0])
        };
        context.note(step, &key, "", text, &values);
    }
}

#[cfg(test)]
mod tests;
