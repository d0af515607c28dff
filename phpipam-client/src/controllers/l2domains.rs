//! `l2domains`

use crate::client::Client;
use crate::error::Result;
use crate::models::{CustomField, L2Domain, L2DomainId, Vlan};
use crate::request::{Call, Path, Request};

/// Layer 2 domains; see [`Client::l2domains`]. Reading only.
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
        self.client.list(&Request::get(Call::List, path())?, None).await
    }

    /// One layer 2 domain.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn get(&self, id: L2DomainId) -> Result<L2Domain> {
        self.client.one(&Request::get(Call::One, one(id))?).await
    }

    /// The VLANs of a layer 2 domain.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn vlans(&self, id: L2DomainId) -> Result<Vec<Vlan>> {
        let request = Request::get(Call::List, one(id).word("vlans"))?;
        self.client.list_below(&request, Request::get(Call::One, one(id))?).await
    }

    /// The custom fields of layer 2 domains.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        super::custom_fields(self.client, "l2domains").await
    }
}
