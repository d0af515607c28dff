//! `subnets`: deletion, truncation and permissions.

use serde_json::{Map, Value};

use super::super::context::Call;
use super::super::params::as_text;
use super::super::refusal::{Handled, Refusal, fail};
use super::super::reply::Reply;
use super::super::schema::Object;
use super::super::store::Store;
use super::super::table::Cell;
use super::subnet_rows;

const SUBNET: Object = Object::Subnet;

/// Carries out `DELETE subnets/{id}/`, `…/truncate/` and `…/permissions/`.
pub(super) fn delete(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    match call.params.id2() {
        None => {
            let id = subnet_rows::existing(call, store)?;
            // The real server deletes children and addresses without a word, too.
            store.remove_subnet(id);
            call.log(store, SUBNET, id, "delete", vec![format!("id. {id}")]);
            Ok(Reply::done("Subnet deleted"))
        }
        Some("truncate") => {
            let id = subnet_rows::existing(call, store)?;
            store.truncate(id);
            call.log(store, SUBNET, id, "truncate", Vec::new());
            Ok(Reply::done("Subnet truncated"))
        }
        Some("permissions") => {
            let id = subnet_rows::existing(call, store)?;
            store.set(SUBNET, id, "permissions", Cell::Null);
            store.set(SUBNET, id, "editDate", Cell::text(call.now.clone()));
            Ok(Reply::done("Subnet permissions removed"))
        }
        Some(_) => Err(fail(400, "Invalid parameters")),
    }
}

/// Carries out `PATCH subnets/{id}/permissions/`.
///
/// Keys are groups, by id or name; values are levels, by number (0 to 3) or name.
pub(super) fn set_permissions(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    const LEVELS: [&str; 4] = ["na", "ro", "rw", "rwa"];
    let id = subnet_rows::existing(call, store)?;
    let mut stored = Map::new();
    let mut shown = Map::new();
    // Ids as JSON keys arrive as positions of a list, and on PHP 8 that ends in a TypeError.
    let by_id = call.params.fields.keys().any(|group| group.bytes().all(|b| b.is_ascii_digit()));
    if by_id && !call.profile.groups_by_id {
        let refused = fail(500, "Invalid group identifier 0");
        return Err(if call.profile.php_8 { Refusal::Fatal } else { refused });
    }
    for (group, level) in &call.params.fields {
        let by_name = || store.groups.iter().find(|(_, g)| g.0 == *group).map(|(id, _)| *id);
        let found = group.parse().ok().filter(|id| store.groups.contains_key(id)).or_else(by_name);
        let found = found.ok_or_else(|| fail(500, format!("Invalid group identifier {group}")))?;
        let level = as_text(level).unwrap_or_default();
        let number = level.parse::<usize>().ok().or_else(|| LEVELS.iter().position(|l| *l == level));
        let name = number.and_then(|n| LEVELS.get(n).copied());
        let (number, name) = number.zip(name).ok_or_else(|| fail(500, format!("Invalid permissions {level}")))?;
        // Stored by id and number, returned by name: the two forms that reading and writing permissions have (Q32).
        stored.insert(found.to_string(), number.into());
        let title = store.groups.get(&found).map(|g| g.0.clone()).unwrap_or_default();
        shown.insert(title, name.into());
    }
    if stored.is_empty() {
        return Err(fail(500, "Cannot remove permissions, use DELETE call"));
    }
    store.set(SUBNET, id, "permissions", Cell::text(Value::Object(stored).to_string()));
    store.set(SUBNET, id, "editDate", Cell::text(call.now.clone()));
    Ok(Reply::done("Subnet permissions updated").with_data(shown))
}
