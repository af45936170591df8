use super::*;
use proptest::prelude::*;
use std::string::{String, ToString};

/// Reads a stamp at the start of `text`. Returns it as RFC 3339, and the rest of the text.
fn read_iso(text: &str) -> Option<(String, &str)> {
    let (stamp, used) = iso(text.as_bytes(), Zone::UTC)?;
    Some((shown(stamp), &text[used..]))
}

/// Writes a stamp as text: a point in time, or one that lacks its zone or its year.
fn shown(stamp: Stamp) -> String {
    match stamp {
        Stamp::At(time) => time.to_rfc3339(),
        Stamp::Local(micros) => Timestamp(micros).to_rfc3339().replace('Z', ""),
        Stamp::Yearless(point) => {
            Timestamp(point.local(0).unwrap()).to_rfc3339().replace("0000-", "--").replace('Z', "")
        }
        Stamp::Unread => "unread".into(),
    }
}

#[test]
fn iso_spellings() {
    for (text, time, rest) in [
        ("2026-01-25T05:11:07.311990-08:00 web", "2026-01-25T13:11:07.311990Z", " web"),
        ("2020-03-23 06:47:42.801612-0700  web", "2020-03-23T13:47:42.801612Z", "  web"),
        ("2020-03-23 06:47:42 -0700 web", "2020-03-23T13:47:42Z", " web"),
        ("2020-03-23 06:47:42 -07:00", "2020-03-23T13:47:42Z", ""),
        ("2022-01-19T14:23:55+00:00", "2022-01-19T14:23:55Z", ""),
        ("2022-01-19T14:23:55+02", "2022-01-19T12:23:55Z", ""),
        ("2022-01-19T14:23:55Z", "2022-01-19T14:23:55Z", ""),
        ("2022-01-19t14:23:55z!", "2022-01-19T14:23:55Z", "!"),
        ("2022-01-19 14:23:55,123", "2022-01-19T14:23:55.123Z", ""),
        ("2022-01-19T14:23:55.123456789Z", "2022-01-19T14:23:55.123456Z", ""),
        ("2022-01-19T14:23:55.5Z", "2022-01-19T14:23:55.500Z", ""),
        ("2022-01-19T14:23:55 web", "2022-01-19T14:23:55Z", " web"),
        ("2022-01-19T14:23:55 -5 web", "2022-01-19T14:23:55Z", " -5 web"),
        ("2022-01-19T14:23:55 -0500x", "2022-01-19T14:23:55Z", " -0500x"),
        ("2022-01-19T14:23:55. web", "2022-01-19T14:23:55Z", ". web"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", ""),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z", ""),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z", ""),
    ] {
        assert_eq!(read_iso(text), Some((time.to_string(), rest)), "{text}");
    }
}

#[test]
fn iso_refuses_what_is_no_time() {
    for text in [
        "",
        "2022-01-19",
        "2022-01-19T14:23",
        "2022-01-19T24:00:00Z",
        "2022-01-19T14:60:00Z",
        "2022-01-19T14:23:61Z",
        "2022-02-29T00:00:00Z",
        "2022-02-30T00:00:00Z",
        "2022-00-10T00:00:00Z",
        "2022-13-10T00:00:00Z",
        "2022-01-00T00:00:00Z",
        "2022/01/19 00:00:00",
        "2022-01-19x00:00:00",
        "202a-01-19T00:00:00Z",
    ] {
        assert_eq!(read_iso(text), None, "{text}");
    }
}

#[test]
fn a_missing_zone_is_the_default() {
    let zone = Zone::parse("+02:00").unwrap();
    let (time, _) = iso(b"2022-01-19T14:00:00", zone).unwrap();
    assert_eq!(shown(time), "2022-01-19T12:00:00Z");
    let (stamp, _) = rfc3164(b"Jan 19 2022 14:00:00", zone).unwrap();
    assert_eq!(stamp, time);
    for (text, seconds) in [("+00:00", 0), ("Z", 0), ("-0730", -27_000), ("+05", 18_000), ("+23:59", 86_340)]
    {
        assert_eq!(Zone::parse(text), Some(Zone::new(seconds, &[])), "{text}");
    }
    for bad in ["", "+", "+5", "+24:00", "+05:60", "05:00", "+05:0", "+050", "UTC+1", "+05:00 "] {
        assert_eq!(Zone::parse(bad), None, "{bad}");
    }
}

