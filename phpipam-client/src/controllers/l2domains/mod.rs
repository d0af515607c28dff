//! `l2domains`

pub(crate) mod model;

use self::model::{L2Domain, L2DomainFields};
use super::{verify, write};
use crate::client::{Client, Created};
use crate::controllers::custom_fields::model::CustomField;
use crate::controllers::vlans::model::Vlan;
use crate::error::Result;
use crate::query::Filter;
use crate::request::{ApiRequest, Call, Path};
use crate::wire::L2DomainId;

/// Layer 2 domains; see [`Client::l2domains`].
#[derive(Debug, Clone, Copy)]
pub struct L2Domains<'a> {
    client: &'a Client,
}

fn path() -> Path {
    Path::new("l2domains")
}

fn one(id: L2DomainId) -> Path {
    path().id("layer 2 domain id", id.get())
}

impl<'a> L2Domains<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// All layer 2 domains.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list(&self) -> Result<Vec<L2Domain>> {
        self.client.list(&ApiRequest::get(Call::List, path())?, None).await
    }

    /// The layer 2 domains that match. The field of the sections is `permissions` here.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<L2Domain>> {
        self.client.list(&filter.apply(ApiRequest::get(Call::List, path())?), None).await
    }

    /// One layer 2 domain.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn get(&self, id: L2DomainId) -> Result<L2Domain> {
        self.client.one(&ApiRequest::get(Call::One, one(id))?).await
    }

    /// The VLANs of a layer 2 domain.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn vlans(&self, id: L2DomainId) -> Result<Vec<Vlan>> {
        let request = ApiRequest::get(Call::List, one(id).word("vlans"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, one(id))?).await
    }

    /// The custom fields of layer 2 domains.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        crate::controllers::custom_fields::list(self.client, "l2domains").await
    }

    /// Creates a layer 2 domain. The server allows one name many times.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn create(&self, name: &str, fields: &L2DomainFields) -> Result<Created<L2DomainId>> {
        write::create(self.client, path(), &fields.clone().with_name(name).fields).await
    }

    /// Changes the named fields.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn update(&self, id: L2DomainId, fields: &L2DomainFields) -> Result<()> {
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the named fields, reads the layer 2 domain back, and fails if one does not hold what was asked for.
    ///
    /// # Errors
    /// [`Error`](crate::Error), [`Error::PartlyApplied`](crate::Error::PartlyApplied)
    pub async fn update_verified(&self, id: L2DomainId, fields: &L2DomainFields) -> Result<L2Domain> {
        self.update(id, fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH l2domains/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a layer 2 domain; its VLANs move to the default domain.
    ///
    /// The default domain, 1, is refused since 1.8; **earlier versions delete it**.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn delete(&self, id: L2DomainId) -> Result<()> {
        write::delete(self.client, one(id)).await
    }
}
