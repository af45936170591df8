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

/// The effect of a fact on an alert, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// None: the alert does not tell the fact.
    Off,
    /// The alert tells the fact.
    Note,
    /// The alert tells the fact, and its severity moves by this number of steps.
    By(i8),
}

impl Effect {
    /// The steps by which the severity moves. `None` if the fact is not told.
    #[must_use]
    pub const fn steps(self) -> Option<i8> {
        match self {
            Self::Off => None,
            Self::Note => Some(0),
            Self::By(steps) => Some(steps),
        }
    }
}

impl Setting for Effect {
    const KIND: Kind = Kind::Other(
        "\"off\", \"note\", or steps of the severity such as \"+1\" or \"-1\"",
        r#""type":"string","pattern":"^(off|note|[+-][0-4])$""#,
    );

    fn read(json: &Json<'_>) -> Option<Self> {
        match json.as_str()? {
            "off" => Some(Self::Off),
            "note" => Some(Self::Note),
            text => steps(text).map(Self::By),
        }
    }

    fn digest(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[
            u8::from(*self > Self::Off),
            self.steps().unwrap_or_default().cast_unsigned(),
        ]);
    }
}

/// Reads steps of the severity: `+1`, `-2`.
fn steps(text: &str) -> Option<i8> {
    match text.as_bytes() {
        [b'+', digit @ b'0'..=b'4'] => Some((digit - b'0').cast_signed()),
        [b'-', digit @ b'0'..=b'4'] => Some(-(digit - b'0').cast_signed()),
        _ => None,
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
        steps(text).map(Self::By)
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

    #[test]
    fn effects() {
        let steps = |json| read::<Effect>(json).map(Effect::steps);
        assert_eq!(steps("\"off\""), Some(None));
        assert_eq!(steps("\"note\""), Some(Some(0)));
        assert_eq!(steps("\"-2\""), Some(Some(-2)));
        for bad in ["\"\"", "\"low\"", "\"1\"", "\"-9\"", "1"] {
            assert_eq!(steps(bad), None, "{bad}");
        }
        assert!(Effect::Off < Effect::Note && Effect::Note < Effect::By(-1));
    }
}
