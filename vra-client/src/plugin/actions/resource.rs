//! Resource of a request: a machine or an on-demand network.

use ipam_core::{AllocationKey, Owner};
use serde::{Deserialize, Serialize};

use crate::plugin::{ActionError, Members, wire};

/// Resource of a request: the machine or the on-demand network that vRA runs the action for.
///
/// Its id is the owner in the IPAM, so it has to be there in every action that has a resource.
///
/// ```
/// use serde_json::json;
/// use vra_client::plugin::ResourceInfo;
///
/// let resource: ResourceInfo = serde_json::from_value(json!({
///     "id": "/resources/compute/vm-1", "name": "web1", "type": "VM", "orgId": "o", "properties": null, "new": 1,
/// }))?;
/// assert_eq!((resource.name.as_deref(), resource.kind.as_deref()), (Some("web1"), Some("VM")));
/// assert_eq!(resource.extra["new"], 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResourceInfo {
    /// vRA's id, with its path (`/resources/compute/X`) or without it (`X`). The owner in the IPAM is `X` in both cases.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name of the resource. It becomes the host name of a machine's addresses, or the name of a network. It is written as
    /// [`description`](Self::description) is, with up to 255 characters, or 64 for a network.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description. It becomes the description of the addresses or of the network, as far as an IPAM takes it: one line of up
    /// to 64 characters, the length of phpIPAM's column (255 for a network), and the rest becomes `…`. A `<` that begins
    /// something like a tag becomes `‹`.
    ///
    /// Name and description are notes for people and never stop an action: an IPAM that refuses them gets the request again
    /// without the person, without the description, and at last without the name.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Type of the resource: `VM` or `SUBNET`.
    #[serde(rename = "type", default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// User who requested the resource; missing on vRA 8.6.0. This is not the owner in the IPAM, which is the resource.
    ///
    /// AllocateIP and AllocateIPRange write it into the IPAM as the tag `requested-by`. phpIPAM shows it in the note of the
    /// address, or the description of the subnet, inside the mark and next to the resource's id. An IPAM without tags gets
    /// it at the end of an address's description: `front end (requested by jane@example.org)`. Control characters are left
    /// out, and so is what exceeds 255 characters. The person is left out altogether if it does not fit the IPAM's fields.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Id of the organization in vRA.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub org_id: Option<String>,
    /// Free-form properties.
    #[serde(default, deserialize_with = "wire::object")]
    pub properties: Members,
    /// Members that have no field here.
    #[serde(flatten)]
    pub extra: Members,
}

/// Key of the tag with the user who requested the resource.
pub(super) const REQUESTED_BY: &str = "requested-by";

/// Path in front of a machine's id.
pub(super) const COMPUTE: &str = "/resources/compute/";
/// Path in front of an on-demand network's id.
pub(super) const SUB_NETWORKS: &str = "/resources/sub-networks/";

/// Returns the id of a resource without its path.
fn without_path(id: &str) -> &str {
    // vRA sends the path in some requests and leaves it out in others for the same resource. Only the exact form
    // `resources/KIND/ID` is shortened: two ids that differ elsewhere must stay two owners.
    let parts = id.strip_prefix('/').unwrap_or(id).strip_prefix("resources/").and_then(|rest| rest.split_once('/'));
    match parts {
        Some((kind, id)) if !kind.is_empty() && !id.is_empty() && !id.contains('/') => id,
        _ => id,
    }
}

impl ResourceInfo {
    /// Returns the id, with or without its path.
    fn id(&self) -> Result<&str, ActionError> {
        let missing = || ActionError::missing("resourceInfo.id", "it is the owner of what is allocated");
        self.id.as_deref().ok_or_else(missing)
    }

    /// Returns the owner in the IPAM: the resource's id without its path.
    pub(super) fn ipam_owner(&self) -> Result<Owner, ActionError> {
        Ok(Owner::from(without_path(self.id()?)))
    }

    /// Returns the owner that an earlier version of this crate made of the other form of the id. `path` is put in front of an
    /// id that came without one.
    pub(super) fn other_owner(&self, path: &str) -> Result<Owner, ActionError> {
        let id = self.id()?;
        // An id without a path gets the one that vRA would have sent; one with a path was the owner as it came.
        Ok(if without_path(id) == id { Owner::new(format!("{path}{id}")) } else { Owner::from(id) })
    }

    /// Returns the user who requested the resource, as one line of limited length.
    pub(super) fn person(&self) -> Option<String> {
        const MAX_CHARS: usize = 255;
        let text = self.owner.as_deref()?;
        let line: String = text.trim().chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect();
        Some(line).filter(|line| !line.is_empty())
    }

    /// Returns true if `owner` is this resource, in either form of its id.
    pub(super) fn is_owner(&self, owner: &Owner) -> Result<bool, ActionError> {
        Ok(without_path(self.id()?) == without_path(owner.as_str()))
    }
}

/// Returns the key of a request for a network, or for addresses where the IPAM keeps no tags and in earlier versions. `part`
/// tells the requests of one resource apart.
pub(super) fn ipam_key(owner: &Owner, part: &str) -> AllocationKey {
    // The prefix keeps the keys of this plug-in apart from those of other programs on the same IPAM.
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
        // An id of another form stays as it is.
        for id in
            ["/resources/226478cf", "/resources//226478cf", "/resources/compute/", "/resources/a/b/c", "/a/b", "a/b"]
        {
            assert_eq!(without_path(id), id);
        }
    }
}
