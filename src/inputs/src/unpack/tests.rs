use super::super::{Files, Input, Loss, Source};
use super::*;
use authsieve_framing::Format;
use std::io::Write;
use std::path::Path;

const TEXT: &[u8] = b"one\ntwo\r\n\x00three\xFF\nlast";

/// The contents of an input, and its errors.
pub(in super::super) fn drain(mut source: Files) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let (mut files, mut errors): (Vec<(String, Vec<u8>)>, _) = (Vec::new(), Vec::new());
    while let Some(batch) = source.next(Vec::new()) {
        assert!(batch.written.is_some());
        for loss in batch.losses {
            if let Loss::Unreadable(error) = loss {
                errors.push(format!("{}: {error}", batch.file));
            }
        }
        match files.last_mut() {
            Some((name, bytes)) if **name == *batch.file => bytes.extend(batch.bytes),
            _ if batch.bytes.is_empty() => {}
            _ => files.push((batch.file.to_string(), batch.bytes)),
        }
    }
    (files, errors)
}

/// The records of a file with these bytes and this name.
pub(in super::super) fn open(name: &str, bytes: &[u8]) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let (mut files, errors) = drain(Files::new(vec![Input::Path(path)]));
    let short = |name: &str| name.replace(&format!("{}/", folder.path().display()), "");
    files.iter_mut().for_each(|(name, _)| *name = short(name));
    (files, errors.iter().map(|error| short(error)).collect())
}

/// The bytes of the only file, or the error.
fn read(bytes: &[u8]) -> Result<Vec<u8>, String> {
    read_as("input", bytes)
}

fn read_as(name: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let (files, errors) = open(name, bytes);
    match errors.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(files.into_iter().flat_map(|(_, bytes)| bytes).collect()),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut packer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn plain_bytes_pass_as_they_are() {
    for bytes in [
        TEXT,
        b"",
        b"\x1F",
        b"\x28\xB5\x2F",
        b"P",
        b"P*",
        b"P*M\n",
        b"a",
        b"\n",
        b"\x1F\x00\n",
        b"BZ",
        b"BZh is a word\n",
        b"PK\n",
    ] {
        assert_eq!(read(bytes).unwrap(), bytes);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input");
    for bytes in [TEXT.to_vec(), gzip(TEXT), b"x".repeat(100_000)] {
        std::fs::write(&path, &bytes).unwrap();
        let source = Files::new(vec![Input::Path(path.clone())]);
        let progress = source.progress();
        drain(source);
        assert_eq!((progress.size(), progress.read()), (Some(bytes.len() as u64), bytes.len() as u64));
    }
}

#[test]
fn packed_files_are_known_by_their_first_bytes() {
    assert_eq!(read(&gzip(TEXT)).unwrap(), TEXT);
    assert_eq!(read(&zstd(TEXT)).unwrap(), TEXT);
    assert_eq!(read(&bzip2(TEXT)).unwrap(), TEXT);
    assert_eq!(read(&xz(TEXT)).unwrap(), TEXT);
    assert_eq!(read(&xz(&gzip(TEXT))).unwrap(), TEXT);
    // Rotated logs are often concatenated.
    for pack in [gzip, bzip2, xz, zstd] {
        assert_eq!(read(&[pack(b"one\n"), pack(b"two\n")].concat()).unwrap(), b"one\ntwo\n");
        assert_eq!(read(&pack(b"")).unwrap(), b"");
    }
    let skippable = b"\x50\x2A\x4D\x18\x03\x00\x00\x00xyz";
    assert_eq!(read(&[&zstd(b"one\n")[..], skippable, &zstd(b"two\n")].concat()).unwrap(), b"one\ntwo\n");
    assert_eq!(read(&[&skippable[..], &zstd(TEXT)].concat()).unwrap(), TEXT);
}

#[test]
fn what_stands_before_junk_is_whole() {
    for packed in [gzip(b"one\nlast"), zstd(b"one\nlast")] {
        let (files, errors) = open("input", &[&packed[..], b"not packed at all"].concat());
        assert_eq!(files, [("input".to_owned(), b"one\nlast".to_vec())]);
        assert!(errors.len() == 1 && errors[0].contains("other bytes after the"), "{errors:?}");
    }
    // Padding is not junk, even before another member.
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
    let mut source = Files::new(vec![input]).format(Some(Format::Lines));
    let batch = source.next(Vec::new()).unwrap();
    assert_eq!(batch.bytes, b"UserId,Operation\nalice,UserLoggedIn\n");
    // The name decides if the content is in doubt.
    let input = Input::Memory { name: "m.csv", bytes: b"1st,2nd\nx,y\n" };
    let batch = Files::new(vec![input]).next(Vec::new()).unwrap();
    assert_eq!(batch.bytes, b"{\"1st\":\"x\",\"2nd\":\"y\"}\n");
}

#[test]
fn a_packed_utf_16_file_is_text() {
    let utf16: Vec<u8> = "\u{FEFF}one\r\ntwo".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&gzip(&utf16)).unwrap(), b"one\r\ntwo");
}

