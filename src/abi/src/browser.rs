//! The browser class: the detector as JavaScript sees it.
//!
//! `wasm_bindgen` takes no generic type, so the class itself is written out in the analytic's crate by
//! [`browser_face`](crate::browser_face); what it is made of is here. What JavaScript gets is JSON text with the field
//! names of the contract, in its order, and without what is absent: alerts byte for byte as every host writes them.

use authsieve_engine::{alert::Alert, detector, event, note, time::Timestamp};
use core::net::IpAddr;
use serde::Serialize;
pub use wasm_bindgen;
use wasm_bindgen::JsError;

/// The error of the engine as a JavaScript `Error` of the same words.
pub fn error(error: detector::Error) -> JsError {
    JsError::new(&error.to_string())
}

/// A JavaScript number of microseconds. Exact until the year 2255.
///
/// # Errors
/// When it is no whole number in that range: `NaN` is what JavaScript makes of a forgotten argument.
pub fn timestamp(micros: f64) -> Result<Timestamp, JsError> {
    if micros.fract() == 0.0 && micros.abs() <= 9_007_199_254_740_991.0 {
        Ok(Timestamp(micros as i64))
    } else {
        Err(JsError::new(&format!(
            "{micros} is no time: it takes whole microseconds since 1970-01-01T00:00:00Z"
        )))
    }
}

/// The canonical JSON of each alert.
pub fn alerts(list: Vec<Alert>) -> Vec<String> {
    list.iter().map(Alert::to_json).collect()
}

/// The JSON of each event.
pub fn events(list: Vec<event::Event<'_>>) -> Vec<String> {
    list.iter().map(|event| json(&Event::from(event))).collect()
}

/// The JSON of each note.
pub fn notes(list: Vec<note::Note>) -> Vec<String> {
    list.iter().map(|note| json(&Note::from(note))).collect()
}

/// The JSON of a descriptor.
pub fn descriptor(it: detector::Descriptor) -> String {
    json(&Descriptor {
        id: &it.id,
        name: &it.name,
        version: &it.version,
        description: &it.description,
        techniques: it.techniques.iter().map(AsRef::as_ref).collect(),
        telemetry: it.telemetry.iter().map(AsRef::as_ref).collect(),
        false_positives: it.false_positives.iter().map(AsRef::as_ref).collect(),
        response: it.response.iter().map(AsRef::as_ref).collect(),
        config_schema: &it.config_schema,
        partition_by: it.partition_by.iter().map(AsRef::as_ref).collect(),
    })
}

/// The JSON of the counters.
pub fn stats(it: detector::Stats) -> String {
    json(&Stats {
        records: it.records,
        matched: it.matched,
        malformed: it.malformed,
        oversized: it.oversized,
        late: it.late,
        future: it.future,
        duplicates: it.duplicates,
        keys: it.keys,
        evicted: it.evicted,
        alerts: it.alerts,
        state_bytes: it.state_bytes,
    })
}

fn json(value: &impl Serialize) -> String {
    // Strings, integers and lists of them: this cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

#[derive(Serialize)]
struct Descriptor<'a> {
    id: &'a str,
    name: &'a str,
    version: &'a str,
    description: &'a str,
    techniques: Vec<&'a str>,
    telemetry: Vec<&'a str>,
    false_positives: Vec<&'a str>,
    response: Vec<&'a str>,
    config_schema: &'a str,
    partition_by: Vec<&'a str>,
}

#[derive(Serialize)]
struct Stats {
    records: u64,
    matched: u64,
    malformed: u64,
    oversized: u64,
    late: u64,
    future: u64,
    duplicates: u64,
    keys: u64,
    evicted: u64,
    alerts: u64,
    state_bytes: u64,
}

#[derive(Serialize)]
struct Event<'a> {
    time: String,
    outcome: &'a str,
    count: u32,
    signal: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    user: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    domain: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    src_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "str::is_empty")]
    src_name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    tty: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    user_agent: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    service: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    host: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    #[serde(skip_serializing_if = "str::is_empty")]
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    logon_type: Option<u32>,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason_text: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    application: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    status: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    device: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    os: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    transaction: &'a str,
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    credential: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<String>,
    shape: &'a str,
    provider: &'a str,
}

impl<'a> From<&'a event::Event<'_>> for Event<'a> {
    fn from(it: &'a event::Event<'_>) -> Self {
        Self {
            time: it.time.to_rfc3339(),
            outcome: it.outcome.as_str(),
            count: it.count,
            signal: it.signal.as_str(),
            user: &it.user,
            domain: &it.domain,
            src_ip: it.src_ip,
            src_name: &it.src_name,
            tty: &it.tty,
            user_agent: &it.user_agent,
            service: &it.service,
            host: &it.host,
            pid: it.pid,
            method: &it.method,
            logon_type: it.logon_type,
            reason: &it.reason,
            reason_text: &it.reason_text,
            application: &it.application,
            status: &it.status,
            device: &it.device,
            os: &it.os,
            transaction: &it.transaction,
            credential: it.credential,
            delivery: it.delivery.map(|id| format!("{id:032x}")),
            shape: it.shape.as_str(),
            provider: it.provider.as_str(),
        }
    }
}

