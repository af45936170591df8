//! "One attempt counts once", naively: after every line, all lines so far are told into ledgers from the beginning.
//!
//! The rule: per process (host and pid) and user, one counter for each voice; a line raises, at its own time, as many
//! failures as the sum of the maxima of its user's counters grows.
//!
//! * A process is forgotten when more than 120 s pass without a line of it; its pid then names another process.
//! * A line without user belongs to the user its process named last; where it named nobody yet, to the one it names next.
//! * PAM lines of a process that sshd has not spoken in belong to the process of the same host and address in which
//!   sshd spoke at most 10 s apart, unless it spoke of other users only: sshd allows no change of user, so that is
//!   another connection. They come home as soon as sshd speaks in their own process.
//! * A success names nobody in this sense: sshd takes no attempt after it. It first takes back the failures of its
//!   process that only PAM reported, the newest first.
//! * Without a pid nothing can be joined: only `Failed` counts.

use crate::fact::{Fact, Micros, SECOND, Says, Voice};
use std::net::IpAddr;

/// A process is forgotten when more than this passes after its last line.
const FORGET: Micros = 120 * SECOND;
/// How far apart PAM and sshd write about one attempt at most.
const JOIN: Micros = 10 * SECOND;

/// What the lines so far amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// One failed attempt, in which user and address are completed. `line` says which line raised it.
    Failure {
        /// The line, completed.
        fact: Fact,
        /// Its place in the input.
        line: usize,
    },
    /// A login.
    Success(Fact),
    /// One failed attempt that this line had raised was none.
    TakeBack {
        /// The line that had raised it.
        line: usize,
    },
}

#[derive(Debug)]
struct Process {
    host: String,
    pid: u32,
    lines: Vec<usize>,
    last: Micros,
    /// The process in which the PAM lines of this one are counted, while sshd has not spoken in it.
    home: Option<usize>,
}

/// The counters of one process and user.
#[derive(Debug, Default, PartialEq)]
struct Ledger {
    user: Option<String>,
    said: [u32; Voice::ALL.len()],
}

impl Ledger {
    fn most(&self, of: impl Fn(Voice) -> bool) -> u32 {
        Voice::ALL.iter().zip(self.said).filter(|(voice, _)| of(**voice)).map(|(_, n)| n).max().unwrap_or(0)
    }
}

/// Joins lines, in the order they came.
#[derive(Debug, Default)]
pub struct Joiner {
    lines: Vec<Fact>,
    processes: Vec<Process>,
    /// The failures raised so far and not taken back, each as the line that raised it.
    raised: Vec<usize>,
}

impl Joiner {
    /// Takes one line in.
    pub fn take(&mut self, fact: Fact) -> Vec<Event> {
        let line = self.lines.len();
        self.lines.push(fact.clone());
        let Some(pid) = fact.pid else { return Self::without_pid(fact, line) };
        if fact.says == Says::WholeFailure {
            return vec![Event::Failure { fact, line }];
        }
        let before = self.counted();
        let process = self.process_of(&fact, pid, line);
        if fact.says.is_pam() {
            if !self.sshd_spoke(process) {
                self.processes[process].home =
                    self.sshd_process_near(process, &fact).or(self.processes[process].home);
            }
        } else {
            self.processes[process].home = None;
            self.join_pam_of_others(process, &fact);
        }
        let home = self.processes[process].home.unwrap_or(process);
        let fact = self.completed(fact, home, process, line);
        match &fact.says {
            Says::Success(_) => {
                let mut events = self.take_back(home, line);
                events.push(Event::Success(fact));
                events
            }
            _ => {
                let grown = self.of_user(&self.counted(), &fact).saturating_sub(self.of_user(&before, &fact));
                self.raised.extend((0..grown).map(|_| line));
                (0..grown).map(|_| Event::Failure { fact: fact.clone(), line }).collect()
            }
        }
    }

