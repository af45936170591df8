//! Cuts text into records of one line.

use crate::sink::Sink;

/// One record a line: the state of the line that has begun.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// The number of its bytes that were searched.
    seen: usize,
    /// The number of its bytes that were dropped because the line is too long.
    skipped: u64,
}

/// A whole line in a window, without its newline.
pub(crate) struct Line<'w> {
    pub(crate) at: usize,
    pub(crate) bytes: &'w [u8],
}

/// The outcome of the search for the end of a line.
pub(crate) enum Step<'w> {
    /// A whole line.
    Line(Line<'w>),
    /// A line that is too long was skipped and reported. The next one begins.
    Skipped,
    /// More bytes are needed.
    More,
}

impl Lines {
    pub(crate) fn frame(&mut self, window: &[u8], ended: bool, sink: &mut Sink<'_>) -> usize {
        let mut done = 0;
        while let Some(line) = self.next(window, &mut done, ended, sink) {
            sink.record(window, line.at, |record| record.put(line.bytes));
        }
        done
    }

    /// Finds the next line after `done`, and moves `done` after it. Lines that are too long are skipped and reported.
    pub(crate) fn next<'w>(
        &mut self,
        window: &'w [u8],
        done: &mut usize,
        ended: bool,
        sink: &mut Sink<'_>,
    ) -> Option<Line<'w>> {
        loop {
            match self.step(window, done, ended, sink) {
                Step::Line(line) => return Some(line),
                Step::Skipped => {}
                Step::More => return None,
            }
        }
    }

    /// The same, one line at a time.
    pub(crate) fn step<'w>(
        &mut self,
        window: &'w [u8],
        done: &mut usize,
        ended: bool,
        sink: &mut Sink<'_>,
    ) -> Step<'w> {
        let at = *done;
        let rest = window.get(at..).unwrap_or_default();
        let newline = memchr::memchr(b'\n', rest.get(self.seen..).unwrap_or_default());
        let end = match newline {
            Some(newline) => self.seen + newline,
            None if ended && (!rest.is_empty() || self.skipped > 0) => rest.len(),
            None => {
                self.seen = rest.len();
                if rest.len() > sink.max_record() || self.skipped > 0 {
                    self.skipped += rest.len() as u64;
                    self.seen = 0;
                    *done = window.len();
                }
                return Step::More;
            }
        };
        self.seen = 0;
        *done = (at + end + 1).min(window.len());
        let length = std::mem::take(&mut self.skipped) + end as u64;
        if length <= sink.max_record() as u64 {
            return Step::Line(Line { at, bytes: rest.get(..end).unwrap_or_default() });
        }
        sink.oversized(window, at, length);
        Step::Skipped
    }

    /// True at the beginning of a line, that is, not within a line that is too long.
    pub(crate) const fn is_at_start(&self) -> bool {
        self.skipped == 0
    }
}
