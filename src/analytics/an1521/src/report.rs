//! The alerts of AN1521.

use crate::accounts::Accounts;
use crate::count::Counted;
use crate::options::Status;
use crate::pattern::Pattern;
use crate::{ACCOUNT, FAMILY, Failure, SOURCE};
use authsieve_engine::alert::{Alert, Severity};
use authsieve_engine::event::{Event, Record};
use authsieve_engine::net::{self, Prefixes};
use authsieve_engine::order::sort;
use authsieve_engine::time::Span;
use authsieve_engine::told::{self, MOST_LISTED, number, said, short};
use authsieve_engine::window::excerpt::Excerpt;
use authsieve_engine::window::journal::{Journal, Link};
use authsieve_engine::window::recent::{Entry, Recent};

/// The facts for an alert.
pub struct Report<'r> {
    pub pattern: Pattern,
    pub failure: &'r Failure<'r>,
    pub counted: Counted,
    pub window: Span,
    pub prefixes: Prefixes,
    pub recent: &'r Recent,
    pub accounts: &'r Accounts,
    pub journal: &'r Journal,
    pub newest: Link,
}

/// The accounts with failures. O(n log n) in the entries of the window.
struct Hit<'r> {
    /// Hash, count, and the name if it is still stored. The account with most failures is first; of equals, the first
    /// by name.
    accounts: Vec<(u64, u32, Option<&'r str>)>,
}

