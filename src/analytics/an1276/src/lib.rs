//! AN1276, Linux: authentication failures, then a success from the same source or user (MITRE ATT&CK T1110).
//!
//! **Rule R**, for a key k: a failure f completes a count if at least `min_failures` failures of k lie in [f −
//! `window`, f]. A success at s raises an alert if, and only if, k has such a failure with f ≤ s ≤ f +
//! `success_within`.
//!
//! Keys are (user, source), the source alone and, if configured, the user alone. One success raises at most one
//! alert. Its pattern is the most specific key that matched, and it lists all keys that matched.
//!
//! An alert consumes the failures of the (user, source) and user keys that matched. It never consumes the failures of
//! the source: an attacker could log in to his own account and so hide the attack on the victim's. Instead, after any
//! alert about a source and a user, the source stays silent about this user for `success_within`.
//!
//! ```
//! use authsieve_an1276::An1276;
//! use authsieve_engine::{detector::Detector, time::Timestamp};
//!
//! let mut detector = Detector::<An1276>::create(r#"{"min_failures": 2}"#, 0)?;
//! let log = b"2026-03-01T10:00:00Z web1 sshd[17]: Failed password for root from 192.0.2.7 port 4711 ssh2
//! 2026-03-01T10:00:02Z web1 sshd[17]: Failed password for root from 192.0.2.7 port 4711 ssh2
//! 2026-03-01T10:00:09Z web1 sshd[17]: Accepted password for root from 192.0.2.7 port 4711 ssh2";
//! let alerts = detector.process(log, Timestamp(1_800_000_000_000_000));
//! assert_eq!(alerts[0].title, "2 failed logins of root from 192.0.2.7, then a login");
//! # Ok::<(), authsieve_engine::detector::Error>(())
//! ```
//!
//! Use it for servers and desktops with Linux, where one address or one user guesses passwords until one works. For
//! Windows and Entra, use `authsieve-fls`. `examples/` has configurations to start from.
//!
//! **To evade it**, stay below `min_failures` in any `window` from each source, or wait longer than `success_within`
//! before using the password that was found.

// For a module, the macro that exports functions writes unsafe code.
#![cfg_attr(not(target_family = "wasm"), forbid(unsafe_code))]
// A module never traps on a record: no function may panic.
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod options;
mod report;
#[cfg(test)]
mod tests;
mod why;

pub use options::{Correlate, LoginSource, Options};

use authsieve_engine::analytic::{About, Analytic, Context, Held, Telemetry};
use authsieve_engine::config::{Config, Problem, code};
use authsieve_engine::detector::{Advice, Need, Source};
use authsieve_engine::event::{Access, Event, Outcome, Provider, Record};
use authsieve_engine::follow::{FollowUps, Following};
use authsieve_engine::hash::{Fingerprint, Hasher128, Salt};
use authsieve_engine::net::{self, Prefixes};
use authsieve_engine::note::Step;
use authsieve_engine::time::Span;
use authsieve_engine::told;
use authsieve_engine::window::failures::Layout;
use authsieve_engine::window::rule::{Keys, Match, Rule};
use authsieve_engine::window::silence::Silences;

/// The kinds of keys, the most specific first. The place of a kind is the number of its key.
const KINDS: [Correlate; 3] = [Correlate::UserIp, Correlate::Ip, Correlate::User];
/// The kind of hash for the key of a silence.
const QUIET: u8 = 3;
/// The kind of hash for a source that is a terminal.
const PLACE: u8 = 4;
/// The kind of hash for an unknown source.
const NOWHERE: u8 = 5;

/// The analytic; see the [crate].
pub struct An1276 {
    options: Options,
    prefixes: Prefixes,
    salt: Salt,
    rule: Rule,
    quiet: Silences,
}

impl Analytic for An1276 {
    type Options = Options;

