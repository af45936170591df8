//! Messages of OpenSSH's server: `sshd`, and since 9.8 `sshd-session` and `sshd-auth`.
//!
//! The formats are those of OpenSSH's `auth.c`, `auth2.c`, `auth-pam.c` and `packet.c`. The user name is in the
//! middle of most messages and may hold any text, even a whole forged line. So a form is recognised by the server's
//! own words at the start. Address and port are read from the end, which the server wrote too.

use super::Shape;
use super::text::{cut, cut_last, first_word, last_word, number, peer, text};
use crate::shapes::Provider;
use crate::event::{Event, Outcome, Signal, Text};
use crate::find::{find, places};

/// Reads one message. `None` for messages that report no attempt: key probing (`Failed publickey`, `Failed none`,
/// `Postponed publickey`), negotiation errors, scanners that never named a user, the end of a session.
pub(super) fn decode(message: &[u8]) -> Option<Event<'_>> {
    let message = message.trim_ascii_end();
    // The monitor process writes this for its unprivileged child.
    let message = message.strip_suffix(b" [preauth]").unwrap_or(message).trim_ascii_end();
    let message =
        message.strip_prefix(b"error: ").or_else(|| message.strip_prefix(b"fatal: ")).unwrap_or(message);
    match message.first()? {
        b'A' => accepted(message.strip_prefix(b"Accepted ")?),
        b'F' => failed(message.strip_prefix(b"Failed ")?),
        b'I' | b'i' => invalid(message.get(1..)?),
        b'P' => match message.strip_prefix(b"PAM: ") {
            Some(rest) => through_pam(rest),
            None => postponed(message.strip_prefix(b"Postponed ")?),
        },
        b'C' | b'D' => gone(message),
        b'm' => exceeded(message.strip_prefix(b"maximum authentication attempts exceeded for ")?),
        b'T' => too_many(message),
        b'R' => match message.strip_prefix(b"Received disconnect from ") {
            Some(rest) => received_disconnect(rest),
            None => root_refused(message.strip_prefix(b"ROOT LOGIN REFUSED FROM ")?),
        },
        b'U' => not_allowed(message.strip_prefix(b"User ")?),
        _ => None,
    }
}

/// True if a message begins like one about an attempt, even if its end is cut.
pub(super) fn begins_an_attempt(message: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [
        b"Failed password for ",
        b"Failed keyboard-interactive",
        b"Accepted password for ",
        b"Accepted publickey for ",
        b"Accepted keyboard-interactive",
        b"Invalid user ",
    ];
    let message = message.strip_prefix(b"error: ").unwrap_or(message);
    WORDS.iter().any(|words| message.starts_with(words))
}

/// An event with its user, its peer and its reason.
#[inline(never)]
fn about<'a>(signal: Signal, user: &'a [u8], host: &'a [u8], reason: Text<'a>) -> Event<'a> {
    let mut event = Event::new(Shape::Sshd.into(), Provider::Linux);
    event.service = Text::Borrowed("sshd");
    event.signal = signal;
    event.user = text(user);
    (event.src_ip, event.src_name) = peer(host);
    event.reason_text = reason;
    event
}

/// The method as text.
fn named(method: &[u8]) -> Text<'_> {
    match method {
        b"password" => Text::Borrowed("password"),
        b"publickey" => Text::Borrowed("publickey"),
        _ => text(method),
    }
}

/// The name, and whether the account is unknown to the server.
fn account(user: &[u8]) -> (&[u8], bool) {
    match user.strip_prefix(b"invalid user ").or_else(|| user.strip_prefix(b"illegal user ")) {
        Some(user) => (user, true),
        // Very old servers write this instead of the name.
        None if user == b"<invalid username>" => (b"", true),
        None => (user, false),
    }
}

const fn unknown(invalid: bool) -> Text<'static> {
    Text::Borrowed(if invalid { "invalid user" } else { "" })
}

