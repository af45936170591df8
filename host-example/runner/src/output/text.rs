//! Writes an alert as text for people.

use super::escape;
use super::listed;
use super::located::Located;
use super::paint::Paint;
use authsieve_engine::alert::{Alert, Tally};
use std::fmt::Write as _;
use std::io::{self, Write};

/// The number of characters of a record that are shown.
const RECORD: usize = 200;

/// The number of names of a list that are shown.
const NAMES: usize = 8;

/// Writes an alert as a paragraph, followed by an empty line.
///
/// # Errors
/// Fails if `out` fails.
pub fn write(out: &mut impl Write, located: &Located<'_>, paint: Paint) -> io::Result<()> {
    let alert = located.alert;
    let head = format!(" {} ", alert.severity.as_str().to_uppercase());
    writeln!(
        out,
        "{} {}  {}  {}",
        paint.severity(alert.severity, head),
        alert.time,
        escape::text(&alert.analytic),
        paint.bold(escape::text(&alert.title))
    )?;
    let mut field = |name: &str, value: &str| {
        if value.is_empty() {
            return Ok(());
        }
        writeln!(out, "  {} {}", paint.dim(format_args!("{name:<10}")), escape::text(value))
    };
    field("pattern", &pattern(alert))?;
    field("user", alert.user.as_deref().unwrap_or_default())?;
    field("from", alert.src_ip.as_deref().unwrap_or_default())?;
    field("at", &place(alert))?;
    field("line", &located.origin.as_ref().map(ToString::to_string).unwrap_or_default())?;
    field("counts", &counts(alert))?;
    field("seen", &format!("{} to {}", alert.first_seen, alert.last_seen))?;
    // A list with one element would repeat the field above.
    field("users", &if alert.users.len() > 1 { listed(&alert.users, NAMES) } else { String::new() })?;
    field("addresses", &if alert.src_ips.len() > 1 { listed(&alert.src_ips, NAMES) } else { String::new() })?;
    field("logged in", &listed(&alert.related_successes, NAMES))?;
    field("reasons", &tallies(&alert.reasons))?;
    field("outcomes", &tallies(&alert.outcomes))?;
    field("why", &alert.context.join("; "))?;
    field("ATT&CK", &alert.techniques.join(", "))?;
    let mut name = "evidence";
    for (piece, origin) in alert.evidence.iter().zip(&located.evidence) {
        let record = escape::text(&piece.text);
        let place = match (origin, &located.origin) {
            (None, _) => String::new(),
            (Some(piece), Some(alert)) if piece.file == alert.file => format!("{}: ", piece.line),
            (Some(piece), _) => format!("{piece}: "),
        };
        let shown = format!("{}{}", escape::text(&place), beginning(&record));
        writeln!(out, "  {} {}", paint.dim(format_args!("{name:<10}")), paint.dim(shown))?;
        name = "";
    }
    for (step, name) in alert.response.iter().zip(std::iter::once("next").chain(std::iter::repeat(""))) {
        writeln!(out, "  {} - {}", paint.dim(format_args!("{name:<10}")), escape::text(step))?;
    }
    writeln!(out)
}

/// The start of a record, as much as a few lines of a terminal hold. The JSON has the whole record.
fn beginning(record: &str) -> String {
    match record.char_indices().nth(RECORD) {
        Some((end, _)) => format!("{}…", record.get(..end).unwrap_or_default()),
        None => record.to_owned(),
    }
}

/// The pattern, and the other patterns that matched.
fn pattern(alert: &Alert) -> String {
    let others: Vec<&str> =
        alert.matched.iter().map(String::as_str).filter(|other| *other != alert.pattern).collect();
    if others.is_empty() {
        alert.pattern.clone()
    } else {
        format!("{} (also {})", alert.pattern, others.join(", "))
    }
}

