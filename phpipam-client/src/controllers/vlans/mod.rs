//! `vlans`

pub(crate) mod model;

use self::model::{Vlan, VlanFields};
use super::{verify, write};
use crate::client::{Client, Created};
use crate::controllers::custom_fields::model::CustomField;
use crate::controllers::subnets::model::Subnet;
use crate::error::Result;
use crate::query::Filter;
use crate::request::{ApiRequest, Call, Path};
use crate::wire::{SectionId, VlanId};

/// VLANs; see [`Client::vlans`].
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
        self.client.list(&ApiRequest::get(Call::List, path())?, None).await
    }

    /// The VLANs that match. The field of the id is `vlanId` here.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<Vlan>> {
        self.client.list(&filter.apply(ApiRequest::get(Call::List, path())?), None).await
    }

    /// One VLAN.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn get(&self, id: VlanId) -> Result<Vlan> {
        self.client.one(&ApiRequest::get(Call::One, one(id))?).await
    }

    /// VLANs with this number, in all domains.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn search(&self, number: u32) -> Result<Vec<Vlan>> {
        let path = path().word("search").id("VLAN number", number.into());
        self.client.list(&ApiRequest::get(Call::List, path)?, None).await
    }

    /// The subnets in a VLAN.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn subnets(&self, id: VlanId) -> Result<Vec<Subnet>> {
        let request = ApiRequest::get(Call::List, one(id).word("subnets"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, one(id))?).await
    }

    /// The subnets in a VLAN that are in one section.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn subnets_in_section(&self, id: VlanId, section: SectionId) -> Result<Vec<Subnet>> {
        let path = one(id).word("subnets").id("section id", section.get());
        self.client.list_below(&ApiRequest::get(Call::List, path)?, ApiRequest::get(Call::One, one(id))?).await
    }

    /// The custom fields of VLANs.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        crate::controllers::custom_fields::list(self.client, "vlans").await
    }

    /// Creates a VLAN. Two may have the same number in one domain, unless the server's settings forbid it.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn create(&self, name: &str, number: u32, fields: &VlanFields) -> Result<Created<VlanId>> {
        write::create(self.client, path(), &fields.clone().with_name(name).with_number(number).fields).await
    }

    /// Changes the named fields. Versions before 1.8 refuse a change that does not repeat the name; so when it is not
    /// named, it is read first and sent along.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn update(&self, id: VlanId, fields: &VlanFields) -> Result<()> {
        let named = fields.fields.changes()?.has("name");
        let mut fields = fields.clone();
        if !named && let Some(name) = self.get(id).await?.name {
            fields = fields.with_name(name);
        }
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the named fields, reads the VLAN back, and fails if one does not hold what was asked for.
    ///
    /// # Errors
    /// [`Error`](crate::Error), [`Error::PartlyApplied`](crate::Error::PartlyApplied)
    pub async fn update_verified(&self, id: VlanId, fields: &VlanFields) -> Result<Vlan> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH vlans/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a VLAN. Subnets in it stay, in no VLAN.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn delete(&self, id: VlanId) -> Result<()> {
        write::delete(self.client, one(id)).await
    }
}
