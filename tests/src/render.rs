//! Writes happenings as programs and log shippers do, and gives the true facts of each line.

use crate::carrier::{Carrier, Line};
use crate::fact::{Fact, Says, Voice};
use crate::json::Rng;
use crate::scenario::{Happening, Kind, METHODS};

/// A record of the input and its fact. Noise has none.
#[derive(Clone, Debug)]
pub struct Record {
    /// One line, without its newline.
    pub bytes: Vec<u8>,
    /// The true fact.
    pub fact: Option<Fact>,
}

/// Writes all happenings in one carrier. `style` decides the details that a writer may choose.
#[must_use]
pub fn render(happenings: &[Happening], carrier: Carrier, style: u64) -> Vec<Record> {
    let mut rng = Rng(style);
    let sshd = rng.pick(&["sshd", "sshd-session"]);
    happenings.iter().flat_map(|h| carrier.write(h, sshd, &mut rng)).collect()
}

/// The text of the line in syslog, and its fact there.
#[must_use]
pub fn line(h: &Happening, sshd: &'static str, rng: &mut Rng) -> Line {
    let (user, ip, port) = (h.user, h.source, 1024 + rng.below(60000));
    let invalid = if h.valid { "" } else { "invalid user " };
    let failure = |voice, count| Some(Says::Failure(voice, count));
    let (program, text, says) = match h.kind {
        Kind::Failed(times) => {
            let method = rng.pick(&["password", "password", "keyboard-interactive/pam"]);
            let text = format!("Failed {method} for {invalid}{user} from {ip} port {port} ssh2");
            let text = if times == 1 { text } else { format!("message repeated {times} times: [ {text}]") };
            (sshd, text, failure(Voice::Failed, u32::from(times)))
        }
        Kind::SshdPam => {
            let illegal = if h.valid { "" } else { "illegal user " };
            let text = format!("error: PAM: Authentication failure for {illegal}{user} from {ip}");
            (sshd, text, failure(Voice::SshdPam, 1))
        }
        Kind::PamUnix | Kind::PamElsewhere => {
            let text = format!("pam_unix(sshd:auth): authentication failure; {}", pam_tail(h, "ssh", ""));
            (sshd, text, failure(Voice::Pam, 1))
        }
        Kind::PamMore(n) => {
            let s = if n == 1 { "" } else { "s" };
            let text = format!("PAM {n} more authentication failure{s}; {}", pam_tail(h, "ssh", ""));
            (sshd, text, failure(Voice::PamMore, u32::from(n)))
        }
        Kind::PamOther => {
            let (module, voice) = rng.pick(&[
                ("pam_sss", Voice::PamSss),
                ("pam_ldap", Voice::PamLdap),
                ("pam_fprintd", Voice::PamOther),
            ]);
            let text = format!(
                "{module}(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={ip} user={user}"
            );
            (sshd, text, failure(voice, 1))
        }
        Kind::Invalid => {
            (sshd, format!("Invalid user {user} from {ip} port {port}"), failure(Voice::Weak, 1))
        }
        Kind::Closed => {
            let who = if h.valid { "authenticating" } else { "invalid" };
            let how = rng.pick(&["Connection closed by", "Connection reset by", "Disconnected from"]);
            (sshd, format!("{how} {who} user {user} {ip} port {port} [preauth]"), failure(Voice::Weak, 1))
        }
        Kind::TooMany => {
            let text = format!(
                "error: maximum authentication attempts exceeded for {invalid}{user} from {ip} port {port} ssh2 [preauth]"
            );
            (sshd, text, failure(Voice::Weak, 1))
        }
        Kind::Accepted(method) => {
            let method = METHODS[usize::from(method) % METHODS.len()];
            let key = if method == "publickey" { ": ED25519 SHA256:AAAAB3NzaC1yc2E" } else { "" };
            let text = format!("Accepted {method} for {user} from {ip} port {port} ssh2{key}");
            (sshd, text, Some(Says::Success(method.into())))
        }
        Kind::SessionClosed => {
            (sshd, format!("pam_unix(sshd:session): session closed for user {user}"), None)
        }
        Kind::Cron => (
            "CRON",
            format!("pam_unix(cron:session): session opened for user {user}(uid=0) by (uid=0)"),
            None,
        ),
        Kind::Noise(which) => noise(which, h, sshd, port),
        Kind::Forged => ("logger", String::new(), None),
        Kind::SuPam => {
            let text =
                format!("pam_unix(su:auth): authentication failure; {}", pam_tail(h, "/dev/pts/0", "alice"));
            ("su", text, failure(Voice::Pam, 1))
        }
        Kind::SuFailed => ("su", format!("FAILED SU (to {user}) alice on pts/0"), failure(Voice::Failed, 1)),
        Kind::SuOk => ("su", format!("(to {user}) alice on pts/0"), Some(Says::Success(String::new()))),
    };
    let fact = says.map(|says| fact(h, &text, says));
    Line { program, text, fact }
}

/// The end of a PAM module's line. `pam_unix` names only users that exist.
fn pam_tail(h: &Happening, tty: &str, ruser: &str) -> String {
    let uid = if ruser.is_empty() { 0 } else { 1000 };
    let rhost = if ruser.is_empty() { h.source } else { "" };
    let user = if h.valid { format!("  user={}", h.user) } else { String::new() };
    format!("logname={ruser} uid={uid} euid=0 tty={tty} ruser={ruser} rhost={rhost}{user}")
}

fn noise(which: u8, h: &Happening, sshd: &'static str, port: usize) -> (&'static str, String, Option<Says>) {
    let ip = h.source;
    let (program, text) = match which {
        0 => (sshd, format!("Failed publickey for {} from {ip} port {port} ssh2: RSA SHA256:xxxx", h.user)),
        1 => (sshd, format!("Failed none for invalid user admin from {ip} port {port} ssh2")),
        2 => (sshd, format!("Connection closed by {ip} port {port} [preauth]")),
        3 => ("systemd-logind", format!("New session 7 of user {}.", h.user)),
        4 => ("kernel", format!("[UFW BLOCK] IN=eth0 OUT= SRC={ip} DST=192.0.2.1 PROTO=TCP DPT=22")),
        5 => (sshd, format!("Received disconnect from {ip} port {port}:11: disconnected by user")),
        6 => (sshd, format!("Did not receive identification string from {ip} port {port}")),
        _ => ("nginx", format!("{ip} - - \"GET /?q=Accepted+password+for+root+from+10.0.0.1 HTTP/1.1\" 404")),
    };
    (program, text, None)
}

fn fact(h: &Happening, text: &str, says: Says) -> Fact {
    let local = matches!(h.kind, Kind::SuPam | Kind::SuFailed | Kind::SuOk);
    // pam_unix omits an unknown user.
    let named = h.valid || !text.contains("logname=") || h.kind == Kind::PamOther;
    Fact {
        time: h.time,
        host: h.host.into(),
        pid: Some(h.pid),
        user: named.then(|| h.user.into()),
        ip: if local { None } else { h.source.parse().ok().map(|ip: std::net::IpAddr| ip.to_canonical()) },
        tty: local.then(|| "pts/0".into()),
        local,
        keyboard: text.contains(" keyboard-interactive/pam for "),
        says,
    }
}
