//! The normalised authentication event that every decoder makes and every analytic reads.

pub use crate::shapes::{Provider, Shape};
use crate::time::Timestamp;
use alloc::borrow::Cow;
use alloc::string::String;
use core::net::IpAddr;

/// Text of an event: borrowed from the record where it stands there as it is. Empty means "not said".
pub type Text<'a> = Cow<'a, str>;

/// Bytes as text: borrowed where they are UTF-8, with replacement characters where not.
#[must_use]
pub fn text(bytes: &[u8]) -> Text<'_> {
    if bytes.is_empty() {
        return Text::Borrowed("");
    }
    // Quicker than to look for what is to be replaced.
    core::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Text::Borrowed)
}

/// A raw record and its number: what an alert shows as evidence. An attacker wrote part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record<'a> {
    /// The number that the host gave it, over the whole input; 0 where that is unknown.
    pub number: u64,
    /// Its bytes; empty where there is nothing to show.
    pub bytes: &'a [u8],
}

impl<'a> Record<'a> {
    /// Nothing to show.
    pub const NONE: Record<'static> = Record { number: 0, bytes: &[] };

    /// A record of unknown number.
    #[must_use]
    pub const fn unnumbered(bytes: &'a [u8]) -> Self {
        Self { number: 0, bytes }
    }
}

impl<'a> From<&'a [u8]> for Record<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::unnumbered(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Record<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::unnumbered(bytes)
    }
}

/// What became of an attempt to authenticate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The credential was refused.
    #[default]
    Failure,
    /// The login succeeded.
    Success,
    /// A second factor was asked for.
    Challenge,
    /// The person refused a challenge, or reported it as fraud.
    Denied,
    /// A challenge was left unanswered.
    Timeout,
    /// The person approved a challenge.
    Approved,
    /// The password was right, and something else stopped the login: a policy, a second factor to be enrolled.
    Stopped,
}

impl Outcome {
    /// The word for it, as in the WIT contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Success => "success",
            Self::Challenge => "challenge",
            Self::Denied => "denied",
            Self::Timeout => "timeout",
            Self::Approved => "approved",
            Self::Stopped => "stopped",
        }
    }
}

/// Who speaks of the attempt. Several programs write lines about one attempt; `shapes::linux::attempts` counts it once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Signal {
    /// An event that stands for itself: one record, `count` attempts.
    #[default]
    Attempt,
    /// sshd's `Failed password …`, login's `FAILED LOGIN …`, su's `FAILED SU …`: the program's own verdict.
    Failed,
    /// sshd's `error: PAM: Authentication failure for …`: once per attempt through PAM, beside [`Signal::Failed`].
    SshdPam,
    /// auditd `USER_AUTH … res=failed`.
    Audit,
    /// auditd `USER_LOGIN … res=failed`: weak, as OpenSSH writes one for each key that a client offers before it logs in.
    AuditLogin,
    /// `pam_unix(…): authentication failure`.
    Pam,
    /// `N more authentication failures` of `pam_unix`, and in PAM's name of sshd.
    PamMore,
    /// The same from `pam_sss`, which stacks with `pam_unix`.
    PamSss,
    /// The same from `pam_krb5`.
    PamKrb5,
    /// The same from `pam_ldap`.
    PamLdap,
    /// The same from `pam_winbind`.
    PamWinbind,
    /// The same from any other PAM module.
    PamOther,
    /// sshd's `Postponed keyboard-interactive …`: no attempt, but PAM has a process of its own for it.
    Postponed,
    /// `last message repeated N times`: the line before it, `count` times more. The detector puts that line's event in its
    /// place; no analytic sees it.
    Repeated,
    /// A line that only implies a failure (`Invalid user …`, `Connection closed by authenticating user …`).
    Weak,
    /// A success told by PAM alone (`session opened for user …`): it names no address.
    Session,
}

impl Signal {
    /// True if a module of PAM speaks.
    #[must_use]
    pub const fn is_pam(self) -> bool {
        matches!(
            self,
            Self::Pam
                | Self::PamMore
                | Self::PamSss
                | Self::PamKrb5
                | Self::PamLdap
                | Self::PamWinbind
                | Self::PamOther
        )
    }

    /// The word for it, as in the WIT contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attempt => "attempt",
            Self::Failed => "failed",
            Self::SshdPam => "sshd-pam",
            Self::Audit => "audit",
            Self::AuditLogin => "audit-login",
            Self::Pam => "pam",
            Self::PamMore => "pam-more",
            Self::PamSss => "pam-sss",
            Self::PamKrb5 => "pam-krb5",
            Self::PamLdap => "pam-ldap",
            Self::PamWinbind => "pam-winbind",
            Self::PamOther => "pam-other",
            Self::Postponed => "postponed",
            Self::Repeated => "repeated",
            Self::Weak => "weak",
            Self::Session => "session",
        }
    }
}

/// Whether the login came over the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Access {
    /// Over the network: it has, or should have, an address.
    #[default]
    Remote,
    /// At the machine: console, su, sudo. Host and tty stand for the address.
    Local,
}

impl Access {
    /// The word for it, as in the WIT contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Remote => "remote",
            Self::Local => "local",
        }
    }
}

