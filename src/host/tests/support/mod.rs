//! Guests that a host must survive.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The component of `hostile.wat`, whose records tell it what to do.
pub fn hostile() -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("authsieve.wit", include_str!("../../../../wit/authsieve.wit")).unwrap();
    let world = resolve.select_world(&[package], Some("detector-component")).unwrap();
    let mut module = wat::parse_str(include_str!("hostile.wat")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
}

/// A component that imports a clock and random numbers.
pub fn importing() -> Vec<u8> {
    wat::parse_str(
        r#"(component
            (import "wasi:clocks/wall-clock@0.2.0" (instance (export "now" (func (result u64)))))
            (import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result u64))))))"#,
    )
    .unwrap()
}

/// A component without imports and exports.
pub fn idle() -> Vec<u8> {
    wat::parse_str("(component)").unwrap()
}
