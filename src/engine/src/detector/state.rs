//! Writes and reads the state of a detector as sections of a snapshot.
//!
//! Each analytic writes its own sections under its id. Sections begin with version 3. A snapshot of version 0.1 holds
//! the whole state as one body of version 2; [`load_of_0_1`] reads it.

use super::judge::{Judge, Judging};
use super::repeats::LastLine;
use crate::analytic::{Analytic, Ordinals, Telemetry};
use crate::shapes::linux::attempts::{self, Attempts};
use crate::snapshot::{Reader, Result, Snapshot, SnapshotError, Writer};
use crate::time::Timestamp;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The version of all sections, except the analytic's own.
const VERSION: u16 = 3;
/// The version of the body that version 0.1 wrote.
const VERSION_0_1: u16 = 2;

const SALT: &str = "salt";
const YEARS: &str = "years";
const DELIVERIES: &str = "deliveries";
const ATTEMPTS: &str = "attempts";
const REORDER: &str = "reorder";
const ORDINALS: &str = "ordinals";
const CLOCK: &str = "clock";
const WINDOWS: &str = "windows";
const FOLLOW_UPS: &str = "follow-ups";
const ACCOUNTS: &str = "accounts";
const LAST_LINE: &str = "last-line";

/// The note for keys that cannot be matched any more.
const SALT_CHANGED: &str =
    "salt: it has changed, so no key of the snapshot can be known again; all were dropped";

/// The note for sources that cannot be matched any more.
const PREFIXES_CHANGED: &str =
    "accounts: ipv4_prefix or ipv6_prefix has changed, so the sources of accounts were dropped";

/// Reads a snapshot into new judges. Returns notes on the state that was dropped.
///
/// # Errors
/// Fails if the snapshot is invalid or holds nothing of these analytics.
pub fn load(judges: &mut [Box<dyn Judging>], seed: u64, snapshot: &[u8]) -> Result<(Vec<String>, LastLine)> {
    let snapshot = Snapshot::open(snapshot)?;
    let (owners, mut notes) = (snapshot.owners(), Vec::new());
    if !owners.is_empty() && judges.iter().all(|judge| owners.iter().all(|owner| owner != judge.id())) {
        return Err(SnapshotError::Foreign(owners.join(", ")));
    }
    let several = judges.len() > 1;
    for judge in judges.iter_mut() {
        let id = judge.id();
        if owners.iter().any(|owner| owner == id) {
            let own = judge.load(seed, &snapshot)?;
            notes.extend(own.into_iter().map(|note| if several { format!("{id}: {note}") } else { note }));
        } else {
            notes.push(format!("{id}: the snapshot holds nothing of it, so it starts with empty windows"));
        }
    }
    for owner in owners.iter().filter(|owner| judges.iter().all(|judge| judge.id() != owner.as_str())) {
        notes.push(format!("{owner}: it does not run here, so its state was dropped"));
    }
    let mut section = judges.iter().find_map(|judge| snapshot.section(judge.id(), LAST_LINE));
    let known = section.as_mut().filter(|input| input.version() <= VERSION);
    let last = known.map_or_else(|| Ok(LastLine::default()), LastLine::load)?;
    Ok((notes, last))
}

/// Writes the state of all judges. The last line goes with the first judge that reads Linux, since only Linux lines
/// are repeated.
pub fn save_all(judges: &[Box<dyn Judging>], last: &LastLine, out: &mut Writer) {
    let mut last = Some(last);
    for judge in judges {
        judge.save(out);
        if judge.reader().telemetry.has(Telemetry::LINUX)
            && let Some(last) = last.take()
        {
            out.section(judge.id(), LAST_LINE, VERSION, |out| last.save(out));
        }
    }
}

/// Writes the state of one analytic.
pub fn save<A: Analytic>(judge: &Judge<A>, out: &mut Writer) {
    let id = A::ABOUT.id;
    out.section(id, SALT, VERSION, |out| out.bytes(judge.config.common.salt.as_bytes()));
    out.section(id, YEARS, VERSION, |out| judge.dating.save(out));
    out.section(id, DELIVERIES, VERSION, |out| judge.deliveries.save(out));
    if Judge::<A>::JOINS {
        out.section(id, ATTEMPTS, attempts::STATE_VERSION, |out| judge.attempts.save(out));
    }
    out.section(id, REORDER, VERSION, |out| judge.reorder.save(out));
    out.section(id, ORDINALS, VERSION, |out| judge.ordinals.save(out));
    if !judge.follow_ups.is_empty() {
        out.section(id, FOLLOW_UPS, VERSION, |out| judge.follow_ups.save(out));
    }
    if !judge.accounts.is_empty() {
        out.section(id, ACCOUNTS, VERSION, |out| judge.accounts.save(out));
    }
    out.section(id, CLOCK, VERSION, |out| {
        out.i64(judge.watermark.0);
        out.i64(judge.judged.0);
    });
    out.section(id, WINDOWS, A::STATE_VERSION, |out| judge.analytic.save(out));
}

