//! Decodes the Linux audit log: raw, enriched, and through syslog or the journal.
//!
//! Example: `type=USER_AUTH msg=audit(1373129280.000:9): pid=1277 uid=0 … msg='op=PAM:authentication acct="root"
//! exe="/usr/sbin/sshd" hostname=? addr=192.0.2.1 terminal=ssh res=failed'`. A program writes the quoted part through
//! libaudit. This library writes an account name in hexadecimal if it has a space, a quote or a control character. So a
//! name cannot forge other fields. Even so, `op` is read from the front, and address, terminal and result from the end.

use super::Shape;
use crate::accounts::Change;
use super::text::{cut, cut_last, event, first_word, number, peer, terminal, text};
use crate::event::{Event, Access, Outcome, Signal, Text};
use crate::json::{Kind, Value};
use crate::find::find;
use crate::stamp::{Order, Stamp, Zone, epoch};
use crate::times;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// The types of records that report a login or a change of an account, with their numbers in `linux/audit.h`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Auth,
    CredAcq,
    Start,
    Err,
    Login,
    /// A change of an account.
    Change(Change),
}

impl Type {
    /// Reads `type=NAME`, `type=NUMBER`, or a bare name.
    fn parse(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"USER_AUTH" | b"type=USER_AUTH" | b"type=1100" => Self::Auth,
            b"CRED_ACQ" | b"type=CRED_ACQ" | b"type=1103" => Self::CredAcq,
            b"USER_START" | b"type=USER_START" | b"type=1105" => Self::Start,
            b"USER_ERR" | b"type=USER_ERR" | b"type=1109" => Self::Err,
            b"USER_LOGIN" | b"type=USER_LOGIN" | b"type=1112" => Self::Login,
            b"USER_CHAUTHTOK" | b"type=USER_CHAUTHTOK" | b"type=1108" => Self::Change(Change::Password),
            b"USER_MGMT" | b"type=USER_MGMT" | b"type=1102" => Self::Change(Change::Other),
            b"ADD_USER" | b"type=ADD_USER" | b"type=1114" => Self::Change(Change::Create),
            b"DEL_USER" | b"type=DEL_USER" | b"type=1115" => Self::Change(Change::Delete),
            _ => return None,
        })
    }
}

/// Reads one audit record from `type=` or `node=` on, or from the bare name of its type as in the journal (`USER_AUTH
/// pid=…`). `audit: ` and the kernel's time may come before it.
///
/// Time, host and process come from the record. If it does not name them, the time is 0, the host is empty and the
/// process is `None`.
///
/// A time as `ausearch -i` writes it also gives 0: see [`written`].
#[must_use]
pub fn decode(record: &[u8]) -> Option<Event<'_>> {
    let record = record.trim_ascii();
    // The kernel's form: `[   12.345678] audit: type=1100 …`.
    let record = match record {
        [b'[', rest @ ..] => {
            rest.get(rest.iter().take(24).position(|b| *b == b']')? + 1..)?.trim_ascii_start()
        }
        _ => record,
    };
    let record = record.strip_prefix(b"audit: ").unwrap_or(record);
    let (host, record) = match record.strip_prefix(b"node=") {
        Some(rest) => first_word(rest),
        None => (&b""[..], record),
    };
    let (name, rest) = first_word(record);
    let kind = Type::parse(name)?;
    let rest = rest.strip_prefix(b"msg=").unwrap_or(rest);
    let (time, rest) = match rest.strip_prefix(b"audit(") {
        Some(rest) => {
            let (stamp, rest) = cut(rest, b")")?;
            let (time, _serial) = cut_last(stamp, b":")?;
            (epoch(time).unwrap_or_default(), rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start())
        }
        None => (Default::default(), rest),
    };
    let rest = rest.strip_prefix(b"user ").unwrap_or(rest);
    let (outer, rest) = cut(rest, b"msg='")?;
    let (inner, enriched) = cut_last(rest, b"'")?;
    let pid = outer.strip_prefix(b"pid=").and_then(|rest| number(first_word(rest).0));
    // User ids are replaced by names here.
    let interpreted = find(outer, b" uid=").and_then(|at| outer.get(at + 5)).is_some_and(u8::is_ascii_alphabetic);
    let mut event = judge(kind, inner, enriched, interpreted)?;
    event.time = time;
    event.host = text(host);
    event.pid = pid;
    Some(event)
}

/// True if [`decode`] returns no event by right: the record belongs to the audit log, and is of another type or has a
/// result.
pub(crate) fn knows(record: &[u8]) -> bool {
    let is_record = record.starts_with(b"type=") || record.starts_with(b"node=");
    is_record
        && find(record, b"type=").is_some_and(|at| {
            let (kind, rest) = first_word(record.get(at..).unwrap_or_default());
            rest.starts_with(b"msg=audit(")
                && (Type::parse(kind).is_none() || find(rest, b"res=").is_some())
        })
}