#[test]
fn syslog_stamps() {
    let y = |month, day, hour, minute, second, micros| Yearless { month, day, hour, minute, second, micros };
    for (text, point, rest) in [
        ("Mar  2 07:55:48 web", y(3, 2, 7, 55, 48, 0), " web"),
        ("Feb 7 16:01:07 web", y(2, 7, 16, 1, 7, 0), " web"),
        ("Jul 05 18:22:44", y(7, 5, 18, 22, 44, 0), ""),
        ("dec 31 23:59:60", y(12, 31, 23, 59, 60, 0), ""),
        ("FEB 29 00:00:00.25 web", y(2, 29, 0, 0, 0, 250_000), " web"),
        ("Mar 12 07:55:48 20161", y(3, 12, 7, 55, 48, 0), " 20161"),
        ("Mar 12 07:55:48 web2016", y(3, 12, 7, 55, 48, 0), " web2016"),
    ] {
        let (stamp, used) = rfc3164(text.as_bytes(), Zone::UTC).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((stamp, &text[used..]), (Stamp::Yearless(point), rest), "{text}");
    }
    for text in ["Mar 12 2016 07:55:48 web", "Mar 12 07:55:48 2016 web"] {
        let (stamp, used) = rfc3164(text.as_bytes(), Zone::UTC).unwrap();
        assert_eq!((stamp, &text[used..]), (Stamp::At(Timestamp(1_457_769_348_000_000)), " web"), "{text}");
    }
    for bad in [
        "Mrz  2 07:55:48",
        "Mar  0 07:55:48",
        "Mar 32 07:55:48",
        "Feb 30 07:55:48",
        "Apr 31 07:55:48",
        "Mar 2 7:55:48",
        "Mar     2 07:55:48",
        "Feb 29 2015 00:00:00",
        "Mar 2",
        "",
    ] {
        assert_eq!(rfc3164(bad.as_bytes(), Zone::UTC), None, "{bad}");
    }
}

#[test]
fn unix_time_by_magnitude() {
    for (text, micros) in [
        ("1768557600", 1_768_557_600_000_000),
        ("1768557600.123456", 1_768_557_600_123_456),
        ("1768557600.1234567", 1_768_557_600_123_456),
        ("1768557600.5", 1_768_557_600_500_000),
        ("1768557600123", 1_768_557_600_123_000),
        ("1768557600123.25", 1_768_557_600_123_250),
        ("1768557600123000", 1_768_557_600_123_000),
        ("1768557600123456", 1_768_557_600_123_456),
        ("1768557600123456789", 1_768_557_600_123_456),
        ("1768557600123456789.5", 1_768_557_600_123_456),
        ("0", 0),
    ] {
        assert_eq!(epoch(text.as_bytes()), Some(Timestamp(micros)), "{text}");
    }
    for bad in
        ["", ".5", "5.", "-5", "1e9", "1768557600 ", "99999999999999999999", "9999999999999999999", "0x5"]
    {
        assert_eq!(epoch(bad.as_bytes()), None, "{bad}");
    }
}

