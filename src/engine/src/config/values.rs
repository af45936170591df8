//! The types of option values: numbers, durations, memory, text, addresses, and lists of these.

use super::json::Json;
use super::kinds::{Kind, LEAST_BYTES, LONGEST, MOST_ENTRIES};
use super::problems::{Place, Problems, code};
use super::settings::Setting;
use crate::net::Cidr;
use crate::time::Span;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

fn whole(json: &Json<'_>, low: u64, high: u64) -> Option<u64> {
    json.as_u64().filter(|n| (low..=high).contains(n))
}

/// Adds a text to a digest, with its length before it.
pub(super) fn put(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

macro_rules! number {
    ($(#[doc = $doc:literal])* $name:ident($inner:ty), $low:expr, $high:expr) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $inner);

        impl $name {
            /// The greatest allowed value.
            pub const MOST: $inner = $high;
        }

        impl Setting for $name {
            const KIND: Kind = Kind::Whole($low, $high);

            fn read(json: &Json<'_>) -> Option<Self> {
                <$inner>::try_from(whole(json, $low, $high)?).ok().map(Self)
            }

            fn digest(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.0.to_le_bytes());
            }
        }
    };
}

number!(
    /// A number of events.
    Threshold(u32), 1, 1000
);
number!(
    /// A provider's code for a failed login. 0 is not allowed, since it means success.
    Code(u32), 1, 4_294_967_295
);
number!(
    /// A number of keys.
    Keys(u32), 16, 20_000_000
);
number!(
    /// The length of a prefix of an IPv4 address, in bits.
    Bits4(u8), 0, 32
);
number!(
    /// The length of a prefix of an IPv6 address, in bits.
    Bits6(u8), 0, 128
);

impl Setting for bool {
    const KIND: Kind = Kind::Flag;

    fn read(json: &Json<'_>) -> Option<Self> {
        json.as_bool()
    }

    fn digest(&self, out: &mut Vec<u8>) {
        out.push((*self).into());
    }
}

impl Setting for String {
    const KIND: Kind = Kind::Text;

    fn read(json: &Json<'_>) -> Option<Self> {
        json.as_str().filter(|s| s.len() <= 1024).map(Self::from)
    }

    fn digest(&self, out: &mut Vec<u8>) {
        put(self, out);
    }
}

fn span(json: &Json<'_>, shortest: Span) -> Option<Span> {
    json.as_str().and_then(Span::parse).filter(|span| (shortest..=LONGEST).contains(span))
}

macro_rules! duration {
    ($(#[doc = $doc:literal])* $name:ident, $shortest:expr) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub Span);

        impl Setting for $name {
            const KIND: Kind = Kind::Duration($shortest, false);

            fn read(json: &Json<'_>) -> Option<Self> {
                span(json, $shortest).map(Self)
            }

            fn digest(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.0.0.to_le_bytes());
            }
        }
    };
}

duration!(
    /// A duration of at least one second.
    Window, Span::SECOND
);
duration!(
    /// A duration that may be zero.
    Wait, Span(0)
);

/// The most time by which an event may be late and still be sorted: a duration, or `"max"` for a whole finite input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lateness(pub Span);

impl Setting for Lateness {
    const KIND: Kind = Kind::Duration(Span(0), true);

    fn read(json: &Json<'_>) -> Option<Self> {
        if json.as_str() == Some("max") {
            return Some(Self(Span(i64::MAX)));
        }
        span(json, Span(0)).map(Self)
    }

    fn digest(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.0.to_le_bytes());
    }
}

/// Reads bytes as a number, or as text with `KiB`, `MiB` or `GiB`.
fn bytes(json: &Json<'_>, most: u64) -> Option<u32> {
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
    let number = json.as_u64().or_else(|| json.as_str().and_then(parse))?;
    u32::try_from(number).ok().filter(|_| (LEAST_BYTES..=most).contains(&number))
}

macro_rules! memory {
    ($(#[doc = $doc:literal])* $name:ident, $most:expr) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub u32);

        impl Setting for $name {
            const KIND: Kind = Kind::Bytes($most);

            fn read(json: &Json<'_>) -> Option<Self> {
                bytes(json, $most).map(Self)
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
    /// The length of the longest record, in the form of [`Bytes`]. Hosts pass no longer records than its maximum.
    RecordBytes, 16 << 20
);

impl Setting for Cidr {
    const KIND: Kind = Kind::Other(
        "an address or a block of addresses, such as \"10.8.0.0/16\" or \"2001:db8::1\"",
        r#""type":"string","examples":["10.8.0.0/16","2001:db8::1"]"#,
    );

    fn read(json: &Json<'_>) -> Option<Self> {
        Self::parse(json.as_str()?)
    }

    fn digest(&self, out: &mut Vec<u8>) {
        let (address, bits) = self.parts();
        out.extend_from_slice(&address);
        out.push(bits);
    }
}

impl<T: Setting> Setting for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);

    fn read(json: &Json<'_>) -> Option<Self> {
        Self::read_at(json, &Place::Whole, &mut Problems::default())
    }

    fn read_at(json: &Json<'_>, place: &Place<'_>, problems: &mut Problems) -> Option<Self> {
        let Some(list) = json.as_list() else {
            problems.refuse(place, json, &Self::KIND);
            return None;
        };
        if list.len() > MOST_ENTRIES {
            let message = format!("a list of {}; expected at most {MOST_ENTRIES} entries", list.len());
            problems.note(place, code::TOO_MANY, message);
            return None;
        }
        let mut entries = Self::new();
        for (at, json) in list.iter().enumerate() {
            entries.extend(T::read_at(json, &Place::Element(place, at), problems));
        }
        (entries.len() == list.len()).then_some(entries)
    }

    fn digest(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.len() as u64).to_le_bytes());
        for entry in self {
            entry.digest(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Setting>(json: &str) -> Option<T> {
        T::read(&Json::parse(json).unwrap())
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
    fn each_element_that_is_wrong_is_named() {
        let text = r#"["10.0.0.0/8","10.0.0.0/33",7,"::1"]"#;
        let mut problems = Problems::default();
        let place = Place::Member(&Place::Whole, "allow_ips");
        assert_eq!(Vec::<Cidr>::read_at(&Json::parse(text).unwrap(), &place, &mut problems), None);
        let told: Vec<_> = problems.list().iter().map(|p| (p.code, &*p.path)).collect();
        assert_eq!(told, [(code::INVALID_VALUE, "allow_ips[1]"), (code::INVALID_VALUE, "allow_ips[2]")]);
        assert!(problems.list()[0].message.starts_with("\"10.0.0.0/33\" is not valid; expected an address"));
    }

    #[test]
    fn a_list_has_a_bound() {
        let text = format!("[{}\"::1\"]", "\"::1\",".repeat(MOST_ENTRIES));
        let mut problems = Problems::default();
        Vec::<Cidr>::read_at(&Json::parse(&text).unwrap(), &Place::Whole, &mut problems);
        assert_eq!(problems.lines(), "too-many\t\ta list of 10001; expected at most 10000 entries");
    }
}
