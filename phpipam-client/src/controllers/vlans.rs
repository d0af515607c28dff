//! `vlans`

use crate::client::Client;
use crate::error::Result;
use crate::models::{CustomField, Subnet, Vlan, VlanId};
use crate::query::Filter;
use crate::request::{Call, Path, Request};

/// VLANs; see [`Client::vlans`]. Reading only.
#[derive(Debug, Clone, Copy)]
pub struct Vlans<'a> {
    client: &'a Client,
}

/// The plural: under `vlan/` the id has another name.
fn path() -> Path {
    Path::new("vlans")
}

fn one(id: VlanId) -> Path {
    path().id("VLAN id", id.get())
}

impl<'a> Vlans<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// All VLANs of all domains.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list(&self) -> Result<Vec<Vlan>> {
        self.client.list(&Request::get(Call::List, path())?, None).await
    }

    /// The VLANs that match. The field of the id is `vlanId` here.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<Vlan>> {
        self.client.list(&filter.apply(Request::get(Call::List, path())?), None).await
    }

    /// One VLAN.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn get(&self, id: VlanId) -> Result<Vlan> {
        self.client.one(&Request::get(Call::One, one(id))?).await
    }

    /// VLANs with this number, in all domains.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn search(&self, number: u32) -> Result<Vec<Vlan>> {
        let path = path().word("search").id("VLAN number", number.into());
        self.client.list(&Request::get(Call::List, path)?, None).await
    }

    /// The subnets in a VLAN.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn subnets(&self, id: VlanId) -> Result<Vec<Subnet>> {
        let request = Request::get(Call::List, one(id).word("subnets"))?;
        self.client.list_below(&request, Request::get(Call::One, one(id))?).await
    }

    /// The custom fields of VLANs.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        super::custom_fields(self.client, "vlans").await
    }
}
