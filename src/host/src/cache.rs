//! Compiled components, kept from one run to the next: compiling one takes most of the time of a short run.
//!
//! A kept file is machine code, and running it means trusting it. So a file counts only if nobody but this user can have
//! written it or moved it there ([`folder`]), and if its checksum holds. The checksum names the component's bytes, and the
//! build and settings of wasmtime. Nothing is kept where a file's owner cannot be told (on anything but Unix). The cache
//! is a shortcut: if anything about it fails, the component is compiled.

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
    /// The folder of this user: `$XDG_CACHE_HOME/authsieve`, or `~/.cache/authsieve`. `None` where there is none,
    /// where files' owners cannot be told, and where `AUTHSIEVE_CACHE` is `off`.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if !cfg!(unix) || set("AUTHSIEVE_CACHE").is_some_and(|value| value.as_os_str() == "off") {
            return None;
        }
        let base = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
        base.is_absolute().then(|| Self::at(base.join("authsieve")))
    }

    /// A folder of one's own choice. It is made when it is needed.
    #[must_use]
    pub const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The component, from the cache or compiled into it.
    ///
    /// # Errors
    /// Those of wasmtime, if it is no component.
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

    /// The code in a file, if it is to be trusted.
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

    /// Keeps the code: a shortcut for the next time, and no loss if there is none.
    #[cfg(unix)]
    fn write(&self, name: &str, code: &[u8]) {
        if let Ok(folder) = folder::Folder::open(&self.folder, true) {
            let _ = folder.write(name, [&checksum(name, code), code]);
        }
    }

    #[cfg(not(unix))]
    fn write(&self, _: &str, _: &[u8]) {}
}

/// Names what a file must have been made of.
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
    // SAFETY: `Cache::read` has made sure that this user wrote it, that it is whole, and that it was made of the same component
    // by the same build of wasmtime under the same settings.
    #[allow(unsafe_code)]
    let component = unsafe { Component::deserialize(engine, code) };
    component.ok()
}

#[cfg(all(test, unix))]
mod tests;
