//! Rows that are told apart by one of their members.

use serde_json::Value;

/// Rows that are told apart by one of their members.
#[derive(Debug)]
pub(in crate::testing::v7) struct Table {
    key: &'static str,
    pub(in crate::testing::v7) rows: Vec<Value>,
}

impl Table {
    pub(in crate::testing::v7) fn new(key: &'static str) -> Self {
        Self { key, rows: Vec::new() }
    }

    fn is(&self, row: &Value, id: &str) -> bool {
        match row.get(self.key) {
            Some(Value::String(text)) => text == id,
            Some(Value::Number(number)) => number.to_string() == id,
            _ => false,
        }
    }

    pub(in crate::testing::v7) fn get(&self, id: &str) -> Option<&Value> {
        self.rows.iter().find(|row| self.is(row, id))
    }

    /// Puts a row in the place of the one of its id, or behind all others; says whether there was one.
    pub(in crate::testing::v7) fn put(&mut self, id: &str, row: Value) -> bool {
        match self.rows.iter().position(|old| self.is(old, id)).and_then(|at| self.rows.get_mut(at)) {
            Some(old) => {
                *old = row;
                true
            }
            None => {
                self.rows.push(row);
                false
            }
        }
    }

    pub(in crate::testing::v7) fn remove(&mut self, id: &str) -> bool {
        let before = self.rows.len();
        let key = self.key;
        let table = Self::new(key);
        self.rows.retain(|row| !table.is(row, id));
        self.rows.len() < before
    }
}
