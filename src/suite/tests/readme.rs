//! Tables in the README that are made from the code. The analytics come from their descriptions, and the supported
//! inputs from the lists of families, formats, carriers and prefixes.
//!
//! `AUTHSIEVE_UPDATE=1 cargo test -p authsieve-suite --test readme` writes them.

use authsieve_engine::carriers::CARRIERS;
use authsieve_engine::carriers::prefix::PREFIXES;
use authsieve_engine::detector::Analytics;
use authsieve_engine::shapes::Family;
use authsieve_framing::Format;
use authsieve_suite::Suite;
use std::{env, fs};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
const MADE_BY: &str = ": made by `AUTHSIEVE_UPDATE=1 cargo test -p authsieve-suite --test readme` -->\n";
const END: &str = "<!-- end -->";

/// One row for each analytic: its id, its name, its telemetry without normalised events, its techniques.
fn analytics() -> String {
    let mut table = String::from("| id | detects | telemetry | ATT&CK |\n|---|---|---|---|\n");
    for about in Suite::describe() {
        let name = about.name.split_once(": ").map_or(about.name.as_str(), |(_, name)| name);
        let head = |text: &String| text.split_once(':').map_or(text.as_str(), |(head, _)| head).to_owned();
        let mut telemetry: Vec<String> = about.telemetry.iter().map(head).collect();
        telemetry.retain(|head| !head.starts_with("ECS") && !head.starts_with("OCSF"));
        telemetry.dedup();
        let (id, telemetry) = (&about.id, telemetry.join(", "));
        let techniques = about.techniques.join(", ");
        table += &format!("| [`{id}`](src/analytics/{id}/) | {name} | {telemetry} | {techniques} |\n");
    }
    table
}

/// A row for each family, format, carrier and prefix.
fn reads() -> String {
    let mut table = String::from("| telemetry | layouts | `shape` |\n|---|---|---|\n");
    // Normalised events come from any provider, so they are last.
    let (normalised, own): (Vec<_>, Vec<_>) = Family::ALL.into_iter().partition(|one| one.is_normalised());
    for family in own.into_iter().chain(normalised) {
        let shapes: Vec<String> = family.shapes().iter().map(|shape| format!("`{shape}`")).collect();
        let layouts = family.layouts().join(", ");
        table += &format!("| {} | {layouts} | {} |\n", family.title(), shapes.join(", "));
    }
    table += "\n| files | |\n|---|---|\n";
    for format in Format::ALL {
        table += &format!("| `{}` | {} |\n", format.name(), format.about());
    }
    table += "\n| carried by | |\n|---|---|\n";
    for carrier in CARRIERS {
        let (name, what) = carrier.name.split_once(": ").unwrap_or((carrier.name, ""));
        table += &format!("| {name} | {what} |\n");
    }
    table += "\n| in front of a line | written by |\n|---|---|\n";
    for (prefix, who) in PREFIXES {
        table += &format!("| `{}` | {who} |\n", prefix.replace('|', "\\|").replace('\t', "⇥"));
    }
    table
}

/// Compares a table with the one in the README, or writes it there.
fn compare(readme: String, name: &str, table: &str) -> String {
    let begin = format!("<!-- {name}{MADE_BY}");
    let (before, rest) = readme.split_once(&begin).unwrap_or_else(|| panic!("README.md: {begin}"));
    let (found, after) = rest.split_once(END).unwrap_or_else(|| panic!("README.md: the end of {name}"));
    if env::var_os("AUTHSIEVE_UPDATE").is_some_and(|value| value == "1") {
        return [before, &begin, table, END, after].concat();
    }
    assert_eq!(found, table, "{name}");
    readme
}

#[test]
fn the_tables_are_those_of_the_code() {
    let before = fs::read_to_string(README).expect("there is a README");
    let readme = compare(before.clone(), "analytics", &analytics());
    let readme = compare(readme, "reads", &reads());
    if readme != before {
        fs::write(README, readme).expect("the README can be written");
    }
}
