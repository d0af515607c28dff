//! Sub-controller `tools/device_types`.

pub(crate) mod model;

use self::model::{DeviceType, DeviceTypeFields};
use crate::controllers::devices::model::Device;
use crate::wire::DeviceTypeId;

table! {
    /// Device types; see [`Tools::device_types`](super::Tools::device_types).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::{DeviceFields, DeviceTypeFields};
    ///
    /// let kind = client.tools().device_types().create("Access point", &DeviceTypeFields::new()).await?.id;
    /// client.devices().create("ap1.example", &DeviceFields::new().with_device_type(kind)).await?;
    /// assert_eq!(client.tools().device_types().devices(kind).await?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    DeviceTypes, "device_types", "device type" ("device type", "device types"), DeviceTypeId, DeviceType
}
writes! {
    DeviceTypes, "device_types", "device type", DeviceTypeId, DeviceType, DeviceTypeFields;
    /// Creates a device type.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if the database refuses a value; otherwise the
    /// [common errors](crate::Error#common-errors).
    create(name: &str => with_name);
    /// Deletes a device type.
    delete
}
below! {
    DeviceTypes, DeviceTypeId;
    /// Lists the devices of a type.
    devices = "devices": Device;
}
