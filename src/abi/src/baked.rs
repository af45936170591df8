//! The configuration that `authsieve bake` writes into a finished module.
//!
//! Some hosts pass no configuration. So every module carries a [`Baked`] in its data section. `authsieve bake` finds
//! it by its mark, adds a configuration to the section, and points the `Baked` there. Nothing is recompiled, and no
//! code runs. A module without a baked configuration has the defaults.

use authsieve_engine::detector::Analytics;

/// The mark at the beginning of every [`Baked`]. The last digit is the version of its layout.
pub const MARK: [u8; 16] = *b"\0authsieve:bake1";

/// The part of a module that `authsieve bake` changes: the mark, then four texts, each an address and a length of 32
/// bits.
#[repr(C)]
#[derive(Debug)]
pub struct Baked {
    mark: [u8; 16],
    id: Text,
    version: Text,
    config: Text,
    key: Text,
}

/// A text in linear memory, in a layout that is the same for every compiler.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Text {
    at: *const u8,
    length: usize,
}

// SAFETY: the texts are static and are only read.
unsafe impl Sync for Baked {}

/// An analytic, or a suite, that has a module of its own. [`faces`](crate::faces) implements this trait.
pub trait Module: Analytics {
    /// The baked part of the module.
    fn baked() -> &'static Baked;
}

impl Baked {
    /// The baked part of an analytic with this id and version, without a configuration.
    #[must_use]
    pub const fn new(id: &'static str, version: &'static str) -> Self {
        let (config, key) = (Text::new(""), Text::new("authsieve"));
        Self { mark: MARK, id: Text::new(id), version: Text::new(version), config, key }
    }

    /// The configuration, as JSON; empty for the defaults.
    #[must_use]
    pub fn config(&'static self) -> &'static str {
        Text::read(&raw const self.config)
    }

    /// The name under which a record carries its alert.
    #[must_use]
    pub fn key(&'static self) -> &'static str {
        Text::read(&raw const self.key)
    }
}

impl Text {
    const fn new(text: &'static str) -> Self {
        Self { at: text.as_ptr(), length: text.len() }
    }

    /// Reads the text from memory, because `bake` may have replaced it after the compiler ran.
    fn read(place: *const Self) -> &'static str {
        // SAFETY: a place in a static. `bake` writes bytes of the data section there, which no code changes.
        let bytes = unsafe {
            let Self { at, length } = place.read_volatile();
            core::slice::from_raw_parts(at, length)
        };
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

/// Gives the module of an analytic, or of a suite, its [`Baked`].
#[doc(hidden)]
#[macro_export]
macro_rules! baked_face {
    ($analytics:ty) => {
        const _: () = {
            use $crate::baked::{Baked, Module};
            use $crate::engine::detector::Analytics;

            impl Module for $analytics {
                fn baked() -> &'static Baked {
                    #[used]
                    static BAKED: Baked = Baked::new(<$analytics>::ID, env!("CARGO_PKG_VERSION"));
                    &BAKED
                }
            }
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_baked_is_the_default() {
        static BAKED: Baked = Baked::new("an0001", "1.0.0");
        assert_eq!((BAKED.config(), BAKED.key()), ("", "authsieve"));
    }
}
