//! Finds the time of an event: the time in one value, and all times of a record.
//!
//! A decoder reads the usual times of its records first. If these say nothing, or leave the zone open, [`Times::of`]
//! searches the record again, under every name that people use for times. So a good time is never passed over for a
//! worse one.

use crate::find::trim;
use crate::json::{Kind, Member, Members, Object, Value, unescape_into};
use crate::shapes::spelled;
use crate::stamp::{self, Stamp, Zone};
use crate::time::Timestamp;
use alloc::vec::Vec;

/// The most bytes of a text that may be a time.
const LONGEST: usize = 256;
/// The most members of a record that are searched. Each costs a look-up of its name, and no known record has
/// more.
const MOST: u32 = 2048;
/// The most levels of objects that are opened to find a time.
const DEEPEST: usize = 4;

/// Names of members with the time of the event, the best first. The spelling is that of [`spelled`].
const OWN: &[&str] = &[
    "systemtime",
    "timecreatedsystemtime",
    "eventsystemtimecreatedattributessystemtime",
    "timecreated",
    "createddatetime",
    "createddatetimeutc",
    "creationtime",
    "creationdate",
    "timereported",
    "eventtime",
    "eventtimestamp",
    "eventtimeutc",
    "syslogtimestamp",
    "isodate",
    "sisodate",
    "sdate",
    "logtime",
    "logtimestamp",
    "published",
    "activitydatetime",
    "timegenerated",
    "timegeneratedutc",
    "timegeneratedlocaltime",
    "createddatetimelocaltime",
    "timestamp",
    "isotimestamp",
    "datetime",
    "datetimeutc",
    "dateandtime",
    "dateutc",
    "time",
    "timeutc",
    "utctime",
    "utctimestamp",
    "localtime",
    "date",
    "eventdate",
    "logdate",
    "ts",
    "timewritten",
    "timeunixnano",
    "sourcerealtimetimestamp",
    "unixtime",
    "unixtimestamp",
    "epoch",
    "epochtime",
    "occurredat",
    "createdat",
    "created",
    "eventstart",
];

/// How many of these names are Windows' `SystemTime`.
const SYSTEM: usize = 3;

/// Names of members with the time of receipt. `@timestamp` and `_time` are such names too.
const RECEIPT: &[&str] = &[
    "eventcreated",
    "eventingested",
    "eventreceivedtime",
    "receivedtime",
    "receivedat",
    "received",
    "risodate",
    "rdate",
    "ingesttime",
    "ingestiontime",
    "ingestedat",
    "observedtime",
    "observedtimestamp",
    "observedtimeunixnano",
    "arrivaltime",
    "collectedat",
    "indextime",
];

/// Names of objects that hold a part of the event, including its times.
const PARTS: &[&str] = &[
    "event",
    "system",
    "eventsystem",
    "winlog",
    "properties",
    "data",
    "win",
    "source",
    "fields",
    "attributes",
    "result",
];

/// The meaning of a member, by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    /// The time of the event. A lower rank is more certain.
    Own(usize),
    /// The time at which somebody received the record.
    Receipt,
    /// A part of the record with times of its own.
    Part,
}

/// The slot of a receipt in [`NAMES`]. The slots below it are the ranks of own times.
const RECEIVED: u8 = 63;

/// All these names. The slot of an own time is its rank, and a part is opened.
static NAMES: Members<{ OWN.len() + RECEIPT.len() + PARTS.len() }> = Members::new({
    assert!(OWN.len() <= RECEIVED as usize);
    let mut all = [Member::open(""); OWN.len() + RECEIPT.len() + PARTS.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < OWN.len() {
            Member::new(OWN[at], at as u8, 0)
        } else if at < OWN.len() + RECEIPT.len() {
            Member::new(RECEIPT[at - OWN.len()], RECEIVED, 0)
        } else {
            Member::open(PARTS[at - OWN.len() - RECEIPT.len()])
        };
        at += 1;
    }
    all
});

impl Name {
    fn of(key: &[u8]) -> Option<Self> {
        if matches!(key, b"@timestamp" | b"_time" | b"_indextime") {
            return Some(Self::Receipt);
        }
        let mut letters = [0; spelled::NAME];
        let name = NAMES.set().find(spelled::letters(key, &mut letters)?)?;
        Some(match name.slot() {
            None => Self::Part,
            Some(RECEIVED) => Self::Receipt,
            Some(rank) => Self::Own(rank.into()),
        })
    }
}

