use super::*;
use crate::stamp::{Transition, leading};
use crate::times;
use proptest::prelude::*;
use std::string::String;

const RECEIVED: Timestamp = Timestamp(1_772_359_300_000_000); // 2026-03-01T10:01:40Z
const RULES: Rules<'_> = Rules { zone: Zone::UTC, max_ahead: Span(300_000_000), undated_is_received: false };

/// Dates a single time, as part of a stream or of a log that was stored just then.
fn dated(dating: &mut Dating, stamp: Option<Stamp>, stored: bool) -> Result<String, Dated> {
    let when = When { stamp, ..When::default() };
    date(dating, &when, &RULES, Reading { received: RECEIVED, written: stored.then_some(RECEIVED), first: 0 })
}

fn date(dating: &mut Dating, when: &When<'_>, rules: &Rules<'_>, reading: Reading) -> Result<String, Dated> {
    let mut event = Event::default();
    let dated = dating.date(&mut event, when, rules, reading);
    if dated.undated { Err(dated) } else { Ok(event.time.to_rfc3339()) }
}

fn stamp(text: &str) -> Option<Stamp> {
    times::of_text(text, Zone::UTC.open())
}

fn at(text: &str) -> Timestamp {
    stamp(text).and_then(Stamp::point).unwrap()
}

const UNDATED: Result<String, Dated> =
    Err(Dated { undated: true, ahead: false, inferred: false, delay: None });

#[test]
fn years_survive_a_snapshot() {
    let stamp = |text: &str| leading(text.as_bytes(), Zone::UTC).map(|(stamp, _)| stamp);
    let mut dating = Dating::default();
    assert_eq!(dated(&mut dating, stamp("Dec 31 23:59:59 "), false).unwrap(), "2025-12-31T23:59:59Z");
    let mut out = Writer::loose();
    dating.save(&mut out);
    let bytes = out.finish();
    let mut restored = Dating::default();
    let mut input = Reader::loose(&bytes).unwrap();
    restored.load(&mut input).unwrap();
    input.finish().unwrap();
    assert_eq!(dated(&mut restored, stamp("Jan  1 00:00:01 "), false).unwrap(), "2026-01-01T00:00:01Z");
}

#[test]
fn what_has_no_time_is_received_in_a_stream_and_undated_in_a_log() {
    let dating = &mut Dating::default();
    assert_eq!(dated(dating, None, false), Ok(RECEIVED.to_rfc3339()));
    assert_eq!(dated(dating, None, true), UNDATED);
    let rules = Rules { undated_is_received: true, ..RULES };
    let reading = Reading { received: RECEIVED, written: Some(Timestamp(0)), first: 0 };
    assert_eq!(date(dating, &When::default(), &rules, reading), Ok(RECEIVED.to_rfc3339()));
    // A time that is unreadable or impossible is never replaced by the receipt.
    for bad in [
        Stamp::Unread,
        Stamp::At(Timestamp(i64::MAX)),
        Stamp::At(Timestamp(i64::MIN)),
        Stamp::Local(i64::MIN),
    ] {
        for stored in [false, true] {
            assert_eq!(dated(dating, Some(bad), stored), UNDATED, "{bad:?}");
        }
        assert_eq!(
            date(dating, &When { stamp: Some(bad), ..When::default() }, &rules, reading),
            UNDATED,
            "{bad:?}"
        );
    }
    assert_eq!(dated(dating, Some(Stamp::At(Timestamp(7))), true), Ok("1970-01-01T00:00:00.000007Z".into()));
}

