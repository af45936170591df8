//! The tables `[sinks.NAME]`: the destination of alerts, and how they are delivered.

use super::Table;
use crate::output::Layout;
use crate::serve::Access;
use crate::serve::sinks::{
    Target, alertmanager, forward, http, otlp,
    place::{EXPECTED, Place},
    rate::Rate,
    syslog, webhook,
    webhook::{signature, template::Template},
};
use authsieve_engine::alert::Severity;
use authsieve_engine::config::code;
use hyper::Method;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The default time limit of a delivery.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most alerts in one request of a webhook.
const MOST_TOGETHER: u64 = 256;
/// The largest allowed `max_size` of a syslog message over TCP.
const MOST_MESSAGE: u64 = 1 << 20;

const TYPES: [&str; 9] =
    ["stdout", "file", "http", "socket", "webhook", "alertmanager", "otlp", "forward", "syslog"];

/// The configuration of a sink.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlet {
    /// The destination and protocol.
    pub to: Target,
    /// The credentials for the receiver.
    pub access: Access,
    /// The format of alerts.
    pub layout: Layout,
    /// The lowest severity of delivered alerts.
    pub min_severity: Severity,
    /// The ids of the analytics whose alerts are delivered. If empty, all are.
    pub analytics: Vec<String>,
    /// The incidents that go to the sink.
    pub incidents: Incidents,
    /// The rate limit. Alerts beyond it are held back.
    pub rate: Option<Rate>,
    /// The time limit of a delivery.
    pub timeout: Duration,
    /// The file for alerts that are not delivered, if it is not the one in the state folder.
    pub undelivered: Option<PathBuf>,
}

/// The incidents that a sink takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Incidents {
    /// Only alerts.
    #[default]
    Off,
    /// Both.
    Also,
    /// Only incidents.
    Only,
}

impl Outlet {
    /// A sink for all alerts, with defaults.
    #[must_use]
    pub fn new(to: Target, layout: Layout) -> Self {
        Self {
            to,
            access: Access::default(),
            layout,
            min_severity: Severity::Informational,
            analytics: Vec::new(),
            incidents: Incidents::Off,
            rate: None,
            timeout: PATIENCE,
            undelivered: None,
        }
    }
}

impl Table<'_, '_> {
    pub(super) fn outlet(&mut self) -> Option<Outlet> {
        let kind = self.word("type", "sink", &TYPES);
        if kind.is_none() && self.node.get("type").is_some() {
            self.knows_all = true;
            return None;
        }
        let target = self.place(kind).and_then(|place| self.target(kind, place));
        let mut outlet = Outlet::new(target.clone().unwrap_or(Target::Stdout), Layout::Native);
        if let Some(target) = &target {
            outlet.access = self.access(target);
        }
        if let Some(layout) = self.read("format", |text| {
            Layout::parse(text).ok_or_else(|| "is no format; expected json, ocsf or ecs".into())
        }) {
            outlet.layout = layout;
        }
        if let Some(severity) = self.read("min_severity", |text| {
            Severity::parse(text)
                .ok_or_else(|| "is no severity; expected informational, low, medium, high or critical".into())
        }) {
            outlet.min_severity = severity;
        }
        outlet.analytics = self.texts("analytics");
        outlet.incidents = match self.word("incidents", "choice", &["off", "also", "only"]) {
            Some("also") => Incidents::Also,
            Some("only") => Incidents::Only,
            _ => Incidents::Off,
        };
        if outlet.incidents != Incidents::Off && outlet.to.needs_fields() {
            self.refuse_at(
                "incidents",
                code::CONFLICT,
                "goes only to files, standard output, sockets and http",
            );
        }
        outlet.rate = self.read("rate", Rate::parse);
        if let Some(burst) = self.number("burst", 1, 1_000_000) {
            match &mut outlet.rate {
                Some(rate) => rate.burst = u32::try_from(burst).unwrap_or(u32::MAX),
                None if self.node.get("rate").is_some() => {}
                None => self.refuse_at("burst", code::CONFLICT, "has no rate beside it"),
            }
        }
        outlet.timeout = self.duration("timeout").unwrap_or(PATIENCE);
        outlet.undelivered = self.text("undelivered").map(Into::into);
        // Without a target the allowed options are not known.
        self.knows_all = target.is_none();
        target.map(|_| outlet)
    }