#[derive(Serialize)]
struct Note<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<u32>,
    time: String,
    outcome: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    user: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    src_ip: Option<IpAddr>,
    step: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    key: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needed: Option<u32>,
}

impl<'a> From<&'a note::Note> for Note<'a> {
    fn from(it: &'a note::Note) -> Self {
        Self {
            record: it.record,
            time: it.time.to_rfc3339(),
            outcome: it.outcome.as_str(),
            user: &it.user,
            src_ip: it.src_ip,
            step: it.step.as_str(),
            key: &it.key,
            text: &it.text,
            count: it.count,
            needed: it.needed,
        }
    }
}

/// Exports an analytic as the class `Detector` of this module.
#[doc(hidden)]
#[macro_export]
macro_rules! browser_face {
    ($analytic:ty) => {
        // The attributes below look for their crate by this name.
        use $crate::browser::wasm_bindgen::{self, JsError, prelude::wasm_bindgen};

        /// One configured analytic and the state of its windows. Times are microseconds since 1970-01-01T00:00:00Z, so
        /// `1000 * Date.now()`; a batch is UTF-8 bytes, whole records separated by newlines.
        #[wasm_bindgen(wasm_bindgen = $crate::browser::wasm_bindgen)]
        pub struct Detector {
            detector: $crate::engine::detector::Detector<$analytic>,
            notes: Vec<String>,
        }

        #[wasm_bindgen(wasm_bindgen = $crate::browser::wasm_bindgen)]
        impl Detector {
            /// A detector for `config`, a JSON object (the empty string: the defaults). `seed` places entries in hash
            /// tables and changes nothing else; draw it at random where others choose the log's content.
            ///
            /// Throws an `Error` that names the field, the value and what is allowed.
            #[wasm_bindgen(constructor)]
            pub fn create(config: &str, seed: u64) -> Result<Detector, JsError> {
                let detector = $crate::engine::detector::Detector::create(config, seed)
                    .map_err($crate::browser::error)?;
                Ok(Self { detector, notes: Vec::new() })
            }

            /// A detector that goes on where `snapshot` was taken; `notes` then says what a changed configuration made
            /// it drop. Throws where the constructor does, and for a snapshot that is damaged or another analytic's.
            pub fn restore(config: &str, seed: u64, snapshot: &[u8]) -> Result<Detector, JsError> {
                let (detector, notes) = $crate::engine::detector::Detector::restore(config, seed, snapshot)
                    .map_err($crate::browser::error)?;
                Ok(Self { detector, notes })
            }

            /// What this analytic is, as JSON: `id`, `name`, `version`, `description`, `techniques`, `telemetry`,
            /// `false_positives`, `response`, `config_schema`, `partition_by`.
            pub fn describe() -> String {
                $crate::browser::descriptor($crate::engine::detector::Detector::<$analytic>::describe())
            }

            /// What `restore` dropped because the configuration has changed.
            #[wasm_bindgen(getter)]
            pub fn notes(&self) -> Vec<String> {
                self.notes.clone()
            }

            /// Strings, compared without ASCII case, of which any record that can matter contains at least one. Records
            /// without any may be kept away from `process`: it changes no alert. Empty: all may matter.
            pub fn needles(&self) -> Vec<String> {
                self.detector.needles()
            }

            /// Reads a batch that was received at `received` and returns the alerts it raises, each as JSON.
            pub fn process(&mut self, batch: &[u8], received: f64) -> Result<Vec<String>, JsError> {
                let received = $crate::browser::timestamp(received)?;
                Ok($crate::browser::alerts(self.detector.process(batch, received)))
            }

            /// Reads a batch as `process` does, and returns what became of each event for each of its keys, and why, each
            /// as JSON; alerts are among these notes.
            pub fn explain(&mut self, batch: &[u8], received: f64) -> Result<Vec<String>, JsError> {
                let received = $crate::browser::timestamp(received)?;
                Ok($crate::browser::notes(self.detector.explain(batch, received)))
            }

            /// The events of a batch, each as JSON. Changes no state.
            pub fn decode(&self, batch: &[u8], received: f64) -> Result<Vec<String>, JsError> {
                let received = $crate::browser::timestamp(received)?;
                Ok($crate::browser::events(self.detector.decode(batch, received)))
            }

            /// Event time has reached `to` though nothing came: the alerts that waited for it, each as JSON.
            pub fn advance(&mut self, to: f64) -> Result<Vec<String>, JsError> {
                let to = $crate::browser::timestamp(to)?;
                Ok($crate::browser::alerts(self.detector.advance(to)))
            }

            /// The end of a finite input: all alerts that still wait, each as JSON.
            pub fn flush(&mut self) -> Vec<String> {
                $crate::browser::alerts(self.detector.flush())
            }

            /// The state, for `restore`: the same bytes on every host.
            pub fn snapshot(&self) -> Vec<u8> {
                self.detector.snapshot()
            }

            /// Counters and the size of the state, as JSON.
            pub fn stats(&self) -> String {
                $crate::browser::stats(self.detector.stats())
            }
        }
    };
}
