//! `devices`

use phpipam_client::models::DeviceFields;
use phpipam_client::{Client, Filter};

use super::{Done, Recording, Routed, Sort, call, created, fields, many, number, one};

pub(super) fn route<'a>(
    client: &'a Client,
    recording: &'a Recording,
    method: &str,
    rest: &[&'a str],
    filter: Option<Filter>,
) -> Routed<'a> {
    let devices = client.devices();
    match (method, rest) {
        ("GET", []) => match filter {
            Some(filter) => call!(List, devices.list_filtered(&filter).await.map(many)),
            None => call!(List, devices.list().await.map(many)),
        },
        _ if filter.is_some() => None,
        ("GET", ["search", text]) => {
            let text = *text;
            call!(List, devices.search(text).await.map(many))
        }
        ("GET", [id]) => {
            let id = number(id)?.into();
            call!(Other, devices.get(id).await.map(one))
        }
        ("GET", [id, "addresses"]) => {
            let id = number(id)?.into();
            call!(List, devices.addresses(id).await.map(many))
        }
        ("GET", [id, "subnets"]) => {
            let id = number(id)?.into();
            call!(List, devices.subnets(id).await.map(many))
        }
        ("POST", []) => {
            let mut body = fields(recording)?;
            let hostname = body.remove("hostname")?.as_str()?.to_owned();
            let body = DeviceFields::from_json(&body);
            call!(Other, devices.create(&hostname, &body?).await.map(|device| created(device.id.get())))
        }
        ("PATCH", [id]) => {
            let id = number(id)?.into();
            let body = DeviceFields::from_json(&fields(recording)?);
            call!(Other, devices.update(id, &body?).await.map(|()| Done::default()))
        }
        ("DELETE", [id]) => {
            let id = number(id)?.into();
            call!(Other, devices.delete(id).await.map(|()| Done::default()))
        }
        _ => None,
    }
}
