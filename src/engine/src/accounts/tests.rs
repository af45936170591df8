use super::facts::tell;
use super::*;
use crate::alert::{Alert, Severity};
use crate::config::{Config, Settings};
use crate::event::{Event, Outcome, Provider, Shape};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

crate::settings! {
    /// Options without meaning here.
    pub struct Options {
        /// An option without effect.
        pub nothing: bool = false;
    }
}

const DAY: i64 = 86_400_000_000;

fn accounts(most: usize) -> Accounts {
    Accounts::new(Salt::new("s"), Prefixes { v4: 32, v6: 64 }, most, 7)
}

fn address(n: u32) -> Option<IpAddr> {
    Some(IpAddr::from(n.to_be_bytes()))
}

fn event(user: &str, n: u32, time: i64) -> Event<'_> {
    let mut event = Event::new(Shape::Unknown, Provider::Entra);
    (event.user, event.src_ip, event.time) = (user.into(), address(n), Timestamp(time));
    event.outcome = Outcome::Success;
    event
}

fn log_in(accounts: &mut Accounts, user: &str, n: u32, time: i64) {
    accounts.learn(&event(user, n, time), Timestamp(time));
}

fn change(accounts: &mut Accounts, user: &str, change: Change, time: i64) {
    let mut event = event(user, 0, time);
    (event.outcome, event.method) = (Outcome::Changed, change.as_str().into());
    accounts.change(&event, Timestamp(time));
}

fn first_from(accounts: &Accounts, user: &str, n: u32) -> Option<Timestamp> {
    accounts.first_from(&accounts.of(user, true)?, user, true, address(n))
}

/// The context and severity of an alert about `event` under a configuration.
fn told(accounts: &Accounts, config: &str, event: &Event<'_>, users: Option<u32>) -> (Vec<String>, Severity) {
    let config = Config::<Options>::read(config, &[]).unwrap();
    assert!(!config.options.nothing && Options::FIELDS.len() == 1);
    let mut alert = Alert { severity: Severity::High, distinct_users: users, ..Alert::default() };
    alert.user = Some(event.user.clone().into_owned());
    tell(accounts, &config.common, event, &mut alert);
    (alert.context, alert.severity)
}

#[test]
fn each_change_has_a_word() {
    for change in Change::ALL {
        assert_eq!(Change::parse(change.as_str()), Some(change));
        assert!(!change.words().is_empty());
    }
    assert_eq!(Change::parse("push"), None);
    assert_eq!(Known::BYTES, 164);
}

