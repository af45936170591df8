//! Enters a challenge or a login into the window of its user, and judges it.

use crate::challenges::{Challenges, Fate};
use crate::report::{CHALLENGE, LOGIN, Pattern};
use crate::{An0454, FINISHED, ONE_ROW, ROW, TRANSACTION, User, why};
use authsieve_engine::analytic::Context;
use authsieve_engine::event::{Event, Provider, Record};
use authsieve_engine::follow::Following;
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::told;
use authsieve_engine::window::journal::{self, Link};
use authsieve_engine::window::recent;
use authsieve_engine::window::table::Slot;

impl An0454 {
    /// Handles a challenge or a result: it is a repetition, answers a challenge, or counts.
    pub(crate) fn challenge(
        &mut self,
        event: &Event<'_>,
        fate: Option<Fate>,
        user: &User<'_>,
        context: &mut Context<'_>,
    ) {
        let transaction = match &*event.transaction {
            "" => 0,
            id => self.member(TRANSACTION, id.as_bytes()),
        };
        let held = self.table.find(user.key);
        if transaction != 0 && !self.is_first(event, user, context.watermark) {
            if let (Some(slot), Some(fate), Provider::Duo) = (held, fate, event.provider) {
                let answered = self.challenges.answer(slot, event.time, transaction, fate);
                answers(user, answered, fate, context);
            }
            if context.explains() {
                why::joined(
                    user,
                    "told before: of the same challenge as a record with its transaction",
                    context,
                );
            }
            return;
        }
        let (finished, policy) =
            (event.provider == Provider::Duo, event.provider == Provider::Okta && event.method == "policy");
        let mut kind = Challenges::kind(fate, finished, policy);
        if let Some(slot) = held {
            let late = event.time < self.table.newest(slot);
            let counted = match fate {
                Some(_) if finished => false,
                Some(fate) => {
                    let closed = self.challenges.close(slot, event.time, transaction, fate);
                    answers(user, closed, fate, context);
                    closed.is_some() || late
                }
                None if policy || event.provider != Provider::Okta => false,
                None => self.challenges.send(slot, event.time, self.address(event.src_ip)),
            };
            if counted {
                // The answer is no entry, but a challenge older than this answer is late too.
                if let Some(mut content) = self.table.content(slot) {
                    content.raise(event.time);
                }
                if context.explains() {
                    why::joined(user, why::closes(fate, late), context);
                }
                return;
            }
            if late
                && fate.is_none()
                && let Some((joined, time)) = self.challenges.join(slot, event.time, transaction)
            {
                kind = joined;
                // The result counted alone. From now on, the challenge counts instead of it.
                let result = journal::Entry { time, count: 1, ..journal::Entry::default() };
                context.follow_ups().take_back(user.key, &result);
                context.follow_ups().outcome(user.key, time, Some(Challenges::outcome(joined)), None);
            }
        }
        let entered = self.table.enter(user.key, 1, event.time, context.watermark);
        let members = [self.address(event.src_ip), transaction];
        let entry = recent::Entry { time: event.time, count: 1, kind, members };
        self.challenges.recent.push(entered.slot, entered.new, entry);
        if context.is_following() {
            context.count(user.key, &told::entry(event, &event.reason, context.record));
            context.follow_ups().outcome(user.key, event.time, None, Some(Challenges::outcome(kind)));
        }
        self.write(event, CHALLENGE, entered.slot, context.record);
        self.judge(event, entered.slot, user, context);
    }

    /// True if this is the first event of a challenge with a transaction. For Entra, clients choose the correlation
    /// id. So rows of one code count as one only within five seconds of the first to come.
    fn is_first(&mut self, event: &Event<'_>, user: &User<'_>, watermark: Timestamp) -> bool {
        let id =
            |kind| self.hash(kind).part(user.name.as_bytes()).part(event.transaction.as_bytes()).finish();
        match event.provider {
            Provider::Duo => {
                let id = id(FINISHED);
                self.finished.is_new(id.0, event.time, watermark)
            }
            Provider::Entra | Provider::M365 => {
                let id = self
                    .hash(ROW)
                    .number(id(ROW).0)
                    .part(event.reason.as_bytes())
                    .part(event.outcome.as_str().as_bytes())
                    .finish();
                let first = !self.rows.is_silent(id, event.time);
                if first {
                    self.rows.silence(id, event.time, ONE_ROW);
                }
                first
            }
            _ => true,
        }
    }

