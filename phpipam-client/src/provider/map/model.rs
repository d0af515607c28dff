//! Mapping of phpIPAM's rows to ranges, blocks and allocations of `ipam-core`. No file here sends a request.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipam_core::net::{HostPolicy, IpRange, hosts};
use ipam_core::{
    Allocation, AllocationId, AllocationState, Block, BlockId, Error as CoreError, Labels, MacAddr, NetworkInfo,
    Operation, Owner, Properties, Range, RangeId, SpaceId,
};
use ipnet::IpNet;
use serde_json::Value;

use crate::error::Error;
use crate::models::{Address, AddressId, Nameserver, Subnet, SubnetId, TagId, Vlan, VlanId};
use crate::provider::map::error::failed;
use crate::provider::map::mark::{Found, Mark, Nonce, without_mark};
use crate::provider::map::overlap::OwningRange;
use crate::provider::map::spaces;
use crate::wire::checked_text;

/// Mapping of one server's rows to types of `ipam-core`: the fields of the marks, and the tags of reservations.
#[derive(Debug, Clone)]
pub(crate) struct Mapping {
    /// Custom field with the marks of addresses; `None` for `note`.
    pub(crate) address_mark: Option<String>,
    /// Custom field with the marks of subnets; `None` for `description`.
    pub(crate) subnet_mark: Option<String>,
    /// Tags of reserved addresses.
    pub(crate) reserved: Vec<TagId>,
}

/// Width of the column `owner` of addresses, in characters.
pub(crate) const OWNER_WIDTH: usize = 128;

/// Returns the owner as the column `owner` can hold it; `None` if the server would cut, trim or strip it.
pub(crate) fn owner_column(owner: &Owner) -> Option<&str> {
    let text = owner.as_str();
    // The server may cut, strip or trim other texts. A changed owner would look like one that a person wrote.
    let fits = text.chars().count() <= OWNER_WIDTH && !text.contains('<') && text.trim() == text;
    fits.then_some(text)
}

pub(crate) fn range_id(subnet: SubnetId) -> RangeId {
    RangeId::new(subnet.to_string())
}

pub(crate) fn block_id(subnet: SubnetId) -> BlockId {
    BlockId::new(subnet.to_string())
}

/// Returns the addresses of a network that hosts may have: all of a pool, otherwise without network and broadcast
/// address (Q67).
pub(crate) fn usable(net: IpNet, is_pool: bool) -> IpRange {
    let range = hosts(net, if is_pool { HostPolicy::All } else { HostPolicy::Hosts });
    // A size is a `u128`. The whole of IPv6 has 2^128 addresses, one more than fits.
    if range.size().is_none() { hosts(net, HostPolicy::Hosts) } else { range }
}

