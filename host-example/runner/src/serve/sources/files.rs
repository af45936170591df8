//! The source that follows growing files.
//!
//! A file is identified by its device, its inode and a hash of its first bytes. A path alone can point to another file
//! later, an inode can be reused, and copies have the same beginning. So a renamed file is read further, and a
//! truncated file is read from its beginning, even if it has grown again meanwhile.
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
    /// The start of the file, as far as it was read.
    head: Head,
    splitter: Splitter,
    grew: Instant,
    is_there: bool,
}

impl Tracked {
    /// True if the file has lost its path and has not grown for a long time, so that nobody writes to it any more.
    fn is_over(&self) -> bool {
        !self.is_there && self.grew.elapsed() >= PATIENCE
    }
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
        let mut paths = Vec::new();
        for pattern in &self.include {
            paths.extend(found(pattern, &mut |folder| self.wake.watch(folder)));
        }
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
        let head = head_up_to(&file, offset)?;
        let splitter = Splitter::lines(self.max_record);
        let (path, grew) = (path.into(), Instant::now());
        let tracked = Tracked { path, file, offset, head, splitter, grew, is_there: true };
        self.open.insert(id, tracked);
        Ok(())
    }

    /// Reads the next records of a file. Returns them with the new position, which is always the start of a line. Closes
    /// a file that is over, after its last line.
    fn read(&mut self, id: (u64, u64)) -> io::Result<Option<(Vec<u8>, Position)>> {
        let prefix = self.prefix();
        let Some(tracked) = self.open.get_mut(&id) else { return Ok(None) };
        let (length, is_over) = (tracked.file.metadata()?.len(), tracked.is_over());
        // Usually only one of the open files has grown.
        if length == tracked.offset {
            if is_over {
                self.open.remove(&id);
            }
            return Ok(None);
        }
        // A truncated file may be longer than before at the next look.
        if length < tracked.offset || head_of(&tracked.file, tracked.head.0)? != tracked.head {
            say(&format!("{}: it was truncated; it is read from its beginning", tracked.path.display()));
            (tracked.offset, tracked.head) = (0, head_up_to(&tracked.file, 0)?);
            tracked.splitter = Splitter::lines(self.max_record);
        }
        let mut buffer = vec![0; READ];
        let count = tracked.file.read_at(&mut buffer, tracked.offset)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        // Reads up to the last newline. An incomplete line is read again later. A line longer than the buffer is read
        // in pieces. The last line of a file that is over gets no newline any more.
        let whole = match memchr::memrchr(b'\n', bytes) {
            Some(last) => last + 1,
            None if count == READ || is_over => count,
            None => return Ok(None),
        };
        let mut records = Vec::new();
        tracked.splitter.push(bytes.get(..whole).unwrap_or_default(), &mut records);
        tracked.offset += whole as u64;
        tracked.grew = Instant::now();
        if is_over && tracked.offset == length {
            tracked.splitter.finish(&mut records);
        }
        self.inlet.skipped(&mut tracked.splitter);
        tracked.head = head_up_to(&tracked.file, tracked.offset)?;
        if records.is_empty() {
            return Ok(None);
        }
        let place = format!("{} {} {:016x}", tracked.offset, tracked.head.0, tracked.head.1);
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

/// The start of a file that was read up to this offset.
fn head_up_to(file: &File, offset: u64) -> io::Result<Head> {
    head_of(file, usize::try_from(offset).map_or(HEAD, |offset| offset.min(HEAD)))
}

/// The first bytes of a file, at most `length`.
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

/// The paths that match a pattern. In a name, `*` and `?` stand for any characters. `watch` gets the folders in which
/// further paths may appear.
fn found(pattern: &str, watch: &mut dyn FnMut(&Path)) -> Vec<PathBuf> {
    let (mut paths, mut is_open) = (vec![PathBuf::new()], false);
    for part in Path::new(pattern).components() {
        let part = part.as_os_str();
        match part.to_str().filter(|name| name.contains(['*', '?'])) {
            None => paths.iter_mut().for_each(|path| path.push(part)),
            Some(name) => {
                let glob = Glob::new(name);
                paths.iter().for_each(|path| watch(or_here(path)));
                paths = paths.iter().flat_map(|path| within(path, &glob)).collect();
                is_open = true;
            }
        }
    }
    paths.iter().filter_map(|path| path.parent()).for_each(|folder| watch(or_here(folder)));
    // The whole path may belong to a file that appears later.
    paths.retain(|path| !is_open || path.exists());
    paths
}

/// The paths in a folder whose names match.
fn within(folder: &Path, glob: &Glob) -> Vec<PathBuf> {
    let entries = fs::read_dir(or_here(folder)).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name());
    let names = names.filter(|name| name.to_str().is_some_and(|name| glob.matches(name, false)));
    names.map(|name| folder.join(name)).collect()
}

