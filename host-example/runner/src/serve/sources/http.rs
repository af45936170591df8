//! The HTTP source, and the pages about the service.
//!
//! | request | meaning |
//! |---|---|
//! | `POST /v1/events` | records as NDJSON, JSON array, plain lines or Fluent Bit's MessagePack; gzip and zstd. Answers 200 once they count |
//! | `POST /v1/logs` | OTLP logs, as protobuf or JSON |
//! | `GET`, `HEAD /healthz` | 200 while the service runs |
//! | `GET`, `HEAD /readyz` | 200 while the service accepts records, else 503 |
//! | `GET /metrics` | metrics for Prometheus |
//! | `GET /v1/status` | the main metrics as JSON |
//! | `GET /v1/explain`, `/v1/snapshot` | notes on recent events, and the state: see `inquiry` |
//!
//! With a token, all pages but `/healthz` and `/readyz` require it.
//!
//! A bad line never rejects its batch, because senders drop a batch that gets a 4xx answer. 429 and 503 ask the sender
//! to retry.

use super::body::{self, Error};
use super::guard::{self, Guard};
use super::inquiry;
use super::listener::Listener;
use super::otlp::{self, Encoding};
use super::{Inlet, Limits};
use crate::serve::arrival::{Request, Taken};
use crate::serve::metrics::Rejected;
use crate::serve::{Secret, digest};
use authsieve_engine::detector::Stats;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::timeout;

/// The most bytes of bodies in memory at once.
const ROOM: usize = 256 << 20;
/// The largest OTLP body in bytes. It is smaller because its conversion takes more memory.
const OTLP_BODY: usize = 8 << 20;
/// The time limit for the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// The longest time without a byte of a body.
const IDLE: Duration = Duration::from_secs(30);
/// The time limit for a whole body.
const BODY: Duration = Duration::from_secs(120);
/// How long the rest of a too large body is read and dropped.
const LINGER: Duration = Duration::from_secs(10);
/// The time that open connections get when the service ends.
const FAREWELL: Duration = Duration::from_secs(5);

/// The state that all handlers share.
#[derive(Clone)]
pub(in crate::serve) struct Front {
    inlet: Inlet,
    limits: Limits,
    /// The permits for bytes of bodies in memory.
    room: Arc<Semaphore>,
    /// The permits for the memory of the conversion and of its result.
    making: Arc<Semaphore>,
}

impl Front {
    /// Creates handlers that pass records to this inlet.
    pub(in crate::serve) fn new(inlet: Inlet, limits: Limits) -> Self {
        let room = || Arc::new(Semaphore::new(ROOM.max(limits.max_body)));
        Self { inlet, limits, room: room(), making: room() }
    }

    /// The way to the core.
    pub(super) const fn requests(&self) -> &mpsc::Sender<Request> {
        &self.inlet.requests
    }
}

/// The pages about the service.
pub(in crate::serve) fn pages() -> Router<Front> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/v1/status", get(status))
        .route("/v1/explain", get(inquiry::explain))
        .route("/v1/snapshot", get(inquiry::snapshot))
}

