//! The options of FLS. Public playbooks spell them in camel case.

use authsieve_engine::config::{Code, Threshold, Window};

authsieve_engine::settings! {
    /// The options of FLS.
    pub struct Options {
        /// The number of failures within `window` that must come before a success.
        pub min_failures: Threshold = 5, also "minFailures";
        /// The time before the last failure in which the other failures must lie, both ends included.
        pub window: Window = "15m";
        /// The time after the last failure in which the success must follow, both ends included.
        pub success_within: Window = "10m", also "successWithin";
        /// Failures and success must name the same user agent. Windows events name none.
        pub same_user_agent: bool = false, also "sameUserAgent";
        /// Ignores events without an address. Otherwise all such events count as one address.
        pub require_ip: bool = true, also "requireIp";
        /// Error codes of sign-in and audit logs that count as failures, in addition to the usual ones, such as
        /// `50140`.
        pub extra_failure_codes: Vec<Code> = [], also "extraFailureCodes";
    }
}
