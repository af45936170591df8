//! A host for one analytic: `authsieve-embed an1276.wasm auth.log`. Needs the wasmtime crate and nothing else.

use std::error::Error;
use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, BufReader};
use std::time::UNIX_EPOCH;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

mod contract {
    #![allow(missing_docs)]
    wasmtime::component::bindgen!({ path: "../../../wit", world: "detector-component" });
}

fn main() -> Result<(), Box<dyn Error>> {
    let [module, log] = std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "usage: MODULE LOG")?;
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let component = Component::from_file(&engine, module)?;
    // The linker stays empty: a component that imports anything is refused here.
    let instance = contract::DetectorComponent::instantiate(&mut store, &component, &Linker::new(&engine))?;
    let guest = instance.authsieve_analytic_analytic().detector();
    // The empty configuration stands for the defaults; the seed should be random.
    let seed = RandomState::new().build_hasher().finish();
    let detector = guest.call_create(&mut store, "", seed)??;

    let file = File::open(log)?;
    let received = file.metadata()?.modified()?.duration_since(UNIX_EPOCH)?.as_micros().try_into()?;
    let (mut lines, mut batch, mut alerts) = (BufReader::new(file), Vec::new(), Vec::new());
    loop {
        while batch.len() < 64 << 10 && lines.read_until(b'\n', &mut batch)? > 0 {}
        let ended = batch.is_empty();
        if ended {
            alerts.extend(guest.call_flush(&mut store, detector)?);
        } else {
            alerts.extend(guest.call_process(&mut store, detector, &batch, received)?);
        }
        for alert in alerts.drain(..) {
            // Titles hold names that an attacker may have chosen: they are escaped before they reach a terminal.
            println!("{:?} {:?}", alert.severity, alert.title);
        }
        if ended {
            return Ok(());
        }
        batch.clear();
    }
}
