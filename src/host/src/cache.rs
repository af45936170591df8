//! A cache of compiled components on disk. Compiling takes most of the time of a short run.
//!
//! A file in the cache is machine code, so running it means trusting it. A file is used only if no other user can
//! have written it or moved it there ([`folder`]), and if its checksum matches. The checksum covers the component's
//! bytes, and the build and settings of wasmtime. On systems other than Unix, owners of files are unknown, so nothing
//! is cached. If anything about the cache fails, the component is compiled again.

#[cfg(unix)]
mod folder;

use authsieve_engine::hash::{Hasher128, Salt};
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use wasmtime::Engine;
use wasmtime::component::Component;

/// A folder of compiled components.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The cache of this user: `$XDG_CACHE_HOME/authsieve`, or `~/.cache/authsieve`. `None` if there is no such
    /// folder, if owners of files are unknown, or if `AUTHSIEVE_CACHE` is `off`.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if !cfg!(unix) || set("AUTHSIEVE_CACHE").is_some_and(|value| value.as_os_str() == "off") {
            return None;
        }
        let base = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
        base.is_absolute().then(|| Self::at(base.join("authsieve")))
    }

    /// A cache in a given folder, which is created when needed.
    #[must_use]
    pub const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Returns the component, from the cache or newly compiled.
    ///
    /// # Errors
    /// Fails with wasmtime's error if the bytes are no component.
    pub(crate) fn component(&self, engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Component> {
        let name = name(engine, wasm);
        if let Some(component) = self.read(&name).and_then(|code| load(engine, &code)) {
            return Ok(component);
        }
        let component = Component::from_binary(engine, wasm)?;
        if let Ok(code) = component.serialize() {
            self.write(&name, &code);
        }
        Ok(component)
    }

    /// The code in a file, if the file can be trusted.
    #[cfg(unix)]
    fn read(&self, name: &str) -> Option<Vec<u8>> {
        let mut code = folder::Folder::open(&self.folder, false).ok()?.read(name).ok()?;
        let sum: [u8; 16] = code.first_chunk().copied()?;
        code.drain(..sum.len());
        (checksum(name, &code) == sum).then_some(code)
    }

    #[cfg(not(unix))]
    fn read(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    /// Stores the code. Failures are ignored: the code is then compiled again.
    #[cfg(unix)]
    fn write(&self, name: &str, code: &[u8]) {
        if let Ok(folder) = folder::Folder::open(&self.folder, true) {
            let _ = folder.write(name, [&checksum(name, code), code]);
        }
    }

    #[cfg(not(unix))]
    fn write(&self, _: &str, _: &[u8]) {}
}

/// The name of a file, made from everything that its code depends on.
fn name(engine: &Engine, wasm: &[u8]) -> String {
    let mut settings = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    let key =
        Hasher128::new(Salt::new("cwasm"), 0).part(&settings.finish().to_le_bytes()).part(wasm).finish();
    format!("{:032x}.cwasm", key.0)
}

#[cfg(unix)]
fn checksum(name: &str, code: &[u8]) -> [u8; 16] {
    Hasher128::new(Salt::new("cwasm"), 1).part(name.as_bytes()).part(code).finish().to_bytes()
}

fn load(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: `Cache::read` has checked that this user wrote the file and that it is complete. The name shows that it
    // was made from the same component, by the same build of wasmtime with the same settings.
    #[allow(unsafe_code)]
    let component = unsafe { Component::deserialize(engine, code) };
    component.ok()
}

#[cfg(all(test, unix))]
mod tests;
