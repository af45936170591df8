//! The true facts of one line of a log.

use std::net::IpAddr;

/// Microseconds since the Unix epoch, UTC.
pub type Micros = i64;

/// One second.
pub const SECOND: Micros = 1_000_000;
/// One minute.
pub const MINUTE: Micros = 60 * SECOND;

/// The kind of line that reports a failure. Several programs report the same attempt, each as a voice of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Voice {
    /// `Failed …`, `FAILED SU …`: the program's own verdict.
    Failed,
    /// sshd's `error: PAM: Authentication failure for …`.
    SshdPam,
    /// auditd `USER_AUTH`.
    Audit,
    /// `Invalid user`, `Connection closed by authenticating user` and similar lines: counts once per process and
    /// user.
    Weak,
    /// auditd `USER_LOGIN`: counts once per process and user.
    AuditLogin,
    /// `pam_unix(sshd:auth): authentication failure`.
    Pam,
    /// `PAM N more authentication failures`.
    PamMore,
    /// `pam_sss`.
    PamSss,
    /// `pam_ldap`.
    PamLdap,
    /// Another PAM module.
    PamOther,
}

impl Voice {
    /// All voices.
    pub const ALL: [Self; 10] = [
        Self::Failed,
        Self::SshdPam,
        Self::Audit,
        Self::Weak,
        Self::AuditLogin,
        Self::Pam,
        Self::PamMore,
        Self::PamSss,
        Self::PamLdap,
        Self::PamOther,
    ];
    /// The number of counters.
    pub const COUNTERS: usize = 9;

    /// The number of the voice's counter. Those of PAM modules come last.
    #[must_use]
    pub const fn counter(self) -> usize {
        match self {
            Self::Failed => 0,
            Self::SshdPam => 1,
            Self::Audit => 2,
            Self::Weak => 3,
            Self::AuditLogin => 4,
            Self::Pam | Self::PamMore => 5,
            Self::PamSss => 6,
            Self::PamLdap => 7,
            Self::PamOther => 8,
        }
    }

    /// True if a counter belongs to a PAM module.
    #[must_use]
    pub const fn is_module(counter: usize) -> bool {
        counter >= 5
    }

    /// True for a PAM module's voice.
    #[must_use]
    pub const fn is_pam(self) -> bool {
        Self::is_module(self.counter())
    }

    /// True if the voice counts only once per process and user.
    #[must_use]
    pub const fn is_once(self) -> bool {
        matches!(self, Self::Weak | Self::AuditLogin)
    }
}

/// The report of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// `count` failed attempts, reported by one voice.
    Failure(Voice, u32),
    /// A login, and its method if the line names it.
    Success(String),
    /// A record that is one whole failed attempt (ECS, OCSF), which no other record reports.
    WholeFailure,
}

/// The facts of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The time, at the resolution of the record.
    pub time: Micros,
    /// The host; empty if unknown.
    pub host: String,
    /// The process id, if known.
    pub pid: Option<u32>,
    /// The account, if known.
    pub user: Option<String>,
    /// The address, if known, as written. An IPv4-mapped one is IPv4.
    pub ip: Option<IpAddr>,
    /// The terminal of a login at the machine.
    pub tty: Option<String>,
    /// True for a login at the machine, false for one over the network.
    pub local: bool,
    /// True if the line names keyboard-interactive.
    pub keyboard: bool,
    /// The report.
    pub says: Says,
}
