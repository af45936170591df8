//! Fuzz target: configurations.

use crate::ANALYTICS;
use authsieve_engine::analytic::Analytic;
use authsieve_engine::config::{Config, Json, code};
use authsieve_engine::detector::{Detector, Error};
use authsieve_suite::by_id;

/// Checks that a refused configuration has an error text, and that an accepted one always has the same digest.
pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    ANALYTICS.iter().for_each(|id| by_id!(*id, read(&text)));
}

fn read<A: Analytic>(text: &str) {
    let config = Config::<A::Options>::of(A::ABOUT.id, text, A::ABOUT.thresholds);
    match &config {
        Err(why) => assert!(!why.is_empty(), "refused without a word: {text}"),
        Ok(config) => {
            let again =
                Config::<A::Options>::of(A::ABOUT.id, text, A::ABOUT.thresholds).map(|again| again.digest);
            assert_eq!(again.as_ref(), Ok(&config.digest), "{text}");
            // Tables for a hundred thousand keys would take all of the time.
            if config.common.max_keys.0 > 1000 || config.common.sketch_bytes.0 > 1 << 16 {
                return;
            }
        }
    }
    match Detector::<A>::create(text, 1) {
        Ok(_) => assert!(config.is_ok(), "accepted and refused: {text}"),
        Err(Error::InvalidConfig(why)) => {
            assert!(well_formed(&why.lines()), "refused without a word: {text}")
        }
        Err(other) => panic!("{other}: {text}"),
    }
    // Text that is not JSON must be refused.
    let json = Json::parse(text).is_ok();
    assert!(json || text.trim().is_empty() || config.is_err(), "{text}");
}

/// True if each line is a problem: code, path and message.
fn well_formed(lines: &str) -> bool {
    lines.split('\n').all(|line| {
        let parts: Vec<_> = line.split('\t').collect();
        matches!(parts[..], [code, _, message] if code::ALL.contains(&code) && !message.is_empty())
    })
}
