//! Logins through IIS in front of Exchange's web services. Covers OWA's form, and the passwords that clients of EWS,
//! ActiveSync, Autodiscover, MAPI and PowerShell send with each request.
//!
//! A record is a W3C line; its `#Fields` are the names of members. Azure (`W3CIISLog`), Filebeat (`iis.access`) and
//! other parsers write the same fields under other names. Sources: "W3C Logging" and "The HTTP status code in IIS 7.0
//! and later versions" of Microsoft.
//!
//! - `POST /owa/auth.owa` sends the login form. The answer is always 302. After a success, it leads to the mailbox
//!   and the line names the user. After a failure, it leads to `logon.aspx?reason=2` and the line names no user.
//! - 401.1 with a user is a refused password. 401.1 without one, and 401.2, are steps of a handshake.
//! - A served request proves a session, not a login, so it gives no event. A mail client sends several a minute for
//!   days, and the line does not tell a password from a cookie.
//!
//! Names: `DOMAIN\user` is split. A UPN stays whole, since Microsoft 365 writes the same person so. All names are in
//! lower case. The client writes `User=` in ActiveSync's query, so it is not trusted.

#[cfg(test)]
mod tests;

use super::spelled::{Pick, gather, lower};
use super::room::mark;
use super::{Given, Provider, Room, Said, Sign, named, text};
use crate::envelope::stamp;
use crate::event::{Event, Outcome, Text};
use crate::json::{Member, Members, Object, Slots};
use crate::net::{Cidr, parse_address};
use crate::stamp::{Stamp, Zone, iso};
use core::net::IpAddr;

named! {
    /// The shapes of its records.
    pub enum Shape {
        Iis = "iis",
        Owa = "owa",
    }
}

/// The data about the family.
pub const ROOM: Room = Room {
    title: "IIS",
    layouts: &["W3C logs of OWA, EWS and ActiveSync"],
    needles: &["auth.owa", "401"],
    signs: &[Sign {
        words: &["POST /owa/auth.owa"],
        with: &[" 302 "],
    }],
    // The W3C names, and other parsers' spellings.
    marks: &[
        mark("cs-uri-stem"),
        mark("cs_uri_stem"),
        mark("csUriStem"),
        Member::open("iis"),
        mark("iis.access"),
        mark("iis.access.sub_status"),
    ],
    keepers: &[&[("exchange", 6), ("iis", 7)]],
    members: &[MEMBERS.set()],
    decode: Some(decode),
    ..Room::EMPTY
};

const PATH: u8 = 0;
const METHOD: u8 = 1;
const USER: u8 = 2;
const ADDRESS: u8 = 3;
const FORWARDED: u8 = 4;
const STATUS: u8 = 5;
const SUBSTATUS: u8 = 6;
const SYSTEM: u8 = 7;
const AGENT: u8 = 8;
const DATE: u8 = 9;
const TIME: u8 = 10;
const STAMP: u8 = 11;
const HOST: u8 = 12;

/// The fields that are read.
static MEMBERS: Members<36> = Members::new([
    Member::new("csuristem", PATH, 0),
    Member::new("urlpath", PATH, 0),
    Member::new("csmethod", METHOD, 0),
    Member::new("httprequestmethod", METHOD, 0),
    Member::new("csusername", USER, 0),
    Member::new("username", USER, 0),
    Member::new("cip", ADDRESS, 0),
    Member::new("sourceip", ADDRESS, 0),
    Member::new("sourceaddress", ADDRESS, 1),
    Member::new("xforwardedfor", FORWARDED, 0),
    Member::new("csxforwardedfor", FORWARDED, 0),
    Member::new("iisaccessxforwardedfor", FORWARDED, 0),
    Member::new("scstatus", STATUS, 0),
    Member::new("httpresponsestatuscode", STATUS, 0),
    Member::new("scsubstatus", SUBSTATUS, 0),
    Member::new("iisaccesssubstatus", SUBSTATUS, 0),
    Member::new("scwin32status", SYSTEM, 0),
    Member::new("iisaccesswin32status", SYSTEM, 0),
    Member::new("csuseragent", AGENT, 0),
    Member::new("useragentoriginal", AGENT, 0),
    Member::new("date", DATE, 0),
    Member::new("time", TIME, 0),
    Member::new("timegenerated", STAMP, 0),
    Member::new("timestamp", STAMP, 1),
    Member::new("scomputername", HOST, 0),
    Member::new("hostname", HOST, 0),
    Member::or_open("useragent", AGENT, 1),
    Member::open("iis"),
    Member::open("iisaccess"),
    Member::open("http"),
    Member::open("httprequest"),
    Member::open("httpresponse"),
    Member::open("url"),
    Member::open("source"),
    Member::open("user"),
    Member::open("host"),
]);

/// The action for a field, by its spelling.
fn pick(name: &[u8]) -> Pick {
    MEMBERS.set().find(name)
}

