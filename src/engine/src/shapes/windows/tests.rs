use super::*;
use crate::analytic::{Reads, Telemetry};
use crate::decode::{Decoded, trial};
use crate::shapes::Provider;
use crate::shapes::Shape::Unknown;
use crate::stamp::{Stamp, Zone};
use crate::time::Timestamp;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use proptest::prelude::*;

struct Reading;

impl Reads for Reading {
    const TELEMETRY: Telemetry = Telemetry::WINDOWS.and(Telemetry::NORMALISED);
}

fn events(record: &str) -> Vec<Event<'static>> {
    events_in("+00:00", record)
}

fn events_in(timezone: &str, record: &str) -> Vec<Event<'static>> {
    let read = trial::read(&mut trial::decoder_in::<Reading>(timezone), record);
    assert!(!read.malformed, "{record}");
    assert!(read.events.len() < 2, "never two for one record");
    read.events
}

/// The event as `time outcome domain\user address type status/reason host method shape`, or `none`.
fn lines(record: &str) -> String {
    told_in("+00:00", record)
}

/// The same with `timezone` as the zone of times that name none.
fn told_in(timezone: &str, record: &str) -> String {
    let Some(e) = events_in(timezone, record).pop() else { return "none".into() };
    assert_eq!(e.provider, Provider::Windows);
    let lower = record.to_lowercase();
    assert!(ROOM.needles.iter().any(|needle| lower.contains(needle)), "no needle in {record}");
    let address = e.src_ip.map_or_else(|| format!("({})", e.src_name), |address| address.to_string());
    let kind = e.logon_type.map_or("-".into(), |kind| kind.to_string());
    format!(
        "{} {} {}\\{} {address} {kind} {}/{} {} {} {}",
        e.time,
        e.outcome.as_str(),
        e.domain,
        e.user,
        e.status,
        e.reason,
        e.host,
        e.method,
        e.shape.as_str()
    )
}

const FAILURE: &str =
    "2026-03-01T09:00:00.123456Z failure CORP\\bob 192.0.2.7 3 0xc000006d/0xc000006a srv1.example.com NTLM";
const SUCCESS: &str =
    "2026-03-01T09:00:00.123456Z success CORP\\bob 192.0.2.7 10 / srv1.example.com Negotiate";

const FAILURE_DATA: &str = r#""SubjectUserSid":"S-1-0-0","SubjectUserName":"-","TargetUserSid":"S-1-0-0","TargetUserName":"Bob","TargetDomainName":"CORP","Status":"0xC000006D","FailureReason":"%%2313","SubStatus":"0xc000006a","LogonType":3,"LogonProcessName":"NtLmSsp ","AuthenticationPackageName":"NTLM","WorkstationName":"PC7","ProcessName":"-","IpAddress":"192.0.2.7","IpPort":"50000""#;
const SUCCESS_DATA: &str = r#""SubjectUserName":"SRV1$","TargetUserSid":"S-1-5-21-1","TargetUserName":"CORP\\Bob","TargetDomainName":"-","LogonType":"10","LogonProcessName":"User32 ","AuthenticationPackageName":"Negotiate","WorkstationName":"SRV1","ProcessName":"C:\\Windows\\System32\\svchost.exe","IpAddress":"::ffff:192.0.2.7","IpPort":"0""#;
const FAILURE_INSERTS: &str = r#"["S-1-0-0","-","-","0x0","S-1-0-0","Bob","CORP","0xc000006d","%%2313","0xc000006a",3,"NtLmSsp ","NTLM","PC7","-","-",0,"0x0","-","192.0.2.7","50000"]"#;
const SUCCESS_INSERTS: &str = r#"["S-1-5-18","SRV1$","CORP","0x3e7","S-1-5-21-1","Bob","CORP","0x1234","10","User32 ","Negotiate","SRV1","{0}","-","-","0","0x2f0","C:\\Windows\\System32\\svchost.exe","192.0.2.7","0","%%1833"]"#;

fn evtx(id: &str, data: &str) -> String {
    format!(
        r##"{{"Event":{{"#attributes":{{"xmlns":"x"}},"System":{{"Provider":{{"#attributes":{{"Name":"Microsoft-Windows-Security-Auditing","Guid":"{{5}}"}}}},"EventID":{id},"TimeCreated":{{"#attributes":{{"SystemTime":"2026-03-01T09:00:00.1234567Z"}}}},"EventRecordID":77,"Channel":"Security","Computer":"srv1.example.com","Security":null}},"EventData":{{{data}}}}}}}"##
    )
}

