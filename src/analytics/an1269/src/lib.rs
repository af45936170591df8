//! AN1269, office suite: leaked credential pairs tried from one client address (MITRE ATT&CK T1110.004), over OWA,
//! Microsoft 365 and Exchange together.
//!
//! **On each failure** at t, the failures of the key in [t − `window`, t] are counted. At least `min_failures` raise
//! one of three patterns. With at least `min_accounts` accounts it is `credential-stuffing` (at most two failures an
//! account on average) or `password-spray` (more). With fewer accounts it is `brute-force`. An alert silences its
//! pattern and the lesser ones for `window`: brute-force < password-spray < credential-stuffing. It is critical if
//! accounts logged in from the address in that window.
//!
//! **On each success** at t for u, or a right password that was stopped, at least `min_failures` such failures raise
//! `credential-accepted`. If u is among the accounts that failed, it is silent per address and u for `window`.
//! Otherwise the failures must be on at least `min_accounts` accounts, and it is silent per address. It is then raised
//! only while fewer than `shared_egress_accounts` accounts, with this login, logged in from the address in that window.
//!
//! An expired password that was right (50055) counts as a failure first, and is then judged as accepted. OWA writes
//! failures without an account: they all count as one unknown account.
//!
//! ```
//! use authsieve_an1269::An1269;
//! use authsieve_engine::{detector::Detector, time::Timestamp};
//!
//! let mut detector = Detector::<An1269>::create(r#"{"min_failures": 3, "min_accounts": 3}"#, 0)?;
//! let login = |user: &str, outcome: &str| format!(
//!     r#"{{"@timestamp":"2026-03-01T10:00:00Z","event":{{"category":["authentication"],"outcome":"{outcome}"}},"user":{{"name":"{user}@example.com"}},"source":{{"ip":"192.0.2.7"}}}}"#);
//! let log = ["ann", "ben", "cas"].map(|user| login(user, "failure")).join("\n");
//! let alerts = detector.process(log.as_bytes(), Timestamp(1_800_000_000_000_000));
//! assert_eq!(alerts[0].title, "3 failed logins on 3 accounts from 192.0.2.7: credential stuffing");
//! let alerts = detector.process(login("ben", "success").as_bytes(), Timestamp(1_800_000_000_000_000));
//! assert_eq!(alerts[0].title, "Login of ben@example.com from 192.0.2.7 after 3 failed logins on 3 accounts");
//! # Ok::<(), authsieve_engine::detector::Error>(())
//! ```
//!
//! Use it for Microsoft 365, Entra, OWA and Exchange, where one address tries many accounts. For one account and one
//! address, use `authsieve-fls`. `examples/` has configurations to start from.
//!
//! **To evade it**, spread the pairs over so many addresses that each stays below `min_failures` in any `window`.

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
mod pattern;
mod report;
#[cfg(test)]
mod tests;
mod track;
mod why;

pub use options::Options;

use authsieve_engine::alert::Alert;
use authsieve_engine::analytic::{About, Analytic, Context, Held, Telemetry};
use authsieve_engine::config::{Config, Problem};
use authsieve_engine::detector::{Advice, Need, Source};
use authsieve_engine::event::{Event, Outcome, Provider, Record};
use authsieve_engine::follow::Following;
use authsieve_engine::hash::{Fingerprint, Hasher128, Salt};
use authsieve_engine::net::{self, Prefixes};
use authsieve_engine::note::Step;
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::told::MOST_LISTED;
use authsieve_engine::window::journal::Link;
use authsieve_engine::window::silence::{self, Silences};
use authsieve_engine::window::table::{Bounds, Entered, Slot, Table};
use pattern::Pattern;
use report::Report;
use track::Track;
use why::Why;

/// The kinds of fingerprints.
const SOURCE: u8 = 0;
const ACCOUNT: u8 = 1;
const ADDRESS: u8 = 2;
const QUIET: u8 = 3;
const QUIET_USER: u8 = 4;
const QUIET_SOURCE: u8 = 5;
/// The number of the entry's member that holds the account.
const WHO: usize = 0;
/// The most failures of a key that are always kept, even if other keys need room. The number is what the thresholds
/// need, up to this. Further failures use the shared pool.
const MOST_FLOOR: usize = 64;
/// The number of successes of a key that are always kept.
const SUCCESSES: usize = 4;
/// The bytes of a key without its entries (slot, place in the index, lists, journal links), and the bytes of an
/// entry.
const EACH: u64 = 256;
const ENTRY: u64 = 48;

