//! Alerts that wait for `confirm_after`: whether a login takes them back.

use authsieve_engine::alert::{Alert, Severity, Tally};
use authsieve_engine::analytic::Alerts;
use authsieve_engine::hash::Fingerprint;
use authsieve_engine::snapshot::{self, Reader, SnapshotError, Writer};
use authsieve_engine::time::Timestamp;

/// How many may wait. Of more, the one that has waited longest comes out before its time: early rather than lost.
const MOST: usize = 4096;
/// And in so many bytes.
const MOST_BYTES: usize = 16 << 20;
const WRONG: SnapshotError = SnapshotError::Invalid("an alert that waits");

/// What waits, by when it is due and, at equal times, in the order it came.
#[derive(Debug, Default)]
pub struct Waiting {
    list: Vec<One>,
    bytes: usize,
}

#[derive(Debug)]
struct One {
    due: Timestamp,
    user: Fingerprint,
    /// What tells its id from others of its time.
    name: Box<str>,
    alert: Box<Alert>,
}

impl Waiting {
    /// Lets an alert about a user wait until event time passes `due`. O(n) at worst, O(1) in order of time.
    pub fn push(
        &mut self,
        due: Timestamp,
        user: Fingerprint,
        name: &str,
        alert: Alert,
        alerts: &mut Alerts<'_>,
    ) {
        self.insert(One { due, user, name: name.into(), alert: Box::new(alert) });
        let mut over = 0;
        let mut bytes = self.bytes;
        while self.list.len() - over > MOST || bytes > MOST_BYTES {
            let Some(first) = self.list.get(over) else { break };
            bytes = bytes.saturating_sub(size(first));
            over += 1;
        }
        self.deliver(over, alerts);
    }

    fn insert(&mut self, one: One) {
        self.bytes += size(&one);
        let place = self.list.partition_point(|held| held.due <= one.due);
        self.list.insert(place, one);
    }

    /// Hands out what was due before `now`.
    pub fn passed(&mut self, now: Timestamp, alerts: &mut Alerts<'_>) {
        if self.list.first().is_some_and(|first| is_over(first.due, now)) {
            self.deliver(self.list.partition_point(|held| is_over(held.due, now)), alerts);
        }
    }

    fn deliver(&mut self, count: usize, alerts: &mut Alerts<'_>) {
        for one in self.list.drain(..count) {
            self.bytes = self.bytes.saturating_sub(size(&one));
            alerts.raise(&[one.name.as_bytes()], *one.alert);
        }
    }

    /// A login of a user at `s` takes back what was decided up to then and is not due before. Whether it took anything
    /// and has left nothing of that user. O(n).
    pub fn take_back(&mut self, user: Fingerprint, s: Timestamp) -> bool {
        let Self { list, bytes } = self;
        let (mut taken, mut left) = (false, false);
        list.retain(|one| {
            let take = one.user == user && one.alert.time <= s && s <= one.due;
            taken |= take;
            left |= one.user == user && !take;
            if take {
                *bytes = bytes.saturating_sub(size(one));
            }
            !take
        });
        taken && !left
    }

