//! Second factors.

use crate::corpus::Scene;
use authsieve_tests::fact::SECOND;
use authsieve_tests::login::Outcome;

/// A challenge that is not approved. Every fourth is left unanswered, where the layout can say so.
fn push(scene: &mut Scene<'_>, user: &str, address: &str) {
    scene.attempt(Outcome::Challenge, user, address);
    scene.now += 12 * SECOND;
    let refused = if scene.rng.one_in(4) { Outcome::Timeout } else { Outcome::Denied };
    scene.attempt(refused, user, address);
}

/// A challenge that is approved, and the login that it allows.
fn approve(scene: &mut Scene<'_>, user: &str, address: &str) {
    scene.attempt(Outcome::Challenge, user, address);
    scene.now += 6 * SECOND;
    scene.attempt(Outcome::Approved, user, address);
    scene.now += SECOND;
    scene.login(user, address);
}

fn pushes(scene: &mut Scene<'_>, (from, to): (i64, i64), wait: (i64, i64), approved: bool) {
    let (user, address) = (scene.person(), scene.address());
    for _ in 0..scene.between(from, to) {
        push(scene, &user, &address);
        scene.wait(wait.0, wait.1);
    }
    if approved {
        approve(scene, &user, &address);
    }
}

pub fn fatigue(scene: &mut Scene<'_>) {
    scene.begin(0, 20);
    pushes(scene, (8, 14), (8, 20), true);
}

pub fn refused(scene: &mut Scene<'_>) {
    scene.begin(0, 20);
    pushes(scene, (8, 14), (8, 20), false);
}

pub fn slow(scene: &mut Scene<'_>) {
    scene.begin(0, 8);
    pushes(scene, (28, 34), (900, 1_500), true);
}

pub fn few(scene: &mut Scene<'_>) {
    scene.begin(0, 4);
    pushes(scene, (3, 3), (40, 90), true);
}

pub fn disorder(scene: &mut Scene<'_>) {
    scene.delay = 120 * SECOND;
    scene.begin(0, 20);
    pushes(scene, (8, 14), (8, 20), true);
}

pub fn no_signal(scene: &mut Scene<'_>) {
    scene.begin(7, 17);
    pushes(scene, (2, 3), (30, 60), true);
}

pub fn applications(scene: &mut Scene<'_>) {
    scene.begin(7, 9);
    let (user, address) = (scene.person(), scene.address());
    for _ in 0..scene.between(6, 8) {
        approve(scene, &user, &address);
        scene.wait(20, 60);
    }
}

pub fn vpn(scene: &mut Scene<'_>) {
    scene.begin(7, 8);
    let (user, address) = (scene.person(), scene.address());
    for _ in 0..22 {
        approve(scene, &user, &address);
        scene.wait(1_500, 1_500);
    }
}

pub fn twice(scene: &mut Scene<'_>) {
    scene.begin(7, 17);
    scene.twice = true;
    pushes(scene, (3, 3), (40, 80), true);
}
