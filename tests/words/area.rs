//! Places below a path that want mending.

use std::fmt::Write as _;
use std::path::Path;

use crate::facts::{Facts, is_test_file};
use crate::files::File;
use crate::refused::Hit;

/// Lists refused words, sections that only link and first lines that are clauses, below a path from the root.
pub(crate) fn list(root: &Path, tree: &[(File, Vec<Hit>)], path: &str) -> String {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    let below = |file: &File| file.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let files: Vec<_> = tree.iter().filter(|(file, _)| path.is_empty() || below(file)).collect();
    assert!(!files.is_empty(), "no file that is checked is at or below {path}");
    let mut text = String::from("\n");
    for (file, hits) in files {
        for line in places(root, file, hits) {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

/// Places of one file in the order of its lines.
fn places(root: &Path, file: &File, hits: &[Hit]) -> Vec<String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for hit in hits {
        found.push((hit.line, format!("\"{}\": say {}", hit.found, hit.refused.remedy)));
    }
    if file.path.contains("/src/") && file.path.ends_with(".rs") && !is_test_file(&file.path) {
        let directory = root.join(&file.path);
        let facts = Facts::of(&file.text, directory.parent().unwrap_or(root));
        for line in facts.bare {
            found.push((line, "`# Errors` only links: say which kind and when".to_owned()));
        }
        for (line, name) in facts.silent {
            found.push((line, format!("`{name}` returns a Result and has no `# Errors`")));
        }
        for (line, first) in facts.item_clauses.into_iter().chain(facts.file_clauses) {
            found.push((line, format!("first line is a clause: {first}")));
        }
    }
    found.sort();
    found.into_iter().map(|(line, text)| format!("{}:{line}: {text}", file.path)).collect()
}
