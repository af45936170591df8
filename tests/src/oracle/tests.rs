//! Cases computed by hand: the results of the rule, worked out on paper.

use super::*;
use crate::fact::{MINUTE, SECOND, Voice};

const IP: &str = "192.0.2.7";

fn line(time: Micros, pid: u32, user: &str, ip: &str, says: Says) -> Fact {
    Fact {
        time,
        host: "web1".into(),
        pid: Some(pid),
        user: (!user.is_empty()).then(|| user.into()),
        ip: ip.parse().ok(),
        tty: None,
        local: false,
        keyboard: false,
        says,
    }
}

fn fails(n: i64, user: &str, ip: &str) -> Vec<Fact> {
    (0..n).map(|i| line(i * SECOND, 100 + i as u32, user, ip, Says::Failure(Voice::Failed, 1))).collect()
}

fn voice(time: Micros, pid: u32, voice: Voice) -> Fact {
    line(time, pid, "root", IP, Says::Failure(voice, 1))
}

fn accepted(time: Micros, user: &str, ip: &str) -> Fact {
    line(time, 999, user, ip, Says::Success("password".into()))
}

fn patterns(facts: &[Fact], options: &Options) -> Vec<String> {
    judge(facts, options).into_iter().map(|v| v.matched.join(" ")).collect()
}

#[test]
fn five_failures_and_a_success() {
    let mut facts = fails(5, "root", IP);
    facts.push(accepted(MINUTE, "root", IP));
    let verdicts = judge(&facts, &Options::default());
    assert_eq!(
        verdicts,
        [Raised {
            pattern: "user+ip".into(),
            time: MINUTE,
            user: Some("root".into()),
            src_ip: Some(IP.into()),
            matched: vec!["user+ip".into(), "ip".into()],
        }]
    );
    facts.remove(2);
    assert_eq!(judge(&facts, &Options::default()), []);
}

#[test]
fn both_edges_are_inclusive() {
    let options = Options::default();
    let mut facts = fails(5, "root", IP);
    facts[4].time = options.window;
    let last = facts[4].time;
    let mut at = |first: Micros, success: Micros| {
        facts[0].time = first;
        let mut facts = facts.clone();
        facts.push(accepted(success, "root", IP));
        patterns(&facts, &options).len()
    };
    assert_eq!(at(0, last + options.success_within), 1);
    assert_eq!(at(0, last + options.success_within + 1), 0);
    assert_eq!(at(-1, last), 0);
    assert_eq!(at(0, last), 1, "a success at the very time of the last failure");
}

#[test]
fn a_success_in_between_counts_only_what_came_before_it() {
    let mut facts = fails(5, "root", IP);
    facts.insert(4, accepted(4 * SECOND, "root", IP));
    assert_eq!(judge(&facts, &Options::default()), []);
}

#[test]
fn an_alert_consumes_user_and_ip_and_silences_ip_for_that_user() {
    let options = Options { correlate: Key::ALL.to_vec(), ..Options::default() };
    let mut facts = fails(5, "root", IP);
    facts.push(accepted(MINUTE, "root", IP));
    facts.push(accepted(MINUTE + 1, "root", IP));
    facts.push(accepted(MINUTE + 2, "bob", IP));
    facts.push(accepted(MINUTE + 3, "bob", IP));
    assert_eq!(patterns(&facts, &options), ["user+ip ip user", "ip"]);
    facts.truncate(6);
    // Silent up to and including minute + success_within. The failures are so late that `ip` would match again.
    let silent = MINUTE + options.success_within;
    facts.extend(fails(5, "x", IP).into_iter().map(|mut f| {
        f.time += 9 * MINUTE;
        f
    }));
    facts.push(accepted(silent, "root", IP));
    facts.push(accepted(silent + 1, "root", IP));
    assert_eq!(patterns(&facts, &options), ["user+ip ip user", "ip"]);
    assert_eq!(judge(&facts, &options)[1].time, silent + 1);
}

