//! Tests of `decode`.

use crate::shell::{ATTACK, RECEIVED, Shell, alerts};

#[test]
fn decode_tells_the_line_of_each_event() {
    let shell = Shell::new();
    shell.write("auth.log", format!("nothing\n{ATTACK}\nMar  4 09:00:00 web1 CRON[1]: (root) CMD (true)\n"));
    let said = shell.run(&["decode", "-a", "an1276", RECEIVED, "auth.log"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    let events = alerts(&said);
    let lines: Vec<_> = events.iter().map(|event| event["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7]);
    assert_eq!(events[0]["outcome"], "failure");
    assert_eq!(events[5]["outcome"], "success");
    assert_eq!(events[5]["time"], "2026-03-04T08:00:12Z");
    assert_eq!(events[5]["src_ip"], "203.0.113.9");
    let said = shell.run(&["decode", "--all", RECEIVED, "auth.log"]);
    let lines: Vec<_> = alerts(&said).iter().map(|event| event["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, (1..=9).collect::<Vec<_>>());
    assert!(said.out.starts_with("{\"line\":1,\"outcome\":null}\n"));
    let said = shell.run(&["decode", RECEIVED, "auth.log", "auth.log"]);
    assert_eq!(alerts(&said)[6]["file"], "auth.log");
}
