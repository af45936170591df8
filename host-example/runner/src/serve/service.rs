//! Puts the parts of the service together, and ends them in order.

use super::arrival::Request;
use super::control;
use super::core::{Core, Start, Started};
use super::ends;
use super::letters::Letters;
use super::metrics::Counters;
use super::notify;
use super::plan::Plan;
use super::restore::Restore;
use super::running::{Running, Shared, layouts};
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

/// So many requests wait for the core.
const REQUESTS: usize = 512;
/// Reads the configuration again.
pub type Again = Arc<dyn Fn() -> Result<Plan, String> + Send + Sync>;

/// The parts of a service.
pub struct Setup {
    /// Its analytics, sources and sinks.
    pub plan: Plan,
    /// Reads the configuration again, at SIGHUP.
    pub again: Again,
    /// Places entries in hash tables. Random, since attackers choose the keys.
    pub seed: u64,
    /// The folder of the state. Without one a restart forgets everything.
    pub state: Option<PathBuf>,
    /// A state from elsewhere that it starts from.
    pub restore: Option<Restore>,
    /// The largest body of a request, in bytes, before and after it is unpacked.
    pub max_body: usize,
    /// Beyond so many bytes of alerts that wait for a sink, sources have to wait.
    pub outbox_bytes: u64,
    /// The state is written to disk after this time, or after 64 MiB of records.
    pub checkpoint: Duration,
    /// After SIGTERM it serves on until no request came for this long.
    pub drain: Option<Duration>,
    /// The process with which it ends.
    pub parent: Option<u32>,
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
        let Setup { plan, again, seed, state, restore, max_body, outbox_bytes, checkpoint, drain, parent } =
            self.setup;
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
            sinks: plan.sinks.iter().map(|(name, _)| name.clone()).collect(),
            outbox_bytes,
            checkpoint,
            counters: Arc::clone(&counters),
            letters: Arc::clone(&letters),
        };
        let (requests, taken) = mpsc::channel(REQUESTS);
        // The core may have much to judge again before it takes requests.
        let started = tokio::task::spawn_blocking(move || Core::start(start)).await;
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
            // Nothing comes in there, so it need not be told of the end.
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
                    // Its successor wants the address.
                    drain = None;
                    break;
                }
            }
        }
        notify::stopping();
        if let Some(quiet) = drain {
            tokio::select! {
                () = drained(&asked, quiet) => {}
                _ = hung_up.recv() => {}
                () = &mut orphaned => {}
            }
        }
        say("ends: finishes what was sent");
        running.end_sources().await;
        ticking.abort();
        watching.abort();
        // What was sent before this question is judged before the answer.
        let (reply, judged) = oneshot::channel();
        if requests.send(Request::Stats(reply)).await.is_ok() {
            let _ = judged.await;
        }
        if !running.end_sinks().await || outbox.size().0 > 0 {
            let (waiting, _) = outbox.size();
            say(&format!("{waiting} alerts wait for the next start"));
        }
        // The state goes to disk last, with what the sinks have delivered.
        let (reply, stopped) = oneshot::channel();
        if requests.send(Request::Stop(reply)).await.is_ok() {
            let _ = stopped.await;
        }
        drop((requests, running));
        let _ = core.join();
        Ok(())
    }
}

/// Reads the configuration again and goes on with it, or with the one before where it is not valid.
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

/// Waits until no request came for a while.
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
