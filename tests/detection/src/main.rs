//! Makes `DETECTION.md` anew. Where rsigma is installed, it also makes the figures of rsigma anew.

use authsieve_detection::corpus::{Corpus, SEED};
use authsieve_detection::page;
use authsieve_detection::store::Stored;
use authsieve_detection::systems::Judged;
use authsieve_detection::systems::rsigma::Rsigma;
use std::{fs, io};

fn main() -> io::Result<()> {
    let corpus = Corpus::new(SEED);
    let judged = Judged::new(&corpus);
    let stored = match Rsigma::find() {
        Some(rsigma) => {
            let stored = Stored::new(&rsigma, &corpus, &judged)?;
            stored.write()?;
            Some(stored)
        }
        None => {
            eprintln!(
                "rsigma is not installed, and RSIGMA names none: its figures are those of {}",
                Stored::file().display()
            );
            Stored::read(&corpus)?
        }
    };
    fs::write(page::file(), page::write(&corpus, &judged, stored.as_ref()))
}
