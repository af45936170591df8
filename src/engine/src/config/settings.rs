//! Declares options: name, kind, default and documentation in one place.

use super::input::Input;
use super::json::Json;
use super::kinds::Kind;
use super::problems::{Place, Problems};
use alloc::vec::Vec;

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The name of the option.
    pub name: &'static str,
    /// Other names that are accepted.
    pub aliases: &'static [&'static str],
    /// The lines of its documentation: the effect, the units and the form of values.
    pub doc: &'static [&'static str],
    /// The default, as JSON.
    pub default: &'static str,
    /// The kind of its values.
    pub kind: Kind,
}

/// A group of options. [`settings!`](crate::settings) implements this trait.
pub trait Settings: Sized {
    /// The options, in the order of their declaration.
    const FIELDS: &'static [Field];
    /// Reads the options from the input. Returns `None` if any value was wrong; the input then holds the problems.
    fn read(input: &mut Input<'_>) -> Option<Self>;
}

/// A type of option value.
pub trait Setting: Sized {
    /// The kind of value, for errors and for the JSON Schema.
    const KIND: Kind;

    /// Reads the value. Returns `None` if [`KIND`](Self::KIND) does not allow it.
    fn read(json: &Json<'_>) -> Option<Self>;

    /// Reads the value, and notes a problem if it is wrong. Lists and tables name the wrong element.
    fn read_at(json: &Json<'_>, place: &Place<'_>, problems: &mut Problems) -> Option<Self> {
        let setting = Self::read(json);
        if setting.is_none() {
            problems.refuse(place, json, &Self::KIND);
        }
        setting
    }

    /// Writes the value for the digest of a configuration. Equal values give equal bytes.
    fn digest(&self, out: &mut Vec<u8>);
}

/// Declares a group of options: a struct, its documentation, its defaults.
///
/// ```
/// use authsieve_engine::config::{Threshold, Window};
/// authsieve_engine::settings! {
///     /// The options of an example.
///     pub struct Options {
///         /// Failures it takes.
///         pub min_failures: Threshold = 5, also "minFailures";
///         /// How far back failures count.
///         pub window: Window = "15m";
///     }
/// }
/// ```
#[macro_export]
macro_rules! settings {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident {
            $( $(#[doc = $each:literal])+ pub $field:ident: $kind:ty = $default:tt $(, also $alias:literal)* ; )+
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub struct $name { $( $(#[doc = $each])+ pub $field: $kind, )+ }

        impl $crate::config::Settings for $name {
            const FIELDS: &'static [$crate::config::Field] = &[$( $crate::config::Field {
                name: stringify!($field),
                aliases: &[$($alias),*],
                doc: &[$($each),+],
                default: stringify!($default),
                kind: <$kind as $crate::config::Setting>::KIND,
            } ),+];

            fn read(input: &mut $crate::config::Input<'_>) -> Option<Self> {
                let mut fields = <Self as $crate::config::Settings>::FIELDS.iter();
                $( let $field = input.take(fields.next()?); )+
                Some(Self { $( $field: $field?, )+ })
            }
        }
    };
}

/// Declares an option whose value is one of several words.
///
/// ```
/// authsieve_engine::words! {
///     /// Where a login may come from.
///     pub enum LoginSource {
///         /// Over the network.
///         Remote = "remote",
///         /// At the machine.
///         Local = "local",
///     }
/// }
/// use authsieve_engine::config::{Json, Setting};
/// assert_eq!(LoginSource::read(&Json::parse("\"local\"")?), Some(LoginSource::Local));
/// assert_eq!(LoginSource::read(&Json::parse("\"moon\"")?), None);
/// assert_eq!(LoginSource::KIND.allowed(), r#"one of "remote", "local""#);
/// # Ok::<(), String>(())
/// ```
#[macro_export]
macro_rules! words {
    ($(#[doc = $doc:literal])* pub enum $name:ident { $($(#[doc = $each:literal])* $variant:ident = $word:literal,)+ }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[doc = $each])* $variant,)+ }

        impl $name {
            /// The word for the value.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl $crate::config::Setting for $name {
            const KIND: $crate::config::Kind = $crate::config::Kind::Word(&[$($word),+]);

            fn read(json: &$crate::config::Json<'_>) -> Option<Self> {
                match json.as_str()? {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }

            fn digest(&self, out: &mut $crate::Vec<u8>) {
                out.push(*self as u8);
            }
        }
    };
}