#[test]
fn dates_of_numbers_take_an_order() {
    let read = |text: &str, order| read(text.as_bytes(), Zone::new(3600, &[]).with_order(order)).map(shown);
    for (text, day_first, month_first) in [
        ("6/15/2026, 12:35:28.806 PM", None, Some("2026-06-15T11:35:28.806Z")),
        ("6/15/2026, 12:35:28.806\u{202f}AM", None, Some("2026-06-14T23:35:28.806Z")),
        ("6/5/2026, 1:35:28 pm", Some("2026-05-06T12:35:28Z"), Some("2026-06-05T12:35:28Z")),
        ("01/09/2007 09:41:00", Some("2007-09-01T08:41:00Z"), Some("2007-01-09T08:41:00Z")),
        ("1/9/2007 10:41:00 AM +02:00", Some("2007-09-01T08:41:00Z"), Some("2007-01-09T08:41:00Z")),
        ("15/6/2026 23:05", Some("2026-06-15T22:05:00Z"), None),
        ("6/15/2026, 12:35:28.8064136 PM Z", None, Some("2026-06-15T12:35:28.806413Z")),
        ("20.03.2025 08:00:00", Some("2025-03-20T07:00:00Z"), None),
        ("04-03-2025 08:00", Some("2025-03-04T07:00:00Z"), Some("2025-04-03T07:00:00Z")),
        ("04.03.2025, 08:00:00,5", Some("2025-03-04T07:00:00.500Z"), Some("2025-04-03T07:00:00.500Z")),
    ] {
        for (order, expected) in
            [(None, None), (Some(Order::DayMonth), day_first), (Some(Order::MonthDay), month_first)]
        {
            assert_eq!(read(text, order).as_deref(), expected, "{text} {order:?}");
        }
    }
    for bad in [
        "",
        "6/15",
        "6/15/26 12:00:00",
        "13/13/2026 12:00:00",
        "0/1/2026 12:00:00",
        "2/30/2026 12:00:00",
        "6/15/2026",
        "6/15/2026 13:00:00 PM",
        "6/15/2026 0:00:00 AM",
        "6/15/2026 24:00:00",
        "6/15/2026 12:60",
        "6/15-2026 12:00",
    ] {
        for order in [Order::DayMonth, Order::MonthDay] {
            assert_eq!(read(bad, Some(order)), None, "{bad}");
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(micros in 0i64..253_402_300_799_999_999) {
        let time = Timestamp(micros);
        let text = time.to_rfc3339();
        prop_assert_eq!(iso(text.as_bytes(), Zone::new(60, &[])), Some((Stamp::At(time), text.len())));
        prop_assert_eq!(year_of(time, Zone::UTC).to_string(), text.trim_start_matches('0').split('-').next().unwrap());
    }

    #[test]
    fn no_input_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40), micros in any::<i64>()) {
        let _ = (iso(&bytes, Zone::UTC), rfc3164(&bytes, Zone::UTC), epoch(&bytes), read(&bytes, Zone::UTC), leading(&bytes, Zone::UTC), year_of(Timestamp(micros), Zone::UTC));
    }

    #[test]
    fn nor_does_what_has_slashes(text in "[0-9]{1,2}/[0-9]{1,2}/[0-9]{3,4}[, \u{202f}]{1,2}[0-9]{1,2}:[0-9:. APM+]{0,20}") {
        let _ = read(text.as_bytes(), Zone::UTC.with_order(Some(Order::DayMonth)));
    }

    #[test]
    fn nor_does_what_looks_like_a_stamp(text in "[A-Z][a-z]{2} [ 0-9]{1,3} [0-9:. +-]{0,30}|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:. +-]{0,30}") {
        let _ = (iso(text.as_bytes(), Zone::UTC), rfc3164(text.as_bytes(), Zone::UTC));
        let _ = (read(text.as_bytes(), Zone::UTC.open()), leading(text.as_bytes(), Zone::UTC.open()));
    }
}

#[test]
fn unix_time_with_an_exponent() {
    let micros = |text: &str| match read(text.as_bytes(), Zone::UTC) {
        Some(Stamp::At(time)) => Some(time.0),
        _ => None,
    };
    assert_eq!(micros("1.7685576e9"), Some(1_768_557_600_000_000));
    assert_eq!(micros("1.7685576001234567e+09"), Some(1_768_557_600_123_456));
    assert_eq!(micros("17685576E2"), Some(1_768_557_600_000_000));
    assert_eq!(micros("17685576000e-1"), Some(1_768_557_600_000_000));
    assert_eq!(micros("1.76855760000000000000000000000001e9"), Some(1_768_557_600_000_000));
    assert_eq!(micros("1.768557600123e12"), Some(1_768_557_600_123_000));
    assert_eq!(micros("1.768557600123456e+15"), Some(1_768_557_600_123_456));
    for bad in [
        "",
        "e",
        "1e",
        "1e99999999999",
        "-1e9",
        "1.2.3e9",
        "1e300",
        "0e9",
        "1x9",
        "1e-2147483648",
        "9",
        "1e2147483647",
    ] {
        assert_eq!(micros(bad), None, "{bad}");
    }
}

