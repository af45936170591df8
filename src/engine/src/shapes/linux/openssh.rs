//! OpenSSH for Windows, which writes sshd's messages into the channel `OpenSSH/Operational` of the event log.
//! `process` is the program, and `payload` is the line.
//!
//! The event is read by its markup. Windows escapes the content of elements, so a client cannot write markup.

use crate::event::{Event, text};
use crate::find::find;
use crate::json::{Member, Members, Object, Slots, read};
use crate::stamp::{Stamp, Zone};
use crate::times;
use alloc::string::String;

/// The event, and its time if known.
pub type Said = Option<(Event<'static>, Option<Stamp>)>;

/// Reads an event as XML. O(n).
#[must_use]
pub fn decode_xml(event: &[u8]) -> Said {
    let system = element(event, b"<System", b"</System>")?;
    let provider = element(system, b"<Provider", b">")?;
    let channel = element(system, b"<Channel>", b"</Channel>")?;
    if find(provider, b"OpenSSH").is_none() || channel != b"OpenSSH/Operational" {
        return None;
    }
    let data = element(event, b"<EventData>", b"</EventData>")?;
    let named = |double: &[u8], single: &[u8]| {
        element(data, double, b"</Data>").or_else(|| element(data, single, b"</Data>"))
    };
    let process = named(b"<Data Name=\"process\">", b"<Data Name='process'>")?;
    let payload = named(b"<Data Name=\"payload\">", b"<Data Name='payload'>")?;
    let time = element(system, b"SystemTime=", b">").and_then(|time| {
        let (quote, time) = time.split_first()?;
        let end = time.iter().position(|byte| byte == quote)?;
        times::of_text(core::str::from_utf8(time.get(..end)?).ok()?, Zone::UTC)
    });
    let host = element(system, b"<Computer>", b"</Computer>").unwrap_or_default();
    let pid = element(system, b"ProcessID=", b">").and_then(|pid| {
        let pid = pid.get(1..)?;
        let digits = pid.iter().take_while(|byte| byte.is_ascii_digit()).count();
        core::str::from_utf8(pid.get(..digits)?).ok()?.parse().ok()
    });
    said(process, &plain(payload), host, pid, time)
}

static MEMBERS: Members<12> = Members::new([
    Member::open("Event"),
    Member::open("Event.System"),
    Member::new("Event.System.Channel", CHANNEL, 0),
    Member::new("Event.System.Computer", HOST, 0),
    Member::open("Event.System.TimeCreated"),
    Member::open("Event.System.TimeCreated.#attributes"),
    Member::new("Event.System.TimeCreated.#attributes.SystemTime", TIME, 0),
    Member::open("Event.System.Execution"),
    Member::open("Event.System.Execution.#attributes"),
    Member::new("Event.System.Execution.#attributes.ProcessID", PID, 0),
    Member::open("Event.EventData"),
    Member::new("Event.EventData.payload", PAYLOAD, 0),
]);
const CHANNEL: u8 = 0;
const HOST: u8 = 1;
const TIME: u8 = 2;
const PID: u8 = 3;
const PAYLOAD: u8 = 4;

/// Reads an event in the form of the `evtx` crate. O(n).
#[must_use]
pub fn decode(object: &Object<'_>) -> Said {
    let mut found = Slots::default();
    if !read(object, MEMBERS.set(), &mut found) || !found.get(CHANNEL)?.says("OpenSSH/Operational") {
        return None;
    }
    let process = object.get("Event")?.as_object()?.get("EventData")?.as_object()?.get("process")?;
    let payload = found.get(PAYLOAD)?.as_str()?;
    let host = found.get(HOST).and_then(|host| host.as_str()).unwrap_or_default();
    let pid = found.get(PID).and_then(|pid| pid.as_i64()).and_then(|pid| u32::try_from(pid).ok());
    let time = found.get(TIME).and_then(|time| times::of(time, Zone::UTC));
    said(process.raw, &payload, host.as_bytes(), pid, time)
}

fn said(process: &[u8], payload: &str, host: &[u8], pid: Option<u32>, time: Option<Stamp>) -> Said {
    if !matches!(process, b"sshd" | b"sshd-session" | b"sshd-auth") {
        return None;
    }
    let mut event = super::decode(process, payload.as_bytes())?.into_owned();
    event.host = text(host).into_owned().into();
    event.pid = pid;
    Some((event, time))
}

/// The text between two other texts.
fn element<'t>(text: &'t [u8], begin: &[u8], end: &[u8]) -> Option<&'t [u8]> {
    let rest = text.get(find(text, begin)? + begin.len()..)?;
    rest.get(..find(rest, end)?)
}

/// Resolves the references in a text.
fn plain(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn events_of_the_operational_channel() {
        let line = "Failed password for bob from 203.0.113.9 port 41000 ssh2";
        let xml = |channel: &str, payload: &str| {
            format!("<Event xmlns='x'><System><Provider Name='OpenSSH'/><EventID>4</EventID><TimeCreated SystemTime='2026-03-04T08:00:00.1Z'/>\
                <Execution ProcessID='17' ThreadID='1'/><Channel>{channel}</Channel><Computer>win1</Computer></System><EventData>\
                <Data Name='process'>sshd</Data><Data Name='payload'>{payload}</Data></EventData></Event>")
        };
        let (event, time) = decode_xml(xml("OpenSSH/Operational", line).as_bytes()).unwrap();
        assert_eq!((&*event.user, &*event.host, event.pid), ("bob", "win1", Some(17)));
        assert!(event.src_ip.is_some() && time.is_some());
        assert!(decode_xml(xml("Application", line).as_bytes()).is_none());
        assert!(decode_xml(xml("OpenSSH/Operational", "Server listening on :: port 22.").as_bytes()).is_none());
        let json = format!(
            r##"{{"Event":{{"System":{{"Channel":"OpenSSH/Operational","Computer":"win1","TimeCreated":{{"#attributes":{{"SystemTime":"2026-03-04T08:00:00.1Z"}}}},"Execution":{{"#attributes":{{"ProcessID":17}}}}}},"EventData":{{"process":"sshd","payload":"{line}"}}}}}}"##
        );
        let (from_json, json_time) = decode(&Object::new(json.as_bytes()).unwrap()).unwrap();
        assert_eq!((from_json, json_time), (event, time));
    }
}
