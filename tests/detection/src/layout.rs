//! The layouts of the records, by the world that writes them.

use authsieve_tests::carrier::Carrier;
use authsieve_tests::login::Shape;

/// The programs and providers that know the same logins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// sshd.
    Linux,
    /// Windows logons.
    Windows,
    /// Sign-ins to Microsoft 365.
    Cloud,
    /// Second factors.
    Factors,
}

/// A layout of records.
#[derive(Clone, Copy, Debug)]
pub enum Layout {
    /// A program's line.
    Line(Carrier),
    /// A record of one login.
    Record(Shape),
}

impl World {
    /// The layouts of the world, each with the provider that the analytics read from it.
    #[must_use]
    pub const fn layouts(self) -> &'static [(Layout, &'static str)] {
        use Layout::{Line, Record};
        match self {
            Self::Linux => &[
                (Line(Carrier::Iso), "linux"),
                (Line(Carrier::FluentBitSystemd), "linux"),
                (Line(Carrier::Filebeat), "linux"),
                (Line(Carrier::Rfc5424), "linux"),
            ],
            Self::Windows => &[
                (Record(Shape::EvtxDump), "windows"),
                (Record(Shape::Winlogbeat), "windows"),
                (Record(Shape::SecurityEvent), "windows"),
                (Record(Shape::Xml), "windows"),
            ],
            Self::Cloud => &[
                (Record(Shape::LogAnalytics), "entra"),
                (Record(Shape::Graph), "entra"),
                (Record(Shape::Diagnostic), "entra"),
                (Record(Shape::Audit), "m365"),
            ],
            Self::Factors => &[
                (Record(Shape::Okta), "okta"),
                (Record(Shape::LogAnalytics), "entra"),
                (Record(Shape::Duo), "duo"),
                (Record(Shape::Auth0), "auth0"),
            ],
        }
    }
}
