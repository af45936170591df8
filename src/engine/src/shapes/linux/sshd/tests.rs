use crate::shapes::linux::tests::read;

fn all(cases: &[(&str, &str)]) {
    for (message, said) in cases {
        assert_eq!(read("sshd-session", message), *said, "{message}");
    }
}

#[test]
fn failures() {
    all(&[
        ("Failed password for root from 192.0.2.7 port 52100 ssh2", "failure failed [root] 192.0.2.7"),
        (
            "Failed password for invalid user bob from 2001:db8::7 port 52100 ssh2",
            "failure failed [bob] 2001:db8::7",
        ),
        (
            "Failed password for illegal user bob from ::ffff:192.0.2.7 port 52100 ssh2",
            "failure failed [bob] 192.0.2.7",
        ),
        (
            "Failed keyboard-interactive/pam for invalid user bob from 192.0.2.7 port 5 ssh2 [preauth]",
            "failure failed [bob] 192.0.2.7",
        ),
        (
            "Failed keyboard-interactive for <invalid username> from 192.0.2.7 port 5 ssh2",
            "failure failed [] 192.0.2.7",
        ),
        ("Failed password for invalid user  from 192.0.2.7 port 5 ssh2", "failure failed [] 192.0.2.7"),
        ("Failed password for  from 192.0.2.7 port 5 ssh2", "failure failed [] 192.0.2.7"),
        ("Failed unknown for invalid user bob from 192.0.2.7 port 5 ssh2", "failure failed [bob] 192.0.2.7"),
        ("Failed password for bob from 192.0.2.7 port 5", "failure failed [bob] 192.0.2.7"),
        ("Failed password for bob from 192.0.2.7", "failure failed [bob] 192.0.2.7"),
        // Synology writes the source position first.
        ("auth.c:275 Failed password for bob from 192.0.2.7 port 5 ssh2", "failure failed [bob] 192.0.2.7"),
        ("auth2-pam.c:7 Accepted password for bob from 192.0.2.7 port 5 ssh2", "success attempt [bob] 192.0.2.7"),
        ("auth.c: Failed password for bob from 192.0.2.7 port 5 ssh2", "nothing"),
        ("Failed password for bob from host.example port 5 ssh2", "failure failed [bob] <host.example>"),
        ("error: PAM: Authentication failure for root from 192.0.2.7", "failure sshd-pam [root] 192.0.2.7"),
        (
            "error: PAM: authentication error for bob from host.example via 198.51.100.1",
            "failure sshd-pam [bob] <host.example>",
        ),
        (
            "error: PAM: User not known to the underlying authentication module for illegal user bob from 192.0.2.7 ",
            "failure sshd-pam [bob] 192.0.2.7",
        ),
        ("PAM: unknown user for illegal user bob", "failure sshd-pam [bob] <>"),
        (
            "error: PAM: Authentication service cannot retrieve authentication info for a from 192.0.2.7",
            "nothing",
        ),
    ]);
    let event =
        crate::shapes::linux::decode(b"sshd", b"Failed password for invalid user a from 192.0.2.7 port 5 ssh2")
            .unwrap();
    assert_eq!(
        (&*event.method, &*event.reason_text, &*event.service, event.shape.as_str()),
        ("password", "invalid user", "sshd", "sshd")
    );
}

#[test]
fn successes() {
    all(&[
        ("Accepted password for root from 192.0.2.7 port 52100 ssh2", "success attempt [root] 192.0.2.7"),
        (
            "Accepted publickey for root from 192.0.2.7 port 5 ssh2: ED25519 SHA256:abc",
            "success attempt [root] 192.0.2.7",
        ),
        (
            "Accepted keyboard-interactive/pam for domain user from 192.0.2.7 port 5 ssh2",
            "success attempt [domain user] 192.0.2.7",
        ),
        (
            "Accepted gssapi-with-mic for root from 2001:db8::7 port 5 ssh2: root@EXAMPLE.COM",
            "success attempt [root] 2001:db8::7",
        ),
        // The holder of a certificate chose its identity; the account is real and comes first.
        (
            "Accepted publickey for root from 192.0.2.7 port 5 ssh2: RSA-CERT SHA256:abc ID x from 10.0.0.1 port 1 ssh2: y (serial 0) CA RSA SHA256:def",
            "success attempt [root] 192.0.2.7",
        ),
        (
            "Accepted certificate ID \"x for root from 10.0.0.1 port 1 ssh2\" (serial 0) signed by RSA CA",
            "nothing",
        ),
        ("Accepted key RSA SHA256:abc found at /home/a/.ssh/authorized_keys:1", "nothing"),
        ("Accepted password for root", "nothing"),
    ]);
}