#[test]
fn a_clock_that_runs_ahead() {
    let ahead = |seconds| Some(Stamp::At(RECEIVED.plus(Span::seconds(seconds))));
    let dating = &mut Dating::default();
    assert_eq!(dated(dating, ahead(300), false), Ok("2026-03-01T10:06:40Z".into()));
    assert_eq!(dated(dating, ahead(300), true), Ok("2026-03-01T10:06:40Z".into()));
    assert_eq!(dated(dating, ahead(301), false), Ok(RECEIVED.to_rfc3339()));
    assert_eq!(
        dated(dating, ahead(301), true),
        Err(Dated { undated: true, ahead: true, ..Dated::default() })
    );
    // A file may be older than its content. This does not count as a clock that runs ahead.
    let reading = Reading { received: RECEIVED, written: Some(at("2026-02-01T00:00:00Z")), first: 0 };
    let when = When::at(at("2026-02-20T00:00:00Z"));
    assert_eq!(date(dating, &when, &RULES, reading), Ok("2026-02-20T00:00:00Z".into()));
}

#[test]
fn the_year_is_that_of_the_file() {
    let when = When { stamp: stamp("Mar 10 08:00:00"), ..When::default() };
    for (written, time) in [
        (None, "2025-03-10T08:00:00Z"),
        (Some("2016-03-12T00:00:00Z"), "2016-03-10T08:00:00Z"),
        (Some("2016-03-09T08:00:00Z"), "2016-03-10T08:00:00Z"),
        (Some("2016-03-09T07:59:59Z"), "2015-03-10T08:00:00Z"),
        // The file was copied later, by a clock that ran ahead: a record is never newer than its receipt.
        (Some("2027-01-01T00:00:00Z"), "2025-03-10T08:00:00Z"),
    ] {
        let reading = Reading { received: RECEIVED, written: written.map(at), first: 0 };
        assert_eq!(date(&mut Dating::default(), &when, &RULES, reading), Ok(time.into()), "{written:?}");
    }
}

#[test]
fn a_receipt_tells_the_zone() {
    for (local, receipt, time) in [
        ("2026-03-04 10:00:00", "2026-03-04T08:00:01Z", "2026-03-04T08:00:00Z"),
        ("2026-03-04 08:00:00", "2026-03-04T08:02:00Z", "2026-03-04T08:00:00Z"),
        ("2026-03-04 08:02:00", "2026-03-04T08:00:00Z", "2026-03-04T08:02:00Z"),
        ("2026-03-03 20:00:00", "2026-03-04T08:00:30Z", "2026-03-04T08:00:00Z"),
        ("2026-03-04 22:00:00", "2026-03-04T08:00:30Z", "2026-03-04T08:00:00Z"),
        ("2026-03-04 13:45:00", "2026-03-04T08:00:30Z", "2026-03-04T08:00:00Z"),
        ("2026-03-04 21:45:00", "2026-03-04T08:00:30Z", "2026-03-04T08:00:00Z"),
        ("2026-03-03 22:30:00", "2026-03-04T08:00:30Z", "2026-03-04T08:00:00Z"),
        // No offset in use fits: the receipt dates the event.
        ("2026-03-04 08:00:00", "2026-03-04T08:02:01Z", "2026-03-04T08:02:01Z"),
        ("2026-03-03 19:00:00", "2026-03-04T08:00:30Z", "2026-03-04T08:00:30Z"),
        ("2026-03-04 23:00:00", "2026-03-04T08:00:30Z", "2026-03-04T08:00:30Z"),
        ("2026-03-04 13:00:00", "2026-03-04T08:10:00Z", "2026-03-04T08:10:00Z"),
        // Without a year: the receipt also gives the year too.
        ("Mar  4 10:00:00", "2026-03-04T08:00:01Z", "2026-03-04T08:00:00Z"),
        ("Dec 31 23:59:59", "2027-01-01T00:00:01Z", "2026-12-31T23:59:59Z"),
        ("Jan  1 01:00:00", "2026-12-31T23:00:01Z", "2026-12-31T23:00:00Z"),
    ] {
        let when = When { stamp: stamp(local), receipt: Some(at(receipt)), unread: b"" };
        let reading = Reading::at(at("2030-01-01T00:00:00Z"));
        let mut event = Event::default();
        let how = Dating::default().date(&mut event, &when, &RULES, reading);
        let told = Dated { delay: how.delay, ..Dated::default() };
        assert_eq!((event.time.to_rfc3339().as_str(), how), (time, told), "{local} {receipt}");
    }
    // The log was read long after. The year is inferred, since a record without a year still has a time.
    let when =
        When { stamp: stamp("Mar  4 10:00:00"), receipt: Some(at("2026-11-30T08:07:00Z")), unread: b"" };
    let mut event = Event::default();
    let how = Dating::default().date(&mut event, &when, &RULES, Reading::at(at("2026-11-30T08:07:00Z")));
    assert_eq!((event.time.to_rfc3339().as_str(), how.inferred), ("2026-03-04T10:00:00Z", true));
}