    fn without_pid(fact: Fact, line: usize) -> Vec<Event> {
        match fact.says {
            Says::Failure(Voice::Failed, count) => {
                (0..count).map(|_| Event::Failure { fact: fact.clone(), line }).collect()
            }
            Says::Failure(..) => vec![],
            Says::WholeFailure => vec![Event::Failure { fact, line }],
            Says::Success(_) => vec![Event::Success(fact)],
        }
    }

    /// The process that wrote the line: the last of that host and pid, unless it is forgotten.
    fn process_of(&mut self, fact: &Fact, pid: u32, line: usize) -> usize {
        let known = self.processes.iter().rposition(|p| p.host == fact.host && p.pid == pid);
        match known.filter(|&at| fact.time - self.processes[at].last <= FORGET) {
            Some(at) => {
                self.processes[at].last = fact.time;
                self.processes[at].lines.push(line);
                at
            }
            None => {
                self.processes.push(Process {
                    host: fact.host.clone(),
                    pid,
                    lines: vec![line],
                    last: fact.time,
                    home: None,
                });
                self.processes.len() - 1
            }
        }
    }

    fn sshd_spoke(&self, process: usize) -> bool {
        self.processes[process].lines.iter().any(|&line| !self.lines[line].says.is_pam())
    }

    fn address(&self, process: usize) -> Option<IpAddr> {
        self.processes[process].lines.iter().rev().find_map(|&line| self.lines[line].ip)
    }

    /// For a PAM line: the process of the same host and address in which sshd spoke at most 10 s ago, the latest.
    fn sshd_process_near(&self, own: usize, fact: &Fact) -> Option<usize> {
        let address = fact.ip?;
        (0..self.processes.len())
            .filter(|&p| p != own && self.processes[p].host == fact.host && self.address(p) == Some(address))
            .filter(|&p| self.sshd_spoke(p) && fact.time - self.processes[p].last <= JOIN)
            .max_by_key(|&p| self.processes[p].lines.last().copied())
            .filter(|&p| self.may_be_about(p, fact))
    }

    /// Whether a line of another process may be about an attempt of this one.
    fn may_be_about(&self, process: usize, fact: &Fact) -> bool {
        let mut users = self.counted_in(process).into_iter().filter_map(|line| self.blamed(line)).peekable();
        fact.user.is_none() || users.peek().is_none() || users.any(|user| Some(user) == fact.user.as_ref())
    }

    /// For a line of sshd: PAM of the same host and address that spoke at most 10 s ago in a process of its own.
    fn join_pam_of_others(&mut self, own: usize, fact: &Fact) {
        let Some(address) = fact.ip.or_else(|| self.address(own)) else { return };
        for other in 0..self.processes.len() {
            let near = self.processes[other].host == fact.host
                && self.address(other) == Some(address)
                && fact.time - self.processes[other].last <= JOIN;
            let free = self.processes[other].home.is_none() && !self.sshd_spoke(other);
            if other != own && near && free && self.may_be_about(other, fact) {
                self.processes[other].home = Some(own);
            }
        }
    }

    /// The lines that are counted in a process, in the order they came.
    fn counted_in(&self, process: usize) -> Vec<usize> {
        let mut lines: Vec<usize> = (0..self.processes.len())
            .filter(|&p| self.processes[p].home.unwrap_or(p) == process)
            .flat_map(|p| self.processes[p].lines.clone())
            .collect();
        lines.sort_unstable();
        lines
    }

    /// The ledgers of a process, told from its first line up to, not including, the line `before`.
    fn ledgers(&self, process: usize, before: usize) -> Vec<Ledger> {
        let mut ledgers: Vec<Ledger> = vec![];
        for line in self.counted_in(process).into_iter().filter(|&line| line < before) {
            let fact = &self.lines[line];
            if let Says::Failure(voice, count) = fact.says {
                let at = match &fact.user {
                    // Whom the process named last stands last.
                    None => ledgers.len().checked_sub(1),
                    Some(_) => ledgers.iter().position(|l| l.user.is_none() || l.user == fact.user),
                };
                let mut ledger = at.map(|at| ledgers.remove(at)).unwrap_or_default();
                ledger.user = ledger.user.or_else(|| fact.user.clone());
                let said = &mut ledger.said[voice as usize];
                *said = if voice == Voice::Weak { 1 } else { *said + count };
                ledgers.push(ledger);
            }
            if matches!(fact.says, Says::Success(_)) {
                for ledger in &mut ledgers {
                    let others = ledger.most(|v| !v.is_pam());
                    for voice in [Voice::Pam, Voice::PamOther] {
                        ledger.said[voice as usize] = ledger.said[voice as usize].min(others);
                    }
                }
            }
        }
        ledgers
    }

