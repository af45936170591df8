//! Embeds the viewer's page, if it has been built: `authsieve view` serves it. Never runs npm.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    // A package of this crate brings the page along.
    let packaged = here.join("viewer");
    let dist = if packaged.is_dir() { packaged } else { here.join("../viewer/dist") };
    println!("cargo::rerun-if-changed=build.rs");
    // If the page is not there, its folder is watched: npm makes it again.
    println!("cargo::rerun-if-changed={}", if dist.is_dir() { &dist } else { &here }.display());
    let mut files = Vec::new();
    if dist.is_dir() {
        walk(&dist, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&dist).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let path = file.canonicalize()?;
        let _ = writeln!(table, "    ({name:?}, include_bytes!({path:?})),");
    }
    table += "]\n";
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("viewer.rs");
    if fs::read_to_string(&out).is_ok_and(|old| old == table) {
        return Ok(());
    }
    fs::write(out, table)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
