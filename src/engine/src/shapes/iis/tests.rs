use super::*;
use alloc::format;
use alloc::string::String;
use proptest::prelude::*;

fn one(record: &str) -> Option<(Event<'_>, Option<Stamp>)> {
    let said =
        decode(&Object::new(record.as_bytes()).unwrap(), Given::UTC);
    let lower = record.to_lowercase();
    assert!(said.is_none() || ROOM.needles.iter().any(|needle| lower.contains(needle)), "{record}");
    said
}

fn lines(record: &str) -> String {
    let Some((e, time)) = one(record) else { return "none".into() };
    let at = match time {
        Some(Stamp::At(at)) => format!("{at}"),
        _ => "-".into(),
    };
    let ip = e.src_ip.map_or("-".into(), |ip| format!("{ip}"));
    format!(
        "{at} {} {}/{} {ip} {} {} {}",
        e.outcome.as_str(),
        e.domain,
        e.user,
        e.status,
        e.reason,
        e.service
    )
}

/// A W3C line with these fields: method, path, user, address, and status, sub-status and code.
fn line(method: &str, path: &str, user: &str, address: &str, status: &str) -> String {
    let mut codes = status.split(' ');
    let mut code = || codes.next().unwrap();
    format!(
        r#"{{"date":"2026-03-01","time":"10:00:00","s-ip":"10.0.0.1","cs-method":"{method}","cs-uri-stem":"{path}","cs-uri-query":"Cmd=Sync&User=admin&DeviceId=1","s-port":"443","cs-username":"{user}","c-ip":"{address}","cs(User-Agent)":"Mozilla/5.0+(X)","cs(Referer)":"-","sc-status":"{}","sc-substatus":"{}","sc-win32-status":"{}","time-taken":"14"}}"#,
        code(),
        code(),
        code()
    )
}

#[test]
fn the_form() {
    let form = |user: &str, status: &str| lines(&line("POST", "/owa/auth.owa", user, "192.0.2.1", status));
    assert_eq!(form("Bob", "302 0 0"), "2026-03-01T10:00:00Z success /bob 192.0.2.1 302  owa");
    assert_eq!(form("CORP\\\\Bob", "302 0 0"), "2026-03-01T10:00:00Z success CORP/bob 192.0.2.1 302  owa");
    assert_eq!(
        form("Bob@Example.com", "302 0 64"),
        "2026-03-01T10:00:00Z success /bob@example.com 192.0.2.1 302  owa"
    );
    assert_eq!(form("-", "302 0 0"), "2026-03-01T10:00:00Z failure / 192.0.2.1 302  owa");
    assert_eq!(form("-", "200 0 0"), "none");
    assert_eq!(
        lines(&line("POST", "/OWA/auth.OWA", "-", "192.0.2.1", "302 0 0")).split(' ').nth(1),
        Some("failure")
    );
    assert_eq!(lines(&line("GET", "/owa/auth.owa", "bob", "192.0.2.1", "302 0 0")), "none");
    assert_eq!(lines(&line("POST", "/owa/auth.owa/x", "bob", "192.0.2.1", "302 0 0")), "none");
    assert_eq!(lines(&line("GET", "/owa", "bob", "192.0.2.1", "301 0 0")), "none");
    let record = line("POST", "/owa/auth.owa", "bob", "192.0.2.1", "302 0 0");
    let (e, _) = one(&record).unwrap();
    assert_eq!(
        (e.shape.as_str(), e.provider.as_str(), &*e.user_agent, &*e.method),
        ("owa", "exchange", "Mozilla/5.0+(X)", "form")
    );
}

