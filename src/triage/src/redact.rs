//! Replaces names and addresses by stand-ins, so that the output can be passed on.
//!
//! The same account has the same stand-in within one output, so that a reader can still follow the events. A stand-in
//! does not reveal the name: it is a number in the order in which the names appear.

use crate::account::Account;
use authsieve_engine::alert::Alert;
use authsieve_engine::net;
use std::collections::HashMap;

/// The replaced names.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    users: HashMap<Account, usize>,
    addresses: HashMap<String, usize>,
    hosts: HashMap<String, usize>,
    /// The texts and their stand-ins, the longest text first.
    known: Vec<(String, String)>,
}

impl Redactor {
    /// The alert without accounts, addresses, hosts and devices. Raw records are removed too, because they may contain
    /// anything.
    #[must_use]
    pub fn alert(&mut self, alert: &Alert) -> Alert {
        let mut alert = alert.clone();
        // Names first, because texts contain them.
        alert.user = alert.user.map(|name| self.user(&name));
        alert.users = alert.users.iter().map(|name| self.user(name)).collect();
        alert.src_ip = alert.src_ip.map(|text| self.address(&text));
        alert.src_ips = alert.src_ips.iter().map(|text| self.address(text)).collect();
        alert.host = alert.host.map(|name| self.host(&name));
        alert.device = alert.device.map(|name| self.host(&name));
        alert.related_successes = alert
            .related_successes
            .iter()
            .map(|text| if text.contains(" from ") { self.text(text) } else { self.user(text) })
            .collect();
        alert.user_agent = None;
        alert.title = self.text(&alert.title);
        alert.context = alert.context.iter().map(|text| self.text(text)).collect();
        alert.evidence.iter_mut().for_each(|piece| piece.text.clear());
        alert
    }

    /// The stand-in of an account: `user-1`.
    pub fn user(&mut self, name: &str) -> String {
        let Some(account) = Account::of(name) else { return String::new() };
        let next = self.users.len() + 1;
        let number = *self.users.entry(account).or_insert(next);
        self.learn(name, format!("user-{number}"))
    }

    /// The stand-in of an address: `address-1`. A block of addresses is treated in the same way.
    pub fn address(&mut self, text: &str) -> String {
        let key = net::parse_address(text).map_or_else(|| text.to_owned(), net::written);
        let next = self.addresses.len() + 1;
        let number = *self.addresses.entry(key).or_insert(next);
        self.learn(text, format!("address-{number}"))
    }

    /// The stand-in of a machine: `host-1`.
    pub fn host(&mut self, name: &str) -> String {
        let next = self.hosts.len() + 1;
        let number = *self.hosts.entry(name.to_lowercase()).or_insert(next);
        self.learn(name, format!("host-{number}"))
    }

    /// Replaces all names that have appeared in a text, and every address.
    #[must_use]
    pub fn text(&mut self, text: &str) -> String {
        let words: Vec<String> = text
            .split(' ')
            .map(|word| {
                let bare = word.trim_matches(|c: char| matches!(c, ',' | ';' | ':' | '(' | ')'));
                let block = bare.split('/').next().unwrap_or(bare);
                match bare.contains(['.', ':']) && net::parse_address(block).is_some() {
                    true => word.replace(bare, &self.address(bare)),
                    false => word.to_owned(),
                }
            })
            .collect();
        let mut text = words.join(" ");
        for (name, stand_in) in &self.known {
            text = replaced(&text, name, stand_in);
        }
        text
    }

    fn learn(&mut self, name: &str, stand_in: String) -> String {
        if !name.is_empty() && self.known.iter().all(|(known, _)| known != name) {
            let at = self.known.partition_point(|(known, _)| known.len() >= name.len());
            self.known.insert(at, (name.to_owned(), stand_in.clone()));
        }
        stand_in
    }
}

/// Replaces each whole word `name` in `text`. `bob` is no part of `bobsled`.
fn replaced(text: &str, name: &str, stand_in: &str) -> String {
    let is_word =
        |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '.'));
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, after) =
            (rest.get(..at).unwrap_or_default(), rest.get(at + name.len()..).unwrap_or_default());
        let behind = match after.strip_prefix(['.']) {
            // A full stop at the end of a sentence.
            Some(next) if next.is_empty() || next.starts_with(' ') => None,
            _ => after.chars().next(),
        };
        let last = if before.is_empty() { out.chars().next_back() } else { before.chars().next_back() };
        out.push_str(before);
        out.push_str(if is_word(last) || is_word(behind) { name } else { stand_in });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use authsieve_engine::alert::Evidence;

    #[test]
    fn no_name_is_left_and_the_same_name_has_the_same_stand_in() {
        let alert = Alert {
            title: "5 failed logins of bob@x.example from 192.0.2.7, then a login".into(),
            user: Some("bob@x.example".into()),
            users: vec!["Bob@x.example".into(), "ada@x.example".into()],
            src_ip: Some("192.0.2.7".into()),
            src_ips: vec!["192.0.2.7".into(), "2001:db8::1".into()],
            host: Some("web1".into()),
            user_agent: Some("bob's own agent".into()),
            context: vec!["bob@x.example is known at web1; seen before from 198.51.100.0/24".into()],
            evidence: vec![Evidence { record: 1, text: "bob@x.example".into() }],
            ..Alert::default()
        };
        let shown = Redactor::default().alert(&alert);
        assert_eq!(shown.title, "5 failed logins of user-1 from address-1, then a login");
        assert_eq!(shown.users, ["user-1", "user-2"]);
        assert_eq!(shown.src_ips, ["address-1", "address-2"]);
        assert_eq!(shown.context, ["user-1 is known at host-1; seen before from address-3"]);
        let json = shown.to_json();
        for name in ["bob", "ada", "192.0.2", "2001:db8", "web1"] {
            assert!(!json.contains(name), "{name}: {json}");
        }
    }

    #[test]
    fn only_whole_words_are_names() {
        assert_eq!(replaced("bobsled bob bob. a-bob (bob)", "bob", "X"), "bobsled X X. a-bob (X)");
    }
}
