//! The browser class: the detector as JavaScript sees it.
//!
//! `wasm_bindgen` takes no generic type, so the class itself is written out in the analytic's crate by
//! [`browser_face`](crate::browser_face); its parts are here. JavaScript gets JSON text with the field names of the
//! contract, in its order, and without absent fields: alerts byte for byte as every host writes them.

use authsieve_engine::alert::Alert;
use authsieve_engine::detector::{Advice, Descriptor, Error, Need, Part, Reading, Seen, Source};
use authsieve_engine::fields::{Field, Json};
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::{descriptor_fields, event_fields};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde::{Deserialize, Serialize as DeriveSerialize};
pub use wasm_bindgen;
use wasm_bindgen::JsError;

/// The error of the engine as a JavaScript `Error` of the same words.
pub fn error(error: Error) -> JsError {
    JsError::new(&error.to_string())
}

/// A JavaScript number of microseconds. Exact until the year 2255.
///
/// # Errors
/// When it is no whole number in that range: `NaN` is what JavaScript makes of a forgotten argument.
fn micros(micros: f64) -> Result<i64, JsError> {
    if micros.fract() == 0.0 && micros.abs() <= 9_007_199_254_740_991.0 {
        Ok(micros as i64)
    } else {
        Err(JsError::new(&format!(
            "{micros} is no time: expected whole microseconds since 1970-01-01T00:00:00Z"
        )))
    }
}

/// When and where the records of a batch were read, from JavaScript numbers.
///
/// # Errors
/// For a number that is no time, or no number of a record.
pub fn reading(received: f64, written: Option<f64>, first: Option<f64>) -> Result<Reading, JsError> {
    let first = first.unwrap_or(0.0);
    let number = u64::try_from(micros(first)?);
    Ok(Reading {
        received: Timestamp(micros(received)?),
        written: written.map(micros).transpose()?.map(Timestamp),
        first: number.map_err(|_| JsError::new(&format!("{first} is no number of a record")))?,
    })
}

/// A span of time from a JavaScript number of microseconds.
///
/// # Errors
/// For a number that is no whole number.
pub fn span(idle: f64) -> Result<Span, JsError> {
    micros(idle).map(Span)
}

/// The JSON of each value.
pub fn each<T: Serialize>(list: &[T]) -> Vec<String> {
    list.iter().map(json).collect()
}

/// The canonical JSON of each alert.
pub fn alerts(list: Vec<Alert>) -> Vec<String> {
    list.iter().map(Alert::to_json).collect()
}

/// The JSON of each event, with its record and its readers.
pub fn events(list: Vec<Seen>) -> Vec<String> {
    list.iter().map(|seen| json(&SeenJson(seen))).collect()
}

/// The JSON of the descriptors: a list.
pub fn descriptors(list: Vec<Descriptor>) -> String {
    json(&list.iter().map(DescriptorJson).collect::<Vec<_>>())
}

/// The JSON of the parts: each with its bytes in hexadecimal digits.
pub fn parts(list: Vec<Part>) -> Vec<String> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |part: &Part| {
        json(&PartJson {
            analytic: part.analytic.clone(),
            key: format!("{:016x}", part.key),
            bytes: hex(&part.bytes),
        })
    };
    list.iter().map(part).collect()
}

/// The parts that their JSON means.
///
/// # Errors
/// For text that `parts` did not write.
pub fn parts_of(list: &[String]) -> Result<Vec<Part>, JsError> {
    let wrong = || JsError::new("a part is not one that `route` returned");
    let digits =
        |text: &str, at: usize| text.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    let part = |text: &String| {
        let part: PartJson = serde_json::from_str(text).map_err(|_| wrong())?;
        let bytes = (0..part.bytes.len()).step_by(2).map(|at| digits(&part.bytes, at));
        Ok(Part {
            analytic: part.analytic,
            key: u64::from_str_radix(&part.key, 16).map_err(|_| wrong())?,
            bytes: bytes.collect::<Option<_>>().ok_or_else(wrong)?,
        })
    };
    list.iter().map(part).collect()
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    // Strings, integers and lists of them: this cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

#[derive(DeriveSerialize, Deserialize)]
struct PartJson {
    analytic: String,
    key: String,
    bytes: String,
}

struct SeenJson<'s>(&'s Seen);

