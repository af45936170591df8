//! An open folder to which only this user can write.
//!
//! A path proves nothing: between a check and the use, anybody with write access to a folder above can replace its
//! content. So each folder is opened from the one above, and the open folder is checked. Symbolic links are not
//! followed.

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Component, Path};

/// Opens a folder in order to open its content.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The largest file that is read. Compiled components have a few megabytes.
const MOST_BYTES: u64 = 256 << 20;

/// A folder of this user. Only this user and root can write to it.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

impl Folder {
    /// Opens a folder by its absolute path. With `make`, creates it and the folders above it.
    ///
    /// # Errors
    /// Fails if the folder does not exist, or if its path contains a link or a folder to which others may write. A
    /// folder such as `/tmp` is accepted above it: everybody may create files there, but not change those of others.
    pub(super) fn open(path: &Path, make: bool) -> io::Result<Self> {
        if !path.is_absolute() {
            return Err(refused());
        }
        let mut folder = openat(rustix::fs::CWD, "/", FOLDER, Mode::empty())?;
        for part in path.components() {
            let name = match part {
                Component::Normal(name) => name,
                Component::RootDir => continue,
                _ => return Err(refused()),
            };
            check_parent(&fstat(&folder)?)?;
            folder = match openat(&folder, name, FOLDER, Mode::empty()) {
                Err(Errno::NOENT) if make => {
                    match mkdirat(&folder, name, Mode::RWXU) {
                        Ok(()) | Err(Errno::EXIST) => {}
                        Err(error) => return Err(error.into()),
                    }
                    openat(&folder, name, FOLDER, Mode::empty())?
                }
                opened => opened?,
            };
        }
        if !is_private(&fstat(&folder)?) {
            return Err(refused());
        }
        Ok(Self(folder))
    }

    /// Reads a file of the folder.
    ///
    /// # Errors
    /// Fails if there is no such file, if it is no regular file, or if others may have written to it.
    pub(super) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = openat(&self.0, name, flags, Mode::empty())?;
        let stat = fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || !is_private(&stat) {
            return Err(refused());
        }
        let mut bytes = Vec::new();
        File::from(file).take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MOST_BYTES { Err(refused()) } else { Ok(bytes) }
    }

    /// Writes a file completely or not at all, so that no other process sees half of it.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub(super) fn write(&self, name: &str, parts: [&[u8]; 2]) -> io::Result<()> {
        let draft = format!("{name}.{}", std::process::id());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let file = openat(&self.0, &draft, flags, mode);
        let written = file.map_err(io::Error::from).and_then(|file| {
            let mut file = File::from(file);
            parts.into_iter().try_for_each(|part| file.write_all(part))
        });
        let done = written.and_then(|()| Ok(renameat(&self.0, &draft, &self.0, name)?));
        if done.is_err() {
            // This also removes the draft of a killed process that had the same process id.
            let _ = unlinkat(&self.0, &draft, AtFlags::empty());
        }
        done
    }
}

/// True if only this user and root can write to it.
fn is_private(stat: &Stat) -> bool {
    stat.st_uid == geteuid().as_raw() && stat.st_mode & 0o022 == 0
}

/// Refuses a folder in which others may replace files.
fn check_parent(stat: &Stat) -> io::Result<()> {
    let is_ours = [0, geteuid().as_raw()].contains(&stat.st_uid);
    let sticky = stat.st_mode & 0o1000 != 0;
    if is_ours && (sticky || stat.st_mode & 0o022 == 0) { Ok(()) } else { Err(refused()) }
}

fn refused() -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, "others may write there")
}
