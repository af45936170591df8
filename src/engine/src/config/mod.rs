//! Configuration: options with their documentation, validation, overrides.
//!
//! An analytic declares its options once, with [`settings!`](crate::settings): name, kind, default and documentation.
//! From that one place come the typed struct, the validation with its error messages, the JSON Schema, and what
//! `inspect` shows. What all analytics share stands in [`Common`].

mod kinds;
mod overrides;
mod settings;
mod value;

#[doc(hidden)]
pub use alloc::string::String;
pub use kinds::Kind;
pub use overrides::{Judgement, Override, Overrides};
pub use settings::{
    Bits4, Bits6, Bytes, Code, Glob, Keys, Lateness, RecordBytes, Setting, SeverityChange, Threshold, Wait,
    Window,
};

use crate::event::Event;
use crate::hash::{Hasher128, Salt};
use crate::json::quote;
use crate::net::Cidr;
use crate::stamp::Zone;
use alloc::format;
use alloc::vec::Vec;
pub use value::{Table, Value};

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Other spellings that are accepted.
    pub aliases: &'static [&'static str],
    /// What it does, in units and shapes: the lines of its documentation.
    pub doc: &'static [&'static str],
    /// Its default, as JSON.
    pub default: &'static str,
    /// What it may be.
    pub kind: Kind,
}

/// A group of options. Implemented by [`settings!`](crate::settings).
pub trait Settings: Sized {
    /// The options, in the order they were declared.
    const FIELDS: &'static [Field];
    /// Takes its options out of the input. `None` if any was wrong; the input then holds why.
    fn read(input: &mut Input<'_>) -> Option<Self>;
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

crate::settings! {
    /// What all analytics share.
    pub struct Common {
        /// Addresses and blocks whose events are ignored altogether.
        pub allow_ips: Vec<Cidr> = [];
        /// Users whose events are ignored altogether; `*` and `?` stand for any characters.
        pub ignore_users: Vec<Glob> = [];
        /// Hosts whose events are ignored altogether; `*` and `?` stand for any characters.
        pub ignore_hosts: Vec<Glob> = [];
        /// How many keys of all kinds together are held. Beyond it the least telling ones are given up.
        pub max_keys: Keys = 100000;
        /// How late an event may come and still be sorted into its place. `0s`: events are judged as they come.
        /// `max`: a whole finite input is sorted first.
        pub allowed_lateness: Lateness = "0s";
        /// How many bits of an IPv4 address make a key. Alerts show addresses whole.
        pub ipv4_prefix: Bits4 = 32;
        /// How many bits of an IPv6 address make a key: a customer holds a /64 at least.
        pub ipv6_prefix: Bits6 = 64;
        /// The offset from UTC of times that are written without one.
        pub timezone: Zone = "+00:00";
        /// How far ahead of its receipt an event may claim to be; beyond it, it is taken as of its receipt.
        pub max_ahead: Wait = "5m";
        /// The longest record, 16 MiB at most; a longer one is skipped and counted.
        pub max_record: RecordBytes = "16 MiB";
        /// Memory for what alerts tell beyond their counts: evidence, lists of accounts and addresses.
        pub pool_bytes: Bytes = "8 MiB";
        /// Memory for the sketch that decides which keys stay when there are too many: the larger, the larger the
        /// flood of junk keys it stands.
        pub sketch_bytes: Bytes = "4 MiB";
        /// Keys the fingerprints and sketches. Not a secret; a value of your own keeps others from preparing keys
        /// that meet in the sketch.
        pub salt: String = "";
    }
}

impl Common {
    /// Whether the event is ignored altogether.
    #[must_use]
    pub fn ignores(&self, event: &Event<'_>) -> bool {
        self.ignored_by(event).is_some()
    }

    /// The option that says that the event is ignored altogether.
    #[must_use]
    pub fn ignored_by(&self, event: &Event<'_>) -> Option<&'static str> {
        let any = |globs: &[Glob], name: &str, fold| {
            !name.is_empty() && globs.iter().any(|g| g.matches(name, fold))
        };
        if event.src_ip.is_some_and(|ip| self.allow_ips.iter().any(|block| block.contains(ip))) {
            return Some("allow_ips");
        }
        if any(&self.ignore_users, &event.user, event.folds()) {
            return Some("ignore_users");
        }
        any(&self.ignore_hosts, &event.host, true).then_some("ignore_hosts")
    }

    /// What keys all fingerprints.
    #[must_use]
    pub fn salt(&self) -> Salt {
        Salt::new(&self.salt)
    }
}

/// The whole configuration of one analytic.
#[derive(Clone, Debug)]
pub struct Config<O> {
    /// What all analytics share.
    pub common: Common,
    /// The analytic's own options.
    pub options: O,
    /// The overrides, in order.
    pub overrides: Overrides,
    /// Sixteen hexadecimal digits that name the effective configuration: equal options, equal digest.
    pub digest: String,
}

impl<O: Settings> Config<O> {
    /// Reads and validates a configuration. `thresholds` names the options of `O` that an override may set.
    ///
    /// # Errors
    /// One line for each thing that is wrong: the field, the value, what is allowed.
    pub fn read(text: &str, thresholds: &'static [&'static str]) -> Result<Self, String> {
        let text = if text.trim().is_empty() { "{}" } else { text };
        let value = Value::parse(text).map_err(|why| format!("the configuration is not JSON: {why}"))?;
        let shown = short(value.raw());
        let table = value
            .into_table()
            .ok_or_else(|| format!("the configuration is {shown}: expected a JSON object"))?;
        let mut input = Input::new(table, "");
        let common = Common::read(&mut input);
        let options = O::read(&mut input);
        let overrides = Overrides::read(&mut input, thresholds);
        input.reject_unknown(&Self::names());
        let (digest, errors) = (input.digest(), input.errors);
        match (common, options, overrides) {
            (Some(common), Some(options), Some(overrides)) if errors.is_empty() => {
                Ok(Self { common, options, overrides, digest })
            }
            _ => Err(errors),
        }
    }

    fn fields() -> impl Iterator<Item = &'static Field> {
        O::FIELDS.iter().chain(Common::FIELDS)
    }

    fn names() -> Vec<&'static str> {
        let mut names = Vec::new();
        for field in Self::fields() {
            names.push(field.name);
            names.extend_from_slice(field.aliases);
        }
        names.push("override");
        names
    }