#[test]
fn evtx_dump() {
    let qualified = r##"{"#attributes":{"Qualifiers":0},"#text":4625}"##;
    for id in ["4625", "\"4625\"", qualified] {
        assert_eq!(lines(&evtx(id, FAILURE_DATA)), format!("{FAILURE} evtx-dump"));
    }
    assert_eq!(lines(&evtx("4624", SUCCESS_DATA)), format!("{SUCCESS} evtx-dump"));
    let separate = r#"{"Event":{"EventData":{DATA},"System":{"Channel":"Security","Computer":"srv1.example.com","EventID":4625,"EventID_attributes":{"Qualifiers":0},"EventRecordID":77,"Provider_attributes":{"Guid":"5","Name":"Microsoft-Windows-Security-Auditing"},"TimeCreated_attributes":{"SystemTime":"2026-03-01T09:00:00.123456Z"}}},"Event_attributes":{"xmlns":"x"}}"#;
    assert_eq!(lines(&separate.replace("DATA", FAILURE_DATA)), format!("{FAILURE} evtx-dump"));
    // Data without names, in the form in which the crate writes an array of texts.
    let unnamed = format!(r##""Data":{{"#text":{FAILURE_INSERTS}}}"##);
    assert_eq!(lines(&evtx("4625", &unnamed)), format!("{FAILURE} evtx-dump"));
}

#[test]
fn winlogbeat_nested_dotted_and_by_ecs_alone() {
    let nested = |data: &str| {
        format!(
            r#"{{"@timestamp":"2026-03-01T09:00:00.123456Z","event":{{"code":"4625","category":["authentication"],"outcome":"failure","provider":"Microsoft-Windows-Security-Auditing","created":"2026-03-01T10:00:00Z"}},"winlog":{{"channel":"Security","event_id":"4625","record_id":77,"computer_name":"srv1.example.com","provider_name":"Microsoft-Windows-Security-Auditing","event_data":{{{data}}}}},"user":{{"name":"SRV1$"}},"message":"An account failed to log on."}}"#
        )
    };
    assert_eq!(lines(&nested(FAILURE_DATA)), format!("{FAILURE} winlogbeat"));
    let dotted = r#"{"@timestamp":"2026-03-01T09:00:00.123456Z","event.code":4625,"winlog.channel":"Security","winlog.computer_name":"srv1.example.com","winlog.event_data.TargetUserName":"bob@corp.example","winlog.event_data.LogonType":"3","winlog.event_data.Status":"0xc000006d","winlog.event_data.SubStatus":"0x0","winlog.event_data.IpAddress":"[2001:db8::1%4]:80"}"#;
    assert_eq!(
        lines(dotted),
        "2026-03-01T09:00:00.123456Z failure corp.example\\bob 2001:db8::1 3 0xc000006d/0xc000006d srv1.example.com  winlogbeat"
    );
    let ecs = r#"{"@timestamp":"2026-03-01T09:00:00.123456Z","event":{"code":"4624","category":"authentication","outcome":"success"},"winlog":{"channel":"Security","logon":{"type":"RemoteInteractive"}},"user":{"name":"Bob","domain":"CORP"},"source":{"ip":"192.0.2.7"},"host":{"name":"srv1"}}"#;
    assert_eq!(lines(ecs), "2026-03-01T09:00:00.123456Z success CORP\\bob 192.0.2.7 10 / srv1  winlogbeat");
    // A missing name stays missing: the subject is another account.
    let nameless = FAILURE_DATA.replace(r#""TargetUserName":"Bob","#, "");
    assert_eq!(lines(&nested(&nameless)), format!("{FAILURE} winlogbeat").replace("bob", ""));
}

#[test]
fn nxlog_and_its_local_time() {
    let record = format!(
        r#"{{"EventTime":"2026-03-01 09:00:00","Hostname":"srv1.example.com","EventID":"4625","SourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security","RecordNumber":77,"Message":"x",{FAILURE_DATA},"EventReceivedTime":"2026-03-01 09:00:09"}}"#
    );
    assert_eq!(lines(&record), format!("{FAILURE} nxlog").replace(".123456", ""));
    let object = Object::new(record.as_bytes()).unwrap();
    let given = Given { zone: Zone::new(3_600, &[]), ..Given::UTC };
    let (event, time) = decode(&object, given).unwrap();
    assert_eq!(time, Some(Stamp::At(Timestamp(1_772_352_000_000_000))));
    assert_eq!(&*event.reason_text, "wrong password");
    let otrf = format!(
        r#"{{"SourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security","Hostname":"srv1.example.com","TimeCreated":"2026-03-01T09:00:00.123456Z","@timestamp":"2026-03-01T09:00:01Z","EventID":4624,{SUCCESS_DATA}}}"#
    );
    assert_eq!(lines(&otrf), format!("{SUCCESS} nxlog"));
    // With the fields that there are.
    let short = r#"{"Channel":"Security","Hostname":"srv1","LogonType":"3","SourceName":"Microsoft-Windows-Security-Auditing","SubjectUserName":"user1","EventID":"4625","IpAddress":"-","TargetUserSid":"S-1-0-0"}"#;
    assert!(lines(short).ends_with(" failure \\ () 3 / srv1  nxlog"), "{}", lines(short));
}

#[test]
fn winevtlog_by_position() {
    let record = |id: u32, inserts: &str| {
        format!(
            r#"{{"ProviderName":"Microsoft-Windows-Security-Auditing","Qualifiers":"","EventID":{id},"TimeCreated":"2026-03-01 10:00:00 +0100","EventRecordID":77,"Channel":"Security","Computer":"srv1.example.com","UserID":"","Message":"…","StringInserts":{inserts}}}"#
        )
    };
    let whole_second = |text: &str| format!("{text} winevtlog").replace(".123456", "");
    assert_eq!(lines(&record(4625, FAILURE_INSERTS)), whole_second(FAILURE));
    assert_eq!(lines(&record(4624, SUCCESS_INSERTS)), whole_second(SUCCESS));
    // The array as a string.
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""));
    assert_eq!(lines(&record(4625, &quoted(FAILURE_INSERTS))), whole_second(FAILURE));
    assert_eq!(lines(&record(4624, &quoted(SUCCESS_INSERTS))), whole_second(SUCCESS));
    for nothing in ["[]", "\"\"", "17", "{}", "[[[[", "\"[1\""] {
        assert!(events_or_malformed(&record(4625, nothing)), "{nothing}");
    }
}