/// Returns a value as text; `None` for null, lists and objects.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(u8::from(*flag).to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl Mapping {
    pub(crate) fn of_subnet(&self, subnet: &Subnet) -> Found {
        text_of(subnet.description.as_deref(), &subnet.extra, self.subnet_mark.as_deref())
    }

    pub(crate) fn of_address(&self, address: &Address) -> Found {
        text_of(address.note.as_deref(), &address.extra, self.address_mark.as_deref())
    }

    /// Returns every plain field of a subnet by the server's name, custom fields too, without the mark.
    pub(crate) fn properties(&self, subnet: &Subnet, mark: Option<&Mark>) -> Properties {
        // Only some calls return these, and with different contents (Q32, Q35, Q38).
        const PARTS: [&str; 3] = ["gatewayId", "calculation", "permissions"];
        // Times that the server changes by itself: a copy of the range would differ from it after each scan.
        const TIMES: [&str; 3] = ["editDate", "lastScan", "lastDiscovery"];
        let Ok(Value::Object(fields)) = serde_json::to_value(subnet) else { return Properties::new() };
        let mut properties = Properties::new();
        for (name, value) in &fields {
            if PARTS.contains(&name.as_str())
                || TIMES.contains(&name.as_str())
                || self.subnet_mark.as_ref() == Some(name)
            {
                continue;
            }
            if let Some(text) = scalar(value) {
                let text = if name == "description" { without_mark(&text) } else { text };
                if !text.is_empty() {
                    properties.insert(name.clone(), text);
                }
            }
        }
        if let Some(mark) = mark {
            // A field of the server takes precedence over a property of the same name in the mark.
            for (name, value) in &mark.properties {
                properties.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        properties
    }

    /// Returns a subnet as a range, without gateway, VLAN and block, which come from other lists.
    pub(crate) fn range(&self, subnet: &Subnet, net: IpNet, space: SpaceId) -> Range {
        let found = self.of_subnet(subnet);
        let mark = found.mark();
        let addresses = usable(net, subnet.is_pool.unwrap_or(false));
        let mut range = Range::new(range_id(subnet.id), space, net, addresses);
        (range.name, range.description) = self.names(subnet, net);
        range.properties = self.properties(subnet, mark);
        if let Some(mark) = mark {
            range.key = Some(mark.key.clone());
            range.owner = Some(mark.owner.clone());
            range.tags = mark.tags.clone();
        }
        range
    }

    /// Returns a subnet as a block, without VLAN and name servers, which come from other lists.
    pub(crate) fn block(&self, subnet: &Subnet, net: IpNet, space: SpaceId) -> Block {
        let found = self.of_subnet(subnet);
        let mut block = Block::new(block_id(subnet.id), space, net);
        (block.name, block.description) = self.names(subnet, net);
        block.properties = self.properties(subnet, found.mark());
        block
    }

    /// Returns name and description: the first line of the description, and the other lines. Without a description the
    /// prefix is the name.
    fn names(&self, subnet: &Subnet, net: IpNet) -> (String, Option<String>) {
        let text = subnet.description.as_deref().map(without_mark).unwrap_or_default();
        let (name, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let (name, rest) = (name.trim(), rest.trim());
        let name = if name.is_empty() { net.to_string() } else { name.to_owned() };
        (name, (!rest.is_empty()).then(|| rest.to_owned()))
    }

    /// Returns true if an address is a reservation: the gateway, or an address with a reserved tag and without a mark.
    pub(crate) fn is_reservation(&self, address: &Address) -> bool {
        // An address with a mark is an allocation, whatever tag a person has given it since.
        address.is_gateway
            || (self.of_address(address) == Found::None && address.tag.is_some_and(|tag| self.reserved.contains(&tag)))
    }

    /// Returns an address as an allocation of its range; `None` if the server did not say which address it is (Q29).
    pub(crate) fn allocation(&self, address: &Address, owning_range: &OwningRange) -> Option<Allocation> {
        let ip = address.ip?;
        let found = self.of_address(address);
        let mark = found.mark();
        let id = allocation_id(address.id, mark.map(|mark| mark.nonce));
        let mut allocation = Allocation::new(id, owning_range.space.clone(), range_id(owning_range.subnet), ip);
        if address.is_gateway || address.tag.is_some_and(|tag| self.reserved.contains(&tag)) {
            allocation.state = AllocationState::Reserved;
        }
        allocation.owner = owner_of(address, mark);
        allocation.key = mark.map(|mark| mark.key.clone());
        let mut labels = Labels::default();
        labels.hostname.clone_from(&address.hostname);
        labels.description.clone_from(&address.description);
        labels.mac = address.mac.as_deref().and_then(|mac| mac.parse::<MacAddr>().ok());
        labels.tags = mark.map(|mark| mark.tags.clone()).unwrap_or_default();
        allocation.labels = labels;
        Some(allocation)
    }
}

/// Returns the owner of an address: that of the mark, unless a person wrote another one into the column `owner`.
pub(crate) fn owner_of(address: &Address, mark: Option<&Mark>) -> Option<Owner> {
    let column = address.owner.as_deref();
    match (mark, column) {
        // A person who writes another owner reassigns the address. The mark is not meant to be edited.
        (Some(mark), Some(column)) if owner_column(&mark.owner) != Some(column) => Some(Owner::from(column)),
        (Some(mark), _) => Some(mark.owner.clone()),
        (None, column) => column.map(Owner::from),
    }
}

fn text_of(standard: Option<&str>, extra: &crate::models::JsonObject, field: Option<&str>) -> Found {
    let text = match field {
        None => standard,
        Some(field) => extra.get(field).and_then(Value::as_str),
    };
    text.map_or(Found::None, Mark::find)
}

/// Returns the id of an allocation. The database may reuse ids after a restart, so the number of the claim is part of
/// it: a late `deallocate` by id must not free the next owner's address.
pub(crate) fn allocation_id(id: AddressId, nonce: Option<Nonce>) -> AllocationId {
    match nonce {
        Some(nonce) => AllocationId::new(format!("{id}-{nonce}")),
        None => AllocationId::new(id.to_string()),
    }
}

/// Returns the row id of an allocation's id, and the number of the claim that the row must carry.
pub(crate) fn row_of(id: &AllocationId) -> Option<(AddressId, Option<Nonce>)> {
    match id.as_str().split_once('-') {
        Some((row, nonce)) if nonce.len() == 16 => {
            Some((row.parse().ok()?, Some(Nonce(u64::from_str_radix(nonce, 16).ok()?))))
        }
        Some(_) => None,
        None => Some((id.as_str().parse().ok()?, None)),
    }
}

/// Refuses labels that do not fit the server's columns, which it would cut without a message.
///
/// # Errors
/// `InvalidInput` if a label is longer than its column (host name 255, description 64 characters), or would be
/// stripped.
pub(crate) fn labels_fit(operation: Operation, line: usize, labels: &Labels) -> ipam_core::Result<()> {
    let fields = [("hostname", labels.hostname.as_deref(), 255), ("description", labels.description.as_deref(), 64)];
    for (name, text, width) in fields {
        let Some(text) = text else { continue };
        if text.chars().count() > width {
            let remedy = format!("phpIPAM keeps {width} characters of it; make it shorter");
            return Err(CoreError::invalid(operation, format_args!("lines[{line}].{name}"), text, remedy));
        }
        let checked = checked_text(&format!("lines[{line}].{name}"), text);
        checked.map_err(Error::from).map_err(failed(operation))?;
    }
    Ok(())
}

/// Returns the addresses of name servers in a list that people wrote: separated by semicolons, commas or spaces, some
/// of them escaped as HTML (Q33). Names are left out, as a range holds addresses only.
pub(crate) fn dns_servers(set: &Nameserver) -> Vec<IpAddr> {
    let text = set.servers.0.join(";").replace("&amp;", "&");
    let text = text.replace("&#59;", ";").replace("&#44;", ",").replace("&#58;", ":").replace("&nbsp;", " ");
    // The list was split at the semicolon of an escape, so the escape has lost it.
    let text = text.replace("&#59", ";").replace("&#44", ",");
    let mut servers = Vec::new();
    for ip in
        text.split(|c: char| c == ';' || c == ',' || c.is_whitespace()).filter_map(|item| item.trim().parse().ok())
    {
        if !servers.contains(&ip) {
            servers.push(ip);
        }
    }
    servers
}

/// Objects that ranges and blocks refer to, from other lists.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    pub(crate) gateways: BTreeMap<SubnetId, Vec<IpAddr>>,
    pub(crate) vlans: BTreeMap<VlanId, Vlan>,
    pub(crate) nameservers: BTreeMap<crate::models::NameserverId, Nameserver>,
}

impl Joined {
    /// Returns gateway, DNS servers and VLAN of a subnet. `around` are its enclosing subnets, the smallest first.
    pub(crate) fn network(&self, subnet: &Subnet, net: IpNet, around: impl Iterator<Item = SubnetId>) -> NetworkInfo {
        let mut network = NetworkInfo::default();
        // The contract allows a gateway inside the range only, while phpIPAM lets any address be one.
        let inside = |gateways: &[IpAddr]| gateways.iter().copied().find(|gateway| net.contains(gateway));
        let listed = |id: SubnetId| inside(self.gateways.get(&id)?);
        // Some responses show the gateway in the subnet's own row. Otherwise it may be registered in an enclosing
        // subnet (Q77).
        let named = || subnet.gateway_ip().filter(|gateway| net.contains(gateway));
        network.gateway = listed(subnet.id).or_else(named).or_else(|| around.into_iter().find_map(listed));
        let set = subnet.nameservers.as_ref().or_else(|| self.nameservers.get(&subnet.nameserver_id?));
        network.dns_servers = set.map(dns_servers).unwrap_or_default();
        network.vlan = self.vlan_of(subnet).and_then(|vlan| spaces::vlan(vlan.number?.into(), vlan.name.as_deref()));
        network
    }

    fn vlan_of(&self, subnet: &Subnet) -> Option<&Vlan> {
        self.vlans.get(&subnet.vlan_id?)
    }

    /// Adds the number of a VLAN that is none of IEEE 802.1Q, such as a VXLAN's, for which a range has no field.
    pub(crate) fn add_properties(&self, subnet: &Subnet, properties: &mut Properties) {
        let number = self.vlan_of(subnet).and_then(|vlan| vlan.number);
        if let Some(number) = number.filter(|number| spaces::vlan((*number).into(), None).is_none()) {
            properties.entry(spaces::VLAN_NUMBER.to_owned()).or_insert_with(|| number.to_string());
        }
    }
}
