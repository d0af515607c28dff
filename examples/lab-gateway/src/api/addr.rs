//! `GET addr`: allocated addresses of the lab, by name.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::query::Query;
use super::refusal::Refusal;
use super::site::Site;
use crate::addresses::LabAddress;
use crate::reach::Reach;

/// Addresses of one name.
#[derive(Debug, Default)]
struct Entry {
    component: Option<String>,
    addresses: Vec<Ipv4Addr>,
    reach: Vec<Reach>,
}

pub(super) async fn list(site: &Site, query: &Query) -> Result<Value, Refusal> {
    let given: Vec<&str> = query.0.keys().map(String::as_str).filter(|name| *name != "describe").collect();
    if given.len() > 1 {
        let message = format!("{} exclude each other; give one of them", given.join(" and "));
        return Err(Refusal::bad_request("exclusive_arguments", message));
    }
    let (name, component, address) = (query.like("name"), query.like("component"), query.address("addr")?);
    let maps = site.parts.maps.list().await?;
    let mut found = match address {
        Some(address) => site.parts.addresses.find(address).await?.into_iter().collect(),
        None => site.parts.addresses.list().await?,
    };
    for found in &mut found {
        // A server without tags knows no components: the maps do.
        if found.component.is_none() {
            let map = maps.iter().find(|map| *map.target.ip() == found.address);
            found.component = map.map(|map| map.component.clone());
        }
    }
    let fits = |found: &LabAddress| {
        name.as_ref().is_none_or(|name| name.matches(&found.name))
            && component
                .as_ref()
                .is_none_or(|pattern| found.component.as_ref().is_some_and(|component| pattern.matches(component)))
            && address.is_none_or(|address| address == found.address)
    };
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    for found in found.into_iter().filter(|found| fits(found)) {
        let entry = entries.entry(found.name).or_default();
        entry.component = entry.component.take().or(found.component);
        entry.addresses.push(found.address);
        entry.reach.push(site.parts.reachability.of(found.address));
    }
    Ok(entries.into_iter().map(|(name, entry)| (name, entry.json())).collect())
}

impl Entry {
    fn json(&self) -> Value {
        json!({
            "component": self.component,
            "routable": self.routable(),
            "last_seen": self.reach.iter().filter_map(|reach| reach.last_seen).max().and_then(text),
            "addr": self.addresses,
        })
    }

    /// Returns false if one of the addresses is known not to reply, so that a bad record shows.
    fn routable(&self) -> Option<bool> {
        if self.reach.iter().any(|reach| reach.routable == Some(false)) {
            return Some(false);
        }
        self.reach.iter().all(|reach| reach.routable == Some(true)).then_some(true)
    }
}

/// Returns a time in UTC, to the second.
pub(super) fn text(time: SystemTime) -> Option<String> {
    let time = jiff::Timestamp::try_from(time).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}
