//! A week of logins from a seed, with labels.

use crate::alarm::account;
use crate::layout::{Layout, World};
use crate::scenes::{KINDS, ordinary};
use authsieve_tests::fact::{Micros, SECOND};
use authsieve_tests::json::Rng;
use authsieve_tests::login::{Login, Outcome};
use authsieve_tests::scenario::{HOSTS, Happening, Kind as Line};
use std::collections::HashMap;

/// The seed of the published page.
pub const SEED: u64 = 18;
/// The first midnight, on Monday, 2026-03-02, UTC.
pub const MONDAY: Micros = 1_772_409_600 * SECOND;
/// One hour.
pub const HOUR: Micros = 3_600 * SECOND;
/// One day.
pub const DAY: Micros = 24 * HOUR;

/// A kind of attack or of noise.
#[derive(Debug)]
pub struct Kind {
    /// Its name on the page.
    pub name: &'static str,
    /// The programs that write about it.
    pub world: World,
    /// The ids of the analytics that have to find it. Noise has none.
    pub finders: &'static [&'static str],
    /// How often it happens.
    pub times: usize,
    /// The events.
    pub play: fn(&mut Scene<'_>),
}

impl Kind {
    /// True for an attack, false for noise.
    #[must_use]
    pub const fn is_attack(&self) -> bool {
        !self.finders.is_empty()
    }
}

/// One attack, or one piece of noise.
#[derive(Clone, Copy, Debug)]
pub struct Episode {
    /// The place of its kind in [`KINDS`].
    pub kind: usize,
    /// The provider of its records.
    pub provider: &'static str,
    /// The time of its first attempt.
    pub begin: Micros,
}

impl Episode {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> &'static Kind {
        &KINDS[self.kind]
    }

    /// True for an attack that the analytic has to find.
    #[must_use]
    pub fn is_for(&self, analytic: &str) -> bool {
        self.kind().finders.contains(&analytic)
    }
}

/// All records, and the labels.
#[derive(Debug, Default)]
pub struct Corpus {
    /// The records in the order of their arrival.
    pub records: Vec<(Micros, Vec<u8>)>,
    /// The episodes.
    pub episodes: Vec<Episode>,
    /// The episode of each account and address. Those of ordinary days have none.
    pub owners: HashMap<String, usize>,
    names: u64,
    addresses: u32,
    number: u64,
}

impl Corpus {
    /// Makes the corpus. The same seed gives the same bytes.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut corpus = Self::default();
        let mut rng = Rng(seed);
        for (kind, what) in KINDS.iter().enumerate() {
            for time in 0..what.times {
                let layouts = what.world.layouts();
                let (layout, provider) = layouts[time % layouts.len()];
                let mut scene = Scene::new(&mut corpus, &mut rng, layout);
                scene.episode = Some(scene.corpus.episodes.len());
                scene.corpus.episodes.push(Episode { kind, provider, begin: Micros::MAX });
                (what.play)(&mut scene);
            }
        }
        for world in [World::Linux, World::Windows, World::Cloud, World::Factors] {
            for person in 0..60 {
                let layouts = world.layouts();
                ordinary(&mut Scene::new(&mut corpus, &mut rng, layouts[person % layouts.len()].0));
            }
        }
        corpus.records.sort_by_key(|(arrival, _)| *arrival);
        corpus
    }

    /// The records as one batch.
    #[must_use]
    pub fn batch(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (_, record) in &self.records {
            out.extend(record);
            out.push(b'\n');
        }
        out
    }

    /// The time of the last arrival.
    #[must_use]
    pub fn end(&self) -> Micros {
        self.records.last().map_or(MONDAY, |(arrival, _)| *arrival)
    }
}

/// The place where an episode happens.
#[derive(Debug)]
pub struct Scene<'c> {
    corpus: &'c mut Corpus,
    /// Decides all that is random.
    pub rng: &'c mut Rng,
    layout: Layout,
    host: &'static str,
    episode: Option<usize>,
    /// The time of the next attempt.
    pub now: Micros,
    /// The longest delay of a record.
    pub delay: Micros,
    /// True if each record is delivered twice.
    pub twice: bool,
}

impl<'c> Scene<'c> {
    fn new(corpus: &'c mut Corpus, rng: &'c mut Rng, layout: Layout) -> Self {
        let host = rng.pick(&HOSTS);
        Self { corpus, rng, layout, host, episode: None, now: MONDAY, delay: 0, twice: false }
    }

