//! Fuzz targets for every entry point. The method [`Target::run`] has the checks for any input. The module [`seeds`]
//! has the first inputs, [`words`] the words that decoders look for, and [`mutate`] mutations of both.
//!
//! libFuzzer runs the targets with coverage (`tests/fuzz`). A short run without coverage is part of the tests. A
//! target panics if a check fails. All targets take bytes, so they all have the same type.

mod analytic;
mod config;
mod decoder;
mod framing;
pub mod mutate;
pub mod seeds;
mod snapshot;
mod times;
pub mod words;

use authsieve_engine::analytic::Telemetry;
use authsieve_engine::detector::Analytics;
use authsieve_engine::shapes::Family;
use authsieve_engine::time::Timestamp;
use authsieve_framing::Format;
use authsieve_suite::{Suite, analytics, by_id, each_analytic};

pub use snapshot::{resealed, unsealed};

/// The ids of the analytics.
pub const ANALYTICS: &[&str] = Suite::IDS;

/// The receipt time of records, unless the target sets another: 2026-06-01T00:00:00Z.
pub const RECEIVED: Timestamp = Timestamp(1_780_272_000_000_000);

/// An entry point for bytes that an attacker may have written.
#[derive(Clone, Debug)]
pub struct Target {
    /// The name: `decode-windows`, `frame-csv`, `an1276`.
    pub name: String,
    run: Run,
    /// The longest useful input.
    pub longest: usize,
    /// The sources that contain its words: folders and files, from the root of the repository.
    pub sources: Vec<String>,
}

/// The use of the bytes.
#[derive(Clone, Copy, Debug)]
enum Run {
    /// Each line is a record for a reader of this telemetry.
    Decode(Telemetry),
    /// Each line is a record for readers of each analytic's telemetry, together and alone.
    Share,
    Bytes(fn(&[u8])),
}

/// A format of framing: the name of its target, the function that takes any bytes, and the place of its first inputs.
type Framing = (&'static str, fn(&[u8]), &'static str);

/// All targets: the engine's families of shapes, the formats, and the others.
#[must_use]
pub fn targets() -> Vec<Target> {
    const CARRIED: Telemetry = Telemetry::LINUX.and(Telemetry::NORMALISED);
    let shapes = |folder: &str| format!("src/engine/src/shapes/{folder}");
    let engine = [shapes(""), "src/engine/src/envelope".into(), "src/engine/src/carriers".into()];
    let mut targets: Vec<Target> = Family::ALL
        .iter()
        .map(|family| {
            let folder = family.folder();
            line(&format!("decode-{folder}"), Run::Decode(family.telemetry()), &[shapes(folder)])
        })
        .collect();
    targets.push(line("decode-envelope", Run::Decode(CARRIED), &[&engine[1..], &[shapes("linux")]].concat()));
    targets.push(line("decode-shared", Run::Share, &engine));
    let formats: [Framing; 7] = [
        ("frame-sniff", |bytes| framing::run(None, bytes), "src/framing/src"),
        ("frame-json", |bytes| framing::run(Some(Format::Json), bytes), "src/framing/src/json"),
        ("frame-csv", |bytes| framing::run(Some(Format::Csv), bytes), "src/framing/src"),
        ("frame-w3c", |bytes| framing::run(Some(Format::W3c), bytes), "src/framing/src/w3c"),
        ("frame-xml", |bytes| framing::run(Some(Format::Xml), bytes), "src/framing/src/xml"),
        ("frame-blocks", |bytes| framing::run(Some(Format::Blocks), bytes), "src/framing/src/blocks"),
        ("frame-evtx", |bytes| framing::run(Some(Format::Evtx), bytes), "src/framing/src/evtx"),
    ];
    targets.extend(formats.map(|(name, run, source)| file(name, run, &[source.into()])));
    targets.push(file(
        "times",
        times::values,
        &["src/engine/src/stamp".into(), "src/engine/src/times".into()],
    ));
    targets.push(file("frame-dates", times::dates, &["src/framing/src/dates".into()]));
    targets.push(file("config", config::run, &["src/engine/src/config".into(), "src/analytics".into()]));
    targets.push(file("snapshot", snapshot::run, &[]));
    macro_rules! analytics {
        (() $($id:ident)+) => { $(
            targets.push(file(stringify!($id), analytic::run::<analytics::$id>, &engine));
        )+ };
    }
    each_analytic!(analytics,);
    targets
}

fn line(name: &str, run: Run, sources: &[String]) -> Target {
    Target { name: name.into(), run, longest: 16 << 10, sources: sources.into() }
}

fn file(name: &str, run: fn(&[u8]), sources: &[String]) -> Target {
    Target { name: name.into(), run: Run::Bytes(run), longest: 64 << 10, sources: sources.into() }
}

impl Target {
    /// The target with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        targets().into_iter().find(|target| target.name == name)
    }

    /// Runs the checks on an input.
    ///
    /// # Panics
    /// Panics if a check fails.
    pub fn run(&self, bytes: &[u8]) {
        match self.run {
            Run::Decode(telemetry) => decoder::run(telemetry, bytes),
            Run::Share => decoder::share(bytes),
            Run::Bytes(run) => run(bytes),
        }
    }
}

/// A valid configuration of an analytic. `common` and `own` choose among a few.
#[must_use]
pub fn configuration(analytic: &str, common: u8, own: u8) -> String {
    by_id!(analytic, analytic::config(common, own))
}

/// The alerts, as JSON, of a native run of an analytic on a log received at [`RECEIVED`].
#[must_use]
pub fn alerts(analytic: &str, config: &str, log: &[u8]) -> Vec<String> {
    by_id!(analytic, analytic::alerts(config, log))
}

/// Takes `N` control bytes from the end of an input, so that a plain log is a valid input.
fn controls<const N: usize>(bytes: &[u8]) -> ([u8; N], &[u8]) {
    match bytes.split_last_chunk() {
        Some((rest, last)) => (*last, rest),
        None => ([0; N], bytes),
    }
}
