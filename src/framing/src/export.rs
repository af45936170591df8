//! Splits exports that hold their records in one JSON value, such as answers of APIs and files that tools save. Each
//! record gets a line and a number of its own, and a newest-first export can be turned around.
//!
//! | export | known by | records |
//! |---|---|---|
//! | Elasticsearch, OpenSearch | `hits.hits`, also in `responses` | its hits |
//! | Splunk | `results` next to `preview`, `init_offset` or `fields` | its results |
//! | Graph and others with OData | `value` next to `@odata.…` | its values |
//! | Duo | `response.authlogs`; `response` next to `stat`; `authlogs` | its logs |
//! | Log Analytics, Kusto, SQL over HTTP | `tables`; `columns` and `rows` | a table of one row each |
//! | Loki | `data.result` next to `resultType`; `streams` | a stream of one value each |
//! | Grafana | `results.*.frames[]`: `schema.fields` and `data.values`, a list for each column | a table of one row each |
//!
//! Rows share columns, and values share labels. Each record repeats these, in the form of the export, which decoders
//! read.

use crate::sink::{Record, Sink, TooLong};

/// The longest columns or labels that are repeated for each record. With longer ones the export stays whole.
const AROUND: usize = 16 << 10;

/// The members of an object, with the insides of their names. Nothing is checked: the list ends where the JSON does.
fn members(object: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = object.trim_ascii().strip_prefix(b"{").unwrap_or_default();
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
        let name = rest.get(..value_end(rest)?)?;
        let name = name.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        rest = rest.get(name.len() + 2..)?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let value = rest.get(..value_end(rest)?)?;
        rest = rest.get(value.len()..)?;
        Some((name, value))
    })
}

/// The elements of an array.
fn elements(array: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = array.trim_ascii().strip_prefix(b"[").unwrap_or_default();
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
        let value = rest.get(..value_end(rest)?)?;
        rest = rest.get(value.len()..)?;
        Some(value)
    })
}