/// Writes the fields of an event into a map that has begun.
macro_rules! entries {
    (($map:expr, $event:expr) $($field:ident)+) => {
        $(if !Field::is_absent(&$event.$field) {
            $map.serialize_entry(stringify!($field), &Json(&$event.$field))?;
        })+
    };
}

impl Serialize for SeenJson<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(None)?;
        map.serialize_entry("record", &self.0.record)?;
        map.serialize_entry("analytics", &self.0.analytics)?;
        event_fields!(entries, map, self.0.event);
        map.end()
    }
}

struct DescriptorJson<'d>(&'d Descriptor);

/// Writes the fields of a descriptor.
macro_rules! descriptor {
    (($map:expr, $descriptor:expr) $($field:ident)+) => {
        $($map.serialize_entry(stringify!($field), &Described(&$descriptor.$field))?;)+
    };
}

impl Serialize for DescriptorJson<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(None)?;
        descriptor_fields!(descriptor, map, self.0);
        map.end()
    }
}

/// A field of a descriptor.
struct Described<'f, F>(&'f F);

macro_rules! described {
    ($($type:ty: |$value:ident, $out:ident| $write:expr;)+) => { $(
        impl Serialize for Described<'_, $type> {
            fn serialize<S: Serializer>(&self, $out: S) -> Result<S::Ok, S::Error> {
                let $value = self.0;
                $write
            }
        }
    )+ };
}

