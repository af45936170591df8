//! Events 4624 and 4625 of the Windows Security log, in the layouts of many collectors. Also changes of accounts
//! (`change.rs`).
//!
//! | shape | layout |
//! |---|---|
//! | `evtx-dump` | `Event.System.…`, `Event.EventData.…`, attributes as `#attributes` or `…_attributes` (the `evtx` crate) |
//! | `winlogbeat` | `winlog.…` and ECS, nested or dotted (Winlogbeat, Elastic Agent) |
//! | `nxlog` | flat, `SourceName` (NXLog; the Security Datasets of OTRF) |
//! | `winevtlog` | flat, `ProviderName`, data by position in `StringInserts` (Fluent Bit) |
//! | `vector-windows` | `event_id`, `event_data.…` (Vector) |
//! | `security-event` | the columns of `SecurityEvent` and `WindowsEvent` (Azure Monitor) |
//! | `windows-xml` | the event as XML, raw or in a field (Windows itself, Splunk, `render_event_as_xml`) |
//!
//! The id alone proves nothing (`EventSystem` also has a 4625). Provider and channel decide, each if it is given.
//! Data is read from named fields. If there are none, it is read by position, from XML, or from the message text, in
//! this order.
//!
//! Fields and codes: Microsoft Learn, "4624(S): An account was successfully logged on", "4625(F): An account failed
//! to log on". Layouts: the sources of `evtx`, Fluent Bit's `in_winevtlog` and Vector's `windows_event_log`; the
//! documentation of Winlogbeat, NXLog's `im_msvistalog` and the Azure Monitor tables.

mod change;
mod codes;
#[cfg(test)]
mod exports;
pub(super) mod logon;
mod message;
mod members;
mod text;
#[cfg(test)]
mod tests;
mod xml;

use crate::carriers::slot::TEXT;
use super::room::{MICROSOFT, WEAK};
use super::{Given, Grasp, Room, Said, Sign, World, ecs, is_xml, named};
use crate::event::{Event, Text};
use crate::json::{Items, Kind, Member, Object, Slots, Value, read};
use crate::stamp::{Order, Zone};
use alloc::borrow::Cow;
use logon::{FIELDS, Logon, field};
use members::{MEMBERS, slot};

/// The ranks of the marks. A record of Beats also has the mark of ECS, but it is no ECS event.
pub(crate) const BEATS: u8 = 0;
const OTHERS: u8 = 1;

named! {
    /// The shapes of its records.
    pub enum Shape {
        EvtxDump = "evtx-dump",
        Winlogbeat = "winlogbeat",
        Nxlog = "nxlog",
        Winevtlog = "winevtlog",
        Vector = "vector-windows",
        SecurityEvent = "security-event",
        Xml = "windows-xml",
    }
}

/// The data about the family.
pub const ROOM: Room = Room {
    title: "Windows 4624, 4625",
    layouts: &[
        "`.evtx`",
        "evtx_dump",
        "Winlogbeat and Elastic Agent",
        "NXLog",
        "Fluent Bit `winevtlog`",
        "Vector `windows_event_log`",
        "Azure `SecurityEvent`, `WindowsEvent` and `Event`",
        "XML, also turned into JSON",
        "PowerShell's `Get-WinEvent` and `Get-EventLog`",
        "`wevtutil /f:text`",
        "Splunk's fields and text",
        "Wazuh",
        "Snare",
        "EvtxECmd",
        "osquery",
    ],
    needles: &["4624", "4625", change::NEEDLES[0], change::NEEDLES[1], change::NEEDLES[2], change::NEEDLES[3]],
    signs: &[Sign {
        words: &[
            "EventID", "event_id", "EventCode", "Event ID", "event.code", "TargetUserName",
            "Security-Auditing",
        ],
        with: &["4624", "4625"],
    }],
    marks: &[
        // Beats write ECS fields too.
        Member::new("winlog", 0, BEATS),
        Member::new("winlog.event_id", 0, BEATS),
        Member::new("winlog.channel", 0, BEATS),
        Member::new("winlog.provider_name", 0, BEATS),
        // evtx_dump; NXLog, Fluent Bit and Azure; Vector.
        Member::new("Event.System", 0, OTHERS),
        Member::new("EventID", 0, OTHERS),
        Member::new("event_id", 0, OTHERS),
        // Fluent Bit with `render_event_as_xml`.
        Member::or_open("System", 0, OTHERS),
        Member::new("System.EventID", 0, OTHERS),
        // Wazuh, inside `win`.
        Member::open("system"),
        Member::new("system.eventID", 0, OTHERS),
        // Splunk; PowerShell; EvtxECmd; osquery.
        Member::new("EventCode", 0, OTHERS),
        Member::new("TimeCreated", 0, WEAK),
        Member::new("LevelDisplayName", 0, WEAK),
        Member::new("Event ID", 0, WEAK),
        Member::new("eventid", 0, WEAK),
    ],
    // Records whose only content is the event as XML: NXLog, and others that keep it in a field.
    holds: &[
        Member::new("EventXML", TEXT, 9),
        Member::new("xml", TEXT, 9),
        Member::new("Xml", TEXT, 9),
        Member::or_open("Event", TEXT, 9),
    ],
    keepers: &[
        MICROSOFT,
        &[
            ("windows", 5),
            ("winevt", 5),
            ("winevtlog", 5),
            ("winlog", 5),
            ("winlogbeat", 5),
            ("mswineventlog", 5),
            ("wineventlog", 5),
            ("eventlog", 5),
            ("system.", 8),
        ],
    ],
    // Winlogbeat's module for the Security log has the name `security`.
    worlds: &[World::Whole("security"), World::Words("system", "security"), World::Word("windows")],
    members: &[MEMBERS.set()],
    decode: Some(decode),
    text: Some(text::decode),
    ..Room::EMPTY
};

