//! The members in which collectors keep the fields of an event: one table for all layouts.

use super::logon::{FIELDS, field};
use crate::json::{Member, Members};

/// Slots for other values than the fields of a logon.
pub mod slot {
    use super::FIELDS;
    /// The id, in each layout that is recognised by its member for the id.
    pub const EVTX_ID: u8 = FIELDS;
    pub const WINLOG_ID: u8 = FIELDS + 1;
    pub const VECTOR_ID: u8 = FIELDS + 2;
    /// A column that only Azure Monitor has.
    pub const AZURE: u8 = FIELDS + 3;
    /// A field that only Fluent Bit has, among the flat layouts.
    pub const FLUENT: u8 = FIELDS + 4;
    /// The data by position.
    pub const INSERTS: u8 = FIELDS + 5;
    /// The data as text: XML or JSON.
    pub const DATA: u8 = FIELDS + 6;
    /// The message, in the language of the machine.
    pub const MESSAGE: u8 = FIELDS + 7;
    /// The event as XML.
    pub const XML: u8 = FIELDS + 8;
    /// The time in a column whose name says UTC. It ignores the configured zone.
    pub const UTC: u8 = FIELDS + 9;
    /// The time in a column that is in the zone of the person who exported it.
    pub const LOCAL: u8 = FIELDS + 10;
    /// The data by position, as XML.
    pub const PARAMETERS: u8 = FIELDS + 11;
}

/// The names of the event's data under each prefix, and all other names.
macro_rules! table {
    ($($data:literal, $camel:literal => $slot:ident,)* ; $($rest:expr,)*) => {
        [
            $(
                Member::new(concat!("Event.EventData.", $data), field::$slot, 0),
                Member::new(concat!("Event.EventData.Data.", $data), field::$slot, 1),
                Member::new(concat!("eventdata.", $camel), field::$slot, 0),
                Member::new(concat!("winlog.event_data.", $data), field::$slot, 0),
                Member::new(concat!("event_data.", $data), field::$slot, 0),
                Member::new(concat!("EventData.", $data), field::$slot, 1),
                Member::new($data, field::$slot, 2),
            )*
            $($rest,)*
        ]
    };
}

const fn name(path: &'static str, slot: u8, rank: u8) -> Member {
    Member::new(path, slot, rank)
}

/// The number of members.
const COUNT: usize = 13 * 7 + 149;

