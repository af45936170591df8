//! The words that decoders look for, taken from their sources: for libFuzzer's dictionaries and for mutations.

use crate::Target;
use std::fs;
use std::path::{Path, PathBuf};

/// The longest word. Longer literals are sentences.
const LONGEST: usize = 40;

/// Parts that all formats share.
const COMMON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\\"",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "\n",
    "\r\n",
    "\0",
    "\u{feff}",
    "-1",
    "0",
    "18446744073709551616",
    "1e999",
    "2026-03-01T10:00:00Z",
    "9999-12-31T23:59:60.999999999+23:59",
    "192.0.2.7",
    "::ffff:192.0.2.7",
    "[2001:db8::1]:443",
    "fe80::1%eth0",
    "4625",
    "0xC000006D",
    "é",
    "\u{202e}",
];

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("/")).to_path_buf()
}

impl Target {
    /// The words of the target: the short string literals of its sources, without tests, and the shared parts.
    #[must_use]
    pub fn words(&self) -> Vec<Vec<u8>> {
        let mut words: Vec<Vec<u8>> = COMMON.iter().map(|word| word.as_bytes().to_vec()).collect();
        for source in &self.sources {
            for file in sources(&root().join(source)) {
                if is_test(&file) {
                    continue;
                }
                let text = fs::read_to_string(&file).unwrap_or_default();
                let short = |word: &Vec<u8>| (2..=LONGEST).contains(&word.len());
                words.extend(literals(&text).into_iter().filter(short));
            }
        }
        words.sort();
        words.dedup();
        words
    }
}

/// True if a source belongs to the tests.
pub(crate) fn is_test(file: &Path) -> bool {
    let within = file.strip_prefix(root()).unwrap_or(file);
    within.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs")))
}

/// The Rust files in a folder, and the file of the same name next to it, in order.
pub(crate) fn sources(path: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = [path.to_path_buf(), path.with_extension("rs")]
        .into_iter()
        .filter(|file| file.is_file() && file.extension().is_some_and(|ending| ending == "rs"))
        .collect();
    files.dedup();
    let mut folders = vec![path.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The string literals of Rust source, without comments. It is good enough for sources formatted by rustfmt.
pub(crate) fn literals(source: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut rest = source.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let raw = rest.strip_prefix(b"r").map(|text| {
            let hashes = text.iter().take_while(|byte| **byte == b'#').count();
            (hashes, text.get(hashes..).unwrap_or_default())
        });
        rest = if rest.starts_with(b"//") {
            skip(rest, b"\n")
        } else if rest.starts_with(b"'\"'") || rest.starts_with(b"'\\\"'") {
            skip(after, b"'")
        } else if let Some((hashes, text)) = raw
            && let Some(text) = text.strip_prefix(b"\"")
        {
            let end = [b"\"".to_vec(), vec![b'#'; hashes]].concat();
            let length = text.windows(end.len()).position(|window| window == end).unwrap_or(text.len());
            found.push(text[..length].to_vec());
            text.get(length + end.len()..).unwrap_or_default()
        } else if *first == b'"' {
            let (literal, after) = quoted(after);
            found.push(literal);
            after
        } else {
            after
        };
    }
    found
}

fn skip<'a>(text: &'a [u8], to: &[u8]) -> &'a [u8] {
    let at = text.windows(to.len()).position(|window| window == to);
    at.map_or(&[], |at| &text[at + to.len()..])
}

/// A literal up to its closing quote, and the rest.
fn quoted(mut text: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut literal = Vec::new();
    loop {
        match text {
            [] => return (literal, text),
            [b'"', rest @ ..] => return (literal, rest),
            [b'\\', b'\n', rest @ ..] => text = rest.trim_ascii_start(),
            [b'\\', escaped, rest @ ..] => {
                literal.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'0' => 0,
                    other => *other,
                });
                text = rest;
            }
            [byte, rest @ ..] => {
                literal.push(*byte);
                text = rest;
            }
        }
    }
}
