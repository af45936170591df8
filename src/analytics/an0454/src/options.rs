//! The options of AN0454. MITRE leaves all of them to local tuning.

use authsieve_engine::config::{Threshold, Wait, Window};

authsieve_engine::words! {
    /// Which events belong to the same user.
    pub enum UserKey {
        /// Events with the same whole name.
        Whole = "whole",
        /// Events with the same part before the first `@`, without ASCII case. This joins a Mac's `jdoe` with
        /// `jdoe@contoso.com`.
        LocalPart = "local-part",
    }
}

authsieve_engine::words! {
    /// The devices whose events are looked at.
    pub enum Platform {
        /// All devices.
        Any = "any",
        /// Macs. Events that name no device are left out.
        Macos = "macos",
    }
}

authsieve_engine::settings! {
    /// The options of AN0454.
    pub struct Options {
        /// How many challenges must lie within `window`.
        pub min_challenges: Threshold = 5, also "minChallenges";
        /// How far back from a challenge the others may lie, both ends included. `challenges-without-login` stays
        /// silent for as long after an alert.
        pub window: Window = "10m";
        /// How long after a challenge a login may be the attacker's, both ends included.
        pub success_within: Window = "10m", also "successWithin";
        /// How long `challenges-without-login` waits for a login that takes it back. With `0s` it does not wait, so
        /// that the user can still be warned.
        pub confirm_after: Wait = "0s", also "confirmAfter";
        /// How many challenges must lie within `slow_window`.
        pub slow_min_challenges: Threshold = 15, also "slowMinChallenges";
        /// The window for a patient attacker. `slow-challenges` stays silent for as long after an alert.
        pub slow_window: Window = "24h", also "slowWindow";
        /// How the events of a user belong together: by the `whole` name or its `local-part`.
        pub user_key: UserKey = "whole", also "userKey";
        /// The devices whose events are looked at: `any`, or Macs only, `macos`.
        pub platform: Platform = "any";
    }
}
