//! Converts IANA time zone names to the list of transitions that an analytic accepts.

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use serde_json::{Value, json};

/// 2100-01-01T00:00:00Z. Later records get the last offset.
const END: i64 = 4_102_444_800;

/// The most transitions that an analytic accepts.
const MOST: usize = 1024;

/// The option `timezone` for a name such as `Europe/Berlin`: the name, and the offsets from 1970 to 2100. `None` for an
/// unknown name.
#[must_use]
pub fn transitions(name: &str) -> Option<Value> {
    let zone = TimeZoneDatabase::bundled().get(name).ok()?;
    let mut last = zone.to_offset(Timestamp::UNIX_EPOCH).seconds();
    let mut list = vec![json!([0, last])];
    for transition in zone.following(Timestamp::UNIX_EPOCH) {
        let (at, seconds) = (transition.timestamp().as_second(), transition.offset().seconds());
        if at >= END || list.len() >= MOST {
            break;
        }
        // A transition can also change only the abbreviation of the zone.
        if seconds != last {
            list.push(json!([at, seconds]));
            last = seconds;
        }
    }
    Some(json!({ "name": zone.iana_name().unwrap_or(name), "transitions": list }))
}

/// The names of all zones.
pub fn all() -> impl Iterator<Item = String> {
    TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use authsieve_engine::config::{Json, Setting, Timezone};

    #[test]
    fn every_zone_is_one_that_analytics_take() {
        let mut count = 0;
        for name in all() {
            let zone = transitions(&name).unwrap_or_else(|| panic!("{name}")).to_string();
            let zone = Timezone::read(&Json::parse(&zone).unwrap());
            assert!(zone.is_some(), "{name}");
            count += 1;
        }
        assert!(count > 400, "{count}");
    }

    #[test]
    fn clocks_are_those_of_the_place() {
        let at = |name: &str, local: i64| {
            let zone = transitions(name).unwrap().to_string();
            Timezone::read(&Json::parse(&zone).unwrap()).unwrap().zone().utc(local)
        };
        // 2026-07-01T12:00:00 and 2099-12-31T12:00:00 in local time.
        let (summer, last) = (1_782_907_200, 4_102_401_600);
        assert_eq!(at("Europe/Berlin", summer), summer - 7_200);
        assert_eq!(at("America/New_York", summer), summer + 4 * 3_600);
        assert_eq!(at("Asia/Kathmandu", summer), summer - 20_700);
        assert_eq!(at("Europe/Berlin", last), last - 3_600);
        assert_eq!(transitions("europe/berlin"), transitions("Europe/Berlin"), "whatever the case");
        assert_eq!(transitions("Europe/Atlantis"), None);
    }
}
