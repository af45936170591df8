//! Reads stored logs and pipes as one stream of records.
//!
//! Stored files are read in the order of time, whatever the order of the command line and the direction of each file.
//! Each file is first read once for its times ([`survey`](super::survey)). Files that overlap with no other are then
//! read as they are, and overlapping files are merged ([`merge`](super::merge)). A pipe is read as it comes, between
//! the files before and after it.

use super::clock::Clock;
use super::failing::Tally;
use super::input::Input;
use super::merge::Merge;
#[cfg(not(target_family = "wasm"))]
use super::now;
use super::open::{Manner, Open, Reopen, Written};
use super::overview::{Arranged, Overview};
use super::stored::{Spool, Stored};
use super::survey::Survey;
use super::walk::{Found, Walk};
use super::{Batch, Source};
use authsieve_framing::{Format, MAX_RECORD};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of bytes that are sorted in memory.
const IN_MEMORY: usize = 256 << 20;

/// A source of several inputs.
pub struct Files {
    inputs: Vec<Input>,
    manner: Manner,
    /// Finds the times of records.
    clock: Option<Clock>,
    /// True if stored files are read in the order of time.
    by_time: bool,
    size: Option<u64>,
    read: Arc<AtomicU64>,
    walk: Option<Walk>,
    current: Option<Current>,
    /// Findings that are reported before anything else is read.
    told: VecDeque<Batch>,
    /// The groups of files to read next. The files of a group overlap.
    groups: VecDeque<Vec<Stored>>,
    tally: Tally,
    overview: Overview,
}

/// The present input.
enum Current {
    /// A file that was not read before, and the time of its last change.
    New(Box<Open>, Option<i64>),
    File(Box<Open>),
    Several(Box<Merge>),
}

impl Files {
    /// Reads these inputs in the given order, and all files of those that are folders. Records longer than 16 MiB are
    /// skipped.
    #[cfg(not(target_family = "wasm"))]
    #[must_use]
    pub fn new(inputs: Vec<Input>) -> Self {
        Self::begun(inputs, now())
    }

    /// Like [`new`](Self::new), for hosts with their own clock. `began` is the start of the run, in microseconds since
    /// 1970.
    #[must_use]
    pub fn begun(inputs: Vec<Input>, began: i64) -> Self {
        let inputs: Vec<Input> = inputs.into_iter().flat_map(Input::expanded).collect();
        let manner = Manner {
            received: began,
            began,
            written: Written::Modified,
            format: None,
            max_record: MAX_RECORD,
            leave_dates: false,
            memory: IN_MEMORY,
        };
        Self {
            size: inputs.iter().map(Input::size).sum(),
            inputs,
            manner,
            clock: None,
            by_time: false,
            read: Arc::default(),
            walk: None,
            current: None,
            told: VecDeque::new(),
            groups: VecDeque::new(),
            tally: Tally::new(),
            overview: Overview::default(),
        }
    }

    /// Sets the time of receipt of all records, in microseconds since 1970. The default is the start of the run.
    #[must_use]
    pub fn received(mut self, received: Option<i64>) -> Self {
        self.manner.received = received.unwrap_or(self.manner.began);
        self
    }

    /// Sets when all records were last written, whatever the files say.
    #[must_use]
    pub fn written(mut self, written: Written) -> Self {
        self.manner.written = written;
        self
    }

    /// Sets the format of all inputs. By default the first bytes of each input decide.
    #[must_use]
    pub fn format(mut self, format: Option<Format>) -> Self {
        self.manner.format = format;
        self
    }

    /// Leaves dates of numbers as they are, because the configuration sets the order of day and month.
    #[must_use]
    pub fn leave_dates(mut self, leave_dates: bool) -> Self {
        self.manner.leave_dates = leave_dates;
        self
    }

    /// Sets the longest record in bytes. Longer ones are skipped.
    #[must_use]
    pub fn max_record(mut self, max_record: usize) -> Self {
        self.manner.max_record = max_record;
        self
    }

    /// Sets the number of bytes to sort in memory. More are sorted on disk. The default is 256 MiB.
    #[must_use]
    pub fn memory(mut self, bytes: usize) -> Self {
        self.manner.memory = bytes;
        self
    }

