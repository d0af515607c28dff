//! Models of VLANs.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{CustomerId, L2DomainId, ServerTime, VlanId, model};

model! {
    /// VLAN.
    pub struct Vlan {
        /// Id, which is not its number.
        id: VlanId = "id" | "vlanId",
        /// Layer 2 domain of the VLAN.
        domain_id: Option<L2DomainId> = "domainId",
        /// Name.
        name: Option<String> = "name",
        /// Number. Whether it is unique in its layer 2 domain depends on the server's settings.
        number: Option<u32> = "number",
        /// Free text.
        description: Option<String> = "description",
        /// Time of the last change.
        edit_date: Option<ServerTime> = "editDate",
        /// Customer; since 1.4, `None` before.
        customer_id: Option<CustomerId> = "customer_id",
        /// Links, if the app is set up to show them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a VLAN, to create or change one. Fields that are not set stay as they are.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::VlanFields;
    ///
    /// let fields = VlanFields::new().with_description("guest wireless");
    /// let id = client.vlans().create("guests", 30, &fields).await?.id;
    /// let renamed = client.vlans().update_verified(id, &VlanFields::new().with_name("visitors")).await?;
    /// assert_eq!((renamed.number, renamed.description.as_deref()), (Some(30), Some("guest wireless")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct VlanFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets the number. The server's settings limit it, to 4096 by default.
        u32, "number", never => with_number;
        /// Sets the layer 2 domain. Default of a new VLAN: domain 1.
        L2DomainId, "domainId", never => with_domain;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the customer. Since 1.4; 1.3 refuses with kind [`Invalid`](crate::RefusalKind::Invalid).
        CustomerId, "customer_id", null => with_customer clear_customer patch_customer;
    }
}

impl VlanFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}
