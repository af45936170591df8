//! Whether an analytic can fire with the events of a feed, and why not. The analytic itself says what it needs.

use authsieve_host::contract::{Advice, Descriptor, Event, Need, Outcome};
use std::collections::BTreeSet;

/// From this share of lone events on, their loss is told.
const WORTH_TELLING: u64 = 20;

/// The events of all feeds, as far as one analytic reads them.
#[derive(Clone, Debug)]
pub struct Intake {
    about: Descriptor,
    /// Events read, whoever wrote them.
    pub events: u64,
    /// Of these, the events that the analytic judges.
    pub own: u64,
    /// Of these, the failures.
    pub failures: u64,
    /// Of these, the failures with an address.
    pub failures_placed: u64,
    /// Of the events that the analytic judges, the successes and approvals.
    pub successes: u64,
    /// Of the events that the analytic judges, challenges and their bad ends.
    pub challenges: u64,
    /// The providers whose events were read.
    providers: BTreeSet<String>,
    /// How the needs are met, in their order.
    met: Vec<Met>,
}

/// How far one need is met.
#[derive(Clone, Copy, Debug, Default)]
struct Met {
    /// Events with one of its outcomes.
    found: u64,
    /// Of these, the events that have all of its fields.
    whole: u64,
}

/// Whether an analytic can fire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Whether it can.
    pub can_fire: bool,
    /// Why not, or what weakens it.
    pub why: Vec<String>,
}

impl Intake {
    /// No events yet, for the analytic of this description.
    #[must_use]
    pub fn new(about: Descriptor) -> Self {
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
        }
    }

    /// Takes an event into account.
    pub fn take(&mut self, event: &Event) {
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
            Outcome::Stopped => {}
        }
        for (need, met) in self.about.needs.iter().zip(&mut self.met) {
            if need.outcomes.contains(&event.outcome) {
                met.found += 1;
                met.whole += u64::from(need.fields.iter().all(|field| has(event, field)));
            }
        }
    }

    /// Whether the analytic judges events of this provider, and of this code.
    fn judges(&self, event: &Event) -> bool {
        let codes = || [&event.reason, &event.status].into_iter().flatten();
        self.about.sources.iter().any(|source| {
            source.provider == event.provider
                && (source.codes.is_empty()
                    || source.codes.iter().any(|known| codes().any(|code| is_code(known, code))))
        })
    }

    /// Whether the analytic can fire with these events.
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
        let (mut can, mut why) = (true, Vec::new());
        for (need, met) in self.about.needs.iter().zip(&self.met) {
            can &= self.judge(need, *met, &mut why) || need.loses.is_some();
        }
        Readiness { can_fire: can, why }
    }

    /// Whether a need is met. Appends what is missing.
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

    /// The first advice that holds for the providers of the feed.
    fn advice(&self, list: &[Advice]) -> String {
        let holds = |advice: &&Advice| {
            advice.providers.is_empty()
                || advice.providers.iter().any(|provider| self.providers.contains(provider))
        };
        list.iter().find(holds).map_or_else(String::new, |advice| format!(": {}", advice.text))
    }
}

/// Whether an event has a field, by its name in the contract.
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
        // A component of another version may name what this host does not know: it is not missing.
        _ => true,
    }
}

/// A field as people call it.
fn shown(field: &str) -> &str {
    if field == "src_ip" { "address" } else { field }
}

/// Whether a code is the known one; a `*` at the end of that stands for any characters.
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
    use authsieve_host::{Analytic, Engine, Limits};

    /// The readiness with a feed of these outcomes, addresses and providers, by the analytic's own description.
    fn readiness(id: &str, events: &[(Outcome, Option<&str>, &str)]) -> Readiness {
        let engine = Engine::new(Limits::default()).unwrap();
        let built = authsieve_components::get(id).unwrap();
        let about = Analytic::load(&engine, id, built.wasm).unwrap().describe().unwrap().remove(0);
        let mut intake = Intake::new(about);
        for (outcome, address, provider) in events {
            let mut event = event(0, *outcome, "ada", *address);
            event.provider = (*provider).into();
            intake.take(&event);
        }
        intake.readiness()
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
    fn codes_end_in_a_star() {
        assert!(is_code("0x*", "0xc000006a") && is_code("4625", "4625"));
        assert!(!is_code("0x*", "4625") && !is_code("4625", "46250"));
    }
}
