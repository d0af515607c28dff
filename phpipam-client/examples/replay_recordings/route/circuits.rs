//! `circuits`

use phpipam_client::models::{CircuitFields, CircuitProviderFields};
use phpipam_client::{Client, Filter};

use super::{Done, Recording, Routed, Sort, call, created, fields, many, number, one, phpipam_id};

pub(super) fn route<'a>(
    client: &'a Client,
    recording: &'a Recording,
    method: &str,
    rest: &[&'a str],
    filter: Option<Filter>,
) -> Routed<'a> {
    let circuits = client.circuits();
    if let ["providers", rest @ ..] = rest {
        return providers(client, recording, method, rest);
    }
    match (method, rest) {
        ("GET", []) => match filter {
            Some(filter) => call!(List, circuits.list_filtered(&filter).await.map(many)),
            None => call!(List, circuits.list().await.map(many)),
        },
        _ if filter.is_some() => None,
        ("GET", [id]) => {
            let id = number(id)?.into();
            call!(Other, circuits.get(id).await.map(one))
        }
        ("GET", ["circuit_id", id]) => {
            let id = *id;
            call!(Other, circuits.get_by_circuit_id(id).await.map(one))
        }
        ("POST", []) => {
            let mut body = fields(recording)?;
            let cid = body.remove("cid")?.as_str()?.to_owned();
            let provider = body.remove("provider").and_then(|id| phpipam_id(&id))?;
            let body = CircuitFields::from_json(&body);
            call!(Other, circuits.create(&cid, provider.into(), &body?).await.map(|circuit| created(circuit.id.get())))
        }
        ("PATCH", [id]) => {
            let id = number(id)?.into();
            let body = CircuitFields::from_json(&fields(recording)?);
            call!(Other, circuits.update(id, &body?).await.map(|()| Done::default()))
        }
        ("DELETE", [id]) => {
            let id = number(id)?.into();
            call!(Other, circuits.delete(id).await.map(|()| Done::default()))
        }
        _ => None,
    }
}

fn providers<'a>(client: &'a Client, recording: &'a Recording, method: &str, rest: &[&'a str]) -> Routed<'a> {
    let providers = client.circuits().providers();
    match (method, rest) {
        ("GET", []) => call!(List, providers.list().await.map(many)),
        ("GET", [id]) => {
            let id = number(id)?.into();
            call!(Other, providers.get(id).await.map(one))
        }
        ("GET", [id, "circuits"]) => {
            let id = number(id)?.into();
            call!(List, providers.circuits(id).await.map(many))
        }
        ("POST", []) => {
            let mut body = fields(recording)?;
            let name = body.remove("name")?.as_str()?.to_owned();
            let body = CircuitProviderFields::from_json(&body);
            call!(Other, providers.create(&name, &body?).await.map(|provider| created(provider.id.get())))
        }
        ("PATCH", [id]) => {
            let id = number(id)?.into();
            let body = CircuitProviderFields::from_json(&fields(recording)?);
            call!(Other, providers.update(id, &body?).await.map(|()| Done::default()))
        }
        ("DELETE", [id]) => {
            let id = number(id)?.into();
            call!(Other, providers.delete(id).await.map(|()| Done::default()))
        }
        _ => None,
    }
}
