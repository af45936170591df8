//! The options of AN1269. MITRE leaves all of them to local tuning.

use authsieve_engine::config::{Code, Threshold, Window};

authsieve_engine::settings! {
    /// The options of AN1269.
    pub struct Options {
        /// The number of failures from one address within `window` that raise an alert.
        pub min_failures: Threshold = 10, also "minFailures";
        /// The time before a failure or a success in which the failures must lie, both ends included. After an alert,
        /// its pattern stays silent for the same time.
        pub window: Window = "30m";
        /// If the failures are of at least this many accounts, they are `credential-stuffing` or `password-spray`
        /// instead of `brute-force`.
        pub min_accounts: Threshold = 5, also "minAccounts";
        /// An address counts as shared by many people when this number of accounts log in there within `window`. Then
        /// the login of an account that did not fail there raises no alert.
        pub shared_egress_accounts: Threshold = 20, also "sharedEgressAccounts";
        /// Ignores events without an address. Otherwise all such events count as one address.
        pub require_ip: bool = true, also "requireIp";
        /// Error codes of sign-in and audit logs that count as failures, in addition to the usual ones.
        pub extra_failure_codes: Vec<Code> = [], also "extraFailureCodes";
    }
}
