//! Secrets of a configuration.

use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// A token or a key. Only [`Secret::reveal`] shows its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// True if a client sent this text. The time for the comparison reveals nothing about either text, not even its
    /// length.
    #[must_use]
    pub fn is(&self, sent: &[u8]) -> bool {
        let (own, sent) = (Sha256::digest(self.0.as_bytes()), Sha256::digest(sent));
        own.as_slice().ct_eq(sent.as_slice()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_compared_and_never_shown() {
        let secret = Secret::new("open sesame".into());
        assert!(secret.is(b"open sesame") && !secret.is(b"open sesam") && !secret.is(b""));
        assert_eq!(format!("{:?}", Some(&secret)), "Some(Secret(…))");
    }
}
