//! Logins of identity providers and of Windows, in every form in which they are delivered.
//!
//! The forms are written from the vendors' descriptions of their logs, without use of the engine's decoders.

use crate::fact::Micros;
use chrono::{DateTime, FixedOffset, Utc};
use serde_json::{Value, json};
use std::net::IpAddr;

/// The outcome of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A wrong password.
    Failure,
    /// A login.
    Success,
    /// A second factor was asked for.
    Challenge,
    /// The challenge was refused.
    Denied,
    /// The challenge was not answered.
    Timeout,
    /// The challenge was approved.
    Approved,
}

impl Outcome {
    /// The word for the outcome, as in the WIT contract.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Success => "success",
            Self::Challenge => "challenge",
            Self::Denied => "denied",
            Self::Timeout => "timeout",
            Self::Approved => "approved",
        }
    }
}

/// One login.
#[derive(Clone, Debug)]
pub struct Login {
    /// The time, in whole milliseconds.
    pub time: Micros,
    /// The outcome.
    pub outcome: Outcome,
    /// The account, without a domain.
    pub user: String,
    /// The client's address.
    pub address: IpAddr,
    /// A number that distinguishes records.
    pub number: u64,
}

/// The domain of all accounts, for Windows names and principal names.
pub const DOMAIN: &str = "CONTOSO";

/// A form of record for a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Each is the name of a format.
pub enum Shape {
    EvtxDump,
    EvtxDumpObjectId,
    Winlogbeat,
    WinlogbeatDotted,
    Nxlog,
    NxlogStrings,
    FluentBit,
    FluentBitText,
    Vector,
    SecurityEvent,
    Xml,
    XmlInMessage,
    LogAnalytics,
    LogAnalyticsCsv,
    Graph,
    GraphList,
    Diagnostic,
    EventHub,
    PortalCsv,
    Audit,
    AuditPort,
    AuditData,
    AuditArray,
    Okta,
    OktaHook,
    OktaColumns,
    Duo,
    DuoFlat,
    Auth0,
    OwaForm,
    Iis,
    Ecs,
    EcsDotted,
    Ocsf,
}

impl Shape {
    /// The forms of Windows.
    pub const WINDOWS: &[Self] = &[
        Self::EvtxDump,
        Self::EvtxDumpObjectId,
        Self::Winlogbeat,
        Self::WinlogbeatDotted,
        Self::Nxlog,
        Self::NxlogStrings,
        Self::FluentBit,
        Self::FluentBitText,
        Self::Vector,
        Self::SecurityEvent,
        Self::Xml,
        Self::XmlInMessage,
    ];
    /// The forms of Entra and Microsoft 365.
    pub const CLOUD: &[Self] = &[
        Self::LogAnalytics,
        Self::LogAnalyticsCsv,
        Self::Graph,
        Self::GraphList,
        Self::Diagnostic,
        Self::EventHub,
        Self::PortalCsv,
        Self::Audit,
        Self::AuditPort,
        Self::AuditData,
        Self::AuditArray,
    ];
    /// The forms of IIS.
    pub const WEB: &[Self] = &[Self::OwaForm, Self::Iis];
    /// The forms of providers of second factors.
    pub const FACTORS: &[Self] =
        &[Self::Okta, Self::OktaHook, Self::OktaColumns, Self::Duo, Self::DuoFlat, Self::Auth0];
    /// The normalised forms.
    pub const NORMALISED: &[Self] = &[Self::Ecs, Self::EcsDotted, Self::Ocsf];

