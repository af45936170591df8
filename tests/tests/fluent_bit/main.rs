//! Compares the filters for Fluent Bit with the analytics run natively. The filters run under an emulation of
//! `filter_wasm` that is as strict as the agent.

mod annotate;
mod cases;
mod hostile;
mod mangled;
mod mix;
mod native;

use authsieve_components::ALL;
use authsieve_tests::filter_wasm::{Answer, Program};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The time stamp of records, unless a case sets another: 2026-06-01T00:00:00Z.
const STAMP: u32 = 1_780_272_000;

/// Every analytic's filter, by id.
static PROGRAMS: LazyLock<BTreeMap<&str, Program>> =
    LazyLock::new(|| ALL.iter().map(|built| (built.id, Program::new(built.fluent_bit))).collect());

/// The filter of an analytic with a configuration baked into it.
fn baked(id: &str, config: &str) -> Program {
    if config.is_empty() {
        return PROGRAMS[id].clone();
    }
    let built = authsieve_components::get(id).expect("every analytic is built");
    Program::new(&authsieve::bake::write(built.fluent_bit, config, "authsieve").expect("it can be baked"))
}

/// The alerts in an answer of `alerts`. All but the first are in the first one, under `also`.
fn alerts(answer: &Answer) -> Vec<Value> {
    match answer {
        Answer::Dropped => Vec::new(),
        Answer::Same => panic!("`alerts` passed a record"),
        Answer::Object(object) => apart(serde_json::from_slice(object).expect("JSON")),
    }
}

/// An alert, and those under its `also`.
fn apart(mut first: Value) -> Vec<Value> {
    let members = first.as_object_mut().expect("an object");
    let also = match members.remove("also") {
        None => Vec::new(),
        Some(Value::Array(also)) => also,
        Some(other) => panic!("`also` is {other}"),
    };
    [vec![first], also].concat()
}
