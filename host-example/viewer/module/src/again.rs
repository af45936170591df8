//! Judges the kept records again with another configuration. It is quick, because the records are decoded only once.
//!
//! The first time, the decoded events of the changed analytics are kept ([`Detector::route`]). After that, they are
//! only judged ([`Detector::judge`]).

use crate::describe;
use crate::kept::{Batch, Kept};
use authsieve_engine::alert::Alert;
use authsieve_engine::detector::{Analytics, Detector, Error, Part};
use authsieve_suite::Suite;
use serde_json::{Value, json};

/// The most bytes of decoded events that are kept. Further records are decoded each time.
const MOST: usize = 160 << 20;

/// The state of judging the kept records again.
pub struct Again {
    detector: Detector<Suite>,
    /// The key of the decoded events that it may use.
    key: String,
    place: usize,
    /// The analytics that judge again: the analytics whose options have changed.
    pub analytics: Vec<&'static str>,
}

/// Decoded events of some analytics.
#[derive(Debug, Default)]
pub struct Decoded {
    /// The analytics, and the options that affect decoding.
    key: String,
    batches: Vec<Box<[u8]>>,
    bytes: usize,
}

impl Again {
    /// Begins with another configuration. `base` is the configuration in use.
    ///
    /// # Errors
    /// Fails if the configuration is not valid.
    pub fn new(
        base: &str,
        config: &str,
        decoded: &mut Decoded,
        make: impl Fn(&str) -> Result<Detector<Suite>, Error>,
    ) -> Result<Self, Error> {
        let all = make(config)?;
        let running: Vec<String> = all.stats().into_iter().map(|stats| stats.analytic).collect();
        let runs = |id: &&&str| running.iter().any(|other| other == **id);
        let changed = changed(base, config);
        let analytics: Vec<&'static str> =
            Suite::IDS.iter().filter(runs).filter(|id| changed.contains(id)).copied().collect();
        let narrowed = narrowed(config, &analytics);
        let detector = if analytics.is_empty() { all } else { make(&narrowed)? };
        Ok(Self::with(detector, analytics, config, decoded))
    }

    /// Begins with a detector of these analytics. `config` has the options that affect decoding.
    pub fn with(
        detector: Detector<Suite>,
        analytics: Vec<&'static str>,
        config: &str,
        decoded: &mut Decoded,
    ) -> Self {
        let key = format!("{analytics:?} {}", describe::times(config));
        if decoded.key != key {
            *decoded = Decoded { key: key.clone(), ..Decoded::default() };
        }
        Self { detector, key, place: 0, analytics }
    }

    /// Judges the next kept batch and returns its alerts. After the last batch, returns the waiting alerts, then `None`.
    pub fn next(&mut self, kept: &Kept, decoded: &mut Decoded) -> Option<Vec<Alert>> {
        if self.analytics.is_empty() || self.place > kept.len() {
            return None;
        }
        self.place += 1;
        let Some(batch) = kept.get(self.place - 1) else { return Some(self.detector.flush()) };
        // Another task may have begun with other analytics since.
        let own = decoded.key == self.key;
        let alerts = match decoded.batches.get(self.place - 1).filter(|_| own) {
            Some(packed) => self.detector.judge(&unpacked(packed, &self.analytics), batch.reading),
            None => self.decode(batch, decoded),
        };
        Some(alerts)
    }

    /// The number of batches that were judged.
    #[must_use]
    pub const fn place(&self) -> usize {
        self.place
    }

    fn decode(&mut self, batch: &Batch, decoded: &mut Decoded) -> Vec<Alert> {
        if decoded.key != self.key || decoded.bytes >= MOST || decoded.batches.len() + 1 != self.place {
            return self.detector.process(&batch.bytes, batch.reading);
        }
        let parts = self.detector.route(&batch.bytes, batch.reading);
        let packed = packed(&parts, &self.analytics);
        decoded.bytes += packed.len();
        decoded.batches.push(packed);
        self.detector.judge(&parts, batch.reading)
    }
}

