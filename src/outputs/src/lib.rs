//! The output of hosts: alerts in the layouts of other systems, and the state of the analytics as a file.
//!
//! ```
//! use authsieve_engine::alert::Alert;
//! use authsieve_outputs::{Layout, located::Located};
//! use authsieve_records::Origins;
//!
//! let alert = Alert { title: "5 failed logins".into(), ..Alert::default() };
//! let ecs = Layout::Ecs.to_json(&Located::new(&alert, &Origins::default()));
//! assert!(ecs.contains(r#""message":"5 failed logins""#));
//! ```
//!
//! Use this crate in a host whose alerts go to a SIEM or a data lake. A [`Layout`] writes OCSF or ECS, and [`located`]
//! adds the file and line of each record. The module [`state`] reads and writes the files of `authsieve snapshot`.
//!
//! A host that wants only the canonical JSON needs no more than `Alert::to_json` of `authsieve-engine`.
//! `examples/layouts.rs` is a whole program.

pub mod attack;
pub mod ecs;
pub mod located;
pub mod ocsf;
pub mod state;

use located::Located;

/// The JSON layout of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The layout of the contract: the canonical bytes, with `origin` added at the end.
    Native,
    /// OCSF Detection Finding.
    Ocsf,
    /// Elastic Common Schema.
    Ecs,
}

impl Layout {
    /// All layouts.
    pub const ALL: [Self; 3] = [Self::Native, Self::Ocsf, Self::Ecs];

    /// The name of the layout on command lines and in configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "json",
            Self::Ocsf => "ocsf",
            Self::Ecs => "ecs",
        }
    }

    /// The layout with this name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == word)
    }

    /// The alert as one line of JSON, without a newline.
    #[must_use]
    pub fn to_json(self, alert: &Located<'_>) -> String {
        match self {
            Self::Native => alert.to_json(),
            Self::Ocsf => ocsf::to_json(alert),
            Self::Ecs => ecs::to_json(alert),
        }
    }
}
