//! Creation of a deployment: its machines, and their addresses.

use std::time::SystemTime;

use serde_json::Value;

use crate::testing::v8::jobs;
use crate::testing::v8::rows::{
    AddressRecord, AddressState, CatalogItem, Deployment, Effect, Machine, Nic, Request, Source,
};
use crate::testing::v8::store::Store;

/// Deployment to be created.
pub(in crate::testing::v8) struct NewDeployment {
    pub(in crate::testing::v8) name: String,
    pub(in crate::testing::v8) item: CatalogItem,
    pub(in crate::testing::v8) version: String,
    pub(in crate::testing::v8) project: String,
    pub(in crate::testing::v8) inputs: Value,
    pub(in crate::testing::v8) owner: String,
}

/// Creates a deployment, which is in progress then, and returns its id.
pub(in crate::testing::v8) fn create(store: &mut Store, new: NewDeployment, now: SystemTime) -> String {
    let (id, request) = (store.id(), store.id());
    let mut failure = new.item.item.failure.clone();
    let mut machines = Vec::new();
    for (at, (component, network)) in new.item.item.machines.iter().enumerate() {
        let machine = store.id();
        let mut nics = Vec::new();
        if let Some(network) = network {
            match card(store, network, &machine, now) {
                Ok(nic) => nics.push(nic),
                Err(message) => failure = Some(message),
            }
        }
        machines.push(Machine {
            id: machine,
            component: component.clone(),
            name: format!("{}-{:03}", new.name.to_lowercase().replace(' ', "-"), at + 1),
            on: true,
            cpu: 1,
            memory: 1024,
            nics,
            created: now,
        });
    }
    store.deployments.push(Deployment {
        id: id.clone(),
        name: new.name,
        description: None,
        item: new.item.id,
        version: new.version,
        project: new.project,
        owner: new.owner.clone(),
        inputs: new.inputs.clone(),
        status: "CREATE_INPROGRESS".to_owned(),
        created: now,
        updated: now,
        lease: None,
        deleted: false,
        machines,
    });
    let polls_left = store.settings.polls;
    store.requests.push(Request {
        id: request,
        deployment: id.clone(),
        name: "Create".to_owned(),
        action: None,
        by: new.owner,
        inputs: new.inputs,
        status: "PENDING".to_owned(),
        details: String::new(),
        effect: Effect::Create,
        resources: Vec::new(),
        failure,
        polls_left,
        dismissed: false,
        created: now,
        updated: now,
    });
    // After the deployment is there: a call of a package names its machine.
    let cards: Vec<(usize, usize)> = store.deployment(&id).map(external_cards).unwrap_or_default();
    for (machine, nic) in cards {
        jobs::allocate(store, &id, machine, nic);
    }
    id
}

/// Returns the places of the network cards whose address is a package's.
fn external_cards(deployment: &Deployment) -> Vec<(usize, usize)> {
    let machines = deployment.machines.iter().enumerate();
    let cards = machines.flat_map(|(machine, found)| found.nics.iter().enumerate().map(move |nic| (machine, nic)));
    cards
        .filter(|(_, (_, nic))| matches!(nic.source, Source::External(_)))
        .map(|(machine, (nic, _))| (machine, nic))
        .collect()
}

/// Makes a network card in a network, with an address unless a package gives it.
fn card(store: &mut Store, network: &str, machine: &str, now: SystemTime) -> Result<Nic, String> {
    let row = store.networks.rows.iter().find(|row| row["name"] == network || row["id"] == network);
    let Some(row) = row else { return Err(format!("No network matches {network}.")) };
    let id = row["id"].as_str().unwrap_or_default().to_owned();
    let name = row["name"].as_str().unwrap_or_default().to_owned();
    let link = format!("/iaas/api/fabric-networks/{id}");
    let linked = |row: &&Value| {
        row["_links"]["fabric-networks"]["hrefs"]
            .as_array()
            .is_some_and(|hrefs| hrefs.iter().any(|href| *href == link.as_str()))
    };
    let external = store.external_ranges.rows.iter().find(linked).and_then(|row| row["id"].as_str().map(str::to_owned));
    let (nic, record) = (store.id(), store.id());
    if let Some(range) = external {
        return Ok(Nic { id: nic, network: (id, name), source: Source::External(range), address: None });
    }
    let mut known = false;
    for range in store.ranges.iter_mut().filter(|range| range.networks.contains(&id)) {
        known = true;
        let Some(address) = range.free(1).first().copied() else { continue };
        let record = AddressRecord {
            id: record.clone(),
            state: AddressState::Allocated { by_user: false },
            description: None,
            resource: Some(format!("/iaas/api/machines/{machine}")),
            created: now,
            updated: now,
        };
        range.allocate(&[address], || record.clone())?;
        let source = Source::Internal(range.id.clone());
        return Ok(Nic { id: nic, network: (id, name), source, address: Some(address) });
    }
    if known {
        return Err(format!("No available IP address in the ranges of the network {name}."));
    }
    store.dhcp = store.dhcp.wrapping_add(1);
    let address = Some([198, 51, 100, store.dhcp].into());
    Ok(Nic { id: nic, network: (id, name), source: Source::Dynamic, address })
}
