//! Makes logs from a seed, for measurements.
//!
//! Each [`Shape`] has a file of templates, one record on each line: `F` for a failed login, `S` for a login, `O` for
//! anything else. Names in angle brackets are replaced.

use std::fmt::Write;

mod random;
pub use random::Random;

/// The form of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Each is the name of a format.
pub enum Shape {
    Syslog,
    Journald,
    Ecs,
    Evtx,
    Entra,
    Audit,
    Okta,
    Duo,
    /// Logs without logins: web servers, applications, containers, kernels.
    Ordinary,
}

impl Shape {
    /// All shapes with logins.
    pub const LOGINS: [Self; 8] = [
        Self::Syslog,
        Self::Journald,
        Self::Ecs,
        Self::Evtx,
        Self::Entra,
        Self::Audit,
        Self::Okta,
        Self::Duo,
    ];

    /// The name of the shape in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Syslog => "syslog",
            Self::Journald => "journald",
            Self::Ecs => "ECS",
            Self::Evtx => "Windows",
            Self::Entra => "Entra",
            Self::Audit => "audit log",
            Self::Okta => "Okta",
            Self::Duo => "Duo",
            Self::Ordinary => "ordinary",
        }
    }

    const fn templates(self) -> &'static str {
        match self {
            Self::Syslog => include_str!("records/syslog.txt"),
            Self::Journald => include_str!("records/journald.txt"),
            Self::Ecs => include_str!("records/ecs.txt"),
            Self::Evtx => include_str!("records/evtx.txt"),
            Self::Entra => include_str!("records/entra.txt"),
            Self::Audit => include_str!("records/audit.txt"),
            Self::Okta => include_str!("records/okta.txt"),
            Self::Duo => include_str!("records/duo.txt"),
            Self::Ordinary => include_str!("records/ordinary.txt"),
        }
    }
}

/// The number of people, each with an address. An attacker's address is another one.
const PEOPLE: u64 = 50_000;
/// The time of the first record in seconds, 2026-03-01 10:00 UTC. Each second has a hundred records.
const START: u64 = 1_772_359_200;
/// One of this many logins is followed by an attack: failures, then a login.
const ATTACKS: u64 = 2_000;
const FAILURES: u64 = 8;

/// Makes `records` records. Of a thousand, `logins` are about a login. The same seed gives the same bytes.
#[must_use]
pub fn corpus(shape: Shape, records: usize, logins: u64, seed: u64) -> Vec<u8> {
    let of = |kind: &str| -> Vec<Vec<&str>> {
        let lines = shape.templates().lines().filter_map(|line| line.strip_prefix(kind));
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line).split('<').collect()).collect()
    };
    let (failed, succeeded, others) = (of("F"), of("S"), of("O"));
    let (mut out, mut random, mut attack) = (String::new(), Random::new(seed), 0);
    let mut who = (0, 0);
    for number in 0..records as u64 {
        let login = !failed.is_empty() && random.below(1000) < logins;
        let templates = if !login {
            &others
        } else if attack > 0 {
            attack -= 1;
            if attack > 0 { &failed } else { &succeeded }
        } else {
            let person = random.below(PEOPLE);
            who = (person, person);
            if random.below(ATTACKS) == 0 {
                (attack, who.0) = (FAILURES, PEOPLE + person);
            }
            if random.below(10) > 0 { &failed } else { &succeeded }
        };
        let template = &templates[random.below(templates.len() as u64) as usize];
        fill(template, number, who, &mut random, &mut out);
        out.push('\n');
    }
    out.into_bytes()
}

/// Writes one record. `template` is split before each `<`.
fn fill(template: &[&str], number: u64, (address, user): (u64, u64), random: &mut Random, out: &mut String) {
    let (seconds, millis) = (START + number / 100, number % 100 * 10);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let day = 1 + (seconds - START + 36_000) / 86_400;
    out.push_str(template[0]);
    for part in &template[1..] {
        let (name, rest) = part.split_once('>').unwrap_or(("", part));
        let _ = match name {
            "iso" => write!(out, "2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"),
            "second" => write!(out, "2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}"),
            "syslog" => write!(out, "Mar {day:>2} {hour:02}:{minute:02}:{second:02}"),
            "micros" => write!(out, "{seconds}{millis:03}000"),
            "epoch" => write!(out, "{seconds}"),
            "ip" => write!(out, "10.{}.{}.{}", address >> 16, address >> 8 & 255, address & 255),
            "user" => write!(out, "user{user}"),
            "host" => write!(out, "web{}", random.below(20)),
            "port" => write!(out, "{}", 1024 + random.below(60_000)),
            "pid" => write!(out, "{}", 300 + number % 30_000),
            "n" => write!(out, "{}", random.below(1_000_000)),
            "hex" => write!(out, "{:016x}", random.next()),
            "uuid" => {
                let (a, b) = (random.next(), random.next());
                write!(
                    out,
                    "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
                    a >> 32,
                    a & 0xffff,
                    a >> 16 & 0xfff,
                    b >> 52,
                    b & 0xffff_ffff_ffff
                )
            }
            // A bracket that belongs to the record.
            _ => {
                out.push('<');
                out.push_str(part);
                continue;
            }
        };
        out.push_str(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_bytes_each_time() {
        for shape in Shape::LOGINS.into_iter().chain([Shape::Ordinary]) {
            let made = corpus(shape, 1_000, 300, 7);
            assert_eq!(made, corpus(shape, 1_000, 300, 7));
            assert_ne!(made, corpus(shape, 1_000, 300, 8));
            assert_eq!(made.iter().filter(|byte| **byte == b'\n').count(), 1_000);
        }
    }
}
