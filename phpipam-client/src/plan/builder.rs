//! Construction of a plan from typed lists, by the rules of the provider.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipam_core::net::{HostPolicy, IpRange, IpSet, PrefixMap, hosts};
use ipam_core::plan::{AddressPlan, PlannedAllocation, Row};
use ipam_core::{DefineBlock, DefineRange, NetworkInfo, Owner, Properties, SpaceId};
use ipnet::IpNet;

use super::nesting::contains_another;
use super::typed_rows::{AddressRow, SubnetRow};
use crate::models::{Address, AddressId, JsonObject, Nameserver, Reference, Subnet, SubnetId, Tag, Vlan};
use crate::provider::map::joined::{Joined, References};
use crate::provider::map::mark::without_mark;
use crate::provider::map::model::{Mapping, scalar};
use crate::provider::map::overlap::{OwningRange, space_in, spaces};
use crate::provider::map::spaces::{Spaces, VLAN_NUMBER};

/// Lists of one server; `None` for a list that was not given.
pub(super) struct Lists {
    pub(super) subnets: Vec<Row<SubnetRow>>,
    pub(super) addresses: Option<Vec<Row<AddressRow>>>,
    pub(super) nameservers: Option<Vec<Nameserver>>,
    pub(super) vlans: Option<Vec<Vlan>>,
}

/// Subnet that becomes a block or a range, or a single address of a block that gets a range of its own.
struct Entry {
    at: String,
    id: String,
    subnet: Subnet,
    net: IpNet,
    space: SpaceId,
    is_block: bool,
}

pub(super) struct Builder {
    mapping: Mapping,
    spaces: Spaces,
    joined: Joined,
    has_addresses: bool,
    has_vlans: bool,
    entries: Vec<Entry>,
    by_id: BTreeMap<SubnetId, usize>,
    /// Entries that become ranges, by address space and network.
    leaves: BTreeMap<SpaceId, PrefixMap<usize>>,
    /// Addresses of each range, by the index of its entry.
    owning_ranges: BTreeMap<usize, Vec<Row<AddressRow>>>,
    plan: AddressPlan,
}

impl Builder {
    pub(super) fn new(lists: Lists) -> Self {
        // All subnets at first: one without a VRF has that of a subnet around it, which may come later in the list.
        let spaces = spaces(lists.subnets.iter().map(|row| &row.item.subnet));
        let mut plan = AddressPlan::new();
        let mut entries = Vec::with_capacity(lists.subnets.len());
        for Row { at, item: SubnetRow { subnet, net, .. }, .. } in lists.subnets {
            let space = space_in(&spaces, &subnet);
            if subnet.vrf_id.is_none()
                && let Some(vrf) = spaces.ancestors(subnet.id.get()).find_map(|around| around.vrf)
            {
                plan.notes.push(Row::new(&at, format!("{net} has no VRF; it is in VRF {vrf} of its enclosing subnet")));
            }
            entries.push(Entry { at, id: subnet.id.to_string(), subnet, net, space, is_block: false });
        }
        let nets: Vec<(&SpaceId, IpNet)> = entries.iter().map(|entry| (&entry.space, entry.net)).collect();
        for (entry, is_block) in contains_another(&nets).into_iter().enumerate() {
            if let Some(entry) = entries.get_mut(entry) {
                entry.is_block = is_block;
            }
        }
        let mut this = Self {
            // Marks in their default places, and tags by their built-in ids: a file of subnets or addresses names
            // neither the custom fields for marks nor the tags.
            mapping: Mapping { address_mark: None, subnet_mark: None, reserved: vec![Tag::RESERVED, Tag::DHCP] },
            spaces,
            joined: Joined::default(),
            has_addresses: lists.addresses.is_some(),
            has_vlans: lists.vlans.is_some(),
            by_id: entries.iter().enumerate().map(|(index, entry)| (entry.subnet.id, index)).collect(),
            leaves: BTreeMap::new(),
            owning_ranges: BTreeMap::new(),
            entries,
            plan,
        };
        for index in 0..this.entries.len() {
            this.add_leaf(index);
        }
        this.joined.vlans = lists.vlans.into_iter().flatten().map(|vlan| (vlan.id, vlan)).collect();
        this.joined.nameservers = lists.nameservers.into_iter().flatten().map(|set| (set.id, set)).collect();
        for row in lists.addresses.into_iter().flatten() {
            // From the addresses, because the list of subnets shows gateways of other subnets (Q35).
            if row.item.address.is_gateway {
                this.joined.gateways.entry(row.item.subnet).or_default().push(row.item.ip);
            }
            this.place(row);
        }
        this
    }

