//! Tests with a clock that jumps, by libfaketime. Only the times of events count; the time of receipt just bounds them.

use crate::server::{Server, attack, body, expected, ids, waits_for_alerts};
use std::path::PathBuf;
use std::{env, fs};

fn library() -> Option<PathBuf> {
    let named = env::var_os("FAKETIME_LIBRARY").map(PathBuf::from);
    let usual = ["x86_64", "aarch64"]
        .map(|machine| format!("/usr/lib/{machine}-linux-gnu/faketime/libfaketime.so.1"));
    named.into_iter().chain(usual.map(PathBuf::from)).find(|path| path.is_file())
}

#[test]
fn a_clock_that_jumps_changes_no_alert() {
    let Some(library) = library() else {
        println!("skipped: a clock that jumps. There is no libfaketime, and FAKETIME_LIBRARY names none");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (state, out, clock) =
        (folder.path().join("state"), folder.path().join("alerts.jsonl"), folder.path().join("clock"));
    let arguments = ["--state-dir", state.to_str().unwrap(), "--alerts", out.to_str().unwrap()];
    let lines = attack(1);
    let jumps = |to: &str| fs::write(&clock, to).unwrap();
    jumps("+0");
    let server = Server::at_other_times(&arguments, &library, &clock);
    assert_eq!(server.post(&body(&lines[..2])).0, 200);
    jumps("+1d");
    assert_eq!(server.post(&body(&lines[2..4])).0, 200);
    jumps("-2d");
    assert_eq!(server.post(&body(&lines[4..5])).0, 200);
    // Batches that are judged again keep their original times of receipt.
    server.kill();
    jumps("-3d");
    let server = Server::at_other_times(&arguments, &library, &clock);
    assert_eq!(server.post(&body(&lines[5..])).0, 200);
    let found = waits_for_alerts(&out, 1);
    assert_eq!((ids(&found), &found[0]["failure_count"]), (ids(&expected(&lines)), &5.into()));
    assert_eq!((server.get("/readyz").0, server.terminate().0), (200, Some(0)));
}