impl Report<'_> {
    pub fn alert(&self) -> Alert {
        let (event, sum) = (self.failure.event, &self.counted.sum);
        let hit = self.hit();
        let most = hit.accounts.first().and_then(|(_, _, name)| *name).unwrap_or(self.failure.account);
        let accounts = match self.pattern {
            Pattern::Spray => hit.accounts.len() as u32,
            _ => sum.distinct[ACCOUNT],
        };
        let mut users: Vec<String> = hit.accounts.iter().filter_map(|(_, _, name)| said((*name)?)).collect();
        let unknown = hit.accounts.iter().any(|(_, _, name)| name.is_none());
        sort(&mut users, |one, other| one < other);
        users.truncate(MOST_LISTED);

        let excerpt = self.excerpt();
        let addresses = excerpt.addresses().len() as u32;
        // If keys are blocks of addresses, the journal counts addresses more exactly than the windows do.
        let distinct_ips = match self.pattern {
            Pattern::Spray => addresses.max(1),
            _ => addresses.max(sum.distinct[SOURCE]),
        };
        let mut estimated: Vec<&str> = Vec::new();
        if sum.cut {
            estimated.extend(["failure_count", "distinct_users"]);
        }
        if unknown {
            estimated.push("users");
        }
        if sum.cut || (excerpt.cut() && !self.addresses_are_keys()) {
            estimated.push("distinct_ips");
        }
        let mut alert = Alert {
            pattern: self.pattern.as_str().into(),
            severity: if self.pattern == Pattern::Distributed { Severity::High } else { Severity::Medium },
            title: self.title(most, accounts, &excerpt),
            time: event.time,
            first_seen: event.time,
            last_seen: event.time,
            user: said(most),
            users,
            src_ip: net::shown(event.src_ip),
            host: said(&event.host),
            service: said(&event.service),
            user_agent: said(&event.user_agent),
            failure_count: Some(sum.count),
            distinct_users: Some(accounts),
            distinct_ips: Some(distinct_ips),
            estimated: estimated.into_iter().map(String::from).collect(),
            techniques: vec![if self.pattern == Pattern::Spray { "T1110.003" } else { "T1110.001" }.into()],
            context: self.context(accounts, distinct_ips),
            ..Alert::default()
        };
        told::tell(&excerpt, &mut alert, Record::NONE);
        if excerpt.cut() {
            alert.estimated.extend(["src_ips", "reasons"].map(String::from));
        }
        let first = self.entries().next().map(|entry| entry.time);
        alert.first_seen = first.map_or(event.time, |first| first.min(event.time));
        alert
    }

    /// The number of the entry's member that holds the account.
    const fn account(&self) -> usize {
        match self.pattern {
            Pattern::Spray => 1 - FAMILY,
            _ => ACCOUNT,
        }
    }

    /// True if each address is a key of its own, so that windows count addresses exactly.
    fn addresses_are_keys(&self) -> bool {
        self.prefixes == Prefixes::WHOLE
    }

    /// The counted entries, oldest first.
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        let (from, to) = (self.counted.from, self.failure.event.time);
        self.counted.slot.into_iter().flat_map(move |slot| self.recent.entries(slot, from, to))
    }

    fn hit(&self) -> Hit<'_> {
        if self.counted.alone {
            let failure = self.failure;
            return Hit { accounts: vec![(failure.member, self.counted.sum.count, Some(failure.account))] };
        }
        let mut accounts: Vec<(u64, u32, Option<&str>)> = self
            .entries()
            .map(|entry| (entry.members.get(self.account()).copied().unwrap_or_default(), entry.count, None))
            .collect();
        sort(&mut accounts, |one, other| one.0 < other.0);
        accounts.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(next.1);
            }
            same
        });
        for (account, _, name) in &mut accounts {
            *name = self.accounts.get(*account);
        }
        // Accounts without a stored name come last.
        sort(&mut accounts, |one, other| {
            let key = |it: &(u64, u32, Option<&str>)| (u32::MAX - it.1, it.2.is_none());
            (key(one), one.2, one.0) < (key(other), other.2, other.0)
        });
        Hit { accounts }
    }

    /// The counted failures that the journal still holds.
    pub fn excerpt(&self) -> Excerpt<'_> {
        let key = if self.pattern == Pattern::Spray { crate::kind::ADDRESS } else { crate::kind::FAMILY };
        let alone = Some(self.failure.account.as_bytes()).filter(|_| self.counted.alone);
        let (from, to) = (self.counted.from, self.failure.event.time);
        Excerpt::read(self.journal, self.newest, key.into(), from, to, &mut |entry| {
            if alone.is_none_or(|account| entry.user == account) { entry.count } else { 0 }
        })
    }

    fn title(&self, most: &str, accounts: u32, excerpt: &Excerpt<'_>) -> String {
        let failed = number(self.counted.sum.count, "failed logon");
        let who = match accounts {
            0 | 1 => short(most),
            _ => format!("{} and similar accounts", short(most)),
        };
        let from = told::network(excerpt, self.failure.event, self.prefixes);
        match self.pattern {
            Pattern::Burst => format!("{failed} of {who} from {}", self.from()),
            Pattern::Distributed => {
                format!("{failed} of {who} from {} addresses", self.counted.sum.distinct[SOURCE])
            }
            Pattern::Slow => format!("{failed} of {who} within {}", self.window),
            Pattern::Spray => {
                let from = from.unwrap_or_else(|| place(self.failure.event));
                format!("{failed} on {} from {from}", number(accounts, "account"))
            }
        }
    }

    /// The source of a family's failures, in words.
    fn from(&self) -> String {
        match self.counted.sum.distinct[SOURCE] {
            0 | 1 => place(self.failure.event),
            several => format!("{several} addresses"),
        }
    }

    fn context(&self, accounts: u32, addresses: u32) -> Vec<String> {
        let sum = &self.counted.sum;
        let from = match addresses {
            0 => String::new(),
            1 => " from 1 address".into(),
            several => format!(" from {several} addresses"),
        };
        let (failures, on) = (number(sum.count, "failure"), number(accounts, "account"));
        let mut context = vec![format!("{failures} on {on}{from} within {}", self.window)];
        match self.pattern {
            Pattern::Distributed => {
                context.push("more severe: several addresses at once are no forgotten password".into());
            }
            Pattern::Spray => context.push(match sum.distinct[FAMILY] {
                1 => "on one family of accounts, with so many that each counts for itself".into(),
                families => format!("on {families} families of accounts"),
            }),
            _ => {}
        }
        if self.pattern != Pattern::Spray {
            if self.counted.alone {
                context.push(format!(
                    "the family \"{}\" has too many active accounts: this one is counted alone",
                    short(self.failure.label)
                ));
            } else if accounts > 1 {
                context.push(format!("accounts of the family \"{}\"", short(self.failure.label)));
            }
        }
        context
    }
}

/// The source of a failure, in words: its address, or the workstation name.
fn place(event: &Event<'_>) -> String {
    match event.src_ip {
        Some(address) => net::written(address),
        None if event.src_name.is_empty() => "an unknown address".into(),
        None => short(&event.src_name),
    }
}

/// The code of a failure under `reasons`: the sub-status in one spelling. `digits` is space for it.
pub fn code<'e>(event: &'e Event<'_>, digits: &'e mut [u8; 10]) -> &'e [u8] {
    let said = if event.reason.is_empty() { &event.status } else { &event.reason };
    match Status::parse(said) {
        Some(status) if status.is_error() => {
            *digits = status.digits();
            digits
        }
        _ => said.as_bytes(),
    }
}
