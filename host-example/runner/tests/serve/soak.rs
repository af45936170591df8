//! A soak test: sends events by HTTP at a steady rate, while the service and its receiver restart now and then.
//!
//! ```text
//! AUTHSIEVE_SOAK=3600 AUTHSIEVE_SOAK_RATE=10000 cargo test --release -p authsieve --test serve -- soak --nocapture
//! ```
//!
//! runs for an hour. `AUTHSIEVE_SOAK_RATE=0` sends as fast as the service accepts. `AUTHSIEVE_SOAK_ENDS=0` runs without
//! restarts, to measure speed. The test prints its measurements, and asserts that each attack raised one alert with the
//! exact count.

use crate::receiver::{Answer, Receiver};
use crate::server::{PATIENCE, Server, number, post};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// The defaults for an ordinary run: seconds, events per second, and restarts of the service.
const SECONDS: u64 = 60;
const RATE: u64 = 3_000;
const ENDS: u64 = 4;
/// The events per request.
const BATCH: u64 = 500;
/// One attack per this many events.
const ATTACK_EVERY: u64 = 2_000;

/// A range of events that starts with this number. Most are ordinary lines, and a quarter are failures from many
/// addresses. The last six of each [`ATTACK_EVERY`] are an attack.
fn events(first: u64, rate: u64) -> String {
    let mut text = String::new();
    for event in first..first + BATCH {
        let second = event / rate.max(1_000);
        let (day, clock) = (4 + second / 86_400, second % 86_400);
        let time = format!("2026-03-{day:02}T{:02}:{:02}:{:02}Z", clock / 3600, clock / 60 % 60, clock % 60);
        let (attack, place) = (event / ATTACK_EVERY, event % ATTACK_EVERY);
        let address =
            |number: u64| format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
        let pid = event % 30_000 + 1_000;
        let _ = match place {
            1_994.. => {
                let what = if place == 1_999 { "Accepted" } else { "Failed" };
                let from = address(attack);
                writeln!(
                    text,
                    "{time} web1 sshd[{pid}]: {what} password for user{attack} from {from} port 4000 ssh2"
                )
            }
            _ if event % 4 == 0 => {
                let from = format!("172.16.{}.{}", event / 256 % 256, event % 256);
                writeln!(text, "{time} web2 sshd[{pid}]: Failed password for root from {from} port 4000 ssh2")
            }
            _ => writeln!(
                text,
                "{time} web3 app[{pid}]: GET /items/{event} 200 in {} ms for 10.1.2.3",
                event % 97
            ),
        };
    }
    text
}

/// The CPU seconds of a process, and its peak memory in KiB.
fn took(pid: u32) -> (f64, u64) {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |place: usize| fields.get(place).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
    ((ticks(11) + ticks(12)) / 100.0, peak.unwrap_or(0))
}

#[test]
fn a_soak() {
    let (seconds, rate) = (number("AUTHSIEVE_SOAK", SECONDS), number("AUTHSIEVE_SOAK_RATE", RATE));
    let ends = number("AUTHSIEVE_SOAK_ENDS", ENDS);
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("often.toml");
    fs::write(&config, "[server]\ncheckpoint = \"5s\"\n").unwrap();
    // The receiver breaks off in the middle of a request, like a killed process.
    let is_down = Arc::new(AtomicBool::new(false));
    let down = Arc::clone(&is_down);
    let receiver =
        Receiver::listen(
            move |_, _| {
                if down.load(Ordering::Relaxed) { Answer::Cut } else { Answer::status(200) }
            },
        );
    let (state, url) = (folder.path().join("state"), format!("{}/alerts", receiver.url));
    let mut arguments = vec!["-c", config.to_str().unwrap(), "--alerts", &url];
    if env::var_os("AUTHSIEVE_SOAK_STATELESS").is_none() {
        arguments.extend(["--state-dir", state.to_str().unwrap()]);
    }
    let address = Arc::new(Mutex::new(String::new()));
    let began = Instant::now();
    let sender = {
        let address = Arc::clone(&address);
        thread::spawn(move || {
            let (mut sent, mut attacks) = (0_u64, Vec::new());
            while began.elapsed() < Duration::from_secs(seconds) {
                if let Some(due) = (sent * 1_000_000).checked_div(rate) {
                    thread::sleep(Duration::from_micros(due).saturating_sub(began.elapsed()));
                }
                let batch = events(sent, rate);
                let at = Instant::now();
                loop {
                    let place = address.lock().unwrap().clone();
                    if post(&place, "", batch.as_bytes()).is_ok_and(|(status, _)| status == 200) {
                        break;
                    }
                    thread::sleep(Duration::from_millis(5));
                }
                sent += BATCH;
                if sent % ATTACK_EVERY == 0 {
                    attacks.push(at);
                }
            }
            (sent, attacks)
        })
    };
    let (mut cpu, mut peak) = (0.0, 0);
    let mut server = Server::start(&arguments);
    server.address.clone_into(&mut address.lock().unwrap());
    let pause = Duration::from_millis(seconds * 1000 / (2 * ends + 2).max(1));
    let down = pause.min(Duration::from_secs(3)) / 3;
    for _ in 0..ends {
        thread::sleep(pause);
        is_down.store(true, Ordering::Relaxed);
        thread::sleep(down);
        is_down.store(false, Ordering::Relaxed);
        thread::sleep(pause.saturating_sub(down));
        let (seconds, memory) = took(server.id());
        (cpu, peak) = (cpu + seconds, memory.max(peak));
        server.kill();
        server = Server::start(&arguments);
        server.address.clone_into(&mut address.lock().unwrap());
    }
    let (sent, attacks) = sender.join().unwrap();
    let time = began.elapsed();
    let end = Instant::now() + PATIENCE;
    let mut alerts: BTreeMap<String, (Instant, serde_json::Value)> = BTreeMap::new();
    let mut taken = 0;
    while alerts.len() < attacks.len() {
        for request in receiver.take() {
            for alert in request.lines() {
                let id = alert["id"].as_str().unwrap().into();
                let first = alerts.entry(id).or_insert((request.at, alert.clone()));
                assert_eq!(first.1, alert, "what comes twice is the same");
                taken += 1;
            }
        }
        assert!(Instant::now() < end, "{} of {} alerts\n{}", alerts.len(), attacks.len(), server.said());
        thread::sleep(Duration::from_millis(20));
    }
    let (seconds, memory) = took(server.id());
    (cpu, peak) = (cpu + seconds, memory.max(peak));
    let mut waits = vec![None; attacks.len()];
    for (at, alert) in alerts.values() {
        assert_eq!(alert["failure_count"], 5, "an event was lost or counted twice: {alert}");
        let attack: usize =
            alert["user"].as_str().and_then(|user| user.strip_prefix("user")?.parse().ok()).unwrap();
        assert!(waits[attack].replace(at.saturating_duration_since(attacks[attack])).is_none(), "{alert}");
    }
    waits.sort();
    let wait = |part: usize| waits.get(waits.len() * part / 100).copied().flatten().unwrap_or_default();
    println!(
        "{sent} events in {:.1} s ({:.0} a second), {cpu:.1} s of CPU ({:.0} events each), {peak} KiB at most, {ends} ends; \
         {} alerts, {} twice; from a request to its alert: {:.1} ms median, {:.1} ms for 99 of 100",
        time.as_secs_f64(),
        sent as f64 / time.as_secs_f64(),
        sent as f64 / cpu,
        attacks.len(),
        taken - attacks.len(),
        wait(50).as_secs_f64() * 1e3,
        wait(99).as_secs_f64() * 1e3,
    );
}
