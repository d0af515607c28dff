//! Replay of recorded exchanges of real phpIPAM servers through the public API.
//!
//! `cargo run -p phpipam-client --all-features --example replay_recordings -- DIR…`
//!
//! For every file the typed method makes the recorded request, or `raw()` if no typed method sends it, and gets the
//! recorded response. A success must become a value that, written back as JSON, has every member of the response. A
//! failure must become the right kind of error, after the right number of attempts. Exchanges that need `raw()`, and
//! members that end up in `extra`, must be listed in `known.txt` with a reason.
//!
//! Prints each mismatch with its file name; the last line is `replayed N, typed N, raw N, extra N, mismatched N`. The
//! exit status is 1 if there is a mismatch, and 2 if a folder cannot be read.

mod compare;
mod expect;
mod known;
mod recording;
mod replay;
mod route;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if folders.is_empty() {
        eprintln!("usage: replay_recordings DIR…");
        return ExitCode::from(2);
    }
    let mut total = replay::Report::default();
    for folder in &folders {
        match replay::folder(folder).await {
            Ok(report) => total.add(report),
            Err(error) => {
                eprintln!("{}: {error}", folder.display());
                return ExitCode::from(2);
            }
        }
    }
    for mismatch in &total.mismatches {
        println!("{mismatch}");
    }
    if let Ok(known) = known::Known::read() {
        let unused =
            known.0.iter().enumerate().filter(|(place, entry)| !entry.elsewhere && !total.used.contains(place));
        for (_, entry) in unused {
            eprintln!("known.txt: not needed here: {} {}", entry.kind, entry.pattern);
        }
    }
    println!("{}", total.summary());
    if total.mismatches.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
