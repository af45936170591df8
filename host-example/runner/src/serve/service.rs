//! Starts all parts of the service, and ends them in order.

use super::arrival::Request;
use super::control;
use super::core::{Core, Start, Started};
use super::ends;
use super::letters::Letters;
use super::metrics::Counters;
use super::notify;
use super::plan::Plan;
use super::restore::Restore;
use super::running::{Running, Shared, layouts, take_incidents};
use super::sinks::Target;
use super::sources::http::Front;
use super::sources::{Limits, Ready};
use super::{fail, say};
use authsieve_framing::MAX_RECORD;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

/// The number of requests that may wait for the core.
const REQUESTS: usize = 512;
/// The time in which several signals count as one.
const TOGETHER: Duration = Duration::from_secs(1);
/// Reads the configuration again.
pub type Again = Arc<dyn Fn() -> Result<Plan, String> + Send + Sync>;

/// The settings of a service.
pub struct Setup {
    /// The analytics, sources and sinks.
    pub plan: Plan,
    /// Reads the configuration again after SIGHUP.
    pub again: Again,
    /// The seed of the analytics' hash tables. It is random because attackers choose the keys.
    pub seed: u64,
    /// The state folder. Without one, a restart forgets everything.
    pub state: Option<PathBuf>,
    /// A state file of another service to start from.
    pub restore: Option<Restore>,
    /// The folder of silences, if it is given.
    pub desk: Option<std::path::PathBuf>,
    /// The largest body of a request in bytes, both compressed and decompressed.
    pub max_body: usize,
    /// Sources have to wait while the alerts that wait for a sink exceed this many bytes.
    pub outbox_bytes: u64,
    /// The time between two states on disk. A state is also written after 64 MiB of records.
    pub checkpoint: Duration,
    /// After SIGTERM the service continues until no request has come for this long.
    pub drain: Option<Duration>,
    /// The process whose end also ends the service.
    pub parent: Option<u32>,
}

/// A service that is ready to run.
pub struct Service {
    setup: Setup,
}

impl Service {
    /// Creates a service with these settings.
    #[must_use]
    pub const fn new(setup: Setup) -> Self {
        Self { setup }
    }