fn or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn patterns_stand_for_names() {
        let folder = tempfile::tempdir().unwrap();
        for host in ["h1", "h2"] {
            fs::create_dir(folder.path().join(host)).unwrap();
        }
        for name in ["auth.log", "auth.log.1", "auth.log.2.gz", "other", "h1/auth.log", "h2/else"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let names = |pattern: &str| {
            let mut watched = Vec::new();
            let all = found(folder.path().join(pattern).to_str().unwrap(), &mut |folder| {
                watched.push(folder.to_owned())
            });
            let short =
                |path: &PathBuf| path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
            let mut all: Vec<String> = all.iter().map(short).collect();
            all.sort();
            assert_eq!(
                watched.first().map(|path| path.starts_with(folder.path())),
                Some(true),
                "{watched:?}"
            );
            all
        };
        assert_eq!(names("auth.log*"), ["auth.log", "auth.log.1", "auth.log.2.gz"]);
        assert_eq!(names("auth.log.?"), ["auth.log.1"]);
        assert_eq!(names("nothing"), ["nothing"], "a name is a path, also of a file that comes later");
        assert_eq!(names("*/auth.log"), ["h1/auth.log"]);
        assert_eq!(names("h?/*"), ["h1/auth.log", "h2/else"]);
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

    /// The files of a folder, and the records that each look reads.
    struct Followed(Files);

    impl Followed {
        fn new(folder: &Path) -> Self {
            let include = vec![folder.join("auth.log").to_str().unwrap().to_owned()];
            Self(Files::new(Inlet::nowhere(), include, true, 1 << 20))
        }

        fn reads(&mut self) -> String {
            self.0.look(&HashMap::new(), false);
            let ids: Vec<_> = self.0.open.keys().copied().collect();
            let read = ids.into_iter().filter_map(|id| self.0.read(id).unwrap());
            read.map(|(records, _)| String::from_utf8(records).unwrap()).collect()
        }
    }

    #[test]
    fn a_truncated_file_is_known_by_its_start() {
        let folder = tempfile::tempdir().unwrap();
        let (mut files, log) = (Followed::new(folder.path()), folder.path().join("auth.log"));
        fs::write(&log, "first\n").unwrap();
        assert_eq!(files.reads(), "first\n");
        fs::write(&log, "first\nsecond\n").unwrap();
        assert_eq!(files.reads(), "second\n");
        // The file is truncated, and is longer than before at the next look.
        fs::write(&log, "another first line\nand a second\n").unwrap();
        assert_eq!(files.reads(), "another first line\nand a second\n");
        assert_eq!(files.reads(), "");
    }

    #[test]
    fn the_last_line_of_a_removed_file_needs_no_newline() {
        let folder = tempfile::tempdir().unwrap();
        let (mut files, log) = (Followed::new(folder.path()), folder.path().join("auth.log"));
        fs::write(&log, "first\nlast").unwrap();
        assert_eq!(files.reads(), "first\n");
        fs::rename(&log, folder.path().join("old")).unwrap();
        assert_eq!(files.reads(), "", "its writer may still go on");
        let long_ago = || Instant::now().checked_sub(PATIENCE).unwrap();
        files.0.open.values_mut().for_each(|tracked| tracked.grew = long_ago());
        assert_eq!(files.reads(), "last\n");
        files.0.open.values_mut().for_each(|tracked| tracked.grew = long_ago());
        assert_eq!((files.reads().as_str(), files.0.open.len()), ("", 0), "it is closed");
    }
}
