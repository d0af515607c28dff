//! Models of sets of name servers.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{NameserverId, ServerTime, TextList, model};

model! {
    /// Set of name servers.
    pub struct Nameserver {
        /// Id.
        id: NameserverId = "id",
        /// Name.
        name: Option<String> = "name",
        // All of them are in this column, separated by semicolons (Q33).
        /// Addresses of the name servers, in order.
        servers: TextList = "namesrv1",
        /// Free text.
        description: Option<String> = "description",
        // Ids of sections and not levels of groups, in spite of the column's name (Q33).
        /// Ids of the sections that may use it; the server's name is `permissions` or `sections` in a change.
        sections: TextList = "permissions" | "sections",
        /// Time of the last change.
        edit_date: Option<ServerTime> = "editDate",
        /// Links, if the app is set up to show them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a set of name servers, to create or change one. Fields that are not set stay as they are.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::NameserverFields;
    ///
    /// let fields = NameserverFields::new().with_description("resolvers");
    /// let id = client.tools().nameservers().create("Lab", ["192.0.2.53", "192.0.2.54"], &fields).await?.id;
    /// assert_eq!(client.tools().nameservers().get(id).await?.servers.iter().count(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct NameserverFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets the addresses of the name servers, in order.
        TextList, "namesrv1", never => with_servers;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the ids of the sections that may use it.
        TextList, "permissions", null => with_sections clear_sections patch_sections;
    }
}

impl NameserverFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}
