//! Measures the costs of authsieve: `cargo bench -p authsieve-bench`.
//!
//! All inputs come from a seed (`AUTHSIEVE_SEED`, 1). Things that are compared are measured in turns, so that a busy
//! machine slows all of them alike. The median of the turns (`AUTHSIEVE_TURNS`, 5) counts. `AUTHSIEVE_SCALE` (100)
//! makes inputs smaller or larger. `RSIGMA` and `RSIGMA_RULES` name the program and the rules of another tool.
//! PERFORMANCE.md explains the results.

mod allocations;
mod events;
mod floors;
mod processes;

use authsieve_bench::{Shape, corpus};
use std::process::ExitCode;

/// Set in the measured processes, which run the command.
const COMMAND: &str = "AUTHSIEVE_BENCH_COMMAND";

fn main() -> ExitCode {
    if std::env::var_os(COMMAND).is_some() {
        return authsieve::cli::main();
    }
    // `cargo test --benches` only checks that it runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("skipped: `cargo bench` measures");
        return ExitCode::SUCCESS;
    }
    let scale = Scale {
        seed: number("AUTHSIEVE_SEED", 1),
        turns: number("AUTHSIEVE_TURNS", 5) as usize,
        percent: number("AUTHSIEVE_SCALE", 100),
    };
    println!("seed {}, {} turns, scale {} %\n", scale.seed, scale.turns, scale.percent);
    processes::report(&scale);
    events::report(&scale);
    floors::report(&scale);
    ExitCode::SUCCESS
}

/// The amounts that are measured.
struct Scale {
    seed: u64,
    turns: usize,
    percent: u64,
}

impl Scale {
    fn corpus(&self, shape: Shape, records: u64, logins: u64) -> Vec<u8> {
        corpus(shape, (records * self.percent / 100) as usize, logins, self.seed)
    }
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
