//! Tests of `completions` and `man`.

use crate::shell::Shell;
use std::fs;
use std::process::Command;

#[test]
fn completions_name_the_commands() {
    let shell = Shell::new();
    for kind in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = shell.run(&["completions", kind]);
        assert_eq!(said.status, Some(0), "{}", said.err);
        for word in ["explain", "doctor", "--follow"] {
            assert!(said.out.contains(word.trim_start_matches("--")), "{kind}: {word}");
        }
    }
    let script = shell.write("completions", shell.run(&["completions", "bash"]).out);
    // bash itself lists what it would complete.
    let asked = "source \"$0\"; COMP_WORDS=(authsieve expl); COMP_CWORD=1; _authsieve authsieve expl authsieve; \
                 echo \"${COMPREPLY[@]}\"";
    let done = Command::new("bash").args(["-c", asked]).arg(&script).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "explain", "{done:?}");
    assert_eq!(shell.run(&["completions", "cmd"]).status, Some(2));
}

#[test]
fn there_is_a_page_for_each_command() {
    let shell = Shell::new();
    let said = shell.run(&["man", "pages"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    let read = |name: &str| fs::read_to_string(shell.folder.path().join("pages").join(name)).unwrap();
    assert!(read("authsieve.1").contains("authsieve\\-run(1)"));
    assert!(read("authsieve-run.1").contains("\\-\\-follow"));
    assert!(read("authsieve-explain.1").contains(".TH"));
}