    const ABOUT: About = About {
        id: "an1276",
        code: "AN1276",
        name: "AN1276: Linux, failures then success",
        version: env!("CARGO_PKG_VERSION"),
        description: "Many failed logins of a user, or from an address, and then one that succeeds: a password was \
                      guessed, or a leaked one found to work. Reads sshd, PAM, su, sudo, login and auditd, from \
                      syslog, journald, pipelines' JSON, ECS and OCSF.",
        techniques: &["T1110", "T1078"],
        telemetry: &[
            "Linux: sshd, PAM, su, sudo, login (auth.log, secure, journald)",
            "Linux: auditd USER_AUTH, USER_LOGIN",
            "ECS event.category: authentication, of a process, module, data set or system of Linux",
            "OCSF Authentication (3002), of a process, product or system of Linux",
        ],
        sources: &[Source::of("linux")],
        needs: &[
            Need {
                name: "failures",
                outcomes: &[Outcome::Failure],
                fields: &["src_ip"],
                loses: None,
                collect: &[
                    Advice {
                        providers: &["linux"],
                        text: "sshd logs Failed lines through AUTHPRIV at LogLevel INFO; are they filtered out?",
                    },
                    Advice { providers: &[], text: "export failed logins too" },
                ],
            },
            Need {
                name: "successes",
                outcomes: &[Outcome::Success, Outcome::Approved],
                fields: &["user", "src_ip"],
                loses: None,
                collect: &[
                    Advice { providers: &["linux"], text: "sshd logs Accepted lines at LogLevel INFO" },
                    Advice { providers: &[], text: "export successful logins too" },
                ],
            },
        ],
        collect: "collect auth.log, secure or the journal of sshd, PAM, su and sudo, or auditd's log",
        false_positives: &[
            "A person who mistypes a new password several times and then gets it right.",
            "Scripts and configuration management with an outdated password, fixed by hand.",
            "Many people behind one address (VPN egress, NAT, jump host): give it an override or correlate by user+ip.",
        ],
        response: &[
            "Ask the user, over another channel, whether the login was theirs.",
            "Look at what the session did: commands, new keys in authorized_keys, new users, outgoing connections.",
            "If in doubt, end the session, block the address, and reset the credential and its keys.",
            "Look for the same address and the same user on other hosts.",
        ],
        partition_by: &["src_ip"],
        thresholds: &["min_failures"],
    };

    const STATE_VERSION: u16 = Rule::SINCE;
    const TELEMETRY: Telemetry = Telemetry::LINUX.and(Telemetry::NORMALISED);

    fn new(config: &Config<Options>, seed: u64) -> Result<Self, Problem> {
        let (options, common) = (config.options.clone(), &config.common);
        if options.correlate.is_empty() {
            let why = "[] is empty; expected at least one of \"user+ip\", \"ip\", \"user\"";
            return Err(Problem::new(code::EMPTY, "correlate", why.into()));
        }
        let mut thresholds = vec![options.min_failures.0];
        thresholds.extend(config.overrides.thresholds(0));
        let layout = Layout::new(&thresholds, options.window.0, options.success_within.0);
        common.fits(Rule::key_bytes(&layout), Some(("min_failures", layout.greatest())))?;
        Ok(Self {
            prefixes: common.prefixes(),
            salt: common.salt(),
            rule: Rule::new(layout, common.memory(), seed),
            quiet: Silences::new(Silences::DEFAULT, seed),
            options,
        })
    }

    fn horizon(&self) -> Span {
        self.rule.horizon()
    }

    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        if !self.looks_at(event) {
            if context.explains() {
                why::left_out(&self.options, event, context);
            }
            return;
        }
        match event.outcome {
            Outcome::Failure => {
                let failed = told::entry(event, report::code(event), context.record);
                let keys = self.keys(event);
                keys.iter().flatten().for_each(|key| context.count(*key, &failed));
                self.rule.failure(&keys, &failed, context.watermark);
                if context.explains() {
                    self.why_failure(event, context);
                }
            }
            Outcome::Success => self.success(event, context),
            _ => {}
        }
    }

    fn take_back(&mut self, event: &Event<'_>, follow_ups: &mut FollowUps) {
        if self.looks_at(event) {
            let (keys, failed) = (self.keys(event), told::entry(event, report::code(event), Record::NONE));
            keys.iter().flatten().for_each(|key| follow_ups.take_back(*key, &failed));
            self.rule.take_back(&keys, &failed);
        }
    }

    fn held(&self) -> Held {
        let bytes = self.rule.bytes() + self.quiet.bytes();
        Held::new(self.rule.table(), self.rule.late(), bytes)
    }

    authsieve_engine::state! { quiet, prefixes, rule }
}

