//! IPAM service: what the server's own IPAM endpoints offer.

use serde_json::Value;

use super::context::{Context, Reply, Result};
use super::refusal::not_found;

/// `/ipam-service/api`; none if there is no such call. The shapes are guesses.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    let (rows, endpoint) = match (method, path) {
        ("GET", ["providers", endpoint, "ip-ranges"]) => (&call.store.ipam_ranges, endpoint),
        ("GET", ["providers", endpoint, "address-spaces"]) => (&call.store.ipam_spaces, endpoint),
        _ => return None,
    };
    if rows.iter().all(|(of, _)| of != endpoint) && call.store.ipam_spaces.iter().all(|(of, _)| of != endpoint) {
        return Some(Err(not_found("IPAM endpoint", endpoint)));
    }
    let space = call.query.get("additionalFilter");
    let in_space = |row: &Value| match row.get("addressSpaceExternalId").and_then(Value::as_str) {
        Some(of) => space.is_none_or(|space| space == of),
        None => true,
    };
    let found = rows.iter().filter(|(of, row)| of == endpoint && in_space(row)).map(|(_, row)| row.clone());
    Some(Ok(Reply::Rows(found.collect())))
}
