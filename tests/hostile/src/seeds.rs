//! First inputs: the cases of the analytics, and the samples in the tests of decoders and formats.

use crate::words::{is_test, literals, root, sources};
use crate::{ANALYTICS, RECEIVED, Target, analytic, configuration, unsealed};
use authsieve_engine::analytic::Analytic;
use authsieve_engine::detector::Detector;
use authsieve_suite::by_id;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../../src/framing/src/evtx/tests/file.rs"]
#[allow(dead_code)]
mod evtx;

/// Records for restored detectors: one of each kind of telemetry.
pub const SAMPLES: [&str; 7] = [
    "Mar  1 10:00:00 web sshd[7]: Failed password for root from 192.0.2.7 port 22 ssh2",
    "Mar  1 10:00:01 web sshd[7]: Accepted password for root from 192.0.2.7 port 22 ssh2",
    r#"{"@timestamp":"2026-03-01T10:00:02Z","event":{"category":["authentication"],"outcome":"failure","code":"4625"},"user":{"name":"admin"},"source":{"ip":"192.0.2.7"}}"#,
    r#"{"@timestamp":"2026-03-01T10:00:03Z","event":{"category":["authentication"],"outcome":"success","code":"4624"},"user":{"name":"admin"},"source":{"ip":"192.0.2.7"}}"#,
    r#"{"access_device":{"ip":"192.0.2.7"},"event_type":"authentication","factor":"duo_push","isotimestamp":"2026-03-01T10:00:04+00:00","reason":"user_mistake","result":"denied","txid":"0a1b-1","user":{"name":"Alice"}}"#,
    "Mar  1 10:00:05 web passwd[8]: pam_unix(passwd:chauthtok): password changed for root",
    r#"{"EventID":4724,"Channel":"Security","EventTime":"2026-03-01T10:00:06Z","TargetUserName":"admin","TargetSid":"S-1-5-21-1"}"#,
];

/// The logs of one analytic's cases, in order.
fn cases(analytic: &str) -> Vec<Vec<u8>> {
    let folder = root().join("src/analytics").join(analytic).join("cases");
    let mut inputs = Vec::new();
    for case in entries(&folder) {
        let input = |path: &PathBuf| path.file_stem().is_some_and(|stem| stem == "input");
        inputs.extend(entries(&case).into_iter().filter(input).filter_map(|path| fs::read(path).ok()));
    }
    assert!(inputs.len() >= 20, "the cases of {analytic} are under {}", folder.display());
    inputs
}

fn configurations(analytic: &str) -> Vec<Vec<u8>> {
    let mut seeds = vec![
        br#"{"max_keys":16,"pool_bytes":"1 KiB","sketch_bytes":1024,"allow_ips":["192.0.2.0/24"],"ignore_users":["svc-*"]}"#.to_vec(),
        br#"{"override":[{"users":["root"],"sources":["2001:db8::/32"],"min_failures":2,"severity":"-1","reason":"x"}]}"#.to_vec(),
    ];
    seeds.extend((0..42).map(|n| configuration(analytic, n % 7, n / 7).into_bytes()));
    seeds
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    paths.sort();
    paths
}

/// The longer string literals in the tests of some sources: records, or templates of records. Placeholders of
/// `format!` stay as they are.
fn samples<S: AsRef<str>>(sources_of: &[S]) -> Vec<Vec<u8>> {
    sources_of
        .iter()
        .flat_map(|source| sources(&root().join(source.as_ref().trim_end_matches(".rs"))))
        .filter(|path| is_test(path))
        .filter_map(|path| fs::read_to_string(path).ok())
        .flat_map(|text| literals(&text))
        .filter(|literal| literal.len() > 24)
        .map(|literal| match literal.starts_with(b"{{") {
            true => String::from_utf8_lossy(&literal).replace("{{", "{").replace("}}", "}").into_bytes(),
            false => literal,
        })
        .collect()
}

