//! Tests of `authsieve view` over HTTP, and of the page in a real Chromium. The browser test needs Node, the page and a
//! browser.
#![cfg(all(feature = "serve", unix))]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const LOG: &str =
    "2026-03-04T08:00:00+00:00 web1 sshd[1]: Failed password for root from 192.0.2.7 port 1 ssh2\n";

/// A running command. It is killed at the end of the test.
struct View(Child);

impl Drop for View {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn page() -> bool {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../viewer/dist/index.html").is_file()
}

/// Starts the command on a log. Returns the host and the path that it prints.
fn view(log: &Path) -> (View, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authsieve"));
    command.args(["view", "--no-open"]).arg(log).stdout(Stdio::piped());
    let mut view = View(command.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(view.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (host, path) = line.trim().strip_prefix("http://").unwrap().split_once('/').unwrap();
    (view, host.to_owned(), format!("/{path}"))
}

/// Sends a request. Returns the head and the body of the answer.
fn get(host: &str, path: &str) -> (String, Vec<u8>) {
    ask(host, path, "")
}

/// Sends a request with further headers.
fn ask(host: &str, path: &str, headers: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase(), answer[end + 4..].to_vec())
}

#[test]
fn the_page_and_the_named_files_stand_below_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("auth.log");
    std::fs::write(&log, LOG).unwrap();
    if !page() {
        let output =
            Command::new(env!("CARGO_BIN_EXE_authsieve")).args(["view", "--no-open"]).output().unwrap();
        assert!(String::from_utf8_lossy(&output.stderr).contains("npm run build"), "{output:?}");
        eprintln!("skipped: the page is not built");
        return;
    }
    let (_view, host, path) = view(&log);
    let (head, html) = get(&host, &path);
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let html = String::from_utf8(html).unwrap();
    assert!(head.contains("connect-src 'self'") && head.contains("frame-ancestors 'none'"), "{head}");
    assert!(html.contains("connect-src 'self'") && !html.contains("connect-src 'none'"), "{html}");
    let module = html.split_once("src=\"./").unwrap().1.split_once('"').unwrap().0;
    let (head, plain) = get(&host, &format!("{path}{module}"));
    assert!(!head.contains("content-encoding"), "{head}");
    let (head, packed) = ask(&host, &format!("{path}{module}"), "Accept-Encoding: gzip, br;q=1\r\n");
    assert!(head.contains("content-encoding: br") && packed.len() * 2 < plain.len(), "{head}");
    assert!(get(&host, &format!("{path}{module}.br")).0.starts_with("http/1.1 404"));
    let (_, list) = get(&host, &format!("{path}files.json"));
    assert!(String::from_utf8_lossy(&list).contains("auth.log"));
    assert_eq!(get(&host, &format!("{path}files/0")).1, LOG.as_bytes());
    for other in ["/", "/0123456789abcdef0123456789abcdef/", "/files/0"] {
        assert!(get(&host, other).0.starts_with("http/1.1 404"), "{other}");
    }
    for other in ["files/1", "../Cargo.toml", "%2e%2e/Cargo.toml"] {
        assert!(get(&host, &format!("{path}{other}")).0.starts_with("http/1.1 404"), "{other}");
    }
}

#[test]
fn other_machines_do_not_reach_it() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authsieve"));
    let output = command.args(["view", "--no-open", "--listen", "0.0.0.0:0"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && told.contains(if page() { "other machines" } else { "npm run build" }),
        "{told}"
    );
}

/// Says what is missing and skips the test then. Installs nothing.
#[test]
fn the_page_works_in_a_browser() {
    let viewer = Path::new(env!("CARGO_MANIFEST_DIR")).join("../viewer");
    let node = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    if !node || !page() || !viewer.join("node_modules").is_dir() {
        eprintln!("skipped: it needs node, `npm ci` and `npm run build` in host-example/viewer");
        return;
    }
    let mut command = Command::new("node");
    command.arg("tests/run.mjs").current_dir(&viewer).env("AUTHSIEVE", env!("CARGO_BIN_EXE_authsieve"));
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    eprintln!("{told}");
    assert!(output.status.success(), "{told}");
}
