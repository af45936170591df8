//! A host for one analytic: `authsieve-embed an1276.wasm auth.log`. Its only dependency is the wasmtime crate.

use contract::exports::authsieve::analytic::analytic::Reading;
use std::error::Error;
use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, BufReader};
use std::time::{SystemTime, UNIX_EPOCH};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

mod contract {
    #![allow(missing_docs)]
    wasmtime::component::bindgen!({ path: "../../../wit", world: "detector-component" });
}

fn main() -> Result<(), Box<dyn Error>> {
    let [module, log] =
        std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "usage: MODULE LOG")?;
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let component = Component::from_file(&engine, module)?;
    // The linker is empty, so a component that imports anything is refused here.
    let instance = contract::DetectorComponent::instantiate(&mut store, &component, &Linker::new(&engine))?;
    let guest = instance.authsieve_analytic_analytic().detector();
    // The empty configuration means the defaults. The seed should be random.
    let seed = RandomState::new().build_hasher().finish();
    let detector = guest.call_create(&mut store, "", seed)??;

    let micros = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok()?.as_micros().try_into().ok();
    let file = File::open(&log)?;
    let written = micros(file.metadata()?.modified()?);
    let received = micros(SystemTime::now()).ok_or("the clock stands before 1970")?;
    // Record numbers count over the whole input, so an alert names the line that raised it.
    let mut reading = Reading { received, written, first: 1 };
    let (mut lines, mut batch) = (BufReader::new(file), Vec::new());
    loop {
        let mut count = 0;
        while batch.len() < 64 << 10 && lines.read_until(b'\n', &mut batch)? > 0 {
            count += 1;
        }
        let alerts = match count {
            0 => guest.call_flush(&mut store, detector)?,
            _ => guest.call_process(&mut store, detector, &batch, reading)?,
        };
        for alert in alerts {
            // A title may contain a name that an attacker chose, so it is escaped for the terminal.
            println!("{log}:{} {} {:?}", alert.record, alert.pattern, alert.title);
        }
        if count == 0 {
            return Ok(());
        }
        reading.first += count;
        batch.clear();
    }
}