    /// The bytes it takes, about.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes what waits, in order.
    pub fn save(&self, out: &mut Writer) {
        out.count(self.list.len());
        for one in &self.list {
            out.i64(one.due.0);
            out.raw(&one.user.to_bytes());
            out.bytes(one.name.as_bytes());
            save(&one.alert, out);
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// Where the bytes are not what `save` writes.
    pub fn load(input: &mut Reader<'_>) -> snapshot::Result<Self> {
        let mut waiting = Self::default();
        for _ in 0..input.count(50)?.min(MOST) {
            let due = Timestamp(input.i64()?);
            let user = Fingerprint::from_bytes(input.array()?);
            let name = text(input)?.into();
            let mut alert = Box::default();
            load(&mut alert, input)?;
            waiting.insert(One { due, user, name, alert });
        }
        Ok(waiting)
    }
}

/// Whether event time has passed `due` at `now`; the end of an input passes everything.
fn is_over(due: Timestamp, now: Timestamp) -> bool {
    due < now || now == Timestamp::MAX
}

fn size(one: &One) -> usize {
    let alert = &*one.alert;
    let list = |list: &[String]| list.iter().map(|text| text.len() + size_of::<String>()).sum::<usize>();
    let lists = [&alert.evidence, &alert.users, &alert.src_ips, &alert.related_successes, &alert.context];
    let texts =
        [&alert.user, &alert.service, &alert.user_agent, &alert.application, &alert.device, &alert.host];
    size_of::<One>()
        + size_of::<Alert>()
        + one.name.len()
        + alert.title.len()
        + lists.iter().map(|all| list(all)).sum::<usize>()
        + texts.iter().filter_map(|text| text.as_ref()).map(String::len).sum::<usize>()
        + alert.reasons.iter().map(|tally| tally.code.len() + size_of::<Tally>()).sum::<usize>()
}

/// The parts of an alert that are its own; what all have in common is set when it comes out. In the order they are saved
/// in, to be read or, with `mut`, to be written.
macro_rules! parts {
    ($list:ident of $alert:expr $(, $mut:tt)?) => { parts!(@$list $alert, [$($mut)?]) };
    (@times $a:expr, [$($m:tt)?]) => { [&$($m)? $a.time, &$($m)? $a.first_seen, &$($m)? $a.last_seen] };
    (@words $a:expr, [$($m:tt)?]) => { [&$($m)? $a.pattern, &$($m)? $a.title] };
    (@texts $a:expr, [$($m:tt)?]) => {
        [
            &$($m)? $a.user,
            &$($m)? $a.src_ip,
            &$($m)? $a.host,
            &$($m)? $a.service,
            &$($m)? $a.user_agent,
            &$($m)? $a.application,
            &$($m)? $a.device,
        ]
    };
    (@counts $a:expr, [$($m:tt)?]) => {
        [&$($m)? $a.challenge_count, &$($m)? $a.distinct_users, &$($m)? $a.distinct_ips]
    };
    (@lists $a:expr, [$($m:tt)?]) => {
        [
            &$($m)? $a.users,
            &$($m)? $a.src_ips,
            &$($m)? $a.estimated,
            &$($m)? $a.related_successes,
            &$($m)? $a.techniques,
            &$($m)? $a.context,
            &$($m)? $a.evidence,
            &$($m)? $a.response,
        ]
    };
    (@tallies $a:expr, [$($m:tt)?]) => { [&$($m)? $a.reasons, &$($m)? $a.outcomes] };
}

fn save(alert: &Alert, out: &mut Writer) {
    out.u8(alert.severity as u8);
    for time in parts!(times of alert) {
        out.i64(time.0);
    }
    for text in parts!(words of alert) {
        out.bytes(text.as_bytes());
    }
    for text in parts!(texts of alert) {
        out.u8(u8::from(text.is_some()));
        out.bytes(text.as_deref().unwrap_or_default().as_bytes());
    }
    for count in parts!(counts of alert) {
        out.varint(count.map_or(0, |count| u64::from(count) + 1));
    }
    for list in parts!(lists of alert) {
        out.count(list.len());
        list.iter().for_each(|text| out.bytes(text.as_bytes()));
    }
    for list in parts!(tallies of alert) {
        out.count(list.len());
        for tally in list {
            out.bytes(tally.code.as_bytes());
            out.varint(tally.count.into());
        }
    }
}

fn load(alert: &mut Alert, input: &mut Reader<'_>) -> snapshot::Result<()> {
    alert.severity = *Severity::ALL.get(usize::from(input.u8()?)).ok_or(WRONG)?;
    for time in parts!(times of alert, mut) {
        *time = Timestamp(input.i64()?);
    }
    for word in parts!(words of alert, mut) {
        *word = text(input)?;
    }
    for place in parts!(texts of alert, mut) {
        let there = input.u8()? != 0;
        *place = Some(text(input)?).filter(|_| there);
    }
    for count in parts!(counts of alert, mut) {
        *count = match input.varint()? {
            0 => None,
            more => Some(u32::try_from(more - 1).map_err(|_| WRONG)?),
        };
    }
    for list in parts!(lists of alert, mut) {
        for _ in 0..input.count(1)? {
            list.push(text(input)?);
        }
    }
    for list in parts!(tallies of alert, mut) {
        for _ in 0..input.count(2)? {
            let code = text(input)?;
            let count = u32::try_from(input.varint()?).map_err(|_| WRONG)?;
            list.push(Tally { code, count });
        }
    }
    Ok(())
}

#[inline(never)]
fn text(input: &mut Reader<'_>) -> snapshot::Result<String> {
    core::str::from_utf8(input.bytes()?).map(String::from).map_err(|_| WRONG)
}
