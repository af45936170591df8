//! The table of analytics in the README is made from their own descriptions.
//!
//! `AUTHSIEVE_UPDATE=1 cargo test -p authsieve-tests --test readme` writes it.

use authsieve_engine::detector::Analytics;
use authsieve_suite::Suite;
use std::{env, fs};

const BEGIN: &str =
    "<!-- analytics: made by `AUTHSIEVE_UPDATE=1 cargo test -p authsieve-tests --test readme` -->\n";
const END: &str = "<!-- end -->";

/// One row for each analytic: its id, its name, its telemetry beside the normalised, its techniques.
fn table() -> String {
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

#[test]
fn the_table_of_analytics_is_theirs() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = fs::read_to_string(path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("README.md: the table of analytics begins");
    let (found, after) = rest.split_once(END).expect("README.md: the table of analytics ends");
    let table = table();
    if env::var_os("AUTHSIEVE_UPDATE").is_some_and(|value| value == "1") {
        fs::write(path, [before, BEGIN, &table, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(found, table);
}
