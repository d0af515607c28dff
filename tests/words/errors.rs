//! `# Errors` sections that only link elsewhere, without a kind of error and when it comes.

use crate::docs::Doc;

/// Words that say nothing by themselves.
const FILLERS: [&str; 23] = [
    "a", "all", "also", "and", "as", "common", "error", "errors", "for", "from", "in", "its", "like", "of", "or",
    "plus", "same", "see", "the", "their", "these", "those", "to",
];

/// Returns the lines of the sections of a doc that are bare.
pub(crate) fn bare(doc: &Doc) -> Vec<usize> {
    sections(doc).into_iter().filter(|(_, text)| is_bare(text)).map(|(line, _)| line).collect()
}

/// `true` if a doc says something about its errors.
pub(crate) fn has(doc: &Doc) -> bool {
    !sections(doc).is_empty()
}

fn sections(doc: &Doc) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut inside = false;
    let mut code = false;
    for (line, text) in &doc.lines {
        let text = text.trim();
        code ^= text.starts_with("```");
        let heading = text.trim_start_matches('#');
        if !code && heading.starts_with(' ') && heading.len() < text.len() {
            inside = heading.trim() == "Errors";
            if inside {
                found.push((*line, String::new()));
            }
        } else if inside && let Some((_, section)) = found.last_mut() {
            section.push_str(text);
            section.push('\n');
        }
    }
    found
}

fn is_bare(section: &str) -> bool {
    // The target of a reference is no text.
    let lines = section.lines().filter(|line| !(line.starts_with('[') && line.contains("]: ")));
    let text = without_links(&lines.collect::<Vec<_>>().join(" "));
    let mut words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.all(|word| FILLERS.contains(&word.to_lowercase().as_str()))
}

/// Returns the text without `[…]`, `[…](…)`, `[…][…]` and code.
fn without_links(text: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = match first {
            '[' => enclosed(rest, '[', ']').map(|after| {
                let label = enclosed(after, '[', ']');
                label.or_else(|| enclosed(after, '(', ')')).unwrap_or(after)
            }),
            '`' => rest.get(1..).and_then(|rest| rest.split_once('`')).map(|(_, after)| after),
            _ => None,
        };
        rest = after.unwrap_or_else(|| {
            left.push(first);
            rest.get(first.len_utf8()..).unwrap_or_default()
        });
    }
    left
}

/// Returns what follows the part of `text` between `open`, with which it starts, and its `close`.
fn enclosed(text: &str, open: char, close: char) -> Option<&str> {
    if !text.starts_with(open) {
        return None;
    }
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        depth += usize::from(letter == open);
        depth -= usize::from(letter == close);
        if depth == 0 {
            return text.get(at + 1..);
        }
    }
    None
}

#[test]
fn a_section_that_only_links_is_bare() {
    for bare in ["As [`x`](Self::y).", "[`Error`].", "The [common errors](a#b).", "See [those of `a`][b] and\n[c].", ""]
    {
        assert!(is_bare(bare), "{bare}");
    }
    assert!(is_bare("As [`get`].\n\n[`get`]: Self::get when\n"));
    for told in ["[`NotFound`](E) if it is missing.", "`Busy` while it is locked; else the [common errors](a)."] {
        assert!(!is_bare(told), "{told}");
    }
}

#[test]
fn a_section_ends_at_the_next_heading() {
    let text = ["Gives.", "# Errors", "[`E`].", "# Examples", "```", "# Errors", "```"];
    let lines = text.iter().enumerate().map(|(at, text)| (at + 1, (*text).to_owned())).collect();
    let doc = Doc { lines, ..Doc::default() };
    assert_eq!(bare(&doc), [2]);
}
