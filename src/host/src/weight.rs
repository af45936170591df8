//! Finds out how large a component is for compiling, without compiling it.

use crate::engine::Code;
use wasmparser::{Parser, Payload};

/// Refuses a component that is larger than `most`. Bytes that cannot be parsed pass: wasmtime's own error says more.
///
/// # Errors
/// Fails with the part that is too large, and the allowed size.
pub(crate) fn check(wasm: &[u8], most: Code) -> Result<(), String> {
    if wasm.len() > most.component {
        return Err(over("the component", wasm.len(), "bytes", most.component));
    }
    let mut functions = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        let Ok(Payload::CodeSectionEntry(body)) = payload else {
            if payload.is_err() {
                return Ok(());
            }
            continue;
        };
        functions += 1;
        let size = body.range().len();
        if size > most.function {
            return Err(over("a function of the component", size, "bytes", most.function));
        }
        if functions > most.functions {
            return Err(over("the component", functions, "functions or more", most.functions));
        }
    }
    Ok(())
}

fn over(what: &str, count: usize, unit: &str, most: usize) -> String {
    format!("{what} has {count} {unit}, more than the {most} that this host compiles")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Code = Code { component: 4000, function: 300, functions: 5 };

    fn component(functions: usize, size: usize) -> Vec<u8> {
        let body = "nop ".repeat(size);
        let functions = format!("(func {body})").repeat(functions);
        wat::parse_str(format!("(component (core module {functions}) (core module (func)))")).unwrap()
    }

    #[test]
    fn what_is_too_large_is_refused_with_its_size() {
        assert_eq!(check(&component(4, 100), MOST), Ok(()));
        let error = check(&component(1, 500), MOST).unwrap_err();
        assert!(error.starts_with("a function of the component has 50"), "{error}");
        assert!(error.ends_with("bytes, more than the 300 that this host compiles"), "{error}");
        let error = check(&component(5, 1), MOST).unwrap_err();
        assert_eq!(error, "the component has 6 functions or more, more than the 5 that this host compiles");
        let error = check(&[0; 4001], MOST).unwrap_err();
        assert!(error.starts_with("the component has 4001 bytes"), "{error}");
        assert_eq!(check(b"no component", MOST), Ok(()), "wasmtime says why not");
    }

    #[test]
    fn what_is_built_in_is_far_below() {
        let half = Code::default();
        let half = Code {
            component: half.component / 2,
            function: half.function / 2,
            functions: half.functions / 2,
        };
        for component in authsieve_components::ALL {
            assert_eq!(check(component.wasm, half), Ok(()), "{}", component.id);
        }
    }
}
