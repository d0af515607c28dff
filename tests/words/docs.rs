//! Docs of a source: what `///`, `//!` and `doc` attributes say, block by block.

use crate::lexer::{Kind, Token};

/// Words that open a question or a clause; a doc opens with a noun phrase or a verb.
const OPENINGS: [&str; 7] = ["How", "What", "Whether", "Which", "Who", "Whose", "Why"];

/// Words after the opening of a code block that leave it a test.
const RUNS: [&str; 6] = ["compile_fail", "edition2021", "edition2024", "no_run", "rust", "should_panic"];

/// Doc of one item, field, variant or module.
#[derive(Debug, Default)]
pub(crate) struct Doc {
    /// `true` for `//!`.
    pub(crate) inner: bool,
    /// Lines with their numbers in the source.
    pub(crate) lines: Vec<(usize, String)>,
    /// Index of the token that follows the doc and the attributes.
    pub(crate) next: usize,
}

/// Returns the docs of a source; `include` reads a file that a doc includes.
pub(crate) fn all(tokens: &[Token<'_>], include: &dyn Fn(&str) -> Option<String>) -> Vec<Doc> {
    let mut found = Vec::new();
    let mut open: Option<Doc> = None;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let attribute = attribute_end(tokens, at);
        let (inner, lines) = match token.kind {
            Kind::Inner(text) => (true, vec![(token.line, text.to_owned())]),
            Kind::Outer(text) => (false, vec![(token.line, text.to_owned())]),
            // A comment between two lines of a doc does not end it.
            Kind::Comment(_) => (open.as_ref().is_some_and(|doc| doc.inner), Vec::new()),
            _ => match attribute {
                Some(end) => {
                    let inner = tokens.get(at + 1).is_some_and(|token| token.is_sign('!'));
                    (inner, of_attribute(tokens.get(at..end).unwrap_or_default(), include))
                }
                None => {
                    found.extend(open.take().map(|doc| Doc { next: at, ..doc }));
                    at += 1;
                    continue;
                }
            },
        };
        if !lines.is_empty() {
            if open.as_ref().is_some_and(|doc| doc.inner != inner) {
                found.extend(open.take().map(|doc| Doc { next: at, ..doc }));
            }
            open.get_or_insert_with(|| Doc { inner, ..Doc::default() }).lines.extend(lines);
        }
        at = attribute.unwrap_or(at + 1);
    }
    found.extend(open.map(|doc| Doc { next: at, ..doc }));
    found
}

/// Returns the index after the attribute that starts at `at`, or `None` if none does.
pub(crate) fn attribute_end(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    tokens.get(at).filter(|token| token.is_sign('#'))?;
    let open = at + if tokens.get(at + 1)?.is_sign('!') { 2 } else { 1 };
    tokens.get(open).filter(|token| token.is_sign('['))?;
    Some(close(tokens, open, '[', ']'))
}

/// Returns the index after the sign that closes the one at `open`.
pub(crate) fn close(tokens: &[Token<'_>], open: usize, opening: char, closing: char) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        depth += usize::from(token.is_sign(opening));
        depth -= usize::from(token.is_sign(closing));
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// Lines of `doc = "…"`, `doc = concat!("…", …)` and `doc = include_str!("…")`.
fn of_attribute(tokens: &[Token<'_>], include: &dyn Fn(&str) -> Option<String>) -> Vec<(usize, String)> {
    let Some(doc) = tokens.windows(2).position(|pair| pair[0].is_word("doc") && pair[1].is_sign('=')) else {
        return Vec::new();
    };
    // Of two that exclude one another, the one for the feature counts.
    if tokens.iter().any(|token| token.is_word("not")) {
        return Vec::new();
    }
    let (before, value) = tokens.split_at(doc);
    let line = before.first().map_or(1, |token| token.line);
    let strings = value.iter().filter_map(|token| if let Kind::Text(text) = token.kind { Some(text) } else { None });
    let mut text: String = strings.collect();
    if value.iter().any(|token| token.is_word("include_str")) {
        text = include(&text).unwrap_or_default();
    }
    text.lines().map(|text| (line, text.to_owned())).collect()
}

impl Doc {
    /// The first line that is not blank, if it opens with a question or a clause.
    pub(crate) fn clause(&self) -> Option<(usize, &str)> {
        let (line, text) = self.lines.iter().find(|(_, text)| !text.trim().is_empty())?;
        let text = text.trim();
        let word = text.trim_start_matches(|letter: char| !letter.is_alphanumeric());
        let word = word.split(|letter: char| !letter.is_alphanumeric()).next()?;
        OPENINGS.contains(&word).then_some((*line, text))
    }

    /// Number of code blocks that `cargo test` compiles.
    pub(crate) fn tests(&self) -> usize {
        let mut tests = 0;
        let mut open = false;
        for (_, text) in &self.lines {
            let Some(after) = text.trim().strip_prefix("```") else { continue };
            if !open {
                let mut words = after.split([',', ' ', '`']).filter(|word| !word.is_empty());
                tests += usize::from(words.all(|word| RUNS.contains(&word)));
            }
            open = !open;
        }
        tests
    }
}

#[test]
fn docs_are_read_with_their_attributes() {
    let source = "//! What a file is.\n\n/// Gives `a`.\n#[must_use]\n// why\n/// ```\n/// ```\n#[doc = \"More.\"]\n\
                  pub fn a() {}\n#![cfg_attr(x, doc = include_str!(\"r\"))]\nfn b() {}";
    let tokens = crate::lexer::tokens(source);
    let docs = all(&tokens, &|_| Some("```no_run\n```\n```text\n```\n```rust,no_run\n```\n".to_owned()));
    let read: Vec<_> = docs.iter().map(|doc| (doc.inner, doc.lines.len(), doc.tests())).collect();
    assert_eq!(read, [(true, 1, 0), (false, 4, 1), (true, 6, 2)]);
    assert_eq!(docs[0].clause(), Some((1, "What a file is.")));
    assert_eq!(docs[1].clause(), None);
    assert!(tokens[docs[1].next].is_word("pub"));
}
