//! Kinds of options: how each is read.

use super::kinds::{Kind, LEAST_BYTES, LONGEST, MOST_ENTRIES};
use super::value::Value;
use crate::alert::Severity;
use crate::net::Cidr;
use crate::stamp::Zone;
use crate::time::Span;
use alloc::string::String;
use alloc::vec::Vec;

/// A kind of option value.
pub trait Setting: Sized {
    /// What it may be: for errors and for the JSON Schema.
    const KIND: Kind;

    /// Reads the value. `None` where it is not what [`KIND`](Self::KIND) allows.
    fn read(value: &Value<'_>) -> Option<Self>;

    /// Writes what it means for the digest of a configuration: equal values, equal bytes.
    fn digest(&self, out: &mut Vec<u8>);
}

fn whole(value: &Value<'_>, low: u64, high: u64) -> Option<u64> {
    value.as_u64().filter(|n| (low..=high).contains(n))
}

/// Text as the digest takes it: where it ends is told.
fn put(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

macro_rules! number {
    ($(#[doc = $doc:literal])* $name:ident($inner:ty), $low:expr, $high:expr) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $inner);

        impl $name {
            /// The greatest that is allowed.
            pub const MOST: $inner = $high;
        }

        impl Setting for $name {
            const KIND: Kind = Kind::Whole($low, $high);

            fn read(value: &Value<'_>) -> Option<Self> {
                <$inner>::try_from(whole(value, $low, $high)?).ok().map(Self)
            }

            fn digest(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.0.to_le_bytes());
            }
        }
    };
}

number!(
    /// How many events it takes.
    Threshold(u32), 1, 1000
);
number!(
    /// A provider's code for why a login failed. Not 0: that is success.
    Code(u32), 1, 4_294_967_295
);
number!(
    /// How many keys may be held.
    Keys(u32), 16, 20_000_000
);
number!(
    /// A prefix of an IPv4 address, in bits.
    Bits4(u8), 0, 32
);
number!(
    /// A prefix of an IPv6 address, in bits.
    Bits6(u8), 0, 128
);

impl Setting for bool {
    const KIND: Kind = Kind::Flag;

    fn read(value: &Value<'_>) -> Option<Self> {
        value.as_bool()
    }

    fn digest(&self, out: &mut Vec<u8>) {
        out.push((*self).into());
    }
}

impl Setting for String {
    const KIND: Kind = Kind::Text;

    fn read(value: &Value<'_>) -> Option<Self> {
        value.as_str().filter(|s| s.len() <= 1024).map(Self::from)
    }

    fn digest(&self, out: &mut Vec<u8>) {
        put(self, out);
    }
}

fn span(value: &Value<'_>, shortest: Span) -> Option<Span> {
    value.as_str().and_then(Span::parse).filter(|span| (shortest..=LONGEST).contains(span))
}

macro_rules! duration {
    ($(#[doc = $doc:literal])* $name:ident, $shortest:expr) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub Span);

        impl Setting for $name {
            const KIND: Kind = Kind::Duration($shortest, false);

            fn read(value: &Value<'_>) -> Option<Self> {
                span(value, $shortest).map(Self)
            }

            fn digest(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.0.0.to_le_bytes());
            }
        }
    };
}

duration!(
    /// A length of time of at least one second.
    Window, Span::SECOND
);
duration!(
    /// A length of time that may be nothing.
    Wait, Span(0)
);

/// How late an event may come and still be sorted: a duration, or `"max"` for a whole finite input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lateness(pub Span);

impl Setting for Lateness {
    const KIND: Kind = Kind::Duration(Span(0), true);

    fn read(value: &Value<'_>) -> Option<Self> {
        if value.as_str() == Some("max") {
            return Some(Self(Span(i64::MAX)));
        }
        span(value, Span(0)).map(Self)
    }

    fn digest(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.0.to_le_bytes());
    }
}

/// Bytes as a number, or as text with `KiB`, `MiB` or `GiB`.
fn bytes(value: &Value<'_>, most: u64) -> Option<u32> {
    let parse = |text: &str| {
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
    };
    let number = value.as_u64().or_else(|| value.as_str().and_then(parse))?;
    u32::try_from(number).ok().filter(|_| (LEAST_BYTES..=most).contains(&number))
}

macro_rules! memory {
    ($(#[doc = $doc:literal])* $name:ident, $most:expr) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub u32);

        impl Setting for $name {
            const KIND: Kind = Kind::Bytes($most);

            fn read(value: &Value<'_>) -> Option<Self> {
                bytes(value, $most).map(Self)
            }

            fn digest(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.0.to_le_bytes());
            }
        }
    };
}

memory!(
    /// An amount of memory: bytes as a number, or text with `KiB`, `MiB` or `GiB`.
    Bytes, 1 << 30
);
memory!(
    /// The length of the longest record: bytes as for [`Bytes`], and no more than hosts hand over.
    RecordBytes, 16 << 20
);

impl Setting for Zone {
    const KIND: Kind = Kind::Other(
        "an offset from UTC from \"-14:00\" to \"+14:00\", or \"Z\"",
        r#""type":"string","pattern":"^(Z|[+-][0-9]{2}:[0-9]{2})$""#,
    );

