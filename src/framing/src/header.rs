//! Tells the header of a table from a line of a log.

use crate::columns::COLUMNS;
use crate::csv::{Fields, separator_of};
use std::collections::HashSet;

/// How sure it is that a line names columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// Sure: two of the names are known.
    Known,
    /// Possible, if the next line has as many columns.
    Possible,
    /// It names none.
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
            // With two known names, one that is missing or repeated does no harm.
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
    fields().count() == Fields::new(header, separator).count()
        && fields().any(|field| field.first().is_some_and(|b| !b.is_ascii_alphabetic()) || field.len() > 64)
}

/// True if the name of a column could look like this: no number, no time, no sentence.
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

/// The columns of exports: Entra's portal, Log Analytics, Purview and `Search-UnifiedAuditLog`, the Event Viewer and
/// `Get-WinEvent`, Okta, Duo, Exchange; and the names that pipelines give to the same fields.
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
