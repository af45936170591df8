//! Tests a reading of files in memory: the alerts are the same as those of the suite, with explanations.

use authsieve_engine::detector::{Detector, Reading};
use authsieve_engine::time::Timestamp;
use authsieve_inputs::{Input, Store};
use authsieve_suite::Suite;
use authsieve_viewer::{Desk, Session, Told};
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;

const RECEIVED: i64 = 1_780_000_000_000_000;

#[derive(Debug)]
struct Memory(Vec<u8>);

impl Store for Memory {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = self.0.get(at as usize..).unwrap_or_default();
        let length = rest.len().min(into.len());
        into[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }
}

fn line(second: u32, what: &str) -> String {
    let (minute, second) = (second / 60, second % 60);
    format!(
        "2026-03-04T08:{minute:02}:{second:02}+00:00 web1 sshd[{minute}{second}]: {what} port 50000 ssh2\n"
    )
}

/// `carol` is compromised. `dave` has three failures of five.
fn log() -> String {
    let failed = |second, user, address| line(second, &format!("Failed password for {user} from {address}"));
    let accepted =
        |second, user, address| line(second, &format!("Accepted password for {user} from {address}"));
    let mut text: String = (0..6).map(|i| failed(i * 10, "carol", "203.0.113.9")).collect();
    text += "2026-03-04T08:01:05+00:00 web1 cron[7]: nothing about a login\n";
    text += &accepted(70, "carol", "203.0.113.9");
    text += &(0..3).map(|i| failed(100 + i * 10, "dave", "192.0.2.44")).collect::<String>();
    text + &accepted(140, "dave", "192.0.2.44")
}

fn input(name: &str, text: &str) -> Input {
    Input::Stored { name: name.into(), written: Some(RECEIVED), store: Arc::new(Memory(text.into())) }
}

fn read(session: &mut Session) -> Vec<Told> {
    let mut told = Vec::new();
    while !session.step(&mut told).done {}
    told
}

#[test]
fn alerts_are_those_of_the_suite_and_say_if_somebody_got_in() {
    let mut session = Session::new(vec![input("auth.log", &log())], RECEIVED, "", 1, None).unwrap();
    let told = read(&mut session);
    let reading = Reading { received: Timestamp(RECEIVED), written: Some(Timestamp(RECEIVED)), first: 1 };
    let mut detector = Detector::<Suite>::create("", 2).unwrap();
    let mut wanted = detector.process(log().as_bytes(), reading);
    wanted.extend(detector.flush());
    assert_eq!(told.iter().map(|told| told.alert.to_json()).collect::<Vec<_>>(), [wanted[0].to_json()]);
    assert!(told[0].login);
    assert_eq!(session.events.len(), 11);
    assert_eq!(session.read().0, 12, "the line of cron is a record");
    assert_eq!(session.place(8).map(|(file, line)| (file.to_string(), line)), Some(("auth.log".into(), 8)));
    let last = log().lines().last().unwrap().to_owned();
    assert_eq!(session.kept.record(12), Some(last.as_bytes()));
    assert_eq!(session.kept.record(7), None, "it cannot matter, and is not kept");
    assert_eq!(session.kept.record(13), None);
}

#[test]
fn files_are_merged_by_time() {
    let text = log();
    let (mut odd, mut even) = (String::new(), String::new());
    for (at, line) in text.split_inclusive('\n').enumerate() {
        if at % 2 == 0 { even += line } else { odd += line }
    }
    let mut session =
        Session::new(vec![input("b.log", &odd), input("a.log", &even)], RECEIVED, "", 1, None).unwrap();
    let told = read(&mut session);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].alert.title, "6 failed logins of carol from 203.0.113.9, then a login");
}

