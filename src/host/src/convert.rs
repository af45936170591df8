//! From the records of the contract to the engine's.

use crate::contract;
use authsieve_engine::alert::{Alert, Severity, Tally};
use authsieve_engine::time::Timestamp;

/// The engine's alert, which knows its canonical JSON.
#[must_use]
pub fn alert(alert: contract::Alert) -> Alert {
    Alert {
        id: alert.id,
        analytic: alert.analytic,
        analytic_version: alert.analytic_version,
        config_digest: alert.config_digest,
        pattern: alert.pattern,
        severity: severity(alert.severity),
        title: alert.title,
        time: Timestamp(alert.time),
        first_seen: Timestamp(alert.first_seen),
        last_seen: Timestamp(alert.last_seen),
        user: alert.user,
        users: alert.users,
        src_ip: alert.src_ip,
        src_ips: alert.src_ips,
        host: alert.host,
        service: alert.service,
        user_agent: alert.user_agent,
        application: alert.application,
        device: alert.device,
        failure_count: alert.failure_count,
        challenge_count: alert.challenge_count,
        distinct_users: alert.distinct_users,
        distinct_ips: alert.distinct_ips,
        estimated: alert.estimated,
        matched: alert.matched,
        reasons: tallies(alert.reasons),
        outcomes: tallies(alert.outcomes),
        related_successes: alert.related_successes,
        techniques: alert.techniques,
        context: alert.context,
        evidence: alert.evidence,
        response: alert.response,
    }
}

fn severity(severity: contract::Severity) -> Severity {
    match severity {
        contract::Severity::Informational => Severity::Informational,
        contract::Severity::Low => Severity::Low,
        contract::Severity::Medium => Severity::Medium,
        contract::Severity::High => Severity::High,
        contract::Severity::Critical => Severity::Critical,
    }
}

fn tallies(list: Vec<contract::Tally>) -> Vec<Tally> {
    list.into_iter().map(|tally| Tally { code: tally.code, count: tally.count }).collect()
}