/// Packs the parts one after the other: the position of the analytic, the length, the bytes.
fn packed(parts: &[Part], analytics: &[&str]) -> Box<[u8]> {
    let mut out = Vec::with_capacity(parts.iter().map(|part| part.bytes.len() + 5).sum());
    for part in parts {
        let place = analytics.iter().position(|id| *id == part.analytic).unwrap_or(usize::MAX);
        let (Ok(place), Ok(length)) = (u8::try_from(place), u32::try_from(part.bytes.len())) else {
            continue;
        };
        out.push(place);
        out.extend(length.to_le_bytes());
        out.extend_from_slice(&part.bytes);
    }
    out.into()
}

/// Unpacks the parts that [`packed`] packed.
fn unpacked(mut packed: &[u8], analytics: &[&str]) -> Vec<Part> {
    let mut parts = Vec::new();
    while let Some(([place, length @ ..], rest)) = packed.split_first_chunk::<5>() {
        let length = u32::from_le_bytes(*length) as usize;
        let Some((bytes, behind)) = rest.split_at_checked(length) else { break };
        let analytic = analytics.get(usize::from(*place)).copied().unwrap_or_default();
        parts.push(Part { analytic: analytic.into(), key: 0, bytes: bytes.into() });
        packed = behind;
    }
    parts
}

/// The analytics whose options differ between two configurations. All analytics if an option at the top level differs.
fn changed(base: &str, config: &str) -> Vec<&'static str> {
    let object = |text: &str| match serde_json::from_str(text) {
        Ok(Value::Object(object)) => object,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (object(base), object(config));
    let section = |name: &str| Suite::IDS.iter().find(|id| id.eq_ignore_ascii_case(name)).copied();
    let names = before.keys().chain(after.keys()).filter(|name| before.get(*name) != after.get(*name));
    let names: Vec<&String> = names.collect();
    if names.iter().any(|name| section(name).is_none()) {
        return Suite::IDS.to_vec();
    }
    Suite::IDS.iter().filter(|id| names.iter().any(|name| section(name) == Some(**id))).copied().collect()
}

/// The configuration with only these analytics.
pub fn narrowed(config: &str, analytics: &[&str]) -> String {
    let mut config: Value = serde_json::from_str(config).unwrap_or_else(|_| json!({}));
    if let Some(top) = config.as_object_mut() {
        let section = |name: &str| Suite::IDS.iter().any(|id| id.eq_ignore_ascii_case(name));
        let runs = |name: &str| analytics.iter().any(|id| id.eq_ignore_ascii_case(name));
        top.retain(|name, _| !section(name) || runs(name));
        top.insert("analytics".into(), json!(analytics));
    }
    config.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_found() {
        let base = r#"{"an1276":{"min_failures":5},"timezone":"UTC"}"#;
        assert_eq!(changed(base, base), Vec::<&str>::new());
        let other = r#"{"an1276":{"min_failures":6},"timezone":"UTC"}"#;
        assert_eq!(changed(base, other), ["an1276"]);
        assert_eq!(changed(base, r#"{"an1276":{"min_failures":5}}"#), Suite::IDS);
        assert_eq!(changed("", r#"{"FLS":{}}"#), ["fls"]);
        let narrow = narrowed(r#"{"fls":{},"an1276":{},"timezone":"UTC"}"#, &["fls"]);
        let narrow: Value = serde_json::from_str(&narrow).unwrap();
        assert_eq!(narrow, json!({ "analytics": ["fls"], "fls": {}, "timezone": "UTC" }));
    }

    #[test]
    fn parts_come_back_as_they_were() {
        let part =
            |analytic: &str, bytes: &[u8]| Part { analytic: analytic.into(), key: 0, bytes: bytes.into() };
        let parts = [part("fls", b"abc"), part("an1276", b""), part("fls", &[7; 300])];
        let analytics = ["an1276", "fls"];
        assert_eq!(unpacked(&packed(&parts, &analytics), &analytics), parts);
    }
}
