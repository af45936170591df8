//! The events of the week: each kind of attack and of noise, with the analytics that have to find it.

mod cloud;
mod factors;
mod linux;
mod windows;

use crate::corpus::{DAY, Kind, MONDAY, Scene};
use crate::layout::World::{Cloud, Factors, Linux, Windows};
use authsieve_tests::login::Outcome;

const AN0454: &[&str] = &["an0454"];
const AN1269: &[&str] = &["an1269"];
const AN1276: &[&str] = &["an1276"];
const AN1521: &[&str] = &["an1521"];
const NONE: &[&str] = &[];

macro_rules! kinds {
    ($($world:ident $times:literal $finders:expr, $play:path, $name:literal;)+) => {
        /// All kinds, attacks of a world before its noise.
        pub const KINDS: &[Kind] = &[
            $(Kind { name: $name, world: $world, finders: $finders, times: $times, play: $play }),+
        ];
    };
}

kinds! {
    Linux 8 AN1276, linux::fast, "fast guessing of one account, then in";
    Linux 8 AN1276, linux::patient, "a guess a minute, then in";
    Linux 8 AN1276, linux::slow, "low and slow: a guess in 6 to 10 minutes, then in";
    Linux 8 AN1276, linux::spray, "spray over 30 to 50 accounts, then in with one";
    Linux 8 AN1276, linux::distributed, "guesses from 20 addresses, then in from another";
    Linux 4 AN1276, linux::keyboard, "guessing over keyboard-interactive (PAM), then in";
    Linux 8 AN1276, linux::disorder, "a guess a minute, records up to 2 minutes late";
    Linux 1 AN1276, linux::flood, "guessing under a flood of 110,000 other addresses";
    Linux 20 NONE, linux::forgotten, "in at the third or fourth try";
    Linux 6 NONE, linux::monday, "password-change Monday: in at the sixth to eighth try";
    Linux 6 NONE, linux::office, "an office behind one address (NAT), 25 people";
    Linux 3 NONE, linux::vpn, "VPN egress, 60 people";
    Linux 4 NONE, linux::stale, "a jump host with a job that has an old password";
    Linux 4 NONE, linux::monitoring, "a monitoring probe with an unknown account";
    Linux 8 NONE, linux::twice, "in at the fourth try, each line delivered twice";

    Windows 8 AN1521, windows::guessing, "guessing one account";
    Windows 8 &["an1521", "fls"], windows::guessing_in, "guessing one account, then in";
    Windows 4 &["an1521", "fls"], windows::tool, "60 guesses in 3 seconds, then in";
    Windows 8 &["fls"], windows::few_in, "six to eight guesses in five minutes, then in";
    Windows 8 AN1521, windows::spray, "spray over 30 to 60 accounts";
    Windows 6 AN1521, windows::slow_spray, "slow spray: an account in 3 to 5 minutes";
    Windows 8 AN1521, windows::distributed, "one account from 12 addresses";
    Windows 6 AN1521, windows::slow, "low and slow: a guess in 20 to 30 minutes, all day";
    Windows 6 AN1521, windows::alike, "names alike (kavo, kavo1, k4vo), three guesses each";
    Windows 6 &["an1521", "fls"], windows::disorder, "guessing, then in, records up to 90 seconds late";
    Windows 20 NONE, windows::forgotten, "on at the third to fifth try";
    Windows 6 NONE, windows::monday, "password-change Monday: on at the sixth to eighth try";
    Windows 4 NONE, windows::stale, "stale service account, a failure a minute for four hours";
    Windows 6 NONE, windows::drive, "a mapped drive with the old password, 12 failures";
    Windows 4 NONE, windows::terminal, "a terminal server, 40 people from one address";
    Windows 3 NONE, windows::monitoring, "a monitoring probe, a failure each 5 minutes";
    Windows 8 NONE, windows::twice, "on at the fifth try, each record delivered twice";

    Cloud 8 AN1269, cloud::stuffing, "stuffing, 40 to 80 leaked pairs";
    Cloud 8 AN1269, cloud::stuffing_in, "stuffing, one pair accepted";
    Cloud 8 AN1269, cloud::spray, "spray, four passwords over 12 to 20 accounts";
    Cloud 8 &["an1269", "fls"], cloud::guessing_in, "guessing one mailbox, then in";
    Cloud 6 AN1269, cloud::slow, "slow stuffing: a pair in 4 to 6 minutes";
    Cloud 6 AN1269, cloud::distributed, "stuffing from 40 addresses, two pairs each";
    Cloud 4 AN1269, cloud::disorder, "stuffing, records up to 5 minutes late";
    Cloud 20 NONE, cloud::forgotten, "in at the third or fourth try";
    Cloud 8 NONE, cloud::monday, "password-change Monday: a phone tries the old one 12 to 16 times";
    Cloud 4 NONE, cloud::office, "an office behind one address (NAT), 60 people";
    Cloud 3 NONE, cloud::vpn, "VPN egress, 120 people";
    Cloud 4 NONE, cloud::stale, "stale service account, a failure a minute for three hours";
    Cloud 3 NONE, cloud::monitoring, "a synthetic sign-in that fails each 5 minutes";
    Cloud 8 NONE, cloud::twice, "in at the fourth try, each record delivered twice";

    Factors 12 AN0454, factors::fatigue, "push flood, the user gives in";
    Factors 8 AN0454, factors::refused, "push flood, refused";
    Factors 8 AN0454, factors::slow, "a push in 15 to 25 minutes for ten hours, then approved";
    Factors 8 AN0454, factors::few, "three pushes at night, the user gives in";
    Factors 4 AN0454, factors::disorder, "push flood, records up to 2 minutes late";
    Factors 12 NONE, factors::no_signal, "a phone without signal: two or three pushes, then in";
    Factors 8 NONE, factors::applications, "six to eight applications in the morning, all approved";
    Factors 4 NONE, factors::vpn, "a VPN that asks each 25 minutes, all approved";
    Factors 8 NONE, factors::twice, "three pushes, then in, each record delivered twice";
}

