//! Families that somebody configured: `[families] admin = ["admin*"]`.

use authsieve_engine::config::{Glob, Kind, Setting, Value};
use authsieve_engine::letters::lower;
use authsieve_engine::order::sort;

/// How many families may be configured: each is tried for every event.
const MOST_FAMILIES: usize = 1000;

/// The families of the configuration: a name each, and the accounts that belong to it. In the order of their names,
/// which decides where an account belongs to two.
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

    fn read(value: &Value<'_>) -> Option<Self> {
        let table = value.as_table().filter(|table| table.len() <= MOST_FAMILIES)?;
        let mut families = Vec::new();
        for (name, accounts) in table {
            families.push((name.chars().flat_map(lower).collect::<String>(), Vec::read(accounts)?));
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
            &Value::parse(r#"{"Ops": ["ops*", "root"], "admin": ["admin*", "adm?"], "all": ["*x"]}"#)
                .unwrap(),
        )
        .unwrap();
        assert_eq!(families.of("administrator"), Some("admin"));
        assert_eq!(families.of("adm1"), Some("admin"));
        assert_eq!(families.of("root"), Some("ops"));
        assert_eq!(families.of("opsx"), Some("all"), "the first by name");
        assert_eq!(families.of("guest"), None);
        for wrong in ["[]", r#"{"a": "b"}"#, r#"{"a": [""]}"#] {
            assert_eq!(Families::read(&Value::parse(wrong).unwrap()), None, "{wrong}");
        }
    }
}