/// Decodes a record.
#[must_use]
pub fn decode<'a>(object: &Object<'a>, given: Given<'_>) -> Said<'a> {
    let mut found = Slots::default();
    if !gather(object, pick, &mut found) {
        return None;
    }
    let status = found.get(STATUS)?.as_i64()?;
    let substatus = found.get(SUBSTATUS).and_then(|value| value.as_i64());
    let user = said(text(&found, USER));
    let path = text(&found, PATH);
    let form = path.eq_ignore_ascii_case("/owa/auth.owa");
    let post = text(&found, METHOD).eq_ignore_ascii_case("POST");
    // If the log has no sub-status, the Windows error code says the same.
    let system = said(text(&found, SYSTEM));
    let substatus = substatus.or_else(|| words(&system).is_some().then_some(1));
    let outcome = match (status, substatus) {
        (302, _) if form && post && user.is_empty() => Outcome::Failure,
        (302, _) if form && post => Outcome::Success,
        (401, Some(1)) if !user.is_empty() => Outcome::Failure,
        _ => return None,
    };
    let shape = if service(&path).eq_ignore_ascii_case("owa") { Shape::Owa } else { Shape::Iis };
    let mut event = Event::new(shape.into(), Provider::Exchange);
    event.outcome = outcome;
    (event.domain, event.user) = account(user);
    event.src_ip = client(&text(&found, ADDRESS), &text(&found, FORWARDED), given.trusted_proxies);
    event.user_agent = said(text(&found, AGENT));
    event.host = said(text(&found, HOST));
    event.service = match path {
        Text::Borrowed(path) => service(path).into(),
        Text::Owned(path) => Text::Owned(service(&path).into()),
    };
    if form {
        event.method = "form".into();
    }
    if status == 401 {
        let (words, credential) = words(&system).unwrap_or_default();
        event.reason_text = words.into();
        event.credential = credential;
        event.reason = system;
        event.status = "401.1".into();
    } else {
        event.status = "302".into();
        if outcome == Outcome::Failure {
            event.reason_text = "the form was refused".into();
        }
    }
    Some((event, time(&found)))
}

/// The meaning of a Windows error code for a refused logon (`LogonUser`), and whether the password was right.
fn words(system: &str) -> Option<(&'static str, bool)> {
    Some(match system {
        "1326" => ("unknown user name or bad password", false),
        "1331" => ("account disabled", false),
        "1909" => ("account locked", false),
        "1330" => ("password expired", true),
        "1907" => ("password must be changed", true),
        _ => return None,
    })
}

/// Replaces the dash, which W3C logs write for an empty field.
fn said(text: Text<'_>) -> Text<'_> {
    if text == "-" { Text::Borrowed("") } else { text }
}

/// Splits an account into domain and name: `DOMAIN\user`, `user@example.com`, `user`. The name is in lower case.
pub(super) fn account(name: Text<'_>) -> (Text<'_>, Text<'_>) {
    match name {
        Text::Borrowed(name) => match name.split_once('\\') {
            Some((domain, user)) => (domain.into(), lower(user.into())),
            None => (Text::Borrowed(""), lower(name.into())),
        },
        Text::Owned(name) => match name.split_once('\\') {
            Some((domain, user)) => {
                (Text::Owned(domain.into()), Text::Owned(lower(user.into()).into_owned()))
            }
            None => (Text::Borrowed(""), lower(Text::Owned(name))),
        },
    }
}

/// The requested service: the first part of the path.
fn service(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

/// Finds the client's address. Behind proxies, all requests come from the last proxy. Each proxy appends to
/// `X-Forwarded-For` the address that it was contacted from. Addresses that the client sent itself are to the left
/// of these.
///
/// The chain is read from its end, which is the peer. Addresses in `proxies` are skipped; if `proxies` is empty,
/// private addresses are skipped. So a public peer is the client itself. If all are skipped, the leftmost address is
/// the client. The search stops at a word that is no address.
fn client(peer: &str, forwarded: &str, proxies: &[Cidr]) -> Option<IpAddr> {
    let passes = |address: IpAddr| match proxies {
        [] => is_private(address),
        proxies => proxies.iter().any(|block| block.contains(address)),
    };
    let mut nearest = None;
    for hop in core::iter::once(peer).chain(forwarded.rsplit(',')) {
        let hop = hop.trim_matches(['+', ' ', '"']);
        if matches!(hop, "" | "-") {
            continue;
        }
        let Some(address) = parse_address(hop) else { break };
        nearest = Some(address);
        if !passes(address) {
            break;
        }
    }
    nearest
}

/// True if an address is not used on the internet (RFC 1918, 6598, 3927, 4193).
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let [a, b, ..] = four.octets();
            four.is_private()
                || four.is_loopback()
                || four.is_link_local()
                || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(six) => six.is_loopback() || six.is_unique_local() || six.is_unicast_link_local(),
    }
}

/// Joins the fields `date` and `time`, which are UTC.
fn time(found: &Slots<'_>) -> Option<Stamp> {
    let (date, time) = (text(found, DATE), text(found, TIME));
    let mut both = [b'T'; 32];
    let point = both
        .get_mut(..date.len())
        .map(|place| place.copy_from_slice(date.as_bytes()))
        .and_then(|()| both.get_mut(date.len() + 1..date.len() + 1 + time.len()))
        .map(|place| place.copy_from_slice(time.as_bytes()))
        .and_then(|()| iso(both.get(..date.len() + 1 + time.len())?, Zone::UTC));
    match point {
        Some((point, _)) => Some(point),
        None => found.get(STAMP).or(found.get(TIME)).and_then(|value| stamp(value, Zone::UTC)),
    }
}
