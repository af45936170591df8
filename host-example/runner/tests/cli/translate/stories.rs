//! The proof of the translated rules: streams on which Sigma and the analytic agree, and streams for each
//! sentence of "Sigma cannot say".

use authsieve_engine::time::Timestamp;

/// The seconds between two stories: longer than all windows.
pub const APART: i64 = 2 * 86_400;
/// 2026-03-02T00:00:00Z.
const BEGIN: i64 = 1_772_409_600;

/// One stream: its name, and its steps.
pub struct Story {
    pub name: &'static str,
    steps: &'static [Step],
}

/// A story on which the analytic and Sigma differ.
pub struct Difference {
    /// A part of the sentence in the translated file.
    pub sentence: &'static str,
    pub story: Story,
    /// The numbers of alarms: of the analytic, of Sigma.
    pub alarms: (usize, usize),
}

/// The stories of an analytic.
pub struct Proof {
    pub analytic: &'static str,
    /// Writes the records of a story at its place.
    pub write: fn(&Story, i64) -> String,
    pub same: &'static [Story],
    pub different: &'static [Difference],
}

/// Events of one user from one address: the outcome, the second of the first, how many, and the seconds between them.
type Step = (&'static str, i64, i64, i64, &'static str, &'static str);

/// The place of the story to which an alarm of this time belongs.
pub fn place(time: &str) -> usize {
    let begun = |place: &i64| &*Timestamp((BEGIN + place * APART) * 1_000_000).to_string() <= time;
    (0..).take_while(begun).count() - 1
}

const A: &str = "192.0.2.7";
const B: &str = "198.51.100.9";
const C: &str = "203.0.113.5";

const fn story(name: &'static str, steps: &'static [Step]) -> Story {
    Story { name, steps }
}

const fn differ(
    sentence: &'static str,
    alarms: (usize, usize),
    name: &'static str,
    steps: &'static [Step],
) -> Difference {
    Difference { sentence, story: story(name, steps), alarms }
}

/// Five failures, then a login.
const LOGINS: &[Story] = &[
    story("five failures and a login", &[("failure", 0, 5, 60, "ada", A), ("success", 300, 1, 0, "ada", A)]),
    story("four failures and a login", &[("failure", 0, 4, 60, "ada", A), ("success", 300, 1, 0, "ada", A)]),
    story("no login", &[("failure", 0, 5, 60, "ada", A)]),
    story("the whole window", &[("failure", 0, 5, 225, "ada", A), ("success", 901, 1, 0, "ada", A)]),
    story("longer than the window", &[("failure", 0, 5, 226, "ada", A), ("success", 905, 1, 0, "ada", A)]),
    story("the last moment", &[("failure", 0, 5, 10, "ada", A), ("success", 640, 1, 0, "ada", A)]),
    story("too late", &[("failure", 0, 5, 10, "ada", A), ("success", 641, 1, 0, "ada", A)]),
    story("from elsewhere", &[("failure", 0, 5, 10, "ada", A), ("success", 60, 1, 0, "ada", B)]),
];
const CONSUMED: Difference = differ(
    "an alert consumes the failures",
    (1, 2),
    "two logins",
    &[("failure", 0, 5, 10, "ada", A), ("success", 60, 1, 0, "ada", A), ("success", 70, 1, 0, "ada", A)],
);

/// The proofs of all analytics.
pub const PROOFS: &[Proof] = &[
    Proof {
        analytic: "an1276",
        write: sshd,
        same: LOGINS,
        different: &[
            CONSUMED,
            differ(
                "the key `ip`",
                (1, 0),
                "five users, one address",
                &[
                    ("failure", 0, 1, 0, "ada", A),
                    ("failure", 1, 1, 0, "bob", A),
                    ("failure", 2, 1, 0, "eve", A),
                    ("failure", 3, 2, 5, "tom", A),
                    ("success", 20, 1, 0, "ada", A),
                ],
            ),
            differ(
                "count once",
                (0, 1),
                "two lines about each attempt",
                &[("twice", 0, 3, 10, "ada", A), ("success", 40, 1, 0, "ada", A)],
            ),
            differ(
                "one line can report several failures",
                (1, 0),
                "five failures in one line",
                &[("repeated", 0, 1, 0, "ada", A), ("success", 40, 1, 0, "ada", A)],
            ),
        ],
    },
    Proof {
        analytic: "fls",
        write: entra,
        same: LOGINS,
        different: &[
            CONSUMED,
            differ(
                "delivered twice counts once",
                (0, 1),
                "three failures delivered twice",
                &[("twice", 0, 3, 10, "ada", A), ("success", 40, 1, 0, "ada", A)],
            ),
        ],
    },
    Proof {
        analytic: "an1521",
        write: windows,
        same: &[
            story("ten failures", &[("failure", 0, 10, 60, "ada", A)]),
            story("nine failures", &[("failure", 0, 9, 60, "ada", A)]),
            story("the whole window", &[("failure", 0, 9, 60, "ada", A), ("failure", 600, 1, 0, "ada", A)]),
            story("longer than the window", &[("failure", 0, 10, 67, "ada", A)]),
            story("slow", &[("failure", 0, 30, 2_700, "ada", A)]),
            story("an expired password", &[("expired", 0, 12, 10, "ada", A)]),
            story(
                "ten accounts from one address",
                &[
                    ("failure", 0, 1, 0, "ada", A),
                    ("failure", 5, 1, 0, "bob", A),
                    ("failure", 10, 1, 0, "eve", A),
                    ("failure", 15, 1, 0, "tom", A),
                    ("failure", 20, 1, 0, "kim", A),
                    ("failure", 25, 1, 0, "dan", A),
                    ("failure", 30, 1, 0, "una", A),
                    ("failure", 35, 1, 0, "max", A),
                    ("failure", 40, 1, 0, "ron", A),
                    ("failure", 45, 1, 0, "pat", A),
                ],
            ),
        ],
        different: &[
            differ(
                "similar names",
                (1, 0),
                "one family",
                &[
                    ("failure", 0, 4, 5, "admin", A),
                    ("failure", 30, 4, 5, "admin1", A),
                    ("failure", 60, 4, 5, "4dmin", A),
                ],
            ),
            differ(
                "both a count of failures and one of addresses",
                (0, 1),
                "three addresses",
                &[
                    ("failure", 0, 1, 0, "ada", A),
                    ("failure", 5, 1, 0, "ada", B),
                    ("failure", 9, 1, 0, "ada", C),
                ],
            ),
            differ("silences its pattern", (1, 3), "twelve failures", &[("failure", 0, 12, 5, "ada", A)]),
            differ(
                "delivered twice counts once",
                (0, 1),
                "five failures delivered twice",
                &[("twice", 0, 5, 5, "ada", A)],
            ),
        ],
    },
    Proof {
        analytic: "an1269",
        write: entra,
        same: &[
            story("ten failures", &[("failure", 0, 10, 60, "ada", A)]),
            story("nine failures", &[("failure", 0, 9, 60, "ada", A)]),
            story("the whole window", &[("failure", 0, 10, 200, "ada", A)]),
            story("longer than the window", &[("failure", 0, 10, 201, "ada", A)]),
            story("a right password", &[("failure", 0, 10, 30, "ada", A), ("success", 300, 1, 0, "ada", A)]),
        ],
        different: &[
            differ(
                "the shape of an attack",
                (1, 2),
                "five accounts, twice each",
                &[
                    ("failure", 0, 2, 5, "ada", A),
                    ("failure", 20, 2, 5, "bob", A),
                    ("failure", 40, 2, 5, "eve", A),
                    ("failure", 60, 2, 5, "tom", A),
                    ("failure", 80, 2, 5, "kim", A),
                ],
            ),
            differ(
                "has to be among those that failed",
                (1, 2),
                "another account logs in",
                &[("failure", 0, 10, 30, "ada", A), ("success", 300, 1, 0, "bob", A)],
            ),
            differ("silences its own shape", (1, 3), "twelve failures", &[("failure", 0, 12, 30, "ada", A)]),
            differ(
                "within one window that ends with it",
                (1, 2),
                "a right password 29 minutes later",
                &[("failure", 0, 10, 30, "ada", A), ("success", 2_010, 1, 0, "ada", A)],
            ),
            differ(
                "delivered twice counts once",
                (0, 1),
                "five failures delivered twice",
                &[("twice", 0, 5, 5, "ada", A)],
            ),
        ],
    },
    Proof {
        analytic: "an0454",
        write: okta,
        same: &[
            story("five challenges", &[("challenge", 0, 5, 60, "ada", A)]),
            story("four challenges", &[("challenge", 0, 4, 60, "ada", A)]),
            story("the whole window", &[("challenge", 0, 5, 150, "ada", A)]),
            story("longer than the window", &[("challenge", 0, 5, 151, "ada", A)]),
            story("slow", &[("challenge", 0, 15, 5_400, "ada", A)]),
            story("a login", &[("challenge", 0, 5, 30, "ada", A), ("success", 200, 1, 0, "ada", A)]),
            story("a login too late", &[("challenge", 0, 5, 30, "ada", A), ("success", 721, 1, 0, "ada", A)]),
        ],
        different: &[
            differ(
                "a challenge and its result are one",
                (0, 2),
                "three challenges, each refused",
                &[("challenge", 0, 3, 60, "ada", A), ("denied", 10, 3, 60, "ada", A)],
            ),
            differ(
                "come from where a challenge came from",
                (1, 2),
                "a login from elsewhere",
                &[("challenge", 0, 5, 30, "ada", A), ("success", 200, 1, 0, "ada", B)],
            ),
            differ(
                "forget these challenges",
                (2, 3),
                "two logins",
                &[
                    ("challenge", 0, 5, 30, "ada", A),
                    ("success", 200, 1, 0, "ada", A),
                    ("success", 210, 1, 0, "ada", A),
                ],
            ),
            differ(
                "delivered twice counts once",
                (0, 1),
                "three challenges delivered twice",
                &[("twice", 0, 3, 10, "ada", A)],
            ),
        ],
    },
];

/// One event of a story.
struct Event {
    time: String,
    outcome: &'static str,
    user: &'static str,
    address: &'static str,
    number: i64,
}

/// The records of a story in the order of their times.
fn records(story: &Story, place: i64, write: impl Fn(&Event) -> String) -> String {
    let mut events: Vec<(i64, Event)> = vec![];
    for (outcome, first, count, apart, user, address) in story.steps {
        for number in 0..*count {
            let second = BEGIN + place * APART + first + number * apart;
            let time = Timestamp(second * 1_000_000).to_string();
            let number = place * 1_000 + i64::try_from(events.len()).unwrap_or(0);
            events.push((second, Event { time, outcome, user, address, number }));
        }
    }
    events.sort_by_key(|(second, _)| *second);
    events.iter().map(|(_, event)| write(event)).collect()
}

/// Writes a record twice if the step says so.
fn delivered(event: &Event, record: &str) -> String {
    format!("{record}\n").repeat(if event.outcome == "twice" { 2 } else { 1 })
}

fn sshd(story: &Story, place: i64) -> String {
    records(story, place, |Event { time, outcome, user, address, number }| {
        let line = |text: String| format!("{time} web1 sshd[{}]: {text}\n", 1_000 + number);
        let failed = format!("Failed password for {user} from {address} port 4000 ssh2");
        match *outcome {
            "success" => line(format!("Accepted password for {user} from {address} port 4000 ssh2")),
            "repeated" => line(format!("message repeated 5 times: [ {failed}]")),
            "twice" => {
                let pam = format!(
                    "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= \
                     rhost={address}  user={user}"
                );
                line(pam) + &line(failed)
            }
            _ => line(failed),
        }
    })
}

fn entra(story: &Story, place: i64) -> String {
    records(story, place, |event| {
        let Event { time, outcome, user, address, number } = event;
        let code = if *outcome == "success" { 0 } else { 50126 };
        let record = serde_json::json!({"CreatedDateTime": time, "Category": "SignInLogs", "Type": "SigninLogs",
            "OperationName": "Sign-in activity", "ResultType": code.to_string(), "IsInteractive": true,
            "Id": format!("00000000-0000-4000-8000-{number:012}"), "UserPrincipalName": format!("{user}@contoso.com"),
            "CorrelationId": format!("00000000-0000-4000-9000-{number:012}"), "IPAddress": address});
        delivered(event, &record.to_string())
    })
}

fn windows(story: &Story, place: i64) -> String {
    records(story, place, |event| {
        let Event { time, outcome, user, address, number } = event;
        let code = if *outcome == "expired" { "0xC0000071" } else { "0xC000006A" };
        let record = serde_json::json!({"TimeGenerated": time, "EventID": 4625, "Channel": "Security",
            "EventSourceName": "Microsoft-Windows-Security-Auditing", "Computer": "dc1.contoso.com",
            "Type": "SecurityEvent", "EventRecordId": number.to_string(), "LogonType": 3, "TargetUserName": user,
            "TargetDomainName": "CONTOSO", "IpAddress": address, "Status": "0xC000006D", "SubStatus": code});
        delivered(event, &record.to_string())
    })
}

fn okta(story: &Story, place: i64) -> String {
    records(story, place, |event| {
        let Event { time, outcome, user, address, number } = event;
        let kind = match *outcome {
            "denied" => "user.mfa.okta_verify.deny_push",
            "success" => "user.session.start",
            _ => "system.push.send_factor_verify_push",
        };
        let person =
            serde_json::json!({"id": "00u1", "type": "User", "alternateId": format!("{user}@contoso.com")});
        let record = serde_json::json!({"uuid": format!("00000000-0000-4000-8000-{number:012}"), "published": time,
            "eventType": kind, "actor": person, "target": [person], "outcome": {"result": "SUCCESS"},
            "client": {"ipAddress": address}, "transaction": {"type": "WEB", "id": format!("t{number}")}});
        delivered(event, &record.to_string())
    })
}