/// Reads `METHOD for U from IP port N ssh2[: KEY]`.
fn accepted(rest: &[u8]) -> Option<Event<'_>> {
    let (method, rest) = first_word(rest);
    // `Accepted key …` and `Accepted certificate ID "…" …` do not count, since a client chose their text.
    let (user, host) = attempt(method, rest.strip_prefix(b"for ")?)?;
    let mut event = about(Signal::Attempt, user, host, Text::Borrowed(""));
    event.outcome = Outcome::Success;
    event.method = named(method);
    Some(event)
}

/// Reads `METHOD for [invalid user ]U from IP port N ssh2`.
fn failed(rest: &[u8]) -> Option<Event<'_>> {
    let (method, rest) = first_word(rest);
    if matches!(method, b"publickey" | b"none") {
        return None;
    }
    let (user, host) = attempt(method, rest.strip_prefix(b"for ")?)?;
    let (user, invalid) = account(user);
    let mut event = about(Signal::Failed, user, host, unknown(invalid));
    event.method = named(method);
    Some(event)
}

/// Reads `keyboard-interactive[/pam] for [invalid user ]U from IP port N ssh2`: sshd waits for an answer. This is no
/// attempt, but it shows that PAM has a process of its own.
fn postponed(rest: &[u8]) -> Option<Event<'_>> {
    let (method, rest) = first_word(rest);
    if !method.starts_with(b"keyboard-interactive") {
        return None;
    }
    let (user, host) = attempt(method, rest.strip_prefix(b"for ")?)?;
    let (user, invalid) = account(user);
    let mut event = about(Signal::Postponed, user, host, unknown(invalid));
    event.outcome = Outcome::Challenge;
    event.method = named(method);
    Some(event)
}

/// The user and the host in `U from IP port N ssh2[: …]` (`auth_log`).
///
/// After a password, nothing follows `ssh2`, so a line that ends there is read from its end. Other methods add
/// details: a key, the id of a certificate, a client's user and host. The client chose these, and they may be cut
/// anywhere. The name of an existing account imitates nothing, so the first matching place is the server's. The name
/// of an unknown account may imitate a place. If several places could be the server's, there is no way to tell, and
/// the event gets no address. A line cut short, without `ssh2` or port, is also read from its end.
fn attempt<'m>(method: &[u8], rest: &'m [u8]) -> Option<(&'m [u8], &'m [u8])> {
    fn whole(text: &[u8]) -> Option<(&[u8], &[u8])> {
        let text = text.strip_suffix(b" ssh2").or_else(|| text.strip_suffix(b" ssh1"))?;
        from(port(text)?)
    }
    fn before_details(text: &[u8], mark: usize) -> Option<(&[u8], &[u8])> {
        let (head, tail) = text.split_at_checked(mark + b" ssh".len() + 1)?;
        matches!(tail.first(), None | Some(b':')).then(|| whole(head))?
    }
    let detailed = matches!(method, b"publickey" | b"hostbased");
    if !detailed && let Some(found) = whole(rest) {
        return Some(found);
    }
    let mut places = places(rest, b" ssh").filter_map(|at| before_details(rest, at));
    match (places.next(), account(rest).1) {
        (Some(_), true) if places.next().is_some() => Some((b"", b"")),
        (Some(first), _) => Some(first),
        // The line was cut short: only its method is known.
        (None, _) if is_method(method) => from(port(rest).unwrap_or(rest)),
        (None, _) => None,
    }
}

/// True for OpenSSH's methods, and for the empty method of messages that name none. Their words are needles.
fn is_method(method: &[u8]) -> bool {
    const METHODS: [&[u8]; 5] = [b"password", b"publickey", b"hostbased", b"gssapi", b"keyboard-interactive"];
    method.is_empty() || METHODS.iter().any(|known| method.starts_with(known))
}

/// The text before ` port N` at the end.
fn port(text: &[u8]) -> Option<&[u8]> {
    let (text, port) = last_word(text)?;
    (port.len() <= 5 && number(port).is_some()).then_some(())?;
    text.strip_suffix(b" port")
}

