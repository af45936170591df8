//! `kill -9` at random moments: the set of alerts that reached the sink is that of an undisturbed run.
//!
//! `AUTHSIEVE_KILLS=1000 cargo test -p authsieve --test serve -- kills` kills more often; `AUTHSIEVE_KILL_SEED` chooses others.

use crate::server::{PATIENCE, Server, alerts, attack, body, expected, ids, post};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, thread};

/// Kills in the ordinary test run.
const KILLS: u64 = 30;

fn number(name: &str, default: u64) -> u64 {
    env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

#[test]
fn nothing_is_lost_and_nothing_counts_twice() {
    let (kills, seed) = (number("AUTHSIEVE_KILLS", KILLS), number("AUTHSIEVE_KILL_SEED", 1));
    let folder = tempfile::tempdir().unwrap();
    let (state, out) = (folder.path().join("state"), folder.path().join("alerts.jsonl"));
    let arguments = ["--state-dir", state.to_str().unwrap(), "--alerts", out.to_str().unwrap()];
    // Attacks beside one another, so that each batch holds parts of several.
    let mut lines = Vec::new();
    for group in 0..2 * kills as u32 {
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
    // A sender that repeats a batch until it is answered, as every forwarder does.
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
    for _ in 0..kills {
        let server = Server::start(&arguments);
        address.lock().unwrap().clone_from(&server.address);
        thread::sleep(Duration::from_micros(random.below(40_000)));
        server.kill();
    }
    let mut server = Server::start(&arguments);
    address.lock().unwrap().clone_from(&server.address);
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
    // What comes twice is the same, and every count is exact.
    let mut by_id: BTreeMap<String, &serde_json::Value> = BTreeMap::new();
    for alert in &found {
        let id = alert["id"].as_str().unwrap().to_owned();
        assert_eq!(*by_id.entry(id).or_insert(alert), alert, "seed {seed}");
        assert_eq!(alert["failure_count"], 5, "seed {seed}: a batch counted twice, or not at all");
    }
    println!(
        "seed {seed}: {kills} kills, {} alerts, {} delivered twice",
        wanted.len(),
        found.len() - wanted.len()
    );
    assert!(done.load(Ordering::Relaxed));
}