    /// JSON Schema (draft 2020-12) of the configuration, as JSON. Another spelling of an option refers to it by
    /// `$ref`.
    #[must_use]
    pub fn schema(title: &str, thresholds: &'static [&'static str]) -> String {
        let mut out =
            String::from("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":");
        out.push_str(&quote(title.as_bytes()));
        out.push_str(",\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
        for field in Self::fields() {
            property(field.name, field.kind, field.doc, &mut out);
            out.push_str(",\"default\":");
            out.push_str(field.default);
            out.push_str("},");
            for alias in field.aliases {
                for part in ["\"", *alias, "\":{\"$ref\":\"#/properties/", field.name, "\",\"description\":"]
                {
                    out.push_str(part);
                }
                out.push_str("\"Another spelling.\"},");
            }
        }
        Overrides::schema(thresholds, &mut out);
        out.push_str("}}");
        out
    }
}

/// Writes a property of a JSON Schema up to where more members may follow.
fn property(name: &str, kind: Kind, doc: &[&str], out: &mut String) {
    out.push_str(&quote(name.as_bytes()));
    out.push_str(":{");
    kind.schema(out);
    out.push_str(",\"description\":");
    let mut text = String::new();
    for line in doc {
        text.push_str(if text.is_empty() { "" } else { " " });
        text.push_str(line.trim());
    }
    out.push_str(&quote(text.as_bytes()));
}

/// What is left to read of a configuration, and what was found wrong.
#[derive(Debug)]
pub struct Input<'t> {
    /// What has not been read yet.
    table: Table<'t>,
    path: String,
    /// Each effective value, for the digest.
    effective: Vec<u8>,
    /// A line for each.
    errors: String,
}

impl<'t> Input<'t> {
    fn new(table: Table<'t>, path: &str) -> Self {
        Self { table, path: path.into(), effective: Vec::new(), errors: String::new() }
    }

    /// Reads one option, or its default.
    #[inline(never)]
    pub fn take<T: Setting>(&mut self, field: &Field) -> Option<T> {
        let mut setting = None;
        self.option(field, Some(field.default), &mut setting);
        setting
    }

    /// Reads one option that may be absent. Where it is wrong, that is written down.
    #[inline(never)]
    fn optional<T: Setting>(&mut self, name: &'static str) -> Option<T> {
        let mut setting = None;
        let field = Field { name, aliases: &[], doc: &[], default: "", kind: T::KIND };
        self.option(&field, None, &mut setting);
        setting
    }

