//! AN1521, Windows: a series of failed logons (4625) on the same or similar accounts (MITRE ATT&CK T1110).
//!
//! Accounts are counted by **family**: names that fold to the same name (see [`Similarity`]). On each failure at t,
//! the failures of the family in [t − `window`, t] are counted. The patterns:
//!
//! - `burst`: at least `min_failures` in `window`.
//! - `distributed`: the same from at least `source_ip_threshold` addresses; it replaces `burst`.
//! - `slow`: at least `slow_min_failures` in `slow_window`.
//! - `spray`: at least `min_failures` from one source address, on at least `spray_accounts` families.
//!
//! A pattern that was raised about a family or an address is silent about it for its window. `distributed` silences
//! `burst` too.
//!
//! ```
//! use authsieve_an1521::An1521;
//! use authsieve_engine::{detector::Detector, time::Timestamp};
//!
//! let mut detector = Detector::<An1521>::create(r#"{"min_failures": 2}"#, 0)?;
//! let log = br#"{"@timestamp":"2026-03-01T10:00:00Z","event":{"category":["authentication"],"outcome":"failure","code":"4625"},"user":{"name":"admin"},"source":{"ip":"192.0.2.7"}}
//! {"@timestamp":"2026-03-01T10:00:02Z","event":{"category":["authentication"],"outcome":"failure","code":"4625"},"user":{"name":"Admin1"},"source":{"ip":"192.0.2.7"}}"#;
//! let alerts = detector.process(log, Timestamp(1_800_000_000_000_000));
//! assert_eq!(alerts[0].title, "2 failed logons of admin and similar accounts from 192.0.2.7");
//! # Ok::<(), authsieve_engine::detector::Error>(())
//! ```
//!
//! Use it for Windows, to see guesses that have not succeeded yet, also slow ones and those from many addresses. For a
//! success after failures, use `authsieve-fls`. `examples/` has configurations to start from.
//!
//! **Active.** An account is active at t if it failed in the window that is judged: `window` for `burst` and
//! `distributed`, `slow_window` for `slow`. If more than `max_family` accounts of a family are active, the pattern
//! counts the failures of the one account alone. A family is active at t if one of its accounts failed in [t −
//! `window`, t].
//!
//! **Near.** A name whose own family is not active joins an active family within one edit; of several, the first by
//! name. An edit adds, removes or replaces one letter. Two swapped letters are two edits. A name cannot join a name
//! that itself joined a family, so families do not chain.
//!
//! **To evade it**, stay below `min_failures` in any `window` and `slow_min_failures` in any `slow_window` on each
//! family, and below `spray_accounts` families from each address.

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

mod accounts;
mod count;
mod enter;
mod families;
mod family;
mod judge;
mod near;
mod options;
mod pattern;
mod report;
#[cfg(test)]
mod tests;
mod why;

pub use families::Families;
pub use options::{Options, Similarity, Status};

use accounts::Accounts;
use authsieve_engine::analytic::{About, Analytic, Context, Held, Telemetry};
use authsieve_engine::config::{Config, Problem, Setting};
use authsieve_engine::detector::{Advice, Need, Source};
use authsieve_engine::event::{Event, Outcome, Provider, Record};
use authsieve_engine::hash::{Fingerprint, Hasher128, Salt};
use authsieve_engine::net::Prefixes;
use authsieve_engine::note::Step;
use authsieve_engine::state::MadeBy;
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::window::journal::{Journal, Link};
use authsieve_engine::window::recent::{Entry, Recent};
use authsieve_engine::window::silence::{self, Silences};
use authsieve_engine::window::table::{Bounds, Slot, Table};
use near::Near;
use pattern::Pattern;
use std::net::IpAddr;

/// The kinds of hashes. The first two are also the numbers of a journal entry's links.
mod kind {
    pub const FAMILY: u8 = 0;
    pub const ADDRESS: u8 = 1;
    pub const ACCOUNT: u8 = 2;
    pub const QUIET: u8 = 3;
    pub const NEAR: u8 = 4;
    pub const GROUPING: u8 = 5;
    pub const ALONE: u8 = 6;
}

/// The members of an entry: account and address for a family, family and account for an address.
const ACCOUNT: usize = 0;
const SOURCE: usize = 1;
const FAMILY: usize = 0;
const MEMBER: usize = 1;

/// The thresholds, by their place in [`About::thresholds`].
mod threshold {
    pub const MIN_FAILURES: usize = 0;
    pub const SOURCES: usize = 1;
    pub const SLOW: usize = 2;
    pub const SPRAY: usize = 3;
    pub const MAX_FAMILY: usize = 4;
    pub const COUNT: usize = 5;
}

/// The greatest weight of a key: in a flood, n − 2 of n failures are remembered.
const WEIGHT_CAP: u32 = 3;
/// The approximate bytes of a key, and of each entry: lists grow by doubling.
const KEY_BYTES: u64 = 256;
const ENTRY_BYTES: u64 = 2 * size_of::<Entry>() as u64;

