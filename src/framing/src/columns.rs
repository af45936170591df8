//! Names of columns, as the keys of JSON objects.

use std::borrow::Cow;
use std::collections::HashMap;

/// The most columns with names.
pub(crate) const COLUMNS: usize = 4096;

/// The longest name, in bytes. Longer ones are cut, since each value repeats its name.
const LENGTH: usize = 96;

/// The names of columns, each as the inside of a JSON string.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    keys: Vec<Vec<u8>>,
    /// The names, and how often each has come so far.
    taken: HashMap<String, usize>,
}

impl Keys {
    pub(crate) fn new<'n>(names: impl Iterator<Item = Cow<'n, [u8]>>) -> Self {
        let mut keys = Self::default();
        names.take(COLUMNS).for_each(|name| keys.add(&String::from_utf8_lossy(&name)));
        keys
    }

    /// Adds a name. An empty name gets a number, and so does a name that another column has.
    fn add(&mut self, name: &str) {
        let name = name.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || c.is_control());
        let mut end = name.len().min(LENGTH);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        let name = match name.get(..end).unwrap_or_default() {
            "" => &format!("column_{}", self.keys.len() + 1),
            name => name,
        };
        let Some(said) = self.taken.get(name) else {
            self.keys.push(escaped(name));
            self.taken.insert(name.to_owned(), 1);
            return;
        };
        // Numbers continue from the last one: a header that repeats one name must not take quadratic time.
        let mut number = said + 1;
        let mut unique = format!("{name}_{number}");
        while self.taken.contains_key(&unique) {
            number += 1;
            unique = format!("{name}_{number}");
        }
        self.keys.push(escaped(&unique));
        self.taken.insert(unique, 1);
        if let Some(said) = self.taken.get_mut(name) {
            *said = number;
        }
    }

    /// Makes up names for further columns, up to `width` columns.
    pub(crate) fn widen(&mut self, width: usize) {
        while self.keys.len() < width.min(COLUMNS) {
            self.add("");
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.keys.iter().map(Vec::as_slice)
    }
}

/// The inside of a JSON string.
pub(crate) fn escaped(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend([b'\\', c as u8]),
            c if c.is_control() => out.push(b' '),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out
}
