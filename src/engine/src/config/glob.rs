//! Patterns for names.

use super::json::Json;
use super::kinds::Kind;
use super::settings::Setting;
use super::values::put;
use alloc::string::String;
use alloc::vec::Vec;

/// A pattern for names: `*` stands for any run of characters, `?` for one. Everything else stands for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// Whether the whole of `name` matches. Names are compared as they are, or without ASCII case where `fold`.
    ///
    /// O(name × pattern) at worst, without recursion.
    #[must_use]
    pub fn matches(&self, name: &str, fold: bool) -> bool {
        let (pattern, name) = (self.0.as_bytes(), name.as_bytes());
        let (mut p, mut n) = (0, 0);
        // Where to go on after a mismatch: behind the last `*`, one byte further into the name.
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match (pattern.get(p), name.get(n)) {
                (None, None) => return true,
                (Some(b'*'), _) => {
                    retry = Some((p + 1, n));
                    p += 1;
                }
                (Some(a), Some(b)) if a == b || *a == b'?' || (fold && a.eq_ignore_ascii_case(b)) => {
                    p += 1;
                    n += 1;
                }
                _ => match retry {
                    Some((after, from)) if from < name.len() => {
                        retry = Some((after, from + 1));
                        p = after;
                        n = from + 1;
                    }
                    _ => return false,
                },
            }
        }
    }
}

impl Setting for Glob {
    const KIND: Kind = Kind::Other(
        "a name of at most 256 bytes in which `*` and `?` stand for any characters",
        r#""type":"string","minLength":1,"maxLength":256"#,
    );

    fn read(json: &Json<'_>) -> Option<Self> {
        json.as_str().filter(|s| !s.is_empty() && s.len() <= 256).map(|s| Self(s.into()))
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
}
