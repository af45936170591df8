//! Prints the records of files, or of standard input, one a line, and reports the bytes that are no record.
//!
//! ```console
//! $ cargo run -p authsieve-framing --example frame -- export.csv
//! ```

use authsieve_framing::{MAX_RECORD, Stream};
use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};

fn main() -> Result<(), Box<dyn Error>> {
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        names.push("-".into());
    }
    let mut out = io::stdout().lock();
    for name in &names {
        let input: Box<dyn Read> = match name.as_str() {
            "-" => Box::new(io::stdin().lock()),
            path => Box::new(File::open(path)?),
        };
        // The name decides where the content leaves the format in doubt.
        let mut stream = Stream::new(input, None, Some(name), MAX_RECORD);
        let mut batch = Vec::new();
        while let Some(cut) = stream.next(&mut batch)? {
            out.write_all(&batch)?;
            for problem in cut.problems {
                eprintln!("{name}:{}: {:?}", problem.line, problem.flaw);
            }
        }
        eprintln!("{name}: {:?}", stream.format());
    }
    Ok(())
}
