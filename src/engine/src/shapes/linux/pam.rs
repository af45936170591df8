//! What PAM modules say, in the name of whatever program they run in.
//!
//! The formats are those of Linux-PAM's `pam_unix` (`support.c`) and `pam_faillock`; `pam_sss`, `pam_krb5` and others
//! imitate the former. A module's line is believed about sshd, su, sudo and login only from these programs.

use super::Shape;
use super::text::{cut, cut_last, event, first_word, leading_number, peer, terminal, text};
use crate::event::{Event, Access, Outcome, Signal, Text};
use crate::find::rfind;

/// Whose words a message is: the module (`unix`), the PAM service it served, for what (`auth`, `session`, or nothing where
/// it does not tell), and what it said.
struct Said<'a> {
    module: &'a [u8],
    service: &'a [u8],
    task: &'a [u8],
    words: &'a [u8],
}

/// Reads one message of `program`, which may be `sshd(pam_unix)`. `None` if it is not a PAM module's, or says nothing of
/// an attempt.
///
/// `check pass; user unknown` and `PAM service(sshd) ignoring max retries` are left out: they name neither user nor
/// address, and the same module's `authentication failure` stands beside them. So is `pam_tally2`, which counts what
/// others report.
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

/// `pam_unix(sshd:auth): …`, `pam_unix(auth): …`, `pam_unix: …`, `(pam_unix) …`, `PAM 2 more …`, or a message of
/// `sshd(pam_unix)`.
fn said<'a>(program: &'a [u8], message: &'a [u8]) -> Option<Said<'a>> {
    let module_in = |name: &'a [u8]| Some((name.strip_prefix(b"pam_")?, name));
    let whole = |module, words| Said { module, service: program, task: b"", words };
    if let Some(open) = program.strip_suffix(b")") {
        let (service, module) = cut(open, b"(pam_")?;
        return Some(Said { service, ..whole(module, message) });
    }
    match message.first()? {
        // sshd counts failures in PAM's name.
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

/// The service under the name it has in events, if `program` may speak of it.
fn service_of<'a>(service: &'a [u8], program: &[u8]) -> Option<&'a [u8]> {
    let (service, owner): (&[u8], &[u8]) = match service {
        b"sshd" | b"sshd-session" | b"sshd-auth" => (b"sshd", b"sshd"),
        b"su" | b"su-l" => (b"su", b"su"),
        b"sudo" | b"sudo-i" => (b"sudo", b"sudo"),
        b"login" => (b"login", b"login"),
        other => return Some(other),
    };
    let rest = program.strip_prefix(owner)?;
    // `su` speaks for `su-l`, but `sudo` does not.
    matches!(rest.first(), None | Some(b'-' | b'(')).then_some(service)
}

/// The services through which a person logs in, whose session is the login. Not `gdm-launch-environment` and `gdm-autologin`,
/// where nobody gives a password. Each of them stands in the decoder's `SESSIONS`, too.
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

/// What stands for the terminal of a display manager. Its failures name one and its sessions none, and each of them may be of a
/// process of its own.
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

/// `logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root`
///
/// A client may write `ruser` (FTP servers put the name there), `user` (the last), and with `pam_krb5` `logname`. The
/// fields are therefore found by their order: an empty one ends where the next begins.
///
/// The user of a sudo line is who called it, `ruser`; of any other the account asked for.
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
        // Something stands there. An account that exists follows the host, if any, so that the last is the server's.
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

/// `U(uid=0) by WHO(uid=1000)`, where older versions say `U by WHO(uid=1000)`.
///
/// Only of the services through which a person logs in: not cron, not a greeter. For sudo the user is who called it,
/// as in its failures; where that is not said (` by (uid=0)`) its own `COMMAND=` line tells.
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

/// True if [`decode`] rightly makes nothing of a message: it is of another service, or of another event. A message that
/// should tell of a failure and does not was cut. `None` for a message of no module.
pub(super) fn knows(program: &[u8], message: &[u8]) -> Option<bool> {
    said(program, message).map(|said| {
        // F5's devices write logins in the name of a module of their own.
        said.module != b"audit"
            && (service_of(said.service, program).is_none()
                || !said.words.starts_with(b"authentication failure;"))
    })
}

#[cfg(test)]
mod tests;
