//! Sign-ins to Microsoft 365.

use super::{guesses, shared, tries};
use crate::corpus::Scene;
use authsieve_tests::fact::SECOND;

/// One try on each of many accounts from one address.
fn stuffed(scene: &mut Scene<'_>, (from, to): (i64, i64), wait: (i64, i64), accepted: bool) {
    scene.begin(0, 18);
    let attacker = scene.address();
    let count = scene.between(from, to);
    for (at, victim) in scene.people(count).into_iter().enumerate() {
        if accepted && at == 25 {
            scene.login(&victim, &attacker);
        } else {
            scene.fail(&victim, &attacker);
        }
        scene.wait(wait.0, wait.1);
    }
}

pub fn stuffing(scene: &mut Scene<'_>) {
    stuffed(scene, (40, 80), (2, 6), false);
}

pub fn stuffing_in(scene: &mut Scene<'_>) {
    stuffed(scene, (40, 80), (2, 6), true);
}

pub fn slow(scene: &mut Scene<'_>) {
    stuffed(scene, (40, 40), (240, 360), false);
}

pub fn disorder(scene: &mut Scene<'_>) {
    scene.delay = 300 * SECOND;
    stuffed(scene, (40, 80), (2, 6), true);
}

pub fn spray(scene: &mut Scene<'_>) {
    scene.begin(0, 20);
    let attacker = scene.address();
    let count = scene.between(12, 20);
    let victims = scene.people(count);
    for _ in 0..4 {
        for victim in &victims {
            guesses(scene, 1, victim, &attacker, (8, 16));
        }
    }
}

pub fn guessing_in(scene: &mut Scene<'_>) {
    scene.begin(0, 20);
    let (victim, attacker) = (scene.person(), scene.address());
    let count = scene.between(12, 18);
    guesses(scene, count, &victim, &attacker, (10, 30));
    scene.login(&victim, &attacker);
}

pub fn distributed(scene: &mut Scene<'_>) {
    scene.begin(0, 20);
    for _ in 0..40 {
        let attacker = scene.address();
        for victim in scene.people(2) {
            guesses(scene, 1, &victim, &attacker, (1, 3));
        }
    }
}

pub fn forgotten(scene: &mut Scene<'_>) {
    scene.begin(7, 17);
    tries(scene, 2, 3);
}

pub fn monday(scene: &mut Scene<'_>) {
    scene.begin_on(0, 7, 10);
    let (person, home) = (scene.person(), scene.address());
    let count = scene.between(12, 16);
    guesses(scene, count, &person, &home, (60, 90));
    scene.login(&person, &home);
}

pub fn office(scene: &mut Scene<'_>) {
    scene.begin(7, 9);
    shared(scene, 60, 3_600, 2);
}

pub fn vpn(scene: &mut Scene<'_>) {
    scene.begin(7, 9);
    shared(scene, 120, 7_200, 1);
}

pub fn stale(scene: &mut Scene<'_>) {
    scene.begin(0, 19);
    let (service, server) = (scene.person(), scene.address());
    guesses(scene, 180, &service, &server, (60, 60));
}

pub fn monitoring(scene: &mut Scene<'_>) {
    scene.begin(0, 4);
    let (probe, address) = (scene.person(), scene.address());
    guesses(scene, 220, &probe, &address, (300, 300));
}

pub fn twice(scene: &mut Scene<'_>) {
    scene.begin(7, 17);
    scene.twice = true;
    tries(scene, 3, 3);
}
