//! The normalised authentication event that every decoder makes and every analytic reads.

use crate::accounts::Change;
pub use crate::shapes::{Provider, Shape};
use crate::time::Timestamp;
use alloc::borrow::Cow;
use alloc::string::String;
use core::net::IpAddr;

/// A text of an event. Borrows from the record if the record holds the same bytes. Empty means "unknown".
pub type Text<'a> = Cow<'a, str>;

/// Bytes as text. Valid UTF-8 is borrowed; other bytes become replacement characters.
#[must_use]
pub fn text(bytes: &[u8]) -> Text<'_> {
    if bytes.is_empty() {
        return Text::Borrowed("");
    }
    // The check is quicker than a search for bytes to replace.
    core::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Text::Borrowed)
}

/// A raw record and its number, shown by alerts as evidence. An attacker wrote part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record<'a> {
    /// The record's number over the whole input, from the host; 0 if unknown.
    pub number: u64,
    /// The record's bytes; empty if there is nothing to show.
    pub bytes: &'a [u8],
}

impl<'a> Record<'a> {
    /// No record.
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

/// The outcome of an attempt to authenticate.
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
    /// The password was right, but something else stopped the login, such as a policy or a missing second factor.
    Stopped,
    /// No attempt: the account was changed. [`Event::method`] names the [change](crate::accounts::Change), and `user`
    /// is the changed account. No analytic sees such an event.
    Changed,
}

impl Outcome {
    /// The word for the outcome, as in the WIT contract.
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
            Self::Changed => "changed",
        }
    }
}

/// The kind of log line that reports the attempt. Several programs write lines about one attempt;
/// `shapes::linux::attempts` counts such an attempt once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Signal {
    /// A single event: one record, `count` attempts.
    #[default]
    Attempt,
    /// The program's own verdict: sshd's `Failed password …`, login's `FAILED LOGIN …`, su's `FAILED SU …`.
    Failed,
    /// sshd's `error: PAM: Authentication failure for …`. sshd writes one for each attempt through PAM, beside
    /// [`Signal::Failed`].
    SshdPam,
    /// auditd `USER_AUTH … res=failed`.
    Audit,
    /// auditd `USER_LOGIN … res=failed`. This is weak: OpenSSH writes one for each key that a client offers before it
    /// logs in.
    AuditLogin,
    /// `pam_unix(…): authentication failure`.
    Pam,
    /// `N more authentication failures`, from `pam_unix` or from sshd on behalf of PAM.
    PamMore,
    /// `authentication failure` from `pam_sss`, which stacks with `pam_unix`.
    PamSss,
    /// `authentication failure` from `pam_krb5`.
    PamKrb5,
    /// `authentication failure` from `pam_ldap`.
    PamLdap,
    /// `authentication failure` from `pam_winbind`.
    PamWinbind,
    /// `authentication failure` from any other PAM module.
    PamOther,
    /// sshd's `Postponed keyboard-interactive …`. This is no attempt, but it names the process that PAM uses for it.
    Postponed,
    /// `last message repeated N times`: the line before, `count` more times. The detector replaces this event with
    /// the event of that line, so no analytic sees it.
    Repeated,
    /// A line that only implies a failure (`Invalid user …`, `Connection closed by authenticating user …`).
    Weak,
    /// A success that only PAM reports (`session opened for user …`). It names no address.
    Session,
}

impl Signal {
    /// True if a PAM module wrote the line.
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

    /// The word for the signal, as in the WIT contract.
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

/// Where the login came from: the network or the machine itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Access {
    /// Over the network: the event has, or should have, an address.
    #[default]
    Remote,
    /// At the machine: console, su, sudo. Host and tty replace the address.
    Local,
}

impl Access {
    /// The word for the access, as in the WIT contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Remote => "remote",
            Self::Local => "local",
        }
    }
}

