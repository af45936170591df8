//! Reads waiting alerts as version 0.1 wrote them.

use authsieve_engine::alert::{Alert, Evidence};
use authsieve_engine::snapshot::fields::Saved;
use authsieve_engine::snapshot::{Reader, Result, SnapshotError};

const WRONG: SnapshotError = SnapshotError::Invalid("an alert that waits");

/// Reads one alert.
///
/// # Errors
/// Fails if the bytes are not an alert.
pub fn load(input: &mut Reader<'_>) -> Result<Alert> {
    let mut alert = Alert { severity: Saved::load(input)?, ..Alert::default() };
    for time in [&mut alert.time, &mut alert.first_seen, &mut alert.last_seen] {
        *time = Saved::load(input)?;
    }
    alert.pattern = Saved::load(input)?;
    alert.title = Saved::load(input)?;
    for text in [
        &mut alert.user,
        &mut alert.src_ip,
        &mut alert.host,
        &mut alert.service,
        &mut alert.user_agent,
        &mut alert.application,
        &mut alert.device,
    ] {
        let there = input.u8()? != 0;
        *text = Some(Saved::load(input)?).filter(|_| there);
    }
    for count in [&mut alert.challenge_count, &mut alert.distinct_users, &mut alert.distinct_ips] {
        *count = match input.varint()? {
            0 => None,
            more => Some(u32::try_from(more - 1).map_err(|_| WRONG)?),
        };
    }
    for list in [
        &mut alert.users,
        &mut alert.src_ips,
        &mut alert.estimated,
        &mut alert.related_successes,
        &mut alert.techniques,
        &mut alert.context,
    ] {
        *list = Saved::load(input)?;
    }
    let evidence: Vec<String> = Saved::load(input)?;
    alert.evidence = evidence.into_iter().map(|text| Evidence { record: 0, text }).collect();
    alert.response = Saved::load(input)?;
    alert.reasons = Saved::load(input)?;
    alert.outcomes = Saved::load(input)?;
    Ok(alert)
}