    fn note(&mut self, at: &str, text: String) {
        self.plan.notes.push(Row::new(at, text));
    }

    fn add_leaf(&mut self, index: usize) {
        let Some(entry) = self.entries.get(index).filter(|entry| !entry.is_block) else { return };
        let leaves = self.leaves.entry(entry.space.clone()).or_default();
        // Of two subnets with one network the first one counts. The check of the plan reports the other.
        if leaves.get(entry.net).is_none() {
            leaves.insert(entry.net, index);
        }
    }

    /// Assigns an address to its range. phpIPAM allows addresses in a subnet with children, while a block holds none.
    fn place(&mut self, row: Row<AddressRow>) {
        let Some(own) = self.by_id.get(&row.item.subnet).copied() else {
            let (ip, subnet) = (row.item.ip, row.item.subnet);
            self.note(&row.at, format!("{ip} is left out: its subnet {subnet} is not among the subnets"));
            return;
        };
        let owning_range =
            if self.entries.get(own).is_some_and(|entry| entry.is_block) { self.below(own, &row) } else { own };
        self.owning_ranges.entry(owning_range).or_default().push(row);
    }

    /// Returns the range for an address of a block: the one below it that contains the address, or a new range of one
    /// address, so that no child prefix is allocated over it.
    fn below(&mut self, block: usize, row: &Row<AddressRow>) -> usize {
        let Some(parent) = self.entries.get(block) else { return block };
        // Registered before the subnet was divided (Q77): the address decides, not `subnetId`.
        let leaf = self.leaves.get(&parent.space).and_then(|leaves| leaves.longest_match(row.item.ip));
        if let Some((_, leaf)) = leaf {
            return *leaf;
        }
        let net = IpNet::from(row.item.ip);
        let text = format!("{net} is in {}, which has children; it gets a range of its own", parent.net);
        // A range of one address, because a plan has allocations in ranges only, and the subnet around it is a block.
        let lone = lone(parent, row, net);
        self.note(&row.at, text);
        self.entries.push(lone);
        let index = self.entries.len() - 1;
        self.add_leaf(index);
        index
    }

    pub(super) fn build(mut self) -> AddressPlan {
        for (index, entry) in std::mem::take(&mut self.entries).into_iter().enumerate() {
            let network = self.network(&entry);
            if entry.is_block {
                self.block(entry, network);
            } else {
                let owning_ranges = self.owning_ranges.remove(&index).unwrap_or_default();
                self.range(entry, network, owning_ranges);
            }
        }
        self.plan
    }

    /// Returns what a subnet refers to, as the provider joins it.
    fn network(&mut self, entry: &Entry) -> NetworkInfo {
        let mut subnet = entry.subnet.clone();
        // The list of name server sets is complete, while a subnet's row may show an older or shorter copy.
        if subnet.nameserver_id.is_some_and(|id| self.joined.nameservers.contains_key(&id)) {
            subnet.nameservers = None;
        }
        let around = self.spaces.ancestors(subnet.id.get()).map(|place| SubnetId::new(place.id));
        let network = self.joined.network(References::of(&subnet, entry.net), around);
        // Without the list every VLAN would be unknown, and a note per subnet would hide the other notes.
        let unknown = subnet.vlan_id.filter(|id| self.has_vlans && !self.joined.vlans.contains_key(id));
        if let Some(id) = unknown {
            self.note(&entry.at, format!("VLAN id {id} is left out: it is not among the VLANs"));
        }
        network
    }

