use super::*;
use proptest::prelude::*;

/// The order of the dates in these records, and the records with the year first.
fn read(records: &str) -> (Option<Order>, String) {
    let mut dates = Dates::default();
    dates.survey(records.as_bytes());
    let mut bytes = records.as_bytes().to_vec();
    if let Some(order) = dates.order() {
        order.rewrite(&mut bytes);
    }
    (dates.order(), String::from_utf8(bytes).unwrap())
}

fn of(times: &[&str]) -> (Option<Order>, String) {
    read(&times.iter().map(|time| format!("{{\"time\":\"{time}\"}}\n")).collect::<String>())
}

#[test]
fn one_order_for_all() {
    use Order::{DayMonth, MonthDay};
    for (times, order) in [
        (&["12/03/2025 08:00:00", "13/03/2025 08:00:00"][..], Some(DayMonth)),
        (&["12/03/2025 08:00:00", "03/13/2025 08:00:00"], Some(MonthDay)),
        (&["12/03/2025 08:00:00", "13/03/2025 08:00:00", "03/13/2025 08:00:00"], None),
        (&["12/03/2025 08:00:00"], None),
        (&["20.03.2025 08:00:00"], Some(DayMonth)),
        (&["04.03.2025 08:00:00"], Some(DayMonth)),
        (&["04.03.2025 08:00:00", "03.20.2025 08:00:00"], Some(MonthDay)),
        (&["04-03-2025 08:00"], None),
        (&["31-03-2025 08:00"], Some(DayMonth)),
        (&["3/4/2025 8:00:00 AM"], Some(MonthDay)),
        (&["3/4/2025, 8:00:00.000 AM", "3/13/2025, 8:00:00.000 AM"], Some(MonthDay)),
        (&["3/4/2025 8:00:00 AM", "13/4/2025 8:00:00 AM"], Some(DayMonth)),
        // Dates of Australia, New Zealand and Britain, and dates that may be of any country.
        (&["4/03/2025 8:00:00 AM"], None),
        (&["4/03/2025 8:00:00 am"], None),
        (&["04/03/2025 08:00:00"], None),
        (&["12/11/2025 8:00:00 AM"], None),
        // Dates without a clock, for those who keep it in a column of its own.
        (&["13/03/2025"], Some(DayMonth)),
        // None of these is a valid date in numbers.
        (
            &[
                "2025-03-04T08:00:00Z",
                "04/Mar/2025:08:00:00 +0000",
                "32/03/2025 08:00:00",
                "13/13/2025 08:00:00",
            ],
            None,
        ),
        (&["113/03/2025 08:00:00", "13/03/20251 08:00:00", "13/03-2025 08:00:00", "13/03/2025 soon"], None),
        (&["13/03/1925 08:00:00", "13/03/2025T08:00:00", ""], None),
    ] {
        assert_eq!(of(times).0, order, "{times:?}");
    }
}

#[test]
fn dates_are_written_with_the_year_first() {
    for (before, after) in [
        ("13/3/2025 8:00:00 AM", "2025-03-13 8:00:00 AM"),
        ("13/03/2025, 08:00:00", "2025-03-13, 08:00:00"),
        ("13.03.2025 08:00", "2025-03-13 08:00"),
        ("13-03-2025 08:00:00,5", "2025-03-13 08:00:00,5"),
    ] {
        assert_eq!(of(&[before]).1, format!("{{\"time\":\"{after}\"}}\n"));
    }
    let text = "{\"user\":\"13/03/2025 08:00:00\", \"Datum und Uhrzeit\" : \"13.03.2025 08:00:00\",\"time\":\"14.03.2025 08:00:00\"}\n13.03.2025 08:00:00 web1 sshd[1]: x 13.03.2025 08:00:00\n";
    assert_eq!(
        read(text).1,
        "{\"user\":\"13/03/2025 08:00:00\", \"Datum und Uhrzeit\" : \"2025-03-13 08:00:00\",\"time\":\"2025-03-14 08:00:00\"}\n2025-03-13 08:00:00 web1 sshd[1]: x 13.03.2025 08:00:00\n"
    );
}

#[test]
fn what_an_attacker_writes_decides_nothing() {
    for record in [
        r#"{"user":"13/03/2025 08:00:00"}"#,
        r#"{"message":"x \"time\":\"13/03/2025 08:00:00\""}"#,
        r#"{"message":"13/03/2025 08:00:00 web1"}"#,
        r#"["13/03/2025 08:00:00"]"#,
        "GET /13/03/2025 08:00:00 HTTP",
        "13/03/2025",
        "13/03/2025 08:00:00",
        r#"{"TimeGenerated [UTC]":"13/03/2025, 8:00:00 AM"}"#,
        r#"{"CreatedDateTime [Local Time]":"3/13/2025, 8:00:00 AM"}"#,
    ] {
        assert_eq!(read(&format!("{record}\n")).0, None, "{record}");
    }
}

proptest! {
    #[test]
    fn any_text_is_taken(text in ".{0,80}") {
        let _ = read(&text);
    }

    #[test]
    fn and_what_looks_like_a_record(text in "(\\{\"(time|date|x)\":\"[0-3]?[0-9][/.-][0-3]?[0-9][/.-]20[0-9]{2}( [0-9]{1,2}:[0-9:. APM]{0,9})?\"\\}\n){0,4}") {
        // A date that was written once stays: a second pass finds nothing to write.
        let (order, once) = read(&text);
        if order.is_some() {
            let mut again = once.clone().into_bytes();
            let _: () = Order::DayMonth.rewrite(&mut again);
            prop_assert_eq!(once.into_bytes(), again);
        }
    }
}
