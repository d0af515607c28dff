//! Connection with its prepared statements.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Params, Row, Statement, params_from_iter};

use super::super::sqlite_errors;
use super::sql::Sql;
use crate::{Error, Operation, Result};

/// Largest number of composed statements that stay prepared.
const MAX_COMPOSED: usize = 32;

/// Connection and the statements prepared on it.
// The statement cache of the binding is an optional feature that not every supported release has, and it looks
// statements up by their text; these are found by number.
pub(in crate::stores::embedded) struct Statements<'c> {
    pub(in crate::stores::embedded) connection: &'c Connection,
    fixed: Vec<Option<Statement<'c>>>,
    composed: HashMap<String, Statement<'c>>,
    /// Operation of the current request, for errors.
    pub(in crate::stores::embedded) operation: Operation,
}

impl<'c> Statements<'c> {
    pub(in crate::stores::embedded) fn new(connection: &'c Connection) -> Self {
        let fixed = Sql::ALL.iter().map(|_| None).collect();
        Self { connection, fixed, composed: HashMap::new(), operation: Operation::Open }
    }

    pub(in crate::stores::embedded) fn error(&self, source: rusqlite::Error) -> Error {
        sqlite_errors::error(self.operation, source)
    }

    pub(in crate::stores::embedded) fn unsound(&self, what: impl std::fmt::Display) -> Error {
        sqlite_errors::unsound(self.operation, what)
    }

    // Prepared with the first use: a program that allocates once needs few of the statements (bar E6).
    fn prepared(&mut self, sql: Sql) -> rusqlite::Result<&mut Statement<'c>> {
        let slot = &mut self.fixed[sql as usize];
        if slot.is_none() {
            *slot = Some(self.connection.prepare(sql.text())?);
        }
        slot.as_mut().ok_or(rusqlite::Error::InvalidQuery)
    }

    /// Runs a statement that returns no rows. Returns the number of rows that it changed.
    pub(in crate::stores::embedded) fn run(&mut self, sql: Sql, params: impl Params) -> rusqlite::Result<usize> {
        self.prepared(sql)?.execute(params)
    }

    /// Returns the number that is the result of a statement.
    pub(super) fn number(&mut self, sql: Sql) -> rusqlite::Result<i64> {
        self.prepared(sql)?.query_row([], |row| row.get(0))
    }

    /// Runs a statement like [`run`](Self::run), with an error of the store.
    pub(in crate::stores::embedded) fn execute(&mut self, sql: Sql, params: impl Params) -> Result<usize> {
        self.run(sql, params).map_err(|error| self.error(error))
    }

    /// Runs a statement that has to change exactly one row.
    pub(super) fn execute_one(&mut self, sql: Sql, params: impl Params) -> Result<()> {
        match self.execute(sql, params)? {
            1 => Ok(()),
            changed => Err(self.unsound(format_args!("{sql:?} changed {changed} rows instead of one"))),
        }
    }

    /// Returns the first row of a statement, if there is one.
    pub(in crate::stores::embedded) fn optional<T>(
        &mut self,
        sql: Sql,
        params: impl Params,
        read: impl FnOnce(&Columns<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let operation = self.operation;
        let fail = |error| sqlite_errors::error(operation, error);
        let mut rows = self.prepared(sql).map_err(fail)?.query(params).map_err(fail)?;
        match rows.next().map_err(fail)? {
            Some(row) => read(&Columns { row, operation }).map(Some),
            None => Ok(None),
        }
    }

    /// Returns the row of a statement that always has one.
    pub(in crate::stores::embedded) fn one<T>(
        &mut self,
        sql: Sql,
        params: impl Params,
        read: impl FnOnce(&Columns<'_>) -> Result<T>,
    ) -> Result<T> {
        match self.optional(sql, params, read)? {
            Some(row) => Ok(row),
            None => Err(self.unsound(format_args!("{sql:?} returned no row"))),
        }
    }

    /// Returns all rows of a statement.
    pub(in crate::stores::embedded) fn all<T>(
        &mut self,
        sql: Sql,
        params: impl Params,
        mut read: impl FnMut(&Columns<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let operation = self.operation;
        let fail = |error| sqlite_errors::error(operation, error);
        let mut rows = self.prepared(sql).map_err(fail)?.query(params).map_err(fail)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(fail)? {
            all.push(read(&Columns { row, operation })?);
        }
        Ok(all)
    }

    /// Reads the rows of a statement that was composed for the request, until `read` returns false.
    pub(super) fn composed(
        &mut self,
        text: String,
        params: Vec<Value>,
        mut read: impl FnMut(&Columns<'_>) -> Result<bool>,
    ) -> Result<()> {
        let operation = self.operation;
        let fail = |error| sqlite_errors::error(operation, error);
        // Texts differ only in which conditions they have, so that a program uses a few of them. Dropping all is
        // simple, and rare.
        if self.composed.len() >= MAX_COMPOSED && !self.composed.contains_key(&text) {
            self.composed.clear();
        }
        let statement = match self.composed.entry(text) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let statement = self.connection.prepare(entry.key()).map_err(fail)?;
                entry.insert(statement)
            }
        };
        let mut rows = statement.query(params_from_iter(params)).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            if !read(&Columns { row, operation })? {
                break;
            }
        }
        Ok(())
    }
}

