use super::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

fn wasm() -> Vec<u8> {
    wat::parse_str("(component (core module $m (func (export \"f\"))) (core instance (instantiate $m)))")
        .unwrap()
}

fn only_file(folder: &Path) -> PathBuf {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

fn open(place: &Path, mode: u32) {
    fs::set_permissions(place, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_was_compiled_is_loaded_and_anything_else_compiled_again() {
    let home = tempfile::tempdir().unwrap();
    let (engine, cache) = (Engine::default(), Cache::at(home.path().join("authsieve")));
    cache.component(&engine, &wasm()).unwrap();
    let path = only_file(&cache.folder);
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let whole = fs::read(&path).unwrap();
    assert!(cache.read(&name).and_then(|code| load(&engine, &code)).is_some());
    cache.component(&engine, &wasm()).unwrap();
    assert_eq!(only_file(&cache.folder), path, "one file, no drafts");

    // Cut short, changed, or under another name.
    for bad in [&whole[..whole.len() / 2], &whole[1..], b""] {
        fs::write(&path, bad).unwrap();
        assert!(cache.read(&name).is_none());
    }
    fs::write(cache.folder.join("another"), &whole).unwrap();
    assert!(cache.read("another").is_none());
    cache.component(&engine, &wasm()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), whole, "made good again");
}

#[test]
fn what_others_may_have_written_is_not_trusted() {
    let home = tempfile::tempdir().unwrap();
    let above = home.path().join("above");
    let (engine, cache) = (Engine::default(), Cache::at(above.join("authsieve")));
    cache.component(&engine, &wasm()).unwrap();
    let path = only_file(&cache.folder);
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    for (place, bad, good) in [
        (&path, 0o666, 0o600),
        (&cache.folder, 0o777, 0o700),
        (&cache.folder, 0o1777, 0o700),
        (&above, 0o777, 0o755),
    ] {
        open(place, bad);
        assert!(cache.read(&name).is_none(), "{bad:o} {}", place.display());
        cache.component(&engine, &wasm()).unwrap();
        open(place, good);
    }
    assert!(cache.read(&name).is_some());
    // A folder in which nobody can change another user's files, such as /tmp.
    open(&above, 0o1777);
    assert!(cache.read(&name).is_some());
}

#[test]
fn links_are_not_followed() {
    let home = tempfile::tempdir().unwrap();
    let (engine, cache) = (Engine::default(), Cache::at(home.path().join("real/authsieve")));
    cache.component(&engine, &wasm()).unwrap();
    let path = only_file(&cache.folder);
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    // A link in place of the folder above, of the folder itself, and of the file.
    symlink(home.path().join("real"), home.path().join("link")).unwrap();
    symlink(&cache.folder, home.path().join("direct")).unwrap();
    for folder in ["link/authsieve", "direct"] {
        let linked = Cache::at(home.path().join(folder));
        assert!(linked.read(&name).is_none(), "{folder}");
        linked.component(&engine, &wasm()).unwrap();
    }
    let moved = home.path().join("moved");
    fs::rename(&path, &moved).unwrap();
    symlink(&moved, &path).unwrap();
    assert!(cache.read(&name).is_none());
    let before = fs::read(&moved).unwrap();
    cache.component(&engine, &wasm()).unwrap();
    assert!(!path.is_symlink() && cache.read(&name).is_some(), "a file took the place of the link");
    assert_eq!(fs::read(&moved).unwrap(), before);
    // The name exists, but is no file.
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(cache.read(&name).is_none());
    assert!(Cache::at(PathBuf::from("relative")).read(&name).is_none());
    assert!(Cache::at(cache.folder.join("..").join("authsieve")).read(&name).is_none());
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
