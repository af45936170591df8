//! Groups three alerts into incidents, and writes them as an HTML page to standard output.
//!
//! ```console
//! $ cargo run -p authsieve-triage --example incidents >incidents.html
//! ```

use authsieve_engine::alert::Alert;
use authsieve_engine::time::Timestamp;
use authsieve_triage::html::{Page, page};
use authsieve_triage::incidents::Limits;
use authsieve_triage::report::{Report, Told};

fn main() {
    let told = |id: &str, second: i64, user: &str, address: &str| Told {
        alert: Alert {
            id: id.into(),
            title: format!("5 failed logins of {user} from {address}, then a login"),
            time: Timestamp(second * 1_000_000),
            user: Some(user.into()),
            src_ip: Some(address.into()),
            ..Alert::default()
        },
        ..Told::default()
    };
    let alerts = vec![
        told("a", 1_772_610_000, "ada", "203.0.113.9"),
        // The same address on another account: the same incident.
        told("b", 1_772_610_060, "bob", "203.0.113.9"),
        // Neither the address nor the account of the others: an incident of its own.
        told("c", 1_772_610_120, "eve", "198.51.100.7"),
    ];
    let report = Report::new(alerts, Limits::default());
    eprintln!("{}", report.headline());
    let time = |time: Timestamp| time.to_rfc3339();
    print!("{}", page(&report, &Page { title: "Logins", notes: &[], table: None, time: &time, raw: false }));
}
