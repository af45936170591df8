//! Kinds of options: how each is read, what it allows, how its JSON Schema says so.

use crate::alert::Severity;
use crate::net::Cidr;
use crate::stamp::Zone;
use crate::time::Span;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Value, json};

/// A kind of option value.
pub trait Setting: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// What is allowed, as the end of the sentence "expected …".
    fn read(value: &Value) -> Result<Self, String>;

    /// The JSON Schema of what is allowed.
    fn schema() -> Value;
}

fn whole(value: &Value, low: u64, high: u64) -> Result<u64, String> {
    value
        .as_u64()
        .filter(|n| (low..=high).contains(n))
        .ok_or_else(|| format!("a whole number from {low} to {high}"))
}

macro_rules! number {
    ($(#[doc = $doc:literal])* $name:ident($inner:ty), $low:expr, $high:expr) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $inner);

        impl Setting for $name {
            fn read(value: &Value) -> Result<Self, String> {
                let number = whole(value, $low, $high)?;
                <$inner>::try_from(number).map(Self).map_err(|_| format!("a whole number from {} to {}", $low, $high))
            }

            fn schema() -> Value {
                json!({ "type": "integer", "minimum": $low, "maximum": $high })
            }
        }
    };
}

number!(
    /// How many events it takes.
    Threshold(u32), 1u64, 1000u64
);
number!(
    /// A provider's code for why a login failed. Not 0: that is success.
    Code(u32), 1u64, 4_294_967_295u64
);
number!(
    /// How many keys may be held.
    Keys(u32), 16u64, 20_000_000u64
);
number!(
    /// A prefix of an IPv4 address, in bits.
    Bits4(u8), 0u64, 32u64
);
number!(
    /// A prefix of an IPv6 address, in bits.
    Bits6(u8), 0u64, 128u64
);

impl Setting for bool {
    fn read(value: &Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| "true or false".into())
    }

    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

impl Setting for String {
    fn read(value: &Value) -> Result<Self, String> {
        value
            .as_str()
            .filter(|s| s.len() <= 1024)
            .map(Self::from)
            .ok_or_else(|| "text of at most 1024 bytes".into())
    }

    fn schema() -> Value {
        json!({ "type": "string", "maxLength": 1024 })
    }
}

/// The longest window: beyond it, memory would be held for weeks by whoever fails once.
const LONGEST: Span = Span::seconds(7 * 86_400);

fn span(value: &Value, shortest: Span) -> Result<Span, String> {
    value.as_str().and_then(Span::parse).filter(|span| (shortest..=LONGEST).contains(span)).ok_or_else(|| {
        format!("a duration from {shortest} to {LONGEST}, such as \"90s\", \"15m\" or \"1h30m\"")
    })
}

const SPAN_PATTERN: &str = "^\\s*([0-9]+\\s*(us|ms|s|m|h|d|w)\\s*)+$";

/// A length of time of at least one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window(pub Span);

impl Setting for Window {
    fn read(value: &Value) -> Result<Self, String> {
        span(value, Span::SECOND).map(Self)
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": SPAN_PATTERN })
    }
}

/// A length of time that may be nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Span);

impl Setting for Wait {
    fn read(value: &Value) -> Result<Self, String> {
        span(value, Span(0)).map(Self)
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": SPAN_PATTERN })
    }
}

/// How late an event may come and still be sorted: a duration, or `"max"` for a whole finite input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lateness(pub Span);

impl Setting for Lateness {
    fn read(value: &Value) -> Result<Self, String> {
        if value.as_str() == Some("max") {
            return Ok(Self(Span(i64::MAX)));
        }
        span(value, Span(0)).map(Self).map_err(|allowed| format!("\"max\", or {allowed}"))
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": format!("^max$|{SPAN_PATTERN}") })
    }
}

/// An amount of memory: bytes as a number, or text with `KiB`, `MiB` or `GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u32);

impl Bytes {
    const LEAST: u64 = 1 << 10;
    const MOST: u64 = 1 << 30;

    fn parse(text: &str) -> Option<u64> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits)?;
        let unit = match unit.trim() {
            "" | "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(unit)
    }
}

impl Setting for Bytes {
    fn read(value: &Value) -> Result<Self, String> {
        let number = value.as_u64().or_else(|| value.as_str().and_then(Self::parse));
        number
            .filter(|n| (Self::LEAST..=Self::MOST).contains(n))
            .and_then(|n| u32::try_from(n).ok())
            .map(Self)
            .ok_or_else(|| "bytes from 1 KiB to 1 GiB, as a number or as text such as \"8 MiB\"".into())
    }

    fn schema() -> Value {
        json!({ "type": ["integer", "string"], "minimum": Self::LEAST, "maximum": Self::MOST,
                "pattern": "^[0-9]+ ?(B|KiB|MiB|GiB)?$" })
    }
}

/// The length of the longest record: bytes as for [`Bytes`], and no more than hosts hand over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordBytes(pub u32);

impl RecordBytes {
    const MOST: u32 = 16 << 20;
}

impl Setting for RecordBytes {
    fn read(value: &Value) -> Result<Self, String> {
        Bytes::read(value)
            .ok()
            .filter(|bytes| bytes.0 <= Self::MOST)
            .map(|bytes| Self(bytes.0))
            .ok_or_else(|| "bytes from 1 KiB to 16 MiB, as a number or as text such as \"64 KiB\"".into())
    }

    fn schema() -> Value {
        json!({ "type": ["integer", "string"], "minimum": Bytes::LEAST, "maximum": Self::MOST,
                "pattern": "^[0-9]+ ?(B|KiB|MiB)?$" })
    }
}

