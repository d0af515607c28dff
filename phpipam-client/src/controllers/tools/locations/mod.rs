//! Sub-controller `tools/locations`.

pub(crate) mod model;

use self::model::{Location, LocationFields};
use crate::controllers::addresses::model::Address;
use crate::controllers::devices::model::Device;
use crate::controllers::subnets::model::Subnet;
use crate::controllers::tools::racks::model::Rack;
use crate::wire::LocationId;

table! {
    /// Locations; see [`Tools::locations`](super::Tools::locations).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::{DeviceFields, LocationFields};
    ///
    /// let ghent = client.tools().locations().create("Ghent", &LocationFields::new()).await?.id;
    /// client.devices().create("sw1.example", &DeviceFields::new().with_location(ghent)).await?;
    /// assert_eq!(client.tools().locations().devices(ghent).await?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Locations, "locations", "location" ("location", "locations"), LocationId, Location
}
writes! {
    Locations, "locations", "location", LocationId, Location, LocationFields;
    /// Creates a location.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if the database refuses a value; otherwise the
    /// [common errors](crate::Error#common-errors).
    create(name: &str => with_name);
    /// Deletes a location.
    delete
}
below! {
    Locations, LocationId;
    /// Lists the subnets at a location.
    subnets = "subnets": Subnet;
    /// Lists the devices at a location.
    devices = "devices": Device;
    /// Lists the racks at a location.
    racks = "racks": Rack;
    /// Lists the addresses at a location.
    addresses = "ipaddresses": Address;
}
