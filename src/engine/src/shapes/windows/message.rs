//! Reads the message text of an event, in any language.
//!
//! ```text
//! An account failed to log on.
//!
//! Subject:
//!     Security ID:        S-1-0-0
//! …
//! ```
//!
//! Labels are translated, but their order is fixed. A line with a tab after its label holds a value, and the number
//! of this line shows which value. A name in it may contain lines of its own, chosen by the client. So values before
//! the names are counted from the top, and values after the names from the end. The others are read only if the
//! number of lines is right.

use super::logon::{Logon, field};
use crate::event::{Outcome, Text};
use crate::find::{find, rfind};
use alloc::string::String;

/// The most lines with values; no event has more.
const MOST: usize = 64;
/// The number of lines with values in a 4625.
const FAILURE: usize = 21;
/// The forms of a 4624, by version. Version 1 adds the impersonation level, version 2 restricted admin mode and linked
/// logons, and version 3 remote credential guard. Each has three numbers: the lines with values, the line with the
/// account's name, and the distance from there to the logon GUID.
const SUCCESS: [(usize, usize, usize); 4] = [(20, 6, 3), (21, 7, 3), (27, 10, 6), (28, 11, 6)];

/// Reads the values that are certain: by their places or, if lines are missing or joined, by English labels. The id
/// must be known. O(n).
pub fn read<'t>(text: &'t [u8], logon: &mut Logon<'t>) {
    by_place(text, logon);
    if logon.get(field::TYPE).is_empty() {
        by_label(text, logon);
    }
}

/// Reads values by their labels. A name may contain labels too. So labels before the names are searched from the
/// start, and labels after the names from the end.
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
    // In old versions of 4624, the type comes after the account.
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

/// The value after a label: up to the end of the line, a tab, or two blanks.
fn labelled(text: &[u8], at: usize) -> Option<&[u8]> {
    let rest = text.get(at..)?;
    let blank = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(rest.len());
    let rest = rest.get(blank..)?;
    let lines = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r' | b'\t')).unwrap_or(rest.len());
    let value = rest.get(..lines)?;
    value.get(..find(value, b"  ").unwrap_or(value.len()))
}

/// Reads values by their places.
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
    // Every event begins with the subject, which ends with its logon id.
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
    // Counted from the end, where only Windows writes.
    for (slot, behind) in [(field::ADDRESS, 7), (field::PROCESS, 5), (field::PACKAGE, 4)] {
        logon.put(slot, lossy(at(count.saturating_sub(behind))));
    }
    if count == FAILURE || logon.outcome() == Some(Outcome::Success) {
        logon.put(field::WORKSTATION, lossy(at(count.saturating_sub(8))));
        logon.put(field::PROGRAM, lossy(at(count.saturating_sub(9))));
    }
}

/// The text after a line's label and its tabs. `None` if the line has no tab.
fn value(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.get(line.iter().position(|byte| *byte != b'\t')?..)?;
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    Some(line.get(tab..)?.trim_ascii())
}

fn lossy(value: &[u8]) -> Text<'_> {
    String::from_utf8_lossy(value)
}
