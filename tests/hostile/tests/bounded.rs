//! A short fuzz run without coverage: every target, with its seeds, inputs that fuzzing found before, and mutations
//! of both.
//!
//! `AUTHSIEVE_FUZZ_SEED=… AUTHSIEVE_FUZZ_INPUTS=… cargo test -p authsieve-hostile` runs other inputs, and more.
//! `AUTHSIEVE_FUZZ_SECONDS=600` gives each target ten minutes. `AUTHSIEVE_FUZZ_TARGET=decode-linux` runs only that
//! target.

use authsieve_hostile::mutate::{Random, mutated};
use authsieve_hostile::{Target, targets};
use std::panic::catch_unwind;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs};

/// The number of mutations for each target, so that all targets take a few seconds.
const INPUTS: u64 = 150;
/// The most time for a target on a slow machine.
const MOST: Duration = Duration::from_secs(5);

fn number(name: &str, default: u64) -> u64 {
    env::var(name)
        .ok()
        .map_or(default, |text| text.parse().unwrap_or_else(|why| panic!("{name}={text}: {why}")))
}

/// Inputs of errors that fuzzing found and that are fixed.
fn found(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("found").join(&target.name);
    let mut paths: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("it can be read")).collect()
}

fn holds(target: &Target, input: &[u8], what: &str) {
    if catch_unwind(|| target.run(input)).is_err() {
        panic!("{}: {what} does not hold:\n{}", target.name, input.escape_ascii());
    }
}

fn fuzz(target: &Target) {
    let seed = number("AUTHSIEVE_FUZZ_SEED", 1);
    let inputs = number("AUTHSIEVE_FUZZ_INPUTS", INPUTS);
    let (seeds, found, words) = (target.seeds(), found(target), target.words());
    for input in &found {
        holds(target, input, "something that was found before");
    }
    let mut random = Random(seed);
    let start = Instant::now();
    // Some seeds, other ones in each run.
    for _ in 0..inputs / 5 {
        holds(target, random.one(&seeds), "a seed");
    }
    let all = [seeds, found].concat();
    let seconds = number("AUTHSIEVE_FUZZ_SECONDS", 0);
    let end = (seconds > 0).then(|| Duration::from_secs(seconds));
    let mut runs = 0;
    for n in 0.. {
        if end.map_or(n >= inputs, |end| start.elapsed() >= end) {
            break;
        }
        runs = n + 1;
        let input = mutated(&mut random, &all, &words, target.longest);
        holds(target, &input, &format!("mutation {n} of AUTHSIEVE_FUZZ_SEED={seed}"));
        if end.is_none() && inputs == INPUTS && start.elapsed() > MOST {
            println!("{}: {n} of {inputs} mutations within {MOST:?}", target.name);
            return;
        }
    }
    println!("{}: seed {seed}, {runs} mutations in {:?}", target.name, start.elapsed());
}

/// One test for each kind of target, so that they run in parallel.
fn all(prefix: &str) {
    let targets = targets().into_iter().filter(|target| target.name.starts_with(prefix));
    let only = env::var("AUTHSIEVE_FUZZ_TARGET").ok();
    if let Some(name) = &only {
        assert!(Target::named(name).is_some(), "AUTHSIEVE_FUZZ_TARGET={name} is no target");
    }
    let targets = targets.filter(|target| only.as_ref().is_none_or(|only| target.name == *only));
    let run = targets.inspect(fuzz).count();
    assert!(run > 0 || only.is_some(), "there are targets called {prefix}…");
}

#[test]
fn decoders() {
    all("decode-");
}

#[test]
fn formats() {
    all("frame-");
}

#[test]
fn times() {
    all("times");
}

#[test]
fn configurations() {
    all("config");
}

#[test]
fn snapshots() {
    all("snapshot");
}

#[test]
fn analytics() {
    all("an");
    all("fls");
}

#[test]
fn every_target_is_run() {
    let kinds = ["decode-", "frame-", "times", "config", "snapshot", "an", "fls"];
    for target in targets() {
        assert!(kinds.iter().any(|kind| target.name.starts_with(kind)), "{}", target.name);
    }
}

/// Without this check, nobody would notice if the search in the sources found nothing.
#[test]
fn decoders_have_words_and_samples_of_their_own() {
    for target in targets().into_iter().filter(|target| target.name.starts_with("decode-")) {
        let (words, seeds) = (target.words().len(), target.seeds().len());
        assert!(words > 45 && seeds > 40, "{}: {words} words, {seeds} seeds", target.name);
    }
    let okta = Target::named("decode-okta").expect("it is one");
    assert!(okta.words().contains(&b"user.mfa.okta_verify.deny_push".to_vec()));
    let linux = Target::named("decode-linux").expect("it is one");
    assert!(linux.seeds().iter().any(|seed| seed.starts_with(b"type=USER_AUTH")), "the samples of auditd");
}
