//! Checks the modules from outside, as hosts see them.

#[path = "../build/agent.rs"]
mod agent;

use authsieve_components::{ALL, Component, SUITE, get};
use wasmparser::{ExternalKind, Parser, Payload, ValType};

/// The analytics, and the suite.
fn every() -> impl Iterator<Item = &'static Component> {
    ALL.iter().chain([&SUITE])
}

/// Every module that was built: id, face, bytes.
fn modules() -> impl Iterator<Item = (&'static str, &'static str, &'static [u8])> {
    every().flat_map(|component| {
        [
            (component.id, "component", component.wasm),
            (component.id, "fluent-bit", component.fluent_bit),
            #[cfg(feature = "browser")]
            (component.id, "browser", component.browser_wasm),
        ]
    })
}

/// Imports and exports of a component itself, not of what is nested in it.
fn outside(wasm: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0);
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.expect("a valid component") {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                imports.extend(
                    section.into_iter().map(|import| import.expect("an import").name.name.to_owned()),
                );
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                exports.extend(
                    section.into_iter().map(|export| export.expect("an export").name.name.to_owned()),
                );
            }
            _ => {}
        }
    }
    (imports, exports)
}

#[test]
fn a_component_exports_the_contract_and_imports_nothing() {
    for Component { id, wasm, .. } in every() {
        let (imports, exports) = outside(wasm);
        assert_eq!(imports, [""; 0], "{id}");
        assert_eq!(exports, ["authsieve:analytic/analytic@0.2.0"], "{id}");
    }
}

#[test]
#[cfg(feature = "browser")]
fn a_browser_module_imports_only_from_its_own_glue() {
    for Component { id, browser_wasm, browser_js, browser_dts, .. } in every() {
        let glue = format!("./{id}_browser_bg.js");
        for payload in Parser::new(0).parse_all(browser_wasm) {
            if let Payload::ImportSection(section) = payload.expect("a valid module") {
                for import in section.into_imports() {
                    assert_eq!(import.expect("an import").module, glue);
                }
            }
        }
        assert!(
            browser_js.contains(&format!("{id}_browser_bg.wasm")),
            "{id}: the name it loads is documented"
        );
        for needle in ["import ", "require("] {
            assert!(!browser_js.lines().any(|line| line.starts_with(needle)), "{id}: the glue stands alone");
        }
        assert!(browser_dts.contains("export class Detector"), "{id}");
    }
}

/// The functions that a core module exports, with the number of parameters and results. All have 32 bits.
fn functions(wasm: &[u8]) -> Vec<(String, usize, usize)> {
    let (mut types, mut of, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.expect("a valid module") {
            Payload::TypeSection(section) => {
                types.extend(section.into_iter_err_on_gc_types().map(|ty| ty.expect("a function's type")));
            }
            Payload::FunctionSection(section) => {
                of.extend(section.into_iter().map(|ty| ty.expect("a type's number") as usize));
            }
            Payload::ExportSection(section) => {
                for export in section.into_iter().map(|export| export.expect("an export")) {
                    if export.kind != ExternalKind::Func {
                        continue;
                    }
                    // The module imports nothing, so its own functions are counted from 0.
                    let ty = &types[of[export.index as usize]];
                    let all = [ty.params(), ty.results()].concat();
                    assert!(all.iter().all(|value| *value == ValType::I32), "{}: {all:?}", export.name);
                    found.push((export.name.to_owned(), ty.params().len(), ty.results().len()));
                }
            }
            _ => {}
        }
    }
    found.sort();
    found
}

#[test]
fn a_filter_asks_the_agent_for_nothing_it_has_not() {
    for Component { id, fluent_bit, .. } in every() {
        assert_eq!(agent::check(fluent_bit), Ok(()), "{id}");
        let wanted =
            [("alerts", 6, 1), ("annotate", 6, 1), ("check", 0, 1), ("free", 1, 0), ("malloc", 1, 1)];
        let wanted = wanted.map(|(name, parameters, results)| (name.to_owned(), parameters, results));
        assert_eq!(functions(fluent_bit), wanted, "{id}");
        let memories = Parser::new(0).parse_all(fluent_bit).filter_map(|payload| match payload {
            Ok(Payload::MemorySection(section)) => section.into_iter().next()?.ok(),
            _ => None,
        });
        let memories: Vec<_> = memories.collect();
        assert!(matches!(memories[..], [memory] if !memory.shared && !memory.memory64), "{id}: {memories:?}");
    }
}

#[test]
fn what_the_agent_would_refuse_is_refused() {
    let vectors =
        b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x09\x01\x07\0\x41\0\xfd\x0f\x1a\x0b";
    let why = agent::check(vectors).expect_err("vectors");
    assert!(why.contains("SIMD"), "{why}");
    let import = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x07\x01\x01a\x01b\0\0";
    let why = agent::check(import).expect_err("an import");
    assert!(why.contains("imports"), "{why}");
    let shared = b"\0asm\x01\0\0\0\x05\x04\x01\x03\x01\x01";
    agent::check(shared).expect_err("memory of several threads");
    let tail = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x06\x01\x04\0\x12\0\x0b";
    agent::check(tail).expect_err("a tail call");
    assert_eq!(agent::check(b"\0asm\x01\0\0\0"), Ok(()));
}

#[test]
fn modules_are_small() {
    for (id, face, bytes) in modules() {
        // A browser's module also turns alerts into JSON.
        let most = match (id, face) {
            ("suite", "browser") => 1_100_000,
            ("suite", _) => 1_100_000,
            (_, "browser") => 780_000,
            // An interpreter runs it, so it is made for speed.
            (_, "fluent-bit") => 660_000,
            _ => 640 << 10,
        };
        assert!(bytes.len() < most, "{id}, {face}: {} bytes", bytes.len());
        println!("{id}, {face}: {} bytes", bytes.len());
    }
}

#[test]
fn modules_do_not_tell_where_they_were_built() {
    let home = std::env::home_dir().expect("a home");
    let here =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace");
    for path in [home.join(".cargo"), here] {
        let path = path.to_str().expect("UTF-8").as_bytes();
        for (id, face, bytes) in modules() {
            assert!(!bytes.windows(path.len()).any(|window| window == path), "{id}, {face}");
        }
    }
}

#[test]
fn analytics_are_found_by_id_whatever_its_case() {
    for component in ALL {
        let found = get(&component.id.to_uppercase()).expect("it is there");
        assert_eq!(found.id, component.id);
    }
    assert!(get("an127").is_none());
    assert!(get("").is_none());
}
