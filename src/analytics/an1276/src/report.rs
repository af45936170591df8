//! The alerts of AN1276.

use crate::options::Correlate;
use crate::{An1276, kind};
use authsieve_engine::alert::Alert;
use authsieve_engine::event::{Event, Record, Signal};
use authsieve_engine::told::{self, number, short, source};
use authsieve_engine::window::rule::Match;

/// The alert about a success. `m` is the most specific match.
pub fn alert(
    an1276: &An1276,
    m: &Match,
    matched: &[Option<Match>],
    event: &Event<'_>,
    record: Record<'_>,
) -> Alert {
    let (mut alert, failures) = told::rule::alert(&an1276.rule, m, event);
    let pattern = kind(m);
    told::tell(&failures, &mut alert, record);
    let users = alert.distinct_users.unwrap_or_default();
    let failed = number(alert.failure_count.unwrap_or_default(), "failed login");
    let user = short(&event.user);
    let network = || told::network(&failures, event, an1276.prefixes).unwrap_or_else(|| source(event));
    alert.pattern = pattern.as_str().into();
    alert.title = match pattern {
        Correlate::UserIp => format!("{failed} of {user} from {}, then a login", network()),
        Correlate::Ip => format!("{failed} from {}, then a login of {user}", network()),
        Correlate::User => format!("{failed} of {user}, then a login from {}", source(event)),
    };
    alert.matched = matched.iter().flatten().map(|m| kind(m).as_str().into()).collect();
    let across = pattern == Correlate::Ip && users > 1;
    alert.techniques = [if across { "T1110.003" } else { "T1110.001" }, "T1078"].map(String::from).into();
    if across {
        alert.context.push(format!("the failures were on {users} accounts: guessing across accounts"));
    }
    if !event.method.is_empty() {
        alert.context.push(format!("the success was by {}", short(&event.method)));
    }
    alert
}

/// The code of a failure under `reasons`: the reason, or else the way in which it was reported.
pub fn code<'e>(event: &'e Event<'_>) -> &'e str {
    match event.signal {
        _ if !event.reason.is_empty() => &event.reason,
        Signal::Weak | Signal::AuditLogin => "implied",
        _ if !event.method.is_empty() => &event.method,
        signal if signal.is_pam() || signal == Signal::SshdPam => "pam",
        _ => event.shape.as_str(),
    }
}
