//! Tests with `kill -9` at random moments. The alerts at the sink have to equal those of an undisturbed run.
//!
//! `AUTHSIEVE_KILLS=1000 cargo test -p authsieve --test serve -- kills` kills more often. `AUTHSIEVE_CUTS=1000` sets
//! more power cuts. `AUTHSIEVE_KILL_SEED` chooses other moments.

use crate::server::{PATIENCE, Server, alerts, attack, body, expected, ids, number, post};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, thread};

/// The number of kills in an ordinary test run.
const KILLS: u64 = 30;

struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

#[test]
fn nothing_is_lost_and_nothing_counts_twice() {
    let kills = number("AUTHSIEVE_KILLS", KILLS);
    storm(kills, |random, arguments, listens| {
        let server = Server::start(arguments);
        listens(&server.address);
        thread::sleep(Duration::from_micros(random.below(40_000)));
        server.kill();
    });
}

/// Uses the service's failure points, which simulate a power cut during a write, a sync or a rename.
#[test]
fn a_power_cut_loses_nothing() {
    if !cfg!(debug_assertions) {
        println!("skipped: a power cut. A release build has no failure points");
        return;
    }
    let points = ["write", "sync", "synced", "state-write", "state-sync", "rename", "renamed", "removed"];
    let cuts = number("AUTHSIEVE_CUTS", 2 * points.len() as u64);
    let (mut round, mut cut) = (0, 0);
    storm(cuts, |random, arguments, listens| {
        let point = points[round % points.len()];
        // A start makes some dozen writes. A state is written ten times a second.
        let most = if round % points.len() < 3 { 60 } else { 3 };
        let fault = format!("{point}:{}", 1 + random.below(most));
        round += 1;
        if let Some(server) = Server::failing(arguments, &fault, listens) {
            // With little input, the point may never be reached.
            cut += u64::from(server.ends_within(Duration::from_secs(2)));
        } else {
            cut += 1;
        }
    });
    assert!(cut >= cuts * 3 / 4, "{cut} of {cuts} failure points were reached");
}

/// Sends attacks, while `round` repeatedly starts a service on the same state and ends it abruptly. At the end the
/// alerts have to equal those of an undisturbed run, with exact counts.
fn storm(rounds: u64, mut round: impl FnMut(&mut Random, &[&str], &dyn Fn(&str))) {
    let seed = number("AUTHSIEVE_KILL_SEED", 1);
    let folder = tempfile::tempdir().unwrap();
    let (state, out) = (folder.path().join("state"), folder.path().join("alerts.jsonl"));
    let config = folder.path().join("often.toml");
    fs::write(&config, "[server]\ncheckpoint = \"100ms\"\n").unwrap();
    let arguments = [
        "-c",
        config.to_str().unwrap(),
        "--state-dir",
        state.to_str().unwrap(),
        "--alerts",
        out.to_str().unwrap(),
    ];
    // The attacks are interleaved, so that each batch holds parts of several.
    let mut lines = Vec::new();
    for group in 0..2 * rounds as u32 {
        let attacks: Vec<Vec<String>> = (0..4).map(|place| attack(4 * group + place)).collect();
        lines.extend((0..6).flat_map(|step| attacks.iter().map(move |attack| attack[step].clone())));
    }
    let mut random = Random(seed);
    let address = Arc::new(Mutex::new(String::new()));
    let done = Arc::new(AtomicBool::new(false));
    let mut batches = Vec::new();
    let mut rest = &lines[..];
    while !rest.is_empty() {
        let (batch, behind) = rest.split_at(rest.len().min(1 + random.below(5) as usize));
        batches.push(body(batch));
        rest = behind;
    }
    // The sender repeats a batch until it gets an answer, as every forwarder does.
    let sender = {
        let (address, done) = (Arc::clone(&address), Arc::clone(&done));
        thread::spawn(move || {
            for batch in batches {
                loop {
                    let place = address.lock().unwrap().clone();
                    if post(&place, "", &batch).is_ok_and(|(status, _)| status == 200) {
                        break;
                    }
                    thread::sleep(Duration::from_millis(2));
                }
                thread::sleep(Duration::from_millis(3));
            }
            done.store(true, Ordering::Relaxed);
        })
    };
    let listens = |place: &str| place.clone_into(&mut address.lock().unwrap());
    for _ in 0..rounds {
        round(&mut random, &arguments, &listens);
    }
    let mut server = Server::start(&arguments);
    listens(&server.address);
    sender.join().unwrap();
    let wanted = expected(&lines);
    let end = Instant::now() + PATIENCE;
    while ids(&alerts(&out)).len() < wanted.len() {
        assert!(
            Instant::now() < end,
            "seed {seed}: {} of {} alerts\n{}",
            ids(&alerts(&out)).len(),
            wanted.len(),
            server.said()
        );
        thread::sleep(Duration::from_millis(20));
    }
    let found = alerts(&out);
    assert_eq!(ids(&found), ids(&wanted), "seed {seed}");
    // Repeated alerts are equal, and every count is exact.
    let mut by_id: BTreeMap<String, &serde_json::Value> = BTreeMap::new();
    for alert in &found {
        let id = alert["id"].as_str().unwrap().to_owned();
        assert_eq!(*by_id.entry(id).or_insert(alert), alert, "seed {seed}");
        assert_eq!(alert["failure_count"], 5, "seed {seed}: a batch counted twice, or not at all");
    }
    println!(
        "seed {seed}: {rounds} ends, {} alerts, {} delivered twice",
        wanted.len(),
        found.len() - wanted.len()
    );
    assert!(done.load(Ordering::Relaxed));
}
