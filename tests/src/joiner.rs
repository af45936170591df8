//! "One attempt counts once", as a naive reference: after each line, it counts all lines so far again from the
//! beginning.
//!
//! The rule: for each process (host and pid) and user, there is one counter for each voice and each PAM module. A
//! line raises failures at its own time: as many as the user's greatest counter exceeds the failures already raised
//! for this process and user.
//!
//! * A process is forgotten when more than 120 s pass without a line from it. Its pid then belongs to another
//!   process.
//! * A line without a user belongs to the user that its process named last. If it named none yet, the line belongs to
//!   the user that it names next.
//! * For a keyboard-interactive answer, PAM has a process of its own. The PAM process belongs to a process of the same
//!   host, user and address, at most 10 s apart, in either order. The other process must report more failed answers
//!   than PAM did for it. Of several, the newest is taken. The PAM process becomes independent as soon as sshd writes a
//!   line in it.
//! * A success ends the attempts of its process. It takes back a failed `USER_LOGIN`. For each module, it takes back
//!   one failure that was reported by a single line and that sshd did not confirm. These failures are from its own
//!   process or, after a keyboard-interactive answer, from the newest PAM process that belongs to no other.
//! * Lines without a pid cannot be joined: of these, only `Failed` counts.

use crate::fact::{Fact, Micros, SECOND, Says, Voice};
use std::net::IpAddr;

/// The most time without a line before a process is forgotten.
const FORGET: Micros = 120 * SECOND;
/// The most time between the lines of PAM and sshd about one attempt.
const JOIN: Micros = 10 * SECOND;

/// The meaning of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// One failed attempt, with user and address completed. `line` is the line that raised it.
    Failure {
        /// The completed line.
        fact: Fact,
        /// The place of the line in the input.
        line: usize,
    },
    /// A login.
    Success(Fact),
    /// One failed attempt, raised by an earlier line, turned out not to be one.
    TakeBack {
        /// The line that raised it.
        line: usize,
    },
}

#[derive(Debug)]
struct Process {
    host: String,
    pid: u32,
    lines: Vec<usize>,
    last: Micros,
    /// The process that counts the PAM lines of this one, until sshd writes a line in this one.
    home: Option<usize>,
}

/// A failure that was raised and not taken back.
#[derive(Debug)]
struct Raised {
    line: usize,
    process: usize,
    user: Option<String>,
}

/// The counters of one process and user.
#[derive(Clone, Debug, Default, PartialEq)]
struct Ledger {
    user: Option<String>,
    said: [u32; Voice::COUNTERS],
    /// The part of `said` that was reported by single lines.
    single: [u32; Voice::COUNTERS],
}

impl Ledger {
    fn most(&self, of: impl Fn(usize) -> bool) -> u32 {
        (0..Voice::COUNTERS)
            .filter(|counter| of(*counter))
            .map(|counter| self.said[counter])
            .max()
            .unwrap_or(0)
    }

    fn sshd(&self) -> u32 {
        self.most(|counter| !Voice::is_module(counter))
    }

    fn pam(&self) -> u32 {
        self.most(Voice::is_module)
    }

    fn is_unconfirmed(&self, module: usize) -> bool {
        Voice::is_module(module) && self.single[module] > 0 && self.said[module] > self.sshd()
    }

    fn tell(&mut self, voice: Voice, count: u32) {
        let counter = voice.counter();
        let said = if voice.is_once() { 1 } else { self.said[counter] + count };
        self.said[counter] = said;
        self.single[counter] += if voice == Voice::PamMore { 0 } else { count };
    }
}

/// Joins lines, in the order of arrival.
#[derive(Debug, Default)]
pub struct Joiner {
    lines: Vec<Fact>,
    processes: Vec<Process>,
    raised: Vec<Raised>,
}

