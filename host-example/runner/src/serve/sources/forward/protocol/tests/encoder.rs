//! A MessagePack encoder that shares no code with the code under test.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

fn length(out: &mut Vec<u8>, short: u8, shorts: usize, wide: [u8; 2], length: usize) {
    if length < shorts {
        out.push(short | length as u8);
    } else if let Ok(length) = u16::try_from(length) {
        out.push(wide[0]);
        out.extend(length.to_be_bytes());
    } else {
        out.push(wide[1]);
        out.extend((length as u32).to_be_bytes());
    }
}

pub fn text(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    length(&mut out, 0xa0, 32, [0xda, 0xdb], text.as_ref().len());
    out.extend(text.as_ref());
    out
}

pub fn binary(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    length(&mut out, 0, 0, [0xc5, 0xc6], bytes.as_ref().len());
    out.extend(bytes.as_ref());
    out
}

pub fn array(elements: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    length(&mut out, 0x90, 16, [0xdc, 0xdd], elements.len());
    out.extend(elements.concat());
    out
}

pub fn map(members: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    length(&mut out, 0x80, 16, [0xde, 0xdf], members.len());
    members.iter().for_each(|(key, value)| out.extend([key.as_slice(), value].concat()));
    out
}

pub fn integer(number: u64) -> Vec<u8> {
    [&[0xcf], &number.to_be_bytes()[..]].concat()
}

pub fn float(number: f64) -> Vec<u8> {
    [&[0xcb], &number.to_be_bytes()[..]].concat()
}

pub fn event_time(seconds: u32, nanos: u32) -> Vec<u8> {
    [&[0xd7, 0x00], &seconds.to_be_bytes()[..], &nanos.to_be_bytes()].concat()
}

pub fn nil() -> Vec<u8> {
    vec![0xc0]
}

pub fn log(text_: &str) -> Vec<u8> {
    map(&[(text("log"), text(text_))])
}

pub fn entry(seconds: u64, text: &str) -> Vec<u8> {
    array(&[integer(seconds), log(text)])
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn packed(entries: &[u8]) -> Vec<u8> {
    array(&[text("t"), binary(entries)])
}

pub fn compressed(entries: &[u8]) -> Vec<u8> {
    array(&[text("t"), binary(entries), map(&[(text("compressed"), text("gzip"))])])
}