    /// One record, or `None` if the form cannot express the login.
    #[must_use]
    pub fn write(self, login: &Login) -> Option<String> {
        let windows = matches!(login.outcome, Outcome::Failure | Outcome::Success);
        let value = match self {
            Self::EvtxDump => windows.then(|| evtx(login, json!(event_id(login))))?,
            Self::EvtxDumpObjectId => windows
                .then(|| evtx(login, json!({"#attributes": {"Qualifiers": ""}, "#text": event_id(login)})))?,
            Self::Winlogbeat | Self::WinlogbeatDotted if !windows => return None,
            Self::Winlogbeat => winlogbeat(login),
            Self::WinlogbeatDotted => flattened(&winlogbeat(login)),
            Self::Nxlog | Self::NxlogStrings if !windows => return None,
            Self::Nxlog => nxlog(login, json!(event_id(login)), json!(3)),
            Self::NxlogStrings => nxlog(login, json!(event_id(login).to_string()), json!("3")),
            Self::FluentBit | Self::FluentBitText if !windows => return None,
            Self::FluentBit => fluent_bit(login, false),
            Self::FluentBitText => fluent_bit(login, true),
            Self::Vector => windows.then(|| vector(login))?,
            Self::SecurityEvent => windows.then(|| security_event(login))?,
            Self::Xml => return windows.then(|| xml(login)),
            Self::XmlInMessage => json!({"message": windows.then(|| xml(login))?, "host": "dc1"}),
            Self::LogAnalytics => log_analytics(login, &iso(login.time))?,
            Self::LogAnalyticsCsv => csv(&log_analytics(login, &iso(login.time))?, login),
            Self::Graph => graph(login)?,
            Self::GraphList => json!({"@odata.context": "x", "value": [graph(login)?]}),
            Self::Diagnostic => diagnostic(login)?,
            Self::EventHub => json!({"records": [diagnostic(login)?]}),
            Self::PortalCsv => portal(login)?,
            Self::Audit => audit(login, &login.address.to_string())?,
            Self::AuditPort => audit(login, &with_port(login.address))?,
            Self::AuditData => json!({"RecordType": 15, "CreationDate": "01.02.2026 03:04:05",
                "Operations": "UserLoggedIn", "AuditData": audit(login, &login.address.to_string())?.to_string()}),
            Self::AuditArray => json!([audit(login, &login.address.to_string())?]),
            Self::Okta => okta(login)?,
            Self::OktaHook => json!({"eventType": "com.okta.event_hook", "data": {"events": [okta(login)?]}}),
            Self::OktaColumns => okta_columns(login)?,
            Self::Duo => duo(login, true)?,
            Self::DuoFlat => duo(login, false)?,
            Self::Auth0 => auth0(login)?,
            Self::OwaForm => owa(login)?,
            Self::Iis => iis(login)?,
            Self::Ecs | Self::EcsDotted | Self::Ocsf if !windows => return None,
            Self::Ecs => ecs(login),
            Self::EcsDotted => flattened(&ecs(login)),
            Self::Ocsf => ocsf(login),
        };
        Some(value.to_string())
    }

    /// The user that a decoder must return.
    #[must_use]
    pub fn user(self, login: &Login) -> String {
        let lower = login.user.to_lowercase();
        if self == Self::Auth0 {
            // Pushes have only this id; logins also have the account's e-mail address.
            format!("auth0|{lower}")
        } else if Self::WINDOWS.contains(&self) {
            lower
        } else if Self::NORMALISED.contains(&self) {
            login.user.clone()
        } else if self == Self::OwaForm || self == Self::Iis {
            format!("{lower}@contoso.com")
        } else {
            principal(login).to_lowercase()
        }
    }

    /// The resolution of its times, in microseconds.
    #[must_use]
    pub const fn resolution(self) -> Micros {
        match self {
            Self::Nxlog
            | Self::NxlogStrings
            | Self::FluentBit
            | Self::FluentBitText
            | Self::Audit
            | Self::AuditPort
            | Self::AuditData
            | Self::AuditArray
            | Self::OwaForm
            | Self::Iis
            | Self::PortalCsv
            | Self::Duo
            | Self::DuoFlat => 1_000_000,
            _ => 1_000,
        }
    }
}

fn utc(time: Micros) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time).unwrap_or_default()
}

fn iso(time: Micros) -> String {
    utc(time).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn principal(login: &Login) -> String {
    format!("{}@Contoso.com", login.user)
}

fn with_port(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => format!("{v4}:50123"),
        IpAddr::V6(v6) => format!("[{v6}]:50123"),
    }
}

