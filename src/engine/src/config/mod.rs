//! Configuration: options with their documentation, validation, overrides.
//!
//! An analytic declares its options once, with [`settings!`](crate::settings): name, kind, default and documentation.
//! From that one place come the typed struct, the validation with its error messages, the JSON Schema, and what
//! `inspect` shows. What all analytics share stands in [`Common`].

mod overrides;
mod settings;

#[doc(hidden)]
pub use alloc::string::String;
pub use overrides::{Judgement, Override, Overrides};
#[doc(hidden)]
pub use serde_json::{Value, json};
#[doc(hidden)]
pub use settings::one_of;
pub use settings::{
    Bits4, Bits6, Bytes, Code, Glob, Keys, Lateness, RecordBytes, Setting, SeverityChange, Threshold, Wait,
    Window,
};

use crate::event::Event;
use crate::hash::{Hasher128, Salt};
use crate::net::Cidr;
use crate::stamp::Zone;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use serde_json::Map;

/// One option, as documentation and schema.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Other spellings that are accepted.
    pub aliases: &'static [&'static str],
    /// What it does, in units and shapes.
    pub doc: String,
    /// Its default.
    pub default: Value,
    /// JSON Schema of its values.
    pub schema: Value,
}

/// A group of options. Implemented by [`settings!`](crate::settings).
pub trait Settings: Sized {
    /// The options, in the order they were declared.
    fn fields() -> Vec<Field>;
    /// Takes its options out of the input. `None` if any was wrong; the input then holds why.
    fn read(input: &mut Input) -> Option<Self>;
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
            fn fields() -> $crate::Vec<$crate::config::Field> {
                $crate::vec![$( $crate::config::Field {
                    name: stringify!($field),
                    aliases: &[$($alias),*],
                    doc: $crate::config::prose(&[$($each),+]),
                    default: $crate::config::json!($default),
                    schema: <$kind as $crate::config::Setting>::schema(),
                } ),+]
            }

            fn read(input: &mut $crate::config::Input) -> Option<Self> {
                $( let $field = input.take(stringify!($field), &[$($alias),*], &$crate::config::json!($default)); )+
                Some(Self { $( $field: $field?, )+ })
            }
        }
    };
}

/// The lines of a doc comment as one paragraph.
#[doc(hidden)]
#[must_use]
pub fn prose(lines: &[&str]) -> String {
    let trimmed: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    trimmed.join(" ")
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
        let any = |globs: &[Glob], name: &str, fold| {
            !name.is_empty() && globs.iter().any(|g| g.matches(name, fold))
        };
        event.src_ip.is_some_and(|ip| self.allow_ips.iter().any(|block| block.contains(ip)))
            || any(&self.ignore_users, &event.user, overrides::folds(event))
            || any(&self.ignore_hosts, &event.host, true)
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
        let map = match text.trim() {
            "" => Map::new(),
            text => match serde_json::from_str(text) {
                Ok(Value::Object(map)) => map,
                Ok(other) => {
                    return Err(format!("the configuration is {other}: expected a JSON object of options"));
                }
                Err(error) => return Err(format!("the configuration is not JSON: {error}")),
            },
        };
        let mut input = Input::new(map, "");
        let common = Common::read(&mut input);
        let options = O::read(&mut input);
        let overrides = Overrides::read(&mut input, thresholds);
        input.reject_unknown(&Self::names());
        let (digest, errors) = (input.digest(), input.errors);
        match (common, options, overrides) {
            (Some(common), Some(options), Some(overrides)) if errors.is_empty() => {
                Ok(Self { common, options, overrides, digest })
            }
            _ => Err(errors.join("\n")),
        }
    }

    fn names() -> Vec<&'static str> {
        let fields = O::fields().into_iter().chain(Common::fields());
        let mut names: Vec<&'static str> =
            fields.flat_map(|f| core::iter::once(f.name).chain(f.aliases.iter().copied())).collect();
        names.push("override");
        names
    }

    /// JSON Schema (draft 2020-12) of the configuration.
    #[must_use]
    pub fn schema(title: &str, thresholds: &'static [&'static str]) -> Value {
        let mut properties = Map::new();
        for field in O::fields().into_iter().chain(Common::fields()) {
            let mut schema = field.schema;
            if let Some(schema) = schema.as_object_mut() {
                schema.insert("description".into(), field.doc.into());
                schema.insert("default".into(), field.default);
            }
            for alias in field.aliases {
                let mut other = schema.clone();
                if let Some(other) = other.as_object_mut() {
                    other.insert("description".into(), format!("Another spelling of {}.", field.name).into());
                    other.remove("default");
                }
                properties.insert((*alias).into(), other);
            }
            properties.insert(field.name.into(), schema);
        }
        properties.insert("override".into(), Overrides::schema(thresholds));
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": title,
            "type": "object",
            "additionalProperties": false,
            "properties": properties,
        })
    }
}