#[test]
fn weak_signs() {
    all(&[
        ("Invalid user bob from 192.0.2.7 port 52100", "failure weak [bob] 192.0.2.7"),
        ("Illegal user bob from 192.0.2.7", "failure weak [bob] 192.0.2.7"),
        ("Invalid user  from 192.0.2.7 port 5", "failure weak [] 192.0.2.7"),
        ("Invalid user a b from 192.0.2.7", "failure weak [a b] 192.0.2.7"),
        (
            "Connection closed by authenticating user root 192.0.2.7 port 5 [preauth]",
            "failure weak [root] 192.0.2.7",
        ),
        ("Connection closed by invalid user  192.0.2.7 port 5 [preauth]", "failure weak [] 192.0.2.7"),
        ("Connection reset by invalid user bob 192.0.2.7 port 5 [preauth]", "failure weak [bob] 192.0.2.7"),
        (
            "Disconnected from authenticating user root 192.0.2.7 port 5 [preauth]",
            "failure weak [root] 192.0.2.7",
        ),
        (
            "Disconnecting authenticating user root 192.0.2.7 port 5: Too many authentication failures [preauth]",
            "failure weak [root] 192.0.2.7",
        ),
        (
            "Disconnecting authenticating user root 192.0.2.7 port 5: Packet corrupt [preauth]",
            "failure weak [root] 192.0.2.7",
        ),
        (
            "Disconnecting invalid user admin 192.0.2.7 port 5: Change of username or service not allowed: (admin,ssh-connection) -> (user,ssh-connection) [preauth]",
            "failure weak [admin] 192.0.2.7",
        ),
        ("Disconnecting: Too many authentication failures for root [preauth]", "failure weak [root] <>"),
        ("Disconnecting: Too many authentication failures [preauth]", "failure weak [] <>"),
        (
            "error: maximum authentication attempts exceeded for invalid user bob from 192.0.2.7 port 5 ssh2 [preauth]",
            "failure weak [bob] 192.0.2.7",
        ),
        (
            "User root from 192.0.2.7 not allowed because not listed in AllowUsers",
            "failure weak [root] 192.0.2.7",
        ),
        (
            "User root from host.example not allowed because listed in DenyUsers",
            "failure weak [root] <host.example>",
        ),
        ("User root not allowed because account is locked", "failure weak [root] <>"),
        ("ROOT LOGIN REFUSED FROM 192.0.2.7 port 5 [preauth]", "failure weak [root] 192.0.2.7"),
        (
            "Received disconnect from 192.0.2.7: 3: com.jcraft.jsch.JSchException: Auth fail",
            "failure weak [] 192.0.2.7",
        ),
        (
            "error: Received disconnect from 192.0.2.7 port 5:3: x.JSchException: Auth fail [preauth]",
            "failure weak [] 192.0.2.7",
        ),
        (
            "Received disconnect from 2001:db8::7: 14: No supported authentication methods available [preauth]",
            "failure weak [] 2001:db8::7",
        ),
    ]);
}

#[test]
fn a_question_at_the_keyboard_is_no_attempt() {
    all(&[
        (
            "Postponed keyboard-interactive for root from 192.0.2.7 port 5 ssh2 [preauth]",
            "challenge postponed [root] 192.0.2.7",
        ),
        (
            "Postponed keyboard-interactive/pam for invalid user bob from 192.0.2.7 port 5 ssh2 [preauth]",
            "challenge postponed [bob] 192.0.2.7",
        ),
    ]);
}

#[test]
fn what_is_no_failure() {
    for message in [
        "Failed publickey for root from 192.0.2.7 port 5 ssh2: RSA SHA256:abc",
        "Failed none for invalid user bob from 192.0.2.7 port 5 ssh2",
        "Postponed publickey for root from 192.0.2.7 port 5 ssh2 [preauth]",
        "Partial publickey for root from 192.0.2.7 port 5 ssh2",
        "Connection closed by 192.0.2.7 port 5 [preauth]",
        "Connection reset by 192.0.2.7 port 5",
        "Disconnected from user root 192.0.2.7 port 5",
        "Received disconnect from 192.0.2.7 port 5:11: Auth fail",
        "Received disconnect from 192.0.2.7: 11: disconnected by user",
        "Received disconnect from 192.0.2.7 port x:3: Auth fail",
        "input_userauth_request: invalid user bob [preauth]",
        "Did not receive identification string from 192.0.2.7",
        "Unable to negotiate with 192.0.2.7 port 5: no matching cipher found.",
        "fatal: Timeout before authentication for 192.0.2.7 port 5",
        "reverse mapping checking getaddrinfo for a.example [192.0.2.7] failed - POSSIBLE BREAK-IN ATTEMPT!",
        "drop connection #1 from [192.0.2.7]:5 on [192.0.2.1]:22 penalty: failed authentication",
        "Failed",
        "Failed password",
        "Failed password for root",
        "User",
        "error: ",
        "",
    ] {
        assert_eq!(read("sshd", message), "nothing", "{message}");
    }
}

