//! Sub-controller `tools/racks`.

pub(crate) mod model;

use self::model::{Rack, RackFields};
use crate::controllers::devices::model::Device;
use crate::wire::RackId;

table! {
    /// Racks; see [`Tools::racks`](super::Tools::racks).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::{DeviceFields, RackFields};
    ///
    /// let rack = client.tools().racks().create("R1", &RackFields::new().with_size(42_u32)).await?.id;
    /// let fields = DeviceFields::new().with_rack(rack).with_rack_start(7_u32).with_rack_size(2_u32);
    /// client.devices().create("sw1.example", &fields).await?;
    /// assert_eq!(client.tools().racks().devices(rack).await?[0].rack_start, Some(7));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Racks, "racks", "rack" ("rack", "racks"), RackId, Rack
}
writes! {
    Racks, "racks", "rack", RackId, Rack, RackFields;
    /// Creates a rack.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if the database refuses a value; otherwise the
    /// [common errors](crate::Error#common-errors).
    create(name: &str => with_name);
    /// Deletes a rack.
    delete
}
below! {
    Racks, RackId;
    /// Lists the devices in a rack.
    devices = "devices": Device;
}