/// Writes a list whose items are written by `Described`.
fn list<'f, F: 'f, S: Serializer>(items: &'f [F], out: S) -> Result<S::Ok, S::Error>
where
    Described<'f, F>: Serialize,
{
    let mut list = out.serialize_seq(Some(items.len()))?;
    for item in items {
        list.serialize_element(&Described(item))?;
    }
    list.end()
}

described! {
    String: |text, out| out.serialize_str(text);
    Vec<String>: |texts, out| texts.serialize(out);
    Vec<Source>: |sources, out| list(sources, out);
    Vec<Need>: |needs, out| list(needs, out);
    Source: |source, out| {
        let mut map = out.serialize_map(None)?;
        map.serialize_entry("provider", source.provider)?;
        map.serialize_entry("codes", source.codes)?;
        map.end()
    };
    Advice: |advice, out| {
        let mut map = out.serialize_map(None)?;
        map.serialize_entry("providers", advice.providers)?;
        map.serialize_entry("text", advice.text)?;
        map.end()
    };
    Need: |need, out| {
        let mut map = out.serialize_map(None)?;
        map.serialize_entry("name", need.name)?;
        map.serialize_entry("outcomes", &need.outcomes.iter().map(|outcome| outcome.as_str()).collect::<Vec<_>>())?;
        map.serialize_entry("fields", need.fields)?;
        if let Some(loses) = need.loses {
            map.serialize_entry("loses", loses)?;
        }
        map.serialize_entry("collect", &need.collect.iter().map(Described).collect::<Vec<_>>())?;
        map.end()
    };
}

/// Exports an analytic, or a suite, as the class `Detector` of this module.
#[doc(hidden)]
#[macro_export]
macro_rules! browser_face {
    ($analytics:ty) => {
        // The attributes below look for their crate by this name.
        use $crate::browser::wasm_bindgen::{self, JsError, prelude::wasm_bindgen};

        /// Configured analytics and the state of their windows. Times are microseconds since 1970-01-01T00:00:00Z, so
        /// `1000 * Date.now()`. A batch is UTF-8 bytes: whole records, each with a newline behind it.
        #[wasm_bindgen(wasm_bindgen = $crate::browser::wasm_bindgen)]
        pub struct Detector {
            detector: $crate::engine::detector::Detector<$analytics>,
            notes: Vec<String>,
        }

        #[wasm_bindgen(wasm_bindgen = $crate::browser::wasm_bindgen)]
        impl Detector {
            /// A detector for `config`, a JSON object (the empty string: the defaults). `seed` places entries in hash
            /// tables and changes nothing else; draw it at random where others choose the log's content.
            ///
            /// Throws an `Error` that names each option that is wrong, its value and the allowed values.
            #[wasm_bindgen(constructor)]
            pub fn create(config: &str, seed: u64) -> Result<Detector, JsError> {
                let detector = $crate::engine::detector::Detector::create(config, seed)
                    .map_err($crate::browser::error)?;
                Ok(Self { detector, notes: Vec::new() })
            }

            /// A detector that goes on where `snapshot` was taken; `notes` then says which state was dropped because the
            /// configuration has changed. Throws where the constructor does, and for a snapshot that is damaged or
            /// another analytic's.
            pub fn restore(config: &str, seed: u64, snapshot: &[u8]) -> Result<Detector, JsError> {
                let (detector, notes) = $crate::engine::detector::Detector::restore(config, seed, snapshot)
                    .map_err($crate::browser::error)?;
                Ok(Self { detector, notes })
            }

            /// The descriptions of the analytics, as a JSON list with the fields of the contract's `descriptor`.
            pub fn describe() -> String {
                let list = $crate::engine::detector::Detector::<$analytics>::describe();
                $crate::browser::descriptors(list)
            }

            /// The state that `restore` dropped because the configuration has changed.
            #[wasm_bindgen(getter)]
            pub fn notes(&self) -> Vec<String> {
                self.notes.clone()
            }

            /// Strings, compared without ASCII case, of which any record that can matter contains at least one. All
            /// other records may be kept away from `process`, but for their newlines: this changes no alert. Empty: all
            /// may matter.
            pub fn needles(&self) -> Vec<String> {
                self.detector.needles()
            }

            /// Reads a batch that was received at `received` and returns its alerts, each as JSON. `written` is when the
            /// file was last written, for stored logs alone; `first` is the number of the first record.
            pub fn process(
                &mut self,
                batch: &[u8],
                received: f64,
                written: Option<f64>,
                first: Option<f64>,
            ) -> Result<Vec<String>, JsError> {
                let reading = $crate::browser::reading(received, written, first)?;
                Ok($crate::browser::alerts(self.detector.process(batch, reading)))
            }

            /// The events of a batch, each as JSON. Changes no state.
            pub fn decode(
                &self,
                batch: &[u8],
                received: f64,
                written: Option<f64>,
                first: Option<f64>,
            ) -> Result<Vec<String>, JsError> {
                let reading = $crate::browser::reading(received, written, first)?;
                Ok($crate::browser::events(self.detector.decode(batch, reading)))
            }

            /// Reads a batch as `process` does, and returns what became of each event for each of its keys, and why,
            /// each as JSON; alerts are among these notes.
            pub fn explain(
                &mut self,
                batch: &[u8],
                received: f64,
                written: Option<f64>,
                first: Option<f64>,
            ) -> Result<Vec<String>, JsError> {
                let reading = $crate::browser::reading(received, written, first)?;
                Ok($crate::browser::each(&self.detector.explain(batch, reading)))
            }

            /// Nothing came for `idle` microseconds: the alerts that waited for the time, each as JSON.
            pub fn elapse(&mut self, idle: f64) -> Result<Vec<String>, JsError> {
                let idle = $crate::browser::span(idle)?;
                Ok($crate::browser::alerts(self.detector.elapse(idle)))
            }

            /// Ends a finite input: all alerts that still wait, each as JSON.
            pub fn flush(&mut self) -> Vec<String> {
                $crate::browser::alerts(self.detector.flush())
            }

            /// The state, for `restore`: the same bytes on every host.
            pub fn snapshot(&self) -> Vec<u8> {
                self.detector.snapshot()
            }

            /// Counters and the size of the state, of each analytic, as JSON.
            pub fn stats(&self) -> Vec<String> {
                $crate::browser::each(&self.detector.stats())
            }

            /// The first record of each kind of trouble since this was last asked, each as JSON.
            pub fn problems(&mut self) -> Vec<String> {
                $crate::browser::each(&self.detector.problems())
            }

            /// Reads a batch, but judges nothing: each event for each analytic that reads it, as JSON for `judge`.
            pub fn route(
                &mut self,
                batch: &[u8],
                received: f64,
                written: Option<f64>,
                first: Option<f64>,
            ) -> Result<Vec<String>, JsError> {
                let reading = $crate::browser::reading(received, written, first)?;
                Ok($crate::browser::parts(self.detector.route(batch, reading)))
            }

            /// Judges parts that `route` returned, here or elsewhere, in their order: their alerts, each as JSON.
            pub fn judge(&mut self, parts: Vec<String>, received: f64) -> Result<Vec<String>, JsError> {
                let reading = $crate::browser::reading(received, None, None)?;
                let parts = $crate::browser::parts_of(&parts)?;
                Ok($crate::browser::alerts(self.detector.judge(&parts, reading)))
            }
        }
    };
}
