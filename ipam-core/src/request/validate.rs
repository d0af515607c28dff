//! Validation of requests: the rules that hold in every state, the same for every provider.

use std::collections::HashSet;

use super::{
    Allocate, AllocateLine, AllocateRange, ChildPrefix, Deallocate, DeallocateRange, DefineBlock, DefineRange, Find,
    PageRequest, Precondition, RangeTarget, Selection, Target, Update, UpdateBlock, UpdateRange,
};
use crate::net::IpRange;
use crate::{Error, Labels, NetworkInfo, Operation, Patch, Properties, Range, Result, Tags};

/// Maximum number of addresses of one request, all lines together, and of targets of a deallocation.
// A /16 in one request. It bounds the memory and the transaction of a single call.
pub const MAX_ADDRESSES: u32 = 65_536;

/// Maximum number of lines of an allocation request.
// Far above the network cards of one deployment. It fits the 16 bits in which the store in memory keeps the number of a
// line.
pub const MAX_LINES: usize = 1_024;

/// Maximum number of items of a page.
// A page is built in memory as a whole, and the transaction that reads it keeps the embedded store from emptying its
// log.
pub const MAX_PAGE_SIZE: u32 = 10_000;

/// Maximum length of a name, host name, description, tag or property, in bytes of UTF-8.
// Texts come back with each item of a listing, so that their length bounds the memory of a page.
pub const MAX_TEXT_LEN: usize = 4_096;

impl Allocate {
    /// Checks the request against the rules that hold in every state. A provider calls it first.
    ///
    /// Key, owner and ranges are identifiers of 1 to [`MAX_ID_LEN`](crate::MAX_ID_LEN) bytes without control
    /// characters; there are 1 to [`MAX_LINES`] lines, each with at least one range and no range twice; a line asks for
    /// at least one address, and all lines together for at most [`MAX_ADDRESSES`]; exact addresses stay inside their
    /// family; an expiry is not zero; texts have at most [`MAX_TEXT_LEN`] bytes and no NUL; tags have a key.
    ///
    /// ```
    /// use ipam_core::{Allocate, AllocateLine};
    ///
    /// let error = Allocate::new("vm-42").with_line(AllocateLine::next("lan", 0)).validate().unwrap_err();
    /// assert_eq!(error.message(), "lines[0].count is \"0\"; ask for 1 to 65536 addresses");
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for the first rule that is broken. The message names the field,
    /// its value and the remedy.
    pub fn validate(&self) -> Result<()> {
        if let Some(key) = &self.key {
            key.validate(Operation::Allocate)?;
        }
        self.owner.validate(Operation::Allocate)?;
        if self.lines.is_empty() || self.lines.len() > MAX_LINES {
            return Err(Error::invalid(
                Operation::Allocate,
                "the number of lines",
                self.lines.len(),
                format_args!("give 1 to {MAX_LINES}"),
            ));
        }
        for (index, line) in self.lines.iter().enumerate() {
            line.validate(index)?;
        }
        let total: u64 = self.lines.iter().map(|line| u64::from(line.selection.count())).sum();
        if total > u64::from(MAX_ADDRESSES) {
            return Err(Error::invalid(
                Operation::Allocate,
                "the number of addresses in all lines",
                total,
                format_args!("ask for at most {MAX_ADDRESSES} in one request"),
            ));
        }
        Ok(())
    }
}

