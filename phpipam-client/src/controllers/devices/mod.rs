//! `devices`

pub(crate) mod model;

use self::model::{Device, DeviceFields};
use super::{verify, write};
use crate::client::{Client, Created};
use crate::controllers::addresses::model::Address;
use crate::controllers::subnets::model::Subnet;
use crate::error::Result;
use crate::query::Filter;
use crate::request::{ApiRequest, Call, Path};
use crate::wire::DeviceId;

/// Devices; see [`Client::devices`]. [`tools().devices()`](super::Tools) is the same table.
#[derive(Debug, Clone, Copy)]
pub struct Devices<'a> {
    client: &'a Client,
}

fn path() -> Path {
    Path::new("devices")
}

fn one(id: DeviceId) -> Path {
    path().id("device id", id.get())
}

impl<'a> Devices<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// All devices.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list(&self) -> Result<Vec<Device>> {
        self.client.list(&ApiRequest::get(Call::List, path())?, None).await
    }

    /// The devices that match.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<Device>> {
        self.client.list(&filter.apply(ApiRequest::get(Call::List, path())?), None).await
    }

    /// One device.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn get(&self, id: DeviceId) -> Result<Device> {
        self.client.one(&ApiRequest::get(Call::One, one(id))?).await
    }

    /// The devices with this text in host name, address, description or a custom field.
    ///
    /// # Errors
    /// [`Error`](crate::Error); of kind `Invalid` for a text that cannot stand in a path: an empty one, `0`, and one with a slash.
    pub async fn search(&self, text: &str) -> Result<Vec<Device>> {
        let path = path().word("search").text("search text", text);
        self.client.list(&ApiRequest::get(Call::List, path)?, None).await
    }

    /// The addresses of a device.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn addresses(&self, id: DeviceId) -> Result<Vec<Address>> {
        let request = ApiRequest::get(Call::List, one(id).word("addresses"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, one(id))?).await
    }

    /// The subnets that name the device.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn subnets(&self, id: DeviceId) -> Result<Vec<Subnet>> {
        let request = ApiRequest::get(Call::List, one(id).word("subnets"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, one(id))?).await
    }

    /// Creates a device. Versions before 1.8 refuse one that has nothing but a name: set another field there.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn create(&self, hostname: &str, fields: &DeviceFields) -> Result<Created<DeviceId>> {
        write::create(self.client, path(), &fields.clone().with_hostname(hostname).fields).await
    }

    /// Changes the named fields.
    ///
    /// The device is read first: the server says success for one that does not exist.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn update(&self, id: DeviceId, fields: &DeviceFields) -> Result<()> {
        fields.fields.changes()?;
        self.get(id).await?;
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the named fields, reads the device back, and fails if one does not hold what was asked for. Community and
    /// passwords are not compared.
    ///
    /// # Errors
    /// [`Error`](crate::Error), [`Error::PartlyApplied`](crate::Error::PartlyApplied)
    pub async fn update_verified(&self, id: DeviceId, fields: &DeviceFields) -> Result<Device> {
        write::update(self.client, one(id), &fields.fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH devices/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a device. Its addresses stay, without a device.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn delete(&self, id: DeviceId) -> Result<()> {
        write::delete(self.client, one(id)).await
    }
}
