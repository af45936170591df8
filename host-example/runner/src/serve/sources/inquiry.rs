//! The pages that show the inside of a service: notes on recent events, and the state.
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1/explain?user=…&ip=…&key=…` | notes on the events of the recent past, in the format of `authsieve explain`; NDJSON |
//! | `GET /v1/snapshot` | the state, in the format of `serve --restore` |

use super::http::Front;
use crate::serve::SINCE;
use crate::serve::arrival::Request;
use crate::serve::history::Recent;
use crate::sinks::{Filter, note_line};
use authsieve_engine::time::Timestamp;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Allows one `explain` at a time, because each judges the past again.
static ASKING: Semaphore = Semaphore::const_new(1);

/// Answers with the notes on the events of the recent past.
pub(super) async fn explain(State(front): State<Front>, uri: Uri) -> Response {
    let filter = match filter(uri.query().unwrap_or_default()) {
        Ok(filter) => filter,
        Err(why) => return (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response(),
    };
    let Ok(asking) = ASKING.try_acquire() else {
        let why = "another question is answered now; try again later\n";
        return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")], why).into_response();
    };
    let (reply, recent) = oneshot::channel();
    let _ = front.requests().send(Request::Recent(reply)).await;
    let Ok(Some(recent)) = recent.await else {
        let why = "too much came since the state was taken last; ask again in a minute\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "60")], why).into_response();
    };
    let since = Timestamp(recent.since).to_rfc3339();
    let (lines, body) = mpsc::channel(16);
    // Judging takes a while and must not delay the analytics, so it runs on another thread.
    tokio::task::spawn_blocking(move || {
        tell(recent, &filter, &lines);
        drop(asking);
    });
    let headers = [(CONTENT_TYPE.as_str(), "application/x-ndjson".to_owned()), (SINCE, since)];
    (headers, Body::new(Lines(body))).into_response()
}

/// Judges the past again, and sends the notes that match the filter.
fn tell(recent: Recent, filter: &Filter, lines: &mpsc::Sender<Bytes>) {
    let told = recent.explain(|notes, origins| {
        let mut text = String::new();
        for note in notes.iter().filter(|note| filter.passes(note)) {
            text += &note_line(note, origins.of(note.record).as_ref());
            text.push('\n');
        }
        if text.is_empty() { !lines.is_closed() } else { lines.blocking_send(text.into()).is_ok() }
    });
    if let Err(why) = told {
        crate::serve::say(&format!("explain: {why}"));
    }
}

/// Answers with the state.
pub(super) async fn snapshot(State(front): State<Front>) -> Response {
    let (reply, taken) = oneshot::channel();
    let _ = front.requests().send(Request::Snapshot(reply)).await;
    match taken.await {
        Ok(Ok(bytes)) => ([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        Ok(Err(why)) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{why}\n")).into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the service ends\n").into_response(),
    }
}

/// Parses `user=…&ip=…&key=…`.
fn filter(query: &str) -> Result<Filter, String> {
    let mut filter = Filter::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned();
        filter.set(name, &value)?;
    }
    Ok(filter)
}

/// A body that is sent piece by piece.
struct Lines(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| Ok(hyper::body::Frame::data(piece))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read() {
        let wanted = filter("key=user%2Bip%20root&user=J+Doe&ip=192.0.2.7").unwrap();
        assert_eq!(
            wanted.pairs(),
            [("user", "J Doe".into()), ("ip", "192.0.2.7".into()), ("key", "user+ip root".into())]
        );
        assert!(filter("ip=nowhere").unwrap_err().contains("is no address"));
        assert!(filter("what=x").unwrap_err().contains("expected user, ip and key"));
        assert!(filter("").unwrap().pairs().is_empty());
    }
}
