//! What one line of a log truthfully tells.

use std::net::IpAddr;

/// Microseconds since the Unix epoch, UTC.
pub type Micros = i64;

/// One second.
pub const SECOND: Micros = 1_000_000;
/// One minute.
pub const MINUTE: Micros = 60 * SECOND;

/// Who speaks of a failure; programs speak of the same attempt, each in its own voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Voice {
    /// `Failed …`, `FAILED SU …`: the program's verdict.
    Failed,
    /// sshd's `error: PAM: Authentication failure for …`.
    SshdPam,
    /// auditd `USER_AUTH`.
    Audit,
    /// `Invalid user`, `Connection closed by authenticating user`, and the like: once per process and user.
    Weak,
    /// auditd `USER_LOGIN`: once per process and user.
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
    /// All of them.
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
    /// How many counters they have.
    pub const COUNTERS: usize = 9;

    /// The number of its counter: those of PAM's modules come last.
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

    /// True if a counter is that of a module of PAM.
    #[must_use]
    pub const fn is_module(counter: usize) -> bool {
        counter >= 5
    }

    /// Whether only PAM speaks.
    #[must_use]
    pub const fn is_pam(self) -> bool {
        Self::is_module(self.counter())
    }

    /// True if it counts once for a process and user, however often it speaks.
    #[must_use]
    pub const fn is_once(self) -> bool {
        matches!(self, Self::Weak | Self::AuditLogin)
    }
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// One voice on `count` failed attempts.
    Failure(Voice, u32),
    /// A login, and its method where the line names it.
    Success(String),
    /// A record that stands for one failed attempt (ECS, OCSF): nobody else speaks of it.
    WholeFailure,
}

/// One line, as it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its time, at the resolution it is written with.
    pub time: Micros,
    /// The machine, empty where not said.
    pub host: String,
    /// The process, where said.
    pub pid: Option<u32>,
    /// The account, where said.
    pub user: Option<String>,
    /// The address, where said; as written (an IPv4-mapped one is IPv4).
    pub ip: Option<IpAddr>,
    /// The terminal: of a login at the machine.
    pub tty: Option<String>,
    /// Whether it happened at the machine, not over the network.
    pub local: bool,
    /// True if the line says that it was an answer at the keyboard.
    pub keyboard: bool,
    /// What it says.
    pub says: Says,
}
