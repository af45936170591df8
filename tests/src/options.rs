//! The options of AN1276 in the oracle's form, and as JSON for the detector.

use crate::fact::{Fact, MINUTE, Micros};
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// The parts of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// User and source.
    UserIp,
    /// Source.
    Ip,
    /// User.
    User,
}

impl Key {
    /// All keys, the most specific first.
    pub const ALL: [Self; 3] = [Self::UserIp, Self::Ip, Self::User];

    /// The name in options and alerts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserIp => "user+ip",
            Self::Ip => "ip",
            Self::User => "user",
        }
    }
}

/// The logins that are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginSource {
    /// Over the network.
    Remote,
    /// At the machine.
    Local,
    /// Both.
    Any,
}

/// One override. A condition that is `None` was not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Override {
    /// Globs of user names.
    pub users: Option<Vec<String>>,
    /// Blocks of addresses.
    pub sources: Option<Vec<String>>,
    /// Globs of hosts.
    pub hosts: Option<Vec<String>>,
    /// Another threshold.
    pub min_failures: Option<u32>,
    /// True if the event is ignored.
    pub ignore: bool,
}

/// The options that decide which alerts are raised.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The options are documented with the analytic.
pub struct Options {
    pub min_failures: u32,
    pub window: Micros,
    pub success_within: Micros,
    pub correlate: Vec<Key>,
    pub login_source: LoginSource,
    pub success_methods: Vec<String>,
    pub allow_ips: Vec<String>,
    pub ignore_users: Vec<String>,
    pub ignore_hosts: Vec<String>,
    pub ipv4_prefix: u8,
    pub ipv6_prefix: u8,
    pub overrides: Vec<Override>,
    /// How late an event may be and still be sorted by the detector. The oracle does not use it.
    pub allowed_lateness: &'static str,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            min_failures: 5,
            window: 15 * MINUTE,
            success_within: 10 * MINUTE,
            correlate: vec![Key::UserIp, Key::Ip],
            login_source: LoginSource::Remote,
            success_methods: vec!["*".into()],
            allow_ips: vec![],
            ignore_users: vec![],
            ignore_hosts: vec![],
            ipv4_prefix: 32,
            ipv6_prefix: 64,
            overrides: vec![],
            allowed_lateness: "0s",
        }
    }
}

impl Options {
    /// The options as JSON for the detector.
    #[must_use]
    pub fn to_json(&self) -> String {
        let correlate: Vec<&str> = self.correlate.iter().map(|k| k.name()).collect();
        let login_source = match self.login_source {
            LoginSource::Remote => "remote",
            LoginSource::Local => "local",
            LoginSource::Any => "any",
        };
        let overrides: Vec<Value> = self.overrides.iter().map(Override::to_json).collect();
        json!({
            "min_failures": self.min_failures,
            "window": format!("{}us", self.window),
            "success_within": format!("{}us", self.success_within),
            "correlate": correlate,
            "login_source": login_source,
            "success_methods": self.success_methods,
            "allow_ips": self.allow_ips,
            "ignore_users": self.ignore_users,
            "ignore_hosts": self.ignore_hosts,
            "ipv4_prefix": self.ipv4_prefix,
            "ipv6_prefix": self.ipv6_prefix,
            "override": overrides,
            "allowed_lateness": self.allowed_lateness,
        })
        .to_string()
    }

    /// The override for an event: the first whose given conditions all hold.
    #[must_use]
    pub fn override_for(&self, event: &Fact) -> Option<&Override> {
        self.overrides.iter().find(|o| o.holds(event))
    }

    /// True if the options exclude an event.
    #[must_use]
    pub fn ignores(&self, event: &Fact) -> bool {
        event.ip.is_some_and(|ip| self.allow_ips.iter().any(|block| in_block(ip, block)))
            || event.user.as_ref().is_some_and(|user| self.ignore_users.iter().any(|g| glob(g, user)))
            || self.ignore_hosts.iter().any(|g| glob(g, &event.host))
            || self.override_for(event).is_some_and(|o| o.ignore)
    }
}

impl Override {
    fn to_json(&self) -> Value {
        let mut map = Map::new();
        for (name, list) in [("users", &self.users), ("sources", &self.sources), ("hosts", &self.hosts)] {
            if let Some(list) = list {
                map.insert(name.into(), json!(list));
            }
        }
        if let Some(n) = self.min_failures {
            map.insert("min_failures".into(), json!(n));
        }
        if self.ignore {
            map.insert("ignore".into(), json!(true));
        }
        Value::Object(map)
    }

    fn holds(&self, event: &Fact) -> bool {
        let user = event.user.as_deref().unwrap_or("");
        self.users.as_ref().is_none_or(|list| list.iter().any(|g| glob(g, user)))
            && self.hosts.as_ref().is_none_or(|list| list.iter().any(|g| glob(g, &event.host)))
            && self
                .sources
                .as_ref()
                .is_none_or(|list| event.ip.is_some_and(|ip| list.iter().any(|block| in_block(ip, block))))
    }
}

/// Matches a pattern: `*` is any run of characters, `?` is one. It follows the definition and is exponential at
/// worst.
#[must_use]
pub fn glob(pattern: &str, name: &str) -> bool {
    let (mut p, mut n) = (pattern.chars(), name.chars());
    match (p.next(), n.next()) {
        (None, None) => true,
        (Some('*'), None) => glob(p.as_str(), name),
        (Some('*'), Some(_)) => glob(p.as_str(), name) || glob(pattern, n.as_str()),
        (Some('?'), Some(_)) => glob(p.as_str(), n.as_str()),
        (Some(a), Some(b)) => a == b && glob(p.as_str(), n.as_str()),
        _ => false,
    }
}

/// The bits of an address as `0` and `1`, after the number of its family.
#[must_use]
pub fn bits(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(a) => format!("4:{:032b}", a.to_bits()),
        IpAddr::V6(a) => format!("6:{:0128b}", a.to_bits()),
    }
}

/// True if `block` (`10.8.0.0/16`, `2001:db8::1`) holds `ip`.
///
/// # Panics
/// Panics if `block` is not valid: the test that wrote it is wrong.
#[must_use]
pub fn in_block(ip: IpAddr, block: &str) -> bool {
    let (network, length) = block.split_once('/').unwrap_or((block, "128"));
    let length: usize = length.parse().expect("a length in bits");
    let network = bits(network.parse().expect("an address"));
    let shown = network.len().min(2 + length);
    bits(ip).starts_with(&network[..shown])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_and_blocks() {
        assert!(
            glob("svc-*", "svc-backup") && glob("*", "") && glob("a?c*", "abcd") && !glob("svc-*", "root")
        );
        let ip = |s: &str| s.parse::<IpAddr>().unwrap();
        assert!(in_block(ip("10.8.3.4"), "10.8.0.0/16") && !in_block(ip("10.9.0.0"), "10.8.0.0/16"));
        assert!(in_block(ip("::ffff:10.8.3.4"), "10.8.0.0/16"));
        assert!(
            in_block(ip("2001:db8::1"), "2001:db8::/64") && !in_block(ip("2001:db8:0:1::"), "2001:db8::/64")
        );
        assert!(in_block(ip("192.0.2.1"), "192.0.2.1") && !in_block(ip("192.0.2.1"), "192.0.2.2"));
        assert!(!in_block(ip("2001:db8::1"), "0.0.0.0/0"));
    }
}