impl AllocateLine {
    fn validate(&self, index: usize) -> Result<()> {
        if self.ranges.is_empty() {
            return Err(Error::invalid(
                Operation::Allocate,
                format_args!("lines[{index}].ranges"),
                "",
                "name at least one range",
            ));
        }
        for range in &self.ranges {
            range.validate(Operation::Allocate)?;
        }
        // Nearly every line has one range, and needs no set.
        if self.ranges.len() > 1 {
            let mut seen = HashSet::new();
            if let Some(again) = self.ranges.iter().find(|range| !seen.insert(*range)) {
                return Err(Error::invalid(
                    Operation::Allocate,
                    format_args!("lines[{index}].ranges"),
                    again,
                    "name each range once",
                ));
            }
        }
        let count = self.selection.count();
        if count == 0 || count > MAX_ADDRESSES {
            let remedy = format_args!("ask for 1 to {MAX_ADDRESSES} addresses").to_string();
            return Err(Error::invalid(Operation::Allocate, format_args!("lines[{index}].count"), count, remedy));
        }
        if let Selection::Exact { first, count } = self.selection
            && IpRange::starting_at(first, count.into()).is_err()
        {
            let remedy = format!("{count} addresses from there pass the end of the address family; ask for fewer");
            return Err(Error::invalid(Operation::Allocate, format_args!("lines[{index}].first"), first, remedy));
        }
        if self.expiry.is_some_and(|expiry| expiry.is_zero()) {
            return Err(Error::invalid(
                Operation::Allocate,
                format_args!("lines[{index}].expiry"),
                "0 s",
                "give a time to live, or none",
            ));
        }
        labels(Operation::Allocate, &self.labels)
    }
}

impl Deallocate {
    /// Checks the request against the rules that hold in every state. A provider calls it first.
    ///
    /// There are 1 to [`MAX_ADDRESSES`] targets. Ids, keys and owners are identifiers of 1 to
    /// [`MAX_ID_LEN`](crate::MAX_ID_LEN) bytes without control characters.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for the first rule that is broken. The message names the field,
    /// its value and the remedy.
    pub fn validate(&self) -> Result<()> {
        if self.targets.is_empty() || self.targets.len() > MAX_ADDRESSES as usize {
            let remedy = format_args!("give 1 to {MAX_ADDRESSES}").to_string();
            return Err(Error::invalid(Operation::Deallocate, "the number of targets", self.targets.len(), remedy));
        }
        // The same target twice is valid: callers collect targets from several sources, and the second one is free
        // already.
        for target in &self.targets {
            match target {
                Target::Id(id) => id.validate(Operation::Deallocate)?,
                Target::Key(key) => key.validate(Operation::Deallocate)?,
                Target::Address { range, .. } => range.validate(Operation::Deallocate)?,
            }
        }
        precondition(Operation::Deallocate, &self.precondition)
    }
}

impl Update {
    /// Checks the request against the rules that hold in every state. A provider calls it first.
    ///
    /// The allocation is a valid identifier; texts have at most [`MAX_TEXT_LEN`] bytes and no NUL; tags have a key; an
    /// expiry is not zero.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for the first rule that is broken. The message names the field,
    /// its value and the remedy.
    pub fn validate(&self) -> Result<()> {
        self.allocation.validate(Operation::Update)?;
        patched(&self.hostname, |text| text_fits(Operation::Update, "hostname", text))?;
        patched(&self.description, |text| text_fits(Operation::Update, "description", text))?;
        patched(&self.tags, |tags| tags_fit(Operation::Update, tags))?;
        patched(&self.expiry, |expiry| {
            if expiry.is_zero() {
                return Err(Error::invalid(Operation::Update, "expiry", "0 s", "give a time to live, or clear it"));
            }
            Ok(())
        })
    }
}

impl Find {
    /// Checks the request against the rules that hold in every state: the page has at most [`MAX_PAGE_SIZE`] items. A
    /// provider calls it first.
    ///
    /// Conditions are not checked: an id that cannot exist matches nothing.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for the first rule that is broken. The message names the field,
    /// its value and the remedy.
    pub fn validate(&self) -> Result<()> {
        self.page.validate(Operation::Find)
    }
}

impl PageRequest {
    /// Checks the page size.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the size is over [`MAX_PAGE_SIZE`].
    pub fn validate(&self, operation: Operation) -> Result<()> {
        match self.size {
            Some(size) if size.get() > MAX_PAGE_SIZE => {
                Err(Error::invalid(operation, "page.size", size, format_args!("ask for at most {MAX_PAGE_SIZE}")))
            }
            _ => Ok(()),
        }
    }
}