/// Decodes a record.
#[must_use]
pub fn decode<'a>(object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    let mut found = Slots::<'a>::default();
    if !read(object, MEMBERS.set(), &mut found) {
        return None;
    }
    let mut logon = Logon::default();
    // The portal writes the month first.
    let (zone, month_first) = (given.zone, Some(Order::MonthDay));
    logon.stamp = super::time(&found, slot::UTC, Zone::UTC.with_order(month_first))
        .or_else(|| super::time(&found, slot::LOCAL, zone.with_order(month_first)))
        .or_else(|| super::time(&found, field::TIME, zone));
    for slot in 0..FIELDS {
        if let Some(value) = found.get(slot)
            && let Some(text) = value.as_text().or_else(|| last(value))
        {
            logon.put(slot, text);
        }
    }
    // Splunk joins the account of the subject and that of the logon. In a table these are two lines.
    if found.rank(field::USER) == Some(SPLUNK) {
        for slot in [field::USER, field::DOMAIN, field::SID] {
            logon.keep_last_line(slot);
        }
    }
    for (slot, field) in [
        (slot::EVTX_ID, field::ID),
        (slot::WINLOG_ID, field::ID),
        (slot::VECTOR_ID, field::ID),
        (slot::FLUENT, field::PROVIDER),
    ] {
        logon.put(field, super::text(&found, slot));
    }
    logon.shape = layout(&found);
    if change::of(&logon).is_some() {
        if logon.get(field::TARGET).is_empty() {
            unnamed(&found, &mut logon);
        }
        return settled(logon, zone, given, object.raw());
    }
    if logon.outcome().is_none() {
        // Without an id, the only content may be the event as XML.
        let xml = found.get(slot::XML).filter(|_| logon.get(field::ID).is_empty())?.as_str()?;
        return whole(xml, given);
    }
    if logon.get(field::TYPE).is_empty() {
        unnamed(&found, &mut logon);
    }
    if logon.get(field::TYPE).is_empty() {
        if let Some(xml) = found.get(slot::XML).and_then(|value| value.as_str())
            && let Some(said) = whole(xml, given)
        {
            return Some(said);
        }
        // The user and the address may be in ECS fields only.
        if found.get(slot::WINLOG_ID).is_some() && logon.is_empty() && logon.is_security() {
            return ecs::decode_windows(object, given);
        }
    }
    // Hayabusa's timelines report matched rules, in columns of their own.
    if object.get("RuleTitle").is_some() {
        given.grasped(Grasp::Missed);
        return None;
    }
    settled(logon, zone, given, object.raw())
}

/// Makes an event from a logon or a change of an account, and says how much of it was understood.
fn settled<'a>(logon: Logon<'a>, zone: Zone<'_>, given: Given<'_>, record: &[u8]) -> Said<'a> {
    if let Some(change) = change::of(&logon) {
        given.grasped(Grasp::Whole);
        return change::event(logon, change, zone, record);
    }
    given.grasped(if logon.is_missed() { Grasp::Missed } else { Grasp::Whole });
    logon.event(zone)
}

/// The rank of the account under the name of Splunk's classic inputs.
const SPLUNK: u8 = 5;

/// The last of several texts.
fn last<'a>(value: Value<'a>) -> Option<Text<'a>> {
    value.as_array()?.last()?.as_text()
}

/// The layout of a record.
fn layout(found: &Slots<'_>) -> Shape {
    let has = |slot| found.get(slot).is_some();
    if has(slot::EVTX_ID) {
        Shape::EvtxDump
    } else if has(slot::WINLOG_ID) {
        Shape::Winlogbeat
    } else if has(slot::VECTOR_ID) {
        Shape::Vector
    } else if has(slot::AZURE) {
        Shape::SecurityEvent
    } else if has(slot::INSERTS) || has(slot::FLUENT) {
        Shape::Winevtlog
    } else {
        Shape::Nxlog
    }
}

