//! Reads the times that people write.

use authsieve_engine::stamp::{Stamp, Zone, iso};
use authsieve_engine::time::Timestamp;

/// Reads a time as RFC 3339 (`2026-03-04T08:00:00Z`) or as seconds since 1970.
///
/// # Errors
/// Fails for any other text.
pub fn read(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    let whole = |(stamp, length): (Stamp, usize)| stamp.point().filter(|_| length == text.len());
    // In an open zone, only a time that names its zone is a point in time.
    if let Some(time) = iso(text.as_bytes(), Zone::UTC.open()).and_then(whole) {
        return Ok(time);
    }
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.abs() < 1e11);
    seconds.map(|seconds| Timestamp((seconds * 1e6).round() as i64)).ok_or_else(|| {
        let shown = text.escape_debug();
        format!("`{shown}` is neither RFC 3339 (2026-03-04T08:00:00Z) nor seconds since 1970")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_name_their_zone() {
        assert_eq!(read("1970-01-01T00:00:01.5Z"), Ok(Timestamp(1_500_000)));
        assert_eq!(read(" 1970-01-01T01:00:01+01:00"), Ok(Timestamp(1_000_000)));
        assert_eq!(read("2"), Ok(Timestamp(2_000_000)));
        for bad in ["", "1970-01-01T00:00:01", "1970-01-01", "1970-01-01T00:00:01Zx", "1e12", "soon"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
