//! The running sources and sinks, and how a reload changes them.

use super::arrival::{Reload, Request};
use super::letters::Letters;
use super::metrics::Counters;
use super::outbox::Outbox;
use super::plan::{Changes, Plan};
use super::say;
use super::sinks::{Sink, Ties, Undelivered};
use super::sources::{Inlet, Limits, Ready};
use crate::config::service::{Feed, Incidents, Outlet};
use crate::output::Layout;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// The time that a source or sink gets to finish.
const FAREWELL: Duration = Duration::from_secs(10);

/// The parts of the service that all sources and sinks use.
pub(super) struct Shared {
    /// The way to the core.
    pub requests: mpsc::Sender<Request>,
    /// The queue of alerts.
    pub outbox: Arc<Outbox>,
    /// The counters of the service.
    pub counters: Arc<Counters>,
    /// The file for records that cannot be judged.
    pub letters: Arc<Letters>,
    /// The number of batches and requests so far.
    pub asked: Arc<AtomicU64>,
    /// The state folder, if there is one.
    pub folder: Option<PathBuf>,
    /// The size limits for sources.
    pub limits: Limits,
    /// A number that grows each time that sinks have to reopen their files.
    pub reopen: watch::Sender<u64>,
    /// Receives a message when standard output is closed.
    pub closed: mpsc::Sender<()>,
    /// Receives a message when a source has ended.
    pub ended: mpsc::Sender<()>,
}

impl Shared {
    /// The way of a source into the service.
    pub(super) fn inlet(&self, name: &str, ending: watch::Receiver<bool>) -> Inlet {
        Inlet {
            name: name.into(),
            requests: self.requests.clone(),
            outbox: Arc::clone(&self.outbox),
            counters: Arc::clone(&self.counters),
            letters: Arc::clone(&self.letters),
            ending,
            reopen: self.reopen.subscribe(),
            asked: Arc::clone(&self.asked),
        }
    }
}

/// The sources and sinks that run.
pub(super) struct Running {
    shared: Shared,
    sources: Vec<Part<Feed>>,
    /// The sinks by their numbers. `None` for a sink that was removed.
    sinks: Vec<Option<Part<Outlet>>>,
    /// The names of all sinks so far, by their numbers.
    names: Vec<String>,
}

/// A source or a sink that runs.
struct Part<T> {
    name: String,
    what: T,
    ending: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Ends parts. Together they get [`FAREWELL`] to finish their present work. Returns `false` if some did not finish.
async fn end<T>(parts: Vec<Part<T>>) -> bool {
    for part in &parts {
        part.ending.send_replace(true);
    }
    let (last, mut is_done) = (Instant::now() + FAREWELL, true);
    for mut part in parts {
        if timeout_at(last, &mut part.task).await.is_err() {
            part.task.abort();
            is_done = false;
        }
    }
    is_done
}

impl Running {
    /// Starts the sinks, and the sources that already listen. `positions` are the stored positions of the sources.
    pub(super) fn start(
        shared: Shared,
        sources: Vec<(String, Feed, Ready)>,
        sinks: Vec<(String, Outlet)>,
        positions: &HashMap<String, String>,
    ) -> Self {
        let mut running = Self { shared, sources: Vec::new(), sinks: Vec::new(), names: Vec::new() };
        for (number, (name, outlet)) in sinks.into_iter().enumerate() {
            running.names.push(name.clone());
            let sink = running.sink(number, name, outlet);
            running.sinks.push(Some(sink));
        }
        for (name, feed, ready) in sources {
            running.source(name, feed, ready, positions);
        }
        running
    }

    fn source(&mut self, name: String, feed: Feed, ready: Ready, positions: &HashMap<String, String>) {
        let (ending, watched) = watch::channel(false);
        ready.introduce(&name);
        let inlet = self.shared.inlet(&name, watched);
        let (reading, ended) = (ready.start(inlet, self.shared.limits, positions), self.shared.ended.clone());
        let task = tokio::spawn(async move {
            let _ = reading.await;
            // One wake-up that waits is enough. Nobody takes it while the service ends.
            let _ = ended.try_send(());
        });
        self.sources.push(Part { name, what: feed, ending, task });
    }