#[test]
fn a_truncated_file_gives_its_whole_records_and_then_an_error() {
    let lines: Vec<u8> =
        (0..50_000).flat_map(|n: u64| format!("line {n} {}\n", n * 7919 % 10_007).into_bytes()).collect();
    for packed in [gzip(&lines), zstd(&lines), bzip2(&lines), xz(&lines)] {
        for length in [packed.len() / 2, packed.len() - 1] {
            let (files, errors) = open("input", &packed[..length]);
            assert_eq!(errors.len(), 1, "the error must be told: {length} of {}", packed.len());
            let all: Vec<u8> = files.into_iter().flat_map(|(_, bytes)| bytes).collect();
            // The parts of an `.xz` file are larger than this file.
            assert!(all.len() > 1000 || packed.starts_with(b"\xFD7z"), "{errors:?}");
            assert!(all.is_empty() || all.ends_with(b"\n") && lines.starts_with(&all));
        }
    }
    for packed in [gzip(TEXT), zstd(TEXT), bzip2(TEXT), xz(TEXT)] {
        for length in 6..packed.len() {
            assert!(read(&packed[..length]).is_err(), "{length} bytes of {packed:?}");
        }
    }
    // A skippable frame is cut off, in its bytes or in its length.
    for length in 5..11 {
        let frame = b"\x50\x2A\x4D\x18\x03\x00\x00\x00xyz";
        for before in [zstd(TEXT), Vec::new()] {
            let bytes = [&before, &frame[..length]].concat();
            assert!(read(&bytes).is_err(), "{length} bytes");
        }
    }
    // The names are those of compressed files.
    for name in ["auth.log.1.gz", "auth.zst", "AUTH.BZ2", "auth.xz", "logs.tgz", "logs.zip"] {
        for bytes in [&b""[..], b"\x1F", b"P"] {
            let error = read_as(name, bytes).unwrap_err();
            assert!(error.contains("ends early"), "{name}: {error}");
        }
        assert_eq!(read_as(name, b"plain text").unwrap(), b"plain text");
    }
}

#[test]
fn what_is_no_log_is_an_error() {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let random: Vec<u8> = std::iter::repeat_with(&mut next).take(50_000).collect();
    for bytes in [random.clone(), gzip(&random), zstd(&random)] {
        assert!(read(&bytes).unwrap_err().contains("this is no log"));
    }
}

#[test]
fn what_unpacks_to_far_too_much_is_left() {
    let meter = Meter::new(&Arc::default());
    meter.read(10);
    let most = FREE + 10 * RATIO;
    assert!(meter.unpack(most as usize).is_ok());
    assert!(meter.unpack(1).unwrap_err().to_string().contains("more than 1000 times"));
    // The header of the block claims a dictionary of 1.5 GiB. Nothing is allocated for it.
    let mut claims = xz(TEXT);
    let dictionary = claims.windows(2).position(|two| two == [0x21, 0x01]).unwrap() + 2;
    claims[dictionary] = 37;
    assert!(read(&claims).is_err());
    let deep = (0..=DEEPEST).fold(TEXT.to_vec(), |bytes, _| gzip(&bytes));
    assert!(read(&deep).unwrap_err().contains("packed more than 4 times"));
}

#[test]
fn a_pipe_is_read_no_further_than_it_must() {
    /// Yields one line, and fails on the next read.
    struct Line(Option<&'static [u8]>);
    impl Read for Line {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let line = self.0.take().expect("the line is enough");
            into[..line.len()].copy_from_slice(line);
            Ok(line.len())
        }
    }
    let meter = Meter::new(&Arc::default());
    for line in [&b"Mar  4 08:00:00 h sshd[1]: x\n"[..], b"{\"a\":1}\n", b"\n", b"BZhello, world\n", b"P*M\n"]
    {
        assert!(matches!(
            Contents::of(Box::new(Line(Some(line))), None, None, &meter, 0),
            Ok(Contents::One(_))
        ));
    }
}

#[test]
fn folders_are_read_by_name_and_to_the_bottom() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    write("b.log", b"b\n");
    write("a/2.log", b"2\n");
    write("a/1.log.gz", &gzip(b"1\n"));
    write(".hidden", b"no\n");
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
    let (files, errors) = drain(Files::new(vec![Input::Path(folder.path().to_owned())]));
    let shown = |path: &Path| path.strip_prefix(folder.path()).unwrap().display().to_string();
    let read: Vec<_> = files.iter().map(|(name, bytes)| (shown(Path::new(name)), bytes.as_slice())).collect();
    let wanted = [("a/1.log.gz", &b"1\n"[..]), ("a/2.log", b"2\n"), ("b.log", b"b\n")];
    assert_eq!(read, wanted.map(|(name, bytes)| (name.to_owned(), bytes)));
    assert_eq!(errors, [""; 0]);
}

#[test]
fn what_cannot_be_opened_says_why() {
    let error = |path: &Path| drain(Files::new(vec![Input::Path(path.to_owned())])).1.concat();
    assert!(error(Path::new("/nonexistent/auth.log")).starts_with("/nonexistent/auth.log: No such file"));
    let empty = tempfile::tempdir().unwrap();
    assert!(error(empty.path()).ends_with(": there is no file in this folder"));
}
