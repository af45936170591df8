use crate::framer::tests::{frame, frame_with};
use crate::{Flaw, Format};

#[test]
fn the_journal_as_it_exports_itself() {
    let text = "__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1772611200000000\n_COMM=sshd\nMESSAGE=Failed \"x\"=1\n\n\
                __CURSOR=s=1;i=2\nMESSAGE\n\x09\0\0\0\0\0\0\0two\n\nline\n_PID=7\n";
    let framed = frame(text);
    assert_eq!(framed.format, Some(Format::Blocks));
    assert_eq!(
        framed.records,
        [
            r#"{"__CURSOR":"s=1;i=1","__REALTIME_TIMESTAMP":"1772611200000000","_COMM":"sshd","MESSAGE":"Failed \"x\"=1"}"#,
            r#"{"__CURSOR":"s=1;i=2","MESSAGE":"two\n\nline","_PID":"7"}"#
        ]
    );
}

#[test]
fn a_value_that_is_shorter_than_its_length_costs_itself() {
    let framed = frame("__CURSOR=1\nMESSAGE\n\x01\0\0\0\0\0\0\0xy\nA=1\n\n__CURSOR=2\nB=2\n");
    assert_eq!(framed.counts.of(Flaw::Broken), 1);
    assert!(framed.records.last().is_some_and(|record| record == r#"{"__CURSOR":"2","B":"2"}"#));
}

#[test]
fn the_journal_in_words() {
    let text = "Wed 2026-03-04 08:00:00.000001 UTC [s=1;i=2;b=3]\n    _COMM=sshd\n    MESSAGE=one\n            two\n\
                Wed 2026-03-04 08:00:07.000001 CET [s=1;i=3;b=3]\n    _PID=7\n";
    assert_eq!(
        frame(text).records,
        [
            r#"{"timestamp":"2026-03-04 08:00:00.000001Z","_COMM":"sshd","MESSAGE":"one\ntwo"}"#,
            r#"{"timestamp":"2026-03-04 08:00:07.000001 CET","_PID":"7"}"#,
        ]
    );
}

#[test]
fn windows_events_as_a_list_of_powershell() {
    let text = "\r\n\r\nTimeCreated  : 3/4/2026 8:00:00 AM\r\nProviderName : Security\r\nId           : 4625\r\nMessage      : An account failed.\r\n\
                               \r\n               Subject:\r\n               \tAccount Name:\t\tId           : 1\r\n\r\n\r\n\
                TimeCreated  : 3/4/2026 8:00:07 AM\r\nMessage      : \r\n\r\n";
    let framed = frame(text);
    assert_eq!(framed.format, Some(Format::Blocks));
    assert_eq!(
        framed.records,
        [
            concat!(
                r#"{"TimeCreated":"3/4/2026 8:00:00 AM","ProviderName":"Security","Id":"4625","Message":"An account failed.\n\n"#,
                r#"Subject:\n\tAccount Name:\t\tId           : 1"}"#
            ),
            r#"{"TimeCreated":"3/4/2026 8:00:07 AM","Message":""}"#
        ]
    );
    // All properties, in the order of the object: the text goes first.
    let text =
        "Message      : a\n               b\nId           : 4625\nTimeCreated  : x\n\nMessage      : c\n";
    assert_eq!(
        frame(text).records,
        [r#"{"Message":"a\nb","Id":"4625","TimeCreated":"x"}"#, r#"{"Message":"c"}"#]
    );
    for text in ["Message : hello\nbye\n", "Message : hello\nId: 7\n", "Note : x\nId   : y\n"] {
        assert_eq!(frame(text).format, Some(Format::Lines), "{text}");
    }
}

#[test]
fn windows_events_as_text() {
    let text = "Event[0]:\r\n  Log Name: Security\r\n  Source: Microsoft-Windows-Security-Auditing\r\n  Date: 2026-03-04T08:00:00.521\r\n  \
                Event ID: 4625\r\n  Task: Logon\r\n  Level: Information\r\n  Opcode: Info\r\n  Keyword: Audit Failure\r\n  User: N/A\r\n  \
                User Name: N/A\r\n  Computer: dc1\r\n  Description: \r\nAn account failed to log on.\r\n\r\nSubject:\r\n\tSecurity ID:\t\tS-1-0-0\r\n\r\n\
                Event[1]:\r\n  Log Name: Security\r\n";
    let framed = frame(text);
    assert_eq!(framed.format, Some(Format::Blocks));
    assert_eq!(
        framed.records,
        [
            concat!(
                r#"{"LogName":"Security","ProviderName":"Microsoft-Windows-Security-Auditing","TimeCreated":"2026-03-04T08:00:00.521","#,
                r#""Id":"4625","Task":"Logon","Level":"Information","Opcode":"Info","Keyword":"Audit Failure","User":"N/A","UserName":"N/A","#,
                r#""MachineName":"dc1","Message":"\nAn account failed to log on.\n\nSubject:\n\tSecurity ID:\t\tS-1-0-0\n"}"#
            ),
            r#"{"LogName":"Security"}"#
        ]
    );
}

#[test]
fn splunks_text() {
    let text = "03/04/2026 08:00:00 AM\nLogName=Security\nEventCode=4625\nMessage=An account\n\n03/04/2026 08:00:01 AM\nno record\n\
                03/04/2026 08:00:07 AM\nLogName=Security\n";
    let framed = frame(text);
    assert_eq!(framed.format, Some(Format::Blocks));
    assert_eq!(
        framed.records,
        [
            r#"{"_raw":"03/04/2026 08:00:00 AM\nLogName=Security\nEventCode=4625\nMessage=An account\n\n03/04/2026 08:00:01 AM\nno record"}"#,
            r#"{"_raw":"03/04/2026 08:00:07 AM\nLogName=Security"}"#,
        ]
    );
}

#[test]
fn what_only_looks_like_it_is_lines() {
    for text in
        ["03/04/2026 08:00:00 AM\nno\n", "Event[x]:\n a\n", "__CURSOR\n", "_BOOT\n", "x [s=1]\ny\n", "Event"]
    {
        assert_ne!(frame(text).format, Some(Format::Blocks), "{text}");
    }
    let long = format!("__CURSOR=1\nMESSAGE={}\n\n__CURSOR=2\n", "x".repeat(60));
    let framed = frame_with(None, long.as_bytes(), 40);
    assert_eq!(framed.records, [r#"{"__CURSOR":"1"}"#, r#"{"__CURSOR":"2"}"#]);
    assert_eq!(framed.oversized.len(), 1);
}

/// Syslog over TCP as it was captured: octet counting (RFC 6587).
#[test]
fn messages_behind_their_lengths() {
    let messages = [
        "<38>1 2026-03-04T08:00:00Z web1 sshd 17 - - Failed password for root from 203.0.113.9 port 1 ssh2",
        "<38>Mar  4 08:00:07 web1 sshd[18]: two\nlines 9 <38>x",
        "<38>Mar  4 08:00:09 web1 sshd[19]: last",
    ];
    let text: String = messages.iter().map(|message| format!("{} {message}", message.len())).collect();
    let records = messages.map(|message| message.replace('\n', " "));
    let framed = frame(&text);
    assert_eq!((framed.format, framed.counts.total()), (Some(Format::Blocks), 0));
    assert_eq!(framed.records, records);
    // A wrong length costs its line. The end of what is cut off is missing.
    let framed = frame(&format!("{text}zzz\n{text}"));
    assert_eq!(framed.records.len(), 7);
    let framed = frame(&text[..text.len() - 3]);
    assert_eq!((framed.records.len(), framed.counts.of(Flaw::Truncated)), (2, 1));
    // With a line for each the decoder takes the number off.
    let lines = text.replace("ssh2", "ssh2\n");
    assert_eq!(frame(&lines).format, Some(Format::Lines));
    for text in ["17 <3", "3 <38", "99999999 <38>x", "0 <38>x", "12 monkeys\n", "5 <38>x\n5 <38>y\n"] {
        assert_eq!(frame(text).format, Some(Format::Lines), "{text}");
    }
}
