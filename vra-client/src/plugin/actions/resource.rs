//! The machine or network a request is about.

use ipam_core::{AllocationKey, Owner};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::plugin::{Fault, wire};

/// The machine or network that vRA asks for. On vRA 8.6.0 `owner` is missing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResourceInfo {
    /// vRA's id; the owner of what is allocated.
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
    pub properties: Map<String, Value>,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ResourceInfo {
    /// Who the addresses are for: the resource's id.
    pub(super) fn ipam_owner(&self) -> Result<Owner, Fault> {
        let id = self
            .id
            .as_deref()
            .ok_or_else(|| Fault::input("resourceInfo.id", &"missing; it is the owner of what is allocated"))?;
        Ok(Owner::from(id))
    }

    /// The key of a request for this resource. `part` tells its requests apart.
    pub(super) fn ipam_key(&self, part: &str) -> Result<AllocationKey, Fault> {
        Ok(AllocationKey::new(format!("vra:{}:{part}", self.ipam_owner()?)))
    }
}
