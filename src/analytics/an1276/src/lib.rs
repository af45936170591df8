//! AN1276, Linux: authentication failures, then a success from the same source or user (MITRE ATT&CK T1110).
//!
//! **Rule R**, for a key k: a success at s alerts iff there is a failure f of k, f ≤ s ≤ f + `success_within`, such that
//! at least `min_failures` failures of k lie in [f − `window`, f].
//!
//! Keys are (user, source), the source alone, and, if asked for, the user alone. One success raises at most one
//! alert: its pattern is the most specific that matched, and it lists all that did.
//!
//! An alert consumes the failures of the (user, source) and user keys that matched. Those of the source are never
//! consumed, since an attacker's login to an account of his own must not cover the victim's; instead the source stays
//! quiet about the same user for `success_within` after any alert about the two.
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
//! **To evade it**, stay below `min_failures` in any `window` from each source, or wait longer than `success_within`
//! before using the password that was found.

mod options;
mod report;
#[cfg(test)]
mod tests;

pub use options::{Correlate, LoginSource, Options};

use authsieve_engine::analytic::{About, Analytic, Context, Held, Telemetry};
use authsieve_engine::config::Config;
use authsieve_engine::event::{Event, Origin, Outcome};
use authsieve_engine::hash::{Fingerprint, Hasher128, Salt};
use authsieve_engine::net;
use authsieve_engine::snapshot::{self, Reader, Writer};
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::window::failures::{Failures, Layout};
use authsieve_engine::window::journal::{Entry, Journal, Link};
use authsieve_engine::window::silence::Silences;
use authsieve_engine::window::table::{Bounds, Content, Convert, Slot, Table};
use report::{FAILED, Report, TAKEN_BACK};

/// The kinds of keys, from the most specific: also the order of a journal entry's links.
const KINDS: [Correlate; 3] = [Correlate::UserIp, Correlate::Ip, Correlate::User];
/// The kind of the keys of silences.
const QUIET: u8 = 3;
/// A table that could grow beyond this is refused: a 32-bit module has no more than 4 GiB.
const MOST_TABLE_BYTES: u64 = 2 << 30;

/// The analytic. See the crate's documentation.
pub struct An1276 {
    options: Options,
    prefixes: (u8, u8),
    salt: Salt,
    layout: Layout,
    bounds: Bounds,
    pool_bytes: usize,
    seed: u64,
    table: Table,
    quiet: Silences,
    journal: Journal,
    late: u64,
}

/// The keys of an event, one for each of [`KINDS`] that applies.
type Keys = [Option<Fingerprint>; 3];