fn place(alert: &Alert) -> String {
    let parts = [&alert.host, &alert.service, &alert.application, &alert.device, &alert.user_agent];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn counts(alert: &Alert) -> String {
    let mut text = String::new();
    let counts = [
        (alert.failure_count, "failure_count", "failures", "failure"),
        (alert.challenge_count, "challenge_count", "challenges", "challenge"),
        (alert.distinct_users, "distinct_users", "users", "user"),
        (alert.distinct_ips, "distinct_ips", "addresses", "address"),
    ];
    for (count, field, many, one) in counts {
        let Some(count) = count else { continue };
        let comma = if text.is_empty() { "" } else { ", " };
        let least = if alert.estimated.iter().any(|name| name == field) { "at least " } else { "" };
        let _ = write!(text, "{comma}{least}{count} {}", if count == 1 { one } else { many });
    }
    text
}

fn tallies(list: &[Tally]) -> String {
    list.iter().map(|tally| format!("{} × {}", tally.count, tally.code)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use authsieve_engine::alert::Evidence;
    use authsieve_engine::alert::Severity;
    use authsieve_engine::time::Timestamp;
    use authsieve_host::Origins;

    fn shown(alert: &Alert, on: bool) -> String {
        let mut out = Vec::new();
        let mut origins = Origins::default();
        origins.add(1, &"auth.log".into(), 1);
        write(&mut out, &Located::new(alert, &origins), Paint { on }).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn alert() -> Alert {
        Alert {
            analytic: "AN1276".into(),
            pattern: "user+ip".into(),
            matched: vec!["user+ip".into(), "ip".into()],
            severity: Severity::High,
            record: 9,
            title: "Failed logins, then a success".into(),
            time: Timestamp(1_772_524_805_000_000),
            first_seen: Timestamp(1_772_524_705_000_000),
            last_seen: Timestamp(1_772_524_805_000_000),
            user: Some("root".into()),
            users: vec!["root".into()],
            src_ip: Some("203.0.113.7".into()),
            host: Some("web1".into()),
            service: Some("sshd".into()),
            failure_count: Some(12),
            distinct_users: Some(1),
            estimated: vec!["failure_count".into()],
            evidence: ["first record", "last record"].map(evidence).into(),
            response: vec!["Ask root".into()],
            ..Alert::default()
        }
    }

    fn evidence(text: &str) -> Evidence {
        Evidence { record: 1, text: text.into() }
    }

    #[test]
    fn an_alert_says_what_an_analyst_asks_first() {
        assert_eq!(
            shown(&alert(), false),
            " HIGH  2026-03-03T08:00:05Z  AN1276  Failed logins, then a success\n  \
             pattern    user+ip (also ip)\n  \
             user       root\n  \
             from       203.0.113.7\n  \
             at         web1, sshd\n  \
             line       auth.log:9\n  \
             counts     at least 12 failures, 1 user\n  \
             seen       2026-03-03T07:58:25Z to 2026-03-03T08:00:05Z\n  \
             evidence   1: first record\n             \
             1: last record\n  \
             next       - Ask root\n\n"
        );
    }

    #[test]
    fn of_a_long_record_the_beginning_is_shown() {
        assert_eq!(beginning(&"ä".repeat(200)), "ä".repeat(200));
        assert_eq!(beginning(&"ä".repeat(201)), format!("{}…", "ä".repeat(200)));
    }

    #[test]
    fn nothing_an_attacker_wrote_reaches_the_terminal_unescaped() {
        let evil = "\x1b]0;owned\x07\n CRITICAL \u{202e}\u{9b}2J".to_owned();
        let one = || Some(evil.clone());
        let many = || vec![evil.clone(), evil.clone()];
        let alert = Alert {
            analytic: evil.clone(),
            pattern: evil.clone(),
            title: evil.clone(),
            user: one(),
            src_ip: one(),
            host: one(),
            service: one(),
            user_agent: one(),
            application: one(),
            device: one(),
            users: many(),
            src_ips: many(),
            matched: many(),
            related_successes: many(),
            techniques: many(),
            context: many(),
            evidence: vec![evidence(&evil)],
            response: many(),
            reasons: vec![Tally { code: evil.clone(), count: 1 }],
            outcomes: vec![Tally { code: evil.clone(), count: 1 }],
            ..alert()
        };
        let plain = shown(&alert, false);
        assert!(plain.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')), "{plain:?}");
        assert_eq!(plain.lines().filter(|line| line.starts_with(" CRITICAL")).count(), 0);
        let lines = |text: &str| text.lines().count();
        assert_eq!(lines(&shown(&alert, true)), lines(&plain));
    }
}
