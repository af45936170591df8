//! `authsieve bake`: writes a configuration into a module, for hosts that cannot pass one.

use crate::arguments::{Bounds, Configuration, Order, Stop};
use crate::bake;
use crate::output::escape;
use crate::selection::{self, Error, Selection};
use authsieve_host::{StartError, is_module};
use clap::Args;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The arguments of `bake`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The id of an analytic, in upper or lower case. Or a file from `export` or `bake`, whose configuration is
    /// replaced.
    #[arg(value_name = "ID or FILE")]
    module: String,
    #[command(flatten)]
    configuration: Configuration,
    /// File to write to.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Form of an analytic that is given by id. Default: a filter for Fluent Bit.
    #[arg(long, value_enum, value_name = "FORM")]
    form: Option<Form>,
    /// For Fluent Bit filters: the member for the alert in an annotated record. Default: `authsieve`.
    #[arg(long, value_name = "NAME", value_parser = key)]
    key: Option<String>,
    #[command(flatten)]
    bounds: Bounds,
}

/// The forms of an analytic that can be baked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// A filter for Fluent Bit.
    #[default]
    FluentBit,
    /// A component.
    Component,
}

impl Form {
    const fn as_str(self) -> &'static str {
        match self {
            Self::FluentBit => "filter for Fluent Bit",
            Self::Component => "component",
        }
    }
}

/// Runs the command.
///
/// # Errors
/// Fails for an unknown analytic, for a file that is no module of authsieve, and for a configuration that the analytic
/// refuses.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Stop> {
    let (name, wasm) = arguments.wasm()?;
    let failed = |error: bake::Error| Error::Failure(format!("{name}: {error}"));
    let module = bake::read(&wasm).map_err(failed)?;
    let form = if is_module(&wasm) { Form::FluentBit } else { Form::Component };
    if form == Form::FluentBit {
        bake::filter_exports(&wasm).map_err(failed)?;
    }
    if arguments.form.is_some_and(|asked| asked != form) {
        let why = format!("{name} is a {}: a file keeps its form, and --form is for ids", form.as_str());
        return Err(Error::Usage(why).into());
    }
    let key = match (&arguments.key, form) {
        (Some(_), Form::Component) => {
            let why = "--key is for filters of Fluent Bit; the host of a component gets alerts by themselves";
            return Err(Error::Usage(why.into()).into());
        }
        (Some(key), Form::FluentBit) => key.as_str(),
        (None, _) => &module.key,
    };
    let options = arguments.configuration.options(Order::Time);
    let (written, engine) = (options.read()?, arguments.bounds.engine()?);
    let (config, baked) = selection::alone(&engine, &module.id, |audience| {
        let (mut configs, mut problems) = written.split(audience);
        let config = configs.pop().unwrap_or_default();
        let baked = bake::write(&wasm, &config, key).map_err(failed)?;
        match bake::check(&engine, &module.id, &baked) {
            Ok(()) => {}
            Err(StartError::Config(lines)) => {
                problems.extend(written.refused(&lines, &[&module.id], audience).list);
            }
            Err(error) => return Err(Error::Failure(format!("{name}: {error}"))),
        }
        if problems.list.is_empty() { Ok((config, baked)) } else { Err(Error::Config(problems)) }
    })?;
    let path = &arguments.output;
    fs::write(path, &baked).map_err(|error| Error::Failure(format!("{}: {error}", path.display())))?;
    let what = form.as_str();
    let config = if config.is_empty() {
        "the defaults".to_owned()
    } else {
        escape::json(&in_short(config)).into_owned()
    };
    writeln!(io::stdout(), "{}  {} bytes, {what}, {}: {config}", path.display(), baked.len(), module.id)?;
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    /// The module to bake, and its name for errors.
    fn wasm(&self) -> Result<(String, Vec<u8>), Error> {
        if authsieve_components::get(&self.module).is_none() && Path::new(&self.module).is_file() {
            let path = &self.module;
            return match fs::read(path) {
                Ok(wasm) => Ok((path.clone(), wasm)),
                Err(error) => Err(Error::Failure(format!("{path}: {error}"))),
            };
        }
        if self.module.contains(['/', '\\', '.']) {
            return Err(Error::Failure(format!("{}: there is no such file", self.module)));
        }
        let ids = self.module.split(',').map(str::to_owned).collect();
        let chosen = Selection { ids, ..Selection::default() }.choose()?;
        if chosen.len() != 1 {
            let why = format!(
                "{} are {} analytics; expected one: a module is baked by itself",
                self.module,
                chosen.len()
            );
            return Err(Error::Usage(why));
        }
        let builtin = chosen.iter().find_map(|chosen| chosen.builtin);
        let wasm = builtin.map(|component| match self.form.unwrap_or_default() {
            Form::FluentBit => component.fluent_bit,
            Form::Component => component.wasm,
        });
        Ok((self.module.clone(), wasm.unwrap_or_default().to_vec()))
    }
}

/// Parses the name of a member.
fn key(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > 128 || text.chars().any(char::is_control) {
        return Err("expected 1 to 128 bytes without control characters".into());
    }
    Ok(text.to_owned())
}

/// Replaces the transitions of a time zone in a configuration by the zone's name, as it was written.
fn in_short(config: String) -> String {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(&config) else { return config };
    match value.get_mut("timezone") {
        Some(zone) if zone["name"].is_string() => *zone = zone["name"].take(),
        _ => return config,
    }
    value.to_string()
}
