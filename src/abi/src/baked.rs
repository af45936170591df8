//! What can be written into a module after it was built.
//!
//! Some hosts pass no configuration. So every module carries a [`Baked`], which `authsieve bake` finds by its mark in
//! the data section and points to a configuration that it adds there. Nothing is recompiled, nothing runs, and the same
//! module without a configuration has the defaults.

use authsieve_engine::detector::Analytics;

/// Begins every [`Baked`]. The last digit is the version of its layout.
pub const MARK: [u8; 16] = *b"\0authsieve:bake1";

/// What `authsieve bake` finds and changes: the mark, then four texts, each an address and a length of 32 bits.
#[repr(C)]
#[derive(Debug)]
pub struct Baked {
    mark: [u8; 16],
    id: Text,
    version: Text,
    config: Text,
    key: Text,
}

/// A text in linear memory, laid out alike by every compiler.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Text {
    at: *const u8,
    length: usize,
}

// SAFETY: the texts are static and are only read.
unsafe impl Sync for Baked {}

/// An analytic, or a suite, that ends a module of its own. [`faces`](crate::faces) implements it.
pub trait Module: Analytics {
    /// What was baked into the module.
    fn baked() -> &'static Baked;
}

impl Baked {
    /// Nothing baked into an analytic of this id and version.
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

    /// Reads what stands there now: the compiler only knows what stood there when it ran.
    fn read(place: *const Self) -> &'static str {
        // SAFETY: a place in a static. What `bake` writes there are bytes of the data section, which nothing changes.
        let bytes = unsafe {
            let Self { at, length } = place.read_volatile();
            core::slice::from_raw_parts(at, length)
        };
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

/// Gives the module of an analytic, or of a suite, the texts that can be baked.
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
