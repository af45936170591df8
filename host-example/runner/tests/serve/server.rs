//! A running service, and a client that only knows HTTP.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{fs, thread};

/// The longest wait in these tests, even on a slow machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running `authsieve serve`.
pub struct Server {
    child: Child,
    /// The address of its HTTP source.
    pub address: String,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Server {
    /// Starts a service with these arguments and `-a an1276 --http 127.0.0.1:0`.
    pub fn start(arguments: &[&str]) -> Self {
        let http = [&["--http", "127.0.0.1:0"], arguments].concat();
        let mut server = Self::begin(&http, Stdio::null());
        server.address = server.place("http listens to http://");
        server
    }

    /// Starts a service that other machines can reach.
    pub fn secured(arguments: &[&str]) -> Self {
        Self::begin(&[&["--http", "0.0.0.0:0"], arguments].concat(), Stdio::null())
    }

    /// Starts a service as systemd does, with a notification socket and a watchdog time in microseconds.
    pub fn supervised(socket: &Path, watchdog: u64) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authsieve"));
        command.env("NOTIFY_SOCKET", socket).env("WATCHDOG_USEC", watchdog.to_string());
        Self::spawn(command, &["--http", "127.0.0.1:0", "--alerts", "/dev/null"], Stdio::null())
    }

    /// Like [`start`](Self::start), without waiting for the address.
    pub fn start_quietly(arguments: &[&str]) -> Self {
        Self::begin(&[&["--http", "127.0.0.1:0"], arguments].concat(), Stdio::null())
    }

    /// Starts a service with this configuration file.
    pub fn configured(config: &str, folder: &Path, stdin: Stdio) -> Self {
        let path = folder.join("serve.toml");
        fs::write(&path, config).expect("it can be written");
        Self::begin(&["-c", path.to_str().expect("text")], stdin)
    }

    /// The address of a source, from the log line that contains `before`.
    pub fn place(&mut self, before: &str) -> String {
        self.waits_for(before).rsplit(before).next().expect("an address").into()
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Reloads the configuration, and waits until that is done.
    pub fn reloads(&mut self, config: &str, folder: &Path) -> String {
        fs::write(folder.join("serve.toml"), config).expect("it can be written");
        self.said();
        let before = self.said.len();
        self.signal(rustix::process::Signal::HUP);
        let is_end =
            |line: &&String| line.contains("the configuration was read again") || line.contains("is refused");
        let end = Instant::now() + PATIENCE;
        while !self.said.iter().skip(before).any(|line| is_end(&line)) {
            let line = self.lines.recv_timeout(end.saturating_duration_since(Instant::now()));
            self.said.push(line.expect("it says that it has"));
        }
        self.said[before..].join("\n")
    }

    /// Sends a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("it runs");
    }

    /// Starts a service as the child of a shell. `Server` is the shell.
    pub fn of_a_shell(arguments: &[&str]) -> Self {
        let mut command = Command::new("bash");
        command.args(["-c", "\"$@\" & wait", "bash", env!("CARGO_BIN_EXE_authsieve")]);
        let http = [&["--http", "127.0.0.1:0"], arguments].concat();
        let mut server = Self::spawn(command, &http, Stdio::null());
        server.address = server.place("http listens to http://");
        server
    }

    /// The standard input of the process, if it is piped.
    pub fn stdin(&mut self) -> std::process::ChildStdin {
        self.child.stdin.take().expect("it is piped")
    }