#[test]
fn passwords_sent_with_each_request() {
    let eas = |user: &str, status: &str| {
        lines(&line("POST", "/Microsoft-Server-ActiveSync/default.eas", user, "2001:db8::7", status))
    };
    let service = "Microsoft-Server-ActiveSync";
    assert_eq!(
        eas("CORP\\\\Erin", "401 1 1326"),
        format!("2026-03-01T10:00:00Z failure CORP/erin 2001:db8::7 401.1 1326 {service}")
    );
    assert_eq!(eas("-", "401 1 2148074254"), "none", "the query's user is the client's word");
    assert_eq!(eas("-", "401 2 5"), "none");
    assert_eq!(eas("erin", "401 2 5"), "none");
    assert_eq!(eas("erin", "401 3 5"), "none");
    assert_eq!(eas("erin", "200 0 0"), "none", "a session");
    assert_eq!(eas("erin", "403 4 5"), "none");
    assert_eq!(eas("erin", "x 1 5"), "none");
    let expired = line("GET", "/EWS/Exchange.asmx", "erin", "192.0.2.1", "401 1 1330");
    assert_eq!(one(&expired).map(|(e, _)| (e.credential, e.shape.as_str())), Some((true, "iis")));
    let bare = line("GET", "/EWS/Exchange.asmx", "erin", "192.0.2.1", "401 1 1326")
        .replace(r#""sc-substatus":"1","#, "");
    assert!(lines(&bare).contains("failure"));
    assert_eq!(lines(&bare.replace("1326", "5")), "none");
}

#[test]
fn as_other_parsers_spell_it() {
    for record in [
        r#"{"TimeGenerated":"2026-03-01T10:00:00Z","csMethod":"GET","csUriStem":"/ews/exchange.asmx","csUserName":"bob","cIP":"192.0.2.1","scStatus":401,"scSubStatus":"1","scWin32Status":"1326","sComputerName":"ex1","date":"2026-03-01","time":"10:00:00"}"#,
        r#"{"@timestamp":"2026-03-01T10:00:00Z","cs_method":"GET","cs_uri_stem":"/ews/exchange.asmx","cs_username":"bob","c_ip":"192.0.2.1","sc_status":401,"sc_substatus":1,"sc_win32_status":1326}"#,
        r#"{"@timestamp":"2026-03-01T10:00:00.000Z","event":{"category":["web"]},"http":{"request":{"method":"GET"},"response":{"status_code":401}},"iis":{"access":{"sub_status":1,"win32_status":1326}},"url":{"path":"/ews/exchange.asmx"},"user":{"name":"bob"},"source":{"ip":"192.0.2.1","address":"192.0.2.1"},"user_agent":{"original":"x"}}"#,
    ] {
        assert_eq!(lines(record), "2026-03-01T10:00:00Z failure /bob 192.0.2.1 401.1 1326 ews", "{record}");
    }
}

#[test]
fn behind_a_load_balancer() {
    let from = |address: &str, forwarded: &str| {
        let record = line("POST", "/owa/auth.owa", "-", address, "302 0 0");
        let record = record
            .replace("\"cs(Referer)\"", &format!("\"X-Forwarded-For\":\"{forwarded}\",\"cs(Referer)\""));
        one(&record).unwrap().0.src_ip.map(|ip| format!("{ip}")).unwrap_or_default()
    };
    assert_eq!(from("10.0.0.5", "192.0.2.1"), "192.0.2.1");
    assert_eq!(from("10.0.0.5", "198.51.100.9,+192.0.2.1"), "192.0.2.1", "what the balancer appended");
    assert_eq!(from("10.0.0.5", "[2001:db8::1]:4711"), "2001:db8::1");
    assert_eq!(from("10.0.0.5", "-"), "10.0.0.5");
    assert_eq!(from("10.0.0.5", "nonsense"), "10.0.0.5");
    assert_eq!(from("198.51.100.9", "192.0.2.1"), "198.51.100.9", "a client's word");
    assert_eq!(from("-", "192.0.2.1"), "192.0.2.1");
    for private in ["127.0.0.1", "100.64.0.1", "169.254.1.1", "fd00::1", "::1", "fe80::1%3"] {
        assert_eq!(from(private, "192.0.2.1"), "192.0.2.1", "{private}");
    }
}

#[test]
fn behind_several_proxies() {
    let from = |chain: &str, proxies: &[&str]| {
        let (peer, forwarded) = chain.split_once('|').unwrap();
        let proxies: alloc::vec::Vec<Cidr> = proxies.iter().map(|block| Cidr::parse(block).unwrap()).collect();
        client(peer, forwarded, &proxies).map(|ip| format!("{ip}")).unwrap_or_default()
    };
    for (chain, client) in [
        ("172.18.23.68|203.0.113.9:33453,+172.16.0.1:49770", "203.0.113.9"),
        ("172.18.23.68|203.0.113.9:33453,+172.16.0.1:49770,+172.16.0.2", "203.0.113.9"),
        ("172.18.23.68|198.51.100.66,+203.0.113.9,+172.16.0.1", "203.0.113.9"),
        ("172.18.23.68|-", "172.18.23.68"),
        ("172.18.23.68|10.1.1.1,+10.2.2.2", "10.1.1.1"),
        ("203.0.113.80|10.1.1.1,+198.51.100.66", "203.0.113.80"),
        ("172.18.23.68|198.51.100.66,+unknown", "172.18.23.68"),
        ("172.18.23.68|198.51.100.66,+unknown,+172.16.0.1", "172.16.0.1"),
        ("fd00::1|[2001:db8::7]:443,+fe80::1", "2001:db8::7"),
        ("-|203.0.113.9", "203.0.113.9"),
        ("-|-", ""),
    ] {
        assert_eq!(from(chain, &[]), client, "{chain}");
    }
    let proxies = ["203.0.113.80", "172.16.0.0/12"];
    for (chain, client) in [
        ("203.0.113.80|198.51.100.66,+10.1.1.1", "10.1.1.1"),
        ("203.0.113.80|198.51.100.66,+192.0.2.1,+172.16.0.1", "192.0.2.1"),
        ("10.0.0.5|192.0.2.1", "10.0.0.5"),
        ("203.0.113.80|172.16.0.9", "172.16.0.9"),
        ("203.0.113.80|-", "203.0.113.80"),
    ] {
        assert_eq!(from(chain, &proxies), client, "{chain}");
    }
}

#[test]
fn times_that_are_none() {
    let without = |from: &str, to: &str| {
        lines(&line("POST", "/owa/auth.owa", "-", "192.0.2.1", "302 0 0").replace(from, to))
    };
    assert!(without(r#""date":"2026-03-01","#, "").starts_with("- failure"));
    assert!(
        without(r#""date":"2026-03-01""#, r#""timestamp":"2026-03-01T11:00:00Z""#)
            .starts_with("2026-03-01T11:00:00Z")
    );
    assert!(without("2026-03-01", &"9".repeat(100)).starts_with("- failure"));
    assert!(without("10:00:00", "10:00:00.250").starts_with("2026-03-01T10:00:00.250Z"));
}

proptest! {
    #[test]
    fn no_mutation_panics(at in 0usize..500, bytes in proptest::collection::vec(any::<u8>(), 0..12), keep in any::<bool>()) {
        let record = line("POST", "/owa/auth.owa", "CORP\\\\bob", "192.0.2.1", "302 0 0");
        let record = record.as_bytes();
        let at = at % record.len();
        let after = if keep { at } else { (at + bytes.len()).min(record.len()) };
        let mutated = [&record[..at], &bytes, &record[after..]].concat();
        if let Some(object) = Object::new(&mutated) {
            let _ = decode(&object, Given::UTC);
        }
    }
}