    /// Runs until a signal ends it.
    ///
    /// # Errors
    /// Fails if the service cannot start: an address is taken, or the state folder cannot be used.
    pub fn run(self) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let done = runtime.block_on(self.serve());
        // A write to a pipe without a reader would never end, so the shutdown does not wait for it.
        runtime.shutdown_background();
        done
    }

    async fn serve(self) -> Result<(), String> {
        let Setup {
            plan,
            again,
            seed,
            state,
            restore,
            desk,
            max_body,
            outbox_bytes,
            checkpoint,
            drain,
            parent,
        } = self.setup;
        let mut signals = Signals::new().map_err(|error| error.to_string())?;
        let mut ready = Vec::new();
        for (name, feed) in plan.sources {
            let listens = Ready::new(&feed).await?;
            ready.push((name, feed, listens));
        }
        let counters = Arc::new(Counters::new());
        let letters = Arc::new(Letters::new(state.clone(), Arc::clone(&counters)));
        let start = Start {
            components: plan.components,
            seed,
            folder: state.clone(),
            restore,
            layouts: layouts(&plan.sinks),
            incidents: take_incidents(&plan.sinks),
            sinks: plan.sinks.iter().map(|(name, _)| name.clone()).collect(),
            outbox_bytes,
            checkpoint,
            counters: Arc::clone(&counters),
            letters: Arc::clone(&letters),
            desk: crate::desk::Desk::find(desk.as_deref()),
        };
        let (requests, taken) = mpsc::channel(REQUESTS);
        // The core may have to judge many batches again before it takes requests. If the process ends meanwhile, this
        // is like a crash: the next start judges them again.
        let mut starting = tokio::task::spawn_blocking(move || Core::start(start));
        let started = loop {
            tokio::select! {
                started = &mut starting => break started,
                hangs_up = signals.next() => if !hangs_up {
                    say("ends before it has started");
                    return Ok(());
                },
            }
        };
        let Started { core, outbox, positions } = started.map_err(|error| error.to_string())??;
        let core = std::thread::Builder::new().name("core".into()).spawn(move || core.run(taken));
        let core = core.map_err(|error| error.to_string())?;
        let (closed, mut hung_up) = mpsc::channel(1);
        let (ended, mut has_ended) = mpsc::channel(1);
        let asked = Arc::new(AtomicU64::new(0));
        let shared = Shared {
            requests: requests.clone(),
            outbox: Arc::clone(&outbox),
            counters,
            letters,
            asked: Arc::clone(&asked),
            limits: Limits { max_body, max_record: MAX_RECORD.min(max_body) },
            folder: state.clone(),
            reopen: watch::channel(0).0,
            closed: closed.clone(),
            ended,
        };
        if plan.sinks.iter().any(|(_, outlet)| outlet.to == Target::Stdout) {
            let _ = ends::watch_stdout(closed);
        }
        if let Some(folder) = state {
            // No records arrive at this socket, so it needs no signal to end.
            let front = Front::new(shared.inlet("control", watch::channel(false).1), shared.limits);
            tokio::spawn(control::serve(folder, front));
        }
        let mut running = Running::start(shared, ready, plan.sinks, &positions);
        let ticking = tokio::spawn(tick(requests.clone()));
        let watching = tokio::spawn(notify::watchdog(requests.clone()));
        notify::ready();
        let orphaned = async {
            match parent {
                Some(parent) => ends::parent_ended(parent).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(orphaned);
        let mut drain = drain;
        loop {
            tokio::select! {
                _ = has_ended.recv() => if running.has_read_all() {
                    say("no source is left: ends");
                    break;
                },
                hangs_up = signals.next() => {
                    if !hangs_up {
                        break;
                    }
                    notify::reloading();
                    running.reopen();
                    reload(&mut running, &again).await;
                    notify::ready();
                }
                _ = hung_up.recv() => {
                    say("standard output is closed: ends");
                    drain = None;
                    break;
                }
                () = &mut orphaned => {
                    say("the process that started this one has ended: ends");
                    // The successor of the parent process needs the address.
                    drain = None;
                    break;
                }
            }
        }
        notify::stopping();
        tokio::spawn(leave(signals));
        if let Some(quiet) = drain {
            tokio::select! {
                () = drained(&asked, quiet) => {}
                _ = hung_up.recv() => {}
                () = &mut orphaned => {}
            }
        }
        say("ends: finishes the requests that were sent");
        running.end_sources().await;
        ticking.abort();
        watching.abort();
        // The core answers this question only when it has judged all earlier batches.
        let (reply, judged) = oneshot::channel();
        if requests.send(Request::Stats(reply)).await.is_ok() {
            let _ = judged.await;
        }
        if !running.end_sinks().await || outbox.size().0 > 0 {
            let (waiting, _) = outbox.size();
            say(&format!("{waiting} alerts wait for the next start"));
        }
        // The state is written last, so that it includes the positions of the sinks.
        let (reply, stopped) = oneshot::channel();
        if requests.send(Request::Stop(reply)).await.is_ok() {
            let _ = stopped.await;
        }
        drop((requests, running));
        let _ = core.join();
        Ok(())
    }
}

/// Exits at a second signal, without waiting for anything. Signals that come together count as one, because shells and
/// `timeout` send one to the process and one to its group.
async fn leave(mut signals: Signals) {
    let first = Instant::now();
    loop {
        if !signals.next().await && first.elapsed() >= TOGETHER {
            say("a second signal: ends at once");
            std::process::exit(1);
        }
    }
}

/// Reads the configuration and switches to it. If it is not valid, the old one stays.
async fn reload(running: &mut Running, again: &Again) {
    let again = Arc::clone(again);
    let plan = tokio::task::spawn_blocking(move || again()).await;
    let done = match plan.map_err(|error| error.to_string()) {
        Ok(Ok(plan)) => running.reload(plan).await,
        Ok(Err(why)) | Err(why) => Err(why),
    };
    match done {
        Ok(notes) => {
            notes.iter().for_each(|note| say(note));
            say("the configuration was read again");
        }
        Err(why) => fail(&format!("the configuration is refused, and the one before it holds: {why}")),
    }
}

/// Sends a tick to the core about once a second.
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

/// Waits until no request has come for `quiet`.
async fn drained(asked: &AtomicU64, quiet: Duration) {
    let (mut count, mut since) = (asked.load(Ordering::Relaxed), Instant::now());
    while since.elapsed() < quiet {
        sleep(Duration::from_millis(50).min(quiet)).await;
        let now = asked.load(Ordering::Relaxed);
        if now != count {
            (count, since) = (now, Instant::now());
        }
    }
}

/// The signals that the service handles.
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

    /// Waits for a signal. Returns true for SIGHUP, false for a signal that ends the service.
    async fn next(&mut self) -> bool {
        tokio::select! {
            _ = self.terminate.recv() => false,
            _ = self.interrupt.recv() => false,
            _ = self.hang_up.recv() => true,
        }
    }
}
