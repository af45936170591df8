//! The time zone of times that are written without one.

use super::json::Json;
use super::kinds::Kind;
use super::settings::Setting;
use super::values::put;
use crate::stamp::{Transition, Zone};
use alloc::string::String;
use alloc::vec::Vec;

/// The most transitions of a time zone. Two a year from 1970 to 2100 are 262.
pub const MOST_TRANSITIONS: usize = 1024;

/// The greatest offset from UTC, in seconds.
const FARTHEST: i32 = 14 * 3_600;

/// An offset from UTC, or a named time zone with its transitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timezone {
    /// The name of the zone. Empty for an offset.
    name: String,
    /// The offset before the first transition, in seconds east of Greenwich.
    seconds: i32,
    transitions: Vec<Transition>,
}

impl Timezone {
    /// The zone in the form that decoders use.
    #[must_use]
    pub fn zone(&self) -> Zone<'_> {
        Zone::new(self.seconds, &self.transitions)
    }
}

impl Setting for Timezone {
    const KIND: Kind = Kind::Other(
        "an offset from UTC from \"-14:00\" to \"+14:00\", \"Z\", or a table of \"name\" and \"transitions\" (the command \
         authsieve makes that of a name such as \"Europe/Berlin\")",
        r#""type":["string","object"],"pattern":"^(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$","properties":{"name":{"type":"string","minLength":1,"maxLength":64},"transitions":{"type":"array","minItems":1,"maxItems":1024,"items":{"type":"array","minItems":2,"maxItems":2,"items":{"type":"integer"}}}},"required":["name","transitions"],"additionalProperties":false"#,
    );

    fn read(json: &Json<'_>) -> Option<Self> {
        if let Some(text) = json.as_str() {
            let seconds = Zone::parse(text)?.seconds();
            let name = String::new();
            return (seconds.abs() <= FARTHEST).then_some(Self { name, seconds, transitions: Vec::new() });
        }
        let [(first, one), (second, other)] = json.as_table()? else { return None };
        let (name, list) = match (first.as_str(), second.as_str()) {
            ("name", "transitions") => (one, other),
            ("transitions", "name") => (other, one),
            _ => return None,
        };
        let name = name.as_str().filter(|name| (1..=64).contains(&name.len()))?;
        let (first, rest) = list.as_list().filter(|list| list.len() <= MOST_TRANSITIONS)?.split_first()?;
        // The first offset also holds before its time.
        let (mut at, seconds) = pair(first)?;
        let (mut before, mut transitions) = (seconds, Vec::new());
        for json in rest {
            let (next, after) = pair(json)?;
            if next <= at {
                return None;
            }
            transitions.push(Transition::new(next, before, after));
            (at, before) = (next, after);
        }
        let in_order = transitions.is_sorted_by_key(|transition| transition.local);
        in_order.then(|| Self { name: name.into(), seconds, transitions })
    }

    fn digest(&self, out: &mut Vec<u8>) {
        put(&self.name, out);
        if self.name.is_empty() {
            out.extend_from_slice(&self.seconds.to_le_bytes());
        }
    }
}

/// Reads a Unix time in seconds, and the offset from this time on.
fn pair(json: &Json<'_>) -> Option<(i64, i32)> {
    let [at, seconds] = json.as_list()? else { return None };
    let at = at.as_i64().filter(|at| at.unsigned_abs() < 1 << 40)?;
    let seconds = i32::try_from(seconds.as_i64()?).ok().filter(|seconds| seconds.abs() <= FARTHEST)?;
    Some((at, seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn read(json: &str) -> Option<Timezone> {
        Timezone::read(&Json::parse(json).unwrap())
    }

    fn digest(zone: &Timezone) -> Vec<u8> {
        let mut out = Vec::new();
        zone.digest(&mut out);
        out
    }

    #[test]
    fn offsets_are_those_that_are_in_use() {
        for (text, seconds) in [("Z", 0), ("+02:00", 7_200), ("-14:00", -50_400), ("+14:00", 50_400)] {
            assert_eq!(read(&format!("\"{text}\"")).unwrap().zone(), Zone::new(seconds, &[]), "{text}");
        }
        for bad in ["-23:59", "+14:01", "-14:30", "Europe/Berlin", "", "2"] {
            assert_eq!(read(&format!("\"{bad}\"")), None, "{bad}");
        }
    }

    #[test]
    fn a_named_zone_has_its_transitions() {
        let berlin =
            read(r#"{"name":"Europe/Berlin","transitions":[[0,3600],[1774746000,7200],[1792890000,3600]]}"#);
        let berlin = berlin.unwrap();
        // At noon on 2026-03-01, 2026-07-01 and 2026-12-01.
        for (local, utc) in
            [(1_772_366_400, 1_772_362_800), (1_782_907_200, 1_782_900_000), (1_796_126_400, 1_796_122_800)]
        {
            assert_eq!(berlin.zone().utc(local), utc);
        }
        let other = read(r#"{"transitions":[[0,3600]],"name":"Europe/Berlin"}"#).unwrap();
        assert_eq!(digest(&berlin), digest(&other), "the digest is of the name");
        assert_ne!(
            digest(&berlin),
            digest(&read(r#"{"name":"Europe/Paris","transitions":[[0,3600]]}"#).unwrap())
        );
        for bad in [
            r#"{"name":"x"}"#,
            r#"{"name":"","transitions":[[0,0]]}"#,
            r#"{"name":"x","transitions":[]}"#,
            r#"{"name":"x","transitions":[[0,0,0]]}"#,
            r#"{"name":"x","transitions":[[0,50401]]}"#,
            r#"{"name":"x","transitions":[[5,0],[5,0]]}"#,
            r#"{"name":"x","transitions":[[0,0],[10,50400],[11,0],[12,0]]}"#,
            r#"{"name":"x","transitions":[[99999999999999,0]]}"#,
            r#"{"name":"x","transitions":[[0,0]],"more":1}"#,
            r#"{"name":"x","name":[[0,0]]}"#,
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let many = "[0,0],".repeat(MOST_TRANSITIONS);
        assert_eq!(read(&format!(r#"{{"name":"x","transitions":[{many}[0,0]]}}"#)), None);
    }
}
