//! The notes of FLS on an event, for `explain`.

use crate::Fls;
use authsieve_engine::analytic::Context;
use authsieve_engine::event::{Event, Outcome, Provider};
use authsieve_engine::note::{self, Step};
use authsieve_engine::told::rule::{note_failure, note_success};

impl Fls {
    /// Notes on an event: on a failure after it was added, on a success before it is judged.
    #[cold]
    pub(crate) fn why(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let threshold = context.judgement.threshold(0, self.options.min_failures.0);
        let key = self.account(event);
        if key.is_none() {
            let why = match event.provider {
                Provider::Linux => "not looked at: an event of Linux, see AN1276",
                _ if event.user.is_empty() => "not counted: it names no user",
                _ => "not counted: it has no address (require_ip)",
            };
            context.note(Step::Ignored, "", "", why, &[]);
            return;
        }
        let mut name = note::key("user+ip", &event.user, event.src_ip);
        if self.options.same_user_agent {
            name.push(' ');
            name.push_str(&event.user_agent);
        }
        if event.outcome == Outcome::Failure {
            note_failure(&mut self.rule, key, &name, event.time, threshold, context);
        } else {
            for holding in [false, true] {
                note_success(&mut self.rule, key, &name, event.time, threshold, holding, context);
            }
        }
    }
}

#[cfg(test)]
mod tests;
