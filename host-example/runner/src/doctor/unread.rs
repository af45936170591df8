//! Describes the records that no analytic reads although they may be about logins.
//!
//! The analytics count these records themselves (`unread` in their statistics). The marks here show a person what the
//! records look like and what to do.

use memchr::memmem::find;

/// A mark of unread records.
struct Mark {
    /// The record must contain one text of every list.
    all: &'static [&'static [&'static str]],
    /// True if the analytics do not know the format at all, and so do not count its records.
    foreign: bool,
    /// The kind of records, in words.
    what: &'static str,
    /// The advice.
    advice: &'static str,
}

/// The words of sshd and PAM about a login.
const SSHD: &[&str] = &[
    "Failed password for ",
    "Failed publickey for ",
    "Failed keyboard-interactive",
    "Accepted password for ",
    "Accepted publickey for ",
    "Accepted keyboard-interactive",
    "Invalid user ",
    "authentication failure; logname=",
];

/// The marks. The first one that fits is used.
const MARKS: [Mark; 10] = [
    Mark {
        all: &[&["RuleTitle", "Rule Title"], &["Computer", "EventID", "Channel"]],
        foreign: true,
        what: "rows of a Hayabusa timeline",
        advice: "it lists rules that matched, not every logon; read the .evtx files that it was made from",
    },
    Mark {
        all: &[&["win_eventlog,", "\"name\":\"win_eventlog\"", "\"name\": \"win_eventlog\""]],
        foreign: true,
        what: "Windows events as Telegraf writes them",
        advice: "this form is not read; collect the Security channel with Winlogbeat, NXLog, Vector or Fluent Bit",
    },
    Mark {
        all: &[&["sshd: PID ", "sshd-session: PID ", "sshd-auth: PID "]],
        foreign: true,
        what: "lines of sshd of Cygwin",
        advice: "this form is not read; OpenSSH for Windows is",
    },
    Mark {
        all: &[
            SSHD,
            &[
                " stdout F ",
                " stderr F ",
                " stdout P ",
                " stderr P ",
                "\"stream\":\"std",
                "\"stream\": \"std",
            ],
        ],
        foreign: false,
        what: "lines of sshd in a container's layout",
        advice: "the text is cut, or does not begin where sshd's begins; give whole lines, with the program before them",
    },
    Mark {
        all: &[SSHD],
        foreign: false,
        what: "lines of sshd or PAM in a layout that is not known",
        advice: "nothing says that sshd wrote them; keep the header (time, host, sshd[pid]:) or the member that names it",
    },
    Mark {
        all: &[&["doas[", "doas: "], &["failed", "command"]],
        foreign: true,
        what: "lines of doas",
        advice: "doas is not read; sudo and su are",
    },
    Mark {
        all: &[&["pam_audit", "AUDIT - user"], &["httpd", "mcpd", "tmm", "sshd"]],
        foreign: true,
        what: "logins to an F5 device",
        advice: "this form is not read",
    },
    Mark {
        all: &[&["ForwardedEvents"], &["4625", "4624"], &["Security-Auditing"]],
        foreign: true,
        what: "Windows logon events under the channel ForwardedEvents",
        advice: "collect them with the channel that the event itself names, Security",
    },
    Mark {
        all: &[&[
            "\"EventID\":4625",
            "\"EventID\":4624",
            "\"EventID\":\"4625\"",
            "\"EventID\":\"4624\"",
            "\"EventID\": 4625",
            "\"EventID\": 4624",
            "\"Id\":4625",
            "\"Id\":4624",
            "<EventID>4625",
            "<EventID>4624",
            "EventCode=4625",
            "EventCode=4624",
        ]],
        foreign: false,
        what: "Windows logon events without a known field",
        advice: "keep the event's fields (EventData) and its provider; the message alone is not read",
    },
    Mark {
        all: &[&["ResultType", "resultType", "StatusErrorCode", "errorCode"], SIGN_IN_CODES],
        foreign: false,
        what: "sign-ins of Entra in a layout that is not known",
        advice: "give the rows as Log Analytics, Microsoft Graph or the diagnostic settings write them",
    },
];

/// The most frequent of the codes that count as failures.
const SIGN_IN_CODES: &[&str] = &["50126", "50053", "50034", "50056", "50057", "50074", "500121"];

/// A kind of unread records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The kind, in words.
    pub what: &'static str,
    /// The advice.
    pub advice: &'static str,
    /// True if the analytics do not know the format at all.
    pub foreign: bool,
    /// The number of records.
    pub count: u64,
    /// The first record, shortened.
    pub example: String,
}

