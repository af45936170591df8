//! The options of AN1276. MITRE leaves all of them to local tuning.

use authsieve_engine::config::{Glob, Threshold, Window};

authsieve_engine::words! {
    /// How failures and the success are related.
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
    /// Which logins are judged.
    pub enum LoginSource {
        /// Over the network.
        Remote = "remote",
        /// At the machine: console, su, sudo. Host and terminal replace the address.
        Local = "local",
        /// Both kinds of logins.
        Any = "any",
    }
}

authsieve_engine::settings! {
    /// The options of AN1276.
    pub struct Options {
        /// How many failures must lie within `window` before the last of them.
        pub min_failures: Threshold = 5, also "minFailures";
        /// How far back from the last of the failures the others may lie, both ends included.
        pub window: Window = "15m";
        /// How long after that failure the success may follow, both ends included.
        pub success_within: Window = "10m", also "successWithin";
        /// How failures and success belong together: any of `user+ip`, `ip`, `user`.
        pub correlate: Vec<Correlate> = ["user+ip", "ip"];
        /// Which logins are looked at: `remote`, `local` or `any`.
        pub login_source: LoginSource = "remote", also "loginSource";
        /// The login methods that count as a success, such as `password` or `keyboard-interactive*`.
        pub success_methods: Vec<Glob> = ["*"], also "successMethods";
        /// Ignores remote events without an address. Otherwise they all share one.
        pub require_ip: bool = true;
    }
}
