//! The facts about a logon from any layout, and the rules of Windows that judge them.

use super::{Shape, change, codes};
use crate::event::{Event, Access, Outcome, Text};
use crate::find::trim;
use crate::hash::{Hasher128, Salt};
use crate::net::parse_address;
use crate::shapes::{Provider, Said, lower};
use crate::stamp::{Stamp, Zone};
use crate::time::Timestamp;
use crate::times;
use alloc::borrow::Cow;
use core::mem::take;

/// The provider of logon events.
pub const SECURITY_AUDITING: &str = "Microsoft-Windows-Security-Auditing";
/// The display name of the same provider, in Splunk's classic inputs and rendered events.
const DISPLAY_NAME: &str = "Microsoft Windows security auditing.";

/// The kind of fingerprint for event ids.
const DELIVERY: u8 = b'W';

/// The fields of a logon, in the order of the tables below.
pub mod field {
    pub const ID: u8 = 0;
    pub const PROVIDER: u8 = 1;
    pub const CHANNEL: u8 = 2;
    pub const HOST: u8 = 3;
    pub const RECORD: u8 = 4;
    pub const TIME: u8 = 5;
    pub const USER: u8 = 6;
    pub const DOMAIN: u8 = 7;
    pub const SID: u8 = 8;
    pub const TYPE: u8 = 9;
    pub const STATUS: u8 = 10;
    pub const SUB_STATUS: u8 = 11;
    pub const ADDRESS: u8 = 12;
    pub const WORKSTATION: u8 = 13;
    pub const PACKAGE: u8 = 14;
    pub const PROCESS: u8 = 15;
    pub const PROGRAM: u8 = 16;
    /// The changed account, or the group that has a new member.
    pub const TARGET: u8 = 17;
    /// The new member of a group.
    pub const MEMBER: u8 = 18;
}
use field::*;

/// The number of fields.
pub const FIELDS: u8 = 19;

/// The names of an event's data, and their positions in a 4624 and in a 4625. The positions are from the templates,
/// and have not changed from version 0 to 3.
const DATA: [(&str, u8, usize, usize); 13] = [
    ("TargetUserSid", SID, 4, 4),
    ("TargetUserName", USER, 5, 5),
    ("TargetDomainName", DOMAIN, 6, 6),
    ("LogonType", TYPE, 8, 10),
    ("LogonProcessName", PROCESS, 9, 11),
    ("AuthenticationPackageName", PACKAGE, 10, 12),
    ("WorkstationName", WORKSTATION, 11, 13),
    ("ProcessName", PROGRAM, 17, 18),
    ("IpAddress", ADDRESS, 18, 19),
    ("Status", STATUS, usize::MAX, 7),
    ("SubStatus", SUB_STATUS, usize::MAX, 9),
    ("TargetSid", TARGET, usize::MAX, usize::MAX),
    ("MemberName", MEMBER, usize::MAX, usize::MAX),
];
/// The most positions that are read.
pub const PLACES: usize = 20;

/// The field at each position, in a 4624 and in a 4625; [`FIELDS`] means none.
static SUCCESS: [u8; PLACES] = by_position(true);
static FAILURE: [u8; PLACES] = by_position(false);

const fn by_position(success: bool) -> [u8; PLACES] {
    let mut places = [FIELDS; PLACES];
    let mut n = 0;
    while n < DATA.len() {
        let (_, slot, in_success, in_failure) = DATA[n];
        let at = if success { in_success } else { in_failure };
        if at < PLACES {
            places[at] = slot;
        }
        n += 1;
    }
    places
}

/// The field with this Windows name.
pub fn by_name(name: &[u8]) -> Option<u8> {
    DATA.iter().find(|(known, ..)| known.as_bytes() == name).map(|(_, slot, ..)| *slot)
}

/// The facts about a logon, as written.
pub struct Logon<'a> {
    said: [Text<'a>; FIELDS as usize],
    /// The time, if it is read already.
    pub stamp: Option<Stamp>,
    pub shape: Shape,
}

impl Default for Logon<'_> {
    fn default() -> Self {
        Self { said: Default::default(), stamp: None, shape: Shape::Nxlog }
    }
}

impl<'a> Logon<'a> {
    /// Sets a field, unless it has a value already.
    pub fn put(&mut self, slot: u8, text: Text<'a>) {
        if let Some(place) = self.said.get_mut(usize::from(slot))
            && place.is_empty()
        {
            *place = text;
        }
    }

    /// Cuts a field down to its last line.
    pub fn keep_last_line(&mut self, slot: u8) {
        if let Some(place) = self.said.get_mut(usize::from(slot)) {
            *place = match take(place) {
                Cow::Borrowed(text) => Cow::Borrowed(text.rsplit('\n').next().unwrap_or(text)),
                Cow::Owned(text) => Cow::Owned(text.rsplit('\n').next().unwrap_or(&text).into()),
            };
        }
    }

