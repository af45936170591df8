//! One list of fields for each record of the contract.
//!
//! [`record!`](crate::record) declares a struct, and a macro that passes the names of its fields to another macro. So
//! no face, host or snapshot lists the fields by hand: a conversion is one method for each *type* of field.
//!
//! ```
//! use authsieve_engine::alert::{Alert, Severity};
//! // Counts the fields of an alert.
//! macro_rules! count { (() $($field:ident)*) => { [$(stringify!($field)),*].len() } }
//! assert_eq!(authsieve_engine::alert_fields!(count,), Alert::FIELDS.len());
//! ```

use crate::alert::{Evidence, Severity, Tally};
use crate::event::{Access, Outcome, Provider, Shape, Signal, Text};
use crate::note::Step;
use crate::time::Timestamp;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Declares a record: the struct, `FIELDS` with the names of its fields, and the macro `$list`. `list!(then, given…)`
/// expands to `then! { (given…) field field … }`.
#[doc(hidden)]
#[macro_export]
macro_rules! record {
    ($d:tt $list:ident; $(#[$meta:meta])* pub struct $name:ident $(<$life:lifetime>)? {
        $($(#[$each:meta])* pub $field:ident: $type:ty,)+
    }) => {
        $(#[$meta])*
        pub struct $name $(<$life>)? { $($(#[$each])* pub $field: $type,)+ }

        impl $(<$life>)? $name $(<$life>)? {
            /// The names of the fields, in the order of the contract.
            pub const FIELDS: &'static [&'static str] = &[$(stringify!($field)),+];
        }

        /// Calls the macro `then` with the tokens given after it and the names of the fields.
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $list {
            ($d then:ident, $d($d given:tt)*) => { $d then! { ($d($d given)*) $($field)+ } };
        }
    };
}

/// A field of a record, as JSON.
pub trait Field {
    /// True if the field says nothing, so that JSON omits it.
    fn is_absent(&self) -> bool {
        false
    }

    /// Writes the value.
    ///
    /// # Errors
    /// Returns the errors of the serializer.
    fn write<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error>;
}

/// Wraps a field for serde.
pub struct Json<'f, F>(pub &'f F);

impl<F: Field> Serialize for Json<'_, F> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.0.write(out)
    }
}

/// Implements `Serialize` for a record: its fields in order, without the absent ones.
#[doc(hidden)]
#[macro_export]
macro_rules! write_fields {
    (($type:ty) $($field:ident)+) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut map = out.serialize_map(None)?;
                $(if !$crate::fields::Field::is_absent(&self.$field) {
                    map.serialize_entry(stringify!($field), &$crate::fields::Json(&self.$field))?;
                })+
                map.end()
            }
        }
    };
}

macro_rules! plain {
    ($($type:ty: $absent:expr;)+) => { $(
        impl Field for $type {
            fn is_absent(&self) -> bool {
                let absent: fn(&Self) -> bool = $absent;
                absent(self)
            }
            fn write<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                self.serialize(out)
            }
        }
    )+ };
}

plain! {
    String: |_| false;
    u32: |_| false;
    u64: |_| false;
    bool: |flag| !flag;
    Severity: |_| false;
    Option<String>: Option::is_none;
    Option<u32>: Option::is_none;
    Option<u64>: Option::is_none;
    Option<IpAddr>: Option::is_none;
    Vec<String>: Vec::is_empty;
    Vec<&'static str>: Vec::is_empty;
    Vec<Evidence>: Vec::is_empty;
    Text<'_>: |text| text.is_empty();
    &'static str: |text| text.is_empty();
}

impl Field for Timestamp {
    fn write<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.to_string())
    }
}

/// Implements `Field` for types with a word for each value.
macro_rules! words {
    ($($type:ty),+) => { $(
        impl Field for $type {
            fn write<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.serialize_str(self.as_str())
            }
        }
    )+ };
}

words!(Outcome, Signal, Step, Shape, Provider);

/// Omitted if remote, as most events are.
impl Field for Access {
    fn is_absent(&self) -> bool {
        *self == Self::Remote
    }
    fn write<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.as_str())
    }
}

/// The id of a delivery: 32 hexadecimal digits.
impl Field for Option<u128> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
    fn write<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&format!("{:032x}", self.unwrap_or_default()))
    }
}

/// An object of codes and counts.
impl Field for Vec<Tally> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
    fn write<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(self.len()))?;
        for tally in self {
            map.serialize_entry(&tally.code, &tally.count)?;
        }
        map.end()
    }
}
