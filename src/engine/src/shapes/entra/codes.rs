//! The meaning of the codes of Entra's sign-in service, in the sign-in logs and in the unified audit log.
//!
//! Source: "Microsoft Entra authentication and authorization error codes"
//! (<https://learn.microsoft.com/entra/identity-platform/reference-error-codes>).

use crate::event::Outcome;
use crate::shapes::spelled::contains;

/// The codes that count as failures: the password was refused, or the account accepts none.
///
/// The codes of the account: 50034 no such account, 50053 locked or from an address known for attacks, 50057 disabled,
/// 80012 outside the hours allowed. The codes of the password: 50055 expired, 50056 none set, 50126 wrong name or
/// password, 50144 expired in Active Directory. The codes of the validation: 50064 failed, 80014 took too long, 81016
/// Kerberos ticket invalid.
const FAILURES: [u32; 11] = [50034, 50053, 50055, 50056, 50057, 50064, 50126, 50144, 80012, 80014, 81016];

/// The meaning of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The outcome of the sign-in. For a success, the decoder must also check that a person signed in.
    pub outcome: Outcome,
    /// True if the password was right.
    pub credential: bool,
}

/// Judges a code. `words` are the record's texts about the code; one code has several meanings. Returns `None` for an
/// interruption that is part of every sign-in, and for codes that do not matter.
pub fn judge(code: i64, words: &[&str], extra: &[u32]) -> Option<Meaning> {
    let code = u32::try_from(code).ok()?;
    let verdict = |outcome, credential| Some(Meaning { outcome, credential });
    // These sign-ins were stopped after the password. A second factor had to be given (50074) or set up (50079), or was
    // not passed (500121). Or the place of the client (50076) or a policy (53003) stopped them. An expired password was
    // right too.
    let credential = matches!(code, 50055 | 50074 | 50076 | 50079 | 53003 | 500_121);
    match code {
        0 => verdict(Outcome::Success, false),
        _ if FAILURES.contains(&code) || extra.contains(&code) => verdict(Outcome::Failure, credential),
        50074 => verdict(Outcome::Challenge, true),
        50076 | 50079 | 53003 => verdict(Outcome::Stopped, true),
        500_121 => verdict(if unanswered(words) { Outcome::Timeout } else { Outcome::Denied }, true),
        _ => None,
    }
}

/// True if the words say that the person did not answer: `MFA denied; user did not respond to mobile app
/// notification`.
fn unanswered(words: &[&str]) -> bool {
    const PARTS: [&str; 6] = ["not respond", "no response", "timed out", "timeout", "time out", "not answer"];
    words.iter().any(|words| PARTS.iter().any(|part| contains(words, part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code() {
        let says = |code, words: &[&str]| judge(code, words, &[7]).map(|v| (v.outcome, v.credential));
        for code in [50034, 50053, 50056, 50057, 50064, 50126, 50144, 80012, 80014, 81016, 7] {
            assert_eq!(says(code, &[]), Some((Outcome::Failure, false)), "{code}");
        }
        assert_eq!(says(0, &[]), Some((Outcome::Success, false)));
        assert_eq!(says(50055, &[]), Some((Outcome::Failure, true)));
        assert_eq!(says(50074, &[]), Some((Outcome::Challenge, true)));
        for code in [50076, 50079, 53003] {
            assert_eq!(says(code, &[]), Some((Outcome::Stopped, true)), "{code}");
        }
        for (words, outcome) in [
            ("", Outcome::Denied),
            ("MFA denied; user declined the authentication", Outcome::Denied),
            ("MFA denied; Phone App Reported Fraud", Outcome::Denied),
            ("MFA denied; duplicate authentication attempt", Outcome::Denied),
            ("MFA denied; user did not respond to mobile app notification", Outcome::Timeout),
            ("MFA denied; Authentication Timed Out", Outcome::Timeout),
        ] {
            assert_eq!(says(500_121, &["", words]), Some((outcome, true)), "{words}");
        }
        for code in [-1, 1, 16000, 50011, 50058, 50072, 50140, 50158, 65001, 700_003, i64::MAX, i64::MIN] {
            assert_eq!(says(code, &[]), None, "{code}");
        }
        assert_eq!(judge(50074, &[], &[50074]).map(|v| v.outcome), Some(Outcome::Failure), "as configured");
    }
}
