//! The notes of AN1276 on an event, for `explain`.

use crate::{An1276, Correlate, KINDS, Options};
use authsieve_engine::analytic::Context;
use authsieve_engine::event::{Access, Event, Provider};
use authsieve_engine::hash::Fingerprint;
use authsieve_engine::note::{self, Step};
use authsieve_engine::told::rule::{note_failure, note_success};
use authsieve_engine::told::source;

/// Names a key in words.
fn name(kind: Correlate, event: &Event<'_>) -> String {
    let address = event.src_ip.filter(|_| kind != Correlate::User);
    let user = if kind == Correlate::Ip { "" } else { &*event.user };
    let mut key = note::key(kind.as_str(), user, address);
    if kind != Correlate::User && address.is_none() {
        key.push(' ');
        key.push_str(&source(event));
    }
    key
}

/// Notes why an event is ignored.
#[cold]
pub fn left_out(options: &Options, event: &Event<'_>, context: &mut Context<'_>) {
    let (word, text) = match event.access {
        _ if event.provider != Provider::Linux => {
            (event.provider.as_str(), "not looked at: an event of %, not of Linux")
        }
        Access::Local => {
            (options.login_source.as_str(), "not looked at: a login at the machine, and login_source is %")
        }
        Access::Remote => {
            (options.login_source.as_str(), "not looked at: a remote login, and login_source is %")
        }
    };
    context.note(Step::Ignored, "", word, text, &[]);
}

impl An1276 {
    #[cold]
    pub(crate) fn why_failure(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let threshold = context.judgement.threshold(0, self.options.min_failures.0);
        let keys = self.keys(event);
        for (key, kind) in keys.into_iter().zip(KINDS).filter(|(key, _)| key.is_some()) {
            note_failure(&mut self.rule, key, &name(kind, event), event.time, threshold, context);
        }
        if keys.iter().all(Option::is_none) {
            no_key(context);
        }
    }

    /// Notes on a success, before it is judged and its alert consumes the failures.
    #[cold]
    pub(crate) fn why_success(&mut self, event: &Event<'_>, threshold: u32, context: &mut Context<'_>) {
        let keys = self.keys(event);
        // The alert appears under the last noted key: the most specific one for which the rule holds.
        for holding in [false, true] {
            for (key, kind) in keys.into_iter().zip(KINDS).rev().filter(|(key, _)| key.is_some()) {
                let name = name(kind, event);
                note_success(&mut self.rule, key, &name, event.time, threshold, holding, context);
            }
        }
        if keys.iter().all(Option::is_none) {
            no_key(context);
        }
    }

    #[cold]
    pub(crate) fn why_quiet(
        &self,
        event: &Event<'_>,
        quiet: Option<Fingerprint>,
        threshold: u32,
        context: &mut Context<'_>,
    ) {
        let until = quiet.and_then(|key| self.quiet.until(key, event.time)).unwrap_or(event.time);
        let key = name(Correlate::Ip, event);
        let values = [threshold.into(), threshold.into(), until.0];
        let text =
            "# of # failures or more, but silent about this user until @, after an alert about the two";
        context.note(Step::Silent, &key, "", text, &values);
    }
}

fn no_key(context: &mut Context<'_>) {
    context.note(
        Step::Ignored,
        "",
        "",
        "not counted: no address and no user to count it by (require_ip)",
        &[],
    );
}

#[cfg(test)]
mod tests;