/// The analytic; see the [crate].
pub struct An1521 {
    options: Options,
    prefixes: Prefixes,
    grouping: MadeBy<16>,
    salt: Salt,
    /// How long failures are remembered.
    keep: Span,
    table: Table,
    recent: Recent,
    quiet: Silences,
    journal: Journal,
    accounts: Accounts,
    near: Near,
    late: u64,
    /// Space for the names of one event.
    scratch: (String, String),
}

/// A failure that counts.
#[derive(Clone, Copy)]
struct Failure<'e> {
    event: &'e Event<'e>,
    record: Record<'e>,
    account: &'e str,
    /// The name of the account's family.
    label: &'e str,
    /// Hashes of account, family and address.
    member: u64,
    family: Fingerprint,
    source: Option<Fingerprint>,
}

impl Analytic for An1521 {
    type Options = Options;

    const ABOUT: About = About {
        id: "an1521",
        code: "AN1521",
        name: "AN1521: Windows, failed logons on similar accounts",
        version: env!("CARGO_PKG_VERSION"),
        description: "A series of failed logons (event 4625) on one account or on accounts with similar names, quick \
                      or slow, from one address or from several; and one address that fails on many accounts. Reads \
                      the Security log of Windows in the shapes of its exporters, and Windows logons in ECS and OCSF.",
        techniques: &["T1110.001", "T1110.003"],
        telemetry: &[
            "Windows: Security log, event 4625 (audit policy: Logon, failure)",
            "ECS event.category: authentication, of Windows",
            "OCSF Authentication (3002), of Windows",
        ],
        sources: &[
            Source::of("windows"),
            Source { provider: "ecs", codes: &["4625", "0x*"] },
            Source { provider: "ocsf", codes: &["4625", "0x*"] },
        ],
        needs: &[Need {
            name: "failures (event 4625)",
            outcomes: &[Outcome::Failure],
            fields: &["user", "src_ip"],
            loses: None,
            collect: &[
                Advice { providers: &["windows"], text: "4624 but no 4625: audit failure not collected" },
                Advice { providers: &[], text: "export failed logins too" },
            ],
        }],
        collect: "collect the Security log (4625): audit policy Logon/Logoff, Logon, failure",
        false_positives: &[
            "A service, a scheduled task or a mapped drive with an old password, which tries again and again.",
            "A person after a change of password whose devices still use the old one.",
            "Numbered accounts of one kind (kiosk01 … kiosk40): counted per account above max_family.",
            "Many people behind one address (VPN egress, terminal server, proxy), and vulnerability scanners: give \
             them an override.",
        ],
        response: &[
            "Look for a successful logon (4624) of the accounts from the same addresses, before and after.",
            "Find the machine and the process behind the address; an inside address may be a compromised host.",
            "If it comes from outside, block the address and close what is exposed (RDP, SMB, WinRM, NTLM).",
            "Reset the passwords of accounts that may have been guessed; check lockouts and second factors.",
        ],
        partition_by: &["user", "src_ip"],
        thresholds: &[
            "min_failures",
            "source_ip_threshold",
            "slow_min_failures",
            "spray_accounts",
            "max_family",
        ],
    };

    const STATE_VERSION: u16 = silence::SINCE;
    const TELEMETRY: Telemetry = Telemetry::WINDOWS.and(Telemetry::NORMALISED);

