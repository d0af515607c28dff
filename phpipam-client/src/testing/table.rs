//! Tables as MariaDB keeps them in strict mode: typed columns, defaults, unique keys, and the errors of each.
//!
//! The texts of the errors are those of MariaDB 10.11, with which the responses of 1.8.2 were recorded. Clients see
//! them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::refusal::{Handled, sql, uncaught};

/// Value in a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Int(i64),
    Float(f64),
    Text(String),
}

impl Cell {
    pub(super) fn text(value: impl Into<String>) -> Self {
        Self::Text(value.into())
    }

    pub(super) fn id(value: u64) -> Self {
        i64::try_from(value).map_or(Self::Null, Self::Int)
    }

    /// Returns the value as JSON. With `strings` every number becomes a string, as on PHP 8.0 and older (Q01).
    pub(super) fn json(&self, strings: bool) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Int(n) if strings => Value::String(n.to_string()),
            Self::Float(n) if strings => Value::String(n.to_string()),
            Self::Int(n) => Value::from(*n),
            Self::Float(n) => Value::from(*n),
            Self::Text(t) => Value::String(t.clone()),
        }
    }

    /// Returns the id that a reference holds. Zero, null and text that is no number are none (Q06).
    pub(super) fn reference(&self) -> Option<u64> {
        match self {
            Self::Int(n) => u64::try_from(*n).ok().filter(|n| *n != 0),
            Self::Text(t) => t.parse().ok().filter(|n| *n != 0),
            Self::Null | Self::Float(_) => None,
        }
    }

    /// Returns true for a flag that is set: an integer but 0, a text but `""` and `"0"`, which PHP takes for false.
    pub(super) fn is_set(&self) -> bool {
        match self {
            Self::Int(n) => *n != 0,
            Self::Text(t) => !t.is_empty() && t != "0",
            Self::Null | Self::Float(_) => false,
        }
    }

    /// Returns the value as PHP converts it to text; null is empty.
    pub(super) fn as_text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Int(n) => n.to_string(),
            Self::Float(n) => n.to_string(),
            Self::Text(t) => t.clone(),
        }
    }
}

/// Type of a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type {
    Int,
    Float,
    Text(usize),
    OneOf(Vec<String>),
    Date,
    DateTime,
}

/// Column of a table.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Type,
    pub(super) nullable: bool,
    pub(super) default: Cell,
    /// SQL type and comment of a custom field; `None` for a column of phpIPAM.
    pub(super) custom: Option<(String, String)>,
    /// True if the column is NOT NULL without a default. Then `default` is the value of rows that existed before it.
    pub(super) must_be_given: bool,
}

/// Fields to write, in the order of the request. A value that is `None` or empty is NULL.
pub(super) type Fields = Vec<(String, Option<String>)>;

/// Table of the database.
#[derive(Debug)]
pub(super) struct Table {
    name: &'static str,
    columns: Vec<Column>,
    rows: BTreeMap<u64, Vec<Cell>>,
    next_id: u64,
    /// Name of the unique key and the places of its columns.
    unique: Option<(&'static str, Vec<usize>)>,
}

impl Table {
    pub(super) fn new(name: &'static str, columns: Vec<Column>) -> Self {
        Self { name, columns, rows: BTreeMap::new(), next_id: 1, unique: None }
    }

    pub(super) fn with_unique(mut self, key: &'static str, columns: &[&str]) -> Self {
        self.unique = Some((key, columns.iter().map(|c| self.index(c).unwrap_or(0)).collect()));
        self
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(super) fn index(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == column)
    }

    pub(super) fn has_column(&self, column: &str) -> bool {
        self.index(column).is_some()
    }

    pub(super) fn custom(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|c| c.custom.is_some())
    }

    /// Adds a column. Existing rows get its default.
    pub(super) fn add_column(&mut self, column: Column) {
        for row in self.rows.values_mut() {
            row.push(column.default.clone());
        }
        self.columns.push(column);
    }

    /// Removes a column that the version does not have. Only a table without rows may lose one.
    pub(super) fn drop_column(&mut self, name: &str) {
        self.columns.retain(|column| column.name != name);
    }

    /// Makes a column nullable. Its default stays.
    pub(super) fn make_nullable(&mut self, name: &str) {
        for column in self.columns.iter_mut().filter(|column| column.name == name) {
            column.nullable = true;
        }
    }