#[test]
fn other_thresholds_judge_the_same_records_again() {
    let mut session = Session::new(vec![input("auth.log", &log())], RECEIVED, "", 1, None).unwrap();
    read(&mut session);
    // The first time, the records are decoded. After that, the decoded events are only judged.
    for (failures, expected) in
        [(3, &["carol", "dave"][..]), (3, &["carol", "dave"]), (6, &["carol"]), (7, &[])]
    {
        let config = json!({ "an1276": { "min_failures": failures } }).to_string();
        assert_eq!(session.judge_again(&config).unwrap(), ["an1276"]);
        let mut told = Vec::new();
        while !session.again(&mut told).done {}
        let users: Vec<&str> = told.iter().filter_map(|told| told.alert.user.as_deref()).collect();
        assert_eq!(users, expected, "{failures}");
        let fresh = Detector::<Suite>::create(&config, 9).unwrap();
        let reading = Reading { received: Timestamp(RECEIVED), written: Some(Timestamp(RECEIVED)), first: 1 };
        let alone = alerts_of(fresh, &log(), reading);
        let again: Vec<String> = told.iter().map(|told| told.alert.to_json()).collect();
        assert_eq!(again, alone, "those of a first reading, to the byte");
    }
    assert_eq!(session.judge_again("{}").unwrap(), [""; 0], "nothing differs");
    assert!(session.judge_again(r#"{"an1276": {"window": "soon"}}"#).is_err());
}

fn alerts_of(mut detector: Detector<Suite>, text: &str, reading: Reading) -> Vec<String> {
    let mut alerts = detector.process(text.as_bytes(), reading);
    alerts.extend(detector.flush());
    alerts.iter().map(|alert| alert.to_json()).collect()
}

#[test]
fn a_reading_goes_on_from_the_state_of_another() {
    let log = log();
    let login = log.find("Accepted password for carol").unwrap();
    let (first, rest) = log.split_at(log[..login].rfind('\n').unwrap() + 1);
    let mut session = Session::new(vec![input("a.log", first)], RECEIVED, "", 1, None).unwrap();
    assert!(session.state().is_err(), "it is not read yet");
    assert!(read(&mut session).is_empty());
    let state = session.state().unwrap();
    assert!(state.starts_with(b"authsieve state 1\n"));
    let mut desk = Desk::new(|_, _| Arc::new(Memory(Vec::new())));
    assert!(desk.answer(br#"{"ask":"state"}"#).is_err());
    let snapshot = authsieve_outputs::state::State::decode(&state).unwrap();
    assert_eq!(snapshot.parts[0].0, "suite");
    let snapshot = snapshot.parts.into_iter().flat_map(|(_, bytes)| bytes).collect();
    let mut session = Session::new(vec![input("b.log", rest)], RECEIVED, "", 2, Some(snapshot)).unwrap();
    assert_eq!(read(&mut session)[0].alert.title, "6 failed logins of carol from 203.0.113.9, then a login");
}

#[test]
fn events_that_wait_are_explained_at_the_end() {
    let config = r#"{"allowed_lateness": "1h"}"#;
    let mut desk = Desk::new(|_, _| Arc::new(Memory(log().into_bytes())));
    let mut ask = |question: Value| -> Value {
        serde_json::from_str(&desk.answer(question.to_string().as_bytes()).unwrap()).unwrap()
    };
    let file = json!({ "number": 0, "name": "auth.log", "size": log().len(), "written": null });
    ask(
        json!({ "ask": "open", "files": [file], "received": RECEIVED.to_string(), "config": config, "seed": "7" }),
    );
    while ask(json!({ "ask": "step", "bytes": 1 << 20 }))["done"] != json!(true) {}
    while ask(json!({ "ask": "explain", "batches": 1 }))["done"] != json!(true) {}
    assert_eq!(ask(json!({ "ask": "near" }))[0]["user"], json!("dave"));
}

#[test]
fn a_desk_answers_why() {
    let mut desk = Desk::new(|_, _| Arc::new(Memory(log().into_bytes())));
    let mut ask = |question: Value| -> Result<Value, String> {
        desk.answer(question.to_string().as_bytes()).map(|answer| serde_json::from_str(&answer).unwrap())
    };
    assert!(ask(json!({ "ask": "health" })).is_err(), "nothing is open");
    let file = json!({ "number": 0, "name": "auth.log", "size": log().len(), "written": null });
    let open = json!({ "ask": "open", "files": [file], "received": RECEIVED.to_string(), "config": "", "seed": "7" });
    ask(open).unwrap();
    let step = ask(json!({ "ask": "step", "bytes": 1 << 20 })).unwrap();
    assert_eq!(
        (&step["done"], &step["events"], &step["alerts"][0]["login"]),
        (&json!(true), &json!(11), &json!(true))
    );
    while ask(json!({ "ask": "explain", "batches": 9 })).unwrap()["done"] != json!(true) {}
    let near = ask(json!({ "ask": "near" })).unwrap();
    assert_eq!(
        (&near[0]["user"], &near[0]["count"], &near[0]["needed"]),
        (&json!("dave"), &json!(3), &json!(5))
    );
    let written = |layout| json!({ "ask": "written", "layout": layout, "alerts": [0] });
    let ocsf = ask(written("ocsf")).unwrap();
    assert!(ocsf.as_str().unwrap().contains(r#""class_uid":2004"#));
    let ecs = ask(written("ecs")).unwrap();
    let ecs: Value = serde_json::from_str(ecs.as_str().unwrap()).unwrap();
    assert_eq!(ecs["log"]["file"]["path"], "auth.log");
    assert!(ask(written("xml")).is_err());
    assert!(
        ask(json!({ "ask": "state" }))
            .unwrap()
            .as_str()
            .unwrap()
            .starts_with("6175746873696576652073746174652031")
    );
    let windows = ask(json!({ "ask": "windows", "analytic": "an1276", "record": 8 })).unwrap();
    assert_eq!(windows[0]["key"], "user+ip carol 203.0.113.9");
    assert_eq!(windows[0]["points"][5]["count"], 6);
    let records = ask(json!({ "ask": "records", "records": [1] })).unwrap();
    assert_eq!((&records[0]["file"], &records[0]["line"]), (&json!("auth.log"), &json!(1)));
    let health = ask(json!({ "ask": "health" })).unwrap();
    let linux =
        health["readiness"].as_array().unwrap().iter().find(|one| one["analytic"] == "an1276").unwrap();
    assert_eq!((&linux["can_fire"], &health["files"][0]["records"]), (&json!(true), &json!(12)));
}
