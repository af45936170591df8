use super::super::testing::{events, one, survives, lines};
use crate::event::Signal;
use proptest::prelude::*;
use std::format;
use std::string::{String, ToString};

const WINDOW: &str = "/System/Library/CoreServices/loginwindow.app/Contents/MacOS/loginwindow";
const AGENT: &str = "/System/Library/Frameworks/Security.framework/Versions/A/MachServices/SecurityAgent.bundle/Contents/MacOS/SecurityAgent";
const HELPER: &str = "/System/Library/Frameworks/Security.framework/Versions/A/MachServices/authorizationhost.bundle/Contents/MacOS/authorizationhost";
const SHARING: &str =
    "/System/Library/CoreServices/RemoteManagement/screensharingd.bundle/Contents/MacOS/screensharingd";

/// An entry as `log show --style ndjson` writes it.
fn entry(path: &str, subsystem: &str, message: &str) -> String {
    let path = path.replace('/', r"\/");
    format!(
        r#"{{"timezoneName":"","messageType":"Default","eventType":"logEvent","source":null,"formatString":"%{{public}}s","userID":0,"subsystem":"{subsystem}","category":"Standard","processImagePath":"{path}","senderImagePath":"{path}","timestamp":"2026-03-01 10:00:00.123456+0100","eventMessage":"{message}","processID":481,"traceID":7}}"#
    )
}

fn heard(path: &str, subsystem: &str, message: &str) -> String {
    let said = lines(&entry(path, subsystem, message));
    assert!(said.len() <= 1);
    said.first().map_or("-".into(), |said| {
        said.strip_prefix("2026-03-01T09:00:00.123456Z ").expect("the time of the entry").to_string()
    })
}

#[test]
fn the_login_window() {
    let logging = "com.apple.loginwindow.logging";
    for (path, subsystem, message, expected) in [
        (
            WINDOW,
            logging,
            "-[Login1 doLogin] | shortUsername = jdoe, userID = 501, groupID = 20",
            "success jdoe -",
        ),
        (
            WINDOW,
            logging,
            "-[Login1 doLogin] | shortUsername = <private>, userID = 501, groupID = 20",
            "success  -",
        ),
        (
            WINDOW,
            logging,
            "-[LWDefaultScreenLockUI authFailWithMessage:] | enter. INCORRECT password",
            "failure  -",
        ),
        (
            WINDOW,
            logging,
            "-[LWScreenLock doUnlock:] | Unlock succeeded, with password, attempting to unlock the login keychain",
            "success  -",
        ),
        (WINDOW, logging, "-[Application hackAXSetting] | enter", "-"),
        (WINDOW, logging, "doLogin shortUsername = jdoe", "-"),
        (AGENT, "com.apple.loginwindow", "Authentication failure type = 3", "failure  -"),
        (AGENT, "com.example", "Authentication failure type = 3", "-"),
        (
            HELPER,
            "com.apple.Authorization",
            "Failed to authenticate user <jdoe> (error: 9).",
            "failure jdoe -",
        ),
        (
            HELPER,
            "com.apple.Authorization",
            "Failed to authenticate user <<private>> (error: 9).",
            "failure  -",
        ),
        (
            HELPER,
            "com.jamf.connect.login",
            "Local auth success, allowing login for user: jdoe",
            "success jdoe -",
        ),
        (
            "/Applications/Jamf Connect.app/Contents/MacOS/Jamf Connect",
            "com.jamf.connect.login",
            "Local auth success, allowing login for user: jdoe",
            "-",
        ),
        (
            "/usr/libexec/opendirectoryd",
            "com.apple.opendirectoryd",
            "Authentication failed for jdoe with result ODErrorCredentialsInvalid",
            "-",
        ),
    ] {
        assert_eq!(heard(path, subsystem, message), expected, "{message}");
    }
}

#[test]
fn from_elsewhere() {
    let shared = "Authentication: SUCCEEDED :: User Name: jdoe :: Viewer Address: 192.0.2.7 :: Type: DH";
    assert_eq!(heard(SHARING, "", shared), "success jdoe 192.0.2.7");
    let failed = "Authentication: FAILED :: User Name: N/A :: Viewer Address: 192.0.2.7 :: Type: DH";
    assert_eq!(heard(SHARING, "", failed), "failure  192.0.2.7");
    for sshd in ["/usr/sbin/sshd", "/usr/libexec/sshd-session"] {
        let accepted = "Accepted publickey for jdoe from 192.0.2.7 port 4711 ssh2: ED25519 SHA256:x";
        assert_eq!(heard(sshd, "", accepted), "success jdoe 192.0.2.7");
        let event = one(&entry(sshd, "", "Failed password for jdoe from 192.0.2.7 port 4711 ssh2"));
        assert_eq!((event.signal, event.pid, event.provider.as_str()), (Signal::Failed, Some(481), "macos"));
        assert_eq!((&*event.service, &*event.os, event.shape.as_str()), ("sshd", "macOS", "unified-log"));
    }
}

