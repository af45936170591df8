//! Random authentication on a few hosts, made so that keys collide and times meet the edges of windows.

use crate::fact::{Micros, SECOND};
use crate::options::{Key, LoginSource, Options, Override};
use proptest::prelude::*;

/// The kind of one line. An attempt consists of one or several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `Failed password for …`, repeated this many times (`message repeated`).
    Failed(u8),
    /// `error: PAM: Authentication failure for …`.
    SshdPam,
    /// `pam_unix(sshd:auth): authentication failure; …`.
    PamUnix,
    /// `PAM N more authentication failures; …`.
    PamMore(u8),
    /// Another PAM module.
    PamOther,
    /// `pam_unix` in a process of its own.
    PamElsewhere,
    /// `Invalid user …`.
    Invalid,
    /// `Connection closed by authenticating user …`.
    Closed,
    /// `maximum authentication attempts exceeded for …`.
    TooMany,
    /// `Accepted …`, by one of [`METHODS`].
    Accepted(u8),
    /// `pam_unix(sshd:session): session closed`, which reports no login.
    SessionClosed,
    /// A cron job's session, which is no login.
    Cron,
    /// Lines that do not concern logins.
    Noise(u8),
    /// A line that a local user forged: `logger -t sshd Accepted …`. Only journald shows that it is forged.
    Forged,
    /// su's PAM line.
    SuPam,
    /// `FAILED SU …`.
    SuFailed,
    /// `(to root) alice on pts/0`.
    SuOk,
}

/// sshd's names for login methods.
pub const METHODS: [&str; 4] = ["password", "publickey", "keyboard-interactive/pam", "gssapi-with-mic"];
/// The machines.
pub const HOSTS: [&str; 3] = ["web1", "db-2", "bastion.example.org"];
/// Accounts that exist.
pub const USERS: [&str; 4] = ["root", "alice", "bob", "svc-backup"];
/// Accounts that do not exist. Some imitate the rest of a line, or a whole line.
pub const INVALID: [&str; 6] = [
    "admin",
    "test",
    "x from 10.0.0.1 port 22 ssh2",
    "Accepted password for root from 10.0.0.1 port 22 ssh2",
    "a\"b user=root rhost=10.0.0.1",
    "y: Failed password for root from 10.0.0.1 port 22 ssh2",
];
/// The clients' addresses. The first two of IPv6 share a /64; the last is the first one as IPv6 writes it.
pub const SOURCES: [&str; 7] = [
    "192.0.2.10",
    "192.0.2.11",
    "198.51.100.7",
    "2001:db8::10",
    "2001:db8::beef:1",
    "2001:db8:0:1::10",
    "::ffff:192.0.2.10",
];

/// The time of a step, relative to another.
#[derive(Clone, Copy, Debug)]
pub enum When {
    /// At the same time as the step before.
    Same,
    /// This long after the step before.
    After(Micros),
    /// At an edge: the time of an earlier step, plus one of the spans that matter, plus a little.
    Edge {
        /// How many steps back.
        back: u8,
        /// The span: `success_within`, `window`, 10 s, 120 s.
        span: u8,
        /// The distance to the edge: −1 s, −1 µs, 0, 1 µs, 1 s.
        beside: u8,
    },
}

/// A step of a scenario.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // Indices into the lists above.
pub struct Action {
    pub when: When,
    pub host: u8,
    pub process: u8,
    pub user: u8,
    pub kind: Kind,
    /// True if sshd's `Failed …` follows at the same time (for a PAM line).
    pub with_failed: bool,
}

/// A whole scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The time of its start.
    pub base: Micros,
    /// The address of each process's connection: a connection has one address.
    pub connected_from: Vec<u8>,
    /// The steps, in order.
    pub steps: Vec<Action>,
}

/// A line to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Happening {
    pub time: Micros,
    pub host: &'static str,
    pub pid: u32,
    pub user: &'static str,
    pub valid: bool,
    pub source: &'static str,
    pub kind: Kind,
}

