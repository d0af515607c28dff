//! Public items of a source, also those in macros.

use crate::docs::{Doc, close};
use crate::errors;
use crate::lexer::{Kind, Token};

/// A public item or method.
#[derive(Debug)]
pub(crate) struct Item {
    /// Index of its first token.
    start: usize,
    pub(crate) line: usize,
    pub(crate) name: String,
    /// A function that returns a `Result`.
    fallible: bool,
}

/// Returns the public items, with the methods of public traits.
pub(crate) fn public(tokens: &[Token<'_>]) -> Vec<Item> {
    let mut found = Vec::new();
    for start in 0..tokens.len() {
        if !tokens.get(start).is_some_and(|token| token.is_word("pub")) {
            continue;
        }
        let Some((at, keyword)) = keyword(tokens, start + 1) else { continue };
        found.extend(item(tokens, start, at));
        if keyword == "trait" {
            found.extend(methods(tokens, at));
        }
    }
    found
}

/// Returns the keyword of the item whose `pub` is before `at`; `None` for fields, imports and `pub(…)`.
fn keyword<'a>(tokens: &[Token<'a>], mut at: usize) -> Option<(usize, &'a str)> {
    loop {
        let token = tokens.get(at)?;
        match token.kind {
            Kind::Word("async" | "extern" | "unsafe") | Kind::Text(_) => at += 1,
            Kind::Word("const") if tokens.get(at + 1).is_some_and(is_modifier_or_fn) => at += 1,
            Kind::Word(word @ ("const" | "enum" | "fn" | "mod" | "static" | "struct" | "trait" | "type" | "union")) => {
                return Some((at, word));
            }
            _ => return None,
        }
    }
}

fn is_modifier_or_fn(token: &Token<'_>) -> bool {
    ["async", "extern", "fn", "unsafe"].iter().any(|word| token.is_word(word))
}

fn item(tokens: &[Token<'_>], start: usize, keyword: usize) -> Option<Item> {
    let name = tokens.get(keyword + 1..)?.iter().find_map(|token| match token.kind {
        Kind::Word(word) => Some(word.to_owned()),
        _ => None,
    })?;
    let first = tokens.get(start)?;
    let fallible = tokens.get(keyword)?.is_word("fn") && returns_result(tokens, keyword + 1);
    Some(Item { start, line: first.line, name, fallible })
}

fn methods(tokens: &[Token<'_>], keyword: usize) -> Vec<Item> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(keyword) {
        depth += usize::from(token.is_sign('{'));
        if token.is_sign('}') {
            depth -= 1;
            if depth == 0 {
                break;
            }
        }
        if depth == 1 && token.is_word("fn") {
            let modifier =
                |at: &usize| tokens.get(*at).is_some_and(|token| token.is_word("const") || is_modifier_or_fn(token));
            let start = (0..at).rev().take_while(modifier).last().unwrap_or(at);
            found.extend(item(tokens, start, at));
        }
    }
    found
}

/// `true` if the function whose name is at `name` returns a `Result`, plain or with a path.
fn returns_result(tokens: &[Token<'_>], name: usize) -> bool {
    let sign = |at: usize, sign: char| tokens.get(at).is_some_and(|token: &Token<'_>| token.is_sign(sign));
    let mut at = name;
    let mut angles = 0_usize;
    while !(angles == 0 && sign(at, '(')) {
        angles += usize::from(sign(at, '<'));
        // The arrow of `Fn() -> T` closes nothing.
        if sign(at, '>') && !sign(at - 1, '-') {
            angles = angles.saturating_sub(1);
        }
        at += 1;
        if at >= tokens.len() {
            return false;
        }
    }
    at = close(tokens, at, '(', ')');
    if !(sign(at, '-') && sign(at + 1, '>')) {
        return false;
    }
    let path = tokens.iter().skip(at + 2).take_while(|token| matches!(token.kind, Kind::Word(_) | Kind::Sign(':')));
    path.take_while(|token| !token.is_word("where")).last().is_some_and(|token| token.is_word("Result"))
}

/// Returns the public functions that can fail and do not say how.
pub(crate) fn silent<'a>(items: &'a [Item], docs: &[Doc]) -> Vec<&'a Item> {
    let told = |item: &Item| docs.iter().any(|doc| !doc.inner && doc.next == item.start && errors::has(doc));
    items.iter().filter(|item| item.fallible && !told(item)).collect()
}

#[test]
fn public_items_are_found() {
    let source = "pub struct A { pub field: u8 } pub(crate) fn no() {} pub use a::b; pub const N: u8 = 1;
        /// Does.
        /// # Errors
        /// Some.
        #[must_use]
        pub async fn told<F: Fn() -> Result<u8>>(f: F) -> crate::Result<u8> {}
        pub const fn silent(&self) -> io::Result<()> where Self: Sized {}
        pub fn plain<F: Fn() -> Result<u8>>(f: F) -> u8 {}
        pub trait T { fn quiet(&self) -> Result<()> { fn inner() {} } }";
    let tokens = crate::lexer::tokens(source);
    let items = public(&tokens);
    let names: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["A", "N", "told", "silent", "plain", "T", "quiet"]);
    let docs = crate::docs::all(&tokens, &|_| None);
    let silent: Vec<&str> = silent(&items, &docs).into_iter().map(|item| item.name.as_str()).collect();
    assert_eq!(silent, ["silent", "quiet"]);
}
