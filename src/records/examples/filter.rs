//! Copies the lines of standard input that contain one of the given words, in any ASCII case. A host does this with the
//! needles of its analytics before it calls them.
//!
//! ```console
//! $ cargo run -p authsieve-records --example filter -- "failed password" accepted </var/log/auth.log
//! ```

use authsieve_records::prefilter::{Prefilter, Route};
use std::io::{self, Read, Write};

fn main() -> io::Result<()> {
    let needles: Vec<String> = std::env::args().skip(1).collect();
    // One list of needles for each analytic.
    let prefilter = Prefilter::new(&[needles]);
    let mut batch = Vec::new();
    io::stdin().lock().read_to_end(&mut batch)?;
    let mut out = io::stdout().lock();
    for route in prefilter.route(&batch) {
        match route {
            Route::All => out.write_all(&batch)?,
            Route::Runs(runs) => {
                for run in runs {
                    out.write_all(batch.get(run).unwrap_or_default())?;
                }
            }
        }
    }
    Ok(())
}