/// Columns of a row, by index.
pub(in crate::stores::embedded) struct Columns<'r> {
    row: &'r Row<'r>,
    operation: Operation,
}

impl Columns<'_> {
    fn fail(&self, error: rusqlite::Error) -> Error {
        sqlite_errors::error(self.operation, error)
    }

    pub(in crate::stores::embedded) fn integer(&self, index: usize) -> Result<i64> {
        self.row.get_ref(index).and_then(|value| Ok(value.as_i64()?)).map_err(|error| self.fail(error))
    }

    pub(super) fn flag(&self, index: usize) -> Result<bool> {
        Ok(self.integer(index)? != 0)
    }

    pub(super) fn count(&self, index: usize) -> Result<u32> {
        self.parsed(index, u32::try_from(self.integer(index)?).ok())
    }

    pub(in crate::stores::embedded) fn text(&self, index: usize) -> Result<&str> {
        self.row.get_ref(index).and_then(|value| Ok(value.as_str()?)).map_err(|error| self.fail(error))
    }

    pub(in crate::stores::embedded) fn blob(&self, index: usize) -> Result<&[u8]> {
        self.row.get_ref(index).and_then(|value| Ok(value.as_blob()?)).map_err(|error| self.fail(error))
    }

    pub(super) fn optional_integer(&self, index: usize) -> Result<Option<i64>> {
        self.row.get_ref(index).and_then(|value| Ok(value.as_i64_or_null()?)).map_err(|error| self.fail(error))
    }

    pub(super) fn optional_text(&self, index: usize) -> Result<Option<&str>> {
        self.row.get_ref(index).and_then(|value| Ok(value.as_str_or_null()?)).map_err(|error| self.fail(error))
    }

    pub(in crate::stores::embedded) fn optional_blob(&self, index: usize) -> Result<Option<&[u8]>> {
        self.row.get_ref(index).and_then(|value| Ok(value.as_blob_or_null()?)).map_err(|error| self.fail(error))
    }

    /// Returns a number or a text, for people.
    pub(in crate::stores::embedded) fn shown(&self, index: usize) -> String {
        match self.row.get_ref(index) {
            Ok(ValueRef::Integer(number)) => number.to_string(),
            Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
            _ => String::new(),
        }
    }

    /// Returns the parsed value of a column, or the error of a damaged store for `None`.
    pub(in crate::stores::embedded) fn parsed<T>(&self, index: usize, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| {
            let name = self.row.as_ref().column_name(index).unwrap_or("?").to_owned();
            sqlite_errors::unsound(self.operation, format_args!("the column {name} has an invalid value"))
        })
    }
}
