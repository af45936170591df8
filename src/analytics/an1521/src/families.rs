//! Configured families: `[families] admin = ["admin*"]`.

use authsieve_engine::config::{Glob, Json, Kind, Place, Problems, Setting};
use authsieve_engine::letters::lower;
use authsieve_engine::order::sort;

/// The most families in a configuration: each is compared with every event.
const MOST_FAMILIES: usize = 1000;

/// The families of the configuration, with their names and accounts, in the order of names. An account that fits two
/// families belongs to the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Families(Vec<(String, Vec<Glob>)>);

impl Families {
    /// The first family that an account belongs to.
    #[must_use]
    pub fn of(&self, account: &str) -> Option<&str> {
        let member = |(_, globs): &&(String, Vec<Glob>)| globs.iter().any(|glob| glob.matches(account, true));
        self.0.iter().find(member).map(|(name, _)| &**name)
    }
}

impl Setting for Families {
    const KIND: Kind = Kind::Other(
        "a table of at most 1000 names, each with a list of accounts, such as admin = [\"admin*\"]",
        "\"type\":\"object\",\"additionalProperties\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"minLength\":1,\
         \"maxLength\":256}},\"maxProperties\":1000",
    );

    fn read(json: &Json<'_>) -> Option<Self> {
        Self::read_at(json, &Place::Whole, &mut Problems::default())
    }

    fn read_at(json: &Json<'_>, place: &Place<'_>, problems: &mut Problems) -> Option<Self> {
        let Some(table) = json.as_table().filter(|table| table.len() <= MOST_FAMILIES) else {
            problems.refuse(place, json, &Self::KIND);
            return None;
        };
        let mut families = Vec::new();
        for (name, accounts) in table {
            if let Some(accounts) = Vec::read_at(accounts, &Place::Member(place, name), problems) {
                families.push((name.chars().flat_map(lower).collect::<String>(), accounts));
            }
        }
        if families.len() < table.len() {
            return None;
        }
        sort(&mut families, |(one, _), (other, _)| one < other);
        Some(Self(families))
    }

    fn digest(&self, out: &mut Vec<u8>) {
        for (name, accounts) in &self.0 {
            name.digest(out);
            accounts.digest(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_families_go_first_and_by_name() {
        let families = Families::read(
            &Json::parse(r#"{"Ops": ["ops*", "root"], "admin": ["admin*", "adm?"], "all": ["*x"]}"#).unwrap(),
        )
        .unwrap();
        assert_eq!(families.of("administrator"), Some("admin"));
        assert_eq!(families.of("adm1"), Some("admin"));
        assert_eq!(families.of("root"), Some("ops"));
        assert_eq!(families.of("opsx"), Some("all"), "the first by name");
        assert_eq!(families.of("guest"), None);
        for wrong in ["[]", r#"{"a": "b"}"#, r#"{"a": [""]}"#] {
            assert_eq!(Families::read(&Json::parse(wrong).unwrap()), None, "{wrong}");
        }
    }
}
