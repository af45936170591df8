//! Changes of accounts in the Security log.
//!
//! | event | change |
//! |---|---|
//! | 4720, 4722 | created, enabled |
//! | 4723, 4724 | password changed, reset |
//! | 4725, 4726 | disabled, deleted |
//! | 4732 | member of a local group |
//! | 4738 | changed in another way |
//! | 4740, 4767 | locked out, unlocked |
//!
//! Data is read by name, or by position if the record has the English message too: so each record has one of
//! [`NEEDLES`]. The ids alone are short numbers, which many other records hold. Source: Microsoft Learn, "Audit User
//! Account Management", "Audit Security Group Management".

use super::logon::{Logon, account, field};
use crate::accounts::Change;
use crate::event::{Event, Provider, Text};
use crate::find::{find, trim};
use crate::shapes::Said;
use crate::stamp::{Stamp, Zone};
use crate::times;
use alloc::borrow::Cow;

/// The needles of these records: the name of a field that each has, and parts of the messages.
pub const NEEDLES: [&str; 4] = [
    "targetsid",
    "user account was ",
    "an account's password",
    "was added to a security-enabled local group",
];

/// The ids and their changes.
const IDS: [(&str, Change); 10] = [
    ("4720", Change::Create),
    ("4722", Change::Enable),
    ("4723", Change::Password),
    ("4724", Change::Password),
    ("4725", Change::Disable),
    ("4726", Change::Delete),
    ("4732", Change::Rights),
    ("4738", Change::Other),
    ("4740", Change::Lock),
    ("4767", Change::Unlock),
];

/// Words of a record about a change that was refused: the keyword as in XML, as a signed number, and as text.
const REFUSED: [&[u8]; 4] =
    [b"0x8010000000000000", b"-9218868437227405312", b"Audit Failure", b"AUDIT_FAILURE"];

/// The change that an event reports, by its id.
pub fn of(logon: &Logon<'_>) -> Option<Change> {
    let id = trim(logon.get(field::ID));
    IDS.iter().find(|(known, _)| *known == id).map(|(_, change)| *change)
}

/// The field at a position of the event's data.
pub fn slot_at(change: Change, position: usize) -> Option<u8> {
    let slots = match change {
        Change::Rights => [Some(field::MEMBER), None, None, None, Some(field::TARGET)],
        // A 4738 begins with an unused item.
        Change::Other => [None, Some(field::USER), Some(field::DOMAIN), Some(field::TARGET), None],
        _ => [Some(field::USER), Some(field::DOMAIN), Some(field::TARGET), None, None],
    };
    slots.get(position).copied().flatten()
}

/// Makes an event of a change. `record` is the text that the event was read from. O(n).
#[cold]
pub fn event<'a>(mut logon: Logon<'a>, change: Change, zone: Zone<'_>, record: &[u8]) -> Said<'a> {
    let shown =
        |needle: &str| record.windows(needle.len()).any(|part| part.eq_ignore_ascii_case(needle.as_bytes()));
    let refused = REFUSED.iter().any(|word| find(record, word).is_some());
    let whole = !logon.get(field::TARGET).is_empty() && logon.is_security_log();
    if refused || !whole || !NEEDLES.iter().any(|needle| shown(needle)) {
        return None;
    }
    let written = logon.take(field::TIME);
    let time = Stamp::first_of([logon.stamp, times::of_text(&written, zone)]);
    let user = match change {
        Change::Rights => common_name(logon.take(field::MEMBER)),
        _ => logon.take(field::USER),
    };
    let mut event = Event::changed(logon.shape.into(), Provider::Windows, change);
    (event.user, event.domain) = account(user, logon.take(field::DOMAIN));
    event.host = logon.trimmed(field::HOST);
    event.reason = logon.trimmed(field::ID);
    (!event.user.is_empty() && !event.user.ends_with('$')).then_some((event, time))
}

/// The name in `CN=ada,OU=people,DC=example`. Most directories give an account the same name as its entry.
fn common_name(member: Text<'_>) -> Text<'_> {
    let name = |member: &str| {
        let rest = member.get(..3).filter(|start| start.eq_ignore_ascii_case("CN=")).and(member.get(3..))?;
        rest.split(',').next().map(alloc::string::String::from)
    };
    name(&member).map_or(Text::Borrowed(""), Cow::Owned)
}