#[test]
fn local_clocks_skip_an_hour_and_repeat_one() {
    // Berlin in 2026: 29 March, 01:00 UTC, and 25 October, 01:00 UTC.
    let changes =
        [Transition::new(1_774_746_000, 3_600, 7_200), Transition::new(1_792_890_000, 7_200, 3_600)];
    let berlin = Zone::new(3_600, &changes);
    for (local, utc) in [
        ("2026-03-29T01:59:59", "2026-03-29T00:59:59Z"),
        // Clocks skip these times: the old offset continues.
        ("2026-03-29T02:00:00", "2026-03-29T01:00:00Z"),
        ("2026-03-29T02:59:59", "2026-03-29T01:59:59Z"),
        ("2026-03-29T03:00:00", "2026-03-29T01:00:00Z"),
        ("2026-07-01T12:00:00", "2026-07-01T10:00:00Z"),
        // Clocks show these times twice: the first of the two holds.
        ("2026-10-25T02:00:00", "2026-10-25T00:00:00Z"),
        ("2026-10-25T02:59:59", "2026-10-25T00:59:59Z"),
        ("2026-10-25T03:00:00", "2026-10-25T02:00:00Z"),
        ("2026-12-01T12:00:00", "2026-12-01T11:00:00Z"),
        // A stamp with an offset of its own ignores the zone.
        ("2026-07-01T12:00:00+00:00", "2026-07-01T12:00:00Z"),
    ] {
        let (time, _) = iso(local.as_bytes(), berlin).unwrap();
        assert_eq!(shown(time), utc, "{local}");
    }
    for (utc, local) in [(1_774_745_999, 1_774_749_599), (1_774_746_000, 1_774_753_200), (0, 3_600)] {
        assert_eq!(berlin.local(utc), local);
    }
    assert_eq!(
        (berlin.utc(i64::MIN), Zone::new(-60, &[]).utc(i64::MAX)),
        (i64::MIN, i64::MAX),
        "and never traps"
    );
}

proptest! {
    #[test]
    fn what_local_clocks_show_once_is_read_back(
        starts in proptest::collection::vec(1_000i64..10_000_000, 0..6),
        offsets in proptest::array::uniform6(-50_400i32..=50_400),
        utc in -1_000_000i64..40_000_000,
    ) {
        // Changes are at least two days apart, as in real zones.
        let (mut at, mut before, mut changes) = (0, 0, std::vec::Vec::new());
        for (gap, after) in starts.iter().zip(offsets) {
            at += 200_000 + gap;
            changes.push(Transition::new(at, before, after));
            before = after;
        }
        let zone = Zone::new(0, &changes);
        let local = zone.local(utc);
        let readings = core::iter::once(0).chain(changes.iter().map(|change| change.seconds))
            .map(|seconds| local - i64::from(seconds)).filter(|utc| zone.local(*utc) == local);
        prop_assert_eq!(Some(zone.utc(local)), readings.min(), "the first of all that show it");
    }
}

