use crate::framer::tests::{frame, frame_with};
use crate::{Flaw, Format, Oversized};

fn records(text: &str) -> Vec<String> {
    let framed = frame(text);
    assert_eq!(framed.format, Some(Format::Json), "{text:?}");
    assert_eq!(framed.counts.total(), 0, "{text:?} {:?}", framed.problems);
    framed.records
}

#[test]
fn any_layout_becomes_one_object_a_line() {
    let two = ["{\"a\":1}", "{\"b\":[\"x\"]}"];
    for text in [
        "[{\"a\":1},{\"b\":[\"x\"]}]",
        "[{\"a\":1},{\"b\":[\"x\"]}]\n",
        "[\n  {\"a\":1},\n  {\"b\":[\"x\"]}\n]\n",
        "{\"a\":1}{\"b\":[\"x\"]}",
        "{\"a\":1} {\"b\":[\"x\"]}\n",
        "{\"a\":1},\n{\"b\":[\"x\"]},\n",
        "{\n\"a\":1\n}\n{\n\"b\":[\n\"x\"\n]\n}\n",
        "{\r\n  \"a\":1\r\n}\r\n{\r\n  \"b\":[\r\n    \"x\"\r\n  ]\r\n}",
        "\x1e{\"a\":1}\n\x1e{\"b\":[\"x\"]}\n",
        "\u{FEFF}[{\"a\":1}]\n[{\"b\":[\"x\"]}]",
        "[[{\"a\":1}],[{\"b\":[\"x\"]}]]",
        "[\n{\n\"a\":1\n}\n,\n{\n\"b\":[\n\"x\"\n]\n}\n]",
        "\n\n [\t{\"a\":1}, 17, true, null, {\"b\":[\"x\"]}]",
    ] {
        assert_eq!(records(text), two, "{text:?}");
    }
}

#[test]
fn strings_are_left_alone() {
    let text = "[\n{\"u\":\"a } ] { \\\" \\\\\",\n \"v\":\"\\u000a{\"},\n{\"w\":\"]\"}]";
    assert_eq!(records(text), ["{\"u\":\"a } ] { \\\" \\\\\",\"v\":\"\\u000a{\"}", "{\"w\":\"]\"}"]);
    assert_eq!(
        records("[\"a line\", \"another \\\"one\\\"\"]"),
        ["[\"a line\"]", "[\"another \\\"one\\\"\"]"]
    );
    // This is no JSON, but some programs write it.
    assert_eq!(records("{\n\"a\":\"two\nlines\"}"), ["{\"a\":\"two\\nlines\"}"]);
}

#[test]
fn lines_of_json_stay_lines() {
    for text in [
        "{\"a\":1}\n{\"b\":2}\n",
        "{\"a\":1}",
        "{\"a\":1}\r\n{\"b\":2}\r\n",
        "{\"a\":{\"cut\n{\"b\":2}\n",
        "{\"a\":[1,\n{\"b\":2}\n{\"c\":3}\n".replace("[1,", "{\"x\":1,").as_str(),
        "{ braces in a log\nand more\n",
        "[sshd] a line\n",
        "[ 12.345] kernel: a line\n",
        "[\"quoted\"] a line\n",
    ] {
        let framed = frame(text);
        assert_eq!(framed.format, Some(Format::Lines), "{text:?}");
        assert_eq!(framed.records.len(), text.lines().count());
    }
}

#[test]
fn only_the_broken_record_is_lost() {
    let begin = "{\n  \"a\":1\n}\n";
    for (broken, flaw) in [
        ("{\n  \"cut\":\"off\n", Flaw::Broken),
        ("{\n  \"cut\":{\n    \"x\":[1,\n", Flaw::Broken),
        ("{\n  \"cut\":\n", Flaw::Broken),
        ("{\n  \"cut\":]\n}\n", Flaw::Broken),
        ("nonsense } ]\n  \"x\": {\n", Flaw::Stray),
    ] {
        let text = format!("{begin}{broken}{{\n  \"b\":2\n}}\n{{\n  \"c\":3\n}}\n");
        let framed = frame(&text);
        assert_eq!(framed.records, ["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"], "{text}");
        assert_eq!(framed.problems, [(flaw, 4)], "{text}");
    }
    // In an array, lines are indented as those before.
    let framed =
        frame("[\n  {\n    \"a\":1\n  },\n  {\n    \"cut\":\n  {\n    \"b\":2\n  },\n  {\"c\":3}\n]");
    assert_eq!(framed.records, ["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"]);
    let framed = frame("\x1e{\"a\":1}\n\x1e{\"cut\":\"of\x1e{\"b\":2}\n");
    assert_eq!(framed.records, ["{\"a\":1}", "{\"b\":2}"]);
    assert_eq!(framed.problems, [(Flaw::Broken, 2)]);
}

#[test]
fn the_end_may_be_missing() {
    let framed = frame("[{\"a\":1},\n{\"b\":2");
    assert_eq!(framed.records, ["{\"a\":1}"]);
    assert_eq!(framed.problems, [(Flaw::Truncated, 2)]);
    let framed = frame("{\n\"a\":1}\ntrailing garbage, and more of it\n");
    assert_eq!((framed.records.len(), framed.problems), (1, vec![(Flaw::Stray, 3)]));
}

