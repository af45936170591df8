//! Builds every analytic of `src/analytics`, and the suite of all, for Wasm, once per face, and writes a table of the
//! results.
//!
//! Copying a folder there is all it takes to add one. Nothing but cargo and the Wasm target of the compiler is needed,
//! and the latter is installed where rustup can. The package of this crate holds the modules as files, and its build
//! only writes the table.

mod agent;
mod faces;
mod guest;
mod prebuilt;

use guest::Guest;
use prebuilt::Prebuilt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    let crate_dir = cargo_says("CARGO_MANIFEST_DIR")?;
    let out = cargo_says("OUT_DIR")?;
    let workspace = crate_dir.ancestors().nth(2).unwrap_or(&crate_dir);
    if !workspace.join("src/analytics").is_dir() {
        return prebuilt(&crate_dir, &out);
    }
    let ids = analytics(&workspace.join("src/analytics"))?;

    let guest = Guest::new(workspace, &out)?;
    let suite = [guest::SUITE.to_owned()];
    table(&out, &entries(&guest, &ids, &out)?, &entries(&guest, &suite, &out)?)?;
    guest.watch(&[ids, suite.to_vec()].concat())
}

/// Embeds the modules of the package.
fn prebuilt(crate_dir: &Path, out: &Path) -> Result<(), String> {
    let Some(modules) = Prebuilt::of(crate_dir) else {
        return Err(format!("{}: neither src/analytics nor modules is there", crate_dir.display()));
    };
    let entry = |id: &str| -> Result<String, String> {
        let mut entry = format!("Component {{\n        id: {id:?},\n");
        for (name, file) in faces::FILES {
            let file = file.replace("ID", id);
            entry += &field(out, name, &file, &modules.read(&file)?)?;
        }
        Ok(entry + "    }")
    };
    let ids = modules.ids()?;
    let analytics: Vec<_> = ids.iter().map(|id| entry(id)).collect::<Result<_, _>>()?;
    table(out, &analytics, &[entry(guest::SUITE)?])
}

/// Writes the two tables that `src/lib.rs` includes.
fn table(out: &Path, analytics: &[String], suite: &[String]) -> Result<(), String> {
    let rows: String = analytics.iter().map(|entry| format!("{entry},\n")).collect();
    write(out, "table.rs", format!("&[\n{rows}]\n").as_bytes())?;
    write(out, "suite.rs", suite.concat().as_bytes())
}

/// Builds every face of the modules, and writes a `Component` that embeds each face.
fn entries(guest: &Guest<'_>, ids: &[String], out: &Path) -> Result<Vec<String>, String> {
    let mut entries: Vec<String> =
        ids.iter().map(|id| format!("Component {{\n        id: {id:?},\n")).collect();
    for ((id, module), entry) in ids.iter().zip(guest.build("component", ids)?).zip(&mut entries) {
        let component = faces::component(&module).map_err(|e| format!("the component of {id}: {e}"))?;
        *entry += &field(out, "wasm", &format!("{id}.wasm"), &component)?;
    }
    for ((id, module), entry) in ids.iter().zip(guest.build("fluent-bit", ids)?).zip(&mut entries) {
        let module = faces::fluent_bit(&module).map_err(|e| format!("the Fluent Bit filter of {id}: {e}"))?;
        *entry += &field(out, "fluent_bit", &format!("{id}.fluent-bit.wasm"), &module)?;
    }
    #[cfg(feature = "browser")]
    for ((id, module), entry) in ids.iter().zip(guest.build("browser", ids)?).zip(&mut entries) {
        let class = faces::browser(id, module).map_err(|e| format!("the browser class of {id}: {e}"))?;
        *entry += &field(out, "browser_wasm", &format!("{id}_browser_bg.wasm"), &class.wasm)?;
        *entry += &field(out, "browser_js", &format!("{id}_browser.js"), class.js.as_bytes())?;
        *entry += &field(out, "browser_dts", &format!("{id}_browser.d.ts"), class.dts.as_bytes())?;
    }
    entries.iter_mut().for_each(|entry| entry.push_str("    }"));
    Ok(entries)
}

/// Writes a file and returns the line of the table that embeds it as the field of that name.
fn field(out: &Path, name: &str, file: &str, bytes: &[u8]) -> Result<String, String> {
    write(out, file, bytes)?;
    let include = if file.ends_with(".wasm") { "include_bytes" } else { "include_str" };
    Ok(format!("        {name}: {include}!({file:?}),\n"))
}

fn cargo_says(variable: &str) -> Result<PathBuf, String> {
    env::var_os(variable).map(PathBuf::from).ok_or_else(|| format!("{variable} is not set: cargo runs this"))
}

/// The folders of `src/analytics` that are crates, sorted.
fn analytics(dir: &Path) -> Result<Vec<String>, String> {
    let fail = |e| format!("{}: {e}", dir.display());
    let mut ids = Vec::new();
    for entry in fs::read_dir(dir).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if entry.path().join("Cargo.toml").is_file() {
            let id = entry
                .file_name()
                .into_string()
                .map_err(|name| format!("{name:?}: not a name for an analytic"))?;
            ids.push(id);
        }
    }
    ids.sort();
    if ids.is_empty() { Err(format!("{}: no analytic in it", dir.display())) } else { Ok(ids) }
}

/// Writes a file unless it holds these bytes already: an unchanged file is not compiled in again.
fn write(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), String> {
    let path = dir.join(name);
    if fs::read(&path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(&path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}
