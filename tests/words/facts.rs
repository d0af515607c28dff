//! Facts of one source: its docs, its comments, its public items.

use std::collections::BTreeSet;
use std::path::Path;

use crate::docs::{self, Doc, attribute_end, close};
use crate::lexer::{self, Kind, Token};
use crate::{errors, items};

/// A line and what it says.
pub(crate) type Place = (usize, String);

/// What was found in a source, its tests aside.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Lines that are not blank.
    pub(crate) lines: usize,
    /// Lines that are or end with a comment that is no doc.
    pub(crate) comments: usize,
    pub(crate) doc_tests: usize,
    pub(crate) items: usize,
    /// `# Errors` sections that only link.
    pub(crate) bare: Vec<usize>,
    /// Public functions that can fail and have no such section.
    pub(crate) silent: Vec<Place>,
    /// First lines of the docs of items that open with a clause.
    pub(crate) item_clauses: Vec<Place>,
    /// First lines of the docs of files that do.
    pub(crate) file_clauses: Vec<Place>,
}

impl Facts {
    /// Reads a source; `directory` is that of its file.
    pub(crate) fn of(text: &str, directory: &Path) -> Self {
        let all = lexer::tokens(text);
        let (tokens, left_out) = without_tests(&all);
        let docs = docs::all(&tokens, &|path| std::fs::read_to_string(directory.join(path)).ok());
        let items = items::public(&tokens);
        let clauses = |inner: bool| {
            let docs = docs.iter().filter(move |doc| doc.inner == inner);
            docs.filter_map(Doc::clause).map(|(line, text)| (line, text.to_owned())).collect()
        };
        let full = |(at, line): (usize, &str)| !line.trim().is_empty() && !left_out.contains(&(at + 1));
        Self {
            lines: text.lines().enumerate().filter(|line| full(*line)).count(),
            comments: comment_lines(&tokens),
            doc_tests: docs.iter().map(Doc::tests).sum(),
            items: items.len(),
            bare: docs.iter().flat_map(errors::bare).collect(),
            silent: items::silent(&items, &docs).into_iter().map(|item| (item.line, item.name.clone())).collect(),
            item_clauses: clauses(false),
            file_clauses: clauses(true),
        }
    }
}

/// `true` for the path of a file that only holds tests.
pub(crate) fn is_test_file(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs" || part.ends_with("_tests.rs"))
}

fn comment_lines(tokens: &[Token<'_>]) -> usize {
    let mut lines = BTreeSet::new();
    for token in tokens {
        if let Kind::Comment(text) = token.kind {
            lines.extend(token.line..token.line + text.lines().count().max(1));
        }
    }
    lines.len()
}

/// Returns the tokens outside `#[cfg(test)] mod … { }`, and the lines of those inside.
fn without_tests<'a>(tokens: &[Token<'a>]) -> (Vec<Token<'a>>, BTreeSet<usize>) {
    let mut kept = Vec::new();
    let mut left_out = BTreeSet::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if let Some(end) = test_module_end(tokens, at) {
            let last = tokens.get(end - 1).map_or(token.line, |last| last.line);
            left_out.extend(token.line..=last);
            at = end;
        } else {
            kept.push(*token);
            at += 1;
        }
    }
    (kept, left_out)
}

/// Returns the index after the module of tests whose attribute starts at `start`.
fn test_module_end(tokens: &[Token<'_>], start: usize) -> Option<usize> {
    let mut at = attribute_end(tokens, start)?;
    let condition: Vec<&Token<'_>> = tokens.get(start + 2..at)?.iter().collect();
    let is_test = match condition.as_slice() {
        [cfg, _, test, ..] if cfg.is_word("cfg") && test.is_word("test") => true,
        [cfg, _, all, _, test, ..] => cfg.is_word("cfg") && all.is_word("all") && test.is_word("test"),
        _ => false,
    };
    while let Some(end) = attribute_end(tokens, at) {
        at = end;
    }
    let opens = is_test && tokens.get(at)?.is_word("mod") && tokens.get(at + 2)?.is_sign('{');
    opens.then(|| close(tokens, at + 2, '{', '}'))
}

#[test]
fn tests_do_not_count() {
    let source = "fn a() {} // one\n\n#[cfg(test)]\nmod fake;\n// two\n#[cfg(all(test, unix))]\n#[allow(x)]\nmod tests {\n\
                  // no\npub fn b() { \"}\"; }\n}\nfn c() {}\n";
    let facts = Facts::of(source, Path::new("."));
    assert_eq!((facts.lines, facts.comments, facts.items), (5, 2, 0));
    assert!(is_test_file("a/src/net/tests/random.rs") && is_test_file("a/src/http/client_tests.rs"));
    assert!(!is_test_file("a/src/testing/mod.rs"));
}