#[test]
fn the_ip_key_counts_all_users_of_a_prefix() {
    let mut facts = vec![];
    for (i, ip) in
        ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:0:ffff::", "2001:db8::5"].iter().enumerate()
    {
        let mut one = fails(1, &format!("user{i}"), ip).remove(0);
        one.pid = Some(i as u32);
        facts.push(one);
    }
    let with = |ip: &str| {
        let mut facts = facts.clone();
        facts.push(accepted(MINUTE, "root", ip));
        patterns(&facts, &Options::default())
    };
    assert_eq!(with("2001:db8::9"), ["ip"]);
    assert_eq!(with("2001:db8:0:1::9"), [""; 0]);
    facts[0].user = None;
    assert_eq!(
        patterns(&[&facts[..], &[accepted(MINUTE, "root", "2001:db8::9")]].concat(), &Options::default()),
        ["ip"]
    );
}

#[test]
fn exclusions_and_overrides() {
    use crate::options::Override;
    let mut facts = fails(5, "root", IP);
    facts.push(accepted(MINUTE, "root", IP));
    let with = |options: Options| patterns(&facts, &options).len();
    let list = |s: &str| vec![s.to_string()];
    assert_eq!(with(Options { allow_ips: list("192.0.2.0/24"), ..Options::default() }), 0);
    assert_eq!(with(Options { ignore_users: list("r*t"), ..Options::default() }), 0);
    assert_eq!(with(Options { ignore_hosts: list("web?"), ..Options::default() }), 0);
    assert_eq!(with(Options { login_source: LoginSource::Local, ..Options::default() }), 0);
    assert_eq!(with(Options { success_methods: list("publickey"), ..Options::default() }), 0);
    let over = |o: Override| Options { overrides: vec![o], ..Options::default() };
    assert_eq!(
        with(over(Override { users: Some(list("root")), min_failures: Some(6), ..Override::default() })),
        0
    );
    assert_eq!(
        with(over(Override { users: Some(list("bob")), min_failures: Some(6), ..Override::default() })),
        1
    );
    assert_eq!(with(over(Override { hosts: Some(list("web1")), ignore: true, ..Override::default() })), 0);
}

/// The number of failures that lines raise, and the number of failures that lines take back.
fn joined(facts: &[Fact]) -> (usize, usize) {
    let mut joiner = Joiner::default();
    let events: Vec<Event> = facts.iter().flat_map(|f| joiner.take(f.clone())).collect();
    (
        events.iter().filter(|e| matches!(e, Event::Failure { .. })).count(),
        events.iter().filter(|e| matches!(e, Event::TakeBack { .. })).count(),
    )
}

#[test]
fn one_attempt_counts_once() {
    use Voice::{Audit, Failed, Pam, PamOther, SshdPam, Weak};
    let voices = |list: &[Voice]| joined(&list.iter().map(|v| voice(0, 1, *v)).collect::<Vec<_>>()).0;
    assert_eq!(voices(&[Weak, Pam, Failed]), 1);
    assert_eq!(voices(&[Weak, Weak, Weak]), 1);
    assert_eq!(voices(&[Pam, Failed, Pam, Failed, Weak]), 2);
    assert_eq!(voices(&[PamOther, Pam, SshdPam, Audit, Failed]), 1);
    assert_eq!(voices(&[Pam, Pam, Failed]), 2);
    assert_eq!(joined(&[voice(0, 1, Failed), voice(1, 2, Failed)]).0, 2);
    assert_eq!(joined(&[voice(0, 1, Pam), voice(120 * SECOND, 1, Failed)]).0, 1);
    assert_eq!(joined(&[voice(0, 1, Pam), voice(120 * SECOND + 1, 1, Failed)]).0, 2);
}

/// A keyboard-interactive answer.
fn keyboard(time: Micros, pid: u32, voice: Voice) -> Fact {
    Fact { keyboard: true, ..self::voice(time, pid, voice) }
}

