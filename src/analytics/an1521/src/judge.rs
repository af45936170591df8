//! Judges a failure: finds the patterns that hold, and leaves out the silent ones.

use crate::count::{Asked, Counted};
use crate::pattern::Pattern;
use crate::report::Report;
use crate::{An1521, FAMILY, Failure, MEMBER, SOURCE, threshold, why};
use authsieve_engine::analytic::Context;
use authsieve_engine::config::Threshold;
use authsieve_engine::follow::Following;
use authsieve_engine::hash::Fingerprint;
use authsieve_engine::note::Step;
use authsieve_engine::order::sort;
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::window::table::Slot;

impl An1521 {
    /// Judges a family on one of its failures: `burst` or `distributed`, and `slow`.
    pub(crate) fn judge_family(
        &mut self,
        failure: &Failure<'_>,
        slot: Slot,
        source: u64,
        context: &mut Context<'_>,
    ) {
        let judgement = context.judgement;
        let threshold = |index, own: Threshold| judgement.threshold(index, own.0);
        let options = &self.options;
        let (window, slow_window) = (options.window.0, options.slow_window.0);
        let most = threshold(threshold::MAX_FAMILY, options.max_family);
        let quick = threshold(threshold::MIN_FAILURES, options.min_failures);
        let sources = threshold(threshold::SOURCES, options.source_ip_threshold);
        let slow = threshold(threshold::SLOW, options.slow_min_failures);

        let silent = [Pattern::Burst, Pattern::Distributed];
        if context.explains() {
            for (window, least) in [(window, quick), (slow_window, slow)] {
                self.why_family(failure, slot, window, least, most, context);
            }
        }
        let asked = Asked { slot, source, most };
        if let Some(counted) = self.count(failure, asked, window, quick, &silent) {
            let distributed = counted.sum.distinct[SOURCE] >= sources;
            let pattern = if distributed { Pattern::Distributed } else { Pattern::Burst };
            if self.raise(pattern, failure, slot, counted, window, context) && distributed {
                self.silence(Pattern::Burst, counted.subject, failure, window);
                context.follow_ups().forget_quiet(self.quiet_key(Pattern::Burst, counted.subject));
            }
        }
        if let Some(counted) = self.count(failure, asked, slow_window, slow, &[Pattern::Slow]) {
            self.raise(Pattern::Slow, failure, slot, counted, slow_window, context);
        }
    }

    /// Judges an address on one of its failures: `spray`.
    pub(crate) fn judge_source(
        &mut self,
        failure: &Failure<'_>,
        key: Fingerprint,
        slot: Slot,
        context: &mut Context<'_>,
    ) {
        let judgement = context.judgement;
        let (time, window) = (failure.event.time, self.options.window.0);
        let from = time.minus(window);
        let sum = self.recent.sum(slot, from, time);
        let failures = judgement.threshold(threshold::MIN_FAILURES, self.options.min_failures.0);
        let families = judgement.threshold(threshold::SPRAY, self.options.spray_accounts.0);
        if context.explains() {
            self.why_source(failure, sum, failures, families, context);
        }
        if sum.count < failures {
            return;
        }
        let most = judgement.threshold(threshold::MAX_FAMILY, self.options.max_family.0);
        let on = match sum.distinct {
            of if of[FAMILY] >= families => of[FAMILY],
            // In a family with too many accounts, each account counts. This is only computed if needed.
            of if of[MEMBER] > most && of[MEMBER] >= families => {
                let quiet = self.quiet_key(Pattern::Spray, key);
                if self.quiet.is_silent(quiet, time) { 0 } else { self.targets(slot, (from, time), most) }
            }
            _ => 0,
        };
        if on >= families {
            let counted = Counted { from, sum, alone: false, slot: Some(slot), subject: key };
            self.raise(Pattern::Spray, failure, slot, counted, window, context);
        }
    }

    /// The number of families on which an address failed. In a family with more than `most` accounts, each account
    /// counts. O(n log n) in the failures of the address.
    fn targets(&self, slot: Slot, (from, to): (Timestamp, Timestamp), most: u32) -> u32 {
        let mut members: Vec<[u64; 2]> =
            self.recent.entries(slot, from, to).map(|entry| entry.members).collect();
        sort(&mut members, |one, other| one < other);
        members.dedup();
        let families = members.chunk_by(|one, other| one[FAMILY] == other[FAMILY]);
        let counts = families.map(|family| u32::try_from(family.len()).unwrap_or(u32::MAX));
        counts.map(|accounts| if accounts > most { accounts } else { 1 }).fold(0, u32::saturating_add)
    }

    /// Raises an alert of a pattern unless it is silent, and silences it for the window. Returns true if an alert was
    /// raised.
    fn raise(
        &mut self,
        pattern: Pattern,
        failure: &Failure<'_>,
        slot: Slot,
        counted: Counted,
        window: Span,
        context: &mut Context<'_>,
    ) -> bool {
        let quiet = self.quiet_key(pattern, counted.subject);
        if self.quiet.is_silent(quiet, failure.event.time) {
            if context.explains() {
                self.why_silent(pattern, quiet, failure, counted, context);
            }
            return false;
        }
        if context.explains() {
            let (key, values) = (why::name(pattern, failure, counted.alone), [counted.sum.count.into()]);
            context.note(Step::Counted, &key, pattern.as_str(), "%: # failures are enough", &values);
        }
        let report = Report {
            pattern,
            failure,
            counted,
            window,
            prefixes: self.prefixes,
            recent: &self.recent,
            accounts: &self.accounts,
            journal: &self.journal,
            newest: self.link(slot),
        };
        let alert = report.alert();
        let address;
        let key = match (pattern, failure.event.src_ip) {
            (Pattern::Spray, Some(source)) => {
                address = self.prefixes.octets(source);
                &address[..]
            }
            _ if counted.alone => failure.account.as_bytes(),
            _ => failure.label.as_bytes(),
        };
        context.raise(&[key], alert);
        if context.follows() {
            let end = failure.event.time.plus(window);
            context.follow(Following { group: counted.subject, quiet, end }, &report.excerpt());
        }
        self.silence(pattern, counted.subject, failure, window);
        true
    }

    fn silence(&mut self, pattern: Pattern, subject: Fingerprint, failure: &Failure<'_>, window: Span) {
        self.quiet.silence(self.quiet_key(pattern, subject), failure.event.time, window);
    }
}
