//! Cargo inside cargo: builds the analytics as core modules.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

const TARGET: &str = "wasm32-unknown-unknown";
/// The id of the module that holds all analytics.
pub const SUITE: &str = "suite";
/// The features of an analytic that make it a module.
const FACES: [&str; 3] = ["component", "fluent-bit", "browser"];

/// The cargo profile of a face.
fn profile(face: &str) -> &'static str {
    match face {
        "fluent-bit" => "wasm-interpreted",
        "browser" => "wasm-small",
        _ => "wasm",
    }
}

/// The place and the tools with which the analytics are built.
pub struct Guest<'a> {
    workspace: &'a Path,
    target_dir: PathBuf,
}

impl<'a> Guest<'a> {
    /// Finds the Wasm target, or installs it.
    pub fn new(workspace: &'a Path, out: &Path) -> Result<Self, String> {
        require_target(workspace)?;
        // A directory next to the outer build's profiles, so that a debug and a release build share it. The outer
        // build's own directory is locked while this runs. Cargo tags the root of its target directories.
        let root = out.ancestors().find(|dir| dir.join("CACHEDIR.TAG").is_file()).unwrap_or(out);
        Ok(Self { workspace, target_dir: root.join("guests") })
    }

    /// Builds modules with the face named by one of their features, and returns them in the same order.
    ///
    /// The suite needs a call of its own. In one call, cargo would switch on the features of the analytics for the
    /// suite too, and each of them would have a face there.
    pub fn build(&self, face: &str, ids: &[String]) -> Result<Vec<Vec<u8>>, String> {
        let mut cargo = command(program("CARGO", "cargo"), self.workspace);
        cargo.args(["build", "--locked", "--target", TARGET, "--profile", profile(face), "--target-dir"]);
        cargo.arg(self.target_dir.join(face));
        for id in ids {
            // Cargo puts it back, fresh or not, unless the crate makes no such thing any more.
            let _ = fs::remove_file(self.artifact(face, id, "wasm"));
            cargo.arg("-p").arg(package(id)).arg("--features").arg(format!("{}/{face}", package(id)));
        }
        cargo.env("CARGO_ENCODED_RUSTFLAGS", self.rustflags(face).join("\u{1f}"));
        cargo.stdout(Stdio::null()); // The outer cargo takes the output of a build script for instructions.
        let status = cargo.status().map_err(|e| format!("cannot run {:?}: {e}", cargo.get_program()))?;
        if !status.success() {
            return Err(format!(
                "the analytics do not build as \"{face}\" (see above). The Cargo.toml of each has the features \
                 `component`, `browser` and `fluent-bit`, as that of src/analytics/an1276."
            ));
        }
        ids.iter()
            .map(|id| {
                let path = self.artifact(face, id, "wasm");
                fs::read(&path).map_err(|e| {
                    format!(
                        "{}: {e}. The Cargo.toml of {} needs name = \"{}\" and, under [lib], crate-type = \
                         [\"lib\", \"cdylib\"].",
                        path.display(),
                        folder(id),
                        package(id)
                    )
                })
            })
            .collect()
    }

    /// Tells cargo which files to watch: the sources of the modules, as the compiler listed them, and the files that
    /// decide how they are built. A new file always changes one of these.
    pub fn watch(&self, ids: &[String]) -> Result<(), String> {
        let mut files = vec![self.workspace.join("Cargo.toml"), self.workspace.join("Cargo.lock")];
        for id in ids {
            files.push(self.workspace.join(folder(id)).join("Cargo.toml"));
            for face in FACES {
                if face == "browser" && !cfg!(feature = "browser") {
                    continue;
                }
                let path = self.artifact(face, id, "d");
                let list = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
                files.extend(prerequisites(&list));
            }
        }
        for part in
            ["src/components/build", "src/engine/Cargo.toml", "src/abi/Cargo.toml", "rust-toolchain.toml"]
        {
            files.push(self.workspace.join(part));
        }
        files.sort();
        files.dedup();
        for file in files {
            println!("cargo::rerun-if-changed={}", file.display());
        }
        Ok(())
    }

