//! Modules that a package contains, so that its users need no Wasm target.

use crate::guest::SUITE;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder in a package with the files of every module.
pub struct Prebuilt {
    folder: PathBuf,
}

impl Prebuilt {
    /// Finds the folder in the crate. A checkout has none, or one of an older build, and builds its modules.
    pub fn of(crate_dir: &Path) -> Option<Self> {
        let folder = crate_dir.join("modules");
        folder.is_dir().then_some(Self { folder })
    }

    /// The ids of the analytics, sorted.
    ///
    /// # Errors
    /// When the folder cannot be read, or holds no analytic.
    pub fn ids(&self) -> Result<Vec<String>, String> {
        let fail = |e| format!("{}: {e}", self.folder.display());
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".fluent-bit.wasm"));
            ids.extend(id.filter(|id| *id != SUITE).map(str::to_owned));
        }
        ids.sort();
        if ids.is_empty() { Err(format!("{}: no analytic in it", self.folder.display())) } else { Ok(ids) }
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&self, file: &str) -> Result<Vec<u8>, String> {
        let path = self.folder.join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))
    }
}
