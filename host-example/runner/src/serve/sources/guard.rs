//! The access control of an HTTP source.

use super::Inlet;
use crate::serve::Secret;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;

/// The pages without a token: they only say if the service works, and load balancers have no token.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// The header with which a browser says whether a page of another site sent the request.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The access rules of a source.
#[derive(Clone)]
pub(super) struct Guard {
    /// The source, whose counters record rejected requests.
    pub inlet: Inlet,
    /// The token for all other pages.
    pub token: Option<Secret>,
    /// True with TLS. Browsers then check the name of the server.
    pub is_encrypted: bool,
}

/// Passes a request on, or answers 401 or 403. Every page is guarded except the two open ones, including pages that are
/// added later.
pub(super) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if guard.is_of_a_page(request.headers()) {
        let why =
            "web pages are not served; expected a request to an address, without the headers of a browser\n";
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
    /// True if a web page sent the request. A foreign web page can reach this machine's local addresses through a
    /// browser, even under its own host name. Browsers send `Origin` only with some requests, and `Sec-Fetch-Site` with
    /// all.
    fn is_of_a_page(&self, headers: &HeaderMap) -> bool {
        let host = text(headers, HOST);
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let name = name.map_or(host, |(name, _)| name).trim_matches(['[', ']']);
        let is_ours = self.is_encrypted
            || name.is_empty()
            || name.eq_ignore_ascii_case("localhost")
            || name.parse::<IpAddr>().is_ok();
        let is_foreign = matches!(text(headers, SITE), "cross-site" | "same-site");
        headers.contains_key(ORIGIN) || is_foreign || !is_ours || headers.get_all(HOST).iter().count() > 1
    }

    /// True if the request has the token, or none is required.
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
