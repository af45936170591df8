//! Writes `DETECTION.md`.

use crate::corpus::{Corpus, Episode, SEED};
use crate::layout::World;
use crate::scenes::KINDS;
use crate::score::Score;
use crate::store::Stored;
use crate::systems::{ANALYTICS, Judged, compared_with};
use authsieve_engine::analytic::Analytic;
use std::fmt::Write;
use std::path::Path;

/// The place of the page.
#[must_use]
pub fn file() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../DETECTION.md"))
}

/// One row of an analytic's tables.
struct Row {
    name: String,
    providers: &'static [&'static str],
    score: Score,
}

impl Row {
    /// True if the rules read the records of the episode.
    fn reads(&self, episode: &Episode) -> bool {
        self.providers.is_empty() || self.providers.contains(&episode.provider)
    }
}

/// An analytic, and all systems that are compared with it. The first is authsieve.
struct Chapter<'c> {
    analytic: &'static str,
    corpus: &'c Corpus,
    rows: Vec<Row>,
    rules: String,
}

/// The whole page.
#[must_use]
pub fn write(corpus: &Corpus, judged: &Judged, stored: Option<&Stored>) -> String {
    let mut out = wrapped(&head(corpus, stored));
    for analytic in ANALYTICS {
        let chapter = Chapter::new(analytic, corpus, judged, stored);
        let _ = writeln!(out, "\n## {}\n\n{}", title(analytic), chapter.table());
        out += &wrapped(&chapter.verdict());
        let _ = writeln!(out, "\n{}\n{}", chapter.kinds(true), chapter.kinds(false));
        let _ = write!(out, "The rules of the others:\n\n{}", wrapped(&chapter.rules));
    }
    out
}

fn head(corpus: &Corpus, stored: Option<&Stored>) -> String {
    let attacks = corpus.episodes.iter().filter(|episode| episode.kind().is_attack()).count();
    let rsigma = stored.map_or_else(
        || "- **rsigma** has not run over this corpus yet. The command runs it where it is installed.\n".to_owned(),
        |stored| {
            format!(
                "- **rsigma** {} has the rules of `authsieve translate`, and the events of `authsieve decode`. It ran on \
                 {}. It suppresses no alarms, so their number is high.\n",
                stored.version, stored.date
            )
        },
    );
    format!(
        "# Detection\n\n\
         This page says what the analytics find, what they miss, and which noise they take for an attack. Other rules \
         judge the same records.\n\n\
         ```console\n\
         $ cargo run -p authsieve-detection      # makes this page anew\n\
         ```\n\n\
         ## The corpus\n\n\
         The command invents a week of logins from the seed {SEED}: {records} records with {attacks} attacks, {noise} \
         pieces of noise, and ordinary days of 240 people. The records have layouts that the analytics read: syslog, \
         journald, Filebeat; EVTX as JSON and XML, Winlogbeat, Azure's `SecurityEvent`; Log Analytics, Graph, \
         diagnostic settings, the audit log; Okta, Duo, Auth0. The scenes are in `tests/detection/src/scenes/`.\n\n\
         The corpus is ours, and so is its mix of attacks and noise. Precision depends on this mix: compare it within a \
         table, and not with other pages. Some noise and some attacks are alike (a person mistypes seven times; an \
         attacker guesses seven times). No rule tells them apart.\n\n\
         ## How the systems are judged\n\n\
         - **Found**: the attacks that an alarm names, of those that the analytic has to find and whose records the \
         rules read. Recall is their share.\n\
         - **False**: the pieces of noise, and the people on ordinary days, that an alarm names. An alarm that also names \
         an attack, of any kind, is true.\n\
         - **Precision**: the share of attacks in all that was named. Many alarms about one attack count once.\n\
         - **Time**: the median time from the first attempt of an attack to the event that completes a rule. Rules that \
         run on a schedule tell later, on average by half of the schedule.\n\
         - **authsieve** and the **plain threshold** have the defaults of the analytic.\n\
         {rsigma}\
         - **Elastic** and **Sentinel** are small programs of ours in `tests/detection/src/systems/`. They count as \
         published rules of these SIEMs do (seen in 2026), and have no limits of memory. They read events that authsieve \
         has decoded and sorted, and on Linux one line per attempt. This spares them parsing and lateness. People tune \
         these rules, as they tune ours.\n",
        records = corpus.records.len(),
        noise = corpus.episodes.len() - attacks,
    )
}

fn title(analytic: &str) -> String {
    macro_rules! about {
        (($wanted:expr) $($id:ident)+) => {
            match $wanted {
                $(id if id == <authsieve_suite::analytics::$id as Analytic>::ABOUT.id => {
                    <authsieve_suite::analytics::$id as Analytic>::ABOUT.name.to_owned()
                })+
                other => other.to_owned(),
            }
        };
    }
    authsieve_suite::each_analytic!(about, analytic)
}

impl<'c> Chapter<'c> {
    fn new(analytic: &'static str, corpus: &'c Corpus, judged: &Judged, stored: Option<&Stored>) -> Self {
        let facts = judged.facts(analytic, corpus);
        let row = |name: &str, score| Row { name: name.into(), providers: &[], score };
        let ours = Score::new(&judged.of(analytic), corpus);
        let (mut rows, mut rules) = (vec![row("authsieve", ours)], String::new());
        rows.extend(
            stored.and_then(|stored| stored.scores.get(analytic)).map(|score| row("rsigma", score.clone())),
        );
        let systems = compared_with(analytic);
        for system in &systems {
            let several = systems.iter().filter(|other| other.name == system.name).count() > 1;
            let of = if several { format!(" ({})", system.providers.join(", ")) } else { String::new() };
            let name = format!("{}{of}", system.name);
            let _ = writeln!(rules, "- {name}: {}.", system.rules);
            let score = Score::new(&(system.judge)(&facts), corpus);
            rows.push(Row { name, providers: system.providers, score });
        }
        Self { analytic, corpus, rows, rules }
    }