    /// Returns the properties of a subnet that stay the same until it is changed: custom fields, section, location, the
    /// mark of a full subnet, and a VLAN number outside 802.1Q.
    fn properties(&mut self, entry: &Entry, all: Properties) -> Properties {
        let subnet = &entry.subnet;
        let found = self.mapping.of_subnet(subnet);
        let marked = |name: &str| found.mark().is_some_and(|mark| mark.properties.contains_key(name));
        // Fewer than the provider shows: fields with a default in every row, such as `showName`, would hide the few
        // that were set.
        let is_kept = |name: &str| {
            name == "sectionId" || name == "isFull" && subnet.is_full || subnet.extra.contains_key(name) || marked(name)
        };
        let mut properties: Properties = all.into_iter().filter(|(name, _)| is_kept(name)).collect();
        // By name: the id means nothing in another store.
        if let Some(Reference::Full(location)) = &subnet.location
            && let Some(name) = &location.name
        {
            properties.insert("location".to_owned(), name.clone());
        }
        let before = properties.contains_key(VLAN_NUMBER);
        self.joined.add_properties(subnet.vlan_id, &mut properties);
        if let Some(number) = properties.get(VLAN_NUMBER).filter(|_| !before) {
            let text = format!("VLAN {number} is outside 1 to 4094; it is kept as property {VLAN_NUMBER}");
            self.note(&entry.at, text);
        }
        properties
    }

    fn block(&mut self, entry: Entry, mut network: NetworkInfo) {
        let block = self.mapping.block(&entry.subnet, entry.net, entry.space.clone());
        // Its ranges cannot share a gateway.
        network.gateway = None;
        let define = DefineBlock::new(entry.id.clone(), entry.net)
            .with_space(entry.space.clone())
            .with_name(block.name)
            .with_description(block.description)
            .with_network(network)
            .with_properties(self.properties(&entry, block.properties));
        let former = former_id(&entry.id);
        self.plan.blocks.push(Row::new(entry.at, define).with_former_id(former));
    }

    fn range(&mut self, entry: Entry, network: NetworkInfo, owning_ranges: Vec<Row<AddressRow>>) {
        let gateway = network.gateway;
        let named = self.named_gateway(&entry, gateway);
        let range = self.mapping.range(&entry.subnet, entry.net, entry.space.clone());
        let mut properties = self.properties(&entry, range.properties);
        let owning_range = OwningRange { subnet: entry.subnet.id, space: entry.space.clone() };
        let (mut taken, mut held) = (BTreeSet::new(), BTreeSet::new());
        for Row { at, item: AddressRow { address, ip, .. }, .. } in owning_ranges {
            if !entry.net.contains(&ip) {
                self.note(&at, format!("{ip} is left out: it lies outside its subnet {}", entry.net));
            } else if Some(ip) == gateway {
                if named && !address.is_gateway {
                    let text = format!("{ip} is the gateway that subnet {} names, and not an allocation", entry.net);
                    self.note(&at, text);
                }
                // A gateway is no allocation, so its host name and description would be lost with the row.
                keep_labels(&mut properties, "gateway", &address);
            } else if self.mapping.is_reservation(&address) {
                held.insert(ip);
                keep_labels(&mut properties, &format!("reserved {ip}"), &address);
            } else if taken.insert(ip) {
                let planned = self.planned(&entry.id, &address, ip, &owning_range);
                self.plan.allocations.push(Row::new(at, planned));
            } else {
                self.note(&at, format!("{ip} is left out: it is in subnet {} twice", entry.net));
            }
        }
        let (hosts, reserved) = reservations(&entry, gateway, &taken, held);
        let define = DefineRange::new(entry.id.clone(), entry.net)
            .with_space(entry.space.clone())
            .with_name(range.name)
            .with_description(range.description)
            .with_network(network)
            .with_hosts(hosts)
            .with_reserved(reserved)
            .with_tags(range.tags)
            .with_properties(properties);
        let former = former_id(&entry.id);
        self.plan.ranges.push(Row::new(entry.at, define).with_former_id(former));
    }

    /// Returns true if the gateway is the one that the subnet's row names. Adds a note for a gateway outside the
    /// network, and for one that only the list of addresses could tell.
    fn named_gateway(&mut self, entry: &Entry, gateway: Option<IpAddr>) -> bool {
        let subnet = &entry.subnet;
        let named = subnet.gateway_ip();
        if let Some(ip) = named.filter(|ip| !entry.net.contains(ip)) {
            self.note(&entry.at, format!("the gateway {ip} is left out: it lies outside {}", entry.net));
        }
        if subnet.gateway.as_ref().is_none_or(|gateway| gateway.ip.is_none())
            && !self.has_addresses
            && let Some(id) = subnet.gateway_id
        {
            let text = format!(
                "the gateway of {} is the address of id {id}; add the response to GET addresses/all/",
                entry.net
            );
            self.note(&entry.at, text);
        }
        named.is_some() && named == gateway
    }

