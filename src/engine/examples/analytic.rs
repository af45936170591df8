//! A whole analytic that keeps no state: an alert for each login over the network of an account that should never log
//! in there. Runs it over a log file, or over the line in [`SAMPLE`], and prints the alerts as JSON.
//!
//! ```console
//! $ cargo run -p authsieve-engine --example analytic -- /var/log/auth.log
//! ```

use authsieve_engine::alert::Severity;
use authsieve_engine::analytic::{About, Analytic, Context, Held, Telemetry};
use authsieve_engine::config::{Config, Glob, Problem};
use authsieve_engine::detector::Detector;
use authsieve_engine::event::{Access, Event, Outcome};
use authsieve_engine::snapshot::{self, Reader, Writer};
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::told;
use std::time::{SystemTime, UNIX_EPOCH};

const SAMPLE: &[u8] =
    b"2026-03-01T10:00:09Z web1 sshd[17]: Accepted password for root from 192.0.2.7 port 4711 ssh2\n";

authsieve_engine::settings! {
    /// The options.
    pub struct Options {
        /// The accounts whose logins raise an alert.
        pub accounts: Vec<Glob> = ["root", "admin*"];
    }
}

/// The analytic.
pub struct Forbidden(Options);

impl Analytic for Forbidden {
    type Options = Options;

    const ABOUT: About = About {
        id: "forbidden",
        code: "FORBIDDEN",
        name: "Logins of accounts that should not log in",
        version: env!("CARGO_PKG_VERSION"),
        description: "A login over the network of an account that should never log in there.",
        techniques: &["T1078"],
        telemetry: &["Linux"],
        sources: &[],
        needs: &[],
        collect: "collect auth.log or the journal",
        false_positives: &["An administrator in an emergency."],
        response: &["Ask the administrators about the login."],
        partition_by: &[],
        thresholds: &[],
    };
    const TELEMETRY: Telemetry = Telemetry::LINUX;

    fn new(config: &Config<Options>, _seed: u64) -> Result<Self, Problem> {
        Ok(Self(config.options.clone()))
    }

    fn horizon(&self) -> Span {
        // No event matters for a later one.
        Span::seconds(0)
    }

    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let is_listed = self.0.accounts.iter().any(|account| account.matches(&event.user, true));
        if event.outcome == Outcome::Success && event.access == Access::Remote && is_listed {
            let mut alert = told::about(event);
            alert.pattern = "login".into();
            alert.severity = Severity::High;
            alert.title = format!("Login of {} from {}", event.user, told::source(event));
            // The key tells alerts of the same time apart, so that each has an id of its own.
            context.raise(&[event.user.as_bytes()], alert);
        }
    }

    fn held(&self) -> Held {
        Held::default()
    }

    fn save(&self, _out: &mut Writer) {}

    fn load(&mut self, _input: &mut Reader<'_>) -> snapshot::Result<Vec<String>> {
        Ok(Vec::new())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let log = std::env::args_os().nth(1).map(std::fs::read).transpose()?;
    // The time of receipt completes times without a year. The sample has a year.
    let received = match &log {
        Some(_) => i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())?,
        None => 1_800_000_000_000_000,
    };
    let mut detector = Detector::<Forbidden>::create(r#"{"accounts": ["root"]}"#, 0)?;
    let mut alerts = detector.process(log.as_deref().unwrap_or(SAMPLE), Timestamp(received));
    alerts.extend(detector.flush());
    if log.is_none() {
        assert_eq!(alerts[0].title, "Login of root from 192.0.2.7");
    }
    for alert in alerts {
        println!("{}", alert.to_json());
    }
    Ok(())
}
