//! Compares alarms with labels.

use crate::alarm::Alarm;
use crate::corpus::{Corpus, Episode};
use authsieve_tests::fact::SECOND;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The result of one system for one analytic. Episodes are places in [`Corpus::episodes`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// The number of alarms.
    pub alarms: usize,
    /// The attacks that an alarm names, each with the seconds from its first attempt to the first alarm.
    pub attacks: BTreeMap<usize, i64>,
    /// The noise that an alarm names.
    pub noise: BTreeSet<usize>,
    /// The number of accounts and addresses of ordinary days that an alarm names.
    pub ordinary: usize,
}

impl Score {
    /// Judges the alarms. An alarm that names an attack is true; it is no alarm about noise that it also names.
    #[must_use]
    pub fn new(alarms: &[Alarm], corpus: &Corpus) -> Self {
        let (mut score, mut ordinary) = (Self { alarms: alarms.len(), ..Self::default() }, BTreeSet::new());
        for alarm in alarms {
            let named: BTreeSet<usize> =
                alarm.keys.iter().filter_map(|key| corpus.owners.get(key)).copied().collect();
            let (attacks, noise): (Vec<usize>, Vec<usize>) =
                named.into_iter().partition(|episode| corpus.episodes[*episode].kind().is_attack());
            if attacks.is_empty() && noise.is_empty() {
                ordinary.extend(alarm.keys.first());
            } else if attacks.is_empty() {
                score.noise.extend(noise);
            }
            for attack in attacks {
                let wait = (alarm.time - corpus.episodes[attack].begin) / SECOND;
                let first = score.attacks.entry(attack).or_insert(wait);
                *first = (*first).min(wait);
            }
        }
        score.ordinary = ordinary.len();
        score
    }

    /// The number of episodes told, of those for which `of` holds.
    #[must_use]
    pub fn told(&self, corpus: &Corpus, of: impl Fn(&Episode) -> bool) -> usize {
        self.attacks.keys().chain(&self.noise).filter(|episode| of(&corpus.episodes[**episode])).count()
    }

    /// The pieces of noise that were told, and the accounts and addresses of ordinary days.
    #[must_use]
    pub fn false_alarms(&self) -> usize {
        self.noise.len() + self.ordinary
    }

    /// The share of attacks among all that was told. `None` if nothing was told.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        let all = self.attacks.len() + self.false_alarms();
        (all > 0).then(|| self.attacks.len() as f64 / all as f64)
    }

    /// The median time to the first alarm in seconds, of the attacks that the analytic has to find.
    #[must_use]
    pub fn wait(&self, corpus: &Corpus, analytic: &str) -> Option<i64> {
        let sought = self.attacks.iter().filter(|(episode, _)| corpus.episodes[**episode].is_for(analytic));
        let mut waits: Vec<i64> = sought.map(|(_, wait)| *wait).collect();
        waits.sort_unstable();
        waits.get(waits.len() / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenes::KINDS;

    fn corpus() -> Corpus {
        let mut corpus = Corpus::default();
        let of = |wanted: &str| KINDS.iter().position(|kind| kind.name == wanted).unwrap();
        for (at, (name, begin)) in
            [("guessing one account", 10), ("a mapped drive with the old password, 12 failures", 20)]
                .into_iter()
                .enumerate()
        {
            corpus.episodes.push(Episode { kind: of(name), provider: "windows", begin: begin * SECOND });
            corpus.owners.insert(["eve", "ada"][at].into(), at);
        }
        corpus
    }

    #[test]
    fn an_alarm_that_names_an_attack_is_true_and_all_others_are_false() {
        let corpus = corpus();
        let alarms = [
            Alarm::new(30 * SECOND, ["ada", "eve"]),
            Alarm::new(25 * SECOND, ["Eve@contoso.com"]),
            Alarm::new(40 * SECOND, ["nobody"]),
        ];
        let score = Score::new(&alarms, &corpus);
        assert_eq!((score.attacks.len(), score.false_alarms(), score.precision()), (1, 1, Some(0.5)));
        assert_eq!((score.wait(&corpus, "an1521"), score.wait(&corpus, "fls")), (Some(15), None));
        let score = Score::new(&[Alarm::new(0, ["ada"])], &corpus);
        assert_eq!((score.attacks.len(), score.false_alarms(), score.precision()), (0, 1, Some(0.0)));
        assert_eq!(score.told(&corpus, |episode| episode.provider == "windows"), 1);
        assert_eq!(Score::new(&[], &corpus).precision(), None);
    }
}
