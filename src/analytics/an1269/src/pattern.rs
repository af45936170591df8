//! The patterns of failures from one address.

/// A pattern of failures. Lesser patterns come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// Many failures on few accounts.
    BruteForce,
    /// More than two failures for each of many accounts.
    PasswordSpray,
    /// One or two failures for each of many accounts: pairs of name and password from a list.
    CredentialStuffing,
}

impl Pattern {
    /// All patterns, lesser ones first.
    pub const ALL: [Self; 3] = [Self::BruteForce, Self::PasswordSpray, Self::CredentialStuffing];

    /// The pattern for a number of failures on a number of accounts. At least `many` accounts count as many.
    pub const fn of(failures: u32, accounts: u32, many: u32) -> Self {
        if accounts < many {
            Self::BruteForce
        } else if failures as u64 <= 2 * accounts as u64 {
            Self::CredentialStuffing
        } else {
            Self::PasswordSpray
        }
    }

    /// The pattern's name in alerts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BruteForce => "brute-force",
            Self::PasswordSpray => "password-spray",
            Self::CredentialStuffing => "credential-stuffing",
        }
    }

    /// The pattern's name in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::BruteForce => "guessing passwords",
            Self::PasswordSpray => "password spraying",
            Self::CredentialStuffing => "credential stuffing",
        }
    }

    /// The pattern's sub-technique of MITRE ATT&CK T1110.
    pub const fn technique(self) -> &'static str {
        match self {
            Self::BruteForce => "T1110.001",
            Self::PasswordSpray => "T1110.003",
            Self::CredentialStuffing => "T1110.004",
        }
    }
}
