//! Decides if an analytic can fire on the events of a feed, and why not. The analytic states what it needs, and its
//! notes show which events its options leave out.

use authsieve_engine::time::Span;
use authsieve_host::contract::{Advice, Descriptor, Event, Need, Note, Outcome, Step};
use serde_json::Value;
use std::collections::BTreeSet;

/// More attempts per second than any attack makes. Options that require more silence an analytic.
const FASTEST: u64 = 20;

/// The percentage of events without a needed field from which on this is reported.
const WORTH_TELLING: u64 = 20;

/// The events of all feeds that one analytic reads.
#[derive(Clone, Debug)]
pub struct Intake {
    about: Descriptor,
    /// The number of events, from any provider.
    pub events: u64,
    /// Of these, the events that the analytic judges.
    pub own: u64,
    /// Of the judged events, the failures.
    pub failures: u64,
    /// Of these failures, those with an address.
    pub failures_placed: u64,
    /// Of the judged events, the successes and approvals.
    pub successes: u64,
    /// Of the judged events, the challenges, denials and timeouts.
    pub challenges: u64,
    /// The providers of the events.
    providers: BTreeSet<String>,
    /// How far each need is met, in the order of the needs.
    met: Vec<Met>,
    /// The treatment of the events, by outcome.
    judged: [Judged; Outcome::ALL.len()],
    /// Why the thresholds cannot be reached, if they cannot.
    too_fast: Option<String>,
}

/// How an analytic treated the events of one outcome.
#[derive(Clone, Debug, Default)]
struct Judged {
    looked_at: u64,
    left_out: u64,
    /// The analytic's reason for leaving out the first event.
    why: String,
}

/// How far a need is met.
#[derive(Clone, Copy, Debug, Default)]
struct Met {
    /// The number of events with one of its outcomes.
    found: u64,
    /// Of these, the events with all needed fields.
    whole: u64,
}

/// The answer whether an analytic can fire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// True if it can.
    pub can_fire: bool,
    /// Why it cannot, or what limits it.
    pub why: Vec<String>,
}

impl Intake {
    /// The techniques that the analytic names.
    #[must_use]
    pub fn techniques(&self) -> &[String] {
        &self.about.techniques
    }

    /// Starts without events. `about` is the description of the analytic, `config` its configuration in the form of the
    /// contract.
    #[must_use]
    pub fn new(about: Descriptor, config: &str) -> Self {
        let too_fast = too_fast(&about, &serde_json::from_str(config).unwrap_or_default());
        let judged = std::array::from_fn(|_| Judged::default());
        let met = vec![Met::default(); about.needs.len()];
        let (providers, zero) = (BTreeSet::new(), 0);
        Self {
            about,
            events: zero,
            own: zero,
            failures: zero,
            failures_placed: zero,
            successes: zero,
            challenges: zero,
            providers,
            met,
            judged,
            too_fast,
        }
    }

    /// Adds a note of the analytic on an event.
    pub fn note(&mut self, note: &Note) {
        let Some(judged) = self.judged.get_mut(note.outcome as usize) else { return };
        if note.step != Step::Ignored {
            judged.looked_at += 1;
            return;
        }
        judged.left_out += 1;
        if judged.why.is_empty() {
            judged.why.clone_from(&note.text);
        }
    }

    /// Adds an event.
    pub fn take(&mut self, event: &Event) {
        // A change of an account is no attempt.
        if event.outcome == Outcome::Changed {
            return;
        }
        self.events += 1;
        if !self.providers.contains(&event.provider) {
            self.providers.insert(event.provider.clone());
        }
        if !self.judges(event) {
            return;
        }
        self.own += 1;
        match event.outcome {
            Outcome::Failure => {
                self.failures += 1;
                self.failures_placed += u64::from(event.src_ip.is_some());
            }
            Outcome::Success | Outcome::Approved => self.successes += 1,
            Outcome::Challenge | Outcome::Denied | Outcome::Timeout => self.challenges += 1,
            Outcome::Stopped | Outcome::Changed => {}
        }
        for (need, met) in self.about.needs.iter().zip(&mut self.met) {
            if need.outcomes.contains(&event.outcome) {
                met.found += 1;
                met.whole += u64::from(need.fields.iter().all(|field| has(event, field)));
            }
        }
    }

    /// True if the analytic judges events of this provider and code.
    fn judges(&self, event: &Event) -> bool {
        let codes = || [&event.reason, &event.status].into_iter().flatten();
        self.about.sources.iter().any(|source| {
            source.provider == event.provider
                && (source.codes.is_empty()
                    || source.codes.iter().any(|known| codes().any(|code| is_code(known, code))))
        })
    }

