use crate::framer::tests::frame;
use crate::{Flaw, Format};

#[test]
fn iis_lines_are_keyed_by_the_last_fields() {
    let framed = frame(
        "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\nearly bird\r\n\
         #Fields: date time cs-username c-ip cs(User-Agent)\r\n\
         2026-03-04 08:00:00 - 192.0.2.1 \"Mozilla/5.0+(Windows)\r\n\
         2026-03-04 08:00:01 alice 192.0.2.1\r\n\
         #Date: 2026-03-04 09:00:00\r\n#Fields: date c-ip\r\n2026-03-04 192.0.2.2\r\n\0\0\0\0",
    );
    assert_eq!(framed.format, Some(Format::W3c));
    assert_eq!(
        framed.records,
        [
            "{\"date\":\"2026-03-04\",\"time\":\"08:00:00\",\"cs-username\":\"-\",\"c-ip\":\"192.0.2.1\",\
             \"cs(User-Agent)\":\"\\\"Mozilla/5.0+(Windows)\"}",
            "{\"date\":\"2026-03-04\",\"c-ip\":\"192.0.2.2\"}",
        ]
    );
    assert_eq!(framed.problems, [(Flaw::Nameless, 3), (Flaw::Width, 6)]);
}

#[test]
fn tabs_part_values_where_blanks_do_not() {
    let framed = frame("#Version: 1.0\n#Fields: date cs-user x\n2026-03-04\tAlice Doe\t1\na b\tc d\n");
    assert_eq!(
        framed.records,
        [
            "{\"date\":\"2026-03-04\",\"cs-user\":\"Alice Doe\",\"x\":\"1\"}",
            // An attacker's tab does not hide a line.
            "{\"date\":\"a\",\"cs-user\":\"b\\tc\",\"x\":\"d\"}",
        ]
    );
}

#[test]
fn exchange_names_its_columns_twice() {
    let framed = frame(
        "dateTime,sessionId,user,context\n#Software: Microsoft Exchange Server\n#Log-type: IMAP4 Log\n\
         #Fields: dateTime,sessionId,user,context\n2026-03-04T08:00:00.000Z,0001,alice,\"R=\"\"1, NO\"\"\"\n1,2,,\n1,2,3,4,5\n",
    );
    assert_eq!(framed.format, Some(Format::W3c));
    assert_eq!(
        framed.records,
        [
            "{\"#Log-type\":\"IMAP4 Log\",\"dateTime\":\"2026-03-04T08:00:00.000Z\",\"sessionId\":\"0001\",\
             \"user\":\"alice\",\"context\":\"R=\\\"1, NO\\\"\"}",
            "{\"#Log-type\":\"IMAP4 Log\",\"dateTime\":\"1\",\"sessionId\":\"2\"}",
        ]
    );
    assert_eq!(framed.problems, [(Flaw::Width, 7)]);
    let framed = frame("date,time,user\n#Version: 1\nx\n#Fields: a\n1\n");
    assert_eq!(framed.problems, [(Flaw::Nameless, 3), (Flaw::Nameless, 1)]);
}

#[test]
fn other_comments_are_lines() {
    assert_eq!(frame("# a script\nx\n").format, Some(Format::Lines));
    assert_eq!(frame("#separator \\x09\n#fields\tts\tuid\n").format, Some(Format::Lines));
}

#[test]
fn names_that_come_again_are_numbered_without_trying_all_numbers() {
    let framed = frame("#Fields: a a a_2 a b_2 b b\n1 2 3 4 5 6 7\n");
    assert_eq!(
        framed.records,
        ["{\"a\":\"1\",\"a_2\":\"2\",\"a_2_2\":\"3\",\"a_3\":\"4\",\"b_2\":\"5\",\"b\":\"6\",\"b_3\":\"7\"}"]
    );
    // Each directive would take millions of steps.
    let taken: String = (2..2_048).map(|number| format!(" a_{number}")).collect();
    let mut framer = crate::Framer::new(None, None, 1 << 20);
    let directive = format!("#Fields:{taken}{}\n", " a".repeat(2_048));
    framer.push(directive.repeat(20).as_bytes(), &mut Vec::new());
    assert_eq!(framer.format(), Some(Format::W3c));
}

#[test]
fn lines_without_names_are_told_with_their_number() {
    let mut text = "#Version: 1.0\n".to_owned();
    text.push_str(&"x\n".repeat(20));
    let framed = frame(&text);
    assert_eq!(framed.problems[0], (Flaw::Nameless, 2));
    assert_eq!((framed.problems.len(), framed.counts.of(Flaw::Nameless)), (8, 20));
}
