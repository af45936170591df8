//! What libFuzzer begins with: `authsieve-hostile FOLDER` writes `FOLDER/corpus/TARGET/*` and `FOLDER/TARGET.dict`.
//! `authsieve-hostile time FOLDER…` tells which files in folders named after targets take long.

use authsieve_hostile::{TARGETS, Target};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs, io};

/// What takes longer than this is told of.
const SLOW: Duration = Duration::from_millis(10);

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [command, folders @ ..] if command == "time" => {
            folders.iter().try_for_each(|folder| time(Path::new(folder)))
        }
        [folder] => TARGETS.iter().try_for_each(|target| write(target, Path::new(folder))),
        _ => Err(io::Error::other("usage: authsieve-hostile FOLDER | authsieve-hostile time FOLDER…")),
    }
}

fn write(target: &Target, folder: &Path) -> io::Result<()> {
    let corpus = folder.join("corpus").join(target.name);
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

fn time(folder: &Path) -> io::Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let Some(target) = Target::named(&name) else {
        return Err(io::Error::other(format!("no target: {name}")));
    };
    let mut most = (Duration::ZERO, 0);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let bytes = fs::read(&path)?;
        let once = || {
            let start = Instant::now();
            target.run(&bytes);
            start.elapsed()
        };
        // The best of three: others use the machine as well.
        let took = (0..3).map(|_| once()).min().unwrap_or_default();
        most = most.max((took, bytes.len()));
        if took > SLOW {
            println!("{}: {took:?} for {} bytes", path.display(), bytes.len());
        }
    }
    println!("{name}: at most {:?}, for {} bytes", most.0, most.1);
    Ok(())
}
