//! Tests of the webhook sink.

use super::{Service, entries};
use crate::receiver::{Answer, Receiver};
use crate::server::body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// An attack whose user name is a Slack mention, with characters that could end a JSON string.
fn evil() -> Vec<String> {
    let line = |second: u32, what: &str| {
        format!(
            "2026-03-04T08:00:{second:02}Z web1 sshd[7]: {what} password for <!channel>\"}}, from 198.51.100.7 \
             port 4000 ssh2"
        )
    };
    (0..5).map(|second| line(second, "Failed")).chain([line(9, "Accepted")]).collect()
}

/// HMAC-SHA256 as defined in RFC 2104.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let pad = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::digest([&pad(0x36)[..], text].concat());
    Sha256::digest([&pad(0x5c)[..], &inner].concat()).to_vec()
}

#[test]
fn a_receiver_can_check_the_signature() {
    let receiver = Receiver::listen(|number, _| Answer::status(if number == 0 { 503 } else { 200 }));
    let folder = tempfile::tempdir().unwrap();
    let (secret, key) = (folder.path().join("secret"), [7; 32]);
    fs::write(&secret, format!("whsec_{}\n", STANDARD.encode(key))).unwrap();
    let service = Service::start(&format!(
        "type = \"webhook\"\nto = \"{}/hook\"\ntemplate = \"slack\"\nmethod = \"PUT\"\nsecret = {{ file = \"{}\" }}",
        receiver.url,
        secret.display()
    ));
    assert_eq!(service.server.post(&body(&evil())).0, 200);
    let got = receiver.requests(2);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for request in &got {
        assert_eq!(
            (request.line.as_str(), request.header("content-type")),
            ("PUT /hook HTTP/1.1", "application/json")
        );
        let (id, time) = (request.header("webhook-id"), request.header("webhook-timestamp"));
        let signed = [format!("{id}.{time}.").as_bytes(), &request.body].concat();
        let wanted = format!("v1,{}", STANDARD.encode(hmac(&key, &signed)));
        assert_eq!(request.header("webhook-signature"), wanted);
        assert!(time.parse::<u64>().unwrap().abs_diff(now) < 60);
        assert_eq!(id.len(), 32);
    }
    assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"), "a retry is known by it");
    let message = got[1].json();
    let text = message["text"].as_str().unwrap();
    assert!(text.starts_with("HIGH: 5 failed logins of &lt;!channel&gt;\"}, from 198.51.100.7"), "{text}");
    assert!(!got[1].text().contains(['<', '>']), "{}", got[1].text());
}

#[test]
fn a_template_of_its_own_takes_several_alerts_and_secrets() {
    let receiver = Receiver::listen(|_, _| Answer::status(200));
    let folder = tempfile::tempdir().unwrap();
    let (template, key) = (folder.path().join("own.jinja"), folder.path().join("key"));
    let ids = "{% for alert in alerts %}{{ alert.id }}{% if not loop.last %},{% endif %}{% endfor %}";
    fs::write(&template, format!("{{\"key\": {{{{ vars.key }}}}, \"ids\": [{ids}]}}")).unwrap();
    fs::write(&key, "k-\"1\"").unwrap();
    let service = Service::start(&format!(
        "type = \"webhook\"\nto = \"{}\"\ntemplate = \"{}\"\nbatch = 3\nvars = {{ key = {{ file = \"{}\" }} }}",
        receiver.url,
        template.display(),
        key.display()
    ));
    service.attack(0..7);
    let counts = |got: &[crate::receiver::Request]| -> Vec<usize> {
        got.iter().map(|request| request.json()["ids"].as_array().unwrap().len()).collect()
    };
    let got = receiver.waits(|got| counts(got).iter().sum::<usize>() == 7);
    assert!(counts(&got).iter().all(|count| *count <= 3), "{:?}", counts(&got));
    assert_eq!(got[0].json()["key"], "k-\"1\"");
}

/// If a template fails for an alert, the alert is kept and blocks nothing.
#[test]
fn a_template_that_fails_keeps_the_alert() {
    let receiver = Receiver::listen(|_, _| Answer::status(200));
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("own.jinja");
    // The example alert has another host.
    let text = "{% if alert.host == \"web1\" and alert.user == \"user1\" %}oops{% else %}{{ alert.user }}{% endif %}";
    fs::write(&template, text).unwrap();
    let service = Service::start(&format!(
        "type = \"webhook\"\nto = \"{}\"\ntemplate = \"{}\"",
        receiver.url,
        template.display()
    ));
    service.attack(0..3);
    let got = receiver.requests(2);
    assert_eq!([got[0].json(), got[1].json()], ["user0", "user2"]);
    let entries = crate::server::waits(1, || entries(&service.undelivered()));
    assert!(entries[0]["why"].as_str().unwrap().contains("makes no JSON"), "{entries:?}");
}

#[test]
fn pagerduty_and_teams_get_what_they_read() {
    for (template, vars) in [("pagerduty", "vars = { routing_key = \"R0\" }"), ("teams", "")] {
        let receiver = Receiver::listen(|_, _| Answer::status(202));
        let service = Service::start(&format!(
            "type = \"webhook\"\nto = \"{}/v2/enqueue\"\ntemplate = \"{template}\"\n{vars}",
            receiver.url
        ));
        service.attack(3..4);
        let body = receiver.requests(1)[0].json();
        if template == "teams" {
            assert_eq!(body["attachments"][0]["content"]["type"], "AdaptiveCard");
            continue;
        }
        assert_eq!((&body["routing_key"], &body["event_action"]), (&"R0".into(), &"trigger".into()));
        assert_eq!(
            (&body["payload"]["severity"], &body["payload"]["source"]),
            (&"error".into(), &"web1".into())
        );
        assert_eq!(body["payload"]["custom_details"]["user"], "user3");
    }
}

#[test]
fn alertmanager_knows_an_alert_by_its_labels() {
    let receiver = Receiver::listen(|number, _| Answer::status(if number == 0 { 500 } else { 200 }));
    let service = Service::start(&format!(
        "type = \"alertmanager\"\nto = \"{}/prefix/\"\nresolve_after = \"30m\"",
        receiver.url
    ));
    service.attack(5..6);
    let got = receiver.requests(2);
    assert_eq!(got[1].line, "POST /prefix/api/v2/alerts HTTP/1.1");
    let (first, again) = (&got[0].json()[0], &got[1].json()[0]);
    assert_eq!(first["labels"], again["labels"], "labels are the identity");
    let id = again["labels"]["alert_id"].as_str().unwrap();
    assert_eq!(id.len(), 32);
    assert_eq!(
        again["labels"],
        serde_json::json!({
            "alertname": "AN1276 user+ip", "alert_id": id, "analytic": "AN1276", "pattern": "user+ip", "severity": "high",
            "user": "user5", "address": "198.51.0.6", "host": "web1", "service": "sshd",
        })
    );
    assert_eq!(again["annotations"]["summary"], "5 failed logins of user5 from 198.51.0.6, then a login");
    assert_eq!(again["annotations"]["failure_count"], "5");
    assert!(again.get("generatorURL").is_none());
    let time =
        |name: &str| chrono::DateTime::parse_from_rfc3339(again[name].as_str().unwrap()).unwrap().timestamp();
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let ends = time("startsAt").max(now) + 1800;
    assert!((ends - 60..=ends).contains(&time("endsAt")), "{again}");
}
