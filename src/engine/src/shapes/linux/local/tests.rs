use crate::shapes::linux::tests::read;

fn all(program: &str, cases: &[(&str, &str)]) {
    for (message, said) in cases {
        assert_eq!(read(program, message), *said, "{message}");
    }
}

#[test]
fn su_by_both_writers() {
    all(
        "su",
        &[
            ("FAILED SU (to root) alice on pts/0", "failure failed [root] local pts/0"),
            ("(to root) alice on pts/0", "success attempt [root] local pts/0"),
            ("(to root) alice on /dev/tty1", "success attempt [root] local tty1"),
            ("(to root) alice on none", "nothing"),
            ("FAILED SU (to x) bob on pts/9) alice on pts/0", "failure failed [x) bob on pts/9] local pts/0"),
            ("FAILED su for root by alice", "failure failed [root] local "),
            ("Successful su for root by alice", "success attempt [root] local "),
            ("- pts/0 alice:root", "failure weak [root] local pts/0"),
            ("+ /dev/pts/0 alice:root", "success attempt [root] local pts/0"),
            ("+ ??? root:nobody", "nothing"),
            ("+ pts/0", "nothing"),
            ("pam_authenticate: Authentication failure", "nothing"),
        ],
    );
}

#[test]
fn sudo_is_about_its_caller() {
    all(
        "sudo",
        &[
            (
                "   alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/ls",
                "success attempt [alice] local pts/0",
            ),
            (
                "alice : HOST=web ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
                "success attempt [alice] local pts/0",
            ),
            (
                "www : TTY=unknown ; PWD=/ ; USER=root ; COMMAND=/bin/ls TTY=pts/3 ;",
                "success attempt [www] local ",
            ),
            (
                "alice : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/su",
                "failure failed x3 [alice] local pts/0",
            ),
            (
                "alice : 1 incorrect password attempt ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=x",
                "failure failed [alice] local pts/0",
            ),
            ("alice : a password is required ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=x", "nothing"),
            ("alice : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=x", "nothing"),
            ("alice : command not allowed ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=x", "nothing"),
            ("alice : (command continued) x ; TTY=pts/0 ; PWD=/ ; 3 incorrect password attempts", "nothing"),
            ("alice : PWD=/ ; USER=root ; COMMAND=x TTY=pts/0 ;", "nothing"),
            ("alice bob : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=x", "nothing"),
        ],
    );
}

#[test]
fn login_by_both_writers() {
    all(
        "login",
        &[
            (
                "FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure",
                "failure failed [root] local tty1",
            ),
            (
                "FAILED LOGIN (2) on '/dev/tty1' FOR 'UNKNOWN', Authentication failure",
                "failure failed [] local tty1",
            ),
            (
                "FAILED LOGIN (1) on '/dev/pts/1' from '192.0.2.7' FOR 'root', Authentication failure",
                "failure failed [root] 192.0.2.7",
            ),
            ("FAILED LOGIN 1 FROM (null) FOR root, Authentication failure", "failure failed [root] local "),
            ("FAILED LOGIN 1 FROM tty1 FOR root, Authentication failure", "failure failed [root] local tty1"),
            (
                "FAILED LOGIN 1 FROM host.example FOR root, Authentication failure",
                "failure failed [root] <host.example>",
            ),
            (
                "FAILED LOGIN SESSION FROM tty1 FOR root, Error in service module",
                "failure failed [root] local tty1",
            ),
            // A name that a stranger typed.
            (
                "FAILED LOGIN (1) on '/dev/tty1' FOR 'x' FOR 'y, from '10.0.0.1'', Authentication failure",
                "failure failed [x' FOR 'y, from '10.0.0.1'] local tty1",
            ),
            (
                "FAILED LOGIN 1 FROM tty1 FOR x FROM 10.0.0.1 FOR y, Authentication failure",
                "failure failed [x FROM 10.0.0.1 FOR y] local tty1",
            ),
            ("ROOT LOGIN  on '/dev/tty1'", "success attempt [root] local tty1"),
            ("ROOT LOGIN  on '/dev/pts/1' from '192.0.2.7'", "success attempt [root] 192.0.2.7"),
            ("ROOT LOGIN ON tty1", "success attempt [root] local tty1"),
            ("ROOT LOGIN ON pts/1 FROM 192.0.2.7", "success attempt [root] 192.0.2.7"),
            ("LOGIN ON tty1 BY alice", "success attempt [alice] local tty1"),
            ("LOGIN ON pts/1 BY alice FROM host.example", "success attempt [alice] <host.example>"),
            ("'alice' logged in on '/dev/tty1'", "success attempt [alice] local tty1"),
            ("'alice' logged in on '/dev/pts/1' from '192.0.2.7'", "success attempt [alice] 192.0.2.7"),
            ("ROOT LOGIN", "nothing"),
            ("ROOT LOGIN ", "nothing"),
            ("'alice' logged in", "nothing"),
            ("FAILED LOGIN 1 FROM tty1", "nothing"),
        ],
    );
}

#[test]
fn screen_sharing() {
    all(
        "screensharingd",
        &[
            (
                "Authentication: FAILED :: User Name: N/A :: Viewer Address: 192.0.2.7 :: Type: DH",
                "failure attempt [] 192.0.2.7",
            ),
            (
                "Authentication: SUCCEEDED :: User Name: bob :: Viewer Address: 192.0.2.7 :: Type: DH",
                "success attempt [bob] 192.0.2.7",
            ),
            (
                "Authentication: FAILED :: User Name: x :: Viewer Address: 10.0.0.1 :: Viewer Address: 192.0.2.7 :: Type: DH",
                "failure attempt [x :: Viewer Address: 10.0.0.1] 192.0.2.7",
            ),
            ("Authentication: FAILED", "nothing"),
        ],
    );
}
