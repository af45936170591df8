use super::*;
use proptest::prelude::*;
use std::string::{String, ToString};

fn each(form: u8, object: &Object<'_>, sink: &mut dyn FnMut(&[u8])) {
    let (mut fold, mut buffer) = (Fold::new(form, object), Vec::new());
    while fold.next(&mut buffer) {
        sink(&buffer);
    }
}

/// All records of an object in this form.
fn all(form: u8, object: &str) -> Vec<String> {
    let mut records = Vec::new();
    let object = Object::new(object.as_bytes()).unwrap();
    each(form, &object, &mut |record| records.push(String::from_utf8_lossy(record).to_string()));
    records
}

#[test]
fn otlp_with_maps_and_lists() {
    let text = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"w\"1"}}]},"scopeLogs":[{"logRecords":[
        {"timeUnixNano":"0","observedTimeUnixNano":"7","body":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}},{"key":"b","value":{"arrayValue":{"values":[{"boolValue":true},{}]}}}]}}},
        {"time_unix_nano":8,"body":{"stringValue":"hi"},"attributes":[{"key":"x","value":{"doubleValue":1.5}},{"value":{}}]}]}]}]}"#;
    assert_eq!(
        all(OTLP, text),
        [
            r#"{"host.name":"w\"1","timestamp":"7","body":{"a":"1","b":[true,null]}}"#,
            r#"{"host.name":"w\"1","x":1.5,"timestamp":8,"body":"hi"}"#,
        ]
    );
}

#[test]
fn values_rows_and_renamed_members() {
    assert_eq!(
        all(VALUES, r#"{"stream":{"h":"w"},"values":[["1","a",{"x":1}],["2"],3,["3","b\n"]]}"#),
        [
            r#"{"labels":{"h":"w"},"timestamp":"1","line":"a"}"#,
            r#"{"labels":{"h":"w"},"timestamp":"3","line":"b\n"}"#
        ]
    );
    for (form, text) in [
        (TABLE, r#"{"columns":[{"name":"a","type":"string"},{"name":"b"}],"rows":[["x",1,2],["",null]]}"#),
        (TABLE, r#"{"Columns":[{"ColumnName":"a"},{"ColumnName":"b"}],"Rows":[["x",1],[]]}"#),
        (TABLE, r#"{"fields":["a","b"],"rows":[["x",1],[]]}"#),
        (VALUES, r#"{"columns":[{"name":"a"},{"name":"b"}],"values":[["x",1],[]]}"#),
    ] {
        assert_eq!(all(form, text), [r#"{"a":"x","b":1}"#, "{}"], "{text}");
    }
    assert_eq!(
        all(GELF, r#"{"_EventID":4625,"host":"h","short_message":"s","full_message":"f"}"#),
        [r#"{"host":"h","EventID":4625,"message":"s","Message":"f"}"#]
    );
    assert_eq!(
        all(
            GRAYLOG,
            r#"{"winlogbeat_winlog_event_data_LogonType":"3","winlogbeat_event_code":"4625","winlogbeat_event_id":1,"a":2}"#
        ),
        [r#"{"a":2,"winlog.event_data.LogonType":"3","event.code":"4625","event_id":1}"#]
    );
}

#[test]
fn an_account_in_laurels_records_cannot_imitate_the_rest() {
    let text = r#"{"ID":"1772355600.000:1","USER_LOGIN":{"pid":17,"op":"login","acct":"a res=success'","exe":"/usr/sbin/sshd","res":"failed","addr":"x y"}}"#;
    assert_eq!(
        all(LAUREL, text),
        [
            r#"{"message":"type=USER_LOGIN msg=audit(1772355600.000:1): pid=17 uid=0 msg='op=login acct=61207265733D7375636365737327 exe=/usr/sbin/sshd addr=? res=failed'"}"#
        ]
    );
}

proptest! {
    #[test]
    fn junk_never_panics(form in 0u8..8, parts in proptest::collection::vec(proptest::sample::select(std::vec![
        "{", "}", "[", "]", ",", ":", "\"", "\"resourceLogs\":", "\"scopeLogs\":[", "\"logRecords\":[{", "\"values\":", "\"rows\":[[", "\"columns\":[",
        "\"name\":", "\"key\":\"a\"", "\"value\":{", "\"kvlistValue\":{", "1", "null", "\"_a\":", "\"ID\":\"1\"", "\"USER_AUTH\":{",
    ]), 0..30)) {
        let text: String = std::format!("{{{}", parts.concat());
        let object = Object::new(text.as_bytes()).unwrap();
        let mut length = 0;
        each(form, &object, &mut |record| length += record.len());
        prop_assert!(length <= text.len() * text.len() + 1024);
    }
}