/// True if a record gives no event.
fn events_or_malformed(record: &str) -> bool {
    trial::read(&mut trial::decoder::<Reading>(), record).events.is_empty()
}

#[test]
fn vector_with_names_or_by_position() {
    let record = |data: &str| {
        format!(
            r#"{{"timestamp":"2026-03-01T09:00:00.123456Z","message":"An account failed to log on.","host":"agent","source_type":"windows_event_log","event_id":4625,"record_id":77,"channel":"Security","provider_name":"Microsoft-Windows-Security-Auditing","computer":"srv1.example.com",{data}}}"#
        )
    };
    let named = record(&format!(r#""event_data":{{{FAILURE_DATA}}}"#));
    let positional = record(&format!(r#""string_inserts":{FAILURE_INSERTS}"#));
    let xml = record(
        r#""event_data":"<Data Name='TargetUserName'>Bob</Data><Data Name='TargetDomainName'>CORP</Data><Data Name='Status'>0xc000006d</Data><Data Name='SubStatus'>0xc000006a</Data><Data Name='LogonType'>3</Data><Data Name='AuthenticationPackageName'>NTLM</Data>\n<Data Name='IpAddress'>192.0.2.7</Data>""#,
    );
    for record in [named, positional, xml] {
        assert_eq!(lines(&record), format!("{FAILURE} vector-windows"), "{record}");
    }
}

#[test]
fn azure_columns_decide_where_provider_and_channel_are_left_out() {
    let row = |columns: &str| {
        format!(
            r#"{{"TenantId":"t","TimeGenerated":"2026-03-01T09:00:00.123456Z","Computer":"srv1.example.com","EventID":4625,"Activity":"4625 - An account failed to log on.",{columns},"Type":"SecurityEvent"}}"#
        )
    };
    let whole = format!(
        r#"{FAILURE_DATA},"EventSourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security","Account":"CORP\\Bob""#
    );
    assert_eq!(lines(&row(&whole)), format!("{FAILURE} security-event"));
    assert_eq!(lines(&row(FAILURE_DATA)), format!("{FAILURE} security-event"));
    let account = r#""TargetAccount":"CORP\\Bob","LogonTypeName":"3 - Network","Status":"-1073741715","SubStatus":"0xC000006A","AuthenticationPackageName":"NTLM","IpAddress":"192.0.2.7""#;
    assert_eq!(lines(&row(account)), format!("{FAILURE} security-event"));
    // The portal's export: a local time depends on the configured zone, a time in UTC does not.
    for (column, timezone, expected) in [
        ("TimeGenerated [UTC]", "+00:00", FAILURE.into()),
        ("TimeGenerated [UTC]", "+02:00", FAILURE.into()),
        ("TimeGenerated [Local Time]", "+00:00", FAILURE.into()),
        ("TimeGenerated [Local Time]", "+02:00", FAILURE.replace("09:00:00", "07:00:00")),
    ] {
        let record = row(FAILURE_DATA).replace(
            "\"TimeGenerated\":\"2026-03-01T09:00:00.123456Z\"",
            &format!("\"{column}\":\"3/1/2026, 9:00:00.123 AM\""),
        );
        let expected = format!("{} security-event", expected.replace("123456", "123"));
        assert_eq!(told_in(timezone, &record), expected, "{column} {timezone}");
    }
    // The id alone is not enough.
    assert_eq!(lines(&row(r#""IpAddress":"192.0.2.7""#)), "none");
    let windows_event = format!(
        r#"{{"TenantId":"t","TimeGenerated":"2026-03-01T09:00:00.123456Z","Computer":"srv1.example.com","EventID":4625,"Provider":"Microsoft-Windows-Security-Auditing","Channel":"Security","EventData":{{{FAILURE_DATA}}},"Type":"WindowsEvent"}}"#
    );
    assert_eq!(lines(&windows_event), format!("{FAILURE} security-event"));
    let inside = FAILURE_DATA.replace('"', "\\\"");
    let in_a_string = windows_event.replace(&format!("{{{FAILURE_DATA}}}"), &format!("\"{{{inside}}}\""));
    assert_eq!(lines(&in_a_string), format!("{FAILURE} security-event"));
}

const XML: &str = r#"<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System>  <Provider Name="Microsoft-Windows-Security-Auditing" Guid="{5}" />  <EventID Qualifiers="">4625</EventID><TimeCreated SystemTime="2026-03-01T09:00:00.1234567Z"/><EventRecordID>77</EventRecordID><Correlation/><Channel>Security</Channel><Computer>srv1.example.com</Computer><Security/></System><EventData><Data Name="SubjectUserName">-</Data><Data Name="TargetUserName">Bob</Data><Data Name="TargetDomainName">CORP</Data><Data Name="Status">0xc000006d</Data><Data Name="FailureReason">%%2313</Data><Data Name="SubStatus">0xc000006a</Data><Data Name="LogonType">3</Data><Data Name="AuthenticationPackageName">NTLM</Data><Data Name="ProcessName"/><Data Name="IpAddress">192.0.2.7</Data></EventData><RenderingInfo Culture="en-US"><Message>&lt;Data Name="TargetUserName"&gt;eve</Message><Channel>Application</Channel><Provider>Microsoft Windows security auditing.</Provider></RenderingInfo></Event>"#;

#[test]
fn xml_raw_and_in_fields() {
    let expected = format!("{FAILURE} windows-xml");
    assert_eq!(lines(XML), expected);
    assert_eq!(lines(&format!("<?xml version='1.0'?><!-- <Event> --><Events>{XML}</Events>")), expected);
    assert_eq!(lines(&XML.replace('"', "'")), expected);
    assert_eq!(lines(&XML.replace(">Bob<", "><![CDATA[Bo]]>b<")), expected);
    assert_eq!(lines(&XML.replace(">Bob<", ">&#66;o&#x62;<")), expected);
    let json = XML.replace('"', "\\\"");
    for record in [
        format!(r#"{{"event":"{json}","sourcetype":"XmlWinEventLog","host":"agent","time":1772355699}}"#),
        format!(r#"{{"_raw":"{json}"}}"#),
        format!(r#"{{"preview":false,"result":{{"_raw":"{json}"}}}}"#),
        format!(r#"{{"@timestamp":"2026-03-01T10:00:00Z","message":"{json}","host":{{"name":"agent"}}}}"#),
        format!(r#"{{"EventXML":"{json}"}}"#),
        format!(r#"{{"xml":"{}"}}"#, XML.replace('"', "'")),
        format!(r#"{{"System":"{json}","Message":"An account failed to log on.","StringInserts":[]}}"#),
        format!(r#"[{{"message":"{json}"}}]"#),
        format!(r#"{{"records":[{{"xml":"{json}"}}]}}"#),
        format!(
            r#"{{"EventID":4625,"SourceName":"Microsoft-Windows-Security-Auditing","EventXML":"{json}"}}"#
        ),
    ] {
        assert_eq!(lines(&record), expected, "{record}");
    }
}

#[test]
fn xml_that_is_none() {
    for record in [
        "<Event>".to_string(),
        "<Eventful/>".into(),
        "<?xml version='1.0'?><html/>".into(),
        XML.replace("</Event>", ""),
        XML.replace("Microsoft-Windows-Security-Auditing", "Other"),
        XML.replace("<Channel>Security", "<Channel>Application"),
        XML.replace("<EventID Qualifiers=\"\">4625", "<EventID>4776"),
        // The content of a name is only a name, even if an encoder forgot to escape it.
        XML.replace(">Bob<", "><Data Name=\"LogonType\">5</Data><"),
    ] {
        let said = lines(&record);
        assert!(said == "none" || said.contains(" 3 0xc000006d"), "{said}: {record}");
    }
    assert!(lines(&XML.replace(">Bob<", ">&lt;/Data&gt;&bogus;&<")).contains("\\</data>&bogus;& 192.0.2.7"));
    for end in 0..XML.len() {
        assert_eq!(told_or_none(&XML[..end]), "none", "cut at {end}");
    }
}

#[test]
fn markup_that_does_not_end_costs_no_more_than_its_bytes() {
    let long = |piece: &str| XML.replace("Bob", &piece.repeat(200_000));
    for piece in
        ["&", "&amp", "&#9", "<a>", "<", "<!", "<!---->", "<![CDATA[]]>", "<b c='d'/>", "]]>", "=\"'"]
    {
        told_or_none(&long(piece));
    }
    assert!(lines(&long("&amp;")).contains("\\&&&&"));
}

fn told_or_none(record: &str) -> String {
    if events(record).is_empty() { "none".into() } else { lines(record) }
}

#[test]
fn provider_and_channel_are_both_looked_at() {
    let record = |fields: &str| format!(r#"{{{fields}"EventID":4625,{FAILURE_DATA}}}"#);
    let provider = r#""SourceName":"Microsoft-Windows-Security-Auditing","#;
    for (fields, counts) in [
        (provider.to_string(), true),
        (r#""Channel":"Security","#.into(), true),
        (format!(r#"{provider}"Channel":"security","#), true),
        (r#""SourceName":"Microsoft Windows security auditing.","#.into(), true),
        (String::new(), true),
        (format!(r#"{provider}"Channel":"Application","#), false),
        (r#""SourceName":"Microsoft-Windows-EventSystem","Channel":"Security","#.into(), false),
        (r#""SourceName":"EventSystem","#.into(), false),
        (r#""Channel":"ForwardedEvents","#.into(), false),
    ] {
        assert_eq!(lines(&record(&fields)) != "none", counts, "{fields}");
    }
    let event_system = r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-EventSystem","EventSourceName":"EventSystem"}},"EventID":{"#attributes":{"Qualifiers":16384},"#text":4625},"Channel":"Application","Computer":"srv1"},"EventData":{"param1":"86400"}}}"##;
    assert_eq!(lines(event_system), "none");
    assert_eq!(lines(r#"{"EventID":4625}"#), "none");
    assert_eq!(lines(&evtx("4776", FAILURE_DATA)), "none");
    assert_eq!(lines(&evtx("46250", FAILURE_DATA)), "none");
}

#[test]
fn ignored_accounts_types_and_codes() {
    let with = |name: &str, value: &str| {
        let mut data = String::new();
        for field in FAILURE_DATA.split(',') {
            let is = field.starts_with(&format!("\"{name}\":"));
            data += &if is { format!("\"{name}\":{value},") } else { format!("{field},") };
        }
        lines(&evtx("4625", data.trim_end_matches(',')))
    };
    for kind in ["0", "4", "5", "\"5\""] {
        assert_eq!(with("LogonType", kind), "none", "{kind}");
    }
    for kind in ["2", "3", "7", "8", "9", "10", "11", "13"] {
        assert_ne!(with("LogonType", kind), "none", "{kind}");
    }
    for user in ["SRV1$", "srv1$@corp.example", r"CORP\\srv1$", "ANONYMOUS LOGON", "Dwm-1", "UMFD-12"] {
        assert_eq!(with("TargetUserName", &format!("\"{user}\"")), "none", "{user}");
    }
    for (user, name) in [
        ("SVC$X", "CORP\\svc$x"),
        ("dwm", "CORP\\dwm"),
        (r"EMEA\\Bob", "CORP\\bob"),
        ("Bob@example.com", "CORP\\bob"),
        (r"EMEA\\Bob@example.com", "CORP\\bob"),
        ("ÄRGER", "CORP\\ärger"),
        ("-", "CORP\\"),
        ("@x", "CORP\\@x"),
    ] {
        let said = with("TargetUserName", &format!("\"{user}\""));
        assert!(said.contains(&format!(" {name} ")), "{user}: {said}");
    }
    assert_eq!(with("TargetUserSid", "\"S-1-5-7\""), "none", "nobody, in any language");
    for name in ["Status", "SubStatus"] {
        assert_eq!(with(name, "\"0xC000010B\""), "none", "{name}");
    }
    for (sub, shown) in [
        ("\"0x0\"", "0xc000006d/0xc000006d"),
        ("\"0x00000000\"", "0xc000006d/0xc000006d"),
        ("\"-\"", "0xc000006d/0xc000006d"),
        ("\"0xC0000064\"", "0xc000006d/0xc0000064"),
        ("-1073741724", "0xc000006d/0xc0000064"),
        ("\"no code\"", "0xc000006d/0xc000006d"),
    ] {
        assert!(with("SubStatus", sub).contains(shown), "{sub}: {}", with("SubStatus", sub));
    }
    for (address, shown) in [
        ("-", "(PC7)"),
        ("", "(PC7)"),
        ("LOCAL", "(PC7)"),
        ("::1", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("::ffff:192.0.2.9", "192.0.2.9"),
    ] {
        assert!(with("IpAddress", &format!("\"{address}\"")).contains(&format!(" {shown} 3 ")), "{address}");
    }
}

const MESSAGE: &str = "Fehler beim Anmelden eines Kontos.\r\n\r\nAntragsteller:\r\n\tSicherheits-ID:\t\tS-1-0-0\r\n\tKontoname:\t\t-\r\n\tKontodom\u{e4}ne:\t\t-\r\n\tAnmelde-ID:\t\t0x0\r\n\r\nAnmeldetyp:\t\t\t3\r\n\r\nKonto, f\u{fc}r das die Anmeldung fehlgeschlagen ist:\r\n\tSicherheits-ID:\t\tS-1-0-0\r\n\tKontoname:\t\tBob\r\n\tKontodom\u{e4}ne:\t\tCORP\r\n\r\nFehlerinformationen:\r\n\tFehlerursache:\t\tUnbekannter Benutzername oder ung\u{fc}ltiges Kennwort.\r\n\tStatus:\t\t\t0xC000006D\r\n\tUnterstatus::\t\t0xC000006A\r\n\r\nProzessinformationen:\r\n\tAufrufprozess-ID:\t0x0\r\n\tAufrufprozessname:\t-\r\n\r\nNetzwerkinformationen:\r\n\tArbeitsstationsname:\tPC7\r\n\tQuellnetzwerkadresse:\t192.0.2.7\r\n\tQuellport:\t\t50000\r\n\r\nDetaillierte Authentifizierungsinformationen:\r\n\tAnmeldeprozess:\t\tNtLmSsp \r\n\tAuthentifizierungspaket:\tNTLM\r\n\t\u{dc}bertragene Dienste:\t-\r\n\tPaketname (nur NTLM):\t-\r\n\tSchl\u{fc}ssell\u{e4}nge:\t\t0\r\n\r\nDieses Ereignis wird beim Fehlschlagen einer Anmeldeanforderung generiert.\r\n\t- Die Schl\u{fc}ssell\u{e4}nge gibt die L\u{e4}nge an.";

/// A 4624 in English, with the version's extra lines before and after the account.
fn success_message(logon: &str, linked: &str) -> String {
    format!(
        "An account was successfully logged on.\n\nSubject:\n\tSecurity ID:\t\tSYSTEM\n\tAccount Name:\t\tSRV1$\n\tAccount Domain:\t\tCORP\n\tLogon ID:\t\t0x3E7\n\n{logon}New Logon:\n\tSecurity ID:\t\tCORP\\Bob\n\tAccount Name:\t\tBob\n\tAccount Domain:\t\tCORP\n\tLogon ID:\t\t0xFCEB\n{linked}\tLogon GUID:\t\t{{00000000-0000-0000-0000-000000000000}}\n\nProcess Information:\n\tProcess ID:\t\t0x2f0\n\tProcess Name:\t\tC:\\Windows\\System32\\svchost.exe\n\nNetwork Information:\n\tWorkstation Name:\tSRV1\n\tSource Network Address:\t192.0.2.7\n\tSource Port:\t\t0\n\nDetailed Authentication Information:\n\tLogon Process:\t\tUser32 \n\tAuthentication Package:\tNegotiate\n\tTransited Services:\t-\n\tPackage Name (NTLM only):\t-\n\tKey Length:\t\t0\n\nThis event is generated when a logon session is created.\n"
    )
}

fn with_message(id: u32, message: &str) -> String {
    let message = message
        .replace('\\', r"\\")
        .replace('\r', "\\r")
        .replace('\n', "\\n")
        .replace('\t', "\\t")
        .replace('"', "\\\"");
    format!(
        r#"{{"EventTime":"2026-03-01 09:00:00.123456","Hostname":"srv1.example.com","EventID":{id},"SourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security","Message":"{message}"}}"#
    )
}

#[test]
fn only_a_message_in_any_language() {
    assert_eq!(lines(&with_message(4625, MESSAGE)), format!("{FAILURE} nxlog"));
    let linked = "\tLinked Logon ID:\t\t0x0\n\tNetwork Account Name:\t-\n\tNetwork Account Domain:\t-\n";
    let short = "Logon Type:\t\t\t10\n\n";
    let second = "Logon Type:\t\t\t10\n\nImpersonation Level:\t\tImpersonation\n\n";
    let third = "Logon Information:\n\tLogon Type:\t\t10\n\tRestricted Admin Mode:\tNo\n\tVirtual Account:\t\tNo\n\tElevated Token:\t\tYes\n\nImpersonation Level:\t\tImpersonation\n\n";
    let fourth = third.replace("\tVirtual", "\tRemote Credential Guard:\tNo\n\tVirtual");
    for message in [
        success_message(short, ""),
        success_message(second, ""),
        success_message(third, linked),
        success_message(&fourth, linked),
    ] {
        assert_eq!(lines(&with_message(4624, &message)), format!("{SUCCESS} nxlog"), "{message}");
        // With a missing line, places do not count, but English labels do.
        let short = message.replace("\tSource Port:\t\t0\n", "");
        assert_eq!(lines(&with_message(4624, &short)), format!("{SUCCESS} nxlog"), "{short}");
        let said = lines(&with_message(4624, &short.replace("New Logon:", "Neue Anmeldung:")));
        assert!(said == "none", "{said}");
    }
    assert_eq!(lines(&with_message(4625, "An account failed to log on. ...")), "none");
    assert_eq!(lines(&with_message(4625, &MESSAGE.replace('\t', " "))), "none");
    assert_eq!(lines(&with_message(4625, &"a:\tb\n".repeat(100))), "none");
}

#[test]
fn lines_within_a_name_neither_raise_nor_hide() {
    let forged = "eve\r\n\tx:\t\t0xC000010B\r\n\tx:\t\t0x0\r\n\tx:\t\t0x0\r\n\tAddress:\t198.51.100.1";
    let named = lines(&with_message(4625, &MESSAGE.replace("\tBob", &format!("\t{forged}"))));
    assert!(named.contains("\\eve 192.0.2.7 3 / srv1"), "{named}");
    let stationed = lines(&with_message(4625, &MESSAGE.replace("PC7", &format!("PC7{forged}"))));
    assert!(stationed.contains("CORP\\bob 192.0.2.7 3 / srv1"), "{stationed}");
    let json =
        evtx("4625", &FAILURE_DATA.replace("\"Bob\"", r#""x\",\"LogonType\":5,\r\n<Event>4624 \u0041""#));
    assert!(lines(&json).contains("\\x\",\"logontype\":5,\r\n<event>4624 a 192.0.2.7 3 "), "{}", lines(&json));
}

#[test]
fn delivered_twice_it_is_the_same_and_otherwise_not() {
    let id = |record: &str| events(record).pop().unwrap().delivery;
    let once = evtx("4625", FAILURE_DATA);
    assert!(id(&once).is_some());
    assert_eq!(id(&once), id(&once));
    // Another carrier of the same event gives the same id.
    assert_eq!(id(&once), id(XML));
    for (from, to) in [
        ("\"EventRecordID\":77", "\"EventRecordID\":78"),
        (".1234567Z", ".1234577Z"),
        ("srv1.example.com", "srv2.example.com"),
    ] {
        assert_ne!(id(&once), id(&once.replace(from, to)), "{to}");
    }
    assert_eq!(id(&once.replace("\"EventRecordID\":77", "\"x\":77")), None);
    assert_eq!(id(&once.replace("SystemTime", "x")), None);
}

#[test]
fn wrong_types_and_huge_values_say_nothing_wrong() {
    for value in ["null", "{}", "[]", "true", "1e999", "99999999999999999999", "\"\"", "[[1]]"] {
        for name in ["EventID", "EventRecordID", "Computer"] {
            let record = evtx("4625", FAILURE_DATA);
            let at = record.find(&format!("\"{name}\":")).unwrap() + name.len() + 3;
            let end = at + record[at..].find([',', '}']).unwrap();
            told_or_none(&format!("{}{value}{}", &record[..at], &record[end..]));
        }
        for field in FAILURE_DATA.split(',') {
            let name = field.split(':').next().unwrap();
            told_or_none(&evtx("4625", &FAILURE_DATA.replace(field, &format!("{name}:{value}"))));
        }
    }
}

proptest! {
    #[test]
    fn nothing_panics(
        sample in 0usize..5,
        cuts in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..6),
        end in any::<proptest::sample::Index>(),
    ) {
        let samples = [
            evtx("4625", FAILURE_DATA),
            XML.to_string(),
            with_message(4625, MESSAGE),
            format!(r#"{{"System":"{}"}}"#, XML.replace('"', "\\\"")),
            format!(r#"{{"EventID":4624,"Channel":"Security","StringInserts":{SUCCESS_INSERTS}}}"#),
        ];
        let mut bytes = samples[sample].clone().into_bytes();
        for (at, byte) in cuts {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(end.index(bytes.len() * 2) + 1);
        let _ = trial::decoder::<Reading>().decode(&bytes, &mut |Decoded { event, .. }| {
            assert!(event.shape != Unknown && event.provider == Provider::Windows);
        });
    }
}

/// A change as `time change user/domain code shape`, or `none`.
fn changed(record: &str) -> String {
    let Some(e) = events(record).pop() else { return "none".into() };
    assert_eq!(e.outcome.as_str(), "changed");
    let lower = record.to_lowercase();
    assert!(change::NEEDLES.iter().any(|needle| lower.contains(needle)), "no needle in {record}");
    format!("{} {} {}/{} {} {}", e.time, e.method, e.user, e.domain, e.reason, e.shape.as_str())
}

#[test]
fn changes_of_accounts() {
    let data = r#""TargetUserName":"Bob","TargetDomainName":"CORP","TargetSid":"S-1-5-21-1","SubjectUserSid":"S-1-5-21-2","SubjectUserName":"admin""#;
    for (id, change) in [
        ("4720", "create"),
        ("4722", "enable"),
        ("4723", "password"),
        ("4724", "password"),
        ("4725", "disable"),
        ("4726", "delete"),
        ("4738", "other"),
        ("4740", "lock"),
        ("4767", "unlock"),
    ] {
        let expected = format!("2026-03-01T09:00:00.123456Z {change} bob/CORP {id} evtx-dump");
        assert_eq!(changed(&evtx(id, data)), expected);
    }
    // A member of a group is named by its entry in the directory.
    let member = r#""MemberName":"cn=Bob,CN=Users,DC=corp,DC=example","MemberSid":"S-1-5-21-1","TargetUserName":"Administrators","TargetDomainName":"Builtin","TargetSid":"S-1-5-32-544""#;
    let expected = "2026-03-01T09:00:00.123456Z rights bob/Builtin 4732 evtx-dump";
    assert_eq!(changed(&evtx("4732", member)), expected);
    assert_eq!(changed(&evtx("4732", &member.replace("cn=Bob,CN=Users,DC=corp,DC=example", "-"))), "none");
    // Machines, refused changes, other channels, and other events of the same numbers.
    assert_eq!(changed(&evtx("4724", &data.replace("Bob", "PC7$"))), "none");
    let refused = evtx("4723", data).replace("\"Channel\"", "\"Keywords\":\"0x8010000000000000\",\"Channel\"");
    assert_eq!(changed(&refused), "none");
    assert_eq!(changed(&evtx("4724", data).replace("\"Security\"", "\"System\"")), "none");
    assert_eq!(changed(&evtx("4724", r#""TargetUserName":"Bob""#)), "none");
    assert_eq!(changed(&format!(r#"{{"EventID":4724,{data}}}"#)), "none");
}

#[test]
fn changes_of_accounts_in_other_layouts() {
    let xml = "<Event xmlns='x'><System><Provider Name='Microsoft-Windows-Security-Auditing'/><EventID>4740</EventID>\
        <TimeCreated SystemTime='2026-03-01T09:00:00.123456Z'/><Channel>Security</Channel><Computer>dc1</Computer></System>\
        <EventData><Data Name='TargetUserName'>bob</Data><Data Name='TargetDomainName'>PC7</Data><Data Name='TargetSid'>S-1-5-21-1\
        </Data></EventData></Event>";
    assert_eq!(changed(xml), "2026-03-01T09:00:00.123456Z lock bob/PC7 4740 windows-xml");
    let positional = |id: u32, message: &str, inserts: &str| {
        format!(
            r#"{{"ProviderName":"Microsoft-Windows-Security-Auditing","EventID":{id},"TimeCreated":"2026-03-01 10:00:00 +0100","Channel":"Security","Computer":"dc1","Message":"{message}","StringInserts":{inserts}}}"#
        )
    };
    let inserts = r#"["bob","CORP","S-1-5-21-1","S-1-5-21-2","admin","CORP","0x1"]"#;
    let reset = "An attempt was made to reset an account's password.";
    let expected = "2026-03-01T09:00:00Z password bob/CORP 4724 winevtlog";
    assert_eq!(changed(&positional(4724, reset, inserts)), expected);
    assert_eq!(changed(&positional(4724, "…", inserts)), "none", "no needle");
    let unused = inserts.replacen('[', "[\"-\",", 1);
    let expected = "2026-03-01T09:00:00Z other bob/CORP 4738 winevtlog";
    assert_eq!(changed(&positional(4738, "A user account was changed.", &unused)), expected);
}
