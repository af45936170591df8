//! Names of columns, as the keys of JSON objects, and how a row of them is told from a line of a log.

use crate::csv::{Fields, separator_of};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// No header has more columns. Further ones have no name.
const COLUMNS: usize = 4096;

/// Names are cut to this, in bytes: they are written with every value.
const LENGTH: usize = 256;

/// The names of columns, each as the inside of a JSON string.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    keys: Vec<Vec<u8>>,
    /// The names, and how often each was said by now.
    taken: HashMap<String, usize>,
}

impl Keys {
    pub(crate) fn new<'n>(names: impl Iterator<Item = Cow<'n, [u8]>>) -> Self {
        let mut keys = Self::default();
        names.take(COLUMNS).for_each(|name| keys.add(&String::from_utf8_lossy(&name)));
        keys
    }

    /// Adds a name. Without one, or where another column has it, it is made up.
    fn add(&mut self, name: &str) {
        let name = name.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || c.is_control());
        let mut end = name.len().min(LENGTH);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        let name = match name.get(..end).unwrap_or_default() {
            "" => &format!("column_{}", self.keys.len() + 1),
            name => name,
        };
        let Some(said) = self.taken.get(name) else {
            self.keys.push(escaped(name));
            self.taken.insert(name.to_owned(), 1);
            return;
        };
        // Numbers go on where they ended: a header of nothing but one name would take forever.
        let mut number = said + 1;
        let mut unique = format!("{name}_{number}");
        while self.taken.contains_key(&unique) {
            number += 1;
            unique = format!("{name}_{number}");
        }
        self.keys.push(escaped(&unique));
        self.taken.insert(unique, 1);
        if let Some(said) = self.taken.get_mut(name) {
            *said = number;
        }
    }

    /// Makes up names for further columns, `width` in all.
    pub(crate) fn widen(&mut self, width: usize) {
        while self.keys.len() < width.min(COLUMNS) {
            self.add("");
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.keys.iter().map(Vec::as_slice)
    }
}

/// The inside of a JSON string.
pub(crate) fn escaped(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend([b'\\', c as u8]),
            c if c.is_control() => out.push(b' '),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out
}

/// Excel's first line `sep=;`.
pub(crate) fn separator_line(line: &[u8]) -> Option<u8> {
    match *line {
        [s, e, p, b'=', separator] if [s, e, p].eq_ignore_ascii_case(b"sep") => Some(separator),
        _ => None,
    }
}

/// How sure one can be that a line names columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// It does: two of the names are known.
    Known,
    /// It may, if what follows has as many columns.
    Possible,
    /// It does not.
    None,
}

/// Judges the first line of a text.
pub(crate) fn likeness(line: &[u8]) -> Likeness {
    let separator = separator_of(line);
    let mut known = 0;
    let mut columns = 0;
    let mut seen = HashSet::new();
    let mut words = true;
    for field in Fields::new(line, separator) {
        columns += 1;
        let Ok(name) = std::str::from_utf8(&field) else { return Likeness::None };
        if columns > COLUMNS || !is_name(name) || !seen.insert(name.to_owned()) {
            // Names that are known are sure enough with one that is missing or said twice among them.
            if name.is_empty() || seen.contains(name) {
                words = false;
                continue;
            }
            return Likeness::None;
        }
        known += usize::from(is_known(name));
        words &= !name.contains(' ');
    }
    match columns {
        2.. if known >= 2 => Likeness::Known,
        // Somebody's text may be a word, a comma and a word.
        3.. if words && separator != b'|' => Likeness::Possible,
        5.. if seen.len() == columns && separator != b'|' => Likeness::Possible,
        _ => Likeness::None,
    }
}

/// Whether the second row speaks for the first being names: as many columns, and values that are none.
pub(crate) fn fits(header: &[u8], row: &[u8]) -> bool {
    let separator = separator_of(header);
    let fields = || Fields::new(row, separator);
    fields().count() == Fields::new(header, separator).count()
        && fields().any(|field| field.first().is_some_and(|b| !b.is_ascii_alphabetic()) || field.len() > 64)
}

/// Whether a header could name a column like this: no numbers, no times, no text.
fn is_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '@' | '#' | '$'))
        && name.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ')' | ']' | '?'))
        && !name.contains(|c: char| {
            c.is_control() || matches!(c, ':' | '=' | '"' | '{' | '}' | '<' | '>' | ',' | ';' | '\\' | '!')
        })
}

/// Whether an export of sign-ins, logons or audit records names a column like this.
fn is_known(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(" [utc]").or(name.strip_suffix(" (utc)")).unwrap_or(&name);
    KNOWN.contains(&name)
}

/// The columns of exports: Entra's portal, Log Analytics, Purview and `Search-UnifiedAuditLog`, the Event Viewer and
/// `Get-WinEvent`, Okta, Duo, Exchange; and what pipelines call such things.
const KNOWN: &[&str] = &[
    "account",
    "activity",
    "activitydatetime",
    "alternatesigninname",
    "application",
    "appdisplayname",
    "appid",
    "application id",
    "auditdata",
    "authenticationdetails",
    "authenticationrequirement",
    "category",
    "channel",
    "clientappused",
    "client app",
    "clientip",
    "client_ip",
    "computer",
    "computername",
    "conditional access",
    "conditionalaccessstatus",
    "correlation id",
    "correlationid",
    "createddatetime",
    "creationdate",
    "creationtime",
    "date",
    "date and time",
    "datetime",
    "date-time",
    "device",
    "devicedetail",
    "displaymessage",
    "domain",
    "event",
    "event id",
    "event_id",
    "eventid",
    "eventtime",
    "eventtype",
    "event_type",
    "factor",
    "failure reason",
    "failurereason",
    "host",
    "hostname",
    "id",
    "identity",
    "integration",
    "ip",
    "ip address",
    "ip_address",
    "ipaddress",
    "isinteractive",
    "keywords",
    "level",
    "location",
    "locationdetails",
    "logonerror",
    "logontype",
    "log_type",
    "logname",
    "machinename",
    "message",
    "objectid",
    "operation",
    "operationname",
    "operations",
    "outcome",
    "providername",
    "published",
    "reason",
    "recordid",
    "recordtype",
    "request id",
    "resource",
    "result",
    "resultdescription",
    "resultstatus",
    "resulttype",
    "severity",
    "sign-in error code",
    "signinlogs",
    "source",
    "source_ip",
    "sourcesystem",
    "src_ip",
    "status",
    "substatus",
    "targetaccount",
    "targetdomainname",
    "targetusername",
    "task category",
    "tenantid",
    "time",
    "timecreated",
    "timegenerated",
    "timestamp",
    "txid",
    "type",
    "user",
    "user agent",
    "user id",
    "useragent",
    "userid",
    "userids",
    "username",
    "userprincipalname",
    "uuid",
    "workload",
];