    fn new(config: &Config<Options>, seed: u64) -> Result<Self, Problem> {
        let (options, common) = (config.options.clone(), &config.common);
        let own = [
            options.min_failures,
            options.source_ip_threshold,
            options.slow_min_failures,
            options.spray_accounts,
            options.max_family,
        ];
        let changed = (0..threshold::COUNT).flat_map(|index| config.overrides.thresholds(index));
        let largest = own.iter().map(|own| own.0).chain(changed).max().unwrap_or(1);
        common.fits(KEY_BYTES, None)?;
        // One more than the greatest threshold, to see that there are more, or as many as the memory allows. Further
        // entries of a key use the pool.
        let room = common.key_bytes().saturating_sub(KEY_BYTES) / ENTRY_BYTES;
        let floor = usize::try_from(room).unwrap_or(usize::MAX).clamp(1, largest as usize + 1);
        let spans = [options.window.0, options.slow_window.0];
        let keep = spans[0].max(spans[1]);
        let memory = common.memory();
        let bounds = Bounds {
            max_keys: memory.max_keys,
            data: Link::BYTES,
            window: options.window.0,
            horizon: keep,
            weight_cap: WEIGHT_CAP,
            sketch_bytes: memory.sketch_bytes,
        };
        let (salt, pool_bytes) = (common.salt(), memory.pool_bytes);
        Ok(Self {
            prefixes: common.prefixes(),
            grouping: grouping(&options, salt),
            salt,
            table: Table::new(bounds, seed),
            recent: Recent::new(keep, floor, pool_bytes).windows(spans, seed),
            quiet: Silences::new(Silences::DEFAULT, seed),
            journal: Journal::new(pool_bytes),
            accounts: Accounts::new(pool_bytes / 4, seed),
            near: Near::new(salt, kind::NEAR, seed),
            late: 0,
            scratch: Default::default(),
            options,
            keep,
        })
    }

    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        if !self.looks_at(event) {
            if context.explains() {
                self.why_left_out(event, context);
            }
            return;
        }
        let (mut account, mut label) = std::mem::take(&mut self.scratch);
        family::canonical(&event.user, &mut account);
        if !family::is_nobody(&account) {
            family::label(&self.options, &account, &mut label);
            self.join(&mut label, event.time);
            let failure = Failure {
                event,
                record: context.record,
                account: &account,
                label: &label,
                member: self.member(kind::ACCOUNT, account.as_bytes()),
                family: self.family(&label),
                source: event.src_ip.map(|address| self.source(address)),
            };
            self.failure(&failure, context);
        } else if context.explains() {
            context.note(Step::Ignored, "", "", "not counted: a machine's own account, or nobody's", &[]);
        }
        self.scratch = (account, label);
    }

    fn horizon(&self) -> Span {
        self.keep
    }

    fn held(&self) -> Held {
        let bytes = self.table.bytes()
            + self.recent.bytes()
            + self.quiet.bytes()
            + self.journal.bytes()
            + self.accounts.bytes()
            + self.near.bytes();
        Held::new(&self.table, self.late, bytes)
    }

    authsieve_engine::state! {
        prefixes, grouping, quiet, accounts, near, journal, table;
        each key of table: recent
    }
}

impl An1521 {
    /// True for a failed logon to Windows that counts.
    fn looks_at(&self, event: &Event<'_>) -> bool {
        let number = |text: &str| Status::parse(text);
        let (reason, status) = (number(&event.reason), number(&event.status));
        let any = |test: &dyn Fn(Status) -> bool| [reason, status].into_iter().flatten().any(test);
        let windows = match event.provider {
            Provider::Windows => true,
            // Only failures on Windows have the event id 4625 or a Windows status.
            Provider::Ecs | Provider::Ocsf => event.reason == "4625" || any(&Status::is_error),
            _ => false,
        };
        let remote = event.src_ip.is_some_and(|address| !address.is_loopback());
        windows
            && event.outcome == Outcome::Failure
            && (remote || !self.options.remote_only)
            // Logons of services, batch jobs and the system.
            && !matches!(event.logon_type, Some(0 | 4 | 5))
            && !any(&|code| code == Status::INVALID_LOGON_TYPE || self.options.exclude_status.contains(&code))
    }

    /// Lets a name whose family is not active join a near active family. Stores the family, so that other names can
    /// join.
    fn join(&mut self, label: &mut String, time: Timestamp) {
        if self.options.similarity != Similarity::Near {
            return;
        }
        let from = time.minus(self.options.window.0);
        let mut active = |label: &str| {
            let slot = self.table.find(self.family(label));
            slot.is_some_and(|slot| self.recent.entries(slot, from, time).next().is_some())
        };
        if !active(label)
            && let Some(other) = self.near.find(label, &mut active)
        {
            label.clear();
            label.push_str(other);
        }
        self.near.add(label);
    }

    /// The key of a silence: a pattern about a family, an account or an address.
    fn quiet_key(&self, pattern: Pattern, subject: Fingerprint) -> Fingerprint {
        Hasher128::new(self.salt, kind::QUIET).part(&[pattern as u8]).number(subject.0).finish()
    }

    fn family(&self, label: &str) -> Fingerprint {
        Hasher128::new(self.salt, kind::FAMILY).part(label.as_bytes()).finish()
    }

    fn source(&self, address: IpAddr) -> Fingerprint {
        let octets = self.prefixes.octets(address);
        Hasher128::new(self.salt, kind::ADDRESS).number(u128::from_le_bytes(octets)).finish()
    }

    /// The key for the failures of one account of a family.
    fn alone(&self, family: Fingerprint, account: u64) -> Fingerprint {
        Hasher128::new(self.salt, kind::ALONE).number(family.0).number(account.into()).finish()
    }

    fn member(&self, kind: u8, bytes: &[u8]) -> u64 {
        Hasher128::new(self.salt, kind).part(bytes).finish().halves().0.max(1)
    }

    fn link(&self, slot: Slot) -> Link {
        Link::read(self.table.data(slot))
    }
}

/// The options that decide which accounts are counted together, as one value.
fn grouping(options: &Options, salt: Salt) -> MadeBy<16> {
    let mut digest = Vec::new();
    options.similarity.digest(&mut digest);
    options.families.digest(&mut digest);
    let value = Hasher128::new(salt, kind::GROUPING).part(&digest).finish().to_bytes();
    MadeBy { name: "similarity or families", value }
}

authsieve_abi::faces!(An1521);