/// Flattens `{"a":{"b":1}}` to `{"a.b":1}`.
fn flattened(value: &Value) -> Value {
    let mut out = serde_json::Map::new();
    let mut open = vec![(String::new(), value.clone())];
    while let Some((path, value)) = open.pop() {
        match value {
            Value::Object(map) => open
                .extend(map.into_iter().map(|(key, value)| {
                    (if path.is_empty() { key } else { format!("{path}.{key}") }, value)
                })),
            other => {
                out.insert(path, other);
            }
        }
    }
    Value::Object(out)
}

fn event_id(login: &Login) -> u32 {
    if login.outcome == Outcome::Failure { 4625 } else { 4624 }
}

const PROVIDER: &str = "Microsoft-Windows-Security-Auditing";

fn event_data(login: &Login) -> Value {
    let mut data = json!({"SubjectUserSid": "S-1-0-0", "SubjectUserName": "-", "SubjectDomainName": "-",
        "SubjectLogonId": "0x0", "TargetUserName": login.user, "TargetDomainName": DOMAIN, "LogonType": "3",
        "LogonProcessName": "NtLmSsp ", "AuthenticationPackageName": "NTLM", "WorkstationName": "WS7",
        "ProcessName": "-", "IpAddress": login.address.to_string(), "IpPort": "49812"});
    if login.outcome == Outcome::Failure {
        data["Status"] = json!("0xC000006D");
        data["SubStatus"] = json!("0xc000006a");
        data["FailureReason"] = json!("%%2313");
    } else {
        data["TargetLogonId"] = json!("0x3e7aa");
        data["ElevatedToken"] = json!("%%1842");
    }
    data
}

fn evtx(login: &Login, id: Value) -> Value {
    let mut data = event_data(login);
    data["LogonType"] = json!(3);
    json!({"Event": {
        "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
        "System": {"Provider": {"#attributes": {"Name": PROVIDER, "Guid": "54849625-5478-4994-A5BA-3E3B0328C30D"}},
            "EventID": id, "Version": 0, "Level": 0, "Task": 12544, "Opcode": 0, "Keywords": "0x8010000000000000",
            "TimeCreated": {"#attributes": {"SystemTime": iso(login.time)}}, "EventRecordID": login.number,
            "Channel": "Security", "Computer": "dc1.contoso.com", "Security": null},
        "EventData": data}})
}

fn winlogbeat(login: &Login) -> Value {
    let failed = login.outcome == Outcome::Failure;
    json!({"@timestamp": iso(login.time), "message": "An account …\n\nSubject:", "log": {"level": "information"},
        "event": {"code": event_id(login).to_string(), "kind": "event", "provider": PROVIDER,
            "outcome": if failed { "failure" } else { "success" }, "category": ["authentication"]},
        "host": {"name": "dc1"}, "user": {"name": "somebody else"},
        "winlog": {"channel": "Security", "provider_name": PROVIDER, "event_id": event_id(login).to_string(),
            "computer_name": "dc1.contoso.com", "record_id": login.number, "event_data": event_data(login)}})
}

fn nxlog(login: &Login, id: Value, logon_type: Value) -> Value {
    let mut record = event_data(login);
    record["EventID"] = id;
    record["LogonType"] = logon_type;
    record["EventTime"] = json!(utc(login.time).format("%Y-%m-%d %H:%M:%S").to_string());
    record["EventReceivedTime"] = json!("2031-01-01 00:00:00");
    record["SourceName"] = json!(PROVIDER);
    record["Channel"] = json!("Security");
    record["Hostname"] = json!("dc1.contoso.com");
    record["RecordNumber"] = json!(login.number);
    record["SourceModuleName"] = json!("in");
    record
}

