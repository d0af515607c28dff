//! The rows of phpIPAM's answers, read leniently.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipam_core::{MacAddr, Properties, SpaceId, Vlan};
use ipnet::IpNet;
use phpipam_client::provider::spaces;
use serde_json::{Map, Value};

use super::data::data;
use crate::plan::{Problem, Row};

/// Understands every row of an answer, or says what is wrong with each.
pub(super) fn read<T: FromRow>(name: &str, text: &str, problems: &mut Vec<Problem>) -> Vec<Row<T>> {
    let value: Value = match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(value) => value,
        Err(error) => {
            let at = format!("{name} line {}, column {}", error.line(), error.column());
            problems.push(Problem::new(at, format!("not JSON: {error}")));
            return Vec::new();
        }
    };
    let rows = match data(&value) {
        Ok(rows) => rows,
        Err(found) => {
            let message = format!("expected a list of rows, found {found}; give phpIPAM's response as it came");
            problems.push(Problem::new(name, message));
            return Vec::new();
        }
    };
    let mut read = Vec::new();
    for (index, row) in rows.into_iter().enumerate() {
        let at = format!("{name} data[{index}]");
        let mut fields = Fields { at: &at, row: row.as_object(), problems };
        if fields.row.is_none() {
            problems.push(Problem::new(&at, "write an object"));
            continue;
        }
        if let Some(item) = T::from_row(&mut fields) {
            read.push(Row::new(at, item));
        }
    }
    read
}

/// Something that a row of an answer can be.
pub(super) trait FromRow: Sized {
    /// `None` where a problem was reported.
    fn from_row(fields: &mut Fields<'_>) -> Option<Self>;
}

pub(super) struct Fields<'a> {
    at: &'a str,
    row: Option<&'a Map<String, Value>>,
    problems: &'a mut Vec<Problem>,
}

impl Fields<'_> {
    fn value(&self, names: &[&str]) -> Option<&Value> {
        names.iter().find_map(|name| self.row?.get(*name)).filter(|value| !value.is_null())
    }

    /// A text without space around it; numbers count as their digits, an empty text as none.
    fn text(&self, names: &[&str]) -> Option<String> {
        text_of(self.value(names)?)
    }

    /// A number, in digits or in quotes.
    fn number(&mut self, names: &[&str]) -> Option<i64> {
        let text = self.text(names)?;
        let number = text.trim().parse().ok();
        if number.is_none() {
            self.bad(names, &text, "expected a number");
        }
        number
    }

    /// A reference: 0, null, "" and absence all mean none.
    fn reference(&mut self, names: &[&str]) -> Option<i64> {
        self.number(names).filter(|id| *id != 0)
    }

    fn required_id(&mut self, names: &[&str]) -> Option<i64> {
        let before = self.problems.len();
        let id = self.number(names);
        if id.is_none() && self.problems.len() == before {
            self.bad(names, "", "expected an id");
        }
        id
    }

    /// A flag; only what is clearly one counts.
    fn flag(&mut self, name: &str) -> bool {
        match self.value(&[name]) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(value) => match text_of(value).as_deref() {
                None | Some("0") => false,
                Some("1") => true,
                Some(other) => {
                    let other = other.to_owned();
                    self.bad(&[name], &other, "expected 0 or 1");
                    false
                }
            },
        }
    }

    fn ip(&mut self, names: &[&str]) -> Option<IpAddr> {
        let text = self.text(names).unwrap_or_default();
        let ip = parse_ip(&text);
        if ip.is_none() {
            self.bad(names, &text, "expected an IP address");
        }
        ip
    }

    fn bad(&mut self, names: &[&str], value: &str, remedy: &str) {
        let name = names.first().copied().unwrap_or_default();
        self.problems.push(Problem::field(self.at, name, value, remedy));
    }

    /// The administrator's own fields, flat or nested: every field that is none of phpIPAM's. Any name is possible, with
    /// spaces too; newer releases alone put `custom_` before it.
    fn custom(&self, standard: &[&str]) -> BTreeMap<String, String> {
        let nested = self.value(&["custom_fields"]).and_then(Value::as_object);
        let flat = self.row.into_iter().flatten().filter(|(name, _)| !standard.contains(&name.as_str()));
        let all = flat.chain(nested.into_iter().flatten());
        all.filter_map(|(name, value)| Some((name.clone(), value_of(value)?))).collect()
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A custom field's value; a flag is a number there.
fn value_of(value: &Value) -> Option<String> {
    value.as_bool().map(|flag| u8::from(flag).to_string()).or_else(|| text_of(value))
}

/// Dotted or with colons; some answers have the number instead.
fn parse_ip(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Ok(ip) = text.parse() {
        return Some(ip);
    }
    if let Ok(number) = text.parse::<u32>() {
        return Some(Ipv4Addr::from(number).into());
    }
    text.parse::<u128>().ok().map(|number| Ipv6Addr::from(number).into())
}

/// A row of `GET subnets/`.
#[derive(Debug, Clone)]
pub(super) struct SubnetRow {
    pub(super) id: String,
    pub(super) net: IpNet,
    pub(super) parent: Option<i64>,
    section: i64,
    pub(super) vrf: Option<i64>,
    pub(super) description: Option<String>,
    pub(super) vlan: Option<i64>,
    pub(super) nameserver: Option<i64>,
    pub(super) embedded_servers: Vec<IpAddr>,
    pub(super) is_folder: bool,
    pub(super) is_full: bool,
    pub(super) is_pool: bool,
    pub(super) gateway: NamedGateway,
    custom: BTreeMap<String, String>,
    location: Option<String>,
}

/// The gateway that a subnet's own row names: single subnets and the lists of a section have it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct NamedGateway {
    /// The id of its address.
    pub(super) id: Option<i64>,
    pub(super) ip: Option<IpAddr>,
}

