use super::*;
use std::io::Write;

const TEXT: &[u8] = b"one\ntwo\r\n\x00three\xFF\nlast";

fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(bytes)?;
    let progress = Arc::default();
    let mut source = Input::Path(file.path().into()).open(1 << 20, None, &progress)?;
    assert!(source.written.is_some_and(|written| (now() - written).abs() < 3_600_000_000));
    let (mut all, mut batch) = (Vec::new(), Vec::new());
    while source.records.next(&mut batch)?.is_some() {
        all.extend_from_slice(&batch);
    }
    assert_eq!(progress.load(Ordering::Relaxed), bytes.len() as u64);
    Ok(all)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn plain_bytes_pass_as_they_are() {
    for bytes in [TEXT, b"", b"\x1F", b"\x28\xB5\x2F", b"P", b"P*", b"P*M\n", b"a", b"\n", b"\x1F\x00\n"] {
        assert_eq!(read(bytes).unwrap(), bytes);
    }
}

#[test]
fn packed_files_are_known_by_their_first_bytes() {
    assert_eq!(read(&gzip(TEXT)).unwrap(), TEXT);
    assert_eq!(read(&zstd(TEXT)).unwrap(), TEXT);
    // Rotated logs are often put together.
    assert_eq!(read(&[gzip(b"one\n"), gzip(b"two\n")].concat()).unwrap(), b"one\ntwo\n");
    let skippable = b"\x50\x2A\x4D\x18\x03\x00\x00\x00xyz";
    assert_eq!(read(&[&zstd(b"one\n")[..], skippable, &zstd(b"two\n")].concat()).unwrap(), b"one\ntwo\n");
    assert_eq!(read(&[&skippable[..], &zstd(TEXT)].concat()).unwrap(), TEXT);
}

#[test]
fn what_stands_before_junk_is_whole() {
    for packed in [gzip(b"one\nlast"), zstd(b"one\nlast")] {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[&packed[..], b"not packed at all"].concat()).unwrap();
        let mut source = Input::Path(file.path().into()).open(1 << 20, None, &Arc::default()).unwrap();
        let mut batch = Vec::new();
        source.records.next(&mut batch).unwrap().unwrap();
        assert_eq!(batch, b"one\nlast");
        let error = source.records.next(&mut batch).unwrap_err();
        assert!(error.to_string().contains("junk behind"), "{error}");
        assert!(source.records.next(&mut batch).unwrap().is_none());
    }
    // Padding is no junk, also with another member behind it.
    let padded = [&gzip(b"one\n")[..], &[0; 1000], &gzip(b"last"), &[0; 10]].concat();
    assert_eq!(read(&padded).unwrap(), b"one\nlast");
}

#[test]
fn packed_files_of_any_format_become_records() {
    let table = b"UserId,Operation\nalice,UserLoggedIn\n";
    let record = b"{\"UserId\":\"alice\",\"Operation\":\"UserLoggedIn\"}\n";
    for packed in [table.to_vec(), gzip(table), zstd(table)] {
        assert_eq!(read(&packed).unwrap(), record);
    }
    assert_eq!(read(b"[\n {\"a\":1},\n {\"b\":2}\n]\n").unwrap(), b"{\"a\":1}\n{\"b\":2}\n");
}

#[test]
fn a_format_that_is_given_goes_before_what_the_bytes_show() {
    let input = Input::Memory { name: "m", bytes: b"UserId,Operation\nalice,UserLoggedIn\n" };
    let mut source = input.open(1 << 20, Some(Format::Lines), &Arc::default()).unwrap();
    let mut batch = Vec::new();
    assert_eq!(source.records.next(&mut batch).unwrap().unwrap().records, 2);
    // A name decides where the content leaves doubt.
    let input = Input::Memory { name: "m.csv", bytes: b"1st,2nd\nx,y\n" };
    let mut source = input.open(1 << 20, None, &Arc::default()).unwrap();
    source.records.next(&mut batch).unwrap();
    assert_eq!(batch, b"{\"1st\":\"x\",\"2nd\":\"y\"}\n");
}

#[test]
fn a_packed_utf_16_file_is_text() {
    let utf16: Vec<u8> = "\u{FEFF}one\r\ntwo".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&gzip(&utf16)).unwrap(), b"one\r\ntwo");
}

#[test]
fn a_truncated_archive_gives_its_whole_records_and_then_an_error() {
    let lines: Vec<u8> =
        (0..50_000).flat_map(|n| format!("line {n} {}\n", n * 7919 % 10_007).into_bytes()).collect();
    for packed in [gzip(&lines), zstd(&lines)] {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&packed[..packed.len() / 2]).unwrap();
        let mut source = Input::Path(file.path().into()).open(1 << 20, None, &Arc::default()).unwrap();
        let (mut all, mut batch) = (Vec::new(), Vec::new());
        let error = loop {
            match source.records.next(&mut batch) {
                Ok(cut) => assert!(cut.is_some(), "the error must be told"),
                Err(error) => break error,
            }
            all.extend_from_slice(&batch);
        };
        assert!(!error.to_string().is_empty());
        assert!(all.len() > 1000 && all.ends_with(b"\n") && lines.starts_with(&all));
    }
}

#[test]
fn what_cannot_be_opened_says_why() {
    let missing = Input::Path("/nonexistent/auth.log".into()).open(1, None, &Arc::default());
    assert_eq!(missing.err().map(|e| e.kind()), Some(ErrorKind::NotFound));
    let folder = Input::Path(std::env::temp_dir()).open(1, None, &Arc::default());
    assert_eq!(folder.err().map(|e| e.kind()), Some(ErrorKind::IsADirectory));
}
