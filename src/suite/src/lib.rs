//! All analytics as one module, and the only native list of them.
//!
//! A suite decodes each record once, and passes its events to each analytic that reads them. Each analytic has its
//! own state, so the alerts are the same as those of the single components.
//!
//! ```
//! use authsieve_engine::detector::{Detector, Reading};
//! use authsieve_engine::time::Timestamp;
//! use authsieve_suite::Suite;
//!
//! let event = |second: u32, outcome: &str| format!(
//!     r#"{{"@timestamp":"2026-03-01T10:00:{second:02}Z","event":{{"category":["authentication"],"outcome":"{outcome}"}},"user":{{"name":"ada"}},"source":{{"ip":"192.0.2.7"}}}}"#
//! );
//! let log = [event(0, "failure"), event(2, "failure"), event(9, "success")].join("\n");
//! let config = r#"{"analytics": ["fls"], "fls": {"min_failures": 2}}"#;
//! let mut detector = Detector::<Suite>::create(config, 0)?;
//! let reading = Reading { first: 1, ..Reading::at(Timestamp(1_800_000_000_000_000)) };
//! let alerts = detector.process(log.as_bytes(), reading);
//! assert_eq!(alerts[0].title, "2 failed logons of ada from 192.0.2.7, then a logon");
//! assert_eq!(alerts[0].record, 3);
//! # Ok::<(), authsieve_engine::detector::Error>(())
//! ```
//!
//! Use this crate to run the analytics natively, in a program that trusts them and needs no limits. Use
//! `authsieve-host` to run them in a sandbox. `examples/suite.rs` is a whole program.
//!
//! Tests and tools can go through all analytics: [`each_analytic!`] calls a macro with their ids, and [`by_id!`] calls
//! a function with the type of one. The module [`analytics`] holds the types under these ids. A new analytic is one
//! line in this crate's `Cargo.toml`.
//!
//! ```
//! use authsieve_engine::analytic::Analytic;
//! macro_rules! codes {
//!     (() $($id:ident)+) => { [$(<authsieve_suite::analytics::$id as Analytic>::ABOUT.code),+] };
//! }
//! let codes = authsieve_suite::each_analytic!(codes,);
//! assert!(codes.contains(&"AN1276"));
//! ```

// For a module, the macro that exports functions writes unsafe code.
#![cfg_attr(not(target_family = "wasm"), forbid(unsafe_code))]
// A module never traps on a record: no function may panic.
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

use authsieve_engine::analytic::{All, Analytic, Telemetry};
use authsieve_engine::config::{Known, Layout, Problem, Problems, code};
use authsieve_engine::detector::judge::Judge;
use authsieve_engine::detector::{Analytics, Configured, Descriptor, Error};
use authsieve_engine::readers::Readers;

include!(concat!(env!("OUT_DIR"), "/list.rs"));

/// All analytics.
pub struct Suite;

// A set of readers is one word: analytics beyond its size would read nothing.
const _: () = assert!(Suite::IDS.len() <= Readers::MOST);

/// The telemetry that the analytics read together.
macro_rules! union {
    (() $($id:ident)+) => { Telemetry::NONE $(.and(<analytics::$id as Analytic>::TELEMETRY))+ };
}

macro_rules! ids {
    (() $($id:ident)+) => { &[$(<analytics::$id as Analytic>::ABOUT.id),+] };
}

macro_rules! known {
    (() $($id:ident)+) => {
        &[$(Known {
            id: <analytics::$id as Analytic>::ABOUT.id,
            thresholds: <analytics::$id as Analytic>::ABOUT.thresholds,
        }),+]
    };
}

macro_rules! describe {
    (() $($id:ident)+) => { vec![$(Descriptor::of::<analytics::$id>()),+] };
}

/// Configures the analytics that the layout asks for, and collects the problems of all.
macro_rules! configure {
    (($layout:expr, $seed:expr, $judges:expr, $problems:expr) $($id:ident)+) => { $(
        let id = <analytics::$id as Analytic>::ABOUT.id;
        if $layout.active().contains(&id) {
            match Judge::<analytics::$id>::in_section(&$layout.section(id), $seed) {
                Ok((common, judge)) => $judges.push((common, judge)),
                Err(problems) => $problems.merge(problems),
            }
        }
    )+ };
}

impl Analytics for Suite {
    const TELEMETRY: Telemetry = each_analytic!(union,);
    // The hosts decode all telemetry too. Each analytic still reads only its own.
    type Reads = All;
    const ID: &'static str = "suite";
    const IDS: &'static [&'static str] = each_analytic!(ids,);

    fn describe() -> Vec<Descriptor> {
        each_analytic!(describe,)
    }

    fn configure(config: &str, seed: u64) -> Result<Configured, Error> {
        const KNOWN: &[Known] = each_analytic!(known,);
        let layout = Layout::read(config, KNOWN)?;
        let (mut judges, mut problems) = (Vec::new(), Problems::default());
        each_analytic!(configure, layout, seed, judges, problems);
        if !problems.is_empty() {
            return Err(problems.into());
        }
        // The options that affect decoding are the same for all analytics.
        let Some((common, _)) = judges.first() else {
            let none = Problem::new(code::EMPTY, "analytics", "none of them runs".into());
            return Err(Problems::from(none).into());
        };
        let common = common.clone();
        Ok(Configured { common, judges: judges.into_iter().map(|(_, judge)| judge).collect() })
    }
}

authsieve_abi::faces!(Suite);
