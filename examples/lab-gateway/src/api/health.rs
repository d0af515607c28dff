//! Health of the gateway: a summary for everyone, and details for the owner.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::addr::text;
use super::refusal::Refusal;
use super::site::Site;
use crate::portmaps::{AddressDifference, Difference, MapError};
use crate::store::PortMap;

/// Body of a POST.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RepairBody {
    repair: bool,
}

impl RepairBody {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        match self.repair {
            true => Ok(()),
            false => Err(Refusal::invalid("repair", "false", "write true, or use GET to look only")),
        }
    }
}

const fn word(up: bool) -> &'static str {
    if up { "up" } else { "down" }
}

/// Age at which the state is looked up again for callers without a token. Each look starts a program.
const AGE: Duration = Duration::from_secs(1);

/// Longest wait for the provider: the rest of the health has to be there without it.
const PROVIDER: Duration = Duration::from_secs(5);

/// State for callers without a token, and when it was looked up.
#[derive(Debug, Default)]
pub(super) struct Summary(Mutex<Option<(Instant, Value)>>);

impl Summary {
    /// Returns the state. One caller looks, and the others wait for it.
    pub(super) async fn get(&self, site: &Site) -> Value {
        let mut summary = self.0.lock().await;
        match summary.as_ref() {
            Some((time, content)) if time.elapsed() < AGE => content.clone(),
            _ => {
                let content = state(&site.parts.maps.compare().await);
                *summary = Some((Instant::now(), content.clone()));
                content
            }
        }
    }
}

/// Returns the health with its details.
pub(super) async fn details(site: &Site) -> Value {
    let (compared, addresses) =
        tokio::join!(site.parts.maps.compare(), timeout(PROVIDER, site.parts.maps.compare_addresses()));
    let mut content = state(&compared);
    if let Value::Object(content) = &mut content {
        let addresses = match addresses {
            Ok(Ok(difference)) => Ok(difference),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("the address provider did not respond within {} s", PROVIDER.as_secs())),
        };
        content.extend(allocations(addresses));
        match &compared {
            Ok(difference) => content.extend(differences(difference)),
            Err(error) => {
                content.insert("problem".to_owned(), json!(error.to_string()));
            }
        }
        content.insert("parts".to_owned(), parts(site));
    }
    content
}

fn state(compared: &Result<Difference, MapError>) -> Value {
    let database = !matches!(compared, Err(MapError::Store(_) | MapError::Ended(_)));
    let firewall = compared.as_ref().is_ok_and(|difference| difference.intact);
    json!({ "version": env!("CARGO_PKG_VERSION"), "database": word(database), "firewall": word(firewall) })
}

/// Shows the maps whose allocations were changed at the provider.
fn allocations(difference: Result<AddressDifference, String>) -> Map<String, Value> {
    let difference = match difference {
        Ok(difference) => difference,
        Err(problem) => {
            return Map::from_iter([
                ("addresses".to_owned(), json!("down")),
                ("addresses_problem".to_owned(), json!(problem)),
            ]);
        }
    };
    let shown = |map: &PortMap| json!({ "conn_port": map.conn_port, "target": map.target, "name": map.name });
    let other_name = difference.other_name.iter().map(|other| {
        let mut shown = shown(&other.map);
        shown["allocated_as"] = json!(other.found);
        shown
    });
    Map::from_iter([
        ("addresses".to_owned(), json!("up")),
        ("maps_of_another_name".to_owned(), other_name.collect()),
        ("maps_without_allocation".to_owned(), difference.lost.iter().map(shown).collect()),
    ])
}

fn differences(difference: &Difference) -> Map<String, Value> {
    let without_rule: Vec<Value> =
        difference.without_rule.iter().map(|map| json!({ "conn_port": map.conn_port, "target": map.target })).collect();
    let without_map: Vec<Value> = difference
        .without_map
        .iter()
        .map(|rule| json!({ "conn_port": rule.conn_port, "target": rule.target }))
        .collect();
    Map::from_iter([
        ("maps_without_rule".to_owned(), Value::Array(without_rule)),
        ("rules_without_map".to_owned(), Value::Array(without_map)),
    ])
}

fn parts(site: &Site) -> Value {
    let part = |(name, part): (&'static str, crate::background::Part)| {
        let content = json!({
            "state": word(part.up),
            "type": part.kind,
            "detail": part.detail,
            "reported": text(part.reported),
            "succeeded": part.succeeded.and_then(text),
        });
        (name.to_owned(), content)
    };
    Value::Object(site.parts.reports.all().into_iter().map(part).collect())
}

/// Puts rules and records right. Returns a sentence for the log, and what was put right.
pub(super) async fn repair(site: &Site) -> Result<(String, Value), Refusal> {
    let done = site.parts.maps.reconcile().await?;
    let mut content = json!({
        "cleared": done.cleared,
        "returning": done.returning,
        "table_restored": done.repaired.as_ref().is_some_and(|difference| !difference.intact),
        "maps_without_rule": [],
        "rules_without_map": [],
    });
    if let (Some(difference), Value::Object(content)) = (&done.repaired, &mut content) {
        content.extend(differences(difference));
    }
    Ok(("had rules and records put right".to_owned(), content))
}
