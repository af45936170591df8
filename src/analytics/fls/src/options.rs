//! The options of FLS. Public playbooks spell them in camel case.

use authsieve_engine::config::{Code, Threshold, Window};

authsieve_engine::settings! {
    /// The options of FLS.
    pub struct Options {
        /// How many failures must lie within `window` before the last of them.
        pub min_failures: Threshold = 5, also "minFailures";
        /// How far back from the last of the failures the others may lie, both ends included.
        pub window: Window = "15m";
        /// How long after that failure the success may follow, both ends included.
        pub success_within: Window = "10m", also "successWithin";
        /// Failures and success must name the same user agent. Windows names none.
        pub same_user_agent: bool = false, also "sameUserAgent";
        /// Ignores events without an address. Otherwise they all share one.
        pub require_ip: bool = true, also "requireIp";
        /// Error codes of sign-in and audit logs that count as failures beyond the usual ones, such as `50140`.
        pub extra_failure_codes: Vec<Code> = [], also "extraFailureCodes";
    }
}
