//! When an event happened, where its record leaves that open: the year that RFC 3164 leaves out, and the time of what has
//! none.

use crate::event::Event;
use crate::snapshot::{self, Reader, SnapshotError, Writer};
use crate::stamp::{Stamp, Zone};
use crate::time::Timestamp;
use crate::years::{MAX_HOSTS, Years};

/// Times that RFC 3339 can write, from year 1 to year 9999. Nobody's clock is elsewhere.
const POSSIBLE: core::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

/// Dates the events of one analytic. Its state are the years it has inferred for each host, at most
/// [`MAX_HOSTS`].
#[derive(Clone, Debug, Default)]
pub struct Dating {
    years: Years,
}

impl Dating {
    /// Sets the time of an event by what its record says. `zone` is that of stamps without one; `received` dates an event
    /// without a time, and one with an impossible time. O(log hosts).
    pub fn date(&mut self, event: &mut Event<'_>, stamp: Option<Stamp>, zone: Zone, received: Timestamp) {
        let time = match stamp {
            Some(Stamp::At(time)) => time,
            Some(Stamp::Yearless(stamp)) => self.years.resolve(event.host.as_bytes(), stamp, zone, received),
            None => received,
        };
        event.time = if POSSIBLE.contains(&time.0) { time } else { received };
    }

    /// Writes the years of all hosts.
    pub fn save(&self, out: &mut Writer) {
        out.count(self.years.len());
        for (host, last) in self.years.entries() {
            out.bytes(host);
            out.i64(last.0);
        }
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// Where the bytes are not what `save` writes.
    pub fn load(&mut self, input: &mut Reader<'_>) -> snapshot::Result<()> {
        let hosts = input.count(9)?;
        if hosts > MAX_HOSTS {
            return Err(SnapshotError::Invalid("the years of hosts"));
        }
        for _ in 0..hosts {
            let host = input.bytes()?;
            let last = Timestamp(input.i64()?);
            self.years.restore(host, last);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stamp::rfc3164;

    const RECEIVED: Timestamp = Timestamp(1_772_359_300_000_000); // 2026-03-01T10:01:40Z

    fn dated(dating: &mut Dating, stamp: Option<Stamp>) -> Timestamp {
        let mut event = Event::default();
        dating.date(&mut event, stamp, Zone::UTC, RECEIVED);
        event.time
    }

    #[test]
    fn years_survive_a_snapshot() {
        let stamp = |text: &str| rfc3164(text.as_bytes(), Zone::UTC).map(|(stamp, _)| stamp);
        let mut dating = Dating::default();
        assert_eq!(dated(&mut dating, stamp("Dec 31 23:59:59 ")).to_rfc3339(), "2025-12-31T23:59:59Z");
        let mut out = Writer::loose();
        dating.save(&mut out);
        let bytes = out.finish();
        let mut restored = Dating::default();
        let mut input = Reader::loose(&bytes).unwrap();
        restored.load(&mut input).unwrap();
        input.finish().unwrap();
        assert_eq!(dated(&mut restored, stamp("Jan  1 00:00:01 ")).to_rfc3339(), "2026-01-01T00:00:01Z");
    }

    #[test]
    fn what_cannot_be_is_taken_as_received() {
        let mut dating = Dating::default();
        for stamp in [None, Some(Stamp::At(Timestamp(i64::MAX))), Some(Stamp::At(Timestamp(i64::MIN)))] {
            assert_eq!(dated(&mut dating, stamp), RECEIVED);
        }
        assert_eq!(dated(&mut dating, Some(Stamp::At(Timestamp(7)))), Timestamp(7));
    }
}