#[test]
fn pam_in_a_process_of_its_own() {
    use Voice::{Failed, Pam, SshdPam, Weak};
    let pam = |second: i64| voice(second * SECOND, 2, Pam);
    assert_eq!(joined(&[keyboard(0, 1, SshdPam), pam(10), keyboard(12 * SECOND, 1, Failed)]).0, 1);
    assert_eq!(joined(&[keyboard(0, 1, SshdPam), voice(10 * SECOND + 1, 2, Pam)]).0, 2);
    assert_eq!(joined(&[pam(0), keyboard(2 * SECOND, 1, Failed)]).0, 1, "PAM may be the first to write");
    assert_eq!(joined(&[pam(0), voice(2 * SECOND, 1, Failed)]).0, 2, "a password: nothing joins");
    assert_eq!(joined(&[voice(0, 1, Weak), pam(1)]).0, 2);
    // Two connections at once, each with its own PAM: two attempts.
    let parallel = [(0, 1, Pam), (0, 2, Pam), (2, 1, Failed), (2, 2, Failed)];
    assert_eq!(joined(&parallel.map(|(t, pid, v)| voice(t * SECOND, pid, v))).0, 2);
    let staggered = [(0, 1, Pam), (1, 1, Failed), (2, 2, Pam), (3, 2, Failed), (4, 3, Pam), (5, 3, Failed)];
    assert_eq!(joined(&staggered.map(|(t, pid, v)| voice(t * SECOND, pid, v))).0, 3);
}

#[test]
fn accepted_takes_back_what_only_pam_said() {
    use Voice::{Failed, Pam, PamOther};
    let accepted = |time| line(time, 1, "root", IP, Says::Success("password".into()));
    let at_the_keyboard = |time| Fact { keyboard: true, ..accepted(time) };
    assert_eq!(joined(&[voice(0, 1, PamOther), accepted(1)]), (1, 1));
    assert_eq!(joined(&[voice(0, 2, Pam), accepted(1)]), (1, 0), "of another process");
    assert_eq!(joined(&[voice(0, 2, Pam), at_the_keyboard(1)]), (1, 1));
    assert_eq!(joined(&[voice(0, 1, Pam), voice(1, 1, Pam), accepted(2)]), (2, 1));
    assert_eq!(joined(&[voice(0, 1, Voice::PamMore), accepted(2)]), (1, 0));
    assert_eq!(joined(&[voice(0, 1, Voice::AuditLogin), accepted(2)]), (1, 1));
    assert_eq!(joined(&[voice(0, 1, Voice::AuditLogin), voice(1, 1, Voice::Audit), accepted(2)]), (1, 0));
    assert_eq!(joined(&[voice(0, 1, Pam), voice(1, 1, Failed), voice(2, 1, PamOther), accepted(3)]), (1, 0));
    assert_eq!(joined(&[voice(0, 1, Pam), voice(1, 1, Failed), voice(2, 1, Pam), accepted(3)]), (2, 1));
    // Six good logins through a stack whose first module fails: no alert.
    let mut facts = vec![];
    for i in 0..6 {
        facts.push(voice(i, i as u32, PamOther));
        facts.push(line(i, i as u32, "root", IP, Says::Success("password".into())));
    }
    assert_eq!(judge(&facts, &Options::default()), []);
}

#[test]
fn a_line_without_user_belongs_to_whom_its_process_named() {
    let nobody = |time| line(time, 1, "", IP, Says::Failure(Voice::Pam, 1));
    assert_eq!(joined(&[voice(0, 1, Voice::Failed), nobody(1)]).0, 1);
    assert_eq!(joined(&[nobody(0), voice(1, 1, Voice::Failed)]).0, 1);
    let mut joiner = Joiner::default();
    joiner.take(voice(0, 1, Voice::Failed));
    let second = [nobody(1), nobody(2)].map(|f| joiner.take(f)).concat();
    assert!(matches!(&second[..], [Event::Failure { fact, .. }] if fact.user.as_deref() == Some("root")));
}

#[test]
fn without_a_pid_only_failed_counts() {
    let mut facts: Vec<Fact> = Voice::ALL.iter().map(|v| voice(0, 1, *v)).collect();
    facts.iter_mut().for_each(|f| f.pid = None);
    assert_eq!(joined(&facts).0, 1);
}
