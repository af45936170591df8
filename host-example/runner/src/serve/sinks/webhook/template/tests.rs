use super::*;

/// Texts of attackers: string ends, terminal sequences, mentions, Markdown.
const EVIL: [&str; 10] = [
    "\"}],\"text\":\"pwned",
    "\\\" \\u0022 \\",
    "a\u{0}\u{1b}[2J\r\nb\u{85}\u{2028}",
    "<!channel> <@U123> <http://evil.example|click>",
    "& &amp; &lt;!here&gt;",
    "[click](http://evil.example) **b** _i_ `c` ~s~ # h",
    "<at>everyone</at>",
    "{{ vars.routing_key }} {% for x in alerts %}",
    "\u{202e}gnp.exe\u{2066}",
    "\u{10ffff}",
];

fn vars() -> BTreeMap<String, String> {
    BTreeMap::from([("routing_key".to_owned(), "R0".to_owned())])
}

/// An alert with this text in each field.
fn evil(text: &str) -> Json {
    let mut alert = example();
    for name in
        ["title", "user", "src_ip", "host", "service", "user_agent", "application", "device", "pattern"]
    {
        alert[name] = text.into();
    }
    for name in ["users", "src_ips", "context", "response", "related_successes"] {
        alert[name] = vec![text; 40].into();
    }
    alert["reasons"] = json!({ text: 5 });
    alert
}

/// The body of a request for an alert.
fn body(name: &str, alert: Json) -> Json {
    let template = Template::shipped(name).unwrap();
    let body = template.render(vec![alert], &vars()).unwrap_or_else(|why| panic!("{name}: {why}"));
    serde_json::from_str(&body).unwrap()
}

/// A JSON value without its texts.
fn shape(value: &Json) -> Json {
    match value {
        Json::String(_) => Json::from(""),
        Json::Array(list) => list.iter().map(shape).collect(),
        Json::Object(members) => {
            Json::Object(members.iter().map(|(name, value)| (name.clone(), shape(value))).collect())
        }
        other => other.clone(),
    }
}

