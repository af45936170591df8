//! The source that reads the journal of systemd, through `journalctl`.
//!
//! The cursor of the last entry is written to disk together with the entries, so a restart continues after it. The
//! first start begins after the newest entry, and skips all older ones.
//!
//! **`journalctl` runs twice.** The first run prints the stored entries and ends. The second run follows. A single run
//! with `--follow` would lose entries. After systemd 249 it shows only the current boot, so the end of the previous
//! boot would be missing. `--no-tail` is needed because `--follow` would otherwise pause after ten entries until a new
//! one is logged.
//!
//! **Both runs begin at the cursor**, and this module drops the entry of the cursor. `--after-cursor` is not used:
//! older versions drop the first entry they find, even if the cursor's entry is gone or does not match.

use super::Inlet;
use super::lines::Splitter;
use crate::serve::trouble::Trouble;
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{ChildStderr, Command};
use tokio::time::sleep;

/// The wait before `journalctl` is started again.
const AGAIN: Duration = Duration::from_secs(2);
/// The most bytes that are read at once. They become one batch.
const READ: usize = 64 << 10;

/// Follows the journal until the service ends.
pub(super) async fn follow(
    inlet: Inlet,
    command: PathBuf,
    matches: Vec<String>,
    positions: HashMap<String, String>,
    max_record: usize,
) {
    let key = format!("journal {}", inlet.name);
    let cursor = positions.get(&key).cloned();
    let is_begun = cursor.is_some();
    let mut journal = Journal { inlet, command, matches, max_record, key, cursor, is_begun };
    let mut fails = Trouble::default();
    while let Err(Stop::Failed(why)) = journal.read().await {
        fails.tell(|| format!("{}: {why}; it is started again", journal.command.display()));
        tokio::select! {
            () = sleep(AGAIN) => {}
            () = journal.inlet.ended() => return,
        }
    }
}

/// A journal and the position in it.
struct Journal {
    inlet: Inlet,
    command: PathBuf,
    matches: Vec<String>,
    max_record: usize,
    /// The name of the stored position.
    key: String,
    /// The cursor of the last entry that counts.
    cursor: Option<String>,
    /// True if the position is known. A `cursor` of `None` then means the beginning: the journal was empty at the first
    /// start.
    is_begun: bool,
}

/// Why reading stopped.
enum Stop {
    /// The service ends.
    Service,
    /// `journalctl` cannot be run, or has ended.
    Failed(String),
}

impl Journal {
    /// Reads the stored entries, then follows.
    async fn read(&mut self) -> Result<(), Stop> {
        if !self.is_begun {
            // Runs without matches: any newest entry gives a position.
            self.run(&["--lines=1"], &[], false).await?;
            self.is_begun = true;
            let position = self.cursor.iter().map(|cursor| (self.key.clone(), cursor.clone())).collect();
            if !self.inlet.mark(position).await {
                return Err(Stop::Service);
            }
        }
        let matches = self.matches.clone();
        self.run(&[], &matches, true).await?;
        self.run(&["--follow", "--no-tail"], &matches, true).await?;
        Err(Stop::Failed("it has ended".into()))
    }

    /// Runs `journalctl` from the cursor until it ends, and moves the cursor to the last entry. Without `counts` the
    /// entries are only skipped.
    async fn run(&mut self, options: &[&str], matches: &[String], counts: bool) -> Result<(), Stop> {
        let failed = |error: std::io::Error| Stop::Failed(error.to_string());
        let mut journalctl = Command::new(&self.command);
        journalctl.args(["--output=json", "--all", "--no-pager"]).args(options);
        journalctl.args(self.cursor.iter().map(|cursor| format!("--cursor={cursor}"))).args(matches);
        journalctl.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = journalctl.kill_on_drop(true).spawn().map_err(failed)?;
        let (Some(mut out), Some(complaints)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(Stop::Failed("it has no output".into()));
        };
        let complaint = tokio::spawn(last_line(complaints));
        let (mut splitter, mut buffer) = (Splitter::lines(self.max_record), vec![0; READ]);
        let mut is_first = true;
        loop {
            let count = tokio::select! {
                count = out.read(&mut buffer) => count.unwrap_or(0),
                () = self.inlet.ended() => return Err(Stop::Service),
            };
            if count == 0 {
                break;
            }
            let mut records = Vec::new();
            splitter.push(buffer.get(..count).unwrap_or_default(), &mut records);
            self.inlet.skipped(&mut splitter);
            if !records.is_empty() && std::mem::take(&mut is_first) {
                self.leave_out_cursor(&mut records);
            }
            let last = last_cursor(&records).or_else(|| self.cursor.clone());
            let position = last.iter().map(|cursor| (self.key.clone(), cursor.clone())).collect();
            if counts && !self.inlet.take(records, position).await {
                return Err(Stop::Service);
            }
            self.cursor = last;
        }
        let status = child.wait().await.map_err(failed)?;
        if status.success() {
            return Ok(());
        }
        let complaint = complaint.await.unwrap_or_default();
        Err(Stop::Failed(format!("it has ended ({status}) {complaint}").trim_end().into()))
    }

    /// Removes the cursor's own entry from the start of the first records.
    fn leave_out_cursor(&self, records: &mut Vec<u8>) {
        let end = memchr::memchr(b'\n', records).map_or(records.len(), |end| end + 1);
        let first = records.get(..end).and_then(last_cursor);
        if first.is_some() && first == self.cursor {
            records.drain(..end);
        }
    }
}

/// The last line on a program's standard error.
async fn last_line(complaints: ChildStderr) -> String {
    let (mut lines, mut last) = (BufReader::new(complaints).lines(), String::new());
    while let Ok(Some(line)) = lines.next_line().await {
        last = line;
    }
    last
}

/// The cursor of the last record that has one.
fn last_cursor(records: &[u8]) -> Option<String> {
    let of = |record: &[u8]| {
        let record: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(record).ok()?;
        record.get("__CURSOR")?.as_str().map(str::to_owned)
    };
    records.split(|byte| *byte == b'\n').rev().find_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_cursor_counts() {
        let records = b"{\"__CURSOR\":\"a\"}\n{\"__CURSOR\":\"s=1;i=\\\"2\\\"\",\"MESSAGE\":\"\\\"__CURSOR\\\":\\\"x\\\"\"}\nno json\n";
        assert_eq!(last_cursor(records).as_deref(), Some("s=1;i=\"2\""));
        assert_eq!(last_cursor(b"x\n"), None);
    }
}
