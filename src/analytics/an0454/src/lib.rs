//! AN0454: MFA challenges without a login, and a login after them (MITRE ATT&CK T1621, "MFA fatigue").
//!
//! An attacker who has a password asks for the second factor again and again, until the owner gives in. The patterns,
//! for each user:
//!
//! - `challenges-without-login`: on a challenge at t, at least `min_challenges` lie in [t − `window`, t]. Silent for
//!   `window`. With `confirm_after`, the alert waits for a login that takes it back.
//! - `slow-challenges`: at least `slow_min_challenges` lie in [t − `slow_window`, t]. Silent for `slow_window`.
//! - `login-after-challenges`: on a login or approval at s from address a. There is a challenge at t with t ≤ s ≤ t +
//!   `success_within`, and at least `min_challenges` lie in [t − `window`, t]. One of these comes from a, or either
//!   address is unknown. So the user probably gave in.
//!
//! ```
//! use authsieve_an0454::An0454;
//! use authsieve_engine::detector::Detector;
//! use authsieve_engine::event::{Event, Outcome, Provider, Record};
//! use authsieve_engine::time::Timestamp;
//!
//! let mut detector = Detector::<An0454>::create(r#"{"min_challenges": 2}"#, 0)?;
//! let mut alerts = vec![];
//! for (second, outcome) in [(0, Outcome::Challenge), (40, Outcome::Challenge), (55, Outcome::Success)] {
//!     let time = Timestamp(second * 1_000_000);
//!     let event = Event { time, outcome, user: "jdoe@example.com".into(), provider: Provider::Okta, ..Event::default() };
//!     alerts.extend(detector.observe(event, Record::NONE, time));
//! }
//! assert_eq!(alerts[1].title, "2 MFA challenges of jdoe@example.com, then a login from an unknown address");
//! # Ok::<(), authsieve_engine::detector::Error>(())
//! ```
//!
//! Use it for identity providers that ask for a second factor by push, call or text: Okta, Duo, Auth0, Entra. For the
//! passwords before this factor, use `authsieve-fls` or `authsieve-an1269`. `examples/` has configurations to start
//! from.
//!
//! # Challenges
//! - A challenge that was issued counts ([`Outcome::Challenge`]).
//! - A result ([`Outcome::Denied`], [`Outcome::Timeout`]) closes the oldest open challenge of the user with the same
//!   transaction, of any age while it is remembered (see below). Otherwise it closes the oldest open challenge of any
//!   transaction from at most 5 minutes before. If none is open, the result counts as a challenge itself, at its own
//!   time and from its own address. Nothing else closes a challenge, not even an approval.
//! - Duo writes finished challenges. So a result of Duo counts itself and closes no other challenge. It counts once
//!   per user and `txid`, for as long as anything is remembered. Duo's own success is a login and no challenge. If it
//!   counted, it would itself be the challenge "from a", and a user's own login would look like the attacker's.
//! - Rows of Entra and the audit log count as one row if they share user, correlation id and code. They must come
//!   within 5 s of the first row. Clients choose the id, so it joins no more than this. The id is the transaction: a
//!   result closes one open challenge, and each further result counts.
//! - Okta writes that a policy asks for a factor (`policy.evaluate_sign_on`, CHALLENGE), which counts. Then it writes
//!   that the challenge was sent. The first one sent to the same user and address within 60 s is not counted again.
//! - The providers `linux`, `windows` and `exchange` have no challenges. An event without a user is left out.
//!
//! # Logins
//! A login is a success of any provider but `linux` and `windows`, or an approval. At s, in this order:
//!
//! 1. It takes back a waiting alert, with its silence: one decided at t with t ≤ s ≤ t + `confirm_after`, from any
//!    address.
//! 2. It may raise an alert.
//! 3. It forgets the challenges from its own address and those without an address, with or without an alert. A login
//!    without an address forgets only those without one. When no remembered challenge is left, both silences end.
//!
//! `login-after-challenges` itself is never silent.
//!
//! A challenge is remembered until it is forgotten or too old: older than the longest of 24 hours, `slow_window`, and
//! `window` + `success_within`. Of one user, the newest 4,096 challenges are remembered.
//!
//! Addresses are compared as keys: cut to `ipv4_prefix` and `ipv6_prefix`. Only `challenges-without-login` waits for
//! `confirm_after`: until event time is later than t + `confirm_after`, not equal. Its silence begins at t, not when
//! the alert comes out. If two patterns hold on one challenge, both are raised.
//!
//! # Late events
//! A challenge that is older than the newest event of its user is put into its place and judged as of its own time. A
//! result that counted alone, and may have been its answer, is one with it from then on. A late result that closes no
//! challenge does not count: another result may have closed its challenge.
//!
//! **To evade it**, stay below `min_challenges` in any `window` and below `slow_min_challenges` in any `slow_window`.

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

