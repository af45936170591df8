//! The notes of AN1521 on an event, for `explain`.

use crate::count::Counted;
use crate::pattern::Pattern;
use crate::{ACCOUNT, An1521, FAMILY, Failure, SOURCE};
use authsieve_engine::analytic::Context;
use authsieve_engine::event::{Event, Outcome, Provider};
use authsieve_engine::hash::Fingerprint;
use authsieve_engine::note::{self, Step};
use authsieve_engine::time::Span;
use authsieve_engine::window::recent::Sum;
use authsieve_engine::window::table::Slot;

/// Names the key that a pattern counts for.
pub fn name(pattern: Pattern, failure: &Failure<'_>, alone: bool) -> String {
    match pattern {
        Pattern::Spray => note::key("ip", "", failure.event.src_ip),
        _ if alone => note::key("account", failure.account, None),
        _ => note::key("family", failure.label, None),
    }
}

impl An1521 {
    /// Notes why an event is ignored.
    #[cold]
    pub(crate) fn why_left_out(&self, event: &Event<'_>, context: &mut Context<'_>) {
        let why = if event.outcome != Outcome::Failure {
            "not looked at: only failures count here"
        } else if !matches!(event.provider, Provider::Windows | Provider::Ecs | Provider::Ocsf) {
            "not looked at: not of Windows"
        } else if matches!(event.logon_type, Some(0 | 4 | 5)) {
            "not counted: of the system, a batch job or a service (logon type 0, 4 or 5)"
        } else if self.options.remote_only && event.src_ip.is_none_or(|address| address.is_loopback()) {
            "not counted: no remote address (remote_only)"
        } else {
            "not counted: its status is excluded (exclude_status), or it is no event 4625"
        };
        context.note(Step::Ignored, "", "", why, &[]);
    }

    /// Notes the count of a failure for its family in a window.
    #[cold]
    pub(crate) fn why_family(
        &self,
        failure: &Failure<'_>,
        slot: Slot,
        window: Span,
        least: u32,
        most: u32,
        context: &mut Context<'_>,
    ) {
        let to = failure.event.time;
        let sum = self.recent.sum(slot, to.minus(window), to);
        let accounts = sum.distinct[ACCOUNT];
        let values = [
            sum.count.into(),
            least.into(),
            window.0,
            accounts.into(),
            if accounts > most { most.into() } else { sum.distinct[SOURCE].into() },
        ];
        let text = if accounts > most {
            "failure # of # within ~, on # accounts: more than #, so each is counted alone"
        } else {
            "failure # of # within ~, on # accounts from # addresses"
        };
        context.note(Step::Counted, &note::key("family", failure.label, None), "", text, &values);
    }

    /// Notes the count of a failure for its address.
    #[cold]
    pub(crate) fn why_source(
        &self,
        failure: &Failure<'_>,
        sum: Sum,
        least: u32,
        families: u32,
        context: &mut Context<'_>,
    ) {
        let key = note::key("ip", "", failure.event.src_ip);
        let values = [
            sum.distinct[FAMILY].into(),
            families.into(),
            self.options.window.0.0,
            sum.count.into(),
            least.into(),
        ];
        context.note(Step::Counted, &key, "", "families # of # within ~, failures # of #", &values);
    }

    /// Notes a pattern that holds but is silent.
    #[cold]
    pub(crate) fn why_silent(
        &self,
        pattern: Pattern,
        quiet: Fingerprint,
        failure: &Failure<'_>,
        counted: Counted,
        context: &mut Context<'_>,
    ) {
        let until = self.quiet.until(quiet, failure.event.time).unwrap_or(failure.event.time);
        let key = name(pattern, failure, counted.alone);
        context.note(Step::Silent, &key, pattern.as_str(), "%: holds, but silent until @", &[until.0]);
    }
}

#[cfg(test)]
mod tests;
