//! The text of an event, in whatever language the machine speaks.
//!
//! ```text
//! An account failed to log on.
//!
//! Subject:
//!     Security ID:        S-1-0-0
//! …
//! ```
//!
//! Labels are translated, their order is not: a line with a tab behind its label holds a value, and its number says
//! which one. A name in it may hold lines of its own, made by whoever tried to log in. So what stands before the names
//! is counted from the top, what stands behind them from the end, and the rest is read only where the number of lines
//! is right.

use super::logon::{Logon, field};
use crate::event::{Outcome, Text};
use crate::find::{find, rfind};
use alloc::string::String;

/// More lines with values than any event has.
const MOST: usize = 64;
/// How many lines with values a 4625 has.
const FAILURE: usize = 21;
/// A 4624 of version 0, 1 (with the impersonation level), 2 (with restricted admin mode and linked logons) and 3
/// (with remote credential guard): how many lines with values it has, the number of the account's name, and how far
/// behind it stands the logon GUID.
const SUCCESS: [(usize, usize, usize); 4] = [(20, 6, 3), (21, 7, 3), (27, 10, 6), (28, 11, 6)];

/// Reads what can be read without doubt: by the places of the values, or, where lines are missing or stand behind one
/// another, by English labels. The id has to be known. O(n).
pub fn read<'t>(text: &'t [u8], logon: &mut Logon<'t>) {
    by_place(text, logon);
    if logon.get(field::TYPE).is_empty() {
        by_label(text, logon);
    }
}

/// Reads by labels. A name may hold labels of its own: so what stands before the names is taken from its first place, what
/// stands behind them from its last.
fn by_label<'t>(text: &'t [u8], logon: &mut Logon<'t>) {
    let section: &[u8] = match logon.outcome() {
        Some(Outcome::Failure) => b"Account For Which Logon Failed:",
        Some(Outcome::Success) => b"New Logon:",
        _ => return,
    };
    let Some(at) = find(text, section) else { return };
    let (before, account) = text.split_at_checked(at).unwrap_or_default();
    let first = |text: &'t [u8], label: &[u8]| labelled(text, find(text, label)? + label.len());
    let last = |label: &[u8]| labelled(text, rfind(text, label)? + label.len());
    // A 4624 of old has its type behind the account.
    let kind = first(before, b"Logon Type:").or_else(|| last(b"Logon Type:"));
    let status = rfind(text, b"Sub Status:").and_then(|end| {
        let before = text.get(..end)?;
        labelled(before, rfind(before, b"Status:")? + b"Status:".len())
    });
    for (slot, value) in [
        (field::TYPE, kind),
        (field::USER, first(account, b"Account Name:")),
        (field::DOMAIN, first(account, b"Account Domain:")),
        (field::STATUS, status),
        (field::SUB_STATUS, last(b"Sub Status:")),
        (field::WORKSTATION, last(b"Workstation Name:")),
        (field::ADDRESS, last(b"Source Network Address:")),
        (field::SID, first(account, b"Security ID:")),
        (field::PROGRAM, last(b"Process Name:")),
        (field::PROCESS, last(b"Logon Process:")),
        (field::PACKAGE, last(b"Authentication Package:")),
    ] {
        if let Some(value) = value {
            logon.put(slot, lossy(value));
        }
    }
}

/// The value behind a label: to the end of the line, a tab, or two blanks.
fn labelled(text: &[u8], at: usize) -> Option<&[u8]> {
    let rest = text.get(at..)?;
    let blank = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(rest.len());
    let rest = rest.get(blank..)?;
    let lines = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r' | b'\t')).unwrap_or(rest.len());
    let value = rest.get(..lines)?;
    value.get(..find(value, b"  ").unwrap_or(value.len()))
}

/// Reads by the places of the values.
fn by_place<'t>(text: &'t [u8], logon: &mut Logon<'t>) {
    let mut values: [&[u8]; MOST] = [b""; MOST];
    let mut count = 0;
    for value in text.split(|byte| *byte == b'\n').filter_map(value) {
        let Some(place) = values.get_mut(count) else { return };
        *place = value;
        count += 1;
    }
    let at = |place: usize| values.get(place).copied().unwrap_or_default();
    let hex = |place: usize| at(place).starts_with(b"0x");
    // Every event begins with the subject, whose logon id is the last of it.
    if !hex(3) {
        return;
    }
    let account = match logon.outcome() {
        Some(Outcome::Failure) if count >= FAILURE => {
            if count == FAILURE && hex(9) && hex(10) {
                logon.put(field::STATUS, lossy(at(9)));
                logon.put(field::SUB_STATUS, lossy(at(10)));
            }
            6
        }
        Some(Outcome::Success) => {
            let version = SUCCESS.iter().find(|(lines, name, guid)| {
                *lines == count && hex(name + 2) && at(name + guid).starts_with(b"{")
            });
            let Some((_, name, _)) = version else { return };
            *name
        }
        _ => return,
    };
    logon.put(field::TYPE, lossy(at(4)));
    logon.put(field::USER, lossy(at(account)));
    logon.put(field::DOMAIN, lossy(at(account + 1)));
    // From the end, which nobody writes to but Windows.
    for (slot, behind) in [(field::ADDRESS, 7), (field::PROCESS, 5), (field::PACKAGE, 4)] {
        logon.put(slot, lossy(at(count.saturating_sub(behind))));
    }
    if count == FAILURE || logon.outcome() == Some(Outcome::Success) {
        logon.put(field::WORKSTATION, lossy(at(count.saturating_sub(8))));
        logon.put(field::PROGRAM, lossy(at(count.saturating_sub(9))));
    }
}

/// What stands behind the label of a line and its tabs; nothing where a line has none.
fn value(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.get(line.iter().position(|byte| *byte != b'\t')?..)?;
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    Some(line.get(tab..)?.trim_ascii())
}

fn lossy(value: &[u8]) -> Text<'_> {
    String::from_utf8_lossy(value)
}
