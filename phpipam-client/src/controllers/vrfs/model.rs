//! Models of VRFs.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{CustomerId, ServerTime, TextList, VrfId, model};

model! {
    /// VRF.
    pub struct Vrf {
        /// Id.
        id: VrfId = "id" | "vrfId",
        /// Name, unique on the server.
        name: Option<String> = "name",
        /// Route distinguisher.
        rd: Option<String> = "rd",
        /// Free text.
        description: Option<String> = "description",
        /// Ids of the sections that may use it.
        sections: TextList = "sections",
        /// Time of the last change.
        edit_date: Option<ServerTime> = "editDate",
        /// Customer; since 1.4, `None` before.
        customer_id: Option<CustomerId> = "customer_id",
        /// Links, if the app is set up to show them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a VRF, to create or change one. Fields that are not set stay as they are.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::{SectionId, VrfFields};
    ///
    /// let fields = VrfFields::new().with_rd("65000:7").with_sections([SectionId::new(1)]);
    /// let id = client.vrfs().create("green", &fields).await?.id;
    /// assert_eq!(client.vrfs().get(id).await?.rd.as_deref(), Some("65000:7"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct VrfFields {
        /// Sets the name, unique on the server.
        String, "name", never => with_name;
        /// Sets the route distinguisher.
        String, "rd", null => with_rd clear_rd patch_rd;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the ids of the sections that may use it.
        TextList, "sections", null => with_sections clear_sections patch_sections;
        /// Sets the customer. The server does not check that it exists. Since 1.4; 1.3 refuses with kind
        /// [`Invalid`](crate::RefusalKind::Invalid).
        CustomerId, "customer_id", null => with_customer clear_customer patch_customer;
    }
}

impl VrfFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}
