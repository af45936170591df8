//! Writes the answer to the agent: one JSON object, in the one buffer that the agent reads.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use authsieve_engine::alert::Alert;
use authsieve_engine::find::find;
use authsieve_engine::json::{Kind, Object, quote_into};

/// Writes the first alert as JSON, with the others under `also`.
pub fn together(alerts: &[Alert]) -> Vec<u8> {
    let Some((first, others)) = alerts.split_first() else { return Vec::new() };
    let first = first.to_json().into_bytes();
    if others.is_empty() {
        return first;
    }
    let others: Vec<String> = others.iter().map(Alert::to_json).collect();
    let mut out = Vec::new();
    carry(&first, true, "\"also\":", format!("[{}]", others.join(",")).as_bytes(), &mut out);
    out
}

/// Writes a record with one more member at its end. Of two members of one name, the agent uses the last. A record
/// that is no valid object is written as text in an object, under `unreadable`. `name` is JSON with its colon. With
/// an empty `value` no member is added.
pub fn carry(record: &[u8], valid: bool, name: &str, value: &[u8], out: &mut Vec<u8>) {
    out.reserve(record.len() + name.len() + value.len() + 32);
    if valid {
        let body = record.trim_ascii().strip_suffix(b"}").unwrap_or_default().trim_ascii_end();
        out.extend_from_slice(body);
    } else {
        out.extend_from_slice(b"{\"unreadable\":");
        quote_into(record, out);
    }
    if !value.is_empty() {
        let comma: &[u8] = if out.ends_with(b"{") { b"" } else { b"," };
        for part in [comma, name.as_bytes(), value] {
            out.extend_from_slice(part);
        }
    }
    out.push(b'}');
}

/// Removes the members of that name from a valid record, however the name is escaped. `None` where there is none. A
/// pipeline routes records by the member that holds an alert, so such a member in a log would pass for an alert.
pub fn without(record: &[u8], name: &str) -> Option<Vec<u8>> {
    let may = find(record, name.as_bytes()).is_some() || find(record, b"\\u").is_some();
    let object = Object::new(record).filter(|_| may)?;
    object.fields().any(|(key, _)| key.is(name)).then_some(())?;
    let mut out = Vec::from(&b"{"[..]);
    for (key, value) in object.fields().filter(|(key, _)| !key.is(name)) {
        let quote: &[u8] = if value.kind == Kind::Str { b"\"" } else { b"" };
        let comma: &[u8] = if out.len() > 1 { b"," } else { b"" };
        for part in [comma, b"\"", key.raw, b"\":", quote, value.raw, quote] {
            out.extend_from_slice(part);
        }
    }
    out.push(b'}');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fluent_bit::valid::is_valid_object;

    fn carried(record: &str, value: &str) -> String {
        let (record, mut out) = (record.as_bytes(), Vec::new());
        carry(record, is_valid_object(record), "\"a\":", value.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_member_of_the_record_itself_is_taken_out() {
        for (record, rest) in [
            (r#"{"authsieve":{"id":"x"},"a":"b\"","c":[1]}"#, Some(r#"{"a":"b\"","c":[1]}"#)),
            (r#"{"a":1,"auths\u0069eve":2,"authsieve":3}"#, Some(r#"{"a":1}"#)),
            (r#"{"authsieve":1}"#, Some("{}")),
            (r#"{"a":{"authsieve":1}}"#, None),
            (r#"{"a":"authsieve"}"#, None),
            ("{}", None),
        ] {
            let got = without(record.as_bytes(), "authsieve").map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(got.as_deref(), rest, "{record}");
        }
    }

    #[test]
    fn a_member_goes_to_the_end_and_what_is_no_object_becomes_text() {
        assert_eq!(carried("{}", "1"), r#"{"a":1}"#);
        assert_eq!(carried(" { } ", "1"), r#"{"a":1}"#);
        assert_eq!(carried(r#"{"x":[{}]}"#, "{}"), r#"{"x":[{}],"a":{}}"#);
        assert_eq!(carried(r#"{"x":1}"#, ""), r#"{"x":1}"#);
        assert_eq!(carried(r#"{1:"x"}"#, "1"), r#"{"unreadable":"{1:\"x\"}","a":1}"#);
        assert_eq!(carried("", ""), r#"{"unreadable":""}"#);
    }
}
