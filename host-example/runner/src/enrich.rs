//! Finds the place of an address: its country, city and network, from databases in MaxMind's format.
//!
//! Only the host does this, because the behaviour of a module depends only on its records. A written alert has the
//! places under `enrichment`, which is not part of the bytes that all hosts share.

use authsieve_engine::alert::Alert;
use authsieve_engine::net;
use maxminddb::Reader;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The most addresses of an alert that are looked up.
const MOST: usize = 50;

/// The opened databases.
#[derive(Default)]
pub struct Enricher {
    databases: Vec<Reader<Vec<u8>>>,
}

/// A record of the usual databases (City, Country, ASN, ISP, and others with the same fields).
#[derive(Deserialize)]
struct Known {
    #[serde(default)]
    country: Option<Country>,
    #[serde(default)]
    city: Option<City>,
    #[serde(default)]
    autonomous_system_number: Option<u32>,
    #[serde(default)]
    autonomous_system_organization: Option<String>,
}

#[derive(Deserialize)]
struct Country {
    #[serde(default)]
    iso_code: Option<String>,
}

#[derive(Deserialize)]
struct City {
    #[serde(default)]
    names: BTreeMap<String, String>,
}

impl Enricher {
    /// Opens databases.
    ///
    /// # Errors
    /// Fails if a database cannot be read.
    pub fn open(files: &[PathBuf]) -> Result<Self, String> {
        let open = |file: &PathBuf| Self::database(file).map_err(|why| format!("{}: {why}", file.display()));
        Ok(Self { databases: files.iter().map(open).collect::<Result<_, _>>()? })
    }

    fn database(file: &Path) -> Result<Reader<Vec<u8>>, String> {
        Reader::open_readfile(file).map_err(|error| error.to_string())
    }

    /// True if there is no database.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.databases.is_empty()
    }

    /// The known facts about an address: `country`, `city`, `asn`, `as_org`. `None` if there are none.
    #[must_use]
    pub fn of(&self, address: &str) -> Option<Value> {
        let ip = net::parse_address(address)?;
        let mut found = Map::new();
        for database in &self.databases {
            // A database for IPv4 only has no answer for IPv6.
            let Ok(Some(known)) = database.lookup(ip).and_then(|result| result.decode::<Known>()) else {
                continue;
            };
            let country = known.country.and_then(|country| country.iso_code);
            let city = known.city.and_then(|mut city| city.names.remove("en"));
            let values = [
                ("country", country.map(Value::from)),
                ("city", city.map(Value::from)),
                ("asn", known.autonomous_system_number.map(Value::from)),
                ("as_org", known.autonomous_system_organization.map(Value::from)),
            ];
            for (name, value) in values {
                if let Some(value) = value {
                    found.entry(name).or_insert(value);
                }
            }
        }
        (!found.is_empty()).then_some(Value::Object(found))
    }

    /// The known facts about the addresses of an alert, by address. `None` if there are none.
    #[must_use]
    pub fn alert(&self, alert: &Alert) -> Option<Value> {
        if self.is_empty() {
            return None;
        }
        let addresses = alert.src_ip.iter().chain(&alert.src_ips).take(MOST);
        let found: Map<String, Value> =
            addresses.filter_map(|address| Some((address.clone(), self.of(address)?))).collect();
        (!found.is_empty()).then_some(Value::Object(found))
    }
}

/// The known facts about addresses, in words: `203.0.113.9 is in DE, Berlin (AS64496 Example)`.
#[must_use]
pub fn words(found: &Value) -> Vec<String> {
    let one = |(address, known): (&String, &Value)| {
        let text = |name: &str| known.get(name).and_then(Value::as_str).unwrap_or_default();
        let place: Vec<&str> =
            [text("country"), text("city")].into_iter().filter(|text| !text.is_empty()).collect();
        let asn = known.get("asn").and_then(Value::as_u64).map(|asn| format!("AS{asn}"));
        let network = [asn.as_deref().unwrap_or_default(), text("as_org")].join(" ");
        let mut words =
            if place.is_empty() { address.clone() } else { format!("{address} is in {}", place.join(", ")) };
        if !network.trim().is_empty() {
            words += &format!(" ({})", network.trim());
        }
        words
    };
    found.as_object().into_iter().flatten().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_known_is_told_in_words() {
        let found = json!({
            "192.0.2.1": { "country": "DE", "city": "Berlin", "asn": 64496, "as_org": "Example" },
            "192.0.2.2": { "country": "NL" },
            "192.0.2.3": { "as_org": "Example" },
        });
        let mut told = words(&found);
        told.sort();
        assert_eq!(
            told,
            ["192.0.2.1 is in DE, Berlin (AS64496 Example)", "192.0.2.2 is in NL", "192.0.2.3 (Example)"]
        );
    }

    #[test]
    fn what_is_no_database_is_an_error_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.mmdb");
        std::fs::write(&file, b"nothing").unwrap();
        let why = Enricher::open(&[file]).err().unwrap_or_default();
        assert!(why.contains("x.mmdb"), "{why}");
        assert_eq!(Enricher::default().alert(&Alert::default()), None);
    }
}
