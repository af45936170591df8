//! The rules of incidents in the simplest form: without an index, with a full search each time.

use super::*;
use crate::account::Account;
use authsieve_engine::net::parse_address;

/// An incident with the members that the rules define.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    alerts: Vec<String>,
    merged: bool,
    severity: Severity,
    fell: Vec<String>,
}

impl Told {
    pub(super) fn of(incident: &Incident) -> Self {
        let mut fell: Vec<String> =
            incident.fell.iter().map(|fallen| fallen.account.to_lowercase()).collect();
        fell.sort();
        Self {
            alerts: incident.alerts.clone(),
            merged: matches!(incident.state, State::Merged { .. }),
            severity: incident.severity,
            fell,
        }
    }
}

struct Group<'a> {
    alerts: Vec<&'a Alert>,
    open: bool,
    merged: bool,
}

impl Group<'_> {
    fn first(&self) -> Timestamp {
        self.alerts.iter().map(|alert| alert.time).min().unwrap()
    }

    fn last(&self) -> Timestamp {
        self.alerts.iter().map(|alert| alert.time).max().unwrap()
    }

    fn told(&self) -> Told {
        let mut alerts = self.alerts.clone();
        alerts.sort_by_key(|alert| (alert.time, &alert.analytic, &alert.id));
        let mut fell: Vec<String> = alerts.iter().flat_map(|alert| fell(alert)).collect();
        fell.sort();
        fell.dedup();
        let highest = alerts.iter().map(|alert| alert.severity).max().unwrap();
        let meet = alerts.iter().any(|one| {
            one.pattern == "failures-then-success"
                && alerts.iter().any(|other| {
                    other.challenge_count.is_some()
                        && names(&one.user).iter().any(|a| names(&other.user).iter().any(|b| a.is(b)))
                        && keys(&one.src_ip.iter().collect::<Vec<_>>())
                            .iter()
                            .any(|key| addresses(other).contains(key))
                })
        });
        Told {
            alerts: alerts.iter().map(|alert| alert.id.clone()).collect(),
            merged: self.merged,
            severity: if meet { Severity::Critical } else { highest },
            fell,
        }
    }
}

fn names(name: &Option<String>) -> Vec<Account> {
    name.iter().filter_map(|name| Account::of(name)).collect()
}

fn fell(alert: &Alert) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    if alert.techniques.is_empty() {
        return names;
    }
    if alert.pattern != "password-spray" {
        names.extend(alert.user.clone());
    }
    names.extend(alert.related_successes.clone());
    names.into_iter().map(|name| name.to_lowercase()).collect()
}

fn keys(texts: &[&String]) -> Vec<[u8; 16]> {
    let address = |text: &&String| parse_address(text);
    texts.iter().filter_map(address).map(|address| Limits::default().prefixes.octets(address)).collect()
}

fn addresses(alert: &Alert) -> Vec<[u8; 16]> {
    keys(&alert.src_ip.iter().chain(&alert.src_ips).collect::<Vec<_>>())
}

fn share(one: &Alert, other: &Alert) -> bool {
    let accounts = |alert: &Alert| {
        let mut accounts = names(&alert.user);
        accounts.extend(fell(alert).iter().filter_map(|name| Account::of(name)));
        accounts
    };
    addresses(one).iter().any(|key| addresses(other).contains(key))
        || accounts(one).iter().any(|a| accounts(other).iter().any(|b| a.is(b)))
}

/// All incidents, with those that merged.
pub(super) fn all(alerts: &[Alert], limits: Limits) -> Vec<Told> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for alert in alerts {
        for group in groups.iter_mut().filter(|group| group.open) {
            group.open = group.last().plus(limits.gap) >= alert.time
                && group.first().plus(limits.longest) >= alert.time;
        }
        let shares = |group: &Group<'_>| group.open && group.alerts.iter().any(|other| share(alert, other));
        let mut found: Vec<usize> = (0..groups.len()).filter(|at| shares(&groups[*at])).collect();
        found.sort_by_key(|at| {
            let first =
                groups[*at].alerts.iter().min_by_key(|alert| (alert.time, &alert.analytic, &alert.id));
            first.map(|first| (first.time, &first.analytic, &first.id))
        });
        let Some((first, others)) = found.split_first() else {
            if groups.iter().filter(|group| group.open).count() >= limits.open {
                let quiet = (0..groups.len())
                    .filter(|at| groups[*at].open)
                    .min_by_key(|at| (groups[*at].last(), *at));
                groups[quiet.unwrap()].open = false;
            }
            let open = limits.alerts > 1;
            groups.push(Group { alerts: vec![alert], open, merged: false });
            continue;
        };
        groups[*first].alerts.push(alert);
        for other in others {
            if groups[*first].alerts.len() + groups[*other].alerts.len() <= limits.alerts {
                let moved = groups[*other].alerts.clone();
                groups[*first].alerts.extend(moved);
                (groups[*other].open, groups[*other].merged) = (false, true);
            }
        }
        groups[*first].open = groups[*first].alerts.len() < limits.alerts;
    }
    let mut told: Vec<Told> = groups.iter().map(Group::told).collect();
    told.sort();
    told
}
