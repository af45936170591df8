//! `authsieve view`: the log viewer, served to the browser of this machine.
//!
//! The page is compiled in. It stands below a random token, so that no page of a stranger finds it. The files that a command
//! line names are handed to the page, which may then connect to this command and to nothing else.

use crate::arguments::Stop;
use crate::selection::Error;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
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

/// The files of the page, by name; empty where it was not built.
const PAGE: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/viewer.rs"));

/// The part of the page's own policy that forbids connections.
const NO_CONNECTION: &str = "connect-src 'none'";

/// So many bytes of a file are sent at once.
const PIECE: usize = 256 << 10;

/// The arguments of `view`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Logs to open in the page. Without any, the page asks for them.
    files: Vec<PathBuf>,
    /// Serve at this address of this machine; port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Start no browser; the address is printed in any case.
    #[arg(long)]
    no_open: bool,
}

/// Runs it, until a signal ends it.
///
/// # Errors
/// When the page was not built in, the address is not this machine's or is taken, or a file cannot be read.
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

/// All that the handlers share.
#[derive(Clone)]
struct Shared {
    files: Arc<[PathBuf]>,
    policy: Arc<str>,
}

fn router(token: &str, shared: Shared) -> Router {
    let below = |path: &str| format!("/{token}/{path}");
    Router::new()
        .route(&below(""), get(|State(shared): State<Shared>| async move { page(&shared, "index.html") }))
        .route(&below("files.json"), get(list))
        .route(&below("files/{number}"), get(file))
        .route(
            &below("{*path}"),
            get(|State(shared): State<Shared>, Path(path): Path<String>| async move { page(&shared, &path) }),
        )
        .with_state(shared)
}

/// The policy of the page. It may connect to this command if there are files to fetch.
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

/// A file of the page.
fn page(shared: &Shared, name: &str) -> Response {
    let Some((name, bytes)) = PAGE.iter().find(|(known, _)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let files = !shared.files.is_empty();
    let body = match std::str::from_utf8(bytes) {
        // The page asks for its own policy, and for the files where there are some.
        Ok(html) if *name == "index.html" && files => Body::from(connecting(html, true).replacen(
            "<head>",
            "<head><meta name=\"files\" content=\"files.json\">",
            1,
        )),
        _ => Body::from(*bytes),
    };
    answer(shared, kind, body)
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

/// A file, piece by piece, up to the length that it had when it was opened.
struct Pieces {
    file: File,
    left: u64,
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    // Reading blocks this thread, which serves one person.
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

/// 128 random bits.
fn token() -> Result<String, getrandom::Error> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits)?;
    Ok(bits.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Opens an address in the browser, if there is one. The address is printed in any case.
fn open(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let null = Stdio::null;
    let _ = Command::new(program).arg(address).stdin(null()).stdout(null()).stderr(null()).spawn();
}
