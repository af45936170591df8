use crate::framer::tests::{frame, frame_with};
use crate::{Flaw, Format, Framer, Oversized};
use proptest::prelude::*;
use serde_json::Value;

#[test]
fn rows_are_objects_under_the_names_of_the_first() {
    let text = "\u{FEFF}\"CreatedDateTime [UTC]\",UserPrincipalName,Status,Status,\r\n\
        \"6/15/2026, 12:35:28.806 PM\",alice@example.com,\"{\"\"errorCode\"\":50126,\n\"\"x\"\":\"\"a,b\"\"}\",,z\r\n\r\n\
        2,bob\\x,,\"\",\r\n";
    let framed = frame(text);
    assert_eq!(framed.format, Some(Format::Csv));
    assert_eq!(framed.counts.total(), 0);
    let rows: Vec<Value> = framed.records.iter().map(|r| serde_json::from_str(r).unwrap()).collect();
    assert_eq!(
        rows,
        [
            serde_json::json!({
                "CreatedDateTime [UTC]": "6/15/2026, 12:35:28.806 PM",
                "UserPrincipalName": "alice@example.com",
                "Status": "{\"errorCode\":50126,\n\"x\":\"a,b\"}",
                "column_5": "z",
            }),
            serde_json::json!({"CreatedDateTime [UTC]": "2", "UserPrincipalName": "bob\\x"}),
        ]
    );
    assert!(frame("a_b,c_d,c_d\n1,2,3\n").format == Some(Format::Lines), "unknown names are said once");
    let framed = frame("UserId,Operation,Operation\n1,2,3\n");
    assert_eq!(framed.records, ["{\"UserId\":\"1\",\"Operation\":\"2\",\"Operation_2\":\"3\"}"]);
}

