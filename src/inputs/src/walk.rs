//! Goes through all files of the inputs. The files of folders are known already, those of archives are found here.

use super::archive::{Member, Tar, Zip};
use super::input::Input;
use super::unpack::{Bytes, Contents, Meter};
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Goes through the inputs, and through the archives among them.
pub(super) struct Walk {
    inputs: std::iter::Peekable<std::vec::IntoIter<Input>>,
    read: Arc<AtomicU64>,
    /// The open archives. Each is inside the one before it.
    archives: Vec<Archive>,
}

/// An open file.
pub(super) struct Found {
    /// The name in reports.
    pub(super) name: Arc<str>,
    /// The last part of the name.
    pub(super) short: Option<String>,
    /// The time of the last change, in microseconds since 1970.
    pub(super) written: Option<i64>,
    /// True if the file may still be written, because it is no regular file.
    pub(super) live: bool,
    pub(super) bytes: Bytes,
    /// The input, if it can be read again.
    pub(super) again: Option<Input>,
    pub(super) meter: Arc<Meter>,
}

/// A file that cannot be opened, and the reason.
pub(super) type Unopened = (Arc<str>, io::Error);

/// An open archive.
struct Archive {
    /// True if it is a stored file, or inside one.
    stored: bool,
    name: Arc<str>,
    files: Packed,
    written: Option<i64>,
    meter: Arc<Meter>,
}

enum Packed {
    Tar(Tar),
    Zip(Zip),
}

impl Walk {
    /// Goes through these inputs. `read` counts the bytes that are read, before decompression.
    pub(super) fn new(inputs: Vec<Input>, read: Arc<AtomicU64>) -> Self {
        Self { inputs: inputs.into_iter().peekable(), read, archives: Vec::new() }
    }

    /// True if the next file, if any, is stored and can be read from its end.
    pub(super) fn is_stored(&mut self) -> bool {
        match self.archives.last() {
            Some(archive) => archive.stored,
            None => self.inputs.peek().is_none_or(Input::is_stored),
        }
    }

    /// Opens the next file. `None` at the end. Read a file of a tar archive before the next call.
    pub(super) fn next(&mut self) -> Option<Result<Found, Unopened>> {
        loop {
            let opened = match self.archives.pop() {
                Some(archive) => self.member(archive),
                None => self.input()?,
            };
            match opened {
                Ok(None) => {}
                Ok(Some(found)) => return Some(Ok(found)),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Opens the next input. `None` at the end, `Some(Ok(None))` for an archive.
    fn input(&mut self) -> Option<Result<Option<Found>, Unopened>> {
        let input = self.inputs.next()?;
        let name: Arc<str> = input.name().into();
        let opened = match input.open(&self.read) {
            Ok(opened) => opened,
            Err(error) => return Some(Err((name, error))),
        };
        let again = Some(input).filter(|input| input.is_stored() && !opened.live);
        let stored = again.is_some();
        let place =
            Place { name, short: opened.name, written: opened.written, live: opened.live, stored, again };
        Some(Ok(self.begin(place, opened.contents, opened.meter)))
    }

    /// Opens the next file of an archive. `None` at its end, and for an archive inside it.
    fn member(&mut self, mut archive: Archive) -> Result<Option<Found>, Unopened> {
        let name = Arc::clone(&archive.name);
        let (member, depth) = match &mut archive.files {
            Packed::Tar(tar) => (tar.next(), tar.depth),
            Packed::Zip(zip) => (zip.next(), zip.depth),
        };
        // After a broken header of a tar archive, the position is lost.
        let goes_on = match &member {
            Ok(member) => member.is_some(),
            Err(_) => matches!(archive.files, Packed::Zip(_)),
        };
        let (meter, packed, stored) = (Arc::clone(&archive.meter), archive.written, archive.stored);
        if goes_on {
            self.archives.push(archive);
        }
        let member = member.map_err(|error| (Arc::clone(&name), error))?;
        let Some(Member { name: inner, bytes, written }) = member else { return Ok(None) };
        // A file is never newer than its archive, whatever the clock of the machine that packed it.
        let written = [written, packed].into_iter().flatten().min();
        let short = inner.rsplit('/').next().map(str::to_owned);
        let name = format!("{name}/{inner}").into();
        let place = Place { name, short, written, live: false, stored, again: None };
        let contents = Contents::of(bytes, None, place.short.as_deref(), &meter, depth);
        let contents = contents.map_err(|error| (Arc::clone(&place.name), error))?;
        Ok(self.begin(place, contents, meter))
    }

    fn begin(&mut self, place: Place, contents: Contents, meter: Arc<Meter>) -> Option<Found> {
        let Place { name, short, written, live, stored, again } = place;
        let files = match contents {
            Contents::One(bytes) => return Some(Found { name, short, written, live, bytes, again, meter }),
            Contents::Tar(tar) => Packed::Tar(tar),
            Contents::Zip(zip) => Packed::Zip(zip),
        };
        self.archives.push(Archive { stored, name, files, written, meter });
        None
    }
}

/// A file that is not open yet.
struct Place {
    name: Arc<str>,
    short: Option<String>,
    written: Option<i64>,
    live: bool,
    /// True if it is a stored file, or inside one.
    stored: bool,
    again: Option<Input>,
}
