//! `vrfs`

pub(crate) mod model;

use self::model::{Vrf, VrfFields};
use super::{verify, write};
use crate::client::{Client, Created};
use crate::controllers::custom_fields::model::CustomField;
use crate::controllers::subnets::model::Subnet;
use crate::error::Result;
use crate::query::Filter;
use crate::request::{ApiRequest, Call, Path};
use crate::wire::VrfId;

/// VRFs; see [`Client::vrfs`].
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
        self.client.list(&ApiRequest::get(Call::List, path())?, None).await
    }

    /// The VRFs that match. The field of the id is `vrfId` here.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<Vrf>> {
        self.client.list(&filter.apply(ApiRequest::get(Call::List, path())?), None).await
    }

    /// One VRF.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn get(&self, id: VrfId) -> Result<Vrf> {
        self.client.one(&ApiRequest::get(Call::One, one(id))?).await
    }

    /// The subnets in a VRF.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn subnets(&self, id: VrfId) -> Result<Vec<Subnet>> {
        let request = ApiRequest::get(Call::List, one(id).word("subnets"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, one(id))?).await
    }

    /// The custom fields of VRFs.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        crate::controllers::custom_fields::list(self.client, "vrfs").await
    }

    /// Creates a VRF. A name in use is a conflict.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn create(&self, name: &str, fields: &VrfFields) -> Result<Created<VrfId>> {
        write::create(self.client, path(), &fields.clone().with_name(name).fields).await
    }

    /// Changes the named fields. A name in use is a conflict.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn update(&self, id: VrfId, fields: &VrfFields) -> Result<()> {
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the named fields, reads the VRF back, and fails if one does not hold what was asked for.
    ///
    /// # Errors
    /// [`Error`](crate::Error), [`Error::PartlyApplied`](crate::Error::PartlyApplied)
    pub async fn update_verified(&self, id: VrfId, fields: &VrfFields) -> Result<Vrf> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH vrfs/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a VRF. Its subnets stay, without a VRF.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn delete(&self, id: VrfId) -> Result<()> {
        write::delete(self.client, one(id)).await
    }
}
