//! Scan agents as they are read and written.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{Hidden, ScanAgentId, ServerTime, model, open_enum};

open_enum! {
    /// How a scan agent reaches the server.
    pub enum ScanAgentType {
        /// It is the server itself.
        Direct = "direct",
        /// Through the API.
        Api = "api",
        /// Through the database.
        MySql = "mysql",
    }
}

model! {
    /// A program that looks for hosts.
    pub struct ScanAgent {
        /// Its id.
        id: ScanAgentId = "id",
        /// Its name.
        name: Option<String> = "name",
        /// Free text.
        description: Option<String> = "description",
        /// How it reaches the server.
        agent_type: Option<ScanAgentType> = "type",
        /// The code by which it is known.
        code: Option<Hidden> = "code",
        /// When it was last heard of.
        last_access: Option<ServerTime> = "last_access",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a scan agent, to create or change one.
    pub struct ScanAgentFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets how it reaches the server.
        ScanAgentType, "type", never => with_agent_type;
        /// Sets the code by which it is known, up to 32 characters, unique on the server.
        Hidden, "code", null => with_code clear_code patch_code;
        /// Sets when it was last heard of, on the server's clock.
        ServerTime, "last_access", null => with_last_access clear_last_access patch_last_access;
    }
}

impl ScanAgentFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