/// Serves until the service ends, then finishes open requests.
pub(super) async fn serve(listener: Listener, token: Option<Secret>, front: Front) {
    let (inlet, listener) = (front.inlet.clone(), Arc::new(listener));
    let guard = Guard { inlet: inlet.clone(), token, is_encrypted: listener.is_encrypted() };
    let app = Router::new()
        .route("/v1/events", post(events))
        .route("/v1/logs", post(logs))
        .merge(pages())
        .layer(axum::middleware::from_fn_with_state(guard, guard::check))
        .with_state(front);
    let graceful = GracefulShutdown::new();
    let renewing = tokio::spawn(Arc::clone(&listener).renew(inlet.clone()));
    while let Some((stream, mut place)) = listener.next(&inlet).await {
        let (listener, inlet, watcher) = (Arc::clone(&listener), inlet.clone(), graceful.watcher());
        let (peer, app) = (Peer(place.address()), TowerToHyperService::new(app.clone()));
        tokio::spawn(async move {
            if let Some(stream) = listener.greet(stream, &mut place, &inlet).await {
                let service = service_fn(move |mut request: axum::http::Request<Incoming>| {
                    request.extensions_mut().insert(peer);
                    app.call(request)
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD)
                    .serve_connection(TokioIo::new(stream), service);
                // A client that disconnects is not an error.
                let _ = watcher.watch(connection).await;
            }
            drop(place);
        });
    }
    let _ = renewing.await;
    let _ = timeout(FAREWELL, graceful.shutdown()).await;
}

/// The address of a client.
#[derive(Clone, Copy)]
struct Peer(Option<IpAddr>);

/// Accepts records.
async fn events(
    State(front): State<Front>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let kind = header(&headers, CONTENT_TYPE).to_ascii_lowercase();
    let (is_packed, promised) = (kind.contains("msgpack"), kind.contains("json"));
    let (most, max_record) = (front.limits.max_body, front.limits.max_record);
    let make = move |plain: &[u8]| {
        let records = match is_packed {
            true => body::packed(plain),
            false => Ok(body::records(plain, max_record, promised)),
        };
        let size = records.as_ref().map_or(0, |records| records.bytes.len());
        (records, size)
    };
    let received = receive(&front, peer, &headers, body, most, |plain| plain, make).await;
    let (records, digest, _room) = match received {
        Ok((Ok(records), digest, room)) => (records, digest, room),
        Ok((Err(error), ..)) => return wrong(&error),
        Err(refused) => return refused,
    };
    front.inlet.counters.oversized.inc_by(records.oversized);
    records.bad.iter().for_each(|(fault, why, record)| front.inlet.bad(*fault, why, record));
    let answer = format!("{{\"records\":{}}}\n", records.count);
    keep(&front, records.bytes, digest, "application/json", answer.into()).await
}

/// Accepts OpenTelemetry logs.
async fn logs(
    State(front): State<Front>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(encoding) = Encoding::of(header(&headers, CONTENT_TYPE)) else {
        let why = "the content type is not known; expected application/x-protobuf or application/json\n";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, why).into_response();
    };
    let most = front.limits.max_body.min(OTLP_BODY);
    let make = move |plain: &[u8]| {
        let lines = otlp::lines(plain, encoding);
        let size = lines.as_ref().map_or(0, |lines| lines.bytes.len());
        (lines, size)
    };
    let received = receive(&front, peer, &headers, body, most, otlp::memory, make).await;
    let (lines, digest, _room) = match received {
        Ok((Ok(lines), digest, room)) => (lines, digest, room),
        Ok((Err(error), ..)) => {
            let kind = [(CONTENT_TYPE, encoding.content_type())];
            return (StatusCode::BAD_REQUEST, kind, otlp::refusal(encoding, &error.to_string()))
                .into_response();
        }
        Err(refused) => return refused,
    };
    front.inlet.counters.flaws.inc_by(lines.rejected);
    let why = if lines.rejected > 0 {
        "records that are broken, or too many for the length of the body, were left out"
    } else {
        ""
    };
    let answer = otlp::answer(encoding, lines.rejected, why);
    keep(&front, lines.bytes, digest, encoding.content_type(), answer).await
}

