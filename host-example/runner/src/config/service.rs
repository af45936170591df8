//! The tables of the service: `[server]`, `[sources.NAME]`, `[sinks.NAME]`.
//!
//! ```toml
//! [server]
//! state_dir = "/var/lib/authsieve"
//!
//! [sources.vector]
//! type = "http"
//! listen = "127.0.0.1:7401"
//!
//! [sinks.pager]
//! to = "http://127.0.0.1:9000/alerts"
//! min_severity = "high"
//! ```

mod network;
mod outlets;

pub use outlets::{Incidents, Outlet};

use network::is_long;
pub use network::{Listen, bearer};

use super::problem::Problem;
use super::tree::{Content, Node};
use super::{Config, Problems};
use crate::serve::Secret;
use authsieve_engine::config::{code, near};
use authsieve_engine::time::Span;
use serde_json::Value as Scalar;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The tables of the service, parsed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Served {
    /// The state folder.
    pub state_dir: Option<PathBuf>,
    /// The largest body of a request, in MiB.
    pub max_body: Option<u64>,
    /// The most MiB of alerts that may wait for a sink.
    pub max_waiting: Option<u64>,
    /// After SIGTERM, the service continues until no request has come for this long.
    pub drain: Option<Duration>,
    /// The time between two states on disk.
    pub checkpoint: Option<Duration>,
    /// True if the service ends together with the process that started it.
    pub with_parent: Option<bool>,
    /// The sources by name.
    pub sources: Vec<(String, Feed)>,
    /// The sinks by name.
    pub sinks: Vec<(String, Outlet)>,
}

impl Served {
    /// The options of `[server]` that differ from those of the running service. They take effect after a restart.
    #[must_use]
    pub fn needs_restart(&self, running: &Self) -> Vec<&'static str> {
        let changed = [
            ("state_dir", self.state_dir != running.state_dir),
            ("max_body", self.max_body != running.max_body),
            ("max_waiting", self.max_waiting != running.max_waiting),
            ("drain", self.drain != running.drain),
            ("checkpoint", self.checkpoint != running.checkpoint),
            ("with_parent", self.with_parent != running.with_parent),
        ];
        changed.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect()
    }
}

/// The configuration of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Feed {
    /// HTTP requests.
    Http(Listen),
    /// Lines or syslog over TCP. Syslog is split at newlines or by octet counting.
    Tcp(Listen),
    /// The forward protocol of Fluentd and Fluent Bit.
    Forward {
        /// The listener.
        listen: Listen,
        /// The key that clients have to prove, and the name of this server.
        shared: Option<(Secret, String)>,
    },
    /// Syslog messages or lines over UDP.
    Udp(SocketAddr),
    /// Lines over a Unix socket.
    Unix(PathBuf),
    /// Standard input.
    Stdin,
    /// Growing files.
    Files {
        /// The path patterns. Names of files and folders may contain `*` and `?`.
        include: Vec<String>,
        /// True if the files of the first start are read from their beginning.
        from_beginning: bool,
    },
    /// The journal of systemd, read through `journalctl`.
    Journal {
        /// The matches for entries, such as `_COMM=sshd`. If empty, all entries are read.
        matches: Vec<String>,
        /// The path of `journalctl`.
        command: PathBuf,
    },
}

/// The longest name of a source or sink, in bytes. States and journals repeat the names.
const LONGEST_NAME: usize = 64;

const TYPES: [&str; 8] = ["http", "forward", "tcp", "udp", "unix", "stdin", "files", "journal"];

impl Config {
    /// Parses the tables of the service.
    ///
    /// # Errors
    /// Fails with all problems of the tables.
    pub fn served(&self) -> Result<Served, Problems> {
        let mut problems = Vec::new();
        let mut served = Served::default();
        if let Some(node) = self.file.get("server") {
            let mut table = Table::new(node, "server", &mut problems);
            served.state_dir = table.text("state_dir").map(Into::into);
            served.max_body = table.number("max_body", 1, 1024);
            served.max_waiting = table.number("max_waiting", 1, 1 << 20);
            served.drain = table.duration("drain");
            served.checkpoint = table.duration("checkpoint");
            served.with_parent = table.flag("with_parent");
            table.end();
        }
        for (name, node) in named(self.file.get("sources"), "sources", &mut problems) {
            let path = format!("sources.{name}");
            let mut table = Table::new(node, &path, &mut problems);
            served.sources.extend(table.feed().map(|feed| (name.clone(), feed)));
            table.end();
        }
        for (name, node) in named(self.file.get("sinks"), "sinks", &mut problems) {
            let path = format!("sinks.{name}");
            let mut table = Table::new(node, &path, &mut problems);
            served.sinks.extend(table.outlet().map(|outlet| (name.clone(), outlet)));
            table.end();
        }
        if problems.is_empty() { Ok(served) } else { Err(self.problems(problems)) }
    }
}

