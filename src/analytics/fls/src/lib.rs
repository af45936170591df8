//! FLS, Entra and Windows: failed logons followed by a success (MITRE ATT&CK T1110, T1078).
//!
//! **Rule R**, for a key k: a failure f completes a count if at least `min_failures` failures of k lie in [f −
//! `window`, f]. A success at s raises an alert if, and only if, k has such a failure with f ≤ s ≤ f +
//! `success_within`.
//!
//! The key is (user, address), or (user, address, user agent). An alert consumes the failures of its key. It also
//! names the number of other accounts on which the address failed within the window: a person who mistypes fails on
//! one account only.
//!
//! ```
//! use authsieve_engine::{detector::Detector, time::Timestamp};
//! use authsieve_fls::Fls;
//!
//! let event = |second: u32, outcome: &str| format!(
//!     r#"{{"@timestamp":"2026-03-01T10:00:{second:02}Z","event":{{"category":["authentication"],"outcome":"{outcome}"}},"user":{{"name":"ada"}},"source":{{"ip":"192.0.2.7"}}}}"#
//! );
//! let log = [event(0, "failure"), event(2, "failure"), event(9, "success")].join("\n");
//! let mut detector = Detector::<Fls>::create(r#"{"minFailures": 2}"#, 0)?;
//! let alerts = detector.process(log.as_bytes(), Timestamp(1_800_000_000_000_000));
//! assert_eq!(alerts[0].title, "2 failed logons of ada from 192.0.2.7, then a logon");
//! # Ok::<(), authsieve_engine::detector::Error>(())
//! ```
//!
//! Use it for Windows, Entra and Microsoft 365, and for clouds and firewalls in ECS or OCSF. For Linux, use
//! `authsieve-an1276`. For attempts that never succeed, use `authsieve-an1521` (Windows) or `authsieve-an1269` (Entra).
//! `examples/` has configurations to start from.
//!
//! **To evade it**, stay below `min_failures` in any `window`, or use a new address for every few attempts. Or wait
//! longer than `success_within` before the login.

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

pub use options::Options;

use authsieve_engine::analytic::{About, Analytic, Context, Held, Telemetry};
use authsieve_engine::config::{Config, Problem};
use authsieve_engine::detector::{Advice, Need, Source};
use authsieve_engine::event::{Event, Outcome, Provider, Record};
use authsieve_engine::follow::FollowUps;
use authsieve_engine::hash::{Fingerprint, Hasher128, Salt};
use authsieve_engine::letters;
use authsieve_engine::net::{self, Prefixes};
use authsieve_engine::snapshot::{self, Reader, Writer};
use authsieve_engine::state::{Loading, Piece};
use authsieve_engine::time::Span;
use authsieve_engine::told;
use authsieve_engine::window::failures::Layout;
use authsieve_engine::window::rule::{Keys, Rule};
use std::borrow::Cow;

/// The number and the kind of the judged key: user and address.
const ACCOUNT: u8 = 0;
/// The number and the kind of the key that alerts only report on: the address.
const ADDRESS: u8 = 1;
/// The kind of the judged key if it includes the user agent.
const AGENT: u8 = 2;

/// The analytic; see the [crate].
pub struct Fls {
    options: Options,
    prefixes: Prefixes,
    salt: Salt,
    same_agent: SameAgent,
    rule: Rule,
}

impl Analytic for Fls {
    type Options = Options;

    const ABOUT: About = About {
        id: "fls",
        code: "FLS",
        name: "FLS: Entra and Windows, failed logons then success",
        version: env!("CARGO_PKG_VERSION"),
        description: "Many failed logons of an account from an address, and then one that succeeds: a password was \
                      guessed, or a leaked one found to work. Reads sign-in logs of Entra, the unified audit log of \
                      Microsoft 365, the Security log of Windows, ECS and OCSF.",
        techniques: &["T1110", "T1078"],
        telemetry: &[
            "Entra ID: SigninLogs (Log Analytics, Graph, diagnostic settings, portal export)",
            "Microsoft 365: unified audit log, UserLoginFailed and UserLoggedIn",
            "Windows: Security 4625, 4624",
            "ECS event.category: authentication",
            "OCSF Authentication (3002)",
        ],
        sources: &[
            Source::of("windows"),
            Source::of("entra"),
            Source::of("m365"),
            Source::of("okta"),
            Source::of("duo"),
            Source::of("ecs"),
            Source::of("ocsf"),
        ],
        needs: &[
            Need {
                name: "failures",
                outcomes: &[Outcome::Failure],
                fields: &["src_ip"],
                loses: None,
                collect: &[
                    Advice { providers: &["windows"], text: "4624 but no 4625: audit failure not collected" },
                    Advice {
                        providers: &["entra", "m365", "okta", "duo"],
                        text: "export failed sign-ins too (UserLoginFailed, ResultType other than 0)",
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
                    Advice { providers: &["windows"], text: "4625 but no 4624: audit success not collected" },
                    Advice {
                        providers: &["entra", "m365", "okta", "duo"],
                        text: "export successful sign-ins too (UserLoggedIn, ResultType 0)",
                    },
                    Advice { providers: &[], text: "export successful logins too" },
                ],
            },
        ],
        collect: "collect Entra SigninLogs, the Microsoft 365 audit log, or the Security log (4625 and 4624)",
        false_positives: &[
            "A person who mistypes a new password several times and then gets it right.",
            "A device that keeps an outdated password (mail client, mapped drive, service) until somebody corrects it.",
            "A smart lockout that ends: the failures were the person's own.",
        ],
        response: &[
            "Ask the user, over another channel, whether the logon was theirs.",
            "Look at what the session did: mailbox rules, consents to applications, new authentication methods, role \
             changes; on Windows, logons from there to other machines.",
            "If in doubt, revoke sessions and refresh tokens, reset the password, and block the address.",
            "Look for other accounts that this address tried, and for what it reached there.",
        ],
        partition_by: &["src_ip"],
        thresholds: &["min_failures"],
    };

    const STATE_VERSION: u16 = Rule::SINCE;
    const TELEMETRY: Telemetry =
        Telemetry::ENTRA.and(Telemetry::AUDIT).and(Telemetry::WINDOWS).and(Telemetry::NORMALISED);

    fn new(config: &Config<Options>, seed: u64) -> Result<Self, Problem> {
        let (options, common) = (config.options.clone(), &config.common);
        let mut thresholds = vec![options.min_failures.0];
        thresholds.extend(config.overrides.thresholds(0));
        let layout = Layout::new(&thresholds, options.window.0, options.success_within.0);
        common.fits(Rule::key_bytes(&layout), Some(("min_failures", layout.greatest())))?;
        Ok(Self {
            prefixes: common.prefixes(),
            salt: common.salt(),
            same_agent: SameAgent(options.same_user_agent),
            rule: Rule::new(layout, common.memory(), seed),
            options,
        })
    }

    fn extra_failure_codes(options: &Options) -> Vec<u32> {
        options.extra_failure_codes.iter().map(|code| code.0).collect()
    }

    fn horizon(&self) -> Span {
        self.rule.horizon()
    }

    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        match event.outcome {
            Outcome::Failure => {
                let keys = [self.account(event), self.address(event), None];
                if keys[0].is_some() {
                    let failed = told::entry(event, report::code(event), context.record);
                    self.rule.failure(&keys, &failed, context.watermark);
                }
                if context.explains() {
                    self.why(event, context);
                }
            }
            Outcome::Success => self.success(event, context),
            _ => {}
        }
    }

