use crate::shapes::linux::tests::read;

const FIELDS: &str = "logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7";

#[test]
fn every_spelling_of_a_failure() {
    use std::format;
    for (program, prefix) in [
        ("sshd", "pam_unix(sshd:auth): "),
        ("sshd", "pam_unix(auth): "),
        ("sshd", "pam_unix: "),
        ("sshd", "(pam_unix) "),
        ("sshd(pam_unix)", ""),
        ("sshd-session", "pam_unix(sshd:auth): "),
    ] {
        let message = format!("{prefix}authentication failure; {FIELDS}  user=root");
        assert_eq!(read(program, &message), "failure pam [root] 192.0.2.7", "{program}: {message}");
        let event = crate::shapes::linux::decode(program.as_bytes(), message.as_bytes()).unwrap();
        assert_eq!((&*event.service, event.shape.as_str()), ("sshd", "pam"));
        let message = format!("{prefix}2 more authentication failures; {FIELDS}");
        assert_eq!(read(program, &message), "failure pam-more x2 [] 192.0.2.7", "{program}: {message}");
    }
    let more = format!("PAM 1 more authentication failure; {FIELDS}  user=root");
    assert_eq!(read("sshd", &more), "failure pam-more [root] 192.0.2.7");
    let more = format!("PAM 4294967296 more authentication failures; {FIELDS}");
    assert_eq!(read("sshd", &more), "failure pam-more x10000 [] 192.0.2.7");
    for module in ["sss", "krb5", "ldap", "winbind"] {
        let message = format!("pam_{module}(sshd:auth): authentication failure; {FIELDS} user=root");
        assert_eq!(read("sshd", &message), format!("failure pam-{module} [root] 192.0.2.7"));
    }
    let other = format!("pam_fprintd(sshd:auth): authentication failure; {FIELDS} user=root");
    assert_eq!(read("sshd", &other), "failure pam-other [root] 192.0.2.7");
}

#[test]
fn local_and_other_services() {
    for (program, message, said) in [
        (
            "su",
            "pam_unix(su:auth): authentication failure; logname=alice uid=1000 euid=0 tty=/dev/pts/0 ruser=alice rhost=  user=root",
            "failure pam [root] local pts/0",
        ),
        (
            "su",
            "pam_unix(su-l:auth): authentication failure; logname=alice uid=1000 euid=0 tty=pts/0 ruser=alice rhost=  user=root",
            "failure pam [root] local pts/0",
        ),
        (
            "sudo",
            "pam_unix(sudo:auth): authentication failure; logname=bob uid=1117 euid=0 tty=/dev/pts/1 ruser=alice rhost= user=root",
            "failure pam [alice] local pts/1",
        ),
        (
            "login",
            "pam_unix(login:auth): authentication failure; logname=LOGIN uid=0 euid=0 tty=/dev/tty1 ruser= rhost=  user=root",
            "failure pam [root] local tty1",
        ),
        (
            "vsftpd",
            "pam_unix: authentication failure; logname= uid=0 euid=0 tty=ftp ruser=an8767 rhost=host.example",
            "failure pam [an8767] <host.example>",
        ),
        (
            "pop(pam_unix)",
            "authentication failure; logname= uid=0 euid=0 tty= ruser= rhost=192.0.2.7 user=mail",
            "failure pam [mail] 192.0.2.7",
        ),
        (
            "sudo",
            "pam_unix(su:auth): authentication failure; logname= uid=0 euid=0 tty= ruser= rhost= user=root",
            "nothing",
        ),
    ] {
        assert_eq!(read(program, message), said, "{message}");
    }
}

#[test]
fn fields_are_found_by_their_order() {
    for (program, fields, said) in [
        // The text after the host is the name.
        (
            "imapd",
            "logname= uid=0 euid=0 tty=x ruser= rhost=192.0.2.7 user=a rhost=10.0.0.1",
            "[a rhost=10.0.0.1] 192.0.2.7",
        ),
        (
            "sshd",
            "logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=a ruser= rhost=10.0.0.1",
            "[a ruser= rhost=10.0.0.1] 192.0.2.7",
        ),
        (
            "sshd",
            "logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=a uid=0 tty=x ruser= rhost=10.0.0.1",
            "[a uid=0 tty=x ruser= rhost=10.0.0.1] 192.0.2.7",
        ),
        // An FTP client's name of an unknown account comes before the host.
        (
            "ftpd",
            "logname= uid=0 euid=0 tty=ftp ruser=a rhost=10.0.0.1 rhost=192.0.2.7",
            "[a rhost=10.0.0.1] 192.0.2.7",
        ),
        // pam_krb5 writes the name first.
        (
            "sshd",
            "logname=a uid=0 euid=0 tty=ssh ruser= rhost=10.0.0.1 uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7",
            "[] 192.0.2.7",
        ),
    ] {
        let message = std::format!("pam_unix(auth): authentication failure; {fields}");
        assert_eq!(read(program, &message), std::format!("failure pam {said}"), "{fields}");
    }
}

