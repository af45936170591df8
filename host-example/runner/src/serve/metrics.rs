//! The metrics of the service, in the text format of Prometheus.

use super::letters::Fault;
use super::outbox::Outbox;
use authsieve_engine::alert::Severity;
use authsieve_engine::detector::Stats;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram as Buckets;
use prometheus_client::registry::{Registry, Unit};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The counters that all parts of the service share.
pub(super) struct Counters {
    registry: Registry,
    started: Instant,
    /// The number of received records. `bytes` is their total size.
    pub records: Counter,
    pub bytes: Counter,
    dead_letters: Family<Vec<(String, String)>, Counter>,
    all_letters: Counter,
    /// The number of silenced alerts.
    pub silenced: Counter,
    /// Batches that were received again and not counted again.
    pub repeated: Counter,
    /// Requests that were refused for now: too many alerts wait for the sinks, or the disk fails.
    pub refused: Counter,
    /// Pieces of input that could not be turned into records.
    pub flaws: Counter,
    /// Records that exceeded the size limit.
    pub oversized: Counter,
    /// States and journals that were damaged and put aside.
    pub damaged: Counter,
    restarts: Family<Vec<(String, String)>, Counter>,
    /// The counters of the sinks.
    pub sinks: Sinks,
    /// 1 while the state folder cannot be written to, else 0.
    pub disk_fails: Gauge,
    /// Requests without a valid token.
    pub unauthorized: Counter,
    rejected: Family<Vec<(String, String)>, Counter>,
    alerts: Family<Vec<(String, String)>, Counter>,
    /// The time from the receipt of a batch to its alerts.
    pub latency: Latency,
    checkpoints: Counter,
    checkpointed: Mutex<Option<Instant>>,
    checkpoint_micros: Gauge,
}

/// The counters of the sinks, each labelled with the name of its sink.
#[derive(Default)]
pub(super) struct Sinks {
    delivered: BySink,
    retries: BySink,
    refused: BySink,
    held_back: BySink,
}

type BySink = Family<Vec<(String, String)>, Counter>;

impl Sinks {
    fn register(&self, registry: &mut Registry) {
        for (name, help, family) in [
            ("sink_delivered", "Alerts that the receiver of a sink has taken", &self.delivered),
            ("sink_retries", "Deliveries that were tried again", &self.retries),
            ("sink_refused", "Alerts that the receiver of a sink refuses for good", &self.refused),
            ("sink_held_back", "Alerts beyond the rate of a sink", &self.held_back),
        ] {
            registry.register(name, help, family.clone());
        }
    }

    /// Counts alerts that a sink has delivered.
    pub(super) fn delivered(&self, sink: &str, count: u64) {
        add(&self.delivered, sink, count);
    }

    /// Counts a retry of a sink.
    pub(super) fn retried(&self, sink: &str) {
        add(&self.retries, sink, 1);
    }

    /// Counts alerts that the receiver of a sink refused.
    pub(super) fn refused(&self, sink: &str, count: u64) {
        add(&self.refused, sink, count);
    }

    /// Counts an alert that a sink holds back.
    pub(super) fn held_back(&self, sink: &str) {
        add(&self.held_back, sink, 1);
    }
}

fn add(family: &BySink, sink: &str, count: u64) {
    family.get_or_create(&vec![("sink".to_owned(), sink.to_owned())]).inc_by(count);
}

/// A histogram of durations.
pub(super) struct Latency(Buckets);

impl Latency {
    /// Adds a duration.
    pub(super) fn observe(&self, duration: Duration) {
        self.0.observe(duration.as_secs_f64());
    }
}

/// Why a connection was refused or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rejected {
    /// Too many connections are open.
    Full,
    /// The client does not speak TLS.
    Plain,
    /// The TLS handshake failed: the client has no certificate, or one that is not accepted.
    Handshake,
    /// The handshake or a body took too long.
    Slow,
    /// The connection was idle for too long.
    Idle,
}

impl Rejected {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Plain => "plain_text",
            Self::Handshake => "handshake",
            Self::Slow => "slow",
            Self::Idle => "idle",
        }
    }
}

