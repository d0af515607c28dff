//! Reading of a plan: three requests, whatever the number of subnets.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use ipnet::IpNet;

use super::model::{Plan, PlanNote, PlannedSubnet};
use crate::client::Client;
use crate::error::Error;
use crate::models::{Hidden, Nameserver, NameserverId, ScanAgent, ScanAgentId, Subnet, SubnetId};
use crate::provider::map::joined::dns_servers;
use crate::scan::error::ScanError;

/// Most subnets of one agent. A plan is held in memory and in a file.
const MAX_SUBNETS: usize = 65_536;

/// Returns the agent with this code.
///
/// # Errors
/// [`ScanError::UnknownAgent`] if there is none; [`ScanError::Request`] if the agents cannot be read.
pub(in crate::scan) async fn find_agent(client: &Client, code: &str) -> Result<ScanAgent, ScanError> {
    // The whole list, which is short: 1.3 does not filter, and the server's comparison is loose (`1` matches `01`).
    let agents = client.tools().scan_agents().list().await.map_err(ScanError::request("reading the scan agents"))?;
    let code_of = Hidden::from(code.to_owned());
    let same = |agent: &ScanAgent| agent.code.as_ref() == Some(&code_of);
    agents.into_iter().find(same).ok_or_else(|| ScanError::UnknownAgent { code: code.to_owned() })
}

/// Returns the subnet with this id if it is assigned to the agent now, for a last look before it is changed.
///
/// # Errors
/// Those of the request. A subnet that does not exist any more is not assigned.
pub(in crate::scan) async fn assignment(
    client: &Client,
    id: SubnetId,
    agent: ScanAgentId,
) -> Result<Option<Subnet>, Error> {
    match client.subnets().get(id).await {
        Ok(subnet) => Ok(Some(subnet).filter(|subnet| subnet.scan_agent == Some(agent))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

impl Plan {
    /// Reads the plan of the agent with this code.
    ///
    /// # Errors
    /// As [`find_agent`], and [`ScanError::Request`] if the subnets or the name servers cannot be read.
    pub(in crate::scan) async fn read(client: &Client, code: &str) -> Result<Self, ScanError> {
        let agent = find_agent(client, code).await?;
        let mut plan =
            Self { agent: agent.id, code: code.to_owned(), name: agent.name, subnets: Vec::new(), notes: Vec::new() };
        let mut assigned = Vec::new();
        let mut parents: HashMap<SubnetId, Vec<IpNet>> = HashMap::new();
        // All subnets and not those of a filter: the server reads all of them for a filter, too, 1.3 does not filter, and
        // the children of an assigned subnet may not be assigned.
        let mut rows = client.subnets().stream(None);
        while let Some(row) = rows.next().await {
            match row {
                Ok(subnet) => {
                    if let (Some(parent), Some(net)) = (subnet.master_subnet_id, subnet.network()) {
                        parents.entry(parent).or_default().push(net);
                    }
                    if subnet.scan_agent == Some(plan.agent) {
                        assigned.push(subnet);
                    }
                }
                // One row must not stop the scan of the others. It is not scanned itself.
                Err(Error::Row(row)) => plan.note(None, format!("left out a subnet that cannot be read: {row}")),
                Err(source) => return Err(ScanError::Request { doing: "reading the subnets", source }),
            }
            if assigned.len() > MAX_SUBNETS {
                let remedy = format!("assign at most {MAX_SUBNETS} subnets to one agent");
                return Err(ScanError::setting("scanagent_code", code, remedy));
            }
        }
        let sets = nameservers(client, &assigned).await?;
        for subnet in assigned {
            plan.add(subnet, &mut parents, &sets);
        }
        plan.subnets.sort_by_key(|subnet| (subnet.net, subnet.id));
        Ok(plan)
    }

    /// Adds an assigned subnet, or the reason why it is left out.
    fn add(&mut self, subnet: Subnet, parents: &mut HashMap<SubnetId, Vec<IpNet>>, sets: &Sets) {
        if !subnet.discover_subnet && !subnet.ping_subnet {
            return;
        }
        let id = subnet.id;
        let Some(net) = subnet.network() else {
            let name = subnet.description.as_deref().unwrap_or("no description");
            return self.note(Some(id), format!("left out {id} ({name}): it has no network to scan"));
        };
        if PlannedSubnet::is_too_wide(net) {
            let reason = "it has more than 65536 addresses; assign its child subnets instead";
            return self.note(Some(id), format!("refused {net} (subnet {id}): {reason}"));
        }
        let nameservers = match subnet.nameserver_id.filter(|_| subnet.resolve_dns) {
            // The row has the set itself since 1.4; 1.3 sends its id only.
            Some(set) => subnet.nameservers.as_ref().or_else(|| sets.get(&set)).map(dns_servers),
            None => None,
        };
        self.subnets.push(PlannedSubnet {
            id,
            net,
            description: subnet.description,
            discover: subnet.discover_subnet,
            check: subnet.ping_subnet,
            resolve_dns: subnet.resolve_dns,
            nameservers: nameservers.unwrap_or_default(),
            children: parents.remove(&id).unwrap_or_default(),
        });
    }

    fn note(&mut self, subnet: Option<SubnetId>, reason: String) {
        self.notes.push(PlanNote { subnet: subnet.map(SubnetId::get), reason });
    }
}

type Sets = HashMap<NameserverId, Nameserver>;

/// Returns the sets of name servers, if the rows of the subnets do not have those that are needed.
async fn nameservers(client: &Client, subnets: &[Subnet]) -> Result<Sets, ScanError> {
    let missing =
        |subnet: &Subnet| subnet.resolve_dns && subnet.nameserver_id.is_some() && subnet.nameservers.is_none();
    if !subnets.iter().any(missing) {
        return Ok(Sets::new());
    }
    let sets = client.tools().nameservers().list().await;
    let sets = sets.map_err(ScanError::request("reading the name servers"))?;
    Ok(sets.into_iter().map(|set| (set.id, set)).collect())
}
