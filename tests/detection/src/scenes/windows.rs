//! Logons on Windows.

use super::{guesses, shared, tries};
use crate::corpus::Scene;
use authsieve_tests::fact::SECOND;

/// Guesses of one account from one address, and a logon where `enters`.
fn guessed(scene: &mut Scene<'_>, (from, to): (i64, i64), wait: (i64, i64), enters: bool) {
    scene.begin(0, 20);
    let (victim, attacker) = (scene.person(), scene.address());
    let count = scene.between(from, to);
    guesses(scene, count, &victim, &attacker, wait);
    if enters {
        scene.login(&victim, &attacker);
    }
}

pub fn guessing(scene: &mut Scene<'_>) {
    guessed(scene, (20, 40), (2, 5), false);
}

pub fn guessing_in(scene: &mut Scene<'_>) {
    guessed(scene, (14, 20), (2, 4), true);
}

pub fn few_in(scene: &mut Scene<'_>) {
    guessed(scene, (6, 8), (30, 40), true);
}

pub fn disorder(scene: &mut Scene<'_>) {
    scene.delay = 90 * SECOND;
    guessed(scene, (14, 20), (10, 20), true);
}

pub fn tool(scene: &mut Scene<'_>) {
    scene.begin(0, 20);
    let (victim, attacker) = (scene.person(), scene.address());
    for _ in 0..60 {
        scene.fail(&victim, &attacker);
        scene.now += 50_000;
    }
    scene.login(&victim, &attacker);
}

/// One guess on each of many accounts.
fn sprayed(scene: &mut Scene<'_>, (from, to): (i64, i64), wait: (i64, i64)) {
    scene.begin(0, 18);
    let attacker = scene.address();
    let count = scene.between(from, to);
    for victim in scene.people(count) {
        guesses(scene, 1, &victim, &attacker, wait);
    }
}

pub fn spray(scene: &mut Scene<'_>) {
    sprayed(scene, (30, 60), (3, 8));
}

pub fn slow_spray(scene: &mut Scene<'_>) {
    sprayed(scene, (40, 40), (180, 300));
}

pub fn distributed(scene: &mut Scene<'_>) {
    scene.begin(0, 20);
    let victim = scene.person();
    for _ in 0..12 {
        let attacker = scene.address();
        let count = scene.between(2, 3);
        guesses(scene, count, &victim, &attacker, (8, 16));
    }
}

pub fn slow(scene: &mut Scene<'_>) {
    guessed(scene, (45, 55), (1_200, 1_800), false);
}

pub fn alike(scene: &mut Scene<'_>) {
    scene.begin(0, 20);
    let (name, attacker) = (scene.person(), scene.address());
    let other = name.replace('a', "4").replace('o', "0").replace('e', "3");
    for victim in [name.clone(), format!("{name}1"), format!("{name}2"), other, format!("{name}-3")] {
        scene.own(&victim);
        guesses(scene, 3, &victim, &attacker, (10, 20));
    }
}

pub fn forgotten(scene: &mut Scene<'_>) {
    scene.begin(7, 17);
    tries(scene, 2, 4);
}

pub fn monday(scene: &mut Scene<'_>) {
    scene.begin_on(0, 7, 10);
    tries(scene, 5, 7);
}

pub fn stale(scene: &mut Scene<'_>) {
    scene.begin(0, 19);
    let (service, server) = (scene.person(), scene.address());
    guesses(scene, 240, &service, &server, (60, 60));
}

pub fn drive(scene: &mut Scene<'_>) {
    scene.begin(7, 17);
    let (person, address) = (scene.person(), scene.address());
    guesses(scene, 12, &person, &address, (20, 40));
}

pub fn terminal(scene: &mut Scene<'_>) {
    scene.begin(7, 9);
    shared(scene, 40, 2_700, 3);
}

pub fn monitoring(scene: &mut Scene<'_>) {
    scene.begin(0, 4);
    let (probe, address) = (scene.person(), scene.address());
    guesses(scene, 220, &probe, &address, (300, 300));
}

pub fn twice(scene: &mut Scene<'_>) {
    scene.begin(7, 17);
    scene.twice = true;
    let (person, address) = (scene.person(), scene.address());
    guesses(scene, 4, &person, &address, (60, 90));
    scene.login(&person, &address);
}
