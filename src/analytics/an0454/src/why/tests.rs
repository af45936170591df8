use crate::An0454;
use authsieve_engine::detector::Detector;
use authsieve_engine::note::Step;
use authsieve_engine::testing::{RECEIVED, explain, said};

fn event(second: u32, kind: &str, result: &str) -> String {
    let (minute, rest) = (second / 60, second % 60);
    format!(
        r#"{{"uuid":"u{second}{kind}","published":"2026-03-01T10:{minute:02}:{rest:02}.000Z","eventType":"{kind}","outcome":{{"result":"{result}"}},"actor":{{"type":"User","alternateId":"jdoe@example.com"}},"client":{{"ipAddress":"192.0.2.7"}}}}"#
    ) + "\n"
}

const SENT: &str = "system.push.send_factor_verify_push";
const KEY: &str = "user jdoe@example.com";

#[test]
fn challenges_are_counted_and_a_login_judged() {
    let sent = |count| (0..count).map(|n| event(n, SENT, "SUCCESS")).collect::<String>();
    let notes = explain::<An0454>("", &sent(6));
    assert!(
        said(&notes, Step::Counted, KEY, "challenges-without-login: challenge 4 of 5 within 10m"),
        "{notes:?}"
    );
    assert!(said(&notes, Step::Alert, KEY, "challenges-without-login, medium: "));
    assert!(said(&notes, Step::Silent, KEY, "challenge 6 of 5, but silent until 2026-03-01T10:10:04Z"));
    let login = |second| event(second, "user.session.start", "SUCCESS");
    let notes = explain::<An0454>("", &(sent(4) + &login(60)));
    assert!(said(&notes, Step::Short, KEY, "login after 4 of 5 challenges within 10m"), "{notes:?}");
    let notes = explain::<An0454>("", &(sent(5) + &login(60)));
    assert!(said(&notes, Step::Alert, KEY, "login-after-challenges, critical: "), "{notes:?}");
    let notes = explain::<An0454>("", &(sent(5) + &login(4 + 600 + 12)));
    assert!(said(&notes, Step::TooLate, KEY, "but 12s too late"), "{notes:?}");
    let twice = event(0, SENT, "SUCCESS");
    let notes = explain::<An0454>("", &(twice.clone() + &twice));
    assert!(said(&notes, Step::Ignored, "", "delivered twice, counted once"), "{notes:?}");
}

#[test]
fn an_alert_that_waits_says_so() {
    let log: String = (0..5).map(|n| event(n, SENT, "SUCCESS")).collect();
    let mut detector = Detector::<An0454>::create(r#"{"confirm_after":"2m"}"#, 7).unwrap();
    let notes = detector.explain(log.as_bytes(), RECEIVED);
    assert!(said(&notes, Step::Waiting, KEY, "waits until 2026-03-01T10:02:04Z"), "{notes:?}");
    assert_eq!(detector.flush().len(), 1);
    assert!(said(&detector.explain(b"", RECEIVED), Step::Alert, KEY, "challenges-without-login, medium: "));
}