    /// Begins on any day, in these hours.
    pub fn begin(&mut self, from: Micros, to: Micros) {
        let day = self.below(5);
        self.begin_on(day, from, to);
    }

    /// Begins on this day (0 is Monday), in these hours.
    pub fn begin_on(&mut self, day: Micros, from: Micros, to: Micros) {
        self.now = MONDAY + day * DAY + from * HOUR;
        self.wait(0, (to - from) * 3_600);
    }

    /// A random number below `n`.
    pub fn below(&mut self, n: i64) -> i64 {
        let below = self.rng.below(usize::try_from(n.max(1)).unwrap_or(1));
        i64::try_from(below).unwrap_or(0)
    }

    /// A random number from `from` to `to`.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below(to - from + 1)
    }

    /// Lets this many seconds pass.
    pub fn wait(&mut self, from: i64, to: i64) {
        self.now += self.between(from * 1_000, to * 1_000) * 1_000;
    }

    /// An account that nobody else has: letters only, so that no two are alike.
    pub fn person(&mut self) -> String {
        const FIRST: &[u8] = b"bdfgkmnprtvz";
        const SECOND: &[u8] = b"aeou";
        // Spreads the names over the alphabet.
        let mut number = self.corpus.names * 7_919 % 110_592;
        self.corpus.names += 1;
        let mut name = String::new();
        for _ in 0..3 {
            name.push(char::from(FIRST[number as usize % 12]));
            name.push(char::from(SECOND[number as usize / 12 % 4]));
            number /= 48;
        }
        self.own(&name);
        name
    }

    /// Several accounts.
    pub fn people(&mut self, count: i64) -> Vec<String> {
        (0..count).map(|_| self.person()).collect()
    }

    /// An address that nobody else has.
    pub fn address(&mut self) -> String {
        let number = self.corpus.addresses;
        self.corpus.addresses += 1;
        let address = std::net::Ipv4Addr::from(0xc612_0001 + number).to_string();
        self.own(&address);
        address
    }

    /// Labels a name or an address.
    pub fn own(&mut self, key: &str) {
        if let Some(episode) = self.episode {
            self.corpus.owners.insert(account(key), episode);
        }
    }

    /// A failed attempt.
    pub fn fail(&mut self, user: &str, address: &str) {
        self.attempt(Outcome::Failure, user, address);
    }

    /// A login.
    pub fn login(&mut self, user: &str, address: &str) {
        self.attempt(Outcome::Success, user, address);
    }

    /// An attempt at the current time. Nothing, if the layout cannot express it.
    pub fn attempt(&mut self, outcome: Outcome, user: &str, address: &str) {
        match self.layout {
            Layout::Line(_) if outcome == Outcome::Success => self.lines(&[Line::Accepted(0)], user, address),
            Layout::Line(_) if outcome == Outcome::Failure => self.lines(&[Line::Failed(1)], user, address),
            Layout::Line(_) => {}
            Layout::Record(shape) => {
                self.corpus.number += 1;
                let login = Login {
                    time: self.now,
                    outcome,
                    user: user.into(),
                    address: address.parse().unwrap_or(std::net::Ipv4Addr::LOCALHOST.into()),
                    number: self.corpus.number,
                };
                if let Some(text) = shape.write(&login) {
                    self.send(text.into_bytes());
                }
            }
        }
    }

    /// Lines of one sshd process, for layouts of lines.
    pub fn lines(&mut self, kinds: &[Line], user: &str, address: &str) {
        let Layout::Line(carrier) = self.layout else { return };
        self.corpus.number += 1;
        let pid = 1_000 + u32::try_from(self.corpus.number % 4_000_000).unwrap_or(0);
        // Happenings borrow their names for ever, because most of them are constants.
        let keep = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
        let (user, source) = (keep(user), keep(address));
        let valid = !kinds.contains(&Line::Invalid);
        for kind in kinds {
            let happening =
                Happening { time: self.now, host: self.host, pid, user, valid, source, kind: *kind };
            for record in carrier.write(&happening, "sshd", self.rng) {
                self.send(record.bytes);
            }
        }
    }

    fn send(&mut self, record: Vec<u8>) {
        if let Some(episode) = self.episode.and_then(|at| self.corpus.episodes.get_mut(at)) {
            episode.begin = episode.begin.min(self.now);
        }
        let late = if self.delay > 0 { self.below(self.delay) } else { 0 };
        if self.twice {
            self.corpus.records.push((self.now + late + 30 * SECOND, record.clone()));
        }
        self.corpus.records.push((self.now + late, record));
    }
}
