//! The kinds of changes of an account, and what they mean for an alert.

/// A change of an account. An event names it in [`method`](crate::event::Event::method).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its password was set, changed or reset.
    Password,
    /// It was unlocked, or its failures were forgotten.
    Unlock,
    /// It was enabled.
    Enable,
    /// It was created.
    Create,
    /// It was locked after failures.
    Lock,
    /// It was disabled or suspended.
    Disable,
    /// It was deleted.
    Delete,
    /// It became a member of a group, or got a role.
    Rights,
    /// A second factor was added, changed or reset.
    Factor,
    /// Anything else was changed, such as the expiry of its password.
    Other,
}

/// The meaning of a change for an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The change explains failures.
    Explains,
    /// The change says neither.
    Neutral,
    /// The change makes the alert worse.
    Worries,
}

/// The word for each change, its words in an alert, and its meaning.
const CHANGES: [(&str, &str, Meaning); Change::ALL.len()] = [
    ("password", "a new password", Meaning::Explains),
    ("unlock", "unlocked", Meaning::Explains),
    ("enable", "enabled", Meaning::Explains),
    ("create", "created", Meaning::Neutral),
    ("lock", "locked", Meaning::Neutral),
    ("disable", "disabled", Meaning::Neutral),
    ("delete", "deleted", Meaning::Neutral),
    ("rights", "new rights", Meaning::Worries),
    ("factor", "another second factor", Meaning::Worries),
    ("other", "changed", Meaning::Neutral),
];

impl Change {
    /// All changes.
    pub const ALL: [Self; 10] = [
        Self::Password,
        Self::Unlock,
        Self::Enable,
        Self::Create,
        Self::Lock,
        Self::Disable,
        Self::Delete,
        Self::Rights,
        Self::Factor,
        Self::Other,
    ];

    fn data(self) -> (&'static str, &'static str, Meaning) {
        CHANGES.get(self as usize).copied().unwrap_or(("", "", Meaning::Neutral))
    }

    /// The word for the change, as in the field `method` of an event.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.data().0
    }

    /// The change with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|change| change.as_str() == word)
    }

    /// The words for the change in an alert.
    #[must_use]
    pub fn words(self) -> &'static str {
        self.data().1
    }

    /// The meaning of the change for an alert.
    #[must_use]
    pub fn meaning(self) -> Meaning {
        self.data().2
    }
}