    pub(super) fn is_nullable(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name && column.nullable)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn contains(&self, id: u64) -> bool {
        self.rows.contains_key(&id)
    }

    pub(super) fn ids(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.rows.keys().copied()
    }

    /// Returns a cell, or NULL if there is no such row or column.
    pub(super) fn cell(&self, id: u64, column: &str) -> &Cell {
        self.index(column).and_then(|i| self.rows.get(&id)?.get(i)).unwrap_or(&Cell::Null)
    }

    /// Returns a cell by the place of its column. Searching all rows by names would look up the column for each.
    pub(super) fn cell_at(&self, id: u64, index: usize) -> &Cell {
        self.rows.get(&id).and_then(|row| row.get(index)).unwrap_or(&Cell::Null)
    }

    /// Returns the ids of the rows whose column refers to `id`.
    pub(super) fn referring(&self, column: &str, id: u64) -> Vec<u64> {
        let Some(i) = self.index(column) else { return Vec::new() };
        let refers = |row: &Vec<Cell>| row.get(i).and_then(Cell::reference) == Some(id);
        self.rows.iter().filter(|(_, row)| refers(row)).map(|(id, _)| *id).collect()
    }

    /// Returns a row with all its columns.
    pub(super) fn json(&self, id: u64, strings: bool) -> Map<String, Value> {
        let Some(row) = self.rows.get(&id) else { return Map::new() };
        self.columns.iter().zip(row).map(|(c, cell)| (c.name.clone(), cell.json(strings))).collect()
    }

    /// Sets a cell without checks.
    pub(super) fn set(&mut self, id: u64, column: &str, cell: Cell) {
        if let Some(i) = self.index(column)
            && let Some(slot) = self.rows.get_mut(&id).and_then(|row| row.get_mut(i))
        {
            *slot = cell;
        }
    }

    pub(super) fn remove(&mut self, id: u64) -> bool {
        self.rows.remove(&id).is_some()
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
    }

    /// Refuses an insert that leaves out a column without a default (Q73).
    ///
    /// An enumeration has a default in any case: MariaDB takes its first value.
    pub(super) fn check_given(&self, fields: &Fields) -> Handled<()> {
        let left_out = self.columns.iter().find(|column| {
            let given = || fields.iter().any(|(name, _)| *name == column.name);
            column.must_be_given && !matches!(column.kind, Type::OneOf(_)) && !given()
        });
        match left_out {
            None => Ok(()),
            Some(Column { name, .. }) => {
                Err(sql(format_args!("[HY000]: General error: 1364 Field '{name}' doesn't have a default value")))
            }
        }
    }

    /// Returns the required custom fields that hold an empty text and are not among these fields.
    ///
    /// On a PATCH the server fills in the fields that were not sent from the old row, and turns `""` into NULL. The
    /// database then refuses the NULL, although the request did not name the field (Q73).
    pub(super) fn empty_required(&self, id: u64, fields: &Fields) -> Vec<String> {
        let empty = |column: &&Column| {
            column.custom.is_some()
                && !column.nullable
                && *self.cell(id, &column.name) == Cell::Text(String::new())
                && !fields.iter().any(|(name, _)| *name == column.name)
        };
        self.columns.iter().filter(empty).map(|column| column.name.clone()).collect()
    }

    /// Inserts a row under the next id, and returns the id.
    ///
    /// A duplicate key uses an id up: InnoDB takes the number before it checks, and never reuses it. Clients rely on
    /// ids that are not reused (Q74).
    pub(super) fn insert(&mut self, fields: &Fields) -> Handled<u64> {
        let mut row: Vec<Cell> = self.columns.iter().map(|c| c.default.clone()).collect();
        for (name, value) in fields {
            if let Some(i) = self.index(name) {
                let cell = self.checked(i, value.as_deref())?;
                if let Some(slot) = row.get_mut(i) {
                    *slot = cell;
                }
            }
        }
        let id = self.next_id;
        self.next_id += 1;
        if let Some(slot) = row.first_mut() {
            *slot = Cell::id(id);
        }
        self.check_unique(id, &row)?;
        self.rows.insert(id, row);
        Ok(id)
    }

