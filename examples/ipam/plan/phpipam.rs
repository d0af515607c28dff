//! A plan from what phpIPAM answers: subnets, and if they are at hand addresses, name servers and VLANs.
//!
//! Read leniently, since phpIPAM writes the same number as `1` or `"1"` and the same absence as `null`, `0` or `""`,
//! depending on its version and PHP's. What decides where addresses go is strict: a row that cannot be read is a problem.

mod data;
mod rows;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipam_core::net::{HostPolicy, IpRange, hosts};
use ipam_core::{DefineBlock, DefineRange, Labels, NetworkInfo, Owner, Properties, SpaceId, Tag};
use phpipam_client::provider::spaces::VLAN_NUMBER;
use serde_json::Value;

use self::rows::{AddressRow, AnyVlan, NameserverRow, SubnetRow, VlanRow};
use super::{Parsed, Plan, PlannedAddress, Problem, Row};

/// phpIPAM's own tags for addresses that are not to be handed out: Reserved and DHCP. They cannot be deleted there.
const TAG_RESERVED: i64 = 3;
const TAG_DHCP: i64 = 4;
/// Its tag for an address that is in use, which needs no saying.
const TAG_USED: i64 = 2;

/// The answers as text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Answers<'a> {
    /// `GET subnets/` (or `subnets/all/`).
    pub(crate) subnets: &'a str,
    /// `GET addresses/`.
    pub(crate) addresses: Option<&'a str>,
    /// `GET tools/nameservers/`. Without it, only the name servers that the subnets carry are known, of which some
    /// versions of phpIPAM leave out all but the first.
    pub(crate) nameservers: Option<&'a str>,
    /// `GET vlans/`.
    pub(crate) vlans: Option<&'a str>,
}

/// Whether this is a response of phpIPAM to `GET subnets/`.
pub(crate) fn looks_like_answer(value: &Value) -> bool {
    value.as_object().is_some_and(data::is_envelope)
        || data::data(value)
            .is_ok_and(|rows| rows.iter().any(|row| row.get("mask").is_some() && row.get("subnet").is_some()))
}

