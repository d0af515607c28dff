//! Fields in which two blocks, ranges or addresses differ.

use std::fmt::{self, Display};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::contents::Entry;
use super::duration::format_duration;
use super::fields::ORDERS;
use crate::net::{IpRange, IpSet};
use crate::{AllocationState, Block, Fingerprint, NetworkInfo, Order, Properties, Range, Tag, Tags};

/// Field in which two items differ, with both values as text; `None` for a field that is not set.
///
/// ```
/// use ipam_core::plan::{Comparison, DifferenceStatus};
/// use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let (one, other) = (MemoryProvider::new(), MemoryProvider::new());
/// one.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?).with_name("LAN")).await?;
/// other.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?).with_name("Office")).await?;
/// let mut found = Vec::new();
/// Comparison::new(&one, &other).run(&mut |difference| found.push(difference)).await?;
/// let DifferenceStatus::Fields(fields) = &found[0].status else { return Err("it has both".into()) };
/// assert_eq!((fields[0].field, fields[0].second.as_deref()), ("name", Some("Office")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldDifference {
    /// Name of the field, as in a plan.
    pub field: &'static str,
    /// Value in the first provider.
    pub first: Option<String>,
    /// Value in the second provider.
    pub second: Option<String>,
}

/// Largest difference of two times that count as equal.
const CLOSE: Duration = Duration::from_millis(1);

/// Returns a text with a backslash before each `separator` and backslash.
fn escaped(text: &str, separator: char) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c == separator || c == '\\' {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Tag as `KEY=VALUE`, or `KEY`.
#[derive(PartialEq)]
struct TagText<'a>(&'a Tag);

impl Display for TagText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tag { key, value } = self.0;
        f.write_str(&escaped(key, '='))?;
        if value.is_empty() { Ok(()) } else { write!(f, "={value}") }
    }
}

/// Property as `NAME=VALUE`.
#[derive(PartialEq)]
struct Property<'a> {
    name: &'a str,
    value: &'a str,
}

impl Display for Property<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", escaped(self.name, '='), self.value)
    }
}

/// Collector of the fields that differ.
#[derive(Default)]
struct Fields(Vec<FieldDifference>);

impl Fields {
    fn text<T: Display + PartialEq>(&mut self, field: &'static str, first: Option<T>, second: Option<T>) {
        if first != second {
            let text = |value: Option<T>| value.map(|value| value.to_string());
            self.0.push(FieldDifference { field, first: text(first), second: text(second) });
        }
    }

    /// Compares lists by their values. Two that differ are never shown alike: what separates values is escaped in them.
    fn list<T: Display + PartialEq>(&mut self, field: &'static str, first: &[T], second: &[T]) {
        if first != second {
            let texts = |items: &[T]| items.iter().map(|item| escaped(&item.to_string(), ';')).collect::<Vec<_>>();
            let joined = |items: &[T]| (!items.is_empty()).then(|| texts(items).join(";"));
            self.0.push(FieldDifference { field, first: joined(first), second: joined(second) });
        }
    }

    fn tags(&mut self, first: &Tags, second: &Tags) {
        self.list(
            "tags",
            &first.iter().map(TagText).collect::<Vec<_>>(),
            &second.iter().map(TagText).collect::<Vec<_>>(),
        );
    }

    fn properties(&mut self, first: &Properties, second: &Properties) {
        fn all(all: &Properties) -> Vec<Property<'_>> {
            all.iter().map(|(name, value)| Property { name, value }).collect()
        }
        self.list("properties", &all(first), &all(second));
    }

    fn network(&mut self, first: &NetworkInfo, second: &NetworkInfo) {
        self.text("gateway", first.gateway, second.gateway);
        self.list("dns_servers", &first.dns_servers, &second.dns_servers);
        self.list("search_domains", &first.search_domains, &second.search_domains);
        self.text("domain", first.domain.as_ref(), second.domain.as_ref());
        let number = |network: &NetworkInfo| network.vlan.as_ref().map(|vlan| vlan.number);
        self.text("vlan", number(first), number(second));
        let name = |network: &NetworkInfo| network.vlan.as_ref().and_then(|vlan| vlan.name.clone());
        self.text("vlan_name", name(first), name(second));
    }

    fn fingerprint(&mut self, first: Option<Fingerprint>, second: Option<Fingerprint>) {
        // One that a provider does not keep says nothing; one that it keeps in part is compared in part.
        if let (Some(one), Some(other)) = (first, second)
            && !one.matches(&other)
        {
            self.text("request", Some(one), Some(other));
        }
    }

    fn time(&mut self, field: &'static str, first: Option<SystemTime>, second: Option<SystemTime>) {
        let near = |one: SystemTime, other: SystemTime| {
            one.duration_since(other).or_else(|_| other.duration_since(one)).is_ok_and(|apart| apart <= CLOSE)
        };
        let same = match (first, second) {
            (Some(one), Some(other)) => near(one, other),
            (one, other) => one == other,
        };
        if !same {
            self.text(field, first.map(shown), second.map(shown));
        }
    }

    fn known_time(&mut self, field: &'static str, first: Option<SystemTime>, second: Option<SystemTime>) {
        if first.is_some() && second.is_some() {
            self.time(field, first, second);
        }
    }
}

