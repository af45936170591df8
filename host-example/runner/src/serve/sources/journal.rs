//! The journal of systemd, through `journalctl`.
//!
//! The cursor of the last entry goes to disk together with the entries: a restart goes on behind it.

use super::Inlet;
use super::lines::Splitter;
use crate::serve::say;
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
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
    let mut cursor = positions.get(&key).cloned();
    loop {
        let mut journalctl = Command::new(&command);
        journalctl.args(["--output=json", "--follow", "--all", "--no-pager"]);
        match &cursor {
            Some(cursor) => journalctl.arg(format!("--after-cursor={cursor}")),
            // From now on: what is older was there before the service.
            None => journalctl.arg("--lines=0"),
        };
        journalctl.args(&matches).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let started = journalctl.kill_on_drop(true).spawn();
        let ended = match started {
            Ok(mut child) => match child.stdout.take() {
                Some(mut out) => {
                    let (mut splitter, mut buffer) = (Splitter::new(max_record), vec![0; READ]);
                    loop {
                        let count = tokio::select! {
                            count = out.read(&mut buffer) => count.unwrap_or(0),
                            () = inlet.ended() => return,
                        };
                        if count == 0 {
                            break;
                        }
                        let mut records = Vec::new();
                        splitter.push(buffer.get(..count).unwrap_or_default(), &mut records);
                        inlet.skipped(&mut splitter);
                        let last = last_cursor(&records).or(cursor);
                        let position = last.iter().map(|cursor| (key.clone(), cursor.clone())).collect();
                        if !inlet.take(records, position).await {
                            return;
                        }
                        cursor = last;
                    }
                    let status = child.wait().await;
                    status.map_or_else(|error| error.to_string(), |status| format!("it has ended ({status})"))
                }
                None => "it has no output".into(),
            },
            Err(error) => error.to_string(),
        };
        say(&format!("{}: {ended}; it is started again", command.display()));
        tokio::select! {
            () = sleep(AGAIN) => {}
            () = inlet.ended() => return,
        }
    }
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