impl Joiner {
    /// Adds one line.
    pub fn take(&mut self, fact: Fact) -> Vec<Event> {
        let line = self.lines.len();
        self.lines.push(fact.clone());
        let Some(pid) = fact.pid else { return Self::without_pid(fact, line) };
        if fact.says == Says::WholeFailure {
            return vec![Event::Failure { fact, line }];
        }
        let process = self.process_of(&fact, pid);
        let is_sshd = !fact.says.is_pam() && fact.says != Says::Failure(Voice::Audit, 1);
        if is_sshd {
            self.processes[process].home = None;
        }
        let mut adopted = false;
        match fact.says {
            Says::Failure(voice, _)
                if voice.is_pam() && !self.sshd_spoke(process) && self.processes[process].home.is_none() =>
            {
                self.processes[process].home = self.who_waits(process, &fact);
            }
            Says::Failure(..) if is_sshd => {
                let told = self.ledger_with(process, line);
                if self.is_at_the_keyboard(process, line) && told.sshd() > told.pam() {
                    adopted = self.adopt(process, &fact);
                }
            }
            Says::Success(_) if fact.keyboard => {
                let told = self.ledgers(process, usize::MAX);
                let of_user = |l: &&Ledger| are_one(&l.user, &fact.user);
                if !told.iter().filter(of_user).any(|l| (0..Voice::COUNTERS).any(|m| l.is_unconfirmed(m))) {
                    self.adopt(process, &fact);
                }
            }
            _ => {}
        }
        self.processes[process].lines.push(line);
        let home = self.processes[process].home.unwrap_or(process);
        let fact = self.completed(fact, home, process, line);
        self.name(home, &fact);
        if let Says::Success(_) = fact.says {
            let mut events = self.take_back(home);
            events.push(Event::Success(fact));
            return events;
        }
        let mut events = vec![];
        for of in 0..self.processes.len() {
            for ledger in self.ledgers(of, usize::MAX).iter().filter(|l| l.user == fact.user) {
                let raised = self.named_in(of, ledger);
                for _ in raised..ledger.most(|_| true) {
                    let process = if of == home { process } else { of };
                    self.raised.push(Raised { line, process, user: fact.user.clone() });
                    events.push(Event::Failure { fact: fact.clone(), line });
                }
            }
        }
        if adopted {
            // `Invalid user` and PAM raised the same attempt twice.
            events.extend(self.take_back(process));
        }
        events
    }

