//! The source that follows growing files.
//!
//! A file is identified by its device, its inode and a hash of its first bytes. A path alone can point to another file
//! later, an inode can be reused, and copies begin alike. So a renamed file is read on, and a truncated file is read
//! from its beginning.
//!
//! The position in a file is written to disk together with its records.

use super::lines::Splitter;
use super::wake::Wake;
use super::{Inlet, Position};
use crate::serve::{digest, say};
use authsieve_engine::config::Glob;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// The wait between two looks at the open files: after growth, and without growth. A file change wakes the source
/// earlier.
const SOON: Duration = Duration::from_millis(50);
const LATER: Duration = Duration::from_secs(1);
/// The wait between two searches for new files.
const LOOK: Duration = Duration::from_secs(2);
/// The most bytes that are read at once. They become one batch.
const READ: usize = 256 << 10;
/// The most bytes at the start of a file that identify it.
const HEAD: usize = 256;
/// A file without a path is closed after this time without growth.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most files that are open at once.
const MOST: usize = 1024;

/// Follows growing files.
pub(super) struct Files {
    inlet: Inlet,
    include: Vec<String>,
    from_beginning: bool,
    max_record: usize,
    open: BTreeMap<(u64, u64), Tracked>,
    told: HashSet<PathBuf>,
    wake: Wake,
}

/// An open file.
struct Tracked {
    path: PathBuf,
    file: File,
    /// The position: the number of bytes that were read.
    offset: u64,
    splitter: Splitter,
    grew: Instant,
    is_there: bool,
}

/// The start of a file: the number of bytes, and their hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head(usize, u64);

impl Files {
    /// Follows the files that match the patterns. At the very first start they are read from the beginning, or else
    /// from the end.
    pub(super) fn new(inlet: Inlet, include: Vec<String>, from_beginning: bool, max_record: usize) -> Self {
        let (open, told, wake) = (BTreeMap::new(), HashSet::new(), Wake::new());
        Self { inlet, include, from_beginning, max_record, open, told, wake }
    }

    /// Reads until the service ends.
    pub(super) async fn follow(mut self, mut positions: HashMap<String, String>) {
        // Without stored positions this is the first start.
        let first = !positions.keys().any(|key| key.starts_with(&self.prefix()));
        let (mut looked, mut is_first): (Option<Instant>, bool) = (None, first);
        loop {
            if self.wake.is_new() || looked.is_none_or(|looked| looked.elapsed() >= LOOK) {
                self.look(&positions, is_first && !self.from_beginning);
                (looked, is_first) = (Some(Instant::now()), false);
            }
            let mut grew = false;
            let ids: Vec<(u64, u64)> = self.open.keys().copied().collect();
            for id in ids {
                match self.read(id) {
                    Ok(None) => {}
                    Ok(Some((records, position))) => {
                        grew = true;
                        positions.insert(position.0.clone(), position.1.clone());
                        if !self.inlet.take(records, vec![position]).await {
                            return;
                        }
                    }
                    Err(error) => {
                        if let Some(tracked) = self.open.remove(&id) {
                            say(&format!("{}: {error}", tracked.path.display()));
                        }
                    }
                }
            }
            tokio::select! {
                () = sleep(if grew { SOON } else { LATER.min(SOON * 4) }) => {}
                () = self.wake.change() => {}
                () = self.inlet.ended() => return,
            }
        }
    }

    fn prefix(&self) -> String {
        format!("file {} ", self.inlet.name)
    }

    /// Looks for new files, and for paths that point to another file now.
    fn look(&mut self, positions: &HashMap<String, String>, from_end: bool) {
        self.open.values_mut().for_each(|tracked| tracked.is_there = false);
        for pattern in &self.include {
            let folder = Path::new(pattern).parent().filter(|folder| !folder.as_os_str().is_empty());
            self.wake.watch(folder.unwrap_or(Path::new(".")));
        }
        let mut paths: Vec<PathBuf> = self.include.iter().flat_map(|pattern| found(pattern)).collect();
        paths.sort();
        paths.dedup();
        for path in paths {
            if is_packed(&path) {
                if self.told.insert(path.clone()) {
                    say(&format!("{}: packed files do not grow; `authsieve run` reads them", path.display()));
                }
                continue;
            }
            if let Err(error) = self.meet(&path, positions, from_end)
                && self.told.insert(path.clone())
            {
                say(&format!("{}: {error}", path.display()));
            }
        }
        self.open.retain(|_, tracked| tracked.is_there || tracked.grew.elapsed() < PATIENCE);
    }