/// A counter of an analytic: its name, its Prometheus type, and how to read its value.
type Column = (&'static str, &'static str, fn(&Stats) -> u64);

impl Counters {
    /// Creates the counters, all at zero.
    pub(super) fn new() -> Self {
        let mut counters = Self {
            registry: Registry::with_prefix("authsieve"),
            started: Instant::now(),
            checkpointed: Mutex::default(),
            dead_letters: Family::default(),
            all_letters: Counter::default(),
            records: Counter::default(),
            bytes: Counter::default(),
            repeated: Counter::default(),
            silenced: Counter::default(),
            refused: Counter::default(),
            flaws: Counter::default(),
            damaged: Counter::default(),
            oversized: Counter::default(),
            restarts: Family::default(),
            sinks: Sinks::default(),
            disk_fails: Gauge::default(),
            unauthorized: Counter::default(),
            rejected: Family::default(),
            alerts: Family::default(),
            latency: Latency(Buckets::new([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0])),
            checkpoints: Counter::default(),
            checkpoint_micros: Gauge::default(),
        };
        let registry = &mut counters.registry;
        registry.register("records", "Records received", counters.records.clone());
        registry.register_with_unit(
            "received",
            "Bytes of records received",
            Unit::Bytes,
            counters.bytes.clone(),
        );
        registry.register("alerts_silenced", "Alerts that match a silence", counters.silenced.clone());
        let repeated = "Batches that came a second time and count once";
        registry.register("batches_repeated", repeated, counters.repeated.clone());
        let refused = "Requests that were told to try again later";
        registry.register("requests_refused", refused, counters.refused.clone());
        let letters = "Records that could not be judged, by source and fault";
        registry.register("dead_letters", letters, counters.dead_letters.clone());
        registry.register("damaged_files", "States and journals that were damaged", counters.damaged.clone());
        registry.register("flaws", "Pieces of input that are no records", counters.flaws.clone());
        registry.register("records_oversized", "Records that were too long", counters.oversized.clone());
        registry.register("analytic_restarts", "Failures of analytics", counters.restarts.clone());
        counters.sinks.register(registry);
        let fails = "1 while the state folder cannot be written to";
        registry.register("state_folder_fails", fails, counters.disk_fails.clone());
        let unauthorized = "Requests without the token of their source";
        registry.register("requests_unauthorized", unauthorized, counters.unauthorized.clone());
        let rejected = "Connections that were closed, by source and reason";
        registry.register("connections_rejected", rejected, counters.rejected.clone());
        registry.register("alerts", "Alerts by analytic and severity", counters.alerts.clone());
        let latency = "From the receipt of a batch to its alerts";
        registry.register_with_unit("latency", latency, Unit::Seconds, counters.latency.0.clone());
        registry.register("checkpoints", "States written to disk", counters.checkpoints.clone());
        let took = "The time that writing the last state took, in microseconds";
        registry.register("checkpoint_duration_micros", took, counters.checkpoint_micros.clone());
        counters
    }

    /// Counts received records and their bytes.
    pub(super) fn took(&self, records: u64, bytes: u64) {
        self.records.inc_by(records);
        self.bytes.inc_by(bytes);
    }

    /// Counts a connection that was refused or closed.
    pub(super) fn rejected(&self, source: &str, why: Rejected) {
        let labels =
            vec![("source".to_owned(), source.to_owned()), ("reason".to_owned(), why.as_str().to_owned())];
        self.rejected.get_or_create(&labels).inc();
    }

    /// Counts a record of this source that could not be judged.
    pub(super) fn dead_letter(&self, source: &str, fault: Fault) {
        let labels =
            vec![("source".to_owned(), source.to_owned()), ("fault".to_owned(), fault.word().to_owned())];
        self.dead_letters.get_or_create(&labels).inc();
        self.all_letters.inc();
    }

    /// The number of dead letters.
    pub(super) fn letters(&self) -> u64 {
        self.all_letters.get()
    }

    /// Counts a restart of an analytic after a failure.
    pub(super) fn restarted(&self, analytic: &str) {
        self.restarts.get_or_create(&vec![("analytic".to_owned(), analytic.to_owned())]).inc();
    }

