//! The contract is the file that others read first. Every item must be documented, and its records must have the
//! engine's fields in the same order.

use authsieve_engine::alert::Alert;
use authsieve_engine::detector::{Descriptor, Problem, Stats};
use authsieve_engine::event::Event;
use authsieve_engine::note::Note;

fn contract() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit/authsieve.wit");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_item_is_documented() {
    let (mut documented, mut items) = (false, 0);
    for (number, line) in contract().lines().enumerate() {
        let line = line.trim();
        let item = line.starts_with(|c: char| c.is_ascii_lowercase() || c == '%')
            && line.ends_with([',', ';', '{'])
            && !line.starts_with("export ");
        assert!(!item || documented, "wit/authsieve.wit:{}: {line} has no documentation", number + 1);
        items += usize::from(item);
        documented = line.starts_with("///");
    }
    assert!(items > 150, "{items} items found");
}

/// The fields of a record, spelled as in JSON.
fn fields(record: &str) -> Vec<String> {
    let text = contract();
    let head = format!("  record {record} {{\n");
    let body = text.split_once(&head).unwrap_or_else(|| panic!("no record {record}")).1;
    let body = body.split_once("\n  }").expect("it ends").0;
    let field = |line: &str| {
        let (name, _) = line.trim().split_once(": ")?;
        let name = name.strip_prefix('%').unwrap_or(name);
        (!line.trim().starts_with("///")).then(|| name.replace('-', "_"))
    };
    body.lines().filter_map(field).collect()
}

#[test]
fn records_have_the_fields_of_the_engine_in_one_order() {
    assert_eq!(fields("alert"), Alert::FIELDS);
    assert_eq!(fields("note"), Note::FIELDS);
    assert_eq!(fields("stats"), Stats::FIELDS);
    assert_eq!(fields("problem"), Problem::FIELDS);
    assert_eq!(fields("descriptor"), Descriptor::FIELDS);
    // The fields around an event come first.
    assert_eq!(fields("event"), [&["record", "analytics"], Event::FIELDS].concat());
}

#[test]
fn json_has_the_same_order() {
    let json = Alert { user: Some("x".into()), host: Some("y".into()), ..Alert::default() }.to_json();
    let places: Vec<usize> =
        Alert::FIELDS.iter().filter_map(|name| json.find(&format!("\"{name}\":"))).collect();
    assert!(places.len() > 10 && places.is_sorted(), "{json}");
}
