//! The options of AN1276. MITRE leaves all of them to local tuning.

use authsieve_engine::config::{Glob, Threshold, Window};

authsieve_engine::words! {
    /// The keys that join failures and a success.
    pub enum Correlate {
        /// The same user from the same source.
        UserIp = "user+ip",
        /// The same source, for any user.
        Ip = "ip",
        /// The same user, from any source.
        User = "user",
    }
}

authsieve_engine::words! {
    /// The logins that are judged.
    pub enum LoginSource {
        /// Logins over the network.
        Remote = "remote",
        /// Logins at the machine: console, su, sudo. Host and terminal replace the address.
        Local = "local",
        /// Both kinds of logins.
        Any = "any",
    }
}

authsieve_engine::settings! {
    /// The options of AN1276.
    pub struct Options {
        /// The number of failures within `window` that must come before a success.
        pub min_failures: Threshold = 5, also "minFailures";
        /// The time before the last failure in which the other failures must lie, both ends included.
        pub window: Window = "15m";
        /// The time after the last failure in which the success must follow, both ends included.
        pub success_within: Window = "10m", also "successWithin";
        /// The keys that join failures and a success: any of `user+ip`, `ip`, `user`.
        pub correlate: Vec<Correlate> = ["user+ip", "ip"];
        /// The logins that are judged: `remote`, `local` or `any`.
        pub login_source: LoginSource = "remote", also "loginSource";
        /// The login methods that count as a success, such as `password` or `keyboard-interactive*`.
        pub success_methods: Vec<Glob> = ["*"], also "successMethods";
        /// Ignores remote events without an address. Otherwise all such events count as one address.
        pub require_ip: bool = true;
    }
}