/// The length of the value that `text` begins with.
fn value_end(text: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0usize, 0usize);
    loop {
        match *text.get(at)? {
            b'"' => {
                at += 1;
                loop {
                    at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
                    if text.get(at) == Some(&b'"') {
                        break;
                    }
                    at += 2;
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                // A bracket that closes the array or object around it: no value.
                depth = depth.checked_sub(1)?;
            }
            b',' | b':' if depth == 0 => return None,
            _ if depth == 0 => {
                let end = text
                    .get(at..)?
                    .iter()
                    .position(|b| matches!(b, b',' | b'}' | b']') || b.is_ascii_whitespace());
                return Some(at + end?).filter(|end| *end > 0);
            }
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

fn member<'v>(object: &'v [u8], name: &str) -> Option<&'v [u8]> {
    members(object).find(|(key, _)| *key == name.as_bytes()).map(|(_, value)| value)
}

fn is_array(value: &[u8]) -> bool {
    value.starts_with(b"[")
}

/// The content of an export.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Export<'v> {
    /// Records.
    Elements(&'v [u8]),
    /// Exports.
    Exports(&'v [u8]),
    /// Columns under this name, and rows.
    Table(&'v [u8], &'v [u8]),
    /// Streams of values.
    Streams(&'v [u8]),
    /// Answers, each with frames: columns, and a list of values for each.
    Frames(&'v [u8]),
}

/// The content of an object that is an export. `None` for any other record. O(n).
pub(crate) fn recognise(object: &[u8]) -> Option<Export<'_>> {
    /// An export has one of these names among its first members. So a search in other records ends early.
    const MOST: usize = 64;
    let (mut columns, mut rows, mut batch, mut marked, mut streams) = (None, None, None, false, None);
    for (name, value) in members(object).take(MOST) {
        match name {
            b"hits" => return member(value, "hits").filter(|hits| is_array(hits)).map(Export::Elements),
            b"responses" if is_array(value) => {
                let first = elements(value).next()?;
                return member(first, "hits").is_some().then_some(Export::Exports(value));
            }
            b"authlogs" if is_array(value) => return Some(Export::Elements(value)),
            b"response" => match member(value, "authlogs") {
                Some(logs) if is_array(logs) => return Some(Export::Elements(logs)),
                _ if is_array(value) => batch = Some(value),
                _ => return None,
            },
            b"results"
                if members(value).any(|(_, answer)| member(answer, "frames").is_some_and(is_array)) =>
            {
                return Some(Export::Frames(value));
            }
            b"results" | b"value" if is_array(value) => batch = Some(value),
            b"stat" | b"preview" | b"init_offset" | b"@odata.context" | b"@odata.nextLink"
            | b"@odata.count" => marked = true,
            b"tables" | b"Tables" if is_array(value) => return Some(Export::Exports(value)),
            b"columns" | b"Columns" if is_array(value) => columns = Some(value),
            b"rows" | b"Rows" if is_array(value) => rows = Some(value),
            b"streams" if is_array(value) => return Some(Export::Streams(value)),
            b"data" => {
                streams = member(value, "result")
                    .filter(|result| is_array(result) && member(value, "resultType").is_some());
            }
            _ => {}
        }
        if let (Some(columns), Some(rows)) = (columns, rows) {
            return Some(Export::Table(columns, rows));
        }
    }
    streams.map(Export::Streams).or_else(|| batch.filter(|_| marked).map(Export::Elements))
}

/// True if the first line of a file is an export on one line. `line` may be cut off.
pub(crate) fn is_export(line: &[u8]) -> bool {
    recognise(line).is_some()
}

/// Hands on each record of an export. `write` puts a value on one line. O(n).
pub(crate) fn unpack(
    export: &Export<'_>,
    window: &[u8],
    at: usize,
    sink: &mut Sink<'_>,
    write: fn(&[u8], &mut Record<'_>) -> Result<(), TooLong>,
) {
    match export {
        Export::Elements(array) => {
            for element in elements(array) {
                sink.record(window, at, |record| write(element, record));
            }
        }
        Export::Exports(array) => {
            for element in elements(array) {
                match recognise(element) {
                    Some(inner @ (Export::Elements(_) | Export::Table(..))) => {
                        unpack(&inner, window, at, sink, write)
                    }
                    _ => sink.record(window, at, |record| write(element, record)),
                }
            }
        }
        Export::Table(columns, rows) if columns.len() > AROUND => {
            sink.record(window, at, |record| {
                whole(&[b"{\"columns\":", columns, b",\"rows\":", rows, b"}"], record, write)
            });
        }
        Export::Table(columns, rows) => {
            for row in elements(rows) {
                sink.record(window, at, |record| {
                    whole(&[b"{\"columns\":", columns, b",\"rows\":[", row, b"]}"], record, write)
                });
            }
        }
        Export::Frames(answers) => {
            let frames = members(answers).filter_map(|(_, answer)| member(answer, "frames"));
            for frame in frames.flat_map(elements) {
                let columns = member(frame, "schema").and_then(|schema| member(schema, "fields"));
                let values = member(frame, "data").and_then(|data| member(data, "values"));
                match (columns.filter(|columns| columns.len() <= AROUND), values) {
                    (Some(columns), Some(values)) => {
                        rows(columns, values, &mut |parts| {
                            sink.record(window, at, |record| whole(parts, record, write));
                        });
                    }
                    _ => sink.record(window, at, |record| write(frame, record)),
                }
            }
        }
        Export::Streams(streams) => {
            for stream in elements(streams) {
                let labels =
                    member(stream, "stream").filter(|labels| labels.len() <= AROUND).unwrap_or(b"{}");
                match member(stream, "values") {
                    Some(values) => {
                        for value in elements(values) {
                            let parts = [b"{\"stream\":", labels, b",\"values\":[", value, b"]}"];
                            sink.record(window, at, |record| whole(&parts, record, write));
                        }
                    }
                    None => sink.record(window, at, |record| write(stream, record)),
                }
            }
        }
    }
}

/// Turns lists of values, one for each column, into rows. O(n).
fn rows(columns: &[u8], values: &[u8], take: &mut dyn FnMut(&[&[u8]])) {
    let mut lists: Vec<_> = elements(values).map(elements).collect();
    loop {
        let row: Vec<Option<&[u8]>> = lists.iter_mut().map(Iterator::next).collect();
        if row.iter().all(Option::is_none) {
            return;
        }
        let mut parts: Vec<&[u8]> = vec![b"{\"columns\":", columns, b",\"rows\":[["];
        for (place, value) in row.into_iter().enumerate() {
            parts.extend([if place == 0 { &b""[..] } else { b"," }, value.unwrap_or(b"null")]);
        }
        parts.push(b"]]}");
        take(&parts);
    }
}

fn whole(
    parts: &[&[u8]],
    record: &mut Record<'_>,
    write: fn(&[u8], &mut Record<'_>) -> Result<(), TooLong>,
) -> Result<(), TooLong> {
    parts.iter().try_for_each(|part| write(part, record))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Format;
    use crate::framer::tests::frame;

    #[test]
    fn each_export_is_unpacked_on_one_line_or_many() {
        for (text, records) in [
            (
                r#"{"took":1,"hits":{"total":{"value":2},"hits":[{"_source":{"a":1}},{"_source":{"a":2}}]}}"#,
                vec![r#"{"_source":{"a":1}}"#, r#"{"_source":{"a":2}}"#],
            ),
            (
                r#"{"responses":[{"hits":{"hits":[{"a":1}]}},{"hits":{"hits":[{"a":2}]}}]}"#,
                vec![r#"{"a":1}"#, r#"{"a":2}"#],
            ),
            (r#"{"preview":false,"results":[{"a":"]}"},{"a":2}]}"#, vec![r#"{"a":"]}"}"#, r#"{"a":2}"#]),
            (r#"{"value":[{"a":1}],"@odata.nextLink":"x"}"#, vec![r#"{"a":1}"#]),
            (
                r#"{"response":{"authlogs":[{"a":1},{"a":2}],"metadata":{}},"stat":"OK"}"#,
                vec![r#"{"a":1}"#, r#"{"a":2}"#],
            ),
            (r#"{"response":[{"a":1}],"stat":"OK"}"#, vec![r#"{"a":1}"#]),
            (
                r#"{"tables":[{"name":"T","columns":[{"name":"x"}],"rows":[["1"],["2"]]}]}"#,
                vec![
                    r#"{"columns":[{"name":"x"}],"rows":[["1"]]}"#,
                    r#"{"columns":[{"name":"x"}],"rows":[["2"]]}"#,
                ],
            ),
            (
                r#"{"status":"success","data":{"resultType":"streams","result":[{"stream":{"h":"w"},"values":[["2","b"],["1","a"]]}]}}"#,
                vec![
                    r#"{"stream":{"h":"w"},"values":[["2","b"]]}"#,
                    r#"{"stream":{"h":"w"},"values":[["1","a"]]}"#,
                ],
            ),
            (
                r#"{"results":{"A":{"status":200,"frames":[{"schema":{"fields":[{"name":"Time"},{"name":"Line"}]},"data":{"values":[[2,1],["b","a"]]}}]}}}"#,
                vec![
                    r#"{"columns":[{"name":"Time"},{"name":"Line"}],"rows":[[2,"b"]]}"#,
                    r#"{"columns":[{"name":"Time"},{"name":"Line"}],"rows":[[1,"a"]]}"#,
                ],
            ),
        ] {
            for layout in [
                text.to_owned(),
                format!("{text}\n"),
                text.replace("{\"", "{\n  \"").replace(",\"", ",\n  \""),
            ] {
                let framed = frame(&layout);
                assert_eq!(framed.format, Some(Format::Json), "{layout}");
                assert_eq!(framed.records, records, "{layout}");
            }
        }
    }

    #[test]
    fn a_record_is_no_export() {
        for text in [
            r#"{"value":[{"a":1}]}"#,
            r#"{"hits":3}"#,
            r#"{"results":[1]}"#,
            r#"{"data":{"result":[]}}"#,
            r#"{"streams":7}"#,
            r#"{"results":{"A":{"frames":7}}}"#,
            r#"{"columns":[1]}"#,
            r#"{"message":"{\"hits\":{\"hits\":[1]}}"}"#,
            "{",
            "{\"hits\":{\"hits\":",
        ] {
            assert_eq!(recognise(text.as_bytes()), None, "{text}");
        }
    }
}