    /// Decides whether the analytic can fire on these events.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        if self.own == 0 {
            let why = match self.events {
                0 => format!("none of the records is an event it reads: {}", self.about.collect),
                events => format!(
                    "none of the {events} events it can read is of its telemetry: {}",
                    self.about.collect
                ),
            };
            return Readiness { can_fire: false, why: vec![why] };
        }
        let mut why: Vec<String> = self.too_fast.iter().cloned().collect();
        let mut can = why.is_empty();
        for (need, met) in self.about.needs.iter().zip(&self.met) {
            can &= self.judge(need, *met, &mut why) || need.loses.is_some();
        }
        Readiness { can_fire: can, why }
    }

    /// Returns true if a need is met. Appends what is missing to `why`.
    fn judge(&self, need: &Need, met: Met, why: &mut Vec<String>) -> bool {
        if met.found == 0 {
            why.push(match &need.loses {
                Some(lost) => format!("no {}: {lost}", need.name),
                None => {
                    let advice = self.advice(&need.collect);
                    format!("it needs {}: none of {} events is one{advice}", need.name, self.own)
                }
            });
            return false;
        }
        let of = |outcome: &Outcome| self.judged.get(*outcome as usize);
        let judged = || need.outcomes.iter().filter_map(of);
        let left_out: u64 = judged().map(|judged| judged.left_out).sum();
        if left_out > 0 && judged().all(|judged| judged.looked_at == 0) {
            let reason = judged().map(|judged| judged.why.as_str()).find(|why| !why.is_empty());
            why.push(format!("all {} are left out: {}", need.name, reason.unwrap_or_default()));
            return false;
        }
        let without = met.found.saturating_sub(met.whole).saturating_mul(100) / met.found;
        if met.whole == 0 || without >= WORTH_TELLING {
            let fields: Vec<&str> = need.fields.iter().map(|field| shown(field)).collect();
            let fields = fields.join(" or ");
            why.push(format!(
                "no {fields} in {without} % of the {}: they are not counted by default",
                need.name
            ));
        }
        met.whole > 0
    }

    /// The first advice that fits the providers of the feed.
    fn advice(&self, list: &[Advice]) -> String {
        let holds = |advice: &&Advice| {
            advice.providers.is_empty()
                || advice.providers.iter().any(|provider| self.providers.contains(provider))
        };
        list.iter().find(holds).map_or_else(String::new, |advice| format!(": {}", advice.text))
    }
}

/// Explains why no attack is fast enough for the options of an analytic. `None` if one of its thresholds can be
/// reached.
fn too_fast(about: &Descriptor, config: &Value) -> Option<String> {
    let schema: Value = serde_json::from_str(&about.config_schema).unwrap_or_default();
    let own = config.as_object().into_iter().flatten();
    let own = own.filter(|(name, _)| name.eq_ignore_ascii_case(&about.id)).map(|(_, own)| own).next();
    let option = |name: &str| {
        let default = || schema.get("properties")?.get(name)?.get("default");
        own.and_then(|own| own.get(name)).or_else(|| config.get(name)).or_else(default).cloned()
    };
    let mut told = None;
    for (least, window) in [
        ("min_failures", "window"),
        ("min_challenges", "window"),
        ("slow_min_failures", "slow_window"),
        ("slow_min_challenges", "slow_window"),
    ] {
        let (Some(count), Some(span)) = (option(least), option(window)) else { continue };
        let count = count.as_u64()?;
        let seconds = u64::try_from(Span::parse(span.as_str()?)?.0 / 1_000_000).ok()?;
        if count <= FASTEST.saturating_mul(seconds.max(1)) {
            return None;
        }
        told = told.or_else(|| {
            Some(format!(
                "{least} = {count} within {window} = {span} is more than {FASTEST} a second: no attack is that fast"
            ))
        });
    }
    told
}

/// True if an event has a field, named as in the contract.
fn has(event: &Event, field: &str) -> bool {
    match field {
        "user" => event.user.is_some(),
        "src_ip" => event.src_ip.is_some(),
        "src_name" => event.src_name.is_some(),
        "tty" => event.tty.is_some(),
        "user_agent" => event.user_agent.is_some(),
        "service" => event.service.is_some(),
        "host" => event.host.is_some(),
        "application" => event.application.is_some(),
        "device" => event.device.is_some(),
        "os" => event.os.is_some(),
        "transaction" => event.transaction.is_some(),
        // A component of another version may name a field that this host does not know. It counts as present.
        _ => true,
    }
}

/// The readable name of a field.
fn shown(field: &str) -> &str {
    if field == "src_ip" { "address" } else { field }
}

/// True if `code` matches `known`. A `*` at the end of `known` stands for any characters.
fn is_code(known: &str, code: &str) -> bool {
    match known.strip_suffix('*') {
        Some(start) => code.starts_with(start),
        None => known == code,
    }
}

#[cfg(test)]
mod tests {
    use super::super::feeds::tests::event;
    use super::*;
    use authsieve_host::Analytic;