#[test]
fn a_repeated_hour_goes_on_from_the_time_before() {
    let changes =
        [Transition::new(1_774_746_000, 3_600, 7_200), Transition::new(1_792_890_000, 7_200, 3_600)];
    let rules = Rules { zone: Zone::new(3_600, &changes), ..RULES };
    let reading = Reading::at(at("2026-12-01T00:00:00Z"));
    for year in ["2026-", ""] {
        let mut dating = Dating::default();
        for (clock, time) in [
            // There is no previous time, so the first of the two readings holds.
            ("10-25 02:30:00", "2026-10-25T00:30:00Z"),
            ("10-25 02:59:59", "2026-10-25T00:59:59Z"),
            // The clock went back: the second is nearer.
            ("10-25 02:00:00", "2026-10-25T01:00:00Z"),
            ("10-25 02:30:00", "2026-10-25T01:30:00Z"),
            ("10-25 03:00:00", "2026-10-25T02:00:00Z"),
        ] {
            let text = match year {
                "" => clock.replace("10-25", "Oct 25"),
                year => std::format!("{year}{clock}"),
            };
            let when = When { stamp: stamp(&text), ..When::default() };
            assert_eq!(date(&mut dating, &when, &rules, reading), Ok(time.into()), "{text}");
        }
    }
    // In the skipped hour, the old offset continues.
    for text in ["2026-03-29 02:30:00", "Mar 29 02:30:00"] {
        let when = When { stamp: stamp(text), ..When::default() };
        assert_eq!(
            date(&mut Dating::default(), &when, &rules, reading),
            Ok("2026-03-29T01:30:00Z".into()),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn any_offset_in_use_is_found(minutes in 0usize..39, late in -120i64..=120, at in 0i64..4_000_000_000) {
        let offsets: std::vec::Vec<i64> = (-12..=14).map(|hours| hours * 60).chain(BROKEN).collect();
        let local = Timestamp((at + offsets[minutes] * 60) * 1_000_000);
        let receipt = Timestamp((at + late) * 1_000_000);
        prop_assert_eq!(by_receipt(local.0, receipt), Some(Timestamp(at * 1_000_000)));
    }
}

/// If no offset brings a time near its receipt, the receipt dates the event, and the least delay is returned.
#[test]
fn the_delay_of_a_time_without_a_zone_is_told() {
    let receipt = at("2026-03-01T10:00:00Z");
    for (text, delay) in [
        ("2026-03-01 09:50:00", Some(600)),
        ("2026-03-01 09:58:30", None),
        // At +5:45 the time would be 10 minutes late, at +6:00 25 minutes.
        ("2026-03-01 15:35:00", Some(600)),
        ("2026-02-27 10:00:00", Some(2 * 86_400 - 12 * 3600)),
    ] {
        let when = When { stamp: stamp(text), receipt: Some(receipt), unread: &[] };
        let mut event = Event::default();
        let reading = Reading { received: RECEIVED, written: None, first: 0 };
        let dated = Dating::default().date(&mut event, &when, &RULES, reading);
        assert_eq!(dated.delay, delay.map(|seconds: u64| seconds * 1_000_000), "{text}");
        assert_eq!(event.time == receipt, delay.is_some(), "{text}");
    }
}