/// The time of one record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct When<'a> {
    /// The record's own time. If none can be read, the time of receipt. `None` if the record has no time at all.
    pub stamp: Option<Stamp>,
    /// The time of receipt, if it may tell the zone of `stamp`.
    pub receipt: Option<Timestamp>,
    /// The text of a time that cannot be read, if the record has no other.
    pub unread: &'a [u8],
}

impl When<'_> {
    /// A point in time.
    #[must_use]
    pub const fn at(time: Timestamp) -> Self {
        Self { stamp: Some(Stamp::At(time)), receipt: None, unread: &[] }
    }
}

/// All times of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times<'a> {
    /// The best time of the event that names its zone.
    pub zoned: Option<Timestamp>,
    /// The best time of the event that leaves its zone or year open.
    pub open: Option<Stamp>,
    /// The time of receipt.
    pub receipt: Option<Stamp>,
    /// The first time that cannot be read.
    pub unread: Option<&'a [u8]>,
}

impl<'a> Times<'a> {
    /// Searches a record for its times. O(n).
    #[must_use]
    pub fn of(object: &Object<'a>, zone: Zone<'_>) -> Self {
        let mut search = Search {
            times: Self::default(),
            zoned: usize::MAX,
            open: (usize::MAX, &[]),
            received: &[],
            parts: [None; 2],
            left: MOST,
        };
        search.object(object, zone, 0);
        search.halves(zone);
        search.times
    }
}

/// A search of one record, with the ranks of the times found so far.
struct Search<'a> {
    times: Times<'a>,
    zoned: usize,
    /// The rank and the value. Of equal ranks the greater value stays, so that the order of members does not matter.
    open: (usize, &'a [u8]),
    /// The text of a receipt time that leaves its zone or year open.
    received: &'a [u8],
    /// A date and a clock that stand in two members.
    parts: [Option<&'a [u8]>; 2],
    /// How many more members may be searched.
    left: u32,
}

impl<'a> Search<'a> {
    /// Searches one object, and calls itself for the parts of the record, down to [`DEEPEST`] levels.
    fn object(&mut self, object: &Object<'a>, zone: Zone<'_>, depth: usize) {
        for (key, value) in object.fields() {
            let Some(left) = self.left.checked_sub(1) else { return };
            self.left = left;
            if key.escaped {
                continue;
            }
            match Name::of(key.raw) {
                None => {}
                Some(Name::Part) => {
                    if depth < DEEPEST
                        && let Some(inner) = value.as_object()
                    {
                        self.object(&inner, zone, depth + 1);
                    }
                }
                Some(Name::Receipt) => {
                    if let Some(stamp) = of(value, zone) {
                        self.receipt(stamp, value);
                    }
                }
                Some(Name::Own(rank)) => {
                    let zone = match key.raw {
                        // The Azure portal exports times with the month first.
                        key if key.ends_with(b" [UTC]") => Zone::UTC.with_order(Some(stamp::Order::MonthDay)),
                        key if key.ends_with(b" [Local Time]") => {
                            zone.with_order(Some(stamp::Order::MonthDay))
                        }
                        // Windows' own name for a time: always UTC.
                        _ if rank < SYSTEM || value.kind == Kind::Object => zone.utc_alike(),
                        _ => zone,
                    };
                    if let Some(stamp) = of(value, zone) {
                        self.own(stamp, rank, value);
                    }
                    if key.raw.eq_ignore_ascii_case(b"date") {
                        self.parts[0] = self.parts[0].max(Some(value.raw));
                    } else if key.raw.eq_ignore_ascii_case(b"time") {
                        self.parts[1] = self.parts[1].max(Some(value.raw));
                    }
                }
            }
        }
    }

    fn own(&mut self, stamp: Stamp, rank: usize, value: Value<'a>) {
        match stamp {
            // Of equal ranks the earliest time wins.
            Stamp::At(time)
                if rank < self.zoned
                    || rank == self.zoned && self.times.zoned.is_some_and(|held| time < held) =>
            {
                (self.zoned, self.times.zoned) = (rank, Some(time));
            }
            Stamp::Local(_) | Stamp::Yearless(_)
                if rank < self.open.0 || rank == self.open.0 && value.raw > self.open.1 =>
            {
                (self.open, self.times.open) = ((rank, value.raw), Some(stamp));
            }
            Stamp::Unread => self.times.unread = self.times.unread.or(Some(value.raw)),
            _ => {}
        }
    }

    fn receipt(&mut self, stamp: Stamp, value: Value<'a>) {
        match (stamp, self.times.receipt) {
            (Stamp::Unread, _) => self.times.unread = self.times.unread.or(Some(value.raw)),
            // The earliest receipt wins, but a point in time beats a time that leaves something open.
            (Stamp::At(time), Some(Stamp::At(held))) if time >= held => {}
            (Stamp::At(_), _) => self.times.receipt = Some(stamp),
            (_, Some(Stamp::At(_))) => {}
            _ if value.raw > self.received => {
                (self.received, self.times.receipt) = (value.raw, Some(stamp));
            }
            _ => {}
        }
    }

    /// Joins a date and a clock that stand in two members.
    fn halves(&mut self, zone: Zone<'_>) {
        let (None, None, [Some(date), Some(time)]) = (self.times.zoned, self.times.open, self.parts) else {
            return;
        };
        let mut both = Vec::new();
        if date.len() + time.len() < LONGEST {
            both.extend_from_slice(date);
            both.push(b' ');
            both.extend_from_slice(time);
        }
        match stamp::read(&both, zone) {
            Some(Stamp::At(time)) => self.times.zoned = Some(time),
            stamp => self.times.open = stamp,
        }
    }
}

/// Reads the time in a value, in any form and unit. The value is a text, a number, a list (its first element counts),
/// or an object around a time. Such objects are `{"@SystemTime":…}`, `{"$date":…}` and `{"seconds":…,"nanos":…}`.
/// Returns `None` if the value says nothing.
#[must_use]
pub fn of(value: Value<'_>, zone: Zone<'_>) -> Option<Stamp> {
    let mut value = value;
    for _ in 0..DEEPEST {
        match value.kind {
            Kind::Str | Kind::Num => return text(value, zone),
            Kind::Array => value = value.as_array()?.next()?,
            Kind::Object => match inside(&value.as_object()?) {
                Inside::Value(inner) => value = inner,
                Inside::Time(time) => return Some(Stamp::At(time)),
                Inside::Nothing => return Some(Stamp::Unread),
            },
            Kind::Bool | Kind::Null => return None,
        }
    }
    Some(Stamp::Unread)
}

/// The content of an object around a time.
enum Inside<'a> {
    Value(Value<'a>),
    Time(Timestamp),
    Nothing,
}

fn inside<'a>(object: &Object<'a>) -> Inside<'a> {
    const NAMES: [&str; 6] = ["systemtime", "date", "numberlong", "value", "attributes", "datetime"];
    let (mut best, mut seconds, mut nanos) = (None, None, 0);
    for (key, value) in object.fields() {
        match key.raw {
            b"seconds" => seconds = value.as_i64(),
            b"nanos" => nanos = value.as_i64().unwrap_or(0),
            _ => {}
        }
        if let Some(rank) = NAMES.iter().position(|name| spelled::is(key.raw, name))
            && best.is_none_or(|(before, _)| rank < before)
        {
            best = Some((rank, value));
        }
    }
    match (best, seconds) {
        (Some((_, value)), _) => Inside::Value(value),
        (None, Some(seconds)) => {
            Inside::Time(Timestamp(seconds.saturating_mul(1_000_000).saturating_add(nanos / 1_000)))
        }
        (None, None) => Inside::Nothing,
    }
}

