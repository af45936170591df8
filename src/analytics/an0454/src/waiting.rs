//! Alerts that wait for `confirm_after`: a login may take them back.

mod of_0_1;

use authsieve_engine::alert::Alert;
use authsieve_engine::analytic::Alerts;
use authsieve_engine::hash::Fingerprint;
use authsieve_engine::snapshot::fields::Saved;
use authsieve_engine::snapshot::{self, Reader, Writer};
use authsieve_engine::state::{Loading, Piece};
use authsieve_engine::time::Timestamp;

/// The most alerts that wait. Beyond it, the one that has waited longest comes out early, so none is lost.
const MOST: usize = 4096;
/// The most bytes of waiting alerts.
const MOST_BYTES: usize = 16 << 20;

/// The waiting alerts, in the order in which they are due. Alerts due at the same time stay in the order of arrival.
#[derive(Debug, Default)]
pub struct Waiting {
    list: Vec<One>,
    bytes: usize,
}

#[derive(Debug)]
struct One {
    due: Timestamp,
    user: Fingerprint,
    /// The part of the alert's id that differs from other alerts of its time.
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

    /// Raises the alerts that were due before `now`.
    pub fn passed(&mut self, now: Timestamp, alerts: &mut Alerts<'_>) {
        if self.list.first().is_some_and(|first| is_over(first.due, now)) {
            self.deliver(self.list.partition_point(|held| is_over(held.due, now)), alerts);
        }
    }

    fn deliver(&mut self, count: usize, alerts: &mut Alerts<'_>) {
        for one in self.list.drain(..count) {
            self.bytes = self.bytes.saturating_sub(size(&one));
            alerts.confirm(&[one.name.as_bytes()], one.user, *one.alert);
        }
    }

    /// Takes back alerts for a login of a user at `s`: those decided at or before `s` and not due before `s`. Returns
    /// true if it took at least one back and no other of that user waits. O(n).
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

    /// The approximate bytes of memory in use.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Piece for Waiting {
    /// An alert that was decided comes out, even if keys are made differently now.
    const KEYLESS: bool = true;

    fn save(&self, out: &mut Writer) {
        out.count(self.list.len());
        for one in &self.list {
            out.i64(one.due.0);
            out.raw(&one.user.to_bytes());
            out.bytes(one.name.as_bytes());
            one.alert.save(out);
        }
    }

    fn load(&self, input: &mut Reader<'_>, _: &mut Loading) -> snapshot::Result<Self> {
        let mut waiting = Self::default();
        for _ in 0..input.count(50)?.min(MOST) {
            let due = Timestamp(input.i64()?);
            let user = Fingerprint::from_bytes(input.array()?);
            let name = text(input)?.into();
            let alert = if input.version() == 2 { of_0_1::load(input)? } else { load(input)? };
            waiting.insert(One { due, user, name, alert: Box::new(alert) });
        }
        Ok(waiting)
    }
}

/// True if event time has passed `due` at `now`. At the end of an input, every alert is due.
fn is_over(due: Timestamp, now: Timestamp) -> bool {
    due < now || now == Timestamp::MAX
}

fn size(one: &One) -> usize {
    size_of::<One>() + size_of::<Alert>() + one.name.len() + one.alert.beside()
}

fn load(input: &mut Reader<'_>) -> snapshot::Result<Alert> {
    Saved::load(input)
}

fn text(input: &mut Reader<'_>) -> snapshot::Result<String> {
    Saved::load(input)
}
