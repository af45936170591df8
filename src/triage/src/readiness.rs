//! Decides if an analytic can fire on the events of a feed, and why not. The analytic states its needs, and its notes
//! show which events its options leave out.

use authsieve_engine::detector::Descriptor;
use authsieve_engine::event::{Event, Outcome};
use authsieve_engine::fields::Field;
use authsieve_engine::time::Span;
use serde_json::Value;
use std::collections::BTreeSet;

/// More attempts per second than any attack makes. Options that require more silence an analytic.
const FASTEST: u64 = 20;

/// The percentage of events without a needed field from which on this is reported.
const WORTH_TELLING: u64 = 20;

/// The parts of an analytic's description that matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The id.
    pub id: String,
    /// The name, as people say it.
    pub name: String,
    /// The telemetry to collect, as part of a sentence.
    pub collect: String,
    /// The events that it judges: the provider, and codes of the events. No codes stand for all events.
    pub sources: Vec<(String, Vec<String>)>,
    /// The events that it must receive.
    pub needs: Vec<Need>,
    /// The JSON Schema of its options.
    pub schema: String,
}

/// Events that an analytic must receive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// The events in words, in the plural.
    pub name: String,
    /// The outcomes of such events.
    pub outcomes: Vec<Outcome>,
    /// The fields that such an event must have.
    pub fields: Vec<String>,
    /// The loss without such events. `None` if the analytic cannot fire at all.
    pub loses: Option<String>,
    /// Advice on how to collect them: the providers of the feed for which the advice holds (none for all), and its
    /// text.
    pub collect: Vec<(Vec<String>, String)>,
}

/// The parts of an event that matter here.
pub trait Fact {
    /// The provider.
    fn provider(&self) -> &str;
    /// The outcome.
    fn outcome(&self) -> Outcome;
    /// The codes. Empty for an absent code.
    fn codes(&self) -> [&str; 2];
    /// True if the event has a client's address.
    fn is_placed(&self) -> bool;
    /// True if the event has a field. An unknown field counts as present.
    fn has(&self, field: &str) -> bool;
}

/// The number of outcomes. [`Outcome::Changed`] is the last one.
const OUTCOMES: usize = Outcome::Changed as usize + 1;

/// The events of all feeds that one analytic reads.
#[derive(Clone, Debug)]
pub struct Intake {
    about: About,
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
    judged: [Judged; OUTCOMES],
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// The number of events with one of its outcomes.
    pub found: u64,
    /// Of these, the events with all needed fields.
    pub whole: u64,
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
    /// Starts without events. `config` is the configuration of the analytic in the form of the contract.
    #[must_use]
    pub fn new(about: About, config: &str) -> Self {
        let too_fast = too_fast(&about, &serde_json::from_str(config).unwrap_or_default());
        let met = vec![Met::default(); about.needs.len()];
        Self {
            about,
            events: 0,
            own: 0,
            failures: 0,
            failures_placed: 0,
            successes: 0,
            challenges: 0,
            providers: BTreeSet::new(),
            met,
            judged: std::array::from_fn(|_| Judged::default()),
            too_fast,
        }
    }