crate::record! { $ event_fields;
    /// One authentication event. Text borrows from the record that the event was read from.
    ///
    /// Values are canonical: addresses without port, brackets, zone or IPv4-mapping; times in UTC. Each decoder
    /// documents how it spells users.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Event<'a> {
        /// When the event happened.
        pub time: Timestamp,
        /// The outcome of the attempt.
        pub outcome: Outcome,
        /// The number of attempts that the record reports, at least 1.
        pub count: u32,
        /// The kind of log line.
        pub signal: Signal,
        /// From the network or at the machine.
        pub access: Access,
        /// The account. Empty if unknown.
        pub user: Text<'a>,
        /// The account's domain, if it is separate from the name.
        pub domain: Text<'a>,
        /// The client's address.
        pub src_ip: Option<IpAddr>,
        /// The client's host name, if the record has no address.
        pub src_name: Text<'a>,
        /// The terminal of a local login, without `/dev/`.
        pub tty: Text<'a>,
        /// The client's user agent.
        pub user_agent: Text<'a>,
        /// The target of the login: `sshd`, `sudo`, `su`, `login`, an application.
        pub service: Text<'a>,
        /// The machine that wrote the record.
        pub host: Text<'a>,
        /// The process that wrote the record.
        pub pid: Option<u32>,
        /// The method: `password`, `publickey`, `keyboard-interactive/pam`, …
        pub method: Text<'a>,
        /// Windows logon type.
        pub logon_type: Option<u32>,
        /// The provider's code for the outcome. Of two codes, this is the more specific one (Windows: SubStatus,
        /// unless it is 0).
        pub reason: Text<'a>,
        /// The outer code, if there are two (Windows: Status).
        pub status: Text<'a>,
        /// The reason in words.
        pub reason_text: Text<'a>,
        /// The application that the user signed in to, from identity providers.
        pub application: Text<'a>,
        /// The device that the user signed in from.
        pub device: Text<'a>,
        /// The operating system of the device, as the record spells it.
        pub os: Text<'a>,
        /// The id that ties the records of one login together: Okta's transaction, Duo's `txid`, Entra's correlation
        /// id.
        pub transaction: Text<'a>,
        /// True if the record proves that the password was right, whatever the outcome of the login.
        pub credential: bool,
        /// True if the year is inferred: the record names none, and no other time of the record shows it.
        pub year_inferred: bool,
        /// The least delay between the event's own time and its receipt, in microseconds. Set if the receipt dates
        /// the event: its own time names no zone, and no zone brings it near the receipt.
        pub delay: Option<u64>,
        /// A hash of the provider's own event id, if there is one. An event that is delivered twice is counted once.
        pub delivery: Option<u128>,
        /// The shape of the record.
        pub shape: Shape,
        /// The provider of the record: `linux`, `windows`, `entra`, …
        pub provider: Provider,
    }
}

impl Default for Event<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Event<'_> {
    /// An event that says nothing. All texts are borrowed, because the owned ones of a default `Cow` would have to be
    /// dropped.
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

    /// A new event of `provider` and `shape`: one failed attempt with no other facts. A decoder then sets the fields
    /// it knows. It never builds one event from another with `..`, since that copies all fields and drops the
    /// replaced ones.
    #[must_use]
    #[inline(never)]
    pub fn new(shape: Shape, provider: Provider) -> Self {
        Self { count: 1, shape, provider, ..Self::default() }
    }

    /// A new event of `provider` and `shape`: a change of an account. A decoder sets the account.
    #[must_use]
    #[cold]
    pub fn changed(shape: Shape, provider: Provider, change: Change) -> Self {
        let mut event = Self::new(shape, provider);
        event.outcome = Outcome::Changed;
        event.method = Text::Borrowed(change.as_str());
        event
    }

    /// True if user names of this event ignore case. On Linux `Root` is not `root`. A normalised event does not tell
    /// who wrote it. Its names ignore case only if the user is an e-mail address, as identity providers use.
    #[must_use]
    pub fn folds(&self) -> bool {
        match self.provider {
            Provider::Linux => false,
            Provider::Ecs | Provider::Ocsf => self.user.contains('@'),
            _ => true,
        }
    }

    /// The same event without borrows, for an event that has to wait.
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

/// A field that can be turned into one without borrows.
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
