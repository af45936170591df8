//! The `target` of an event: the user and the application that it is about.

use super::super::text;
use crate::event::Text;
use crate::json::{Items, Kind, Member, Members, Slots, Value};
use alloc::borrow::Cow;

/// The facts from the targets. Of several targets of one kind, the first counts.
#[derive(Debug, Default)]
pub(super) struct Targets<'a> {
    /// The user.
    pub(super) user: Text<'a>,
    /// The application signed in to.
    pub(super) application: Text<'a>,
    /// True if the authenticator is the password.
    pub(super) password: bool,
}

const KIND: u8 = 0;
const ID: u8 = 1;
const NAME: u8 = 2;
const USED: u8 = 3;

static MEMBERS: Members<9> = Members::new([
    Member::new("type", KIND, 0),
    Member::new("alternateId", ID, 0),
    Member::new("alternate_id", ID, 0),
    Member::new("displayName", NAME, 0),
    Member::new("display_name", NAME, 0),
    Member::open("detailEntry"),
    Member::open("detail_entry"),
    Member::new("detailEntry.methodTypeUsed", USED, 0),
    Member::new("detail_entry.methodTypeUsed", USED, 0),
]);

/// Reads the array, or the string that Log Analytics makes of it. Linear in its bytes.
pub(super) fn read(value: Option<Value<'_>>) -> Targets<'_> {
    match value {
        Some(value) if value.kind == Kind::Str => {
            let held = value.as_text().unwrap_or_default();
            let Some(items) = Items::new(held.as_bytes()) else { return Targets::default() };
            let Targets { user, application, password } = scan(items);
            let own = |text: Text<'_>| Cow::Owned(text.into_owned());
            Targets { user: own(user), application: own(application), password }
        }
        Some(value) => value.as_array().map(scan).unwrap_or_default(),
        None => Targets::default(),
    }
}

fn scan(items: Items<'_>) -> Targets<'_> {
    let mut targets = Targets::default();
    for object in items.filter_map(|item| item.as_object()) {
        let mut found = Slots::default();
        if !crate::json::read(&object, MEMBERS.set(), &mut found) {
            continue;
        }
        let Some(kind) = found.get(KIND) else { continue };
        if kind.says("User") {
            if targets.user.is_empty() {
                targets.user = text(&found, ID);
            }
        } else if kind.says("AppInstance") {
            if targets.application.is_empty() {
                targets.application = text(&found, NAME);
            }
        } else if kind.says("AuthenticatorEnrollment") {
            let is = |slot| found.get(slot).is_some_and(|value| value.says_ignore_case("password"));
            targets.password |= is(NAME) || is(USED);
        }
    }
    targets
}
