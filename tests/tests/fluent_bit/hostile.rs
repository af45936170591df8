//! Hostile records: no module traps, passes on an invalid record, or grows.

use crate::native::native;
use crate::{PROGRAMS, STAMP, alerts, baked};
use authsieve_hostile::mutate::{Random, mutated};
use authsieve_hostile::{Target, configuration};
use authsieve_tests::filter_wasm::written::{Style, member};
use authsieve_tests::filter_wasm::{Answer, Filter, Function};

/// One record with an event for each analytic, by id.
fn telling(id: &str) -> Vec<u8> {
    let sshd = "Mar  4 07:52:33 web1 sshd[7]: Failed password for root from 203.0.113.9 port 4 ssh2";
    match id {
        "an1276" => member("log", sshd.as_bytes(), Style::Escaped),
        "an0454" => br#"{"eventType":"system.push.send_factor_verify_push","uuid":"a-1","published":"2026-05-31T08:00:00Z","version":"0","outcome":{"result":"SUCCESS"},"actor":{"type":"User","alternateId":"ada@example.com"},"client":{"ipAddress":"192.0.2.1"},"target":[]}"#.to_vec(),
        "an1269" => br#"{"CreationTime":"2026-05-31T08:00:00","Id":"a-1","Operation":"UserLoginFailed","RecordType":15,"ResultStatus":"Success","Workload":"AzureActiveDirectory","UserId":"ada@example.com","ClientIP":"192.0.2.1","ErrorNumber":"50126","LogonError":"InvalidUserNameOrPassword"}"#.to_vec(),
        _ => br#"{"@timestamp":"2026-05-31T08:00:00Z","event":{"category":["authentication"],"code":"4625","outcome":"failure"},"winlog":{"channel":"Security","event_id":"4625","event_data":{"TargetUserName":"ada","IpAddress":"192.0.2.1","LogonType":"3","Status":"0xc000006d","SubStatus":"0xc000006a"}}}"#.to_vec(),
    }
}

/// Runs both functions of every filter.
fn each(mut run: impl FnMut(&str, Function, Filter)) {
    for (id, program) in PROGRAMS.iter() {
        for function in Function::ALL {
            run(id, function, program.start());
        }
    }
}

/// Passes a record, and then one with an event: the first must leave nothing harmful behind.
fn survives(id: &str, function: Function, filter: &mut Filter, record: &[u8]) {
    filter.call(function, (STAMP, 0), record);
    filter.call(function, (STAMP, 1), &telling(id));
}

#[test]
fn what_is_told_is_read() {
    // The records that the other tests build on do give events.
    for id in PROGRAMS.keys() {
        let events = crate::native::events(id, &telling(id));
        assert_eq!(events, 1, "{id}");
    }
}

