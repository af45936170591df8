//! The names of techniques in MITRE ATT&CK (Enterprise, version 17).

/// A technique or sub-technique, with its tactic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Technique {
    /// The id, such as `T1110`.
    pub id: &'static str,
    /// The name. For a sub-technique, the name after the colon.
    pub name: &'static str,
    /// The tactic. Valid Accounts has several; here it is Initial Access.
    pub tactic: Tactic,
}

/// A tactic: the purpose of techniques.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tactic {
    /// The id, such as `TA0006`.
    pub id: &'static str,
    /// The name of the tactic.
    pub name: &'static str,
}

const CREDENTIAL_ACCESS: Tactic = Tactic { id: "TA0006", name: "Credential Access" };
const INITIAL_ACCESS: Tactic = Tactic { id: "TA0001", name: "Initial Access" };

const TECHNIQUES: [Technique; 11] = [
    Technique { id: "T1078", name: "Valid Accounts", tactic: INITIAL_ACCESS },
    Technique { id: "T1078.001", name: "Default Accounts", tactic: INITIAL_ACCESS },
    Technique { id: "T1078.002", name: "Domain Accounts", tactic: INITIAL_ACCESS },
    Technique { id: "T1078.003", name: "Local Accounts", tactic: INITIAL_ACCESS },
    Technique { id: "T1078.004", name: "Cloud Accounts", tactic: INITIAL_ACCESS },
    Technique { id: "T1110", name: "Brute Force", tactic: CREDENTIAL_ACCESS },
    Technique { id: "T1110.001", name: "Password Guessing", tactic: CREDENTIAL_ACCESS },
    Technique { id: "T1110.002", name: "Password Cracking", tactic: CREDENTIAL_ACCESS },
    Technique { id: "T1110.003", name: "Password Spraying", tactic: CREDENTIAL_ACCESS },
    Technique { id: "T1110.004", name: "Credential Stuffing", tactic: CREDENTIAL_ACCESS },
    Technique {
        id: "T1621",
        name: "Multi-Factor Authentication Request Generation",
        tactic: CREDENTIAL_ACCESS,
    },
];

/// The technique with this id, if it concerns authentication.
#[must_use]
pub fn technique(id: &str) -> Option<Technique> {
    TECHNIQUES.into_iter().find(|technique| technique.id == id)
}

/// The id of the whole technique: `T1110` for `T1110.003`.
#[must_use]
pub fn whole(id: &str) -> &str {
    id.split_once('.').map_or(id, |(whole, _)| whole)
}

/// The URL of the technique's page.
#[must_use]
pub fn page(id: &str) -> String {
    format!("https://attack.mitre.org/techniques/{}/", id.replace('.', "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_whole() {
        for entry in TECHNIQUES {
            assert!(technique(whole(entry.id)).is_some_and(|whole| whole.tactic == entry.tactic));
        }
        assert_eq!(page("T1110.003"), "https://attack.mitre.org/techniques/T1110/003/");
        assert_eq!(technique("T9999"), None);
    }

    #[test]
    fn whatever_a_built_in_analytic_names_is_known() {
        use authsieve_engine::detector::Analytics;
        for about in authsieve_suite::Suite::describe() {
            for id in about.techniques {
                assert!(technique(&id).is_some(), "{}: {id}", about.id);
            }
        }
    }
}
