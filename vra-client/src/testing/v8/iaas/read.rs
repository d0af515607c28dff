//! Objects that can only be read, and the reading of one object.

use crate::testing::table::Table;
use crate::testing::v8::context::{Context, Reply, Result};
use crate::testing::v8::query::Style;
use crate::testing::v8::refusal::not_found;
use crate::testing::v8::store::Store;

/// Handles a kind of objects that can only be read.
pub(super) fn read_only(
    call: &mut Context<'_>,
    method: &str,
    path: &[&str],
    noun: &'static str,
    style: Style,
    table: impl Fn(&Store) -> &Table,
) -> Option<Result> {
    Some(match (method, path) {
        ("GET", []) => Ok(Reply::Rows(table(call.store).rows.clone(), style)),
        ("GET", [id]) => one(table(call.store), noun, id),
        _ => return None,
    })
}

/// Returns one row, or status 404.
pub(super) fn one(table: &Table, noun: &str, id: &str) -> Result {
    table.get(id).map(|row| Reply::Json(200, row.clone())).ok_or_else(|| not_found(noun, id))
}
