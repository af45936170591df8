//! The options of AN1521. MITRE leaves all of them to local tuning.

use crate::families::Families;
use authsieve_engine::config::{Json, Kind, Setting, Threshold, Window};

authsieve_engine::words! {
    /// The accounts that are counted together.
    pub enum Similarity {
        /// Accounts whose names fold to the same text: `Admin1`, `4dmin`, `admin-02`.
        Family = "family",
        /// Accounts of the same name.
        Exact = "exact",
        /// Accounts as in `family`, and names within one edit of an active family.
        Near = "near",
    }
}

/// A Windows status ([MS-ERREF] NTSTATUS) as a number, because writers use upper and lower case digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(u32);

impl Status {
    /// User Account Control causes this status although nobody failed.
    pub const INVALID_LOGON_TYPE: Self = Self(0xc000_010b);

    /// Reads `0xC000006D` in either case, or decimal digits, with or without a sign.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        match hex {
            Some(digits) if !digits.starts_with('+') => u32::from_str_radix(digits, 16).ok(),
            Some(_) => None,
            // The top bit marks an error. Writers with signed numbers print such a status as a negative number.
            None => text.parse::<u32>().ok().or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned)),
        }
        .map(Self)
    }

    /// True for an error: severity 3, no customer bit, facility 0 (`0xC000…`).
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 >> 16 == 0xc000
    }

    /// The status in the form `0xc000006d`.
    #[must_use]
    pub fn digits(self) -> [u8; 10] {
        let mut text = *b"0x00000000";
        for (nibble, place) in text.iter_mut().rev().take(8).enumerate() {
            *place = char::from_digit(self.0 >> (4 * nibble) & 0xf, 16).map_or(b'0', |digit| digit as u8);
        }
        text
    }
}

impl Setting for Status {
    const KIND: Kind = Kind::Other(
        "a status of Windows such as \"0xC0000071\"",
        r#""type":["string","integer"],"examples":["0xC0000071"]"#,
    );

    fn read(json: &Json<'_>) -> Option<Self> {
        let number = || json.as_u64().and_then(|number| u32::try_from(number).ok()).map(Self);
        json.as_str().and_then(Self::parse).or_else(number)
    }

    fn digest(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_le_bytes());
    }
}

authsieve_engine::settings! {
    /// The options of AN1521.
    pub struct Options {
        /// The accounts that are counted together. `family`: names that fold to the same text. `exact`: the same name.
        /// `near`: as `family`, and also names within one edit of an active family.
        pub similarity: Similarity = "family";
        /// Families of your own, each with a name and its accounts. They are applied before names are folded. `*` and
        /// `?` stand for any characters. Not allowed with `similarity = "exact"`.
        pub families: Families = {};
        /// The most accounts of a family that are counted together. If more accounts of the family failed within the
        /// pattern's window (`slow_window` for `slow`), each account is counted alone.
        pub max_family: Threshold = 20, also "maxFamily";
        /// The number of failures within `window` that raise `burst` or `distributed`. `spray` needs the same number.
        pub min_failures: Threshold = 10, also "minFailures";
        /// The time in which failures are counted together, both ends included.
        pub window: Window = "10m";
        /// If the failures come from at least this many addresses, they raise `distributed` instead of `burst`.
        pub source_ip_threshold: Threshold = 3, also "sourceIpThreshold", also "sourceIPThreshold";
        /// The number of failures within `slow_window` that raise `slow`.
        pub slow_min_failures: Threshold = 30, also "slowMinFailures";
        /// The time in which failures are counted together for `slow`, both ends included.
        pub slow_window: Window = "24h", also "slowWindow";
        /// The number of families on which one address must fail within `window` to raise `spray`.
        pub spray_accounts: Threshold = 10, also "sprayAccounts";
        /// Ignores failures without an address, and failures from the machine itself.
        pub remote_only: bool = true, also "remoteOnly";
        /// The Status or SubStatus of failures that are ignored, in upper or lower case. The default is an expired
        /// password (0xC0000071) and a password that must be changed (0xC0000224), because neither is an attack.
        pub exclude_status: Vec<Status> = ["0xC0000071", "0xC0000224"], also "excludeStatus";
    }
}
