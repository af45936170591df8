//! The alerts that wait for the sinks when the service starts.

use super::start::Start;
use crate::output::Layout;
use crate::serve::journal::{self, Aside, Journal};
use crate::serve::outbox::{Item, Outbox};
use crate::serve::say;
use crate::serve::sinks::Undelivered;
use std::sync::Arc;

/// The reason why an alert is in the file of undelivered alerts.
const WHY: &str = "the sink is gone from the configuration";

/// Loads the undelivered alerts from the journal. `next` is the number of the next alert according to the state.
///
/// A new sink gets only later alerts, and this is recorded at once. Alerts that waited only for removed sinks go to the
/// file of undelivered alerts, because no sink would take them from the queue.
///
/// # Errors
/// Fails if the disk fails.
pub(super) fn waiting(journal: &Journal, start: &Start, next: u64) -> Result<Arc<Outbox>, journal::Error> {
    let (alerts, known) = (journal.alerts()?, journal.delivered()?);
    let last = alerts.last().map_or(0, |(number, _)| *number);
    let most = known.values().copied().max().unwrap_or(0).max(last).max(next.saturating_sub(1));
    let delivered: Vec<u64> =
        start.sinks.iter().map(|sink| known.get(sink).copied().unwrap_or(most)).collect();
    let done = delivered.iter().copied().min().unwrap_or(most);
    let mut items = Vec::new();
    for (number, bytes) in alerts {
        match Item::decode(&bytes) {
            Some(item) => items.push((number, Arc::new(item))),
            None => say(&format!("alert {number} in the journal cannot be read and is left out")),
        }
    }
    let mut gone: Vec<(&String, &u64)> =
        known.iter().filter(|(sink, _)| !start.sinks.contains(sink)).collect();
    gone.sort();
    for (sink, position) in &gone {
        let left = items.iter().filter(|(number, _)| number > *position).map(|(_, item)| Arc::clone(item));
        keep(sink, &left.collect::<Vec<_>>(), start)?;
    }
    let outbox = Outbox::new(delivered, most + 1, start.outbox_bytes);
    items
        .into_iter()
        .filter(|(number, _)| *number > done)
        .for_each(|(number, item)| outbox.restore(number, item));
    let fresh = start.sinks.iter().filter(|sink| !known.contains_key(*sink));
    let aside = Aside {
        delivered: fresh.map(|sink| (sink.clone(), most)).collect(),
        gone: gone.into_iter().map(|(sink, _)| sink.clone()).collect(),
        done: Some(done),
        ..Aside::default()
    };
    journal.write(&[], &aside, true)?;
    Ok(Arc::new(outbox))
}

/// Keeps the alerts that a sink has not delivered, and logs this.
fn keep(sink: &str, items: &[Arc<Item>], start: &Start) -> Result<(), journal::Error> {
    if items.is_empty() {
        return Ok(());
    }
    let file = Undelivered::new(None, start.folder.as_deref());
    let kept = file.write(sink, WHY, items, Layout::Native);
    kept.map_err(|error| journal::Error::Store(error.into()))?;
    say(&format!("{sink} is gone: {} alerts are not delivered there; they are kept in {file}", items.len()));
    Ok(())
}
