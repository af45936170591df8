//! The notes of AN1269 on an event, for `explain`.

use crate::An1269;
use authsieve_engine::analytic::Context;
use authsieve_engine::event::Event;
use authsieve_engine::note::{self, Step};
use authsieve_engine::time::Timestamp;

/// The result for an event.
#[derive(Clone, Copy)]
pub enum Why {
    /// A failure was counted. Holds the number of accounts so far.
    Failed(u32),
    /// The pattern holds, but is silent until this time.
    Silent(&'static str, Timestamp),
    /// A right password after too few failures.
    Short,
    /// The account did not fail, and too few accounts did. Holds their number and the needed number.
    FewAccounts(u32, u32),
    /// Many accounts logged in from the address, so it is shared. Holds their number and the limit.
    Shared(u32, u32),
    /// A right password after enough failures.
    Accepted,
}

impl An1269 {
    /// Notes the result, if notes are asked for. `count` is the number of failures, `least` the needed number.
    #[cold]
    pub(crate) fn why(&self, event: &Event<'_>, context: &mut Context<'_>, why: Why, count: u32, least: u32) {
        if !context.explains() {
            return;
        }
        let (count, needed, window) = (count.into(), least.into(), self.options.window.0.0);
        let (step, word, text, more) = match why {
            Why::Failed(accounts) if count < needed => {
                (Step::Counted, "", "failure # of # within ~, on # accounts", [window, accounts.into()])
            }
            Why::Failed(accounts) => (
                Step::Counted,
                "",
                "failure # of # within ~, on # accounts: enough",
                [window, accounts.into()],
            ),
            Why::Silent(pattern, until) => {
                (Step::Silent, pattern, "# of # failures: %, but silent until @", [until.0, 0])
            }
            Why::Short => (Step::Short, "", "right password after # of # failures within ~", [window, 0]),
            Why::FewAccounts(accounts, many) => (
                Step::Short,
                "",
                "right password after # of # failures, of an account that did not fail, and those that did are # of #",
                [accounts.into(), many.into()],
            ),
            Why::Shared(logins, most) => (
                Step::Ignored,
                "",
                "# failures (# needed), but # accounts logged in from there, and # make it a shared egress",
                [logins.into(), most.into()],
            ),
            Why::Accepted => {
                (Step::Counted, "", "right password after # of # failures within ~: enough", [window, 0])
            }
        };
        let key = note::key("ip", "", event.src_ip);
        context.note(step, &key, word, text, &[count, needed, more[0], more[1]]);
    }
}

#[cfg(test)]
mod tests;
