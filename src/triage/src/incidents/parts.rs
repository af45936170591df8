//! What an incident wants to know of an alert.

use crate::account::Account;
use authsieve_engine::alert::Alert;
use authsieve_engine::net::{self, Prefixes};

/// This many addresses, and accounts, of an alert and of an incident join others. What comes beyond is told, but joins
/// nothing.
pub const MOST_ENTITIES: usize = 256;

/// A login, by which alerts of several analytics are known to speak of one: when, in microseconds, who, from where.
pub(super) type Login = (i64, Account, Option<[u8; 16]>);

/// An alert, taken apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// Its addresses, as keys and as they are written.
    pub addresses: Vec<([u8; 16], String)>,
    /// Its `user`, and the accounts that logged in.
    pub accounts: Vec<Account>,
    /// The accounts that logged in, or whose password is known now, as they are written.
    pub fell: Vec<String>,
    /// The login that raised the alert.
    pub login: Option<Login>,
    /// The account and the addresses of a login that failures led to.
    pub accepted: Vec<(Account, [u8; 16])>,
    /// The account and the addresses of challenges of a second factor.
    pub challenged: Vec<(Account, [u8; 16])>,
}

/// True if a login is part of what the alert tells, or a password that was right: the alert names the technique of valid
/// accounts.
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
        // Where failures raised the alert, `user` is the account that failed last.
        let failing = matches!(&*alert.pattern, "brute-force" | "password-spray" | "credential-stuffing");
        if logs_in(alert) {
            if !failing && let Some(name) = &alert.user {
                parts.fell.push(name.clone());
            }
            // Some analytics write when and from where beside the name: these are logins of `user`.
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
