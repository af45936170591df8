//! Tells the [`readiness`] of an analytic what a component reports.

use authsieve_host::contract::{Advice, Descriptor, Event, Need, Note, Outcome, Source, Step};
use authsieve_triage::readiness::{self, About, Fact};
pub use authsieve_triage::readiness::{Intake, Readiness};

/// The parts of a component's description that matter for its readiness.
#[must_use]
pub fn about(about: Descriptor) -> About {
    let need = |need: Need| readiness::Need {
        name: need.name,
        outcomes: need.outcomes.into_iter().map(outcome).collect(),
        fields: need.fields,
        loses: need.loses,
        collect: need.collect.into_iter().map(|Advice { providers, text }| (providers, text)).collect(),
    };
    About {
        id: about.id,
        name: about.name,
        collect: about.collect,
        sources: about.sources.into_iter().map(|Source { provider, codes }| (provider, codes)).collect(),
        needs: about.needs.into_iter().map(need).collect(),
        schema: about.config_schema,
    }
}

/// Adds an event that the analytic reads.
pub fn take(intake: &mut Intake, event: &Event) {
    intake.take(&Reported(event));
}

/// Adds a note of the analytic on an event.
pub fn note(intake: &mut Intake, note: &Note) {
    intake.note(outcome(note.outcome), (note.step == Step::Ignored).then_some(note.text.as_str()));
}

const fn outcome(outcome: Outcome) -> authsieve_engine::event::Outcome {
    use authsieve_engine::event::Outcome as Own;
    match outcome {
        Outcome::Failure => Own::Failure,
        Outcome::Success => Own::Success,
        Outcome::Challenge => Own::Challenge,
        Outcome::Denied => Own::Denied,
        Outcome::Timeout => Own::Timeout,
        Outcome::Approved => Own::Approved,
        Outcome::Stopped => Own::Stopped,
        Outcome::Changed => Own::Changed,
    }
}

/// An event as a component reports it.
struct Reported<'e>(&'e Event);

impl Fact for Reported<'_> {
    fn provider(&self) -> &str {
        &self.0.provider
    }

    fn outcome(&self) -> authsieve_engine::event::Outcome {
        outcome(self.0.outcome)
    }

    fn codes(&self) -> [&str; 2] {
        [&self.0.reason, &self.0.status].map(|code| code.as_deref().unwrap_or_default())
    }

    fn is_placed(&self) -> bool {
        self.0.src_ip.is_some()
    }

    fn has(&self, field: &str) -> bool {
        let event = self.0;
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
        let mut intake = Intake::new(super::about(about), config);
        for (outcome, address, provider) in events {
            let mut event = event(0, *outcome, "ada", *address);
            event.provider = (*provider).into();
            take(&mut intake, &event);
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
        let told = |outcome, step| Note {
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
        note(&mut intake, &told(Outcome::Failure, Step::Counted));
        note(&mut intake, &told(Outcome::Success, Step::Ignored));
        let found = intake.readiness();
        assert!(!found.can_fire && found.why[0].contains("are left out: ignored by allow_ips"), "{found:?}");
        note(&mut intake, &told(Outcome::Success, Step::Short));
        assert!(intake.readiness().can_fire);
    }
}