    /// Waits until the service ends by itself.
    pub fn ends(mut self) -> Option<i32> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                return status.code();
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("it does not end: {}", self.said());
    }

    /// Starts a service whose files may have at most this many KiB, as on a full disk.
    pub fn cramped(arguments: &[&str], kib: u32) -> Self {
        let limits = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$@\"");
        let mut command = Command::new("bash");
        command.args(["-c", &limits, "bash", env!("CARGO_BIN_EXE_authsieve")]);
        let http = [&["--http", "127.0.0.1:0"], arguments].concat();
        let mut server = Self::spawn(command, &http, Stdio::null());
        server.address = server.place("http listens to http://");
        server
    }

    /// Starts a service with a disk of this many MiB, mounted at the path. A file `ballast` fills half of it. `None` if
    /// this machine does not allow the mount.
    pub fn on_small_disk(arguments: &[&str], disk: &Path, mib: u32) -> Option<Self> {
        let apart = ["--user", "--map-root-user", "--mount"];
        if !Command::new("unshare").args(apart).arg("true").status().is_ok_and(|status| status.success()) {
            return None;
        }
        let mount = format!(
            "mount -t tmpfs -o size={mib}m tmpfs \"$0\" && head -c {}m /dev/zero > \"$0/ballast\" && exec \"$@\"",
            mib / 2
        );
        let mut command = Command::new("unshare");
        command.args(apart).args(["sh", "-c", &mount]).arg(disk).arg(env!("CARGO_BIN_EXE_authsieve"));
        let http = [&["--http", "127.0.0.1:0"], arguments].concat();
        let mut server = Self::spawn(command, &http, Stdio::null());
        server.address = server.place("http listens to http://");
        Some(server)
    }

    /// Starts a service whose clock is set by a file, in libfaketime's notation such as `+1d`.
    pub fn at_other_times(arguments: &[&str], library: &Path, clock: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authsieve"));
        command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", clock);
        // Timers use the real clock, because setting the clock of a machine does not change them either.
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let http = [&["--http", "127.0.0.1:0"], arguments].concat();
        let mut server = Self::spawn(command, &http, Stdio::null());
        server.address = server.place("http listens to http://");
        server
    }

    /// A path in the file system of the process.
    pub fn sees(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.child.id()));
        root.join(path.strip_prefix("/").expect("it begins at the root"))
    }

    /// Starts a service that ends at a failure point, as after a power cut. `None` if that happens before it listens.
    pub fn failing(arguments: &[&str], fault: &str, listens: &dyn Fn(&str)) -> Option<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authsieve"));
        command.env("AUTHSIEVE_FAULT", fault);
        let http = [&["--http", "127.0.0.1:0"], arguments].concat();
        let server = Self::spawn(command, &http, Stdio::null());
        let before = "http listens to http://";
        loop {
            match server.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(before) => {
                    listens(line.rsplit(before).next().expect("an address"));
                    return Some(server);
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// True if the service ends by itself within this time.
    pub fn ends_within(mut self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while Instant::now() < end {
            if self.child.try_wait().expect("it is ours").is_some() {
                return true;
            }
            thread::sleep(Duration::from_millis(2));
        }
        false
    }

    fn begin(arguments: &[&str], stdin: Stdio) -> Self {
        Self::spawn(Command::new(env!("CARGO_BIN_EXE_authsieve")), arguments, stdin)
    }

    fn spawn(mut command: Command, arguments: &[&str], stdin: Stdio) -> Self {
        let mut child = command
            .args(["serve", "-a", "an1276"])
            .args(arguments)
            .stdin(stdin)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let (send, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Self { child, address: String::new(), lines, said: Vec::new() }
    }

    /// Waits for a log line that contains this text.
    pub fn waits_for(&mut self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.said.iter().find(|line| line.contains(text)) {
                return line.clone();
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.said.push(line),
                Err(why) => panic!("no {text:?} ({why}): {:#?}", self.said),
            }
        }
    }

    /// The whole log so far.
    pub fn said(&mut self) -> String {
        self.said.extend(self.lines.try_iter());
        self.said.join("\n")
    }

    /// Kills the process with SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ended");
    }

    /// Sends SIGHUP, so that the service opens its files again.
    pub fn hang_up(&self) {
        self.signal(rustix::process::Signal::HUP);
    }

    /// Ends the service with SIGTERM. Returns the exit status and the time it took.
    pub fn terminate(self) -> (Option<i32>, Duration) {
        let began = Instant::now();
        self.signal(rustix::process::Signal::TERM);
        (self.ends(), began.elapsed())
    }

    /// Requests a page. Returns the status and the body.
    pub fn get(&self, path: &str) -> (u16, String) {
        request(
            &self.address,
            &format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"),
            b"",
        )
        .expect("it answers")
    }

    /// Requests a page at another address.
    pub fn get_at(&self, address: &str, path: &str) -> (u16, String) {
        let head = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
        request(address, &head, b"").expect("it answers")
    }

    /// Sends records. Returns the status and the body of the answer.
    pub fn post(&self, body: &[u8]) -> (u16, String) {
        self.post_as("", body).expect("it answers")
    }

    /// Sends records with further header lines. Fails if the connection breaks.
    pub fn post_as(&self, headers: &str, body: &[u8]) -> std::io::Result<(u16, String)> {
        post(&self.address, headers, body)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the command to its end. Returns the status, the output and the errors.
pub fn command(arguments: &[&str]) -> (Option<i32>, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_authsieve")).args(arguments).output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

/// Sends records to a service.
pub fn post(address: &str, headers: &str, body: &[u8]) -> std::io::Result<(u16, String)> {
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
        body.len()
    );
    request(address, &head, body)
}

/// Sends the bytes of a request, and reads the answer to its end.
pub fn request(address: &str, head: &str, body: &[u8]) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // A single write: a second one would wait until the receiver acknowledges the first.
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other("no answer"))?;
    Ok((status, text.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.into())))
}

