//! The `authsieve` command.
fn main() {}
