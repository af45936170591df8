//! Compares accounts that different logs write in different ways.

use serde::{Deserialize, Serialize};

/// The most bytes of a name and of a domain that are compared, because attackers write names.
const MOST: usize = 256;

/// An account: its name, and its domain if the log has one. Both are in lower case.
///
/// `CONTOSO\Ada` and `ada` may be the same account. `ada@a.example` and `ada@b.example` are different.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account {
    /// The name.
    pub name: String,
    /// The domain. Empty if unknown.
    pub domain: String,
}

impl Account {
    /// Reads `name`, `name@domain` or `DOMAIN\name`. `None` without a name.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let (name, domain) = match text.split_once('\\') {
            Some((domain, name)) => (name, domain),
            None => text.rsplit_once('@').unwrap_or((text, "")),
        };
        // A machine writes its own accounts as `.\name`.
        let domain = if matches!(domain, "." | "-") { "" } else { domain };
        (!name.is_empty()).then(|| Self { name: folded(name), domain: folded(domain) })
    }

    /// True if both may be the same account: the names are equal, and the domains are equal or one is unknown.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.name == other.name
            && (self.domain == other.domain || self.domain.is_empty() || other.domain.is_empty())
    }
}

fn folded(text: &str) -> String {
    let lower = text.to_lowercase();
    lower.get(..lower.floor_char_boundary(MOST)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        Account::of(one).zip(Account::of(other)).is_some_and(|(one, other)| one.is(&other) && other.is(&one))
    }

    #[test]
    fn accounts_are_equal_by_name_and_by_domains_that_are_known() {
        for (one, other) in [
            ("Ada", "ada"),
            ("ada", "CONTOSO\\ADA"),
            ("ada@a.example", "Ada@A.Example"),
            (".\\ada", "X\\ada"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [("ada@a.example", "ada@b.example"), ("ada", "adam"), ("", ""), ("X\\", "X\\")] {
            assert!(!same(one, other), "{one} {other}");
        }
        let long = "ä".repeat(1000);
        assert_eq!(Account::of(&long).map(|account| account.name.len()), Some(MOST));
    }
}
