//! Tokens of Rust, with comments, which `syn` leaves out, and with the insides of macros, which it does not read.

/// A token and the line, from 1, on which it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) line: usize,
    pub(crate) kind: Kind<'a>,
}

/// Kind of a token, with its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    /// `//! text`.
    Inner(&'a str),
    /// `/// text`.
    Outer(&'a str),
    /// `// text`, or one between `/*` and `*/`.
    Comment(&'a str),
    /// A string, without its quotes.
    Text(&'a str),
    /// A name, keyword or number.
    Word(&'a str),
    Sign(char),
}

impl Token<'_> {
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word(word)
    }

    pub(crate) fn is_sign(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }
}

/// Returns the tokens of a source.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, kind) = token(rest, first);
        let (taken, after) = rest.split_at(length);
        found.extend(kind.map(|kind| Token { line, kind }));
        line += taken.bytes().filter(|byte| *byte == b'\n').count();
        rest = after;
    }
    found
}

/// Returns the length of what `rest` starts with, and the token; `None` for blanks, characters and lifetimes.
fn token(rest: &str, first: char) -> (usize, Option<Kind<'_>>) {
    if first.is_whitespace() {
        return (first.len_utf8(), None);
    }
    if rest.starts_with("//") {
        return line_comment(rest);
    }
    if rest.starts_with("/*") {
        let length = block_length(rest);
        let inside = rest.get(2..length.saturating_sub(2)).unwrap_or_default();
        return (length, Some(Kind::Comment(inside)));
    }
    if let Some((length, inside)) = string(rest) {
        return (length, Some(Kind::Text(inside)));
    }
    if first == '\'' {
        return (quote_length(rest), None);
    }
    // A raw name is three tokens: `r`, `#` and the name.
    if is_name(first) {
        let length = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
        return (length, rest.get(..length).map(Kind::Word));
    }
    (first.len_utf8(), Some(Kind::Sign(first)))
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn line_comment(rest: &str) -> (usize, Option<Kind<'_>>) {
    let line = rest.split('\n').next().unwrap_or(rest);
    let kind = match line.as_bytes() {
        [b'/', b'/', b'!', ..] => Kind::Inner(line.get(3..).unwrap_or_default()),
        [b'/', b'/', b'/', b'/', ..] => Kind::Comment(line),
        [b'/', b'/', b'/', ..] => Kind::Outer(line.get(3..).unwrap_or_default()),
        _ => Kind::Comment(line.get(2..).unwrap_or_default()),
    };
    (line.len(), Some(kind))
}

/// Length of a comment between `/*` and `*/`, which may nest.
fn block_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(left) = rest.get(at..).filter(|left| !left.is_empty()) {
        let step = if left.starts_with("/*") {
            depth += 1;
            2
        } else if left.starts_with("*/") {
            depth -= 1;
            2
        } else {
            left.chars().next().map_or(1, char::len_utf8)
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    at
}

/// Returns the length of a string of any kind and what is between its quotes.
fn string(rest: &str) -> Option<(usize, &str)> {
    let prefix = rest.find(|letter| !matches!(letter, 'b' | 'c' | 'r'))?;
    let (raw, after) = rest.split_at_checked(prefix).filter(|(prefix, _)| prefix.len() <= 2)?;
    if raw.contains('r') {
        let hashes = after.len() - after.trim_start_matches('#').len();
        let inside = after.get(hashes..)?.strip_prefix('"')?;
        let close = format!("\"{}", after.get(..hashes)?);
        let length = inside.find(&close).unwrap_or(inside.len());
        let whole = prefix + hashes + 1 + length + close.len();
        return Some((whole.min(rest.len()), inside.get(..length)?));
    }
    let inside = after.strip_prefix('"')?;
    let mut escaped = false;
    for (at, letter) in inside.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some((prefix + 1 + at + 1, inside.get(..at)?)),
            _ => {}
        }
    }
    Some((rest.len(), inside))
}

/// Length of a character or of a lifetime.
fn quote_length(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), Some((escaped, letter))) => {
            let after = escaped + letter.len_utf8();
            after + rest.get(after..).and_then(|rest| rest.find('\'')).map_or(0, |at| at + 1)
        }
        (Some(_), Some((close, '\''))) => close + 1,
        // The name of a lifetime follows as a word.
        _ => 1,
    }
}

#[test]
fn comments_and_strings_are_told_apart() {
    let source = r####"//! inner
/// outer
fn a<'a>() { b("// no \" comment", r#"/* " */"#, '"', '\'', b'\\', '\u{7f}'); } // plain
/* block /* nested */ end */ //// ruler
x"####;
    let kinds: Vec<(usize, Kind<'_>)> = tokens(source)
        .into_iter()
        .filter(|token| !matches!(token.kind, Kind::Sign(_)))
        .map(|token| (token.line, token.kind))
        .collect();
    let expected = [
        (1, Kind::Inner(" inner")),
        (2, Kind::Outer(" outer")),
        (3, Kind::Word("fn")),
        (3, Kind::Word("a")),
        (3, Kind::Word("a")),
        (3, Kind::Word("b")),
        (3, Kind::Text(r#"// no \" comment"#)),
        (3, Kind::Text(r#"/* " */"#)),
        (3, Kind::Word("b")),
        (3, Kind::Comment(" plain")),
        (4, Kind::Comment(" block /* nested */ end ")),
        (4, Kind::Comment("//// ruler")),
        (5, Kind::Word("x")),
    ];
    assert_eq!(kinds, expected);
}
