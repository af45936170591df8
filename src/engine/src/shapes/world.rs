//! Finds the provider of a normalised event, and applies that provider's rules.
//!
//! ECS and OCSF carry events of any provider. The first writer of an event determines how users are named, which
//! logons are attempts, and what a code means. A module, a data set or a product names this writer.

use super::windows::logon;
use super::{Provider, Shape, WORLDS, World, lower};
use crate::event::{Event, Text};
use crate::hash::{Hasher128, Salt};
use crate::stamp::Stamp;
use crate::time::Timestamp;

/// The provider that a module, a data set or a product belongs to, by the words in its name.
///
/// Known names are the modules and data sets of Filebeat, Winlogbeat, Auditbeat and Elastic's integrations
/// (`system.auth`, `system.security`, `azure.signinlogs`, `o365.audit`, `okta.system`, `cisco_duo.auth`). Product
/// names in the vendors' spelling (`Microsoft Entra ID`, `Office 365`) are known too.
pub fn of(name: &str) -> Option<Provider> {
    /// No known name is longer.
    const LONGEST: usize = 256;
    if name.len() > LONGEST {
        return None;
    }
    let mut words =
        name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut word = words.next()?;
    loop {
        let next = words.next();
        let known = WORDS.iter().find(|(_, known)| match known {
            World::Whole(whole) => word.len() == name.len() && word.eq_ignore_ascii_case(whole),
            World::Word(first) => word.eq_ignore_ascii_case(first),
            World::Words(first, second) => {
                word.eq_ignore_ascii_case(first) && next.is_some_and(|next| next.eq_ignore_ascii_case(second))
            }
        });
        if let Some((world, _)) = known {
            return Some(*world);
        }
        word = next?;
    }
}

/// The words of all providers, in one list.
static WORDS: [(Provider, World); COUNT] = {
    let mut all = [(Provider::Unknown, World::Word("")); COUNT];
    let (mut count, mut i) = (0, 0);
    while i < WORLDS.len() {
        let (world, words) = WORLDS[i];
        let mut n = 0;
        while n < words.len() {
            all[count] = (world, words[n]);
            (count, n) = (count + 1, n + 1);
        }
        i += 1;
    }
    all
};

/// The number of words.
const COUNT: usize = {
    let (mut count, mut i) = (0, 0);
    while i < WORLDS.len() {
        count += WORLDS[i].1.len();
        i += 1;
    }
    count
};

/// True if a process with this name is a Linux program for logins.
pub fn is_linux_program(name: &str) -> bool {
    const PROGRAMS: [&str; 19] = [
        "sshd",
        "sshd-session",
        "sshd-auth",
        "dropbear",
        "su",
        "sudo",
        "login",
        "gdm-password",
        "gdm-session-worker",
        "lightdm",
        "sddm",
        "sddm-helper",
        "xrdp",
        "xrdp-sesman",
        "vsftpd",
        "cockpit-session",
        "polkit-agent-helper-1",
        "pam_unix",
        "auditd",
    ];
    let name = name.rsplit('/').next().unwrap_or_default();
    PROGRAMS.contains(&name)
}

/// The facts about the account in a normalised event.
pub struct Account<'a> {
    /// The name. Some writers put the person's name here.
    pub name: Text<'a>,
    /// The domain of the name.
    pub domain: Text<'a>,
    /// The e-mail address.
    pub email: Text<'a>,
    /// The writer's own id.
    pub id: Text<'a>,
}

impl<'a> Account<'a> {
    /// The user, in the form that the provider uses for its accounts.
    ///
    /// Linux and Windows use the name. All others use an address: the e-mail, or else the name with its domain. A
    /// name with a space is a person's name, which two accounts may share; then the id is used.
    pub fn user(self, world: Provider) -> Text<'a> {
        let Self { name, domain, email, id } = self;
        if matches!(world, Provider::Linux | Provider::Windows) {
            return if name.is_empty() { email } else { name };
        }
        if email.contains('@') {
            return email;
        }
        let is_person = name.is_empty() || name.trim().contains(' ');
        let name = if is_person && !id.is_empty() { id } else { name };
        if name.is_empty() || name.contains(['@', '\\']) || domain.trim().is_empty() {
            return name;
        }
        Text::Owned(alloc::format!("{name}@{}", domain.trim()))
    }
}