/// A key for which rule R holds.
#[derive(Clone, Copy)]
struct Match {
    kind: usize,
    slot: Slot,
    /// The newest failure that completed the count.
    completed: Timestamp,
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
            "ECS event.category: authentication",
            "OCSF Authentication (3002)",
        ],
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

    const TELEMETRY: Telemetry = Telemetry::LINUX.and(Telemetry::NORMALISED);

    fn new(config: &Config<Options>, seed: u64) -> Result<Self, String> {
        let (options, common) = (config.options.clone(), &config.common);
        if options.correlate.is_empty() {
            return Err("correlate = []: expected at least one of \"user+ip\", \"ip\", \"user\"".into());
        }
        let mut thresholds = vec![options.min_failures.0];
        thresholds.extend(config.overrides.thresholds(0));
        let layout = Layout::new(&thresholds, options.window.0, options.success_within.0);
        let data = layout.bytes() + Link::BYTES;
        let largest = u64::from(common.max_keys.0) * (data as u64 + 48);
        if largest > MOST_TABLE_BYTES {
            return Err(format!(
                "max_keys = {}: expected at most {} with a min_failures of {}, so that the table stays below 2 GiB",
                common.max_keys.0,
                MOST_TABLE_BYTES / (data as u64 + 48),
                thresholds.iter().max().copied().unwrap_or_default(),
            ));
        }
        let bounds = Bounds {
            max_keys: common.max_keys.0 as usize,
            data,
            window: options.window.0,
            horizon: layout.horizon(),
            weight_cap: layout.thresholds().first().copied().unwrap_or(1),
            sketch_bytes: common.sketch_bytes.0 as usize,
        };
        Ok(Self {
            options,
            prefixes: (common.ipv4_prefix.0, common.ipv6_prefix.0),
            salt: common.salt(),
            table: Table::new(bounds, seed),
            quiet: Silences::new(Silences::DEFAULT),
            journal: Journal::new(common.pool_bytes.0 as usize),
            layout,
            bounds,
            pool_bytes: common.pool_bytes.0 as usize,
            seed,
            late: 0,
        })
    }

    fn horizon(&self) -> Span {
        self.layout.horizon()
    }

    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        if !self.looks_at(event) {
            return;
        }
        let keys = self.keys(event);
        match event.outcome {
            Outcome::Failure => self.failure(event, keys, context),
            Outcome::Success => self.success(event, keys, context),
            _ => {}
        }
    }

    fn take_back(&mut self, event: &Event<'_>) {
        if !self.looks_at(event) {
            return;
        }
        let link = self.write(event, TAKEN_BACK, &[]);
        for (number, key) in self.keys(event).into_iter().enumerate() {
            let Some(slot) = key.and_then(|key| self.table.find(key)) else { continue };
            self.chain(slot, number, link);
            if let Some(mut failures) = view(&self.layout, &mut self.table, slot) {
                failures.retract(event.time, event.count);
            }
        }
    }

    fn held(&self) -> Held {
        Held {
            keys: self.table.len() as u64,
            evicted: self.table.evicted(),
            late: self.late,
            bytes: (self.table.bytes() + self.quiet.bytes() + self.journal.bytes()) as u64,
        }
    }

    fn save(&self, out: &mut Writer) {
        out.u8(self.prefixes.0);
        out.u8(self.prefixes.1);
        self.layout.save(out);
        self.quiet.save(out);
        self.journal.save(out);
        self.table.save(out);
    }

    fn load(&mut self, input: &mut Reader<'_>) -> snapshot::Result<Vec<String>> {
        let mut notes = Vec::new();
        let prefixes = (input.u8()?, input.u8()?);
        let before = Layout::load(input)?;
        let (quiet, _) = Silences::load(input, Silences::DEFAULT)?;
        let (journal, cut) = Journal::load(input, self.pool_bytes)?;
        let layout = &self.layout;
        let mut convert = |old: &[u8], content: Content<'_>| move_key(&before, old, layout, content);
        let convert: Option<Convert<'_>> = if before == *layout { None } else { Some(&mut convert) };
        let (table, loaded) = Table::load(input, self.bounds, self.seed, convert)?;
        if prefixes != self.prefixes {
            notes.push("ipv4_prefix or ipv6_prefix: changed, so the keys of the snapshot mean nothing here; all were dropped".into());
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
        (self.table, self.quiet, self.journal) = (table, quiet, journal);
        Ok(notes)
    }
}

impl An1276 {
    fn looks_at(&self, event: &Event<'_>) -> bool {
        matches!(
            (self.options.login_source, event.origin),
            (LoginSource::Any, _)
                | (LoginSource::Remote, Origin::Remote)
                | (LoginSource::Local, Origin::Local)
        )
    }

    /// The source as keys see it: a cut address, or host and terminal of a local login.
    fn source(&self, event: &Event<'_>) -> Option<Hasher128> {
        let hash = |kind: Correlate| Hasher128::new(self.salt, kind as u8);
        let source = hash(Correlate::Ip);
        match (event.origin, event.src_ip) {
            (_, Some(address)) => {
                let (v4, v6) = self.prefixes;
                Some(source.part(&net::octets(net::prefix(address, v4, v6))))
            }
            (Origin::Local, None) => Some(source.part(event.host.as_bytes()).part(event.tty.as_bytes())),
            (Origin::Remote, None) => (!self.options.require_ip).then(|| source.part(b"")),
        }
    }

    fn keys(&self, event: &Event<'_>) -> Keys {
        let source = self.source(event).map(|hash| hash.finish());
        let named = !event.user.is_empty();
        KINDS.map(|kind| {
            let user = || Hasher128::new(self.salt, kind as u8).part(event.user.as_bytes());
            match kind {
                _ if !self.options.correlate.contains(&kind) => None,
                Correlate::Ip => source,
                Correlate::UserIp => {
                    source.filter(|_| named).map(|source| user().part(&source.to_bytes()).finish())
                }
                Correlate::User => named.then(|| user().finish()),
            }
        })
    }

    fn failure(&mut self, event: &Event<'_>, keys: Keys, context: &Context<'_>) {
        let link = self.write(event, FAILED, context.record);
        let mut late = false;
        for (number, key) in keys.into_iter().enumerate() {
            let Some(key) = key else { continue };
            let slot = self.table.enter(key, event.count, event.time, context.watermark).slot;
            self.chain(slot, number, link);
            if let Some(mut failures) = view(&self.layout, &mut self.table, slot) {
                late |= failures.push(event.time, event.count);
            }
        }
        self.late += u64::from(late);
    }

    /// Writes an event into the journal, for its keys to point to.
    fn write(&mut self, event: &Event<'_>, kind: u8, record: &[u8]) -> Link {
        self.journal.append(&Entry {
            time: event.time,
            kind,
            count: event.count,
            address: event.src_ip.map(net::octets),
            user: event.user.as_bytes(),
            host: event.host.as_bytes(),
            code: report::code(event).as_bytes(),
            record,
            previous: Default::default(),
        })
    }