    fn meet(&mut self, path: &Path, positions: &HashMap<String, String>, from_end: bool) -> io::Result<()> {
        let about = fs::metadata(path)?;
        if !about.is_file() {
            return Ok(());
        }
        let id = (about.dev(), about.ino());
        if let Some(tracked) = self.open.get_mut(&id) {
            tracked.is_there = true;
            tracked.path = path.into();
            return Ok(());
        }
        if self.open.len() >= MOST {
            return Err(io::Error::other(format!("more than {MOST} files are open; expected fewer")));
        }
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let known =
            positions.get(&format!("{}{}:{}", self.prefix(), id.0, id.1)).and_then(|text| parse(text));
        let offset = match known {
            // A file with the same first bytes is the same file.
            Some((offset, head)) if offset <= length && head_of(&file, head.0)? == head => offset,
            Some(_) => 0,
            None if from_end => length,
            None => 0,
        };
        let splitter = Splitter::new(self.max_record);
        let (path, grew) = (path.into(), Instant::now());
        let tracked = Tracked { path, file, offset, splitter, grew, is_there: true };
        self.open.insert(id, tracked);
        Ok(())
    }

    /// Reads the next records of a file. Returns them with the new position, which is always the start of a line.
    fn read(&mut self, id: (u64, u64)) -> io::Result<Option<(Vec<u8>, Position)>> {
        let prefix = self.prefix();
        let Some(tracked) = self.open.get_mut(&id) else { return Ok(None) };
        let length = tracked.file.metadata()?.len();
        if length < tracked.offset {
            say(&format!("{}: it was truncated; it is read from its beginning", tracked.path.display()));
            tracked.offset = 0;
            tracked.splitter = Splitter::new(self.max_record);
        }
        // Usually only one of the open files has grown.
        if length == tracked.offset {
            return Ok(None);
        }
        let mut buffer = vec![0; READ];
        let count = tracked.file.read_at(&mut buffer, tracked.offset)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        // Reads up to the last newline; an incomplete line is read again later. A line longer than the buffer is read
        // in pieces.
        let whole = match memchr::memrchr(b'\n', bytes) {
            Some(last) => last + 1,
            None if count == READ => count,
            None => return Ok(None),
        };
        let mut records = Vec::new();
        tracked.splitter.push(bytes.get(..whole).unwrap_or_default(), &mut records);
        self.inlet.skipped(&mut tracked.splitter);
        tracked.offset += whole as u64;
        tracked.grew = Instant::now();
        if records.is_empty() {
            return Ok(None);
        }
        let head = head_of(&tracked.file, HEAD.min(usize::try_from(tracked.offset).unwrap_or(HEAD)))?;
        let place = format!("{} {} {:016x}", tracked.offset, head.0, head.1);
        Ok(Some((records, (format!("{prefix}{}:{}", id.0, id.1), place))))
    }
}

/// Parses a position that `read` wrote: the offset and the start of the file.
fn parse(text: &str) -> Option<(u64, Head)> {
    let mut parts = text.split(' ');
    let offset = parts.next()?.parse().ok()?;
    let length: usize = parts.next()?.parse().ok()?;
    let hash = u64::from_str_radix(parts.next()?, 16).ok()?;
    (length <= HEAD).then_some((offset, Head(length, hash)))
}

fn head_of(file: &File, length: usize) -> io::Result<Head> {
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, filled as u64)? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(Head(filled, digest(&[bytes.get(..filled).unwrap_or_default()]).h1))
}

fn is_packed(path: &Path) -> bool {
    const PACKED: [&str; 6] = ["gz", "zst", "bz2", "xz", "zip", "tar"];
    path.extension().is_some_and(|end| PACKED.iter().any(|packed| end.eq_ignore_ascii_case(packed)))
}

/// The paths that match a pattern. Its file name may contain `*` and `?`.
fn found(pattern: &str) -> Vec<PathBuf> {
    let path = Path::new(pattern);
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    if !name.contains(['*', '?']) {
        return vec![path.into()];
    }
    let glob = Glob::new(name);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let fits =
        |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(|name| glob.matches(name, false));
    entries.filter(fits).map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn patterns_stand_for_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["auth.log", "auth.log.1", "auth.log.2.gz", "other"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let names = |pattern: &str| {
            let mut all: Vec<String> = found(folder.path().join(pattern).to_str().unwrap())
                .iter()
                .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
                .collect();
            all.sort();
            all
        };
        assert_eq!(names("auth.log*"), ["auth.log", "auth.log.1", "auth.log.2.gz"]);
        assert_eq!(names("auth.log.?"), ["auth.log.1"]);
        assert_eq!(names("nothing"), ["nothing"], "a name is a path, also of a file that comes later");
        assert!(is_packed(Path::new("a.log.2.GZ")) && !is_packed(Path::new("auth.log.1")));
    }

    #[test]
    fn a_head_tells_a_file_while_it_grows() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"first line\n").unwrap();
        let head = head_of(file.as_file(), 11).unwrap();
        file.write_all(&[b'x'; 1000]).unwrap();
        assert_eq!(head_of(file.as_file(), 11).unwrap(), head);
        assert_ne!(head_of(file.as_file(), 12).unwrap(), head);
        assert_eq!(parse(&format!("17 {} {:016x}", head.0, head.1)), Some((17, head)));
        assert_eq!(parse("17 999 0"), None);
    }
}
