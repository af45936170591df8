//! `authsieve serve`: runs a service next to a pipeline.

use crate::arguments::{Bounds, Choice, Configuration, Isolation, Order, Stop};
use crate::config::service::{Feed, Listen, Outlet, Served, bearer, duration};
use crate::output::Layout;
use crate::selection::{self, Error};
use crate::serve::log::{self, Form, Least};
use crate::serve::sinks::Target;
use crate::serve::{Identity, Listening, Plan, Planned, Restore, Secret, Service, Setup};
use authsieve_host::Engine;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// The default time between two states on disk.
const CHECKPOINT: Duration = Duration::from_secs(60);

/// The arguments of `serve`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    configuration: Configuration,
    #[command(flatten)]
    isolation: Isolation,
    #[command(flatten)]
    bounds: Bounds,
    /// Address for records by HTTP: POST /v1/events with NDJSON, a JSON array or plain lines. The configuration can add
    /// more sources: [sources.NAME].
    #[arg(long, value_name = "ADDRESS:PORT")]
    http: Option<SocketAddr>,
    /// PEM file with the certificate for --http, to use https://. An address that other machines can reach needs it,
    /// and --client-ca or --token-file.
    #[arg(long, value_name = "FILE", requires = "http", requires = "key")]
    cert: Option<PathBuf>,
    /// PEM file with the private key of the certificate.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// PEM file with authorities. Clients need a certificate of one of them.
    #[arg(long, value_name = "FILE", requires = "cert")]
    client_ca: Option<PathBuf>,
    /// File with a token. Each request needs it as Authorization: Bearer TOKEN.
    #[arg(long, value_name = "FILE", requires = "http")]
    token_file: Option<PathBuf>,
    /// Sink for alerts, in addition to the [sinks.NAME] of the configuration. It is - for standard output, a file,
    /// http://…, https://…, unix:PATH, tcp:HOST:PORT or tls:HOST:PORT. A protocol may stand before the place:
    /// alertmanager+http://…, otlp+http://…, forward+tcp:HOST:PORT, syslog+udp:HOST:PORT. May be repeated. Default:
    /// standard output.
    #[arg(long, value_name = "TARGET", value_parser = Target::parse)]
    alerts: Vec<Target>,
    /// Format of alerts.
    #[arg(long, default_value = Layout::Native.name(), value_name = "FORMAT", value_parser = PossibleValuesParser::new(Layout::ALL.map(Layout::name)).map(|word| Layout::parse(&word).unwrap_or(Layout::Native)))]
    format: Layout,
    /// Folder for the state. With it, a crash or restart loses nothing.
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// The folder of silences (see `silence`). By default `authsieve` in the folder of the user's state.
    #[arg(long, value_name = "DIR")]
    desk: Option<PathBuf>,
    /// Start from a state that `authsieve snapshot` wrote. The state folder has to be new.
    #[arg(long, value_name = "FILE")]
    restore: Option<PathBuf>,
    /// Replace the state that is in the folder.
    #[arg(long, requires = "restore")]
    force: bool,
    /// After SIGTERM, continue until no request has come for this long, such as 1.5s.
    #[arg(long, value_name = "TIME", value_parser = drain)]
    drain: Option<Duration>,
    /// Format of the service's own log on standard error.
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    log_format: Form,
    /// Lowest level that is logged.
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    log_level: Least,
    /// End when the process that started the service ends. --drain implies it.
    #[arg(long)]
    with_parent: bool,
    /// Largest body of a request in MiB, both compressed and decompressed. Default: 64.
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1024))]
    max_body: Option<u64>,
    /// Most MiB of alerts that may wait for a sink. Above it, senders are asked to retry. Default: 256.
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    max_waiting: Option<u64>,
}

