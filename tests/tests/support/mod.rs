//! Helpers that several tests share.

use authsieve_host::{Cache, Engine, Limits};
use std::path::Path;

/// An engine whose tests share compiled components, with the tests of the command too. Compiling all of them takes a
/// minute of CPU time.
pub fn engine(limits: Limits) -> Engine {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("authsieve");
    Engine::new(limits).expect("wasmtime starts").cached(Some(Cache::at(folder)))
}
