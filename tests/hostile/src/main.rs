//! `authsieve-hostile` lists the targets. `authsieve-hostile FOLDER` writes the first inputs for libFuzzer:
//! `FOLDER/corpus/TARGET/*` and `FOLDER/TARGET.dict`.
//!
//! `authsieve-hostile time FOLDER…` reports slow files in folders named after targets. `authsieve-hostile grow
//! TARGET…` reports inputs whose time grows fast with their length.

use authsieve_hostile::mutate::{Random, grown};
use authsieve_hostile::{Target, targets};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs, io};

/// The number of inputs to grow.
const GROWN: u64 = 200;
/// Inputs that take longer are reported.
const SLOW: Duration = Duration::from_millis(10);

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [command, folders @ ..] if command == "time" => {
            folders.iter().try_for_each(|folder| time(Path::new(folder)))
        }
        [command, names @ ..] if command == "grow" => names.iter().try_for_each(|name| grow(name)),
        [] => {
            targets().iter().for_each(|target| println!("{}", target.name));
            Ok(())
        }
        [folder] => targets().iter().try_for_each(|target| write(target, Path::new(folder))),
        _ => Err(io::Error::other("usage: authsieve-hostile [FOLDER | time FOLDER… | grow TARGET…]")),
    }
}

fn write(target: &Target, folder: &Path) -> io::Result<()> {
    let corpus = folder.join("corpus").join(&target.name);
    fs::create_dir_all(&corpus)?;
    for (n, seed) in target.seeds().iter().enumerate() {
        fs::write(corpus.join(format!("seed-{n:04}")), seed)?;
    }
    let quoted = |word: &Vec<u8>| {
        let bytes: String = word.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        format!("\"{bytes}\"\n")
    };
    let words: String = target.words().iter().map(quoted).collect();
    fs::write(folder.join(format!("{}.dict", target.name)), words)
}

fn named(name: &str) -> io::Result<Target> {
    Target::named(name).ok_or_else(|| io::Error::other(format!("no target: {name}")))
}

/// The time for an input: the best of three, because other programs use the machine too.
fn took(target: &Target, bytes: &[u8]) -> Duration {
    let once = |_| {
        let start = Instant::now();
        target.run(bytes);
        start.elapsed()
    };
    (0..3).map(once).min().unwrap_or_default()
}

fn time(folder: &Path) -> io::Result<()> {
    let target = named(&folder.file_name().unwrap_or_default().to_string_lossy())?;
    let mut most = (Duration::ZERO, 0);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let bytes = fs::read(&path)?;
        let took = took(&target, &bytes);
        most = most.max((took, bytes.len()));
        if took > SLOW {
            println!("{}: {took:?} for {} bytes", path.display(), bytes.len());
        }
    }
    println!("{}: at most {:?}, for {} bytes", target.name, most.0, most.1);
    Ok(())
}

/// Gives a target inputs of two lengths. Reports those that take longer than [`SLOW`], and how their time grows.
fn grow(name: &str) -> io::Result<()> {
    let target = named(name)?;
    let (seeds, words) = (target.seeds(), target.words());
    let (short, long) = (target.longest / 4, target.longest);
    let mut most = Duration::ZERO;
    for n in 0..GROWN {
        let input = |length| grown(&mut Random(n), &seeds, &words, length);
        let slow = took(&target, &input(long));
        most = most.max(slow);
        if slow > SLOW {
            let quick = took(&target, &input(short));
            let bytes = input(long);
            let middle = bytes.get(bytes.len() / 2..).unwrap_or_default();
            let middle = middle.get(..80).unwrap_or(middle).escape_ascii();
            println!("{name} {n}: {slow:?} for {long} bytes, {quick:?} for {short}: …{middle}…");
        }
    }
    println!("{name}: at most {most:?} for {long} bytes");
    Ok(())
}
