//! Whether an analytic can fire with what a feed brings, and why not.

use authsieve_host::contract::{Event, Outcome};

/// What one analytic reads of a feed.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Events read, whatever they say.
    pub events: u64,
    /// Of these, from providers whose events the analytic judges.
    pub own: u64,
    /// Failures, those with an address, and those with a user too.
    pub failures: u64,
    /// See above.
    pub failures_placed: u64,
    /// See above.
    pub failures_named: u64,
    /// Successes, and those with address and user.
    pub successes: u64,
    /// See above.
    pub successes_placed: u64,
    /// Challenges and their results.
    pub challenges: u64,
    /// Logins at the machine, which have no address.
    pub local: u64,
    /// Events of Linux, Windows and the cloud: what advice depends on.
    pub linux: u64,
    /// See above.
    pub windows: u64,
    /// See above.
    pub cloud: u64,
}

/// Whether it can fire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// It can.
    pub can: bool,
    /// Why not, or what weakens it.
    pub why: Vec<String>,
}

impl Tally {
    /// Takes an event into account for the analytic of that id.
    pub fn take(&mut self, id: &str, event: &Event) {
        self.events += 1;
        let provider = event.provider.as_str();
        match provider {
            "linux" => self.linux += 1,
            "windows" => self.windows += 1,
            "ecs" | "ocsf" => {}
            _ => self.cloud += 1,
        }
        if !judges(id, event) {
            return;
        }
        self.own += 1;
        let (placed, named) = (event.src_ip.is_some(), event.user.is_some());
        self.local += u64::from(event.tty.is_some() && !placed);
        match event.outcome {
            Outcome::Failure => {
                self.failures += 1;
                self.failures_placed += u64::from(placed);
                self.failures_named += u64::from(placed && named);
            }
            Outcome::Success | Outcome::Approved => {
                self.successes += 1;
                self.successes_placed += u64::from(placed && named);
            }
            Outcome::Challenge | Outcome::Denied | Outcome::Timeout => self.challenges += u64::from(named),
            Outcome::Stopped => {}
        }
    }

    /// Whether the analytic can fire with this.
    #[must_use]
    pub fn verdict(&self, id: &str) -> Verdict {
        let mut why = Vec::new();
        if self.own == 0 {
            why.push(match self.events {
                0 => format!("none of the records is an event it reads: {}", collect(id)),
                events => {
                    format!("none of the {events} events it can read is of its telemetry: {}", collect(id))
                }
            });
            return Verdict { can: false, why };
        }
        let needs = |why: &mut Vec<String>, what: &str, count: u64, advice: &str| {
            if count == 0 {
                why.push(format!("it needs {what}: none of {} events is one: {advice}", self.own));
            }
            count > 0
        };
        let can = match id {
            "an1276" | "fls" => {
                let failing = needs(&mut why, "failures", self.failures, failures(id, self));
                let logins = needs(&mut why, "successes", self.successes, successes(id, self));
                let placed = !failing || self.placed(&mut why, self.failures_placed);
                let both = !logins || self.successes_placed > 0;
                if !both {
                    why.push("no success has both user and address".into());
                }
                failing && logins && placed && both
            }
            "an1269" => {
                let failing = needs(&mut why, "failures", self.failures, failures(id, self));
                if failing && self.successes == 0 {
                    why.push("no successes: `credential-accepted` cannot fire; collect them too".into());
                }
                failing && self.placed(&mut why, self.failures_placed)
            }
            "an1521" => {
                let failing = needs(&mut why, "failures (event 4625)", self.failures, failures(id, self));
                failing && self.placed(&mut why, self.failures_named)
            }
            "an0454" => {
                let asked = needs(
                    &mut why,
                    "MFA challenges",
                    self.challenges,
                    "export Okta System Log push events (system.push.send_factor_verify_push), the Duo authentication \
                     log, or Entra sign-in logs with interrupted sign-ins (50074)",
                );
                if asked && self.successes == 0 {
                    why.push(
                        "no logins: `login-after-challenges` cannot fire, and nothing ends a silence".into(),
                    );
                }
                asked
            }
            _ => true,
        };
        Verdict { can, why }
    }

    /// Whether enough failures have an address to be counted by.
    fn placed(&self, why: &mut Vec<String>, placed: u64) -> bool {
        let without = self.failures.saturating_sub(placed);
        let percent = without.saturating_mul(100) / self.failures.max(1);
        if percent >= 20 {
            why.push(format!("no address in {percent} % of the failures: they are not counted by default"));
        }
        placed > 0
    }
}

