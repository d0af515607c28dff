//! Results of commands: a table for people, JSON for programs.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicU8, Ordering};

use serde::Serialize;
use serde_json::Value;

use crate::exit::Failure;
use crate::progress;

/// Form of the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    /// Tables with the columns that fit a terminal.
    Table,
    /// Tables with all columns.
    Wide,
    /// Tables as CSV with all columns; missing values are empty.
    Csv,
    /// JSON, for programs.
    Json,
    /// Only the first column of tables, which names the item; nothing if there is none.
    Name,
}

/// Form that was asked for, by its place in `Form`. One for the whole process: each table has it.
static FORM: AtomicU8 = AtomicU8::new(0);

const FORMS: [Form; 5] = [Form::Table, Form::Wide, Form::Csv, Form::Json, Form::Name];

/// Sets the form of all tables.
pub(crate) fn set_form(form: Form) {
    FORM.store(form as u8, Ordering::Relaxed);
}

fn form() -> Form {
    FORMS.get(usize::from(FORM.load(Ordering::Relaxed))).copied().unwrap_or(Form::Table)
}

/// Adds a remark to a table: below it for people, and to standard error where a program reads the table.
pub(crate) fn remark(text: &mut String, remark: impl AsRef<str>) {
    match form() {
        Form::Table | Form::Wide | Form::Json => {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(remark.as_ref());
        }
        Form::Csv | Form::Name => progress::note(remark.as_ref()),
    }
}

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
    /// Columns that are shown, by their index among the cells of a row.
    shown: Vec<bool>,
    form: Form,
}

impl Table {
    /// Table with these headings; a heading that starts with `>` aligns its column to the right, and one that starts with
    /// `+` is in the form `wide` and in CSV only.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self::in_form(headings, form())
    }

    fn in_form(headings: &[&str], form: Form) -> Self {
        let shown: Vec<bool> = headings
            .iter()
            .enumerate()
            .map(|(column, heading)| match form {
                Form::Wide | Form::Csv => true,
                Form::Table | Form::Json => !heading.starts_with('+'),
                Form::Name => column == 0,
            })
            .collect();
        let of_shown = headings.iter().zip(&shown).filter(|(_, shown)| **shown);
        let right = of_shown.map(|(heading, _)| heading.starts_with('>')).collect();
        let mut table = Self { cells: String::new(), ends: Vec::new(), right, shown, form };
        table.row(headings.iter().map(|heading| heading.trim_start_matches(['>', '+']).to_owned()));
        table
    }

    /// Adds a row. Control characters are replaced, because they could move the cursor of a terminal.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells = cells.into_iter();
        for shown in &self.shown {
            let cell = cells.next().unwrap_or_default();
            if !shown {
                continue;
            }
            // A line end is part of a value in CSV, whose readers are no terminals.
            let kept = |c: char| self.form == Form::Csv && c == '\n';
            self.cells.extend(cell.chars().map(|c| if c.is_control() && !kept(c) { '\u{fffd}' } else { c }));
            self.ends.push(self.cells.len());
        }
    }

    fn csv(&self, columns: usize) -> String {
        let mut text = String::with_capacity(self.cells.len() + self.ends.len());
        for (index, cell) in self.cells().enumerate() {
            text.push_str(&csv_cell(cell));
            text.push(if (index + 1).is_multiple_of(columns.max(1)) { '\n' } else { ',' });
        }
        text
    }

    fn cells(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |end| self.cells.get(std::mem::replace(&mut start, *end)..*end).unwrap_or_default())
    }

    /// Returns the table as text, or `if_empty` if it has no rows.
    pub(crate) fn render(&self, if_empty: &str) -> String {
        let columns = self.right.len();
        match self.form {
            Form::Csv => return self.csv(columns),
            Form::Name => return self.cells().skip(columns).map(|cell| format!("{cell}\n")).collect(),
            Form::Table | Form::Wide | Form::Json => {}
        }
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

/// Returns a cell of CSV (RFC 4180).
fn csv_cell(cell: &str) -> String {
    match cell {
        // The dash is for people.
        "-" => String::new(),
        // What a spreadsheet would take for a formula gets an apostrophe, as in a plan.
        cell if cell.starts_with(['=', '+', '-', '@']) => csv_quoted(&format!("'{cell}")),
        cell => csv_quoted(cell),
    }
}

fn csv_quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
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
    fn a_table_has_other_forms() {
        let written = |form| {
            let mut table = Table::in_form(&["ID", ">FREE", "+NOTE"], form);
            table.row(["a,b".to_owned(), "-".to_owned(), "two\nlines \"x\"".to_owned()]);
            table.row(["c".to_owned(), "7".to_owned(), "=1+1".to_owned()]);
            table.render("none")
        };
        assert_eq!(written(Form::Table), "ID   FREE\na,b     -\nc       7\n");
        assert_eq!(written(Form::Json), written(Form::Table));
        assert_eq!(written(Form::Wide), "ID   FREE  NOTE\na,b     -  two\u{fffd}lines \"x\"\nc       7  =1+1\n");
        assert_eq!(written(Form::Csv), "ID,FREE,NOTE\n\"a,b\",,\"two\nlines \"\"x\"\"\"\nc,7,'=1+1\n");
        assert_eq!(written(Form::Name), "a,b\nc\n");
        assert_eq!(Table::in_form(&["ID"], Form::Csv).render("none"), "ID\n");
        assert_eq!(Table::in_form(&["ID"], Form::Name).render("none"), "");
        assert!(FORMS.iter().enumerate().all(|(place, form)| *form as usize == place));
    }

    #[test]
    fn counts_stay_short() {
        assert_eq!(count(254), "254");
        assert_eq!(count(1 << 64), "1.845e19");
        assert_eq!(count(u128::MAX), "3.403e38");
    }
}