fn fluent_bit(login: &Login, text: bool) -> Value {
    let address = login.address.to_string();
    let user = &login.user;
    let strings = if login.outcome == Outcome::Failure {
        json!([
            "S-1-0-0",
            "-",
            "-",
            "0x0",
            "S-1-0-0",
            user,
            DOMAIN,
            "0xc000006d",
            "%%2313",
            "0xc000006a",
            "3",
            "NtLmSsp ",
            "NTLM",
            "WS7",
            "-",
            "-",
            "0",
            "0x0",
            "-",
            address,
            "49812"
        ])
    } else {
        json!([
            "S-1-0-0",
            "-",
            "-",
            "0x0",
            "S-1-5-21-1-2-3-500",
            user,
            DOMAIN,
            "0x3e7aa",
            "3",
            "NtLmSsp ",
            "NTLM",
            "WS7",
            "{00000000-0000-0000-0000-000000000000}",
            "-",
            "NTLM V2",
            "128",
            "0x0",
            "-",
            address,
            "49812",
            "%%1833"
        ])
    };
    let zone = FixedOffset::east_opt(7200).expect("a zone");
    let time = utc(login.time).with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %z").to_string();
    json!({"ProviderName": PROVIDER, "ProviderGuid": "{54849625}", "Qualifiers": "", "EventID": event_id(login),
        "Version": 0, "Level": 0, "Task": 12544, "Opcode": 0, "Keywords": "0x8010000000000000", "TimeCreated": time,
        "EventRecordID": login.number, "Channel": "Security", "Computer": "dc1.contoso.com", "UserID": "",
        "Message": "An account failed to log on.",
        "StringInserts": if text { json!(strings.to_string()) } else { strings }})
}

fn vector(login: &Login) -> Value {
    json!({"event_id": event_id(login), "timestamp": iso(login.time), "channel": "Security", "provider_name": PROVIDER,
        "computer": "dc1.contoso.com", "record_id": login.number, "level": "Information", "event_data": event_data(login),
        "message": "An account failed to log on."})
}

fn security_event(login: &Login) -> Value {
    let mut record = event_data(login);
    record["TimeGenerated"] = json!(iso(login.time));
    record["EventID"] = json!(event_id(login));
    record["LogonType"] = json!(3);
    record["Computer"] = json!("dc1.contoso.com");
    record["Channel"] = json!("Security");
    record["EventSourceName"] = json!(PROVIDER);
    record["Type"] = json!("SecurityEvent");
    record["TargetAccount"] = json!(format!("{DOMAIN}\\{}", login.user));
    record["EventRecordId"] = json!(login.number.to_string());
    record
}

fn xml(login: &Login) -> String {
    let escaped = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\n', "&#10;")
    };
    let mut data = String::new();
    if let Value::Object(map) = event_data(login) {
        for (name, value) in map {
            data += &format!("<Data Name='{name}'>{}</Data>", escaped(value.as_str().unwrap_or_default()));
        }
    }
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{PROVIDER}' \
         Guid='{{54849625-5478-4994-a5ba-3e3b0328c30d}}'/><EventID>{}</EventID><Version>0</Version><Level>0</Level>\
         <TimeCreated SystemTime='{}'/><EventRecordID>{}</EventRecordID><Channel>Security</Channel>\
         <Computer>dc1.contoso.com</Computer><Security/></System><EventData>{data}</EventData></Event>",
        event_id(login),
        iso(login.time),
        login.number
    )
}

/// The code, its words, and the result of the steps of a sign-in.
fn entra_code(login: &Login) -> Option<(u32, &'static str, &'static str)> {
    Some(match login.outcome {
        Outcome::Failure => {
            (50126, "Error validating credentials due to invalid username or password.", "Invalid password")
        }
        Outcome::Success => (0, "", "Correct password"),
        Outcome::Challenge => (50074, "Strong Authentication is required.", "Correct password"),
        Outcome::Denied => (
            500_121,
            "MFA denied; user declined the authentication",
            "MFA denied; user declined the authentication",
        ),
        Outcome::Timeout => (
            500_121,
            "MFA denied; user did not respond to mobile app notification",
            "MFA denied; user did not respond to mobile app notification",
        ),
        Outcome::Approved => return None,
    })
}

fn steps(login: &Login) -> Option<Value> {
    let (_, _, words) = entra_code(login)?;
    Some(json!([{"authenticationStepDateTime": iso(login.time), "authenticationMethod": "Password",
        "authenticationMethodDetail": "Password in the cloud", "succeeded": login.outcome != Outcome::Failure,
        "authenticationStepResultDetail": words, "authenticationStepRequirement": "Primary authentication"}]))
}

