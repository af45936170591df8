//! Compiled components, kept from one run to the next: compiling one takes most of the time of a short run.
//!
//! A kept file is machine code, and running it means trusting it. So a file counts only if nobody but this user can have
//! written it, and if its checksum holds. The checksum names the component's bytes, and the build and settings of
//! wasmtime. Nothing is kept where a file's owner cannot be told (on anything but Unix). The cache is a shortcut: if
//! anything about it fails, the component is compiled.

use authsieve_engine::hash::{Hasher128, Salt};
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
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
        let path = self.folder.join(&name);
        if let Some(component) = read(&path, &name).and_then(|code| load(engine, &code)) {
            return Ok(component);
        }
        let component = Component::from_binary(engine, wasm)?;
        if let Ok(code) = component.serialize() {
            // A shortcut for the next time, and no loss if there is none.
            let _ = self.write(&path, &name, &code);
        }
        Ok(component)
    }

    fn write(&self, path: &Path, name: &str, code: &[u8]) -> std::io::Result<()> {
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.create(&self.folder)?;
        // Under a name of its own first: another process never sees half a file.
        let draft = self.folder.join(format!("{name}.{}", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft)?;
        let written = file.write_all(&checksum(name, code)).and_then(|()| file.write_all(code));
        drop(file);
        match written.and_then(|()| fs::rename(&draft, path)) {
            Ok(()) => Ok(()),
            Err(error) => {
                let _ = fs::remove_file(&draft);
                Err(error)
            }
        }
    }
}

/// Names what a file must have been made of.
fn name(engine: &Engine, wasm: &[u8]) -> String {
    let mut settings = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    let key =
        Hasher128::new(Salt::new("cwasm"), 0).part(&settings.finish().to_le_bytes()).part(wasm).finish();
    format!("{:032x}.cwasm", key.0)
}

fn checksum(name: &str, code: &[u8]) -> [u8; 16] {
    Hasher128::new(Salt::new("cwasm"), 1).part(name.as_bytes()).part(code).finish().to_bytes()
}

/// The code in a file, if it is to be trusted.
fn read(path: &Path, name: &str) -> Option<Vec<u8>> {
    let folder = path.parent()?;
    if !private(&fs::symlink_metadata(folder).ok()?) || !private(&fs::symlink_metadata(path).ok()?) {
        return None;
    }
    let mut code = fs::read(path).ok()?;
    let sum: [u8; 16] = code.first_chunk().copied()?;
    code.drain(..sum.len());
    (checksum(name, &code) == sum).then_some(code)
}

/// Whether nobody but this user can have written it, root aside.
#[cfg(unix)]
fn private(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let own = rustix::process::geteuid().as_raw();
    !metadata.is_symlink() && metadata.uid() == own && metadata.mode() & 0o022 == 0
}

#[cfg(not(unix))]
fn private(_: &fs::Metadata) -> bool {
    false
}

fn load(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: `read` has made sure that this user wrote it, that it is whole, and that it was made of the same component
    // by the same build of wasmtime under the same settings.
    #[allow(unsafe_code)]
    let component = unsafe { Component::deserialize(engine, code) };
    component.ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn wasm() -> Vec<u8> {
        wat::parse_str("(component (core module $m (func (export \"f\"))) (core instance (instantiate $m)))")
            .unwrap()
    }

    fn only_file(folder: &Path) -> PathBuf {
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }

    #[test]
    fn what_was_compiled_is_loaded_and_anything_else_compiled_again() {
        let home = tempfile::tempdir().unwrap();
        let (engine, cache) = (Engine::default(), Cache::at(home.path().join("authsieve")));
        cache.component(&engine, &wasm()).unwrap();
        let path = only_file(&cache.folder);
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let whole = fs::read(&path).unwrap();
        assert!(read(&path, &name).and_then(|code| load(&engine, &code)).is_some());
        cache.component(&engine, &wasm()).unwrap();
        assert_eq!(only_file(&cache.folder), path, "one file, no drafts");

        // Cut short, changed, or in the place of another.
        for bad in [&whole[..whole.len() / 2], &whole[1..], b""] {
            fs::write(&path, bad).unwrap();
            assert!(read(&path, &name).is_none());
        }
        assert!(read(&path, "another").is_none());
        cache.component(&engine, &wasm()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), whole, "made good again");
    }

    #[test]
    fn what_others_may_have_written_is_not_trusted() {
        let home = tempfile::tempdir().unwrap();
        let (engine, cache) = (Engine::default(), Cache::at(home.path().join("authsieve")));
        cache.component(&engine, &wasm()).unwrap();
        let path = only_file(&cache.folder);
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        for (place, open, closed) in [(&path, 0o666, 0o600), (&cache.folder, 0o777, 0o700)] {
            fs::set_permissions(place, fs::Permissions::from_mode(open)).unwrap();
            assert!(read(&path, &name).is_none(), "{}", place.display());
            fs::set_permissions(place, fs::Permissions::from_mode(closed)).unwrap();
        }
        assert!(read(&path, &name).is_some());
    }

    #[test]
    fn other_settings_and_other_components_have_other_names() {
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true);
        let other = Engine::new(&config).unwrap();
        assert_ne!(name(&Engine::default(), b"a"), name(&other, b"a"));
        assert_ne!(name(&other, b"a"), name(&other, b"b"));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_no_error() {
        let cache = Cache::at(PathBuf::from("/dev/null/here"));
        assert!(cache.component(&Engine::default(), &wasm()).is_ok());
    }
}
