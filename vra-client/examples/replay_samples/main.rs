//! Replays recorded payloads through the public types of the client: `replay_samples FOLDER-OR-FILE…`.
//!
//! Each body is decoded into the type that the client decodes it into, and encoded again; the JSON has to be the same.
//! Members that no type has a field for are listed as extra: they are kept, but have to be looked up by name.
//!
//! # Payloads of your own
//! A file is a recorded call, one JSON object with these members; others are ignored. The name of the file has no
//! meaning, except that it ends in `.json`.
//!
//! | member | meaning |
//! | --- | --- |
//! | `request` | `{"method": "GET", "path": "/iaas/api/projects?$top=10"}`; the path may be a whole URL |
//! | `body` | the payload; an HTML page is a text |
//! | `status` | HTTP status of the response; 200 if it is missing |
//! | `kind` | `response` (the default), or `request` if the body is what a client sends |
//! | `generation` | `7` for 6.2 to 7.6, `8` for 8.x and 9; without it the path decides |
//!
//! The call is found by method, path, query and generation. Numbers beyond 64 bits are compared as floating-point
//! numbers. Remove what is secret from the payload first: a difference is printed with the values at its place.
//!
//! # Output
//! A line for each payload that is not the same (`MISMATCH`, with the JSON path), is of a call that no method of the
//! client makes (`not served`), has nothing to compare (`skipped`) or cannot be read (`UNREADABLE`), and for each extra
//! member. The last line is `replayed N, extra N, not served N, mismatched N`. It ends with 1 if a payload was not the
//! same or could not be read, or if nothing was replayed, and with 2 for wrong arguments.

mod replay;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use replay::{Replay, Report};

fn main() -> ExitCode {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if paths.is_empty() {
        eprintln!("usage: replay_samples FOLDER-OR-FILE…");
        return ExitCode::from(2);
    }
    let replay = match Replay::new() {
        Ok(replay) => replay,
        Err(error) => {
            eprintln!("the client cannot be set up: {error}");
            return ExitCode::from(2);
        }
    };
    let mut report = Report::default();
    for path in &paths {
        let files = match json_files(path) {
            Ok(files) => files,
            Err(error) => {
                eprintln!("{}: {error}", path.display());
                return ExitCode::from(2);
            }
        };
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&file).map_err(|error| error.to_string());
            if let Some(line) = report.add(&replay, &name, text) {
                println!("{line}");
            }
        }
    }
    for line in report.end() {
        println!("{line}");
    }
    if report.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns the files of a folder, not of folders in it; of a file, the file.
fn json_files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