impl Setting for Zone {
    fn read(value: &Value) -> Result<Self, String> {
        value
            .as_str()
            .and_then(Self::parse)
            .ok_or_else(|| "an offset from UTC from \"-14:00\" to \"+14:00\", or \"Z\"".into())
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^(Z|[+-][0-9]{2}:[0-9]{2})$" })
    }
}

impl Setting for Cidr {
    fn read(value: &Value) -> Result<Self, String> {
        value.as_str().and_then(Self::parse).ok_or_else(|| {
            "an address or a block of addresses, such as \"10.8.0.0/16\" or \"2001:db8::1\"".into()
        })
    }

    fn schema() -> Value {
        json!({ "type": "string", "examples": ["10.8.0.0/16", "2001:db8::1"] })
    }
}

/// How many entries a list of an override or an exclusion may have: each is tried for every event.
const MOST_ENTRIES: usize = 10_000;

impl<T: Setting> Setting for Vec<T> {
    fn read(value: &Value) -> Result<Self, String> {
        let each = || T::read(&Value::Null).err().unwrap_or_else(|| "any value".into());
        let list = value.as_array().ok_or_else(|| format!("a list in which each entry is {}", each()))?;
        if list.len() > MOST_ENTRIES {
            return Err(format!("a list of at most {MOST_ENTRIES}"));
        }
        list.iter()
            .map(|item| {
                T::read(item)
                    .map_err(|allowed| format!("a list in which each entry is {allowed} ({item} is not)"))
            })
            .collect()
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema(), "maxItems": MOST_ENTRIES })
    }
}

/// What an override does to the severity: sets it, or moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeverityChange {
    /// This severity.
    To(Severity),
    /// So many steps up or down.
    By(i8),
}

impl SeverityChange {
    /// The severity after the change.
    #[must_use]
    pub fn apply(self, severity: Severity) -> Severity {
        match self {
            Self::To(to) => to,
            Self::By(steps) => severity.shifted(steps),
        }
    }
}

impl Setting for SeverityChange {
    fn read(value: &Value) -> Result<Self, String> {
        let text = value.as_str().unwrap_or_default();
        let by = || {
            let (sign, digits) = text.split_at_checked(1)?;
            let steps: i8 = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())??;
            match sign {
                "+" => Some(steps),
                "-" => Some(-steps),
                _ => None,
            }
        };
        Severity::parse(text)
            .map(Self::To)
            .or_else(|| by().filter(|steps| (-4..=4).contains(steps)).map(Self::By))
            .ok_or_else(|| {
                "\"informational\", \"low\", \"medium\", \"high\", \"critical\", or steps such as \"+1\" or \"-1\"".into()
            })
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^(informational|low|medium|high|critical|[+-][0-4])$" })
    }
}

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
    fn read(value: &Value) -> Result<Self, String> {
        value
            .as_str()
            .filter(|s| !s.is_empty() && s.len() <= 256)
            .map(|s| Self(s.into()))
            .ok_or_else(|| "a name of at most 256 bytes in which `*` and `?` stand for any characters".into())
    }

    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": 256 })
    }
}

/// Declares an option that is one of some words.
///
/// ```
/// authsieve_engine::words! {
///     /// Where a login may come from.
///     pub enum LoginSource {
///         /// Over the network.
///         Remote = "remote",
///         /// At the machine.
///         Local = "local",
///     }
/// }
/// use authsieve_engine::config::Setting;
/// assert_eq!(LoginSource::read(&"local".into()), Ok(LoginSource::Local));
/// assert_eq!(LoginSource::read(&"moon".into()).unwrap_err(), r#"one of "remote", "local""#);
/// ```
#[macro_export]
macro_rules! words {
    ($(#[doc = $doc:literal])* pub enum $name:ident { $($(#[doc = $each:literal])* $variant:ident = $word:literal,)+ }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[doc = $each])* $variant,)+ }

        impl $name {
            /// The word for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl $crate::config::Setting for $name {
            fn read(value: &$crate::config::Value) -> Result<Self, $crate::config::String> {
                match value.as_str() {
                    $(Some($word) => Ok(Self::$variant),)+
                    _ => Err($crate::config::one_of(&[$($word),+])),
                }
            }

            fn schema() -> $crate::config::Value {
                $crate::config::json!({ "enum": [$($word),+] })
            }
        }
    };
}

/// "one of …": what a word may be.
#[doc(hidden)]
#[must_use]
pub fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("\"{w}\"")).collect();
    format!("one of {}", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(pattern: &str) -> Glob {
        Glob::read(&pattern.into()).unwrap()
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

    #[test]
    fn amounts_of_memory() {
        for (value, bytes) in [(json!(65536), 65536), (json!("8 MiB"), 8 << 20), (json!("64KiB"), 64 << 10)] {
            assert_eq!(Bytes::read(&value), Ok(Bytes(bytes)));
        }
        for bad in
            [json!(1), json!("8 MB"), json!("MiB"), json!("99999999999999999999 GiB"), json!(-5), json!(null)]
        {
            assert!(Bytes::read(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn severity_changes() {
        assert_eq!(SeverityChange::read(&"+1".into()).unwrap().apply(Severity::High), Severity::Critical);
        assert_eq!(SeverityChange::read(&"-1".into()).unwrap().apply(Severity::High), Severity::Medium);
        assert_eq!(SeverityChange::read(&"low".into()).unwrap().apply(Severity::High), Severity::Low);
        for bad in ["", "1", "+9", "++1", "High", "-"] {
            assert!(SeverityChange::read(&bad.into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn lists_name_the_entry_that_is_wrong() {
        let error = Vec::<Cidr>::read(&json!(["10.0.0.0/8", "10.0.0.0/64"])).unwrap_err();
        assert!(error.contains("\"10.0.0.0/64\" is not"), "{error}");
    }
}
