//! Tests that hold for every format, and the tools with which the formats are tested.

use super::*;
use crate::problem::Flaw;
use crate::records::Oversized;
use proptest::prelude::*;

/// The output of a framer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Framed {
    pub(crate) format: Option<Format>,
    pub(crate) records: Vec<String>,
    pub(crate) problems: Vec<(Flaw, u64)>,
    pub(crate) oversized: Vec<Oversized>,
    pub(crate) counts: Counts,
}

/// Pushes `bytes` in pieces of `step`.
fn frame_in(format: Option<Format>, bytes: &[u8], step: usize, max: usize) -> Framed {
    let mut framer = Framer::new(format, None, max);
    let (mut out, mut cut) = (Vec::new(), Cut::default());
    let mut add = |framer: &mut Framer, out: &[u8]| {
        let next = framer.take();
        assert_eq!(next.first_line, cut.records + 1);
        cut.records += next.records;
        cut.oversized.extend(next.oversized);
        cut.problems.extend(next.problems);
        assert_eq!(cut.records, memchr::memchr_iter(b'\n', out).count() as u64);
    };
    for piece in bytes.chunks(step) {
        framer.push(piece, &mut out);
        add(&mut framer, &out);
    }
    framer.finish(&mut out);
    add(&mut framer, &out);
    assert!(out.is_empty() || out.ends_with(b"\n"));
    let records = out.split_inclusive(|b| *b == b'\n');
    let text = |record: &[u8]| String::from_utf8_lossy(record.strip_suffix(b"\n").unwrap()).into_owned();
    Framed {
        format: framer.format(),
        records: records.map(text).collect(),
        problems: cut.problems.iter().map(|p| (p.flaw, p.line)).collect(),
        oversized: cut.oversized,
        counts: *framer.counts(),
    }
}

/// The output, which is the same for any cut of the bytes.
pub(crate) fn frame_with(format: Option<Format>, bytes: &[u8], max: usize) -> Framed {
    let whole = frame_in(format, bytes, bytes.len().max(1), max);
    for step in [1, 2, 3, 7, 64, 1000] {
        let steps = frame_in(format, bytes, step, max);
        assert_eq!(steps, whole, "in steps of {step}: {:?}", String::from_utf8_lossy(bytes));
    }
    whole
}

/// The same with the format recognised and room for everything.
pub(crate) fn frame(text: &str) -> Framed {
    frame_with(None, text.as_bytes(), 1 << 20)
}

#[test]
fn lines_are_as_they_were() {
    let text = "Mar  4 08:00:00 web1 sshd[1]: a, b, c\r\n\n\0\0x\nlast";
    let framed = frame(text);
    assert_eq!(framed.format, Some(Format::Lines));
    assert_eq!(framed.records, ["Mar  4 08:00:00 web1 sshd[1]: a, b, c\r", "", "\0\0x", "last"]);
    let framed = frame_with(Some(Format::Lines), b"12345\n123456\n1", 5);
    assert_eq!(framed.records, ["12345", "1"]);
    assert_eq!(framed.oversized, [Oversized { line: 2, length: 6 }]);
}

#[test]
fn utf_16_is_read_in_every_format() {
    let text = "\u{FEFF}UserPrincipalName,IPAddress\r\njürgen@example.com,192.0.2.1\r\n";
    for big in [false, true] {
        let bytes: Vec<u8> = text
            .encode_utf16()
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect();
        for bytes in [&bytes[..], &bytes[2..]] {
            let framed = frame_with(None, bytes, 1000);
            assert_eq!(
                framed.records,
                ["{\"UserPrincipalName\":\"jürgen@example.com\",\"IPAddress\":\"192.0.2.1\"}"]
            );
        }
    }
}

#[test]
fn problems_are_counted_all_and_told_a_few() {
    let text = format!("#Fields: a b\n{}", "1 2 3\n".repeat(100));
    let framed = frame(&text);
    assert_eq!(framed.counts.of(Flaw::Width), 100);
    assert_eq!(framed.problems.len(), 8);
    assert_eq!(framed.problems[0], (Flaw::Width, 2));
}

#[test]
fn memory_is_bounded_whatever_is_pushed() {
    for (format, begin, rest) in [
        (Format::Lines, "", "x"),
        (Format::Json, "{\"a\":\"", "x"),
        (Format::Json, "{\"a\":", "["),
        (Format::Json, "{\"a\":", "1 "),
        (Format::Json, "[", "[\n"),
        (Format::Json, "[\"", "x"),
        (Format::Json, "x", "  "),
        (Format::Csv, "a,b\n\"", "x,\n"),
        (Format::Csv, "", "x,"),
        (Format::W3c, "#Fields:", " x"),
        (Format::W3c, "x", "x"),
        (Format::Xml, "<", "x"),
        (Format::Xml, "<Event>", "<x>"),
        (Format::Xml, "<Event a='", "x"),
        (Format::Xml, "<Event><!--", "x"),
        (Format::Evtx, "ElfFile\0", "ElfChnk"),
    ] {
        let mut framer = Framer::new(Some(format), None, 1 << 20);
        let mut out = Vec::new();
        framer.push(begin.as_bytes(), &mut out);
        let piece = rest.repeat((256 << 10) / rest.len());
        for _ in 0..64 {
            framer.push(piece.as_bytes(), &mut out);
            assert!(framer.window.capacity() <= 4 << 20, "{format} {begin:?} {}", framer.window.capacity());
        }
        framer.finish(&mut out);
        assert!(out.len() < 4 << 20, "{format} {begin:?}: {}", out.len());
    }
}

/// Parts that mean something to one format or another.
fn parts() -> impl Strategy<Value = Vec<u8>> {
    let part = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\\",
        ",",
        ":",
        "\n",
        "\n{",
        "\n  {",
        "  ",
        "\r\n",
        "\x1e",
        "\0",
        ";",
        "\t",
        "{\"a\":1}",
        "{\"a\":{\"b\":[1,2]}}",
        "\"records\":[",
        "\"value\": [\n",
        "true",
        "12",
        "#Fields: a b\n",
        "#Fields: a,b\n",
        "#Date: x\n",
        "1 2\n",
        "a,b\n",
        "1,2\n",
        "\"x\"\"y\"",
        "<Event>",
        "</Event>",
        "<Event ",
        "<",
        ">",
        "'",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<Events>",
        "</Events>",
        "<a/>",
        "\u{FEFF}",
        "UserId,Operation,AuditData\n",
        "x",
        "ElfFile\0",
        "ElfChnk\0",
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>",
    ]);
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_chunking_gives_the_same(
        bytes in prop_oneof![parts(), prop::collection::vec(any::<u8>(), 0..300)],
        format in prop::option::of(prop::sample::select(Format::ALL.to_vec())),
        max in prop::sample::select(vec![5usize, 20, 60, 10_000]),
        cut in 0usize..300,
    ) {
        let whole = frame_in(format, &bytes, bytes.len().max(1), max);
        let text = String::from_utf8_lossy(&bytes);
        prop_assert_eq!(&frame_in(format, &bytes, 1, max), &whole, "{:?}", text);
        prop_assert_eq!(&frame_in(format, &bytes, cut.max(1), max), &whole, "{:?}", text);
        prop_assert!(whole.records.iter().all(|r| r.len() <= 3 * max), "a record is too long");
    }
}