impl DefineRange {
    /// Returns first and last address: those of the request, or the usable ones of the prefix by the host policy.
    ///
    /// ```
    /// use ipam_core::DefineRange;
    /// use ipam_core::net::HostPolicy;
    ///
    /// let request = DefineRange::new("pool", "192.0.2.0/30".parse()?);
    /// assert_eq!(request.resolved_addresses().to_string(), "192.0.2.1-192.0.2.2");
    /// let request = request.with_hosts(HostPolicy::All);
    /// assert_eq!(request.resolved_addresses().to_string(), "192.0.2.0-192.0.2.3");
    /// # Ok::<(), ipnet::AddrParseError>(())
    /// ```
    #[must_use]
    pub fn resolved_addresses(&self) -> IpRange {
        self.addresses.unwrap_or_else(|| crate::net::hosts(self.net, self.hosts))
    }

    /// Checks the request against the rules that hold in every state. A provider with the capability `define_ranges`
    /// calls it first.
    ///
    /// Id and space are valid identifiers; the prefix has no host bits; addresses, gateway and reserved addresses lie
    /// in the prefix; the range does not hold all 2^128 addresses; a VLAN is 1 to 4094; texts have at most
    /// [`MAX_TEXT_LEN`] bytes and no NUL; tags and properties have a name.
    ///
    /// ```
    /// use ipam_core::DefineRange;
    ///
    /// let error = DefineRange::new("lan", "192.0.2.1/24".parse()?).validate().unwrap_err();
    /// assert_eq!(error.message(), "net is \"192.0.2.1/24\"; clear the host bits: 192.0.2.0/24");
    /// # Ok::<(), ipnet::AddrParseError>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for the first rule that is broken. The message names the field,
    /// its value and the remedy.
    pub fn validate(&self) -> Result<()> {
        self.id.validate(Operation::DefineRange)?;
        self.space.validate(Operation::DefineRange)?;
        text_fits(Operation::DefineRange, "name", &self.name)?;
        optional_text(Operation::DefineRange, "description", self.description.as_deref())?;
        no_host_bits(Operation::DefineRange, self.net)?;
        range_parts(Operation::DefineRange, self.net, self.resolved_addresses(), &self.network, &self.reserved)?;
        tags_fit(Operation::DefineRange, &self.tags)?;
        properties_fit(Operation::DefineRange, &self.properties)
    }
}

/// Checks a range of another provider by the rules of [`DefineRange::validate`], except for its id and space.
pub(super) fn range_fits(op: Operation, range: &Range) -> Result<()> {
    text_fits(op, "name", &range.name)?;
    optional_text(op, "description", range.description.as_deref())?;
    no_host_bits(op, range.net)?;
    range_parts(op, range.net, range.addresses, &range.network, &range.reserved)?;
    tags_fit(op, &range.tags)?;
    properties_fit(op, &range.properties)
}

/// Checks the rules between the parts of a range, when it is defined and after it is changed.
pub(crate) fn range_parts(
    op: Operation,
    net: ipnet::IpNet,
    addresses: IpRange,
    network: &NetworkInfo,
    reserved: &[IpRange],
) -> Result<()> {
    let whole = IpRange::from(net);
    if !whole.contains_range(&addresses) {
        return Err(Error::invalid(op, "addresses", addresses, format_args!("keep them inside {net}")));
    }
    // Counts are `u128`, and the number of all IPv6 addresses does not fit.
    if addresses.size().is_none() {
        return Err(Error::invalid(op, "addresses", addresses, "leave out at least one of the 2^128 addresses"));
    }
    if let Some(gateway) = network.gateway
        && !net.contains(&gateway)
    {
        return Err(Error::invalid(op, "gateway", gateway, format_args!("choose an address of {net}")));
    }
    for range in reserved {
        if !whole.contains_range(range) {
            return Err(Error::invalid(op, "reserved", range, format_args!("keep it inside {net}")));
        }
    }
    network_fits(op, network)
}

impl UpdateRange {
    /// Checks the request against the rules that hold in every state. A provider with the capability `define_ranges`
    /// calls it first.
    ///
    /// The id is a valid identifier; texts have at most [`MAX_TEXT_LEN`] bytes and no NUL; tags and properties have a
    /// name. The rules that depend on the prefix of the range, such as that the gateway lies in it, are checked when
    /// the range is known, and fail in the same way.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for the first rule that is broken. The message names the field,
    /// its value and the remedy.
    pub fn validate(&self) -> Result<()> {
        self.id.validate(Operation::UpdateRange)?;
        patched(&self.name, |text| text_fits(Operation::UpdateRange, "name", text))?;
        patched(&self.description, |text| text_fits(Operation::UpdateRange, "description", text))?;
        patched(&self.tags, |tags| tags_fit(Operation::UpdateRange, tags))?;
        patched(&self.properties, |properties| properties_fit(Operation::UpdateRange, properties))
    }
}

