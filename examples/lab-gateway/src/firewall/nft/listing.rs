//! Listing of the table, as `nft -j list table` prints it. No I/O.

use std::net::{Ipv4Addr, SocketAddrV4};

use serde::Deserialize;
use serde_json::Value;

use super::super::Rule;
use super::layout::{MAP, MAP_TYPE, NftLayout, comment};

/// What the kernel has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// `true` if the chains, their rules and the map are as the layout wants them, and there is nothing else.
    pub(super) intact: bool,
    pub(super) rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Output {
    nftables: Vec<Object>,
}

/// One object of the listing, which has one of these.
#[derive(Deserialize)]
struct Object {
    table: Option<Table>,
    chain: Option<Chain>,
    rule: Option<RuleOf>,
    map: Option<Map>,
    metainfo: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Table {
    #[serde(default)]
    flags: Value,
}

#[derive(Deserialize)]
struct Chain {
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    hook: Option<String>,
    prio: Option<i64>,
    policy: Option<String>,
}

#[derive(Deserialize)]
struct RuleOf {
    chain: String,
    comment: Option<String>,
}

#[derive(Deserialize)]
struct Map {
    name: String,
    #[serde(rename = "type")]
    key: Value,
    map: Value,
    #[serde(default)]
    elem: Vec<(u16, Target)>,
}

#[derive(Deserialize)]
struct Target {
    concat: (Ipv4Addr, u16),
}

/// Reads a listing of the table of this layout.
///
/// # Errors
/// The reason, if it is no listing, or the gateway's map holds what no target is.
pub(super) fn read(json: &[u8], layout: &NftLayout) -> Result<Listing, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let output: Output = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| format!("the listing of nft at {}: {}", error.path(), error.inner()))?;
    let (mut chains, mut rules, mut maps) = (Vec::new(), Vec::new(), Vec::new());
    let mut intact = true;
    for object in output.nftables {
        match object {
            Object { metainfo: Some(_), .. } => {}
            // A dormant table has rules that do nothing.
            Object { table: Some(table), .. } => intact &= table.flags.is_null(),
            Object { chain: Some(chain), .. } => chains.push(chain),
            Object { rule: Some(rule), .. } => rules.push(rule),
            Object { map: Some(map), .. } => maps.push(map),
            _ => intact = false,
        }
    }
    intact &= chains_are(&chains, &rules, layout) && maps.len() == 1;
    let mut found = Vec::new();
    for map in maps.into_iter().filter(|map| map.name == MAP) {
        intact &= map.key == MAP_TYPE.0 && type_is(&map.map);
        found.extend(
            map.elem.into_iter().map(|(port, Target { concat: (address, target) })| {
                Rule::new(port, SocketAddrV4::new(address, target))
            }),
        );
    }
    Ok(Listing { intact, rules: found })
}

/// Newer versions print a type of several parts as a list.
fn type_is(value: &Value) -> bool {
    match value {
        Value::String(text) => text == MAP_TYPE.1,
        Value::Array(parts) => {
            let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
            parts.join(" . ") == MAP_TYPE.1
        }
        _ => false,
    }
}

fn chains_are(chains: &[Chain], rules: &[RuleOf], layout: &NftLayout) -> bool {
    let wanted = layout.chains();
    let mut count = 0;
    for chain in &wanted {
        count += chain.rules.len();
        let as_wanted = |found: &&Chain| {
            found.name == chain.name
                && found.kind.as_deref() == Some(chain.kind)
                && found.hook.as_deref() == Some(chain.hook)
                && found.prio == Some(i64::from(chain.priority))
                && found.policy.as_deref() == Some("accept")
        };
        if !chains.iter().any(|found| as_wanted(&found)) {
            return false;
        }
        let comments = rules.iter().filter(|rule| rule.chain == chain.name).map(|rule| rule.comment.clone());
        if !comments.eq(chain.rules.iter().map(|rule| Some(comment(rule)))) {
            return false;
        }
    }
    chains.len() == wanted.len() && rules.len() == count
}
