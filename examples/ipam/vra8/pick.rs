//! Searches of one object by its name or id.

use futures_util::TryStreamExt;
use serde::de::DeserializeOwned;
use vra_client::v8::{Client, Deployment, ExternalIpRange, FabricNetwork, List, NetworkIpRange, Row};

use crate::exit::Failure;
use crate::vra8_names;

/// Returns the range of the server's own address management with this name or id.
pub(super) async fn range(client: &Client, wanted: &str) -> Result<NetworkIpRange, Failure> {
    let rows = client.network_ip_ranges().list();
    let key = |row: &NetworkIpRange| (row.id.clone(), row.name.clone());
    one(rows, "RANGE", "the server's own address management has no such range", wanted, key).await
}

/// Returns the external range with this name or id.
pub(super) async fn external_range(client: &Client, wanted: &str) -> Result<ExternalIpRange, Failure> {
    let rows = client.external_ip_ranges().list();
    let key = |row: &ExternalIpRange| (row.id.clone(), row.name.clone());
    one(rows, "RANGE", "no external IPAM has such a range; the server collects them every 10 minutes", wanted, key)
        .await
}

/// Returns the fabric network with this name or id.
pub(super) async fn network(client: &Client, wanted: &str) -> Result<FabricNetwork, Failure> {
    let rows = client.fabric_networks().list();
    let key = |row: &FabricNetwork| (row.id.clone(), row.name.clone());
    one(rows, "NETWORK", "there is no such fabric network", wanted, key).await
}

/// Returns the deployment with this name or id.
pub(super) async fn deployment(client: &Client, wanted: &str) -> Result<Deployment, Failure> {
    let deployments = client.deployments();
    match deployments.named(wanted).await {
        Err(vra_client::Error::NoSuchName { .. }) if is_uuid(wanted) => Ok(deployments.get(wanted).await?),
        Err(vra_client::Error::NoSuchName { .. }) => {
            // Not all names: there may be thousands.
            let problem = "there is no such deployment; `ipam vra8 deployments` lists them";
            Err(crate::vra_server::not_found(format!("DEPLOYMENT {wanted:?}: {problem}")))
        }
        found => Ok(found?),
    }
}

/// Returns true if the text has the form of a deployment's id, without which the server's response to it is not known.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text
            .char_indices()
            .all(|(at, c)| if matches!(at, 8 | 13 | 18 | 23) { c == '-' } else { c.is_ascii_hexdigit() })
}

/// Returns the only row with this id or name. `key` returns id and name of a row.
async fn one<T: Row + DeserializeOwned + Send + 'static>(
    rows: List<T>,
    argument: &str,
    problem: &str,
    wanted: &str,
    key: impl Fn(&T) -> (Option<String>, Option<String>),
) -> Result<T, Failure> {
    let mut rows = std::pin::pin!(rows.stream());
    let (mut found, mut ids, mut names) = (None, Vec::new(), Vec::new());
    while let Some(row) = rows.try_next().await? {
        let (id, name) = key(&row);
        if id.as_deref() == Some(wanted) {
            return Ok(row);
        }
        if name.as_deref() == Some(wanted) {
            ids.extend(id);
            found = Some(row);
        } else {
            // The message shows a few of them only.
            names.extend(name.filter(|_| names.len() <= vra8_names::SHOWN));
        }
    }
    match found {
        Some(found) if ids.len() < 2 => Ok(found),
        Some(_) => {
            ids.truncate(vra8_names::SHOWN);
            let ids = ids.join(", ");
            Err(Failure::Usage(format!("{argument} {wanted:?}: several have this name; give the id, one of {ids}")))
        }
        None => Err(vra8_names::unknown(argument, wanted, problem, names).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_names() {
        assert!(is_uuid("3617c011-39db-466e-a7f3-029f4523548f"));
        for name in ["web 1", "3617c011-39db-466e-a7f3-029f4523548", "3617c011x39db-466e-a7f3-029f4523548f", ""] {
            assert!(!is_uuid(name), "{name}");
        }
    }
}
