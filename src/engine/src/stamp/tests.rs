use super::*;
use proptest::prelude::*;
use std::string::{String, ToString};

/// A stamp at the start of `text`, as RFC 3339, and what is left.
fn read_iso(text: &str) -> Option<(String, &str)> {
    let (time, used) = iso(text.as_bytes(), Zone::UTC)?;
    Some((time.to_rfc3339(), &text[used..]))
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
    assert_eq!(time.to_rfc3339(), "2022-01-19T12:00:00Z");
    let (stamp, _) = rfc3164(b"Jan 19 2022 14:00:00", zone).unwrap();
    assert_eq!(stamp, Stamp::At(time));
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
fn dates_with_slashes() {
    let read =
        |text: &str| slashed(text.as_bytes(), Zone::new(3600, &[])).map(|(t, used)| (t.to_string(), used));
    for (text, expected) in [
        ("6/15/2026, 12:35:28.806 PM", "2026-06-15T11:35:28.806Z"),
        ("6/15/2026, 12:35:28.806\u{202f}AM", "2026-06-14T23:35:28.806Z"),
        ("6/5/2026, 1:35:28 pm", "2026-06-05T12:35:28Z"),
        ("01/09/2007 09:41:00", "2007-01-09T08:41:00Z"),
        ("1/9/2007 10:41:00 AM +02:00", "2007-01-09T08:41:00Z"),
        ("15/6/2026 23:05", "2026-06-15T22:05:00Z"),
        ("6/15/2026, 12:35:28.8064136 PM Z", "2026-06-15T12:35:28.806413Z"),
    ] {
        assert_eq!(read(text), Some((expected.into(), text.len())), "{text}");
    }
    for bad in [
        "",
        "6/15",
        "6/15/26 12:00:00",
        "13/13/2026 12:00:00",
        "0/1/2026 12:00:00",
        "2/30/2026 12:00:00",
        "6/15/2026",
        "6/15/2026T12:00:00",
        "6/15/2026 13:00:00 PM",
        "6/15/2026 0:00:00 AM",
        "6/15/2026 24:00:00",
        "6/15/2026 12:60",
    ] {
        assert_eq!(read(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(micros in 0i64..253_402_300_799_999_999) {
        let time = Timestamp(micros);
        let text = time.to_rfc3339();
        prop_assert_eq!(iso(text.as_bytes(), Zone::new(60, &[])), Some((time, text.len())));
        prop_assert_eq!(year_of(time, Zone::UTC).to_string(), text.trim_start_matches('0').split('-').next().unwrap());
    }

    #[test]
    fn no_input_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40), micros in any::<i64>()) {
        let _ = (iso(&bytes, Zone::UTC), rfc3164(&bytes, Zone::UTC), epoch(&bytes), slashed(&bytes, Zone::UTC), year_of(Timestamp(micros), Zone::UTC));
    }

    #[test]
    fn nor_does_what_has_slashes(text in "[0-9]{1,2}/[0-9]{1,2}/[0-9]{3,4}[, \u{202f}]{1,2}[0-9]{1,2}:[0-9:. APM+]{0,20}") {
        let _ = slashed(text.as_bytes(), Zone::UTC);
    }

    #[test]
    fn nor_does_what_looks_like_a_stamp(text in "[A-Z][a-z]{2} [ 0-9]{1,3} [0-9:. +-]{0,30}|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:. +-]{0,30}") {
        let _ = (iso(text.as_bytes(), Zone::UTC), rfc3164(text.as_bytes(), Zone::UTC));
    }
}

#[test]
fn unix_time_with_an_exponent() {
    let micros = |text: &str| scientific(text.as_bytes()).map(|time| time.0);
    assert_eq!(micros("1.7685576e9"), Some(1_768_557_600_000_000));
    assert_eq!(micros("1.7685576001234567e+09"), Some(1_768_557_600_123_456));
    assert_eq!(micros("17685576E2"), Some(1_768_557_600_000_000));
    assert_eq!(micros("17685576000e-1"), Some(1_768_557_600_000_000));
    assert_eq!(micros("1.76855760000000000000000000000001e9"), Some(1_768_557_600_000_000));
    for bad in [
        "",
        "e",
        "1e",
        "1e99999999999",
        "-1e9",
        "1.2.3e9",
        "1e12",
        "1e300",
        "0e9",
        "1x9",
        "1e-2147483648",
        "9",
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
        // No clock shows these: the offset before goes on.
        ("2026-03-29T02:00:00", "2026-03-29T01:00:00Z"),
        ("2026-03-29T02:59:59", "2026-03-29T01:59:59Z"),
        ("2026-03-29T03:00:00", "2026-03-29T01:00:00Z"),
        ("2026-07-01T12:00:00", "2026-07-01T10:00:00Z"),
        // Clocks show these twice: the first of the two holds.
        ("2026-10-25T02:00:00", "2026-10-25T00:00:00Z"),
        ("2026-10-25T02:59:59", "2026-10-25T00:59:59Z"),
        ("2026-10-25T03:00:00", "2026-10-25T02:00:00Z"),
        ("2026-12-01T12:00:00", "2026-12-01T11:00:00Z"),
        // A stamp with an offset of its own does not ask.
        ("2026-07-01T12:00:00+00:00", "2026-07-01T12:00:00Z"),
    ] {
        let (time, _) = iso(local.as_bytes(), berlin).unwrap();
        assert_eq!(time.to_rfc3339(), utc, "{local}");
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
        // Changes at least two days apart, as clocks have them.
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