#[test]
fn large_records_are_skipped_and_large_wrappers_are_streamed() {
    let long = "x".repeat(50);
    let text = format!("[{{\"a\":1}},\n{{\"long\":\"{long}\"}},{{\"b\":2}}]");
    let framed = frame_with(None, text.as_bytes(), 40);
    assert_eq!(framed.records, ["{\"a\":1}", "{\"b\":2}"]);
    assert_eq!(framed.oversized, [Oversized { line: 2, length: 61 }]);
    let elements: Vec<String> = (0..20).map(|n| format!("{{\"n\":{n}}}")).collect();
    let text =
        format!("{{\"v\":1,\"Records\":[{}],\"next\":\"x\",\"o\":{{}}}}{{\"b\":2}}\n", elements.join(","));
    let framed = frame_with(None, text.as_bytes(), 40);
    assert_eq!((framed.records.len(), framed.oversized.len(), framed.counts.total()), (21, 0, 0));
    assert_eq!(framed.records[..20], elements);
    // One that fits is the decoder's to unpack.
    assert_eq!(frame(&text).records.len(), 2);
}

#[test]
fn deep_nesting_is_no_record() {
    let text = format!("{{\"a\":{}\n{{\"b\":1}}\n", "[".repeat(5000));
    let framed = frame_with(Some(Format::Json), text.as_bytes(), 1 << 20);
    assert_eq!(framed.records, ["{\"b\":1}"]);
    assert_eq!(framed.counts.of(Flaw::Broken), 1);
}

#[test]
fn what_is_read_again_is_bounded() {
    // Each line could be the beginning of a record, and none ends.
    let text = "{\"a\":[\n".repeat(200_000);
    let mut framer = crate::Framer::new(Some(Format::Json), None, 16 << 20);
    let mut out = Vec::new();
    framer.push(text.as_bytes(), &mut out);
    framer.finish(&mut out);
    assert!(framer.counts().total() > 0 && out.is_empty());
}

proptest::proptest! {
    /// Values come back as they were, in any layout.
    #[test]
    fn objects_come_back(
        members in proptest::collection::vec(proptest::collection::vec(("[a-z]{1,5}", "\\PC*"), 1..4), 1..6),
        layout in 0..4u8,
    ) {
        use serde_json::{Map, Value};
        let objects: Vec<Value> = members
            .into_iter()
            .map(|m| Value::Object(m.into_iter().map(|(k, v)| (k, Value::from(v))).collect::<Map<_, _>>()))
            .collect();
        let pretty: Vec<String> = objects.iter().map(|o| serde_json::to_string_pretty(o).unwrap()).collect();
        let text = match layout {
            0 => serde_json::to_string(&objects).unwrap(),
            1 => serde_json::to_string_pretty(&objects).unwrap(),
            2 => pretty.concat(),
            _ => pretty.join("\n"),
        };
        let framed = frame(&text);
        let back: Vec<Value> = framed.records.iter().map(|r| serde_json::from_str(r).unwrap()).collect();
        proptest::prop_assert_eq!(back, objects);
    }
}

#[test]
fn a_log_behind_values_is_followed() {
    let line = "Mar  4 08:00:00 web1 sshd[1]: {hi}";
    let framed =
        frame(&format!("{{\n \"a\": 1\n}}\n{line}\nno line of a log\n{line}\n{{\n \"a\": 2\n}}\n{line}"));
    assert_eq!(framed.format, Some(Format::Json));
    assert_eq!(framed.records.first().map(String::as_str), Some(r#"{"a": 1}"#));
    assert_eq!(framed.records[1], line);
    assert_eq!(framed.records[framed.records.len() - 2..], [r#"{"a": 2}"#, line]);
}

/// A line among values is known by its first bytes, however long it is and in whatever pieces it comes.
#[test]
fn long_lines_among_values_are_told_alike_in_any_pieces() {
    for (begin, is_log) in
        [("Mar  4 08:00:00 web1 app: ", true), ("no line of a log ", false), ("Record 7", false)]
    {
        for (length, fill) in [(900, "x"), (1024, "x"), (1500, "x"), (1500, " "), (1999, "x"), (2500, "x")] {
            let line = format!("{begin}{}", fill.repeat(length - begin.len()));
            let text = format!("{{\n \"a\": 1\n}}\n{line}\n{{\n \"a\": 2\n}}\n");
            let whole = frame_with(None, text.as_bytes(), 2000);
            assert_eq!(whole.records.contains(&line), is_log && length <= 2000, "{length} {begin}");
            assert_eq!(whole.records.last().map(String::as_str), Some(r#"{"a": 2}"#));
            for piece in [1, 7, 1000] {
                let mut framer = crate::Framer::new(None, None, 2000);
                let mut out = Vec::new();
                for part in text.as_bytes().chunks(piece) {
                    framer.push(part, &mut out);
                }
                framer.finish(&mut out);
                let records: Vec<&str> = std::str::from_utf8(&out).expect("it was text").lines().collect();
                assert_eq!(records, whole.records, "{piece} {length} {begin}");
                assert_eq!(framer.counts().total(), whole.counts.total(), "{piece} {length} {begin}");
            }
        }
    }
}

/// `evtx_dump` writes a line above each event.
#[test]
fn headings_of_evtx_dump_are_passed_over() {
    let framed = frame("Record 1\n{\n  \"a\": 1\n}\nRecord 2\r\n{\n  \"a\": 2\n}\n");
    assert_eq!(
        (framed.records, framed.counts.total()),
        (vec![r#"{"a": 1}"#.into(), r#"{"a": 2}"#.into()], 0)
    );
    let event = "<Event xmlns='x'>\n  <System/>\n</Event>\n";
    let framed = frame(&format!(
        "Record 1\n<?xml version=\"1.0\"?>\n{event}Record 2\n<?xml version=\"1.0\"?>\n{event}"
    ));
    assert_eq!((framed.records.len(), framed.counts.total()), (2, 0), "{:?}", framed.records);
    for text in ["Record 1\n", "Record players\n{\"a\":1}\n", "Record 1 of 2\n{\"a\":1}\n"] {
        assert_eq!(frame(text).format, Some(crate::Format::Lines), "{text}");
    }
}