mod challenges;
mod judge;
mod mac;
mod options;
mod report;
#[cfg(test)]
mod tests;
mod waiting;
mod why;

pub use options::{Options, Platform, UserKey};

use authsieve_engine::alert::Alert;
use authsieve_engine::analytic::{About, Alerts, Analytic, Context, Held, Telemetry};
use authsieve_engine::config::{Config, Problem};
use authsieve_engine::deliveries::Deliveries;
use authsieve_engine::detector::{Advice, Need, Source};
use authsieve_engine::event::{Event, Outcome, Provider, Record};
use authsieve_engine::hash::{Fingerprint, Hasher128, Salt};
use authsieve_engine::net::{self, Prefixes};
use authsieve_engine::state::MadeBy;
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::told;
use authsieve_engine::window::journal::{Entry, Journal, Link};
use authsieve_engine::window::silence::{self, Silences};
use authsieve_engine::window::table::{Bounds, Slot, Table};
use challenges::{Challenges, Fate};
use report::{Pattern, Report};
use std::borrow::Cow;
use std::net::IpAddr;
use waiting::Waiting;

/// The kinds of hashes: of keys, of members, and of ids.
const USER: u8 = 0;
const ADDRESS: u8 = 1;
const TRANSACTION: u8 = 2;
const SILENCE: u8 = 3;
const FINISHED: u8 = 4;
const ROW: u8 = 5;
/// How far apart rows of one correlation id and code are one.
const ONE_ROW: Span = Span::seconds(5);
/// The least time for which challenges are remembered: a result may come late, and silences end when no challenge is
/// left.
const REMEMBERED: Span = Span::seconds(86_400);
/// The data of a key: the link to its newest entry in the journal, and the time of its newest login.
const DATA: usize = Link::BYTES + 8;
/// The approximate bytes of an entry, and of a key without entries.
const ENTRY_BYTES: u64 = 40;
const KEY_BYTES: u64 = 128;

/// The analytic; see the [crate].
pub struct An0454 {
    options: Options,
    prefixes: Prefixes,
    user_key: MadeBy<1>,
    salt: Salt,
    /// How long challenges are remembered.
    keep: Span,
    table: Table,
    challenges: Challenges,
    quiet: Silences,
    /// The ids of Duo's challenges that were counted.
    finished: Deliveries,
    /// Correlation ids, each with the end of the time in which its rows are one challenge.
    rows: Silences,
    journal: Journal,
    waiting: Waiting,
    late: u64,
}

/// The role of an event.
#[derive(Clone, Copy)]
enum Role {
    Challenge(Option<Fate>),
    Login,
}

/// The user of an event.
struct User<'e> {
    name: Cow<'e, str>,
    key: Fingerprint,
}

impl Analytic for An0454 {
    type Options = Options;

