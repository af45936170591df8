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
pub mod words;

use authsieve_an0454::An0454;
use authsieve_an1269::An1269;
use authsieve_an1276::An1276;
use authsieve_an1521::An1521;
use authsieve_engine::time::Timestamp;
use authsieve_fls::Fls;
use authsieve_framing::Format;

pub use snapshot::{resealed, unsealed};

/// The analytics.
pub const ANALYTICS: [&str; 5] = ["an0454", "an1269", "an1276", "an1521", "fls"];

/// When records are received whose target does not say: 2026-06-01T00:00:00Z.
pub const RECEIVED: Timestamp = Timestamp(1_780_272_000_000_000);

/// Something that takes bytes which an attacker may have written.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it is called: `decode-windows`, `frame-csv`, `an1276`.
    pub name: &'static str,
    run: fn(&[u8]),
    /// The longest input that makes sense.
    pub longest: usize,
    /// Where its words stand: folders and files of sources, from the root of the repository.
    pub sources: &'static [&'static str],
}

/// Every target.
pub const TARGETS: &[Target] = &[
    line(
        "decode-linux",
        decoder::run::<decoder::Linux>,
        &["src/engine/src/linux", "src/engine/src/stamp.rs"],
    ),
    line(
        "decode-envelope",
        decoder::run::<decoder::Carried>,
        &["src/engine/src/envelope", "src/engine/src/linux"],
    ),
    line("decode-ecs", decoder::run::<decoder::Normalised>, &["src/engine/src/shapes/ecs.rs"]),
    line("decode-ocsf", decoder::run::<decoder::Normalised>, &["src/engine/src/shapes/ocsf.rs"]),
    line("decode-windows-json", decoder::run::<decoder::Windows>, &["src/engine/src/shapes/windows"]),
    line("decode-windows-xml", decoder::run::<decoder::Windows>, &["src/engine/src/shapes/windows"]),
    line("decode-entra", decoder::run::<decoder::Entra>, &["src/engine/src/shapes/entra"]),
    line("decode-audit", decoder::run::<decoder::Audit>, &["src/engine/src/shapes/audit"]),
    line("decode-iis", decoder::run::<decoder::Iis>, &["src/engine/src/shapes/iis"]),
    line("decode-exchange", decoder::run::<decoder::Exchange>, &["src/engine/src/shapes/exchange"]),
    line("decode-okta", decoder::run::<decoder::Okta>, &["src/engine/src/shapes/okta"]),
    line("decode-duo", decoder::run::<decoder::Duo>, &["src/engine/src/shapes/duo"]),
    line("decode-auth0", decoder::run::<decoder::Auth0>, &["src/engine/src/shapes/auth0"]),
    line("decode-macos", decoder::run::<decoder::Macos>, &["src/engine/src/shapes/macos"]),
    file("frame-sniff", |bytes| framing::run(None, bytes), &["src/framing/src"]),
    file("frame-json", |bytes| framing::run(Some(Format::Json), bytes), &["src/framing/src/json"]),
    file("frame-csv", |bytes| framing::run(Some(Format::Csv), bytes), &["src/framing/src"]),
    file("frame-w3c", |bytes| framing::run(Some(Format::W3c), bytes), &["src/framing/src/w3c"]),
    file("frame-xml", |bytes| framing::run(Some(Format::Xml), bytes), &["src/framing/src/xml"]),
    file("frame-evtx", |bytes| framing::run(Some(Format::Evtx), bytes), &["src/framing/src/evtx"]),
    file("config", config::run, &["src/engine/src/config", "src/analytics"]),
    file("snapshot", snapshot::run, &[]),
    file("an0454", analytic::run::<An0454>, &["src/engine/src/shapes", "src/engine/src/envelope"]),
    file("an1269", analytic::run::<An1269>, &["src/engine/src/shapes", "src/engine/src/envelope"]),
    file("an1276", analytic::run::<An1276>, &["src/engine/src/linux", "src/engine/src/envelope"]),
    file("an1521", analytic::run::<An1521>, &["src/engine/src/shapes", "src/engine/src/envelope"]),
    file("fls", analytic::run::<Fls>, &["src/engine/src/shapes", "src/engine/src/envelope"]),
];

const fn line(name: &'static str, run: fn(&[u8]), sources: &'static [&'static str]) -> Target {
    Target { name, run, longest: 16 << 10, sources }
}

const fn file(name: &'static str, run: fn(&[u8]), sources: &'static [&'static str]) -> Target {
    Target { name, run, longest: 64 << 10, sources }
}

impl Target {
    /// The target of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TARGETS.iter().find(|target| target.name == name).copied()
    }

    /// Gives it bytes.
    ///
    /// # Panics
    /// Where something does not hold that must hold of any bytes.
    pub fn run(&self, bytes: &[u8]) {
        (self.run)(bytes);
    }
}

/// Calls a generic function for the analytic of an id.
macro_rules! for_analytic {
    ($id:expr, $module:ident::$function:ident $(, $argument:expr)*) => {
        match $id {
            "an0454" => $module::$function::<authsieve_an0454::An0454>($($argument),*),
            "an1269" => $module::$function::<authsieve_an1269::An1269>($($argument),*),
            "an1276" => $module::$function::<authsieve_an1276::An1276>($($argument),*),
            "an1521" => $module::$function::<authsieve_an1521::An1521>($($argument),*),
            "fls" => $module::$function::<authsieve_fls::Fls>($($argument),*),
            other => panic!("no analytic is called {other}"),
        }
    };
}

/// A valid configuration of an analytic: `common` and `own` choose among a few.
#[must_use]
pub fn configuration(analytic: &str, common: u8, own: u8) -> String {
    for_analytic!(analytic, analytic::config, common, own)
}

/// The alerts, as JSON, that a native run of an analytic raises on a log received at [`RECEIVED`].
#[must_use]
pub fn alerts(analytic: &str, config: &str, log: &[u8]) -> Vec<String> {
    for_analytic!(analytic, analytic::alerts, config, log)
}

/// Takes `N` bytes from the end of an input, which say how the rest is to be used: so a log is an input as it is.
fn controls<const N: usize>(bytes: &[u8]) -> ([u8; N], &[u8]) {
    match bytes.split_last_chunk() {
        Some((rest, last)) => (*last, rest),
        None => ([0; N], bytes),
    }
}
