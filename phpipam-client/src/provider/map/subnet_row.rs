//! Subnet of a long list: the parts of a row that ranges and blocks are made of, with every text kept once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipam_core::{Block, Properties, Range, SpaceId};
use ipnet::IpNet;

use crate::models::{NameserverId, SectionId, Subnet, SubnetId, VlanId, VrfId};
use crate::provider::map::joined::References;
use crate::provider::map::mark::Found;
use crate::provider::map::model::{
    Mapping, add_mark, add_mark_properties, block_id, names, range_id, text_without_mark, usable,
};
use crate::provider::map::spaces::Place;

/// Texts of many rows, each kept once. Most fields of a subnet have the same value in nearly all of them.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    list: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Texts {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = text.into();
        self.list.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    fn text(&self, number: u32) -> &str {
        usize::try_from(number).ok().and_then(|number| self.list.get(number)).map_or("", |text| text)
    }

    /// Forgets how to find a text, when no row is added any more.
    pub(crate) fn finish(&mut self) {
        self.numbers = HashMap::new();
    }
}

/// Subnet with a network, without the columns that no range needs.
#[derive(Debug, Clone)]
pub(crate) struct SubnetRow {
    pub(crate) id: SubnetId,
    pub(crate) net: IpNet,
    pub(crate) section: Option<SectionId>,
    pub(crate) vrf: Option<VrfId>,
    pub(crate) master: Option<SubnetId>,
    pub(crate) vlan: Option<VlanId>,
    pub(crate) nameserver: Option<NameserverId>,
    /// Gateway of its own row.
    pub(crate) gateway: Option<IpAddr>,
    pub(crate) is_pool: bool,
    pub(crate) is_full: bool,
    /// True if it is a range, provided that it has no subnets below it.
    pub(crate) may_be_range: bool,
    /// True if it has the configured fields of a block.
    pub(crate) has_block_fields: bool,
    /// Mark of a child prefix.
    pub(crate) found: Found,
    /// Description without the mark.
    text: Box<str>,
    /// Numbers of names and values of the other fields.
    fields: Box<[(u32, u32)]>,
}

/// Fields that are kept by themselves, because they differ from row to row.
const OWN: [&str; 3] = ["id", "subnet", "description"];

impl SubnetRow {
    /// Returns the row of a subnet; `None` for folders, and if the server's values are not a network.
    pub(crate) fn new(mapping: &Mapping, subnet: &Subnet, texts: &mut Texts) -> Option<Self> {
        let net = subnet.network()?;
        let properties = mapping.properties(subnet, None);
        let fields = properties.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
        Some(Self {
            id: subnet.id,
            net,
            section: subnet.section_id,
            vrf: subnet.vrf_id,
            master: subnet.master_subnet_id,
            vlan: subnet.vlan_id,
            nameserver: subnet.nameservers.as_ref().map(|set| set.id).or(subnet.nameserver_id),
            gateway: subnet.gateway_ip(),
            is_pool: subnet.is_pool.unwrap_or(false),
            is_full: subnet.is_full,
            may_be_range: false,
            has_block_fields: false,
            found: mapping.of_subnet(subnet),
            text: text_without_mark(subnet).into(),
            fields: fields.map(|(name, value)| (texts.number(name), texts.number(value))).collect(),
        })
    }

    pub(crate) fn place(&self) -> Place {
        Place {
            id: self.id.get(),
            section: self.section.map_or(0, SectionId::get),
            vrf: self.vrf.map(VrfId::get),
            master: self.master.map(SubnetId::get),
            net: self.net,
        }
    }

    pub(crate) fn references(&self) -> References<'static> {
        let (id, net, gateway, vlan) = (self.id, self.net, self.gateway, self.vlan);
        References { id, net, gateway, vlan, nameserver: self.nameserver, set: None }
    }

    fn properties(&self, texts: &Texts) -> Properties {
        let fields = self.fields.iter().map(|(name, value)| (texts.text(*name), texts.text(*value)));
        let mut properties: Properties = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        properties.insert("id".to_owned(), self.id.to_string());
        properties.insert("subnet".to_owned(), self.net.addr().to_string());
        if !self.text.is_empty() {
            properties.insert("description".to_owned(), self.text.to_string());
        }
        add_mark_properties(&mut properties, self.found.mark());
        properties
    }

    /// Returns the range, without gateway, VLAN and block, which come from other lists.
    pub(crate) fn range(&self, texts: &Texts, space: SpaceId) -> Range {
        let mut range = Range::new(range_id(self.id), space, self.net, usable(self.net, self.is_pool));
        (range.name, range.description) = names(&self.text, self.net);
        range.properties = self.properties(texts);
        add_mark(&mut range, self.found.mark());
        range
    }

    /// Returns the block, without VLAN and name servers, which come from other lists.
    pub(crate) fn block(&self, texts: &Texts, space: SpaceId) -> Block {
        let mut block = Block::new(block_id(self.id), space, self.net);
        (block.name, block.description) = names(&self.text, self.net);
        block.properties = self.properties(texts);
        block
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_row_makes_the_range_and_the_block_of_its_subnet() {
        let mapping = Mapping { address_mark: None, subnet_mark: None, reserved: Vec::new() };
        for json in [
            r#"{"id": 8, "subnet": "10.20.1.0", "mask": "24", "sectionId": 3, "description": "Web\nrack 7", "isPool": 1,
                "vrfId": 0, "isFull": 1, "custom_kind": "lan", "custom_list": [], "permissions": "{}", "usage": null}"#,
            r#"{"id": "9", "subnet": "2001:db8::", "mask": "64", "description": null, "state": "2", "location": []}"#,
            r#"{"id": 10, "subnet": "10.0.0.0", "mask": "8", "description":
                "blue [ipam1;c;0/1;a0;k7c3d47054832e9f6918bc21b;n0000000000000abc;f0000000000000007;s6553f100]"}"#,
        ] {
            let subnet: Subnet = serde_json::from_str(json).unwrap();
            let net = subnet.network().unwrap();
            let mut texts = Texts::default();
            let row = SubnetRow::new(&mapping, &subnet, &mut texts).unwrap();
            texts.finish();
            assert_eq!(row.range(&texts, "3".into()), mapping.range(&subnet, net, "3".into()), "{json}");
            assert_eq!(row.block(&texts, "3".into()), mapping.block(&subnet, net, "3".into()), "{json}");
        }
    }
}
