//! Models of racks.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{CustomerId, LocationId, RackId, model};

model! {
    /// Rack.
    pub struct Rack {
        /// Id.
        id: RackId = "id",
        /// Name.
        name: Option<String> = "name",
        /// Number of units.
        size: Option<u32> = "size",
        /// True if it is a part of another rack; since 1.8, `None` before.
        subrack: Option<bool> = "subrack",
        /// Location.
        location: Option<LocationId> = "location",
        /// Number of the row of racks in its room.
        row: Option<u32> = "row",
        /// True if its back is used too.
        has_back: bool = "hasBack",
        /// True if units are counted from the top.
        top_down: bool = "topDown",
        /// Free text.
        description: Option<String> = "description",
        /// Customer; since 1.4, `None` before.
        customer_id: Option<CustomerId> = "customer_id",
        /// Links, if the app is set up to show them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a rack, to create or change one. Fields that are not set stay as they are.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::RackFields;
    ///
    /// let fields = RackFields::new().with_size(42_u32).with_has_back(true);
    /// let id = client.tools().racks().create("R1", &fields).await?.id;
    /// assert_eq!(client.tools().racks().get(id).await?.size, Some(42));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct RackFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets the number of units.
        u32, "size", null => with_size clear_size patch_size;
        /// Sets whether it is a part of another rack. Since 1.8; older servers refuse with kind
        /// [`Invalid`](crate::RefusalKind::Invalid).
        bool, "subrack", zero => with_subrack;
        /// Sets the location. The server does not check that it exists.
        LocationId, "location", null => with_location clear_location patch_location;
        /// Sets the number of the row of racks in its room. Default: 1.
        u32, "row", never => with_row;
        /// Sets whether its back is used too. Default: false.
        bool, "hasBack", zero => with_has_back;
        /// Sets whether units are counted from the top (true) or from the bottom (false, the default).
        bool, "topDown", zero => with_top_down;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the customer, which must exist. Since 1.4; 1.3 refuses with kind
        /// [`Invalid`](crate::RefusalKind::Invalid).
        CustomerId, "customer_id", null => with_customer clear_customer patch_customer;
    }
}

impl RackFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}