    fn sink(&self, number: usize, name: String, outlet: Outlet) -> Part<Outlet> {
        let (ending, watched) = watch::channel(false);
        let ties = Ties {
            number,
            outbox: Arc::clone(&self.shared.outbox),
            requests: self.shared.requests.clone(),
            counters: Arc::clone(&self.shared.counters),
            ending: watched,
            reopen: self.shared.reopen.subscribe(),
            closed: self.shared.closed.clone(),
        };
        let sink = Sink::new(name.clone(), outlet.clone(), self.shared.folder.as_deref());
        Part { name, what: outlet, ending, task: tokio::spawn(sink.run(ties)) }
    }

    /// True if all sources have ended. A source that could not be started may start at the next reload.
    pub(super) fn has_read_all(&self) -> bool {
        !self.sources.is_empty() && self.sources.iter().all(|source| source.task.is_finished())
    }

    /// Makes the sinks reopen their files.
    pub(super) fn reopen(&self) {
        self.shared.reopen.send_modify(|count| *count += 1);
    }

    /// Switches to this plan: starts new parts, ends removed ones, and leaves the others alone. Returns notes on the
    /// changes.
    ///
    /// # Errors
    /// Fails if an address is taken or an analytic cannot be started. Then nothing has changed.
    pub(super) async fn reload(&mut self, plan: Plan) -> Result<Vec<String>, String> {
        let sources = self.sources.iter().map(|source| (source.name.as_str(), &source.what));
        let sources = Changes::between(sources, &plan.sources);
        let sinks = self.sinks.iter().flatten().map(|sink| (sink.name.as_str(), &sink.what));
        let sinks = Changes::between(sinks, &plan.sinks);
        let mut ready = Vec::new();
        for (name, feed) in &sources.new {
            match Ready::new(feed).await {
                Ok(listens) => ready.push(Some(listens)),
                // The source that is to be replaced may hold the address.
                Err(_) if !sources.gone.is_empty() => ready.push(None),
                Err(why) => return Err(format!("{name}: {why}")),
            }
        }
        let mut notes = self.change_core(&plan, &sinks).await?;
        if !plan.restart.is_empty() {
            notes.push(format!(
                "[server] differs in {}, which takes effect after a restart",
                plan.restart.join(", ")
            ));
        }
        let changed = |what: &str, gone: &[String], new: &[&str]| {
            let named = |verb: &str, names: String| {
                if names.is_empty() { String::new() } else { format!("{verb} {names}") }
            };
            let parts = [named("ends", gone.join(", ")), named("starts", new.join(", "))];
            let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
            (!parts.is_empty()).then(|| format!("{what}: {}", parts.join("; ")))
        };
        let names: Vec<&str> = sources.new.iter().map(|(name, _)| name.as_str()).collect();
        notes.extend(changed("sources", &sources.gone, &names));
        let names: Vec<&str> = sinks.new.iter().map(|(name, _)| name.as_str()).collect();
        notes.extend(changed("sinks", &sinks.gone, &names));
        self.change_sources(sources, ready, &mut notes).await;
        self.change_sinks(sinks).await;
        Ok(notes)
    }

    /// Sends the new plan to the core. From then on the new sinks have numbers.
    async fn change_core(&mut self, plan: &Plan, sinks: &Changes<Outlet>) -> Result<Vec<String>, String> {
        let mut names = self.names.clone();
        names.extend(
            sinks.new.iter().filter(|(name, _)| self.number(name).is_none()).map(|(name, _)| name.clone()),
        );
        let from = self.names.len();
        let last = self.shared.outbox.following().saturating_sub(1);
        let reload = Reload {
            components: plan.components.clone(),
            new: names.iter().skip(from).map(|name| (name.clone(), last)).collect(),
            sinks: names.clone(),
            layouts: layouts(&plan.sinks),
            incidents: take_incidents(&plan.sinks),
        };
        // The core first judges all earlier batches and fills the outbox with their alerts.
        let (reply, done) = oneshot::channel();
        let _ = self.shared.requests.send(Request::Reload(reload, reply)).await;
        let notes = done.await.map_err(|error| error.to_string())??;
        for _ in from..names.len() {
            self.shared.outbox.join();
            self.sinks.push(None);
        }
        self.names = names;
        Ok(notes)
    }

