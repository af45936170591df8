//! Known attacks and known false alerts.

use crate::account::Account;
use crate::time::read as time_of;
use authsieve_engine::alert::Alert;
use authsieve_engine::net;
use authsieve_engine::time::{Span, Timestamp};
use serde_json::Value;
use std::net::IpAddr;

/// The most time between an alert and the known event to which it belongs. A higher threshold is reached later.
const NEAR: Span = Span::seconds(3600);

/// A known attack or false alert. It is given by the id of an alert, or by account, address and time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The name in the output: the line from which it was read.
    pub name: String,
    /// The id of an alert.
    pub id: Option<String>,
    /// The account.
    pub user: Option<Account>,
    /// The address.
    pub ip: Option<IpAddr>,
    /// The time.
    pub time: Option<Timestamp>,
}

/// The fields of an alert that are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The id of the alert.
    pub id: String,
    /// The account.
    pub user: Option<Account>,
    /// The address.
    pub ip: Option<IpAddr>,
    /// The time of the first event.
    pub first: Timestamp,
    /// The time of the last event.
    pub last: Timestamp,
}

impl Found {
    /// Creates the entry for an alert.
    #[must_use]
    pub fn of(alert: &Alert) -> Self {
        Self {
            id: alert.id.clone(),
            user: alert.user.as_deref().and_then(Account::of),
            ip: alert.src_ip.as_deref().and_then(net::parse_address),
            first: alert.first_seen.min(alert.time),
            last: alert.last_seen.max(alert.time),
        }
    }
}

impl Known {
    /// Reads a line. A line has one of three forms. The first is the id of an alert. The second is a JSON object with
    /// `id`, or with any of `user`, `src_ip` and `time`, such as an alert of `run`. The third is `user,address,time`,
    /// of which two may be empty.
    ///
    /// # Errors
    /// Fails for any other text.
    pub fn parse(line: &str) -> Result<Self, String> {
        let line = line.trim();
        let is_id = line.len() == 32 && line.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_id {
            return Ok(Self { name: line.into(), id: Some(line.to_ascii_lowercase()), ..Self::default() });
        }
        let known = if line.starts_with('{') {
            let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
            let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let known = Self::fields(&text("user"), &text("src_ip"), &text("time"))?;
            Self { id: Some(text("id")).filter(|id| !id.is_empty()), ..known }
        } else {
            let mut cells = line.split(',').map(str::trim);
            let mut next = || cells.next().unwrap_or_default();
            Self::fields(next(), next(), next())?
        };
        if (&known.id, &known.user, &known.ip) == (&None, &None, &None) {
            return Err("it names neither an alert nor an account nor an address".into());
        }
        let parts = [
            &known.id,
            &known.user.as_ref().map(|user| user.name.clone()),
            &known.ip.map(|ip| ip.to_string()),
        ];
        let name = parts.into_iter().flatten().skip(usize::from(known.user.is_some() && known.id.is_some()));
        Ok(Self { name: name.cloned().collect::<Vec<_>>().join(" from "), ..known })
    }

    fn fields(user: &str, ip: &str, time: &str) -> Result<Self, String> {
        let ip = (!ip.is_empty())
            .then(|| net::parse_address(ip).ok_or(format!("`{ip}` is no address")))
            .transpose()?;
        let time = (!time.is_empty()).then(|| time_of(time)).transpose()?;
        Ok(Self { user: Account::of(user), ip, time, ..Self::default() })
    }

    /// Adds account, address and time to an id, from the alert that a setting has found. Another setting finds the same
    /// attack by an alert with another time, and so with another id.
    pub fn resolve<'f>(&mut self, found: impl Iterator<Item = &'f Found>) {
        let Some(id) = &self.id else { return };
        if let Some(one) = found.into_iter().find(|found| found.id == *id) {
            (self.user, self.ip, self.time) = (one.user.clone(), one.ip, Some(one.last));
            if self.name == *id {
                let parts =
                    [one.user.as_ref().map(|user| user.name.clone()), one.ip.map(|ip| ip.to_string())];
                self.name = parts.into_iter().flatten().collect::<Vec<_>>().join(" from ");
            }
        }
    }

    /// True if an alert belongs to this entry.
    #[must_use]
    pub fn is(&self, found: &Found) -> bool {
        if self.id.as_ref() == Some(&found.id) {
            return true;
        }
        if (&self.user, &self.ip) == (&None, &None) {
            return false;
        }
        self.user.as_ref().is_none_or(|user| found.user.as_ref().is_some_and(|other| other.is(user)))
            && self.ip.is_none_or(|ip| found.ip == Some(ip))
            && self.time.is_none_or(|time| found.first.minus(NEAR) <= time && time <= found.last.plus(NEAR))
    }
}

/// Reads a file of known attacks, one on each line. Empty lines and lines that begin with `#` are skipped.
///
/// # Errors
/// Fails for the first wrong line. The error has its number and the reason.
pub fn read(text: &str) -> Result<Vec<Known>, String> {
    let line =
        |(number, line): (usize, &str)| Known::parse(line).map_err(|why| format!("{}: {why}", number + 1));
    let counts = |(_, line): &(usize, &str)| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    text.lines().enumerate().filter(counts).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "7a315c52228ad931cf1a0dc7eaa1011c";

    fn found(id: &str, user: &str, ip: &str, minute: i64) -> Found {
        Found::of(&Alert {
            id: id.into(),
            user: Some(user.into()),
            src_ip: Some(ip.into()),
            time: Timestamp(minute * 60_000_000),
            first_seen: Timestamp(minute * 60_000_000),
            ..Alert::default()
        })
    }

    #[test]
    fn attacks_are_named_by_id_or_by_who_and_when() {
        let text = format!("# known\n{ID}\n\nada, 192.0.2.7, 1970-01-01T01:00:00Z\n,192.0.2.9,\n");
        let known = read(&text).unwrap();
        assert_eq!(known.len(), 3);
        assert!(
            known[0].is(&found(ID, "x", "192.0.2.1", 0)) && !known[0].is(&found("b", "x", "192.0.2.1", 0))
        );
        let ada = |ip, minute| known[1].is(&found("b", "CORP\\Ada", ip, minute));
        assert!(
            ada("192.0.2.7", 60) && ada("192.0.2.7", 120) && !ada("192.0.2.7", 121) && !ada("192.0.2.8", 60)
        );
        assert!(known[2].is(&found("b", "x", "192.0.2.9", 99)));
        assert!(read("ada\nada,nowhere").unwrap_err().starts_with("2: `nowhere`"));
        assert!(read(",,").is_err() && read("{\"time\":\"0\"}").is_err());
    }

    #[test]
    fn an_id_stands_for_the_attack_at_other_thresholds_too() {
        let mut known = Known::parse(ID).unwrap();
        known.resolve([found(ID, "ada", "192.0.2.7", 10)].iter());
        assert_eq!(known.name, "ada from 192.0.2.7");
        assert!(known.is(&found("later", "ada", "192.0.2.7", 30)));
        assert!(!known.is(&found("later", "ada", "192.0.2.7", 300)));
    }
}
