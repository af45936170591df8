//! The notes of a judge about an event, for `explain`.

use crate::note::{Notes, Step};

impl Notes {
    /// Notes that an event with the same delivery id came before.
    pub(super) fn duplicate(&mut self) {
        self.add(
            Step::Ignored,
            "",
            "",
            "delivered twice, counted once: an event of the same id came before",
            &[],
        );
    }

    /// Notes that an option or an override leaves the event out.
    pub(super) fn ignored(&mut self, why: Option<&str>) {
        self.add(Step::Ignored, "", why.unwrap_or("an override"), "ignored by %", &[]);
    }

    /// Notes how many of the `all` attempts of a line are counted with this line: `new`.
    pub(super) fn part_of(&mut self, all: u32, new: u32) {
        if new < all {
            let text = "of its # attempts, # were counted with lines before";
            self.add(Step::Joined, "", "", text, &[all.into(), (all - new).into()]);
        }
    }

    /// Notes that the attempt was counted with an earlier line. `lone` means that the line has no process id.
    pub(super) fn counted_before(&mut self, lone: bool) {
        let text = if lone {
            "not counted: without a process id it cannot be told from the lines about the same attempt"
        } else {
            "counted once with the line before: the same attempt of the same process"
        };
        self.add(Step::Joined, "", "", text, &[]);
    }

    /// Notes that the event is a change of an account.
    pub(super) fn changed(&mut self, change: &str) {
        let text = "no attempt: a change of the account (%), which alerts of the next 24 hours tell";
        self.add(Step::Ignored, "", change, text, &[]);
    }

    /// Notes that the analytic ignored the event.
    pub(super) fn not_looked_at(&mut self, provider: &str) {
        let text = "not looked at: % events of this outcome say nothing here";
        self.add(Step::Ignored, "", provider, text, &[]);
    }

    /// Notes that `count` failures turned out not to be failures.
    pub(super) fn taken_back(&mut self, count: u32) {
        let text = "# failures taken back: only PAM had told of them, and the login succeeded";
        self.add(Step::Joined, "", "", text, &[count.into()]);
    }
}