    const ABOUT: About = About {
        id: "an0454",
        code: "AN0454",
        name: "AN0454: MFA challenges without a login",
        version: env!("CARGO_PKG_VERSION"),
        description: "A user is asked for the second factor again and again without logging in, or gives in at last: \
                      somebody else has the password. Reads Okta's System Log, Duo's authentication log, Auth0, \
                      Entra's sign-in logs and the Microsoft 365 audit log; logins also from Macs, ECS and OCSF.",
        techniques: &["T1621", "T1078"],
        telemetry: &[
            "Okta System Log",
            "Duo authentication log",
            "Auth0 tenant log",
            "Entra sign-in logs (50074, 500121)",
            "Microsoft 365 unified audit log",
            "macOS login events (unified log, Jamf)",
            "ECS event.category: authentication",
            "OCSF Authentication (3002)",
        ],
        sources: &[
            Source::of("okta"),
            Source::of("duo"),
            Source::of("auth0"),
            Source::of("entra"),
            Source::of("m365"),
            Source::of("macos"),
            Source::of("ecs"),
            Source::of("ocsf"),
        ],
        needs: &[
            Need {
                name: "MFA challenges",
                outcomes: &[Outcome::Challenge, Outcome::Denied, Outcome::Timeout],
                fields: &["user"],
                loses: None,
                collect: &[Advice {
                    providers: &[],
                    text: "export Okta System Log push events (system.push.send_factor_verify_push), the Duo authentication log, or Entra sign-in logs with interrupted sign-ins (50074)",
                }],
            },
            Need {
                name: "logins",
                outcomes: &[Outcome::Success, Outcome::Approved],
                fields: &[],
                loses: Some("`login-after-challenges` cannot fire, and nothing ends a silence"),
                collect: &[Advice { providers: &[], text: "export successful logins too" }],
            },
        ],
        collect: "collect Okta's System Log, Duo's authentication log or Entra sign-in logs",
        false_positives: &[
            "A person whose phone is off, out of coverage or new, who tries again and again.",
            "A mail or VPN client with a session that ended, which asks for a push each time it reconnects.",
            "Service and shared accounts with a second factor: give them an override.",
        ],
        response: &[
            "Call the user, not over the account's own channels: did they ask to log in?",
            "If not, their password is known to somebody: reset it and end all sessions.",
            "If they approved: look at what the session did, for newly enrolled factors, mail rules and consents.",
            "Block the address that asks, and look for it on other accounts. Turn on number matching.",
        ],
        partition_by: &["user"],
        thresholds: &["min_challenges", "slow_min_challenges"],
    };

    const STATE_VERSION: u16 = silence::SINCE;
    const TELEMETRY: Telemetry = Telemetry::OKTA
        .and(Telemetry::DUO)
        .and(Telemetry::AUTH0)
        .and(Telemetry::ENTRA)
        .and(Telemetry::AUDIT)
        .and(Telemetry::MACOS)
        .and(Telemetry::NORMALISED);

    fn new(config: &Config<Options>, seed: u64) -> Result<Self, Problem> {
        let (options, common) = (config.options.clone(), &config.common);
        let overrides = config.overrides.thresholds(0).chain(config.overrides.thresholds(1));
        let most = overrides.fold(options.min_challenges.0.max(options.slow_min_challenges.0), u32::max);
        common.fits(KEY_BYTES + u64::from(most) * ENTRY_BYTES, Some(("threshold", most)))?;
        let within = Span(options.window.0.0.saturating_add(options.success_within.0.0));
        let keep = REMEMBERED.max(options.slow_window.0).max(within);
        let memory = common.memory();
        let bounds = Bounds {
            max_keys: memory.max_keys,
            data: DATA,
            // A patient attacker's key must keep its weight from one challenge to the next.
            window: options.slow_window.0,
            horizon: keep,
            weight_cap: 5,
            sketch_bytes: memory.sketch_bytes,
        };
        let pool_bytes = memory.pool_bytes;
        let spans = [options.window.0, options.slow_window.0];
        Ok(Self {
            user_key: MadeBy { name: "user_key", value: [options.user_key as u8] },
            options,
            prefixes: common.prefixes(),
            salt: common.salt(),
            keep,
            table: Table::new(bounds, seed),
            challenges: Challenges::new(keep, most as usize, pool_bytes, spans, seed),
            quiet: Silences::new(Silences::DEFAULT, seed),
            finished: Deliveries::new(keep, 4 * bounds.max_keys, seed),
            rows: Silences::new(Silences::DEFAULT, seed),
            journal: Journal::new(pool_bytes),
            waiting: Waiting::default(),
            late: 0,
        })
    }

    fn horizon(&self) -> Span {
        self.keep
    }

    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        self.waiting.passed(context.watermark, &mut context.alerts);
        let Some(role) = self.role(event) else {
            if context.explains() {
                self.why_left_out(event, context);
            }
            return;
        };
        let name = self.name(event);
        let user = User { key: self.hash(USER).part(name.as_bytes()).finish(), name };
        if let Some(slot) = self.table.find(user.key) {
            self.late += u64::from(event.time < self.table.newest(slot));
        }
        match role {
            Role::Challenge(fate) => self.challenge(event, fate, &user, context),
            Role::Login => self.login(event, &user, context),
        }
    }

    fn advance(&mut self, to: Timestamp, alerts: &mut Alerts<'_>) {
        self.waiting.passed(to, alerts);
    }

    fn held(&self) -> Held {
        let silences = self.quiet.bytes() + self.rows.bytes();
        let told = self.journal.bytes() + self.waiting.bytes() + self.finished.bytes();
        let windows = self.table.bytes() + self.challenges.recent.bytes();
        Held::new(&self.table, self.late, windows + silences + told)
    }

    authsieve_engine::state! {
        prefixes, user_key, quiet, rows, finished, waiting, journal, table;
        each slot of table: challenges.recent
    }
}

