//! Runs one analytic over a log and prints its alerts: the smallest useful host.
//!
//! ```console
//! $ cargo run -p authsieve-host --example detect -- an1276 /var/log/auth.log
//! ```

use authsieve_host::{Analytic, Cache, Engine, Limits, Session, convert};
use std::collections::hash_map::RandomState;
use std::error::Error;
use std::fs;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

fn main() -> Result<(), Box<dyn Error>> {
    let [id, log] =
        std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "usage: detect ID LOG")?;
    // Compiling a component takes seconds. The cache keeps the result for the next run.
    let engine = Engine::new(Limits::default())?.cached(Cache::of_user());
    let built = authsieve_components::get(&id).ok_or("there is no such analytic")?;
    let analytic = Arc::new(Analytic::load(&engine, built.id, built.wasm)?);
    // The empty configuration stands for the defaults. The seed is random, because attackers choose the keys.
    let mut session = Session::start(analytic, String::new(), RandomState::new().hash_one(0))?;

    // Times in the log may lack a year. The time of the last write completes them.
    let written = fs::metadata(&log)?.modified()?.duration_since(UNIX_EPOCH)?;
    let received = i64::try_from(written.as_micros())?;
    let mut bytes = fs::read(&log)?;
    if bytes.last().is_some_and(|byte| *byte != b'\n') {
        bytes.push(b'\n');
    }
    let mut alerts = Vec::new();
    // A batch holds whole records. About 64 KiB hide the cost of a call.
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let behind = rest.get(64 << 10..).and_then(|more| more.iter().position(|byte| *byte == b'\n'));
        let (batch, more) = rest.split_at(behind.map_or(rest.len(), |end| (64 << 10) + end + 1));
        let answer = session.process(batch, received);
        for trouble in answer.troubles {
            eprintln!("{log}: {trouble:?}");
        }
        alerts.extend(answer.alerts);
        rest = more;
    }
    alerts.extend(session.flush().alerts);
    for alert in alerts.into_iter().map(convert::alert) {
        println!("{}", alert.to_json());
    }
    Ok(())
}