impl DefineBlock {
    /// Checks the request against the rules that hold in every state. A provider with the capability `define_blocks`
    /// calls it first.
    ///
    /// Id and space are valid identifiers; the prefix has no host bits; there is no gateway; a VLAN is 1 to 4094; texts
    /// have at most [`MAX_TEXT_LEN`] bytes and no NUL; tags and properties have a name.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for the first rule that is broken. The message names the field,
    /// its value and the remedy.
    pub fn validate(&self) -> Result<()> {
        self.id.validate(Operation::DefineBlock)?;
        self.space.validate(Operation::DefineBlock)?;
        text_fits(Operation::DefineBlock, "name", &self.name)?;
        optional_text(Operation::DefineBlock, "description", self.description.as_deref())?;
        no_host_bits(Operation::DefineBlock, self.net)?;
        block_gateway(Operation::DefineBlock, &self.network)?;
        network_fits(Operation::DefineBlock, &self.network)?;
        tags_fit(Operation::DefineBlock, &self.tags)?;
        properties_fit(Operation::DefineBlock, &self.properties)
    }
}

impl UpdateBlock {
    /// Checks the request against the rules that hold in every state. A provider with the capability `define_blocks`
    /// calls it first.
    ///
    /// The id is a valid identifier; there is no gateway; a VLAN is 1 to 4094; texts have at most [`MAX_TEXT_LEN`]
    /// bytes and no NUL; tags and properties have a name.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for the first rule that is broken. The message names the field,
    /// its value and the remedy.
    pub fn validate(&self) -> Result<()> {
        self.id.validate(Operation::UpdateBlock)?;
        patched(&self.name, |text| text_fits(Operation::UpdateBlock, "name", text))?;
        patched(&self.description, |text| text_fits(Operation::UpdateBlock, "description", text))?;
        patched(&self.network, |network| {
            block_gateway(Operation::UpdateBlock, network)?;
            network_fits(Operation::UpdateBlock, network)
        })?;
        patched(&self.tags, |tags| tags_fit(Operation::UpdateBlock, tags))?;
        patched(&self.properties, |properties| properties_fit(Operation::UpdateBlock, properties))
    }
}

/// Refuses a gateway: ranges take over the data of their block, and no two of them can have the same gateway.
fn block_gateway(op: Operation, network: &NetworkInfo) -> Result<()> {
    match network.gateway {
        Some(gateway) => Err(Error::invalid(op, "gateway", gateway, "give gateways to ranges, not to blocks")),
        None => Ok(()),
    }
}

impl AllocateRange {
    /// Checks the request against the rules that hold in every state. A provider calls it first.
    ///
    /// Key, owner and blocks are valid identifiers, and there is at least one block; a prefix length is at most 128; an
    /// exact prefix has no host bits; texts have at most [`MAX_TEXT_LEN`] bytes and no NUL; tags and properties have a
    /// name.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for the first rule that is broken. The message names the field,
    /// its value and the remedy.
    pub fn validate(&self) -> Result<()> {
        if let Some(key) = &self.key {
            key.validate(Operation::AllocateRange)?;
        }
        self.owner.validate(Operation::AllocateRange)?;
        if self.blocks.is_empty() {
            return Err(Error::invalid(Operation::AllocateRange, "blocks", "", "name at least one block"));
        }
        self.blocks.iter().try_for_each(|block| block.validate(Operation::AllocateRange))?;
        match self.prefix {
            // The family is that of the blocks, which are not read yet: 33 to 128 fails later if they are IPv4.
            ChildPrefix::PrefixLen(len) if len > 128 => {
                return Err(Error::invalid(
                    Operation::AllocateRange,
                    "prefix length",
                    len,
                    "give at most 32 for IPv4 and 128 for IPv6",
                ));
            }
            ChildPrefix::Exact(net) => no_host_bits(Operation::AllocateRange, net)?,
            ChildPrefix::PrefixLen(_) => {}
        }
        text_fits(Operation::AllocateRange, "name", &self.name)?;
        optional_text(Operation::AllocateRange, "description", self.description.as_deref())?;
        tags_fit(Operation::AllocateRange, &self.tags)?;
        properties_fit(Operation::AllocateRange, &self.properties)
    }
}