/// The unread records that may be about logins, by kind.
#[derive(Clone, Debug, Default)]
pub struct Unread(Vec<Kind>);

impl Unread {
    /// Takes a record without an event, and counts it if it fits a mark. `cut` shortens it for the example.
    pub fn take(&mut self, record: &[u8], cut: impl Fn(&[u8]) -> String) {
        let has = |any: &[&str]| any.iter().any(|text| find(record, text.as_bytes()).is_some());
        let Some(mark) = MARKS.iter().find(|mark| mark.all.iter().all(|any| has(any))) else { return };
        match self.0.iter_mut().find(|kind| kind.what == mark.what) {
            Some(kind) => kind.count += 1,
            None => {
                let Mark { foreign, what, advice, .. } = *mark;
                self.0.push(Kind { what, advice, foreign, count: 1, example: cut(record) });
            }
        }
    }

    /// The kinds, in the order of their first records.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_login_is_named() {
        for (record, wanted) in [
            ("Failed password for root from 203.0.113.9 port 1 ssh2", Some("a layout that is not known")),
            (
                "2026-03-04T08:00:00Z stdout F x Failed password for root from 203.0.113.9 port 1",
                Some("a container's layout"),
            ),
            (
                r#"{"log":"x Invalid user a from 203.0.113.9","stream":"stderr"}"#,
                Some("a container's layout"),
            ),
            (r#"{"Timestamp":"x","RuleTitle":"Logon Failure","Computer":"dc1"}"#, Some("Hayabusa")),
            ("win_eventlog,EventID=4625,host=dc1 Message=\"x\" 1772611200", Some("Telegraf")),
            ("Mar  4 08:00:00 h doas[5]: command run by a as root: ls", Some("doas")),
            ("Mar  4 08:00:00 h doas: failed auth for a", Some("doas")),
            ("<Data>sshd-session: PID 5: Failed password for root from 203.0.113.9</Data>", Some("Cygwin")),
            (
                r#"{"event_id":4625,"channel":"ForwardedEvents","provider_name":"Microsoft-Windows-Security-Auditing"}"#,
                Some("ForwardedEvents"),
            ),
            ("<EventID>4625</EventID>", Some("Windows logon events")),
            (r#"{"errorCode":50126,"who":"a"}"#, Some("sign-ins of Entra")),
            // These records are read, and correctly have no event.
            (r#"{"ResultType":"50140","UserPrincipalName":"a@example.com"}"#, None),
            ("Mar  4 08:00:00 h sshd[5]: Connection closed by 203.0.113.9 port 1", None),
            ("", None),
        ] {
            let mut unread = Unread::default();
            unread.take(record.as_bytes(), |record| String::from_utf8_lossy(record).into_owned());
            let what = unread.kinds().first().map(|kind| kind.what);
            match wanted {
                Some(part) => assert!(what.is_some_and(|what| what.contains(part)), "{record}: {what:?}"),
                None => assert_eq!(what, None, "{record}"),
            }
        }
    }

    #[test]
    fn kinds_are_counted_and_the_first_is_shown() {
        let mut unread = Unread::default();
        for n in 0..3 {
            unread
                .take(format!("{n} Invalid user a").as_bytes(), |r| String::from_utf8_lossy(r).into_owned());
        }
        let kinds: Vec<_> = unread.kinds().iter().map(|kind| (kind.count, kind.example.as_str())).collect();
        assert_eq!(kinds, [(3, "0 Invalid user a")]);
    }
}