fn header(headers: &HeaderMap, name: axum::http::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Asks the sender to retry later.
fn again(front: &Front, why: &str) -> Response {
    front.inlet.counters.refused.inc();
    (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")], format!("{why}\n")).into_response()
}

/// The answer for a body that cannot be read.
fn wrong(error: &Error) -> Response {
    let status = match error {
        Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::Encoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Error::Broken(_) | Error::Packed(_) => StatusCode::BAD_REQUEST,
    };
    (status, format!("{error}\n")).into_response()
}

/// Reads a body and converts its decompressed bytes with `make`, which also returns the size of the result. `memory`
/// returns the memory for converting a number of decompressed bytes. Also returns the digest of the body and its memory
/// permits. The error is the answer to the client.
async fn receive<T: Send + 'static>(
    front: &Front,
    peer: Peer,
    headers: &HeaderMap,
    body: Body,
    most: usize,
    memory: impl Fn(usize) -> usize + Send,
    make: impl FnOnce(&[u8]) -> (T, usize) + Send + 'static,
) -> Result<(T, u128, Held), Response> {
    front.inlet.asked.fetch_add(1, Ordering::Relaxed);
    if front.inlet.outbox.is_full() {
        return Err(again(front, "too many alerts wait to be delivered; try again later"));
    }
    let announced = header(headers, CONTENT_LENGTH).parse::<usize>().unwrap_or(0);
    let read = read(body, announced, most, &front.room);
    let read = timeout(BODY, read).await.unwrap_or(Err(Unread::Slow));
    let (bytes, room) = read.map_err(|why| match why {
        Unread::TooLarge => {
            let why = format!("a body may hold {most} bytes; send smaller batches\n");
            (StatusCode::PAYLOAD_TOO_LARGE, why).into_response()
        }
        Unread::Broken => (StatusCode::BAD_REQUEST, "the body breaks off\n").into_response(),
        Unread::Crowded => again(front, "too many bodies are on their way; try again later"),
        Unread::Slow => {
            front.inlet.counters.rejected(&front.inlet.name, Rejected::Slow);
            let why = format!("nothing came for {IDLE:?}, or the body took more than {BODY:?}\n");
            (StatusCode::REQUEST_TIMEOUT, [(CONNECTION, "close")], why).into_response()
        }
    })?;
    let encoding = header(headers, CONTENT_ENCODING).to_owned();
    // The journal stores the digest too, so a repetition is recognized even after a crash. Another sender may send
    // equal bytes. A sender that repeats a batch has the same address and another port.
    let from = format!("{}\n{:?}\n{encoding}\n", front.inlet.name, peer.0);
    let digest = digest(&[from.as_bytes(), &bytes]).as_u128();
    // A compressed body can have any size. Requests that hold these permits never wait for their client.
    let is_plain = matches!(encoding.as_str(), "" | "identity");
    let needed = memory(if is_plain { bytes.len() } else { most });
    let making = match is_plain && needed <= bytes.len() {
        true => None,
        false => {
            let permits = u32::try_from(needed).unwrap_or(u32::MAX);
            Arc::clone(&front.making).acquire_many_owned(permits).await.ok()
        }
    };
    // A large body takes a while, so it is converted on another thread.
    let made =
        tokio::task::spawn_blocking(move || body::plain(&bytes, &encoding, most).map(|plain| make(&plain)));
    match made.await {
        // Keeps only permits for the actual size.
        Ok(Ok((made, size))) => {
            let held = making.and_then(|mut making| making.split(size.min(making.num_permits())));
            Ok((made, digest, (room, held)))
        }
        Ok(Err(error)) => Err(wrong(&error)),
        Err(_) => Err(again(front, "the body could not be read; try again later")),
    }
}

/// Passes records to the core, and answers once they count.
async fn keep(
    front: &Front,
    records: Vec<u8>,
    digest: u128,
    kind: &'static str,
    answer: Vec<u8>,
) -> Response {
    let kind = [(CONTENT_TYPE, kind)];
    if records.is_empty() {
        return (kind, answer).into_response();
    }
    match front.inlet.offer(front.inlet.arrival(records, Vec::new(), digest)).await {
        Some(Taken::Kept | Taken::Repeated) => {
            let told = Told { digest, requests: front.inlet.requests.clone() };
            (kind, Body::new(WithEnd { text: Some(answer.into()), told: Some(told) })).into_response()
        }
        Some(Taken::Refused(_)) => {
            front.inlet.counters.refused.inc();
            (StatusCode::SERVICE_UNAVAILABLE, "the records cannot be written to disk; try again later\n")
                .into_response()
        }
        None => again(front, "the service ends; try again later"),
    }
}

/// The memory permits of a body and of its records, held until the records count.
type Held = (Option<OwnedSemaphorePermit>, Option<OwnedSemaphorePermit>);

/// Why a body could not be read.
enum Unread {
    TooLarge,
    Broken,
    /// All bodies together would use too much memory.
    Crowded,
    Slow,
}

/// Reads a body. Also returns its memory permits, which are taken as bytes arrive: a silent client holds none.
async fn read(
    mut body: Body,
    announced: usize,
    most: usize,
    room: &Arc<Semaphore>,
) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Unread> {
    let (mut bytes, mut held) = (Vec::new(), None::<OwnedSemaphorePermit>);
    let mut fits = announced <= most;
    while fits {
        let frame = timeout(IDLE, body.frame()).await.map_err(|_| Unread::Slow)?;
        let Some(frame) = frame else { return Ok((bytes, held)) };
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        fits = bytes.len() + data.len() <= most;
        let permits = u32::try_from(data.len()).map_err(|_| Unread::TooLarge)?;
        let more = Arc::clone(room).try_acquire_many_owned(permits).map_err(|_| Unread::Crowded)?;
        match &mut held {
            Some(held) => held.merge(more),
            None => held = Some(more),
        }
        bytes.extend_from_slice(&data);
    }
    drop((bytes, held));
    // A client that still writes when the connection closes would miss the answer and send the body again.
    let rest = async { while body.frame().await.is_some_and(|frame| frame.is_ok()) {} };
    let _ = timeout(LINGER, rest).await;
    Err(Unread::TooLarge)
}

/// Tells the core that a sender has its answer, after the answer was passed to the connection.
struct Told {
    digest: u128,
    requests: mpsc::Sender<Request>,
}

/// A body that reports when it was written.
struct WithEnd {
    text: Option<axum::body::Bytes>,
    told: Option<Told>,
}

impl hyper::body::Body for WithEnd {
    type Data = axum::body::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        let next = self.text.take().map(|text| Ok(hyper::body::Frame::data(text)));
        if next.is_some()
            && let Some(Told { digest, requests }) = self.told.take()
        {
            // If the core is busy, it remembers the batch a little longer.
            let _ = requests.try_send(Request::Answered(digest));
        }
        std::task::Poll::Ready(next)
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        hyper::body::SizeHint::with_exact(self.text.as_ref().map_or(0, |text| text.len() as u64))
    }
}