/// A person's week: three logins a day, one of ten after a wrong password.
pub fn ordinary(scene: &mut Scene<'_>) {
    let (person, address) = (scene.person(), scene.address());
    for day in 0..5 {
        for hour in [8, 11, 14] {
            scene.begin_on(day, hour, hour + 2);
            if scene.rng.one_in(10) {
                scene.fail(&person, &address);
                scene.wait(4, 20);
            }
            scene.attempt(Outcome::Challenge, &person, &address);
            scene.attempt(Outcome::Approved, &person, &address);
            scene.login(&person, &address);
        }
    }
    debug_assert!(scene.now < MONDAY + 5 * DAY, "the week ends on Friday");
}

/// This many failures of an account, with waits of some seconds between them.
fn guesses(scene: &mut Scene<'_>, count: i64, user: &str, address: &str, wait: (i64, i64)) {
    for _ in 0..count {
        scene.fail(user, address);
        scene.wait(wait.0, wait.1);
    }
}

/// People behind one address within some hours. Of ten, `wrong` mistype once or twice. All get in.
fn shared(scene: &mut Scene<'_>, people: i64, seconds: i64, wrong: i64) {
    let address = scene.address();
    let begin = scene.now;
    for person in scene.people(people) {
        scene.now = begin;
        scene.wait(0, seconds);
        if scene.below(10) < wrong {
            let tries = scene.between(1, 2);
            guesses(scene, tries, &person, &address, (5, 15));
        }
        scene.login(&person, &address);
    }
}

/// Some tries of one person, then a login.
fn tries(scene: &mut Scene<'_>, from: i64, to: i64) {
    let (person, address) = (scene.person(), scene.address());
    let count = scene.between(from, to);
    guesses(scene, count, &person, &address, (6, 25));
    scene.login(&person, &address);
}