/// Runs the service until a signal ends it.
///
/// # Errors
/// Fails if the service cannot start.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Stop> {
    log::start(arguments.log_format, arguments.log_level);
    let parent = std::os::unix::process::parent_id();
    let engine = arguments.bounds.engine()?;
    let (first, served) = plan(&engine, arguments)?;
    let drain = arguments.drain.or(served.drain);
    let with_parent = arguments.with_parent || served.with_parent.unwrap_or(false) || drain.is_some();
    let asked = arguments.clone();
    let before = served.clone();
    let again = move || {
        let (mut plan, served) = plan(&engine, &asked).map_err(|error| error.to_string())?;
        plan.restart = served.needs_restart(&before);
        Ok(plan)
    };
    let service = Service::new(Setup {
        plan: first,
        again: Arc::new(again),
        seed: RandomState::new().build_hasher().finish(),
        state: arguments.state_dir.clone().or(served.state_dir),
        desk: arguments.desk.clone(),
        restore: arguments.restore.clone().map(|file| Restore { file, force: arguments.force }),
        max_body: usize::try_from(arguments.max_body.or(served.max_body).unwrap_or(64) << 20)
            .unwrap_or(usize::MAX),
        outbox_bytes: arguments.max_waiting.or(served.max_waiting).unwrap_or(256) << 20,
        drain,
        checkpoint: served.checkpoint.unwrap_or(CHECKPOINT),
        parent: with_parent.then_some(parent),
    });
    service.run().map_err(Error::Failure)?;
    Ok(ExitCode::SUCCESS)
}

/// Reads the configuration. Wrong options are reported first, as in all commands.
fn plan(engine: &Engine, arguments: &Arguments) -> Result<(Plan, Served), Error> {
    let selection = arguments.isolation.of(arguments.choice.selection());
    let options = arguments.configuration.options(Order::Given);
    let mut configured = selection::configure(engine, &selection, &options)?;
    configured.by_id();
    let served = configured.served()?;
    let (sources, sinks) = (sources(arguments, &served)?, sinks(arguments, &served)?);
    let components = configured.start(|analytic, config| {
        analytic.create(&config, 0)?;
        Ok(Planned { analytic, config })
    })?;
    Ok((Plan { components, sources, sinks, restart: Vec::new() }, served))
}

/// The sources of the configuration and of the command line.
fn sources(arguments: &Arguments, served: &Served) -> Result<Vec<(String, Feed)>, Error> {
    let mut sources = served.sources.clone();
    if let Some(address) = arguments.http {
        sources.push(("http".into(), Feed::Http(listen(arguments, address)?)));
    }
    if sources.is_empty() {
        let why =
            "there is nothing to read: name --http ADDRESS:PORT, or a [sources.NAME] in the configuration";
        return Err(Error::Usage(why.into()));
    }
    Ok(sources)
}

/// The HTTP listener of the command line, after a check that its address is safe.
fn listen(arguments: &Arguments, address: SocketAddr) -> Result<Listen, Error> {
    let mut listen = Listen::new(address);
    if let (Some(cert), Some(key)) = (arguments.cert.clone(), arguments.key.clone()) {
        let identity = Identity { cert, key };
        listen.tls = Some(Listening { identity, client_ca: arguments.client_ca.clone() });
    }
    if let Some(path) = &arguments.token_file {
        let wrong = |why| Error::Usage(format!("--token-file {} {why}", path.display()));
        let text =
            std::fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let token = Secret::new(text.trim_end().to_owned());
        bearer(&token).map_err(wrong)?;
        listen.token = Some(token);
    }
    listen.for_http().map_err(|why| Error::Usage(format!("--http {address} {why}")))?;
    Ok(listen)
}

/// The sinks of the configuration and of the command line.
fn sinks(arguments: &Arguments, served: &Served) -> Result<Vec<(String, Outlet)>, Error> {
    let layout = arguments.format;
    let outlet = |to: &Target| (to.to_string(), Outlet::new(to.clone(), layout));
    let mut sinks = served.sinks.clone();
    sinks.extend(arguments.alerts.iter().map(outlet));
    if sinks.is_empty() {
        sinks.push(outlet(&Target::Stdout));
    }
    for (at, (name, _)) in sinks.iter().enumerate() {
        if sinks.iter().take(at).any(|(other, _)| other == name) {
            return Err(Error::Usage(format!("alerts go to {name} twice; expected each sink once")));
        }
    }
    Ok(sinks)
}

fn drain(text: &str) -> Result<Duration, String> {
    duration(text).map_err(|why| format!("this {why}"))
}
