//! `authsieve export`: writes the analytics as files for other hosts.

use crate::arguments::Stop;
use crate::selection::{Error, Selection};
use clap::Args;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The arguments of `export`.
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
pub struct Arguments {
    /// Ids of analytics, in upper or lower case, such as an1276,fls; `all` stands for all. Default: all.
    #[arg(value_name = "ID", value_delimiter = ',')]
    ids: Vec<String>,
    /// The same. May be repeated.
    #[arg(short, long = "analytic", value_name = "ID", value_delimiter = ',')]
    analytic: Vec<String>,
    /// Folder to write to. Created if needed.
    #[arg(required = true, value_name = "DIR")]
    folder: PathBuf,
}

/// Runs the command: writes the files, then lists them on standard output.
///
/// # Errors
/// Fails for an unknown analytic, and if a file cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Stop> {
    let chosen = Selection { ids: [&*arguments.ids, &arguments.analytic].concat(), ..Selection::default() }
        .choose()?;
    let folder = &arguments.folder;
    let failed = |path: &Path, error: io::Error| Error::Failure(format!("{}: {error}", path.display()));
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    // All files are written before the list, because the reader of the list may stop early.
    let mut list = String::new();
    let mut write = |name: String, bytes: &[u8], what: &str| -> Result<(), Error> {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|error| failed(&path, error))?;
        list += &format!("{}  {} bytes, {what}\n", path.display(), bytes.len());
        Ok(())
    };
    let builtin = chosen.iter().filter_map(|chosen| chosen.builtin);
    // Several analytics are also available as one module.
    let suite = (chosen.len() > 1).then_some(&authsieve_components::SUITE);
    for component in builtin.chain(suite) {
        let id = component.id;
        write(format!("{id}.wasm"), component.wasm, "component")?;
        write(format!("{id}.fluent-bit.wasm"), component.fluent_bit, "filter for Fluent Bit")?;
        // The JavaScript class loads its module under this name.
        write(format!("{id}_browser.js"), component.browser_js.as_bytes(), "ES module for browsers")?;
        write(format!("{id}_browser.d.ts"), component.browser_dts.as_bytes(), "its types")?;
        write(format!("{id}_browser_bg.wasm"), component.browser_wasm, "the WebAssembly it loads")?;
    }
    write("authsieve.wit".into(), authsieve_host::WIT.as_bytes(), "the contract of the components")?;
    io::stdout().write_all(list.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