#[test]
fn records_of_any_size() {
    each(|id, function, mut filter| {
        for size in [0, 1, 2, 3, 8192, 65_537, 1 << 20] {
            for filled in [b'{', b'\\', 0xff] {
                survives(id, function, &mut filter, &vec![filled; size]);
            }
            // An equally long text in a record with an event.
            let told = telling(id);
            let open = told.strip_suffix(b"}").expect("an object");
            let record = [open, br#","more":""#, &*vec![b'm'; size], br#""}"#].concat();
            assert_ne!(filter.call(Function::Annotate, (STAMP, 0), &record), Answer::Dropped, "{id}, {size}");
        }
    });
}

#[test]
fn records_that_end_early() {
    each(|id, function, mut filter| {
        let whole = telling(id);
        for end in 0..whole.len() {
            filter.call(function, (STAMP, 0), &whole[..end]);
            filter.call(function, (STAMP, 0), &[&whole[..end], b"}"].concat());
        }
    });
}

#[test]
fn records_nested_ten_thousand_deep() {
    const DEEP: usize = 10_000;
    let nested = [("[", "]"), ("{\"a\":", "}"), ("[{\"records\":", "}]")].map(|(open, close)| {
        let inner = if open == "[" { "" } else { "0" };
        [open.repeat(DEEP), inner.into(), close.repeat(DEEP)].concat().into_bytes()
    });
    let half = nested[1][..nested[1].len() / 2].to_vec();
    each(|id, function, mut filter| {
        for deep in nested.iter().chain([&half]) {
            survives(id, function, &mut filter, deep);
            for name in ["log", "records", "winlog", "x"] {
                let named = [b"{\"", name.as_bytes(), b"\":", deep, b"}"].concat();
                // Before and after a record with an event.
                let told = telling(id);
                let behind = [&named[..named.len() - 1], b",", &told[1..]].concat();
                let before = [&told[..told.len() - 1], b",", &named[1..]].concat();
                for record in [behind, before, member(name, deep, Style::Escaped)] {
                    filter.call(function, (STAMP, 0), &record);
                }
            }
        }
        // Text in text in text, each level escaped once more.
        let mut record = telling(id);
        while record.len() < 1 << 18 {
            record = member("log", &record, Style::Escaped);
            survives(id, function, &mut filter, &record);
        }
    });
}

#[test]
fn records_for_which_there_was_no_memory() {
    each(|id, function, mut filter| {
        for length in [0, 1, 9000, u32::MAX as usize] {
            assert_eq!(filter.call_without_memory(function, (STAMP, 0), length), Answer::Dropped, "{id}");
        }
        filter.tag = vec![b't'; 1 << 20];
        survives(id, function, &mut filter, b"{}");
    });
}

#[test]
fn any_time_in_any_order() {
    let stamps = [
        (0, 0),
        (u32::MAX, u32::MAX),
        (0, u32::MAX),
        (STAMP, 999_999_999),
        (1, 0),
        (u32::MAX, 0),
        (STAMP, 0),
        (STAMP - 86_400, 5),
        (STAMP + 86_400, 5),
    ];
    for (id, program) in PROGRAMS.iter() {
        let (mut filter, mut itself) = (program.start(), native(id, ""));
        for one in stamps {
            for other in stamps {
                for at in [one, other] {
                    let record = telling(id);
                    let expected = crate::native::values(&itself.take(at, &record));
                    assert_eq!(alerts(&filter.call(Function::Alerts, at, &record)), expected, "{id}, {at:?}");
                }
            }
        }
    }
}

#[test]
fn mutations_of_what_decoders_look_for() {
    let mut random = Random(5);
    for id in PROGRAMS.keys() {
        let target = Target::named(id).expect("every analytic is a target");
        let (seeds, words) = (target.seeds(), target.words());
        for (n, function) in (0..14).zip(Function::ALL.into_iter().cycle()) {
            let mut filter = baked(id, &configuration(id, n % 7, n / 7)).start();
            let log = mutated(&mut random, &seeds, &words, 64 << 10);
            for line in log.split(|byte| *byte == b'\n') {
                // The line itself, the line as the agent passes it, and that with one byte changed. `call` checks
                // each answer as the agent would.
                filter.call(function, (STAMP, 0), line);
                let mut record = crate::cases::record(line, Style::Escaped);
                filter.call(function, (STAMP, 0), &record);
                let at = random.below(record.len());
                record[at] = random.one(&[b"\"", b"\\", b",", b":", b"{", b"]", b"e", b"\x1f", b"\xc3"])[0];
                filter.call(Function::Annotate, (STAMP, 0), &record);
            }
        }
    }
}

#[test]
fn records_take_no_more_memory() {
    // The tests with the agent itself run a million; an interpreter in an interpreter is too slow for that.
    const RECORDS: u32 = 100_000;
    const WARM: u32 = 40_000;
    // Tables that are full after a thousand users.
    let mut filter = baked("an1276", &configuration("an1276", 0, 0)).start();
    let mut pages = 0;
    for n in 0..RECORDS {
        let user = n / 20 % 1500;
        // Mostly records without an event.
        let line = match n % 20 {
            0 => {
                format!("sshd[{user}]: Failed password for u{user} from 198.51.{}.7 port 4 ssh2", user & 255)
            }
            _ => format!("CRON[{n}]: pam_unix(cron:session): session closed for user root"),
        };
        let record = member("log", format!("Mar  4 07:52:33 web1 {line}").as_bytes(), Style::Escaped);
        filter.call(Function::Alerts, (STAMP + n / 1000, 0), &record);
        if n == WARM {
            pages = filter.pages();
        }
    }
    assert_eq!(filter.pages(), pages, "pages after {RECORDS} records and after {WARM}");
}