    /// The time since the service started.
    pub(super) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// The time since the last state was written, if one was.
    pub(super) fn checkpoint_age(&self) -> Option<Duration> {
        let last = *self.checkpointed.lock().unwrap_or_else(PoisonError::into_inner);
        last.map(|last| last.elapsed())
    }

    /// Counts an alert.
    pub(super) fn alert(&self, analytic: &str, severity: Severity) {
        let labels = vec![
            ("analytic".to_owned(), analytic.to_owned()),
            ("severity".to_owned(), severity.as_str().to_owned()),
        ];
        self.alerts.get_or_create(&labels).inc();
    }

    /// Records that a state was written, and how long the write took.
    pub(super) fn checkpoint(&self, took: Duration) {
        self.checkpoints.inc();
        *self.checkpointed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.checkpoint_micros.set(i64::try_from(took.as_micros()).unwrap_or(i64::MAX));
    }

    /// All metrics as text, including those of the analytics and the outbox.
    pub(super) fn text(&self, stats: &[Stats], outbox: &Outbox) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        let end = text.rfind("# EOF").unwrap_or(text.len());
        text.truncate(end);
        let (waiting, bytes) = outbox.size();
        text += &format!(
            "# HELP authsieve_outbox_alerts Alerts that some sink has not delivered.\n\
             # TYPE authsieve_outbox_alerts gauge\nauthsieve_outbox_alerts {waiting}\n\
             # HELP authsieve_outbox_bytes Bytes of these alerts.\n\
             # TYPE authsieve_outbox_bytes gauge\nauthsieve_outbox_bytes {bytes}\n"
        );
        if let Some(age) = self.checkpoint_age() {
            text += &format!(
                "# HELP authsieve_checkpoint_age_seconds The time since a state was written.\n\
                 # TYPE authsieve_checkpoint_age_seconds gauge\nauthsieve_checkpoint_age_seconds {:.3}\n",
                age.as_secs_f64()
            );
        }
        let columns: [Column; 11] = [
            ("events", "counter", |s| s.matched),
            ("unread", "counter", |s| s.unread),
            ("undated", "counter", |s| s.undated),
            ("malformed", "counter", |s| s.malformed),
            ("late", "counter", |s| s.late),
            ("future", "counter", |s| s.future),
            ("duplicates", "counter", |s| s.duplicates),
            ("ignored", "counter", |s| s.ignored),
            ("evicted", "counter", |s| s.evicted),
            ("keys", "gauge", |s| s.keys),
            ("state_bytes", "gauge", |s| s.state_bytes),
        ];
        for (name, kind, of) in columns {
            let total = if kind == "counter" { "_total" } else { "" };
            text += &format!(
                "# HELP authsieve_analytic_{name} See the statistics of the contract.\n# TYPE authsieve_analytic_{name} {kind}\n"
            );
            for one in stats {
                text += &format!(
                    "authsieve_analytic_{name}{total}{{analytic=\"{}\"}} {}\n",
                    one.analytic,
                    of(one)
                );
            }
        }
        text + "# EOF\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_written_as_prometheus_reads_them() {
        let counters = Counters::new();
        counters.took(3, 40);
        counters.alert("FLS", Severity::High);
        counters.sinks.held_back("pager");
        counters.latency.observe(Duration::from_millis(3));
        let stats = [Stats { analytic: "fls".into(), matched: 2, keys: 1, ..Stats::default() }];
        let text = counters.text(&stats, &Outbox::new(vec![], 1, 0));
        for line in [
            "authsieve_records_total 3",
            "authsieve_received_bytes_total 40",
            r#"authsieve_alerts_total{analytic="FLS",severity="high"} 1"#,
            r#"authsieve_sink_held_back_total{sink="pager"} 1"#,
            r#"authsieve_latency_seconds_bucket{le="0.005"} 1"#,
            r#"authsieve_analytic_events_total{analytic="fls"} 2"#,
            r#"authsieve_analytic_keys{analytic="fls"} 1"#,
            "authsieve_outbox_alerts 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(text.ends_with("# EOF\n") && text.matches("# EOF").count() == 1);
    }
}