#[test]
fn forms_of_values() {
    // The zone is open and the day comes first. A time without a zone is shown without `Z`.
    let zone = Zone::UTC.open().with_order(Some(Order::DayMonth));
    for (text, expected) in [
        // The common log format, with and without its brackets.
        ("04/Mar/2026:08:00:00 +0000", "2026-03-04T08:00:00Z"),
        ("[04/Mar/2026:08:00:00 -0500]", "2026-03-04T13:00:00Z"),
        ("04/Mar/2026 08:00:00", "2026-03-04T08:00:00"),
        // The year first, but not RFC 3339.
        ("2026/03/04 08:00:00", "2026-03-04T08:00:00"),
        ("2026/3/4 8:00:00 PM", "2026-03-04T20:00:00"),
        ("2026.03.04 08:00:00", "2026-03-04T08:00:00"),
        ("2026-03-04 08:00", "2026-03-04T08:00:00"),
        ("2026-03-04T08:00Z", "2026-03-04T08:00:00Z"),
        ("2026-03-04 08:00:00 PM", "2026-03-04T20:00:00"),
        ("2026-03-04 08:00:00 UTC", "2026-03-04T08:00:00Z"),
        ("2026-03-04 08:00:00 CET", "2026-03-04T07:00:00Z"),
        ("2026-03-04 08:00:00 IST", "2026-03-04T08:00:00"),
        ("2026-03-04T08:00:00.123+01:00[Europe/Berlin]", "2026-03-04T07:00:00.123Z"),
        ("2026-03-04 08:00:00.5 +0100 CET m=+0.001", "2026-03-04T07:00:00.500Z"),
        ("2026-03-04-08.00.00.000001", "2026-03-04T08:00:00.000001"),
        ("2026-03-04_08:00:00", "2026-03-04T08:00:00"),
        ("2026 Mar 04 08:00:01", "2026-03-04T08:00:01"),
        ("2026-Mar-04 08:00:01", "2026-03-04T08:00:01"),
        ("2026-03-04 08:00:00:123", "2026-03-04T08:00:00.123"),
        // Compact forms.
        ("20260304T080000Z", "2026-03-04T08:00:00Z"),
        ("20260304T080000.250+0200", "2026-03-04T06:00:00.250Z"),
        ("20260304 08:00:00", "2026-03-04T08:00:00"),
        ("20260304-080000", "2026-03-04T08:00:00"),
        ("20260304080000", "2026-03-04T08:00:00"),
        ("20260304080000.0Z", "2026-03-04T08:00:00Z"),
        ("20260304090000.000000+060", "2026-03-04T08:00:00Z"),
        // ctime, date, JavaScript.
        ("Wed Mar  4 08:00:00 2026", "2026-03-04T08:00:00"),
        ("Wed Mar  4 08:00:00 UTC 2026", "2026-03-04T08:00:00Z"),
        ("Wed Mar  4 08:00:00 PST 2026", "2026-03-04T16:00:00Z"),
        ("Wed Mar 04 2026 08:00:00 GMT+0100 (Central European Standard Time)", "2026-03-04T07:00:00Z"),
        ("Wed 4 Mar 08:00:00 UTC 2026", "2026-03-04T08:00:00Z"),
        ("Wed 04 Mar 2026 08:00:00 AM UTC", "2026-03-04T08:00:00Z"),
        // RFC 1123, RFC 850 and mail.
        ("Wed, 04 Mar 2026 08:00:00 GMT", "2026-03-04T08:00:00Z"),
        ("Wed, 4 Mar 2026 08:00:00 +0100", "2026-03-04T07:00:00Z"),
        ("04 Mar 2026 08:00 UT", "2026-03-04T08:00:00Z"),
        ("Wednesday, 04-Mar-26 08:00:00 GMT", "2026-03-04T08:00:00Z"),
        ("04-MAR-26 08.00.00.000000 PM", "2026-03-04T20:00:00"),
        ("4-Mar-2026 08:00:00", "2026-03-04T08:00:00"),
        // Kibana, new and old, and forms for people.
        ("Mar 4, 2026 @ 08:00:00.000", "2026-03-04T08:00:00"),
        ("March 4th 2026, 08:00:00.123", "2026-03-04T08:00:00.123"),
        ("Mar 4, 2026, 8:00:00 AM", "2026-03-04T08:00:00"),
        ("March 4, 2026 at 8:00:00 PM UTC", "2026-03-04T20:00:00Z"),
        ("Wednesday, March 4, 2026 8:00:00 AM", "2026-03-04T08:00:00"),
        ("4 March 2026 08:00:00", "2026-03-04T08:00:00"),
        ("Sept. 4, 2026 8:00 a.m.", "2026-09-04T08:00:00"),
        // Without a year.
        ("Mar  4 08:00:00", "--03-04T08:00:00"),
        ("4 Mar 08:00:00", "--03-04T08:00:00"),
        ("Wed Mar 4 08:00:00", "--03-04T08:00:00"),
        // Numbers.
        ("1772611200", "2026-03-04T08:00:00Z"),
        ("1772611200.5", "2026-03-04T08:00:00.500Z"),
        ("1772611200123", "2026-03-04T08:00:00.123Z"),
        ("1772611200123456", "2026-03-04T08:00:00.123456Z"),
        ("1772611200123456789", "2026-03-04T08:00:00.123456Z"),
        ("134170848000000000", "2026-03-04T08:00:00Z"),
        ("639082080000000000", "2026-03-04T08:00:00Z"),
        // Excel: days since 1899-12-30, with varying numbers of decimals.
        ("46085.3333333333", "2026-03-04T08:00:00"),
        ("46085.33333", "2026-03-04T08:00:00"),
        ("46085.333333", "2026-03-04T08:00:00"),
        ("46085.33334490741", "2026-03-04T08:00:01"),
        ("46085.5", "2026-03-04T12:00:00"),
        ("46085", "2026-03-04T00:00:00"),
        ("4.6085333333333e4", "2026-03-04T08:00:00"),
    ] {
        assert_eq!(read(text.as_bytes(), zone).map(shown).as_deref(), Some(expected), "{text}");
    }
    for bad in [
        "yesterday",
        "2026-03-04",
        "08:00:00",
        "20260304",
        "Mar 4, 2026",
        "4. M\u{e4}rz 2026 08:00:00",
        "2026-02-30T08:00:00Z",
        "2026-03-04T25:00:00Z",
        "2026-03-04T08:00:00 and more",
        "2026-03-04T08:00:00Z/2026-03-05T08:00:00Z",
        "0",
        "5",
        "-1772611200",
        "99999999",
        "12345",
        "0000-00-00 00:00:00",
        "46085.33x",
        "Foo 4 08:00:00",
        "04/Mrz/2026:08:00:00 +0000",
        "\u{661}\u{662}",
    ] {
        assert_eq!(read(bad.as_bytes(), zone), None, "{bad}");
    }
}