    /// Reads a text that has to be one of these words.
    fn word(&mut self, name: &'static str, what: &str, words: &[&'static str]) -> Option<&'static str> {
        self.read(name, |text| {
            let known = words.iter().find(|known| **known == text);
            known.copied().ok_or_else(|| format!("is no {what}; expected one of {}", words.join(", ")))
        })
    }

    fn refuse_at(&mut self, name: &'static str, code: &str, why: &str) {
        if let Some(node) = self.node.get(name) {
            self.refuse(node, name, code, why);
        }
    }

    /// Reads the option `to`. It may be a secret: for some receivers the URL alone is the credential.
    fn place(&mut self, kind: Option<&str>) -> Option<Place> {
        const NAME: &str = "to";
        if self.node.is_table() && self.node.get(NAME).is_none() {
            if kind == Some("stdout") {
                return Some(Place::Stdout);
            }
            self.missing(NAME, EXPECTED);
        }
        let text = self.secret(NAME)?;
        let place = Place::parse(text.reveal());
        // A line with a password is not shown in the report.
        let is_secret = text.reveal().contains('@');
        let refused = |why: String| match is_secret {
            true => self.refuse_unseen(NAME, code::INVALID_VALUE, &why),
            false => self.refuse_place(&why),
        };
        place.map_err(refused).ok()
    }

    /// Reports a problem of `to`. A place from a variable or a file is not shown.
    fn refuse_place(&mut self, why: &str) {
        let is_elsewhere = self.node.get("to").is_some_and(|node| node.is_table());
        let why = if is_elsewhere { "names no place that this type of sink can send to" } else { why };
        self.refuse_at("to", code::INVALID_VALUE, why);
    }

    fn target(&mut self, kind: Option<&'static str>, place: Place) -> Option<Target> {
        let target = match kind.unwrap_or_default() {
            "webhook" => {
                let http = self.http(place);
                return self.webhook(http?).map(|options| Target::Webhook(Box::new(options)));
            }
            "alertmanager" => alertmanager::Options::new(place).map(|mut options| {
                options.resolve_after = self.duration("resolve_after").unwrap_or(options.resolve_after);
                Target::Alertmanager(options)
            }),
            "otlp" => otlp::Options::new(place).map(|mut options| {
                if self.word("encoding", "encoding", &["protobuf", "json"]) == Some("json") {
                    options.encoding = otlp::Encoding::Json;
                }
                Target::Otlp(options)
            }),
            "forward" => forward::Options::new(place).map(|options| self.forward(options)),
            "syslog" => syslog::Options::new(place).map(|options| self.syslog(options)),
            kind => {
                let target = match place {
                    Place::Url(_) => self.http(place).map(Target::Http),
                    place => Target::plain(place).map_err(|why| self.refuse_place(&why)).ok(),
                }?;
                let found = match target {
                    Target::Stdout => "stdout",
                    Target::File(_) => "file",
                    Target::Http(_) => "http",
                    _ => "socket",
                };
                if !kind.is_empty() && kind != found {
                    let why = format!("is a place for the type {found}; expected one for {kind}");
                    self.refuse_place(&why);
                    return None;
                }
                return Some(target);
            }
        };
        target.map_err(|why| self.refuse_place(&why)).ok()
    }

    fn http(&mut self, place: Place) -> Option<http::Options> {
        let method = self.word("method", "method", &["POST", "PUT", "PATCH"]);
        let mut options = http::Options::to(place).map_err(|why| self.refuse_place(&why)).ok()?;
        options.method = match method {
            Some("PUT") => Method::PUT,
            Some("PATCH") => Method::PATCH,
            _ => Method::POST,
        };
        Some(options)
    }

    fn webhook(&mut self, http: http::Options) -> Option<webhook::Options> {
        const NAME: &str = "template";
        let before = self.problems.len();
        let mut vars = BTreeMap::new();
        if let Some(node) = self.at("vars") {
            let path = format!("{}.vars", self.path);
            let mut table = Table::new(node, &path, self.problems);
            for member in node.members() {
                let text = match member.node.as_str() {
                    Some(text) => Some(text.to_owned()),
                    None => table.found(&member.node, &member.name).map(|secret| secret.reveal().to_owned()),
                };
                vars.extend(text.map(|text| (member.name.clone(), text)));
            }
        }
        let batch = self.number("batch", 1, MOST_TOGETHER).unwrap_or(1);
        let secret = self.secret("secret").and_then(|text| match signature::Secret::parse(text.reveal()) {
            Ok(secret) => Some(secret),
            Err(why) => {
                self.refuse_unseen("secret", code::INVALID_VALUE, &why);
                None
            }
        });
        let names = Template::names().join(", ");
        if self.node.get(NAME).is_none() {
            self.missing(NAME, &format!("{names}, or the path of a file"));
        }
        let template = self.read(NAME, |name| {
            if let Some(template) = Template::shipped(name) {
                return Ok((template, true));
            }
            let source = std::fs::read_to_string(name);
            let source =
                source.map_err(|error| format!("is no template; expected {names}, or a file: {error}"))?;
            Ok((Template::new(name, &source), false))
        });
        let (template, is_shipped) = template?;
        if is_shipped && batch > 1 {
            self.refuse_at("batch", code::CONFLICT, "is too many: this template takes one alert");
        }
        let batch = usize::try_from(batch).unwrap_or(1);
        // A broken template was already reported and would fail here again.
        if self.problems.len() == before
            && let Err(why) = template.check(&vars, batch)
        {
            self.refuse_at(NAME, code::INVALID_VALUE, &format!("fails with an example of an alert: {why}"));
        }
        Some(webhook::Options { http, template, vars, batch, secret })
    }

    fn forward(&mut self, mut options: forward::Options) -> Target {
        options.tag = self.text("tag").unwrap_or(options.tag);
        options.shared_key = self.secret("shared_key");
        let (name, password) = (self.text("username"), self.secret("password"));
        if name.is_some() != password.is_some() || name.is_some() && options.shared_key.is_none() {
            let name = if name.is_some() { "username" } else { "password" };
            self.refuse_unseen(name, code::CONFLICT, "counts with the other and a shared_key alone");
        }
        options.user = name.zip(password);
        options.hostname = self.text("hostname");
        options.ack = self.flag("ack").unwrap_or(options.ack);
        Target::Forward(options)
    }

    fn syslog(&mut self, mut options: syslog::Options) -> Target {
        if let Some(word) = self.word("facility", "facility", &syslog::FACILITIES) {
            let number = syslog::FACILITIES.iter().position(|known| *known == word);
            options.facility =
                number.and_then(|number| u8::try_from(number).ok()).unwrap_or(options.facility);
        }
        match self.word("protocol", "protocol", &["rfc5424", "local"]) {
            Some("local") if matches!(options.to, Place::Unix(_)) => {
                options.protocol = syslog::Protocol::Local
            }
            Some("local") => {
                self.refuse_at(
                    "protocol",
                    code::INVALID_VALUE,
                    "local needs a unix socket; expected rfc5424",
                );
            }
            Some(_) => options.protocol = syslog::Protocol::Rfc5424,
            None => {}
        }
        options.hostname = self.read("hostname", |text| {
            let is_hostname = syslog::is_hostname(text);
            is_hostname
                .then(|| text.to_owned())
                .ok_or_else(|| "is no name of a host; expected up to 64 visible characters of ASCII".into())
        });
        let most = if options.is_datagram() { syslog::MOST_DATAGRAM as u64 } else { MOST_MESSAGE };
        let size = self.number("max_size", syslog::LEAST_SIZE as u64, most);
        options.max_size = size.and_then(|size| usize::try_from(size).ok()).or(options.max_size);
        Target::Syslog(options)
    }
}
