//! Plan and its parts, and their form in files.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::models::{ScanAgentId, SubnetId};

/// Longest IPv4 prefix whose addresses are too many to ask each: one bit less than 65 536 addresses.
const TOO_WIDE: u8 = 15;

/// Subnets that are assigned to a scan agent, by [`Agent::plan`](crate::scan::Agent::plan). It serialises for people and other
/// programs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "PlanForm", try_from = "PlanForm")]
#[non_exhaustive]
pub struct Plan {
    /// Id of the agent in phpIPAM.
    pub agent: ScanAgentId,
    /// Code of the agent.
    pub code: String,
    /// Name of the agent.
    pub name: Option<String>,
    /// Subnets, in order of address.
    pub subnets: Vec<PlannedSubnet>,
    /// Assigned subnets that are left out, and why.
    pub notes: Vec<PlanNote>,
}

/// Subnet that is scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedSubnet {
    /// Id in phpIPAM.
    pub id: SubnetId,
    /// Network.
    pub net: IpNet,
    /// Description.
    pub description: Option<String>,
    /// True if unknown hosts are recorded (`discoverSubnet`).
    pub discover: bool,
    /// True if the status of known hosts is kept (`pingSubnet`).
    pub check: bool,
    /// True if host names are looked up (`resolveDNS`).
    pub resolve_dns: bool,
    /// Name servers for that; none for those of the scanning host.
    pub nameservers: Vec<IpAddr>,
    /// Child subnets, whose hosts are recorded there and not here.
    pub children: Vec<IpNet>,
}

/// Assigned subnet that is left out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct PlanNote {
    /// Number of the subnet's id; `None` if it cannot be read.
    pub subnet: Option<u64>,
    /// Reason, with the name of the subnet.
    pub reason: String,
}

impl PlannedSubnet {
    /// Returns true if the addresses are asked one by one. An IPv6 subnet has too many; of it the known addresses and the
    /// neighbour table are asked.
    pub(in crate::scan) const fn is_swept(&self) -> bool {
        matches!(self.net, IpNet::V4(_)) && self.discover
    }

    /// Returns true if a sweep would ask more addresses than is allowed.
    pub(super) const fn is_too_wide(net: IpNet) -> bool {
        matches!(net, IpNet::V4(net) if net.prefix_len() <= TOO_WIDE)
    }

    /// Returns true if an address belongs to a child subnet.
    pub(in crate::scan) fn is_of_child(&self, address: IpAddr) -> bool {
        self.children.iter().any(|child| child.contains(&address))
    }
}

/// Plan with numbers and texts only.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct PlanForm {
    agent: u64,
    code: String,
    name: Option<String>,
    subnets: Vec<SubnetForm>,
    notes: Vec<PlanNote>,
}

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct SubnetForm {
    id: u64,
    net: String,
    description: Option<String>,
    discover: bool,
    check: bool,
    resolve_dns: bool,
    nameservers: Vec<IpAddr>,
    children: Vec<String>,
}

impl From<Plan> for PlanForm {
    fn from(plan: Plan) -> Self {
        let subnet = |subnet: PlannedSubnet| SubnetForm {
            id: subnet.id.get(),
            net: subnet.net.to_string(),
            description: subnet.description,
            discover: subnet.discover,
            check: subnet.check,
            resolve_dns: subnet.resolve_dns,
            nameservers: subnet.nameservers,
            children: subnet.children.iter().map(ToString::to_string).collect(),
        };
        Self {
            agent: plan.agent.get(),
            code: plan.code,
            name: plan.name,
            subnets: plan.subnets.into_iter().map(subnet).collect(),
            notes: plan.notes,
        }
    }
}

impl TryFrom<PlanForm> for Plan {
    type Error = ipnet::AddrParseError;

    fn try_from(form: PlanForm) -> Result<Self, ipnet::AddrParseError> {
        let subnet = |subnet: SubnetForm| {
            Ok(PlannedSubnet {
                id: SubnetId::new(subnet.id),
                net: subnet.net.parse()?,
                description: subnet.description,
                discover: subnet.discover,
                check: subnet.check,
                resolve_dns: subnet.resolve_dns,
                nameservers: subnet.nameservers,
                children: subnet.children.iter().map(|net| net.parse::<IpNet>()).collect::<Result<_, _>>()?,
            })
        };
        Ok(Self {
            agent: ScanAgentId::new(form.agent),
            code: form.code,
            name: form.name,
            subnets: form.subnets.into_iter().map(subnet).collect::<Result<_, ipnet::AddrParseError>>()?,
            notes: form.notes,
        })
    }
}
