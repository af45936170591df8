//! Who may ask an HTTP source for what.

use super::Inlet;
use crate::serve::Secret;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;

/// Pages that tell nothing but whether the service works: load balancers ask for them, and have no token.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// The guard of the pages.
#[derive(Clone)]
pub(super) struct Guard {
    /// For the counters.
    pub inlet: Inlet,
    /// The token of all pages that are not open.
    pub token: Option<Secret>,
    /// With TLS, a browser sees to it that names are not borrowed.
    pub is_encrypted: bool,
}

/// Lets a request through, or answers 401 or 403. All pages are guarded but the two open ones, also those that are added later.
pub(super) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if guard.is_of_a_page(request.headers()) {
        let why = "web pages are not served; expected a request to an address, without the header Origin\n";
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    if OPEN.contains(&request.uri().path()) || guard.knows(request.headers()) {
        return next.run(request).await;
    }
    guard.inlet.counters.unauthorized.inc();
    let why = "expected the header Authorization: Bearer TOKEN, with the token of this source\n";
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], why).into_response()
}

impl Guard {
    /// True for what a web page sends. Pages of strangers can reach this machine's own addresses through a browser, also under a
    /// name of theirs.
    fn is_of_a_page(&self, headers: &HeaderMap) -> bool {
        let host = text(headers, HOST);
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let name = name.map_or(host, |(name, _)| name).trim_matches(['[', ']']);
        let is_ours = self.is_encrypted
            || name.is_empty()
            || name.eq_ignore_ascii_case("localhost")
            || name.parse::<IpAddr>().is_ok();
        headers.contains_key(ORIGIN) || !is_ours
    }

    /// True if the request has the token, or none is wanted.
    fn knows(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let sent = text(headers, AUTHORIZATION).split_once(' ');
        sent.is_some_and(|(scheme, sent)| {
            scheme.eq_ignore_ascii_case("bearer") && token.is(sent.trim().as_bytes())
        })
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
