use super::*;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use proptest::prelude::*;
use serde_json::Value as Tree;

/// The same value, read by this scanner alone, to be compared with serde_json's.
fn tree(value: &Value<'_>) -> Tree {
    match value.kind {
        Kind::Str => Tree::String(value.as_str().unwrap().into_owned()),
        Kind::Num => serde_json::from_slice(value.raw).unwrap(),
        Kind::Bool => Tree::Bool(value.as_bool().unwrap()),
        Kind::Null => Tree::Null,
        Kind::Array => {
            let mut items = value.as_array().unwrap();
            let all = items.by_ref().map(|item| tree(&item)).collect();
            assert!(items.complete());
            Tree::Array(all)
        }
        Kind::Object => {
            let mut fields = value.as_object().unwrap().fields();
            let all = fields.by_ref().map(|(key, value)| (said(&key), tree(&value))).collect();
            assert!(fields.complete());
            Tree::Object(all)
        }
    }
}

fn said(key: &Key<'_>) -> String {
    String::from_utf8(key.unescaped()).unwrap()
}

/// Writes a value as another encoder might: white space anywhere, any letter as `\uXXXX`.
fn write(value: &Tree, dice: &mut impl FnMut() -> u8, out: &mut String) {
    let space = |dice: &mut dyn FnMut() -> u8, out: &mut String| {
        for _ in 0..dice() % 3 {
            out.push([' ', '\t', '\r'][usize::from(dice() % 3)]);
        }
    };
    space(dice, out);
    match value {
        Tree::String(text) => write_string(text, dice, out),
        Tree::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, dice, out);
            }
            space(dice, out);
            out.push(']');
        }
        Tree::Object(members) => {
            out.push('{');
            for (i, (key, value)) in members.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                space(dice, out);
                write_string(key, dice, out);
                space(dice, out);
                out.push(':');
                write(value, dice, out);
            }
            space(dice, out);
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
    space(dice, out);
}

fn write_string(text: &str, dice: &mut impl FnMut() -> u8, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        if dice().is_multiple_of(4) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else if letter == '/' && dice().is_multiple_of(2) {
            out.push_str("\\/");
        } else {
            let quoted = serde_json::to_string(&letter.to_string()).unwrap();
            out.push_str(&quoted[1..quoted.len() - 1]);
        }
    }
    out.push('"');
}

fn any_tree() -> impl Strategy<Value = Tree> {
    let text = prop_oneof!["[ -~]{0,40}", ".{0,12}", "[\"\\\\/{}\\[\\]:,\n\u{1f}é😀]{0,12}"];
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(Tree::from),
        any::<i32>().prop_map(|n| Tree::from(f64::from(n) / 8.0)),
        text.clone().prop_map(Tree::String),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Tree::Array),
            proptest::collection::btree_map(text.clone(), inner, 0..6)
                .prop_map(|members| Tree::Object(members.into_iter().collect())),
        ]
    })
}

fn any_object() -> impl Strategy<Value = Tree> {
    proptest::collection::btree_map(".{0,12}", any_tree(), 0..8)
        .prop_map(|members| Tree::Object(members.into_iter().collect()))
}

fn whole(bytes: &[u8]) -> bool {
    Object::new(bytes).is_some_and(|object| {
        let mut fields = object.fields();
        fields.by_ref().for_each(drop);
        fields.complete()
    })
}