    fn read(value: &Value<'_>) -> Option<Self> {
        Self::parse(value.as_str()?)
    }

    fn digest(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.seconds.to_le_bytes());
    }
}

impl Setting for Cidr {
    const KIND: Kind = Kind::Other(
        "an address or a block of addresses, such as \"10.8.0.0/16\" or \"2001:db8::1\"",
        r#""type":"string","examples":["10.8.0.0/16","2001:db8::1"]"#,
    );

    fn read(value: &Value<'_>) -> Option<Self> {
        Self::parse(value.as_str()?)
    }

    fn digest(&self, out: &mut Vec<u8>) {
        let (address, bits) = self.parts();
        out.extend_from_slice(&address);
        out.push(bits);
    }
}

impl<T: Setting> Setting for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);

    fn read(value: &Value<'_>) -> Option<Self> {
        let mut entries = Self::new();
        for value in value.as_list().filter(|list| list.len() <= MOST_ENTRIES)? {
            entries.push(T::read(value)?);
        }
        Some(entries)
    }

    fn digest(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.len() as u64).to_le_bytes());
        for entry in self {
            entry.digest(out);
        }
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
    const KIND: Kind = Kind::Other(
        "\"informational\", \"low\", \"medium\", \"high\", \"critical\", or steps such as \"+1\" or \"-1\"",
        r#""type":"string","pattern":"^(informational|low|medium|high|critical|[+-][0-4])$""#,
    );

    fn read(value: &Value<'_>) -> Option<Self> {
        let text = value.as_str()?;
        if let Some(severity) = Severity::parse(text) {
            return Some(Self::To(severity));
        }
        match text.as_bytes() {
            [b'+', digit @ b'0'..=b'4'] => Some(Self::By((digit - b'0').cast_signed())),
            [b'-', digit @ b'0'..=b'4'] => Some(Self::By(-(digit - b'0').cast_signed())),
            _ => None,
        }
    }

    fn digest(&self, out: &mut Vec<u8>) {
        match self {
            Self::To(severity) => out.extend_from_slice(&[0, *severity as u8]),
            Self::By(steps) => out.extend_from_slice(&[1, steps.cast_unsigned()]),
        }
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
    const KIND: Kind = Kind::Other(
        "a name of at most 256 bytes in which `*` and `?` stand for any characters",
        r#""type":"string","minLength":1,"maxLength":256"#,
    );

    fn read(value: &Value<'_>) -> Option<Self> {
        value.as_str().filter(|s| !s.is_empty() && s.len() <= 256).map(|s| Self(s.into()))
    }

    fn digest(&self, out: &mut Vec<u8>) {
        put(&self.0, out);
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
/// use authsieve_engine::config::{Setting, Value};
/// assert_eq!(LoginSource::read(&Value::parse("\"local\"")?), Some(LoginSource::Local));
/// assert_eq!(LoginSource::read(&Value::parse("\"moon\"")?), None);
/// assert_eq!(LoginSource::KIND.allowed(), r#"one of "remote", "local""#);
/// # Ok::<(), String>(())
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
            const KIND: $crate::config::Kind = $crate::config::Kind::Word(&[$($word),+]);

            fn read(value: &$crate::config::Value<'_>) -> Option<Self> {
                match value.as_str()? {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }

            fn digest(&self, out: &mut $crate::Vec<u8>) {
                out.push(*self as u8);
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn read<T: Setting>(json: &str) -> Option<T> {
        T::read(&Value::parse(json).unwrap())
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

    #[test]
    fn amounts_of_memory() {
        for (value, bytes) in [("65536", 65536), ("\"8 MiB\"", 8 << 20), ("\"64KiB\"", 64 << 10)] {
            assert_eq!(read(value), Some(Bytes(bytes)));
        }
        for bad in ["1", "\"8 MB\"", "\"MiB\"", "\"99999999999999999999 GiB\"", "-5", "null"] {
            assert_eq!(read::<Bytes>(bad), None, "{bad}");
        }
    }

    #[test]
    fn severity_changes() {
        assert_eq!(read::<SeverityChange>("\"+1\"").unwrap().apply(Severity::High), Severity::Critical);
        assert_eq!(read::<SeverityChange>("\"-1\"").unwrap().apply(Severity::High), Severity::Medium);
        assert_eq!(read::<SeverityChange>("\"low\"").unwrap().apply(Severity::High), Severity::Low);
        for bad in ["", "1", "+9", "++1", "High", "-"] {
            assert_eq!(read::<SeverityChange>(&format!("\"{bad}\"")), None, "{bad}");
        }
    }
}
