//! Summarizes the times of a file: in order, reversed, or neither.

use super::clock::Told;

/// A summary of the times of a file's records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Survey {
    ends: Option<Ends>,
    /// True if a time is earlier than a previous time.
    falls: bool,
    /// True if a time is later than a previous time.
    rises: bool,
    /// True if a year was inferred.
    inferred: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ends {
    first: i64,
    last: i64,
    least: i64,
    greatest: i64,
}

impl Survey {
    /// Adds the next time.
    pub(super) fn take(&mut self, told: Told) {
        let Told { time, inferred } = told;
        self.inferred |= inferred;
        let Some(ends) = &mut self.ends else {
            self.ends = Some(Ends { first: time, last: time, least: time, greatest: time });
            return;
        };
        self.falls |= time < ends.greatest;
        self.rises |= time > ends.least;
        *ends = Ends { last: time, least: ends.least.min(time), greatest: ends.greatest.max(time), ..*ends };
    }

    /// True if the file is read from its end, because its last event is earlier than its first.
    pub(super) fn turned(&self) -> bool {
        self.ends.is_some_and(|ends| ends.last < ends.first)
    }

    /// True if the records are in order in the direction of reading.
    pub(super) fn in_order(&self) -> bool {
        if self.turned() { !self.rises } else { !self.falls }
    }

    /// The first event in the direction of reading. `None` without events.
    pub(super) fn first(&self) -> Option<i64> {
        let turned = self.turned();
        self.ends.map(|ends| if turned { ends.last } else { ends.first })
    }

    /// The first event in the order of the file.
    pub(super) fn top(&self) -> Option<i64> {
        self.ends.map(|ends| ends.first)
    }

    /// True if a time has no year.
    pub(super) fn inferred(&self) -> bool {
        self.inferred
    }

    /// The earliest and the latest event.
    pub(super) fn range(&self) -> Option<(i64, i64)> {
        self.ends.map(|ends| (ends.least, ends.greatest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_direction_is_that_of_the_ends() {
        for (times, turned, in_order, first) in [
            (&[][..], false, true, None),
            (&[5], false, true, Some(5)),
            (&[5, 5, 6], false, true, Some(5)),
            (&[6, 5, 5], true, true, Some(5)),
            (&[5, 5], false, true, Some(5)),
            (&[5, 9, 6], false, false, Some(5)),
            (&[6, 9, 5], true, false, Some(5)),
            (&[5, 4, 5], false, false, Some(5)),
            (&[7, 5, 6, 5], true, false, Some(5)),
        ] {
            let mut survey = Survey::default();
            times.iter().for_each(|time| survey.take(Told { time: *time, inferred: false }));
            assert_eq!(
                (survey.turned(), survey.in_order(), survey.first()),
                (turned, in_order, first),
                "{times:?}"
            );
            let range = times.iter().min().copied().zip(times.iter().max().copied());
            assert_eq!((survey.range(), survey.top()), (range, times.first().copied()), "{times:?}");
        }
    }
}
