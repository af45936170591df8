//! The sink that sends alerts by HTTP, many in one request and one per line. Other HTTP sinks use its handling of
//! answers.
//!
//! | answer | result |
//! |---|---|
//! | 2xx | delivered |
//! | 400, 413, 415, 422 | refused for good because of the content; kept in the file of undelivered alerts |
//! | any other, or none | retried: the receiver has a problem or rejects this sender. `Retry-After` is honoured |

use super::failure::Failure;
use super::place::Place;
use super::{Batch, fields};
use crate::serve::net::{self, Access, Answer};
use hyper::header::{HeaderMap, RETRY_AFTER};
use hyper::{Method, StatusCode, Uri};
use std::time::{Duration, SystemTime};

/// The number of bytes of an answer's body that an error message shows.
const EXCERPT: usize = 200;

/// The options of all HTTP sinks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The URL.
    pub uri: Uri,
    /// The method. POST by default.
    pub method: Method,
}

impl Options {
    /// Options for a POST to this URL.
    #[must_use]
    pub fn new(uri: Uri) -> Self {
        Self { uri, method: Method::POST }
    }

    /// Options for a POST to a place that is a URL.
    ///
    /// # Errors
    /// Fails for any other place.
    pub fn to(place: Place) -> Result<Self, String> {
        match place {
            Place::Url(uri) => Ok(Self::new(uri)),
            other => Err(format!("`{other}` is no URL; expected http://… or https://…")),
        }
    }

    /// Appends `path` to the URL, unless the URL already ends with it.
    #[must_use]
    pub fn under(mut self, path: &str) -> Self {
        let base = self.uri.path().trim_end_matches('/');
        if base.ends_with(path) {
            return self;
        }
        let query = self.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = format!("{base}{path}{query}").parse().ok().or(parts.path_and_query);
        if let Ok(uri) = Uri::from_parts(parts) {
            self.uri = uri;
        }
        self
    }
}

/// Sends lines by HTTP.
pub(super) struct Http {
    client: Result<net::Http, String>,
    options: Options,
}

impl Http {
    pub(super) fn new(options: &Options, access: &Access) -> Self {
        Self { client: net::Http::new(&options.uri, access), options: options.clone() }
    }

    pub(super) async fn deliver(&self, batch: &Batch<'_>) -> Result<(), Failure> {
        let headers = HeaderMap::new();
        self.send("application/x-ndjson", headers, batch.lines()).await.map(drop)
    }

    /// Sends a body. Any status but success is a failure.
    pub(super) async fn send(
        &self,
        content_type: &'static str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let client = self.client.as_ref().map_err(Failure::later)?;
        let Options { uri, method, .. } = &self.options;
        let answer = client.send(method, uri, content_type, headers, body).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(failed(&answer, SystemTime::now())) }
    }
}

/// The failure that an answer means.
fn failed(answer: &Answer, now: SystemTime) -> Failure {
    let text = String::from_utf8_lossy(&answer.body);
    let text = fields::shown(text.trim(), EXCERPT);
    let colon = if text.is_empty() { "" } else { ": " };
    let why = format!("the receiver answers {}{colon}{text}", answer.status);
    match answer.status {
        StatusCode::BAD_REQUEST
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => Failure::Never(why),
        _ => Failure::Later { why, after: retry_after(&answer.headers, now) },
    }
}

/// The wait that the receiver asks for, given as seconds or as a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    httpdate::parse_http_date(text).ok()?.duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, after: &str, body: &'static str) -> Answer {
        let mut headers = HeaderMap::new();
        if !after.is_empty() {
            headers.insert(RETRY_AFTER, after.parse().unwrap());
        }
        Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: body.into() }
    }

    #[test]
    fn an_answer_says_whether_to_try_again() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        for status in [400, 413, 415, 422] {
            assert!(matches!(failed(&answer(status, "", ""), now), Failure::Never(_)), "{status}");
        }
        for status in [301, 401, 403, 404, 408, 410, 425, 429, 500, 501, 503] {
            assert!(matches!(failed(&answer(status, "", ""), now), Failure::Later { .. }), "{status}");
        }
        let Failure::Never(why) = failed(&answer(400, "", " invalid\n\u{1b}[2J "), now) else { panic!() };
        assert_eq!(why, "the receiver answers 400 Bad Request: invalid\\n\\x1b[2J");
        for (text, seconds) in [
            ("7", Some(7)),
            ("Sun, 09 Sep 2001 01:46:50 GMT", Some(10)),
            ("Sun, 09 Sep 2001 01:46:30 GMT", None),
            ("soon", None),
        ] {
            let Failure::Later { after, .. } = failed(&answer(429, text, ""), now) else { panic!() };
            assert_eq!(after, seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn a_path_is_added_once() {
        for (uri, under) in [
            ("http://h:1", "http://h:1/v1/logs"),
            ("http://h:1/", "http://h:1/v1/logs"),
            ("http://h:1/v1/logs", "http://h:1/v1/logs"),
            ("http://h/otel/?tenant=a", "http://h/otel/v1/logs?tenant=a"),
        ] {
            assert_eq!(Options::new(uri.parse().unwrap()).under("/v1/logs").uri.to_string(), under);
        }
    }
}
