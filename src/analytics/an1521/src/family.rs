//! Makes the canonical name of an account, and the name of its family.

use crate::options::{Options, Similarity};
use authsieve_engine::letters::lower;

/// The most bytes of a name that count. Windows account names are far shorter.
const MOST_NAME: usize = 255;
/// The fewest letters of a folded name: a shorter one is not changed.
const LETTERS: usize = 3;
/// Writes the canonical name of an account into `out`: lower case, without a domain before it (`CONTOSO\`) or a
/// suffix after it (`@contoso.com`). O(n) in the first 255 bytes.
pub fn canonical(user: &str, out: &mut String) {
    out.clear();
    let user = user.rsplit('\\').next().unwrap_or(user);
    let name = match user.split_once('@') {
        Some((name, _)) if !name.is_empty() => name,
        _ => user,
    };
    for letter in name.chars().flat_map(lower) {
        if out.len() + letter.len_utf8() > MOST_NAME {
            break;
        }
        out.push(letter);
    }
}

/// True for an account of a machine or of the system, whose passwords nobody guesses. `account` must be canonical.
pub fn is_nobody(account: &str) -> bool {
    account.ends_with('$')
        || account == "anonymous logon"
        || ["dwm-", "umfd-"].iter().any(|window_manager| account.starts_with(window_manager))
}

/// Writes the name of an account's family into `out`, without joining near families. `account` must be canonical.
/// O(n).
pub fn label(options: &Options, account: &str, out: &mut String) {
    if options.similarity == Similarity::Exact {
        out.clear();
        out.push_str(account);
    } else if let Some(name) = options.families.of(account) {
        out.clear();
        out.push_str(name);
    } else {
        fold(account, out);
    }
}

/// Folds a name: removes digits and punctuation at its end, and replaces digits that look like letters. These are the
/// usual ways to derive many names from one. A name stays as it is if fewer than three letters would be left.
fn fold(account: &str, out: &mut String) {
    out.clear();
    let stem = account.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_' | '.'));
    let mut letters = 0;
    for letter in stem.chars() {
        let folded = match letter {
            '0' => 'o',
            '1' | 'l' => 'i',
            '3' => 'e',
            '4' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            other => other,
        };
        letters += usize::from(folded.is_alphabetic());
        out.push(folded);
    }
    if letters < LETTERS {
        out.clear();
        out.push_str(account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_domain_suffix_and_case() {
        for (user, name) in [
            ("Administrator", "administrator"),
            ("CONTOSO\\Admin1", "admin1"),
            ("a\\b\\Carol", "carol"),
            ("Dave@contoso.example", "dave"),
            ("@dave", "@dave"),
            ("Jörg.MÜLLER", "jörg.müller"),
            ("", ""),
        ] {
            let mut out = "left over".into();
            canonical(user, &mut out);
            assert_eq!(out, name, "{user}");
        }
        let mut out = String::new();
        canonical(&"ü".repeat(500), &mut out);
        assert_eq!(out.len(), 254, "and no half letter");
    }

    #[test]
    fn names_fold_to_families() {
        for (account, family) in [
            ("admin", "admin"),
            ("admin1", "admin"),
            ("admin-02", "admin"),
            ("admin_._2-", "admin"),
            ("4dm1n", "admin"),
            ("adm1n7", "admin"),
            ("$vc.5q1", "svc.sq"),
            ("r00t", "root"),
            ("lisa", "iisa"),
            ("pete7x", "petetx"),
            ("ab1", "ab1"),
            ("s123456", "s123456"),
            ("a1b", "aib"),
            ("007", "007"),
            ("---", "---"),
            ("x-1-y", "x-i-y"),
            ("x-1", "x-1"),
            ("x-y-z", "x-y-z"),
            ("müller2", "müiier"),
            ("", ""),
        ] {
            let mut out = "left over".into();
            fold(account, &mut out);
            assert_eq!(out, family, "{account}");
        }
    }
}
