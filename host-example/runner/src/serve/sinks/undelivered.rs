//! The file of alerts that a sink does not deliver: alerts that its receiver refuses for good, and alerts beyond its
//! rate.
//!
//! It also gets the alerts that wait for a sink when the sink is removed.
//!
//! Each line is a JSON object with `time`, `sink`, `why`, and `alert` in the format of the sink. The file is
//! `undelivered.ndjson` in the state folder, or the file that the option `undelivered` of the sink names. It is opened
//! for each write, so it can be rotated at any time. Without a file the lines go to standard error.

use super::super::outbox::Item;
use super::super::{private, say};
use crate::output::Layout;
use authsieve_engine::time::Timestamp;
use serde_json::Value;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The default file name in the state folder.
const NAME: &str = "undelivered.ndjson";

/// The path of the file. `None` for standard error.
#[derive(Clone, Debug)]
pub(in crate::serve) struct Undelivered(Option<PathBuf>);

impl Undelivered {
    /// Chooses the file that the sink names, or else the one in the state folder.
    pub(in crate::serve) fn new(named: Option<PathBuf>, folder: Option<&Path>) -> Self {
        Self(named.or_else(|| folder.map(|folder| folder.join(NAME))))
    }

    /// Writes alerts. They are on disk when this returns.
    pub(in crate::serve) async fn keep(
        &self,
        sink: &str,
        why: &str,
        items: &[Arc<Item>],
        layout: Layout,
    ) -> io::Result<()> {
        let (file, sink, why, items) = (self.clone(), sink.to_owned(), why.to_owned(), items.to_vec());
        let done = tokio::task::spawn_blocking(move || file.write(&sink, &why, &items, layout)).await;
        done.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    /// Does the same as [`keep`](Self::keep), for a thread that may wait for the disk.
    pub(in crate::serve) fn write(
        &self,
        sink: &str,
        why: &str,
        items: &[Arc<Item>],
        layout: Layout,
    ) -> io::Result<()> {
        let time = Timestamp(crate::sources::now()).to_rfc3339();
        let mut lines = String::new();
        for item in items {
            let alert = Some(item.line(layout)).filter(|line| !line.is_empty()).unwrap_or("null");
            let (sink, why) = (Value::from(sink), Value::from(why));
            lines += &format!(r#"{{"time":"{time}","sink":{sink},"why":{why},"alert":{alert}}}"#);
            lines.push('\n');
        }
        let Some(path) = &self.0 else {
            lines.lines().for_each(|line| say(&format!("an alert is not delivered: {line}")));
            return Ok(());
        };
        let mut file = private().append(true).open(path)?;
        file.write_all(lines.as_bytes())?;
        file.sync_data()
    }
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(path) => path.display().fmt(f),
            None => f.write_str("standard error of authsieve"),
        }
    }
}