/// Reads the state of one analytic into a new judge.
///
/// # Errors
/// Fails if [`save`] did not write these bytes.
pub fn load_judge<A: Analytic>(
    judge: &mut Judge<A>,
    seed: u64,
    snapshot: &Snapshot<'_>,
) -> Result<Vec<String>> {
    if let Some(body) = snapshot.of_0_1(A::ABOUT.id) {
        return load_of_0_1(judge, seed, body);
    }
    let mut parts = Parts { id: A::ABOUT.id, snapshot, notes: Vec::new() };
    parts.read(YEARS, VERSION, |input| judge.dating.load(input))?;
    parts.read(DELIVERIES, VERSION, |input| judge.deliveries.load(input))?;
    parts.read(REORDER, VERSION, |input| judge.reorder.load(input))?;
    if let Some(ordinals) = parts.read(ORDINALS, VERSION, Ordinals::load)? {
        judge.ordinals = ordinals;
    }
    let clock = |input: &mut Reader<'_>| Ok((Timestamp(input.i64()?), Timestamp(input.i64()?)));
    if let Some((watermark, judged)) = parts.read(CLOCK, VERSION, clock)? {
        (judge.watermark, judge.judged) = (watermark, judged);
    }
    // Most snapshots have no follow-ups.
    if snapshot.section(A::ABOUT.id, FOLLOW_UPS).is_some() {
        parts.read(FOLLOW_UPS, VERSION, |input| judge.follow_ups.load(input))?;
    }
    let common = &judge.config.common;
    let same_salt = |input: &mut Reader<'_>| Ok(input.bytes()? == common.salt.as_bytes());
    match parts.read(SALT, VERSION, same_salt)? {
        Some(true) => {}
        same => {
            if same == Some(false) {
                parts.notes.push(SALT_CHANGED.into());
            }
            return Ok(parts.notes);
        }
    }
    if Judge::<A>::JOINS {
        let salt = common.salt();
        let load = |input: &mut Reader<'_>| Attempts::load(salt, seed, input);
        if let Some(attempts) = parts.read(ATTEMPTS, attempts::STATE_VERSION, load)? {
            judge.attempts = attempts;
        }
    }
    // Snapshots of earlier versions have no accounts.
    if snapshot.section(A::ABOUT.id, ACCOUNTS).is_some()
        && parts.read(ACCOUNTS, VERSION, |input| judge.accounts.load(input))? == Some(false)
    {
        parts.notes.push(PREFIXES_CHANGED.into());
    }
    let windows = parts.read(WINDOWS, A::STATE_VERSION, |input| judge.analytic.load(input))?;
    parts.notes.extend(windows.into_iter().flatten());
    Ok(parts.notes)
}

/// The sections of one analytic while they are read.
struct Parts<'s> {
    id: &'static str,
    snapshot: &'s Snapshot<'s>,
    notes: Vec<String>,
}

impl Parts<'_> {
    /// Reads one section. Skips a section that is missing, or newer than `known`, with a note.
    fn read<T>(
        &mut self,
        name: &str,
        known: u16,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let Some(mut input) = self.snapshot.section(self.id, name) else {
            self.notes.push(format!("{name}: missing in the snapshot"));
            return Ok(None);
        };
        let found = input.version();
        if found > known {
            self.notes.push(format!("{name}: version {found} is newer than {known}, so it was dropped"));
            return Ok(None);
        }
        let value = read(&mut input)?;
        input.finish()?;
        Ok(Some(value))
    }
}

/// Reads the body of a version 0.1 snapshot.
fn load_of_0_1<A: Analytic>(judge: &mut Judge<A>, seed: u64, mut input: Reader<'_>) -> Result<Vec<String>> {
    let found = input.version();
    if found > VERSION_0_1 {
        return Err(SnapshotError::Newer { found, known: VERSION_0_1 });
    }
    if found < VERSION_0_1 {
        return Err(SnapshotError::Older { found, known: VERSION_0_1 });
    }
    judge.dating.load(&mut input)?;
    let salt = &judge.config.common.salt;
    let same_salt = input.bytes()? == salt.as_bytes();
    judge.deliveries.load(&mut input)?;
    let salt = judge.config.common.salt();
    if Judge::<A>::JOINS {
        let attempts = Attempts::load(salt, seed, &mut input)?;
        if same_salt {
            judge.attempts = attempts;
        }
    }
    judge.reorder.load(&mut input)?;
    judge.ordinals = Ordinals::load(&mut input)?;
    judge.watermark = Timestamp(input.i64()?);
    judge.judged = Timestamp(input.i64()?);
    if !same_salt {
        return Ok(alloc::vec![SALT_CHANGED.into()]);
    }
    let notes = judge.analytic.load(&mut input)?;
    input.finish()?;
    Ok(notes)
}
