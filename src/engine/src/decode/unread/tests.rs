//! Records that are read, that rightly give no event, and that nobody reads: siblings of each family.

use super::super::trial;
use crate::analytic::{Reads, Telemetry};
use crate::decode::{Decoder, Misread, Reader, Readers};
use crate::shapes::{Family, NEEDLES, SIGNS};
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

struct Everything;

impl Reads for Everything {
    const TELEMETRY: Telemetry = Telemetry::ANY;
}

/// How a reader of everything takes a record.
fn taken(record: &str) -> &'static str {
    let mut events = 0;
    let mut decoder = trial::decoder::<Everything>();
    let Misread { malformed, unread } = decoder.decode(record.as_bytes(), &mut |_| events += 1);
    match (events > 0, !malformed.is_empty(), !unread.is_empty()) {
        (true, false, false) => "read",
        (false, false, false) => "ignored",
        (false, false, true) => "unread",
        (false, true, false) => "malformed",
        other => panic!("{other:?}: {record}"),
    }
}

const LINUX: &[(&str, &str)] = &[
    ("Mar  1 09:00:00 web1 sshd[17]: Failed password for bob from 192.0.2.7 port 5 ssh2", "read"),
    ("Mar  1 09:00:00 web1 sshd[17]: Failed publickey for bob from 192.0.2.7 port 5 ssh2", "ignored"),
    (
        "Mar  1 09:00:00 web1 sshd[17]: Received disconnect from 192.0.2.7: 11: Failed password for x",
        "ignored",
    ),
    (
        "Mar  1 09:00:00 web1 CRON[17]: pam_unix(cron:session): session opened for user root by (uid=0)",
        "ignored",
    ),
    ("Mar  1 09:00:00 web1 systemd[1]: Failed to start Daily apt upgrade and clean activities.", "ignored"),
    ("Mar  1 09:00:00 web1 app[17]: Invalid user input: authentication failed", "ignored"),
    (
        "Mar  1 09:00:00 web1 ftpd[17]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7",
        "ignored",
    ),
    ("Mar  1 09:00:00 web1 nginx[17]: GET /?Failed password for bob from 192.0.2.7 port 5 ssh2", "ignored"),
    ("Mar  1 09:00:00 web1 rsyslogd[17]: x Failed password for bob from 192.0.2.7 port 5 ssh2", "unread"),
    // Three cases: the end is missing, nothing names the writer, the writer has another name.
    ("Mar  1 09:00:00 web1 sshd[17]: Failed password for bob", "unread"),
    (
        "Mar  1 09:00:00 web1 sshd[17]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0",
        "unread",
    ),
    ("Failed password for bob from 192.0.2.7 port 5 ssh2", "unread"),
    ("Mar  1 09:00:00 web1 ssh-gate[17]: Accepted publickey for bob from 192.0.2.7 port 5 ssh2", "unread"),
    ("Mar  1 09:00:00 web1 sshd: PID 17: Failed password for bob from 192.0.2.7 port 5 ssh2", "unread"),
    ("Mar  1 09:00:00 web1 doas[17]: failed auth for bob", "unread"),
    ("Mar  1 09:00:00 web1 httpd(pam_audit)[17]: user=bob tty=/sbin/nologin host=192.0.2.7 failed", "unread"),
    (r#"{"log":"x Invalid user a from 203.0.113.9","stream":"stderr"}"#, "unread"),
    (r#"{"text":"x","line":"Failed password for bob from 192.0.2.7 port 5 ssh2"}"#, "unread"),
    // The facts of journald contradict the text, which claims to be a line of no program or of another program.
    (
        r#"{"MESSAGE":"Failed password for bob from 192.0.2.7 port 5 ssh2","SYSLOG_IDENTIFIER":"sshd","_UID":"1000","_EXE":"/usr/bin/logger"}"#,
        "ignored",
    ),
    (
        r#"{"MESSAGE":"GET /?Failed password for bob from 192.0.2.7","SYSLOG_IDENTIFIER":"nginx","_COMM":"nginx","_EXE":"/usr/sbin/nginx","_UID":"33"}"#,
        "ignored",
    ),
    // The audit log of Linux: a record that is read, a key that was only offered, another type, a record that is cut
    // off.
    (
        r#"type=USER_AUTH msg=audit(1772355600.0:9): pid=17 uid=0 msg='op=PAM:authentication acct="bob" exe="/usr/sbin/sshd" hostname=? addr=192.0.2.7 terminal=ssh res=failed'"#,
        "read",
    ),
    (
        r#"type=USER_AUTH msg=audit(1772355600.0:9): pid=17 uid=0 msg='op=pubkey acct="bob" exe="/usr/sbin/sshd" hostname=? addr=192.0.2.7 terminal=ssh res=failed'"#,
        "ignored",
    ),
    (
        r#"type=CRED_DISP msg=audit(1772355600.0:9): pid=17 uid=0 msg='op=PAM:setcred acct="bob" res=success'"#,
        "ignored",
    ),
    (r#"type=USER_LOGIN msg=audit(1772355600.0:9): pid=17 uid=0 msg='op=login acct="bob""#, "unread"),
];

const WINDOWS: &[(&str, &str)] = &[
    (
        r#"{"EventID":4625,"SourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security","TargetUserName":"bob","LogonType":"3","IpAddress":"192.0.2.7","EventTime":"2026-03-01T09:00:00Z"}"#,
        "read",
    ),
    // A machine account, a service, another provider's 4625, another event whose number in the log is 4625.
    (
        r#"{"EventID":4624,"SourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security","TargetUserName":"WEB1$","LogonType":"3","IpAddress":"192.0.2.7"}"#,
        "ignored",
    ),
    (
        r#"{"EventID":4624,"SourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security","TargetUserName":"SYSTEM","LogonType":"5"}"#,
        "ignored",
    ),
    (r#"{"EventID":4625,"SourceName":"EventSystem","Channel":"Application","Message":"x"}"#, "ignored"),
    (
        r#"{"EventID":4688,"EventRecordID":4625,"SourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security"}"#,
        "ignored",
    ),
    (r#"{"EventID":14625,"pid":4624}"#, "ignored"),
    // Four cases: a record without a field of the logon, columns of Hayabusa, a line of Telegraf, XML without data.
    (
        r#"{"EventID":4625,"SourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security","Message":"Der Benutzer …"}"#,
        "unread",
    ),
    (
        r#"{"Timestamp":"x","RuleTitle":"Logon Failure","Computer":"dc1","Channel":"Sec","EventID":4625}"#,
        "unread",
    ),
    (r#"win_eventlog,EventID=4625,host=dc1 Message="x" 1772611200"#, "unread"),
    (
        "<Event xmlns='x'><System><Provider Name='Microsoft-Windows-Security-Auditing'/><EventID>4625</EventID><Channel>Security</Channel></System></Event>",
        "unread",
    ),
    (r#"{"fields":[["EventCode","4625"],["Account_Name","bob"]]}"#, "unread"),
];

const PROVIDERS: &[(&str, &str)] = &[
    // Entra: a record that is read, an interrupt, another log in the same envelope, an unknown code, an unknown layout.
    (
        r#"{"ResultType":"50126","UserPrincipalName":"bob@example.com","IPAddress":"192.0.2.7","CreatedDateTime":"2026-03-01T09:00:00Z"}"#,
        "read",
    ),
    (
        r#"{"ResultType":"50140","UserPrincipalName":"bob@example.com","IPAddress":"192.0.2.7","CreatedDateTime":"2026-03-01T09:00:00Z"}"#,
        "ignored",
    ),
    (
        r#"{"category":"AuditLogs","operationName":"Update user","ResultType":"","properties":{"userPrincipalName":"bob@example.com","id":"50126"}}"#,
        "ignored",
    ),
    (
        r#"{"UserPrincipalName":"bob@example.com","Why":"50126","CreatedDateTime":"2026-03-01T09:00:00Z"}"#,
        "unread",
    ),
    (r#"UserPrincipalName=bob@example.com ResultType=50126 IPAddress=192.0.2.7"#, "unread"),
    // The unified audit log: a record that is read, records of other operations, an unknown layout.
    (
        r#"{"Operation":"UserLoginFailed","CreationTime":"2026-03-01T09:00:00","ErrorNumber":"50126","UserId":"bob@example.com","ClientIP":"192.0.2.7","Workload":"AzureActiveDirectory"}"#,
        "read",
    ),
    (
        r#"{"Operation":"FileAccessed","CreationTime":"2026-03-01T09:00:00","UserId":"bob@example.com","Workload":"SharePoint"}"#,
        "ignored",
    ),
    (
        r#"{"Operation":"Set-Mailbox","Parameters":"UserLoggedIn","Workload":"Exchange","CreationTime":"2026-03-01T09:00:00"}"#,
        "ignored",
    ),
    (r#"{"event":"UserLoggedIn","userId":5}"#, "ignored"),
    ("Operation=UserLoginFailed Workload=AzureActiveDirectory UserId=bob@example.com", "unread"),
    // Okta: a record that is read, another event type, an unknown layout.
    (
        r#"{"eventType":"user.session.start","published":"2026-03-01T09:00:00Z","outcome":{"result":"FAILURE","reason":"INVALID_CREDENTIALS"},"actor":{"alternateId":"bob@example.com"},"client":{"ipAddress":"192.0.2.7"},"uuid":"1"}"#,
        "read",
    ),
    (
        r#"{"eventType":"application.lifecycle.update","published":"2026-03-01T09:00:00Z","debugContext":"user.session.start"}"#,
        "ignored",
    ),
    ("okta eventType=user.session.start outcome=FAILURE actor=bob@example.com", "unread"),
    // Duo.
    (
        r#"{"txid":"0a1b-1","event_type":"authentication","factor":"duo_push","result":"denied","reason":"user_mistake","user":{"name":"bob"},"access_device":{"ip":"192.0.2.7"},"isotimestamp":"2026-03-01T09:00:00Z"}"#,
        "read",
    ),
    (
        r#"{"txid":"0a1b-1","event_type":"enrollment","factor":"duo_push","user":{"name":"bob"},"isotimestamp":"2026-03-01T09:00:00Z"}"#,
        "ignored",
    ),
    ("CEF:0|Duo Security|DuoLogSync|2.3.0|administrator|admin_login|5|duser=bob", "ignored"),
    ("factor=duo_push result=denied txid=0a1b-1 user=bob", "unread"),
    // Auth0.
    (
        r#"{"log_id":"1","type":"fp","date":"2026-03-01T09:00:00Z","ip":"192.0.2.7","user_name":"bob"}"#,
        "read",
    ),
    (r#"{"log_id":"1","type":"sapi","date":"2026-03-01T09:00:00Z","user_name":"bob"}"#, "ignored"),
    ("type=fp log_id=1 user_name=bob ip=192.0.2.7", "unread"),
    // IIS and Exchange: a record that is read, a request before the one with the credentials, lines without column
    // names.
    (
        r#"{"date":"2026-03-01","time":"09:00:00","cs-method":"POST","cs-uri-stem":"/owa/auth.owa","cs-username":"bob","c-ip":"192.0.2.7","sc-status":"302"}"#,
        "read",
    ),
    (
        r#"{"date":"2026-03-01","time":"09:00:00","cs-method":"POST","cs-uri-stem":"/EWS/Exchange.asmx","cs-username":"-","c-ip":"192.0.2.7","sc-status":"401","sc-substatus":"2"}"#,
        "ignored",
    ),
    (
        r#"203.0.113.9 - - [01/Mar/2026:09:00:00 +0000] "GET /owa/auth.owa HTTP/1.1" 404 153 "-" "curl""#,
        "ignored",
    ),
    (
        "2026-03-01 09:00:00 192.0.2.1 POST /owa/auth.owa - 443 - 203.0.113.9 Mozilla/5.0 - 302 0 0 15",
        "unread",
    ),
    ("2026-03-01T09:00:00Z,x\\y,1,*,,535 5.7.3 Authentication unsuccessful,", "unread"),
    // macOS.
    (r#"{"note":"x","kind":"openssh_login","who":"bob"}"#, "unread"),
    // Normalised.
    (
        r#"{"@timestamp":"2026-03-01T09:00:00Z","event":{"category":["authentication"],"outcome":"failure"},"user":{"name":"bob"},"source":{"ip":"192.0.2.7"}}"#,
        "read",
    ),
    (
        r#"{"@timestamp":"2026-03-01T09:00:00Z","event":{"category":["authentication"],"type":["info"]},"user":{"name":"bob"}}"#,
        "ignored",
    ),
    ("ts=2026-03-01T09:00:00Z event.category=authentication event.outcome=failure user.name=bob", "unread"),
    (
        r#"{"class_uid":3002,"status_id":2,"activity_id":1,"user":{"name":"bob"},"src_endpoint":{"ip":"192.0.2.7"},"time":1772355600000}"#,
        "read",
    ),
    (
        r#"{"class_uid":3002,"status_id":1,"activity_id":2,"user":{"name":"bob"},"time":1772355600000}"#,
        "ignored",
    ),
    ("class_uid=3002 status_id=2 user.name=bob", "unread"),
    ("class_uid=30021 status_id=2 user.name=bob", "ignored"),
    // Records of unknown programs.
    ("", "ignored"),
    ("the job failed: authentication required by tty", "ignored"),
    (r#"{"message":"401 fail 4625 3002","level":"error"}"#, "ignored"),
    (r#"{"EventID":4625,"#, "malformed"),
];

fn table() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    [LINUX, WINDOWS, PROVIDERS].into_iter().flatten()
}

#[test]
fn siblings_of_each_family() {
    let wrong: Vec<String> = table()
        .filter(|(record, how)| taken(record) != *how)
        .map(|(record, how)| format!("{}, not {how}: {record}", taken(record)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_those_who_read_the_family_miss_it() {
    let readers: Vec<Reader> = Family::ALL
        .into_iter()
        .map(|family| Reader { telemetry: family.telemetry(), extra_failure_codes: Vec::new() })
        .collect();
    for (record, family) in [
        ("Failed password for bob from 192.0.2.7 port 5 ssh2", Family::Linux),
        (r#"win_eventlog,EventID=4625,host=dc1 Message="x" 1772611200"#, Family::Windows),
        ("okta eventType=user.session.start outcome=FAILURE actor=bob@example.com", Family::Okta),
    ] {
        let misread =
            trial::several::<Everything>("+00:00", readers.clone()).decode(record.as_bytes(), &mut |_| {});
        let place = Family::ALL.iter().position(|one| *one == family).unwrap();
        assert_eq!(misread.unread, Readers::one(place), "{record}");
    }
}

#[test]
fn every_sign_holds_a_needle() {
    for (family, (needles, signs)) in Family::ALL.into_iter().zip(NEEDLES.into_iter().zip(SIGNS)) {
        let holds = |word: &&str| {
            let word = word.to_lowercase();
            needles.iter().any(|needle| word.contains(&needle.to_lowercase()))
        };
        for sign in signs {
            assert!(sign.words.iter().all(|word| word.len() >= 7), "{sign:?}");
            let with = !sign.with.is_empty() && sign.with.iter().all(holds);
            assert!(with || sign.words.iter().all(holds), "{family:?}: {sign:?}");
        }
    }
}

proptest! {
    /// A prefilter changes no count for any record: each unread record holds a needle.
    #[test]
    fn what_is_unread_holds_a_needle(
        which in any::<proptest::sample::Index>(),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), 0u8..3, any::<u8>()), 0..4),
    ) {
        let records: Vec<_> = table().collect();
        let mut bytes = which.get(&records).0.as_bytes().to_vec();
        for (at, kind, byte) in edits {
            let at = at.index(bytes.len().max(1));
            match kind {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at.min(bytes.len())..(at + 4).min(bytes.len()))),
                _ => bytes.insert(at.min(bytes.len()), byte),
            }
        }
        let mut events = 0;
        let mut decoder: Decoder<Everything> = trial::decoder();
        let misread = decoder.decode(&bytes, &mut |_| events += 1);
        let lower = bytes.to_ascii_lowercase();
        let holds = decoder.needles().iter().any(|needle| {
            let needle = needle.to_lowercase().into_bytes();
            lower.windows(needle.len()).any(|part| part == needle)
        });
        prop_assert!(misread.unread.is_empty() || holds);
        let kinds = [events > 0, !misread.malformed.is_empty(), !misread.unread.is_empty()];
        prop_assert!(misread.unread.is_empty() || kinds == [false, false, true], "{:?}", vec![kinds]);
    }
}
