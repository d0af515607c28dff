//! Statement that is sent later.

use tokio_postgres::types::{ToSql, Type};

use super::super::view::Param;

/// Statement with its parameters.
pub(in crate::stores::postgres) struct Statement {
    pub(in crate::stores::postgres) sql: &'static str,
    params: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
}

impl Statement {
    pub(super) fn new(sql: &'static str) -> Self {
        Self { sql, params: Vec::new() }
    }

    pub(super) fn with(mut self, value: impl ToSql + Sync + Send + 'static, kind: Type) -> Self {
        self.params.push((Box::new(value), kind));
        self
    }

    /// Makes one statement of several, with the parameters of all.
    pub(super) fn joined(sql: &'static str, parts: Vec<Self>) -> Self {
        Self { sql, params: parts.into_iter().flat_map(|part| part.params).collect() }
    }

    pub(in crate::stores::postgres) fn types(&self) -> Vec<Type> {
        self.params.iter().map(|(_, kind)| kind.clone()).collect()
    }

    pub(in crate::stores::postgres) fn params(&self) -> Vec<Param<'_>> {
        self.params.iter().map(|(value, kind)| (&**value as &(dyn ToSql + Sync), kind.clone())).collect()
    }
}
