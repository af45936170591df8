//! Wakes a source when something changes in its folders.
//!
//! This affects only when the source looks. Folders that cannot be watched, such as network folders, are still looked
//! at regularly.

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// The watched folders.
pub(super) struct Wake {
    /// `None` if the machine does not support watching.
    watcher: Option<RecommendedWatcher>,
    folders: HashSet<PathBuf>,
    change: Arc<Change>,
}

/// The changes that the watcher's thread reports.
#[derive(Default)]
struct Change {
    woken: Notify,
    is_new: AtomicBool,
}

impl Wake {
    /// Watches no folder yet.
    pub(super) fn new() -> Self {
        let change = Arc::new(Change::default());
        let told = Arc::clone(&change);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            match event.map(|event| event.kind) {
                // Reading a file is not a change.
                Ok(EventKind::Access(_)) => return,
                Ok(EventKind::Modify(notify::event::ModifyKind::Data(_))) => {}
                // A file was created, removed or renamed, or the watcher lost events.
                _ => told.is_new.store(true, Ordering::Relaxed),
            }
            told.woken.notify_one();
        });
        Self { watcher: watcher.ok(), folders: HashSet::new(), change }
    }

    /// Watches a folder, if it exists and is not watched yet.
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

    /// True if a file was created, removed or renamed since the last call.
    pub(super) fn is_new(&self) -> bool {
        self.change.is_new.swap(false, Ordering::Relaxed)
    }
}