/// The user and the host in `U from HOST`.
fn from(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (user, host) = last_word(text)?;
    // The text begins with the name. If the name is empty, the space before `from` is at the start.
    Some((user.strip_suffix(b" from")?, host)).filter(|(_, host)| !host.is_empty())
}

/// Reads `Invalid user U from IP[ port N]`, or `Illegal user …` before 3.9. The name may be empty.
fn invalid(rest: &[u8]) -> Option<Event<'_>> {
    let rest = rest.strip_prefix(b"nvalid user ").or_else(|| rest.strip_prefix(b"llegal user "))?;
    let (user, host) = from(port(rest).unwrap_or(rest))?;
    Some(about(Signal::Weak, user, host, unknown(true)))
}

/// Reads `Authentication failure for [illegal user ]U from HOST[ via IP]`, with the words of `pam_strerror`. Apple
/// adds ` via ` and the server's own address.
fn through_pam(rest: &[u8]) -> Option<Event<'_>> {
    const REASONS: [&[u8]; 4] = [
        b"Authentication failure",
        b"Authentication error",
        b"User not known to the underlying authentication module",
        b"unknown user",
    ];
    let (reason, rest) = REASONS.iter().find_map(|reason| {
        let (words, rest) = rest.split_at_checked(reason.len())?;
        Some((*reason, words.eq_ignore_ascii_case(reason).then(|| rest.strip_prefix(b" for "))??))
    })?;
    let without_via = last_word(rest).and_then(|(head, _)| head.strip_suffix(b" via"));
    let (user, host) = from(rest).or_else(|| from(without_via?)).unwrap_or((rest, b""));
    let (user, _) = account(user);
    Some(about(Signal::SshdPam, user, host, text(reason)))
}

/// Reads `Connection closed|reset by`, `Disconnected from` and `Disconnecting`, each with `authenticating|invalid
/// user U IP port N` (`ssh_packet_set_log_preamble`, only before the login). Also reads the older `Disconnecting: Too
/// many …`.
fn gone(message: &[u8]) -> Option<Event<'_>> {
    const WORDS: [&[u8]; 4] =
        [b"Connection closed by ", b"Connection reset by ", b"Disconnected from ", b"Disconnecting "];
    if let Some(reason) = message.strip_prefix(b"Disconnecting: ") {
        return too_many(reason);
    }
    let rest = WORDS.iter().find_map(|words| message.strip_prefix(*words))?;
    let (rest, invalid) = match rest.strip_prefix(b"authenticating user ") {
        Some(rest) => (rest, false),
        None => {
            let unknown = rest.strip_prefix(b"invalid user ").or_else(|| rest.strip_prefix(b"illegal user "));
            (unknown?, true)
        }
    };
    let (user, host, reason) = if message.starts_with(b"Disconnecting ") {
        disconnecting(rest)?
    } else {
        let (user, host) = last_word(port(rest)?)?;
        (user, host, &b"connection closed"[..])
    };
    // Another message may have the same word here; only an address shows that this is the right form.
    let event = about(Signal::Weak, user, host, if invalid { unknown(true) } else { text(reason) });
    event.src_ip.is_some().then_some(event)
}

