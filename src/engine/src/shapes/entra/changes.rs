//! Changes of accounts in Entra's audit log: Log Analytics `AuditLogs`, Graph `directoryAudits`, diagnostic settings. The
//! unified audit log has the same operations under other names.
//!
//! An entry has an operation, a result and target resources: the first one with a principal name is the account.
//! Source: "Microsoft Entra audit log activity reference".

use super::{Shape, lower, or, time};
use crate::accounts::Change;
use crate::event::{Event, Provider, Text};
use crate::json::{Items, Slots, Value};
use crate::shapes::spelled::{contains, is, within};
use crate::shapes::{Said, text};
use crate::stamp::Zone;

/// Parts of the names of operations, which are needles too, and the changes.
pub(crate) const OPERATIONS: [(&str, Change); 8] = [
    ("user password", Change::Password),
    ("Reset password (", Change::Password),
    ("Change password (", Change::Password),
    ("Unlock user account", Change::Unlock),
    ("Enable account", Change::Enable),
    ("Disable account", Change::Disable),
    ("Add member to role", Change::Rights),
    ("security info", Change::Factor),
];

/// The change that an operation makes. `None` for any other operation, and for one that has only begun.
pub(crate) fn of(operation: &str) -> Option<Change> {
    let (_, change) = OPERATIONS.iter().find(|(part, _)| contains(operation, part))?;
    (!contains(operation, "started") && !contains(operation, "reviewed")).then_some(*change)
}

/// Makes an event of an entry with this operation.
#[cold]
pub(super) fn said<'a>(found: &Slots<'a>, operation: Text<'a>, zone: Zone<'_>) -> Said<'a> {
    let change = of(&operation)?;
    if contains(&text(found, super::RESULT), "failure") {
        return None;
    }
    let mut event = Event::changed(Shape::AuditLogs.into(), Provider::Entra, change);
    event.user = lower(or(target(found.get(super::TARGETS)), text(found, super::USER)));
    event.reason = operation;
    Some((event, time(found, zone)))
}

/// The principal name of the first target that has one. The list may be in a string.
fn target(targets: Option<Value<'_>>) -> Text<'_> {
    fn first(items: Items<'_>) -> Text<'_> {
        let name = |item: Value<'_>| -> Option<alloc::string::String> {
            let object = item.as_object()?;
            let (_, value) = object.fields().find(|(key, _)| is(key.raw, "userprincipalname"))?;
            value.as_text().filter(|name| !name.is_empty()).map(Text::into_owned)
        };
        // No known entry has more targets.
        items.take(16).find_map(name).map_or(Text::Borrowed(""), Text::Owned)
    }
    let Some(value) = targets else { return Text::Borrowed("") };
    match value.as_array() {
        Some(items) => first(items),
        None => within(value, |json| Items::new(json).map(|items| Text::Owned(first(items).into_owned())))
            .flatten()
            .unwrap_or_default(),
    }
}