/// Snapshots of an analytic after its cases, without checksums, and with the control bytes of the target.
fn snapshots<A: Analytic>(number: u8) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (n, case) in cases(A::ABOUT.id).iter().enumerate().step_by(3) {
        let (common, own) = ((n % 7) as u8, (n / 7 % 6) as u8);
        let config = analytic::config::<A>(common, own);
        let mut detector = Detector::<A>::create(&config, 1).unwrap_or_else(|why| panic!("{config}: {why}"));
        detector.process(case, RECEIVED);
        seeds.push([unsealed(&detector.snapshot()), &[number, common, own]].concat());
    }
    seeds
}

/// A file with one chunk of two events, cut after them.
fn event_log() -> Vec<u8> {
    let mut file = evtx::file(&[evtx::chunk(1..3)]);
    let end = file.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    file.truncate(end);
    file
}

impl Target {
    /// The first inputs without duplicates: samples from its tests, and cases of analytics that read it.
    #[must_use]
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        let every = || ANALYTICS.iter().flat_map(|analytic| cases(analytic));
        let lines = |holds: &'static [&'static str]| {
            let mut lines: Vec<Vec<u8>> = Vec::new();
            let mut of = BTreeMap::<usize, usize>::new();
            for case in every() {
                for line in case.split(|byte| *byte == b'\n') {
                    let text = String::from_utf8_lossy(line);
                    // Lines of similar length are mostly similar.
                    let alike = of.entry(line.len() / 8).or_default();
                    if *alike < 3 && (holds.is_empty() || holds.iter().any(|word| text.contains(word))) {
                        *alike += 1;
                        lines.push(line.to_vec());
                    }
                }
            }
            lines
        };
        let mut seeds: Vec<Vec<u8>> = match &*self.name {
            "config" => ANALYTICS.iter().flat_map(|analytic| configurations(analytic)).collect(),
            "snapshot" => {
                let of = |(place, id): (usize, &&str)| by_id!(*id, snapshots(place as u8));
                ANALYTICS.iter().enumerate().flat_map(of).collect()
            }
            "frame-evtx" => vec![event_log(), event_log()[4096..].to_vec()],
            "frame-sniff" => {
                [samples(&self.sources), vec![event_log()], every().step_by(5).collect()].concat()
            }
            name if name.starts_with("frame-") => {
                [samples(&self.sources), samples(&["src/framing/src"])].concat()
            }
            "decode-linux" => {
                [samples(&self.sources), lines(&["ssh", "su", "login", "pam", "audit"])].concat()
            }
            "decode-envelope" | "decode-shared" => {
                [samples(&self.sources), samples(&["src/engine/src/decode"]), lines(&["MESSAGE", "message"])]
                    .concat()
            }
            "times" => {
                let words =
                    |text: &[u8]| text.split(|byte| *byte == b'"').map(<[u8]>::to_vec).collect::<Vec<_>>();
                let whole = samples(&self.sources);
                let parts = whole.iter().flat_map(|sample| words(sample)).collect();
                [whole, parts, lines(&[])].concat()
            }
            name if name.starts_with("decode-") => [samples(&self.sources), lines(&["{"])].concat(),
            analytic => {
                let shapes = samples(&["src/engine/src/shapes", "src/engine/src/decode"]);
                [cases(analytic), shapes.chunks(8).map(|records| records.join(&b'\n')).collect()].concat()
            }
        };
        if self.name.starts_with("frame-") || ANALYTICS.contains(&&*self.name) {
            // The control bytes.
            for (n, seed) in seeds.iter_mut().enumerate() {
                let n = n as u8;
                let spread = n.wrapping_mul(37);
                seed.extend([n % 7, n / 7, 0, spread, 128, n, spread, spread.wrapping_mul(3)]);
            }
        }
        seeds.retain(|seed| seed.len() <= self.longest + 4096 + 64);
        seeds.sort();
        seeds.dedup();
        assert!(!seeds.is_empty(), "{} has nothing to begin with", self.name);
        seeds
    }
}