/// The tables inside a table, by name.
fn named<'n>(node: Option<&'n Node>, path: &str, problems: &mut Vec<Problem>) -> Vec<(String, &'n Node)> {
    let Some(node) = node else { return Vec::new() };
    if !node.is_table() {
        problems.push(wrong_type(node, path, &format!("tables such as [{path}.NAME]")));
    }
    let mut all = Vec::new();
    for member in node.members() {
        if member.name.len() > LONGEST_NAME || member.name.chars().any(char::is_control) {
            let message = format!(
                "this name is too long or has control characters; expected {LONGEST_NAME} bytes at most"
            );
            problems.push(Problem::new(code::INVALID_VALUE, path, message).at(member.origin.clone()));
        }
        if member.node.is_table() {
            all.push((member.name.clone(), &member.node));
        } else {
            let path = format!("{path}.{}", member.name);
            problems.push(wrong_type(&member.node, &path, &format!("a table, [{path}]")));
        }
    }
    all
}

fn wrong_type(node: &Node, path: &str, expected: &str) -> Problem {
    let message = format!("{} has the wrong type; expected {expected}", node.json());
    Problem::new(code::WRONG_TYPE, path, message).at(node.origin.clone())
}

/// A table that is parsed member by member.
struct Table<'n, 'p> {
    node: &'n Node,
    path: &'p str,
    problems: &'p mut Vec<Problem>,
    asked: Vec<&'static str>,
    /// True if the allowed members are not known, so that unknown ones are not reported.
    knows_all: bool,
}

impl<'n, 'p> Table<'n, 'p> {
    fn new(node: &'n Node, path: &'p str, problems: &'p mut Vec<Problem>) -> Self {
        if !node.is_table() {
            problems.push(wrong_type(node, path, &format!("a table, [{path}]")));
        }
        Self { node, path, problems, asked: Vec::new(), knows_all: false }
    }

