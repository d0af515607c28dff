//! `tools/tags`, `tools/nameservers`, `tools/scanagents`

use crate::models::{ScanAgentType, TextList};

table! {
    /// Address tags; see [`Tools::tags`](super::Tools::tags).
    Tags, "tags", "tag", TagId, Tag
}
writes! {
    Tags, "tags", "tag", TagId, Tag, TagFields;
    /// Creates a tag.
    create(name: &str => with_name);
    /// Deletes a tag, **a locked one too**: the lock is the interface's. Addresses keep its id.
    delete
}
below! {
    Tags, TagId;
    /// The addresses with a tag, of all subnets.
    addresses = "addresses": Address;
}

table! {
    /// Sets of name servers; see [`Tools::nameservers`](super::Tools::nameservers).
    Nameservers, "nameservers", "name server", NameserverId, Nameserver
}
writes! {
    Nameservers, "nameservers", "name server", NameserverId, Nameserver, NameserverFields;
    /// Creates a set of name servers.
    create(name: &str => with_name, servers: impl Into<TextList> => with_servers);
    /// Deletes a set of name servers.
    delete
}

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