    /// Sets the clock, which fills the [`overview`](Self::overview). With `by_time`, stored files are read in the order
    /// of time, else in the given order.
    #[must_use]
    pub fn clock(self, clock: Clock, by_time: bool) -> Self {
        Self { clock: Some(clock), by_time, ..self }
    }

    /// The progress of reading.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress { size: self.size, read: Arc::clone(&self.read) }
    }

    /// The findings so far.
    #[must_use]
    pub fn overview(&self) -> Overview {
        self.overview.clone()
    }

    fn walk(&mut self) -> &mut Walk {
        let Self { walk, inputs, read, .. } = self;
        walk.get_or_insert_with(|| Walk::new(std::mem::take(inputs), Arc::clone(read)))
    }

    /// Finds the next input to read. Returns `false` at the end.
    fn advance(&mut self) -> bool {
        if let Some(group) = self.groups.pop_front() {
            self.start(&group);
            return true;
        }
        if self.by_time && self.walk().is_stored() {
            self.gather();
            if !self.told.is_empty() || !self.groups.is_empty() {
                return true;
            }
        }
        match self.walk().next() {
            None => false,
            Some(Ok(found)) => {
                let written = found.written;
                let again = found.again.clone();
                let again = again.map(|input| Box::new(move || input.opened(&Arc::default())) as Reopen);
                let open = Box::new(Open::new(found, again, &self.manner));
                self.current = Some(Current::New(open, written));
                true
            }
            Some(Err((name, error))) => {
                self.told.push_back(self.manner.unreadable(name, error));
                true
            }
        }
    }

    /// Reads the stored files before the next pipe for their times, and decides their order.
    fn gather(&mut self) {
        let Some(mut clock) = self.clock.take() else { return };
        let (mut spool, mut stored, manner) = (Spool::default(), Vec::new(), self.manner);
        while self.walk().is_stored() {
            let found: Found = match self.walk().next() {
                None => break,
                Some(Ok(found)) => found,
                Some(Err((name, error))) => {
                    self.told.push_back(manner.unreadable(name, error));
                    continue;
                }
            };
            let name = Arc::clone(&found.name);
            match Stored::new(found, &mut clock, &mut self.tally, &mut spool, &manner) {
                Ok(file) => stored.push(file),
                Err(error) => {
                    let why =
                        format!("it cannot be kept in a temporary file: {error}; --order given needs none");
                    self.told.push_back(manner.unreadable(name, std::io::Error::new(error.kind(), why)));
                }
            }
        }
        self.tally.publish(&self.overview);
        self.groups = arrange(stored, &self.overview);
        self.clock = Some(clock);
    }

    /// Begins to read a group of files.
    fn start(&mut self, group: &[Stored]) {
        if let [file] = group
            && file.survey.in_order()
            && !file.survey.turned()
        {
            match file.open(&self.manner, &self.read) {
                Ok(open) => self.current = Some(Current::File(Box::new(open))),
                Err(error) => {
                    self.told.push_back(self.manner.unreadable(Arc::clone(&file.name), error));
                }
            }
            return;
        }
        if let Some(clock) = &self.clock {
            let merge = Merge::new(group, clock, self.manner, &self.read);
            self.current = Some(Current::Several(Box::new(merge)));
        }
    }
}