/// Makes a plan of the answers.
pub(crate) fn parse(answers: Answers<'_>) -> Parsed {
    let mut problems = Vec::new();
    let subnets = rows::read::<SubnetRow>("subnets", answers.subnets, &mut problems);
    let addresses = read_if(answers.addresses, "addresses", &mut problems);
    let nameservers: Vec<Row<NameserverRow>> = read_if(answers.nameservers, "nameservers", &mut problems);
    let vlans: Vec<Row<VlanRow>> = read_if(answers.vlans, "vlans", &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let catalog = Catalog {
        nameservers: nameservers.into_iter().map(|row| (row.item.id, row.item.servers)).collect(),
        vlans: vlans.into_iter().map(|row| (row.item.id, row.item.vlan)).collect(),
        has_vlans: answers.vlans.is_some(),
        has_addresses: answers.addresses.is_some(),
    };
    Ok(Builder::new(subnets, addresses).build(&catalog))
}

fn read_if<T: rows::FromRow>(text: Option<&str>, name: &str, problems: &mut Vec<Problem>) -> Vec<Row<T>> {
    text.map_or_else(Vec::new, |text| rows::read(name, text, problems))
}

/// What subnets refer to by id.
struct Catalog {
    nameservers: BTreeMap<i64, Vec<IpAddr>>,
    vlans: BTreeMap<i64, AnyVlan>,
    has_vlans: bool,
    has_addresses: bool,
}

struct Builder {
    subnets: Vec<Row<SubnetRow>>,
    by_id: BTreeMap<String, usize>,
    /// The addresses of each range by the position of its subnet.
    homes: BTreeMap<usize, Vec<Row<AddressRow>>>,
    is_block: Vec<bool>,
    plan: Plan,
}

impl Builder {
    fn new(subnets: Vec<Row<SubnetRow>>, addresses: Vec<Row<AddressRow>>) -> Self {
        let mut subnets: Vec<Row<SubnetRow>> = subnets.into_iter().filter(|row| !row.item.is_folder).collect();
        let by_id: BTreeMap<_, _> =
            subnets.iter().enumerate().map(|(index, row)| (row.item.id.clone(), index)).collect();
        let notes = tree::inherit_vrf(&mut subnets, &by_id);
        let is_block = tree::contains_another(&subnets);
        let plan = Plan { notes, ..Plan::default() };
        let mut this = Self { subnets, by_id, homes: BTreeMap::new(), is_block, plan };
        for row in addresses {
            this.place(row);
        }
        this
    }

    fn note(&mut self, at: &str, text: String) {
        self.plan.notes.push(Row::new(at, text));
    }

    /// Finds the range for an address. phpIPAM lets addresses stand in a subnet that has children; a block holds none.
    fn place(&mut self, row: Row<AddressRow>) {
        let Some(owner) = self.by_id.get(&row.item.subnet.to_string()).copied() else {
            let (ip, subnet) = (row.item.ip, row.item.subnet);
            self.note(&row.at, format!("{ip} is left out: its subnet {subnet} is not among the subnets"));
            return;
        };
        let home = if self.is_block.get(owner).copied().unwrap_or(false) { self.below(owner, &row) } else { owner };
        self.homes.entry(home).or_default().push(row);
    }

    /// Where an address goes that stands in a block: into the leaf that holds it, or a range of its own, so that nothing
    /// is carved over it.
    fn below(&mut self, block: usize, row: &Row<AddressRow>) -> usize {
        let Some(parent) = self.subnets.get(block).map(|parent| parent.item.clone()) else { return block };
        if let Some(leaf) = self.innermost(&parent.space(), row.item.ip) {
            return leaf;
        }
        let net = ipnet::IpNet::from(row.item.ip);
        self.note(&row.at, format!("{net} stands in {}, which has children; it gets a range of its own", parent.net));
        self.subnets.push(Row::new(&row.at, SubnetRow::lone(&parent, net, row.item.id)));
        self.is_block.push(false);
        self.subnets.len() - 1
    }

    /// The leaf subnet of the space that holds the address.
    fn innermost(&self, space: &SpaceId, ip: IpAddr) -> Option<usize> {
        let holds = |(index, row): &(usize, &Row<SubnetRow>)| {
            row.item.space() == *space && row.item.net.contains(&ip) && self.is_block.get(*index) == Some(&false)
        };
        self.subnets.iter().enumerate().find(holds).map(|(index, _)| index)
    }

    fn build(mut self, catalog: &Catalog) -> Plan {
        for (index, row) in std::mem::take(&mut self.subnets).into_iter().enumerate() {
            let (network, vlan_number) = self.network(&row, catalog);
            let mut row = row;
            if let Some(number) = vlan_number {
                row.item.keep(VLAN_NUMBER, number.to_string());
            }
            if self.is_block.get(index).copied().unwrap_or(false) {
                self.plan.blocks.push(Row::new(row.at, block(&row.item, network)));
            } else {
                if row.item.gateway.ip.is_none()
                    && !catalog.has_addresses
                    && let Some(id) = row.item.gateway.id
                {
                    let text =
                        format!("the gateway of {} is the address of id {id}; give --addresses, too", row.item.net);
                    self.note(&row.at, text);
                }
                let homes = self.homes.remove(&index).unwrap_or_default();
                self.range(row, network, homes);
            }
        }
        self.plan
    }

    /// What a subnet refers to, and the number of its VLAN if it is none of 802.1Q.
    fn network(&mut self, row: &Row<SubnetRow>, catalog: &Catalog) -> (NetworkInfo, Option<u64>) {
        let subnet = &row.item;
        let mut network = NetworkInfo::default();
        let listed = subnet.nameserver.and_then(|id| catalog.nameservers.get(&id));
        network.dns_servers = listed.cloned().unwrap_or_else(|| subnet.embedded_servers.clone());
        let mut outside = None;
        if let Some(id) = subnet.vlan {
            match catalog.vlans.get(&id) {
                Some(AnyVlan::Vlan(vlan)) => network.vlan = Some(vlan.clone()),
                Some(AnyVlan::Number(number)) => {
                    outside = Some(*number);
                    let text =
                        format!("VLAN {number} is no number from 1 to 4094; it is kept as property {VLAN_NUMBER}");
                    self.note(&row.at, text);
                }
                None if catalog.has_vlans => {
                    self.note(&row.at, format!("VLAN id {id} is left out: it is not among the VLANs"));
                }
                None => {}
            }
        }
        (network, outside)
    }

    /// The gateway of a subnet: an address of it that is marked so, or the one its row names, or one marked in a subnet
    /// around it. And whether it is named in the row.
    fn gateway(&mut self, row: &Row<SubnetRow>, homes: &[Row<AddressRow>]) -> (Option<IpAddr>, bool) {
        let subnet = &row.item;
        let marked = |own: bool| {
            let mut rows =
                homes.iter().map(|row| &row.item).filter(|item| item.is_gateway && subnet.net.contains(&item.ip));
            rows.find(|item| (item.subnet.to_string() == subnet.id) == own).map(|item| item.ip)
        };
        let named = subnet.gateway.ip;
        if let Some(ip) = named.filter(|ip| !subnet.net.contains(ip)) {
            self.note(&row.at, format!("the gateway {ip} is left out: it lies outside {}", subnet.net));
        }
        let named = named.filter(|ip| subnet.net.contains(ip));
        let gateway = marked(true).or(named).or_else(|| marked(false));
        (gateway, named.is_some() && gateway == named)
    }

    fn range(&mut self, row: Row<SubnetRow>, mut network: NetworkInfo, homes: Vec<Row<AddressRow>>) {
        let (gateway, named) = self.gateway(&row, &homes);
        network.gateway = gateway;
        let Row { at, item: subnet } = row;
        let mut range = DefineRange::new(format!("subnet-{}", subnet.id), subnet.net).with_space(subnet.space());
        range.name = subnet.name();
        range.description.clone_from(&subnet.description);
        range.properties = subnet.properties();
        let mut taken = BTreeSet::new();
        let mut held = BTreeSet::new();
        for Row { at, item } in homes {
            if !subnet.net.contains(&item.ip) {
                self.note(&at, format!("{} is left out: it lies outside its subnet {}", item.ip, subnet.net));
            } else if Some(item.ip) == gateway {
                if named && !item.is_gateway {
                    self.note(
                        &at,
                        format!("{} is the gateway that subnet {} names, and no allocation", item.ip, subnet.net),
                    );
                }
                keep_labels(&mut range.properties, "gateway", &item);
            } else if item.is_gateway || matches!(item.tag, TAG_RESERVED | TAG_DHCP) {
                held.insert(item.ip);
                keep_labels(&mut range.properties, &format!("reserved {}", item.ip), &item);
            } else if taken.insert(item.ip) {
                self.plan.addresses.push(Row::new(at, planned(&range, &item)));
            } else {
                self.note(&at, format!("{} is left out: it stands in subnet {} twice", item.ip, subnet.net));
            }
        }
        range.network = network;
        (range.hosts, range.reserved) = reservations(&subnet, &range.network, &taken, held);
        self.plan.ranges.push(Row::new(at, range));
    }
}

/// Which addresses count as usable, and which of them are never handed out.
///
/// Where an address is in use that a host should not have (phpIPAM gives out the lowest address of an IPv6 subnet), all
/// count as usable and the other such ones are reserved. A subnet that is marked full gives out nothing: all of it that
/// is not taken is reserved.
fn reservations(
    subnet: &SubnetRow,
    network: &NetworkInfo,
    taken: &BTreeSet<IpAddr>,
    mut held: BTreeSet<IpAddr>,
) -> (HostPolicy, Vec<IpRange>) {
    let usable = hosts(subnet.net, HostPolicy::Hosts);
    let odd = taken.iter().any(|ip| !usable.contains(*ip));
    let policy = if subnet.is_pool || odd { HostPolicy::All } else { HostPolicy::Hosts };
    if odd && !subnet.is_pool {
        let whole = IpRange::from(subnet.net);
        held.extend(
            [whole.first(), whole.last()].into_iter().filter(|ip| !usable.contains(*ip) && !taken.contains(ip)),
        );
    }
    let reserved = if subnet.is_full {
        let mut used = taken.clone();
        used.extend(network.gateway);
        tree::gaps(hosts(subnet.net, policy), &used)
    } else {
        tree::merge(&held)
    };
    (policy, reserved)
}

fn block(subnet: &SubnetRow, network: NetworkInfo) -> DefineBlock {
    let mut block = DefineBlock::new(format!("subnet-{}", subnet.id), subnet.net).with_space(subnet.space());
    block.name = subnet.name();
    block.description.clone_from(&subnet.description);
    (block.network, block.properties) = (network, subnet.properties());
    block
}

fn planned(range: &DefineRange, row: &AddressRow) -> PlannedAddress {
    let mut labels = Labels::default();
    (labels.hostname, labels.description, labels.mac) = (row.hostname.clone(), row.description.clone(), row.mac);
    labels.tags.extend(row.extra.iter().map(|(name, value)| Tag::new(name, value)));
    if row.tag != TAG_USED {
        labels.tags.insert(Tag::new("phpipam-tag", row.tag.to_string()));
    }
    PlannedAddress {
        range: range.id.clone(),
        address: row.ip,
        key: format!("phpipam-address/{}", row.id).into(),
        owner: Owner::new(row.owner.clone().unwrap_or_else(|| "phpipam".to_owned())),
        labels,
    }
}

/// What is said about an address that becomes no allocation goes into the range's properties.
fn keep_labels(properties: &mut Properties, name: &str, row: &AddressRow) {
    let words: Vec<&str> = [&row.hostname, &row.description].into_iter().flatten().map(String::as_str).collect();
    if !words.is_empty() {
        properties.insert(name.to_owned(), words.join(", "));
    }
}

#[cfg(test)]
mod same_as_provider;
#[cfg(test)]
mod tests;