/// The time of a record as `ausearch -i` writes it, on local clocks: `msg=audit(03/04/2026 08:00:00.993:121)`. `None`
/// for Unix time, which the event has already.
#[must_use]
pub fn written(record: &[u8], zone: Zone<'_>) -> Option<Stamp> {
    let (_, rest) = cut(record, b"msg=audit(")?;
    let (time, _serial) = cut_last(cut(rest, b")")?.0, b":")?;
    match epoch(time) {
        Some(_) => None,
        None => {
            // The locales that write slashes by default (the United States and C) put the month first.
            let zone = zone.with_order(zone.order().or(Some(Order::MonthDay)));
            let mut whole = Vec::new();
            let time = match time {
                [a, b, b'/', c, d, b'/', e, f, b' ', clock @ ..] if e.is_ascii_digit() && f.is_ascii_digit() => {
                    // The C locale writes a year of two digits.
                    whole.extend_from_slice(&[*a, *b, b'/', *c, *d, b'/', b'2', b'0', *e, *f, b' ']);
                    whole.extend_from_slice(clock);
                    &*whole
                }
                time => time,
            };
            times::of(Value { kind: Kind::Str, raw: time, escaped: false }, zone)
        }
    }
}

/// Makes an event from the program's text, from `op=` to `res=`, and from the names that auditd's `log_format =
/// ENRICHED` adds after it.
fn judge<'a>(kind: Type, inner: &'a [u8], enriched: &'a [u8], interpreted: bool) -> Option<Event<'a>> {
    if let Type::Change(usual) = kind {
        return changed(usual, inner, enriched, interpreted);
    }
    // Red Hat 5 wrote `PAM: authentication acct=root : exe=… (hostname=…, addr=…, terminal=ssh res=failed)`.
    let op = first_word(inner.strip_prefix(b"op=").or_else(|| inner.strip_prefix(b"PAM: "))?).0;
    let program = unquoted(last(inner, b" exe=").unwrap_or_default());
    let program = program.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let place = last(inner, b" terminal=").unwrap_or_default();
    let service: &[u8] = match program {
        b"sshd" | b"sshd-session" | b"sshd-auth" => b"sshd",
        b"" if matches!(place, b"ssh" | b"sshd") => b"sshd",
        program => program,
    };
    let outcome = match last(inner, b" res=")? {
        b"success" => Outcome::Success,
        b"failed" => Outcome::Failure,
        _ => return None,
    };
    let signal = match (kind, outcome) {
        // A client offers several keys in turn. The helper of `pam_unix` repeats what its caller reports.
        (Type::Auth, _) if op.starts_with(b"pubkey") && outcome == Outcome::Failure => return None,
        _ if matches!(op, b"key" | b"none") || program == b"unix_chkpwd" => return None,
        (_, Outcome::Success) if !matches!(service, b"sshd" | b"su" | b"sudo" | b"login") => return None,
        (Type::Err, Outcome::Success) => return None,
        (Type::CredAcq | Type::Start, _) if !is_told(inner, service) => return None,
        (_, Outcome::Success) | (Type::Auth, _) => Signal::Audit,
        (Type::Login, _) if op == b"login" => Signal::AuditLogin,
        (Type::Err, _) if op == b"PAM:bad_ident" || op == b"bad_ident" => Signal::Weak,
        _ => return None,
    };
    let mut event = event(Shape::Auditd, service);
    event.user = match kind {
        // sudo opens a session for the target user. Only the login uid names the caller, if it is set.
        Type::CredAcq | Type::Start if service == b"sudo" => {
            let caller = enriched_name(enriched, b"AUID").filter(|name| *name != b"unset")?;
            text(caller)
        }
        _ => user(inner, enriched, interpreted),
    };
    let (src_ip, src_name) = match peer(last(inner, b" addr=").unwrap_or_default()) {
        (None, name) if name.is_empty() => peer(last(inner, b" hostname=").unwrap_or_default()),
        found => found,
    };
    event.outcome = outcome;
    event.signal = signal;
    if service == b"sshd" || src_ip.is_some() {
        (event.src_ip, event.src_name) = (src_ip, src_name);
    } else {
        event.access = Access::Local;
        event.tty = text(terminal(place));
    }
    if outcome == Outcome::Failure {
        event.reason = text(op);
    }
    Some(event)
}

