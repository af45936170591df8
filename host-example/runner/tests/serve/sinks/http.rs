//! Tests of the HTTP sink, with one alert per line, and of all failures of a receiver.

use super::{Service, entries, numbers};
use crate::receiver::{Answer, Receiver};
use std::net::TcpListener;
use std::time::Duration;

#[test]
fn whatever_fails_is_sent_again_in_order() {
    // The receiver is down at first.
    let place = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut service = Service::start(&format!(
        "to = \"http://{place}/in?x=1\"\ntimeout = \"1s\"\nheaders = {{ x-tenant = \"a\" }}"
    ));
    service.attack(0..2);
    service.server.waits_for("it: ");
    let receiver = Receiver::on(TcpListener::bind(place).unwrap(), |number, _| match number {
        0 => Answer::status(500),
        1 => Answer::Status(429, "retry-after: 2\r\n", Vec::new()),
        2 => Answer::Hang,
        3 => Answer::Cut,
        4 => Answer::status(403),
        _ => Answer::status(200),
    });
    let got = receiver.requests(6);
    for request in &got {
        assert_eq!(request.line, "POST /in?x=1 HTTP/1.1");
        assert_eq!(
            (request.header("content-type"), request.header("x-tenant")),
            ("application/x-ndjson", "a")
        );
        assert!(request.header("user-agent").starts_with("authsieve/"));
    }
    assert_eq!(numbers(&got[5].lines()), [0, 1]);
    assert!(got[2].at - got[1].at >= Duration::from_secs(2), "the receiver asked to wait");
    assert!(got[3].at - got[2].at >= Duration::from_secs(1), "a hanging request is given up");
    service.server.waits_for("alerts are delivered again");
    service.attack(2..3);
    assert_eq!(numbers(&receiver.requests(7)[6].lines()), [2]);
    assert!(service.counter("authsieve_sink_retries_total{sink=\"it\"}") >= 5);
    assert_eq!(service.counter("authsieve_sink_delivered_total{sink=\"it\"}"), 3);
    assert!(!service.undelivered().exists(), "nothing was refused");
}

/// A receiver that accepts alerts has them, even if the body of its answer never ends.
#[test]
fn an_answer_without_an_end_counts() {
    // The body is shorter than announced.
    let endless = || Answer::Status(200, "x-endless: 1\r\n", Vec::new());
    let receiver = Receiver::listen(move |_, _| endless());
    let service = Service::start(&format!("to = \"{}/in\"\ntimeout = \"2s\"", receiver.url));
    service.attack(0..1);
    receiver.requests(1);
    service.attack(1..2);
    let got = receiver.requests(2);
    assert_eq!((numbers(&got[0].lines()), numbers(&got[1].lines())), (vec![0], vec![1]));
    assert_eq!(service.counter("authsieve_sink_retries_total{sink=\"it\"}"), 0);
}

/// A receiver that refuses one alert for good gets all others. The refused alert is kept.
#[test]
fn an_alert_that_is_refused_blocks_nothing() {
    let receiver = Receiver::listen(|_, request| {
        let is_bad = request.body.windows(8).any(|part| part == b"\"user13\"");
        if is_bad { Answer::Status(422, "", b"no <b>thirteen</b>".into()) } else { Answer::status(204) }
    });
    let mut service = Service::start(&format!("to = \"{}\"", receiver.url));
    service.attack(0..20);
    let taken = receiver.waits(|got| {
        let good = got.iter().filter(|request| !request.text().contains("\"user13\""));
        good.flat_map(|request| request.lines()).count() == 19
    });
    let good = taken.iter().filter(|request| !request.text().contains("\"user13\""));
    let wanted: Vec<u32> = (0..20).filter(|number| *number != 13).collect();
    assert_eq!(numbers(&good.flat_map(|request| request.lines()).collect::<Vec<_>>()), wanted);
    service.server.waits_for("the receiver refuses alerts for good: the receiver answers 422");
    let [entry] = &entries(&service.undelivered())[..] else { panic!() };
    assert_eq!((&entry["sink"], numbers([&entry["alert"]])), (&"it".into(), vec![13]));
    assert_eq!(entry["why"], "the receiver answers 422 Unprocessable Entity: no <b>thirteen</b>");
    assert_eq!(service.counter("authsieve_sink_refused_total{sink=\"it\"}"), 1);
    assert_eq!(service.counter("authsieve_outbox_alerts"), 0);
}

/// If the refused alert cannot be kept, it also waits.
#[test]
fn a_refused_alert_waits_for_the_disk() {
    let receiver = Receiver::listen(|_, _| Answer::status(400));
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("gone/refused.ndjson");
    let mut service =
        Service::start(&format!("to = \"{}\"\nundelivered = \"{}\"", receiver.url, kept.display()));
    service.attack(0..1);
    service.server.waits_for("No such file or directory");
    assert_eq!(service.counter("authsieve_outbox_alerts"), 1);
    std::fs::create_dir(kept.parent().unwrap()).unwrap();
    let entries = crate::server::waits(1, || entries(&kept));
    assert_eq!(numbers([&entries[0]["alert"]]), [0]);
    service.server.waits_for("refused alerts are kept again");
}
