//! Text and names, split into words.

/// A word as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    /// Line from 1.
    pub(crate) line: usize,
    pub(crate) text: &'a str,
}

/// Returns the words of a text; names are split at `_` and where the case changes.
pub(crate) fn words(text: &str) -> Vec<Word<'_>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut line = 1;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_alphabetic() {
            let end = end(bytes, at);
            found.extend(text.get(at..end).map(|text| Word { line, text }));
            at = end;
            continue;
        }
        // The letter of an escape such as `\n` belongs to no word.
        if byte == b'\\' && bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) {
            at += 1;
        }
        line += usize::from(byte == b'\n');
        at += 1;
    }
    found
}

/// Returns where the word that starts at `start` ends.
fn end(bytes: &[u8], start: usize) -> usize {
    let letter = |at: usize| bytes.get(at).copied().filter(u8::is_ascii_alphabetic);
    let mut at = start + 1;
    while let Some(here) = letter(at) {
        let after_small = bytes.get(at - 1).is_some_and(u8::is_ascii_lowercase);
        // In `HTTPServer` the last capital opens the next word; in `IDs` the `s` closes this one.
        let before_small = letter(at + 1).is_some_and(|next| next.is_ascii_lowercase()) && letter(at + 2).is_some();
        if here.is_ascii_uppercase() && (after_small || before_small) {
            break;
        }
        at += 1;
    }
    at
}

#[test]
fn names_are_split_where_the_case_changes() {
    let split = |text| words(text).iter().map(|word| word.text).collect::<Vec<_>>();
    assert_eq!(split("one_two ThreeFour fiveSix"), ["one", "two", "Three", "Four", "five", "Six"]);
    assert_eq!(split("HTTPServer MAX_LEN the IDs"), ["HTTP", "Server", "MAX", "LEN", "the", "IDs"]);
    assert_eq!(split(r#""\nplane's" v7 r#type"#), ["plane", "s", "v", "r", "type"]);
    assert_eq!(words("a\n\nb").iter().map(|word| word.line).collect::<Vec<_>>(), [1, 3]);
}
