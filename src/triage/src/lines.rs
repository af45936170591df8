//! Reads and writes files of JSON lines.

use serde_json::Value;

/// Reads each line that is not empty. O(bytes).
///
/// # Errors
/// Fails for the first wrong line. The error has its number, from 1, and the reason.
pub fn read<T>(text: &str, one: impl Fn(&Value) -> Result<T, String>) -> Result<Vec<T>, (usize, String)> {
    let line = |(at, line): (usize, &str)| {
        let value = serde_json::from_str(line).map_err(|error| error.to_string());
        value.and_then(|value| one(&value)).map_err(|why| (at + 1, why))
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(line).collect()
}

/// Writes one value on each line.
#[must_use]
pub fn write(values: impl IntoIterator<Item = Value>) -> String {
    values.into_iter().map(|value| format!("{value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_line_is_named_by_its_number() {
        let number = |value: &Value| value.as_u64().ok_or_else(|| "no number".to_owned());
        assert_eq!(read("1\n\n2\n", number), Ok(vec![1, 2]));
        assert_eq!(read("1\n\n\"a\"\n", number), Err((3, "no number".into())));
        assert!(matches!(read("1\n{", number), Err((2, _))));
        assert_eq!(write([1.into(), "a".into()]), "1\n\"a\"\n");
    }
}
