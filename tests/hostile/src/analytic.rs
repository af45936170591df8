//! Fuzz target: a whole log, given to an analytic.

use crate::{RECEIVED, controls};
use authsieve_engine::alert::Alert;
use authsieve_engine::analytic::Analytic;
use authsieve_engine::detector::Detector;
use authsieve_engine::time::Timestamp;

/// The number of bytes at the end of an input that control how the log is given.
const CONTROLS: usize = 8;

/// Shared options: small limits of each kind, so that inputs reach them.
const COMMON: [&str; 7] = [
    r#""max_keys":1000,"pool_bytes":65536,"sketch_bytes":4096"#,
    r#""max_keys":16,"pool_bytes":1024,"sketch_bytes":1024"#,
    r#""max_keys":64,"pool_bytes":4096,"sketch_bytes":1024,"allowed_lateness":"2m","salt":"s","expected_source":"-1","expected_after":"0s","account_change":"-2""#,
    r#""max_keys":1000,"pool_bytes":65536,"sketch_bytes":4096,"allowed_lateness":"max""#,
    r#""max_keys":32,"pool_bytes":2048,"sketch_bytes":1024,"ipv4_prefix":8,"ipv6_prefix":0,"timezone":"-11:30","new_source":"+1","account_risk":"+4","risky_entry":"off""#,
    r#""max_keys":100,"pool_bytes":2048,"sketch_bytes":1024,"max_record":"1 KiB","max_ahead":"0s","ignore_users":["svc-*"],"allow_ips":["203.0.113.0/24"]"#,
    r#""max_keys":16,"pool_bytes":1024,"sketch_bytes":1024,"allowed_lateness":"1s","override":[{"users":["*a*"],"severity":"+1"},{"sources":["192.0.2.0/24"],"ignore":true}]"#,
];