    fn take_back(&mut self, event: &Event<'_>, _: &mut FollowUps) {
        let keys: Keys = [self.account(event), self.address(event), None];
        if keys[0].is_some() {
            self.rule.take_back(&keys, &told::entry(event, report::code(event), Record::NONE));
        }
    }

    fn held(&self) -> Held {
        Held::new(self.rule.table(), self.rule.late(), self.rule.bytes())
    }

    authsieve_engine::state! { same_agent, prefixes, rule }
}

/// True if the user agent is part of the key. If this option has changed, the failures of a snapshot never match
/// again, and are evicted when room is needed.
#[derive(Clone, Copy)]
struct SameAgent(bool);

impl Piece for SameAgent {
    fn save(&self, out: &mut Writer) {
        out.u8(self.0.into());
    }

    fn load(&self, input: &mut Reader<'_>, loading: &mut Loading) -> snapshot::Result<Self> {
        if (input.u8()? != 0) != self.0 {
            loading.note("same_user_agent: changed, so failures of the snapshot count no more");
        }
        Ok(*self)
    }
}

impl Fls {
    /// The judged key. `None` for an event that is ignored.
    fn account(&self, event: &Event<'_>) -> Option<Fingerprint> {
        let address = event.src_ip.map(|address| self.prefixes.octets(address));
        if event.provider == Provider::Linux
            || event.user.is_empty()
            || address.is_none() && self.options.require_ip
        {
            return None;
        }
        let kind = if self.options.same_user_agent { AGENT } else { ACCOUNT };
        let key = Hasher128::new(self.salt, kind)
            .part(folded(&event.user).as_bytes())
            .part(address.as_ref().map_or(&[], |octets| octets));
        Some(if kind == AGENT { key.part(event.user_agent.as_bytes()).finish() } else { key.finish() })
    }

    fn address(&self, event: &Event<'_>) -> Option<Fingerprint> {
        let octets = self.prefixes.octets(event.src_ip?);
        Some(Hasher128::new(self.salt, ADDRESS).number(u128::from_le_bytes(octets)).finish())
    }

    fn success(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let threshold = context.judgement.threshold(0, self.options.min_failures.0);
        if context.explains() {
            self.why(event, context);
        }
        let matched = self.rule.success(&[self.account(event), None, None], event.time, threshold);
        let Some(m) = matched.iter().flatten().next() else { return };
        let others = self
            .address(event)
            .map(|address| self.rule.excerpt(address, usize::from(ADDRESS), m.from, event.time));
        let alert = report::alert(self, m, others.as_ref(), event, context.record);
        let address = event.src_ip.map(net::octets);
        let agent = if self.options.same_user_agent { event.user_agent.as_bytes() } else { &[] };
        context.raise(&[folded(&event.user).as_bytes(), address.as_ref().map_or(&[], |a| a), agent], alert);
        self.rule.consume(m, event.time);
    }
}

/// Folds an account as a directory compares names: without case, and with wide forms of ASCII as ASCII. Accents and
/// kinds of kana stay different.
fn folded(user: &str) -> Cow<'_, str> {
    if user.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(user);
    }
    let narrow = |letter: char| match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(letter as u32 - 0xfee0).unwrap_or(letter),
        '\u{3000}' => ' ',
        _ => letter,
    };
    Cow::Owned(user.chars().map(narrow).flat_map(letters::lower).collect())
}

authsieve_abi::faces!(Fls);
