//! The parts of an alert that matter for incidents.

use crate::account::Account;
use authsieve_engine::alert::Alert;
use authsieve_engine::net::{self, Prefixes};

/// The most addresses and accounts of an alert and of an incident that join others. Further ones are shown, but join
/// nothing.
pub const MOST_ENTITIES: usize = 256;

/// A login, as time in microseconds, account and address. Alerts of several analytics with the same login report the
/// same event.
pub(super) type Login = (i64, Account, Option<[u8; 16]>);

/// The parts of an alert.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// The addresses, as keys and as they were written.
    pub addresses: Vec<([u8; 16], String)>,
    /// The `user`, and the accounts that logged in.
    pub accounts: Vec<Account>,
    /// The accounts that logged in or whose password is known to the attacker, as they were written.
    pub fell: Vec<String>,
    /// The login that raised the alert.
    pub login: Option<Login>,
    /// The account and the addresses of a login after failures.
    pub accepted: Vec<(Account, [u8; 16])>,
    /// The account and the addresses of challenges of a second factor.
    pub challenged: Vec<(Account, [u8; 16])>,
}

/// True if the alert includes a login or a correct password. Such an alert names the technique of valid accounts.
#[must_use]
pub fn logs_in(alert: &Alert) -> bool {
    alert.techniques.iter().any(|id| id.split('.').next() == Some("T1078"))
}

impl Parts {
    pub(super) fn of(alert: &Alert, prefixes: Prefixes) -> Self {
        let mut parts = Self::default();
        for text in alert.src_ip.iter().chain(&alert.src_ips) {
            let Some(address) = net::parse_address(text) else { continue };
            let key = prefixes.octets(address);
            if parts.addresses.len() < MOST_ENTITIES && parts.addresses.iter().all(|(known, _)| *known != key)
            {
                parts.addresses.push((key, text.clone()));
            }
        }
        let own =
            alert.src_ip.as_deref().and_then(net::parse_address).map(|address| prefixes.octets(address));
        let user = alert.user.as_deref().and_then(Account::of);
        // If failures raised the alert, `user` is the account that failed last.
        let failing = matches!(&*alert.pattern, "brute-force" | "password-spray" | "credential-stuffing");
        if logs_in(alert) {
            if !failing && let Some(name) = &alert.user {
                parts.fell.push(name.clone());
            }
            // Some analytics write time and address after the name. These are logins of `user`.
            let names = alert.related_successes.iter().filter(|text| !text.contains(" from "));
            parts.fell.extend(names.cloned());
            parts.fell.truncate(MOST_ENTITIES);
            parts.login = user.clone().filter(|_| !failing).map(|user| (alert.time.0, user, own));
        }
        let fell = parts.fell.iter().filter_map(|name| Account::of(name));
        for account in user.clone().into_iter().chain(fell) {
            if parts.accounts.len() < MOST_ENTITIES && !parts.accounts.contains(&account) {
                parts.accounts.push(account);
            }
        }
        if let Some(user) = user {
            let each = parts.addresses.iter().map(|(key, _)| (user.clone(), *key));
            match &*alert.pattern {
                "failures-then-success" | "credential-accepted" => {
                    parts.accepted = own.map(|key| (user.clone(), key)).into_iter().collect();
                }
                _ if alert.challenge_count.is_some() => parts.challenged = each.collect(),
                _ => {}
            }
        }
        parts
    }
}
