//! Sub-controller `tools/devices`.

use crate::controllers::addresses::model::Address;
use crate::controllers::devices::model::{Device, DeviceFields};
use crate::wire::DeviceId;

table! {
    /// Devices; see [`Tools::devices`](super::Tools::devices).
    ///
    /// [`Client::devices`](crate::Client::devices) works on the same table; prefer it: it can filter and search, and
    /// lists the subnets of a device. Two differences:
    /// - A new device is in no section unless [`DeviceFields::with_sections`] sets some. There it is in all sections.
    /// - `update` of a device that does not exist is refused by the server. There the server reports success, so the
    ///   client reads the device first.
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
    /// let fields = DeviceFields::new().with_sections(["1"]);
    /// let id = client.tools().devices().create("sw1.example", &fields).await?.id;
    /// assert_eq!(client.devices().get(id).await?.hostname.as_deref(), Some("sw1.example"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Devices, "devices", "device" ("device", "devices"), DeviceId, Device
}
writes! {
    Devices, "devices", "device", DeviceId, Device, DeviceFields;
    /// Creates a device, in no section unless [`DeviceFields::with_sections`] sets them.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if the device type does not exist, or if the database
    /// refuses a value; otherwise the [common errors](crate::Error#common-errors).
    create(hostname: &str => with_hostname);
    /// Deletes a device.
    delete
}
below! {
    Devices, DeviceId;
    /// Lists the addresses of a device.
    addresses = "addresses": Address;
}
