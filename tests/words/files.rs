//! Text files of the workspace.

use std::path::Path;

/// Directories that are looked through; at the top, only the files themselves.
const DIRECTORIES: [&str; 6] = [".ci", "examples", "ipam-core", "phpipam-client", "tests", "vra-client"];

/// Endings of the names of text that we write.
const ENDINGS: [&str; 5] = ["md", "rs", "sh", "sql", "toml"];

/// This check names what it refuses.
const ITSELF: &str = "tests/words";

/// A text file.
pub(crate) struct File {
    /// Path from the root of the workspace, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Returns the text files below the root of the workspace, sorted by path.
pub(crate) fn all(root: &Path) -> Vec<File> {
    let mut files = Vec::new();
    below(root, "", false, &mut files);
    for directory in DIRECTORIES {
        below(&root.join(directory), directory, true, &mut files);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn below(directory: &Path, path: &str, deep: bool, files: &mut Vec<File>) {
    let entries = std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    for entry in entries {
        let entry = entry.unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let name = entry.file_name().to_string_lossy().into_owned();
        let inner = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        let kind = entry.file_type().unwrap_or_else(|error| panic!("{inner}: {error}"));
        if kind.is_dir() {
            if deep && name != "target" && inner != ITSELF {
                below(&entry.path(), &inner, true, files);
            }
        } else if kind.is_file() && is_text(&inner) {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_else(|error| panic!("{inner}: {error}"));
            files.push(File { path: inner, text });
        }
    }
}

fn is_text(path: &str) -> bool {
    path == ".ci/run" || path.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
}