/// Reads data without names in the record: by position, in XML, or in the message text.
fn unnamed<'a>(found: &Slots<'a>, logon: &mut Logon<'a>) {
    match found.get(slot::INSERTS) {
        Some(value) if value.kind == Kind::Array => inserts(value.raw, logon),
        Some(value) => within(value.as_str(), logon, inserts),
        None => {}
    }
    if let Some(list) = found.get(slot::DATA).filter(|value| value.kind == Kind::Array) {
        inserts(list.raw, logon);
    }
    let data = found.get(slot::DATA);
    let data = data.and_then(|value| value.as_object().map(|_| crate::event::text(value.raw)).or_else(|| value.as_str()));
    if logon.get(field::TYPE).is_empty() && data.is_some() {
        within(data, logon, |text, logon| match Object::new(text) {
            Some(object) => named(&object, logon),
            None => xml::read_data(text, logon),
        });
    }
    if logon.get(field::TYPE).is_empty() {
        within(found.get(slot::PARAMETERS).and_then(|value| value.as_str()), logon, xml::read_data);
    }
    if logon.get(field::TYPE).is_empty() {
        within(found.get(slot::MESSAGE).and_then(|value| value.as_str()), logon, message::read);
    }
}

/// Reads data by position, from a JSON array.
fn inserts<'t>(array: &'t [u8], logon: &mut Logon<'t>) {
    for (place, value) in Items::new(array).into_iter().flatten().take(logon::PLACES).enumerate() {
        // An object is one item with its name, or the value of a PowerShell object.
        let (slot, value) = match value.as_object() {
            Some(item) => pair(&item).unwrap_or((None, None)),
            None => (None, Some(value)),
        };
        if let Some(slot) = slot.or_else(|| logon.slot_at(place))
            && let Some(text) = value.and_then(|value| value.as_text())
            && !text.starts_with("System.Diagnostics.Eventing.")
        {
            // At its depth limit, PowerShell writes the name of the type in place of the value.
            logon.put(slot, text);
        }
    }
}

/// The name and value of one item, in the forms of XML converted to JSON: `{"@Name": …, "#text": …}`. An item with an
/// unknown name is not read by its position.
fn pair<'t>(item: &Object<'t>) -> Option<(Option<u8>, Option<Value<'t>>)> {
    let of = |names: &[&str]| names.iter().find_map(|name| item.get(name));
    let attributes = of(&["#attributes", "$", "_attributes"]).and_then(|value| value.as_object());
    let name = of(&["@Name", "@_Name", "Name", "name"]).or_else(|| attributes?.get("Name"));
    let value = of(&["#text", "_", "_text", "Value", "value", "text", "Text", "content"]);
    match name {
        Some(name) => Some((Some(logon::by_name(name.raw)?), value)),
        None if value.is_some() => Some((None, value)),
        // The OpenTelemetry receiver writes `{"TargetUserName": …}`.
        None => item.fields().next().and_then(|(key, value)| Some((Some(logon::by_name(key.raw)?), Some(value)))),
    }
}

/// Reads data by name from an object in a string: names and values, a list of pairs under `Data`, or either of these
/// under `EventData`.
fn named<'t>(object: &Object<'t>, logon: &mut Logon<'t>) {
    let inner = object.get("EventData").and_then(|value| value.as_object());
    let object = inner.as_ref().unwrap_or(object);
    if let Some(list) = object.get("Data").or_else(|| object.get("data")).filter(|value| value.kind == Kind::Array) {
        return inserts(list.raw, logon);
    }
    for (key, value) in object.fields() {
        if !key.escaped
            && let Some(slot) = logon::by_name(key.raw)
            && let Some(text) = Value::as_text(&value)
        {
            logon.put(slot, text);
        }
    }
}

/// Reads a text inside the record. The results borrow from the record if the text does, and are copied if it had
/// escapes.
fn within<'a>(
    text: Option<Text<'a>>,
    logon: &mut Logon<'a>,
    read: impl for<'t> Fn(&'t [u8], &mut Logon<'t>),
) {
    match text {
        Some(Cow::Borrowed(text)) => read(text.as_bytes(), logon),
        Some(Cow::Owned(text)) => {
            let mut inner = Logon::default();
            inner.put(field::ID, Cow::Borrowed(logon.get(field::ID)));
            read(text.as_bytes(), &mut inner);
            let inner = inner.into_owned();
            logon.absorb(inner);
        }
        None => {}
    }
}

/// Decodes a field that holds the whole event as XML.
fn whole<'a>(text: Text<'a>, given: Given<'_>) -> Said<'a> {
    match text {
        Cow::Borrowed(text) => decode_xml(text.as_bytes(), given),
        Cow::Owned(text) => {
            decode_xml(text.as_bytes(), given).map(|(event, time)| (Event::into_owned(event), time))
        }
    }
}

/// Decodes an event in XML. Of several events, the first counts.
#[must_use]
pub fn decode_xml<'a>(text: &'a [u8], given: Given<'_>) -> Said<'a> {
    let mut logon = Logon::default();
    logon.shape = Shape::Xml;
    if !is_xml(text) || !xml::read_event(text, &mut logon) {
        return None;
    }
    // `SystemTime`, the only time, is in UTC.
    settled(logon, given.zone.utc_alike(), given, text)
}
