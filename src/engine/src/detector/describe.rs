//! The description of an analytic.

use crate::analytic::About;
use crate::event::Outcome;
use alloc::string::String;
use alloc::vec::Vec;

/// The events of one provider that an analytic judges. The WIT record `source` documents each field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Source {
    pub provider: &'static str,
    pub codes: &'static [&'static str],
}

impl Source {
    /// All events of a provider.
    #[must_use]
    pub const fn of(provider: &'static str) -> Self {
        Self { provider, codes: &[] }
    }
}

/// Advice on which logs to collect. The WIT record `advice` documents each field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Advice {
    pub providers: &'static [&'static str],
    pub text: &'static str,
}

/// Events that an analytic must receive. The WIT record `need` documents each field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Need {
    pub name: &'static str,
    pub outcomes: &'static [Outcome],
    pub fields: &'static [&'static str],
    pub loses: Option<&'static str>,
    pub collect: &'static [Advice],
}

crate::record! { $ descriptor_fields;
    /// The description of an analytic. The WIT record `descriptor` documents each field.
    #[derive(Clone, Debug)]
    #[allow(missing_docs)]
    pub struct Descriptor {
        pub id: String,
        pub name: String,
        pub version: String,
        pub description: String,
        pub techniques: Vec<String>,
        pub telemetry: Vec<String>,
        pub sources: Vec<Source>,
        pub needs: Vec<Need>,
        pub collect: String,
        pub false_positives: Vec<String>,
        pub response: Vec<String>,
        pub config_schema: String,
    }
}

impl Descriptor {
    pub(super) fn new(about: &About, config_schema: String) -> Self {
        let own = |list: &[&str]| list.iter().map(|text| String::from(*text)).collect();
        Self {
            id: about.id.into(),
            name: about.name.into(),
            version: about.version.into(),
            description: about.description.into(),
            techniques: own(about.techniques),
            telemetry: own(about.telemetry),
            sources: about.sources.to_vec(),
            needs: about.needs.to_vec(),
            collect: about.collect.into(),
            false_positives: own(about.false_positives),
            response: own(about.response),
            config_schema,
        }
    }
}
