//! What hosts load, looked at from outside.

use authsieve_components::{ALL, Component, get};
use wasmparser::{Parser, Payload};

/// Every module that was built: id, face, bytes.
fn modules() -> impl Iterator<Item = (&'static str, &'static str, &'static [u8])> {
    ALL.iter().flat_map(|component| {
        [
            (component.id, "component", component.wasm),
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
    for Component { id, wasm, .. } in ALL {
        let (imports, exports) = outside(wasm);
        assert_eq!(imports, [""; 0], "{id}");
        assert_eq!(exports, ["authsieve:analytic/analytic@0.1.0"], "{id}");
    }
}

#[test]
#[cfg(feature = "browser")]
fn a_browser_module_imports_only_from_its_own_glue() {
    for Component { id, browser_wasm, browser_js, browser_dts, .. } in ALL {
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

#[test]
fn modules_are_small() {
    for (id, face, bytes) in modules() {
        // A browser's also holds what turns alerts into JavaScript's objects.
        let most = if face == "component" { 400_000 } else { 500_000 };
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
