//! Texts in the cells of a table: lists, and texts that a spreadsheet would take for formulas.

use std::borrow::Cow;

/// Mark in front of a text that is kept as it is. Spreadsheets know it as that of a text.
const GUARD: char = '\'';

/// Returns true for the first characters of a formula, and for spaces, which reading would cut.
const fn is_special(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@') || c.is_whitespace()
}

/// Returns true if a cell begins with guards and then a special character, or ends with a space behind guards.
fn is_guarded(cell: &str) -> bool {
    let text = cell.trim_start_matches(GUARD);
    text.len() < cell.len() && needs_guard(text)
}

fn needs_guard(text: &str) -> bool {
    text.starts_with(is_special) || text.ends_with(char::is_whitespace)
}

/// Returns the text for a cell, with a guard in front if it needs one, or would be read as if it had one.
pub(super) fn guarded(text: &str) -> Cow<'_, str> {
    if needs_guard(text) || is_guarded(text) { Cow::Owned(format!("{GUARD}{text}")) } else { text.into() }
}

/// Returns the text of a cell: without its guard, or without spaces at its ends.
pub(super) fn unguarded(cell: &str) -> &str {
    let start = cell.trim_start();
    if is_guarded(start) { start.strip_prefix(GUARD).unwrap_or(start) } else { cell.trim() }
}

/// Splits a list at its semicolons. Values without spaces at their ends; an escaped space is kept.
pub(super) fn split_list(cell: &str) -> Vec<String> {
    let mut values = vec![Value::default()];
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        let (c, is_escaped) = match c {
            ';' => {
                values.push(Value::default());
                continue;
            }
            '\\' => (chars.next().unwrap_or('\\'), true),
            c => (c, false),
        };
        if let Some(value) = values.last_mut() {
            value.push(c, is_escaped);
        }
    }
    values.into_iter().map(Value::end).filter(|value| !value.is_empty()).collect()
}

/// Value of a list that is being read.
#[derive(Default)]
struct Value {
    text: String,
    /// Length of the text up to the last character that is no plain space.
    kept: usize,
}

impl Value {
    fn push(&mut self, c: char, is_escaped: bool) {
        let counts = is_escaped || !c.is_whitespace();
        if counts || self.kept > 0 {
            self.text.push(c);
        }
        if counts {
            self.kept = self.text.len();
        }
    }

    fn end(mut self) -> String {
        self.text.truncate(self.kept);
        self.text
    }
}

/// Writes a list into a cell.
// Separated by semicolons, because most spreadsheets would split a cell with commas into several.
pub(super) fn join_list(values: &[String]) -> String {
    let escaped: Vec<String> = values.iter().map(|value| escaped(value)).collect();
    escaped.join(";")
}

fn escaped(value: &str) -> String {
    let (start, end) = (value.len() - value.trim_start().len(), value.trim_end().len());
    let mut escaped = String::with_capacity(value.len());
    for (at, c) in value.char_indices() {
        if matches!(c, ';' | '\\') || at < start || at >= end {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_a_formula_and_every_text_comes_back() {
        let starts = ["=", "+", "-", "@", "\t", "\r", "\n", " ", "'", "''", "'=", "' ", "\u{a0}", "x", ""];
        for start in starts {
            for text in ["", "cmd|' /C calc'!A0", "1", "'", "a b ", "a\t"] {
                let text = format!("{start}{text}");
                let cell = guarded(&text);
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{text:?}: {cell:?}");
                assert_eq!(unguarded(&cell), text, "{cell:?}");
            }
        }
        // As people write them.
        for (cell, text) in [("  web1 ", "web1"), ("'tis", "'tis"), (" '=1 ", "=1 "), ("O'Neill ", "O'Neill")] {
            assert_eq!(unguarded(cell), text, "{cell:?}");
        }
    }

    #[test]
    fn lists_come_back() {
        for values in [&["a", "b;c", "d\\"][..], &[" a", "b ", "\tc\t"], &["=1", "@x", "- y"], &["\\ "], &[" "]] {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            let cell = join_list(&values);
            assert_eq!(split_list(unguarded(&guarded(&cell))), values, "{cell:?}");
        }
        assert_eq!(split_list(" a ; ;b\\;c;"), ["a", "b;c"]);
    }
}
