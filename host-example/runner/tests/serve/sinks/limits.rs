//! Tests of the rate limit of a sink: alerts beyond it are held back, summarized, and never lost.

use super::{Service, entries, numbers};
use crate::receiver::{Answer, Receiver, Request};
use std::time::{Duration, Instant};

fn lines(got: &[Request]) -> Vec<serde_json::Value> {
    got.iter().flat_map(Request::lines).collect()
}

fn summaries(alerts: &[serde_json::Value]) -> Vec<&serde_json::Value> {
    alerts.iter().filter(|alert| alert["analytic"] == "authsieve").collect()
}

#[test]
fn a_summary_says_what_was_held_back() {
    let receiver = Receiver::listen(|number, _| Answer::status(if number == 1 { 500 } else { 200 }));
    let service = Service::start(&format!("to = \"{}\"\nrate = \"2/s\"", receiver.url));
    let began = Instant::now();
    service.attack(0..7);
    let got = receiver.waits(|got| !summaries(&lines(got)).is_empty());
    assert!(began.elapsed() >= Duration::from_secs(1), "at the end of the window");
    let all = lines(&got);
    let summary = summaries(&all)[0];
    assert_eq!(numbers(all.iter().filter(|alert| alert["analytic"] == "AN1276")), [0, 1]);
    assert_eq!(summary["title"], "5 alerts were held back: more than the rate of the sink it");
    assert_eq!((&summary["severity"], &summary["context"][0]), (&"high".into(), &"5 of AN1276, high".into()));
    let kept = entries(&service.undelivered());
    assert_eq!(numbers(kept.iter().map(|entry| &entry["alert"])), [2, 3, 4, 5, 6]);
    assert_eq!(kept[0]["why"], "more than the rate of the sink");
    assert!(summary["context"][1].as_str().unwrap().contains("undelivered.ndjson"), "{summary}");
    let id = kept[0]["alert"]["id"].as_str().unwrap();
    assert!(summary["context"][2].as_str().unwrap().starts_with(&format!("ids: {id}, ")), "{summary}");
    assert_eq!(service.counter("authsieve_sink_held_back_total{sink=\"it\"}"), 5);
    // The bucket has a token again.
    std::thread::sleep(Duration::from_secs(1));
    service.attack(7..8);
    receiver.waits(|got| lines(got).iter().any(|alert| alert["user"] == "user7"));
    service.waits_for_counter("authsieve_outbox_alerts", 0);
}

#[test]
fn the_end_of_the_service_ends_the_window() {
    let receiver = Receiver::listen(|_, _| Answer::status(200));
    let service = Service::start(&format!("to = \"{}\"\nrate = \"9/d\"\nburst = 1", receiver.url));
    service.attack(0..4);
    receiver.requests(1);
    let Service { folder, server, .. } = service;
    assert_eq!(server.terminate().0, Some(0));
    let all = lines(&receiver.got());
    assert_eq!(summaries(&all)[0]["title"], "3 alerts were held back: more than the rate of the sink it");
    let kept = entries(&folder.path().join("state/undelivered.ndjson"));
    assert_eq!(numbers(kept.iter().map(|entry| &entry["alert"])), [1, 2, 3]);
}

/// Held alerts without a summary come again after a crash: delivered, or held back and summarized.
#[test]
fn a_crash_loses_nothing_that_was_held_back() {
    let receiver = Receiver::listen(|_, _| Answer::status(200));
    let service = Service::start(&format!("to = \"{}\"\nrate = \"2/h\"", receiver.url));
    service.attack(0..6);
    receiver.waits(|got| lines(got).len() == 2);
    // The alerts are in the outbox on disk, because their sender has its answer.
    let service = service.restart();
    receiver.waits(|got| lines(got).len() >= 4);
    let Service { folder, server, .. } = service;
    assert_eq!(server.terminate().0, Some(0));
    let all = lines(&receiver.got());
    let kept = entries(&folder.path().join("state/undelivered.ndjson"));
    let delivered = all.iter().filter(|alert| alert["analytic"] == "AN1276");
    let mut found = numbers(delivered.chain(kept.iter().map(|entry| &entry["alert"])));
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, [0, 1, 2, 3, 4, 5]);
    assert_eq!(summaries(&all).len(), 1);
}
