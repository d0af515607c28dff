//! `tools`: the lists that subnets and addresses refer to.

use crate::client::Client;
use crate::error::Result;
use crate::lenient::Wire;
use crate::models::{Device, DeviceId, Location, LocationId, Nameserver, NameserverId, Tag, TagId};
use crate::request::{Call, Path, Request};

/// Name servers, tags, locations and devices; see [`Client::tools`]. Reading only.
#[derive(Debug, Clone, Copy)]
pub struct Tools<'a> {
    client: &'a Client,
}

impl<'a> Tools<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    async fn list<T: Wire>(&self, table: &str) -> Result<Vec<T>> {
        self.client.list(&Request::get(Call::List, Path::new("tools").word(table))?, None).await
    }

    async fn one<T: Wire>(&self, table: &str, field: &str, id: u64) -> Result<T> {
        self.client.one(&Request::get(Call::One, Path::new("tools").word(table).id(field, id))?).await
    }

    /// All sets of name servers.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn nameservers(&self) -> Result<Vec<Nameserver>> {
        self.list("nameservers").await
    }

    /// One set of name servers.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn nameserver(&self, id: NameserverId) -> Result<Nameserver> {
        self.one("nameservers", "name server id", id.get()).await
    }

    /// All tags.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn tags(&self) -> Result<Vec<Tag>> {
        self.list("tags").await
    }

    /// One tag.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn tag(&self, id: TagId) -> Result<Tag> {
        self.one("tags", "tag id", id.get()).await
    }

    /// All locations.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn locations(&self) -> Result<Vec<Location>> {
        self.list("locations").await
    }

    /// One location.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn location(&self, id: LocationId) -> Result<Location> {
        self.one("locations", "location id", id.get()).await
    }

    /// All devices.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn devices(&self) -> Result<Vec<Device>> {
        self.list("devices").await
    }

    /// One device.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn device(&self, id: DeviceId) -> Result<Device> {
        self.one("devices", "device id", id.get()).await
    }
}
