//! `authsieve translate`: writes the rules of analytics as Sigma correlations, with the configured thresholds.

use crate::arguments::{Choice, Configuration, Order, Stop, engine};
use crate::selection::{self, Error};
use authsieve_engine::time::Span;
use authsieve_host::Limits;
use clap::Args;
use serde_json::Value;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// The rules of the analytics. Words in braces stand for options.
const RULES: [(&str, &str); 5] = [
    ("an0454", include_str!("../sigma/an0454.yml")),
    ("an1269", include_str!("../sigma/an1269.yml")),
    ("an1276", include_str!("../sigma/an1276.yml")),
    ("an1521", include_str!("../sigma/an1521.yml")),
    ("fls", include_str!("../sigma/fls.yml")),
];

const HEAD: &str = "\
# Made by `authsieve translate`. Fields are those of `authsieve decode`, which says what records of all layouts mean.
# What Sigma cannot say of this analytic stands at the end.
";

/// The arguments of `translate`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    configuration: Configuration,
    /// Write one file for each analytic into this folder, instead of all to standard output.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// Fails if the configuration is not valid, an analytic has no translation, or the output cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Stop> {
    let engine = engine(Limits::default())?;
    let options = arguments.configuration.options(Order::default());
    let configured = selection::configure(&engine, &arguments.choice.selection(), &options)?;
    // Reports all errors of the configuration first.
    configured.start(|analytic, text| analytic.create(&text, 0))?;
    let effective = configured.effective()?.json();
    let mut out = io::stdout().lock();
    for (at, (id, _)) in configured.schemas()?.iter().enumerate() {
        let own = effective.get(id).unwrap_or(&Value::Null);
        let text = translated(id, |option| own.get(option).or_else(|| effective.get(option)).cloned());
        let text =
            text.ok_or_else(|| Error::Usage(format!("{id}: there is no translation of this analytic")))?;
        match &arguments.output {
            Some(folder) => {
                let file = folder.join(format!("{id}.yml"));
                let written = fs::create_dir_all(folder).and_then(|()| fs::write(&file, &text));
                written.map_err(|error| Error::Failure(format!("{}: {error}", file.display())))?;
            }
            None => write!(out, "{}{text}", if at == 0 { "" } else { "---\n" })?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The rules of an analytic, with the values of its options.
fn translated(id: &str, option: impl Fn(&str) -> Option<Value>) -> Option<String> {
    let (_, rules) = RULES.iter().find(|(known, _)| *known == id)?;
    let mut text = HEAD.to_owned();
    let mut rest = *rules;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}')?;
        text += before;
        text += &match option(name)? {
            Value::String(text) => Span::parse(&text).map_or(text, timespan),
            other => other.to_string(),
        };
        rest = after;
    }
    Some(text + rest)
}

/// A span in Sigma's form: one number and one unit.
fn timespan(span: Span) -> String {
    let units = [(86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "m")];
    let whole = units.into_iter().find(|(unit, _)| span.0 > 0 && span.0 % unit == 0);
    whole
        .map_or_else(|| format!("{}s", span.0 / 1_000_000), |(unit, name)| format!("{}{name}", span.0 / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_analytic_is_translated_and_no_option_is_left() {
        for component in authsieve_components::ALL {
            let text = translated(component.id, |_| Some("90m".into()));
            let text = text.unwrap_or_else(|| panic!("{}: no translation", component.id));
            assert!(!text.contains(['{', '}']) && text.contains("timespan: 90m"), "{text}");
            assert!(text.contains("# Sigma cannot say:"), "{text}");
        }
        assert_eq!(translated("an1276", |_| None), None, "an option that is not known is told");
        assert_eq!(
            (timespan(Span::seconds(86_400)), timespan(Span::seconds(90))),
            ("1d".into(), "90s".into())
        );
    }
}
