//! The options of AN0454. MITRE leaves all of them to local tuning.

use authsieve_engine::config::{Threshold, Wait, Window};

authsieve_engine::words! {
    /// The key that joins the events of a user.
    pub enum UserKey {
        /// The whole name.
        Whole = "whole",
        /// The part of the name before the first `@`, without ASCII case. This joins a Mac's `jdoe` with
        /// `jdoe@contoso.com`.
        LocalPart = "local-part",
    }
}

authsieve_engine::words! {
    /// The devices whose events are judged.
    pub enum Platform {
        /// All devices.
        Any = "any",
        /// Macs only. Events that name no device are left out.
        Macos = "macos",
    }
}

authsieve_engine::settings! {
    /// The options of AN0454.
    pub struct Options {
        /// The number of challenges within `window` that raise an alert.
        pub min_challenges: Threshold = 5, also "minChallenges";
        /// The time before a challenge in which the other challenges must lie, both ends included. After an alert,
        /// `challenges-without-login` stays silent for the same time.
        pub window: Window = "10m";
        /// The time after a challenge in which a login may be the attacker's, both ends included.
        pub success_within: Window = "10m", also "successWithin";
        /// The time that `challenges-without-login` waits for a login, which cancels the alert. With `0s` the alert
        /// comes at once, so that the user can still be warned.
        pub confirm_after: Wait = "0s", also "confirmAfter";
        /// The number of challenges within `slow_window` that raise `slow-challenges`.
        pub slow_min_challenges: Threshold = 15, also "slowMinChallenges";
        /// The window for a patient attacker. After an alert, `slow-challenges` stays silent for the same time.
        pub slow_window: Window = "24h", also "slowWindow";
        /// The key that joins the events of a user: the `whole` name, or its `local-part`.
        pub user_key: UserKey = "whole", also "userKey";
        /// The devices whose events are judged: `any`, or Macs only (`macos`).
        pub platform: Platform = "any";
    }
}