/// What is left to read of a configuration, and what was found wrong.
#[derive(Debug)]
pub struct Input {
    map: Map<String, Value>,
    path: String,
    /// Each effective value, for the digest.
    effective: String,
    errors: Vec<String>,
}

impl Input {
    fn new(map: Map<String, Value>, path: &str) -> Self {
        Self { map, path: path.into(), effective: String::new(), errors: Vec::new() }
    }

    /// Reads one option, or its default.
    pub fn take<T: Setting + core::fmt::Debug>(
        &mut self,
        name: &'static str,
        aliases: &[&'static str],
        default: &Value,
    ) -> Option<T> {
        let value = self.optional(name, aliases).unwrap_or(T::read(default).ok());
        self.effective.push_str(&format!("{name}={value:?}\n"));
        value
    }

    /// Reads one option that may be absent. `Some(None)`: it was wrong.
    #[allow(clippy::option_option)]
    fn optional<T: Setting>(&mut self, name: &'static str, aliases: &[&'static str]) -> Option<Option<T>> {
        let mut found: Option<(&str, Value)> = None;
        for spelling in core::iter::once(&name).chain(aliases) {
            let Some(value) = self.map.remove(*spelling) else { continue };
            if let Some((other, _)) = &found {
                self.errors.push(format!(
                    "{}{spelling} = {value}: expected once, but {other} is the same option",
                    self.path
                ));
                return Some(None);
            }
            found = Some((spelling, value));
        }
        let (spelling, value) = found?;
        match T::read(&value) {
            Ok(setting) => Some(Some(setting)),
            Err(allowed) => {
                self.errors.push(format!("{}{spelling} = {}: expected {allowed}", self.path, short(&value)));
                Some(None)
            }
        }
    }

    fn reject_unknown(&mut self, known: &[&'static str]) {
        for (name, value) in core::mem::take(&mut self.map) {
            let near = known.iter().min_by_key(|k| distance(k, &name)).filter(|k| distance(k, &name) <= 3);
            let hint = near.map_or(String::new(), |k| format!(" did you mean {k}?"));
            self.errors.push(format!(
                "{}{} = {}: no such option;{hint} allowed are {}",
                self.path,
                short(&Value::String(name)).trim_matches('"'),
                short(&value),
                known.join(", ")
            ));
        }
    }

    fn digest(&self) -> String {
        let hash = Hasher128::new(Salt::new(""), 0).part(self.effective.as_bytes()).finish().0;
        format!("{:016x}", hash >> 64)
    }
}

/// A value as an error shows it.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.len() <= 120 {
        text
    } else {
        format!("{}…", text.get(..text.floor_char_boundary(120)).unwrap_or_default())
    }
}

/// Edits that lead from one name to the other. O(a × b); names of options are short, others are cut.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(40).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(40).enumerate() {
        let mut before = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.iter().enumerate() {
            let (Some(&left), Some(&above)) = (row.get(j), row.get(j + 1)) else { break };
            let cost = (before + usize::from(x != *y)).min(above + 1).min(left + 1);
            before = above;
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = cost;
            }
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
