//! Logins at the machine itself: su, sudo, login, and macOS screen sharing, each with its own formats.
//!
//! A failure and the success after it name the same user. For sudo this is the caller, for su the target account, for
//! login the account. The formats are those of util-linux, shadow and sudo.

use super::Shape;
use super::text::{cut, cut_last, event, first_word, leading_number, peer, terminal, text};
use crate::event::{Event, Access, Outcome, Signal, Text};
use crate::find::find;

fn local<'a>(shape: Shape, user: &'a [u8], tty: &'a [u8]) -> Event<'a> {
    let mut event = event(shape, shape.as_str().as_bytes());
    event.access = Access::Local;
    event.user = text(user);
    event.tty = text(terminal(tty));
    event
}

const fn said(succeeded: bool, signal: Signal) -> (Outcome, Signal) {
    (if succeeded { Outcome::Success } else { Outcome::Failure }, signal)
}

/// True for the name of a console or a pseudo terminal. A program without one (cron) is no login of a person.
fn is_terminal(tty: &[u8]) -> bool {
    let tty = tty.strip_prefix(b"/dev/").unwrap_or(tty);
    tty.starts_with(b"pts/") || tty.starts_with(b"tty")
}

/// Reads su's messages. util-linux writes `[FAILED SU ](to root) alice on pts/0`. shadow writes `Successful|FAILED su
/// for root by alice` and then `+|- pts/0 alice:root`.
///
/// So shadow writes two lines. A failure counts with its first line; the second is weak, and adds nothing if the
/// process is known. A success is reported by both lines: the first matches failures without a terminal, the second
/// those at its terminal.
pub(super) fn su(message: &[u8]) -> Option<Event<'_>> {
    let ((outcome, signal), user, tty) = match message.first()? {
        b'F' | b'(' => {
            let refused = message.strip_prefix(b"FAILED SU ");
            match refused.unwrap_or(message).strip_prefix(b"(to ") {
                Some(rest) => {
                    let (rest, tty) = cut_last(rest, b" on ")?;
                    // Somebody typed the target account; the caller's name is real.
                    let (user, _caller) = cut_last(rest, b") ")?;
                    match refused {
                        Some(_) => (said(false, Signal::Failed), user, tty),
                        None if is_terminal(tty) => (said(true, Signal::Attempt), user, tty),
                        None => return None,
                    }
                }
                None => {
                    let (user, _) = cut_last(message.strip_prefix(b"FAILED su for ")?, b" by ")?;
                    (said(false, Signal::Failed), user, &b""[..])
                }
            }
        }
        b'S' => {
            let (user, _) = cut_last(message.strip_prefix(b"Successful su for ")?, b" by ")?;
            (said(true, Signal::Attempt), user, &b""[..])
        }
        sign @ (b'+' | b'-') => {
            let (tty, names) = first_word(message.get(1..)?.strip_prefix(b" ")?);
            let (_, user) = cut(names, b":")?;
            if !is_terminal(tty) {
                return None;
            }
            (if *sign == b'+' { said(true, Signal::Attempt) } else { said(false, Signal::Weak) }, user, tty)
        }
        _ => return None,
    };
    let mut event = local(Shape::Su, user, tty);
    (event.outcome, event.signal) = (outcome, signal);
    Some(event)
}

/// Reads `alice : TTY=pts/0 ; PWD=… ; USER=root ; COMMAND=…` and `alice : 3 incorrect password attempts ; TTY=…`.
///
/// `user NOT in sudoers` and `command not allowed` come after the right password, and `a password is required` before
/// any. These are neither failed attempts nor successes. A command without a terminal was not called by a person.
pub(super) fn sudo(message: &[u8]) -> Option<Event<'_>> {
    let (user, rest) = cut(message.trim_ascii_start(), b" : ")?;
    // Account names have no space; other messages that programs log as sudo do.
    if user.is_empty() || user.contains(&b' ') {
        return None;
    }
    // The caller chooses the text after `PWD=`.
    let told = cut(rest, b"PWD=").map_or(rest, |(told, _)| told);
    let (_, tty) = cut(told, b"TTY=")?;
    let (tty, _) = cut(tty, b" ;").unwrap_or((tty, b""));
    if rest.starts_with(b"TTY=") || rest.starts_with(b"HOST=") {
        let mut event = local(Shape::Sudo, user, tty);
        event.outcome = Outcome::Success;
        return Some(event);
    }
    let (count, reason) = leading_number(rest)?;
    if !reason.starts_with(b" incorrect password attempt") {
        return None;
    }
    let mut event = local(Shape::Sudo, user, tty);
    event.signal = Signal::Failed;
    event.count = count.clamp(1, super::MAX_COUNT);
    event.reason_text = Text::Borrowed("incorrect password");
    Some(event)
}