    /// The field at a position of the event's data. The id must be known.
    pub fn slot_at(&self, position: usize) -> Option<u8> {
        if let Some(change) = change::of(self) {
            return change::slot_at(change, position);
        }
        let places = if self.outcome()? == Outcome::Success { &SUCCESS } else { &FAILURE };
        places.get(position).copied().filter(|slot| *slot < FIELDS)
    }

    /// A field as written; empty if unknown.
    pub fn get(&self, slot: u8) -> &str {
        self.said.get(usize::from(slot)).map_or("", |text| text)
    }

    /// True if user, address and logon type are all unknown.
    pub fn is_empty(&self) -> bool {
        [TYPE, USER, SID, ADDRESS].iter().all(|slot| self.get(*slot).is_empty())
    }

    /// True if this is a logon of which nothing else was found.
    pub fn is_missed(&self) -> bool {
        self.outcome().is_some() && self.is_security() && self.is_empty()
    }

    /// The same logon without borrows.
    pub fn into_owned(self) -> Logon<'static> {
        let said = self.said.map(|text| Cow::Owned(text.into_owned()));
        Logon { said, stamp: self.stamp, shape: self.shape }
    }

    /// Takes over each field that is missing here.
    pub fn absorb(&mut self, other: Self) {
        for (slot, text) in (0..).zip(other.said) {
            self.put(slot, text);
        }
    }

    /// The outcome by the id. `None` for any other event.
    pub fn outcome(&self) -> Option<Outcome> {
        match trim(self.get(ID)) {
            "4624" => Some(Outcome::Success),
            "4625" => Some(Outcome::Failure),
            _ => None,
        }
    }

    /// True if provider and channel are those of logons; a missing one fits. If both are missing, the data must be
    /// that of a logon.
    pub fn is_security(&self) -> bool {
        let (provider, channel) = (trim(self.get(PROVIDER)), trim(self.get(CHANNEL)));
        let one_of = |word: &str, names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(word));
        if provider.is_empty() && channel.is_empty() {
            let says = |slot| !self.get(slot).is_empty();
            return says(TYPE) && (says(USER) || says(SID));
        }
        (provider.is_empty() || one_of(provider, &[SECURITY_AUDITING, DISPLAY_NAME]))
            && (channel.is_empty() || one_of(channel, &["Security"]))
    }

    /// True if provider and channel are those of the Security log, and one of them is given.
    pub fn is_security_log(&self) -> bool {
        [PROVIDER, CHANNEL].iter().any(|slot| !trim(self.get(*slot)).is_empty()) && self.is_security()
    }

    /// Takes a field out. `-` counts as empty.
    pub(super) fn take(&mut self, slot: u8) -> Text<'a> {
        let text = self.said.get_mut(usize::from(slot)).map(take).unwrap_or_default();
        if trim(&text) == "-" { Text::Borrowed("") } else { text }
    }

    /// Takes a field out and trims it: `NtLmSsp `.
    pub(super) fn trimmed(&mut self, slot: u8) -> Text<'a> {
        match self.take(slot) {
            Cow::Borrowed(text) => Cow::Borrowed(trim(text)),
            Cow::Owned(text) if trim(&text).len() != text.len() => Cow::Owned(trim(&text).into()),
            text => text,
        }
    }

    /// The event and its time. `None` if the event does not count.
    pub fn event(mut self, zone: Zone) -> Said<'a> {
        let outcome = self.outcome()?;
        // An attempt about which nothing is known may be one that is ignored.
        if !self.is_security() || self.is_empty() || self.get(SID) == "S-1-5-7" {
            return None;
        }
        let written = self.take(TIME);
        let time = Stamp::first_of([self.stamp, times::of_text(&written, zone)]);
        let mut event = Event::new(self.shape.into(), Provider::Windows);
        event.outcome = outcome;
        event.delivery = self.delivery(time);
        event.user = self.take(USER);
        event.domain = self.take(DOMAIN);
        event.src_ip = parse_address(&self.take(ADDRESS));
        if event.src_ip.is_none() {
            event.src_name = self.trimmed(WORKSTATION);
        }
        event.service = base(self.trimmed(PROGRAM));
        event.host = self.trimmed(HOST);
        event.method = self.trimmed(PACKAGE);
        if event.method.is_empty() {
            event.method = self.trimmed(PROCESS);
        }
        event.logon_type = logon_type(self.get(TYPE));
        event.reason = self.take(SUB_STATUS);
        event.status = self.take(STATUS);
        Some((settle(event)?, time))
    }

    /// The log's own identity of an event: computer, channel, record number and time. The numbers restart when a log
    /// is cleared, hence the time.
    fn delivery(&self, time: Option<Stamp>) -> Option<u128> {
        let Some(Stamp::At(Timestamp(time)) | Stamp::Local(time)) = time else { return None };
        let record = trim(self.get(RECORD));
        if record.is_empty() || record == "0" {
            return None;
        }
        let hash = Hasher128::new(Salt::new(""), DELIVERY)
            .part(b"windows")
            .part(trim(self.get(HOST)).as_bytes())
            .part(trim(self.get(CHANNEL)).as_bytes())
            .part(record.as_bytes())
            .part(&time.to_le_bytes());
        Some(hash.finish().0)
    }
}