/// The analytic; see the [crate].
pub struct An1269 {
    options: Options,
    prefixes: Prefixes,
    salt: Salt,
    table: Table,
    failed: Track,
    succeeded: Track,
    quiet: Silences,
    late: u64,
}

impl Analytic for An1269 {
    type Options = Options;

    const ABOUT: About = About {
        id: "an1269",
        code: "AN1269",
        name: "AN1269: office suite, credential stuffing",
        version: env!("CARGO_PKG_VERSION"),
        description: "Leaked pairs of name and password tried from one address against OWA, Microsoft 365 and \
                      Exchange: credential stuffing, password spraying, guessing, and the pair that worked. Reads \
                      Entra sign-in logs, the unified audit log, IIS, Exchange protocol logs, ECS and OCSF.",
        techniques: &["T1110.004", "T1110.003", "T1110.001", "T1078.004"],
        telemetry: &[
            "Entra sign-in logs: Log Analytics, Graph, diagnostic settings",
            "Microsoft 365 unified audit log",
            "IIS: OWA, EWS, ActiveSync",
            "Exchange protocol logs: IMAP, POP, SMTP",
            "ECS event.category: authentication",
            "OCSF Authentication (3002)",
        ],
        sources: &[
            Source::of("entra"),
            Source::of("m365"),
            Source::of("exchange"),
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
                    Advice {
                        providers: &["entra", "m365", "exchange"],
                        text: "export failed sign-ins too (UserLoginFailed, ResultType other than 0)",
                    },
                    Advice { providers: &[], text: "export failed logins too" },
                ],
            },
            Need {
                name: "successes",
                outcomes: &[Outcome::Success, Outcome::Approved],
                fields: &[],
                loses: Some("`credential-accepted` cannot fire; collect them too"),
                collect: &[Advice { providers: &[], text: "export successful logins too" }],
            },
        ],
        collect: "collect Entra sign-in logs, the Microsoft 365 audit log, IIS logs of OWA, or Exchange's protocol logs",
        false_positives: &[
            "Many people behind one address (office egress, VPN, proxy, mobile carrier): give it an override.",
            "A device or script that keeps trying an outdated password: brute-force on its account.",
            "A migration or a scanner that tests many accounts on purpose: list its address under allow_ips.",
        ],
        response: &[
            "Revoke the sessions of the accounts that logged in from the address, and reset their passwords.",
            "Ask them, over another channel, whether the login was theirs; look for new MFA methods, inbox rules, \
             forwarding and consents.",
            "Require MFA and block legacy authentication for the accounts that were tried.",
            "Block the address, and look for its neighbours and its user agent elsewhere.",
        ],
        partition_by: &["src_ip"],
        thresholds: &["min_failures", "min_accounts", "shared_egress_accounts"],
    };

    const STATE_VERSION: u16 = silence::SINCE;
    const TELEMETRY: Telemetry = Telemetry::ENTRA
        .and(Telemetry::AUDIT)
        .and(Telemetry::IIS)
        .and(Telemetry::EXCHANGE)
        .and(Telemetry::NORMALISED);

    fn new(config: &Config<Options>, seed: u64) -> Result<Self, Problem> {
        let (options, common) = (config.options.clone(), &config.common);
        let greatest =
            config.overrides.thresholds(0).chain([options.min_failures.0]).max().unwrap_or_default();
        let floor = (greatest as usize + 6).min(MOST_FLOOR);
        common.fits(EACH + ENTRY * (floor + SUCCESSES) as u64, Some(("min_failures", greatest)))?;
        let memory = common.memory();
        let bounds = Bounds {
            max_keys: memory.max_keys,
            data: 2 * Link::BYTES,
            window: options.window.0,
            horizon: options.window.0,
            weight_cap: 3,
            sketch_bytes: memory.sketch_bytes,
        };
        // Half of the pool is for evidence, a quarter for failures, and the rest for logins.
        let (pool, window) = (memory.pool_bytes, options.window.0);
        let recent = |floor, pool_bytes| track::recent(window, floor, pool_bytes, seed);
        Ok(Self {
            prefixes: common.prefixes(),
            salt: common.salt(),
            table: Table::new(bounds, seed),
            failed: Track::new(0, recent(floor, pool / 4), pool / 2),
            succeeded: Track::new(1, recent(SUCCESSES, pool / 8), pool / 8),
            quiet: Silences::new(Silences::DEFAULT, seed),
            options,
            late: 0,
        })
    }

    fn extra_failure_codes(options: &Options) -> Vec<u32> {
        options.extra_failure_codes.iter().map(|code| code.0).collect()
    }

    fn horizon(&self) -> Span {
        self.options.window.0
    }

    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        // Other analytics handle these providers.
        if matches!(
            event.provider,
            Provider::Linux
                | Provider::Windows
                | Provider::Okta
                | Provider::Duo
                | Provider::Auth0
                | Provider::Macos
        ) {
            context.note(
                Step::Ignored,
                "",
                event.provider.as_str(),
                "not looked at: % has analytics of its own",
                &[],
            );
            return;
        }
        let failed = event.outcome == Outcome::Failure;
        let succeeded = event.outcome == Outcome::Success;
        let accepted = succeeded || event.outcome == Outcome::Stopped || event.credential;
        let Some(key) = self.key(event).filter(|_| failed || accepted) else {
            if context.explains() && (failed || accepted) {
                context.note(Step::Ignored, "", "", "not counted: it has no address (require_ip)", &[]);
            }
            return;
        };
        let entered = if failed || succeeded {
            // An address that only logs in has no weight, so failing addresses go before it.
            let weight = if failed { event.count } else { 0 };
            self.table.enter(key, weight, event.time, context.watermark)
        } else {
            match self.table.find(key) {
                Some(slot) => Entered { slot, new: false },
                None => {
                    self.why(
                        event,
                        context,
                        Why::Short,
                        0,
                        context.judgement.threshold(0, self.options.min_failures.0),
                    );
                    return;
                }
            }
        };
        self.failed.enter(entered);
        self.succeeded.enter(entered);
        let mut newest = event.time;
        if let Some(mut content) = self.table.content(entered.slot) {
            newest = newest.max(content.newest());
            content.raise(event.time);
        }
        let late = event.time < newest;
        self.late += u64::from(late);

        let here = Here { key, slot: entered.slot, account: self.account(event) };
        let members =
            [here.account, event.src_ip.map_or(0, |address| self.member(ADDRESS, &net::octets(address)))];
        if failed {
            context.count(key, &track::entry(event, context.record));
            self.failed.push(&mut self.table, here.slot, event, members, context.record);
        }
        if succeeded {
            context.follow_ups().success(key, event.time, &event.user, MOST_LISTED);
            self.succeeded.push(&mut self.table, here.slot, event, members, Record::NONE);
        }
        // A part of the window of such a late event is no longer kept, so it cannot be judged.
        let judged = event.time >= newest.minus(self.options.window.0);
        if !judged {
            context.note(
                Step::Ignored,
                "",
                "",
                "later than a window behind its address: counted, not judged",
                &[],
            );
        }
        if judged && failed {
            self.failure(event, here, context);
        }
        if judged && accepted {
            self.acceptance(event, here, context);
        }
    }

    fn held(&self) -> Held {
        let bytes = self.table.bytes() + self.quiet.bytes() + self.failed.bytes() + self.succeeded.bytes();
        Held::new(&self.table, self.late, bytes)
    }

    authsieve_engine::state! {
        prefixes, quiet, failed, succeeded, table;
        each slot of table: failed.recent, succeeded.recent
    }
}