#[test]
fn a_source_is_expected_after_a_day() {
    let mut it = accounts(100);
    log_in(&mut it, "ada", 1, DAY);
    log_in(&mut it, "Ada", 1, 2 * DAY);
    let says = |n, time, config: &str| told(&it, config, &event("ada", n, time), Some(1));
    let expected = "expected source: ada has logged in from it since 1970-01-02T00:00:00Z";
    assert_eq!(says(1, 2 * DAY, ""), (vec![expected.into()], Severity::High));
    let lower = format!("{expected}; the severity is lower for it");
    assert_eq!(says(1, 3 * DAY, r#"{"expected_source":"-1"}"#), (vec![lower], Severity::Medium));
    assert_eq!(says(1, 3 * DAY, r#"{"expected_source":"off"}"#), (vec![], Severity::High));
    // Less than a day: no reason to expect it, whatever the options say.
    let recent = "new source: the first login of ada from it was 1970-01-02T00:00:00Z";
    assert_eq!(says(1, 2 * DAY - 1, r#"{"new_source":"+1"}"#), (vec![recent.into()], Severity::High));
    let other = "new source: ada logs in from others since 1970-01-02T00:00:00Z";
    assert_eq!(says(2, 2 * DAY, ""), (vec![other.into()], Severity::High));
    assert_eq!(says(2, 2 * DAY, r#"{"new_source":"+1"}"#).1, Severity::Critical);
    assert_eq!(says(2, 2 * DAY - 1, "").0, Vec::<String>::new(), "the account itself is new");
    assert_eq!(told(&it, "", &event("bob", 1, 3 * DAY), None).0, Vec::<String>::new());
    // An alert about failures of several accounts says nothing about one of them.
    let mut failure = event("ada", 1, 3 * DAY);
    failure.outcome = Outcome::Failure;
    assert_eq!(told(&it, "", &failure, Some(2)).0, Vec::<String>::new());
    assert_eq!(told(&it, "", &failure, Some(1)).0.len(), 1);
}

#[test]
fn changes_of_the_last_day_are_told_by_their_meaning() {
    let mut it = accounts(100);
    change(&mut it, "ada", Change::Password, DAY);
    change(&mut it, "ada", Change::Lock, DAY + 5);
    let says = |it: &Accounts, time, config: &str| told(it, config, &event("ada", 1, time), Some(1));
    let password = "account ada: a new password at 1970-01-02T00:00:00Z, which explains failures";
    let lock = "account ada: locked at 1970-01-02T00:00:00Z";
    assert_eq!(says(&it, 2 * DAY, "").0, [password, lock]);
    assert_eq!(says(&it, 2 * DAY, r#"{"account_change":"-1"}"#).1, Severity::Medium);
    assert_eq!(says(&it, 2 * DAY, r#"{"account_change":"off"}"#).0, Vec::<String>::new());
    assert_eq!(says(&it, DAY - 1, "").0, Vec::<String>::new(), "later than the alert");
    assert_eq!(says(&it, 2 * DAY + 1_000_000, "").0, Vec::<String>::new(), "too old");
    // A new factor is a risk only after a login.
    change(&mut it, "eve", Change::Factor, 9 * DAY);
    let alone =
        |it: &Accounts| told(it, r#"{"account_risk":"+1"}"#, &event("eve", 1, 9 * DAY + 60_000_000), None);
    let factor = "account eve: another second factor at 1970-01-10T00:00:00Z";
    assert_eq!(alone(&it), (vec![factor.into()], Severity::High));
    log_in(&mut it, "eve", 1, 9 * DAY);
    change(&mut it, "eve", Change::Factor, 9 * DAY);
    let (context, severity) = alone(&it);
    assert!(
        context.iter().any(|line| line.starts_with(&format!("{factor}, after a login at 1970-01-10"))),
        "{context:?}"
    );
    assert_eq!(severity, Severity::Critical);
}

#[test]
fn how_a_login_came_in() {
    let it = accounts(9);
    let mut legacy = event("ada", 1, DAY);
    legacy.user_agent = "BAV2ROPC".into();
    let line = "legacy protocol, without a second factor: BAV2ROPC";
    assert_eq!(
        told(&it, r#"{"risky_entry":"+1"}"#, &legacy, None).0,
        [format!("{line}; the severity is higher for it")]
    );
    legacy.user_agent = "Python-Requests/2.31".into();
    assert_eq!(told(&it, "", &legacy, Some(9)).0, ["the user agent is that of a tool: python"]);
    legacy.user_agent = "Mozilla/5.0 (Macintosh)".into();
    assert_eq!(told(&it, "", &legacy, None).0, Vec::<String>::new());
    legacy.method = "IMAP4".into();
    assert_eq!(told(&it, "", &legacy, None).0.len(), 1);
}

#[test]
fn a_flood_of_logins_drives_out_no_account_in_use() {
    let mut it = accounts(1000);
    for day in 0..9 {
        log_in(&mut it, "ada", 7, day * DAY);
    }
    // One account from many addresses takes one slot.
    for n in 0..100_000 {
        log_in(&mut it, "mallory", n, 9 * DAY + i64::from(n));
    }
    assert_eq!((it.len(), first_from(&it, "ada", 7)), (2, Some(Timestamp(1_000_000))));
    // Many accounts that log in once each do not drive out one that logs in often.
    for n in 0..100_000 {
        log_in(&mut it, &format!("junk{n}"), n, 9 * DAY + i64::from(n));
    }
    assert_eq!((it.len(), first_from(&it, "ada", 7)), (1000, Some(Timestamp(1_000_000))));
    assert!(it.bytes() < 1000 * 400 + SKETCH);
}

#[test]
fn a_source_in_use_stays_with_its_account() {
    let mut it = accounts(9);
    for day in 0..50 {
        log_in(&mut it, "ada", 7, day * DAY);
        log_in(&mut it, "ada", 1000 + day as u32, day * DAY + 1);
    }
    assert!(first_from(&it, "ada", 7).is_some() && first_from(&it, "ada", 1049).is_some());
    assert_eq!(first_from(&it, "ada", 1000), None);
}

#[test]
fn a_snapshot_with_other_prefixes_is_dropped() {
    let mut it = accounts(9);
    log_in(&mut it, "ada", 7, DAY);
    let mut out = Writer::loose();
    it.save(&mut out);
    let bytes = out.finish();
    let mut same = Accounts::new(Salt::new("s"), Prefixes { v4: 32, v6: 64 }, 9, 99);
    assert!(same.load(&mut Reader::loose(&bytes).unwrap()).unwrap());
    assert_eq!(first_from(&same, "ada", 7), Some(Timestamp(DAY)));
    let mut again = Writer::loose();
    same.save(&mut again);
    assert_eq!(again.finish(), bytes, "the same bytes for every seed");
    let mut other = Accounts::new(Salt::new("s"), Prefixes { v4: 24, v6: 64 }, 9, 7);
    assert!(!other.load(&mut Reader::loose(&bytes).unwrap()).unwrap());
    assert!(other.is_empty());
    for cut in 0..bytes.len() {
        if let Ok(mut input) = Reader::loose(&bytes[..cut]) {
            let _ = other.load(&mut input);
        }
    }
}

/// All logins and changes as they came: the rule as it is worded, for accounts with few sources.
#[derive(Default)]
struct Naive {
    logins: BTreeMap<(u32, u32), Vec<i64>>,
    changes: BTreeMap<(u32, usize), i64>,
    before: BTreeMap<u32, i64>,
}

fn whole(time: i64) -> Timestamp {
    Timestamp((time / 1_000_000).max(1) * 1_000_000)
}

proptest! {
    /// Logins, changes and restarts in any order give the facts of the naive reference. No account has more sources than
    /// it may have.
    #[test]
    fn the_facts_are_those_of_the_naive_reference(
        steps in prop::collection::vec((0..4u32, 0..6u32, 0..200i64, 0..14usize), 1..200)
    ) {
        let (mut it, mut naive) = (accounts(100), Naive::default());
        for (user, n, hour, what) in steps {
            let (name, time) = (format!("user{user}"), hour * 3_600_000_000);
            match Change::ALL.get(what) {
                Some(kind) => {
                    change(&mut it, &name, *kind, time);
                    let latest = naive.changes.entry((user, what)).or_insert(i64::MIN);
                    if time >= *latest {
                        *latest = time;
                        if *kind == Change::Factor {
                            let own = naive.logins.iter().filter(|((who, _), _)| *who == user);
                            let before = own.filter_map(|(_, all)| all.iter().max()).filter(|at| whole(**at) <= whole(time));
                            naive.before.insert(user, before.copied().max().unwrap_or(i64::MIN));
                        }
                    }
                }
                None if what == 13 => {
                    let mut out = Writer::loose();
                    it.save(&mut out);
                    let bytes = out.finish();
                    it = Accounts::new(Salt::new("s"), Prefixes { v4: 32, v6: 64 }, 100, hour as u64);
                    prop_assert!(it.load(&mut Reader::loose(&bytes).unwrap()).unwrap());
                }
                None => {
                    log_in(&mut it, &name, n, time);
                    naive.logins.entry((user, n)).or_default().push(time);
                }
            }
        }
        for user in 0..4 {
            let name = format!("user{user}");
            for n in 0..6 {
                let first = naive.logins.get(&(user, n)).and_then(|all| all.iter().min());
                prop_assert_eq!(first_from(&it, &name, n), first.map(|at| whole(*at)));
            }
            let Some(known) = it.of(&name, true) else { continue };
            for (what, kind) in Change::ALL.into_iter().enumerate() {
                let latest = naive.changes.get(&(user, what));
                prop_assert_eq!(known.latest(kind), latest.map(|at| whole(*at)));
            }
            let before = naive.before.get(&user).filter(|at| **at != i64::MIN);
            prop_assert_eq!(known.before_factor(), before.map(|at| whole(*at)));
        }
    }
}
