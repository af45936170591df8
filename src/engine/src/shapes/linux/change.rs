//! Changes of accounts by shadow's tools (passwd, chage, useradd, usermod, userdel) and by PAM.
//!
//! The tools write a name between fixed words of their own. Only root chooses the names of accounts.

use super::Shape;
use super::text::{cut, event, text};
use crate::accounts::Change;
use crate::event::{Event, Outcome, Text};

/// The words before and after the account, and the change. Each line holds a needle.
const FORMS: [(&[u8], &[u8], Change); 10] = [
    (b"password changed for ", b"", Change::Password),
    (b"password for '", b"' changed by '", Change::Password),
    (b"changed password expiry for ", b"", Change::Other),
    (b"new user: name=", b",", Change::Create),
    (b"delete user '", b"'", Change::Delete),
    (b"add '", b"' to group '", Change::Rights),
    (b"unlock user '", b"' password", Change::Unlock),
    (b"lock user '", b"' password", Change::Disable),
    (b"change user '", b"' password", Change::Password),
    (b"change user '", b"' ", Change::Other),
];

/// Reads a message of such a tool, or of PAM in it: `pam_unix(passwd:chauthtok): password changed for ada`.
pub(super) fn decode(message: &[u8]) -> Option<Event<'_>> {
    let module = cut(message, b":chauthtok): ").filter(|(module, _)| module.starts_with(b"pam_"));
    let message = module.map_or(message, |(_, message)| message);
    FORMS.iter().find_map(|(before, after, change)| {
        let rest = message.strip_prefix(*before)?;
        let user = if after.is_empty() { rest } else { cut(rest, after)?.0 };
        let mut event = of(event(Shape::Account, b"account"), *change);
        event.user = text(user);
        Some(event)
    })
}

/// Makes `event` one about a change.
pub(super) fn of<'a>(mut event: Event<'a>, change: Change) -> Event<'a> {
    event.outcome = Outcome::Changed;
    event.method = Text::Borrowed(change.as_str());
    event
}

#[cfg(test)]
mod tests {
    use crate::shapes::linux::decode;
    use crate::shapes::linux::tests::has_needle;
    use std::format;
    use std::string::String;

    /// A message as `change user`, or `none`.
    fn says(program: &str, message: &str) -> String {
        let Some(event) = decode(program.as_bytes(), message.as_bytes()) else { return "none".into() };
        assert_eq!(event.outcome.as_str(), "changed");
        assert!(has_needle(message.as_bytes()), "{message}");
        format!("{} {}", event.method, event.user)
    }

    #[test]
    fn each_tool() {
        for (program, message, expected) in [
            ("passwd", "pam_unix(passwd:chauthtok): password changed for ada", "password ada"),
            ("chpasswd", "pam_unix(chpasswd:chauthtok): password changed for ada", "password ada"),
            ("passwd", "password for 'ada' changed by 'root'", "password ada"),
            ("/usr/bin/chage", "changed password expiry for ada", "other ada"),
            (
                "useradd",
                "new user: name=ada, UID=1001, GID=1001, home=/home/ada, shell=/bin/sh, from=/dev/pts/0",
                "create ada",
            ),
            ("userdel", "delete user 'ada'", "delete ada"),
            ("usermod", "add 'ada' to group 'sudo'", "rights ada"),
            ("usermod", "add 'ada' to shadow group 'sudo'", "none"),
            ("usermod", "unlock user 'ada' password", "unlock ada"),
            ("usermod", "lock user 'ada' password", "disable ada"),
            ("usermod", "change user 'ada' password", "password ada"),
            ("usermod", "change user 'ada' shell from '/bin/sh' to '/bin/bash'", "other ada"),
            ("useradd", "new group: name=ada, GID=1001", "none"),
            ("cron", "password changed for ada", "none"),
            ("sshd", "password changed for ada", "none"),
        ] {
            assert_eq!(says(program, message), expected, "{message}");
        }
    }

    #[test]
    fn the_audit_log() {
        for (kind, inner, expected) in [
            (
                "USER_CHAUTHTOK",
                r#"op=PAM:chauthtok grantors=pam_unix acct="ada" exe="/usr/bin/passwd" res=success"#,
                "password ada",
            ),
            ("USER_CHAUTHTOK", r#"op=PAM:chauthtok acct="ada" exe="/usr/bin/passwd" res=failed"#, "none"),
            ("USER_CHAUTHTOK", r#"op=change-age acct="ada" exe="/usr/bin/chage" res=success"#, "other ada"),
            (
                "USER_MGMT",
                r#"op=add-user-to-group grp="sudo" acct="ada" exe="/usr/sbin/usermod" res=success"#,
                "rights ada",
            ),
            (
                "USER_MGMT",
                r#"op=unlock-password acct="ada" exe="/usr/sbin/usermod" res=success"#,
                "unlock ada",
            ),
            ("ADD_USER", r#"op=add-user acct="ada" exe="/usr/sbin/useradd" res=success"#, "create ada"),
            (
                "DEL_USER",
                r#"op=deleting user entries id=0 exe="/usr/sbin/userdel" res=success"#,
                "delete root",
            ),
            ("ADD_USER", r#"op=add-user id=1001 exe="/usr/sbin/useradd" res=success"#, "none"),
        ] {
            let record =
                format!("type={kind} msg=audit(1772355600.123:9): pid=7 uid=0 auid=0 ses=1 msg='{inner}'");
            assert_eq!(says("audit", &record), expected, "{record}");
        }
    }
}