/// The key, the slot and the account of an event.
#[derive(Clone, Copy)]
struct Here {
    key: Fingerprint,
    slot: Slot,
    account: u64,
}

impl An1269 {
    /// The key of the client's address.
    fn key(&self, event: &Event<'_>) -> Option<Fingerprint> {
        let source = Hasher128::new(self.salt, SOURCE);
        match self.address(event) {
            Some(address) => Some(source.part(&address).finish()),
            None => (!self.options.require_ip).then(|| source.part(b"").finish()),
        }
    }

    fn address(&self, event: &Event<'_>) -> Option<[u8; 16]> {
        event.src_ip.map(|address| self.prefixes.octets(address))
    }

    /// The account as a member. An event without a name gets one account for all unknown names.
    fn account(&self, event: &Event<'_>) -> u64 {
        self.member(ACCOUNT, event.user.as_bytes())
    }

    fn member(&self, kind: u8, bytes: &[u8]) -> u64 {
        Hasher128::new(self.salt, kind).part(bytes).finish().halves().0.max(1)
    }

    fn failure(&mut self, event: &Event<'_>, here: Here, context: &mut Context<'_>) {
        let (from, to) = self.span(event);
        let sum = self.failed.recent.sum(here.slot, from, to);
        let least = context.judgement.threshold(0, self.options.min_failures.0);
        if context.explains() {
            self.why(event, context, Why::Failed(sum.distinct[WHO]), sum.count, least);
        }
        if sum.count < least {
            return;
        }
        let many = context.judgement.threshold(1, self.options.min_accounts.0);
        let pattern = Pattern::of(sum.count, sum.distinct[WHO], many);
        let quiet = |pattern: Pattern| {
            Hasher128::new(self.salt, QUIET).number(here.key.0).part(&[pattern as u8]).finish()
        };
        // An alert of this or a greater pattern has silenced it.
        let mut silent = Pattern::ALL.into_iter().filter(|p| *p >= pattern);
        if let Some(by) = silent.find(|p| self.quiet.is_silent(quiet(*p), event.time)) {
            if context.explains() {
                let until = self.quiet.until(quiet(by), event.time).unwrap_or(event.time);
                self.why(event, context, Why::Silent(pattern.as_str(), until), sum.count, least);
            }
            return;
        }
        let alert = self.report(event, here, pattern, context.record).failing();
        for weaker in Pattern::ALL.into_iter().filter(|weaker| *weaker < pattern) {
            context.follow_ups().forget_quiet(quiet(weaker));
        }
        self.raise(event, here, context, alert, &[], quiet(pattern));
    }

