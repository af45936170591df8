//! Logins by SSH.

use super::{guesses, shared, tries};
use crate::corpus::Scene;
use authsieve_tests::fact::SECOND;
use authsieve_tests::scenario::Kind as Line;

/// An attacker who guesses one account and gets in.
fn guessed(scene: &mut Scene<'_>, (from, to): (i64, i64), wait: (i64, i64)) {
    scene.begin(0, 20);
    let (victim, attacker) = (scene.person(), scene.address());
    let count = scene.between(from, to);
    guesses(scene, count, &victim, &attacker, wait);
    scene.login(&victim, &attacker);
}

pub fn fast(scene: &mut Scene<'_>) {
    guessed(scene, (30, 60), (0, 1));
}

pub fn patient(scene: &mut Scene<'_>) {
    guessed(scene, (6, 9), (50, 80));
}

pub fn slow(scene: &mut Scene<'_>) {
    guessed(scene, (18, 24), (360, 600));
}

pub fn disorder(scene: &mut Scene<'_>) {
    scene.delay = 120 * SECOND;
    guessed(scene, (7, 9), (50, 80));
}

pub fn spray(scene: &mut Scene<'_>) {
    scene.begin(0, 20);
    let attacker = scene.address();
    let count = scene.between(30, 50);
    let victims = scene.people(count);
    for (at, victim) in victims.iter().enumerate() {
        // Every third account does not exist.
        let kinds: &[Line] = if at % 3 == 1 { &[Line::Invalid, Line::Failed(1)] } else { &[Line::Failed(1)] };
        scene.lines(kinds, victim, &attacker);
        scene.wait(5, 15);
    }
    scene.login(&victims[0], &attacker);
}

pub fn distributed(scene: &mut Scene<'_>) {
    scene.begin(0, 20);
    let victim = scene.person();
    for _ in 0..20 {
        let attacker = scene.address();
        guesses(scene, 2, &victim, &attacker, (5, 15));
    }
    let attacker = scene.address();
    scene.login(&victim, &attacker);
}

pub fn keyboard(scene: &mut Scene<'_>) {
    scene.begin(0, 20);
    let (victim, attacker) = (scene.person(), scene.address());
    for _ in 0..6 {
        scene.lines(&[Line::PamUnix, Line::Failed(1)], &victim, &attacker);
        scene.wait(4, 8);
    }
    scene.login(&victim, &attacker);
}

pub fn flood(scene: &mut Scene<'_>) {
    scene.begin(1, 4);
    let (victim, attacker) = (scene.person(), scene.address());
    guesses(scene, 5, &victim, &attacker, (1, 2));
    for _ in 0..110_000 {
        let junk = scene.address();
        scene.fail("guest", &junk);
        scene.now += 4_000;
    }
    guesses(scene, 1, &victim, &attacker, (1, 2));
    scene.login(&victim, &attacker);
}

pub fn forgotten(scene: &mut Scene<'_>) {
    scene.begin(7, 17);
    tries(scene, 2, 3);
}

pub fn monday(scene: &mut Scene<'_>) {
    scene.begin_on(0, 7, 10);
    tries(scene, 5, 7);
}

pub fn office(scene: &mut Scene<'_>) {
    scene.begin(7, 9);
    shared(scene, 25, 1_800, 3);
}

pub fn vpn(scene: &mut Scene<'_>) {
    scene.begin(7, 9);
    shared(scene, 60, 7_200, 1);
}

pub fn stale(scene: &mut Scene<'_>) {
    scene.begin(8, 12);
    let (service, jump) = (scene.person(), scene.address());
    let begin = scene.now;
    guesses(scene, 180, &service, &jump, (60, 60));
    for admin in scene.people(6) {
        scene.now = begin;
        scene.wait(600, 10_000);
        scene.lines(&[Line::Accepted(1)], &admin, &jump);
    }
}

pub fn monitoring(scene: &mut Scene<'_>) {
    scene.begin(0, 20);
    let (probe, address) = (scene.person(), scene.address());
    for _ in 0..120 {
        scene.lines(&[Line::Invalid, Line::Failed(1)], &probe, &address);
        scene.wait(60, 60);
    }
}

pub fn twice(scene: &mut Scene<'_>) {
    scene.begin(7, 17);
    scene.twice = true;
    tries(scene, 3, 3);
}
