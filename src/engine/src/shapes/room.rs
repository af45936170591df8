//! What a room says of itself, and the list that makes rooms known.

use crate::event::Event;
use crate::json::{Member, MemberSet, Object};
use crate::net::Cidr;
use crate::stamp::{Stamp, Zone};
use core::cell::Cell;

/// What a decoder is given beside the record.
#[derive(Clone, Copy, Debug)]
pub struct Given<'g> {
    /// The time zone of times that are written without one.
    pub zone: Zone<'g>,
    /// Codes of sign-in and audit logs that count as failures beyond the usual ones.
    pub extra_failure_codes: &'g [u32],
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: &'g [Cidr],
    /// Where a decoder that gives no event may say whether it understood the record.
    pub grasp: Option<&'g Cell<Grasp>>,
}

impl Given<'_> {
    /// Nothing but UTC.
    pub const UTC: Given<'static> =
        Given { zone: Zone::UTC, extra_failure_codes: &[], trusted_proxies: &[], grasp: None };

    /// Says how far the record was understood.
    pub fn grasped(&self, grasp: Grasp) {
        if let Some(place) = self.grasp {
            place.set(grasp);
        }
    }
}

/// How far a decoder understood a record that gave no event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grasp {
    /// Not said: a record that bears the family's mark is understood, a text is none of the family's.
    #[default]
    Unsaid,
    /// It is the family's, and rightly gives no event.
    Whole,
    /// It is the family's, but what it says was not found.
    Missed,
}

/// What a record says: an event, and when it happened, if that is known. `None`: nothing that counts.
pub type Said<'a> = Option<(Event<'a>, Option<Stamp>)>;

/// All there is to know of a family of writers.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// What people call its records.
    pub title: &'static str,
    /// The layouts in which they are read, in words with Markdown's backticks.
    pub layouts: &'static [&'static str],
    /// Literals of which any of its records that matter contains at least one, whatever its encoder escapes. Compared
    /// without ASCII case.
    pub needles: &'static [&'static str],
    /// What shows that a record tells of a login, though nobody reads it.
    pub signs: &'static [Sign],
    /// Members that only its records have, with the rank among them. Their slot is the family's own.
    pub marks: &'static [Member],
    /// What a mark has to say.
    pub proof: Proof,
    /// The value of a mark by which a record holds others of the family, and is none; empty where no record does.
    pub holder: &'static str,
    /// Members in which its exporters keep its records: for the slots `TEXT` and `BATCH` of [`crate::carriers::slot`].
    pub holds: &'static [Member],
    /// Parts of the names of programs, data sets and modules whose text may hold its records. Of several parts in one name
    /// the one of the lowest rank counts.
    pub keepers: &'static [&'static [(&'static str, u8)]],
    /// Words that name its world in normalised events.
    pub worlds: &'static [World],
    /// Whether extra failure codes change what its records say.
    pub has_codes: bool,
    /// The members that its decoders read.
    pub members: &'static [MemberSet],
    /// Takes a record apart. `None` where its records are text.
    pub decode: Option<Decode>,
    /// Takes a text apart that is a record of its own, where there are such.
    pub text: Option<DecodeText>,
}

/// Takes a text of a family apart.
pub type DecodeText = for<'a, 'g> fn(&'a [u8], Given<'g>) -> Said<'a>;

/// Takes a record of a family apart.
pub type Decode = for<'a, 'g> fn(&Object<'a>, Given<'g>) -> Said<'a>;

impl Room {
    /// A room in which nothing is said yet.
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

/// What shows that a record tells of a login of a family, in whatever layout: one of `words`, and one of `with` where
/// there are any. Compared without ASCII case. A number in `with` stands by itself, not within a longer one.
///
/// Either every one of `words` or every one of `with` holds a needle, so a prefilter hides no sign.
#[derive(Clone, Copy, Debug)]
pub struct Sign {
    /// Of seven letters or more: the shortest sets the pace of the search.
    pub words: &'static [&'static str],
    /// What else has to stand somewhere in the record.
    pub with: &'static [&'static str],
}

