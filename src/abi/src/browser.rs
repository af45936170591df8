//! The browser face: the detector as a JavaScript class.
//!
//! `wasm_bindgen` takes no generic types. So [`browser_face`](crate::browser_face) writes out the class in the crate
//! of the analytic, and this module holds its parts. JavaScript gets JSON text with the field names and the order of
//! the contract, without absent fields. Alerts are the same bytes as on every other host.

use authsieve_engine::alert::Alert;
use authsieve_engine::detector::{Advice, Descriptor, Error, Need, Part, Reading, Seen, Source};
use authsieve_engine::fields::{Field, Json};
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::{descriptor_fields, event_fields};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde::{Deserialize, Serialize as DeriveSerialize};
pub use wasm_bindgen;
use wasm_bindgen::JsError;

/// An error of the engine as a JavaScript `Error` with the same text.
pub fn error(error: Error) -> JsError {
    JsError::new(&error.to_string())
}

/// Reads a JavaScript number of microseconds. Exact until the year 2255.
///
/// # Errors
/// When the number is not a whole one in that range. JavaScript passes `NaN` for a forgotten argument.
fn micros(micros: f64) -> Result<i64, JsError> {
    if micros.fract() == 0.0 && micros.abs() <= 9_007_199_254_740_991.0 {
        Ok(micros as i64)
    } else {
        Err(JsError::new(&format!(
            "{micros} is no time: expected whole microseconds since 1970-01-01T00:00:00Z"
        )))
    }
}

/// Makes the reading of a batch from JavaScript numbers.
///
/// # Errors
/// For a number that is not a time, or not the number of a record.
pub fn reading(received: f64, written: Option<f64>, first: Option<f64>) -> Result<Reading, JsError> {
    let first = first.unwrap_or(0.0);
    let number = u64::try_from(micros(first)?);
    Ok(Reading {
        received: Timestamp(micros(received)?),
        written: written.map(micros).transpose()?.map(Timestamp),
        first: number.map_err(|_| JsError::new(&format!("{first} is no number of a record")))?,
    })
}

/// Makes a span of time from a JavaScript number of microseconds.
///
/// # Errors
/// For a number that is not whole.
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

/// The JSON of each event, with its record and the analytics that read it.
pub fn events(list: Vec<Seen>) -> Vec<String> {
    list.iter().map(|seen| json(&SeenJson(seen))).collect()
}

/// The JSON of the descriptors, as one list.
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

/// Reads the JSON of parts.
///
/// # Errors
/// For text that [`parts`] did not write.
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
    // The value holds only strings, integers and lists of them, so this cannot fail.
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

/// Writes a list, each item as a `Described`.
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

        /// Configured analytics and the state of their windows. Times are microseconds since 1970-01-01T00:00:00Z:
        /// now is `1000 * Date.now()`. A batch is UTF-8 bytes: whole records, each with a newline after it.
        #[wasm_bindgen(wasm_bindgen = $crate::browser::wasm_bindgen)]
        pub struct Detector {
            detector: $crate::engine::detector::Detector<$analytics>,
            notes: Vec<String>,
        }

        #[wasm_bindgen(wasm_bindgen = $crate::browser::wasm_bindgen)]
        impl Detector {
            /// Makes a detector for `config`, a JSON object. The empty string stands for the defaults. `seed` places
            /// entries in hash tables and changes nothing else. Draw it at random where others choose the content of
            /// the log.
            ///
            /// Throws an `Error` that names each wrong option, its value and the allowed values.
            #[wasm_bindgen(constructor)]
            pub fn create(config: &str, seed: u64) -> Result<Detector, JsError> {
                let detector = $crate::engine::detector::Detector::create(config, seed)
                    .map_err($crate::browser::error)?;
                Ok(Self { detector, notes: Vec::new() })
            }

            /// Makes a detector that continues from `snapshot`. `notes` then names the state that was dropped because
            /// the configuration has changed. Throws for a wrong configuration, and for a snapshot that is damaged or
            /// of another analytic.
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

            /// Strings. Every record that can matter contains at least one of them, in any ASCII case. You may keep the
            /// other records away from `process`, but not their newlines; no alert changes. An empty list: every record
            /// may matter.
            pub fn needles(&self) -> Vec<String> {
                self.detector.needles()
            }

            /// Reads a batch that was received at `received`, and returns its alerts, each as JSON. `written` is the
            /// time at which the file was last written, for stored logs alone. `first` is the number of the first
            /// record.
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

            /// Reads a batch as `process` does, and returns the effect of each event on each of its keys, with reasons,
            /// each as JSON. The alerts are among these notes.
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

            /// Says that no record came for `idle` microseconds. Returns the alerts that waited for the time, each as
            /// JSON.
            pub fn elapse(&mut self, idle: f64) -> Result<Vec<String>, JsError> {
                let idle = $crate::browser::span(idle)?;
                Ok($crate::browser::alerts(self.detector.elapse(idle)))
            }

            /// Ends a finite input, and returns all alerts that still wait, each as JSON.
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

            /// The first record of each kind of trouble since the last call, each as JSON.
            pub fn problems(&mut self) -> Vec<String> {
                $crate::browser::each(&self.detector.problems())
            }

            /// Reads a batch, but judges nothing. Returns each event for each analytic that reads it, as JSON for
            /// `judge`.
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

            /// Judges parts that `route` returned, here or elsewhere, in their order. Returns their alerts, each as
            /// JSON.
            pub fn judge(&mut self, parts: Vec<String>, received: f64) -> Result<Vec<String>, JsError> {
                let reading = $crate::browser::reading(received, None, None)?;
                let parts = $crate::browser::parts_of(&parts)?;
                Ok($crate::browser::alerts(self.detector.judge(&parts, reading)))
            }
        }
    };
}
