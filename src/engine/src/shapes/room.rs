//! The type of a room, and the macro that lists all rooms.

use crate::event::Event;
use crate::json::{Member, MemberSet, Object};
use crate::net::Cidr;
use crate::stamp::{Stamp, Zone};
use core::cell::Cell;

/// The settings that a decoder gets with each record.
#[derive(Clone, Copy, Debug)]
pub struct Given<'g> {
    /// The time zone of times that are written without one.
    pub zone: Zone<'g>,
    /// Codes of sign-in and audit logs that count as failures too.
    pub extra_failure_codes: &'g [u32],
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: &'g [Cidr],
    /// A place for a decoder that returns no event to tell how much it understood.
    pub grasp: Option<&'g Cell<Grasp>>,
}

impl Given<'_> {
    /// The defaults, with times in UTC.
    pub const UTC: Given<'static> =
        Given { zone: Zone::UTC, extra_failure_codes: &[], trusted_proxies: &[], grasp: None };

    /// Tells how much of the record the decoder understood.
    pub fn grasped(&self, grasp: Grasp) {
        if let Some(place) = self.grasp {
            place.set(grasp);
        }
    }
}

/// How much a decoder understood of a record that gave no event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grasp {
    /// Unknown. Then a record with the family's mark counts as understood, and a text counts as not of the family.
    #[default]
    Unsaid,
    /// The record belongs to the family, and gives no event by right.
    Whole,
    /// The record belongs to the family, but its login could not be read.
    Missed,
}

/// The result of a decoder: an event and its time, if known. `None` if the record has no event.
pub type Said<'a> = Option<(Event<'a>, Option<Stamp>)>;

/// All data about a family of writers.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// The name of the family's records, for people.
    pub title: &'static str,
    /// The layouts of the records, in words with Markdown's backticks.
    pub layouts: &'static [&'static str],
    /// Literals that are needles: each record that matters contains at least one, in any escaping. Compared without
    /// ASCII case.
    pub needles: &'static [&'static str],
    /// Signs of a login in records that no decoder reads.
    pub signs: &'static [Sign],
    /// Members that only this family's records have. Their slot is the family's own, and the rank tells them apart.
    pub marks: &'static [Member],
    /// The value that a mark must have.
    pub proof: Proof,
    /// The mark's value in a record that contains other records of the family. Empty if no record does.
    pub holder: &'static str,
    /// Members in which exporters keep the family's records: for the slots `TEXT` and `BATCH` of
    /// [`crate::carriers::slot`].
    pub holds: &'static [Member],
    /// Parts of the names of programs, data sets and modules whose text may hold this family's records. If a name
    /// matches several parts, the lowest rank counts.
    pub keepers: &'static [&'static [(&'static str, u8)]],
    /// Words that mark this provider in normalised events.
    pub worlds: &'static [World],
    /// True if extra failure codes can change its events.
    pub has_codes: bool,
    /// The members that its decoders read.
    pub members: &'static [MemberSet],
    /// Decodes a record. `None` if the family's records are text.
    pub decode: Option<Decode>,
    /// Decodes a text that is a record by itself, if the family has such.
    pub text: Option<DecodeText>,
}

/// Decodes a text of a family.
pub type DecodeText = for<'a, 'g> fn(&'a [u8], Given<'g>) -> Said<'a>;

/// Decodes a record of a family.
pub type Decode = for<'a, 'g> fn(&Object<'a>, Given<'g>) -> Said<'a>;

impl Room {
    /// An empty room, to be filled in.
    pub const EMPTY: Self = Self {
        title: "",
        layouts: &[],
        needles: &[],
        signs: &[],
        marks: &[],
        proof: Proof::Present,
        holder: "",
        holds: &[],
        keepers: &[],
        worlds: &[],
        has_codes: false,
        members: &[],
        decode: None,
        text: None,
    };
}

/// A sign of a login of a family in any layout: one of `words`, and one of `with` unless that list is empty. Compared
/// without ASCII case. A number in `with` must not be part of a longer number.
///
/// Either each of `words` or each of `with` contains a needle, so a prefilter hides no sign.
#[derive(Clone, Copy, Debug)]
pub struct Sign {
    /// At least seven letters each: the shortest determines the speed of the search.
    pub words: &'static [&'static str],
    /// Texts of which one must be elsewhere in the record.
    pub with: &'static [&'static str],
}

