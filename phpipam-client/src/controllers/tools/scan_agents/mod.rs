//! `tools/scanagents`

pub(crate) mod model;

use self::model::{ScanAgent, ScanAgentFields};
use crate::wire::ScanAgentId;

use self::model::ScanAgentType;

table! {
    /// Scan agents; see [`Tools::scan_agents`](super::Tools::scan_agents).
    ScanAgents, "scanagents", "scan agent", ScanAgentId, ScanAgent
}
writes! {
    ScanAgents, "scanagents", "scan agent", ScanAgentId, ScanAgent, ScanAgentFields;
    /// Creates a scan agent. A code in use is a conflict.
    create(name: &str => with_name, agent_type: ScanAgentType => with_agent_type);
    /// Deletes a scan agent.
    delete
}