/// Its last column has no name, and the others are in the language of the machine.
#[test]
fn the_event_viewer_names_its_columns_by_place() {
    let expected = r#"{"Keywords":"x","Date and Time":"01.03.2026 09:00:00","Source":"y","Event ID":"4625","Task Category":"Logon","Message":"An account\n\tfailed"}"#;
    for header in [
        "Keywords,Date and Time,Source,Event ID,Task Category",
        "Level,Date and Time,Source,Event ID,Task Category",
        "Schl\u{fc}sselw\u{f6}rter,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie",
        "Mots cl\u{e9}s,Date et heure,Source,ID de l\u{2019}\u{e9}v\u{e9}nement,Cat\u{e9}gorie de la t\u{e2}che",
    ] {
        for separator in [",", "\t"] {
            let row = "x,01.03.2026 09:00:00,y,4625,Logon,\"An account\n\tfailed\"\r\n";
            let text =
                format!("\u{FEFF}{}\r\n{}", header.replace(',', separator), row.replace(',', separator));
            let framed = frame(&text);
            assert_eq!(framed.records, [expected], "{text}");
            assert_eq!(framed.counts.total(), 0, "{text}");
        }
    }
    // Another table of five columns stays what it is.
    let framed = frame("UserId,Operation,a,b,c\n1,2,3,4,5\n");
    assert_eq!(framed.records, [r#"{"UserId":"1","Operation":"2","a":"3","b":"4","c":"5"}"#]);
}

#[test]
fn separators_are_recognised() {
    for separator in [",", ";", "\t"] {
        let text = "UserId|Operation|Time\nu|Logged in, or; not|1\n".replace('|', separator);
        let text = if separator == "\t" {
            text
        } else {
            text.replace("Logged in, or; not", "\"Logged in, or; not\"")
        };
        let framed = frame(&text);
        assert_eq!(
            framed.records,
            ["{\"UserId\":\"u\",\"Operation\":\"Logged in, or; not\",\"Time\":\"1\"}"]
        );
    }
    let framed = frame("sep=;\r\nUserId;a,b,c,d;x\r\n1;2;3\r\n");
    assert_eq!(framed.records, ["{\"UserId\":\"1\",\"a,b,c,d\":\"2\",\"x\":\"3\"}"]);
    let framed = frame("#TYPE Selected.Object\r\n\"CreationDate\",\"AuditData\"\r\n\"1\",\"{}\"\r\n");
    assert_eq!(framed.records, ["{\"CreationDate\":\"1\",\"AuditData\":\"{}\"}"]);
}

#[test]
fn rows_of_another_length() {
    let header = "UserId,Operation,Time\n";
    let framed = frame(&format!("{header}1,2\n1,2,3,,\n1,2,3,4\n5,6,7\n"));
    assert_eq!(framed.problems, [(Flaw::Width, 4)]);
    assert_eq!(framed.records.len(), 3);
    assert_eq!(framed.records[0], "{\"UserId\":\"1\",\"Operation\":\"2\"}");
    // The Event Viewer gives the text no name.
    let framed = frame("Level,Date and Time,Source,Event ID\nInformation,1,x,4625,\"An account\n\"\n");
    assert!(framed.records[0].ends_with("\"4625\",\"column_5\":\"An account\\n\"}"), "{:?}", framed.records);
    // Cut off in its last row.
    let framed = frame(&format!("{header}1,2,3\n1,2"));
    assert_eq!((framed.records.len(), framed.problems), (1, vec![(Flaw::Truncated, 3)]));
    assert_eq!(frame(&format!("{header}1,2,3")).records.len(), 1);
    // Two files that were concatenated, each with its header.
    assert_eq!(frame(&format!("{header}1,2,3\n\u{FEFF}{header}4,5,6\n")).records.len(), 2);
}

#[test]
fn what_stands_in_quotes_is_never_a_row() {
    let framed = frame("UserId,Operation,Agent\n1,2,\"x\nroot,UserLoggedIn,y\n\"\n3,4,5\n");
    assert_eq!(framed.records.len(), 2);
    let framed = frame("UserId,Operation,Agent\n1,2,3\n1,2,\"x\nroot,UserLoggedIn,y\n");
    assert_eq!((framed.records.len(), framed.problems), (1, vec![(Flaw::Truncated, 3)]));
}

#[test]
fn long_rows_are_skipped_to_their_end() {
    let long = "x\n".repeat(40);
    let text = format!("UserId,Operation\n1,2\n3,\"{long}\"\n5,6\n");
    let framed = frame_with(None, text.as_bytes(), 60);
    assert_eq!(framed.records.len(), 2);
    assert_eq!(framed.oversized, [Oversized { line: 3, length: 84 }]);
}

#[test]
fn logs_are_no_tables() {
    for text in [
        "Mar  4 08:00:00 web1 app: a, b, c, d, e\nMar  4 08:00:01 web1 app: 1, 2, 3, 4, 5\n",
        "2026-03-04 08:00:00,123 INFO,thread,message\n2026-03-04 08:00:01,124 INFO,thread,message\n",
        "time=\"1\",level=info,msg=x\n1,2,3\n",
        "error,failed,root\nerror,failed,admin\n",
        "a,b\n1,2\n",
        "type=USER_LOGIN msg=audit(1:2): a,b\n1,2\n",
    ] {
        assert_eq!(frame(text).format, Some(Format::Lines), "{text:?}");
    }
    assert_eq!(frame("src_addr,dst_addr,bytes\n192.0.2.1,192.0.2.2,7\n").format, Some(Format::Csv));
    let mut framer = Framer::new(None, Some("a.csv.gz"), 1000);
    framer.push(b"1,2\n3,4\n", &mut Vec::new());
    assert_eq!(framer.format(), Some(Format::Csv));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// The `csv` crate reads what it writes, and anything else, as we do.
    #[test]
    fn rows_are_those_of_the_csv_crate(text in "([ab\",\n]|\"\"|,\"|\",|\"\n){0,40}") {
        // Rows that a reader of quotes cannot tell the end of are left out here.
        let text = format!("Ux,Oy,Tz\n{text}\n");
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let theirs: Vec<Vec<String>> =
            reader.records().skip(1).map(|r| r.unwrap().iter().map(Into::into).collect()).collect();
        let mut ours = Vec::new();
        let mut rest = text.as_bytes();
        let mut csv = super::Csv { header: Some(super::Header {
            row: Vec::new(), keys: crate::columns::Keys::default(), settled: true,
        }), ..super::Csv::default() };
        while let Some(end) = csv.row_end(rest) {
            let row = &rest[..end];
            if !row.is_empty() {
                let text = |f: std::borrow::Cow<'_, [u8]>| String::from_utf8(f.into_owned()).unwrap();
                ours.push(super::Fields::new(row, b',').map(text).collect::<Vec<_>>());
            }
            rest = &rest[end + 1..];
            (csv.at, csv.state) = (0, super::State::FieldStart);
        }
        let whole = theirs.len().min(ours.len() - 1);
        prop_assert!(theirs.len() <= ours.len(), "{:?} {:?}", theirs, ours);
        prop_assert_eq!(&ours[1..=whole], &theirs[..whole]);
    }
}

/// A log line under a first line that names columns, and after a table.
#[test]
fn a_log_is_no_table() {
    let lines = "Mar  4 08:00:00 web1 sshd[1]: Failed password for root from 192.0.2.1 port 1 ssh2\n\
                 Mar  4 08:00:07 web1 sshd[1]: Change of username or service not allowed: (a,ssh) -> (b,ssh)\n";
    let framed = frame(&format!("time,user\n{lines}"));
    assert_eq!(framed.format, Some(Format::Lines));
    assert_eq!(framed.records.len(), 3);
    let framed =
        frame(&format!("time,user,message\n2026-03-04T08:00:00Z,jane,hi there\n{lines}{{\"a\": 1}}\n"));
    assert_eq!(framed.format, Some(Format::Csv));
    assert_eq!(framed.records[1..3].join("\n") + "\n", lines);
    assert_eq!(framed.records[3], "{\"a\": 1}");
    // One value of a table may be a line of a log, in quotes or not.
    let line = "Mar  4 08:00:00 web1 sshd[1]: hi";
    let framed = frame(&format!("_raw,host,source\n{line},web1,x\n\"{line}\",web1,x\n"));
    assert_eq!(
        framed.records,
        [r#"{"_raw":"Mar  4 08:00:00 web1 sshd[1]: hi","host":"web1","source":"x"}"#; 2]
    );
}
