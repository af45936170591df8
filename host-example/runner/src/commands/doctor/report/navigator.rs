//! Writes the techniques that can be detected in a feed, as a layer of MITRE's ATT&CK Navigator.

use super::Examination;
use crate::output::attack;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The score of a technique that can be detected.
const SEEN: u32 = 100;
/// The score of a technique that the analytics know, but cannot detect in this feed.
const UNSEEN: u32 = 0;

/// The layer, in version 4.5 of its format. The score of a technique is 100 if an analytic that names it can fire with
/// this feed, else 0. The comment names these analytics, and says why others cannot fire.
pub fn layer(found: &Examination) -> Value {
    let mut techniques: BTreeMap<&str, (u32, Vec<String>)> = BTreeMap::new();
    for patient in &found.patients {
        let readiness = patient.intake.readiness();
        for id in &patient.techniques {
            let (score, comments) = techniques.entry(id).or_insert((UNSEEN, Vec::new()));
            if readiness.can_fire {
                *score = SEEN;
                comments.push(format!("{} can fire", patient.id));
            } else {
                comments.push(format!("{} cannot fire: {}", patient.id, readiness.why.join("; ")));
            }
        }
    }
    let each = techniques.iter().map(|(id, (score, comments))| {
        json!({
            "techniqueID": id,
            "score": score,
            "comment": comments.join("\n"),
            "enabled": true,
            "showSubtechniques": true,
            "metadata": attack::technique(id).map(|known| json!([{ "name": "technique", "value": known.name }])).unwrap_or_else(|| json!([])),
        })
    });
    json!({
        "name": "authsieve: what can fire with this feed",
        "description": "Made by `authsieve doctor --navigator`.",
        "domain": "enterprise-attack",
        "versions": { "attack": "17", "navigator": "5.1.0", "layer": "4.5" },
        "gradient": { "colors": ["#ff6666", "#8ec843"], "minValue": UNSEEN, "maxValue": SEEN },
        "legendItems": [
            { "label": "can fire", "color": "#8ec843" },
            { "label": "cannot fire with this feed", "color": "#ff6666" },
        ],
        "techniques": each.collect::<Vec<_>>(),
    })
}
