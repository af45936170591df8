//! Runs all analytics over a log in this process, without WebAssembly, and prints their alerts.
//!
//! ```console
//! $ cargo run -p authsieve-suite --example suite -- /var/log/auth.log
//! ```

use authsieve_engine::detector::{Detector, Reading};
use authsieve_engine::time::Timestamp;
use authsieve_framing::{MAX_RECORD, Stream};
use authsieve_suite::Suite;
use std::error::Error;
use std::fs::File;
use std::time::UNIX_EPOCH;

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).ok_or("usage: detect LOG")?;
    let file = File::open(&name)?;
    // Times in the log may lack a year. The time of the last write completes them.
    let written = file.metadata()?.modified()?.duration_since(UNIX_EPOCH)?;
    let written = Timestamp(i64::try_from(written.as_micros())?);
    // The empty configuration stands for the defaults. A seed from outside guards the hash tables of a service.
    let mut detector = Detector::<Suite>::create("", 0)?;
    let mut stream = Stream::new(file, None, Some(&name), MAX_RECORD);
    let mut batch = Vec::new();
    let mut first = 1;
    while let Some(cut) = stream.next(&mut batch)? {
        let reading = Reading { first, written: Some(written), ..Reading::at(written) };
        for alert in detector.process(&batch, reading) {
            println!("{}", alert.to_json());
        }
        first += cut.records;
    }
    for alert in detector.flush() {
        println!("{}", alert.to_json());
    }
    Ok(())
}