    /// Assigns failures without a user to the user that the process names now.
    fn name(&mut self, home: usize, fact: &Fact) {
        if fact.user.is_none() || self.ledgers(home, usize::MAX).iter().any(|ledger| ledger.user.is_none()) {
            return;
        }
        for raised in self.raised.iter_mut().filter(|raised| raised.user.is_none()) {
            if raised.process == home {
                raised.user.clone_from(&fact.user);
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

    /// The process that wrote the line: the last with this host and pid, unless it is forgotten.
    fn process_of(&mut self, fact: &Fact, pid: u32) -> usize {
        let known = self.processes.iter().rposition(|p| p.host == fact.host && p.pid == pid);
        match known.filter(|&at| fact.time - self.processes[at].last <= FORGET) {
            Some(at) => {
                self.processes[at].last = fact.time;
                at
            }
            None => {
                let (host, last) = (fact.host.clone(), fact.time);
                self.processes.push(Process { host, pid, lines: vec![], last, home: None });
                self.processes.len() - 1
            }
        }
    }

    fn sshd_spoke(&self, process: usize) -> bool {
        self.processes[process].lines.iter().any(|&line| {
            let says = &self.lines[line].says;
            !says.is_pam() && !matches!(says, Says::Failure(Voice::Audit, _))
        })
    }

    fn address(&self, process: usize) -> Option<IpAddr> {
        self.processes[process].lines.iter().rev().find_map(|&line| self.lines[line].ip)
    }

    /// True if a line of sshd names keyboard-interactive, or implies that such an answer failed.
    fn is_at_the_keyboard(&self, process: usize, line: usize) -> bool {
        let keyboard = |line: usize| {
            let fact = &self.lines[line];
            fact.keyboard || matches!(fact.says, Says::Failure(Voice::SshdPam, _))
        };
        let weak = matches!(self.lines[line].says, Says::Failure(Voice::Weak, _));
        keyboard(line) || weak && self.processes[process].lines.iter().any(|&earlier| keyboard(earlier))
    }

    /// The other processes from the same place with a line at most 10 s before, newest line first.
    fn near(&self, own: usize, fact: &Fact) -> Vec<usize> {
        let Some(address) = fact.ip else { return vec![] };
        let mut near: Vec<usize> = (0..self.processes.len())
            .filter(|&p| p != own && self.processes[p].host == fact.host && self.address(p) == Some(address))
            .filter(|&p| fact.time - self.processes[p].last <= JOIN)
            .collect();
        near.sort_by_key(|&p| std::cmp::Reverse(self.processes[p].lines.last().copied()));
        near
    }

    /// For a line of PAM: the process that reports more keyboard-interactive failures than PAM did.
    fn who_waits(&self, own: usize, fact: &Fact) -> Option<usize> {
        self.near(own, fact).into_iter().find(|&p| {
            let Some(ledger) = self.ledgers(p, usize::MAX).pop() else { return false };
            let lines = &self.processes[p].lines;
            let accepted = lines.iter().any(|&l| matches!(self.lines[l].says, Says::Success(_)));
            let keyboard = lines.iter().any(|&l| self.is_at_the_keyboard(p, l));
            keyboard && !accepted && ledger.sshd() > ledger.pam() && are_one(&ledger.user, &fact.user)
        })
    }

    /// For a line of sshd: takes in the newest PAM process that belongs to no other.
    fn adopt(&mut self, own: usize, fact: &Fact) -> bool {
        let user = fact.user.clone().or_else(|| self.ledgers(own, usize::MAX).pop()?.user);
        let free = self.near(own, fact).into_iter().find(|&p| {
            let pam = self.processes[p].lines.iter().any(|&line| self.lines[line].says.is_pam());
            let of_user = self.ledgers(p, usize::MAX).iter().all(|l| are_one(&l.user, &user));
            pam && self.processes[p].home.is_none() && !self.sshd_spoke(p) && of_user
        });
        if let Some(free) = free {
            self.processes[free].home = Some(own);
        }
        free.is_some()
    }

    /// The lines that count in a process, in the order of arrival.
    fn counted_in(&self, process: usize) -> Vec<usize> {
        let mut lines: Vec<usize> = (0..self.processes.len())
            .filter(|&p| self.processes[p].home.unwrap_or(p) == process)
            .flat_map(|p| self.processes[p].lines.clone())
            .collect();
        lines.sort_unstable();
        lines
    }

    /// The ledgers of a process, from its first line up to the line before `before`.
    fn ledgers(&self, process: usize, before: usize) -> Vec<Ledger> {
        let mut ledgers: Vec<Ledger> = vec![];
        for line in self.counted_in(process).into_iter().filter(|&line| line < before) {
            tell(&mut ledgers, &self.lines[line]);
        }
        ledgers
    }

    /// The ledger of a line's user, with the line included.
    fn ledger_with(&self, process: usize, line: usize) -> Ledger {
        let mut ledgers = self.ledgers(process, usize::MAX);
        tell(&mut ledgers, &self.lines[line]);
        ledgers.pop().unwrap_or_default()
    }

    /// The failures raised for a process and user, as places in `raised`.
    fn raised_in(&self, process: usize, ledger: &Ledger) -> Vec<usize> {
        let is_its = |raised: &Raised| {
            let home = self.processes[raised.process].home.unwrap_or(raised.process);
            home == process && (raised.user == ledger.user || raised.user.is_none())
        };
        (0..self.raised.len()).filter(|&at| is_its(&self.raised[at])).collect()
    }

    /// The number of these that name the ledger's user. Failures that a joined process raised without a user do not
    /// count: the line that joined it names the user and takes them back.
    fn named_in(&self, process: usize, ledger: &Ledger) -> u32 {
        let is_its = |at: &&usize| {
            let raised = &self.raised[**at];
            raised.user == ledger.user || raised.process == process
        };
        self.raised_in(process, ledger).iter().filter(is_its).count() as u32
    }

    /// The user that a line belongs to.
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

    /// The failures that the last line takes back in its process, newest first.
    fn take_back(&mut self, process: usize) -> Vec<Event> {
        let mut events = vec![];
        for ledger in self.ledgers(process, usize::MAX).iter().rev() {
            let raised = self.raised_in(process, ledger);
            let excess = (raised.len() as u32).saturating_sub(ledger.most(|_| true));
            let may_go = |at: &&usize| {
                let says = &self.lines[self.raised[**at].line].says;
                says.is_pam() && !matches!(says, Says::Failure(Voice::PamMore, _))
                    || matches!(says, Says::Failure(Voice::AuditLogin, _))
            };
            let goes: Vec<usize> =
                raised.iter().rev().filter(may_go).take(excess as usize).copied().collect();
            for at in goes {
                events.push(Event::TakeBack { line: self.raised.remove(at).line });
            }
        }
        events
    }
}

/// Adds one line to the ledgers of its process. The ledger that it belongs to becomes the last.
fn tell(ledgers: &mut Vec<Ledger>, fact: &Fact) {
    match fact.says {
        Says::Failure(voice, count) => {
            let at = match &fact.user {
                // The user named last by the process is at the end.
                None => ledgers.len().checked_sub(1),
                Some(_) => ledgers.iter().position(|l| l.user.is_none() || l.user == fact.user),
            };
            let mut ledger = at.map(|at| ledgers.remove(at)).unwrap_or_default();
            ledger.user = ledger.user.or_else(|| fact.user.clone());
            ledger.tell(voice, count);
            ledgers.push(ledger);
        }
        Says::Success(_) => {
            let mut given = [false; Voice::COUNTERS];
            for ledger in ledgers.iter_mut().rev() {
                ledger.said[Voice::AuditLogin.counter()] = 0;
                let told = ledger.clone();
                for module in (0..Voice::COUNTERS).filter(|module| told.is_unconfirmed(*module)) {
                    if are_one(&ledger.user, &fact.user) && !given[module] {
                        ledger.said[module] -= 1;
                        ledger.single[module] -= 1;
                        given[module] = true;
                    }
                }
            }
        }
        Says::WholeFailure => {}
    }
}

/// True if two users may be the same. An unknown user fits any.
fn are_one(one: &Option<String>, other: &Option<String>) -> bool {
    one.is_none() || other.is_none() || one == other
}

impl Says {
    /// True if PAM reports it.
    #[must_use]
    pub fn is_pam(&self) -> bool {
        matches!(self, Self::Failure(voice, _) if voice.is_pam())
    }
}
