//! The desk: the folder of people's decisions about alerts. It has silences with an end and a reason, and dispositions
//! of single alerts.
//!
//! Its two files have JSON lines, so they can be read, kept under version control and shared:
//!
//! - `silences.jsonl`: `{"name":"s1","user":"svc-backup","until":"2026-12-24T00:00:00Z","reason":"new key on Monday"}`
//! - `marks.jsonl`: `{"alert":"7a31…","is":"false","note":"the scanner","at":"2026-03-04T08:00:00Z"}`

pub use authsieve_triage::mark::{Disposition, Mark};
use authsieve_triage::silence::Silence;
use authsieve_triage::{lines, mark, time};
use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// The most bytes of a file of the desk.
const MOST_BYTES: u64 = 16 << 20;
/// The most silences that are applied.
pub const MOST_SILENCES: usize = 1000;

/// The folder of a desk.
#[derive(Clone, Debug)]
pub struct Desk {
    folder: PathBuf,
}

impl Desk {
    /// The given folder, else `AUTHSIEVE_DESK`, else `authsieve` in the folder of the user's state (`$XDG_STATE_HOME`,
    /// `~/.local/state`). `None` if there is none of these.
    #[must_use]
    pub fn find(named: Option<&Path>) -> Option<Self> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let state = || set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state")));
        let folder = named.map(Path::to_owned).or_else(|| set("AUTHSIEVE_DESK"));
        folder.or_else(|| Some(state()?.join("authsieve"))).map(|folder| Self { folder })
    }

    /// The path of the file of silences.
    #[must_use]
    pub fn silences_file(&self) -> PathBuf {
        self.folder.join("silences.jsonl")
    }

    fn marks_file(&self) -> PathBuf {
        self.folder.join("marks.jsonl")
    }

    /// All silences. Empty if the file is missing.
    ///
    /// # Errors
    /// Fails if the file cannot be read, and for a line that is no silence. The error names file, line and reason.
    pub fn silences(&self) -> Result<Vec<Silence>, String> {
        let file = self.silences_file();
        let time = |text: &str| time::read(text).ok();
        let mut silences = read(&file, |value| Silence::from_value(value, time))?;
        silences.truncate(MOST_SILENCES);
        Ok(silences)
    }

    /// Adds a silence under a new name. Returns the name.
    ///
    /// # Errors
    /// Fails as [`silences`](Self::silences) does, and if the file cannot be written.
    pub fn add(&self, mut silence: Silence) -> Result<String, String> {
        let mut silences = self.silences()?;
        if silences.len() >= MOST_SILENCES {
            return Err(format!("there are {MOST_SILENCES} silences already; remove some"));
        }
        let taken = |name: &String| silences.iter().any(|other| other.name == *name);
        silence.name = (1..).map(|n| format!("s{n}")).find(|name| !taken(name)).unwrap_or_default();
        let name = silence.name.clone();
        silences.push(silence);
        self.write(&self.silences_file(), silences.iter().map(Silence::to_value))?;
        Ok(name)
    }

    /// Removes the silence with this name. Returns false if there is none.
    ///
    /// # Errors
    /// Fails as [`add`](Self::add) does.
    pub fn remove(&self, name: &str) -> Result<bool, String> {
        let mut silences = self.silences()?;
        let before = silences.len();
        silences.retain(|silence| silence.name != name);
        if silences.len() == before {
            return Ok(false);
        }
        self.write(&self.silences_file(), silences.iter().map(Silence::to_value))?;
        Ok(true)
    }

    /// All dispositions by alert. The last disposition of an alert counts.
    ///
    /// # Errors
    /// Fails if the file cannot be read, and for a line that is no disposition.
    pub fn marks(&self) -> Result<HashMap<String, Mark>, String> {
        let marks = read(&self.marks_file(), Mark::from_value)?;
        Ok(marks.into_iter().map(|mark| (mark.alert.clone(), mark)).collect())
    }

    /// Records the disposition of an alert.
    ///
    /// # Errors
    /// Fails as [`marks`](Self::marks) does, and if the file cannot be written.
    pub fn mark(&self, new: Mark) -> Result<(), String> {
        let mut marks = self.marks()?;
        marks.insert(new.alert.clone(), new);
        let mut marks: Vec<Mark> = marks.into_values().collect();
        mark::sort(&mut marks);
        self.write(&self.marks_file(), marks.iter().map(Mark::to_value))
    }

    /// Writes a file again completely. A reader sees either the old or the new content.
    fn write(&self, file: &Path, values: impl Iterator<Item = Value>) -> Result<(), String> {
        let shown = |error: io::Error| format!("{}: {error}", file.display());
        fs::create_dir_all(&self.folder).map_err(shown)?;
        let mut new = tempfile::NamedTempFile::new_in(&self.folder).map_err(shown)?;
        for value in values {
            writeln!(new, "{value}").map_err(shown)?;
        }
        new.as_file().sync_all().map_err(shown)?;
        new.persist(file).map(drop).map_err(|error| shown(error.error))
    }
}

/// The lines of a file. Empty if the file is missing.
fn read<T>(file: &Path, one: impl Fn(&Value) -> Result<T, String>) -> Result<Vec<T>, String> {
    let opened = match fs::File::open(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened,
    };
    let mut text = String::new();
    let bytes = opened.and_then(|opened| opened.take(MOST_BYTES).read_to_string(&mut text));
    bytes.map_err(|error| format!("{}: {error}", file.display()))?;
    lines::read(&text, one).map_err(|(number, why)| format!("{}:{number}: {why}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use authsieve_engine::alert::Alert;
    use authsieve_engine::time::Timestamp;

    fn silence(user: &str) -> Silence {
        Silence { user: Some(user.into()), until: Timestamp(5_000_000), ..Silence::default() }
    }

    #[test]
    fn silences_come_and_go() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk { folder: folder.path().join("desk") };
        assert_eq!(desk.silences(), Ok(vec![]));
        assert_eq!((desk.add(silence("a")), desk.add(silence("b"))), (Ok("s1".into()), Ok("s2".into())));
        assert_eq!((desk.remove("s1"), desk.remove("s1")), (Ok(true), Ok(false)));
        assert_eq!(desk.add(silence("c")), Ok("s1".into()));
        let users: Vec<_> =
            desk.silences().unwrap().into_iter().map(|silence| silence.user.unwrap()).collect();
        assert_eq!(users, ["b", "c"]);
        fs::write(desk.silences_file(), "\n{\"user\":\"a\"}\n").unwrap();
        let why = desk.silences().unwrap_err();
        assert!(why.contains("silences.jsonl:2: `until`"), "{why}");
    }

    #[test]
    fn the_last_word_on_an_alert_stands() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk { folder: folder.path().to_owned() };
        let alert = Alert { id: "ab".into(), ..Alert::default() };
        let mark = |is, at| Mark { note: "why".into(), ..Mark::of(&alert, is, Timestamp(at)) };
        desk.mark(mark(Disposition::True, 1_000_000)).unwrap();
        desk.mark(mark(Disposition::Benign, 2_000_000)).unwrap();
        let marks = desk.marks().unwrap();
        assert_eq!((marks.len(), marks["ab"].words()), (1, "marked as benign: why".into()));
        fs::write(folder.path().join("marks.jsonl"), "{\"alert\":\"a\",\"is\":\"maybe\"}").unwrap();
        let why = desk.marks().unwrap_err();
        assert!(why.contains("marks.jsonl:1") && why.contains("true, false or benign"), "{why}");
    }
}
