//! Results of commands: a table for people, JSON for programs.

use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::Value;

use crate::exit::Failure;

/// Result of a command in both forms.
#[derive(Debug)]
pub(crate) struct Output {
    text: String,
    json: Json,
}

/// JSON of a result.
#[derive(Debug)]
enum Json {
    Value(Value),
    /// List that was written as it came.
    Text(String),
    /// Error of making it, which matters only if JSON is printed.
    Failed(String),
}

impl Output {
    /// Result with `text` for people and `json` for programs.
    pub(crate) fn new(text: impl Into<String>, json: &impl Serialize) -> Result<Self, Failure> {
        let json = serde_json::to_value(json).map_or_else(|error| Json::Failed(error.to_string()), Json::Value);
        Ok(Self { text: text.into(), json })
    }

    /// Result of a command that has printed its results as they came.
    pub(crate) fn nothing() -> Self {
        Self { text: String::new(), json: Json::Value(Value::Null) }
    }

    /// Writes the result to standard output. A reader that closes the pipe early, such as `head`, is no error.
    pub(crate) fn print(&self, as_json: bool) -> Result<(), Failure> {
        if self.text.is_empty() && matches!(&self.json, Json::Value(Value::Null)) {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        let written = match (as_json, &self.json) {
            (false, _) if self.text.is_empty() => Ok(()),
            (false, _) => writeln!(out, "{}", self.text.trim_end()),
            (true, Json::Value(json)) => writeln!(out, "{json:#}"),
            (true, Json::Text(json)) => writeln!(out, "{json}"),
            (true, Json::Failed(error)) => {
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

/// Long list, added to item by item and kept in the form that is printed only.
#[derive(Debug)]
pub(crate) enum Rows {
    Table(Table),
    Json(String),
}

impl Rows {
    /// List in one of its forms; `headings` are those of the table.
    pub(crate) fn new(as_json: bool, headings: &[&str]) -> Self {
        if as_json { Self::Json(String::new()) } else { Self::Table(Table::new(headings)) }
    }

    /// Adds an item, which is `cells` in the table.
    pub(crate) fn add<T: Serialize, const N: usize>(
        &mut self,
        item: &T,
        cells: impl FnOnce(&T) -> [String; N],
    ) -> Result<(), Failure> {
        match self {
            Self::Table(table) => table.row(cells(item)),
            Self::Json(json) => {
                let value = serde_json::to_value(item);
                let value = value.map_err(|error| Failure::Failed(format!("an item cannot be JSON: {error}")))?;
                json.push_str(if json.is_empty() { "[\n  " } else { ",\n  " });
                // A line end inside a text is escaped, so that each line is one of the layout.
                json.push_str(&format!("{value:#}").replace('\n', "\n  "));
            }
        }
        Ok(())
    }

    /// Returns the result, with `if_none` as text if there is no item.
    pub(crate) fn finish(self, if_none: &str) -> Output {
        match self {
            Self::Table(table) => Output { text: table.render(if_none), json: Json::Text(String::new()) },
            Self::Json(mut json) => {
                json.push_str(if json.is_empty() { "[]" } else { "\n]" });
                Output { text: String::new(), json: Json::Text(json) }
            }
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
    /// All cells, row by row. One text and not one for each cell, because a table may have 100 000 rows.
    cells: String,
    /// End of each cell.
    ends: Vec<usize>,
    right: Vec<bool>,
}

impl Table {
    /// Table with these headings; a heading that starts with `>` aligns its column to the right.
    pub(crate) fn new(headings: &[&str]) -> Self {
        let right = headings.iter().map(|heading| heading.starts_with('>')).collect();
        let mut table = Self { cells: String::new(), ends: Vec::new(), right };
        table.row(headings.iter().map(|heading| heading.trim_start_matches('>').to_owned()));
        table
    }

    /// Adds a row. Control characters are replaced, because they could move the cursor of a terminal.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells = cells.into_iter();
        for _ in 0..self.right.len() {
            let cell = cells.next().unwrap_or_default();
            self.cells.extend(cell.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }));
            self.ends.push(self.cells.len());
        }
    }

    fn cells(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |end| self.cells.get(std::mem::replace(&mut start, *end)..*end).unwrap_or_default())
    }

    /// Returns the table as text, or `if_empty` if it has no rows.
    pub(crate) fn render(&self, if_empty: &str) -> String {
        let columns = self.right.len();
        if self.ends.len() <= columns {
            return if_empty.to_owned();
        }
        let mut widths = vec![0; columns];
        for (index, cell) in self.cells().enumerate() {
            if let Some(width) = index.checked_rem(columns).and_then(|column| widths.get_mut(column)) {
                *width = cell.chars().count().max(*width);
            }
        }
        let line = widths.iter().map(|width| width + 2).sum::<usize>();
        let mut text = String::with_capacity(self.ends.len() / columns * line);
        for (index, cell) in self.cells().enumerate() {
            let column = index % columns;
            let (width, right) = (widths.get(column).copied().unwrap_or(0), self.right.get(column) == Some(&true));
            if column > 0 {
                text.push_str("  ");
            }
            let gap = " ".repeat(width.saturating_sub(cell.chars().count()));
            let parts = if right { [gap.as_str(), cell] } else { [cell, gap.as_str()] };
            parts.into_iter().for_each(|part| text.push_str(part));
            if column + 1 == columns {
                text.truncate(text.trim_end_matches(' ').len());
                text.push('\n');
            }
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
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
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
    fn a_list_is_written_as_its_items_come() {
        let items = [serde_json::json!({"name": "a\nb", "list": [1, {}]}), Value::from(7)];
        let listed = |items: &[Value]| {
            let mut rows = Rows::new(true, &["NAME"]);
            for item in items {
                rows.add(item, |_| [String::new()]).unwrap();
            }
            match rows.finish("none").json {
                Json::Text(text) => text,
                json => panic!("{json:?}"),
            }
        };
        assert_eq!(listed(&items), format!("{:#}", Value::from(items.to_vec())));
        assert_eq!(listed(&[]), "[]");
        let mut rows = Rows::new(false, &["NAME"]);
        rows.add(&items[1], |item| [item.to_string()]).unwrap();
        assert_eq!(rows.finish("none").text, "NAME\n7\n");
        assert_eq!(Rows::new(false, &["NAME"]).finish("none").text, "none");
    }

    #[test]
    fn counts_stay_short() {
        assert_eq!(count(254), "254");
        assert_eq!(count(1 << 64), "1.845e19");
        assert_eq!(count(u128::MAX), "3.403e38");
    }
}
