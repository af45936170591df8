use super::*;

const CONFIG: &str = r#"{"min_failures":2}"#;

fn forms() -> [&'static [u8]; 2] {
    let an1276 = authsieve_components::get("an1276").expect("it is built in");
    [an1276.fluent_bit, an1276.wasm]
}

#[test]
fn what_is_written_is_read() {
    for wasm in forms() {
        let plain = read(wasm).unwrap();
        assert_eq!((&*plain.id, &*plain.version), ("an1276", env!("CARGO_PKG_VERSION")));
        assert_eq!((&*plain.config, &*plain.key), ("", "authsieve"));
        let baked = write(wasm, CONFIG, "alert").unwrap();
        assert_eq!(read(&baked).unwrap(), Baked { config: CONFIG.into(), key: "alert".into(), ..plain });
        wasmparser::Validator::new().validate_all(&baked).unwrap();
    }
}

#[test]
fn baking_again_leaves_nothing_of_the_first_time() {
    for wasm in forms() {
        let once = write(wasm, CONFIG, "alert").unwrap();
        let long = write(wasm, &"x".repeat(200_000), "another").unwrap();
        assert_eq!(write(&long, CONFIG, "alert").unwrap(), once);
    }
}

#[test]
fn the_module_itself_judges_what_was_baked() {
    let engine = crate::engine();
    for wasm in forms() {
        check(&engine, "an1276", wasm).unwrap();
        check(&engine, "an1276", &write(wasm, CONFIG, "alert").unwrap()).unwrap();
        let error =
            check(&engine, "an1276", &write(wasm, r#"{"min_failures":0}"#, "x").unwrap()).unwrap_err();
        let StartError::Config(why) = error else { panic!("{error}") };
        assert_eq!(
            why,
            "out-of-range\tmin_failures\t0 is out of range; expected a whole number from 1 to 1000"
        );
    }
}

#[test]
fn a_component_goes_by_what_was_baked_unless_it_is_told_otherwise() {
    let engine = crate::engine();
    let [_, wasm] = forms();
    let analytic = Analytic::load(&engine, "an1276", &write(wasm, CONFIG, "x").unwrap()).unwrap();
    let log: String = (0..3)
        .map(|n| {
            let word = if n < 2 { "Failed" } else { "Accepted" };
            format!("2026-03-01T10:00:0{n}Z web1 sshd[17]: {word} password for root from 192.0.2.7 port 4711 ssh2\n")
        })
        .collect();
    let alerts = |config: &str| {
        let mut detector = analytic.create(config, 0).unwrap();
        detector.process(log.as_bytes(), 1_800_000_000_000_000).unwrap().len()
    };
    assert_eq!((alerts(""), alerts("{}")), (1, 0));
}

#[test]
fn what_cannot_be_baked_is_refused() {
    let [filter, component] = forms();
    let foreign = wat::parse_str("(module (memory 1) (data (i32.const 0) \"x\"))").unwrap();
    for wasm in [&b""[..], b"\0asm", b"not wasm", &foreign, &filter[..filter.len() / 2], &component[..1000]] {
        assert!(read(wasm).is_err() && write(wasm, CONFIG, "x").is_err());
    }
    assert!(filter_exports(filter).unwrap().contains(&"annotate".into()));
    assert!(filter_exports(&foreign).unwrap_err().to_string().contains("no filter for Fluent Bit"));
}
