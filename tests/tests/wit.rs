//! The contract is the one file that others read first: every item of it is documented.

#[test]
fn every_item_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit/authsieve.wit");
    let text = std::fs::read_to_string(path).unwrap();
    let (mut documented, mut items) = (false, 0);
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        let item = line.starts_with(|c: char| c.is_ascii_lowercase() || c == '%')
            && line.ends_with([',', ';', '{'])
            && !line.starts_with("export ");
        assert!(!item || documented, "wit/authsieve.wit:{}: {line} has no documentation", number + 1);
        items += usize::from(item);
        documented = line.starts_with("///");
    }
    assert!(items > 80, "{items} items found");
}
