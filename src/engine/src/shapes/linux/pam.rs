//! Messages of PAM modules, which appear under the name of the program that uses PAM.
//!
//! The formats are those of Linux-PAM's `pam_unix` (`support.c`) and `pam_faillock`; `pam_sss`, `pam_krb5` and others
//! imitate `pam_unix`. A line about sshd, su, sudo or login is trusted only if that program wrote it.

use super::Shape;
use super::text::{cut, cut_last, event, first_word, leading_number, peer, terminal, text};
use crate::event::{Event, Access, Outcome, Signal, Text};
use crate::find::rfind;

/// The parts of a message: the module (`unix`), the PAM service, the task (`auth`, `session`, or empty if unknown),
/// and the words.
struct Said<'a> {
    module: &'a [u8],
    service: &'a [u8],
    task: &'a [u8],
    words: &'a [u8],
}

/// Reads one message of `program`, which may be `sshd(pam_unix)`. `None` if it is not from a PAM module, or reports
/// no attempt.
///
/// `check pass; user unknown` and `PAM service(sshd) ignoring max retries` are left out: they name neither user nor
/// address, and the same module also writes `authentication failure`. `pam_tally2` is left out, because it counts
/// what others report.
pub(super) fn decode<'a>(program: &'a [u8], message: &'a [u8]) -> Option<Event<'a>> {
    let Said { module, service, task, words } = said(program, message)?;
    let service = service_of(service, program)?;
    match words.first()? {
        b'a' => {
            let fields = words.strip_prefix(b"authentication failure;")?;
            failure(module, service, 1, fields.trim_ascii())
        }
        b'0'..=b'9' => {
            let (count, rest) = leading_number(words)?;
            let rest = rest.strip_prefix(b" more authentication failure")?;
            let fields = rest.strip_prefix(b"s").unwrap_or(rest).strip_prefix(b";")?;
            let mut event = failure(module, service, count.clamp(1, super::MAX_COUNT), fields.trim_ascii())?;
            if event.signal == Signal::Pam {
                event.signal = Signal::PamMore;
            }
            Some(event)
        }
        b's' if matches!(task, b"session" | b"") => {
            session(module, service, words.strip_prefix(b"session opened for user ")?)
        }
        b'C' => {
            let user = words.strip_prefix(b"Consecutive login failures for user ")?;
            let user = user.strip_suffix(b" account temporarily locked")?;
            let mut event = at_the_door(service);
            event.user = text(user);
            event.signal = Signal::Weak;
            event.reason_text = Text::Borrowed("account temporarily locked");
            Some(event)
        }
        _ => None,
    }
}

/// Splits `pam_unix(sshd:auth): …`, `pam_unix(auth): …`, `pam_unix: …`, `(pam_unix) …`, `PAM 2 more …`, or a message
/// of `sshd(pam_unix)`.
fn said<'a>(program: &'a [u8], message: &'a [u8]) -> Option<Said<'a>> {
    let module_in = |name: &'a [u8]| Some((name.strip_prefix(b"pam_")?, name));
    let whole = |module, words| Said { module, service: program, task: b"", words };
    if let Some(open) = program.strip_suffix(b")") {
        let (service, module) = cut(open, b"(pam_")?;
        return Some(Said { service, ..whole(module, message) });
    }
    match message.first()? {
        // sshd counts failures on behalf of PAM.
        b'P' => Some(Said { task: b"auth", ..whole(b"unix", message.strip_prefix(b"PAM ")?) }),
        b'(' => {
            let (name, words) = first_word(message.strip_prefix(b"(")?);
            let (module, _) = module_in(name.strip_suffix(b")")?)?;
            Some(whole(module, words))
        }
        b'p' => {
            let (name, words) = first_word(message);
            let (module, name) = module_in(name.strip_suffix(b":")?)?;
            let Some((_, place)) = cut(name.strip_suffix(b")").unwrap_or_default(), b"(") else {
                return Some(whole(module, words));
            };
            let (module, _) = cut(module, b"(")?;
            let (service, task) = cut(place, b":").unwrap_or((program, place));
            Some(Said { module, service, task, words })
        }
        _ => None,
    }
}

/// The service, under its name in events, if `program` may write about it.
fn service_of<'a>(service: &'a [u8], program: &[u8]) -> Option<&'a [u8]> {
    let (service, owner): (&[u8], &[u8]) = match service {
        b"sshd" | b"sshd-session" | b"sshd-auth" => (b"sshd", b"sshd"),
        b"su" | b"su-l" => (b"su", b"su"),
        b"sudo" | b"sudo-i" => (b"sudo", b"sudo"),
        b"login" => (b"login", b"login"),
        other => return Some(other),
    };
    let rest = program.strip_prefix(owner)?;
    // `su` writes for `su-l`, but `sudo` does not.
    matches!(rest.first(), None | Some(b'-' | b'(')).then_some(service)
}

