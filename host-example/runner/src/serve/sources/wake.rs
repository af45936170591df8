//! Wakes a source when something changes in a folder, so that it need not look again and again.
//!
//! Only the time at which a source looks depends on this: folders that cannot be watched, such as those of other machines, are
//! looked at now and then as before.

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Folders that are watched.
pub(super) struct Wake {
    /// `None` where the machine gives no watches.
    watcher: Option<RecommendedWatcher>,
    folders: HashSet<PathBuf>,
    change: Arc<Change>,
}

/// The news of the watcher's thread.
#[derive(Default)]
struct Change {
    woken: Notify,
    is_new: AtomicBool,
}

impl Wake {
    /// Watches nothing so far.
    pub(super) fn new() -> Self {
        let change = Arc::new(Change::default());
        let told = Arc::clone(&change);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            match event.map(|event| event.kind) {
                // A source that reads is no news.
                Ok(EventKind::Access(_)) => return,
                Ok(EventKind::Modify(notify::event::ModifyKind::Data(_))) => {}
                // A file came, went, or has another name. So it may be where events were lost.
                _ => told.is_new.store(true, Ordering::Relaxed),
            }
            told.woken.notify_one();
        });
        Self { watcher: watcher.ok(), folders: HashSet::new(), change }
    }

    /// Watches a folder, if it is there and was not watched yet.
    pub(super) fn watch(&mut self, folder: &Path) {
        let Some(watcher) = &mut self.watcher else { return };
        if !self.folders.contains(folder) && watcher.watch(folder, RecursiveMode::NonRecursive).is_ok() {
            self.folders.insert(folder.into());
        }
    }

    /// Waits for a change since the last call.
    pub(super) async fn change(&self) {
        self.change.woken.notified().await;
    }

    /// True if a file came, went or was renamed since the last call.
    pub(super) fn is_new(&self) -> bool {
        self.change.is_new.swap(false, Ordering::Relaxed)
    }
}
