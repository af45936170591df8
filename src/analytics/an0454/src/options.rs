//! The options of AN0454. MITRE leaves all of them to local tuning.

use authsieve_engine::config::{Threshold, Wait, Window};

authsieve_engine::words! {
    /// By what the events of a user belong together.
    pub enum UserKey {
        /// By the whole name.
        Whole = "whole",
        /// By what stands before the first `@`, without ASCII case: joins a Mac's `jdoe` with `jdoe@contoso.com`.
        LocalPart = "local-part",
    }
}

authsieve_engine::words! {
    /// Whose events are looked at.
    pub enum Platform {
        /// Those of all devices.
        Any = "any",
        /// Those of Macs. An event that does not say what it came from is left out.
        Macos = "macos",
    }
}

authsieve_engine::settings! {
    /// The options of AN0454.
    pub struct Options {
        /// How many challenges must lie within `window`.
        pub min_challenges: Threshold = 5, also "minChallenges";
        /// How far back from a challenge the others may lie, both ends included. So long `challenges-without-login`
        /// stays silent after an alert, too.
        pub window: Window = "10m";
        /// How long after a challenge a login may follow to be taken for the attacker's, both ends included.
        pub success_within: Window = "10m", also "successWithin";
        /// How long `challenges-without-login` waits for a login, which takes it back; `0s`: not at all, so that the
        /// user can still be warned.
        pub confirm_after: Wait = "0s", also "confirmAfter";
        /// How many challenges must lie within `slow_window`.
        pub slow_min_challenges: Threshold = 15, also "slowMinChallenges";
        /// The same for a patient attacker. So long `slow-challenges` stays silent after an alert, too.
        pub slow_window: Window = "24h", also "slowWindow";
        /// By what the events of a user belong together: `whole` name or `local-part`.
        pub user_key: UserKey = "whole", also "userKey";
        /// Whose events are looked at: `any`, or only those of Macs, `macos`.
        pub platform: Platform = "any";
    }
}
