//! An HTTP receiver of alerts. It answers as the test wants, and keeps the requests.

use crate::server::PATIENCE;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

/// A request and its time.
#[derive(Clone, Debug)]
pub struct Request {
    pub line: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub at: Instant,
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> &str {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        let value = found.next().unwrap_or_else(|| panic!("no {name}: {:?}", self.headers));
        assert!(found.next().is_none(), "{name} twice: {:?}", self.headers);
        &value.1
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("{why}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }

    /// The alerts of a body with one alert per line.
    pub fn lines(&self) -> Vec<serde_json::Value> {
        self.text().lines().map(|line| serde_json::from_str(line).expect("an alert")).collect()
    }
}

/// The reaction to a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Answers with a status, further header lines, and a body.
    Status(u16, &'static str, Vec<u8>),
    /// Never answers.
    Hang,
    /// Reads only the head, then closes the connection.
    Cut,
}

impl Answer {
    pub fn status(status: u16) -> Self {
        Self::Status(status, "", Vec::new())
    }
}

/// A listening receiver and its requests.
pub struct Receiver {
    pub url: String,
    got: Arc<Mutex<Vec<Request>>>,
}

impl Receiver {
    /// Starts a receiver. `answer` decides on each request by its number, from 0.
    pub fn listen(answer: impl Fn(usize, &Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), answer)
    }

    pub fn on(
        listener: TcpListener,
        answer: impl Fn(usize, &Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (Arc::clone(&got), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                // Each connection has a thread, so a hanging one does not delay others.
                thread::spawn(move || serve(stream, &kept, &*answer));
            }
        });
        Self { url, got }
    }

    /// All requests so far.
    pub fn got(&self) -> Vec<Request> {
        self.got.lock().unwrap().clone()
    }

    /// All requests since the last call.
    pub fn take(&self) -> Vec<Request> {
        std::mem::take(&mut *self.got.lock().unwrap())
    }

    /// The alerts of all requests so far.
    pub fn alerts(&self) -> Vec<serde_json::Value> {
        self.got().iter().flat_map(Request::lines).collect()
    }

    /// Waits until `is_enough` accepts the requests so far.
    pub fn waits(&self, is_enough: impl Fn(&[Request]) -> bool) -> Vec<Request> {
        let end = Instant::now() + PATIENCE;
        loop {
            let got = self.got();
            if is_enough(&got) {
                return got;
            }
            assert!(Instant::now() < end, "{} requests came: {got:#?}", got.len());
            thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Waits for this many requests.
    pub fn requests(&self, count: usize) -> Vec<Request> {
        self.waits(|got| got.len() >= count)
    }
}

fn serve(stream: TcpStream, got: &Mutex<Vec<Request>>, answer: &(dyn Fn(usize, &Request) -> Answer + Sync)) {
    let mut reader = BufReader::new(stream);
    while let Some(mut request) = head(&mut reader) {
        let number = got.lock().unwrap().len();
        // Only `Cut` does not read the body.
        if matches!(answer(number, &request), Answer::Cut) {
            got.lock().unwrap().push(request);
            let _ = reader.get_ref().shutdown(Shutdown::Both);
            return;
        }
        if fill(&mut request, &mut reader).is_none() {
            return;
        }
        let answer = answer(number, &request);
        got.lock().unwrap().push(request);
        match answer {
            Answer::Status(status, headers, body) => {
                // The announced body never comes.
                let length = if headers.contains("x-endless") { 100 } else { body.len() };
                let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n");
                if reader.get_mut().write_all(&[head.as_bytes(), &body].concat()).is_err() {
                    return;
                }
            }
            Answer::Hang => loop {
                thread::park();
            },
            Answer::Cut => return,
        }
    }
}

/// Reads the next request of a connection. `None` at its end.
pub fn next(reader: &mut impl BufRead) -> Option<Request> {
    let mut request = head(reader)?;
    fill(&mut request, reader)?;
    Some(request)
}

fn head(reader: &mut impl BufRead) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers = lines[1..].iter().filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Some(Request { line: lines[0].clone(), headers, body: Vec::new(), at: Instant::now() })
}

fn fill(request: &mut Request, reader: &mut impl BufRead) -> Option<()> {
    request.body = vec![0; request.header("content-length").parse().expect("a number")];
    reader.read_exact(&mut request.body).ok()
}
