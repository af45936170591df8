//! The order of day and month, over a whole input.

mod binary;

use super::*;
use crate::records::MAX_RECORD;

fn table(rows: &[&str]) -> Vec<u8> {
    let rows: String = rows.iter().map(|row| format!("{row};jane@example.com;203.0.113.9;50126\n")).collect();
    format!("CreatedDateTime;UserPrincipalName;IpAddress;StatusErrorCode\n{rows}").into_bytes()
}

/// The dates of all records, as they come out.
fn dates(stream: Stream<&'static [u8]>) -> Vec<String> {
    let mut stream = stream;
    let (mut batch, mut found) = (Vec::new(), Vec::new());
    while let Some(cut) = stream.next(&mut batch).unwrap() {
        let text = String::from_utf8(batch.clone()).unwrap();
        assert_eq!(text.lines().count() as u64, cut.records);
        found.extend(text.lines().map(|line| line.split('"').nth(3).unwrap_or_default().to_owned()));
    }
    found
}

fn leaked(bytes: Vec<u8>) -> &'static [u8] {
    Box::leak(bytes.into_boxed_slice())
}

#[test]
fn a_pipe_is_held_until_its_order_is_known() {
    let input = leaked(table(&["04.03.2025 08:00:00", "20.03.2025 08:00:00"]));
    let expected = ["2025-03-04 08:00:00", "2025-03-20 08:00:00"];
    assert_eq!(dates(Stream::new(input, None, None, MAX_RECORD)), expected);
    assert_eq!(dates(Stream::new(input, None, None, MAX_RECORD).live()), expected);
    assert_eq!(dates(Stream::new(input, None, None, MAX_RECORD).reopened_by(move || Ok(input))), expected);
    let left = Stream::new(input, None, None, MAX_RECORD).leave_dates();
    assert_eq!(dates(left), ["04.03.2025 08:00:00", "20.03.2025 08:00:00"]);
}

#[test]
fn only_a_file_is_read_to_its_end() {
    // 17 MiB of records that leave it open, then one that decides.
    let mut rows = vec!["04/03/2025 08:00:00"; (17 << 20) / 60];
    rows.push("20/03/2025 08:00:00");
    let input = leaked(table(&rows));
    let piped = dates(Stream::new(input, None, None, MAX_RECORD));
    assert_eq!((piped.len(), piped.first().unwrap().as_str()), (rows.len(), "04/03/2025 08:00:00"));
    let file = dates(Stream::new(input, None, None, MAX_RECORD).reopened_by(move || Ok(input)));
    assert_eq!((file.len(), file.first().unwrap().as_str()), (rows.len(), "2025-03-04 08:00:00"));
    assert_eq!(file.last().unwrap(), "2025-03-20 08:00:00");
}

#[test]
fn an_error_comes_in_its_place() {
    struct Broken(Cursor<Vec<u8>>);
    impl Read for Broken {
        fn read(&mut self, into: &mut [u8]) -> Result<usize> {
            match self.0.read(into)? {
                0 => Err(ErrorKind::ConnectionReset.into()),
                read => Ok(read),
            }
        }
    }
    let input = Broken(Cursor::new(table(&["04.03.2025 08:00:00", "20.03.2025 08:00:00"])));
    let mut stream = Stream::new(input, None, None, MAX_RECORD);
    let mut batch = Vec::new();
    let cut = stream.next(&mut batch).unwrap().unwrap();
    assert_eq!(cut.records, 2);
    assert!(batch.starts_with(b"{\"CreatedDateTime\":\"2025-03-04"));
    assert_eq!(stream.next(&mut batch).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert!(stream.next(&mut batch).unwrap().is_none());
}
