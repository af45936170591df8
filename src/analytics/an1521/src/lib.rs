//! AN1521, Windows: a series of failed logons (4625) on the same or similar accounts (MITRE ATT&CK T1110).
//!
//! Accounts are counted by **family**: names that fold to the same (see [`Similarity`]). On each failure at t, over the
//! family's failures in [t − `window`, t]: at least `min_failures` raise `burst`; that many from at least
//! `source_ip_threshold` addresses raise `distributed` instead. `slow_min_failures` in `slow_window` raise `slow`. Per
//! source address, failures on at least `spray_accounts` families, and at least `min_failures`, raise `spray`.
//!
//! A pattern that was raised about a family or an address is silent about it for its window; `distributed` silences
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
//! **Active.** An account is active at t if it failed in the window that is judged: `window` for `burst` and
//! `distributed`, `slow_window` for `slow`. If more than `max_family` accounts of a family are, the pattern counts the
//! failures of the one account alone. A family is active at t if one of its accounts failed in [t − `window`, t].
//!
//! **Near.** A name whose own family is not active joins the active family within one edit of it (a letter put in, left
//! out or replaced; letters that changed places are two edits), of several the first by name. What joined is no family
//! that others could join: families do not chain.
//!
//! **To evade it**, stay below `min_failures` in any `window` and `slow_min_failures` in any `slow_window` on each
//! family, and below `spray_accounts` families from each address.

mod family;
mod names;
mod near;
mod options;
mod report;
#[cfg(test)]
mod tests;
mod why;

pub use family::Families;
pub use options::{Options, Similarity, Status};

use authsieve_engine::analytic::{About, Analytic, Context, Held, Telemetry};
use authsieve_engine::config::{Config, Setting};
use authsieve_engine::event::{Event, Outcome};
use authsieve_engine::hash::{Fingerprint, Hasher128, Salt};
use authsieve_engine::net;
use authsieve_engine::note::Step;
use authsieve_engine::snapshot::{self, Reader, Writer};
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::window::journal::{self, Journal, Link};
use authsieve_engine::window::recent::{Entry, Recent, Sum};
use authsieve_engine::window::silence::Silences;
use authsieve_engine::window::table::{Bounds, Slot, Table};
use names::Names;
use near::Near;
use report::{Pattern, Report};
use std::net::IpAddr;

/// What hashes are of. The first two number the links of a journal entry as well.
mod kind {
    pub const FAMILY: u8 = 0;
    pub const ADDRESS: u8 = 1;
    pub const ACCOUNT: u8 = 2;
    pub const QUIET: u8 = 3;
    pub const NEAR: u8 = 4;
    pub const GROUPING: u8 = 5;
    pub const ALONE: u8 = 6;
}

/// The members of an entry. Of a family's: account and address; of an address's: family and account.
const ACCOUNT: usize = 0;
const SOURCE: usize = 1;
const FAMILY: usize = 0;

/// The thresholds by their place in [`About::thresholds`].
mod threshold {
    pub const MIN_FAILURES: usize = 0;
    pub const SOURCES: usize = 1;
    pub const SLOW: usize = 2;
    pub const SPRAY: usize = 3;
    pub const MAX_FAMILY: usize = 4;
    pub const COUNT: usize = 5;
}

/// A failed key weighs no more than this: of n failures in a flood n − 2 are remembered.
const WEIGHT_CAP: u32 = 3;
/// What keys and what happened to them may grow to: a 32-bit module has no more than 4 GiB.
const MOST_BYTES: u64 = 2 << 30;
/// What a key takes, about, and each thing that happened to it: lists grow by doubling.
const KEY_BYTES: u64 = 256;
const ENTRY_BYTES: u64 = 2 * size_of::<Entry>() as u64;

/// The analytic. See the crate's documentation.
pub struct An1521 {
    options: Options,
    prefixes: (u8, u8),
    salt: Salt,
    bounds: Bounds,
    floor: usize,
    pool_bytes: usize,
    seed: u64,
    table: Table,
    recent: Recent,
    quiet: Silences,
    journal: Journal,
    names: Names,
    near: Near,
    late: u64,
    /// Room for the names of one event.
    scratch: (String, String),
}

/// A failure that counts.
#[derive(Clone, Copy)]
struct Failure<'e> {
    event: &'e Event<'e>,
    record: &'e [u8],
    account: &'e str,
    /// The name of its family.
    label: &'e str,
    /// Hashes of account, family and address.
    member: u64,
    family: Fingerprint,
    source: Option<Fingerprint>,
}

