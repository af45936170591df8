//! The `authsieve` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    authsieve::cli::main()
}