#[test]
fn whose_word_counts() {
    let accepted = "Accepted password for root from 192.0.2.7 port 22 ssh2";
    for path in [
        "/Users/eve/sshd",
        "/usr/local/sbin/sshd",
        "/usr/bin/../../tmp/sshd",
        "/opt/System/sshd",
        "sshd",
        "/usr/sbin/httpd",
        WINDOW,
        AGENT,
        "",
    ] {
        assert_eq!(heard(path, "", accepted), "-", "{path}");
    }
    // A name may hold text that looks like another line.
    for name in [
        "x> (error: 9). Failed to authenticate user <y",
        r#"x\" , userID = 0, groupID = 0\n-[Login1 doLogin] | shortUsername = root"#,
    ] {
        let failed = entry(HELPER, "", &format!("Failed to authenticate user <{name}> (error: 9)."));
        let plain = name.replace(r#"\""#, "\"").replace(r"\n", "\n");
        assert_eq!((&*one(&failed).user, one(&failed).outcome.as_str()), (&*plain, "failure"));
        let login = entry(
            WINDOW,
            "",
            &format!("-[Login1 doLogin] | shortUsername = {name}, userID = 501, groupID = 20"),
        );
        assert_eq!(one(&login).user, plain);
    }
    let forged = r"Failed password for invalid user x from 198.51.100.1 port 1 ssh2\nAccepted password for root from 192.0.2.9 port 1 ssh2 from 192.0.2.7 port 4711 ssh2";
    let event = one(&entry("/usr/sbin/sshd", "", forged));
    assert_eq!(
        (event.outcome.as_str(), event.src_ip.unwrap().to_string().as_str()),
        ("failure", "192.0.2.7")
    );
}

#[test]
fn an_alert_of_jamf_with_an_entry() {
    let alert = format!(
        r#"{{"caid":"1","certid":"2","input":{{"eventType":"GPUnifiedLogEvent","host":{{"hostname":"mac-7","os":"Version 14.4.1 (Build 23E224)"}},"match":{{"event":{{"composedMessage":"-[Login1 doLogin] | shortUsername = jdoe, userID = 501, groupID = 20","process":"loginwindow","processIdentifier":481,"processImagePath":"{WINDOW}","subsystem":"com.apple.loginwindow.logging","timestamp":1772355600.5}}}}}}}}"#
    );
    assert_eq!(lines(&alert), ["2026-03-01T09:00:00.500Z success jdoe -"]);
    let event = one(&alert);
    assert_eq!((&*event.device, &*event.host, event.pid), ("mac-7", "mac-7", Some(481)));
}

/// An event as Jamf Protect's telemetry stream writes it.
fn endpoint(event: &str) -> String {
    format!(
        r#"{{"action_type":1,"event":{event},"event_type":111,"host":{{"hostname":"mac-7","ips":["192.0.2.9"],"os":"Version 14.4.1 (Build 23E224)","serial":"X"}},"metadata":{{"product":"Device Telemetry Stream","vendor":"Jamf"}},"process":{{"audit_token":{{"pid":388,"euid":501}},"executable":{{"path":"{WINDOW}"}},"signing_id":"com.apple.loginwindow"}},"time":"2026-03-01T09:00:00.123Z","uuid":"7ADBC305-1"}}"#
    )
}

#[test]
fn endpoint_security() {
    let by = |path: &str| {
        format!(
            r#"{{"authentication":{{"success":false,"type":0,"data":{{"od":{{"instigator":{{"executable":{{"path":"{path}"}}}},"record_type":"Users","record_name":"jdoe","node_name":"/Local/Default"}}}}}}}}"#
        )
    };
    let ssh = |success: bool, result: u8| {
        format!(
            r#"{{"openssh_login":{{"success":{success},"result_type":{result},"source_address_type":1,"source_address":"192.0.2.7","username":"jdoe","has_uid":false}}}}"#
        )
    };
    for (event, expected) in [
        (r#"{"lw_session_login":{"graphical_session_id":257,"username":"jdoe"}}"#.to_string(), "success jdoe -"),
        (r#"{"lw_session_unlock":{"graphical_session_id":257,"username":"jdoe"}}"#.to_string(), "success jdoe -"),
        (r#"{"lw_session_lock":{"graphical_session_id":257,"username":"jdoe"}}"#.to_string(), "-"),
        (r#"{"lw_session_logout":{"graphical_session_id":257,"username":"jdoe"}}"#.to_string(), "-"),
        (by(HELPER), "failure jdoe -"),
        (by(HELPER).replace("false", "true"), "success jdoe -"),
        (by("/usr/sbin/sshd"), "-"),
        (by("/usr/bin/sudo"), "-"),
        (r#"{"authentication":{"success":true,"data":{"touchid":{"touchid_mode":1,"has_uid":true,"uid":501}}}}"#.to_string(), "success  -"),
        (r#"{"authentication":{"success":true,"data":{"auto_unlock":{"username":"jdoe","type":1}}}}"#.to_string(), "success jdoe -"),
        (r#"{"login_login":{"success":false,"failure_message":"no","username":"jdoe"}}"#.to_string(), "failure jdoe -"),
        (r#"{"screensharing_attach":{"success":true,"source_address":"192.0.2.7","authentication_username":"jdoe","session_username":"owner","existing_session":true}}"#.to_string(), "success jdoe 192.0.2.7"),
        (ssh(true, 2), "success jdoe 192.0.2.7"),
        (ssh(false, 4), "failure jdoe 192.0.2.7"),
        (ssh(false, 6), "-"),
        (ssh(false, 3), "-"),
        (r#"{"openssh_login":{"success":"yes","username":"jdoe"}}"#.to_string(), "-"),
        (r#"{"exec":{"args":["/usr/bin/login","openssh_login"]}}"#.to_string(), "-"),
    ] {
        let said = lines(&endpoint(&event));
        let expected = match expected {
            "-" => String::new(),
            expected => format!("2026-03-01T09:00:00.123Z {expected}"),
        };
        assert_eq!(said.join("|"), expected, "{event}");
    }
    let event = one(&endpoint(&ssh(false, 9)));
    assert_eq!((event.signal, event.pid), (Signal::Weak, Some(388)), "the refused password follows");
    let event = one(&endpoint(&ssh(false, 4)));
    assert_eq!((event.signal, event.shape.as_str(), event.provider.as_str()), (Signal::Failed, "jamf", "macos"));
    assert_eq!((&*event.device, &*event.host, &*event.os), ("mac-7", "mac-7", "macOS"));
    assert!(event.delivery.is_some());
}

#[test]
fn older_telemetry_of_jamf() {
    let audit = |name: &str, error: u8| {
        format!(
            r#"{{"header":{{"event_id":45021,"event_name":"{name}","time_milliseconds_offset":123,"time_seconds_epoch":1772355600,"version":11}},"host_info":{{"host_name":"mac-7"}},"key":"C7BC9893-1","return":{{"description":"success","error":{error},"return_value":0}},"subject":{{"audit_user_name":"jdoe","effective_user_name":"root","process_name":"{WINDOW}"}}}}"#
        )
    };
    assert_eq!(lines(&audit("AUE_lw_login", 0)), ["2026-03-01T09:00:00.123Z success jdoe -"]);
    assert_eq!(lines(&audit("AUE_auth_user", 1)), ["2026-03-01T09:00:00.123Z failure jdoe -"]);
    assert!(events(&audit("AUE_logout", 0)).is_empty());
    let huge = audit("AUE_lw_login", 0).replace("1772355600", "9223372036854775807");
    assert_eq!(lines(&huge), ["2026-03-01T10:01:40Z success jdoe -"]);
}

#[test]
fn one_entry_in_every_carrier() {
    let bare = entry(WINDOW, "", "-[Login1 doLogin] | shortUsername = jdoe, userID = 501, groupID = 20");
    let text = bare.replace('\\', r"\\").replace('"', r#"\""#);
    for carried in [
        format!("[{bare}]"),
        format!(r#"{{"message":"{text}","host":"mac-7"}}"#),
        format!(r#"{{"log":"{text}"}}"#),
    ] {
        assert_eq!(lines(&carried), ["2026-03-01T09:00:00.123456Z success jdoe -"], "{carried}");
    }
    // Apple's plain style is text with the program in place of a syslog tag. It does not belong to this family.
    assert!(lines("2026-03-01 10:00:00.123456+0100 mac-7 loginwindow[481]: INCORRECT").is_empty());
}

proptest! {
    #[test]
    fn nothing_panics(edits in proptest::collection::vec(any::<(usize, u8)>(), 1..12), which in 0..3usize) {
        let records = [
            entry(WINDOW, "", "-[Login1 doLogin] | shortUsername = jdoe, userID = 501, groupID = 20"),
            entry(HELPER, "", "Failed to authenticate user <jdoe> (error: 9)."),
            endpoint(r#"{"openssh_login":{"success":false,"result_type":4,"source_address":"192.0.2.7","username":"jdoe"}}"#),
        ];
        survives(&records[which], &edits);
    }
}
