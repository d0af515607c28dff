//! Sub-controller `tools/scanagents`.

pub(crate) mod model;

use self::model::{ScanAgent, ScanAgentFields};
use crate::wire::ScanAgentId;

use self::model::ScanAgentType;

// One word, in small letters. The `Location` of a new one has `scanAgents`, which is no path of the API.
table! {
    /// Scan agents; see [`Tools::scan_agents`](super::Tools::scan_agents).
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
    /// let agents = client.tools().scan_agents();
    /// let id = agents.create("agent7", ScanAgentType::Api, &ScanAgentFields::new().with_code("c0de")).await?.id;
    /// let seen = ScanAgentFields::new().with_last_access("2026-11-22 09:04:21".parse::<phpipam_client::models::ServerTime>()?);
    /// assert!(agents.update_verified(id, &seen).await?.last_access.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ScanAgents, "scanagents", "scan agent" ("scan agent", "scan agents"), ScanAgentId, ScanAgent
}
writes! {
    ScanAgents, "scanagents", "scan agent", ScanAgentId, ScanAgent, ScanAgentFields;
    /// Creates a scan agent.
    ///
    /// # Errors
    /// A refusal of kind [`Conflict`](crate::RefusalKind::Conflict) if the code is in use; otherwise the [common
    /// errors](crate::Error#common-errors).
    create(name: &str => with_name, agent_type: ScanAgentType => with_agent_type);
    /// Deletes a scan agent.
    delete
}
