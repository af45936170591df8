//! Hostile bytes for every entry point: what must hold of any input ([`Target::run`]), inputs to begin with
//! ([`seeds`]), words that decoders look for ([`words`]), and changes to both ([`mutate`]).
//!
//! libFuzzer runs the targets with coverage (`tests/fuzz`); a short run without it is part of the tests. A target
//! panics where something does not hold. Nobody can tell one from another by what they take: all take bytes.

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

/// When records are received whose target does not say: 2026-06-01T00:00:00Z.
pub const RECEIVED: Timestamp = Timestamp(1_780_272_000_000_000);

/// Something that takes bytes which an attacker may have written.
#[derive(Clone, Debug)]
pub struct Target {
    /// What it is called: `decode-windows`, `frame-csv`, `an1276`.
    pub name: String,
    run: Run,
    /// The longest input that makes sense.
    pub longest: usize,
    /// Where its words stand: folders and files of sources, from the root of the repository.
    pub sources: Vec<String>,
}

/// What is done with the bytes.
#[derive(Clone, Copy, Debug)]
enum Run {
    /// Each line is a record for a reader of this telemetry.
    Decode(Telemetry),
    /// Each line is a record for readers of each analytic's telemetry, together and alone.
    Share,
    Bytes(fn(&[u8])),
}

/// A format of framing: the name of its target, what that does with any bytes, and where its first inputs lie.
type Framing = (&'static str, fn(&[u8]), &'static str);

/// Every target: the engine's families of shapes, the formats, the rest.
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
    /// The target of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        targets().into_iter().find(|target| target.name == name)
    }

    /// Gives it bytes.
    ///
    /// # Panics
    /// Where something does not hold that must hold of any bytes.
    pub fn run(&self, bytes: &[u8]) {
        match self.run {
            Run::Decode(telemetry) => decoder::run(telemetry, bytes),
            Run::Share => decoder::share(bytes),
            Run::Bytes(run) => run(bytes),
        }
    }
}

/// A valid configuration of an analytic: `common` and `own` choose among a few.
#[must_use]
pub fn configuration(analytic: &str, common: u8, own: u8) -> String {
    by_id!(analytic, analytic::config(common, own))
}

/// The alerts, as JSON, that a native run of an analytic raises on a log received at [`RECEIVED`].
#[must_use]
pub fn alerts(analytic: &str, config: &str, log: &[u8]) -> Vec<String> {
    by_id!(analytic, analytic::alerts(config, log))
}

/// Takes `N` bytes from the end of an input, which say how the rest is to be used: so a log is an input as it is.
fn controls<const N: usize>(bytes: &[u8]) -> ([u8; N], &[u8]) {
    match bytes.split_last_chunk() {
        Some((rest, last)) => (*last, rest),
        None => ([0; N], bytes),
    }
}
