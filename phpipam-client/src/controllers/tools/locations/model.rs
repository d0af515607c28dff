//! Models of locations.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{LocationId, Reference, model};

model! {
    /// Location.
    pub struct Location {
        /// Id.
        id: LocationId = "id",
        /// Name.
        name: Option<String> = "name",
        /// Free text.
        description: Option<String> = "description",
        /// Postal address.
        address: Option<String> = "address",
        // Texts also where other numbers are native, and kept so that no digit is lost.
        /// Latitude in degrees, as text.
        latitude: Option<String> = "lat",
        /// Longitude in degrees, as text.
        longitude: Option<String> = "long",
        /// Links, if the app is set up to show them.
        links: Vec<Link> = "links",
    }
}

impl Reference<LocationId, Location> {
    /// Returns the id, in either form.
    #[must_use]
    pub fn id(&self) -> LocationId {
        match self {
            Self::Id(id) => *id,
            Self::Full(location) => location.id,
        }
    }
}

request_body! {
    /// Fields of a location, to create or change one. Fields that are not set stay as they are.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::LocationFields;
    ///
    /// let fields = LocationFields::new().with_latitude("51.05").with_longitude("3.72");
    /// let id = client.tools().locations().create("Ghent", &fields).await?.id;
    /// assert_eq!(client.tools().locations().get(id).await?.latitude.as_deref(), Some("51.05"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct LocationFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the postal address. Without latitude and longitude the server may look them up on the Internet, which
        /// takes time.
        String, "address", null => with_address clear_address patch_address;
        /// Sets the latitude in degrees, as text.
        String, "lat", null => with_latitude clear_latitude patch_latitude;
        /// Sets the longitude in degrees, as text.
        String, "long", null => with_longitude clear_longitude patch_longitude;
    }
}

impl LocationFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}
