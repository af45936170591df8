//! The commands. Each file is one command.

pub mod bake;
pub mod check;
pub mod completions;
pub mod decode;
mod decoding;
pub mod demo;
pub mod diff;
pub mod doctor;
pub mod explain;
pub mod export;
pub mod inspect;
pub mod run;
pub mod schema;
#[cfg(all(feature = "serve", unix))]
pub mod serve;
pub mod silence;
#[cfg(all(feature = "serve", unix))]
pub mod snapshot;
pub mod test;
pub mod translate;
pub mod tune;
#[cfg(all(feature = "serve", unix))]
pub mod view;