/// Options of single analytics. An analytic takes those that it has.
const OWN: [&[(&str, &str)]; 6] = [
    &[],
    &[("min_failures", "1"), ("min_challenges", "1"), ("min_accounts", "1"), ("spray_accounts", "1")],
    &[
        ("min_failures", "2"),
        ("min_challenges", "2"),
        ("similarity", r#""near""#),
        ("require_ip", "false"),
        ("remote_only", "false"),
        ("login_source", r#""any""#),
        ("confirm_after", r#""90s""#),
        ("slow_min_failures", "3"),
        ("slow_min_challenges", "3"),
    ],
    &[
        ("min_failures", "2"),
        ("window", r#""1s""#),
        ("success_within", r#""7d""#),
        ("slow_window", r#""7d""#),
        ("max_family", "1"),
        ("user_key", r#""local-part""#),
        ("correlate", r#"["user","user+ip","ip"]"#),
    ],
    &[
        ("window", r#""7d""#),
        ("similarity", r#""near""#),
        ("min_failures", "3"),
        ("min_challenges", "3"),
        ("source_ip_threshold", "1"),
        ("shared_egress_accounts", "1"),
        ("confirm_after", r#""7d""#),
        ("success_methods", r#"["p*word"]"#),
    ],
    &[
        ("similarity", r#""exact""#),
        ("min_failures", "1000"),
        ("slow_min_failures", "1"),
        ("slow_min_challenges", "1"),
        ("platform", r#""macos""#),
        ("exclude_status", "[]"),
        ("extra_failure_codes", "[50140,16]"),
        ("same_user_agent", "true"),
    ],
];

/// The receipt times of batches: now, in the middle of the samples, and at the ends of time.
const RECEIPTS: [Timestamp; 6] = [
    RECEIVED,
    RECEIVED,
    Timestamp(1_772_359_300_000_000),
    Timestamp(0),
    Timestamp(i64::MIN),
    Timestamp(i64::MAX),
];

/// The most state under these configurations, for an input of at most 64 KiB.
const MOST_BYTES: u64 = 8 << 20;

/// Checks that batches, snapshots and seeds change nothing, that alerts are JSON, and that state is bounded.
pub fn run<A: Analytic>(bytes: &[u8]) {
    let (controls, log) = controls::<CONTROLS>(bytes);
    let config = config::<A>(controls[0], controls[1]);
    let received = RECEIPTS[usize::from(controls[2]) % RECEIPTS.len()];
    // Time may pass without records at one place.
    let pause = controls[3] < 64;
    let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    let at = |control: u8| usize::from(control) * lines.len() / 255;
    let middle = at(controls[4]);

    let whole = {
        let mut run = Run::<A>::new(&config, u64::from(controls[5]));
        run.take(&lines[..middle], received);
        run.pause(pause);
        run.take(&lines[middle..], received);
        run.end()
    };
    let parts = {
        let mut run = Run::<A>::new(&config, 2);
        let (early, late) = (at(controls[6]).min(middle), at(controls[7]).max(middle));
        run.take(&lines[..early], received);
        run.restart(&config, 3);
        run.take(&lines[early..middle], received);
        run.pause(pause);
        run.take(&lines[middle..late], received);
        run.restart(&config, 4);
        run.take(&lines[late..], received);
        run.end()
    };
    for (at, (one, other)) in whole.alerts.iter().zip(&parts.alerts).enumerate() {
        assert_eq!(one, other, "alert {at} under {config}");
    }
    assert_eq!(whole.alerts.len(), parts.alerts.len(), "{config}");
    assert!(whole.snapshot == parts.snapshot, "the same records, another state under {config}");
}

/// The configuration for two control bytes.
pub fn config<A: Analytic>(common: u8, own: u8) -> String {
    let mut text = format!("{{{}", COMMON[usize::from(common) % COMMON.len()]);
    let has = |name: &str| {
        <A::Options as authsieve_engine::config::Settings>::FIELDS.iter().any(|field| field.name == name)
    };
    for (name, value) in OWN[usize::from(own) % OWN.len()] {
        if has(name) {
            text += &format!(",\"{name}\":{value}");
        }
    }
    text + "}"
}

/// The alerts for a log that is given at once.
pub fn alerts<A: Analytic>(config: &str, log: &[u8]) -> Vec<String> {
    let mut run = Run::<A>::new(config, 1);
    run.take(&[log], RECEIVED);
    run.end().alerts
}

/// The result for a log.
struct Ended {
    alerts: Vec<String>,
    snapshot: Vec<u8>,
}

struct Run<A: Analytic> {
    detector: Detector<A>,
    alerts: Vec<Alert>,
}

impl<A: Analytic> Run<A> {
    fn new(config: &str, seed: u64) -> Self {
        let detector = Detector::create(config, seed).unwrap_or_else(|why| panic!("{config}: {why}"));
        Self { detector, alerts: Vec::new() }
    }

    fn take(&mut self, lines: &[&[u8]], received: Timestamp) {
        self.alerts.extend(self.detector.process(&lines.concat(), received));
        let held = self.detector.stats()[0].state_bytes;
        assert!(held <= MOST_BYTES, "{held} bytes of state");
    }

    fn pause(&mut self, pause: bool) {
        if pause {
            self.alerts.extend(self.detector.advance(RECEIVED));
        }
    }

    /// Continues in another detector, as after a restart of the host.
    fn restart(&mut self, config: &str, seed: u64) {
        let snapshot = self.detector.snapshot();
        let (detector, notes) =
            Detector::restore(config, seed, &snapshot).expect("what it wrote, it can read");
        assert!(notes.is_empty(), "the configuration is the same: {notes:?}");
        assert!(detector.snapshot() == snapshot, "a snapshot is not the snapshot of what it restores");
        self.detector = detector;
    }

    fn end(mut self) -> Ended {
        self.alerts.extend(self.detector.flush());
        let alerts: Vec<String> = self.alerts.iter().map(Alert::to_json).collect();
        for alert in &alerts {
            serde_json::from_str::<serde_json::Value>(alert).unwrap_or_else(|why| panic!("{why}: {alert}"));
        }
        Ended { alerts, snapshot: self.detector.snapshot() }
    }
}