    /// The readiness of an analytic for events with these outcomes, addresses and providers.
    fn readiness(id: &str, events: &[(Outcome, Option<&str>, &str)]) -> Readiness {
        intake(id, events, "").readiness()
    }

    fn intake(id: &str, events: &[(Outcome, Option<&str>, &str)], config: &str) -> Intake {
        let engine = crate::engine();
        let built = authsieve_components::get(id).unwrap();
        let about = Analytic::load(&engine, id, built.wasm).unwrap().describe().unwrap().remove(0);
        let mut intake = Intake::new(about, config);
        for (outcome, address, provider) in events {
            let mut event = event(0, *outcome, "ada", *address);
            event.provider = (*provider).into();
            intake.take(&event);
        }
        intake
    }

    const HERE: Option<&str> = Some("192.0.2.7");

    #[test]
    fn what_it_needs_is_there() {
        let both = |provider| [(Outcome::Failure, HERE, provider), (Outcome::Success, HERE, provider)];
        for (id, provider) in [("an1276", "linux"), ("fls", "windows"), ("fls", "entra"), ("an1269", "m365")]
        {
            assert_eq!(readiness(id, &both(provider)), Readiness { can_fire: true, why: vec![] }, "{id}");
        }
        assert!(readiness("an1521", &both("windows")).can_fire);
        let asked = [(Outcome::Challenge, None, "okta"), (Outcome::Success, None, "okta")];
        assert_eq!(readiness("an0454", &asked), Readiness { can_fire: true, why: vec![] });
    }

    #[test]
    fn what_is_missing_is_named() {
        let says = |readiness: Readiness, words: &str| {
            assert!(
                !readiness.can_fire && readiness.why.join("; ").contains(words),
                "{readiness:?}: {words}"
            );
        };
        says(readiness("an1276", &[]), "none of the records");
        says(readiness("an1276", &[(Outcome::Failure, HERE, "linux")]), "LogLevel INFO");
        says(readiness("an1276", &[(Outcome::Failure, HERE, "okta")]), "none of the 1 events");
        says(readiness("fls", &[(Outcome::Failure, HERE, "windows")]), "audit success not collected");
        says(readiness("an1521", &[(Outcome::Success, HERE, "windows")]), "audit failure not collected");
        says(readiness("an1521", &[(Outcome::Failure, None, "windows")]), "address in 100 %");
        says(readiness("an1521", &[(Outcome::Failure, HERE, "ecs")]), "none of the 1 events");
        says(readiness("an0454", &[(Outcome::Success, HERE, "okta")]), "System Log push events");
    }

    #[test]
    fn what_weakens_it_is_named_too() {
        let found = readiness("an1269", &[(Outcome::Failure, HERE, "entra")]);
        assert!(found.can_fire && found.why[0].contains("credential-accepted"), "{found:?}");
    }

    #[test]
    fn thresholds_that_nothing_reaches_are_named() {
        let both = [(Outcome::Failure, HERE, "linux"), (Outcome::Success, HERE, "linux")];
        let can = |config: &str| {
            let found = intake("an1276", &both, config).readiness();
            assert_eq!(found.can_fire, !found.why.join("; ").contains("no attack is that fast"), "{found:?}");
            found.can_fire
        };
        assert!(!can(r#"{"min_failures":1000,"window":"1s"}"#));
        assert!(!can(r#"{"an1276":{"min_failures":1000,"window":"1s"}}"#));
        assert!(can(r#"{"min_failures":1000,"window":"1m"}"#) && can(r#"{"min_failures":20,"window":"1s"}"#));
        assert!(can(r#"{"fls":{"min_failures":1000,"window":"1s"}}"#) && can(""));
    }

    #[test]
    fn what_options_leave_out_is_named() {
        let both = [(Outcome::Failure, HERE, "linux"), (Outcome::Success, HERE, "linux")];
        let note = |outcome, step| Note {
            analytic: "an1276".into(),
            record: 1,
            time: 0,
            outcome,
            user: None,
            src_ip: None,
            step,
            key: String::new(),
            text: "ignored by allow_ips".into(),
            count: None,
            needed: None,
        };
        let mut intake = intake("an1276", &both, "");
        intake.note(&note(Outcome::Failure, Step::Counted));
        intake.note(&note(Outcome::Success, Step::Ignored));
        let found = intake.readiness();
        assert!(!found.can_fire && found.why[0].contains("are left out: ignored by allow_ips"), "{found:?}");
        intake.note(&note(Outcome::Success, Step::Short));
        assert!(intake.readiness().can_fire);
    }

    #[test]
    fn codes_end_in_a_star() {
        assert!(is_code("0x*", "0xc000006a") && is_code("4625", "4625"));
        assert!(!is_code("0x*", "4625") && !is_code("4625", "46250"));
    }
}
