//! Replays recorded payloads through the public types: `replay_samples DIR…`.
//!
//! Each `.json` file of the folders (not of folders in them) is a recorded call with `kind`, `generation`,
//! `request.method`, `request.path`, `status` and `body`. The body is decoded into its public type and
//! encoded again; the JSON has to be the same. Members that no type has a field for are listed as extra.
//!
//! The last line is `replayed N, extra N, mismatched N`. It ends with 1 if a payload was not the same, if no type
//! is known for one, or if there was nothing to replay.

mod replay;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use replay::Sample;

fn main() -> ExitCode {
    let folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if folders.is_empty() {
        eprintln!("usage: replay_samples DIR…");
        return ExitCode::from(2);
    }
    let mut replayed = 0_usize;
    let mut mismatched = 0_usize;
    let mut extra: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for folder in &folders {
        let files = match json_files(folder) {
            Ok(files) => files,
            Err(error) => {
                eprintln!("{}: {error}", folder.display());
                return ExitCode::from(2);
            }
        };
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match one(&file) {
                Ok(Outcome::Kept(members)) => {
                    replayed += 1;
                    for member in members {
                        extra.entry(member).or_default().push(name.clone());
                    }
                }
                Ok(Outcome::Skipped(why)) => println!("skipped {name}: {why}"),
                Err(why) => {
                    mismatched += 1;
                    println!("MISMATCH {name}: {why}");
                }
            }
        }
    }
    for (member, files) in &mut extra {
        files.dedup();
        println!("extra {member} ({})", files.join(", "));
    }
    println!("replayed {replayed}, extra {}, mismatched {mismatched}", extra.len());
    if mismatched == 0 && replayed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

enum Outcome {
    Kept(Vec<String>),
    Skipped(String),
}

fn one(file: &Path) -> Result<Outcome, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let Some(sample) = Sample::read(&text).map_err(|error| error.to_string())? else {
        return Ok(Outcome::Skipped("not a recorded call".into()));
    };
    if sample.generation != "7" {
        return Ok(Outcome::Skipped(format!("generation {}", sample.generation)));
    }
    Ok(match replay::replay(&sample)? {
        Some(kept) => Outcome::Kept(kept.extra),
        None => Outcome::Skipped("no body".into()),
    })
}

fn json_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
