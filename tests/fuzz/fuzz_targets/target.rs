//! Runs the fuzz target named in `AUTHSIEVE_FUZZ_TARGET`.
#![no_main]

use authsieve_hostile::{Target, targets};
use std::env;
use std::sync::LazyLock;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = env::var("AUTHSIEVE_FUZZ_TARGET").unwrap_or_default();
    Target::named(&name).unwrap_or_else(|| {
        let names: Vec<String> = targets().into_iter().map(|target| target.name).collect();
        panic!("AUTHSIEVE_FUZZ_TARGET: {name:?} is no target; allowed are {}", names.join(", "))
    })
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| TARGET.run(bytes));
