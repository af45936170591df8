//! `authsieve view`: serves the log viewer to the browser of this machine.
//!
//! The page is compiled in. Its address contains a random token, so that foreign web pages cannot find it. The files of
//! the command line are passed to the page. Then the page may connect to this command, and to no other place.

use crate::arguments::Stop;
use crate::selection::Error;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clap::Args;
use hyper::body::{Bytes, Frame, SizeHint};
use serde_json::json;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::UNIX_EPOCH;

/// The names and bytes of the page's files. Empty if the page was not built.
const PAGE: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/viewer.rs"));

/// The part of the page's own policy that forbids connections.
const NO_CONNECTION: &str = "connect-src 'none'";

/// The ending of the names of brotli files.
const PACKED: &str = ".br";

/// The bytes of a file that are sent at once.
const PIECE: usize = 256 << 10;

/// The arguments of `view`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Logs to open in the page. Without any, the page asks for them.
    files: Vec<PathBuf>,
    /// Address on this machine to serve at. Port 0 chooses a free port.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Start no browser. The address is always printed.
    #[arg(long)]
    no_open: bool,
}

/// Runs the command until a signal ends it.
///
/// # Errors
/// Fails if the page was not built in, if the address is taken or not of this machine, or if a file cannot be read.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Stop> {
    if PAGE.is_empty() {
        let why = "the page is not in this build; build it first (`npm ci && npm run build` in host-example/viewer), then the \
                   command";
        return Err(Error::Failure(why.into()).into());
    }
    let listen = arguments.listen;
    if !listen.ip().is_loopback() {
        let why =
            "can be reached from other machines; expected an address of this one, such as 127.0.0.1:7402";
        return Err(Error::Usage(format!("--listen {listen} {why}")).into());
    }
    for path in &arguments.files {
        let metadata = path.metadata().and_then(|metadata| match metadata.is_file() {
            true => Ok(()),
            false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file")),
        });
        metadata.map_err(|error| Error::Failure(format!("{}: {error}", path.display())))?;
    }
    let token = token().map_err(|error| Error::Failure(format!("there is no random number: {error}")))?;
    let shared =
        Shared { files: arguments.files.clone().into(), policy: policy(!arguments.files.is_empty()).into() };
    let failed = |error: io::Error| Error::Failure(format!("{listen}: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(failed)?.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen).await.map_err(failed)?;
        let address = format!("http://{}/{token}/", listener.local_addr().map_err(failed)?);
        let mut out = io::stdout();
        writeln!(out, "{address}").and_then(|()| out.flush()).map_err(Stop::Output)?;
        if !arguments.no_open {
            open(&address);
        }
        axum::serve(listener, router(&token, shared)).await.map_err(failed)?;
        Ok(ExitCode::SUCCESS)
    })
}

/// The state that all handlers share.
#[derive(Clone)]
struct Shared {
    files: Arc<[PathBuf]>,
    policy: Arc<str>,
}

fn router(token: &str, shared: Shared) -> Router {
    let below = |path: &str| format!("/{token}/{path}");
    Router::new()
        .route(
            &below(""),
            get(|State(shared): State<Shared>, headers: HeaderMap| async move {
                page(&shared, "index.html", &headers)
            }),
        )
        .route(&below("files.json"), get(list))
        .route(&below("files/{number}"), get(file))
        .route(
            &below("{*path}"),
            get(|State(shared): State<Shared>, Path(path): Path<String>, headers: HeaderMap| async move {
                page(&shared, &path, &headers)
            }),
        )
        .with_state(shared)
}

/// The content security policy of the page. The page may connect to this command only if there are files to fetch.
fn policy(files: bool) -> String {
    let html = PAGE.iter().find(|(name, _)| *name == "index.html").map_or(&b""[..], |(_, bytes)| bytes);
    let html = String::from_utf8_lossy(html);
    let own =
        html.split_once("Content-Security-Policy\" content=\"").and_then(|(_, rest)| rest.split_once('"'));
    let own = own.map_or("default-src 'none'", |(policy, _)| policy);
    format!("{}; frame-ancestors 'none'", connecting(own, files))
}

fn connecting(text: &str, files: bool) -> String {
    if files { text.replacen(NO_CONNECTION, "connect-src 'self'", 1) } else { text.to_owned() }
}

/// A file of the page, compressed with brotli if the browser accepts it.
fn page(shared: &Shared, name: &str, headers: &HeaderMap) -> Response {
    let find = |name: &str| PAGE.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes);
    let Some(bytes) = find(name).filter(|_| !name.ends_with(PACKED)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    if let (Ok(html), "index.html") = (std::str::from_utf8(bytes), name) {
        return answer(shared, kind, Body::from(marked(html, !shared.files.is_empty())));
    }
    let packed = find(&format!("{name}{PACKED}")).filter(|_| accepts_brotli(headers));
    let mut response = answer(shared, kind, Body::from(packed.unwrap_or(bytes)));
    if packed.is_some() {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}

/// Tells the page that the command serves it, and where the files are listed. The page asks for its own policy.
fn marked(html: &str, files: bool) -> String {
    let list = if files { "files.json" } else { "" };
    let mark = format!(r#"<head><meta name="files" content="{list}">"#);
    connecting(html, files).replacen("<head>", &mark, 1)
}

/// True if the browser accepts brotli.
fn accepts_brotli(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|one| one.split(';').next().map(str::trim) == Some("br"))
}

/// The names, sizes and times of the files.
async fn list(State(shared): State<Shared>) -> Response {
    let one = |path: &PathBuf| {
        let modified = path.metadata().and_then(|metadata| metadata.modified()).ok();
        let modified =
            modified.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map(|since| since.as_millis());
        json!({ "name": path.display().to_string(), "modified": modified.and_then(|at| u64::try_from(at).ok()) })
    };
    let list: Vec<_> = shared.files.iter().map(one).collect();
    answer(&shared, "application/json", Body::from(json!(list).to_string()))
}

/// The bytes of a file.
async fn file(State(shared): State<Shared>, Path(number): Path<usize>) -> Response {
    let Some(path) = shared.files.get(number) else { return StatusCode::NOT_FOUND.into_response() };
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
    match opened {
        Ok((length, file)) => {
            let mut answer =
                answer(&shared, "application/octet-stream", Body::new(Pieces { file, left: length }));
            answer.headers_mut().insert(CONTENT_LENGTH, length.into());
            answer
        }
        Err(error) => (StatusCode::NOT_FOUND, format!("{}: {error}\n", path.display())).into_response(),
    }
}

fn answer(shared: &Shared, kind: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    let policy =
        HeaderValue::from_str(&shared.policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A file that is sent piece by piece, up to its length when it was opened.
struct Pieces {
    file: File,
    left: u64,
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    // The read blocks this thread, which serves only one person.
    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let most = PIECE.min(usize::try_from(self.left).unwrap_or(PIECE));
        if most == 0 {
            return Poll::Ready(None);
        }
        let mut piece = vec![0; most];
        Poll::Ready(match self.file.read(&mut piece) {
            Ok(0) => Some(Err(io::ErrorKind::UnexpectedEof.into())),
            Ok(read) => {
                piece.truncate(read);
                self.left -= read as u64;
                Some(Ok(Frame::data(piece.into())))
            }
            Err(error) => Some(Err(error)),
        })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// A random token of 128 bits.
fn token() -> Result<String, getrandom::Error> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits)?;
    Ok(bits.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Opens an address in the browser, if there is one.
fn open(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let null = Stdio::null;
    let _ = Command::new(program).arg(address).stdin(null()).stdout(null()).stderr(null()).spawn();
}
