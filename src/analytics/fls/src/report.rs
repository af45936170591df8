//! The alerts of FLS.

use crate::Fls;
use authsieve_engine::alert::Alert;
use authsieve_engine::event::{Event, Provider, Record};
use authsieve_engine::told::{self, MOST_LISTED, number, short, source};
use authsieve_engine::window::excerpt::Excerpt;
use authsieve_engine::window::rule::Match;

/// The alert about a success. `from_there` holds all failures from the same address, if the event has one.
pub fn alert(
    fls: &Fls,
    m: &Match,
    from_there: Option<&Excerpt<'_>>,
    event: &Event<'_>,
    record: Record<'_>,
) -> Alert {
    let (mut alert, failures) = told::rule::alert(&fls.rule, m, event);
    alert.pattern = "failures-then-success".into();
    let mut spread = false;
    if let Some(from_there) = from_there {
        let mut others = from_there.users();
        others.retain(|(user, _)| *user != event.user);
        spread = !others.is_empty();
        alert.users.push(event.user.to_string());
        alert.users.extend(others.iter().take(MOST_LISTED - 1).map(|(user, _)| (*user).into()));
        alert.distinct_users = Some(others.len() as u32 + 1);
        alert.context.push(format!(
            "within the window, the address failed on {}{}",
            if from_there.cut() { "at least " } else { "" },
            number(others.len() as u32, "other account"),
        ));
        if from_there.cut() {
            alert.estimated.push("distinct_users".into());
        }
    }
    if let Some(how) = logon(event) {
        alert.context.push(format!("the success was {how}"));
    }
    told::tell(&failures, &mut alert, record);
    alert.title = format!(
        "{} of {} from {}, then a logon",
        number(alert.failure_count.unwrap_or_default(), "failed logon"),
        short(&event.user),
        told::network(&failures, event, fls.prefixes).unwrap_or_else(|| source(event)),
    );
    let valid = if in_the_cloud(event) { "T1078.004" } else { "T1078" };
    let techniques = [Some("T1110.001"), spread.then_some("T1110.003"), Some(valid)];
    alert.techniques = techniques.into_iter().flatten().map(String::from).collect();
    alert
}

/// The code of a failure under `reasons`: the provider's code, or else its words.
pub fn code<'e>(event: &'e Event<'_>) -> &'e str {
    [&*event.reason, &*event.status, &*event.reason_text]
        .into_iter()
        .find(|said| !said.is_empty())
        .unwrap_or_default()
}

/// True for an account of an identity provider: T1078.004, Valid Accounts: Cloud Accounts.
fn in_the_cloud(event: &Event<'_>) -> bool {
    matches!(event.provider, Provider::Entra | Provider::M365 | Provider::Okta | Provider::Auth0)
}

/// Names a Windows logon by the logon types of event 4624 (Microsoft, "4624(S): An account was successfully logged
/// on").
fn logon(event: &Event<'_>) -> Option<String> {
    let number = event.logon_type?;
    let words = match number {
        2 => "at the console",
        3 => "over the network",
        7 => "an unlocked workstation",
        8 => "over the network, with the password in clear text",
        9 => "with other credentials for the network",
        10 => "by Remote Desktop",
        11 => "with cached credentials",
        _ => return Some(format!("of logon type {number}")),
    };
    Some(format!("{words} (logon type {number})"))
}
