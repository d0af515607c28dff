//! Table of JSON rows with a key member.

use serde_json::Value;

/// Table of JSON rows in the order of their creation, with one member as the key.
#[derive(Debug)]
pub(super) struct Table {
    key: &'static str,
    pub(super) rows: Vec<Value>,
}

impl Table {
    /// Creates an empty table whose key is the member `key`.
    pub(super) fn new(key: &'static str) -> Self {
        Self { key, rows: Vec::new() }
    }

    /// Returns true if a row has this key.
    fn is(&self, row: &Value, id: &str) -> bool {
        // A path has the key as text; key pairs have a number in the row.
        match row.get(self.key) {
            Some(Value::String(text)) => text == id,
            Some(Value::Number(number)) => number.to_string() == id,
            _ => false,
        }
    }

    /// Returns the row with this key.
    pub(super) fn get(&self, id: &str) -> Option<&Value> {
        self.rows.iter().find(|row| self.is(row, id))
    }

    /// Replaces the row with this key, or adds the row at the end. Returns true if it replaced one.
    pub(super) fn put(&mut self, id: &str, row: Value) -> bool {
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

    /// Removes the row with this key. Returns true if there was one.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let before = self.rows.len();
        let key = self.key;
        let table = Self::new(key);
        self.rows.retain(|row| !table.is(row, id));
        self.rows.len() < before
    }
}