    /// Raises the patterns that a challenge completes.
    fn judge(&mut self, event: &Event<'_>, slot: Slot, user: &User<'_>, context: &mut Context<'_>) {
        let (options, t) = (&self.options, event.time);
        let rules = [
            (Pattern::Challenges, options.window.0, options.min_challenges.0, options.confirm_after.0),
            (Pattern::Slow, options.slow_window.0, options.slow_min_challenges.0, Span(0)),
        ];
        for (index, (pattern, window, default, wait)) in rules.into_iter().enumerate() {
            let threshold = context.judgement.threshold(index, default);
            let quiet = self.silence(pattern, user);
            let from = t.minus(window);
            if context.explains() {
                self.why_challenge(event, slot, user, pattern, (window, threshold), context);
            }
            if self.quiet.is_silent(quiet, t) || !self.challenges.reach(slot, from, t, threshold) {
                continue;
            }
            let span = (from, t);
            let mut alert = self.alert(event, context.record, slot, pattern, span);
            // This challenge is late, and a later login has taken the alert back already.
            if wait.0 > 0 && self.logged_in(slot).is_some_and(|s| t < s && s <= t.plus(wait)) {
                continue;
            }
            let following = Following { group: user.key, quiet, end: t.plus(window) };
            if wait.0 > 0 {
                context.judge(&mut alert);
                if context.follows() {
                    self.report(event, Record::NONE, slot, pattern, span, &mut |report| {
                        context.follow_waiting(following, &alert, &report.read().0);
                    });
                }
                if context.explains() {
                    why::waits(user, t.plus(wait), context);
                }
                self.waiting.push(t.plus(wait), user.key, &user.name, alert, &mut context.alerts);
                self.waiting.passed(context.watermark, &mut context.alerts);
            } else {
                context.raise(&[user.name.as_bytes()], alert);
                if context.follows() {
                    self.report(event, Record::NONE, slot, pattern, span, &mut |report| {
                        context.follow(following, &report.read().0);
                    });
                }
            }
            self.quiet.silence(quiet, t, window);
        }
    }

    /// Handles a login or an approval: takes back waiting alerts, may raise an alert, forgets challenges.
    pub(crate) fn login(&mut self, event: &Event<'_>, user: &User<'_>, context: &mut Context<'_>) {
        let s = event.time;
        let wait = self.options.confirm_after.0;
        context.follow_ups().forget_waiting(user.key, s.minus(wait), s);
        if self.waiting.take_back(user.key, s) {
            let quiet = self.silence(Pattern::Challenges, user);
            self.quiet.end(quiet);
            context.ended(quiet);
            if context.explains() {
                why::joined(user, "a login: the alert that waited to be confirmed is dropped", context);
            }
        }
        let held = self.table.find(user.key);
        if context.explains() {
            self.why_login(event, held, user, context);
        }
        let Some(slot) = held else { return };
        let (window, within) = (self.options.window.0, self.options.success_within.0);
        let threshold = context.judgement.threshold(0, self.options.min_challenges.0);
        let address = self.address(event.src_ip);
        if let Some(t) = self.challenges.gave_in(slot, s, address, threshold, window, within) {
            let span = (t.minus(window), t);
            let alert = self.alert(event, context.record, slot, Pattern::Login, span);
            context.raise(&[user.name.as_bytes()], alert);
        }
        self.challenges.forget(slot, s, address);
        if !self.challenges.any(slot, s) {
            for pattern in [Pattern::Challenges, Pattern::Slow] {
                let quiet = self.silence(pattern, user);
                self.quiet.end(quiet);
                context.ended(quiet);
            }
        }
        self.write(event, LOGIN, slot, context.record);
        if self.logged_in(slot).is_none_or(|before| before < s)
            && let Some(content) = self.table.content(slot)
            && let Some(place) = content.data.get_mut(Link::BYTES..)
        {
            place.copy_from_slice(&s.0.to_le_bytes());
        }
    }

    /// The time of the user's newest login since the first remembered challenge.
    fn logged_in(&self, slot: Slot) -> Option<Timestamp> {
        let bytes = self.table.data(slot).get(Link::BYTES..)?.first_chunk()?;
        Some(Timestamp(i64::from_le_bytes(*bytes))).filter(|time| time.0 != 0)
    }
}

/// Notes in the followed alerts that the challenge at `time` was answered.
fn answers(user: &User<'_>, time: Option<Timestamp>, fate: Fate, context: &mut Context<'_>) {
    if let Some(time) = time {
        let (before, after) = (Fate::outcome(None), Fate::outcome(Some(fate)));
        context.follow_ups().outcome(user.key, time, Some(before), Some(after));
    }
}