#[test]
fn sessions() {
    for (program, message, said) in [
        (
            "sshd",
            "pam_unix(sshd:session): session opened for user root by (uid=0)",
            "success session [root] <>",
        ),
        (
            "sshd-session",
            "pam_unix(sshd:session): session opened for user bob(uid=1000) by bob(uid=0)",
            "success session [bob] <>",
        ),
        ("sshd(pam_unix)", "session opened for user root by (uid=0)", "success session [root] <>"),
        (
            "login",
            "pam_unix(login:session): session opened for user root(uid=0) by LOGIN(uid=0)",
            "success session [root] local ",
        ),
        (
            "su",
            "pam_unix(su-l:session): session opened for user root(uid=0) by alice(uid=1000)",
            "success session [root] local ",
        ),
        (
            "sudo",
            "pam_unix(sudo:session): session opened for user root(uid=0) by alice(uid=1000)",
            "success session [alice] local ",
        ),
        ("sudo", "pam_unix(sudo:session): session opened for user root by (uid=0)", "nothing"),
        ("CRON", "pam_unix(cron:session): session opened for user root(uid=0) by root(uid=0)", "nothing"),
        (
            "(systemd)",
            "pam_unix(systemd-user:session): session opened for user bob(uid=1) by bob(uid=0)",
            "nothing",
        ),
        (
            "lightdm",
            "pam_unix(lightdm:session): session opened for user bob(uid=1) by bob(uid=0)",
            "success session [bob] local lightdm",
        ),
        (
            "gdm-password]",
            "pam_unix(gdm-password:session): session opened for user bob(uid=1) by (uid=0)",
            "success session [bob] local gdm",
        ),
        (
            "cockpit-session",
            "pam_unix(cockpit:session): session opened for user root(uid=0) by (uid=0)",
            "success session [root] local ",
        ),
        (
            "gdm-launch-environment]",
            "pam_unix(gdm-launch-environment:session): session opened for user gdm(uid=42) by (uid=0)",
            "nothing",
        ),
        ("sshd", "pam_unix(sshd:session): session closed for user root", "nothing"),
        ("sshd", "pam_unix(sshd:auth): session opened for user root by (uid=0)", "nothing"),
        ("sshd", "pam_systemd(sshd:session): session opened for user root by (uid=0)", "nothing"),
    ] {
        assert_eq!(read(program, message), said, "{message}");
    }
}

#[test]
fn sessions_of_login_services() {
    use crate::event::Outcome;
    use crate::shapes::linux::decode;
    use std::format;
    for (program, service) in [
        ("gdm-password]", "gdm-password"),
        ("gdm-fingerprint]", "gdm-fingerprint"),
        ("lightdm", "lightdm"),
        ("sddm-helper", "sddm"),
        ("xrdp-sesman", "xrdp-sesman"),
        ("cockpit-session", "cockpit"),
        ("vsftpd", "vsftpd"),
        ("login", "login"),
    ] {
        let failure = format!(
            "pam_unix({service}:auth): authentication failure; logname= uid=0 euid=0 tty= ruser= rhost=  user=bob"
        );
        let failure = decode(program.as_bytes(), failure.as_bytes());
        assert!(failure.is_some_and(|event| event.outcome == Outcome::Failure && event.user == "bob"), "{service}");
        for (tail, wanted) in [("opened for user bob(uid=1000) by (uid=0)", true), ("closed for user bob", false)] {
            let session = format!("pam_unix({service}:session): session {tail}");
            let session = decode(program.as_bytes(), session.as_bytes());
            let logged_in = session.is_some_and(|event| event.outcome == Outcome::Success && event.user == "bob");
            assert_eq!(logged_in, wanted, "{service}: {tail}");
        }
    }
}

#[test]
fn weak_and_silent_lines() {
    assert_eq!(
        read(
            "sshd",
            "pam_faillock(sshd:auth): Consecutive login failures for user a b account temporarily locked"
        ),
        "failure weak [a b] <>"
    );
    for message in [
        "pam_unix(sshd:auth): check pass; user unknown",
        "PAM service(sshd) ignoring max retries; 6 > 3",
        "pam_winbind(sshd:auth): internal module error (retval = PAM_AUTHINFO_UNAVAIL(9), user = 'a')",
        "pam_sss(sshd:auth): received for user a: 7 (Authentication failure)",
        "pam_unix(sshd:auth): authentication failure",
        "pam_unix(sshd:auth): authentication failure;",
        "pam_unix(sshd:auth):",
        "pam_unix",
        "(pam_unix)",
        "PAM ",
        "(",
    ] {
        assert_eq!(read("sshd", message), "nothing", "{message}");
    }
}
