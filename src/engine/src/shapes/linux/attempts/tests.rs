use super::*;
use crate::net::parse_address;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

fn line(second: i64, pid: u32, signal: Signal, user: &'static str) -> Event<'static> {
    Event {
        time: Timestamp(second * 1_000_000),
        signal,
        count: 1,
        user: user.into(),
        src_ip: parse_address("203.0.113.5"),
        host: "web1".into(),
        pid: Some(pid),
        ..Event::default()
    }
}

fn accepted(second: i64, pid: u32, user: &'static str) -> Event<'static> {
    Event { outcome: Outcome::Success, ..line(second, pid, Signal::Attempt, user) }
}

/// A line of sshd about a keyboard-interactive answer.
fn keyboard(second: i64, pid: u32, signal: Signal, user: &'static str) -> Event<'static> {
    let outcome = if signal == Signal::Postponed { Outcome::Challenge } else { Outcome::Failure };
    Event { method: "keyboard-interactive/pam".into(), outcome, ..line(second, pid, signal, user) }
}

fn accepted_keyboard(second: i64, pid: u32, user: &'static str) -> Event<'static> {
    Event { outcome: Outcome::Success, ..keyboard(second, pid, Signal::Attempt, user) }
}

/// The number of failures left after all steps.
fn left(shown: &[String]) -> i64 {
    let count = |step: &String| step.rsplit('*').next().and_then(|n| n.parse::<i64>().ok()).unwrap_or(0);
    let signed = |step: &String| match step.as_bytes().first() {
        Some(b'+') => 0,
        Some(b'-') => -count(step),
        _ => count(step),
    };
    shown.iter().map(signed).sum()
}

/// Collects the meanings of lines as text.
#[derive(Default)]
struct Shown {
    list: Vec<String>,
    /// The address of the last event that counted.
    from: Option<core::net::IpAddr>,
}

impl Shown {
    fn push(&mut self, mark: &str, e: &Event<'_>) {
        self.list.push(alloc::format!("{mark}{}:{}*{}", e.time.0 / 1_000_000, e.user, e.count));
    }
}

impl Meant for Shown {
    fn count(&mut self, event: Event<'_>) {
        self.from = event.src_ip;
        self.push(if event.outcome == Outcome::Success { "+" } else { "" }, &event);
    }

    fn take_back(&mut self, event: Event<'_>) {
        self.push("-", &event);
    }
}

/// The result of lines as `second:user*count`. Failures taken back begin with `-`.
fn run(lines: Vec<Event<'static>>) -> Vec<String> {
    let mut table = Attempts::new(Salt::new(""), 5);
    let mut shown = Shown::default();
    for event in lines {
        table.observe(event, &mut shown);
        // A restart between any two lines must change nothing.
        let mut bytes = Writer::loose();
        table.save(&mut bytes);
        let bytes = bytes.finish();
        let mut reader = Reader::loose(&bytes).unwrap();
        table = Attempts::load(Salt::new(""), 6, &mut reader).unwrap();
        reader.finish().unwrap();
    }
    shown.list
}

#[test]
fn the_three_lines_of_one_attempt_count_once_at_the_first() {
    use Signal::{Failed, Pam, Weak};
    let out = run(vec![
        line(0, 7, Weak, "bob"),
        line(1, 7, Pam, ""),
        line(2, 7, Failed, "bob"),
        line(3, 7, Pam, ""),
        line(4, 7, Failed, "bob"),
        line(5, 7, Weak, "bob"),
    ]);
    assert_eq!(out, ["0:bob*1", "3:bob*1"]);
}

#[test]
fn repeats_and_pam_summaries_grow_the_maximum() {
    use Signal::{Failed, Pam};
    let repeated = Event { count: 2, ..line(6, 7, Failed, "root") };
    let more = Event { count: 4, ..line(9, 7, Pam, "root") };
    let out = run(vec![line(0, 7, Pam, "root"), line(2, 7, Failed, "root"), repeated, more]);
    assert_eq!(out, ["0:root*1", "6:root*2", "9:root*2"]);
}

#[test]
fn a_login_takes_back_what_only_pam_reported() {
    use Signal::{Failed, Pam};
    assert_eq!(run(vec![line(0, 7, Pam, "eve"), accepted(1, 7, "eve")]), ["0:eve*1", "-0:eve*1", "+1:eve*1"]);
    assert_eq!(
        run(vec![
            line(0, 7, Pam, "eve"),
            line(2, 7, Failed, "eve"),
            line(5, 7, Pam, "eve"),
            accepted(6, 7, "eve")
        ]),
        ["0:eve*1", "5:eve*1", "-5:eve*1", "+6:eve*1"]
    );
}

#[test]
fn stacked_modules_speak_of_one_attempt() {
    use Signal::{Failed, Pam, PamOther};
    let out = run(vec![line(0, 7, Pam, "eve"), line(0, 7, PamOther, "eve"), line(2, 7, Failed, "eve")]);
    assert_eq!(out, ["0:eve*1"]);
}

#[test]
fn pam_in_a_process_of_its_own_joins_whoever_wrote_first() {
    use Signal::{Failed, Pam, Postponed, SshdPam, Weak};
    let postponed = keyboard(0, 7, Postponed, "bob");
    assert_eq!(
        run(vec![postponed.clone(), line(1, 8, Pam, ""), keyboard(2, 7, SshdPam, "bob"), keyboard(2, 7, Failed, "bob")]),
        ["1:*1"]
    );
    assert_eq!(
        run(vec![postponed.clone(), line(1, 8, Pam, "bob"), line(3, 7, Weak, "bob")]),
        ["1:bob*1"],
        "it hung up at the prompt"
    );
    assert_eq!(
        run(vec![line(0, 7, Weak, "bob"), postponed, line(1, 8, Pam, ""), keyboard(2, 7, Failed, "bob")]),
        ["0:bob*1"],
        "sshd waits for PAM"
    );
    let unannounced = run(vec![line(0, 7, Weak, "bob"), line(1, 8, Pam, ""), keyboard(2, 7, Failed, "bob")]);
    assert_eq!(left(&unannounced), 1, "{unannounced:?}");
    assert_eq!(run(vec![line(1, 8, Pam, "root"), keyboard(2, 7, Failed, "root")]), ["1:root*1"]);
    assert_eq!(run(vec![keyboard(1, 7, SshdPam, "root"), line(2, 8, Pam, "root")]), ["1:root*1"], "the other way");
    for (apart, pid, user) in [(11, 7, "root"), (2, 7, "alice")] {
        let out = run(vec![line(0, 8, Pam, "root"), keyboard(apart, pid, Failed, user)]);
        assert_eq!(left(&out), 2, "{out:?}");
    }
    assert_eq!(
        run(vec![line(1, 8, Pam, "root"), line(2, 7, Failed, "root")]),
        ["1:root*1", "2:root*1"],
        "a password: PAM writes in sshd's own process"
    );
}

#[test]
fn parallel_answers_at_the_keyboard_are_not_mixed_up() {
    use Signal::{Failed, Pam, Postponed, SshdPam};
    let (mut bad, mut good) = (Vec::new(), Vec::new());
    for n in 0..6 {
        bad.push(keyboard(0, 100 + n, Postponed, "root"));
        good.push(keyboard(0, 100 + n, Postponed, "root"));
    }
    for n in 0..6 {
        bad.push(line(1, 200 + n, Pam, "root"));
        good.push(line(1, 200 + n, Pam, "root"));
    }
    for n in 0..6 {
        bad.extend([keyboard(2, 100 + n, SshdPam, "root"), keyboard(2, 100 + n, Failed, "root")]);
        good.push(accepted_keyboard(2, 100 + n, "root"));
    }
    assert_eq!(left(&run(bad)), 6);
    assert_eq!(left(&run(good)), 0, "a stacked module fails in each");
}

#[test]
fn parallel_connections_are_not_mixed_up() {
    use Signal::{Failed, Pam};
    // Two connections at once. The PAM line of the second first seems to belong to the first.
    let out = run(vec![
        line(0, 7, Pam, "root"),
        line(1, 7, Failed, "root"),
        line(1, 8, Pam, "root"),
        line(2, 8, Failed, "root"),
        line(3, 7, Failed, "root"),
        line(4, 8, Failed, "root"),
    ]);
    assert_eq!(out, ["0:root*1", "1:root*1", "3:root*1", "4:root*1"]);
}

#[test]
fn good_logins_after_somebody_elses_failure_leave_nothing_behind() {
    use Signal::{Failed, Pam};
    let mut lines = vec![line(0, 7, Failed, "alice")];
    for (n, user) in ["bob", "carol", "alice"].into_iter().enumerate() {
        let (second, pid) = (2 + 2 * n as i64, 10 + n as u32);
        lines.extend([line(second, pid, Pam, user), accepted(second + 1, pid, user)]);
    }
    let mut count = 0i64;
    for step in run(lines) {
        let (mark, number) =
            (step.chars().next().unwrap(), step.rsplit('*').next().unwrap().parse::<i64>().unwrap());
        count += match mark {
            '+' => 0,
            '-' => -number,
            _ => number,
        };
    }
    assert_eq!(count, 1, "only the one that failed");
}

#[test]
fn what_a_wrong_guess_covered_counts_when_it_is_put_right() {
    use Signal::{Failed, Pam};
    // The PAM line of 8 is taken for that of 7, until 8 writes a line itself.
    let out = run(vec![line(0, 8, Pam, "root"), line(2, 7, Failed, "root"), line(2, 8, Failed, "root")]);
    assert_eq!(out, ["0:root*1", "2:root*1"]);
}

#[test]
fn one_connection_after_another_with_pam_in_processes_of_its_own() {
    use Signal::{Failed, Pam};
    // 7 and 9 are sshd; 8, 10 and 12 are their PAM children.
    let out = run(vec![
        line(0, 8, Pam, "root"),
        keyboard(1, 7, Failed, "root"),
        line(4, 10, Pam, "root"),
        keyboard(5, 9, Failed, "root"),
        line(7, 12, Pam, "root"),
        keyboard(8, 9, Failed, "root"),
    ]);
    assert_eq!(out, ["0:root*1", "4:root*1", "7:root*1"]);
}

#[test]
fn a_login_takes_back_what_its_pam_process_reported() {
    use Signal::{Failed, Pam};
    let login = accepted_keyboard(1, 7, "eve");
    assert_eq!(
        run(vec![line(0, 8, Pam, "eve"), login.clone()]),
        ["0:eve*1", "-0:eve*1", "+1:eve*1"]
    );
    // An earlier connection continues to fail.
    let earlier = [line(0, 7, Pam, "eve"), line(1, 7, Failed, "eve")];
    let after = [line(4, 10, Pam, "eve"), accepted_keyboard(5, 9, "eve"), line(6, 7, Failed, "eve")];
    assert_eq!(
        run([&earlier[..], &after].concat()),
        ["0:eve*1", "4:eve*1", "-4:eve*1", "+5:eve*1", "6:eve*1"]
    );
    // The process is a connection of its own, so a failure that is confirmed later counts.
    assert_eq!(
        run(vec![line(0, 8, Pam, "eve"), login.clone(), line(2, 8, Failed, "eve")]),
        ["0:eve*1", "-0:eve*1", "+1:eve*1", "2:eve*1"]
    );
    let kept = [
        ("another user's", line(0, 8, Pam, "eve"), accepted_keyboard(1, 7, "bob")),
        ("by a password", line(0, 8, Pam, "eve"), accepted(1, 7, "eve")),
        ("too long ago", line(0, 8, Pam, "eve"), accepted_keyboard(11, 7, "eve")),
    ];
    for (why, pam, login) in kept {
        assert_eq!(left(&run(vec![pam, login])), 1, "{why}");
    }
}

#[test]
fn a_login_takes_back_one_failure_of_each_module_and_never_a_summary() {
    use Signal::{Failed, Pam, PamKrb5, PamMore, PamSss};
    let after = |lines: &[Event<'static>]| left(&run([lines, &[accepted(9, 7, "eve")]].concat()));
    let more = Event { count: 5, ..line(1, 7, PamMore, "eve") };
    assert_eq!(after(&[line(0, 7, Pam, "eve"), more.clone()]), 5);
    assert_eq!(after(&[more]), 5);
    assert_eq!(after(&[line(0, 7, Pam, "eve"), line(1, 7, Pam, "eve"), line(2, 7, Pam, "eve")]), 2);
    assert_eq!(after(&[line(0, 7, Pam, "eve"), line(0, 7, PamSss, "eve"), line(0, 7, PamKrb5, "eve")]), 0);
    assert_eq!(after(&[line(0, 7, PamSss, "eve"), line(3, 7, PamSss, "eve"), line(3, 7, Pam, "eve")]), 1);
    assert_eq!(after(&[line(0, 7, Pam, "eve"), line(1, 7, Failed, "eve")]), 1);
    // Failures that only PAM reported, each in a connection of its own.
    let others: Vec<_> = (0..5).map(|n| line(n, 20 + n as u32, Pam, "eve")).collect();
    assert_eq!(after(&others), 5);
    let by_keyboard = left(&run([&others[..], &[accepted_keyboard(9, 7, "eve")]].concat()));
    assert_eq!(by_keyboard, 4, "one process joins");
}

#[test]
fn a_login_takes_back_what_the_audit_log_calls_a_failed_login() {
    use Signal::{Audit, AuditLogin, Failed, Pam, Weak};
    let after = |lines: &[Event<'static>]| left(&run([lines, &[accepted(9, 7, "")]].concat()));
    let login = line(0, 7, AuditLogin, "eve");
    assert_eq!(after(std::slice::from_ref(&login)), 0);
    assert_eq!(after(&[login.clone(), login.clone(), login.clone()]), 0, "one for each key");
    assert_eq!(after(&[Event { user: "".into(), ..login.clone() }]), 0);
    for signal in [Audit, Failed, Weak] {
        assert_eq!(after(&[login.clone(), line(1, 7, signal, "eve")]), 1, "{signal:?}");
        assert_eq!(after(&[line(0, 7, signal, "eve"), login.clone()]), 1, "{signal:?}");
    }
    assert_eq!(after(&[login.clone(), line(1, 7, Pam, "eve"), line(2, 7, Pam, "eve")]), 1);
    let later = line(12, 7, Failed, "eve");
    assert_eq!(left(&run(vec![login.clone(), accepted(9, 7, "eve"), later])), 1, "confirmed later");
    assert_eq!(left(&run(vec![login, accepted(9, 8, "eve")])), 1, "of another process");
}

#[test]
fn without_a_pid_only_failed_counts() {
    let no_pid = |signal| Event { pid: None, ..line(0, 0, signal, "root") };
    assert_eq!(run(vec![no_pid(Signal::Pam), no_pid(Signal::Weak), no_pid(Signal::Failed)]), ["0:root*1"]);
}

#[test]
fn a_session_completes_from_its_process_and_never_doubles_a_login() {
    let session =
        |second| Event { outcome: Outcome::Success, src_ip: None, ..line(second, 7, Signal::Session, "eve") };
    assert!(run(vec![session(0)]).is_empty(), "from nowhere");
    assert_eq!(run(vec![accepted(0, 7, "eve"), session(1)]), ["+0:eve*1"]);
    let mut table = Attempts::new(Salt::new(""), 5);
    table.observe(line(0, 7, Signal::Failed, "eve"), &mut Shown::default());
    let mut shown = Shown::default();
    table.observe(session(5), &mut shown);
    assert_eq!(shown.from.map(|a| a.to_string()).as_deref(), Some("203.0.113.5"));
}

#[test]
fn a_process_is_forgotten_and_the_table_is_bounded() {
    use Signal::Weak;
    assert_eq!(
        run(vec![line(0, 7, Weak, "bob"), line(120, 7, Weak, "bob"), line(241, 7, Weak, "bob")]),
        ["0:bob*1", "241:bob*1"]
    );
    let mut table = Attempts::new(Salt::new(""), 5);
    for pid in 0..3 * MAX_PROCESSES as u32 {
        let mut event = line(0, pid, Weak, "bob");
        event.src_ip = Some(core::net::IpAddr::from(pid.to_be_bytes()));
        table.observe(event, &mut Shown::default());
        assert!(table.processes.len() <= MAX_PROCESSES);
    }
    // One process with many addresses, as in a log with false pids.
    for n in 0..2 * MAX_PROCESSES as u32 {
        let mut event = line(0, 1, Weak, "bob");
        event.src_ip = Some(core::net::IpAddr::from(n.to_be_bytes()));
        table.observe(event, &mut Shown::default());
    }
    assert_eq!(table.processes.iter().count(), table.processes.len());
}

#[test]
fn a_second_audit_success_counts_for_another_user_only() {
    let login = |second, user| Event { signal: Signal::Audit, ..accepted(second, 50, user) };
    assert_eq!(run(vec![login(0, "alice"), login(1, "alice"), login(2, "")]), ["+0:alice*1"]);
    assert_eq!(
        run(vec![login(0, "alice"), login(9, "root")]),
        ["+0:alice*1", "+9:root*1"],
        "hosts that share a pid"
    );
}
