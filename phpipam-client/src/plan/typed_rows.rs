//! Rows of saved responses as the client's models, with the checks that a plan needs.

use std::net::IpAddr;

use ipam_core::MacAddr;
use ipam_core::plan::{AddressPlan, Problem, Problems, Row};
use ipnet::IpNet;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::response;
use crate::models::{Address, Subnet, SubnetId, Vlan};

/// Subnet, and its network without host bits. Folders are left out.
#[derive(Debug, Clone)]
pub(super) struct SubnetRow {
    pub(super) subnet: Subnet,
    pub(super) net: IpNet,
}

/// Address, with the fields that an allocation needs.
#[derive(Debug, Clone)]
pub(super) struct AddressRow {
    pub(super) address: Address,
    pub(super) subnet: SubnetId,
    pub(super) ip: IpAddr,
}

/// Model of which a plan needs more fields than the client.
pub(super) trait Needed {
    /// Returns the member that is missing, and the remedy; `None` if the row is complete.
    fn lacks(&self) -> Option<(&'static str, String)>;
}

impl Needed for crate::models::Nameserver {
    fn lacks(&self) -> Option<(&'static str, String)> {
        None
    }
}

impl Needed for Vlan {
    fn lacks(&self) -> Option<(&'static str, String)> {
        // The number is what a plan keeps of a VLAN: the id means nothing in another store.
        self.number.is_none().then(|| ("number", "expected a VLAN number".to_owned()))
    }
}

/// Reads a list of name servers or VLANs.
pub(super) fn named_rows<T: DeserializeOwned + Needed>(name: &str, text: &str, problems: &mut Problems) -> Vec<T> {
    let mut rows = Vec::new();
    for Row { at, item, .. } in read::<T>(name, text, problems) {
        match item.lacks() {
            None => rows.push(item),
            Some((member, remedy)) => problems.push(Problem::new(at, format!("{member} is missing; {remedy}"))),
        }
    }
    rows
}

/// Reads a list of subnets.
pub(super) fn subnet_rows(text: &str, problems: &mut Problems) -> Vec<Row<SubnetRow>> {
    let mut rows = Vec::new();
    for Row { at, item: subnet, .. } in read::<Subnet>("subnets", text, problems) {
        // A folder has no network (Q39). Nesting is decided by the prefixes, so nothing is lost with it.
        if subnet.is_folder {
            continue;
        }
        // The section is the address space of a subnet without a VRF, so it has no default.
        if subnet.section_id.is_none() {
            problems.push(Problem::new(at, "sectionId is missing; expected the id of a section"));
            continue;
        }
        match network(&subnet) {
            Ok(net) => rows.push(Row::new(at, SubnetRow { subnet, net })),
            Err(message) => problems.push(Problem::new(at, message)),
        }
    }
    rows
}

/// Returns the network of a subnet. Host bits are an error, because the network could be another one than was meant.
fn network(subnet: &Subnet) -> Result<IpNet, String> {
    let ip = subnet.subnet.ok_or("subnet is missing; expected an IP address")?;
    let mask = subnet.mask.ok_or("mask is missing; expected a prefix length")?;
    let net = subnet.network().ok_or_else(|| format!("mask is \"{mask}\"; expected a prefix length of {ip}"))?;
    if net.trunc() == net {
        return Ok(net);
    }
    Err(format!("subnet is \"{ip}\"; with mask {mask} the network is {}", net.trunc().addr()))
}

/// Reads a list of addresses.
pub(super) fn address_rows(text: &str, problems: &mut Problems) -> Vec<Row<AddressRow>> {
    let mut rows = Vec::new();
    for Row { at, item: address, .. } in read::<Address>("addresses", text, problems) {
        let (Some(subnet), Some(ip)) = (address.subnet_id, address.ip) else {
            let member = if address.ip.is_none() { "ip" } else { "subnetId" };
            problems.push(Problem::new(at, format!("{member} is missing; give the list as phpIPAM returns it")));
            continue;
        };
        // The server accepts any text as a MAC address; a plan does not.
        if let Some(mac) = address.mac.as_deref().filter(|mac| mac.trim().parse::<MacAddr>().is_err()) {
            problems.push(Problem::field(&at, "mac", mac, "expected six octets in hexadecimal"));
            continue;
        }
        rows.push(Row::new(at, AddressRow { address, subnet, ip }));
    }
    rows
}

/// Reads every row of a response, and collects the problems of each.
fn read<T: DeserializeOwned>(name: &str, text: &str, problems: &mut Problems) -> Vec<Row<T>> {
    if let Err(problem) = AddressPlan::check_size(name, text) {
        problems.push(problem);
        return Vec::new();
    }
    let value: Value = match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(value) => value,
        Err(error) => {
            let at = format!("{name} line {}, column {}", error.line(), error.column());
            problems.push(Problem::new(at, format!("not JSON: {error}")));
            return Vec::new();
        }
    };
    let rows = match response::rows(&value) {
        Ok(rows) => rows,
        Err(found) => {
            let message = format!("expected a list of rows, found {found}; give phpIPAM's response as it came");
            problems.push(Problem::new(name, message));
            return Vec::new();
        }
    };
    if rows.len() > AddressPlan::MAX_ROWS {
        let message =
            format!("{} rows, and {} at most are read; give a section at a time", rows.len(), AddressPlan::MAX_ROWS);
        problems.push(Problem::new(name, message));
        return Vec::new();
    }
    let mut read = Vec::new();
    for (index, row) in rows.into_iter().enumerate() {
        let at = format!("{name} data[{index}]");
        if !row.is_object() {
            problems.push(Problem::new(at, "write an object"));
            continue;
        }
        // A bad row does not end the reading, so that one run names all that has to be mended.
        match serde_path_to_error::deserialize(row) {
            Ok(item) => read.push(Row::new(at, item)),
            Err(error) => {
                let (path, cause) = (error.path().to_string(), error.inner());
                let message = if path == "." { cause.to_string() } else { format!("{path}: {cause}") };
                problems.push(Problem::new(at, message));
            }
        }
    }
    read
}
