//! A receiver of alerts by HTTP, which keeps the bytes it got.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

/// The head and the body of each request that came.
pub type Got = Arc<Mutex<Vec<(String, String)>>>;

/// The alerts that came.
pub fn alerts(got: &Got) -> Vec<serde_json::Value> {
    let got = got.lock().expect("no panic");
    let lines = got.iter().flat_map(|(_, body)| body.lines());
    lines.map(|line| serde_json::from_str(line).expect("an alert")).collect()
}

/// Listens at this address, and answers the first `refuse` requests with 503.
pub fn listen(listener: TcpListener, refuse: usize) -> Got {
    let got = Got::default();
    let kept = Arc::clone(&got);
    thread::spawn(move || {
        let mut left = refuse;
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            loop {
                let (mut head, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 {
                        break;
                    }
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().expect("a number");
                    }
                    head += &line;
                    if line == "\r\n" {
                        break;
                    }
                }
                if head.is_empty() {
                    break;
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).expect("the whole body");
                let answer: &[u8] = if left > 0 {
                    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
                } else {
                    b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
                };
                if left == 0 {
                    kept.lock().expect("no panic").push((head, String::from_utf8(body).expect("text")));
                }
                left = left.saturating_sub(1);
                if reader.get_mut().write_all(answer).is_err() {
                    break;
                }
            }
        }
    });
    got
}
