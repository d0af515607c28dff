//! Port maps of the API.

use std::net::SocketAddrV4;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::query::{self, Query};
use super::refusal::Refusal;
use super::site::Site;
use crate::portmaps::NewMap;
use crate::store::PortMap;

/// Longest name of a machine or component.
const LONGEST: usize = 128;

/// Longest host name of a provider, in bytes.
const LONGEST_BYTES: usize = 255;

/// Body of a POST.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewBody {
    target_addr: String,
    target_port: u32,
    target_name: String,
    target_component: String,
}

impl NewBody {
    pub(super) fn check(self) -> Result<NewMap, Refusal> {
        let address = query::address("target_addr", &self.target_addr)?;
        let port = port("target_port", self.target_port)?;
        for (field, value) in [("target_name", &self.target_name), ("target_component", &self.target_component)] {
            let length = value.chars().count();
            if length == 0
                || length > LONGEST
                || value.len() > LONGEST_BYTES
                || value.trim() != value.as_str()
                || value.chars().any(char::is_control)
            {
                let remedy =
                    "write 1 to 128 characters, at most 255 bytes, without control characters and spaces around them";
                return Err(Refusal::invalid(field, value, remedy));
            }
        }
        Ok(NewMap::new(SocketAddrV4::new(address, port), self.target_name, self.target_component))
    }
}

/// Body of a DELETE.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OldBody {
    conn_port: u32,
}

impl OldBody {
    pub(super) fn check(self) -> Result<u16, Refusal> {
        port("conn_port", self.conn_port)
    }
}

fn port(field: &str, value: u32) -> Result<u16, Refusal> {
    let port = u16::try_from(value).ok().filter(|port| *port > 0);
    port.ok_or_else(|| Refusal::invalid(field, &value.to_string(), "write a port from 1 to 65535"))
}

/// Lists the maps that fit all filters.
pub(super) async fn list(site: &Site, query: &Query) -> Result<Value, Refusal> {
    let (name, component) = (query.like("name"), query.like("component"));
    let address = query.address("target_addr")?;
    let (conn_port, target_port) = (query.port("conn_port")?, query.port("target_port")?);
    let fits = |map: &PortMap| {
        name.as_ref().is_none_or(|name| name.matches(&map.name))
            && component.as_ref().is_none_or(|component| component.matches(&map.component))
            && address.is_none_or(|address| address == *map.target.ip())
            && conn_port.is_none_or(|port| port == map.conn_port)
            && target_port.is_none_or(|port| port == map.target.port())
    };
    let ports: Map<String, Value> = site
        .parts
        .maps
        .list()
        .await?
        .into_iter()
        .filter(fits)
        .map(|map| {
            let content = json!({
                "name": map.name,
                "target_addr": map.target.ip(),
                "target_port": map.target.port(),
                "component": map.component,
            });
            (map.conn_port.to_string(), content)
        })
        .collect();
    // An interface that has no address now is no reason to hide the maps.
    let gateway = site.parts.outside.address().ok();
    Ok(json!({ "ports": ports, "gateway_ip": gateway }))
}

/// Adds a map. Returns a sentence for the log, and the content.
pub(super) async fn add(site: &Site, new: NewMap) -> Result<(String, Value), Refusal> {
    let target = new.target;
    let added = site.parts.maps.add(new).await?;
    let verb = if added.repeated { "asked again for" } else { "mapped" };
    Ok((format!("{verb} {} -> {target}", added.conn_port), json!({ "conn_port": added.conn_port })))
}

/// Removes a map. Returns a sentence for the log, and the content.
pub(super) async fn remove(site: &Site, conn_port: u16) -> Result<(String, Value), Refusal> {
    let map = site.parts.maps.remove(conn_port).await?;
    Ok((format!("removed {}", map.rule()), json!({})))
}
