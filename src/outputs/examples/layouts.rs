//! Prints one alert in each layout: as the contract writes it, as an OCSF Detection Finding, and in the Elastic Common
//! Schema.
//!
//! ```console
//! $ cargo run -p authsieve-outputs --example layouts
//! ```

use authsieve_engine::alert::{Alert, Severity};
use authsieve_engine::time::Timestamp;
use authsieve_outputs::{Layout, located::Located};
use authsieve_records::Origins;

fn main() {
    // The records from number 1 on are the lines of a file, so record 55 is line 55.
    let mut origins = Origins::default();
    origins.add(1, &"auth.log".into(), 1);
    let alert = Alert {
        title: "5 failed logins of backup from 203.0.113.9, then a login".into(),
        severity: Severity::High,
        time: Timestamp(1_772_610_786_000_000),
        user: Some("backup".into()),
        src_ip: Some("203.0.113.9".into()),
        record: 55,
        ..Alert::default()
    };
    let located = Located::new(&alert, &origins);
    for layout in Layout::ALL {
        println!("{}: {}", layout.name(), layout.to_json(&located));
    }
}