/// What the mark of a family has to say.
#[derive(Clone, Copy, Debug)]
pub enum Proof {
    /// Anything.
    Present,
    /// This number.
    Number(i64),
    /// This word, or a list that holds it.
    Word(&'static str),
}

/// A name in a normalised event that says whose world it comes from. Words are compared without ASCII case.
#[derive(Clone, Copy, Debug)]
pub enum World {
    /// A name that is this word and nothing else.
    Whole(&'static str),
    /// A word in a name.
    Word(&'static str),
    /// Two words in a name, one right after the other.
    Words(&'static str, &'static str),
}

/// The rank of a mark that other records have as well: it counts where no other family's is there.
pub(crate) const WEAK: u8 = 2;

/// A member that gives a family away. Its slot is that of the family.
pub(super) const fn mark(path: &'static str) -> Member {
    Member::new(path, 0, 0)
}

/// Words in the names of Microsoft's programs and data sets: any of its logs may be in there.
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

/// An enum whose variants have names: those that events, snapshots and the contract show.
macro_rules! named {
    ($(#[$about:meta])* $visible:vis enum $Type:ident { $($(#[$doc:meta])* $Variant:ident = $name:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $visible enum $Type {
            $($(#[$doc])* #[doc = concat!("`", $name, "`.")] $Variant,)*
        }

        impl $Type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$Variant),*];

            /// Its name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$Variant => $name,)* }
            }
        }
    };
}
pub(super) use named;

/// The list of rooms: see `shapes`.
macro_rules! rooms {
    ($($(#[$doc:meta])* $NAME:ident $folder:ident $Family:ident $(, $Provider:ident = $provider:literal)?;)*) => {
        $(pub mod $folder;)*

        /// The families of writers, in the order in which a record is asked for their marks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Family {
            $($(#[$doc])* $Family,)*
        }

        /// How many families there are.
        pub const FAMILIES: usize = Family::ALL.len();

        impl Family {
            /// All of them, by their numbers.
            pub const ALL: [Self; [$(stringify!($Family)),*].len()] = [$(Self::$Family),*];

            /// What an analytic has to read to read it.
            #[must_use]
            pub const fn telemetry(self) -> Telemetry {
                Telemetry(1 << self as u32)
            }

            /// The name of its folder.
            #[must_use]
            pub const fn folder(self) -> &'static str {
                match self { $(Self::$Family => stringify!($folder),)* }
            }

            /// What people call its records.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$Family => $folder::ROOM.title,)* }
            }

            /// The layouts in which they are read, in words with Markdown's backticks.
            #[must_use]
            pub const fn layouts(self) -> &'static [&'static str] {
                match self { $(Self::$Family => $folder::ROOM.layouts,)* }
            }

            /// The names of the shapes that its events have.
            #[must_use]
            pub fn shapes(self) -> Vec<&'static str> {
                match self { $(Self::$Family => $folder::Shape::ALL.iter().map(|shape| shape.as_str()).collect(),)* }
            }

            /// Whether extra failure codes change what its records say.
            #[must_use]
            pub const fn has_codes(self) -> bool {
                match self { $(Self::$Family => $folder::ROOM.has_codes,)* }
            }
        }

        /// Which families of telemetry an analytic reads. The decoder looks for nothing else, and a module holds no code
        /// for anything else: it is known when the module is compiled.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Telemetry(u32);

        impl Telemetry {
            $($(#[$doc])* pub const $NAME: Self = Family::$Family.telemetry();)*

            /// None of them.
            pub const NONE: Self = Self(0);
            /// All of them.
            pub const ANY: Self = Self(u32::MAX);

            /// What is in both of them.
            #[must_use]
            pub const fn common(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// Both of them.
            #[must_use]
            pub const fn and(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// Whether all of `other` is in it.
            #[must_use]
            pub const fn has(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }
        }

        /// Whose world an event comes from.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum Provider {
            /// Nobody's.
            #[default]
            Unknown,
            $($(#[doc = concat!("`", $provider, "`.")] $Provider,)?)*
        }

        impl Provider {
            /// All of them.
            pub const ALL: &[Self] = &[Self::Unknown, $($(Self::$Provider,)?)*];

            /// Its name; empty where it is unknown.
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

        /// The shape that an event was read from: one of its family's.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum Shape {
            /// None.
            #[default]
            Unknown,
            $($(#[$doc])* $Family($folder::Shape),)*
        }

        impl Shape {
            /// Its name; empty where it is unknown.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { Self::Unknown => "", $(Self::$Family(shape) => shape.as_str(),)* }
            }

            /// All of them.
            pub fn all() -> impl Iterator<Item = Self> {
                core::iter::once(Self::Unknown)
                    $(.chain($folder::Shape::ALL.iter().copied().map(Self::$Family)))*
            }

            /// The shape of this name.
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

        // What the envelope and others ask all families for: data alone, so that no module holds a decoder that it does
        // not use.

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
        /// The words of each world.
        const WORLDS: &[(Provider, &[World])] = &[$($((Provider::$Provider, $folder::ROOM.worlds),)?)*];

        /// Takes a text of a family apart.
        pub fn decode_text<'a, R: Reads>(family: Family, text: &'a [u8], given: Given<'_>) -> Said<'a> {
            match family {
                $(Family::$Family => {
                    const { if R::TELEMETRY.has(Telemetry::$NAME) { $folder::ROOM.text } else { None } }
                        .and_then(|decode| decode(text, given))
                })*
            }
        }

        /// Takes a record of a family apart. What `R` does not read is no code in its module: each condition is known when
        /// it is compiled.
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