    /// What all kinds of options have in common.
    fn option(&mut self, field: &Field, default: Option<&'static str>, setting: &mut dyn Place) {
        let found = match (self.find(field.name, field.aliases), default) {
            (Found::Nothing, Some(default)) => Value::parse(default).ok().map(|value| (field.name, value)),
            (Found::Value(spelling, value), _) => Some((spelling, value)),
            _ => None,
        };
        let Some((spelling, value)) = found else { return };
        self.effective.extend_from_slice(field.name.as_bytes());
        if !setting.put(&value, &mut self.effective) {
            self.refuse(spelling, &value, field.kind);
        }
    }

    /// The value of an option, under whichever of its names.
    fn find(&mut self, name: &'static str, aliases: &'static [&'static str]) -> Found<'t> {
        let mut found = Found::Nothing;
        for spelling in core::iter::once(&name).chain(aliases) {
            while let Some(at) = self.table.iter().position(|(name, _)| name == spelling) {
                let (_, value) = self.table.remove(at);
                if let Found::Value(other, _) = &found {
                    let how = if other == spelling { "is there already" } else { "is the same option" };
                    self.wrong(spelling, value.raw(), &format!("expected once, but {other} {how}"));
                    return Found::Twice;
                }
                found = Found::Value(spelling, value);
            }
        }
        found
    }

    fn refuse(&mut self, spelling: &str, value: &Value<'_>, kind: Kind) {
        self.wrong(spelling, value.raw(), &format!("expected {}", kind.allowed()));
    }

    /// Notes what is wrong with an option.
    #[inline(never)]
    fn wrong(&mut self, name: &str, value: &str, why: &str) {
        let line = if self.errors.is_empty() { "" } else { "\n" };
        for part in [line, &self.path, name, " = ", &short(value), ": ", why] {
            self.errors.push_str(part);
        }
    }

    fn reject_unknown(&mut self, known: &[&'static str]) {
        for (name, value) in core::mem::take(&mut self.table) {
            let near = known.iter().min_by_key(|k| distance(k, &name)).filter(|k| distance(k, &name) <= 3);
            let mut why = String::from("no such option;");
            if let Some(near) = near {
                why.push_str(&format!(" did you mean {near}?"));
            }
            why.push_str(" allowed are ");
            for (n, name) in known.iter().enumerate() {
                why.push_str(if n == 0 { "" } else { ", " });
                why.push_str(name);
            }
            self.wrong(&short(&name), value.raw(), &why);
        }
    }

    fn digest(&self) -> String {
        let hash = Hasher128::new(Salt::new(""), 0).part(&self.effective).finish().0;
        format!("{:016x}", hash >> 64)
    }
}

/// Where a setting goes, whatever its kind.
trait Place {
    /// Reads a value and digests it. Whether it is allowed.
    fn put(&mut self, value: &Value<'_>, digest: &mut Vec<u8>) -> bool;
}

impl<T: Setting> Place for Option<T> {
    fn put(&mut self, value: &Value<'_>, digest: &mut Vec<u8>) -> bool {
        *self = T::read(value);
        self.as_ref().map(|setting| setting.digest(digest)).is_some()
    }
}

/// What a configuration says of an option.
enum Found<'t> {
    Nothing,
    /// Under two names.
    Twice,
    /// Under this name.
    Value(&'static str, Value<'t>),
}

/// A value as an error shows it: as it was written, and not all of a long one.
fn short(text: &str) -> String {
    let end = text.floor_char_boundary(120);
    format!("{}{}", text.get(..end).unwrap_or_default(), if end < text.len() { "…" } else { "" })
}

/// Edits that lead from one name to the other. O(a × b); names of options are short, others are cut.
fn distance(a: &str, b: &str) -> usize {
    const MOST: usize = 40;
    let mut row: [usize; MOST] = core::array::from_fn(|n| n + 1);
    let mut last = b.chars().take(MOST).count();
    for (i, x) in a.chars().take(MOST).enumerate() {
        let (mut before, mut left) = (i, i + 1);
        for (above, y) in row.iter_mut().zip(b.chars()) {
            let cost = (before + usize::from(x != y)).min(*above + 1).min(left + 1);
            (before, left) = (core::mem::replace(above, cost), cost);
        }
        last = left;
    }
    last
}

#[cfg(test)]
mod tests;
