//! Controller `devices`.

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

/// Devices; see [`Client::devices`].
///
/// [`tools().devices()`](super::tools::Devices) works on the same table. Prefer this one: it can filter and search,
/// lists the subnets of a device, and the server checks more.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = phpipam_client::testing::Server::start().await?;
/// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
/// # let auth = phpipam_client::Auth::user("admin", "correct horse");
/// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
/// use phpipam_client::models::DeviceFields;
///
/// let fields = DeviceFields::new().with_description("core switch").with_ip(std::net::Ipv4Addr::new(192, 0, 2, 10));
/// let switch = client.devices().create("sw1.example", &fields).await?.id;
/// assert_eq!(client.devices().search("core").await?[0].id, switch);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

    /// Lists all devices.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors) only.
    pub async fn list(&self) -> Result<Vec<Device>> {
        self.client.list(&ApiRequest::get(Call::List, path())?, None).await
    }

    /// Lists the devices that match.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if devices have no such field; otherwise the [common
    /// errors](crate::Error#common-errors). 1.3 filters wrongly without an error; see [`Filter`].
    pub async fn list_filtered(&self, filter: &Filter) -> Result<Vec<Device>> {
        self.client.list(&filter.apply(ApiRequest::get(Call::List, path())?), None).await
    }

    /// Returns one device.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such device; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn get(&self, id: DeviceId) -> Result<Device> {
        self.client.one(&ApiRequest::get(Call::One, one(id))?).await
    }

    /// Returns the devices with this text in host name, address, description or a custom field.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for a text that cannot be a part of a path: an empty one, `0`, and one
    /// with a slash. Otherwise the [common errors](crate::Error#common-errors).
    pub async fn search(&self, text: &str) -> Result<Vec<Device>> {
        let path = path().word("search").text("search text", text);
        self.client.list(&ApiRequest::get(Call::List, path)?, None).await
    }

    /// Lists the addresses of a device.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such device; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn addresses(&self, id: DeviceId) -> Result<Vec<Address>> {
        let request = ApiRequest::get(Call::List, one(id).word("addresses"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, one(id))?).await
    }

    /// Lists the subnets that refer to the device.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such device; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn subnets(&self, id: DeviceId) -> Result<Vec<Subnet>> {
        // In all versions this list has networks as decimal numbers in texts, which `Subnet` reads.
        let request = ApiRequest::get(Call::List, one(id).word("subnets"))?;
        self.client.list_below(&request, ApiRequest::get(Call::One, one(id))?).await
    }

    /// Creates a device, in all sections unless [`DeviceFields::with_sections`] sets them.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if the type does not exist, or before 1.8 if no field
    /// but the host name is set; otherwise the [common errors](crate::Error#common-errors).
    pub async fn create(&self, hostname: &str, fields: &DeviceFields) -> Result<Created<DeviceId>> {
        // Not completed here: up to 1.7 a device with one field only is refused (400 "No parameters"), and only the
        // caller knows which second field is right.
        write::create(self.client, path(), &fields.clone().with_hostname(hostname).fields).await
    }

    /// Changes the fields that are set.
    ///
    /// The device is read first, because the server reports success for one that does not exist.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such device, or
    /// [`Invalid`](crate::RefusalKind::Invalid) if the type does not exist; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn update(&self, id: DeviceId, fields: &DeviceFields) -> Result<()> {
        fields.fields.changes()?;
        // PATCH of a missing device is "Device updated" with id 0, in every version measured.
        self.get(id).await?;
        write::update(self.client, one(id), &fields.fields).await
    }

    /// Changes the fields that are set, reads the device back, and compares. SNMP community and passwords are not
    /// compared.
    ///
    /// # Errors
    /// [`Error::PartlyApplied`](crate::Error::PartlyApplied) if a field does not hold the requested value; otherwise as
    /// [`update`](Self::update).
    pub async fn update_verified(&self, id: DeviceId, fields: &DeviceFields) -> Result<Device> {
        // Without the read of `update`: the read back that follows notices a missing device.
        write::update(self.client, one(id), &fields.fields).await?;
        let now = self.get(id).await?;
        verify::applied(&format!("PATCH devices/{id}/"), &fields.fields, &now)?;
        Ok(now)
    }

    /// Deletes a device. Its addresses stay, without a device.
    ///
    /// # Errors
    /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such device; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn delete(&self, id: DeviceId) -> Result<()> {
        write::delete(self.client, one(id)).await
    }
}
