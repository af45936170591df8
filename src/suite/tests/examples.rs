//! The example configurations of each analytic, `src/analytics/<id>/examples/*.toml`, are valid.

use authsieve_engine::analytic::Analytic;
use authsieve_engine::detector::{Analytics, Detector};
use authsieve_suite::{Suite, by_id};
use std::fs;
use std::path::Path;

/// The problem of a configuration, if there is one.
fn problem<A: Analytic>(config: &str) -> Option<String> {
    Detector::<A>::create(config, 0).err().map(|why| why.to_string())
}

#[test]
fn the_examples_of_each_analytic_are_valid() {
    for id in Suite::IDS {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../analytics").join(id).join("examples");
        let files = fs::read_dir(&examples).unwrap_or_else(|why| panic!("{}: {why}", examples.display()));
        let mut count = 0;
        for file in files {
            let path = file.unwrap().path();
            let options: toml::Table = toml::from_str(&fs::read_to_string(&path).unwrap())
                .unwrap_or_else(|why| panic!("{}: {why}", path.display()));
            let config = serde_json::to_string(&options).unwrap();
            assert_eq!(by_id!(*id, problem(&config)), None, "{}", path.display());
            count += 1;
        }
        assert!(count >= 2, "{id}: {count} examples; expected at least 2");
    }
}
