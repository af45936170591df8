//! A naive reference of AN1521 from its definition: it keeps every failure and compares it with all others.

/// The options that matter here.
#[derive(Clone, Debug)]
pub struct Options {
    pub similarity: &'static str,
    pub families: Vec<(&'static str, Vec<&'static str>)>,
    pub max_family: usize,
    pub window: i64,
    pub min_failures: usize,
    pub sources: usize,
    pub slow_window: i64,
    pub slow: usize,
    pub spray: usize,
    pub remote_only: bool,
    /// Other thresholds for one account: for the window, and for `slow`.
    pub lenient: Option<(&'static str, usize, usize)>,
}

/// A failed logon. An empty address means none.
#[derive(Clone, Debug)]
pub struct Failed {
    pub time: i64,
    pub user: &'static str,
    pub address: &'static str,
    pub code: &'static str,
}

/// The compared parts of an alert: pattern, time, user, address.
pub type Raised = (String, i64, String, String);

/// The alerts for failures in the order of arrival.
pub fn judge(failures: &[Failed], options: &Options) -> Vec<Raised> {
    let mut judged: Vec<(&Failed, String)> = vec![];
    let mut silences: Vec<(&str, String, i64, i64)> = vec![];
    let mut raised = vec![];
    for failure in failures {
        let local = failure.address.is_empty() || ["127.0.0.1", "::1"].contains(&failure.address);
        let excluded = ["0xc0000071", "0xc0000224"].contains(&failure.code.to_lowercase().as_str());
        if excluded || local && options.remote_only {
            continue;
        }
        let family = family(failure, &judged, options);
        judged.push((failure, family.clone()));
        let t = failure.time;
        let within = |window: i64| {
            judged
                .iter()
                .filter(move |(other, _)| t - window <= other.time && other.time <= t)
                .collect::<Vec<_>>()
        };
        let (min_failures, slow) = match options.lenient {
            Some((user, min_failures, slow)) if user == name(failure) => (min_failures, slow),
            _ => (options.min_failures, options.slow),
        };
        let mut raise = |pattern: &'static str, key: String, window: i64, of: &[&(&Failed, String)]| {
            if silences
                .iter()
                .any(|(p, k, from, to)| (*p, k) == (pattern, &key) && (*from..=*to).contains(&t))
            {
                return;
            }
            silences.push((pattern, key.clone(), t - window, t + window));
            if pattern == "distributed" {
                silences.push(("burst", key, t - window, t + window));
            }
            let mut users: Vec<String> = of.iter().map(|(other, _)| name(other)).collect();
            users.sort();
            let hits = |user: &String| users.iter().filter(|other| *other == user).count();
            let most = users.iter().map(hits).max().unwrap_or_default();
            let user = users.iter().find(|user| hits(user) == most).cloned().unwrap_or_default();
            raised.push((pattern.to_string(), t, user, failure.address.to_string()));
        };
        // The failures counted for the family, and the subject that they count for.
        let counted = |window: i64| {
            let mut of = within(window);
            of.retain(|(_, other)| *other == family);
            if distinct(of.iter().map(|(other, _)| name(other))) <= options.max_family {
                return (format!("family {family}"), of);
            }
            of.retain(|(other, _)| name(other) == name(failure));
            (format!("account {}", name(failure)), of)
        };
        let (key, of) = counted(options.window);
        if of.len() >= min_failures {
            let addresses = of.iter().map(|(other, _)| source(other.address)).filter(|a| !a.is_empty());
            let pattern = if distinct(addresses) >= options.sources { "distributed" } else { "burst" };
            raise(pattern, key, options.window, &of);
        }
        let (key, of) = counted(options.slow_window);
        if of.len() >= slow {
            raise("slow", key, options.slow_window, &of);
        }
        if !failure.address.is_empty() {
            let mut of = within(options.window);
            of.retain(|(other, _)| source(other.address) == source(failure.address));
            // In a family with too many accounts, each account counts.
            let mut families: std::collections::HashMap<&String, std::collections::HashSet<String>> =
                Default::default();
            for (other, family) in &of {
                families.entry(family).or_default().insert(name(other));
            }
            let targets = |accounts: usize| if accounts > options.max_family { accounts } else { 1 };
            let targets: usize = families.values().map(|accounts| targets(accounts.len())).sum();
            if of.len() >= min_failures && targets >= options.spray {
                raise("spray", source(failure.address), options.window, &of);
            }
        }
    }
    raised
}

/// The address as a part of keys: the first 64 bits of IPv6.
fn source(address: &str) -> String {
    match address.parse::<std::net::Ipv6Addr>() {
        Ok(six) => format!("{:?}", &six.segments()[..4]),
        Err(_) => address.to_string(),
    }
}

fn distinct(items: impl Iterator<Item = String>) -> usize {
    items.collect::<std::collections::HashSet<_>>().len()
}

fn name(failure: &Failed) -> String {
    let name = failure.user.rsplit('\\').next().unwrap().to_lowercase();
    name.split('@').next().unwrap().to_string()
}

fn family(failure: &Failed, before: &[(&Failed, String)], options: &Options) -> String {
    let account = name(failure);
    if options.similarity == "exact" {
        return account;
    }
    let own = options
        .families
        .iter()
        .find(|(_, starts)| starts.iter().any(|start| account.starts_with(start)))
        .map_or_else(|| folded(&account), |(name, _)| (*name).to_string());
    if options.similarity == "family" {
        return own;
    }
    let from = failure.time - options.window;
    let mut active: Vec<&String> = before
        .iter()
        .filter(|(other, _)| from <= other.time && other.time <= failure.time)
        .map(|(_, family)| family)
        .collect();
    active.sort();
    if active.contains(&&own) {
        return own;
    }
    active.into_iter().find(|family| one_edit(family, &own)).cloned().unwrap_or(own)
}

fn folded(account: &str) -> String {
    let mut letters: Vec<char> = account.chars().collect();
    while letters.last().is_some_and(|last| "0123456789-_.".contains(*last)) {
        letters.pop();
    }
    for (from, to) in
        [('0', 'o'), ('1', 'i'), ('l', 'i'), ('3', 'e'), ('4', 'a'), ('5', 's'), ('$', 's'), ('7', 't')]
    {
        letters.iter_mut().filter(|letter| **letter == from).for_each(|letter| *letter = to);
    }
    if letters.iter().filter(|letter| letter.is_alphabetic()).count() < 3 {
        return account.to_string();
    }
    letters.into_iter().collect()
}

fn one_edit(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let without = |word: &[char], at: usize| [&word[..at], &word[at + 1..]].concat();
    let deleted = |long: &[char], short: &[char]| (0..long.len()).any(|at| without(long, at) == short);
    let replaced =
        one.len() == other.len() && (0..one.len()).any(|at| without(&one, at) == without(&other, at));
    one == other || deleted(&one, &other) || deleted(&other, &one) || replaced
}
