//! The target of the program's name.
#![no_main]

use authsieve_hostile::Target;
use std::sync::LazyLock;

static TARGET: LazyLock<Target> =
    LazyLock::new(|| Target::named(env!("CARGO_BIN_NAME")).expect("every program is named after a target"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| TARGET.run(bytes));