    fn at(&mut self, name: &'static str) -> Option<&'n Node> {
        self.asked.push(name);
        self.node.get(name)
    }

    fn refuse(&mut self, node: &Node, name: &str, code: &str, why: &str) {
        let path = format!("{}.{name}", self.path);
        let message = format!("{} {why}", node.json());
        self.problems.push(Problem::new(code, &path, message).at(node.origin.clone()));
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        let node = self.at(name)?;
        match node.as_str() {
            Some(text) if !text.is_empty() => return Some(text.to_owned()),
            Some(_) => self.refuse(node, name, code::EMPTY, "is empty; expected a text"),
            None => self.refuse(node, name, code::WRONG_TYPE, "has the wrong type; expected a text"),
        }
        None
    }

    fn texts(&mut self, name: &'static str) -> Vec<String> {
        let Some(node) = self.at(name) else { return Vec::new() };
        let list = match &node.content {
            Content::List(list) => list.iter().map(|node| node.as_str().map(str::to_owned)).collect(),
            _ => node.as_str().map(|text| vec![text.to_owned()]),
        };
        list.unwrap_or_else(|| {
            self.refuse(node, name, code::WRONG_TYPE, "has the wrong type; expected a list of texts");
            Vec::new()
        })
    }

    fn number(&mut self, name: &'static str, least: u64, most: u64) -> Option<u64> {
        let node = self.at(name)?;
        let number = match &node.content {
            Content::Scalar(Scalar::Number(number)) => number.as_u64(),
            _ => None,
        };
        if number.is_none_or(|number| !(least..=most).contains(&number)) {
            let why = format!("is out of range; expected a number from {least} to {most}");
            self.refuse(node, name, code::OUT_OF_RANGE, &why);
            return None;
        }
        number
    }

    fn flag(&mut self, name: &'static str) -> Option<bool> {
        let node = self.at(name)?;
        if let Content::Scalar(Scalar::Bool(flag)) = &node.content {
            return Some(*flag);
        }
        self.refuse(node, name, code::WRONG_TYPE, "has the wrong type; expected true or false");
        None
    }

    /// The value of a text member, parsed by `read`.
    fn read<T>(&mut self, name: &'static str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(name)?;
        match read(&text) {
            Ok(value) => Some(value),
            Err(why) => {
                if let Some(node) = self.node.get(name) {
                    self.refuse(node, name, code::INVALID_VALUE, &why);
                }
                None
            }
        }
    }

    fn duration(&mut self, name: &'static str) -> Option<Duration> {
        self.read(name, duration)
    }

    /// Like `refuse`, but does not show the value.
    fn refuse_unseen(&mut self, name: &str, code: &str, why: &str) {
        let path = format!("{}.{name}", self.path);
        self.problems.push(Problem::new(code, &path, why.to_owned()).at(self.node.origin.clone()));
    }

    fn missing(&mut self, name: &'static str, expected: &str) {
        self.asked.push(name);
        let message = format!("{name} is missing; expected {expected}");
        let problem = Problem::new(code::EMPTY, self.path, message);
        self.problems.push(problem.at(self.node.origin.clone()));
    }

    fn feed(&mut self) -> Option<Feed> {
        if self.node.is_table() && self.node.get("type").is_none() {
            self.missing("type", &format!("one of {}", TYPES.join(", ")));
            self.knows_all = true;
            return None;
        }
        let kind = self.read("type", |text| {
            let known = TYPES.iter().find(|known| **known == text);
            known.copied().ok_or_else(|| format!("is no source; expected one of {}", TYPES.join(", ")))
        });
        self.knows_all = kind.is_none();
        let kind = kind?;
        Some(match kind {
            "http" => Feed::Http(self.listen(kind, false)?),
            "tcp" => Feed::Tcp(self.listen(kind, false)?),
            "udp" => Feed::Udp(self.datagrams()?),
            "forward" => {
                let (key, hostname) = (self.secret("shared_key"), self.text("hostname"));
                let hostname = hostname.unwrap_or_else(|| "authsieve".into());
                Feed::Forward {
                    listen: self.listen(kind, key.as_ref().is_some_and(is_long))?,
                    shared: key.map(|key| (key, hostname)),
                }
            }
            "unix" => {
                if self.node.get("path").is_none() {
                    self.missing("path", "the path of a socket");
                }
                Feed::Unix(self.text("path")?.into())
            }
            "stdin" => Feed::Stdin,
            "files" => {
                let include = self.texts("include");
                if include.is_empty() {
                    self.missing("include", "a list of paths, in which * and ? may stand for anything");
                    return None;
                }
                if let Some(node) = self.node.get("include")
                    && include.iter().any(|path| path.contains(['[', '{']) || path.contains("**"))
                {
                    let why = "has a pattern that is not known; expected paths, in which * and ? may stand for \
                               anything within a name";
                    self.refuse(node, "include", code::INVALID_VALUE, why);
                }
                Feed::Files { include, from_beginning: self.flag("from_beginning").unwrap_or(true) }
            }
            _ => Feed::Journal {
                matches: self.texts("matches"),
                command: self.text("command").unwrap_or_else(|| "journalctl".into()).into(),
            },
        })
    }

    /// Reports the members that were never read.
    fn end(self) {
        for member in self.node.members().iter().filter(|_| !self.knows_all) {
            let name = member.name.as_str();
            if self.asked.contains(&name) {
                continue;
            }
            let meant = near(name, self.asked.iter().copied());
            let meant = meant.map_or_else(String::new, |near| format!("did you mean {near}? "));
            let message =
                format!("there is no such option; {meant}Options here are {}", self.asked.join(", "));
            let path = format!("{}.{name}", self.path);
            self.problems.push(Problem::new(code::UNKNOWN_OPTION, &path, message).at(member.origin.clone()));
        }
    }
}

/// Parses a time such as `1.5s`, `500ms` or `2m`.
///
/// # Errors
/// Fails for any other text, and for zero.
pub fn duration(text: &str) -> Result<Duration, String> {
    let parts = text.strip_suffix('s').and_then(|seconds| seconds.parse::<f64>().ok());
    let parts = parts.filter(|seconds| seconds.is_finite() && (0.0..=86_400.0).contains(seconds));
    let micros = parts.map(|seconds| (seconds * 1e6) as i64).or_else(|| Span::parse(text).map(|span| span.0));
    let micros = micros.and_then(|micros| u64::try_from(micros).ok()).filter(|micros| *micros > 0);
    micros.map(Duration::from_micros).ok_or_else(|| "is no time; expected one such as 1.5s, 500ms, 2m".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Layout;
    use authsieve_engine::alert::Severity;

    fn served(text: &str) -> Result<Served, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        std::fs::write(&path, text).unwrap();
        let config = Config::read(Some(&path), &[]).unwrap();
        config.served().map_err(|problems| {
            problems
                .list
                .iter()
                .map(|problem| format!("{} {}: {}", problem.code, problem.path, problem.message))
                .collect()
        })
    }

    #[test]
    fn all_that_can_be_said_is_read() {
        let text = r#"
            [server]
            state_dir = "/var/lib/authsieve"
            max_body = 32
            max_waiting = 7
            drain = "1.5s"
            [sources.a]
            type = "http"
            listen = "127.0.0.1:7401"
            [sources.b]
            type = "files"
            include = ["/var/log/auth.log*"]
            from_beginning = false
            [sources.c]
            type = "journal"
            matches = ["_COMM=sshd"]
            [sources.d]
            type = "unix"
            path = "/run/authsieve.sock"
            [sinks.out]
            to = "-"
            [sinks.pager]
            to = "http://127.0.0.1:9/x"
            format = "ecs"
            min_severity = "high"
            analytics = ["an1276"]
        "#;
        let served = served(text).unwrap();
        assert_eq!(served.drain, Some(Duration::from_millis(1500)));
        assert_eq!((served.max_body, served.max_waiting), (Some(32), Some(7)));
        let names: Vec<&str> = served.sources.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c", "d"]);
        assert_eq!(served.sources[0].1, Feed::Http(Listen::new("127.0.0.1:7401".parse().unwrap())));
        let (name, pager) = &served.sinks[1];
        assert_eq!((name.as_str(), pager.layout, pager.min_severity), ("pager", Layout::Ecs, Severity::High));
        assert_eq!(pager.analytics, ["an1276"]);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let text = r#"
            [server]
            max_body = 0
            drian = "1s"
            [sources.a]
            type = "htpp"
            [sources.b]
            type = "tcp"
            listen = "0.0.0.0:1"
            [sources.c]
            listen = "127.0.0.1:1"
            [sources.d]
            type = "files"
            [sources.e]
            type = "files"
            include = ["/x/*/auth.log", "/x/h[12]"]
            [sources."1234567890123456789012345678901234567890123456789012345678901234x"]
            type = "stdin"
            [sinks."a\nb"]
            to = "-"
            [sinks.out]
            to = "ftp://x"
            format = 7
        "#;
        let wrong = served(text).unwrap_err();
        for part in [
            "out-of-range server.max_body",
            "unknown-option server.drian: there is no such option; did you mean drain?",
            "invalid-value sources.a.type: \"htpp\" is no source; expected one of http, forward, tcp",
            "invalid-value sources.b.listen: \"0.0.0.0:1\" can be reached from other machines",
            "empty sources.c: type is missing; expected one of",
            "empty sources.d: include is missing",
            "invalid-value sources.e.include: [\"/x/*/auth.log\",\"/x/h[12]\"] has a pattern that is not known",
            "invalid-value sources: this name is too long or has control characters; expected 64 bytes at most",
            "invalid-value sinks: this name is too long or has control characters",
            "invalid-value sinks.out.to: \"ftp://x\" `ftp://x` is no place for alerts",
            "wrong-type sinks.out.format: 7 has the wrong type; expected a text",
        ] {
            assert!(wrong.iter().any(|line| line.starts_with(part)), "{part}\n{wrong:#?}");
        }
        assert_eq!(wrong.len(), 11, "of a source without a type nothing more is known\n{wrong:#?}");
    }

    #[test]
    fn a_duration_is_a_time() {
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1m"), Ok(Duration::from_secs(60)));
        for bad in ["", "0s", "-1s", "1.5", "infs", "soon"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
