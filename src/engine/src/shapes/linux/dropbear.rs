//! Messages of dropbear, the SSH server of OpenWrt and of many small devices.
//!
//! The formats are from dropbear's `svr-authpasswd.c`, `svr-authpubkey.c`, `svr-authpam.c` and `svr-auth.c`. The name
//! may hold any text; the address is read from the end, where the server wrote it.

use super::Shape;
use super::text::{cut, cut_last, event, peer, text};
use crate::event::{Event, Outcome, Signal, Text};
use crate::find::last_position;

/// Reads one message. `None` for messages that report no attempt: connections, exits, offered keys.
pub(super) fn decode(message: &[u8]) -> Option<Event<'_>> {
    const FORMS: [(&[u8], Outcome, &str); 6] = [
        (b"Bad password attempt for ", Outcome::Failure, "password"),
        (b"Bad PAM password attempt for ", Outcome::Failure, "password"),
        (b"Login attempt for nonexistent user", Outcome::Failure, ""),
        (b"Password auth succeeded for ", Outcome::Success, "password"),
        (b"PAM password auth succeeded for ", Outcome::Success, "password"),
        (b"Pubkey auth succeeded for ", Outcome::Success, "publickey"),
    ];
    let message = message.trim_ascii_end();
    let (rest, outcome, method) = FORMS
        .iter()
        .find_map(|(words, outcome, method)| Some((message.strip_prefix(*words)?, *outcome, *method)))?;
    let (who, place) = cut_last(rest, b"from ")?;
    // The account of a successful login exists, so its name forges nothing. The key follows the name.
    let quoted = who.trim_ascii_start().strip_prefix(b"'").unwrap_or_default();
    let user = match outcome {
        Outcome::Success => cut(quoted, b"'"),
        _ => cut_last(quoted, b"'"),
    };
    let user = user.map_or(&b""[..], |(user, _)| user);
    let host = last_position(place, b':').and_then(|at| place.get(..at)).unwrap_or(place);
    let mut event = event(Shape::Sshd, b"dropbear");
    event.outcome = outcome;
    event.user = text(user);
    (event.src_ip, event.src_name) = peer(host);
    event.signal = if outcome == Outcome::Success { Signal::Attempt } else { Signal::Failed };
    event.method = Text::Borrowed(method);
    event.src_ip.is_some().then_some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn each_form() {
        for (message, says) in [
            ("Bad password attempt for 'root' from 203.0.113.9:29745", "failure root 203.0.113.9"),
            ("Bad PAM password attempt for 'root' from 203.0.113.9:29745", "failure root 203.0.113.9"),
            ("Login attempt for nonexistent user from 203.0.113.9:29745", "failure  203.0.113.9"),
            ("Login attempt for nonexistent user 'bob' from 203.0.113.9:29745", "failure bob 203.0.113.9"),
            ("Password auth succeeded for 'root' from 2001:db8::9:29745", "success root 2001:db8::9"),
            ("PAM password auth succeeded for 'root' from 203.0.113.9:29745", "success root 203.0.113.9"),
            (
                "Pubkey auth succeeded for 'root' with ssh-ed25519 key SHA256:x from 203.0.113.9:29745",
                "success root 203.0.113.9",
            ),
            // A name that imitates the rest of its line.
            (
                "Bad password attempt for 'x' from 198.51.100.7:1' from 203.0.113.9:29745",
                "failure x' from 198.51.100.7:1 203.0.113.9",
            ),
        ] {
            let event = decode(message.as_bytes()).unwrap();
            let address = event.src_ip.unwrap();
            assert_eq!(format!("{} {} {address}", event.outcome.as_str(), event.user), says, "{message}");
        }
        for message in [
            "Child connection from 203.0.113.9:29745",
            "Exit before auth (user 'root', 5 fails): Max auth tries reached - user 'root' from 203.0.113.9:29745",
            "Bad password attempt for 'root' from ",
        ] {
            assert!(decode(message.as_bytes()).is_none(), "{message}");
        }
    }
}