fn id(login: &Login) -> String {
    format!("00000000-0000-4000-8000-{:012x}", login.number)
}

fn log_analytics(login: &Login, time: &str) -> Option<Value> {
    let (code, words, _) = entra_code(login)?;
    Some(
        json!({"TimeGenerated": "2031-01-01T00:00:00Z", "CreatedDateTime": time, "OperationName": "Sign-in activity",
        "Category": "SignInLogs", "ResultType": code.to_string(), "ResultDescription": words, "Id": id(login),
        "CorrelationId": id(login).replace("-8000-", "-9000-"), "UserPrincipalName": principal(login),
        "UserDisplayName": "Somebody Else", "IPAddress": login.address.to_string(), "AppDisplayName": "Office 365",
        "UserAgent": "Mozilla/5.0", "IsInteractive": true, "Type": "SigninLogs",
        "Status": json!({"errorCode": code, "failureReason": words, "additionalDetails": words}).to_string(),
        "AuthenticationDetails": steps(login)?.to_string(),
        "DeviceDetail": json!({"deviceId": "", "operatingSystem": "MacOs"}).to_string()}),
    )
}

/// The same row in a CSV export: all values are text, and the time has the portal's form.
fn csv(row: &Value, login: &Login) -> Value {
    let mut out = serde_json::Map::new();
    for (name, value) in row.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), String::from);
        match name.as_str() {
            "CreatedDateTime" => {
                let time = utc(login.time).format("%-m/%-d/%Y, %-I:%M:%S%.3f %p").to_string();
                out.insert("CreatedDateTime [UTC]".into(), time.into())
            }
            "TimeGenerated" => out.insert("TimeGenerated [UTC]".into(), "1/1/2031, 1:00:00.000 AM".into()),
            _ => out.insert(name.clone(), text.into()),
        };
    }
    Value::Object(out)
}

fn graph(login: &Login) -> Option<Value> {
    let (code, words, _) = entra_code(login)?;
    Some(json!({"id": id(login), "createdDateTime": iso(login.time), "userDisplayName": "Somebody Else",
        "userPrincipalName": principal(login), "appDisplayName": "Graph Explorer", "ipAddress": login.address.to_string(),
        "clientAppUsed": "Browser", "correlationId": id(login).replace("-8000-", "-9000-"), "isInteractive": true,
        "status": {"errorCode": code, "failureReason": words, "additionalDetails": words},
        "deviceDetail": {"operatingSystem": "Windows 10"}, "authenticationDetails": steps(login)?}))
}

fn diagnostic(login: &Login) -> Option<Value> {
    let (code, words, _) = entra_code(login)?;
    let mut properties = graph(login)?;
    properties["userAgent"] = json!("Mozilla/5.0");
    Some(json!({"time": "2031-01-01T00:00:00Z", "resourceId": "/tenants/x/providers/Microsoft.aadiam",
        "operationName": "Sign-in activity", "category": "SignInLogs", "resultType": code.to_string(),
        "resultDescription": words, "callerIpAddress": login.address.to_string(), "identity": "Somebody Else",
        "properties": properties}))
}

fn portal(login: &Login) -> Option<Value> {
    let (code, words, _) = entra_code(login)?;
    let code = if code == 0 { String::new() } else { code.to_string() };
    let mut row = json!({"Date (UTC)": utc(login.time).format("%Y-%m-%dT%H:%M:%SZ").to_string(), "Request ID": id(login),
        "User agent": "Mozilla/5.0", "Correlation ID": id(login).replace("-8000-", "-9000-"), "User ID": "x",
        "User": "Somebody Else", "Username": principal(login), "User type": "Member", "Application": "Office 365",
        "IP address": login.address.to_string(), "Status": if code.is_empty() { "Success" } else { "Failure" },
        "Sign-in error code": code, "Failure reason": words, "Client app": "Browser",
        "Multifactor authentication result": words});
    // A CSV row has no members for empty values.
    if let Value::Object(members) = &mut row {
        members.retain(|_, value| value != "");
    }
    Some(row)
}

