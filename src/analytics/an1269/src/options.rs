//! The options of AN1269. MITRE leaves all of them to local tuning.

use authsieve_engine::config::{Code, Threshold, Window};

authsieve_engine::settings! {
    /// The options of AN1269.
    pub struct Options {
        /// How many failures from one address must lie within `window`.
        pub min_failures: Threshold = 10, also "minFailures";
        /// How far back from a failure or a success the failures may lie, both ends included. Also for how long an
        /// alert silences those like it.
        pub window: Window = "30m";
        /// On how many accounts failures are more than guessing at a few.
        pub min_accounts: Threshold = 5, also "minAccounts";
        /// From so many accounts that logged in from an address within `window` on, it is one that many people share:
        /// the login of an account that did not fail there is none of the attacker's.
        pub shared_egress_accounts: Threshold = 20, also "sharedEgressAccounts";
        /// Whether events without an address are ignored; otherwise they all share one.
        pub require_ip: bool = true, also "requireIp";
        /// Error codes of sign-in and audit logs that count as failures beside the usual ones.
        pub extra_failure_codes: Vec<Code> = [], also "extraFailureCodes";
    }
}
