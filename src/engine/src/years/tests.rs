use super::*;
use crate::stamp::{Stamp, iso, rfc3164};
use proptest::prelude::*;
use std::format;
use std::string::String;
use std::vec;

fn at(text: &str) -> Timestamp {
    iso(text.as_bytes(), Zone::UTC).unwrap().0.point().unwrap()
}

fn yearless(text: &str) -> Yearless {
    match rfc3164(text.as_bytes(), Zone::UTC) {
        Some((Stamp::Yearless(stamp), _)) => stamp,
        other => panic!("{text}: {other:?}"),
    }
}

/// Resolves the stamps of one host in turn, all received at `received`.
fn read(received: &str, stamps: &[&str]) -> Vec<String> {
    let mut years = Years::default();
    stamps.iter().map(|s| years.resolve(b"web", yearless(s), Zone::UTC, at(received)).to_rfc3339()).collect()
}

#[test]
fn the_first_is_the_latest_that_is_not_in_the_future() {
    assert_eq!(read("2026-03-10T12:00:00Z", &["Mar 10 11:00:00"]), ["2026-03-10T11:00:00Z"]);
    // A clock may run ahead by a day.
    assert_eq!(read("2026-03-10T12:00:00Z", &["Mar 11 12:00:00"]), ["2026-03-11T12:00:00Z"]);
    assert_eq!(read("2026-03-10T12:00:00Z", &["Mar 11 12:00:01"]), ["2025-03-11T12:00:01Z"]);
    assert_eq!(read("2025-12-31T23:00:00Z", &["Jan  1 00:30:00"]), ["2026-01-01T00:30:00Z"]);
    assert_eq!(read("2026-01-01T00:30:00Z", &["Dec 31 23:00:00"]), ["2025-12-31T23:00:00Z"]);
}

#[test]
fn new_year_is_crossed_both_ways() {
    let stamps =
        ["Dec 31 23:59:59", "Jan  1 00:00:01", "Dec 31 23:59:58", "Jan  1 00:00:02", "Jun 30 00:00:00"];
    let expected = [
        "2024-12-31T23:59:59Z",
        "2025-01-01T00:00:01Z",
        "2024-12-31T23:59:58Z",
        "2025-01-01T00:00:02Z",
        "2025-06-30T00:00:00Z",
    ];
    // Received long after: from the second record on, the order of the file decides.
    assert_eq!(read("2025-08-01T00:00:00Z", &stamps), expected);
}

#[test]
fn the_leap_day_finds_its_year() {
    assert_eq!(read("2027-03-01T00:00:00Z", &["Feb 29 10:00:00"]), ["2024-02-29T10:00:00Z"]);
    assert_eq!(read("2103-03-01T00:00:00Z", &["Feb 29 10:00:00"]), ["2096-02-29T10:00:00Z"]);
    assert_eq!(
        read("2016-03-20T00:00:00Z", &["Feb 28 23:00:00", "Feb 29 10:00:00", "Mar  1 00:00:00"]),
        ["2016-02-28T23:00:00Z", "2016-02-29T10:00:00Z", "2016-03-01T00:00:00Z"]
    );
    // Nearest to December 2025: 2024 is 22 months before, 2028 is 26 months after.
    assert_eq!(
        read("2026-01-10T00:00:00Z", &["Dec 31 00:00:00", "Feb 29 00:00:00"]),
        ["2025-12-31T00:00:00Z", "2024-02-29T00:00:00Z"]
    );
}

#[test]
fn hosts_do_not_share_a_year_and_the_zone_counts() {
    let mut years = Years::default();
    let received = at("2026-01-02T00:00:00Z");
    years.restore(b"old", at("2019-12-31T23:00:00Z"));
    let stamp = yearless("Jan  1 00:00:00");
    assert_eq!(years.resolve(b"old", stamp, Zone::UTC, received).to_rfc3339(), "2020-01-01T00:00:00Z");
    assert_eq!(years.resolve(b"new", stamp, Zone::UTC, received).to_rfc3339(), "2026-01-01T00:00:00Z");
    let west = Zone::parse("-08:00").unwrap();
    assert_eq!(years.peek(b"west", stamp, west, received).to_rfc3339(), "2026-01-01T08:00:00Z");
    assert_eq!(years.len(), 2, "a peek leaves nothing behind");
}

#[test]
fn the_table_is_bounded_and_forgets_the_least_recently_used() {
    let mut years = Years::default();
    years.restore(b"kept", Timestamp(7));
    for n in 0..3 * MAX_HOSTS {
        years.restore(format!("host{n}").as_bytes(), Timestamp(n as i64));
        years.restore(b"kept", Timestamp(7));
    }
    assert_eq!((years.len(), years.index.len()), (MAX_HOSTS, MAX_HOSTS));
    let entries: Vec<_> = years.entries().collect();
    assert_eq!(entries.len(), MAX_HOSTS);
    assert_eq!(entries.last(), Some(&(&b"kept"[..], Timestamp(7))));
    assert_eq!(entries[0].0, format!("host{}", 2 * MAX_HOSTS + 1).as_bytes());
    years.restore(&vec![b'x'; 1 << 20], Timestamp(1));
    assert!(years.entries().all(|(host, _)| host.len() <= MAX_NAME));
}

#[test]
fn times_at_the_ends_do_not_overflow() {
    let stamp = yearless("Feb 29 23:59:60");
    for received in [Timestamp::MIN, Timestamp::MAX, Timestamp(0)] {
        let mut years = Years::default();
        years.resolve(b"a", stamp, Zone::UTC, received);
        years.restore(b"a", received);
        years.resolve(b"a", stamp, Zone::new(-86_340, &[]), received);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Compares with a list that is searched from end to end.
    #[test]
    fn the_table_equals_a_naive_one(uses in proptest::collection::vec((0u16..1500, any::<i32>()), 0..4000)) {
        let mut years = Years::default();
        let mut naive: Vec<(Vec<u8>, Timestamp)> = vec![];
        for (host, last) in uses {
            let (host, last) = (host.to_be_bytes(), Timestamp(last.into()));
            years.restore(&host, last);
            naive.retain(|(name, _)| *name != host);
            naive.push((host.to_vec(), last));
            if naive.len() > MAX_HOSTS {
                naive.remove(0);
            }
        }
        let entries: Vec<_> = years.entries().map(|(host, last)| (host.to_vec(), last)).collect();
        prop_assert_eq!(&entries, &naive);
        let mut again = Years::default();
        for (host, last) in years.entries() {
            again.restore(host, last);
        }
        prop_assert!(again.entries().eq(years.entries()));
    }
}

proptest! {
    /// In order of time, with gaps below half a year, every year is found.
    #[test]
    fn a_stream_in_order_keeps_its_years(gaps in proptest::collection::vec(1i64..15_000_000, 1..40)) {
        let mut years = Years::default();
        let mut time = at("2011-05-05T05:05:05Z");
        years.restore(b"h", time);
        for gap in gaps {
            time = time.plus(Span::seconds(gap));
            let text = time.to_rfc3339();
            let stamp = Yearless {
                month: text[5..7].parse().unwrap(),
                day: text[8..10].parse().unwrap(),
                hour: text[11..13].parse().unwrap(),
                minute: text[14..16].parse().unwrap(),
                second: text[17..19].parse().unwrap(),
                micros: 0,
            };
            prop_assert_eq!(years.resolve(b"h", stamp, Zone::UTC, Timestamp(0)), time);
        }
    }
}
