//! Puts the parts of the service together, and ends them in order.

use super::arrival::Request;
use super::core::{Core, Start, Started};
use super::metrics::Counters;
use super::notify;
use super::say;
use super::sinks::{Sink, Ties};
use super::sources::{Inlet, Limits, Ready};
use crate::config::service::{Feed, Outlet};
use authsieve_framing::MAX_RECORD;
use authsieve_host::Session;
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

/// So many requests wait for the core.
const REQUESTS: usize = 512;
/// Sinks have so long to deliver what waits when the service ends.
const FAREWELL: Duration = Duration::from_secs(10);

/// Starts the sessions of the analytics, from the snapshots of components by their names. Beside them come notes on state that
/// was dropped because the configuration has changed.
pub type Sessions =
    Box<dyn Fn(&HashMap<String, Vec<u8>>) -> Result<(Vec<Session>, Vec<String>), String> + Send>;

/// The parts of a service.
pub struct Setup {
    /// Starts the analytics.
    pub sessions: Sessions,
    /// Where records come from, by name.
    pub sources: Vec<(String, Feed)>,
    /// Where alerts go, by name. Under its name a sink's position is kept.
    pub sinks: Vec<(String, Outlet)>,
    /// The folder of the state. Without one a restart forgets everything.
    pub state: Option<PathBuf>,
    /// The largest body of a request, in bytes, before and after it is unpacked.
    pub max_body: usize,
    /// Beyond so many bytes of alerts that wait for a sink, sources have to wait.
    pub outbox_bytes: u64,
    /// The state is written to disk after this time, or after 64 MiB of records.
    pub checkpoint: Duration,
    /// After SIGTERM it serves on until no request came for this long.
    pub drain: Option<Duration>,
}

/// A service that runs.
pub struct Service {
    setup: Setup,
}

impl Service {
    /// A service as it is set up.
    #[must_use]
    pub const fn new(setup: Setup) -> Self {
        Self { setup }
    }