/// Collects all texts of a value.
fn texts(value: &Json, found: &mut Vec<String>) {
    match value {
        Json::String(text) => found.push(text.clone()),
        Json::Array(list) => list.iter().for_each(|value| texts(value, found)),
        Json::Object(members) => members.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

#[test]
fn whatever_attackers_write_changes_texts_alone() {
    for name in ["slack", "teams"] {
        let ordinary = shape(&body(name, evil("x")));
        for text in EVIL {
            let body = body(name, evil(text));
            assert_eq!(shape(&body), ordinary, "{name}: {text:?}");
            let mut found = Vec::new();
            texts(&body, &mut found);
            for text in found {
                assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{name}: {text:?}");
            }
        }
    }
    for text in EVIL {
        let body = body("pagerduty", evil(text));
        assert_eq!((&body["routing_key"], body["dedup_key"].as_str().unwrap().len()), (&"R0".into(), 32));
    }
    for name in Template::names() {
        let long = "\u{1b}".repeat(3000);
        let body = body(name, evil(&long)).to_string();
        assert!(body.len() < 24 << 10, "{name}: {} bytes", body.len());
    }
}

#[test]
fn slack_mentions_nobody() {
    let body = body("slack", evil("<!channel> & <@U1> :fire:"));
    let mut found = Vec::new();
    texts(&body, &mut found);
    assert!(found.iter().any(|text| text.contains("&lt;!channel&gt; &amp; &lt;@U1&gt;")), "{found:#?}");
    for text in &found {
        assert!(!text.contains(['<', '>']), "{text}");
    }
    // No text of an alert is in a field that interprets Markdown or emoji names, so these stay plain.
    let written = body.to_string();
    assert!(written.contains("\"mrkdwn\":false") && !written.contains("\"type\":\"mrkdwn\""), "{written}");
    assert_eq!(written.matches("plain_text").count(), written.matches("\"emoji\":false").count());
    assert!(body["text"].as_str().unwrap().starts_with("HIGH: &lt;!channel"), "{body}");
    let blocks = body["blocks"].as_array().unwrap();
    assert_eq!(blocks[0]["type"], "header");
    let header = self::body("slack", evil(&"<".repeat(500)))["blocks"][0]["text"]["text"].to_string();
    assert!(header.len() <= 152 && header.ends_with("&lt;\""), "Slack refuses a longer one: {header}");
}

#[test]
fn teams_reads_no_markdown_and_mentions_nobody() {
    let body = body("teams", evil("[click](http://evil.example) <at>everyone</at>"));
    assert_eq!(body["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
    let card = &body["attachments"][0]["content"];
    assert_eq!((&card["type"], &card["version"]), (&"AdaptiveCard".into(), &"1.4".into()));
    // Runs of a RichTextBlock are plain text. A TextBlock or a Fact would interpret Markdown, and mentions need
    // `entities`.
    let written = body.to_string();
    for word in ["\"TextBlock\"", "FactSet", "entities"] {
        assert!(!written.contains(word), "{word}: {written}");
    }
    assert!(written.contains("[click](http://evil.example) <at>everyone</at>"), "{written}");
}

#[test]
fn pagerduty_has_one_incident_for_each_alert() {
    let alert = |severity: &str, status: Json| {
        let mut alert = example();
        (alert["severity"], alert["status"]) = (severity.into(), status);
        body("pagerduty", alert)
    };
    let first = alert("critical", Json::Null);
    assert_eq!((&first["event_action"], &first["dedup_key"]), (&"trigger".into(), &example()["id"]));
    assert_eq!(first["payload"]["summary"], example()["title"]);
    assert_eq!(
        (&first["payload"]["source"], &first["payload"]["component"]),
        (&"web1".into(), &"sshd".into())
    );
    assert_eq!(
        (&first["payload"]["class"], &first["payload"]["group"]),
        (&"user+ip".into(), &"AN1276".into())
    );
    assert_eq!(first["payload"]["timestamp"], "2026-03-04T08:00:10Z");
    for (severity, theirs) in [
        ("critical", "critical"),
        ("high", "error"),
        ("medium", "warning"),
        ("low", "info"),
        ("informational", "info"),
    ] {
        assert_eq!(alert(severity, Json::Null)["payload"]["severity"], theirs);
    }
    for (status, action) in [("update", "trigger"), ("resolved", "resolve"), ("acknowledged", "acknowledge")]
    {
        let body = alert("high", status.into());
        assert_eq!((&body["event_action"], &body["dedup_key"]), (&action.into(), &first["dedup_key"]));
    }
    assert_eq!(
        body(
            "pagerduty",
            json!({ "id": "a", "title": "t", "severity": "low", "time": "2026-03-04T08:00:10Z" })
        )["payload"]["source"],
        "authsieve"
    );
    let why = Template::shipped("pagerduty").unwrap().check(&BTreeMap::new(), 1).unwrap_err();
    assert!(why.contains("routing_key") || why.contains("undefined"), "{why}");
}

#[test]
fn a_template_has_bounds() {
    let fails = |source: &str, with: &str| {
        let why = Template::new("own", source).check(&BTreeMap::new(), 1).unwrap_err();
        assert!(why.contains(with), "{source}: {why}");
    };
    fails("{% for a in range(5000) %}{% for b in range(5000) %}{% endfor %}{% endfor %}", "fuel");
    fails(
        "[{% for a in range(9000) %}{{ alert.title ~ alert.title ~ alert.title }},{% endfor %} 0]",
        "longer than",
    );
    fails("{{ alert.titel }}", "undefined");
    fails("{{ alert.title", "syntax");
    fails("{\"a\": \"{{ alert.title }}\"}", "makes no JSON");
    fails("{{ alert.title|safe }}", "safe");
    fails("{% include \"/etc/passwd\" %}", "include");
    for (source, batch) in [("{{ alerts }}", 9), ("{\"a\":{{ alert.user or alert.users|join(\",\") }}}", 1)] {
        assert_eq!(Template::new("own", source).check(&BTreeMap::new(), batch), Ok(()), "{source}");
    }
    let why = Template::new("own", "{{ alert.title }}").check(&BTreeMap::new(), 9).unwrap_err();
    assert!(why.contains("undefined"), "a batch has no alert: {why}");
}
