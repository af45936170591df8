//! Reads sources on their own threads, so that time and signals reach the loop while a source waits for records.

use super::{Batch, Counts, Receipt, Source, now};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{io, thread};

/// About how often time passes for a silent stream.
const TICK: Duration = Duration::from_secs(1);

/// The most batches that wait, and the most used buffers that are kept.
const DEPTH: usize = 2;

/// Several sources as one. Records come in the order in which the sources yield them.
pub struct Live {
    happened: Receiver<Event>,
    happens: SyncSender<Event>,
    spare: Arc<Mutex<Vec<Vec<u8>>>>,
    /// The number of sources that have not ended.
    open: usize,
    stream: Option<Stream>,
    was_left: bool,
}

/// The clock of a stream.
#[derive(Debug)]
struct Stream {
    /// The time of the last batch or tick.
    last: Instant,
    ticked: Instant,
    /// A fixed time of receipt for all records, if set.
    received: Option<i64>,
}

enum Event {
    Came(Box<Batch>),
    Ended,
    Stopped,
}

/// Ends a [`Live`] source from another thread.
#[derive(Clone, Debug)]
pub struct Stopper(SyncSender<Event>);

impl Live {
    /// Reads each of these sources on its own thread.
    ///
    /// # Errors
    /// Fails if a thread cannot be started.
    pub fn new<S: Source + 'static>(sources: Vec<S>) -> io::Result<Self> {
        let (happens, happened) = sync_channel(DEPTH);
        let spare = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let open = sources.len();
        for mut source in sources {
            let (happens, spare) = (happens.clone(), Arc::clone(&spare));
            let read = move || {
                let buffer = || spare.lock().ok().and_then(|mut spare| spare.pop()).unwrap_or_default();
                while let Some(batch) = source.next(buffer()) {
                    if happens.send(Event::Came(Box::new(batch))).is_err() {
                        return;
                    }
                }
                let _ = happens.send(Event::Ended);
            };
            thread::Builder::new().name("source".into()).spawn(read)?;
        }
        Ok(Self { happened, happens, spare, open, stream: None, was_left: false })
    }

    /// Treats the sources as a stream: while they are silent, time passes about once a second. Records are received
    /// when they arrive, or all at `received` (microseconds since 1970).
    #[must_use]
    pub fn stream(self, received: Option<i64>) -> Self {
        let start = Instant::now();
        Self { stream: Some(Stream { last: start, ticked: start, received }), ..self }
    }

    /// A handle to end the source. Records that were read before the end still come.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(self.happens.clone())
    }

    fn wait(&self) -> Result<Event, RecvTimeoutError> {
        match &self.stream {
            Some(stream) => self.happened.recv_timeout(TICK.saturating_sub(stream.ticked.elapsed())),
            None => self.happened.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }
}

impl Source for Live {
    fn next(&mut self, buffer: Vec<u8>) -> Option<Batch> {
        if let Ok(mut spare) = self.spare.lock()
            && spare.len() < DEPTH
        {
            spare.push(buffer);
        }
        while self.open > 0 && !self.was_left {
            match self.wait() {
                Ok(Event::Came(mut batch)) => {
                    if let Some(stream) = &mut self.stream {
                        batch.received = stream.received.unwrap_or_else(now);
                        if !batch.bytes.is_empty() {
                            stream.last = Instant::now();
                            stream.ticked = stream.last;
                        }
                    }
                    return Some(*batch);
                }
                Ok(Event::Ended) => self.open -= 1,
                Ok(Event::Stopped) => self.was_left = true,
                Err(RecvTimeoutError::Timeout) => return self.stream.as_mut().map(Stream::tick),
                Err(RecvTimeoutError::Disconnected) => self.open = 0,
            }
        }
        None
    }

    /// For stored logs, an abandoned rest is like a shorter log. A stream continues elsewhere.
    fn was_left(&self) -> bool {
        self.was_left && self.stream.is_some()
    }
}

impl Stream {
    fn tick(&mut self) -> Batch {
        self.ticked = Instant::now();
        let idle = self.ticked.duration_since(self.last).as_micros();
        Batch {
            file: "".into(),
            line: 1,
            moves: Vec::new(),
            bytes: Vec::new(),
            received: self.received.unwrap_or_else(now),
            written: None,
            idle: Some(u64::try_from(idle).unwrap_or(u64::MAX)),
            losses: Vec::new(),
            flaws: Counts::default(),
            receipt: Receipt::default(),
        }
    }
}

impl Stopper {
    /// Ends the source. Blocks until the records that were read before have their place in the queue.
    pub fn stop(&self) {
        // If the source is gone, it has ended.
        let _ = self.0.send(Event::Stopped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Files, Input};
    use std::sync::mpsc::{Sender, channel};

    /// A source that yields what the test sends.
    struct Fed(Receiver<&'static str>);

    impl Source for Fed {
        fn next(&mut self, mut buffer: Vec<u8>) -> Option<Batch> {
            let text = self.0.recv().ok()?;
            buffer.clear();
            buffer.extend(text.as_bytes());
            let mut nothing = Files::new(vec![Input::Memory { name: "fed", bytes: b"x\n" }]);
            nothing.next(buffer.clone()).map(|batch| Batch { bytes: buffer, ..batch })
        }
    }

    fn fed() -> (Sender<&'static str>, Fed) {
        let (send, fed) = channel();
        (send, Fed(fed))
    }

    fn text(batch: Option<Batch>) -> Option<String> {
        batch.map(|batch| String::from_utf8(batch.bytes).unwrap())
    }

    #[test]
    fn time_passes_while_a_stream_is_silent_and_only_then() {
        let (send, source) = fed();
        let mut live = Live::new(vec![source]).unwrap().stream(Some(7));
        send.send("a\n").unwrap();
        let batch = live.next(Vec::new()).unwrap();
        assert_eq!((batch.bytes.as_slice(), batch.idle, batch.received), (&b"a\n"[..], None, 7));
        let idle: Vec<u64> = (0..2).map(|_| live.next(Vec::new()).unwrap().idle.unwrap()).collect();
        assert!((900_000..1_900_000).contains(&idle[0]) && idle[1] >= idle[0] + 900_000, "{idle:?}");
        drop(send);
        assert!(live.next(Vec::new()).is_none() && !live.was_left());
    }

    #[test]
    fn a_stop_comes_behind_what_was_read() {
        for is_stream in [true, false] {
            let ((send, one), (_open, other)) = (fed(), fed());
            let live = Live::new(vec![one, other]).unwrap();
            let mut live = if is_stream { live.stream(None) } else { live };
            send.send("a\n").unwrap();
            assert_eq!(text(live.next(Vec::new())).as_deref(), Some("a\n"));
            live.stopper().stop();
            assert!(live.next(Vec::new()).is_none());
            assert_eq!(live.was_left(), is_stream, "stored logs end where they were left");
        }
    }
}
