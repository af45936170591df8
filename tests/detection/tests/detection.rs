//! `DETECTION.md` is what the command makes.

use authsieve_detection::corpus::{Corpus, SEED};
use authsieve_detection::page;
use authsieve_detection::store::Stored;
use authsieve_detection::systems::Judged;
use authsieve_detection::systems::rsigma::Rsigma;
use std::fs;
use std::sync::LazyLock;

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::new(SEED));
static JUDGED: LazyLock<Judged> = LazyLock::new(|| Judged::new(&CORPUS));

#[test]
fn the_page_is_what_the_command_makes() {
    let stored = Stored::read(&CORPUS).expect("the figures of rsigma");
    let page = page::write(&CORPUS, &JUDGED, stored.as_ref());
    let published = fs::read_to_string(page::file()).expect("DETECTION.md");
    for (line, (published, made)) in published.lines().zip(page.lines()).enumerate() {
        assert_eq!(published, made, "line {}: run `cargo run -p authsieve-detection`", line + 1);
    }
    assert_eq!(published.len(), page.len());
}

#[test]
fn the_figures_of_rsigma_are_those_of_rsigma() {
    let Some(rsigma) = Rsigma::find().filter(|rsigma| rsigma.version.starts_with("0.23.")) else {
        eprintln!("skipped: the figures of rsigma. There is no rsigma 0.23 on PATH, and RSIGMA names none");
        return;
    };
    let stored = Stored::read(&CORPUS).expect("the figures of rsigma");
    let made = Stored::new(&rsigma, &CORPUS, &JUDGED).expect("rsigma");
    assert_eq!(Some(made.scores), stored.map(|stored| stored.scores));
}

#[test]
fn each_record_of_an_episode_is_read() {
    let unread = CORPUS.episodes.iter().filter(|episode| episode.begin == i64::MAX).count();
    assert_eq!(unread, 0, "an episode without records");
    let read = JUDGED.events.iter().map(|seen| seen.record).collect::<std::collections::BTreeSet<_>>();
    let lost: Vec<_> = (1..).zip(&CORPUS.records).filter(|(number, _)| !read.contains(number)).collect();
    assert!(lost.is_empty(), "{} records, such as {}", lost.len(), String::from_utf8_lossy(&lost[0].1.1));
}