/// What the failures of a family are counted by.
#[derive(Clone, Copy)]
struct Asked {
    /// The family's slot.
    slot: Slot,
    /// The hash of the event's address.
    source: u64,
    /// Above how many accounts the family is too large.
    most: u32,
}

/// What is counted for a pattern.
#[derive(Clone, Copy)]
struct Counted {
    from: Timestamp,
    sum: Sum,
    /// The family is too large: only failures of the event's account were counted.
    alone: bool,
    /// Where the entries that were counted are; the event's own may be missing.
    slot: Option<Slot>,
    /// What a silence is about.
    subject: Fingerprint,
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

    const TELEMETRY: Telemetry = Telemetry::WINDOWS.and(Telemetry::NORMALISED);

    fn new(config: &Config<Options>, seed: u64) -> Result<Self, String> {
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
        // One more than the greatest: to see that there are more.
        let max_keys = u64::from(common.max_keys.0);
        let most_keys = MOST_BYTES / KEY_BYTES;
        if max_keys > most_keys {
            return Err(format!(
                "max_keys = {max_keys}: expected at most {most_keys}, so that the state stays below 2 GiB"
            ));
        }
        // One more than the greatest, to see that there are more; or as many as there is memory for. What a key holds
        // beyond comes out of the pool.
        let room = (MOST_BYTES / max_keys).saturating_sub(KEY_BYTES) / ENTRY_BYTES;
        let floor = usize::try_from(room).unwrap_or(usize::MAX).clamp(1, largest as usize + 1);
        let spans = [options.window.0, options.slow_window.0];
        let keep = spans[0].max(spans[1]);
        let bounds = Bounds {
            max_keys: common.max_keys.0 as usize,
            data: Link::BYTES,
            window: options.window.0,
            horizon: keep,
            weight_cap: WEIGHT_CAP,
            sketch_bytes: common.sketch_bytes.0 as usize,
        };
        let (salt, pool_bytes) = (common.salt(), common.pool_bytes.0 as usize);
        Ok(Self {
            prefixes: (common.ipv4_prefix.0, common.ipv6_prefix.0),
            salt,
            table: Table::new(bounds, seed),
            recent: Recent::new(keep, floor, pool_bytes).windows(spans, seed),
            quiet: Silences::new(Silences::DEFAULT),
            journal: Journal::new(pool_bytes),
            names: Names::new(pool_bytes / 4, seed),
            near: Near::new(salt, kind::NEAR, seed),
            late: 0,
            scratch: Default::default(),
            options,
            bounds,
            floor,
            pool_bytes,
            seed,
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
        self.bounds.horizon
    }

    fn held(&self) -> Held {
        let bytes = self.table.bytes()
            + self.recent.bytes()
            + self.quiet.bytes()
            + self.journal.bytes()
            + self.names.bytes()
            + self.near.bytes();
        Held {
            keys: self.table.len() as u64,
            evicted: self.table.evicted(),
            late: self.late,
            bytes: bytes as u64,
        }
    }

    fn save(&self, out: &mut Writer) {
        out.u8(self.prefixes.0);
        out.u8(self.prefixes.1);
        out.raw(&self.grouping().to_bytes());
        self.quiet.save(out);
        self.names.save(out);
        self.near.save(out);
        self.journal.save(out);
        self.table.save(out);
        out.count(self.table.len());
        for (key, slot) in self.table.iter() {
            out.raw(&key.to_bytes());
            self.recent.save(slot, out);
        }
    }

    fn load(&mut self, input: &mut Reader<'_>) -> snapshot::Result<Vec<String>> {
        let mut notes = Vec::new();
        let prefixes = (input.u8()?, input.u8()?);
        let grouping = Fingerprint::from_bytes(input.array()?);
        let (quiet, _) = Silences::load(input, Silences::DEFAULT)?;
        let mut names = self.names.clone();
        names.load(input)?;
        let mut near = self.near.clone();
        near.load(input)?;
        let (journal, cut) = Journal::load(input, self.pool_bytes)?;
        let (table, loaded) = Table::load(input, self.bounds, self.seed, None)?;
        let spans = [self.options.window.0, self.options.slow_window.0];
        let mut recent =
            Recent::new(self.bounds.horizon, self.floor, self.pool_bytes).windows(spans, self.seed);
        for _ in 0..input.count(16)? {
            let key = Fingerprint::from_bytes(input.array()?);
            recent.load(table.find(key), input)?;
        }
        if (prefixes, grouping) != (self.prefixes, self.grouping()) {
            let what = if prefixes == self.prefixes {
                "similarity or families"
            } else {
                "ipv4_prefix or ipv6_prefix"
            };
            notes.push(format!(
                "{what}: changed, so the keys of the snapshot mean nothing here; all were dropped"
            ));
            return Ok(notes);
        }
        if cut {
            notes.push("pool_bytes: smaller than before; the oldest evidence was dropped".into());
        }
        if loaded.dropped > 0 {
            notes.push(format!("max_keys: smaller than before; {} keys were dropped", loaded.dropped));
        }
        if loaded.sketch_dropped {
            notes.push(
                "sketch_bytes: changed; what the sketch knew of keys that are not held was dropped".into(),
            );
        }
        (self.table, self.recent, self.quiet, self.journal) = (table, recent, quiet, journal);
        (self.names, self.near) = (names, near);
        Ok(notes)
    }
}

impl An1521 {
    /// Whether it is a failed logon to Windows that counts.
    fn looks_at(&self, event: &Event<'_>) -> bool {
        let number = |text: &str| Status::parse(text);
        let (reason, status) = (number(&event.reason), number(&event.status));
        let any = |test: &dyn Fn(Status) -> bool| [reason, status].into_iter().flatten().any(test);
        let windows = match event.provider {
            "windows" => true,
            // Nobody else's failures carry the id of the event, or a status of Windows.
            "ecs" | "ocsf" => event.reason == "4625" || any(&Status::is_error),
            _ => false,
        };
        let remote = event.src_ip.is_some_and(|address| !address.is_loopback());
        windows
            && event.outcome == Outcome::Failure
            && (remote || !self.options.remote_only)
            // Service, batch and the system's own.
            && !matches!(event.logon_type, Some(0 | 4 | 5))
            && !any(&|code| code == Status::INVALID_LOGON_TYPE || self.options.exclude_status.contains(&code))
    }

    /// Lets a name whose family is not active join one that is and is near, and remembers the families to join.
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

    fn failure(&mut self, failure: &Failure<'_>, context: &mut Context<'_>) {
        let event = failure.event;
        let member = |fingerprint: Fingerprint| fingerprint.halves().0.max(1);
        let mut digits = [0; 10];
        let link = self.journal.append(&journal::Entry {
            time: event.time,
            kind: 0,
            count: event.count,
            address: event.src_ip.map(net::octets),
            user: failure.account.as_bytes(),
            host: event.host.as_bytes(),
            code: report::code(event, &mut digits),
            record: failure.record,
            previous: Default::default(),
        });
        self.names.note(failure.member, failure.account);

        let members = [failure.member, failure.source.map_or(0, member)];
        let entry = Entry { time: event.time, count: event.count, kind: kind::FAMILY, members };
        let known = self.table.find(failure.family).is_some_and(|slot| {
            let oldest = self.table.newest(slot).max(event.time).minus(self.bounds.horizon);
            self.recent.has(slot, ACCOUNT, failure.member, oldest, Timestamp::MAX)
        });
        let (slot, late) = self.enter(failure.family, entry, link, context.watermark);
        self.judge_family(failure, slot, members[SOURCE], context);
        self.enter_alone(failure, entry, slot, known, context.watermark);

        let Some(source) = failure.source else {
            self.late += u64::from(late);
            return;
        };
        let members = [member(failure.family), failure.member];
        let entry = Entry { kind: kind::ADDRESS, members, ..entry };
        let (slot, late_too) = self.enter(source, entry, link, context.watermark);
        self.judge_source(failure, source, slot, context);
        self.late += u64::from(late || late_too);
    }

    /// Takes a failure of a key in. Also says whether it is late for it.
    fn enter(&mut self, key: Fingerprint, entry: Entry, link: Link, watermark: Timestamp) -> (Slot, bool) {
        let entered = self.table.enter(key, entry.count, entry.time, watermark);
        let late = self.table.newest(entered.slot) > entry.time;
        self.recent.push(entered.slot, entered.new, entry);
        self.journal.set_previous(link, entry.kind.into(), self.link(entered.slot));
        if let Some(mut content) = self.table.content(entered.slot) {
            content.raise(entry.time);
            link.write(content.data);
        }
        (entered.slot, late)
    }

    /// Keeps the failures of each account apart as well, once a family has several: so that those of one can be counted
    /// alone, and are not pushed out by those of the others. `known`: the family held some of the account before. O(1),
    /// but for an account that had the family to itself until now or whose key was given up.
    fn enter_alone(
        &mut self,
        failure: &Failure<'_>,
        entry: Entry,
        family: Slot,
        known: bool,
        watermark: Timestamp,
    ) {
        if self.options.similarity == Similarity::Exact {
            return;
        }
        let newest = self.table.newest(family);
        let accounts = self.recent.sum(family, newest.minus(self.bounds.horizon), newest).distinct[ACCOUNT];
        let own = self.alone(failure.family, failure.member);
        let held = self.table.find(own).is_some();
        let all = (Timestamp::MIN, Timestamp::MAX);
        let of = |account: u64, entry: &Entry| entry.members[ACCOUNT] == account;
        if !known && accounts == 2 {
            let mut entries = self.recent.entries(family, all.0, all.1).rev();
            let other = entries.find(|entry| !of(failure.member, entry)).map(|entry| entry.members[ACCOUNT]);
            drop(entries);
            if let Some(other) = other
                && let key = self.alone(failure.family, other)
                && self.table.find(key).is_none()
            {
                let entries = self.recent.entries(family, all.0, all.1);
                let entries: Vec<Entry> = entries.filter(|entry| of(other, entry)).copied().collect();
                self.push_alone(key, &entries, watermark);
            }
        }
        if held || !known && accounts > 1 {
            self.push_alone(own, &[entry], watermark);
        } else if accounts > 1 {
            let entries = self.recent.entries(family, all.0, all.1);
            let entries: Vec<Entry> = entries.filter(|entry| of(failure.member, entry)).copied().collect();
            self.push_alone(own, &entries, watermark);
        }
    }

    fn push_alone(&mut self, key: Fingerprint, entries: &[Entry], watermark: Timestamp) {
        for entry in entries {
            let entered = self.table.enter(key, entry.count, entry.time, watermark);
            self.recent.push(entered.slot, entered.new, *entry);
            if let Some(mut content) = self.table.content(entered.slot) {
                content.raise(entry.time);
            }
        }
    }

    /// The key of an account's own failures in a family.
    fn alone(&self, family: Fingerprint, account: u64) -> Fingerprint {
        Hasher128::new(self.salt, kind::ALONE).part(&family.to_bytes()).part(&account.to_le_bytes()).finish()
    }

    fn judge_family(&mut self, failure: &Failure<'_>, slot: Slot, source: u64, context: &mut Context<'_>) {
        let judgement = context.judgement;
        let threshold = |index, own: authsieve_engine::config::Threshold| judgement.threshold(index, own.0);
        let options = &self.options;
        let (window, slow_window) = (options.window.0, options.slow_window.0);
        let most = threshold(threshold::MAX_FAMILY, options.max_family);
        let quick = threshold(threshold::MIN_FAILURES, options.min_failures);
        let sources = threshold(threshold::SOURCES, options.source_ip_threshold);
        let slow = threshold(threshold::SLOW, options.slow_min_failures);

        let silent = [Pattern::Burst, Pattern::Distributed];
        if context.explains() {
            for (window, least) in [(window, quick), (slow_window, slow)] {
                self.why_family(failure, slot, window, least, most, context);
            }
        }
        let asked = Asked { slot, source, most };
        if let Some(counted) = self.count(failure, asked, window, quick, &silent) {
            let distributed = counted.sum.distinct[SOURCE] >= sources;
            let pattern = if distributed { Pattern::Distributed } else { Pattern::Burst };
            if self.raise(pattern, failure, slot, counted, window, context) && distributed {
                self.silence(Pattern::Burst, counted.subject, failure, window, context);
            }
        }
        if let Some(counted) = self.count(failure, asked, slow_window, slow, &[Pattern::Slow]) {
            self.raise(Pattern::Slow, failure, slot, counted, slow_window, context);
        }
    }

    fn judge_source(
        &mut self,
        failure: &Failure<'_>,
        key: Fingerprint,
        slot: Slot,
        context: &mut Context<'_>,
    ) {
        let judgement = context.judgement;
        let (time, window) = (failure.event.time, self.options.window.0);
        let from = time.minus(window);
        let sum = self.recent.sum(slot, from, time);
        let failures = judgement.threshold(threshold::MIN_FAILURES, self.options.min_failures.0);
        let families = judgement.threshold(threshold::SPRAY, self.options.spray_accounts.0);
        if context.explains() {
            self.why_source(failure, sum, failures, families, context);
        }
        if sum.count >= failures && sum.distinct[FAMILY] >= families {
            let counted = Counted { from, sum, alone: false, slot: Some(slot), subject: key };
            self.raise(Pattern::Spray, failure, slot, counted, window, context);
        }
    }

    /// The failures of a family in a window up to the event, or of the account alone where the family is too large; none
    /// if there are fewer than `least`, or if all these patterns are silent anyway. O(1) for events in time order.
    fn count(
        &mut self,
        failure: &Failure<'_>,
        asked: Asked,
        window: Span,
        least: u32,
        patterns: &[Pattern],
    ) -> Option<Counted> {
        let to = failure.event.time;
        let from = to.minus(window);
        let sum = self.recent.sum(asked.slot, from, to);
        if sum.count < least {
            return None;
        }
        if sum.distinct[ACCOUNT] <= asked.most {
            return Some(Counted {
                from,
                sum,
                alone: false,
                slot: Some(asked.slot),
                subject: failure.family,
            });
        }
        let subject = Hasher128::new(self.salt, kind::ACCOUNT).part(failure.account.as_bytes()).finish();
        if patterns.iter().all(|pattern| self.quiet.is_silent(self.quiet_key(*pattern, subject), to)) {
            return None;
        }
        // The event itself is not among the account's own yet.
        let slot = self.table.find(self.alone(failure.family, failure.member));
        let (mut sum, mut new) = (Sum::default(), true);
        if let Some(slot) = slot {
            self.recent.reach(slot, to);
            sum = self.recent.sum(slot, from, to);
            new = !self.recent.has(slot, SOURCE, asked.source, from, to);
        }
        sum.count = sum.count.saturating_add(failure.event.count);
        sum.distinct[ACCOUNT] = 1;
        sum.distinct[SOURCE] += u32::from(new && asked.source != 0);
        (sum.count >= least).then_some(Counted { from, sum, alone: true, slot, subject })
    }

    /// Raises an alert of a pattern unless it is silent, and silences it for the window. Whether it did.
    fn raise(
        &mut self,
        pattern: Pattern,
        failure: &Failure<'_>,
        slot: Slot,
        counted: Counted,
        window: Span,
        context: &mut Context<'_>,
    ) -> bool {
        let quiet = self.quiet_key(pattern, counted.subject);
        if self.quiet.is_silent(quiet, failure.event.time) {
            if context.explains() {
                self.why_silent(pattern, quiet, failure, counted, context);
            }
            return false;
        }
        if context.explains() {
            let (key, values) = (why::name(pattern, failure, counted.alone), [counted.sum.count.into()]);
            context.note(Step::Counted, &key, pattern.as_str(), "%: # failures are enough", &values);
        }
        let report = Report {
            pattern,
            failure,
            counted,
            window,
            prefixes: self.prefixes,
            recent: &self.recent,
            names: &self.names,
            journal: &self.journal,
            newest: self.link(slot),
        };
        let alert = report.alert();
        let address;
        let key = match (pattern, failure.event.src_ip) {
            (Pattern::Spray, Some(source)) => {
                address = net::octets(self.cut(source));
                &address[..]
            }
            _ if counted.alone => failure.account.as_bytes(),
            _ => failure.label.as_bytes(),
        };
        context.raise(&[key], alert);
        self.silence(pattern, counted.subject, failure, window, context);
        true
    }

    fn silence(
        &mut self,
        pattern: Pattern,
        subject: Fingerprint,
        failure: &Failure<'_>,
        window: Span,
        context: &Context<'_>,
    ) {
        let until = failure.event.time.plus(window);
        // A source may lag behind the watermark: its silences must not be over when they begin.
        let now = context.watermark.minus(self.bounds.horizon);
        self.quiet.silence(self.quiet_key(pattern, subject), until, now);
    }

    fn quiet_key(&self, pattern: Pattern, subject: Fingerprint) -> Fingerprint {
        Hasher128::new(self.salt, kind::QUIET).part(&[pattern as u8]).part(&subject.to_bytes()).finish()
    }

    fn family(&self, label: &str) -> Fingerprint {
        Hasher128::new(self.salt, kind::FAMILY).part(label.as_bytes()).finish()
    }

    fn source(&self, address: IpAddr) -> Fingerprint {
        Hasher128::new(self.salt, kind::ADDRESS).part(&net::octets(self.cut(address))).finish()
    }

    /// An address as keys see it.
    const fn cut(&self, address: IpAddr) -> IpAddr {
        net::prefix(address, self.prefixes.0, self.prefixes.1)
    }

    fn member(&self, kind: u8, bytes: &[u8]) -> u64 {
        Hasher128::new(self.salt, kind).part(bytes).finish().halves().0.max(1)
    }

    /// What names the keys: options under which other accounts would be counted together.
    fn grouping(&self) -> Fingerprint {
        let mut grouping = Vec::new();
        self.options.similarity.digest(&mut grouping);
        self.options.families.digest(&mut grouping);
        Hasher128::new(self.salt, kind::GROUPING).part(&grouping).finish()
    }

    fn link(&self, slot: Slot) -> Link {
        Link::read(self.table.data(slot))
    }
}

authsieve_abi::faces!(An1521);