/// Orders the files. Overlapping files form one group, in the order that decides between equal times.
fn arrange(mut stored: Vec<Stored>, overview: &Overview) -> VecDeque<Vec<Stored>> {
    let given: Vec<Arc<str>> = stored.iter().map(|file| Arc::clone(&file.name)).collect();
    // Sorts by the first event, then by the given order. Files without events come last.
    stored.sort_by_key(|file| (file.survey.first().is_none(), file.survey.first()));
    let mut files: Vec<(usize, Stored)> = stored.into_iter().enumerate().collect();
    files.sort_by_key(|(_, file)| file.survey.range().map_or((true, 0), |(earliest, _)| (false, earliest)));
    let mut groups: VecDeque<Vec<(usize, Stored)>> = VecDeque::new();
    // The end of the last group, and its last file.
    let mut reaches: Option<(i64, usize)> = None;
    for (place, file) in files {
        let range = file.survey.range();
        let overlaps =
            range.is_some_and(|(earliest, _)| reaches.is_some_and(|reaches| (earliest, place) < reaches));
        reaches = range.map(|(_, latest)| match reaches.filter(|_| overlaps) {
            Some((until, last)) => (until.max(latest), last.max(place)),
            None => (latest, place),
        });
        match groups.back_mut().filter(|_| overlaps) {
            Some(group) => group.push((place, file)),
            None => groups.push_back(vec![(place, file)]),
        }
    }
    let in_order = |mut group: Vec<(usize, Stored)>| -> Vec<Stored> {
        group.sort_by_key(|(place, _)| *place);
        group.into_iter().map(|(_, file)| file).collect()
    };
    let groups = groups.into_iter().map(in_order).collect();
    note(&given, &groups, overview);
    groups
}

/// Notes the order of reading, if it differs from the given order.
fn note(given: &[Arc<str>], groups: &VecDeque<Vec<Stored>>, overview: &Overview) {
    let names =
        |group: &Vec<Stored>| -> Vec<Arc<str>> { group.iter().map(|file| Arc::clone(&file.name)).collect() };
    overview.change(|seen| {
        for file in groups.iter().flatten() {
            if file.survey.turned() {
                seen.arranged.push(Arranged::Turned(Arc::clone(&file.name)));
            }
            if !file.survey.in_order() {
                seen.arranged.push(Arranged::Sorted(Arc::clone(&file.name)));
            }
            if let Some((from, to)) = file.survey.range().filter(|_| file.survey.inferred()) {
                seen.inferred(&file.name, from, to);
            }
        }
        let several = groups.iter().filter(|group| group.len() > 1);
        seen.arranged.extend(several.map(|group| Arranged::Merged(names(group))));
        let read: Vec<Arc<str>> = groups.iter().flat_map(names).collect();
        if groups.len() > 1 && read != given {
            seen.arranged.push(Arranged::Reordered(read));
        }
    });
}

impl Files {
    /// Looks at a batch of a file that was not read before.
    fn look(&mut self, batch: &Batch, written: Option<i64>) {
        let Some(clock) = &mut self.clock else { return };
        if !self.tally.is_due() {
            return;
        }
        let reading = self.manner.reading(written);
        let mut survey = Survey::default();
        clock.survey(&batch.bytes, reading, Some(&mut self.tally), |_, told| survey.take(told));
        if let Some((from, to)) = survey.range().filter(|_| survey.inferred()) {
            self.overview.change(|seen| seen.inferred(&batch.file, from, to));
        }
    }
}

impl Source for Files {
    fn next(&mut self, buffer: Vec<u8>) -> Option<Batch> {
        let mut buffer = Some(buffer);
        loop {
            if let Some(told) = self.told.pop_front() {
                return Some(told);
            }
            let next = match self.current.take() {
                Some(Current::New(mut open, written)) => {
                    let next = open.next(buffer.take().unwrap_or_default(), &self.manner);
                    if let Some(batch) = &next {
                        self.look(batch, written);
                        self.current = Some(Current::New(open, written));
                    }
                    next
                }
                Some(Current::File(mut open)) => {
                    let next = open.next(buffer.take().unwrap_or_default(), &self.manner);
                    self.current = next.is_some().then_some(Current::File(open));
                    next
                }
                Some(Current::Several(mut merge)) => {
                    let next = merge.next(buffer.take().unwrap_or_default());
                    self.current = next.is_some().then_some(Current::Several(merge));
                    next
                }
                None if self.advance() => continue,
                None => {
                    self.tally.publish(&self.overview);
                    return None;
                }
            };
            if next.is_some() {
                return next;
            }
        }
    }
}

/// The progress of reading.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    size: Option<u64>,
    read: Arc<AtomicU64>,
}

impl Progress {
    /// The stored size of all inputs in bytes, if all of them are files.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// The number of stored bytes that were read.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