impl Scenario {
    /// The steps with times, names and addresses.
    #[must_use]
    pub fn happenings(&self, options: &Options) -> Vec<Happening> {
        let mut times: Vec<Micros> = vec![];
        let mut happenings = vec![];
        for step in &self.steps {
            let now = times.last().copied().unwrap_or(self.base);
            let time = match step.when {
                When::Same => now,
                When::After(gap) => now + gap,
                When::Edge { back, span, beside } => {
                    let at = times.len().saturating_sub(1 + usize::from(back));
                    let span = [options.success_within, options.window, 10 * SECOND, 120 * SECOND]
                        [usize::from(span % 4)];
                    let beside = [-SECOND, -1, 0, 1, SECOND][usize::from(beside % 5)];
                    now.max(times.get(at).copied().unwrap_or(now) + span + beside)
                }
            };
            times.push(time);
            let mut one = step.happening(time, &self.connected_from);
            if one.kind.is_pam() && !decided(&happenings, &one, step.process) {
                one.kind = Kind::Failed(1);
            }
            let failed = Happening { kind: Kind::Failed(1), ..one };
            if one.kind == Kind::PamElsewhere {
                one.pid = ELSEWHERE + u32::try_from(times.len()).unwrap_or(0);
            }
            happenings.push(one);
            if step.with_failed && (one.kind.is_pam() || one.kind == Kind::SshdPam) {
                happenings.push(failed);
            }
        }
        happenings
    }
}

impl Kind {
    /// True if PAM wrote it, for sshd.
    const fn is_pam(self) -> bool {
        matches!(self, Self::PamUnix | Self::PamMore(_) | Self::PamOther | Self::PamElsewhere)
    }

    /// True for a failure of a remote login, in any voice.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        self.is_pam() || self.is_sshd_failure()
    }

    /// True if sshd itself wrote it, about a failure.
    const fn is_sshd_failure(self) -> bool {
        matches!(self, Self::Failed(_) | Self::SshdPam | Self::Invalid | Self::Closed | Self::TooMany)
    }
}

/// True if the design determines the process of a PAM line. This is the case if sshd wrote a line in the process
/// before, or if no other process comes from its address. For PAM in a process of its own, sshd must have just
/// written a line about that address.
///
/// In other cases (for example, two connections at once, and no line of sshd yet), the design only fixes the result:
/// one attempt counts once. Another property checks this.
fn decided(before: &[Happening], pam: &Happening, process: u8) -> bool {
    let sshd = |h: &&Happening| h.host == pam.host && h.kind.is_sshd_failure();
    if pam.kind == Kind::PamElsewhere {
        let newest = before.iter().filter(sshd).rfind(|h| h.source == pam.source);
        return newest.is_some_and(|h| pam.time - h.time <= 9 * SECOND);
    }
    let spoke = before.iter().filter(sshd).any(|h| h.pid == pam.pid && pam.time - h.time <= 119 * SECOND);
    spoke || usize::from(process) < ALONE.len()
}

/// Addresses used by one process only, and addresses shared by all others.
const ALONE: [usize; 3] = [0, 3, 4];
const SHARED: [usize; 3] = [1, 2, 5];

/// The first pid of processes that only run PAM.
const ELSEWHERE: u32 = 20_000;

impl Action {
    fn happening(self, time: Micros, connected_from: &[u8]) -> Happening {
        let exists = matches!(self.kind, Kind::Accepted(_) | Kind::SuPam | Kind::SuFailed | Kind::SuOk);
        let user = usize::from(self.user) % (USERS.len() + INVALID.len());
        let valid = exists || user < USERS.len();
        let local = matches!(self.kind, Kind::SuPam | Kind::SuFailed | Kind::SuOk);
        let pid = 1000 + u32::from(self.process);
        let from = connected_from.get(usize::from(self.process)).copied().unwrap_or(0);
        let from = match ALONE.get(usize::from(self.process)) {
            // Sometimes as an IPv4-mapped address.
            Some(0) if from == 6 => 6,
            Some(&alone) => alone,
            None => SHARED[usize::from(from) % SHARED.len()],
        };
        Happening {
            time,
            host: HOSTS[usize::from(self.host) % HOSTS.len()],
            pid: match self.kind {
                _ if local => pid + 9000,
                _ => pid,
            },
            user: if valid { USERS[user % USERS.len()] } else { INVALID[user - USERS.len()] },
            valid,
            source: SOURCES[from],
            kind: self.kind,
        }
    }
}

/// The kinds of lines, common ones more often. `local` adds those of su.
fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        10 => Just(Kind::Failed(1)),
        2 => (2u8..7).prop_map(Kind::Failed),
        6 => (0u8..4).prop_map(Kind::Accepted),
        3 => Just(Kind::PamUnix),
        1 => (1u8..4).prop_map(Kind::PamMore),
        2 => Just(Kind::PamOther),
        1 => Just(Kind::PamElsewhere),
        1 => Just(Kind::SshdPam),
        2 => Just(Kind::Invalid),
        1 => Just(Kind::Closed),
        1 => Just(Kind::TooMany),
        1 => Just(Kind::SessionClosed),
        1 => Just(Kind::Cron),
        1 => (0u8..8).prop_map(Kind::Noise),
        1 => Just(Kind::Forged),
        1 => Just(Kind::SuPam),
        2 => Just(Kind::SuFailed),
        1 => Just(Kind::SuOk),
    ]
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![
        3 => Just(When::Same),
        6 => (0..20 * SECOND).prop_map(When::After),
        2 => (0i64..200).prop_map(|s| When::After(s * SECOND)),
        4 => (0u8..12, 0u8..4, 0u8..5).prop_map(|(back, span, beside)| When::Edge { back, span, beside }),
    ]
}