fn shown(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|_| format!("{time:?}"), |time| time.to_string())
}

pub(super) fn of_blocks(first: &Block, second: &Block) -> Vec<FieldDifference> {
    let mut fields = Fields::default();
    fields.text("name", Some(&first.name), Some(&second.name));
    fields.text("description", first.description.as_ref(), second.description.as_ref());
    fields.network(&first.network, &second.network);
    fields.tags(&first.tags, &second.tags);
    fields.properties(&first.properties, &second.properties);
    fields.0
}

pub(super) fn of_ranges(
    (first, first_request): (&Range, Option<Fingerprint>),
    (second, second_request): (&Range, Option<Fingerprint>),
) -> Vec<FieldDifference> {
    let mut fields = Fields::default();
    fields.text("name", Some(&first.name), Some(&second.name));
    fields.text("description", first.description.as_ref(), second.description.as_ref());
    fields.text("addresses", Some(first.addresses), Some(second.addresses));
    fields.network(&first.network, &second.network);
    let set = |ranges: &[IpRange]| ranges.iter().copied().collect::<IpSet>().ranges().collect::<Vec<IpRange>>();
    fields.list("reserved", &set(&first.reserved), &set(&second.reserved));
    if first.policy.order != second.policy.order {
        let name = |order: Order| ORDERS.iter().find(|(_, of)| *of == order).map(|(name, _)| (*name).to_owned());
        let (first, second) = (name(first.policy.order), name(second.policy.order));
        fields.0.push(FieldDifference { field: "order", first, second });
    }
    if first.policy.quarantine != second.policy.quarantine {
        let text = |time: Duration| (!time.is_zero()).then(|| format_duration(time));
        let (first, second) = (text(first.policy.quarantine), text(second.policy.quarantine));
        fields.0.push(FieldDifference { field: "quarantine", first, second });
    }
    fields.tags(&first.tags, &second.tags);
    fields.properties(&first.properties, &second.properties);
    fields.text("key", first.key.as_ref(), second.key.as_ref());
    fields.text("owner", first.owner.as_ref(), second.owner.as_ref());
    fields.fingerprint(first_request, second_request);
    fields.0
}

pub(super) const fn state_name(state: AllocationState) -> &'static str {
    match state {
        AllocationState::Allocated => "allocated",
        AllocationState::Reserved => "reserved",
        AllocationState::Quarantined => "quarantined",
    }
}

/// Compares two addresses; `same_range` is true if their ranges are a pair.
pub(super) fn of_entries(one: &Entry, other: &Entry, same_range: bool) -> Vec<FieldDifference> {
    let (first, second) = (&one.allocation, &other.allocation);
    let mut fields = Fields::default();
    if !same_range {
        let field = |range: &crate::RangeId| Some(range.to_string());
        fields.0.push(FieldDifference { field: "range", first: field(&first.range), second: field(&second.range) });
    }
    fields.text("state", Some(state_name(first.state)), Some(state_name(second.state)));
    fields.text("key", first.key.as_ref(), second.key.as_ref());
    let owner = |allocation: &crate::Allocation| allocation.owner.clone().filter(|owner| !owner.as_str().is_empty());
    fields.text("owner", owner(first), owner(second));
    fields.text("hostname", first.labels.hostname.as_ref(), second.labels.hostname.as_ref());
    fields.text("description", first.labels.description.as_ref(), second.labels.description.as_ref());
    fields.text("mac", first.labels.mac, second.labels.mac);
    fields.tags(&first.labels.tags, &second.labels.tags);
    fields.time("expires", first.expires, second.expires);
    // Not every provider keeps these, and then it says nothing about them.
    fields.known_time("created", first.created, second.created);
    fields.known_time("updated", first.updated, second.updated);
    fields.known_time("until", one.until, other.until);
    if let (Some((one, count)), Some((other, other_count))) = (one.request, other.request) {
        fields.fingerprint(one, other);
        fields.text("addresses_of_key", Some(count), Some(other_count));
    }
    fields.0
}