/// True for a service through which a person logs in, so that its session is a login. `gdm-launch-environment` and
/// `gdm-autologin` are not among them, because nobody gives a password there. The decoder's `SESSIONS` has the same
/// list.
fn is_login(service: &[u8]) -> bool {
    const SERVICES: [&[u8]; 15] = [
        b"sshd",
        b"su",
        b"sudo",
        b"login",
        b"gdm",
        b"gdm-password",
        b"gdm-fingerprint",
        b"gdm-smartcard",
        b"gdm-pin",
        b"lightdm",
        b"sddm",
        b"xrdp-sesman",
        b"xrdp",
        b"cockpit",
        b"vsftpd",
    ];
    SERVICES.contains(&service)
}

/// A name for the terminal of a display manager. Its failures name a terminal but its sessions do not, and each may
/// come from a process of its own.
fn seat(service: &[u8]) -> Option<&'static str> {
    Some(match service {
        b"gdm" | b"gdm-password" | b"gdm-fingerprint" | b"gdm-smartcard" | b"gdm-pin" => "gdm",
        b"lightdm" => "lightdm",
        b"sddm" => "sddm",
        b"xrdp-sesman" | b"xrdp" => "xrdp",
        _ => return None,
    })
}

fn at_the_door(service: &[u8]) -> Event<'_> {
    let mut event = event(Shape::Pam, service);
    event.access = if service == b"sshd" { Access::Remote } else { Access::Local };
    event
}

/// Reads `logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root`.
///
/// A client may choose `ruser` (FTP servers put the name there), `user` (the last field) and, with `pam_krb5`,
/// `logname`. So the fields are found by their order: an empty field ends where the next begins.
///
/// For sudo, the user is the caller (`ruser`); for all others, the target account.
fn failure<'a>(module: &[u8], service: &'a [u8], count: u32, fields: &'a [u8]) -> Option<Event<'a>> {
    let rest = fields.strip_prefix(b"logname=")?;
    let rest = match rest.strip_prefix(b" uid=") {
        Some(rest) => rest,
        None => cut_last(rest, b" uid=")?.1,
    };
    let (_uid, rest) = first_word(rest);
    let (_euid, rest) = first_word(rest);
    let (tty, rest) = first_word(rest.strip_prefix(b"tty=")?);
    let rest = rest.strip_prefix(b"ruser=")?;
    let (ruser, rest) = match rest.strip_prefix(b" rhost=") {
        Some(rest) => (&b""[..], rest),
        // `ruser` is not empty. The name of an existing account comes after the host, so the last ` rhost=` is the
        // server's.
        None => cut_last(rest, b" rhost=")?,
    };
    let (rhost, user) = first_word(rest);
    let user = user.trim_ascii_start().strip_prefix(b"user=").unwrap_or_default();
    let user = match service {
        b"sudo" if !ruser.is_empty() => ruser,
        b"sshd" => user,
        _ if user.is_empty() => ruser,
        _ => user,
    };
    let mut event = at_the_door(service);
    event.user = text(user);
    (event.src_ip, event.src_name) = peer(rhost);
    event.count = count;
    event.signal = match module {
        b"unix" => Signal::Pam,
        b"sss" => Signal::PamSss,
        b"krb5" => Signal::PamKrb5,
        b"ldap" | b"ldapd" => Signal::PamLdap,
        b"winbind" => Signal::PamWinbind,
        _ => Signal::PamOther,
    };
    if event.access == Access::Remote || !rhost.is_empty() {
        event.access = Access::Remote;
    } else {
        event.tty = seat(service).map_or_else(|| text(terminal(tty)), Text::Borrowed);
    }
    event.reason_text = Text::Borrowed("authentication failure");
    Some(event)
}

/// Reads `U(uid=0) by WHO(uid=1000)`, or `U by WHO(uid=1000)` in older versions.
///
/// Only services for logins by people count: not cron, not a greeter. For sudo, the user is the caller, as in its
/// failures. If the caller is missing (` by (uid=0)`), sudo's own `COMMAND=` line reports the login.
fn session<'a>(module: &[u8], service: &'a [u8], rest: &'a [u8]) -> Option<Event<'a>> {
    if module != b"unix" || !is_login(service) {
        return None;
    }
    let (user, caller) = cut_last(rest, b" by ")?;
    let name = |who: &'a [u8]| rfind(who, b"(uid=").and_then(|at| who.get(..at)).unwrap_or(who);
    let user = if matches!(service, b"sudo" | b"sudo-i") { name(caller) } else { name(user) };
    if user.is_empty() {
        return None;
    }
    let mut event = at_the_door(service);
    event.user = text(user);
    event.outcome = Outcome::Success;
    event.signal = Signal::Session;
    event.tty = Text::Borrowed(seat(service).unwrap_or_default());
    Some(event)
}

/// True if [`decode`] rightly returns no event: the message is of another service or another event. False for a
/// failure that cannot be read because it was cut. `None` for a message of no module.
pub(super) fn knows(program: &[u8], message: &[u8]) -> Option<bool> {
    said(program, message).map(|said| {
        // F5's devices write logins under a module of their own.
        said.module != b"audit"
            && (service_of(said.service, program).is_none()
                || !said.words.starts_with(b"authentication failure;"))
    })
}

#[cfg(test)]
mod tests;
