//! Counts the instructions for a login in the interpreter of Fluent Bit's filters. The result is the same on every
//! machine.

use authsieve_bench::{Shape, corpus};
use authsieve_components::{SUITE, get};
use authsieve_tests::filter_wasm::{Function, Program};

/// The most instructions for a login in each shape, with AN1276 only and with all analytics. A change that needs more
/// has to give the reason.
const MOST: [(Shape, u64, u64); 8] = [
    (Shape::Syslog, 64_000, 111_000),
    (Shape::Journald, 122_000, 149_000),
    (Shape::Ecs, 171_000, 278_000),
    (Shape::Evtx, 98_000, 363_000),
    (Shape::Entra, 127_000, 366_000),
    (Shape::Audit, 37_000, 290_000),
    (Shape::Okta, 126_000, 315_000),
    (Shape::Duo, 95_000, 233_000),
];

#[test]
fn a_login_takes_no_more_instructions_than_it_did() {
    let an1276 = get("an1276").expect("it is one of them").fluent_bit;
    let programs = [Program::counted(an1276), Program::counted(SUITE.fluent_bit)];
    let mut over = Vec::new();
    for (shape, one, five) in MOST {
        for (program, (who, most)) in programs.iter().zip([("AN1276", one), ("five", five)]) {
            let each = instructions(program, shape);
            println!("{who}, {}: {each}", shape.name());
            if each > most {
                over.push(format!("{who}, {}: {each} instructions, above {most}", shape.name()));
            }
        }
    }
    assert!(over.is_empty(), "{over:#?}");
}

/// The mean for some logins, after some other logins.
fn instructions(program: &Program, shape: Shape) -> u64 {
    const FIRST: usize = 50;
    const COUNTED: usize = 200;
    let mut filter = program.start();
    let log = corpus(shape, FIRST + COUNTED, 1000, 1);
    let mut before = 0;
    for (number, line) in log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate() {
        if number == FIRST {
            before = filter.instructions();
        }
        let wrapped = [b"{\"log\":\"", line, b"\"}"].concat();
        let record = if line.starts_with(b"{") { line } else { &wrapped };
        filter.call(Function::Alerts, (1_790_000_000, 0), record);
    }
    (filter.instructions() - before) / COUNTED as u64
}