/// Makes an event of a change, if it succeeded and the record names the account. shadow's tools say what they did in
/// `op`: `op=change password`, `op=add-user-to-group`, `op=unlock-password`; PAM says `op=PAM:chauthtok`.
fn changed<'a>(usual: Change, inner: &'a [u8], enriched: &'a [u8], interpreted: bool) -> Option<Event<'a>> {
    let (op, _) = cut(inner.strip_prefix(b"op=")?, b"=")?;
    if last(inner, b" res=")? != b"success" {
        return None;
    }
    let says = |word: &[u8]| find(op, word).is_some();
    let change = match usual {
        Change::Password if says(b"age") || says(b"aging") => Change::Other,
        Change::Other if says(b"group") && says(b"add") => Change::Rights,
        Change::Other if says(b"unlock") => Change::Unlock,
        Change::Other if says(b"lock") => Change::Disable,
        Change::Other if says(b"passw") => Change::Password,
        usual => usual,
    };
    let mut event = super::change::of(event(Shape::Auditd, b"account"), change);
    event.user = user(inner, enriched, interpreted);
    // The last word is the name of the next field.
    event.reason = text(cut_last(op, b" ").map_or(op, |(op, _)| op));
    (!event.user.is_empty()).then_some(event)
}

/// True if the path that libaudit writes is that of su or login. The check is for types of records that every session
/// has. It leaves out cron's records before they are read.
fn is_told(inner: &[u8], service: &[u8]) -> bool {
    match service {
        b"su" | b"login" => cut_last(inner, b" exe=").is_some_and(|(_, rest)| {
            let (path, rest) = first_word(rest);
            let is_path = unquoted(path).strip_suffix(service).is_some_and(|path| path.ends_with(b"/"));
            is_path && (rest.starts_with(b"hostname=") || rest.starts_with(b"(hostname="))
        }),
        b"sudo" => find(inner, b"/sudo").is_some(),
        _ => find(inner, b"/sshd").or_else(|| find(inner, b" terminal=ssh")).is_some(),
    }
}

/// The account: `acct="root"`, or `acct=726F6F74` (hexadecimal), or else the name of `id=0`, which only the enriched
/// form has. `(unknown user)`, `(invalid user)` and `?` give no name.
fn user<'a>(inner: &'a [u8], enriched: &'a [u8], interpreted: bool) -> Text<'a> {
    let name = match cut(inner, b" acct=").map(|(_, rest)| first_word(rest).0) {
        Some([b'"', name @ .., b'"']) => text(name),
        // `ausearch -i` writes the name unquoted.
        Some(word) if interpreted => text(word),
        Some(word) => match unhex(word) {
            Some(name) => Cow::Owned(String::from_utf8_lossy(&name).into_owned()),
            None => text(word),
        },
        None => match cut(inner, b" id=").map(|(_, rest)| first_word(rest).0) {
            Some(id) => match enriched_name(enriched, b"ID") {
                Some(name) => text(name),
                // 0 is the only number with the same name everywhere.
                None if id == b"0" => Text::Borrowed("root"),
                None => Text::Borrowed(""),
            },
            None => Text::Borrowed(""),
        },
    };
    account(name)
}

/// An account from the audit log. Words for "no account" give the empty text.
pub(crate) fn account(name: Text<'_>) -> Text<'_> {
    match &*name {
        "(unknown user)" | "(invalid user)" | "(unknown)" | "?" => Text::Borrowed(""),
        _ => name,
    }
}

/// The value after the last `mark`, up to a space, or to the comma or bracket of Red Hat 5.
fn last<'a>(inner: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let found = cut_last(inner, mark).or_else(|| {
        // After an opening bracket there is no space.
        let (_, bare) = mark.split_first()?;
        let (_, rest) = cut(inner, b"(")?;
        Some((rest, rest.strip_prefix(bare)?))
    })?;
    let word = first_word(found.1).0;
    Some(word.strip_suffix(b",").or_else(|| word.strip_suffix(b")")).unwrap_or(word))
}

fn unquoted(word: &[u8]) -> &[u8] {
    word.strip_prefix(b"\"").and_then(|word| word.strip_suffix(b"\"")).unwrap_or(word)
}

/// The value in `NAME="value"` of the enriched part. A separator (0x1d) comes before it or, if that was lost, the
/// quote.
fn enriched_name<'a>(enriched: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    enriched.split(|b| matches!(b, b' ' | 0x1d)).find_map(|word| {
        let value = word.strip_prefix(name)?.strip_prefix(b"=\"")?;
        value.strip_suffix(b"\"")
    })
}

/// Decodes an even number of upper-case hexadecimal digits. A name in quotes is never hexadecimal.
fn unhex(word: &[u8]) -> Option<Vec<u8>> {
    let nibble =
        |b: u8| (b.is_ascii_digit() || (b'A'..=b'F').contains(&b)).then(|| char::from(b).to_digit(16));
    // libaudit's buffer is far smaller; the longest Linux user name has 32 bytes.
    if word.is_empty() || !word.len().is_multiple_of(2) || word.len() > 1024 {
        return None;
    }
    word.chunks_exact(2)
        .map(|pair| match *pair {
            [high, low] => u8::try_from(nibble(high)?? * 16 + nibble(low)??).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests;