impl NamedGateway {
    /// Reads it. The list of all subnets looks it up by the wrong id since 1.4: what another subnet has, or what is no
    /// gateway, is not believed.
    fn of(fields: &mut Fields<'_>, subnet: Option<i64>) -> Self {
        let id =
            fields.value(&["gatewayId"]).and_then(text_of).and_then(|text| text.parse().ok()).filter(|id| *id != 0);
        let Some(row) = fields.value(&["gateway"]).and_then(Value::as_object) else { return Self { id, ip: None } };
        let member = |name: &str| row.get(name).and_then(value_of);
        let elsewhere = member("subnetId").is_some_and(|named| named.parse().ok() != subnet);
        if elsewhere || member("is_gateway").is_some_and(|flag| flag != "1") {
            return Self::default();
        }
        let text = member("ip_addr").or_else(|| member("ip"));
        let ip = text.as_deref().and_then(parse_ip);
        if let (None, Some(text)) = (ip, text) {
            fields.bad(&["gateway"], &text, "expected an IP address");
        }
        Self { id, ip }
    }
}

/// The fields of a subnet that are phpIPAM's own, in any release and any kind of list.
pub(super) const SUBNET_FIELDS: &[&str] = &[
    "DNSrecords",
    "DNSrecursive",
    "addresses",
    "allowRequests",
    "calculation",
    "custom_fields",
    "customer_id",
    "description",
    "device",
    "discoverSubnet",
    "editDate",
    "firewallAddressObject",
    "gateway",
    "gatewayId",
    "id",
    "ip",
    "isFolder",
    "isFull",
    "isPool",
    "lastDiscovery",
    "lastScan",
    "linked_subnet",
    "links",
    "location",
    "mask",
    "masterSubnetId",
    "nameserverId",
    "nameservers",
    "permissions",
    "pingSubnet",
    "resolveDNS",
    "scanAgent",
    "sectionId",
    "showName",
    "showSubnet",
    "slaves",
    "state",
    "subnet",
    "tag",
    "threshold",
    "usage",
    "vlanId",
    "vrfId",
];

/// The same of an address.
const ADDRESS_FIELDS: &[&str] = &[
    "PTR",
    "PTRignore",
    "custom_fields",
    "customer_id",
    "description",
    "deviceId",
    "dns_name",
    "editDate",
    "excludePing",
    "firewallAddressObject",
    "hostname",
    "id",
    "ip",
    "ip_addr",
    "is_gateway",
    "lastSeen",
    "links",
    "location",
    "mac",
    "note",
    "owner",
    "port",
    "state",
    "subnetId",
    "switch",
    "tag",
];

impl FromRow for SubnetRow {
    fn from_row(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.required_id(&["id"]);
        let section = fields.required_id(&["sectionId"]);
        let is_folder = fields.flag("isFolder");
        // A folder has neither network nor mask; it is kept out later, whatever stands there.
        let net = if is_folder { Some(IpNet::from(IpAddr::V4(Ipv4Addr::UNSPECIFIED))) } else { net(fields) };
        let vrf = fields.reference(&["vrfId"]);
        let (vlan, nameserver) = (fields.reference(&["vlanId"]), fields.reference(&["nameserverId"]));
        let (is_full, is_pool) = (fields.flag("isFull"), fields.flag("isPool"));
        let embedded = fields.value(&["nameservers"]).and_then(|set| text_of(set.get("namesrv1")?));
        let location = fields.value(&["location"]).and_then(|place| text_of(place.get("name")?));
        let gateway = NamedGateway::of(fields, id);
        Some(Self {
            id: id?.to_string(),
            net: net?,
            parent: fields.reference(&["masterSubnetId"]),
            section: section?,
            vrf,
            description: fields.text(&["description"]),
            vlan,
            nameserver,
            embedded_servers: embedded.map(|text| servers(&text)).unwrap_or_default(),
            is_folder,
            is_full,
            is_pool,
            gateway,
            custom: fields.custom(SUBNET_FIELDS),
            location,
        })
    }
}

