//! IPAM service: ranges and address spaces of the server's own IPAM endpoints.

use serde_json::Value;

use super::context::{Context, Reply, Result};
use super::refusal::not_found;

/// Handles `/ipam-service/api`; `None` if there is no such call. The shapes are a guess.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    let (rows, endpoint) = match (method, path) {
        ("GET", ["providers", endpoint, "ip-ranges"]) => (&call.store.ipam_ranges, endpoint),
        ("GET", ["providers", endpoint, "address-spaces"]) => (&call.store.ipam_spaces, endpoint),
        _ => return None,
    };
    // An endpoint without ranges is known by its address space; only an unknown one is an error.
    if rows.iter().all(|(of, _)| of != endpoint) && call.store.ipam_spaces.iter().all(|(of, _)| of != endpoint) {
        return Some(Err(not_found("IPAM endpoint", endpoint)));
    }
    // The one list with a filter of its own: the id of an address space, not a `$filter`.
    let space = call.query.get("additionalFilter");
    let in_space = |row: &Value| match row.get("addressSpaceExternalId").and_then(Value::as_str) {
        Some(of) => space.is_none_or(|space| space == of),
        None => true,
    };
    let found = rows.iter().filter(|(of, row)| of == endpoint && in_space(row)).map(|(_, row)| row.clone());
    Some(Ok(Reply::Rows(found.collect())))
}
