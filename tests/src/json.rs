//! Writes JSON as different writers do: with varying order of keys, white space, escapes and further fields.

use std::fmt::Write;

/// A small random generator (SplitMix64), so that a scenario is written the same way each time.
#[derive(Clone, Debug)]
pub struct Rng(pub u64);

impl Rng {
    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next_u64() % n as u64) as usize
    }

    /// True once in `n` times, on average.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// A random element.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// A value to write.
#[derive(Clone, Debug)]
pub enum Json {
    /// A string.
    Text(String),
    /// A number, a boolean or `null`, as text.
    Bare(String),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Object(Vec<(&'static str, Json)>),
}

/// A string.
#[must_use]
pub fn text(s: impl Into<String>) -> Json {
    Json::Text(s.into())
}

/// A number.
#[must_use]
pub fn number(n: impl ToString) -> Json {
    Json::Bare(n.to_string())
}

/// Writes an object as one line.
#[must_use]
pub fn record(mut fields: Vec<(&'static str, Json)>, rng: &mut Rng) -> String {
    for (key, value) in [
        ("zz_note", text("Accepted password for root from 10.0.0.1 port 22 ssh2")),
        ("labels", Json::Object(vec![("env", text("prod")), ("team", text("é\t\"ops\""))])),
        ("tags", Json::List(vec![text("a"), number(-1.5e3), Json::Bare("null".into())])),
        ("", Json::Object(vec![])),
    ] {
        if rng.one_in(6) {
            fields.push((key, value));
        }
    }
    let mut out = String::new();
    write_value(&Json::Object(fields), rng, &mut out);
    out
}

fn write_value(value: &Json, rng: &mut Rng, out: &mut String) {
    match value {
        Json::Text(s) => write_text(s, rng, out),
        Json::Bare(s) => out.push_str(s),
        Json::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                space(rng, out);
                write_value(item, rng, out);
            }
            out.push(']');
        }
        Json::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            for last in (1..fields.len()).rev() {
                fields.swap(last, rng.below(last + 1));
            }
            out.push('{');
            for (at, (key, value)) in fields.into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                space(rng, out);
                write_text(key, rng, out);
                space(rng, out);
                out.push(':');
                space(rng, out);
                write_value(value, rng, out);
            }
            space(rng, out);
            out.push('}');
        }
    }
}

fn write_text(s: &str, rng: &mut Rng, out: &mut String) {
    // Most writers escape only what they must, some escape everything outside ASCII, and this one sometimes escapes
    // other characters. Needles are searched in raw bytes, and no real writer hides them in escapes.
    let more = rng.one_in(4);
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '/' if more => out.push_str("\\/"),
            c if c < ' ' || (more && (!c.is_ascii() || "<>&'=".contains(c) && rng.one_in(3))) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn space(rng: &mut Rng, out: &mut String) {
    out.push_str(rng.pick(&["", "", "", " ", "  ", "\t"]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for seed in 0..200 {
            let nested = Json::Object(vec![("x y", text("a\"\\\n\u{1}/é😀")), ("n", number(7))]);
            let line = record(vec![("k", text("v = 'w'")), ("o", nested)], &mut Rng(seed));
            let back: serde_json::Value =
                serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert_eq!(back["k"], "v = 'w'");
            assert_eq!(back["o"]["x y"], "a\"\\\n\u{1}/é😀");
            assert!(!line.contains('\n'));
        }
    }
}
