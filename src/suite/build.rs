//! Makes the list of analytics from the dependencies in `Cargo.toml` that are in `../analytics`.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=Cargo.toml");
    println!("cargo::rerun-if-changed=build.rs");
    let dir = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    // Cargo writes a package's own manifest again, without paths, and keeps this one next to it.
    let manifest = [dir.join("Cargo.toml.orig"), dir.join("Cargo.toml")];
    let manifest = manifest.iter().find_map(|file| fs::read_to_string(file).ok());
    let manifest = manifest.expect("Cargo.toml can be read");
    let mut ids: Vec<&str> = manifest.lines().filter_map(id).collect();
    ids.sort_unstable();
    assert!(!ids.is_empty(), "Cargo.toml: no dependency stands in ../analytics");

    let mut out = String::from(
        "/// The analytics by their ids.\n#[allow(non_camel_case_types)]\npub mod analytics {\n",
    );
    for id in &ids {
        out += &format!("    #[doc(no_inline)]\n    pub use authsieve_{id}::Exported as {id};\n");
    }
    out += "}\n\n/// Calls the macro `then` with the tokens behind it, and the id of each analytic.\n";
    out += "#[doc(hidden)]\n#[macro_export]\nmacro_rules! each_analytic {\n";
    out += &format!(
        "    ($then:ident, $($given:tt)*) => {{ $then! {{ ($($given)*) {} }} }};\n}}\n",
        ids.join(" ")
    );
    out += "\n/// Calls a generic function with the type of the analytic of that id, as `by_id!(id, function(arguments))`. Panics\n";
    out += "/// for another id: it is for tests.\n#[macro_export]\nmacro_rules! by_id {\n";
    out += "    ($id:expr, $($function:ident)::+($($argument:expr),* $(,)?)) => { match $id {\n";
    for id in &ids {
        out += &format!("        {id:?} => $($function)::+::<$crate::analytics::{id}>($($argument),*),\n");
    }
    out += "        other => panic!(\"there is no analytic {other}\"),\n    } };\n}\n";
    let to = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("list.rs");
    fs::write(to, out).expect("OUT_DIR can be written");
}

/// The id in a line such as `authsieve-fls = { path = "../analytics/fls" }`.
fn id(line: &str) -> Option<&str> {
    let (name, rest) = line.split_once('=')?;
    let id = name.trim().strip_prefix("authsieve-")?;
    rest.contains(&format!("\"../analytics/{id}\"")).then_some(id)
}
