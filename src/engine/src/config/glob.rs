//! Patterns for names.

use super::json::Json;
use super::kinds::Kind;
use super::settings::Setting;
use super::values::put;
use crate::find::find;
use alloc::string::String;
use alloc::vec::Vec;

/// The longest pattern, in bytes.
const LONGEST: usize = 256;

/// A pattern for names: `*` matches any run of characters, `?` matches one. All other characters match themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// Makes a pattern: `*` matches any run of characters, and `?` matches one.
    ///
    /// ```
    /// use authsieve_engine::config::Glob;
    /// assert!(Glob::new("auth.log*").matches("auth.log.1", false));
    /// ```
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        Self(pattern.into())
    }

    /// True if the whole of `name` matches. With `fold`, ASCII case is ignored.
    ///
    /// O(name) for a pattern without `?`, with any number of `*`. Each part between two `*` is searched once, from
    /// the end of the part before it. A part with `?` costs its length for each byte of the name.
    #[must_use]
    pub fn matches(&self, name: &str, fold: bool) -> bool {
        let (pattern, mut name) = (self.0.as_bytes(), name.as_bytes());
        let mut parts = pattern.split(|byte| *byte == b'*');
        let first = parts.next().unwrap_or_default();
        // The text before the first `*` must begin the name, and the text after the last `*` must end it.
        let Some(head) = name.get(..first.len()).filter(|head| fits(first, head, fold)) else { return false };
        let Some(last) = parts.next_back() else { return head.len() == name.len() };
        name = name.get(first.len()..).unwrap_or_default();
        let Some(end) = name.len().checked_sub(last.len()) else { return false };
        if !name.get(end..).is_some_and(|tail| fits(last, tail, fold)) {
            return false;
        }
        name = name.get(..end).unwrap_or_default();
        for part in parts.filter(|part| !part.is_empty()) {
            let Some(at) = place(part, name, fold) else { return false };
            name = name.get(at + part.len()..).unwrap_or_default();
        }
        true
    }

    /// The only name that matches; `None` for a pattern.
    #[must_use]
    pub fn whole(&self) -> Option<&str> {
        (!self.0.contains(['*', '?'])).then_some(&*self.0)
    }
}

/// True if a part of a pattern matches a text of the same length.
fn fits(part: &[u8], text: &[u8], fold: bool) -> bool {
    let same = |(a, b): (&u8, &u8)| a == b || *a == b'?' || fold && a.eq_ignore_ascii_case(b);
    part.len() == text.len() && part.iter().zip(text).all(same)
}

/// The first place in a name where a part of a pattern matches.
fn place(part: &[u8], name: &[u8], fold: bool) -> Option<usize> {
    if part.contains(&b'?') {
        return name.windows(part.len()).position(|text| fits(part, text, fold));
    }
    if !fold {
        return find(name, part);
    }
    // Knuth, Morris and Pratt: how much of the part still matches after a byte that does not.
    let mut borders = [0_u16; LONGEST];
    let mut border = 0;
    for at in 1..part.len() {
        while border > 0 && !same(part.get(at), part.get(border)) {
            border = borders.get(border - 1).copied().map_or(0, usize::from);
        }
        border += usize::from(same(part.get(at), part.get(border)));
        if let Some(place) = borders.get_mut(at) {
            *place = border as u16;
        }
    }
    let mut fit = 0;
    for (at, byte) in name.iter().enumerate() {
        while fit > 0 && !same(Some(byte), part.get(fit)) {
            fit = borders.get(fit - 1).copied().map_or(0, usize::from);
        }
        fit += usize::from(same(Some(byte), part.get(fit)));
        if fit == part.len() {
            return Some(at + 1 - fit);
        }
    }
    None
}

fn same(one: Option<&u8>, other: Option<&u8>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
}

impl Setting for Glob {
    const KIND: Kind = Kind::Other(
        "a name of at most 256 bytes in which `*` and `?` stand for any characters",
        r#""type":"string","minLength":1,"maxLength":256"#,
    );

    fn read(json: &Json<'_>) -> Option<Self> {
        json.as_str().filter(|s| !s.is_empty() && s.len() <= LONGEST).map(|s| Self(s.into()))
    }

    fn digest(&self, out: &mut Vec<u8>) {
        put(&self.0, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn read<T: Setting>(json: &str) -> Option<T> {
        T::read(&Json::parse(json).unwrap())
    }

    fn glob(pattern: &str) -> Glob {
        read(&format!("\"{pattern}\"")).unwrap()
    }

    #[test]
    fn globs() {
        for (pattern, name, expected) in [
            ("svc-*", "svc-backup", true),
            ("svc-*", "svc-", true),
            ("svc-*", "svc", false),
            ("*", "", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("?", "", false),
            ("web?", "web1", true),
            ("Web1", "web1", false),
            ("[ab]", "a", false),
        ] {
            assert_eq!(glob(pattern).matches(name, false), expected, "{pattern} on {name}");
        }
        assert!(glob("Web*").matches("wEB1", true));
        assert!(!glob("*a*a*a*a*b").matches(&"a".repeat(2000), false), "and in no time");
    }

    /// A reference that follows the definition and tries everything.
    fn naive(pattern: &[u8], name: &[u8], fold: bool) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => (0..=name.len()).any(|at| naive(rest, &name[at..], fold)),
            (Some((a, rest)), Some((b, left))) => {
                (a == b || *a == b'?' || fold && a.eq_ignore_ascii_case(b)) && naive(rest, left, fold)
            }
            _ => false,
        }
    }

    proptest::proptest! {
        #[test]
        fn globs_match_as_they_are_worded(pattern in "[aAb*?]{1,9}", name in "[aAb]{0,12}", fold: bool) {
            let right = naive(pattern.as_bytes(), name.as_bytes(), fold);
            proptest::prop_assert_eq!(glob(&pattern).matches(&name, fold), right, "{} {}", pattern, name);
        }
    }

    #[test]
    fn many_stars_and_a_long_name_take_one_pass() {
        let name = "a".repeat(15 << 20);
        for (pattern, fold) in [
            ("*a".repeat(127), false),
            ("*A".repeat(127), true),
            (format!("{}b*", "*aaaaaaaa".repeat(27)), true),
        ] {
            let ends_in_b = pattern.contains('b');
            assert_eq!(glob(&pattern).matches(&name, fold), !ends_in_b, "{pattern}");
        }
    }
}