    /// Makes an entry of the journal the newest of a key.
    fn chain(&mut self, slot: Slot, number: usize, link: Link) {
        self.journal.set_previous(link, number, self.link(slot));
        self.set_link(slot, link);
    }

    fn set_link(&mut self, slot: Slot, link: Link) {
        let at = self.layout.bytes();
        if let Some(content) = self.table.content(slot) {
            link.write(content.data.get_mut(at..).unwrap_or_default());
        }
    }

    fn success(&mut self, event: &Event<'_>, keys: Keys, context: &mut Context<'_>) {
        if !self.options.success_methods.iter().any(|method| method.matches(&event.method, true)) {
            return;
        }
        let threshold = context.judgement.threshold(0, self.options.min_failures.0);
        let Ok(threshold) = self.layout.thresholds().binary_search(&threshold) else { return };
        let quiet = self.source(event).map(|source| {
            let source = source.finish();
            Hasher128::new(self.salt, QUIET).part(&source.to_bytes()).part(event.user.as_bytes()).finish()
        });
        let mut matched: [Option<Match>; 3] = [None; 3];
        let mut late = false;
        for (kind, (key, place)) in keys.iter().zip(&mut matched).enumerate() {
            let Some(slot) = key.and_then(|key| self.table.find(key)) else { continue };
            late |= self.table.newest(slot) > event.time;
            let silent = KINDS[kind] == Correlate::Ip
                && quiet.is_some_and(|key| self.quiet.is_silent(key, event.time));
            if silent {
                continue;
            }
            let Some(failures) = view(&self.layout, &mut self.table, slot) else { continue };
            *place =
                failures.qualifying(event.time, threshold).map(|completed| Match { kind, slot, completed });
        }
        self.late += u64::from(late);
        let Some(most_specific) = matched.iter().flatten().next().copied() else { return };

        let report = Report {
            event,
            record: context.record,
            pattern: KINDS[most_specific.kind],
            matched: matched.iter().flatten().map(|m| KINDS[m.kind]).collect(),
            from: most_specific.completed.minus(self.options.window.0),
            completed: most_specific.completed,
            counted: self.count(most_specific, event.time),
            most: self.layout.held(),
            journal: &self.journal,
            newest: self.link(most_specific.slot),
            link: most_specific.kind,
            prefixes: self.prefixes,
        };
        let address = event.src_ip.map(net::octets);
        let parts: [&[u8]; 4] = [
            event.user.as_bytes(),
            address.as_ref().map_or(&[], |a| a),
            event.host.as_bytes(),
            event.tty.as_bytes(),
        ];
        // Host and terminal stand for an address that is not there.
        let parts = if address.is_some() { &parts[..2] } else { &parts[..] };
        context.raise(parts, report.alert());

        for m in matched.iter().flatten().filter(|m| KINDS[m.kind] != Correlate::Ip) {
            if let Some(mut failures) = view(&self.layout, &mut self.table, m.slot) {
                failures.consume(event.time);
            }
            // What was consumed is told no more.
            self.set_link(m.slot, Link::NONE);
        }
        if let Some(key) = quiet {
            let until = event.time.plus(self.options.success_within.0);
            self.quiet.silence(key, until, context.watermark);
        }
    }

    /// How many of the failures held count for a match: all of them, up to the greatest threshold and a few.
    fn count(&mut self, m: Match, to: Timestamp) -> usize {
        let from = m.completed.minus(self.options.window.0);
        view(&self.layout, &mut self.table, m.slot).map_or(0, |failures| failures.count_in(from, to))
    }

    fn link(&self, slot: Slot) -> Link {
        Link::read(self.table.data(slot).get(self.layout.bytes()..).unwrap_or_default())
    }
}

fn view<'t>(layout: &'t Layout, table: &'t mut Table, slot: Slot) -> Option<Failures<'t>> {
    table.content(slot).map(|content| Failures::new(layout, content))
}

/// Moves a key to another layout: its failures are judged anew, its link stays.
fn move_key(before: &Layout, old: &[u8], layout: &Layout, content: Content<'_>) {
    if let (Some(to), Some(link)) = (content.data.get_mut(layout.bytes()..), old.get(before.bytes()..)) {
        Link::read(link).write(to);
    }
    let (mut newest, mut data) = (content.newest().0.to_le_bytes(), old.to_vec());
    let old = Failures::new(before, Content::new(&mut newest, &mut data));
    Failures::new(layout, content).adopt(&old);
}

authsieve_abi::faces!(An1276);