    /// Writes fields of a row, all or none. A row that does not exist is no error, as in SQL.
    pub(super) fn update(&mut self, id: u64, fields: &Fields) -> Handled<()> {
        // phpIPAM's own message: it would have to send an UPDATE without SET.
        if fields.is_empty() {
            return Err(uncaught("Error: No values to update"));
        }
        let Some(mut row) = self.rows.get(&id).cloned() else { return Ok(()) };
        for (name, value) in fields {
            if let Some(i) = self.index(name) {
                let cell = self.checked(i, value.as_deref())?;
                if let Some(slot) = row.get_mut(i) {
                    *slot = cell;
                }
            }
        }
        self.check_unique(id, &row)?;
        self.rows.insert(id, row);
        Ok(())
    }

    fn check_unique(&self, id: u64, row: &[Cell]) -> Handled<()> {
        let Some((key, columns)) = &self.unique else { return Ok(()) };
        let part = |row: &[Cell]| -> Vec<String> {
            columns.iter().map(|i| row.get(*i).map(Cell::as_text).unwrap_or_default()).collect()
        };
        let mine = part(row);
        if self.rows.iter().any(|(other, row)| *other != id && part(row) == mine) {
            return Err(duplicate(&mine.join("-"), key));
        }
        Ok(())
    }

    fn checked(&self, index: usize, value: Option<&str>) -> Handled<Cell> {
        let Some(column) = self.columns.get(index) else { return Ok(Cell::Null) };
        let name = &column.name;
        let Some(text) = value.filter(|t| !t.is_empty()) else {
            if column.nullable {
                return Ok(Cell::Null);
            }
            return Err(sql(format_args!(
                "[23000]: Integrity constraint violation: 1048 Column '{name}' cannot be null"
            )));
        };
        let place = || format!("column `phpipam`.`{}`.`{name}` at row 1", self.name);
        match &column.kind {
            Type::Text(limit) if text.chars().count() > *limit => Err(sql(format_args!(
                "[22001]: String data, right truncated: 1406 Data too long for column '{name}' at row 1"
            ))),
            Type::Text(_) => Ok(Cell::text(text)),
            // SQLSTATE 22007 is the code for dates; MariaDB reports it for numbers as well.
            Type::Int => match text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Cell::Int(rounded(text, number))),
                _ => Err(sql(format_args!(
                    "[22007]: Invalid datetime format: 1366 Incorrect integer value: '{text}' for {}",
                    place()
                ))),
            },
            Type::Float => match text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Cell::Float(number)),
                _ => Err(sql(format_args!(
                    "[22007]: Invalid datetime format: 1366 Incorrect double value: '{text}' for {}",
                    place()
                ))),
            },
            Type::OneOf(values) => match values.iter().find(|v| v.eq_ignore_ascii_case(text)) {
                Some(value) => Ok(Cell::text(value)),
                None => Err(sql(format_args!("[01000]: Warning: 1265 Data truncated for column '{name}' at row 1"))),
            },
            Type::Date if text.parse::<jiff::civil::Date>().is_ok() => Ok(Cell::text(text)),
            Type::DateTime if date_time(text) => Ok(Cell::text(text)),
            Type::Date => Err(sql(format_args!(
                "[22007]: Invalid datetime format: 1292 Incorrect date value: '{text}' for {}",
                place()
            ))),
            Type::DateTime => Err(sql(format_args!(
                "[22007]: Invalid datetime format: 1292 Incorrect datetime value: '{text}' for {}",
                place()
            ))),
        }
    }
}

/// Returns the error of a unique key that has the value already.
pub(super) fn duplicate(entry: &str, key: &str) -> super::refusal::Refusal {
    sql(format_args!("[23000]: Integrity constraint violation: 1062 Duplicate entry '{entry}' for key '{key}'"))
}

fn date_time(text: &str) -> bool {
    // Strict mode of MariaDB alone does not refuse the zero date; that takes NO_ZERO_DATE.
    jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text).is_ok()
        || text.parse::<jiff::civil::Date>().is_ok()
        || text == "0000-00-00 00:00:00"
}

/// Rounds as the database does: halves away from zero, so 12.5 becomes 13.
fn rounded(text: &str, number: f64) -> i64 {
    // Numbers beyond 2^53 would lose digits on the way through a float.
    if let Ok(exact) = text.trim().parse() {
        return exact;
    }
    format!("{:.0}", number.round()).parse().unwrap_or(0)
}
