//! `WHERE` clauses that depend on a request.

use tokio_postgres::types::{ToSql, Type};

use super::super::view::Param;

/// `WHERE` clause under construction, with its parameters in order.
#[derive(Default)]
pub(super) struct Conditions {
    pub(super) text: String,
    params: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
}

impl Conditions {
    /// Adds a condition. Each `?` in it stands for the next of its parameters.
    pub(super) fn add(&mut self, condition: &str, params: Vec<(Box<dyn ToSql + Sync + Send>, Type)>) {
        self.text.push_str(if self.text.is_empty() { " WHERE " } else { " AND " });
        let mut number = self.params.len();
        for (index, part) in condition.split('?').enumerate() {
            if index > 0 {
                number += 1;
                self.text.push_str(&format!("${number}"));
            }
            self.text.push_str(part);
        }
        self.params.extend(params);
    }

    /// Adds a condition with one text.
    pub(super) fn text(&mut self, condition: &str, value: impl Into<String>) {
        self.add(condition, vec![(Box::new(value.into()), Type::TEXT)]);
    }

    /// Returns the parameters.
    pub(super) fn params(&self) -> Vec<Param<'_>> {
        self.params.iter().map(|(value, kind)| (&**value as &(dyn ToSql + Sync), kind.clone())).collect()
    }
}