impl DeallocateRange {
    /// Checks the request against the rules that hold in every state: id, key and owner are valid identifiers. A
    /// provider calls it first.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for the first rule that is broken. The message names the field,
    /// its value and the remedy.
    pub fn validate(&self) -> Result<()> {
        match &self.target {
            RangeTarget::Id(id) => id.validate(Operation::DeallocateRange)?,
            RangeTarget::Key(key) => key.validate(Operation::DeallocateRange)?,
        }
        precondition(Operation::DeallocateRange, &self.precondition)
    }
}

fn precondition(op: Operation, condition: &Precondition) -> Result<()> {
    match condition {
        Precondition::Anyone => Ok(()),
        Precondition::Owner(owner) => owner.validate(op),
        Precondition::Key(key) => key.validate(op),
    }
}

fn patched<T>(patch: &Patch<T>, check: impl FnOnce(&T) -> Result<()>) -> Result<()> {
    match patch {
        Patch::Set(value) => check(value),
        Patch::Keep | Patch::Clear => Ok(()),
    }
}

fn no_host_bits(op: Operation, net: ipnet::IpNet) -> Result<()> {
    // Refused and not cut off: in 192.0.2.77/24 the length is as likely to be wrong as the address.
    if net == net.trunc() {
        return Ok(());
    }
    Err(Error::invalid(op, "net", net, format_args!("clear the host bits: {}", net.trunc())))
}

fn text_fits(op: Operation, field: &'static str, text: &str) -> Result<()> {
    if text.len() > MAX_TEXT_LEN {
        return Err(Error::invalid(op, field, text, format_args!("keep it to {MAX_TEXT_LEN} bytes")));
    }
    // Many servers and tools end a text at NUL, so that another text would be stored than was asked for.
    if text.contains('\0') {
        return Err(Error::invalid(op, field, text, "leave out NUL characters"));
    }
    Ok(())
}

fn optional_text(op: Operation, field: &'static str, text: Option<&str>) -> Result<()> {
    text.map_or(Ok(()), |text| text_fits(op, field, text))
}

pub(super) fn labels(op: Operation, labels: &Labels) -> Result<()> {
    optional_text(op, "hostname", labels.hostname.as_deref())?;
    optional_text(op, "description", labels.description.as_deref())?;
    tags_fit(op, &labels.tags)
}

fn tags_fit(op: Operation, tags: &Tags) -> Result<()> {
    for tag in tags {
        if tag.key.is_empty() {
            return Err(Error::invalid(op, "tags", tag, "give every tag a key"));
        }
        text_fits(op, "tags", &tag.key)?;
        text_fits(op, "tags", &tag.value)?;
    }
    Ok(())
}

fn properties_fit(op: Operation, properties: &Properties) -> Result<()> {
    for (name, value) in properties {
        if name.is_empty() {
            return Err(Error::invalid(op, "properties", value, "give every property a name"));
        }
        text_fits(op, "properties", name)?;
        text_fits(op, "properties", value)?;
    }
    Ok(())
}

fn network_fits(op: Operation, network: &NetworkInfo) -> Result<()> {
    for domain in &network.search_domains {
        text_fits(op, "search domain", domain)?;
    }
    optional_text(op, "domain", network.domain.as_deref())?;
    if let Some(vlan) = &network.vlan {
        // 0 and 4095 are reserved by IEEE 802.1Q.
        if !(1..=4094).contains(&vlan.number) {
            return Err(Error::invalid(op, "vlan", vlan.number, "give a number from 1 to 4094"));
        }
        optional_text(op, "vlan name", vlan.name.as_deref())?;
    }
    Ok(())
}
