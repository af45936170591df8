//! Fuzz targets: times and dates in any form.

use authsieve_engine::json::Object;
use authsieve_engine::stamp::{Order, Zone, leading, read};
use authsieve_engine::times::Times;
use authsieve_framing::{Dates, Order as Written};

/// Checks three things. Blanks around a time change nothing. A time at the start of a line ends within the line. An order
/// of day and month only lets more times be read.
pub fn values(bytes: &[u8]) {
    let zones =
        [None, Some(Order::DayMonth), Some(Order::MonthDay)].map(|order| Zone::UTC.open().with_order(order));
    for line in bytes.split(|byte| *byte == b'\n') {
        let [plain, day_first, month_first] = zones.map(|zone| read(line, zone));
        let padded = [b" ", line, b"\t"].concat();
        assert_eq!(read(&padded, zones[0]), plain, "{}", String::from_utf8_lossy(line));
        if let Some(stamp) = plain {
            assert!(
                day_first == Some(stamp) && month_first == Some(stamp),
                "{}",
                String::from_utf8_lossy(line)
            );
        }
        for zone in zones {
            if let Some((_, used)) = leading(line, zone) {
                assert!(used <= line.len());
            }
        }
        if let Some(object) = Object::new(line) {
            let _ = Times::of(&object, zones[0]);
        }
    }
}

/// Checks that records stay records, that the pieces in which they come change nothing, and that a second pass
/// changes nothing.
pub fn dates(bytes: &[u8]) {
    let mut records = bytes.to_vec();
    records.push(b'\n');
    let mut whole = Dates::default();
    whole.survey(&records);
    let mut parts = Dates::default();
    for record in records.split_inclusive(|byte| *byte == b'\n') {
        parts.survey(record);
    }
    assert_eq!(whole, parts);
    let Some(order) = whole.order() else { return };
    let mut once = records.clone();
    order.rewrite(&mut once);
    let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(lines(&once), lines(&records));
    let mut again = once.clone();
    for order in [Written::DayMonth, Written::MonthDay] {
        order.rewrite(&mut again);
    }
    assert!(again == once, "{}", String::from_utf8_lossy(&once));
}
