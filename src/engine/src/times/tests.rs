use super::*;
use crate::stamp::Order;
use std::format;
use std::string::String;

fn shown(stamp: Option<Stamp>) -> String {
    match stamp {
        None => "-".into(),
        Some(Stamp::At(time)) => time.to_rfc3339(),
        Some(Stamp::Local(micros)) => Timestamp(micros).to_rfc3339().replace('Z', ""),
        Some(Stamp::Yearless(_)) => "yearless".into(),
        Some(Stamp::Unread) => "unread".into(),
    }
}

/// The time in the one member of a record.
fn value(json: &str, zone: Zone<'_>) -> String {
    let record = format!(r#"{{"t":{json}}}"#);
    let object = Object::new(record.as_bytes()).unwrap();
    shown(object.get("t").and_then(|value| of(value, zone)))
}

fn times(record: &str) -> (String, String, String, String) {
    let object = Object::new(record.as_bytes()).unwrap();
    let times = Times::of(&object, Zone::UTC.open());
    let unread = String::from_utf8_lossy(times.unread.unwrap_or_default()).into_owned();
    (shown(times.zoned.map(Stamp::At)), shown(times.open), shown(times.receipt), unread)
}

#[test]
fn values_of_all_kinds() {
    let zone = Zone::UTC.open();
    for (json, said) in [
        (r#""2026-03-04T08:00:00Z""#, "2026-03-04T08:00:00Z"),
        (r#"" 2026-03-04T08:00:00Z ""#, "2026-03-04T08:00:00Z"),
        (r#""2026\/03\/04 08:00:00""#, "2026-03-04T08:00:00"),
        ("1772611200", "2026-03-04T08:00:00Z"),
        ("1772611200.25", "2026-03-04T08:00:00.250Z"),
        ("1772611200000", "2026-03-04T08:00:00Z"),
        (r#""1772611200000000""#, "2026-03-04T08:00:00Z"),
        ("1772611200000000000", "2026-03-04T08:00:00Z"),
        ("1.7726112e+09", "2026-03-04T08:00:00Z"),
        ("46085.333333333", "2026-03-04T08:00:00"),
        (r#""\/Date(1772611200000)\/""#, "2026-03-04T08:00:00Z"),
        (r#""/Date(1772611200000+0100)/""#, "2026-03-04T08:00:00Z"),
        (r#"["2026-03-04T08:00:00Z"]"#, "2026-03-04T08:00:00Z"),
        (r#"{"@SystemTime":"2026-03-04T08:00:00Z"}"#, "2026-03-04T08:00:00Z"),
        (r##"{"#attributes":{"SystemTime":"2026-03-04T08:00:00Z"}}"##, "2026-03-04T08:00:00Z"),
        (r#"{"$date":"2026-03-04T08:00:00Z"}"#, "2026-03-04T08:00:00Z"),
        (r#"{"$date":{"$numberLong":"1772611200000"}}"#, "2026-03-04T08:00:00Z"),
        (r#"{"seconds":1772611200,"nanos":5000}"#, "2026-03-04T08:00:00.000005Z"),
        (
            r#"{"value":"\/Date(1772611200000)\/","DisplayHint":2,"DateTime":"Wednesday, March 4, 2026 9:00:00 AM"}"#,
            "2026-03-04T08:00:00Z",
        ),
        (r#""Mar  4 08:00:00""#, "yearless"),
        // These values say nothing.
        ("null", "-"),
        ("true", "-"),
        (r#""""#, "-"),
        (r#""-""#, "-"),
        ("[]", "-"),
        // These values are no times.
        (r#""04/03/2026 08:00:00""#, "unread"),
        (r#""20.03.2026 08:00:00""#, "unread"),
        (r#""vorgestern""#, "unread"),
        ("5", "unread"),
        ("-1", "unread"),
        (r#"{"when":"2026-03-04T08:00:00Z"}"#, "unread"),
        (r#"[[[[["2026-03-04T08:00:00Z"]]]]]"#, "unread"),
    ] {
        assert_eq!(value(json, zone), said, "{json}");
    }
    assert_eq!(value(&format!("\"{}\"", "9".repeat(300)), zone), "unread");
    let day_first = zone.with_order(Some(Order::DayMonth));
    assert_eq!(value(r#""20.03.2026 08:00:00""#, day_first), "2026-03-20T08:00:00");
}

#[test]
fn names_of_times() {
    const AT: &str = "2026-03-04T08:00:00Z";
    for name in [
        "TimeGenerated [UTC]",
        "DATE",
        "ISODATE",
        "timereported",
        "timegenerated",
        "datetime",
        "event_time",
        "eventTime",
        "Timestamp",
        "log_time",
        "EventTime",
        "TimeCreated",
        "SystemTime",
        "CreatedDateTime",
        "CreationTime",
        "Date and Time",
        "Date (UTC)",
        "ts",
        "time",
        "timeUnixNano",
    ] {
        assert_eq!(
            times(&format!(r#"{{"{name}":"{AT}"}}"#)),
            (AT.into(), "-".into(), "-".into(), "".into()),
            "{name}"
        );
    }
    for name in ["_time", "@timestamp", "EventReceivedTime", "event.ingested", "observedTimeUnixNano"] {
        assert_eq!(
            times(&format!(r#"{{"{name}":"{AT}"}}"#)),
            ("-".into(), "-".into(), AT.into(), "".into()),
            "{name}"
        );
    }
    for name in ["Times", "timeout", "user", "uptime", "_source", "datum"] {
        assert_eq!(
            times(&format!(r#"{{"{name}":"{AT}"}}"#)),
            ("-".into(), "-".into(), "-".into(), "".into()),
            "{name}"
        );
    }
}

#[test]
fn the_best_of_several() {
    for (record, said) in [
        // A time with a zone beats one without.
        (
            r#"{"EventTime":"2026-03-04 10:00:00","SystemTime":"2026-03-04T08:00:00Z"}"#,
            ("2026-03-04T08:00:00Z", "2026-03-04T10:00:00", "-", ""),
        ),
        // If the best time cannot be read, the next one is used.
        (
            r#"{"TimeCreated":"gestern","EventTime":"2026-03-04 10:00:00","@timestamp":"2026-03-04T08:00:01Z"}"#,
            ("-", "2026-03-04T10:00:00", "2026-03-04T08:00:01Z", "gestern"),
        ),
        // The earliest receipt wins, in any order of members.
        (
            r#"{"@timestamp":"2026-03-04T08:00:05Z","EventReceivedTime":"2026-03-04T08:00:01Z"}"#,
            ("-", "-", "2026-03-04T08:00:01Z", ""),
        ),
        (
            r#"{"EventReceivedTime":"2026-03-04T08:00:01Z","@timestamp":"2026-03-04T08:00:05Z"}"#,
            ("-", "-", "2026-03-04T08:00:01Z", ""),
        ),
        // Times in parts of a record.
        (
            r#"{"winlog":{"time_created":"2026-03-04T08:00:00Z"},"user":{"created":"2020-01-01T00:00:00Z"}}"#,
            ("2026-03-04T08:00:00Z", "-", "-", ""),
        ),
        (
            r#"{"Event":{"System":{"TimeCreated":{"@SystemTime":"2026-03-04T08:00:00Z"}}}}"#,
            ("2026-03-04T08:00:00Z", "-", "-", ""),
        ),
        // Date and clock in two columns.
        (r#"{"Date":"2026-03-04","Time":"08:00:00"}"#, ("-", "2026-03-04T08:00:00", "-", "2026-03-04")),
        (r#"{"date":"04-Mar-2026","time":"8:00:00 AM"}"#, ("-", "2026-03-04T08:00:00", "-", "04-Mar-2026")),
        // The portal writes the month first, in UTC.
        (r#"{"TimeGenerated [UTC]":"3/4/2026, 8:00:00.000 AM"}"#, ("2026-03-04T08:00:00Z", "-", "-", "")),
        (
            r#"{"TimeGenerated [UTC]":"13/4/2026, 8:00:00.000 AM"}"#,
            ("-", "-", "-", "13/4/2026, 8:00:00.000 AM"),
        ),
    ] {
        let (zoned, open, receipt, unread) = times(record);
        assert_eq!((&*zoned, &*open, &*receipt, &*unread), said, "{record}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| {
        let record = format!(
            r#"{}{{"time":"2026-03-04T08:00:00Z"}}{}"#,
            r#"{"data":"#.repeat(depth),
            "}".repeat(depth)
        );
        times(&record).0
    };
    assert_eq!((&*nested(4), &*nested(5), &*nested(100_000)), ("2026-03-04T08:00:00Z", "-", "-"));
}
