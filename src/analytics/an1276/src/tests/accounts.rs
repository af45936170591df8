//! Facts about accounts: they change nothing but context, and are the same after restarts and in any order within the
//! lateness.

use super::{An1276, RECEIVED, accepted, detector, failed, head};
use authsieve_engine::alert::Alert;
use authsieve_engine::detector::Detector;

/// Numbers that look random.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// A log of logins, failures and changes of three users from three addresses: each line with its second, in order.
fn log(seed: u64) -> Vec<(u32, String)> {
    let mut dice = Dice(seed);
    let mut lines = Vec::new();
    for second in (0..6000).step_by(7) {
        let (user, address) =
            (["ada", "bob", "eve"][dice.below(3) as usize], format!("192.0.2.{}", dice.below(3)));
        let line = match dice.below(9) {
            0 => accepted(second, user, &address),
            1 => {
                format!("{}pam_unix(passwd:chauthtok): password changed for {user}\n", tool(second, "passwd"))
            }
            2 => format!("{}unlock user '{user}' password\n", tool(second, "usermod")),
            _ => failed(second, user, &address),
        };
        lines.push((second, line));
    }
    lines
}

/// The head of a line of another program than sshd.
fn tool(second: u32, program: &str) -> String {
    head(second).replace("sshd", program)
}

fn process(detector: &mut Detector<An1276>, lines: &[(u32, String)]) -> Vec<Alert> {
    let batch: String = lines.iter().map(|(_, line)| line.as_str()).collect();
    detector.process(batch.as_bytes(), RECEIVED)
}

const CONFIG: &str = r#"{"expected_after": "10m", "expected_source": "-1", "account_change": "-1"}"#;

#[test]
fn without_changes_the_alerts_are_the_same_but_for_what_they_tell() {
    let bare = |alerts: Vec<Alert>| -> Vec<_> {
        alerts.into_iter().map(|alert| (alert.id, alert.time, alert.failure_count, alert.users)).collect()
    };
    let mut told = 0;
    for seed in 0..20 {
        let lines = log(seed);
        let logins: Vec<_> = lines.iter().filter(|(_, line)| line.contains("sshd")).cloned().collect();
        let (mut with, mut without) = (detector(""), detector(""));
        let (all, less) = (process(&mut with, &lines), process(&mut without, &logins));
        told += all
            .iter()
            .filter(|alert| alert.context.iter().any(|line| line.contains("a new password")))
            .count();
        assert!(less.iter().all(|alert| alert.context.iter().all(|line| !line.starts_with("account "))));
        assert_eq!((bare(all), with.watermark()), (bare(less), without.watermark()), "seed {seed}");
    }
    assert!(told > 20, "{told}");
}

#[test]
fn restarts_and_disorder_within_the_lateness_change_nothing() {
    let mut told = 0;
    for seed in 0..20 {
        let lines = log(seed);
        let whole = process(&mut detector(CONFIG), &lines);
        told += whole
            .iter()
            .filter(|alert| alert.context.iter().any(|line| line.contains("expected source")))
            .count();
        // Cut anywhere, with another seed after each restart.
        let (mut parts, mut it, mut dice) = (Vec::new(), detector(CONFIG), Dice(seed));
        for chunk in lines.chunks(1 + dice.below(60) as usize) {
            parts.extend(process(&mut it, chunk));
            it = Detector::restore(CONFIG, dice.below(99), &it.snapshot()).unwrap().0;
        }
        assert_eq!(parts, whole, "seed {seed}");
        // Lines may be up to 60 s late.
        let late = CONFIG.replacen('{', r#"{"allowed_lateness": "2m", "#, 1);
        let sorted = |lines: &[(u32, String)]| {
            let mut it = detector(&late);
            let mut alerts = process(&mut it, lines);
            alerts.extend(it.flush());
            alerts
        };
        let mut shuffled = lines.clone();
        shuffled.sort_by_cached_key(|(second, _)| u64::from(*second) + dice.below(60));
        assert_eq!(sorted(&shuffled), sorted(&lines), "seed {seed}");
    }
    assert!(told > 20, "{told}");
}