/// Reads login's messages. shadow writes `FAILED LOGIN (1) on '/dev/tty1' from 'host' FOR 'root', Authentication
/// failure` and `ROOT LOGIN  on '/dev/tty1'`. util-linux writes `FAILED LOGIN 1 FROM tty1 FOR root, Authentication
/// failure` and `LOGIN ON tty1 BY alice FROM host`.
pub(super) fn login(message: &[u8]) -> Option<Event<'_>> {
    if let Some(rest) = message.strip_prefix(b"FAILED LOGIN ") {
        let (rest, reason) = cut_last(rest, b", ")?;
        // The program wrote the text before `FOR`; a stranger typed the text after it.
        let (place, user) = cut(rest, b" FOR ")?;
        let user = quoted(user).unwrap_or(user);
        let user = if matches!(user, b"UNKNOWN" | b"(unknown)") { b"" } else { user };
        let (tty, host) = match cut(place, b"FROM ") {
            Some((_, tty)) if is_terminal(tty) => (tty, &b""[..]),
            Some((_, host)) => (&b""[..], host),
            None => place_of(place),
        };
        let mut event = login_at(user, tty, host);
        event.signal = Signal::Failed;
        event.reason_text = text(reason);
        return Some(event);
    }
    let (user, (tty, host)) = if let Some(rest) = message.strip_prefix(b"ROOT LOGIN ") {
        let place = match rest.strip_prefix(b"ON ") {
            Some(rest) => {
                let (tty, from) = first_word(rest);
                (tty, from.strip_prefix(b"FROM ").unwrap_or_default())
            }
            None => place_of(rest),
        };
        (&b"root"[..], place)
    } else if let Some(rest) = message.strip_prefix(b"LOGIN ON ") {
        let (tty, rest) = first_word(rest);
        let (user, from) = first_word(rest.strip_prefix(b"BY ")?);
        if !is_terminal(tty) {
            return None;
        }
        (user, (tty, from.strip_prefix(b"FROM ").unwrap_or_default()))
    } else {
        let (user, place) = cut(message.strip_prefix(b"'")?, b"' logged in")?;
        (user, place_of(place))
    };
    let mut event = login_at(user, tty, host);
    event.outcome = Outcome::Success;
    // Each such message names the terminal or the host. Without both, it is another message.
    (!event.tty.is_empty() || event.access == Access::Remote).then_some(event)
}

/// The terminal and the host in ` on '/dev/tty1'[ from 'host']`.
fn place_of(place: &[u8]) -> (&[u8], &[u8]) {
    let word = |mark: &[u8]| cut(place, mark).and_then(|(_, rest)| cut(rest, b"'")).map(|(word, _)| word);
    (word(b"on '").unwrap_or_default(), word(b" from '").unwrap_or_default())
}

/// A login at a terminal, or over the network if there is a host.
fn login_at<'a>(user: &'a [u8], tty: &'a [u8], host: &'a [u8]) -> Event<'a> {
    let (src_ip, src_name) = peer(host);
    if src_ip.is_none() && src_name.is_empty() {
        return local(Shape::Login, user, tty);
    }
    let mut event = local(Shape::Login, user, b"");
    event.access = Access::Remote;
    (event.src_ip, event.src_name) = (src_ip, src_name);
    event
}

fn quoted(word: &[u8]) -> Option<&[u8]> {
    word.strip_prefix(b"'")?.strip_suffix(b"'")
}

/// Reads macOS screen sharing: `Authentication: FAILED :: User Name: U :: Viewer Address: 192.0.2.1 :: Type: DH`.
pub(super) fn screen_sharing(message: &[u8]) -> Option<Event<'_>> {
    let at = find(message, b"Authentication: ")?;
    let rest = message.get(at + b"Authentication: ".len()..)?;
    let (outcome, rest) = first_word(rest);
    let outcome = match outcome {
        b"SUCCEEDED" => Outcome::Success,
        b"FAILED" => Outcome::Failure,
        _ => return None,
    };
    let (user, place) = cut_last(rest.strip_prefix(b":: User Name: ")?, b" :: Viewer Address: ")?;
    let (host, _) = first_word(place);
    let user = if user == b"N/A" { b"" } else { user };
    let mut event = event(Shape::ScreenSharing, b"screensharing");
    event.outcome = outcome;
    event.user = text(user);
    (event.src_ip, event.src_name) = peer(host);
    Some(event)
}

#[cfg(test)]
mod tests;
