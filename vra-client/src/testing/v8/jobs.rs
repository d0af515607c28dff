//! Calls of imported IPAM packages: what their results change.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::iaas::{put_range, save};
use super::rows::{Job, Outcome, Purpose, Source};
use super::store::Store;

/// Time between two collections of an integration.
const PERIOD: Duration = Duration::from_secs(600);
/// Rows of a page that a collection asks for.
const PAGE: u32 = 1000;

/// Makes the calls that collect ranges, for each integration whose time has come.
pub(super) fn collect_due(store: &mut Store, now: SystemTime) {
    let due = |last: &SystemTime| now.duration_since(*last).is_ok_and(|passed| passed >= PERIOD);
    let integrations: Vec<String> =
        store.collected.iter().filter(|(_, last)| due(last)).map(|(id, _)| id.clone()).collect();
    for integration in integrations {
        collect(store, &integration, None, now);
    }
}

fn collect(store: &mut Store, integration: &str, token: Option<&Value>, now: SystemTime) {
    store.collected.insert(integration.to_owned(), now);
    let (provider, endpoint) = endpoint(store, integration);
    let inputs = json!({"endpoint": endpoint, "pagingAndSorting": {"maxResults": PAGE, "pageToken": token}});
    store.enqueue(Purpose::Collect { integration: integration.to_owned() }, &provider, "GetIPRanges", inputs);
}

/// Returns the id of the package of an integration, and the endpoint of its calls.
pub(super) fn endpoint(store: &Store, integration: &str) -> (String, Value) {
    // From the row, which has no secrets: a package fetches them by the link.
    let form = store.integrations.get(integration).map(|row| row["integrationProperties"].clone());
    let form = form.unwrap_or_else(|| json!({}));
    let provider = form["providerId"].as_str().unwrap_or_default().to_owned();
    let endpoint = json!({
        "id": integration, "authCredentialsLink": format!("/core/auth/credentials/{integration}"),
        "endpointProperties": form,
    });
    (provider, endpoint)
}

/// Lets all calls fail: no actions were given to the server.
pub(super) fn refuse_all(store: &mut Store, now: SystemTime) {
    while let Some(job) = store.next_job() {
        let result = match job.purpose {
            // Without actions, an integration is saved unchecked, and has the ranges that a test adds.
            Purpose::Validate { .. } => Ok(json!({"message": "Validated successfully", "statusCode": "200"})),
            Purpose::Collect { .. } => Ok(json!({"ipRanges": []})),
            Purpose::Allocate { .. } | Purpose::Deallocate { .. } => {
                Err("The server has no actions of IPAM packages; give them to its builder.".to_owned())
            }
        };
        finish(store, &job, result, now);
    }
}

/// Takes the result of a call.
pub(super) fn finish(store: &mut Store, job: &Job, result: Result<Value, String>, now: SystemTime) {
    store.jobs.retain(|other| other.id != job.id);
    match &job.purpose {
        Purpose::Validate { integration, tracker } => {
            // A certificate to accept comes as a success with an error inside.
            let result = result.and_then(|outputs| match outputs["error"]["errorMessage"].as_str() {
                Some(message) => Err(message.to_owned()),
                None => Ok(()),
            });
            let check = |form: &serde_json::Map<String, Value>| form.get("@onlyCheck") == Some(&Value::Bool(true));
            let only_check = store.forms.get(integration).is_some_and(check);
            let outcome = match result {
                Ok(()) if only_check => Outcome::Finished(Vec::new()),
                Ok(()) => {
                    save(store, integration, now);
                    collect(store, integration, None, now);
                    Outcome::Finished(vec![format!("/iaas/api/integrations/{integration}")])
                }
                Err(message) => Outcome::Failed(message),
            };
            if only_check || matches!(outcome, Outcome::Failed(_)) {
                store.forms.remove(integration);
            }
            if let Some(found) = store.trackers.iter_mut().find(|found| found.id == *tracker) {
                found.outcome = outcome;
            }
        }
        Purpose::Collect { integration } => {
            // A collection that fails keeps the ranges that are known, as a real server does.
            let Ok(outputs) = result else { return };
            for range in outputs["ipRanges"].as_array().into_iter().flatten() {
                put_range(store, integration, range, now);
            }
            if let Some(token) = outputs.get("nextPageToken").filter(|token| !token.is_null()) {
                collect(store, integration, Some(token), now);
            }
        }
        Purpose::Allocate { deployment, machine, nic } => {
            let address = result.and_then(|outputs| allocated(&outputs));
            let request = store.last_request(deployment).map(|request| request.id.clone());
            match address {
                Ok(address) => {
                    let found = store.deployment_mut(deployment);
                    let found = found.and_then(|found| found.machines.iter_mut().find(|found| found.id == *machine));
                    if let Some(card) = found.and_then(|found| found.nics.get_mut(*nic)) {
                        card.address = Some(address);
                    }
                }
                Err(message) => {
                    if let Some(request) = request.and_then(|id| store.request_mut(&id)) {
                        request.failure = Some(format!("Unable to allocate an IP address: {message}"));
                    }
                }
            }
        }
        Purpose::Deallocate { deployment } => {
            if let Err(message) = result {
                let request = store.last_request(deployment).map(|request| request.id.clone());
                if let Some(request) = request.and_then(|id| store.request_mut(&id)) {
                    request.failure.get_or_insert(format!("Unable to release an IP address: {message}"));
                }
            }
        }
    }
}

