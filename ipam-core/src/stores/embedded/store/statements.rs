//! A connection with its prepared statements.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Params, Row, Statement, params_from_iter};

use super::super::sqlite_errors;
use super::sql::Sql;
use crate::{Error, Operation, Result};

/// How many statements with a text of their own stay prepared.
const MAX_COMPOSED: usize = 32;

/// A connection and the statements prepared on it. The binding's own cache is a feature that not every release of it
/// has.
pub(in crate::stores::embedded) struct Statements<'c> {
    pub(in crate::stores::embedded) connection: &'c Connection,
    fixed: Vec<Option<Statement<'c>>>,
    composed: HashMap<String, Statement<'c>>,
    /// The method that is being served, for errors.
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

    fn prepared(&mut self, sql: Sql) -> rusqlite::Result<&mut Statement<'c>> {
        let slot = &mut self.fixed[sql as usize];
        if slot.is_none() {
            *slot = Some(self.connection.prepare(sql.text())?);
        }
        slot.as_mut().ok_or(rusqlite::Error::InvalidQuery)
    }

    /// Runs a statement that answers no rows. Answers how many it changed.
    pub(in crate::stores::embedded) fn run(&mut self, sql: Sql, params: impl Params) -> rusqlite::Result<usize> {
        self.prepared(sql)?.execute(params)
    }

    /// The one number that a statement answers.
    pub(super) fn number(&mut self, sql: Sql) -> rusqlite::Result<i64> {
        self.prepared(sql)?.query_row([], |row| row.get(0))
    }

    /// The same as `run`, with the error of the store.
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

    /// The first row, if there is one.
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

    /// The row of a statement that always answers one.
    pub(in crate::stores::embedded) fn one<T>(
        &mut self,
        sql: Sql,
        params: impl Params,
        read: impl FnOnce(&Columns<'_>) -> Result<T>,
    ) -> Result<T> {
        match self.optional(sql, params, read)? {
            Some(answer) => Ok(answer),
            None => Err(self.unsound(format_args!("{sql:?} answered nothing"))),
        }
    }

    /// All rows.
    pub(in crate::stores::embedded) fn all<T>(
        &mut self,
        sql: Sql,
        params: impl Params,
        mut read: impl FnMut(&Columns<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let operation = self.operation;
        let fail = |error| sqlite_errors::error(operation, error);
        let mut rows = self.prepared(sql).map_err(fail)?.query(params).map_err(fail)?;
        let mut answer = Vec::new();
        while let Some(row) = rows.next().map_err(fail)? {
            answer.push(read(&Columns { row, operation })?);
        }
        Ok(answer)
    }

    /// The rows of a statement put together for the question, each read until `read` says that it is enough.
    pub(super) fn composed(
        &mut self,
        text: String,
        params: Vec<Value>,
        mut read: impl FnMut(&Columns<'_>) -> Result<bool>,
    ) -> Result<()> {
        let operation = self.operation;
        let fail = |error| sqlite_errors::error(operation, error);
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

/// The columns of one row, by their place.
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

    /// A number or a text, for people.
    pub(in crate::stores::embedded) fn shown(&self, index: usize) -> String {
        match self.row.get_ref(index) {
            Ok(ValueRef::Integer(number)) => number.to_string(),
            Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
            _ => String::new(),
        }
    }

    /// What was parsed from a column; `None` says that it holds what this program would not have written.
    pub(in crate::stores::embedded) fn parsed<T>(&self, index: usize, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| {
            let name = self.row.as_ref().column_name(index).unwrap_or("?").to_owned();
            sqlite_errors::unsound(self.operation, format_args!("the column {name} holds what cannot be read"))
        })
    }
}
