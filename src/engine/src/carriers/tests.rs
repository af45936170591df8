use super::CARRIERS;
use crate::envelope::tests::all;
use std::string::String;
use std::vec::Vec;

/// The words of a result, without `-`.
fn words(said: &str) -> Vec<&str> {
    said.split_whitespace().filter(|word| *word != "-").collect()
}

#[test]
fn each_carrier_is_read_as_its_example_says() {
    for carrier in CARRIERS {
        let said: Vec<String> = all(&carrier.example.replace("TEXT", "hi"));
        assert_eq!(said.len(), 1, "{}", carrier.name);
        let text = if carrier.example.contains("TEXT") { "hi" } else { "" };
        assert_eq!(words(&said[0]), words(&std::format!("{} {text}", carrier.says)), "{}", carrier.name);
    }
}
