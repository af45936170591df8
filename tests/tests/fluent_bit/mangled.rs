//! Bytes that are no UTF-8, and characters beyond ASCII: the filter judges the text that was logged.

use crate::native::{native, values};
use crate::{PROGRAMS, STAMP, alerts};
use authsieve_tests::filter_wasm::Function;
use authsieve_tests::filter_wasm::written::{Style, member};
use serde_json::Value;

/// Names as attackers choose them. U+E0NN is not among them, since it is read as the byte it encodes.
const NAMES: [&[u8]; 7] = [
    b"caf\xe9 au lait",
    b"\xff\xfe\x80",
    "müller".as_bytes(),
    "用户 😀".as_bytes(),
    b"a\xc3(b",
    b"\xed\xa0\x80-",
    b"\\ue0e9 \\u00e9 \"x\"",
];

/// Six failures of a name, then its login.
fn attack(name: &[u8]) -> Vec<Vec<u8>> {
    (0..7)
        .map(|n| {
            let said: &[u8] = if n == 6 { b"Accepted" } else { b"Failed" };
            let head = format!("Mar  4 07:52:{:02} web1 sshd[{}]: ", 30 + n, 100 + n);
            [head.as_bytes(), said, b" password for ", name, b" from 203.0.113.9 port 4 ssh2"].concat()
        })
        .collect()
}

/// The alerts of a filter for a log that the agent writes in a style.
fn raised(log: &[Vec<u8>], style: Style) -> Vec<Value> {
    let mut filter = PROGRAMS["an1276"].start();
    log.iter()
        .flat_map(|line| alerts(&filter.call(Function::Alerts, (STAMP, 0), &member("log", line, style))))
        .collect()
}

#[test]
fn an_attack_on_any_name_is_the_one_that_was_logged() {
    for name in NAMES {
        let log = attack(name);
        let mut itself = native("an1276", "");
        let logged: Vec<Value> = log
            .iter()
            .flat_map(|line| values(&itself.take((STAMP, 0), &member("log", line, Style::Logged))))
            .collect();
        assert_eq!(logged.len(), 1, "{}", name.escape_ascii());
        for style in [Style::Escaped, Style::EscapedTwice] {
            assert_eq!(raised(&log, style), logged, "{style:?}: {}", name.escape_ascii());
        }
        // Unescaped, the evidence is spelled differently. A byte that became U+FFFD is lost.
        let plain = raised(&log, Style::Plain);
        assert_eq!(plain.len(), 1, "{}", name.escape_ascii());
        if std::str::from_utf8(name).is_ok() {
            assert_eq!((&plain[0]["id"], &plain[0]["user"]), (&logged[0]["id"], &logged[0]["user"]));
        }
    }
}