/// Judges a Windows event by the rules of Windows, and makes its values canonical. Before, `user` and `domain` are as
/// written, `status` is Status and `reason` is SubStatus.
///
/// Returns `None` for events that do not count: services, batches and the system itself (logon types 5, 4, 0),
/// machine accounts, and `ANONYMOUS LOGON`. The accounts of the desktop window manager and the font driver, and
/// attempts of User Account Control, do not count either.
#[must_use]
pub fn settle(mut event: Event<'_>) -> Option<Event<'_>> {
    if matches!(event.logon_type, Some(0 | 4 | 5)) {
        return None;
    }
    let (user, domain) = account(take(&mut event.user), take(&mut event.domain));
    if user.ends_with('$')
        || *user == *"anonymous logon"
        || user.starts_with("dwm-")
        || user.starts_with("umfd-")
    {
        return None;
    }
    let (status, sub_status) = (codes::parse(&event.status), codes::parse(&event.reason));
    if status == Some(codes::INVALID_LOGON_TYPE) || sub_status == Some(codes::INVALID_LOGON_TYPE) {
        return None;
    }
    event.status = codes::shown(event.status);
    // Of the two codes, the more specific one.
    event.reason = match sub_status {
        None | Some(0) => event.status.clone(),
        Some(_) => codes::shown(event.reason),
    };
    let words = codes::words(sub_status.filter(|code| *code != 0).or(status).unwrap_or_default());
    if !words.is_empty() {
        event.reason_text = Cow::Borrowed(words);
    }
    // Interactive, unlock, cached: at the machine itself, unless an address shows otherwise.
    let here = matches!(event.logon_type, Some(2 | 7 | 11 | 13));
    if here && event.src_ip.is_none_or(|address| address.is_loopback()) {
        event.access = Access::Local;
    }
    event.user = user;
    event.domain = domain;
    event.provider = Provider::Windows;
    Some(event)
}

/// Reads a logon type by its number, with any text after it (`3 - Network`), or by its name, with or without spaces.
#[must_use]
pub fn logon_type(text: &str) -> Option<u32> {
    const NAMES: [(&str, u32); 14] = [
        ("System", 0),
        ("Interactive", 2),
        ("Network", 3),
        ("Batch", 4),
        ("Service", 5),
        ("Proxy", 6),
        ("Unlock", 7),
        ("NetworkCleartext", 8),
        ("NewCredentials", 9),
        ("RemoteInteractive", 10),
        ("CachedInteractive", 11),
        ("CachedRemoteInteractive", 12),
        ("CachedUnlock", 13),
        ("OSService", 5),
    ];
    let text = text.trim();
    let letters = || text.bytes().filter(|byte| *byte != b' ');
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match text.split_at_checked(digits) {
        Some((digits, _)) if !digits.is_empty() => digits.parse().ok(),
        _ => NAMES
            .iter()
            .find(|(name, _)| {
                letters().map(|l| l.to_ascii_lowercase()).eq(name.bytes().map(|l| l.to_ascii_lowercase()))
            })
            .map(|(_, number)| *number),
    }
}

/// The account in lower case without domain or UPN suffix. Also the domain: its own field, or the part that was
/// removed.
pub(super) fn account<'a>(user: Text<'a>, domain: Text<'a>) -> (Text<'a>, Text<'a>) {
    fn parts(user: &str) -> (&str, &str) {
        let (before, name) = user.rsplit_once('\\').unwrap_or(("", user));
        match name.split_once('@') {
            Some((name, suffix)) if !name.is_empty() => {
                (name, if before.is_empty() { suffix } else { before })
            }
            _ => (name, before),
        }
    }
    let (name, cut) = match &user {
        Cow::Borrowed(user) => {
            let (name, cut) = parts(user);
            (Cow::Borrowed(name), Cow::Borrowed(cut))
        }
        Cow::Owned(user) => {
            let (name, cut) = parts(user);
            (Cow::Owned(name.into()), Cow::Owned(cut.into()))
        }
    };
    let name = if trim(&name) == "-" { Text::Borrowed("") } else { lower(name) };
    (name, if matches!(trim(&domain), "" | "-") { cut } else { domain })
}

/// The last part of a path.
fn base(path: Text<'_>) -> Text<'_> {
    let name = |path: &str| path.rfind(['\\', '/']).map_or(0, |at| at + 1);
    match path {
        Cow::Borrowed(path) => Cow::Borrowed(path.get(name(path)..).unwrap_or_default()),
        Cow::Owned(path) => Cow::Owned(path.get(name(&path)..).unwrap_or_default().into()),
    }
}
