//! `vrfs`

use crate::client::Client;
use crate::error::Result;
use crate::models::{CustomField, Subnet, Vrf, VrfId};
use crate::query::Filter;
use crate::request::{Call, Path, Request};

/// VRFs; see [`Client::vrfs`]. Reading only.
#[derive(Debug, Clone, Copy)]
pub struct Vrfs<'a> {
    client: &'a Client,
}

/// The plural: under `vrf/` the id has another name.
fn path() -> Path {
    Path::new("vrfs")
}

fn one(id: VrfId) -> Path {
    path().id("VRF id", id.get())
}

impl<'a> Vrfs<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// All VRFs.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list(&self) -> Result<Vec<Vrf>> {
        self.client.list(&Request::get(Call::List, path())?, None).await
    }

    /// The VRFs that match. The field of the id is `vrfId` here.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<Vrf>> {
        self.client.list(&filter.apply(Request::get(Call::List, path())?), None).await
    }

    /// One VRF.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn get(&self, id: VrfId) -> Result<Vrf> {
        self.client.one(&Request::get(Call::One, one(id))?).await
    }

    /// The subnets in a VRF.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn subnets(&self, id: VrfId) -> Result<Vec<Subnet>> {
        let request = Request::get(Call::List, one(id).word("subnets"))?;
        self.client.list_below(&request, Request::get(Call::One, one(id))?).await
    }

    /// The custom fields of VRFs.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        super::custom_fields(self.client, "vrfs").await
    }
}