impl An0454 {
    fn role(&self, event: &Event<'_>) -> Option<Role> {
        let role = match event.outcome {
            Outcome::Challenge => Role::Challenge(None),
            Outcome::Denied => Role::Challenge(Some(Fate::Denied)),
            Outcome::Timeout => Role::Challenge(Some(Fate::Timeout)),
            Outcome::Success | Outcome::Approved => Role::Login,
            Outcome::Failure | Outcome::Stopped | Outcome::Changed => return None,
        };
        let reads = match event.provider {
            Provider::Linux | Provider::Windows => false,
            Provider::Exchange => matches!(role, Role::Login),
            _ => true,
        };
        let looks_at = self.options.platform == Platform::Any || mac::is_mac(event);
        (reads && looks_at && !event.user.is_empty()).then_some(role)
    }

    fn name<'e>(&self, event: &'e Event<'_>) -> Cow<'e, str> {
        let whole = &*event.user;
        match (self.options.user_key, whole.split('@').next()) {
            (UserKey::LocalPart, Some(local)) if !local.is_empty() => {
                if local.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    Cow::Owned(local.to_ascii_lowercase())
                } else {
                    Cow::Borrowed(local)
                }
            }
            _ => Cow::Borrowed(whole),
        }
    }

    fn hash(&self, kind: u8) -> Hasher128 {
        Hasher128::new(self.salt, kind)
    }

    /// Turns a part of an event into a member of an entry. 0 means unknown.
    fn member(&self, kind: u8, part: &[u8]) -> u64 {
        self.hash(kind).part(part).finish().halves().0.max(1)
    }

    fn address(&self, address: Option<IpAddr>) -> u64 {
        address.map_or(0, |address| self.member(ADDRESS, &self.prefixes.octets(address)))
    }

    fn silence(&self, pattern: Pattern, user: &User<'_>) -> Fingerprint {
        self.hash(SILENCE).part(&[pattern as u8]).number(user.key.0).finish()
    }

    /// Writes an event into the journal, as the newest of its user.
    fn write(&mut self, event: &Event<'_>, kind: u8, slot: Slot, record: Record<'_>) {
        let link = self.journal.append(&Entry {
            kind,
            count: 1,
            host: event.application.as_bytes(),
            ..told::entry(event, &event.reason, record)
        });
        self.journal.set_previous(link, 0, self.link(slot));
        if let Some(mut content) = self.table.content(slot) {
            content.raise(event.time);
            link.write(content.data);
        }
    }

    fn link(&self, slot: Slot) -> Link {
        Link::read(self.table.data(slot))
    }

    /// Describes the challenges of a user in [from, to].
    fn report(
        &self,
        event: &Event<'_>,
        record: Record<'_>,
        slot: Slot,
        pattern: Pattern,
        (from, to): (Timestamp, Timestamp),
        tell: &mut dyn FnMut(&Report<'_>),
    ) {
        let address = |address: Option<[u8; 16]>| self.address(address.map(net::from_octets));
        tell(&Report {
            event,
            record,
            pattern,
            from,
            to,
            window: if pattern == Pattern::Slow { self.options.slow_window.0 } else { self.options.window.0 },
            tally: self.challenges.tally(slot, from, to),
            journal: &self.journal,
            newest: self.link(slot),
            address: &address,
        })
    }

    /// The alert about the challenges of a user in `span`.
    fn alert(
        &self,
        event: &Event<'_>,
        record: Record<'_>,
        slot: Slot,
        pattern: Pattern,
        span: (Timestamp, Timestamp),
    ) -> Alert {
        let mut alert = Alert::default();
        self.report(event, record, slot, pattern, span, &mut |report| alert = report.alert());
        alert
    }
}

authsieve_abi::faces!(An0454);
