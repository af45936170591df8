//! Changes of a severity by an override.

use super::json::Json;
use super::kinds::Kind;
use super::settings::Setting;
use crate::alert::Severity;
use alloc::vec::Vec;

/// A change of the severity by an override.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeverityChange {
    /// Sets the severity.
    To(Severity),
    /// Moves the severity by this number of steps, up or down.
    By(i8),
}

impl SeverityChange {
    /// The severity after the change.
    #[must_use]
    pub fn apply(self, severity: Severity) -> Severity {
        match self {
            Self::To(to) => to,
            Self::By(steps) => severity.shifted(steps),
        }
    }
}

impl Setting for SeverityChange {
    const KIND: Kind = Kind::Other(
        "\"informational\", \"low\", \"medium\", \"high\", \"critical\", or steps such as \"+1\" or \"-1\"",
        r#""type":"string","pattern":"^(informational|low|medium|high|critical|[+-][0-4])$""#,
    );

    fn read(json: &Json<'_>) -> Option<Self> {
        let text = json.as_str()?;
        if let Some(severity) = Severity::parse(text) {
            return Some(Self::To(severity));
        }
        match text.as_bytes() {
            [b'+', digit @ b'0'..=b'4'] => Some(Self::By((digit - b'0').cast_signed())),
            [b'-', digit @ b'0'..=b'4'] => Some(Self::By(-(digit - b'0').cast_signed())),
            _ => None,
        }
    }

    fn digest(&self, out: &mut Vec<u8>) {
        match self {
            Self::To(severity) => out.extend_from_slice(&[0, *severity as u8]),
            Self::By(steps) => out.extend_from_slice(&[1, steps.cast_unsigned()]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn read<T: Setting>(json: &str) -> Option<T> {
        T::read(&Json::parse(json).unwrap())
    }

    #[test]
    fn severity_changes() {
        assert_eq!(read::<SeverityChange>("\"+1\"").unwrap().apply(Severity::High), Severity::Critical);
        assert_eq!(read::<SeverityChange>("\"-1\"").unwrap().apply(Severity::High), Severity::Medium);
        assert_eq!(read::<SeverityChange>("\"low\"").unwrap().apply(Severity::High), Severity::Low);
        for bad in ["", "1", "+9", "++1", "High", "-"] {
            assert_eq!(read::<SeverityChange>(&format!("\"{bad}\"")), None, "{bad}");
        }
    }
}
