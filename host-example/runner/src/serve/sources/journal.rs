//! The journal of systemd, through `journalctl`.
//!
//! The cursor of the last entry goes to disk together with the entries: a restart goes on behind it. At the first start
//! the newest entry is the last: what is older was there before the service.
//!
//! **`journalctl` runs twice.** The first run prints what the journal holds, and ends. The second follows. A run with
//! `--follow` alone would lose entries: after systemd 249 it shows the current boot only, so the end of the boot before
//! would be missing. It would also pause after ten entries until another is logged; hence `--no-tail`.
//!
//! **Both runs begin at the cursor.** Its entry is left out here. Older versions of `--after-cursor` leave out the
//! first entry that they find, also where the entry of the cursor is gone or does not match.

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

/// `journalctl` is started again after this time when it ends.
const AGAIN: Duration = Duration::from_secs(2);
/// Bytes that are read at once, and become one batch.
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

/// A journal, and up to where it was read.
struct Journal {
    inlet: Inlet,
    command: PathBuf,
    matches: Vec<String>,
    max_record: usize,
    /// The name of the position.
    key: String,
    /// The last entry that counts.
    cursor: Option<String>,
    /// True if the cursor is known. `None` is the beginning then: there was no entry at the first start.
    is_begun: bool,
}

/// Why nothing further is read.
enum Stop {
    /// The service ends.
    Service,
    /// `journalctl` cannot be run, or has ended.
    Failed(String),
}

impl Journal {
    /// Reads what is there, and follows.
    async fn read(&mut self) -> Result<(), Stop> {
        if !self.is_begun {
            // Without matches: the newest entry of all is a place, whatever it says.
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

    /// Runs `journalctl` to its end, from the cursor on. The cursor moves on to the last entry. With `counts` the
    /// entries count; without, nobody sees them.
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
        let (mut splitter, mut buffer) = (Splitter::new(self.max_record), vec![0; READ]);
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

    /// Takes the entry of the cursor off the start of the first records.
    fn leave_out_cursor(&self, records: &mut Vec<u8>) {
        let end = memchr::memchr(b'\n', records).map_or(records.len(), |end| end + 1);
        let first = records.get(..end).and_then(last_cursor);
        if first.is_some() && first == self.cursor {
            records.drain(..end);
        }
    }
}

/// The last line that a program writes to its standard error.
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