async fn ready(State(front): State<Front>) -> Response {
    match (front.inlet.outbox.is_full(), front.inlet.counters.disk_fails.get()) {
        (false, 0) => "ok\n".into_response(),
        (true, _) => {
            (StatusCode::SERVICE_UNAVAILABLE, "too many alerts wait to be delivered\n").into_response()
        }
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the state folder cannot be written to\n").into_response(),
    }
}

/// The counters of the analytics. Empty if the core is busy for long.
async fn stats(front: &Front) -> Vec<Stats> {
    let (reply, stats) = oneshot::channel();
    let asked = timeout(Duration::from_secs(2), front.inlet.requests.send(Request::Stats(reply))).await;
    if !matches!(asked, Ok(Ok(()))) {
        return Vec::new();
    }
    timeout(Duration::from_secs(5), stats).await.ok().and_then(Result::ok).unwrap_or_default()
}

async fn metrics(State(front): State<Front>) -> Response {
    let text = front.inlet.counters.text(&stats(&front).await, &front.inlet.outbox);
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
}

async fn status(State(front): State<Front>) -> Response {
    let (counters, (waiting, bytes)) = (&front.inlet.counters, front.inlet.outbox.size());
    let analytics: Vec<serde_json::Value> = stats(&front)
        .await
        .iter()
        .map(|one| {
            serde_json::json!({
                "analytic": one.analytic, "events": one.matched, "unread": one.unread, "undated": one.undated,
                "malformed": one.malformed, "late": one.late, "future": one.future,
                "duplicates": one.duplicates, "ignored": one.ignored, "alerts": one.alerts, "keys": one.keys,
                "evicted": one.evicted, "state_bytes": one.state_bytes,
            })
        })
        .collect();
    let status = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": counters.uptime().as_secs(),
        "records": counters.records.get(),
        "bytes": counters.bytes.get(),
        "dead_letters": counters.letters(),
        "state_folder_fails": counters.disk_fails.get() != 0,
        "checkpoint_age_seconds": counters.checkpoint_age().map(|age| age.as_secs()),
        "outbox": { "alerts": waiting, "bytes": bytes },
        "analytics": analytics,
    });
    ([(CONTENT_TYPE, "application/json")], format!("{status}\n")).into_response()
}