/// A step.
pub fn step() -> impl Strategy<Value = Action> {
    let user = prop_oneof![6 => 0u8..2, 2 => 2u8..4, 2 => 4u8..10];
    let host = prop_oneof![5 => Just(0u8), 1 => 1u8..3];
    (when(), host, 0u8..8, user, kind(), any::<bool>()).prop_map(
        |(when, host, process, user, kind, with_failed)| Action {
            when,
            host,
            process,
            user,
            kind,
            with_failed,
        },
    )
}

/// A scenario of up to `most` steps.
pub fn scenario(most: usize) -> impl Strategy<Value = Scenario> {
    // An ordinary day; New Year's Eve; the day before a leap day; whole seconds and others.
    let base = prop::sample::select(vec![
        1_741_000_000_000_000i64,
        1_767_225_000_000_000,
        1_767_225_599_999_999,
        1_835_394_000_123_456,
    ]);
    let from = prop::collection::vec(prop_oneof![5 => Just(0u8), 5 => 0u8..7], 8);
    (base, from, prop::collection::vec(step(), 1..most)).prop_map(|(base, connected_from, steps)| Scenario {
        base,
        connected_from,
        steps,
    })
}

fn some<T: Clone + std::fmt::Debug + 'static>(of: &[T]) -> impl Strategy<Value = Vec<T>> + use<T> {
    prop_oneof![4 => Just(vec![]), 1 => prop::sample::subsequence(of.to_vec(), 1..=of.len())]
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|s| (*s).to_string()).collect()
}

fn given(list: &[&str]) -> impl Strategy<Value = Option<Vec<String>>> + use<> {
    prop::option::of(prop::sample::subsequence(strings(list), 1..=list.len()))
}

const USER_GLOBS: [&str; 3] = ["root", "svc-*", "a?ice"];
const BLOCKS: [&str; 3] = ["192.0.2.8/30", "2001:db8::/48", "198.51.100.7"];
const HOST_GLOBS: [&str; 2] = ["db-*", "bastion.*"];

/// Options, more often the defaults.
pub fn options() -> impl Strategy<Value = Options> {
    let one = (
        given(&USER_GLOBS),
        given(&BLOCKS),
        given(&HOST_GLOBS),
        prop::option::of(1u32..9),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(users, sources, hosts, min_failures, ignore)| Override {
            users,
            sources,
            hosts,
            min_failures,
            ignore,
        });
    let spans = prop_oneof![
        2 => Just((900 * SECOND, 600 * SECOND)),
        2 => (1i64..300, 1i64..300).prop_map(|(w, s)| (w * SECOND, s * SECOND)),
        1 => (1_000_000i64..5_000_000, 1_000_000i64..5_000_000),
    ];
    let login_source = prop_oneof![
        5 => Just(LoginSource::Remote), 1 => Just(LoginSource::Local), 2 => Just(LoginSource::Any)
    ];
    let methods = prop_oneof![
        5 => Just(strings(&["*"])),
        1 => prop::sample::subsequence(strings(&METHODS), 1..3),
        1 => Just(strings(&["keyboard-*", "pass*"])),
    ];
    let prefixes = prop_oneof![4 => Just((32u8, 64u8)), 1 => (prop::sample::select(vec![32u8, 31, 24]), prop::sample::select(vec![128u8, 64, 48]))];
    (
        prop_oneof![1 => 1u32..9, 2 => 2u32..5],
        spans,
        prop::sample::subsequence(Key::ALL.to_vec(), 1..=3),
        login_source,
        methods,
        (some(&strings(&BLOCKS)), some(&strings(&USER_GLOBS)), some(&strings(&HOST_GLOBS))),
        prefixes,
        prop_oneof![3 => Just(vec![]), 1 => prop::collection::vec(one, 1..4)],
    )
        .prop_map(
            |(
                min_failures,
                (window, success_within),
                correlate,
                login_source,
                success_methods,
                lists,
                prefixes,
                overrides,
            )| Options {
                min_failures,
                window,
                success_within,
                correlate,
                login_source,
                success_methods,
                allow_ips: lists.0,
                ignore_users: lists.1,
                ignore_hosts: lists.2,
                ipv4_prefix: prefixes.0,
                ipv6_prefix: prefixes.1,
                overrides,
                allowed_lateness: "0s",
            },
        )
}