/// Completes an event by the rules of its provider. `None` if the event does not count there.
pub fn settle(mut event: Event<'_>, world: Provider) -> Option<Event<'_>> {
    if world == Provider::Windows {
        return logon::settle(event);
    }
    event.provider = world;
    if event.folds() {
        event.user = lower(event.user);
    }
    Some(event)
}

/// The delivery id of an event, from the writer's own id. It covers the time too: some writers put a session's id
/// here, and attempts of one session must not be dropped as duplicates.
pub fn delivery(world: Provider, shape: Shape, id: &str, time: Option<Stamp>) -> Option<u128> {
    let Some(Stamp::At(Timestamp(time)) | Stamp::Local(time)) = time else { return None };
    if id.is_empty() {
        return None;
    }
    let hash = Hasher128::new(Salt::new(""), b'N')
        .part(world.as_str().as_bytes())
        .part(shape.as_str().as_bytes())
        .part(id.as_bytes())
        .part(&time.to_le_bytes());
    Some(hash.finish().0)
}

#[cfg(test)]
mod tests {
    use super::{Account, Provider, of, settle};
    use crate::event::{Event, Text};

    #[test]
    fn accounts_by_the_rules_of_their_world() {
        for (world, [name, domain, email, id], user) in [
            (Provider::Okta, ["John Doe", "", "jd@example.com", "00u1"], "jd@example.com"),
            (Provider::Okta, ["John Doe", "", "", "00u1"], "00u1"),
            (Provider::Okta, ["John Doe", "", "", ""], "John Doe"),
            (Provider::Okta, ["", "", "", "00u1"], "00u1"),
            (Provider::Ecs, ["jane", "example.org", "", ""], "jane@example.org"),
            (Provider::Ocsf, ["jane@example.org", "example.com", "", ""], "jane@example.org"),
            (Provider::Ecs, ["CORP\\jane", "CORP", "", ""], "CORP\\jane"),
            (Provider::Ecs, ["jane", "", "jane", ""], "jane"),
            (Provider::Ecs, ["jane", " ", "", "1000"], "jane"),
            (Provider::Ecs, ["", "example.org", "", ""], ""),
            (Provider::Linux, ["root", "web1", "root@example.org", "0"], "root"),
            (Provider::Windows, ["bob", "CORP", "bob@example.org", "S-1-5"], "bob"),
            (Provider::Windows, ["", "CORP", "bob@example.org", ""], "bob@example.org"),
        ] {
            let [name, domain, email, id] = [name, domain, email, id].map(Text::from);
            let said = alloc::format!("{world} {name} {domain} {email} {id}");
            assert_eq!(Account { name, domain, email, id }.user(world), user, "{said}");
        }
    }

    #[test]
    fn names_in_no_known_world() {
        for (name, world, settled) in [
            ("Alice@Example.com", Provider::Ecs, "alice@example.com"),
            ("Alice@Example.com", Provider::Ocsf, "alice@example.com"),
            ("Alice@Example.com", Provider::Linux, "Alice@Example.com"),
            ("Alice", Provider::Ecs, "Alice"),
            ("Alice", Provider::Okta, "alice"),
        ] {
            let event = settle(Event { user: name.into(), ..Event::default() }, world);
            assert_eq!(event.unwrap().user, settled, "{name} {world}");
        }
    }

    #[test]
    fn names_of_worlds() {
        for (name, world) in [
            ("system.auth", Some(Provider::Linux)),
            ("system.security", Some(Provider::Windows)),
            ("system.syslog", None),
            ("security", Some(Provider::Windows)),
            ("windows.forwarded", Some(Provider::Windows)),
            ("Microsoft Windows", Some(Provider::Windows)),
            ("azure.signinlogs", Some(Provider::Entra)),
            ("azure.auditlogs", None),
            ("Microsoft Entra ID", Some(Provider::Entra)),
            ("Azure Active Directory", Some(Provider::Entra)),
            ("o365.audit", Some(Provider::M365)),
            ("Microsoft Office 365", Some(Provider::M365)),
            ("okta.system", Some(Provider::Okta)),
            ("cisco_duo.auth", Some(Provider::Duo)),
            ("Cisco Duo", Some(Provider::Duo)),
            ("Individuo Security", None),
            ("", None),
            ("...", None),
        ] {
            assert_eq!(of(name), world, "{name}");
        }
    }
}
