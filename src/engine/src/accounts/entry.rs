//! How a login came in: protocols that ask for no second factor, and programs that guess passwords.

use crate::event::Event;
use crate::shapes::spelled::contains;

/// Words of clients and protocols that send a password and ask for no second factor. `BAV2ROPC` and `CBAInPROD` are
/// the user agents under which Exchange Online signs in for them.
const LEGACY: [&str; 9] = [
    "BAV2ROPC",
    "CBAInPROD",
    "CBAInTAR",
    "IMAP",
    "POP3",
    "SMTP",
    "MAPI Over HTTP",
    "Exchange Web Services",
    "Other clients",
];

/// Parts of the user agents of libraries and tools. People do not log in with these.
const TOOLS: [&str; 16] = [
    "python",
    "aiohttp",
    "Go-http-client",
    "fasthttp",
    "curl/",
    "Wget",
    "axios",
    "node-fetch",
    "PowerShell",
    "AADInternals",
    "ROADtools",
    "AzureHound",
    "Hydra",
    "HeadlessChrome",
    "libwww-perl",
    "Ruby",
];

/// The protocol or tool by which an attempt came in, as a line for an alert. `None` if it is nothing special.
pub(super) fn risky(event: &Event<'_>) -> Option<(&'static str, &'static str)> {
    let part = |list: &[&'static str], texts: &[&str]| {
        list.iter().copied().find(|word| texts.iter().any(|text| contains(text, word)))
    };
    let agent = &*event.user_agent;
    part(&LEGACY, &[agent, &event.method, &event.service, &event.application])
        .map(|word| ("legacy protocol, without a second factor: ", word))
        .or_else(|| part(&TOOLS, &[agent]).map(|word| ("the user agent is that of a tool: ", word)))
}
