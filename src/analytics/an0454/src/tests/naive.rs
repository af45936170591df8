//! A naive reference of AN0454 from its design: it keeps every event and answers each question by a search through
//! all of them. It shares no code with the analytic.

use authsieve_engine::event::{Event, Outcome, Provider};

/// The options, in microseconds.
#[derive(Clone, Debug)]
pub struct Rules {
    pub min: usize,
    pub window: i64,
    pub within: i64,
    pub confirm: i64,
    pub slow_min: usize,
    pub slow_window: i64,
    pub local_part: bool,
    /// An override: events of this user have another `min`.
    pub special: Option<(&'static str, usize)>,
}

pub type Raised = (&'static str, i64, String, Option<String>);

#[derive(Clone, Debug)]
struct Challenge {
    time: i64,
    user: String,
    ip: Option<String>,
    transaction: String,
    open: bool,
    /// True if a policy asked for the challenge and nothing was sent.
    policy: bool,
    forgotten: bool,
}

#[derive(Default)]
struct World {
    challenges: Vec<Challenge>,
    /// Silences: pattern, user, the time around which the pattern is silent, and how far.
    silences: Vec<(&'static str, String, i64, i64)>,
    /// Waiting alerts: due time, user, alert.
    waiting: Vec<(i64, String, Raised)>,
    txids: Vec<(String, String)>,
    /// The first row of each correlation id and code.
    rows: Vec<(String, String, String, i64)>,
    out: Vec<Raised>,
}

/// The alerts for events in order of time, in the order in which they come out.
pub fn judge(rules: &Rules, events: &[Event<'static>]) -> Vec<Raised> {
    let mut world = World::default();
    for event in events {
        let now = event.time.0;
        world.deliver(|due| due < now);
        world.event(rules, event);
    }
    world.deliver(|_| true);
    world.out
}

/// The number of a user's challenges in [t − window, t], whether or not an alert was raised.
pub fn counted(rules: &Rules, events: &[Event<'static>], user: &str, t: i64) -> usize {
    let mut world = World::default();
    for event in events {
        world.event(rules, event);
    }
    let user = name(rules, user);
    let window = t - rules.window..=t;
    world.challenges.iter().filter(|c| c.user == user && window.contains(&c.time)).count()
}

fn name(rules: &Rules, user: &str) -> String {
    match user.split_once('@') {
        Some((local, _)) if rules.local_part => local.to_lowercase(),
        _ if rules.local_part => user.to_lowercase(),
        _ => user.to_string(),
    }
}

impl World {
    fn deliver(&mut self, is_due: impl Fn(i64) -> bool) {
        self.waiting.sort_by_key(|(due, _, _)| *due);
        while self.waiting.first().is_some_and(|(due, _, _)| is_due(*due)) {
            let (_, _, found) = self.waiting.remove(0);
            self.out.push(found);
        }
    }

    fn event(&mut self, rules: &Rules, event: &Event<'static>) {
        let user = name(rules, &event.user);
        if [Provider::Linux, Provider::Windows].contains(&event.provider) {
            return;
        }
        match event.outcome {
            Outcome::Challenge => self.challenge(rules, event, user),
            Outcome::Denied | Outcome::Timeout => self.result(rules, event, user),
            Outcome::Success | Outcome::Approved => self.success(rules, event, user),
            _ => {}
        }
    }

    /// True if the event was counted already: for Duo by its txid, for Entra by correlation id and code within 5 s.
    fn repeated(&mut self, event: &Event<'static>, user: &str) -> bool {
        let id = (user.to_string(), event.transaction.to_string());
        if id.1.is_empty() {
            return false;
        }
        match event.provider {
            Provider::Duo if self.txids.contains(&id) => true,
            Provider::Duo => {
                self.txids.push(id);
                false
            }
            Provider::Entra | Provider::M365 => {
                let t = event.time.0;
                let code = format!("{} {:?}", event.reason, event.outcome);
                let known = self.rows.iter().any(|(u, c, said, first)| {
                    (u, c, said) == (&id.0, &id.1, &code) && (t - first).abs() <= 5_000_000
                });
                if !known {
                    self.rows.push((id.0, id.1, code, t));
                }
                known
            }
            _ => false,
        }
    }

    fn challenge(&mut self, rules: &Rules, event: &Event<'static>, user: String) {
        if event.provider == Provider::Exchange || self.repeated(event, &user) {
            return;
        }
        let ip = event.src_ip.map(|ip| ip.to_string());
        let asked = self.challenges.iter_mut().find(|c| {
            let same = c.user == user && c.ip == ip && event.provider == Provider::Okta;
            same && c.policy && c.open && !c.forgotten && event.time.0 - c.time <= 60_000_000
        });
        match asked {
            Some(asked) if !is_policy(event) => asked.policy = false,
            _ => self.count(rules, event, user, true),
        }
    }

    fn result(&mut self, rules: &Rules, event: &Event<'static>, user: String) {
        if event.provider == Provider::Exchange {
            return;
        }
        let r = event.time.0;
        let keep = (24 * 3_600_000_000).max(rules.slow_window).max(rules.window + rules.within);
        let repeated = self.repeated(event, &user);
        let mut of_user: Vec<&mut Challenge> =
            self.challenges.iter_mut().filter(|c| c.user == user && c.open && !c.forgotten).collect();
        let same = of_user.iter().position(|c| {
            !c.transaction.is_empty() && c.transaction == event.transaction && r - c.time <= keep
        });
        let recent = of_user.iter().position(|c| r - c.time <= 300_000_000);
        if repeated {
            // Duo's own rows are finished, and have no challenge to close.
            if let Some(at) = same.filter(|_| event.provider == Provider::Duo) {
                of_user[at].open = false;
            }
            return;
        }
        if event.provider != Provider::Duo
            && let Some(at) = same.or(recent)
        {
            of_user[at].open = false;
            return;
        }
        self.count(rules, event, user, false);
    }

    fn count(&mut self, rules: &Rules, event: &Event<'static>, user: String, open: bool) {
        let t = event.time.0;
        let ip = event.src_ip.map(|ip| ip.to_string());
        self.challenges.push(Challenge {
            time: t,
            user: user.clone(),
            ip: ip.clone(),
            transaction: event.transaction.to_string(),
            open,
            policy: open && is_policy(event),
            forgotten: false,
        });
        let of_user: Vec<&Challenge> =
            self.challenges.iter().filter(|c| c.user == user && !c.forgotten).collect();
        let min = min(rules, event);
        let within = |window: i64| of_user.iter().filter(|c| c.time >= t - window && c.time <= t).count();
        let (fast, slow) = (within(rules.window) >= min, within(rules.slow_window) >= rules.slow_min);
        for (holds, pattern, window) in
            [(fast, "challenges-without-login", rules.window), (slow, "slow-challenges", rules.slow_window)]
        {
            let silent = self
                .silences
                .iter()
                .any(|(p, u, at, span)| *p == pattern && *u == user && (t - at).abs() <= *span);
            if !holds || silent {
                continue;
            }
            self.silences.push((pattern, user.clone(), t, window));
            let found = (pattern, t, event.user.to_string(), ip.clone());
            if pattern == "challenges-without-login" && rules.confirm > 0 {
                self.waiting.push((t + rules.confirm, user.clone(), found));
            } else {
                self.out.push(found);
            }
        }
    }

    fn success(&mut self, rules: &Rules, event: &Event<'static>, user: String) {
        let s = event.time.0;
        let a = event.src_ip.map(|ip| ip.to_string());
        // Waiting alerts are dropped, together with their silence.
        let before = self.waiting.len();
        self.waiting.retain(|(_, u, _)| *u != user);
        if self.waiting.len() < before {
            self.silences.retain(|(p, u, ..)| !(*p == "challenges-without-login" && *u == user));
        }
        let min = min(rules, event);
        let of_user: Vec<&Challenge> =
            self.challenges.iter().filter(|c| c.user == user && !c.forgotten).collect();
        let gave_in = of_user.iter().any(|last| {
            let t = last.time;
            let counted: Vec<_> =
                of_user.iter().filter(|c| t - rules.window <= c.time && c.time <= t).collect();
            let theirs = counted.iter().any(|c| c.ip == a || c.ip.is_none() || a.is_none());
            s - t <= rules.within && counted.len() >= min && theirs
        });
        if gave_in {
            self.out.push(("login-after-challenges", s, event.user.to_string(), a.clone()));
        }
        let mut left = false;
        let keep = (24 * 3_600_000_000).max(rules.slow_window).max(rules.window + rules.within);
        for challenge in self.challenges.iter_mut().filter(|c| c.user == user) {
            challenge.forgotten |= challenge.ip == a || challenge.ip.is_none();
            left |= !challenge.forgotten && s - challenge.time <= keep;
        }
        if !left {
            self.silences.retain(|(_, u, ..)| *u != user);
        }
    }
}

fn is_policy(event: &Event<'static>) -> bool {
    event.provider == Provider::Okta && event.method == "policy"
}

fn min(rules: &Rules, event: &Event<'static>) -> usize {
    rules.special.filter(|(user, _)| *user == event.user).map_or(rules.min, |(_, min)| min)
}
