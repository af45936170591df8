use super::super::unpack::tests::open;
use std::io::Write;

type Files = Vec<(String, Vec<u8>)>;

fn named(files: &[(&str, &[u8])]) -> Files {
    files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut packer = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(1_700_000_000);
        packer.append_data(&mut header, name, *bytes).unwrap();
    }
    packer.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// A zip archive, built byte by byte: local headers, the directory, and its end.
fn zip(files: &[(&str, &[u8], bool)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes, packed) in files {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let data = if *packed {
            let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            packer.write_all(bytes).unwrap();
            packer.finish().unwrap()
        } else {
            bytes.to_vec()
        };
        let method: u16 = if *packed { 8 } else { 0 };
        let mut common = Vec::new();
        for word in [20_u16, 0, method, 0x6000, 0x5862] {
            common.extend(word.to_le_bytes());
        }
        for long in [crc.sum(), data.len() as u32, bytes.len() as u32] {
            common.extend(long.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend(0o100_644_u32.checked_shl(16).unwrap().to_le_bytes());
        directory.extend((out.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(data);
    }
    let start = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([(files.len() as u16).to_le_bytes(); 2].concat());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    out
}

#[test]
fn the_files_of_a_tar_archive_are_read_one_by_one() {
    let long = format!("{}/auth.log", "folder".repeat(30));
    let files = [
        ("var/log/auth.log", &b"one\ntwo\n"[..]),
        ("empty", b""),
        (&long, &b"x\n".repeat(1000)),
        ("signins.csv", b"UserId,Operation\nalice,UserLoggedIn\n"),
        ("old.gz", &gzip(b"three\n")),
    ];
    let wanted = |name: &str| {
        let mut wanted = named(&files);
        wanted[3].1 = b"{\"UserId\":\"alice\",\"Operation\":\"UserLoggedIn\"}\n".to_vec();
        wanted[4].1 = b"three\n".to_vec();
        wanted.remove(1);
        wanted.iter_mut().for_each(|file| file.0 = format!("{name}/{}", file.0));
        wanted
    };
    let packed = tar(&files);
    assert_eq!(open("logs.tar", &packed), (wanted("logs.tar"), vec![]));
    assert_eq!(open("logs.tgz", &gzip(&packed)), (wanted("logs.tgz"), vec![]));
    // An archive inside an archive.
    let (files, errors) = open("outer.tar", &tar(&[("inner.tar.gz", &gzip(&packed))]));
    assert_eq!((files, errors), (wanted("outer.tar/inner.tar.gz"), vec![]));
}

#[test]
fn a_truncated_tar_archive_is_an_error() {
    let packed = tar(&[("a", b"one\n"), ("b", &b"two\n".repeat(500))]);
    for length in [512 + 2, 512 + 4 + 100, 1024 + 100, 1024 + 512 + 900] {
        let (files, errors) = open("logs.tar", &packed[..length]);
        assert_eq!(errors.len(), 1, "{length}: {files:?} {errors:?}");
        assert!(files.iter().all(|(_, bytes)| bytes.ends_with(b"\n")), "{files:?}");
    }
    let packed = gzip(&packed);
    assert_eq!(
        open("logs.tgz", &packed[..packed.len() - 3]).1.len(),
        1,
        "the checksum is behind the archive"
    );
}

#[test]
fn the_files_of_a_zip_archive_are_read_one_by_one() {
    let table = &b"UserId,Operation\nalice,UserLoggedIn\n"[..];
    let packed = zip(&[("a/auth.log", b"one\ntwo\n", true), ("a/", b"", false), ("b.csv", table, false)]);
    let wanted = [
        ("z.zip/a/auth.log", &b"one\ntwo\n"[..]),
        ("z.zip/b.csv", b"{\"UserId\":\"alice\",\"Operation\":\"UserLoggedIn\"}\n"),
    ];
    assert_eq!(open("z.zip", &packed), (named(&wanted), vec![]));
    let inner = zip(&[("z.zip", &packed, true)]);
    let wanted = wanted.map(|(name, bytes)| (format!("outer/{name}"), bytes.to_vec()));
    assert_eq!(open("outer", &inner), (wanted.to_vec(), vec![]));
    assert_eq!(open("empty.zip", &zip(&[])), (vec![], vec![]));
}

#[test]
fn a_broken_zip_archive_is_an_error_and_costs_what_is_broken() {
    let packed = zip(&[("a", b"one\n", true), ("b", b"two\n", false)]);
    for length in [10, packed.len() / 2, packed.len() - 1] {
        assert_eq!(open("z.zip", &packed[..length]).1.len(), 1, "{length}");
    }
    // A wrong checksum, an encrypted file, an unknown method: the other file is still read.
    let at = packed.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    for (place, value) in [(16, 0xFF), (8, 1), (10, 14)] {
        let mut broken = packed.clone();
        broken[at + place] = value;
        let (files, errors) = open("z.zip", &broken);
        assert!(
            errors.len() == 1 && files.contains(&("z.zip/b".into(), b"two\n".to_vec())),
            "{files:?} {errors:?}"
        );
    }
    // Both names refer to the same bytes.
    let mut broken = packed.clone();
    let second = at + 46 + 1;
    broken[second + 42] = 0;
    assert_eq!(open("z.zip", &broken).1.len(), 1);
}