fn audit(login: &Login, address: &str) -> Option<Value> {
    let (code, words, _) = entra_code(login)?;
    // The audit log does not tell an unanswered second factor from a refused one.
    if login.outcome == Outcome::Timeout || words.is_empty() && code != 0 {
        return None;
    }
    let good = code == 0;
    let mut record = json!({"CreationTime": utc(login.time).format("%Y-%m-%dT%H:%M:%S").to_string(), "Id": id(login),
        "Operation": if good { "UserLoggedIn" } else { "UserLoginFailed" }, "OrganizationId": "x", "RecordType": 15,
        "ResultStatus": "Success", "UserKey": "x", "UserType": 0, "Version": 1, "Workload": "AzureActiveDirectory",
        "ClientIP": address, "ObjectId": "Unknown", "UserId": principal(login), "AzureActiveDirectoryEventType": 1,
        "ExtendedProperties": [{"Name": "ResultStatusDetail", "Value": if good { "Success" } else { "UserError" }},
            {"Name": "UserAgent", "Value": "Mozilla/5.0"}, {"Name": "RequestType", "Value": "Login:login"}],
        "ActorIpAddress": address, "InterSystemsId": id(login).replace("-8000-", "-9000-"), "ErrorNumber": code.to_string(),
        "DeviceProperties": [{"Name": "OS", "Value": "Windows 10"}]});
    if !good {
        record["LogonError"] = json!("InvalidUserNameOrPassword");
    }
    Some(record)
}

fn okta(login: &Login) -> Option<Value> {
    let (kind, result, reason) = match login.outcome {
        Outcome::Failure => ("user.session.start", "FAILURE", Some("INVALID_CREDENTIALS")),
        Outcome::Success => ("user.session.start", "SUCCESS", None),
        Outcome::Challenge => ("system.push.send_factor_verify_push", "SUCCESS", None),
        Outcome::Denied => ("user.mfa.okta_verify.deny_push", "SUCCESS", None),
        Outcome::Approved => ("user.authentication.auth_via_mfa", "SUCCESS", None),
        Outcome::Timeout => return None,
    };
    let system = login.outcome == Outcome::Challenge && login.number.is_multiple_of(2);
    let person = json!({"id": "00u1", "type": "User", "alternateId": principal(login), "displayName": "Somebody Else"});
    let actor = if system {
        json!({"id": "okta", "type": "SystemPrincipal", "alternateId": "system@okta.com", "displayName": "Okta System"})
    } else {
        person.clone()
    };
    Some(
        json!({"uuid": id(login), "published": iso(login.time), "eventType": kind, "version": "0", "severity": "INFO",
        "displayMessage": "…", "actor": actor, "target": [{"id": "pfd1", "type": "AuthenticatorEnrollment",
            "alternateId": "unknown", "displayName": "Okta Verify"}, person],
        "client": {"userAgent": {"rawUserAgent": "Mozilla/5.0", "os": "Mac OS X", "browser": "CHROME"},
            "ipAddress": login.address.to_string(), "device": "Computer"},
        "outcome": {"result": result, "reason": reason},
        "transaction": {"type": "WEB", "id": format!("t{}", login.number)},
        "authenticationContext": {"externalSessionId": format!("s{}", login.number)},
        "debugContext": {"debugData": {"factor": "OKTA_VERIFY_PUSH"}}}),
    )
}

fn okta_columns(login: &Login) -> Option<Value> {
    let event = okta(login)?;
    Some(
        json!({"TimeGenerated": "2031-01-01T00:00:00Z", "uuid_g": event["uuid"], "published_t": event["published"],
        "eventType_s": event["eventType"], "actor_alternateId_s": event["actor"]["alternateId"],
        "actor_type_s": event["actor"]["type"], "target_s": event["target"].to_string(),
        "client_ipAddress_s": event["client"]["ipAddress"],
        "client_userAgent_rawUserAgent_s": event["client"]["userAgent"]["rawUserAgent"],
        "outcome_result_s": event["outcome"]["result"],
        "outcome_reason_s": event["outcome"]["reason"].as_str().unwrap_or_default(),
        "transaction_id_s": event["transaction"]["id"], "Type": "Okta_CL"}),
    )
}