    /// The id of the analytic.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.about.id
    }

    /// The name of the analytic.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.about.name
    }

    /// The needs of the analytic, and how far each is met.
    pub fn needs(&self) -> impl Iterator<Item = (&Need, Met)> {
        self.about.needs.iter().zip(self.met.iter().copied())
    }

    /// Adds what a note of the analytic says on an event of this outcome. `left_out` has the reason if an option
    /// leaves the event out.
    pub fn note(&mut self, outcome: Outcome, left_out: Option<&str>) {
        let Some(judged) = self.judged.get_mut(outcome as usize) else { return };
        let Some(why) = left_out else {
            judged.looked_at += 1;
            return;
        };
        judged.left_out += 1;
        if judged.why.is_empty() {
            why.clone_into(&mut judged.why);
        }
    }

    /// Adds an event that the analytic reads.
    pub fn take(&mut self, event: &impl Fact) {
        // A change of an account is no attempt.
        if event.outcome() == Outcome::Changed {
            return;
        }
        self.events += 1;
        if !self.providers.contains(event.provider()) {
            self.providers.insert(event.provider().to_owned());
        }
        if !self.judges(event) {
            return;
        }
        self.own += 1;
        let outcome = event.outcome();
        match outcome {
            Outcome::Failure => {
                self.failures += 1;
                self.failures_placed += u64::from(event.is_placed());
            }
            Outcome::Success | Outcome::Approved => self.successes += 1,
            Outcome::Challenge | Outcome::Denied | Outcome::Timeout => self.challenges += 1,
            Outcome::Stopped | Outcome::Changed => {}
        }
        for (need, met) in self.about.needs.iter().zip(&mut self.met) {
            if need.outcomes.contains(&outcome) {
                met.found += 1;
                met.whole += u64::from(need.fields.iter().all(|field| event.has(field)));
            }
        }
    }

    /// True if the analytic judges events of this provider and code.
    fn judges(&self, event: &impl Fact) -> bool {
        let is = |known: &String| event.codes().iter().any(|code| !code.is_empty() && is_code(known, code));
        let of = |(provider, codes): &(String, Vec<String>)| {
            provider == event.provider() && (codes.is_empty() || codes.iter().any(is))
        };
        self.about.sources.iter().any(of)
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
        for (need, met) in self.needs() {
            can &= self.judge(need, met, &mut why) || need.loses.is_some();
        }
        Readiness { can_fire: can, why }
    }

    /// Returns true if a need is met. Appends what is missing to `why`.
    fn judge(&self, need: &Need, met: Met, why: &mut Vec<String>) -> bool {
        if met.found == 0 {
            why.push(match &need.loses {
                Some(lost) => format!("no {}: {lost}", need.name),
                None => {
                    let advice = self.advice(need);
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
    fn advice(&self, need: &Need) -> String {
        let holds = |(providers, _): &&(Vec<String>, String)| {
            providers.is_empty() || providers.iter().any(|provider| self.providers.contains(provider))
        };
        need.collect.iter().find(holds).map_or_else(String::new, |(_, text)| format!(": {text}"))
    }
}

/// Explains why no attack is fast enough for the options of an analytic. `None` if one of its thresholds can be
/// reached.
fn too_fast(about: &About, config: &Value) -> Option<String> {
    let schema: Value = serde_json::from_str(&about.schema).unwrap_or_default();
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

impl From<&Descriptor> for About {
    fn from(about: &Descriptor) -> Self {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let need = |need: &authsieve_engine::detector::Need| Need {
            name: need.name.into(),
            outcomes: need.outcomes.into(),
            fields: own(need.fields),
            loses: need.loses.map(str::to_owned),
            collect: need.collect.iter().map(|one| (own(one.providers), one.text.to_owned())).collect(),
        };
        Self {
            id: about.id.clone(),
            name: about.name.clone(),
            collect: about.collect.clone(),
            sources: about.sources.iter().map(|one| (one.provider.to_owned(), own(one.codes))).collect(),
            needs: about.needs.iter().map(need).collect(),
            schema: about.config_schema.clone(),
        }
    }
}

impl Fact for Event<'_> {
    fn provider(&self) -> &str {
        self.provider.as_str()
    }

    fn outcome(&self) -> Outcome {
        self.outcome
    }

    fn codes(&self) -> [&str; 2] {
        [&self.reason, &self.status]
    }

    fn is_placed(&self) -> bool {
        self.src_ip.is_some()
    }

    fn has(&self, name: &str) -> bool {
        macro_rules! present {
            (($event:expr) $($field:ident)+) => {
                match name {
                    $(stringify!($field) => !Field::is_absent(&$event.$field),)+
                    _ => true,
                }
            };
        }
        authsieve_engine::event_fields!(present, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use authsieve_engine::event::Provider;
    use std::net::IpAddr;

    fn about() -> About {
        let need = |name: &str, outcome, loses: Option<&str>| Need {
            name: name.into(),
            outcomes: vec![outcome],
            fields: vec!["src_ip".into()],
            loses: loses.map(str::to_owned),
            collect: vec![(vec!["okta".into()], "ask Okta".into()), (Vec::new(), "set LogLevel INFO".into())],
        };
        About {
            id: "x".into(),
            name: "An example".into(),
            collect: "collect sshd".into(),
            sources: vec![("linux".into(), vec!["46*".into(), "ok".into()])],
            needs: vec![
                need("failures", Outcome::Failure, None),
                need("logins", Outcome::Success, Some("half")),
            ],
            schema: r#"{"properties":{"min_failures":{"default":5},"window":{"default":"1m"}}}"#.into(),
        }
    }

    fn event(outcome: Outcome, reason: &'static str, placed: bool) -> Event<'static> {
        Event {
            provider: Provider::Linux,
            outcome,
            reason: reason.into(),
            src_ip: placed.then_some(IpAddr::from([192, 0, 2, 7])),
            ..Event::default()
        }
    }

    fn after(events: &[Event<'_>]) -> Readiness {
        let mut intake = Intake::new(about(), "");
        events.iter().for_each(|event| intake.take(event));
        intake.readiness()
    }

    #[test]
    fn needs_decide() {
        let said = |events: &[Event<'_>]| (after(events).can_fire, after(events).why.join("; "));
        assert_eq!(said(&[]), (false, "none of the records is an event it reads: collect sshd".into()));
        let (can, why) = said(&[event(Outcome::Failure, "other", true)]);
        assert!(!can && why.starts_with("none of the 1 events it can read"), "{why}");
        let (can, why) = said(&[event(Outcome::Success, "ok", true)]);
        assert!(!can && why == "it needs failures: none of 1 events is one: set LogLevel INFO", "{why}");
        assert_eq!(said(&[event(Outcome::Failure, "4625", true)]), (true, "no logins: half".into()));
        let (can, why) = said(&[event(Outcome::Failure, "4625", false), event(Outcome::Success, "ok", true)]);
        assert!(!can && why.starts_with("no address in 100 % of the failures"), "{why}");
    }

    #[test]
    fn options_may_silence_it() {
        let slow = Intake::new(about(), r#"{"X":{"min_failures":9000}}"#);
        assert!(
            slow.too_fast.is_some_and(|why| why.starts_with("min_failures = 9000 within window = \"1m\""))
        );
        let mut intake = Intake::new(about(), "");
        intake.take(&event(Outcome::Failure, "4625", true));
        intake.note(Outcome::Failure, Some("its address is excepted"));
        assert!(!intake.readiness().can_fire);
        intake.note(Outcome::Failure, None);
        assert!(intake.readiness().can_fire);
    }
}