fn net(fields: &mut Fields<'_>) -> Option<IpNet> {
    let network = fields.ip(&["subnet"])?;
    let mask = fields.text(&["mask"]).unwrap_or_default();
    let net = mask.parse().ok().and_then(|len| IpNet::new(network, len).ok());
    match net {
        Some(net) if net.trunc() == net => Some(net),
        Some(net) => {
            let remedy = format!("with mask {mask} the network is {}", net.trunc().addr());
            fields.bad(&["subnet"], &network.to_string(), &remedy);
            None
        }
        None => {
            fields.bad(&["mask"], &mask, "expected a prefix length");
            None
        }
    }
}

impl SubnetRow {
    /// A subnet of one address, in the space of another.
    pub(super) fn lone(parent: &Self, net: IpNet, address_id: i64) -> Self {
        Self {
            id: format!("{}-address-{address_id}", parent.id),
            net,
            description: None,
            vlan: None,
            nameserver: None,
            embedded_servers: Vec::new(),
            is_folder: false,
            is_full: false,
            is_pool: false,
            gateway: NamedGateway::default(),
            custom: BTreeMap::new(),
            location: None,
            ..parent.clone()
        }
    }

    /// phpIPAM keeps prefixes apart in a VRF, and without one in a section.
    pub(super) fn space(&self) -> SpaceId {
        match self.vrf {
            Some(vrf) => SpaceId::new(format!("vrf-{vrf}")),
            None => SpaceId::new(format!("section-{}", self.section)),
        }
    }

    pub(super) fn name(&self) -> String {
        self.description.clone().unwrap_or_else(|| self.net.to_string())
    }

    /// Adds what this program has no other word for.
    pub(super) fn keep(&mut self, name: &str, value: String) {
        self.custom.entry(name.to_owned()).or_insert(value);
    }

    pub(super) fn properties(&self) -> Properties {
        let mut properties: Properties = self.custom.clone();
        properties.insert("phpipam-section".to_owned(), self.section.to_string());
        if let Some(location) = &self.location {
            properties.insert("location".to_owned(), location.clone());
        }
        if self.is_full {
            properties.insert("marked-full".to_owned(), "yes".to_owned());
        }
        properties
    }
}

/// A row of `GET addresses/`.
#[derive(Debug, Clone)]
pub(super) struct AddressRow {
    pub(super) id: i64,
    pub(super) subnet: i64,
    pub(super) ip: IpAddr,
    pub(super) is_gateway: bool,
    pub(super) hostname: Option<String>,
    pub(super) description: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) mac: Option<MacAddr>,
    pub(super) tag: i64,
    pub(super) extra: BTreeMap<String, String>,
}

impl FromRow for AddressRow {
    fn from_row(fields: &mut Fields<'_>) -> Option<Self> {
        let (id, subnet) = (fields.required_id(&["id"]), fields.required_id(&["subnetId"]));
        let ip = fields.ip(&["ip", "ip_addr"]);
        let is_gateway = fields.flag("is_gateway");
        let mac = fields.text(&["mac"]).and_then(|text| {
            let mac = text.parse();
            if mac.is_err() {
                fields.bad(&["mac"], &text, "expected six octets in hexadecimal");
            }
            mac.ok()
        });
        let tag = fields.number(&["tag", "state"]).unwrap_or(super::TAG_USED);
        let mut extra = fields.custom(ADDRESS_FIELDS);
        extra.extend(["note", "port"].iter().filter_map(|name| Some(((*name).to_owned(), fields.text(&[name])?))));
        Some(Self {
            id: id?,
            subnet: subnet?,
            ip: ip?,
            is_gateway,
            hostname: fields.text(&["hostname", "dns_name"]),
            description: fields.text(&["description"]),
            owner: fields.text(&["owner"]),
            mac,
            tag,
            extra,
        })
    }
}

/// A row of `GET tools/nameservers/`.
#[derive(Debug)]
pub(super) struct NameserverRow {
    pub(super) id: i64,
    pub(super) servers: Vec<IpAddr>,
}

impl FromRow for NameserverRow {
    fn from_row(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.required_id(&["id"])?;
        let text = fields.text(&["namesrv1"]).unwrap_or_default();
        Some(Self { id, servers: servers(&text) })
    }
}

/// Addresses separated by semicolons. Names are no addresses and are left out.
fn servers(text: &str) -> Vec<IpAddr> {
    text.split([';', ',', ' ']).filter_map(|part| part.trim().parse().ok()).collect()
}

/// A row of `GET vlans/`.
#[derive(Debug)]
pub(super) struct VlanRow {
    pub(super) id: i64,
    pub(super) vlan: AnyVlan,
}

/// A VLAN, or a number that no VLAN of 802.1Q has: phpIPAM's limit for them can be raised, for VXLAN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AnyVlan {
    Vlan(Vlan),
    Number(u64),
}

impl FromRow for VlanRow {
    fn from_row(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.required_id(&["id", "vlanId"])?;
        let text = fields.text(&["number"]).unwrap_or_default();
        let Ok(number) = text.parse::<u64>() else {
            fields.bad(&["number"], &text, "expected a VLAN number");
            return None;
        };
        let name = fields.text(&["name"]);
        let vlan = spaces::vlan(number, name.as_deref()).map_or(AnyVlan::Number(number), AnyVlan::Vlan);
        Some(Self { id, vlan })
    }
}
