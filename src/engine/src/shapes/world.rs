//! Whose world a normalised event comes from, and the rules that hold there.
//!
//! ECS and OCSF carry events of anybody. What a user is called, which logons are nobody's attempt and what a code
//! means depends on who wrote the event first: a module, a data set, a product names it.

use super::lower;
use super::windows::logon;
use crate::event::Event;
use crate::hash::{Hasher128, Salt};
use crate::stamp::Stamp;

/// The world that a module, a data set or a product belongs to, by the words in its name.
///
/// Names: the modules and data sets of Filebeat, Winlogbeat, Auditbeat and of Elastic's integrations (`system.auth`,
/// `system.security`, `azure.signinlogs`, `o365.audit`, `okta.system`, `cisco_duo.auth`); product names as vendors
/// write them (`Microsoft Entra ID`, `Office 365`).
pub fn of(name: &str) -> Option<&'static str> {
    /// Nobody's name is longer.
    const LONGEST: usize = 256;
    const WORDS: [(&str, &str, &str); 23] = [
        ("okta", "", "okta"),
        ("duo", "", "duo"),
        ("o365", "", "m365"),
        ("m365", "", "m365"),
        ("office365", "", "m365"),
        ("office", "365", "m365"),
        ("microsoft", "365", "m365"),
        ("entra", "", "entra"),
        ("azuread", "", "entra"),
        ("azure", "ad", "entra"),
        ("azure", "active", "entra"),
        ("azure", "signinlogs", "entra"),
        ("signinlogs", "", "entra"),
        ("system", "security", "windows"),
        ("windows", "", "windows"),
        ("system", "auth", "linux"),
        ("auditd", "", "linux"),
        ("linux", "", "linux"),
        ("sshd", "", "linux"),
        ("debian", "", "linux"),
        ("ubuntu", "", "linux"),
        ("redhat", "", "linux"),
        ("rhel", "", "linux"),
    ];
    if name.len() > LONGEST {
        return None;
    }
    // Winlogbeat's module for the Security log.
    if name.eq_ignore_ascii_case("security") {
        return Some("windows");
    }
    let mut words =
        name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut word = words.next()?;
    loop {
        let next = words.next();
        let known = WORDS.iter().find(|(first, second, _)| {
            word.eq_ignore_ascii_case(first)
                && (second.is_empty() || next.is_some_and(|next| next.eq_ignore_ascii_case(second)))
        });
        if let Some((.., world)) = known {
            return Some(world);
        }
        word = next?;
    }
}

/// Completes an event by the rules of its world. `None` if it does not count there.
pub fn settle<'a>(mut event: Event<'a>, world: &'static str) -> Option<Event<'a>> {
    if world == "windows" {
        return logon::settle(event);
    }
    event.provider = world;
    if event.folds() {
        event.user = lower(event.user);
    }
    Some(event)
}

/// The writer's own name for an event, by the id it gave it. The time goes in as well: a writer that names a session
/// where it should name an event is not to lose attempts by that.
pub fn delivery(world: &str, shape: &str, id: &str, time: Option<Stamp>) -> Option<u128> {
    let Some(Stamp::At(time)) = time else { return None };
    if id.is_empty() {
        return None;
    }
    let hash = Hasher128::new(Salt::new(""), b'N')
        .part(world.as_bytes())
        .part(shape.as_bytes())
        .part(id.as_bytes())
        .part(&time.0.to_le_bytes());
    Some(hash.finish().0)
}

#[cfg(test)]
mod tests {
    use super::{of, settle};
    use crate::event::Event;

    #[test]
    fn names_in_no_known_world() {
        for (name, world, settled) in [
            ("Alice@Example.com", "ecs", "alice@example.com"),
            ("Alice@Example.com", "ocsf", "alice@example.com"),
            ("Alice@Example.com", "linux", "Alice@Example.com"),
            ("Alice", "ecs", "Alice"),
            ("Alice", "okta", "alice"),
        ] {
            let event = settle(Event { user: name.into(), ..Event::default() }, world);
            assert_eq!(event.unwrap().user, settled, "{name} {world}");
        }
    }

    #[test]
    fn names_of_worlds() {
        for (name, world) in [
            ("system.auth", Some("linux")),
            ("system.security", Some("windows")),
            ("system.syslog", None),
            ("security", Some("windows")),
            ("windows.forwarded", Some("windows")),
            ("Microsoft Windows", Some("windows")),
            ("azure.signinlogs", Some("entra")),
            ("azure.auditlogs", None),
            ("Microsoft Entra ID", Some("entra")),
            ("Azure Active Directory", Some("entra")),
            ("o365.audit", Some("m365")),
            ("Microsoft Office 365", Some("m365")),
            ("okta.system", Some("okta")),
            ("cisco_duo.auth", Some("duo")),
            ("Cisco Duo", Some("duo")),
            ("Individuo Security", None),
            ("", None),
            ("...", None),
        ] {
            assert_eq!(of(name), world, "{name}");
        }
    }
}
