//! Fuzz target: changed snapshots with a valid checksum.

use crate::{ANALYTICS, RECEIVED, analytic, controls};
use authsieve_engine::analytic::Analytic;
use authsieve_engine::detector::{Detector, Error};
use authsieve_suite::by_id;
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use std::hash::Hasher as _;

/// The length of the checksum at the end of a snapshot.
const CHECKSUM: usize = 16;

/// Checks that a snapshot is refused, or accepted and then as good as any other.
pub fn run(bytes: &[u8]) {
    let (controls, body) = controls::<3>(bytes);
    let snapshot = resealed(body);
    let id = ANALYTICS[usize::from(controls[0]) % ANALYTICS.len()];
    by_id!(id, restore(&snapshot, controls));
}

/// A body with its checksum, which makes it a snapshot.
#[must_use]
pub fn resealed(body: &[u8]) -> Vec<u8> {
    let mut hasher = SipHasher13::new_with_keys(0x736e_6170, 0x7368_6f74);
    hasher.write(body);
    [body, &hasher.finish128().as_u128().to_le_bytes()].concat()
}

/// A snapshot without its checksum.
#[must_use]
pub fn unsealed(snapshot: &[u8]) -> &[u8] {
    snapshot.get(..snapshot.len().saturating_sub(CHECKSUM)).unwrap_or_default()
}

fn restore<A: Analytic>(snapshot: &[u8], controls: [u8; 3]) {
    let config = analytic::config::<A>(controls[1], controls[2]);
    let (mut detector, _) = match Detector::<A>::restore(&config, 1, snapshot) {
        Ok(restored) => restored,
        Err(Error::InvalidSnapshot(why)) => return assert!(!why.is_empty()),
        Err(other) => panic!("{config}: {other}"),
    };
    let again = detector.snapshot();
    let (other, notes) = Detector::<A>::restore(&config, 2, &again).expect("what it wrote, it can read");
    assert!(notes.is_empty(), "nothing has changed: {notes:?}");
    assert!(other.snapshot() == again, "a snapshot is not the snapshot of what it restores");
    for record in crate::seeds::SAMPLES {
        detector.process(record.as_bytes(), RECEIVED);
    }
    detector.advance(RECEIVED);
    detector.flush();
    let _ = detector.snapshot();
}
