//! The machine or network a request is about.

use ipam_core::{AllocationKey, Owner};
use serde::{Deserialize, Serialize};

use crate::plugin::{ActionError, Members, wire};

/// The machine or network that vRA asks for. On vRA 8.6.0 `owner` is missing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResourceInfo {
    /// vRA's id, as a path (`/resources/compute/X`) or alone (`X`); without the path it is the owner of what is
    /// allocated.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The machine's name; the host name of its addresses.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `VM`, `SUBNET`.
    #[serde(rename = "type", default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The person who asked.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The organization.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub org_id: Option<String>,
    /// Free-form properties.
    #[serde(default, deserialize_with = "wire::object")]
    pub properties: Members,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Members,
}

/// The path in front of a machine's id.
pub(super) const COMPUTE: &str = "/resources/compute/";
/// The path in front of an on-demand network's id.
pub(super) const SUB_NETWORKS: &str = "/resources/sub-networks/";

/// The id of a resource without the path that vRA puts in front of it in some requests and leaves out in others.
fn without_path(id: &str) -> &str {
    let parts = id.strip_prefix('/').unwrap_or(id).strip_prefix("resources/").and_then(|rest| rest.split_once('/'));
    match parts {
        Some((kind, id)) if !kind.is_empty() && !id.is_empty() && !id.contains('/') => id,
        _ => id,
    }
}

impl ResourceInfo {
    fn id(&self) -> Result<&str, ActionError> {
        let missing = || ActionError::input("resourceInfo.id", &"missing; it is the owner of what is allocated");
        self.id.as_deref().ok_or_else(missing)
    }

    /// Who the addresses are for: the resource's id without its path.
    pub(super) fn ipam_owner(&self) -> Result<Owner, ActionError> {
        Ok(Owner::from(without_path(self.id()?)))
    }

    /// The owner that the other form of the id would make: earlier versions took the id as it came. `path` stands in
    /// front of ids that came without one.
    pub(super) fn other_owner(&self, path: &str) -> Result<Owner, ActionError> {
        let id = self.id()?;
        Ok(if without_path(id) == id { Owner::new(format!("{path}{id}")) } else { Owner::from(id) })
    }

    /// Whether `owner` is this resource, in either form of its id.
    pub(super) fn is_owner(&self, owner: &Owner) -> Result<bool, ActionError> {
        Ok(without_path(self.id()?) == without_path(owner.as_str()))
    }
}

/// The key of a request for a resource. `part` tells the requests of one resource apart.
pub(super) fn ipam_key(owner: &Owner, part: &str) -> AllocationKey {
    AllocationKey::new(format!("vra:{owner}:{part}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_an_id_are_one_owner() {
        for id in
            ["226478cf", "/resources/compute/226478cf", "resources/compute/226478cf", "/resources/machines/226478cf"]
        {
            assert_eq!(without_path(id), "226478cf", "{id}");
        }
        // What has another shape is taken as it is.
        for id in
            ["/resources/226478cf", "/resources//226478cf", "/resources/compute/", "/resources/a/b/c", "/a/b", "a/b"]
        {
            assert_eq!(without_path(id), id);
        }
    }
}