    /// The number of the running sink with this name.
    fn number(&self, name: &str) -> Option<usize> {
        self.sinks.iter().position(|sink| sink.as_ref().is_some_and(|sink| sink.name == name))
    }

    async fn change_sources(
        &mut self,
        changes: Changes<Feed>,
        ready: Vec<Option<Ready>>,
        notes: &mut Vec<String>,
    ) {
        let (gone, stay) = std::mem::take(&mut self.sources)
            .into_iter()
            .partition(|source| changes.gone.contains(&source.name));
        self.sources = stay;
        end::<Feed>(gone).await;
        if changes.new.is_empty() {
            return;
        }
        let (reply, positions) = oneshot::channel();
        let _ = self.shared.requests.send(Request::Positions(reply)).await;
        let positions = positions.await.unwrap_or_default();
        for ((name, feed), ready) in changes.new.into_iter().zip(ready) {
            let ready = match ready {
                Some(ready) => Ok(ready),
                None => Ready::new(&feed).await,
            };
            match ready {
                Ok(ready) => self.source(name, feed, ready, &positions),
                Err(why) => notes.push(format!("{name} does not run: {why}; SIGHUP tries again")),
            }
        }
    }

    async fn change_sinks(&mut self, changes: Changes<Outlet>) {
        for name in &changes.gone {
            let Some(number) = self.number(name) else { continue };
            let Some(sink) = self.sinks.get_mut(number).and_then(Option::take) else { continue };
            end(vec![sink]).await;
            match changes.new.iter().find(|(new, _)| new == name) {
                // The new sink continues from the position of the old one.
                Some((name, outlet)) => {
                    let sink = self.sink(number, name.clone(), outlet.clone());
                    self.put(number, sink);
                }
                None => {
                    self.keep(name, number).await;
                    let _ = self.shared.requests.send(Request::Gone(number)).await;
                }
            }
        }
        for (name, outlet) in changes.new {
            if self.number(&name).is_some() {
                continue;
            }
            let Some(number) = self.names.iter().rposition(|own| *own == name) else { continue };
            let sink = self.sink(number, name, outlet);
            self.put(number, sink);
        }
    }

    /// Keeps the alerts that a removed sink has not delivered, and logs this.
    async fn keep(&self, name: &str, number: usize) {
        let outbox = &self.shared.outbox;
        let items = outbox.after(outbox.position(number), usize::MAX);
        let items: Vec<_> = items.into_iter().map(|(_, item)| item).collect();
        if items.is_empty() {
            return;
        }
        let file = Undelivered::new(None, self.shared.folder.as_deref());
        let kept = file.keep(name, "the sink is gone from the configuration", &items, Layout::Native).await;
        let kept = kept.map_or_else(|error| error.to_string(), |()| format!("they are kept in {file}"));
        say(&format!("{name} is gone: {} alerts are not delivered there; {kept}", items.len()));
    }

    fn put(&mut self, number: usize, sink: Part<Outlet>) {
        if let Some(place) = self.sinks.get_mut(number) {
            *place = Some(sink);
        }
    }

    /// Ends all sources, and waits up to [`FAREWELL`] until they have finished their work.
    pub(super) async fn end_sources(&mut self) {
        if !end(std::mem::take(&mut self.sources)).await {
            say("some sources do not end in time, and are stopped");
        }
    }

    /// Ends all sinks, and waits for them up to [`FAREWELL`]. Returns `false` if some did not finish.
    pub(super) async fn end_sinks(&mut self) -> bool {
        end(std::mem::take(&mut self.sinks).into_iter().flatten().collect()).await
    }
}

/// True if one of the sinks takes incidents.
pub(super) fn take_incidents(sinks: &[(String, Outlet)]) -> bool {
    sinks.iter().any(|(_, outlet)| outlet.incidents != Incidents::Off)
}

/// The layouts that the sinks use, without repetition.
pub(super) fn layouts(sinks: &[(String, Outlet)]) -> Vec<Layout> {
    let mut layouts = Vec::new();
    for (name, outlet) in sinks {
        for layout in Sink::new(name.clone(), outlet.clone(), None).layouts() {
            if !layouts.contains(&layout) {
                layouts.push(layout);
            }
        }
    }
    layouts
}
