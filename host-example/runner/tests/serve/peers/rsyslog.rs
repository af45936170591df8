//! Runs a real rsyslogd as an ordinary user, with a configuration of the test.

use super::{Daemon, note, program};
use std::fs;
use std::net::{TcpStream, UdpSocket};
use std::path::{Path, PathBuf};

/// A running rsyslogd. Its files are in a folder.
pub struct Rsyslog {
    pub daemon: Daemon,
    folder: PathBuf,
}

impl Rsyslog {
    /// Starts rsyslogd with these lines in its configuration. `FOLDER` stands for the folder.
    pub fn start(config: &str, folder: &Path) -> Option<Self> {
        let program = program("RSYSLOGD", "rsyslogd")?;
        let (path, pid) = (folder.join("rsyslog.conf"), folder.join("rsyslog.pid"));
        let config = format!("global(workDirectory=\"FOLDER\" maxMessageSize=\"64k\")\n{config}\n");
        fs::write(&path, config.replace("FOLDER", folder.to_str().unwrap())).unwrap();
        let arguments = ["-n", "-f", path.to_str().unwrap(), "-i", pid.to_str().unwrap()];
        let daemon = Daemon::start(&program, &arguments, &folder.join("rsyslog.log"));
        Some(Self { daemon, folder: folder.into() })
    }

    /// The port of its TCP listener, from the file `port`. `None` if a TLS driver is missing.
    pub fn port(&mut self) -> Option<u16> {
        let path = self.folder.join("port");
        self.daemon.waits("port", |said| {
            if said.contains("could not load module 'lmnsd_") {
                note(
                    "skipped: a test of TLS with rsyslog. rsyslog-gnutls or rsyslog-openssl is not installed",
                );
                return Some(None);
            }
            let port = fs::read_to_string(&path).ok()?.trim().parse().ok()?;
            // rsyslogd writes the port before it listens.
            TcpStream::connect(("127.0.0.1", port)).ok().map(|_| Some(port))
        })
    }
}

/// A TCP listener that writes its port to a file.
pub const TCP: &str =
    r#"input(type="imtcp" address="127.0.0.1" port="0" listenPortFileName="FOLDER/port" ruleset="tcp")"#;

/// A UDP port that was free.
pub fn free_udp_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