crate::record! { $ event_fields;
    /// One authentication event. Text borrows from the record it was read from.
    ///
    /// Values are canonical: addresses without port, brackets, zone or IPv4-mapping; users in the spelling of their
    /// world (see each decoder); times in UTC.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Event<'a> {
        /// When it happened.
        pub time: Timestamp,
        /// What became of it.
        pub outcome: Outcome,
        /// Of how many attempts the record speaks, at least 1.
        pub count: u32,
        /// Who speaks.
        pub signal: Signal,
        /// Over the network or at the machine.
        pub access: Access,
        /// The account. Empty where unknown.
        pub user: Text<'a>,
        /// The account's domain, where it is apart from the name.
        pub domain: Text<'a>,
        /// The client's address.
        pub src_ip: Option<IpAddr>,
        /// The client's host name, where no address was written.
        pub src_name: Text<'a>,
        /// The terminal of a local login, without `/dev/`.
        pub tty: Text<'a>,
        /// The client's user agent.
        pub user_agent: Text<'a>,
        /// What was logged in to: `sshd`, `sudo`, `su`, `login`, an application.
        pub service: Text<'a>,
        /// The machine that wrote the record.
        pub host: Text<'a>,
        /// The process that wrote the record.
        pub pid: Option<u32>,
        /// How: `password`, `publickey`, `keyboard-interactive/pam`, …
        pub method: Text<'a>,
        /// Windows logon type.
        pub logon_type: Option<u32>,
        /// The provider's code for the outcome: of two, the one that says more (Windows: SubStatus, unless it is 0).
        pub reason: Text<'a>,
        /// The outer code, where there are two (Windows: Status).
        pub status: Text<'a>,
        /// The same in words.
        pub reason_text: Text<'a>,
        /// The application signed in to, for identity providers.
        pub application: Text<'a>,
        /// The device signed in from.
        pub device: Text<'a>,
        /// The operating system of that device, as it was written.
        pub os: Text<'a>,
        /// What ties the records of one login together: Okta's transaction, Duo's `txid`, Entra's correlation id.
        pub transaction: Text<'a>,
        /// The record proves that the password was right, whatever became of the login.
        pub credential: bool,
        /// The year of its time is inferred: the record names none, and nothing beside it tells.
        pub year_inferred: bool,
        /// Its receipt dates it, since its own time names no zone and lies near no zone's. By at least so much, in
        /// microseconds, its own time is the older one.
        pub delay: Option<u64>,
        /// A hash of the provider's own event id, where it has one: delivered twice, counted once.
        pub delivery: Option<u128>,
        /// The shape it was read from.
        pub shape: Shape,
        /// Who wrote it: `linux`, `windows`, `entra`, …
        pub provider: Provider,
    }
}

impl Default for Event<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Event<'_> {
    /// An event that says nothing. Its texts are borrowed: those that a default `Cow` owns have to be dropped.
    const EMPTY: Self = {
        const NOTHING: Text<'_> = Text::Borrowed("");
        Self {
            time: Timestamp(0),
            outcome: Outcome::Failure,
            count: 0,
            signal: Signal::Attempt,
            access: Access::Remote,
            user: NOTHING,
            domain: NOTHING,
            src_ip: None,
            src_name: NOTHING,
            tty: NOTHING,
            user_agent: NOTHING,
            service: NOTHING,
            host: NOTHING,
            pid: None,
            method: NOTHING,
            logon_type: None,
            reason: NOTHING,
            status: NOTHING,
            reason_text: NOTHING,
            application: NOTHING,
            device: NOTHING,
            os: NOTHING,
            transaction: NOTHING,
            credential: false,
            year_inferred: false,
            delay: None,
            shape: Shape::Unknown,
            provider: Provider::Unknown,
            delivery: None,
        }
    };

    /// One attempt that `provider` tells of in `shape`: still a failure of nobody. What a decoder knows it sets; it
    /// makes no second event from a first, as each such step copies all fields and drops those it replaces.
    #[must_use]
    #[inline(never)]
    pub fn new(shape: Shape, provider: Provider) -> Self {
        Self { count: 1, shape, provider, ..Self::default() }
    }

    /// Whether case makes no difference in the names of its world. On Linux `Root` is not `root`, and who wrote a
    /// normalised event cannot be told, unless it calls the user by an address: such a one is known to an identity
    /// provider, though nothing says to which.
    #[must_use]
    pub fn folds(&self) -> bool {
        match self.provider {
            Provider::Linux => false,
            Provider::Ecs | Provider::Ocsf => self.user.contains('@'),
            _ => true,
        }
    }

    /// The same event without a borrow, for one that has to wait.
    #[must_use]
    pub fn into_owned(self) -> Event<'static> {
        event_fields!(owned, self)
    }
}

event_fields!(write_fields, Event<'_>);

/// Moves an event, field by field, into one that borrows nothing.
macro_rules! owned {
    (($event:expr) $($field:ident)+) => {
        Event { $($field: Owned::owned($event.$field),)+ }
    };
}
use owned;

/// A field without a borrow.
trait Owned {
    type Of: 'static;
    fn owned(self) -> Self::Of;
}

impl Owned for Text<'_> {
    type Of = Text<'static>;
    fn owned(self) -> Self::Of {
        Cow::Owned(self.into_owned())
    }
}

macro_rules! plain {
    ($($type:ty),+) => { $(
        impl Owned for $type {
            type Of = Self;
            fn owned(self) -> Self {
                self
            }
        }
    )+ };
}

plain!(
    Timestamp,
    Outcome,
    u32,
    Signal,
    Access,
    Option<IpAddr>,
    Option<u32>,
    Option<u64>,
    bool,
    Option<u128>,
    Shape,
    Provider
);