/// Returns the address in the outputs of AllocateIP.
fn allocated(outputs: &Value) -> Result<IpAddr, String> {
    let text = outputs["ipAllocations"][0]["ipAddresses"][0].as_str();
    let address = text.and_then(|text| text.parse().ok());
    address.ok_or_else(|| format!("AllocateIP returned no address: {outputs}"))
}

/// Makes the call that allocates the address of a network card.
pub(super) fn allocate(store: &mut Store, deployment: &str, machine: usize, nic: usize) {
    let Some((id, call)) = resource(store, deployment, machine) else { return };
    let found = store.deployment(deployment).and_then(|found| found.machines.get(machine)?.nics.get(nic).cloned());
    let Some(card) = found else { return };
    let Some((provider, external, endpoint)) = external(store, &card.source) else { return };
    let inputs = json!({
        "resourceInfo": call,
        "ipAllocations": [{
            "id": card.id, "ipRangeIds": [external], "nicIndex": nic.to_string(), "isPrimary": (nic == 0).to_string(),
            "size": "1", "properties": {},
        }],
        "endpoint": endpoint,
    });
    let purpose = Purpose::Allocate { deployment: deployment.to_owned(), machine: id, nic };
    store.enqueue(purpose, &provider, "AllocateIP", inputs);
}

/// Makes the call that returns the address of a network card.
pub(super) fn deallocate(store: &mut Store, deployment: &str, machine: usize, nic: usize) {
    let Some((_, call)) = resource(store, deployment, machine) else { return };
    let found = store.deployment(deployment).and_then(|found| found.machines.get(machine)?.nics.get(nic).cloned());
    let Some((card, address)) = found.and_then(|card| card.address.map(|address| (card, address))) else { return };
    let Some((provider, external, endpoint)) = external(store, &card.source) else { return };
    let inputs = json!({
        "resourceInfo": call,
        "ipDeallocations": [{"id": card.id, "ipRangeId": external, "ipAddress": address.to_string()}],
        "endpoint": endpoint,
    });
    store.enqueue(Purpose::Deallocate { deployment: deployment.to_owned() }, &provider, "DeallocateIP", inputs);
}

/// Returns the id of a machine, and the machine as the contract describes it.
fn resource(store: &Store, deployment: &str, machine: usize) -> Option<(String, Value)> {
    let found = store.deployment(deployment)?;
    let machine = found.machines.get(machine)?;
    let call = json!({
        "id": format!("/resources/compute/{}", machine.id), "name": machine.name, "type": "VM",
        "owner": found.owner, "orgId": super::context::ORGANIZATION, "properties": {},
    });
    Some((machine.id.clone(), call))
}

/// Returns package, id of the range there, and endpoint of an address that a package gave.
fn external(store: &Store, source: &Source) -> Option<(String, String, Value)> {
    let Source::External(range) = source else { return None };
    let row = store.external_ranges.get(range)?;
    let (provider, endpoint) = endpoint(store, row["integrationId"].as_str()?);
    Some((provider, row["externalId"].as_str()?.to_owned(), endpoint))
}