/// Whether the analytic judges events of this kind: as its documentation says.
fn judges(id: &str, event: &Event) -> bool {
    let provider = event.provider.as_str();
    let number =
        |code: &Option<String>| code.as_deref().is_some_and(|code| code == "4625" || code.starts_with("0x"));
    match id {
        "an1276" => matches!(provider, "linux" | "ecs" | "ocsf"),
        "fls" => provider != "linux",
        "an1269" => !matches!(provider, "linux" | "windows" | "okta" | "duo" | "auth0" | "macos"),
        "an1521" => {
            provider == "windows"
                || matches!(provider, "ecs" | "ocsf") && (number(&event.reason) || number(&event.status))
        }
        "an0454" => !matches!(provider, "linux" | "windows"),
        _ => true,
    }
}

/// What an analytic has to be given.
fn collect(id: &str) -> &'static str {
    match id {
        "an1276" => "collect auth.log, secure or the journal of sshd, PAM, su and sudo, or auditd's log",
        "fls" => "collect Entra SigninLogs, the Microsoft 365 audit log, or the Security log (4625 and 4624)",
        "an1269" => {
            "collect Entra sign-in logs, the Microsoft 365 audit log, IIS logs of OWA, or Exchange's protocol logs"
        }
        "an1521" => "collect the Security log (4625): audit policy Logon/Logoff, Logon, failure",
        "an0454" => "collect Okta's System Log, Duo's authentication log or Entra sign-in logs",
        _ => "see `authsieve inspect`",
    }
}

fn failures(id: &str, tally: &Tally) -> &'static str {
    match id {
        "an1276" if tally.linux > 0 => {
            "sshd logs Failed lines through AUTHPRIV at LogLevel INFO; are they filtered out?"
        }
        "fls" | "an1521" if tally.windows > 0 => "4624 but no 4625: audit failure not collected",
        "fls" | "an1269" if tally.cloud > 0 => {
            "export failed sign-ins too (UserLoginFailed, ResultType other than 0)"
        }
        _ => "export failed logins too",
    }
}

fn successes(id: &str, tally: &Tally) -> &'static str {
    match id {
        "an1276" if tally.linux > 0 => "sshd logs Accepted lines at LogLevel INFO",
        "fls" if tally.windows > 0 => "4625 but no 4624: audit success not collected",
        "fls" if tally.cloud > 0 => "export successful sign-ins too (UserLoggedIn, ResultType 0)",
        _ => "export successful logins too",
    }
}

#[cfg(test)]
mod tests {
    use super::super::feeds::tests::event;
    use super::*;

    fn tally(id: &str, events: &[(Outcome, Option<&str>, &str)]) -> Verdict {
        let mut tally = Tally::default();
        for (outcome, address, provider) in events {
            let mut event = event(0, *outcome, "ada", *address);
            event.provider = (*provider).into();
            tally.take(id, &event);
        }
        tally.verdict(id)
    }

    const HERE: Option<&str> = Some("192.0.2.7");

    #[test]
    fn what_it_needs_is_there() {
        let both = |provider| [(Outcome::Failure, HERE, provider), (Outcome::Success, HERE, provider)];
        for (id, provider) in [("an1276", "linux"), ("fls", "windows"), ("fls", "entra"), ("an1269", "m365")]
        {
            assert_eq!(tally(id, &both(provider)), Verdict { can: true, why: vec![] }, "{id}");
        }
        assert!(tally("an1521", &both("windows")).can && tally("other", &both("windows")).can);
        let asked = [(Outcome::Challenge, None, "okta"), (Outcome::Success, None, "okta")];
        assert_eq!(tally("an0454", &asked), Verdict { can: true, why: vec![] });
    }

    #[test]
    fn what_is_missing_is_named() {
        let says = |verdict: Verdict, words: &str| {
            assert!(!verdict.can && verdict.why.join("; ").contains(words), "{verdict:?}: {words}");
        };
        says(tally("an1276", &[]), "none of the records");
        says(tally("an1276", &[(Outcome::Failure, HERE, "linux")]), "LogLevel INFO");
        says(tally("an1276", &[(Outcome::Failure, HERE, "okta")]), "none of the 1 events");
        says(tally("fls", &[(Outcome::Failure, HERE, "windows")]), "audit success not collected");
        says(tally("an1521", &[(Outcome::Success, HERE, "windows")]), "audit failure not collected");
        says(tally("an1521", &[(Outcome::Failure, None, "windows")]), "no address in 100 %");
        says(tally("an0454", &[(Outcome::Success, HERE, "okta")]), "System Log push events");
    }

    #[test]
    fn what_weakens_it_is_named_too() {
        let verdict = tally("an1269", &[(Outcome::Failure, HERE, "entra")]);
        assert!(verdict.can && verdict.why[0].contains("credential-accepted"), "{verdict:?}");
    }
}
