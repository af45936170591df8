//! Measures whole processes: CPU time, wall time and peak memory.

use super::{COMMAND, Scale, median};
use authsieve_bench::Shape;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The kernel counts CPU time in ticks, this many in a second.
const TICKS: f64 = 100.0;

struct Cost {
    cpu: f64,
    wall: f64,
    /// The peak memory in MB.
    peak: f64,
}

/// A process that is measured several times.
struct Row {
    input: &'static str,
    what: &'static str,
    command: Vec<String>,
    bytes: f64,
    costs: Vec<Cost>,
}

pub fn report(scale: &Scale) {
    let folder = tempfile::tempdir().expect("a folder for inputs");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("room for inputs");
        path
    };
    let mut rows = Vec::new();
    let ours = |path: &Path, which: &str| {
        let this = std::env::current_exe().expect("this program");
        [
            this.to_str().unwrap_or_default(),
            "run",
            "-a",
            which,
            "--format",
            "json",
            path.to_str().unwrap_or_default(),
        ]
        .map(str::to_owned)
        .to_vec()
    };
    let mut add = |input, what, command: Vec<String>, bytes: usize| {
        rows.push(Row { input, what, command, bytes: bytes as f64, costs: Vec::new() });
    };
    let ecs = scale.corpus(Shape::Ecs, 1_000_000, 300);
    let path = write("ecs.log", &ecs);
    add("ECS, 30 %", "AN1276", ours(&path, "an1276"), ecs.len());
    add("ECS, 30 %", "five", ours(&path, "all"), ecs.len());
    if let (Ok(program), Ok(rules)) = (std::env::var("RSIGMA"), std::env::var("RSIGMA_RULES")) {
        let shell = format!("exec '{program}' engine eval -r '{rules}' < '{}'", path.display());
        add("ECS, 30 %", "rsigma", vec!["sh".into(), "-c".into(), shell], ecs.len());
    }
    for shape in [Shape::Syslog, Shape::Journald, Shape::Ecs, Shape::Entra] {
        let bytes = scale.corpus(shape, 500_000, 10);
        let path = write(&format!("{} of 1", shape.name()), &bytes);
        add(shape.name(), "five, 1 %", ours(&path, "all"), bytes.len());
    }
    let bytes = scale.corpus(Shape::Ordinary, 2_000_000, 0);
    let path = write("ordinary.log", &bytes);
    add("ordinary", "AN1276", ours(&path, "an1276"), bytes.len());
    add("ordinary", "five", ours(&path, "all"), bytes.len());
    let path = write("empty.log", b"");
    add("empty", "five", ours(&path, "all"), 0);
    // Turn 0 only fills the cache of compiled modules.
    for turn in 0..=scale.turns {
        for row in &mut rows {
            let cost = run(&row.command);
            if turn > 0 {
                row.costs.push(cost);
            }
        }
    }
    println!("| input | what | CPU, s | wall, s | GB/s of CPU | peak, MB |\n|---|---|---|---|---|---|");
    for Row { input, what, bytes, costs, .. } in &rows {
        let of = |get: fn(&Cost) -> f64| median(costs.iter().map(get).collect());
        let (cpu, wall, peak) = (of(|cost| cost.cpu), of(|cost| cost.wall), of(|cost| cost.peak));
        println!(
            "| {input} | {what} | {cpu:.2} | {wall:.3} | {:.2} | {peak:.0} |",
            bytes / cpu.max(0.01) / 1e9
        );
    }
    println!();
}

fn run(command: &[String]) -> Cost {
    let started = Instant::now();
    let mut child = Command::new(&command[0]);
    child
        .args(&command[1..])
        .env(COMMAND, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = child.spawn().expect("the command");
    let folder = format!("/proc/{}", child.id());
    let mut peak: f64 = 0.0;
    // An ended process keeps its times until somebody waits for it, but not its memory.
    let cpu = loop {
        let stat = fs::read_to_string(format!("{folder}/stat")).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        if fields.first().is_none_or(|state| *state == "Z") {
            let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
            break (ticks(11) + ticks(12)) / TICKS;
        }
        let status = fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        let kilobytes = line.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0.0);
        peak = peak.max(kilobytes / 1000.0);
        sleep(Duration::from_millis(1));
    };
    let wall = started.elapsed().as_secs_f64();
    child.wait().expect("its end");
    Cost { cpu, wall, peak }
}
