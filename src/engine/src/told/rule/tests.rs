use super::*;
use crate::event::Record;
use crate::told::entry;
use crate::window::Memory;
use crate::window::failures::Layout;

const SECOND: i64 = 1_000_000;

fn at(second: i64, count: u32) -> Event<'static> {
    let src_ip = "192.0.2.7".parse().ok();
    Event { time: Timestamp(second * SECOND), count, user: "ada".into(), src_ip, ..Event::default() }
}

#[test]
fn an_alert_tells_of_the_match_and_its_failures() {
    let layout = Layout::new(&[3], Span::seconds(900), Span::seconds(600));
    let memory = Memory { max_keys: 16, sketch_bytes: 1 << 20, pool_bytes: 1 << 20 };
    let mut rule = Rule::new(layout, memory, 1);
    let keys = [Some(Fingerprint(1)), None, None];
    for (second, count) in [(1, 1), (2, 2)] {
        let event = at(second, count);
        rule.failure(&keys, &entry(&event, "x", Record::unnumbered(b"{}")), event.time);
    }
    let success = at(9, 1);
    let [Some(m), ..] = rule.success(&keys, success.time, 3) else { panic!("it matched") };
    let (alert, excerpt) = alert(&rule, &m, &success);
    assert_eq!((alert.failure_count, alert.severity, excerpt.entries().len()), (Some(3), Severity::High, 2));
    assert_eq!((alert.time, alert.first_seen), (success.time, Timestamp(2 * SECOND)));
    assert_eq!(alert.src_ip.as_deref(), Some("192.0.2.7"));
    assert_eq!(
        alert.context,
        ["3 failures within the window, then a success 7s after the last that completed the count"]
    );
}