impl An1276 {
    fn looks_at(&self, event: &Event<'_>) -> bool {
        // A normalised event counts only if something in it names Linux: see the engine's `shapes::world`.
        event.provider == Provider::Linux
            && matches!(
                (self.options.login_source, event.access),
                (LoginSource::Any, _)
                    | (LoginSource::Remote, Access::Remote)
                    | (LoginSource::Local, Access::Local)
            )
    }

    /// The source as a part of keys: the prefix of the address, or the host and terminal of a local login.
    fn source(&self, event: &Event<'_>) -> Option<Fingerprint> {
        let hasher = |kind| Hasher128::new(self.salt, kind);
        let source = match (event.access, event.src_ip) {
            (_, Some(address)) => {
                let octets = self.prefixes.octets(address);
                hasher(Correlate::Ip as u8).number(u128::from_le_bytes(octets))
            }
            (Access::Local, None) => hasher(PLACE).part(event.host.as_bytes()).part(event.tty.as_bytes()),
            (Access::Remote, None) if self.options.require_ip => return None,
            (Access::Remote, None) => hasher(NOWHERE),
        };
        Some(source.finish())
    }

    fn keys(&self, event: &Event<'_>) -> Keys {
        let source = self.source(event);
        let named = !event.user.is_empty();
        let user = |kind| Hasher128::new(self.salt, kind as u8).part(event.user.as_bytes());
        let mut keys = Keys::default();
        for (key, kind) in keys.iter_mut().zip(KINDS) {
            *key = match kind {
                _ if !self.options.correlate.contains(&kind) => None,
                Correlate::Ip => source,
                Correlate::UserIp => {
                    source.filter(|_| named).map(|source| user(kind).number(source.0).finish())
                }
                Correlate::User => named.then(|| user(kind).finish()),
            };
        }
        keys
    }

    fn success(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        if !self.options.success_methods.iter().any(|method| method.matches(&event.method, true)) {
            context.note(
                Step::Ignored,
                "",
                "",
                "not looked at: the method is not among success_methods",
                &[],
            );
            return;
        }
        let threshold = context.judgement.threshold(0, self.options.min_failures.0);
        if context.explains() {
            self.why_success(event, threshold, context);
        }
        let mut matched = self.rule.success(&self.keys(event), event.time, threshold);
        let quiet = self.source(event).map(|source| {
            Hasher128::new(self.salt, QUIET).number(source.0).part(event.user.as_bytes()).finish()
        });
        if quiet.is_some_and(|key| self.quiet.is_silent(key, event.time)) {
            if context.explains() && matched.iter().flatten().any(|m| kind(m) == Correlate::Ip) {
                self.why_quiet(event, quiet, threshold, context);
            }
            for (place, _) in matched.iter_mut().zip(KINDS).filter(|(_, kind)| *kind == Correlate::Ip) {
                *place = None;
            }
        }
        let Some(most_specific) = matched.iter().flatten().next() else { return };
        let alert = report::alert(self, most_specific, &matched, event, context.record);
        let address = event.src_ip.map(net::octets);
        let parts: [&[u8]; 4] = [
            event.user.as_bytes(),
            address.as_ref().map_or(&[], |a| a),
            event.host.as_bytes(),
            event.tty.as_bytes(),
        ];
        // Host and terminal replace a missing address.
        let parts = if address.is_some() { &parts[..2] } else { &parts[..] };
        let first_seen = alert.first_seen;
        context.raise(parts, alert);
        if context.follows()
            && let Some(quiet) = quiet
        {
            let end = event.time.plus(self.options.success_within.0);
            let seen = self.rule.excerpt(most_specific.key, most_specific.number, first_seen, event.time);
            context.follow(Following { group: most_specific.key, quiet, end }, &seen);
        }

        for m in matched.iter().flatten().filter(|m| kind(m) != Correlate::Ip) {
            self.rule.consume(m, event.time);
        }
        if let Some(key) = quiet {
            self.quiet.silence(key, event.time, self.options.success_within.0);
        }
    }
}

/// The kind of a key that matched.
fn kind(m: &Match) -> Correlate {
    KINDS.get(m.number).copied().unwrap_or(Correlate::UserIp)
}

authsieve_abi::faces!(An1276);
