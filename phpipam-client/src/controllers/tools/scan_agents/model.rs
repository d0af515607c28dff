//! Models of scan agents.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{Hidden, ScanAgentId, ServerTime, model, open_enum};

open_enum! {
    /// Way in which a scan agent reaches the server.
    pub enum ScanAgentType {
        /// The server itself.
        Direct = "direct",
        /// Through the API.
        Api = "api",
        /// Through the database.
        MySql = "mysql",
    }
}

model! {
    /// Scan agent, a program that searches networks for hosts.
    pub struct ScanAgent {
        /// Id.
        id: ScanAgentId = "id",
        /// Name.
        name: Option<String> = "name",
        /// Free text.
        description: Option<String> = "description",
        /// Way in which it reaches the server.
        agent_type: Option<ScanAgentType> = "type",
        /// Code that it identifies itself with.
        code: Option<Hidden> = "code",
        /// Time of its last contact.
        last_access: Option<ServerTime> = "last_access",
        /// Links, if the app is set up to show them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a scan agent, to create or change one. Fields that are not set stay as they are.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::{ScanAgentFields, ScanAgentType};
    ///
    /// let fields = ScanAgentFields::new().with_code("c0de").with_description("building 7");
    /// let id = client.tools().scan_agents().create("agent7", ScanAgentType::Api, &fields).await?.id;
    /// assert_eq!(client.tools().scan_agents().get(id).await?.agent_type, Some(ScanAgentType::Api));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct ScanAgentFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the way in which it reaches the server.
        ScanAgentType, "type", never => with_agent_type;
        /// Sets the code that it identifies itself with: up to 32 characters, unique on the server.
        Hidden, "code", null => with_code clear_code patch_code;
        /// Sets the time of its last contact, on the server's clock.
        ServerTime, "last_access", null => with_last_access clear_last_access patch_last_access;
    }
}

impl ScanAgentFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}
