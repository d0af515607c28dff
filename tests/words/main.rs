//! Words of the workspace: terms that have a plain equivalent are refused, and figures of the docs only improve.
//!
//! `cargo test -p ipam-tests --test words -- --nocapture` prints the figures. `IPAM_WORDS_PATH=ipam-core/src/engine`
//! lists every place below a path that wants mending. `IPAM_WORDS_WRITE=1` lowers what `allowed.txt` and `figures.txt`
//! still permit to what is left; it never raises anything.

#![allow(clippy::panic, reason = "a test fails by panicking")]

mod allowed;
mod area;
mod docs;
mod errors;
mod facts;
mod figures;
mod files;
mod items;
mod lexer;
mod refused;
mod split;
mod table;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::files::File;
use crate::refused::Hit;

/// Text files of the workspace, each with the refused words in it.
static TREE: LazyLock<Vec<(File, Vec<Hit>)>> = LazyLock::new(|| {
    let files = files::all(root());
    assert!(files.len() > 300, "{} files: the check looked in the wrong place", files.len());
    files.into_iter().map(|file| (refused::hits(&file), file)).map(|(hits, file)| (file, hits)).collect()
});

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A file beside the sources of this check.
fn beside(name: &str) -> PathBuf {
    root().join("tests/words").join(name)
}

/// `true` if the lists are to be lowered to what is left.
fn writes() -> bool {
    std::env::var_os("IPAM_WORDS_WRITE").is_some_and(|value| value == "1")
}

#[test]
fn refused_words_only_become_fewer() {
    let mut list = allowed::List::read(&beside("allowed.txt"));
    let counts = allowed::count(&TREE);
    if writes() {
        list.lower(&counts);
        list.write(&beside("allowed.txt"));
    }
    let mut failed = String::new();
    for (word, path, found, allowed) in list.exceeded(&counts) {
        let _ = writeln!(failed, "{path}: {found} of \"{word}\", {allowed} allowed");
        for hit in TREE.iter().filter(|(file, _)| file.path == path).flat_map(|(_, hits)| hits) {
            if hit.refused.word == word {
                let _ = writeln!(failed, "  {path}:{}: \"{}\": say {}", hit.line, hit.found, hit.refused.remedy);
            }
        }
    }
    for (word, path, found, allowed) in list.slack(&counts) {
        let _ = writeln!(failed, "{path}: {found} of \"{word}\" left, {allowed} allowed: lower the entry");
    }
    let twice = list.twice();
    if !twice.is_empty() {
        let _ = writeln!(failed, "entries that stand twice or out of order: {}", twice.join(", "));
    }
    assert!(
        failed.is_empty(),
        "words that have a plain equivalent:\n{failed}\
         The list is tests/words/allowed.txt. IPAM_WORDS_WRITE=1 lowers its entries; a file that moved takes its entries \
         along by hand; nothing is added."
    );
}

#[test]
fn figures_only_improve() {
    let figures = figures::of(root(), &TREE);
    println!("{}", table::of(&figures));
    let mut kept = figures::Kept::read(&beside("figures.txt"));
    if writes() {
        kept.improve(&figures);
        kept.write(&beside("figures.txt"));
    }
    let worse = kept.worse(&figures);
    assert!(
        worse.is_empty(),
        "figures that became worse (tests/words/figures.txt); IPAM_WORDS_PATH=<path> lists the places:\n{}",
        worse.join("\n")
    );
}

#[test]
fn places_below_the_path_of_the_environment() {
    if let Some(path) = std::env::var_os("IPAM_WORDS_PATH") {
        let list = area::list(root(), &TREE, &path.to_string_lossy());
        println!("{list}");
    }
}