    /// The episodes for which `of` holds: told by the row, and all.
    fn count(&self, row: &Row, of: impl Fn(&Episode) -> bool) -> (usize, usize) {
        (row.score.told(self.corpus, &of), self.corpus.episodes.iter().filter(|episode| of(episode)).count())
    }

    fn table(&self) -> String {
        let mut out =
            "| | found | recall | false | precision | time | alarms |\n|---|---|---|---|---|---|---|\n"
                .to_owned();
        for row in &self.rows {
            let (found, of) = self.count(row, |episode| row.reads(episode) && episode.is_for(self.analytic));
            let recall = percent((of > 0).then(|| found as f64 / of as f64));
            let (wrong, precision) = (row.score.false_alarms(), percent(row.score.precision()));
            let time = row.score.wait(self.corpus, self.analytic).map_or_else(|| "–".into(), span);
            let (name, alarms) = (&row.name, row.score.alarms);
            let _ = writeln!(
                out,
                "| {name} | {found} of {of} | {recall} | {wrong} | {precision} | {time} | {alarms} |"
            );
        }
        out
    }

    /// The kinds of the tables: attacks that the analytic has to find, or noise that its providers write.
    fn shown(&self, attack: bool) -> impl Iterator<Item = usize> {
        let worlds: &[World] = match self.analytic {
            "an1276" => &[World::Linux],
            "fls" => &[World::Windows, World::Cloud],
            "an1521" => &[World::Windows],
            "an1269" => &[World::Cloud],
            _ => &[World::Factors],
        };
        (0..KINDS.len()).filter(move |kind| {
            let kind = &KINDS[*kind];
            let is_of =
                if attack { kind.finders.contains(&self.analytic) } else { worlds.contains(&kind.world) };
            kind.is_attack() == attack && is_of
        })
    }

    /// The result of each system for each kind.
    fn kinds(&self, attack: bool) -> String {
        let names: Vec<&str> = self.rows.iter().map(|row| &*row.name).collect();
        let heading = if attack { "attack" } else { "noise" };
        let mut out = format!("| {heading} | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
        for kind in self.shown(attack) {
            let cells = self.rows.iter().map(|row| {
                let (told, of) = self.count(row, |episode| row.reads(episode) && episode.kind == kind);
                if of > 0 { format!("{told} of {of}") } else { "–".into() }
            });
            let cells = cells.collect::<Vec<_>>().join(" | ");
            let world = match KINDS[kind].world {
                World::Cloud if self.analytic == "fls" => "Entra and M365: ",
                World::Windows if self.analytic == "fls" => "Windows: ",
                _ => "",
            };
            let _ = writeln!(out, "| {world}{} | {cells} |", KINDS[kind].name);
        }
        out
    }

    /// Wins and losses in words.
    fn verdict(&self) -> String {
        let ours = &self.rows[0];
        let list = |attack: bool, of: &dyn Fn(usize) -> Option<String>| {
            self.shown(attack).filter_map(of).collect::<Vec<_>>().join("; ")
        };
        let told = |kind: usize| self.count(ours, |episode| episode.kind == kind);
        let missed = list(true, &|kind| {
            let (told, of) = told(kind);
            (told < of).then(|| format!("{} ({} of {of})", KINDS[kind].name, of - told))
        });
        let wrong = list(false, &|kind| {
            let (told, of) = told(kind);
            (told > 0).then(|| format!("{} ({told} of {of})", KINDS[kind].name))
        });
        let mut out = String::new();
        for (what, list) in [("misses", missed), ("takes for an attack", wrong)] {
            let list = if list.is_empty() { "nothing of this corpus".into() } else { list };
            let _ = writeln!(out, "**authsieve {what}:** {list}.\n");
        }
        for row in &self.rows[1..] {
            let sought = |episode: &Episode| row.reads(episode) && episode.is_for(self.analytic);
            let noise = |episode: &Episode| row.reads(episode) && !episode.kind().is_attack();
            let (found, of) = self.count(row, sought);
            let (own, _) = self.count(ours, sought);
            let (wrong, own_wrong) = (self.count(row, noise).0, self.count(ours, noise).0);
            let name = &row.name;
            let _ = write!(
                out,
                "- **{name}** finds {found} of {of} attacks (authsieve {own}), and takes {wrong} pieces of noise for an \
                 attack (authsieve {own_wrong})."
            );
            let better = list(true, &|kind| {
                let of = |episode: &Episode| row.reads(episode) && episode.kind == kind;
                (self.count(row, of).0 > self.count(ours, of).0).then(|| KINDS[kind].name.to_owned())
            });
            if !better.is_empty() {
                let _ = write!(out, " It finds more of: {better}.");
            }
            if found >= own && wrong <= own_wrong {
                let _ = write!(out, " It does as well as authsieve here, or better.");
            }
            out.push('\n');
        }
        out
    }
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".into(), |share| format!("{:.0} %", share * 100.0))
}

fn span(seconds: i64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

/// The text with lines of at most 120 characters.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let indent = if line.starts_with("- ") { "  " } else { "" };
        let mut width = 0;
        for word in line.split_inclusive(' ') {
            let length = word.trim_end().chars().count();
            if width > 0 && width + length > 120 {
                out.truncate(out.trim_end().len());
                let _ = write!(out, "\n{indent}");
                width = indent.len();
            }
            out += word;
            width += word.chars().count();
        }
        out.push('\n');
    }
    out
}
