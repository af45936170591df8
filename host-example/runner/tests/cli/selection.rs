//! Tests of the selection of analytics and inputs.

use crate::shell::{ATTACK, RECEIVED, Shell, alerts};
use std::fs::File;

#[test]
fn analytics_are_listed_repeated_or_all() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK);
    for (choice, wanted) in [
        (&["-a", "an1276,FLS"][..], &["an1276", "fls"][..]),
        (&["-a", "fls", "-a", "an1276,fls"], &["an1276", "fls"]),
        (&["-a", "all"], &["an0454", "an1269", "an1276", "an1521", "fls"]),
        (&[], &["an0454", "an1269", "an1276", "an1521", "fls"]),
    ] {
        let said = shell.run(&[&["run", RECEIVED, "auth.log"], choice].concat());
        assert_eq!((said.status, alerts(&said).len()), (Some(0), 1), "{choice:?}: {}", said.err);
        let lines = said.err.lines().filter(|line| line.contains(" matched"));
        let summed: Vec<&str> = lines.filter_map(|line| line.split(':').next()).collect();
        assert_eq!(summed, wanted, "{choice:?}: {}", said.err);
    }
}

#[test]
fn ids_stand_without_a_where_nothing_else_could() {
    let shell = Shell::new();
    let ids = |arguments: &[&str]| -> Vec<String> {
        let said = shell.run(&[&["inspect", "--json"], arguments].concat());
        assert_eq!(said.status, Some(0), "{}", said.err);
        alerts(&said).iter().map(|about| about["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&["an1276"]), ["an1276"]);
    assert_eq!(ids(&["an1276,fls"]), ids(&["-a", "an1276", "fls"]));
    assert_eq!(ids(&["all"]), ids(&[]));
    let said = shell.run(&["export", "an1276", "FLS", "out"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    for (name, is_there) in [("an1276.wasm", true), ("fls.wasm", true), ("an1521.wasm", false)] {
        assert_eq!(shell.folder.path().join("out").join(name).exists(), is_there, "{name}");
    }
    let said = shell.run(&["bake", "an1276", "-o", "baked.wasm", "--set", "min_failures=3"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    let said = shell.run(&["inspect", "an9999"]);
    assert!(said.status == Some(2) && said.err.contains("`an9999`"), "{}", said.err);
}

#[test]
fn records_are_piped_in_without_a_name() {
    let shell = Shell::new();
    let log = shell.write("auth.log", ATTACK);
    let piped = shell.run_with_stdin(&["run", "-a", "an1276", RECEIVED], ATTACK.as_bytes());
    assert_eq!((piped.status, alerts(&piped).len()), (Some(0), 1), "{}", piped.err);
    let mut redirected = shell.command(&["run", "-q", "-a", "an1276", RECEIVED]);
    let redirected = redirected.stdin(File::open(log).unwrap()).output().unwrap();
    assert_eq!(String::from_utf8(redirected.stdout).unwrap(), piped.out);
    for command in ["decode", "explain", "doctor"] {
        let said = shell.run_with_stdin(&[command, "-a", "an1276", RECEIVED], ATTACK.as_bytes());
        assert!(said.status == Some(0) && !said.out.is_empty(), "{command}: {}", said.err);
        let said = shell.run(&[command]);
        assert!(said.status == Some(2) && said.err.contains("name a FILE"), "{command}: {}", said.err);
    }
}
