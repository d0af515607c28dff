//! Mapping of phpIPAM's rows to ranges, blocks and allocations of `ipam-core`. No file here sends a request.

use ipam_core::net::{HostPolicy, IpRange, hosts};
use ipam_core::{AllocationId, BlockId, Error as CoreError, Labels, Operation, Owner, Properties, Range, RangeId};
#[cfg(any(feature = "plan", test))]
use ipam_core::{Block, SpaceId};
use ipnet::IpNet;
use serde_json::Value;

use crate::error::Error;
use crate::models::{Address, AddressId, Subnet, SubnetId, TagId};
use crate::provider::map::error::failed;
use crate::provider::map::mark::{Found, Mark, Nonce, without_mark};
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
        let text = text_in(subnet.description.as_deref(), &subnet.extra, self.subnet_mark.as_deref());
        text.map_or(Found::None, Mark::find)
    }

    pub(crate) fn of_address(&self, address: &Address) -> Found {
        self.mark_text(address).map_or(Found::None, Mark::find)
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
        add_mark_properties(&mut properties, mark);
        properties
    }

    /// Returns a subnet as a range, without gateway, VLAN and block, which come from other lists.
    #[cfg(any(feature = "plan", test))]
    pub(crate) fn range(&self, subnet: &Subnet, net: IpNet, space: SpaceId) -> Range {
        let found = self.of_subnet(subnet);
        let mark = found.mark();
        let addresses = usable(net, subnet.is_pool.unwrap_or(false));
        let mut range = Range::new(range_id(subnet.id), space, net, addresses);
        (range.name, range.description) = names(&text_without_mark(subnet), net);
        range.properties = self.properties(subnet, mark);
        add_mark(&mut range, mark);
        range
    }

    /// Returns a subnet as a block, without VLAN and name servers, which come from other lists.
    #[cfg(any(feature = "plan", test))]
    pub(crate) fn block(&self, subnet: &Subnet, net: IpNet, space: SpaceId) -> Block {
        let found = self.of_subnet(subnet);
        let mut block = Block::new(block_id(subnet.id), space, net);
        (block.name, block.description) = names(&text_without_mark(subnet), net);
        block.properties = self.properties(subnet, found.mark());
        block
    }

    /// Returns true if an address is a reservation: the gateway, or an address with a reserved tag and without a mark.
    pub(crate) fn is_reservation(&self, address: &Address) -> bool {
        // An address with a mark is an allocation, whatever tag a person has given it since.
        address.is_gateway
            || (self.of_address(address) == Found::None && address.tag.is_some_and(|tag| self.reserved.contains(&tag)))
    }

    /// Returns the text that holds the mark of an address.
    pub(crate) fn mark_text<'a>(&self, address: &'a Address) -> Option<&'a str> {
        text_in(address.note.as_deref(), &address.extra, self.address_mark.as_deref())
    }
}

/// Returns the description of a subnet without its mark: what people wrote.
pub(crate) fn text_without_mark(subnet: &Subnet) -> String {
    subnet.description.as_deref().map(without_mark).unwrap_or_default()
}

/// Returns name and description of a subnet: the first line of its text, and the other lines. Without a text the prefix
/// is the name.
pub(crate) fn names(text: &str, net: IpNet) -> (String, Option<String>) {
    let (name, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (name, rest) = (name.trim(), rest.trim());
    let name = if name.is_empty() { net.to_string() } else { name.to_owned() };
    (name, (!rest.is_empty()).then(|| rest.to_owned()))
}

/// Adds key, owner and tags of a child prefix, which its mark keeps.
pub(crate) fn add_mark(range: &mut Range, mark: Option<&Mark>) {
    let Some(mark) = mark else { return };
    range.key = Some(mark.key.clone());
    range.owner = Some(mark.owner.clone());
    range.tags = mark.tags.clone();
}

/// Adds the properties that a mark keeps. A field of the server takes precedence over one of the same name.
pub(crate) fn add_mark_properties(properties: &mut Properties, mark: Option<&Mark>) {
    for (name, value) in mark.into_iter().flat_map(|mark| &mark.properties) {
        properties.entry(name.clone()).or_insert_with(|| value.clone());
    }
}

/// Returns the owner of an address: that of the mark, unless a person wrote another one into the column `owner`.
pub(crate) fn owner_of(column: Option<&str>, mark: Option<&Mark>) -> Option<Owner> {
    match (mark, column) {
        // A person who writes another owner reassigns the address. The mark is not meant to be edited.
        (Some(mark), Some(column)) if owner_column(&mark.owner) != Some(column) => Some(Owner::from(column)),
        (Some(mark), _) => Some(mark.owner.clone()),
        (None, column) => column.map(Owner::from),
    }
}

fn text_in<'a>(
    standard: Option<&'a str>,
    extra: &'a crate::models::JsonObject,
    field: Option<&str>,
) -> Option<&'a str> {
    match field {
        None => standard,
        Some(field) => extra.get(field).and_then(Value::as_str),
    }
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