#[test]
fn forged_lines_within_names() {
    all(&[
        (
            "Failed password for invalid user root from 10.0.0.1 port 22 ssh2 from 192.0.2.7 port 41000 ssh2",
            "failure failed [root from 10.0.0.1 port 22 ssh2] 192.0.2.7",
        ),
        (
            "Invalid user x\\nAccepted password for root from 10.0.0.1 port 22 ssh2 from 192.0.2.7 port 41000",
            "failure weak [x\\nAccepted password for root from 10.0.0.1 port 22 ssh2] 192.0.2.7",
        ),
        // After a password, sshd writes nothing more: text that looks like details is part of the name.
        (
            "Failed password for invalid user x from 10.0.0.1 port 22 ssh2: from 192.0.2.7 port 41000 ssh2",
            "failure failed [x from 10.0.0.1 port 22 ssh2:] 192.0.2.7",
        ),
        // With a host key, the client names user and host, after the address.
        (
            "Failed hostbased for dan from 192.0.2.7 port 41000 ssh2: RSA 01:23, client user \"dan\", client host \"h from 10.0.0.1\"",
            "failure failed [dan] 192.0.2.7",
        ),
        (
            "Failed hostbased for dan from 192.0.2.7 port 41000 ssh2: RSA 01:23, client user \"x from 10.0.0.1 port 1 ssh2: y\", client host \"h\"",
            "failure failed [dan] 192.0.2.7",
        ),
        (
            "Failed hostbased for invalid user a from 10.0.0.1 port 1 ssh2: b from 192.0.2.7 port 41000 ssh2: RSA 01:23, client user \"c\", client host \"h\"",
            "failure failed [] <>",
        ),
        // The opposite order: there is no way to tell which of the two the server wrote.
        (
            "Failed hostbased for invalid user a from 192.0.2.7 port 41000 ssh2: RSA 01:23, client user \"x from 10.0.0.1 port 1 ssh2: y\", client host \"h\"",
            "failure failed [] <>",
        ),
        // A certificate's id, cut where a line would end.
        (
            "Accepted publickey for dan from 192.0.2.7 port 41000 ssh2: RSA-CERT SHA256:x ID x from 10.0.0.1 port 22 ssh2",
            "success attempt [dan] 192.0.2.7",
        ),
        // The reason is cut at 100 bytes, and with it the second name.
        (
            "Disconnecting invalid user a 192.0.2.7 port 40000: Change of username or service not allowed: (a,s) -> (x 10.0.0.1 port 5: yyyy [preauth]",
            "failure weak [a] 192.0.2.7",
        ),
        ("Connection closed by illegal user bob 192.0.2.7 port 4 [preauth]", "failure weak [bob] 192.0.2.7"),
        // SSH 1 wrote the remote user here.
        (
            "Failed password for user from 192.0.2.7 port 20000 ssh1: ruser from 10.0.0.1",
            "failure failed [user] 192.0.2.7",
        ),
        (
            "error: PAM: Authentication failure for illegal user root from 10.0.0.1 via 10.0.0.2 from 192.0.2.7",
            "failure sshd-pam [root from 10.0.0.1 via 10.0.0.2] 192.0.2.7",
        ),
        (
            "error: PAM: Authentication failure for illegal user root from 10.0.0.1 from 192.0.2.7 via 198.51.100.1",
            "failure sshd-pam [root from 10.0.0.1] 192.0.2.7",
        ),
        (
            "Connection closed by authenticating user test 10.0.0.1 port 12345 192.0.2.7 port 41000 [preauth]",
            "failure weak [test 10.0.0.1 port 12345] 192.0.2.7",
        ),
        (
            "Disconnecting invalid user a 10.0.0.1 port 1: Too many authentication failures 192.0.2.7 port 41000: Too many authentication failures [preauth]",
            "failure weak [a 10.0.0.1 port 1: Too many authentication failures] 192.0.2.7",
        ),
        (
            "Disconnecting invalid user a 10.0.0.1 port 1: Change of username or service not allowed: (a, 192.0.2.7 port 41000: Change of username or service not allowed: (a 10.0.0.1 port 1: Change of username or service not allowed: (a,,ssh-connection) -> (b,ssh-connection) [preauth]",
            "failure weak [a 10.0.0.1 port 1: Change of username or service not allowed: (a,] 192.0.2.7",
        ),
        (
            "Disconnecting invalid user a 192.0.2.7 port 41000: Change of username or service not allowed: (a,ssh-connection) -> (b 10.0.0.1 port 1: Change of username or service not allowed: (b,ssh-connection) [preauth]",
            "failure weak [a] 192.0.2.7",
        ),
        // Old servers end with the name, so no address is trusted.
        (
            "Disconnecting: Too many authentication failures for root from 10.0.0.1 port 22 ssh2 [preauth]",
            "failure weak [root] <>",
        ),
        // The client's text at the end of a disconnect only concerns the client.
        (
            "Received disconnect from 192.0.2.7 port 5:3: from 10.0.0.1: 3: Auth fail [preauth]",
            "failure weak [] 192.0.2.7",
        ),
        (
            "Received disconnect from 192.0.2.7 port 5:11: Failed password for root from 10.0.0.1 port 22 ssh2",
            "nothing",
        ),
    ]);
}
