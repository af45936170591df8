//! A short fuzz run through the components: no input makes one trap, and each answers like the native analytic.
//!
//! Most fuzzing is done natively: see `tests/hostile` and CONTRIBUTING.md.

use authsieve_host::{Analytic, Detector, Limits, StartError};
use authsieve_hostile::mutate::{Random, mutated};
use authsieve_hostile::{ANALYTICS, RECEIVED, Target, alerts, configuration, resealed, unsealed};

mod support;

/// Mutations for each analytic.
const INPUTS: u8 = 20;

/// The alerts of a detector for a log, and its state. At the end, the state is moved into another detector.
fn run(analytic: &Analytic, config: &str, log: &[u8]) -> (Vec<String>, Vec<u8>) {
    let mut detector = analytic.create(config, 1).expect("the configuration is valid");
    let mut found = detector.process(log, RECEIVED.0).expect("the guest lives");
    detector.decode(log, RECEIVED.0).expect("the guest lives");
    let snapshot = detector.snapshot().expect("the guest lives");
    let (mut detector, notes) = analytic.restore(config, 2, &snapshot).expect("what it wrote, it can read");
    assert!(notes.is_empty(), "{notes:?}");
    found.extend(detector.flush().expect("the guest lives"));
    (found.into_iter().map(|alert| authsieve_host::convert::alert(alert).to_json()).collect(), snapshot)
}

fn goes_on(detector: &mut Detector, log: &[u8]) {
    detector.process(log, RECEIVED.0).expect("the guest lives");
    detector.flush().expect("the guest lives");
    detector.snapshot().expect("the guest lives");
}

#[test]
fn no_log_and_no_snapshot_makes_a_component_trap() {
    let engine = support::engine(Limits::default());
    let mut random = Random(1);
    for id in ANALYTICS {
        let built = authsieve_components::get(id).expect("every analytic is built");
        let analytic = Analytic::load(&engine, built.id, built.wasm).expect("it loads");
        let target = Target::named(id).expect("every analytic is a target");
        let (seeds, words) = (target.seeds(), target.words());
        for n in 0..INPUTS {
            let config = configuration(id, n % 7, n / 7);
            let log = mutated(&mut random, &seeds, &words, target.longest);
            let (found, snapshot) = run(&analytic, &config, &log);
            assert_eq!(found, alerts(id, &config, &log), "{id} under {config}:\n{}", log.escape_ascii());
            // The same state with an error and a valid checksum: it must be refused or accepted.
            let mut body = unsealed(&snapshot).to_vec();
            let at = random.below(body.len());
            body[at] ^= 1 << random.below(8);
            match analytic.restore(&config, 1, &resealed(&body)) {
                Ok((mut detector, _)) => goes_on(&mut detector, &log),
                Err(StartError::Snapshot(_)) => {}
                Err(why) => panic!("{id}, byte {at}: {why}"),
            }
        }
    }
}
