//! Tests of wrong command lines.

use crate::shell::{ATTACK, Shell};

#[test]
fn wrong_usage_is_status_2() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK);
    for (arguments, wanted) in [
        (&["run", "-a", "an9999", "auth.log"][..], "there are: an0454, an1269, an1276, an1521, fls"),
        (&["run"], "FILE"),
        (&["run", "--received", "yesterday", "auth.log"], "RFC 3339"),
        (&["run", "-a", "an1276", "--set", "window=abc", "auth.log"], "window"),
        (&["run", "-a", "an1276", "--set", "window", "auth.log"], "key=value"),
        (&["frobnicate"], "frobnicate"),
    ] {
        let said = shell.run(arguments);
        assert_eq!(said.status, Some(2), "{arguments:?} {}", said.err);
        assert!(said.err.contains(wanted) && said.out.is_empty(), "{arguments:?} {}", said.err);
    }
}