#[test]
fn forms_that_begin_lines() {
    for (line, expected, rest) in [
        ("2026-03-04T08:00:00Z web1 sshd[1]: x", "2026-03-04T08:00:00Z", " web1 sshd[1]: x"),
        ("Mar  4 08:00:00 web1 sshd[1]: x", "--03-04T08:00:00", " web1 sshd[1]: x"),
        ("Wed 2026-03-04 08:00:00 UTC web1 sshd[1]: x", "2026-03-04T08:00:00Z", " web1 sshd[1]: x"),
        ("Wed 2026-03-04 08:00:00 CET web1 sshd[1]: x", "2026-03-04T07:00:00Z", " web1 sshd[1]: x"),
        (
            "Wed 2026-03-04 08:00:00.123456 IST web1 sshd[1]: x",
            "2026-03-04T08:00:00.123456",
            " web1 sshd[1]: x",
        ),
        ("Wed 2026-03-04 08:00:00 +03 web1 sshd[1]: x", "2026-03-04T05:00:00Z", " web1 sshd[1]: x"),
        ("Wed Mar  4 08:00:00 2026 web1 sshd: x", "2026-03-04T08:00:00", " web1 sshd: x"),
        ("04/Mar/2026:08:00:00 +0000 web1 sshd: x", "2026-03-04T08:00:00Z", " web1 sshd: x"),
        ("2026/03/04 08:00:00 web1 sshd: x", "2026-03-04T08:00:00", " web1 sshd: x"),
        ("20260304T080000Z web1 sshd: x", "2026-03-04T08:00:00Z", " web1 sshd: x"),
        ("1772611200.123456 web1 sshd[1]: x", "2026-03-04T08:00:00.123456Z", " web1 sshd[1]: x"),
        ("1772611200 web1 sshd[1]: x", "2026-03-04T08:00:00Z", " web1 sshd[1]: x"),
        // The word after the time is the host's name.
        ("2026-03-04 08:00:00 CET sshd: x", "2026-03-04T08:00:00", " CET sshd: x"),
        ("2026-03-04 08:00:00 -5 web1", "2026-03-04T08:00:00", " -5 web1"),
    ] {
        let (stamp, used) = leading(line.as_bytes(), Zone::UTC.open()).unwrap_or_else(|| panic!("{line}"));
        assert_eq!((&*shown(stamp), &line[used..]), (expected, rest), "{line}");
    }
    for bad in [
        "",
        "sshd[1]: x",
        "4711 web1 sshd: x",
        "17726112001 web1",
        "03/04/2026 08:00:00 web1",
        "web1 Mar 4 08:00:00",
    ] {
        assert_eq!(leading(bad.as_bytes(), Zone::UTC), None, "{bad}");
    }
}

