//! Tells the header of a table from a line of a log.

use crate::columns::COLUMNS;
use crate::csv::{Fields, is_event_viewer, separator_of};
use std::collections::HashSet;

/// The degree of certainty that a line names columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// Certain: two of the names are known.
    Known,
    /// Possible, if the next line has as many columns.
    Possible,
    /// The line names no columns.
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
            // With two known names, an empty or repeated name does no harm.
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
        // Plain text may be a word, a comma and a word.
        3.. if words && separator != b'|' => Likeness::Possible,
        5.. if seen.len() == columns && separator != b'|' => Likeness::Possible,
        _ => Likeness::None,
    }
}

/// True if the second row suggests that the first one holds names: it has as many columns, and values that are no
/// names.
pub(crate) fn fits(header: &[u8], row: &[u8]) -> bool {
    let separator = separator_of(header);
    let fields = || Fields::new(row, separator);
    if is_event_viewer(Fields::new(header, separator).count(), fields) {
        return true;
    }
    fields().count() == Fields::new(header, separator).count()
        && fields().any(|field| field.first().is_some_and(|b| !b.is_ascii_alphabetic()) || field.len() > 64)
}

/// True if a second line could be a row under a header of known names: it has several values, or a quote that is open.
pub(crate) fn may_fit(header: &[u8], row: &[u8]) -> bool {
    let separator = separator_of(header);
    (begins_with_text(header) || !is_log_line(row)) && (row.contains(&separator) || row.starts_with(b"\""))
}

/// True if the first column holds the lines of a log.
pub(crate) fn begins_with_text(header: &[u8]) -> bool {
    const NAMES: [&str; 9] = ["_raw", "message", "@message", "msg", "log", "line", "raw", "text", "event"];
    let header = header.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(header);
    let first = Fields::new(header, separator_of(header)).next().unwrap_or_default();
    NAMES.iter().any(|name| first.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
}

/// True for a line of a syslog daemon. It begins with a priority, or with a time and a blank. No value of a table does.
pub(crate) fn is_log_line(line: &[u8]) -> bool {
    let shape = |pattern: &[u8]| {
        line.len() >= pattern.len()
            && pattern.iter().zip(line).all(|(pattern, byte)| match pattern {
                b'A' => byte.is_ascii_uppercase(),
                b'a' => byte.is_ascii_lowercase(),
                b'0' => byte.is_ascii_digit(),
                b'_' => *byte == b' ' || byte.is_ascii_digit(),
                other => byte == other,
            })
    };
    shape(b"Aaa _0 00:00:00 ")
        || (shape(b"0000-00-00T00:00:00")
            && line.get(19..).is_some_and(|rest| {
                let end =
                    rest.iter().position(|b| !matches!(b, b'0'..=b'9' | b'.' | b':' | b'+' | b'-' | b'Z'));
                end.is_some_and(|end| rest.get(end) == Some(&b' '))
            }))
        || (line.starts_with(b"<")
            && line.iter().take(5).position(|b| *b == b'>').is_some_and(|end| {
                end > 1 && line.get(1..end).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
            }))
}

/// True for the heading of `evtx_dump` above each event: `Record 17`.
pub(crate) fn is_dump_heading(line: &[u8]) -> bool {
    let number = line.trim_ascii_end().strip_prefix(b"Record ").unwrap_or_default();
    !number.is_empty() && number.iter().all(u8::is_ascii_digit)
}

/// True if this could be the name of a column: no number, no time, no sentence.
fn is_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '@' | '#' | '$'))
        && name.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ')' | ']' | '?'))
        && !name.contains(|c: char| {
            c.is_control() || matches!(c, ':' | '=' | '"' | '{' | '}' | '<' | '>' | ',' | ';' | '\\' | '!')
        })
}

/// True if an export of sign-ins, logons or audit records has a column of this name.
fn is_known(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(" [utc]").or(name.strip_suffix(" (utc)")).unwrap_or(&name);
    KNOWN.contains(&name)
}

/// The columns of exports, and the names that pipelines give to the same fields. The exports are those of Entra's
/// portal, Log Analytics, Purview and `Search-UnifiedAuditLog`, the Event Viewer and `Get-WinEvent`, Okta, Duo and
/// Exchange.
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