/// All paths. Of the members present, the lowest rank counts: an event's own time goes before a pipeline's.
pub static MEMBERS: Members<COUNT> = Members::new(table![
    "TargetUserName", "targetUserName" => USER,
    "TargetDomainName", "targetDomainName" => DOMAIN,
    "TargetUserSid", "targetUserSid" => SID,
    "LogonType", "logonType" => TYPE,
    "Status", "status" => STATUS,
    "SubStatus", "subStatus" => SUB_STATUS,
    "IpAddress", "ipAddress" => ADDRESS,
    "WorkstationName", "workstationName" => WORKSTATION,
    "AuthenticationPackageName", "authenticationPackageName" => PACKAGE,
    "LogonProcessName", "logonProcessName" => PROCESS,
    "ProcessName", "processName" => PROGRAM,
    "TargetSid", "targetSid" => TARGET,
    "MemberName", "memberName" => MEMBER,
    ;
    // The `evtx` crate.
    Member::open("Event"),
    Member::open("Event.System"),
    Member::or_open("Event.System.EventID", slot::EVTX_ID, 0),
    name("Event.System.EventID.#text", slot::EVTX_ID, 0),
    Member::open("Event.System.Provider"),
    Member::open("Event.System.Provider.#attributes"),
    name("Event.System.Provider.#attributes.Name", field::PROVIDER, 0),
    Member::open("Event.System.Provider_attributes"),
    name("Event.System.Provider_attributes.Name", field::PROVIDER, 0),
    name("Event.System.Channel", field::CHANNEL, 0),
    name("Event.System.Computer", field::HOST, 0),
    Member::or_open("Event.System.EventRecordID", field::RECORD, 0),
    name("Event.System.EventRecordID.#text", field::RECORD, 0),
    Member::open("Event.System.TimeCreated"),
    Member::open("Event.System.TimeCreated.#attributes"),
    name("Event.System.TimeCreated.#attributes.SystemTime", field::TIME, 0),
    Member::open("Event.System.TimeCreated_attributes"),
    name("Event.System.TimeCreated_attributes.SystemTime", field::TIME, 0),
    Member::open("Event.EventData"),
    Member::or_open("Event.EventData.Data", slot::INSERTS, 0),
    name("Event.EventData.Data.#text", slot::INSERTS, 0),
    // xmltodict, fast-xml-parser and other converters from XML to JSON; the same names without the root.
    name("Event.System.Provider.@Name", field::PROVIDER, 0),
    name("Event.System.Provider.@_Name", field::PROVIDER, 0),
    name("Event.System.Provider.Name", field::PROVIDER, 0),
    name("Event.System.TimeCreated.@SystemTime", field::TIME, 0),
    name("Event.System.TimeCreated.@_SystemTime", field::TIME, 0),
    name("Event.System.TimeCreated.SystemTime", field::TIME, 0),
    Member::or_open("System.EventID", field::ID, 0),
    name("System.EventID.#text", field::ID, 0),
    Member::open("System.Provider"),
    name("System.Provider.@Name", field::PROVIDER, 0),
    name("System.Provider.Name", field::PROVIDER, 0),
    Member::open("System.Provider.#attributes"),
    name("System.Provider.#attributes.Name", field::PROVIDER, 0),
    name("System.Channel", field::CHANNEL, 0),
    name("System.Computer", field::HOST, 0),
    name("System.EventRecordID", field::RECORD, 0),
    Member::open("System.TimeCreated"),
    name("System.TimeCreated.@SystemTime", field::TIME, 0),
    name("System.TimeCreated.SystemTime", field::TIME, 0),
    Member::open("System.TimeCreated.#attributes"),
    name("System.TimeCreated.#attributes.SystemTime", field::TIME, 0),
    name("EventData.Data", slot::INSERTS, 2),
    // Wazuh, inside `win`.
    Member::open("system"),
    Member::open("eventdata"),
    name("system.eventID", field::ID, 0),
    name("system.providerName", field::PROVIDER, 0),
    name("system.channel", field::CHANNEL, 0),
    name("system.computer", field::HOST, 0),
    name("system.eventRecordID", field::RECORD, 0),
    name("system.systemTime", field::TIME, 0),
    name("system.message", slot::MESSAGE, 2),
    // Splunk's field names of its classic inputs.
    name("EventCode", field::ID, 1),
    name("Account_Name", field::USER, 5),
    name("Account_Domain", field::DOMAIN, 5),
    name("Security_ID", field::SID, 5),
    name("Logon_Type", field::TYPE, 4),
    name("Sub_Status", field::SUB_STATUS, 3),
    name("Source_Network_Address", field::ADDRESS, 3),
    name("Workstation_Name", field::WORKSTATION, 3),
    name("Authentication_Package", field::PACKAGE, 3),
    name("Logon_Process", field::PROCESS, 3),
    name("Caller_Process_Name", field::PROGRAM, 3),
    name("_time", field::TIME, 5),
    // The Event Viewer's exports, with English names.
    name("Event ID", field::ID, 1),
    name("Date and Time", field::TIME, 1),
    // PowerShell: Get-WinEvent, Get-EventLog; EvtxECmd; osquery.
    name("Id", field::ID, 2),
    name("EventId", field::ID, 1),
    name("eventid", field::ID, 1),
    name("InstanceId", field::ID, 3),
    name("LogName", field::CHANNEL, 1),
    name("EventLog", field::CHANNEL, 1),
    name("MachineName", field::HOST, 1),
    name("Source", field::PROVIDER, 1),
    name("RecordId", field::RECORD, 1),
    name("Index", field::RECORD, 2),
    name("Properties", slot::INSERTS, 2),
    name("ReplacementStrings", slot::INSERTS, 2),
    name("event_data.data", slot::INSERTS, 2),
    name("ParameterXml", slot::PARAMETERS, 0),
    name("Payload", slot::DATA, 1),
    name("data", slot::DATA, 2),
    name("datetime", field::TIME, 1),
    name("hostIdentifier", field::HOST, 2),
    // Older Beats.
    name("log_name", field::CHANNEL, 0),
    name("source_name", field::PROVIDER, 0),
    name("computer_name", field::HOST, 0),
    name("ComputerName", field::HOST, 1),
    name("record_number", field::RECORD, 0),
    // XML: Fluent Bit with `render_event_as_xml`, Vector with `include_xml`, NXLog, Logstash.
    Member::or_open("System", slot::XML, 0),
    name("xml", slot::XML, 1),
    name("Xml", slot::XML, 1),
    name("EventXML", slot::XML, 1),
    name("event.original", slot::XML, 2),
    // Winlogbeat and Elastic Agent.
    Member::open("winlog"),
    Member::open("winlog.event_data"),
    Member::open("event"),
    name("winlog.event_id", slot::WINLOG_ID, 0),
    name("event.code", slot::WINLOG_ID, 1),
    name("winlog.provider_name", field::PROVIDER, 0),
    name("event.provider", field::PROVIDER, 1),
    name("winlog.channel", field::CHANNEL, 0),
    name("winlog.computer_name", field::HOST, 0),
    name("winlog.record_id", field::RECORD, 0),
    name("winlog.time_created", field::TIME, 0),
    name("@timestamp", field::TIME, 3),
    // Vector; promtail, with `event_data` as XML; the OpenTelemetry receiver, with an object as id.
    Member::or_open("event_id", slot::VECTOR_ID, 0),
    name("event_id.id", slot::VECTOR_ID, 0),
    name("provider_name", field::PROVIDER, 0),
    Member::open("provider"),
    name("provider.name", field::PROVIDER, 0),
    name("channel", field::CHANNEL, 0),
    name("computer", field::HOST, 0),
    name("record_id", field::RECORD, 0),
    name("eventRecordID", field::RECORD, 0),
    name("timestamp", field::TIME, 4),
    name("timeCreated", field::TIME, 0),
    name("system_time", field::TIME, 0),
    name("string_inserts", slot::INSERTS, 1),
    Member::or_open("event_data", slot::DATA, 0),
    name("Description", slot::MESSAGE, 3),
    name("message", slot::MESSAGE, 1),
    // NXLog and Fluent Bit.
    Member::or_open("EventID", field::ID, 0),
    name("EventID.#text", field::ID, 0),
    name("SourceName", field::PROVIDER, 0),
    name("ProviderName", slot::FLUENT, 0),
    name("Channel", field::CHANNEL, 0),
    name("Hostname", field::HOST, 1),
    name("Computer", field::HOST, 0),
    name("RecordNumber", field::RECORD, 0),
    name("EventRecordID", field::RECORD, 0),
    name("TimeCreated", field::TIME, 1),
    name("EventTime", field::TIME, 2),
    name("StringInserts", slot::INSERTS, 0),
    name("Message", slot::MESSAGE, 0),
    // Azure Monitor.
    name("EventSourceName", field::PROVIDER, 0),
    name("Provider", field::PROVIDER, 0),
    Member::or_open("EventData", slot::DATA, 0),
    name("EventRecordId", field::RECORD, 0),
    name("TimeGenerated", field::TIME, 2),
    // Exports of the portal, with times in UTC or in the zone of the person who exported them.
    name("TimeGenerated [UTC]", slot::UTC, 0),
    name("TimeGenerated [Local Time]", slot::LOCAL, 0),
    name("TargetAccount", field::USER, 3),
    name("Account", field::USER, 4),
    name("LogonTypeName", field::TYPE, 3),
    name("Activity", slot::AZURE, 0),
    name("TenantId", slot::AZURE, 0),
    name("SourceSystem", slot::AZURE, 0),
    name("EventOriginId", slot::AZURE, 0),
]);
