//! Silences: hide alerts that nobody wants to see until a date, with a reason.
//!
//! A silenced alert is not lost, but kept separately and counted. The alert's own time decides if a silence holds, so a
//! replay gives the same result on any day.

use crate::filter::comes_from;
use authsieve_engine::alert::Alert;
use authsieve_engine::config::Glob;
use authsieve_engine::net::Cidr;
use authsieve_engine::time::Timestamp;
use serde_json::{Value, json};

/// Conditions on alerts, with an end and a reason. An alert that meets all given conditions is silenced. A silence
/// needs at least one condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Silence {
    /// The name of the silence.
    pub name: String,
    /// The account that raised the alert, as a glob, in any case.
    pub user: Option<String>,
    /// An address or a block of addresses.
    pub ip: Option<String>,
    /// The machine, as a glob, in any case.
    pub host: Option<String>,
    /// The analytic, in any case.
    pub analytic: Option<String>,
    /// The pattern.
    pub pattern: Option<String>,
    /// The silence holds for alerts before this time.
    pub until: Timestamp,
    /// The reason.
    pub reason: String,
}

impl Silence {
    /// True if the silence holds for the alert.
    #[must_use]
    pub fn holds(&self, alert: &Alert) -> bool {
        let glob = |wanted: &Option<String>, given: &Option<String>| {
            wanted.as_ref().is_none_or(|wanted| {
                given.as_ref().is_some_and(|given| Glob::new(wanted).matches(given, true))
            })
        };
        let is = |wanted: &Option<String>, given: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(given))
        };
        !self.is_empty()
            && alert.time < self.until
            && glob(&self.user, &alert.user)
            && glob(&self.host, &alert.host)
            && is(&self.analytic, &alert.analytic)
            && is(&self.pattern, &alert.pattern)
            && self.ip.as_ref().is_none_or(|ip| Cidr::parse(ip).is_some_and(|ip| comes_from(alert, ip)))
    }

    /// True if the silence has no condition.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conditions().is_empty()
    }

    /// The given conditions, by name.
    #[must_use]
    pub fn conditions(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("user", &self.user),
            ("ip", &self.ip),
            ("host", &self.host),
            ("analytic", &self.analytic),
            ("pattern", &self.pattern),
        ];
        all.into_iter().filter_map(|(name, value)| value.as_deref().map(|value| (name, value))).collect()
    }

    /// The silence as a JSON object.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut value = json!({ "name": self.name, "until": self.until.to_string(), "reason": self.reason });
        if let Some(map) = value.as_object_mut() {
            map.extend(self.conditions().into_iter().map(|(name, value)| (name.to_owned(), value.into())));
        }
        value
    }

    /// Reads the value that [`to_value`](Self::to_value) wrote. `time` reads a time as RFC 3339.
    ///
    /// # Errors
    /// Fails for any other value. The error names the wrong member and the expected value.
    pub fn from_value(value: &Value, time: impl Fn(&str) -> Option<Timestamp>) -> Result<Self, String> {
        const MEMBERS: [&str; 8] = ["name", "until", "reason", "user", "ip", "host", "analytic", "pattern"];
        let map = value.as_object().ok_or("expected an object")?;
        if let Some(other) = map.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(format!("`{other}` is no member; expected {}", MEMBERS.join(", ")));
        }
        let text = |name: &str| map.get(name).and_then(Value::as_str).map(str::to_owned);
        let until = text("until").as_deref().and_then(time);
        let silence = Self {
            name: text("name").unwrap_or_default(),
            user: text("user"),
            ip: text("ip"),
            host: text("host"),
            analytic: text("analytic"),
            pattern: text("pattern"),
            until: until.ok_or("`until` is no time; expected RFC 3339, such as 2026-12-24T00:00:00Z")?,
            reason: text("reason").unwrap_or_default(),
        };
        if let Some(ip) = silence.ip.as_deref().filter(|ip| Cidr::parse(ip).is_none()) {
            return Err(format!("ip: `{ip}` is neither an address nor a block"));
        }
        match silence.is_empty() {
            true => Err("it has no condition; expected one of user, ip, host, analytic, pattern".into()),
            false => Ok(silence),
        }
    }
}

/// The first silence that holds for the alert.
#[must_use]
pub fn silenced<'s>(silences: &'s [Silence], alert: &Alert) -> Option<&'s Silence> {
    silences.iter().find(|silence| silence.holds(alert))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence() -> Silence {
        Silence { name: "s".into(), until: Timestamp(10), ..Silence::default() }
    }

    #[test]
    fn all_conditions_have_to_hold_before_the_end() {
        let alert = Alert {
            analytic: "FLS".into(),
            time: Timestamp(9),
            user: Some("SVC-backup".into()),
            src_ip: Some("192.0.2.7".into()),
            ..Alert::default()
        };
        assert!(!silence().holds(&alert), "a silence without a condition is none");
        let user = Silence { user: Some("svc-*".into()), ..silence() };
        assert!(user.holds(&alert));
        assert!(!user.holds(&Alert { time: Timestamp(10), ..alert.clone() }), "it has expired");
        let also = |ip: &str| Silence { ip: Some(ip.into()), ..user.clone() };
        assert!(also("192.0.2.0/24").holds(&alert) && !also("198.51.100.0/24").holds(&alert));
        assert!(!also("nonsense").holds(&alert));
        assert!(!Silence { host: Some("*".into()), ..user.clone() }.holds(&alert), "no host is named");
        assert!(Silence { analytic: Some("fls".into()), ..user.clone() }.holds(&alert));
        assert_eq!(silenced(&[also("198.51.100.1"), user.clone()], &alert), Some(&user));
    }

    #[test]
    fn what_is_written_is_read_and_what_is_wrong_is_named() {
        let time = |text: &str| (text == "1970-01-01T00:00:00.000010Z").then_some(Timestamp(10));
        let one = Silence { ip: Some("192.0.2.0/24".into()), reason: "backup".into(), ..silence() };
        assert_eq!(Silence::from_value(&one.to_value(), time), Ok(one));
        let wrong = |json: &str| {
            Silence::from_value(&serde_json::from_str(json).unwrap_or_default(), time).unwrap_err()
        };
        let until = r#""until":"1970-01-01T00:00:00.000010Z""#;
        assert!(wrong("[]").contains("object"));
        assert!(wrong(r#"{"user":"a","until":"x"}"#).contains("until"));
        assert!(wrong(&format!("{{{until}}}")).contains("no condition"));
        assert!(wrong(&format!(r#"{{{until},"usr":"a"}}"#)).contains("`usr`"));
        assert!(wrong(&format!(r#"{{{until},"ip":"a"}}"#)).contains("`a`"));
    }
}
