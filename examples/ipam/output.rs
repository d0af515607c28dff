//! Results of commands: a table for people, JSON for programs.

use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::Value;

use crate::exit::Failure;

/// Result of a command in both forms.
#[derive(Debug)]
pub(crate) struct Output {
    text: String,
    /// JSON of the result, or the error of making it, which matters only if JSON is printed.
    json: Result<Value, String>,
}

impl Output {
    /// Result with `text` for people and `json` for programs.
    pub(crate) fn new(text: impl Into<String>, json: &impl Serialize) -> Result<Self, Failure> {
        let json = serde_json::to_value(json).map_err(|error| error.to_string());
        Ok(Self { text: text.into(), json })
    }

    /// Result of a command that has printed its results as they came.
    pub(crate) fn nothing() -> Self {
        Self { text: String::new(), json: Ok(Value::Null) }
    }

    /// Writes the result to standard output. A reader that closes the pipe early, such as `head`, is no error.
    pub(crate) fn print(&self, as_json: bool) -> Result<(), Failure> {
        if matches!((self.text.is_empty(), &self.json), (true, Ok(Value::Null))) {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        let written = match (as_json, &self.json) {
            (false, _) if self.text.is_empty() => Ok(()),
            (false, _) => writeln!(out, "{}", self.text.trim_end()),
            (true, Ok(json)) => writeln!(out, "{json:#}"),
            (true, Err(error)) => {
                return Err(Failure::Failed(format!("the result cannot be converted to JSON: {error}")));
            }
        };
        match written.and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::Failed(format!("the result cannot be written: {error}")))
            }
            _ => Ok(()),
        }
    }
}

/// Writes a line to standard output at once, for commands that print results as they come.
pub(crate) fn print_line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush())
}

/// Columns, aligned with spaces.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    right: Vec<bool>,
}

impl Table {
    /// Table with these headings; a heading that starts with `>` aligns its column to the right.
    pub(crate) fn new(headings: &[&str]) -> Self {
        let right = headings.iter().map(|heading| heading.starts_with('>')).collect();
        let headings = headings.iter().map(|heading| heading.trim_start_matches('>').to_owned()).collect();
        Self { rows: vec![headings], right }
    }

    /// Adds a row. Control characters are replaced, because they could move the cursor of a terminal.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let clean = |cell: String| cell.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        self.rows.push(cells.into_iter().map(clean).collect());
    }

    /// Returns the table as text, or `if_empty` if it has no rows.
    pub(crate) fn render(&self, if_empty: &str) -> String {
        if self.rows.len() == 1 {
            return if_empty.to_owned();
        }
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.right.len()).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let cells: Vec<String> = row
                .iter()
                .zip(widths.iter().zip(&self.right))
                .map(
                    |(cell, (width, right))| if *right { format!("{cell:>width$}") } else { format!("{cell:<width$}") },
                )
                .collect();
            text.push_str(cells.join("  ").trim_end());
            text.push('\n');
        }
        text
    }
}

/// Returns the value as text, or a dash if there is none.
pub(crate) fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// Returns a count as short text: exact below ten million, to four digits above.
pub(crate) fn count(number: u128) -> String {
    if number < 10_000_000 { number.to_string() } else { format!("{number:.3e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_characters() {
        let mut table = Table::new(&["NAME", ">FREE", "NOTE"]);
        table.row(["büro".to_owned(), "7".to_owned(), String::new()]);
        table.row(["a".to_owned(), "12345".to_owned(), "x\u{1b}[2J".to_owned()]);
        assert_eq!(table.render(""), "NAME   FREE  NOTE\nbüro      7\na     12345  x\u{fffd}[2J\n");
        assert_eq!(Table::new(&["A"]).render("nothing"), "nothing");
    }

    #[test]
    fn counts_stay_short() {
        assert_eq!(count(254), "254");
        assert_eq!(count(1 << 64), "1.845e19");
        assert_eq!(count(u128::MAX), "3.403e38");
    }
}
