//! Rule R of AN1276 as it is worded, over all events so far.
//!
//! A failure f of key k completes a count if at least min_failures failures of k lie in [f − window, f]. A success at s
//! raises an alert if, and only if, k has such a failure with f ≤ s ≤ f + success_within. Later lines of the input have
//! not happened yet.

use crate::fact::{Fact, Micros, Says};
use crate::joiner::{Event, Joiner};
use crate::options::{Key, LoginSource, Options, bits, glob};

/// The compared parts of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // As in the contract.
pub struct Raised {
    pub pattern: String,
    pub time: Micros,
    pub user: Option<String>,
    pub src_ip: Option<String>,
    pub matched: Vec<String>,
}

/// A failure that counts, and the keys for which it was consumed.
struct Failure {
    fact: Fact,
    line: usize,
    consumed: Vec<Key>,
}

/// The alerts that lines in this order must raise.
#[must_use]
pub fn judge(facts: &[Fact], options: &Options) -> Vec<Raised> {
    follow(facts, options, true)
}

/// The alerts that the rule justifies for lines in this order, if no alert consumes or silences anything.
#[must_use]
pub fn justified(facts: &[Fact], options: &Options) -> Vec<Raised> {
    follow(facts, options, false)
}

/// The alerts for lines in this order. With `remember`, alerts consume failures and silence later ones.
fn follow(facts: &[Fact], options: &Options, remember: bool) -> Vec<Raised> {
    let mut joiner = Joiner::default();
    let mut failures: Vec<Failure> = vec![];
    let mut alerts: Vec<(Fact, Raised)> = vec![];
    for fact in facts {
        for event in joiner.take(fact.clone()) {
            match event {
                Event::Failure { fact, line } if looked_at(&fact, options) => {
                    failures.push(Failure { fact, line, consumed: vec![] });
                }
                Event::TakeBack { line } => {
                    if let Some(at) = failures.iter().rposition(|f| f.line == line) {
                        failures.remove(at);
                    }
                }
                Event::Success(success)
                    if looked_at(&success, options) && method_counts(&success, options) =>
                {
                    let earlier = if remember { &alerts[..] } else { &[] };
                    let verdict = judge_success(&success, &failures, earlier, options);
                    for key in verdict.iter().filter(|_| remember).flat_map(consumed_by) {
                        let of_key =
                            |f: &&mut Failure| value(key, &f.fact, options) == value(key, &success, options);
                        failures.iter_mut().filter(of_key).for_each(|f| f.consumed.push(key));
                    }
                    alerts.extend(verdict.map(|v| (success, v)));
                }
                _ => {}
            }
        }
    }
    alerts.into_iter().map(|(_, verdict)| verdict).collect()
}

fn judge_success(
    success: &Fact,
    failures: &[Failure],
    alerts: &[(Fact, Raised)],
    options: &Options,
) -> Option<Raised> {
    let enough = options.override_for(success).and_then(|o| o.min_failures).unwrap_or(options.min_failures);
    let matches = |key: Key| {
        let wanted = value(key, success, options)?;
        let times: Vec<Micros> = failures
            .iter()
            .filter(|f| !f.consumed.contains(&key) && value(key, &f.fact, options).as_ref() == Some(&wanted))
            .map(|f| f.fact.time)
            .collect();
        let matched = times.iter().any(|&f| {
            let in_window = times.iter().filter(|&&t| f - options.window <= t && t <= f).count();
            f <= success.time && success.time <= f + options.success_within && in_window >= enough as usize
        });
        matched.then_some(key)
    };
    let quiet = alerts.iter().any(|(earlier, verdict)| {
        earlier.user == success.user
            && value(Key::Ip, earlier, options) == value(Key::Ip, success, options)
            && (success.time - verdict.time).abs() <= options.success_within
    });
    let matched: Vec<Key> = Key::ALL
        .into_iter()
        .filter(|key| options.correlate.contains(key))
        .filter_map(matches)
        .filter(|key| *key != Key::Ip || !quiet)
        .collect();
    Some(Raised {
        pattern: matched.first()?.name().into(),
        time: success.time,
        user: success.user.clone(),
        src_ip: success.ip.map(|ip| ip.to_canonical().to_string()),
        matched: matched.iter().map(|k| k.name().into()).collect(),
    })
}

/// The keys whose failures an alert consumes: all that matched, except `ip`.
fn consumed_by(verdict: &Raised) -> Vec<Key> {
    Key::ALL.into_iter().filter(|k| *k != Key::Ip && verdict.matched.iter().any(|m| m == k.name())).collect()
}

/// The key of an event as a text, if it has one.
fn value(key: Key, event: &Fact, options: &Options) -> Option<String> {
    let user = event.user.as_ref().filter(|user| !user.is_empty()).map(|user| format!("user {user}"));
    let source = if event.local {
        Some(format!("host {} tty {}", event.host, event.tty.as_deref().unwrap_or("")))
    } else {
        event.ip.map(|ip| {
            let bits = bits(ip);
            let length = if bits.starts_with('4') { options.ipv4_prefix } else { options.ipv6_prefix };
            format!("source {}", &bits[..2 + usize::from(length)])
        })
    };
    match key {
        Key::UserIp => Some(user? + " at " + &source?),
        Key::Ip => source,
        Key::User => user,
    }
}

fn looked_at(event: &Fact, options: &Options) -> bool {
    let from_there = match options.login_source {
        LoginSource::Remote => !event.local,
        LoginSource::Local => event.local,
        LoginSource::Any => true,
    };
    from_there && !options.ignores(event)
}

fn method_counts(success: &Fact, options: &Options) -> bool {
    matches!(&success.says, Says::Success(method) if options.success_methods.iter().any(|g| glob(g, method)))
}

#[cfg(test)]
mod tests;
