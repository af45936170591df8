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

/// Reads all files. Returns the alerts without their updates.
fn read(session: &mut Session) -> Vec<Told> {
    let mut told = Vec::new();
    while !session.step(&mut told).done {}
    told.retain(|told| told.alert.status.is_none());
    told
}

/// A desk that has read and explained a log.
fn desk(text: &'static str) -> Desk {
    thread_local! { static TEXT: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) }; }
    TEXT.set(text.into());
    let mut desk = Desk::new(|_, _| Arc::new(Memory(TEXT.with_borrow(|text| text.clone().into_bytes()))));
    let file = json!({ "number": 0, "name": "auth.log", "size": text.len(), "written": null });
    let open = json!({ "ask": "open", "files": [file], "received": RECEIVED.to_string(), "config": "", "seed": "7" });
    ask(&mut desk, open).unwrap();
    while ask(&mut desk, json!({ "ask": "step", "bytes": 1 << 20 })).unwrap()["done"] != json!(true) {}
    desk
}

fn ask(desk: &mut Desk, question: Value) -> Result<Value, String> {
    desk.answer(question.to_string().as_bytes()).map(|answer| serde_json::from_str(&answer).unwrap())
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

/// `carol` is compromised, and the attack goes on. The same address tries `dave` and `erin`.
fn long_log() -> &'static str {
    let failed = |second, user| line(second, &format!("Failed password for {user} from 203.0.113.9"));
    let mut text = log();
    text += &(0..6).map(|i| failed(200 + i * 10, "erin")).collect::<String>();
    text += &line(270, "Accepted password for erin from 203.0.113.9");
    text += &(0..20).map(|i| failed(300 + i, "carol")).collect::<String>();
    text.leak()
}

#[test]
fn alerts_form_an_incident_without_the_silenced_ones() {
    let mut desk = desk(long_log());
    let told = ask(&mut desk, json!({ "ask": "incidents" })).unwrap();
    let incident = &told["incidents"][0];
    assert_eq!(told["incidents"].as_array().unwrap().len(), 1, "{told}");
    let fell: Vec<&str> =
        incident["fell"].as_array().unwrap().iter().filter_map(|one| one["user"].as_str()).collect();
    assert_eq!(fell, ["carol", "erin"]);
    let times: Vec<&str> =
        incident["story"].as_array().unwrap().iter().filter_map(|fact| fact["time"].as_str()).collect();
    assert_eq!(times, ["2026-03-04T08:01:10Z", "2026-03-04T08:04:30Z"], "{incident}");
    let silence = json!({ "user": "CAROL", "until": "2026-03-05T00:00:00Z", "reason": "a test" });
    let decided = ask(&mut desk, json!({ "ask": "silence", "silence": silence })).unwrap();
    let id = incident["alerts"][0].as_str().unwrap();
    assert_eq!(decided["silenced"], json!({ id: "s1" }));
    let told = ask(&mut desk, json!({ "ask": "incidents" })).unwrap();
    assert_eq!(told["incidents"][0]["fell"][0]["user"], "erin");
    // The files are those of the desk: what was saved is read again, once.
    let files = decided["files"].clone();
    let again = ask(&mut desk, json!({ "ask": "import", "text": files["silences"] })).unwrap();
    assert_eq!(again["files"], files);
    let without = ask(&mut desk, json!({ "ask": "unsilence", "name": "s1" })).unwrap();
    assert_eq!((&without["silenced"], &without["files"]["silences"]), (&json!({}), &json!("")));
    let wrong = ask(&mut desk, json!({ "ask": "import", "text": "{\"user\":\"a\",\"until\":\"soon\"}" }));
    assert!(wrong.unwrap_err().starts_with("line 1: `until`"));
}

#[test]
fn an_update_tells_how_the_attack_went_on() {
    let mut session = Session::new(vec![input("auth.log", long_log())], RECEIVED, "", 1, None).unwrap();
    let mut told = Vec::new();
    while !session.step(&mut told).done {}
    let of = |status: Option<&str>| {
        let carol = |told: &&Told| {
            told.alert.user.as_deref() == Some("carol") && told.alert.status.as_deref() == status
        };
        told.iter().find(carol).map(|told| (told.alert.id.clone(), told.alert.failure_count))
    };
    let ((first, before), (second, after)) = (of(None).unwrap(), of(Some("update")).unwrap());
    assert_eq!((first, before), (second, Some(6)));
    assert!(after > before, "{after:?}");
    let config = r#"{"follow_up":"off"}"#;
    let mut session = Session::new(vec![input("auth.log", long_log())], RECEIVED, config, 1, None).unwrap();
    let mut told = Vec::new();
    while !session.step(&mut told).done {}
    assert!(told.iter().all(|told| told.alert.status.is_none()));
}

#[test]
fn values_of_an_option_are_compared_with_dispositions() {
    let mut desk = desk(long_log());
    let table = |desk: &mut Desk, axis: &str| -> Value {
        let begin = json!({ "ask": "judge_grid", "config": "", "analytic": "an1276", "axis": axis });
        ask(desk, begin).unwrap();
        while ask(desk, json!({ "ask": "grid", "batches": 1 })).unwrap()["done"] != json!(true) {}
        ask(desk, json!({ "ask": "table" })).unwrap()
    };
    let first = table(&mut desk, "min_failures=3,6,7");
    let column = |table: &Value, name: &str| -> Vec<Value> {
        table["points"].as_array().unwrap().iter().map(|point| point[name].clone()).collect()
    };
    assert_eq!(column(&first, "value"), ["3", "6", "7"]);
    // With 7, the 12 failures of the address before the login of `erin` still count.
    assert_eq!(column(&first, "alerts"), [3, 2, 1]);
    assert_eq!(column(&first, "keys"), [3, 2, 1]);
    assert!(first["best"].is_null() && first["why_not"].as_str().unwrap().contains("no attack is known"));
    let incidents = ask(&mut desk, json!({ "ask": "incidents" })).unwrap();
    let id = incidents["incidents"][0]["alerts"][0].clone();
    let at = "2026-03-06T00:00:00Z";
    ask(&mut desk, json!({ "ask": "mark", "alert": id, "is": "true", "note": "", "at": at })).unwrap();
    let second = table(&mut desk, "min_failures=3,6,7");
    assert_eq!(second["best"], 1, "{second}");
    assert_eq!(second["points"][2]["loses"], json!(["carol from 203.0.113.9"]));
    // Without values, some around the default are taken.
    assert_eq!(table(&mut desk, "window")["points"].as_array().unwrap().len(), 4);
    for wrong in ["min_failures=0", "nothing=1", "min_failures=1..99"] {
        let begin = json!({ "ask": "judge_grid", "config": "", "analytic": "an1276", "axis": wrong });
        assert!(ask(&mut desk, begin).is_err(), "{wrong}");
    }
}

#[test]
fn the_report_has_evidence_in_words_and_notes() {
    let mut desk = desk(long_log());
    let incidents = ask(&mut desk, json!({ "ask": "incidents" })).unwrap();
    let id = incidents["incidents"][0]["alerts"][0].as_str().unwrap().to_owned();
    let question = json!({
        "ask": "report", "title": "A <report>", "alerts": [0], "notes": { id: "asked ops" }, "about": ["Read: auth.log"],
    });
    let page = ask(&mut desk, question).unwrap();
    let page = page.as_str().unwrap();
    for part in
        ["A &lt;report&gt;", "note: asked ops", "auth.log:1", "somebody got into carol", "Read: auth.log"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(page.matches("<article").count(), 1);
}