/// An attack on the `user` with this number: five failures and a login.
pub fn attack(number: u32) -> Vec<String> {
    let line = |second: u32, what: &str| {
        let at = 8 * 3600 + number * 60 + second;
        format!(
            "2026-03-{:02}T{:02}:{:02}:{:02}Z web1 sshd[{}]: {what} password for user{number} from 198.51.{}.{} port 4000 ssh2",
            4 + at / 86_400,
            at / 3600 % 24,
            at / 60 % 60,
            at % 60,
            1000 + at,
            number / 250,
            number % 250 + 1,
        )
    };
    let mut lines: Vec<String> = (0..5).map(|failure| line(failure, "Failed")).collect();
    lines.push(line(10, "Accepted"));
    lines
}

/// The lines as a request body.
pub fn body(lines: &[String]) -> Vec<u8> {
    (lines.join("\n") + "\n").into_bytes()
}

/// The alerts in a file. Empty if there is no file.
pub fn alerts(path: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    // The last line counts only when its newline is written.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}")))
        .collect()
}

/// Waits until there are this many alerts.
pub fn waits(count: usize, found: impl Fn() -> Vec<serde_json::Value>) -> Vec<serde_json::Value> {
    let end = Instant::now() + PATIENCE;
    loop {
        let found = found();
        if found.len() >= count {
            return found;
        }
        assert!(Instant::now() < end, "{} of {count} alerts came: {found:?}", found.len());
        thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until a file holds this many alerts.
pub fn waits_for_alerts(path: &Path, count: usize) -> Vec<serde_json::Value> {
    waits(count, || alerts(path))
}

/// Waits until a file holds this many different alerts. Repetitions after a crash are not counted.
pub fn waits_for_ids(path: &Path, count: usize) -> Vec<serde_json::Value> {
    waits(count, || {
        let (mut seen, mut found) = (BTreeSet::new(), alerts(path));
        found.retain(|alert| seen.insert(alert["id"].to_string()));
        found
    })
}

/// The set of the alerts' ids.
pub fn ids(alerts: &[serde_json::Value]) -> BTreeSet<String> {
    alerts.iter().map(|alert| alert["id"].as_str().expect("an id").to_owned()).collect()
}

/// The alerts of `authsieve run` for the same lines.
pub fn expected(lines: &[String]) -> Vec<serde_json::Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let log: PathBuf = folder.path().join("auth.log");
    fs::write(&log, body(lines)).expect("it can be written");
    let done = Command::new(env!("CARGO_BIN_EXE_authsieve"))
        .args(["run", "-a", "an1276", "--format", "json", "--order", "given"])
        .arg(&log)
        .output()
        .expect("it starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("an alert"))
        .collect()
}

/// An alert without the fields that its host adds.
pub fn bare(alert: &serde_json::Value) -> serde_json::Value {
    let mut alert = alert.clone();
    alert.as_object_mut().expect("an object").remove("origin");
    alert
}

/// The number in an environment variable.
pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}
