//! "One attempt counts once", naively: after every line, all lines so far are told into ledgers from the beginning.
//!
//! The rule: per process (host and pid) and user, one counter for each voice and each module of PAM; a line raises, at its own
//! time, as many failures as the greatest counter of its user is above what was raised for that process and user.
//!
//! * A process is forgotten when more than 120 s pass without a line of it; its pid then names another process.
//! * A line without user belongs to the user its process named last; where it named nobody yet, to the one it names next.
//! * For an answer at the keyboard PAM has a process of its own. It belongs to the process of the same host, user and
//!   address that tells, at most 10 s apart, of more failed answers than PAM did for it; whichever wrote first, and of several
//!   the newest. It comes home as soon as sshd speaks in it.
//! * A success names nobody in this sense: sshd takes no attempt after it. It takes back a failed `USER_LOGIN`, and of each
//!   module one failure that it told by a line of its own and that sshd did not confirm: of its own process, and after an
//!   answer at the keyboard of the newest PAM process that belongs to nobody.
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
    /// Of what was said, how much by a line for each failure.
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

/// Joins lines, in the order they came.
#[derive(Debug, Default)]
pub struct Joiner {
    lines: Vec<Fact>,
    processes: Vec<Process>,
    raised: Vec<Raised>,
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
            // What `Invalid user` and PAM told of one attempt was raised twice.
            events.extend(self.take_back(process));
        }
        events
    }

    /// Gives what was raised for nobody to the user that its process names now.
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

    /// The process that wrote the line: the last of that host and pid, unless it is forgotten.
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

    /// True if a line of sshd is about an answer at the keyboard, or implies that one failed.
    fn is_at_the_keyboard(&self, process: usize, line: usize) -> bool {
        let keyboard = |line: usize| {
            let fact = &self.lines[line];
            fact.keyboard || matches!(fact.says, Says::Failure(Voice::SshdPam, _))
        };
        let weak = matches!(self.lines[line].says, Says::Failure(Voice::Weak, _));
        keyboard(line) || weak && self.processes[process].lines.iter().any(|&earlier| keyboard(earlier))
    }

    /// The other processes from the same place with a line at most 10 s before, the one with the newest line first.
    fn near(&self, own: usize, fact: &Fact) -> Vec<usize> {
        let Some(address) = fact.ip else { return vec![] };
        let mut near: Vec<usize> = (0..self.processes.len())
            .filter(|&p| p != own && self.processes[p].host == fact.host && self.address(p) == Some(address))
            .filter(|&p| fact.time - self.processes[p].last <= JOIN)
            .collect();
        near.sort_by_key(|&p| std::cmp::Reverse(self.processes[p].lines.last().copied()));
        near
    }

    /// For a line of PAM: the process that tells of more failures at the keyboard than PAM did.
    fn who_waits(&self, own: usize, fact: &Fact) -> Option<usize> {
        self.near(own, fact).into_iter().find(|&p| {
            let Some(ledger) = self.ledgers(p, usize::MAX).pop() else { return false };
            let lines = &self.processes[p].lines;
            let accepted = lines.iter().any(|&l| matches!(self.lines[l].says, Says::Success(_)));
            let keyboard = lines.iter().any(|&l| self.is_at_the_keyboard(p, l));
            keyboard && !accepted && ledger.sshd() > ledger.pam() && are_one(&ledger.user, &fact.user)
        })
    }

    /// For a line of sshd: takes in the newest PAM process that belongs to nobody.
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
            tell(&mut ledgers, &self.lines[line]);
        }
        ledgers
    }

    /// The ledger of a line's user, once the line is told.
    fn ledger_with(&self, process: usize, line: usize) -> Ledger {
        let mut ledgers = self.ledgers(process, usize::MAX);
        tell(&mut ledgers, &self.lines[line]);
        ledgers.pop().unwrap_or_default()
    }

    /// What was raised for a process and user, as places in `raised`.
    fn raised_in(&self, process: usize, ledger: &Ledger) -> Vec<usize> {
        let is_its = |raised: &Raised| {
            let home = self.processes[raised.process].home.unwrap_or(raised.process);
            home == process && (raised.user == ledger.user || raised.user.is_none())
        };
        (0..self.raised.len()).filter(|&at| is_its(&self.raised[at])).collect()
    }

    /// How many of them name the user of the ledger. What a process that was taken in raised for nobody does not: the line
    /// that took it in names the user, and takes that failure back.
    fn named_in(&self, process: usize, ledger: &Ledger) -> u32 {
        let is_its = |at: &&usize| {
            let raised = &self.raised[**at];
            raised.user == ledger.user || raised.process == process
        };
        self.raised_in(process, ledger).iter().filter(is_its).count() as u32
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

    /// What the last line takes back in its process: the newest of what may go.
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

/// Tells one line into the ledgers of its process; the one it was about stands last.
fn tell(ledgers: &mut Vec<Ledger>, fact: &Fact) {
    match fact.says {
        Says::Failure(voice, count) => {
            let at = match &fact.user {
                // Whom the process named last stands last.
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

/// True if two users may be one: one of them may not be said.
fn are_one(one: &Option<String>, other: &Option<String>) -> bool {
    one.is_none() || other.is_none() || one == other
}

impl Says {
    /// Whether PAM says it.
    #[must_use]
    pub fn is_pam(&self) -> bool {
        matches!(self, Self::Failure(voice, _) if voice.is_pam())
    }
}
