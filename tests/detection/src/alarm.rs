//! An alarm of any system.

use authsieve_engine::alert::Alert;
use authsieve_tests::fact::Micros;

/// An alarm: when a system raised it, and the accounts and addresses that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The time of the event that completed the rule.
    pub time: Micros,
    /// The accounts (see [`account`]) and the addresses.
    pub keys: Vec<String>,
}

impl Alarm {
    /// An alarm that names these accounts and addresses.
    pub fn new<K: AsRef<str>>(time: Micros, keys: impl IntoIterator<Item = K>) -> Self {
        let keys = keys.into_iter().map(|key| account(key.as_ref())).filter(|key| !key.is_empty());
        Self { time, keys: keys.collect() }
    }
}

impl From<&Alert> for Alarm {
    fn from(alert: &Alert) -> Self {
        let one = alert.user.iter().chain(&alert.src_ip);
        Self::new(alert.time.0, one.chain(&alert.users).chain(&alert.src_ips))
    }
}

/// The bare name of an account: lower case, without a domain. An address stays as it is.
#[must_use]
pub fn account(name: &str) -> String {
    let name = name.rsplit('|').next().unwrap_or(name);
    name.split('@').next().unwrap_or(name).to_lowercase()
}