proptest! {
    #[test]
    fn it_reads_what_serde_json_wrote(value in any_object()) {
        let text = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(tree(&Value { kind: Kind::Object, raw: text.as_bytes(), escaped: false }), value);
        // A cut at any place makes it incomplete.
        for end in 0..text.len() {
            prop_assert!(!whole(&text.as_bytes()[..end]), "{}", &text);
        }
    }

    #[test]
    fn it_reads_other_spellings(value in any_object(), dice in proptest::collection::vec(any::<u8>(), 64)) {
        let mut rolls = dice.iter().copied().cycle();
        let mut text = String::new();
        write(&value, &mut || rolls.next().unwrap(), &mut text);
        prop_assert_eq!(&serde_json::from_str::<Tree>(&text).unwrap(), &value);
        prop_assert_eq!(tree(&Value { kind: Kind::Object, raw: text.as_bytes(), escaped: false }), value);
        for junk in ["x", "}", ",", "\u{0}"] {
            let longer = [text.as_str(), junk].concat();
            prop_assert!(!whole(longer.as_bytes()));
        }
    }

    #[test]
    fn junk_never_panics(bytes in proptest::collection::vec(prop_oneof![
        4 => proptest::sample::select(b"{}[]\",:\\ud8c0dc0e-12.trufalsn ".to_vec()), 1 => any::<u8>()], 0..80)) {
        let mut bytes = bytes;
        bytes.insert(0, b'{');
        let (mut out, mut todo) = (vec![], vec![Value { kind: Kind::Object, raw: &bytes, escaped: false }]);
        while let Some(value) = todo.pop() {
            out.clear();
            unescape_into(value.raw, &mut out);
            let _ = (value.as_str(), value.as_i64());
            todo.extend(value.as_object().into_iter().flat_map(|o| o.fields()).map(|(_, inner)| inner));
            todo.extend(value.as_array().into_iter().flatten());
        }
        static MEMBERS: Members<2> = Members::new([Member::or_open("d", 0, 0), Member::new("d.0", 1, 0)]);
        read(&Object::new(&bytes).unwrap(), MEMBERS.set(), &mut Slots::default());
    }

    /// If serde_json accepts a text as an object, the scanner finds it complete. If serde_json rejects it because of
    /// the outermost level or the end, the scanner does too.
    #[test]
    fn one_changed_byte_is_noticed_at_the_outermost_level(at in 0usize..200, to in any::<u8>()) {
        let mut bytes = br#"{"a":1,"bc":"text \" \\","n":null,"t":true,"f":-1.5e3}"#.to_vec();
        let length = bytes.len();
        bytes[at % length] = to;
        let theirs = serde_json::from_slice::<Tree>(&bytes).is_ok();
        if theirs {
            prop_assert!(whole(&bytes));
        } else if !to.is_ascii_control() && to.is_ascii() && to != b'\\' {
            let number = bytes.iter().filter(|b| b"0123456789.eE+-".contains(b)).count() > 5;
            prop_assert!(number || !whole(&bytes), "{}", String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn escapes_are_undone() {
    for (raw, said) in [
        (r"plain", "plain"),
        (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r"\u0041\u00e9\u20ac", "Aé€"),
        (r"\ud83d\ude00!", "😀!"),
        (r"\ud83dx", "\u{fffd}x"),
        (r"\ud83d\u0041", "\u{fffd}A"),
        (r"\ude00", "\u{fffd}"),
        (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
        (r"\u12", "\u{fffd}12"),
        (r"\u+123", "\u{fffd}+123"),
        (r"\q", "q"),
    ] {
        let value = Value { kind: Kind::Str, raw: raw.as_bytes(), escaped: raw.contains('\\') };
        assert_eq!(value.as_str().unwrap(), said, "{raw}");
    }
    let bad = Value { kind: Kind::Str, raw: b"a\xffb", escaped: false };
    assert_eq!(bad.as_str().unwrap(), "a\u{fffd}b");
    let mut out = b"kept ".to_vec();
    unescape_into(b"x\\ty\xff\\", &mut out);
    assert_eq!(out, b"kept x\ty\xff");
}

#[test]
fn nesting_is_only_bytes() {
    let mut text = String::from(r#"{"deep":"#);
    text.push_str(&r#"{"a":["#.repeat(200_000));
    text.push_str(&"]}".repeat(200_000));
    text.push_str(r#","pid":7}"#);
    assert_eq!(Object::new(text.as_bytes()).unwrap().get("pid").unwrap().as_i64(), Some(7));
    assert!(whole(text.as_bytes()));
    assert!(!whole(text.replace("]}]}]},", "]}]},").as_bytes()));
}

#[test]
fn malformed_records_are_noticed() {
    for text in [
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "{\"a\":}",
        "{\"a\":tru}",
        "{\"a\":1}}",
        "{\"a\":1} x",
        "{\"a\":[1}",
        "{\"a\":{\"b\":1]}",
        "{\"a\":\"b}",
        "{\"a\":1x}",
        "{\"a\":1,,\"b\":2}",
        "{\"a\":\"b\\\"}",
        "{\"a\":-}",
        "{\"a\":-in}",
        "{1}",
        "{1 2:3}",
        "{:1}",
        "{[1:2}",
        "{nul:1}",
    ] {
        assert!(!whole(text.as_bytes()), "{text}");
    }
    for text in ["{}", " { } ", "{\"a\":1}\r\n", "{\"a\":[]}"] {
        assert!(whole(text.as_bytes()), "{text}");
    }
    assert!(Object::new(b"[1]").is_none() && Object::new(b"").is_none() && Object::new(b"  x{").is_none());
}

#[test]
fn what_encoders_write_beyond_json_is_stepped_over() {
    for odd in [
        "\"o\":NaN",
        "\"o\":nan",
        "\"o\":-nan",
        "\"o\":inf",
        "\"o\":-inf",
        "\"o\":-Infinity",
        "\"o\":\"\\x01\"",
        "1:2",
        "-1.5:[]",
        "null:{}",
        "true:2",
        "[1,\"}\"]:2",
        "{\"a\":1}:2",
        "inf:2",
    ] {
        for text in [std::format!("{{{odd},\"a\":7}}"), std::format!("{{\"a\":7,{odd}}}")] {
            assert!(whole(text.as_bytes()), "{text}");
            assert_eq!(Object::new(text.as_bytes()).unwrap().get("a").unwrap().as_i64(), Some(7), "{text}");
        }
    }
}

#[test]
fn numbers_and_keys() {
    let object =
        Object::new(br#"{"i":17,"s":"18","f":19.0,"g":1.5,"t\u0061g":true,"i":20,"e":1e400}"#).unwrap();
    assert_eq!(object.get("i").unwrap().as_i64(), Some(20), "the last one counts");
    assert_eq!(object.get("s").unwrap().as_i64(), Some(18));
    assert_eq!(object.get("f").unwrap().as_i64(), Some(19));
    for (raw, number) in [
        ("-9223372036854775808", Some(i64::MIN)),
        ("9223372036854775807", Some(i64::MAX)),
        ("9223372036854775808", None),
        ("-", None),
        ("", None),
        ("1e3", None),
        ("+1", None),
        (" 1", None),
    ] {
        assert_eq!(Value { kind: Kind::Str, raw: raw.as_bytes(), escaped: false }.as_i64(), number, "{raw}");
    }
    assert_eq!(object.get("g").unwrap().as_i64(), None);
    assert_eq!(object.get("tag").unwrap().as_bool(), Some(true));
    assert_eq!(object.get("g").unwrap().as_text().unwrap(), "1.5");
    assert!(object.get("missing").is_none());
}

#[test]
fn paths_nested_dotted_and_mixed() {
    static MEMBERS: Members<6> = Members::new([
        Member::new("process.name", 0, 0),
        Member::open("process"),
        Member::or_open("log", 1, 1),
        Member::open("log.syslog"),
        Member::new("log.syslog.appname", 2, 0),
        Member::new("message", 1, 0),
    ]);
    let found = |text: &str| {
        let mut slots = Slots::default();
        let whole = read(&Object::new(text.as_bytes()).unwrap(), MEMBERS.set(), &mut slots);
        let said = [0, 1, 2]
            .map(|slot| slots.get(slot).map_or("-".to_owned(), |v| v.as_text().unwrap().into_owned()));
        (said.join(" "), whole, slots.clashed(0))
    };
    for text in [
        r#"{"process":{"pid":1,"name":"sshd"},"log":{"level":"x","syslog":{"appname":"app","z":{}}},"message":"hi"}"#,
        r#"{"process.name":"sshd","log":{"syslog.appname":"app"},"message":"hi"}"#,
        r#"{"process":{"n\u0061me":"sshd"},"log.syslog":{"appname":"app"},"x":[{"message":"no"}],"mess\u0061ge":"hi"}"#,
        r#" { "log" : { "syslog" : { "appname" : "app" } } , "process" : { "name" : "sshd" } , "message" : "hi" } "#,
    ] {
        assert_eq!(found(text), ("sshd hi app".to_owned(), true, false), "{text}");
    }
    assert_eq!(found(r#"{"log":"raw","message":""}"#).0, "- raw -", "an empty text says nothing");
    assert_eq!(found(r#"{"message":"ranked","log":"raw"}"#).0, "- ranked -");
    assert!(found(r#"{"process":{"name":"a"},"process.name":"b"}"#).2);
    assert!(!found(r#"{"process":{"name":"a"},"process.name":"a"}"#).2);
    assert!(!found(r#"{"process":{"name":"a"}"#).1);
    let long = "x".repeat(100);
    assert_eq!(
        found(&format!(r#"{{"process":{{"{long}":1,"{long}\u0041":2,"name":"sshd"}}}}"#)).0,
        "sshd - -"
    );
}

proptest! {
    #[test]
    fn quoted_text_says_what_it_was(text in proptest::collection::vec(
        prop_oneof![3 => any::<u8>(), 3 => b' '..=b'~', 1 => Just(b'"'), 1 => Just(b'\\'), 1 => 0..0x20u8], 0..60,
    )) {
        let read: String = serde_json::from_str(&quote(&text)).unwrap();
        prop_assert_eq!(read, String::from_utf8_lossy(&text));
    }
}
