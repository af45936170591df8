//! Reads and writes the state of the analytics as a file, as the commands `snapshot` and `serve --restore` do.

use authsieve_engine::detector::Analytics;
use authsieve_inputs::Store;
use authsieve_outputs::state::{Header, MAGIC, State};
use authsieve_suite::Suite;

/// The most bytes of a state file.
const MOST: u64 = 256 << 20;

/// The snapshot in a file, if the file is a state.
///
/// # Errors
/// Fails if the file cannot be read, is damaged, or has the layout of another version.
pub fn of(store: &dyn Store) -> Result<Option<Vec<u8>>, String> {
    let mut head = [0; MAGIC.len()];
    if read(store, &mut head)? < head.len() || head != MAGIC {
        return Ok(None);
    }
    let size = store.size();
    if size > MOST {
        return Err(format!("the state has {size} bytes; at most {MOST} are read"));
    }
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
    let length = read(store, &mut bytes)?;
    let state = State::decode(bytes.get(..length).unwrap_or_default()).map_err(|error| error.to_string())?;
    // Several snapshots one after the other form one snapshot.
    Ok(Some(state.into_snapshots().flat_map(|(_, bytes)| bytes).collect()))
}

/// The bytes of a state file with this snapshot of these analytics.
///
/// # Errors
/// Never fails in practice.
pub fn file(snapshot: Vec<u8>, analytics: Vec<String>, record: u64, alert: u64) -> Result<Vec<u8>, String> {
    let name = match &*analytics {
        [one] => one.clone(),
        _ => Suite::ID.into(),
    };
    let version = env!("CARGO_PKG_VERSION").into();
    let header = Header { batch: 1, record, alert, version, analytics, ..Header::default() };
    State { header, parts: vec![(name, snapshot)] }.encode().map_err(|error| error.to_string())
}

/// Fills `into` from the first byte of the file, as far as the file has bytes. Returns the number of bytes.
fn read(store: &dyn Store, into: &mut [u8]) -> Result<usize, String> {
    let mut at = 0;
    while let Some(rest) = into.get_mut(at..).filter(|rest| !rest.is_empty()) {
        match store.read_at(at as u64, rest).map_err(|error| error.to_string())? {
            0 => break,
            read => at += read,
        }
    }
    Ok(at)
}
