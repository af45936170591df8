//! Prints the records of files, archives and folders in the order of their inputs, each with its file and line.
//!
//! ```console
//! $ cargo run -p authsieve-inputs --example merge -- /var/log/auth.log*
//! ```

use authsieve_inputs::{Files, Input, Source};
use std::io::{self, Write};
use std::path::PathBuf;

fn main() -> io::Result<()> {
    let inputs = std::env::args_os().skip(1).map(|name| Input::from_argument(PathBuf::from(name))).collect();
    let mut files = Files::new(inputs);
    let mut out = io::stdout().lock();
    let mut buffer = Vec::new();
    while let Some(batch) = files.next(buffer) {
        for loss in &batch.losses {
            eprintln!("{}: {loss}", batch.file);
        }
        let mut moves = batch.moves.iter().peekable();
        let (mut file, mut line) = (&batch.file, batch.line);
        for (number, record) in (0..).zip(batch.bytes.split_inclusive(|byte| *byte == b'\n')) {
            if let Some(other) = moves.next_if(|other| other.record == number) {
                (file, line) = (&other.file, other.line);
            }
            write!(out, "{file}:{line}: ")?;
            out.write_all(record)?;
            line += 1;
        }
        batch.receipt.acknowledge();
        buffer = batch.bytes;
        buffer.clear();
    }
    Ok(())
}
