//! The options of AN1269. MITRE leaves all of them to local tuning.

use authsieve_engine::config::{Code, Threshold, Window};

authsieve_engine::settings! {
    /// The options of AN1269.
    pub struct Options {
        /// How many failures from one address must lie within `window`.
        pub min_failures: Threshold = 10, also "minFailures";
        /// How far back from a failure or a success the failures may lie, both ends included. An alert silences its
        /// pattern for as long.
        pub window: Window = "30m";
        /// From how many accounts on failures are `credential-stuffing` or `password-spray`, not `brute-force`.
        pub min_accounts: Threshold = 5, also "minAccounts";
        /// From how many accounts that log in within `window` on an address is one that many people share. A login of
        /// an account that did not fail there then raises no alert.
        pub shared_egress_accounts: Threshold = 20, also "sharedEgressAccounts";
        /// Ignores events without an address. Otherwise they all share one.
        pub require_ip: bool = true, also "requireIp";
        /// Error codes of sign-in and audit logs that count as failures beside the usual ones.
        pub extra_failure_codes: Vec<Code> = [], also "extraFailureCodes";
    }
}