/// The user, host and reason in `U IP port N: REASON`. The server chose the reason, but one reason repeats the user's
/// names: `Change of username or service not allowed: (U,SERVICE) -> (OTHER,SERVICE)`.
fn disconnecting(rest: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    const TOO_MANY: &[u8] = b"Too many authentication failures";
    const CHANGE: &[u8] = b"Change of username or service not allowed";
    fn user_and_host(head: &[u8]) -> Option<(&[u8], &[u8])> {
        let (user, host) = last_word(port(head)?)?;
        peer(host).0.map(|_| (user, host))
    }
    if let Some(head) = rest.strip_suffix(TOO_MANY) {
        let (user, host) = user_and_host(head.strip_suffix(b": ")?)?;
        return Some((user, host, TOO_MANY));
    }
    let mut changes = places(rest, b": Change of username or service not allowed: (");
    if let Some(first) = changes.next() {
        let at_change = |at: usize| {
            let (head, tail) = rest.split_at_checked(at)?;
            let (user, host) = user_and_host(head)?;
            let (_, names) = cut(tail, b"allowed: (")?;
            Some((user, host, names))
        };
        // sshd cuts the reason, with the second name in it, but not the text before. If there is one matching place,
        // it is the server's. Of several, the server's has the same name on both sides of the address. To forge a
        // second one, a client would have to know its own port as the server sees it.
        if changes.next().is_none() {
            return at_change(first).map(|(user, host, _)| (user, host, CHANGE));
        }
        if !rest.ends_with(b")") {
            return None;
        }
        return places(rest, b": Change of username or service not allowed: (").rev().find_map(|at| {
            let (user, host, names) = at_change(at)?;
            names.strip_prefix(user)?.starts_with(b",").then_some((user, host, CHANGE))
        });
    }
    let (head, reason) = places(rest, b": ").rev().find_map(|at| {
        let (head, reason) = rest.split_at_checked(at)?;
        user_and_host(head).and(Some((head, reason.get(2..)?)))
    })?;
    let (user, host) = user_and_host(head)?;
    Some((user, host, reason))
}

/// Reads `maximum authentication attempts exceeded for [invalid user ]U from IP port N ssh2`.
fn exceeded(rest: &[u8]) -> Option<Event<'_>> {
    let (user, host) = attempt(b"", rest)?;
    Some(about(
        Signal::Weak,
        account(user).0,
        host,
        Text::Borrowed("maximum authentication attempts exceeded"),
    ))
}

/// Reads `Too many authentication failures[ for U]`, and the form of 6.7, ` for [invalid user ]U from IP port N
/// ssh2`.
///
/// Before 6.7, nothing follows the name, which could then end like the newer form. So no address is read here. Each
/// attempt counted in this line has a `Failed` line too.
fn too_many(message: &[u8]) -> Option<Event<'_>> {
    let rest = message.strip_prefix(b"Too many authentication failures")?;
    let user = match rest {
        b"" => rest,
        _ => rest.strip_prefix(b" for ")?,
    };
    let (user, _) = attempt(b"", user).unwrap_or((user, b""));
    Some(about(Signal::Weak, account(user).0, b"", Text::Borrowed("Too many authentication failures")))
}

/// Reads `IP[ port N]:CODE: TEXT`. The client sent the text (RFC 4253 section 11.1). Code 3 with JSch's `Auth fail`,
/// and code 14, mean a failed login.
fn received_disconnect(rest: &[u8]) -> Option<Event<'_>> {
    let (host, rest) = first_word(rest);
    let (host, rest) = match rest.strip_prefix(b"port ") {
        Some(rest) => {
            let (port, rest) = cut(rest, b":")?;
            number(port)?;
            (host, rest)
        }
        None => (host.strip_suffix(b":")?, rest),
    };
    let rest = rest.trim_ascii_start();
    let reason = match rest.strip_prefix(b"3: ") {
        Some(words) => find(words, b"Auth fail").map(|_| &b"Auth fail"[..])?,
        None => {
            let words = rest.strip_prefix(b"14: No ")?;
            let words = words.strip_prefix(b"supported ").unwrap_or(words);
            words
                .starts_with(b"authentication methods available")
                .then_some(b"No supported authentication methods")?
        }
    };
    Some(about(Signal::Weak, b"", host, text(reason)))
}

/// Reads `IP[ port N]`: the password was right, but root may not log in with a password.
fn root_refused(rest: &[u8]) -> Option<Event<'_>> {
    let (host, _) = first_word(rest);
    Some(about(Signal::Weak, b"root", host, Text::Borrowed("root login refused")))
}

/// Reads `U [from HOST ]not allowed because REASON`. The account exists.
fn not_allowed(rest: &[u8]) -> Option<Event<'_>> {
    let (who, reason) = cut_last(rest, b" not allowed because ")?;
    let (user, host) = cut_last(who, b" from ").unwrap_or((who, b""));
    Some(about(Signal::Weak, user, host, text(reason)))
}

#[cfg(test)]
mod tests;