    /// Runs until a signal ends it.
    ///
    /// # Errors
    /// Where it cannot start: an address is taken, the state folder cannot be used.
    pub fn run(self) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let done = runtime.block_on(self.serve());
        // A write to a pipe that nobody reads is not waited for.
        runtime.shutdown_background();
        done
    }

    async fn serve(self) -> Result<(), String> {
        let Setup { sessions, sources, sinks, state, max_body, outbox_bytes, checkpoint, drain } = self.setup;
        let mut signals = Signals::new().map_err(|error| error.to_string())?;
        let mut ready = Vec::new();
        for (name, feed) in &sources {
            ready.push((name.clone(), Ready::new(feed).await?));
        }
        let counters = Arc::new(Counters::new());
        let sinks: Vec<Sink> =
            sinks.into_iter().map(|(name, outlet)| Sink::new(name, outlet, state.as_deref())).collect();
        let mut layouts = Vec::new();
        for layout in sinks.iter().flat_map(Sink::layouts) {
            if !layouts.contains(&layout) {
                layouts.push(layout);
            }
        }
        let start = Start {
            sessions,
            folder: state,
            layouts,
            sinks: sinks.iter().map(|sink| sink.name.clone()).collect(),
            outbox_bytes,
            checkpoint,
            counters: Arc::clone(&counters),
        };
        let (requests, taken) = mpsc::channel(REQUESTS);
        // The core may have much to judge again before it takes requests.
        let started = tokio::task::spawn_blocking(move || Core::start(start)).await;
        let Started { core, outbox, positions } = started.map_err(|error| error.to_string())??;
        let core = std::thread::Builder::new().name("core".into()).spawn(move || core.run(taken));
        let core = core.map_err(|error| error.to_string())?;
        let (ending, ended) = watch::channel(false);
        let (reopen, reopened) = watch::channel(0);
        let (closed, mut hung_up) = mpsc::channel(1);
        let mut delivering = Vec::new();
        // Sinks end after sources: what these bring last is delivered too.
        let (sinks_end, sinks_ended) = watch::channel(false);
        for (number, sink) in sinks.into_iter().enumerate() {
            let ties = Ties {
                number,
                outbox: Arc::clone(&outbox),
                requests: requests.clone(),
                counters: Arc::clone(&counters),
                ending: sinks_ended.clone(),
                reopen: reopened.clone(),
                closed: closed.clone(),
            };
            delivering.push(tokio::spawn(sink.run(ties)));
        }
        let asked = Arc::new(AtomicU64::new(0));
        let limits = Limits { max_body, max_record: MAX_RECORD.min(max_body) };
        let mut reading = Vec::new();
        for (name, source) in ready {
            source.introduce(&name);
            let inlet = Inlet {
                name: name.into(),
                requests: requests.clone(),
                outbox: Arc::clone(&outbox),
                counters: Arc::clone(&counters),
                ending: ended.clone(),
                reopen: reopened.clone(),
                asked: Arc::clone(&asked),
            };
            reading.push(source.start(inlet, limits, &positions));
        }
        let ticking = tokio::spawn(tick(requests.clone()));
        let watching = tokio::spawn(notify::watchdog(requests.clone()));
        notify::ready();
        let (done, mut all_read) = mpsc::channel::<()>(1);
        let waits = tokio::spawn(async move {
            for source in reading {
                let _ = source.await;
            }
            let _ = done.send(()).await;
        });
        loop {
            tokio::select! {
                _ = all_read.recv() => {
                    say("no source is left: ends");
                    break;
                }
                hangs_up = signals.next() => {
                    if !hangs_up {
                        break;
                    }
                    notify::reloading();
                    say("opens its files again");
                    reopen.send_modify(|count| *count += 1);
                    notify::ready();
                }
                _ = hung_up.recv() => {
                    say("standard output is closed: ends");
                    break;
                }
            }
        }
        notify::stopping();
        if let Some(quiet) = drain {
            drained(&asked, quiet, &mut hung_up).await;
        }
        say("ends: finishes what was sent");
        ending.send_replace(true);
        let _ = waits.await;
        ticking.abort();
        watching.abort();
        // What was sent before this question is judged before the answer.
        let (reply, judged) = oneshot::channel();
        if requests.send(Request::Stats(reply)).await.is_ok() {
            let _ = judged.await;
        }
        sinks_end.send_replace(true);
        let all = async {
            for sink in delivering {
                let _ = sink.await;
            }
        };
        if timeout(FAREWELL, all).await.is_err() || outbox.size().0 > 0 {
            let (waiting, _) = outbox.size();
            say(&format!("{waiting} alerts wait for the next start"));
        }
        // The state goes to disk last, with what the sinks have delivered.
        let (reply, stopped) = oneshot::channel();
        if requests.send(Request::Stop(reply)).await.is_ok() {
            let _ = stopped.await;
        }
        drop(requests);
        let _ = core.join();
        Ok(())
    }
}

/// About once a second.
async fn tick(requests: mpsc::Sender<Request>) {
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        if requests.send(Request::Tick).await.is_err() {
            return;
        }
    }
}

/// Waits until no request came for a while, or standard output is closed.
async fn drained(asked: &AtomicU64, quiet: Duration, hung_up: &mut mpsc::Receiver<()>) {
    let (mut count, mut since) = (asked.load(Ordering::Relaxed), Instant::now());
    while since.elapsed() < quiet {
        tokio::select! {
            () = sleep(Duration::from_millis(50).min(quiet)) => {}
            _ = hung_up.recv() => return,
        }
        let now = asked.load(Ordering::Relaxed);
        if now != count {
            (count, since) = (now, Instant::now());
        }
    }
}

/// The signals that a service knows.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for a signal: true for SIGHUP, false for one that ends the service.
    async fn next(&mut self) -> bool {
        tokio::select! {
            _ = self.terminate.recv() => false,
            _ = self.interrupt.recv() => false,
            _ = self.hang_up.recv() => true,
        }
    }
}