fn duo(login: &Login, nested: bool) -> Option<Value> {
    let (result, reason) = match login.outcome {
        Outcome::Denied => ("denied", "user_mistake"),
        Outcome::Timeout => ("denied", "no_response"),
        Outcome::Approved => ("success", "user_approved"),
        _ => return None,
    };
    let seconds = login.time.div_euclid(1_000_000);
    let address = login.address.to_string();
    let (user, ip) = if nested {
        (
            json!({"key": "DU1", "name": principal(login), "groups": []}),
            json!({"ip": address, "hostname": null}),
        )
    } else {
        (json!(principal(login)), json!(address))
    };
    let mut row = json!({"txid": id(login), "timestamp": seconds, "event_type": "authentication", "result": result,
        "reason": reason, "factor": "duo_push", "user": user, "application": {"key": "DI1", "name": "VPN"},
        "isotimestamp": utc(seconds * 1_000_000).format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()});
    if nested {
        row["access_device"] = ip;
    } else {
        row["access_device"] = json!({"ip": {"address": ip}});
    }
    Some(row)
}

fn auth0(login: &Login) -> Option<Value> {
    let kind = match login.outcome {
        Outcome::Failure => "fp",
        Outcome::Success => "s",
        Outcome::Challenge => "gd_send_pn",
        Outcome::Denied => "gd_auth_rejected",
        Outcome::Approved => "gd_auth_succeed",
        Outcome::Timeout => return None,
    };
    Some(json!({"log_id": id(login), "data": {"date": iso(login.time), "type": kind, "client_id": "c",
        "client_name": "Portal", "ip": login.address.to_string(), "user_agent": "Mozilla/5.0",
        "user_id": format!("auth0|{}", login.user.to_lowercase()), "user_name": principal(login), "log_id": id(login)}}))
}

fn w3c(login: &Login, stem: &str, user: &str, status: [&str; 3], method: &str) -> Value {
    let time = utc(login.time);
    json!({"date": time.format("%Y-%m-%d").to_string(), "time": time.format("%H:%M:%S").to_string(), "s-ip": "10.0.0.1",
        "cs-method": method, "cs-uri-stem": stem, "cs-uri-query": "-", "s-port": "443", "cs-username": user,
        "c-ip": login.address.to_string(), "cs(User-Agent)": "Mozilla/5.0", "cs(Referer)": "-", "sc-status": status[0],
        "sc-substatus": status[1], "sc-win32-status": status[2], "time-taken": "31"})
}

fn owa(login: &Login) -> Option<Value> {
    let user = format!("{}@contoso.com", login.user);
    (login.outcome == Outcome::Success).then(|| w3c(login, "/owa/auth.owa", &user, ["302", "0", "0"], "POST"))
}

fn iis(login: &Login) -> Option<Value> {
    let user = format!("{}@contoso.com", login.user);
    (login.outcome == Outcome::Failure)
        .then(|| w3c(login, "/EWS/Exchange.asmx", &user, ["401", "1", "1326"], "POST"))
}

fn ecs(login: &Login) -> Value {
    json!({"@timestamp": iso(login.time), "event": {"category": ["authentication"], "kind": "event",
            "outcome": if login.outcome == Outcome::Failure { "failure" } else { "success" }, "type": ["start"]},
        "user": {"name": login.user}, "source": {"ip": login.address.to_string()}})
}

fn ocsf(login: &Login) -> Value {
    let good = login.outcome == Outcome::Success;
    json!({"class_uid": 3002, "category_uid": 3, "activity_id": 1, "type_uid": 300_201, "severity_id": 1,
        "time": login.time / 1000, "status_id": if good { 1 } else { 2 }, "user": {"name": login.user},
        "src_endpoint": {"ip": login.address.to_string()}, "metadata": {"version": "1.3.0", "product": {"name": "Portal"}}})
}
