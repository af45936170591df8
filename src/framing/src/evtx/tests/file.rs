//! A writer of small `.evtx` files, after the format's description by Joachim Metz
//! (<https://github.com/libyal/libevtx>): binary XML without templates, names written where they are used first.

use std::collections::HashMap;
use std::ops::Range;

const CHUNK: usize = 64 << 10;

/// A file of chunks.
pub fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut header = vec![0; 4096];
    put(&mut header, 0, b"ElfFile\0");
    put(&mut header, 32, &128_u32.to_le_bytes());
    put(&mut header, 36, &[1, 0, 3, 0]);
    put(&mut header, 40, &4096_u16.to_le_bytes());
    put(&mut header, 42, &(chunks.len() as u16).to_le_bytes());
    chunks.iter().fold(header, |file, chunk| [file, chunk.clone()].concat())
}

/// A chunk that was begun and holds nothing.
pub fn open() -> Vec<u8> {
    let mut chunk = vec![0; CHUNK];
    put(&mut chunk, 0, b"ElfChnk\0");
    put(&mut chunk, 24, &u64::MAX.to_le_bytes());
    put(&mut chunk, 32, &u64::MAX.to_le_bytes());
    put(&mut chunk, 40, &128_u32.to_le_bytes());
    put(&mut chunk, 48, &512_u32.to_le_bytes());
    chunk
}

/// A chunk with a failed logon for each of these ids.
pub fn chunk(ids: Range<u64>) -> Vec<u8> {
    let mut chunk = open();
    let mut writer = Writer { bytes: chunk[..512].to_vec(), names: HashMap::new() };
    let mut last = 512;
    for id in ids.clone() {
        last = writer.bytes.len();
        writer.record(id);
    }
    let end = writer.bytes.len();
    chunk[..end].copy_from_slice(&writer.bytes);
    for (at, id) in [(8, ids.start), (16, ids.end - 1), (24, ids.start), (32, ids.end - 1)] {
        put(&mut chunk, at, &id.to_le_bytes());
    }
    put(&mut chunk, 44, &(last as u32).to_le_bytes());
    put(&mut chunk, 48, &(end as u32).to_le_bytes());
    chunk
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    bytes[at..at + what.len()].copy_from_slice(what);
}

struct Writer {
    bytes: Vec<u8>,
    /// Where each name was written.
    names: HashMap<&'static str, u32>,
}

impl Writer {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn record(&mut self, id: u64) {
        let start = self.bytes.len();
        self.add(b"\x2a\x2a\0\0\0\0\0\0");
        self.add(&id.to_le_bytes());
        self.add(&134_170_272_000_000_000_u64.to_le_bytes());
        self.add(&[0x0F, 1, 1, 0]);
        self.element("Event", |w| {
            w.element("System", |w| {
                w.element("EventID", |w| w.number(4625));
                w.element("EventRecordID", |w| w.number(id as u32));
            });
            w.element("EventData", |w| {
                w.element("TargetUserName", |w| w.text(&format!("user {id}")));
            });
        });
        self.add(&[0]);
        while !(self.bytes.len() - start).is_multiple_of(8) {
            self.add(&[0]);
        }
        let length = (self.bytes.len() - start + 8) as u32;
        self.add(&[0; 4]);
        self.add(&length.to_le_bytes());
        put(&mut self.bytes, start + 4, &length.to_le_bytes());
    }

    fn element(&mut self, name: &'static str, inside: impl FnOnce(&mut Self)) {
        // An open start element without attributes: token, length of the rest, name.
        self.add(&[0x01, 0, 0, 0, 0]);
        let start = self.bytes.len();
        let known = self.names.get(name).copied();
        let at = known.unwrap_or((start + 4) as u32);
        self.add(&at.to_le_bytes());
        if known.is_none() {
            self.names.insert(name, at);
            let units: Vec<u16> = name.encode_utf16().collect();
            let hash = units
                .iter()
                .fold(0_u32, |hash, unit| hash.wrapping_mul(65_599).wrapping_add(u32::from(*unit)));
            self.add(&[0; 4]);
            self.add(&(hash as u16).to_le_bytes());
            self.add(&(units.len() as u16).to_le_bytes());
            units.iter().for_each(|unit| self.add(&unit.to_le_bytes()));
            self.add(&[0, 0]);
        }
        self.add(&[0x02]);
        inside(self);
        self.add(&[0x04]);
        let length = (self.bytes.len() - start) as u32;
        put(&mut self.bytes, start - 4, &length.to_le_bytes());
    }

    fn number(&mut self, number: u32) {
        self.add(&[0x05, 0x08]);
        self.add(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        let units: Vec<u16> = text.encode_utf16().collect();
        self.add(&[0x05, 0x01]);
        self.add(&(units.len() as u16).to_le_bytes());
        units.iter().for_each(|unit| self.add(&unit.to_le_bytes()));
    }
}