#[test]
fn a_repeated_hour_has_two_readings() {
    let changes =
        [Transition::new(1_774_746_000, 3_600, 7_200), Transition::new(1_792_890_000, 7_200, 3_600)];
    let berlin = Zone::new(3_600, &changes);
    // 2026-10-25T02:30:00 on local clocks.
    let local = 1_792_895_400;
    assert_eq!((berlin.utc(local), berlin.again(local)), (1_792_888_200, Some(1_792_891_800)));
    // The ends of the repeated hour, the skipped hour, and any other hour.
    for (local, again) in [
        (1_792_893_600, Some(1_792_890_000)),
        (1_792_897_199, Some(1_792_893_599)),
        (1_792_897_200, None),
        (1_792_893_599, None),
        (1_774_751_400, None),
        (1_782_907_200, None),
    ] {
        assert_eq!(berlin.again(local), again, "{local}");
    }
    assert_eq!(Zone::new(60, &[]).again(local), None);
}

proptest! {
    /// Times that chrono writes are read back, in every form that chrono can write.
    #[test]
    fn forms_are_read_as_they_were_written(seconds in 946_684_800i64..4_102_444_799, order in any::<bool>()) {
        let time = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        let order = if order { Order::DayMonth } else { Order::MonthDay };
        let zone = Zone::UTC.with_order(Some(order));
        for form in [
            "%d/%b/%Y:%H:%M:%S +0000",
            "[%d/%b/%Y:%H:%M:%S +0000]",
            "%a, %d %b %Y %H:%M:%S GMT",
            "%A, %d-%b-%y %H:%M:%S GMT",
            "%a %b %e %H:%M:%S %Y",
            "%a %b %e %H:%M:%S UTC %Y",
            "%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)",
            "%A, %B %-d, %Y %-I:%M:%S %p",
            "%b %-d, %Y @ %H:%M:%S.000",
            "%d %B %Y %H:%M:%S",
            "%Y/%m/%d %H:%M:%S",
            "%Y.%m.%d %H:%M:%S",
            "%Y-%m-%d %I:%M:%S %p",
            "%Y%m%dT%H%M%SZ",
            "%Y%m%d%H%M%S",
            "%Y%m%d %H:%M:%S",
            "%s",
            "%s000",
            "%s000000",
            "%s000000000",
            match order {
                Order::DayMonth => "%d.%m.%Y %H:%M:%S",
                Order::MonthDay => "%-m/%-d/%Y, %-I:%M:%S %p",
            },
        ] {
            let text = time.format(form).to_string();
            prop_assert_eq!(read(text.as_bytes(), zone), Some(Stamp::At(Timestamp(seconds * 1_000_000))), "{}", text);
        }
        // Excel's form.
        for decimals in [10, 11, 9, 6, 5] {
            let days = seconds as f64 / 86_400.0 + 25_569.0;
            let text = std::format!("{days:.decimals$}");
            prop_assert_eq!(read(text.as_bytes(), zone), Some(Stamp::At(Timestamp(seconds * 1_000_000))), "{}", text);
        }
    }

    #[test]
    fn an_hour_has_no_third_reading(
        starts in proptest::collection::vec(1_000i64..10_000_000, 0..6),
        offsets in proptest::array::uniform6(-50_400i32..=50_400),
        local in -1_000_000i64..40_000_000,
    ) {
        let (mut at, mut before, mut changes) = (0, 0, std::vec::Vec::new());
        for (gap, after) in starts.iter().zip(offsets) {
            at += 200_000 + gap;
            changes.push(Transition::new(at, before, after));
            before = after;
        }
        let zone = Zone::new(0, &changes);
        // All times at which such a clock shows `local`, found by trying each offset.
        let mut all: std::vec::Vec<i64> = core::iter::once(0).chain(changes.iter().map(|change| change.seconds))
            .map(|seconds| local - i64::from(seconds)).filter(|utc| zone.local(*utc) == local).collect();
        all.sort_unstable();
        all.dedup();
        if let Some(first) = all.first() {
            prop_assert_eq!((zone.utc(local), zone.again(local)), (*first, all.get(1).copied()));
        }
    }
}