    /// The failed attempts of all processes and users.
    fn counted(&self) -> Vec<(usize, Option<String>, u32)> {
        let of = |process| self.ledgers(process, usize::MAX).into_iter().map(move |l| (process, l));
        (0..self.processes.len())
            .flat_map(of)
            .map(|(process, l)| (process, l.user.clone(), l.most(|_| true)))
            .collect()
    }

    /// How many of them are those of the user of `fact`; with what nobody named until `fact` adopted it.
    fn of_user(&self, told: &[(usize, Option<String>, u32)], fact: &Fact) -> u32 {
        let adopted = |process: usize| self.ledgers(process, usize::MAX).iter().all(|l| l.user.is_some());
        told.iter()
            .filter(|(process, user, _)| match user {
                None => fact.user.is_none() || (adopted(*process) && self.named_in(*process, fact)),
                Some(_) => *user == fact.user,
            })
            .map(|(.., attempts)| attempts)
            .sum()
    }

    /// Whether the first user that a process names is that of `fact`.
    fn named_in(&self, process: usize, fact: &Fact) -> bool {
        self.counted_in(process).into_iter().find_map(|line| self.blamed(line)) == fact.user.as_ref()
    }

    /// The user a line belongs to.
    fn user_of(&self, process: usize, line: usize) -> Option<String> {
        self.ledgers(process, line + 1).pop().and_then(|l| l.user)
    }

    fn completed(&self, mut fact: Fact, home: usize, own: usize, line: usize) -> Fact {
        fact.user = fact.user.or_else(|| self.user_of(home, line));
        fact.ip = fact.ip.or_else(|| self.address(own)).or_else(|| self.address(home));
        fact.tty = fact.tty.or_else(|| {
            self.processes[own].lines.iter().rev().find_map(|&line| self.lines[line].tty.clone())
        });
        fact
    }

    /// What only PAM reported in the process of a success, the newest first. Told before the success counts.
    fn take_back(&mut self, process: usize, success: usize) -> Vec<Event> {
        let mut events = vec![];
        for ledger in self.ledgers(process, success) {
            let only_pam = ledger.most(|_| true) - ledger.most(|v| !v.is_pam());
            for _ in 0..only_pam {
                let counted = self.counted_in(process);
                let newest = self.raised.iter().rposition(|&line| {
                    counted.contains(&line)
                        && self.lines[line].says.is_pam()
                        && self.ledger_of(process, line, success) == ledger.user
                });
                if let Some(at) = newest {
                    events.push(Event::TakeBack { line: self.raised.remove(at) });
                }
            }
        }
        events
    }

    /// In whose ledger a line stands when all lines up to `now` are told: a later user may have adopted it.
    fn ledger_of(&self, process: usize, line: usize, now: usize) -> Option<String> {
        self.user_of(process, line).or_else(|| {
            let lines = self.counted_in(process).into_iter().filter(|&later| later > line && later < now);
            lines.filter_map(|later| self.blamed(later)).next().cloned()
        })
    }

    /// Whose failure a line tells: a success adopts nothing.
    fn blamed(&self, line: usize) -> Option<&String> {
        let fact = &self.lines[line];
        fact.user.as_ref().filter(|_| matches!(fact.says, Says::Failure(..)))
    }
}

impl Says {
    /// Whether PAM says it.
    #[must_use]
    pub fn is_pam(&self) -> bool {
        matches!(self, Self::Failure(voice, _) if voice.is_pam())
    }
}