    fn artifact(&self, face: &str, id: &str, extension: &str) -> PathBuf {
        let name = package(id).replace('-', "_");
        self.target_dir.join(face).join(TARGET).join(profile(face)).join(name).with_extension(extension)
    }

    /// The flags of the compiler. `simd128` gives the compiler vectors; Fluent Bit's runtime refuses them. The
    /// linker writes numbers in as few bytes as possible. The rest keeps the paths of this machine out of the modules.
    fn rustflags(&self, face: &str) -> Vec<String> {
        let mut flags = vec!["-Clink-arg=--compress-relocations".to_owned()];
        if face != "fluent-bit" {
            flags.push("-Ctarget-feature=+simd128".to_owned());
        }
        // Functions that need inlining ask for it. A greater threshold makes modules larger, and no faster.
        let inlining = match face {
            "component" => 8,
            "fluent-bit" => 50,
            _ => 16,
        };
        flags.push(format!("-Cllvm-args=-inline-threshold={inlining}"));
        if face == "component" {
            // Unrolled loops are 2 % of a module.
            flags.push("-Cllvm-args=-unroll-threshold=40".to_owned());
        }
        let cargo_home =
            env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
        for (path, name) in [(cargo_home, "/cargo"), (Some(self.workspace.to_owned()), "/authsieve")] {
            if let Some(path) = path {
                flags.push(format!("--remap-path-prefix={}={name}", path.display()));
            }
        }
        flags
    }
}

fn package(id: &str) -> String {
    format!("authsieve-{id}")
}

/// The folder of the crate of a module.
fn folder(id: &str) -> String {
    if id == SUITE { "src/suite".into() } else { format!("src/analytics/{id}") }
}

/// The program that the outer cargo names in `variable`.
fn program(variable: &str, default: &str) -> OsString {
    env::var_os(variable).unwrap_or_else(|| default.into())
}

/// A command at the root of the workspace. It has the environment of the outer build without the variables that cargo
/// set for that build: flags, wrappers, profiles, directories.
fn command(program: OsString, workspace: &Path) -> Command {
    const KEPT: [&str; 8] = [
        "CARGO_HOME",
        "CARGO_MAKEFLAGS", // The jobs of the outer build are shared, not doubled.
        "CARGO_HTTP_",
        "CARGO_NET_",
        "CARGO_REGISTRIES_",
        "CARGO_REGISTRY_",
        "CARGO_SOURCE_",
        "CARGO_TERM_",
    ];
    const DROPPED: [&str; 6] =
        ["RUSTFLAGS", "RUSTDOCFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTC_LINKER", "TARGET"];
    let mut command = Command::new(program);
    command.current_dir(workspace);
    for (name, _) in env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        let of_cargo = text.starts_with("CARGO") && !KEPT.iter().any(|kept| text.starts_with(kept));
        if of_cargo || DROPPED.contains(&text) {
            command.env_remove(name);
        }
    }
    command
}

/// Succeeds if the compiler has the Wasm target, and asks rustup to add the target if not.
fn require_target(workspace: &Path) -> Result<(), String> {
    if has_target(workspace)? {
        return Ok(());
    }
    let mut rustup = command("rustup".into(), workspace);
    rustup.args(["target", "add", TARGET]).stdout(Stdio::null());
    let _ = rustup.status(); // The next check decides.
    if has_target(workspace)? {
        return Ok(());
    }
    Err(format!(
        "the compiler has no target {TARGET} and rustup could not add it. Run: rustup target add {TARGET}"
    ))
}

fn has_target(workspace: &Path) -> Result<bool, String> {
    let mut rustc = command(program("RUSTC", "rustc"), workspace);
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    let output = rustc.output().map_err(|e| format!("cannot run {:?}: {e}", rustc.get_program()))?;
    let dir = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    // An empty directory does not count.
    Ok(output.status.success() && fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()))
}

/// The files after the colon of a dependency file. Blanks in their names are escaped.
fn prerequisites(list: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in list.lines() {
        let Some((_, rest)) = line.split_once(".wasm: ") else { continue };
        let rest = rest.replace("\\ ", "\0");
        files.extend(rest.split_whitespace().map(|file| PathBuf::from(file.replace('\0', " "))));
    }
    files
}