    /// Judges a password that was right.
    fn acceptance(&mut self, event: &Event<'_>, here: Here, context: &mut Context<'_>) {
        let (from, to) = self.span(event);
        self.failed.recent.reach(here.slot, to);
        let sum = self.failed.recent.sum(here.slot, from, to);
        let least = context.judgement.threshold(0, self.options.min_failures.0);
        if sum.count < least {
            self.why(event, context, Why::Short, sum.count, least);
            return;
        }
        let failed_before = self.failed.recent.has(here.slot, WHO, here.account, from, to);
        let many = context.judgement.threshold(1, self.options.min_accounts.0);
        let source = here.key.0;
        let quiet = if failed_before {
            Hasher128::new(self.salt, QUIET_USER).number(source).part(event.user.as_bytes()).finish()
        } else {
            self.succeeded.recent.reach(here.slot, to);
            let succeeded = self.succeeded.recent.sum(here.slot, from, to).distinct[WHO];
            let shared = context.judgement.threshold(2, self.options.shared_egress_accounts.0);
            if sum.distinct[WHO] < many || succeeded >= shared {
                if context.explains() {
                    let why = match sum.distinct[WHO] < many {
                        true => Why::FewAccounts(sum.distinct[WHO], many),
                        false => Why::Shared(succeeded, shared),
                    };
                    self.why(event, context, why, sum.count, least);
                }
                return;
            }
            Hasher128::new(self.salt, QUIET_SOURCE).number(source).finish()
        };
        if self.quiet.is_silent(quiet, event.time) {
            if context.explains() {
                let until = self.quiet.until(quiet, event.time).unwrap_or(event.time);
                self.why(event, context, Why::Silent("credential-accepted", until), sum.count, least);
            }
            return;
        }
        if context.explains() {
            self.why(event, context, Why::Accepted, sum.count, least);
        }
        let pattern = Pattern::of(sum.count, sum.distinct[WHO], many);
        let alert = self.report(event, here, pattern, context.record).accepted(failed_before);
        self.raise(event, here, context, alert, event.user.as_bytes(), quiet);
    }

    /// The window that ends at an event.
    fn span(&self, event: &Event<'_>) -> (Timestamp, Timestamp) {
        (event.time.minus(self.options.window.0), event.time)
    }

    fn report<'r>(
        &'r self,
        event: &'r Event<'r>,
        here: Here,
        pattern: Pattern,
        record: Record<'r>,
    ) -> Report<'r> {
        let (from, to) = self.span(event);
        Report {
            event,
            record,
            window: self.options.window.0,
            prefixes: self.prefixes,
            pattern,
            failures: self.failed.recent.sum(here.slot, from, to),
            failed: self.failed.excerpt(&self.table, here.slot, from, to),
            successes: self.succeeded.recent.sum(here.slot, from, to),
            succeeded: self.succeeded.excerpt(&self.table, here.slot, from, to),
        }
    }

    /// Raises an alert about the address, and about `user` unless it is empty. Silences `quiet` for the window.
    fn raise(
        &mut self,
        event: &Event<'_>,
        here: Here,
        context: &mut Context<'_>,
        alert: Alert,
        user: &[u8],
        quiet: Fingerprint,
    ) {
        let address = self.address(event);
        context.raise(&[address.as_ref().map_or(&[][..], |a| a), user], alert);
        self.quiet.silence(quiet, event.time, self.options.window.0);
        if context.follows() {
            let (from, to) = self.span(event);
            let seen = self.failed.excerpt(&self.table, here.slot, from, to);
            let end = to.plus(self.options.window.0);
            context.follow(Following { group: here.key, quiet, end }, &seen);
        }
    }
}

authsieve_abi::faces!(An1269);