    /// Returns an address as an allocation: as the provider shows it, with custom fields, note and port as tags.
    fn planned(&self, range: &str, address: &Address, ip: IpAddr, owning_range: &OwningRange) -> PlannedAllocation {
        let allocation = self.mapping.allocation(address, owning_range);
        let (owner, mut labels) = allocation.map(|found| (found.owner, found.labels)).unwrap_or_default();
        // The files of a plan trim texts, so the plan must, too, or it would differ after saving.
        let trimmed = |text: Option<String>| Some(text?.trim().to_owned()).filter(|text| !text.is_empty());
        (labels.hostname, labels.description) = (trimmed(labels.hostname), trimmed(labels.description));
        let note = address.note.as_deref().map(without_mark);
        let texts = [("note", note), ("port", address.port.clone())];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?)));
        for (name, text) in custom_fields(&address.extra).chain(texts) {
            if !text.trim().is_empty() {
                labels.tags.insert(ipam_core::Tag::new(name, text.trim()));
            }
        }
        // "Used" is the default and says nothing.
        if let Some(tag) = address.tag.filter(|tag| *tag != Tag::USED) {
            labels.tags.insert(ipam_core::Tag::new("phpipam-tag", tag.to_string()));
        }
        PlannedAllocation::new(range, ip)
            // The id of the row as the key, so that a second import of the same list repeats the first.
            .with_key(format!("phpipam-address/{}", address.id))
            .with_owner(owner.unwrap_or_else(|| Owner::new("phpipam")))
            .with_labels(labels)
    }
}

/// Returns the id that the importer of earlier versions gave a subnet, so that an import finds what it imported then.
fn former_id(id: &str) -> String {
    format!("subnet-{id}")
}

fn custom_fields(extra: &JsonObject) -> impl Iterator<Item = (String, String)> {
    extra.iter().filter_map(|(name, value)| Some((name.clone(), scalar(value)?)))
}

/// Returns a range of one address, in the address space of its block.
fn lone(parent: &Entry, row: &Row<AddressRow>, net: IpNet) -> Entry {
    let address: AddressId = row.item.address.id;
    // Section and VRF stay, because they decide the address space. What describes the parent would be told twice.
    let subnet = Subnet {
        description: None,
        vlan_id: None,
        nameserver_id: None,
        nameservers: None,
        gateway_id: None,
        gateway: None,
        location: None,
        is_full: false,
        is_pool: None,
        extra: JsonObject::new(),
        ..parent.subnet.clone()
    };
    let id = format!("{}-address-{address}", parent.id);
    Entry { at: row.at.clone(), id, subnet, net, space: parent.space.clone(), is_block: false }
}

/// Returns the host policy of a range, and its reserved addresses.
///
/// If an address is in use that a host should not have (phpIPAM hands out the lowest address of an IPv6 subnet, Q67),
/// all addresses are usable and the others of this kind are reserved. A subnet that is marked full hands out nothing:
/// all of its free addresses are reserved.
fn reservations(
    entry: &Entry,
    gateway: Option<IpAddr>,
    taken: &BTreeSet<IpAddr>,
    mut held: BTreeSet<IpAddr>,
) -> (HostPolicy, Vec<IpRange>) {
    let usable = hosts(entry.net, HostPolicy::Hosts);
    let is_pool = entry.subnet.is_pool.unwrap_or(false);
    let odd = taken.iter().any(|ip| !usable.contains(*ip));
    let policy = if is_pool || odd { HostPolicy::All } else { HostPolicy::Hosts };
    if odd && !is_pool {
        let whole = IpRange::from(entry.net);
        let ends = [whole.first(), whole.last()];
        held.extend(ends.into_iter().filter(|ip| !usable.contains(*ip) && !taken.contains(ip)));
    }
    let reserved = if entry.subnet.is_full {
        let used: IpSet = taken.iter().copied().chain(gateway).collect();
        used.complement(&hosts(entry.net, policy))
    } else {
        held.into_iter().collect()
    };
    (policy, reserved.ranges().collect())
}

/// Keeps host name and description of an address that becomes no allocation, as a property of the range.
fn keep_labels(properties: &mut Properties, name: &str, address: &Address) {
    let texts: Vec<&str> =
        [&address.hostname, &address.description].into_iter().flatten().map(|text| text.trim()).collect();
    if !texts.is_empty() {
        properties.insert(name.to_owned(), texts.join(", "));
    }
}
