//! Tests that commands read compressed files, archives and folders, and refuse others.

use crate::packed::{bzip2, gzip, tar, xz, zip, zstd};
use crate::shell::{ATTACK, RECEIVED, Shell, alerts};
use std::fs;

#[test]
fn packed_files_and_folders_say_what_the_log_says() {
    let shell = Shell::new();
    let log = shell.write("auth.log", ATTACK);
    let run = |input: &str| {
        let said = shell.run(&["run", "-q", "-a", "an1276", RECEIVED, input]);
        assert_eq!(said.status, Some(0), "{input}: {}", said.err);
        let mut alerts = alerts(&said);
        assert_eq!(alerts.len(), 1, "{input}: {}", said.err);
        // The file has another name.
        alerts[0].as_object_mut().unwrap().remove("origin");
        alerts
    };
    let wanted = run("auth.log");
    let folder = shell.folder.path().join("logs/below");
    fs::create_dir_all(&folder).unwrap();
    fs::rename(log, folder.join("auth.log")).unwrap();
    assert_eq!(run("logs"), wanted);
    for (name, bytes) in [
        ("auth.log.bz2", bzip2(ATTACK.as_bytes())),
        ("auth.log.xz", xz(ATTACK.as_bytes())),
        ("auth.zip", zip("auth.log", ATTACK.as_bytes())),
        ("logs.tar", tar(&[("var/log/auth.log", ATTACK.as_bytes())])),
        ("logs.tar.gz", gzip(&tar(&[("var/log/auth.log", ATTACK.as_bytes())]))),
        ("logs.tar.bz2", bzip2(&tar(&[("auth.log.gz", &gzip(ATTACK.as_bytes()))]))),
    ] {
        fs::write(shell.folder.path().join(name), bytes).unwrap();
        assert_eq!(run(name), wanted, "{name}");
    }
    let piped = shell.run_with_stdin(&["run", "-q", "-a", "an1276", RECEIVED], &gzip(ATTACK.as_bytes()));
    assert_eq!(alerts(&piped).len(), 1, "{}", piped.err);
}

#[test]
fn what_is_no_log_or_ends_early_is_a_failure() {
    let shell = Shell::new();
    let packed = gzip(&ATTACK.repeat(100).into_bytes());
    let random: Vec<u8> = packed.iter().map(|byte| byte.wrapping_mul(31).rotate_left(3)).collect();
    let text = ATTACK.repeat(100);
    let cut = |mut bytes: Vec<u8>| {
        bytes.truncate(bytes.len() - 9);
        bytes
    };
    let (bz2, xz, zst) = (cut(bzip2(text.as_bytes())), cut(xz(text.as_bytes())), cut(zstd(text.as_bytes())));
    let (zip, tar) = (cut(zip("auth.log", text.as_bytes())), tar(&[("auth.log", text.as_bytes())]));
    for (name, bytes, why) in [
        ("auth.log.gz", &packed[..packed.len() - 9], "auth.log.gz"),
        ("auth.log.bz2", &bz2, "auth.log.bz2"),
        ("auth.log.xz", &xz, "auth.log.xz"),
        ("auth.log.zst", &zst, "auth.log.zst"),
        ("auth.zip", &zip, "auth.zip"),
        ("logs.tar", &tar[..tar.len() / 2], "logs.tar"),
        ("random", &random[..], "this is no log"),
        ("empty.gz", b"", "ends early"),
        ("a.evtx", b"ElfFile\0\0\0", "ends early"),
        ("frame.zst", b"\x50\x2A\x4D\x18\x09\x00\x00\x00xyz", "end early"),
    ] {
        fs::write(shell.folder.path().join(name), bytes).unwrap();
        for command in ["run", "decode", "explain"] {
            for order in ["time", "given"] {
                let said = shell.run(&[command, "-a", "an1276", RECEIVED, "--order", order, name]);
                assert!(said.status == Some(1) && said.err.contains(why), "{command} {name}: {}", said.err);
            }
        }
    }
    fs::create_dir(shell.folder.path().join("empty")).unwrap();
    let said = shell.run(&["run", "-a", "an1276", "empty"]);
    assert!(said.status == Some(1) && said.err.contains("there is no file in this folder"), "{}", said.err);
}
