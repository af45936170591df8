//! Decides whom to believe in a journald record.
//!
//! Any process may send any `MESSAGE` and `SYSLOG_IDENTIFIER` to journald. Fields that begin with an underscore are
//! journald's own: it asks the kernel who sent the message (systemd.journal-fields(7), "Trusted Journal Fields"). A
//! sender can neither write nor remove them.

use crate::carriers::slot::{ENTRY, trusted};
use crate::find::find;
use crate::json::{Kind, Slots, Value};
use alloc::borrow::Cow;

/// The verdict of the trusted fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Belief<'a> {
    /// There are no trusted fields: the record may come from anywhere.
    Silent,
    /// The program that really sent the text.
    Sender(Cow<'a, str>),
    /// The named sender is false, or is not one that we believe.
    Forged,
}

/// The names of sshd's processes: one until OpenSSH 9.7, and one more in each of 9.8 and 10.0.
const SSHD: [&str; 3] = ["sshd", "sshd-session", "sshd-auth"];
/// Programs that run with root's rights for any caller. `_UID` may be the caller's.
const SETUID: [&str; 3] = ["su", "sudo", "login"];
/// The folders in which only root installs programs (FHS 3.0; NixOS has its own).
const SYSTEM: [&str; 8] = [
    "/usr/bin/",
    "/bin/",
    "/usr/sbin/",
    "/sbin/",
    "/usr/lib/",
    "/usr/local/bin/",
    "/run/wrappers/",
    "/nix/store/",
];

/// Judges a record by its real sender, not by its content.
///
/// Fluent Bit can strip the underscore. A field of the sender then looks like journald's own, but cannot replace it. So
/// a field that is there twice, with different values, is a forgery.
pub fn judge<'a>(found: &Slots<'a>, claimed: &Option<Cow<'a, str>>) -> Belief<'a> {
    let Some(spelling) = spelling(found) else { return Belief::Silent };
    if (0..trusted::COUNT).any(|field| found.clashed(spelling + field)) {
        return Belief::Forged;
    }
    let said = |field| match found.get(spelling + field) {
        None => Ok(None),
        Some(value) => single(value).map(Some).ok_or(()),
    };
    let fields = (
        said(trusted::COMM),
        said(trusted::UID),
        said(trusted::EXE),
        said(trusted::UNIT),
        said(trusted::TRANSPORT),
    );
    let (Ok(comm), Ok(uid), Ok(exe), Ok(unit), Ok(transport)) = fields else { return Belief::Forged };
    match transport.as_deref() {
        // The kernel wrote the record, or passed on one of a process with CAP_AUDIT_WRITE.
        Some("audit" | "kernel") => return Belief::Sender(transport.unwrap_or_default()),
        _ if comm.is_none() && uid.is_none() && exe.is_none() && unit.is_none() => return Belief::Silent,
        _ => {}
    }
    let root = uid.as_deref().map(|uid| uid == "0");
    let unit = unit.as_deref();
    let claim = claimed.as_deref().map(program);
    // A process that has ended before journald looks has no name any more.
    let Some(comm) = comm else {
        let believed = match unit {
            Some(unit) if is_sshd_unit(unit) => {
                root != Some(false) && claim.is_none_or(|c| SSHD.contains(&c))
            }
            Some(_) => false,
            None => root == Some(true) && exe.is_none(),
        };
        return match claimed {
            Some(claimed) if believed => Belief::Sender(claimed.clone()),
            None if believed && unit.is_some() => Belief::Sender(Cow::Borrowed("sshd")),
            _ => Belief::Forged,
        };
    };
    let name = comm.as_ref();
    let believed = if SSHD.contains(&name) {
        // Only root's sshd asks for other people's passwords.
        root.unwrap_or_else(|| unit.is_none_or(is_sshd_unit)) && claim.is_none_or(|c| SSHD.contains(&c))
    } else if SETUID.contains(&name) {
        // A process can choose its own name, but not the file from which it was started. A process that has ended has
        // no file any more. Where underscores were stripped, the sender may have named a file himself.
        let installed =
            || spelling == trusted::SPELLINGS[0] && exe.as_deref().is_some_and(|exe| is_installed(exe, name));
        (root == Some(true) || installed()) && claim.is_none_or(|c| family_of(c, name))
    } else {
        root == Some(true) && claim.is_none_or(|c| c == name || (name.len() >= 15 && c.starts_with(name)))
    };
    match claimed {
        _ if !believed => Belief::Forged,
        Some(claimed) => Belief::Sender(claimed.clone()),
        None => Belief::Sender(comm),
    }
}

/// The first slot of the spelling in which the record has trusted fields.
fn spelling(found: &Slots<'_>) -> Option<u8> {
    let has = |first: &u8| found.has_any(((1 << trusted::COUNT) - 1) << first);
    let [marked, upper, lower] = trusted::SPELLINGS;
    if has(&marked) {
        return Some(marked);
    }
    if has(&upper) {
        return Some(upper);
    }
    // Anybody may use the names `uid`, `comm` and `exe`. They count only in a record with another sign of journald.
    let sign = found.get(ENTRY).is_some()
        || found.get(lower + trusted::UNIT).is_some()
        || found.get(lower + trusted::TRANSPORT).is_some();
    (sign && has(&lower)).then_some(lower)
}

/// The value of a field. A field that occurred more than once is an array: all its values have to be equal.
fn single(value: Value<'_>) -> Option<Cow<'_, str>> {
    if value.kind != Kind::Array {
        return value.as_text();
    }
    let mut items = value.as_array()?;
    let first = items.next()?;
    items.all(|item| item.kind == first.kind && item.raw == first.raw).then(|| first.as_text()).flatten()
}

/// The claimed program without its path and without the suffix of old PAM versions: `/usr/sbin/sshd`, `sshd(pam_unix)`.
fn program(claimed: &str) -> &str {
    let name = claimed.rsplit('/').next().unwrap_or(claimed);
    name.split('(').next().unwrap_or(name)
}

/// True for `ssh.service` (Debian), `sshd.service`, and the units of single connections: `sshd@3-….service`.
pub fn is_sshd_unit(unit: &str) -> bool {
    unit == "ssh.service" || unit == "sshd.service" || unit.starts_with("ssh@") || unit.starts_with("sshd@")
}

/// True for the program or a variant of it: `su`, `su-l`, `sudo-rs`, `sudo.ws`.
fn family_of(name: &str, of: &str) -> bool {
    name.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
}

/// True if `exe` is the program `name` in a folder where only root installs programs.
fn is_installed(exe: &str, name: &str) -> bool {
    let Some((directory, file)) = exe.rsplit_once('/') else { return false };
    // NixOS wraps programs: `.su-wrapped`.
    let file = file.strip_prefix('.').unwrap_or(file);
    SYSTEM.iter().any(|system| exe.starts_with(system))
        && find(directory.as_bytes(), b"/..").is_none()
        && family_of(file, name)
}