/// Reads a text or number as a time.
fn text(value: Value<'_>, zone: Zone<'_>) -> Option<Stamp> {
    let mut plain = Vec::new();
    if value.raw.len() > LONGEST {
        return Some(Stamp::Unread);
    }
    // Some encoders escape slashes and letters outside ASCII.
    let raw = match value.escaped {
        true => {
            unescape_into(value.raw, &mut plain);
            plain.trim_ascii()
        }
        false => value.raw.trim_ascii(),
    };
    if matches!(raw, b"" | b"-" | b"null" | b"None" | b"N/A") {
        return None;
    }
    // PowerShell 5 writes `/Date(1772359200000)/`, perhaps with an offset that changes nothing.
    let date = raw.strip_prefix(b"/Date(").and_then(|rest| rest.strip_suffix(b")/"));
    let raw = date.map_or(raw, |date| {
        let digits = date.iter().take_while(|byte| byte.is_ascii_digit()).count();
        date.get(..digits).unwrap_or_default()
    });
    Some(stamp::read(raw, zone).unwrap_or(Stamp::Unread))
}

/// Reads a text as a time, like [`of`].
#[must_use]
pub fn of_text(text: &str, zone: Zone<'_>) -> Option<Stamp> {
    of(Value { kind: Kind::Str, raw: trim(text).as_bytes(), escaped: false }, zone)
}

#[cfg(test)]
mod tests;