/// The value that the mark of a family must have.
#[derive(Clone, Copy, Debug)]
pub enum Proof {
    /// Any value.
    Present,
    /// The mark is this number.
    Number(i64),
    /// The mark is this word, or a list with this word.
    Word(&'static str),
}

/// A name in a normalised event that shows its provider. Words are compared without ASCII case.
#[derive(Clone, Copy, Debug)]
pub enum World {
    /// A name that equals this word.
    Whole(&'static str),
    /// A name with this word.
    Word(&'static str),
    /// A name with these two words, one directly after the other.
    Words(&'static str, &'static str),
}

/// The rank of a mark that other families' records may have too: it counts only without another family's mark.
pub(crate) const WEAK: u8 = 2;

/// A member that marks the family. Its slot is the family's own.
pub(super) const fn mark(path: &'static str) -> Member {
    Member::new(path, 0, 0)
}

/// Words in the names of Microsoft's programs and data sets, which may hold any of its logs.
pub(super) const MICROSOFT: &[(&str, u8)] = &[
    ("microsoft", 4),
    ("azure", 4),
    ("entra", 4),
    ("entraid", 4),
    ("azuread", 4),
    ("office", 4),
    ("office365", 4),
    ("o365", 4),
    ("m365", 4),
];

/// An enum with a name for each variant, as shown in events, snapshots and the contract.
macro_rules! named {
    ($(#[$about:meta])* $visible:vis enum $Type:ident { $($(#[$doc:meta])* $Variant:ident = $name:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $visible enum $Type {
            $($(#[$doc])* #[doc = concat!("`", $name, "`.")] $Variant,)*
        }

        impl $Type {
            /// All values.
            pub const ALL: &[Self] = &[$(Self::$Variant),*];

            /// The name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$Variant => $name,)* }
            }
        }
    };
}
pub(super) use named;

/// Declares the list of rooms; see `shapes`.
macro_rules! rooms {
    ($($(#[$doc:meta])* $NAME:ident $folder:ident $Family:ident $(, $Provider:ident = $provider:literal)?;)*) => {
        $(pub mod $folder;)*

        /// The families of writers, in the order in which a record is checked for their marks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Family {
            $($(#[$doc])* $Family,)*
        }

        /// The number of families.
        pub const FAMILIES: usize = Family::ALL.len();

        impl Family {
            /// All families, by their numbers.
            pub const ALL: [Self; [$(stringify!($Family)),*].len()] = [$(Self::$Family),*];

            /// The telemetry that an analytic must read to read this family.
            #[must_use]
            pub const fn telemetry(self) -> Telemetry {
                Telemetry(1 << self as u32)
            }

            /// The name of the family's folder.
            #[must_use]
            pub const fn folder(self) -> &'static str {
                match self { $(Self::$Family => stringify!($folder),)* }
            }

            /// The name of the family's records, for people.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$Family => $folder::ROOM.title,)* }
            }

            /// The layouts of the records, in words with Markdown's backticks.
            #[must_use]
            pub const fn layouts(self) -> &'static [&'static str] {
                match self { $(Self::$Family => $folder::ROOM.layouts,)* }
            }

            /// The names of the shapes of its events.
            #[must_use]
            pub fn shapes(self) -> Vec<&'static str> {
                match self { $(Self::$Family => $folder::Shape::ALL.iter().map(|shape| shape.as_str()).collect(),)* }
            }

            /// True if extra failure codes can change its events.
            #[must_use]
            pub const fn has_codes(self) -> bool {
                match self { $(Self::$Family => $folder::ROOM.has_codes,)* }
            }
        }

        /// A set of families that an analytic reads, known at compile time. The decoder searches for no other
        /// families, and a module holds no code for others.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Telemetry(u32);

        impl Telemetry {
            $($(#[$doc])* pub const $NAME: Self = Family::$Family.telemetry();)*

            /// No family.
            pub const NONE: Self = Self(0);
            /// All families.
            pub const ANY: Self = Self(u32::MAX);

            /// The families in both sets.
            #[must_use]
            pub const fn common(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// The families in either set.
            #[must_use]
            pub const fn and(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// True if the set holds all of `other`.
            #[must_use]
            pub const fn has(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }
        }

        /// The provider that an event comes from.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum Provider {
            /// Unknown.
            #[default]
            Unknown,
            $($(#[doc = concat!("`", $provider, "`.")] $Provider,)?)*
        }

        impl Provider {
            /// All providers.
            pub const ALL: &[Self] = &[Self::Unknown, $($(Self::$Provider,)?)*];

            /// The name; empty if unknown.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { Self::Unknown => "", $($(Self::$Provider => $provider,)?)* }
            }

            /// The provider of this name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|provider| provider.as_str() == name)
            }
        }

        /// The shape of the record that an event was read from: one of the shapes of its family.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum Shape {
            /// Unknown.
            #[default]
            Unknown,
            $($(#[$doc])* $Family($folder::Shape),)*
        }

        impl Shape {
            /// The name; empty if unknown.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { Self::Unknown => "", $(Self::$Family(shape) => shape.as_str(),)* }
            }

            /// All shapes.
            pub fn all() -> impl Iterator<Item = Self> {
                core::iter::once(Self::Unknown)
                    $(.chain($folder::Shape::ALL.iter().copied().map(Self::$Family)))*
            }

            /// The shape with this name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::all().find(|shape| shape.as_str() == name)
            }
        }

        $(impl From<$folder::Shape> for Shape {
            fn from(shape: $folder::Shape) -> Self {
                Self::$Family(shape)
            }
        })*

        // Data of all families for the envelope and others. It is data only, so that no module holds a decoder that
        // it does not use.

        /// The needles of each family.
        pub const NEEDLES: [&[&str]; FAMILIES] = [$($folder::ROOM.needles),*];
        /// The signs of each family.
        pub static SIGNS: [&[Sign]; FAMILIES] = [$($folder::ROOM.signs),*];
        /// The members that each family's decoders read.
        pub static MEMBERS: [&[MemberSet]; FAMILIES] = [$($folder::ROOM.members),*];
        pub(crate) const MARKS: [&[Member]; FAMILIES] = [$($folder::ROOM.marks),*];
        pub(crate) const HOLDS: [&[Member]; FAMILIES] = [$($folder::ROOM.holds),*];
        pub(crate) static PROOFS: [Proof; FAMILIES] = [$($folder::ROOM.proof),*];
        pub(crate) static HOLDERS: [&str; FAMILIES] = [$($folder::ROOM.holder),*];
        pub(crate) const KEEPERS: [&[&[(&str, u8)]]; FAMILIES] = [$($folder::ROOM.keepers),*];
        /// The words that mark each provider.
        const WORLDS: &[(Provider, &[World])] = &[$($((Provider::$Provider, $folder::ROOM.worlds),)?)*];

        /// Decodes a text of a family.
        pub fn decode_text<'a, R: Reads>(family: Family, text: &'a [u8], given: Given<'_>) -> Said<'a> {
            match family {
                $(Family::$Family => {
                    const { if R::TELEMETRY.has(Telemetry::$NAME) { $folder::ROOM.text } else { None } }
                        .and_then(|decode| decode(text, given))
                })*
            }
        }

        /// Decodes a record of a family. A module holds no code for families that `R` does not read, since each
        /// condition is known at compile time.
        pub fn decode<'a, R: Reads>(family: Family, object: &Object<'a>, given: Given<'_>) -> Said<'a> {
            match family {
                $(Family::$Family => {
                    const { if R::TELEMETRY.has(Telemetry::$NAME) { $folder::ROOM.decode } else { None } }
                        .and_then(|decode| decode(object, given))
                })*
            }
        }
    };
}
pub(super) use rooms;

macro_rules! shown {
    ($($Type:ty),*) => { $(
        impl core::fmt::Display for $Type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )* };
}
shown!(super::Shape, super::Provider);
