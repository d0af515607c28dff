//! `addresses`

use phpipam_client::models::AddressFields;
use phpipam_client::{Client, Filter};

use super::{Done, Recording, Routed, Sort, call, created, fields, many, number, one, phpipam_id, schema, text};

pub(super) fn route<'a>(
    client: &'a Client,
    recording: &'a Recording,
    method: &str,
    rest: &[&'a str],
    filter: Option<Filter>,
) -> Routed<'a> {
    let addresses = client.addresses();
    match (method, rest) {
        ("GET", [] | ["all"]) => match filter {
            Some(filter) => call!(List, addresses.list_filtered(&filter).await.map(many)),
            None => call!(List, addresses.list().await.map(many)),
        },
        ("GET", ["custom_fields"]) => call!(Schema, addresses.custom_fields().await.map(schema)),
        ("GET", ["tags"]) => call!(List, addresses.tags().await.map(many)),
        ("GET", ["tags", id]) => {
            let id = number(id)?.into();
            call!(Other, addresses.tag(id).await.map(one))
        }
        ("GET", ["tags", id, "addresses"]) => {
            let id = number(id)?.into();
            let subnet = match recording.query.first() {
                Some((_, value)) => Some(number(value)?.into()),
                None => None,
            };
            call!(List, addresses.list_by_tag(id, subnet).await.map(many))
        }
        ("GET", ["search", ip]) => {
            let ip = ip.parse().ok()?;
            call!(List, addresses.search(ip).await.map(many))
        }
        ("GET", ["search_hostname", name]) => {
            let name = *name;
            call!(List, addresses.search_hostname(name).await.map(many))
        }
        ("GET", ["search_hostbase", name]) => {
            let name = *name;
            call!(List, addresses.search_hostbase(name).await.map(many))
        }
        ("GET", ["search_mac", mac]) => {
            let mac = *mac;
            call!(List, addresses.search_mac(mac).await.map(many))
        }
        ("GET", ["search_linked", value]) => {
            let value = *value;
            call!(List, addresses.search_linked(value).await.map(many))
        }
        ("GET", ["first_free", subnet]) => {
            let subnet = number(subnet)?.into();
            call!(Free, addresses.peek_first_free(subnet).await.map(text))
        }
        ("GET", [id]) if filter.is_none() => {
            let id = number(id)?.into();
            call!(Other, addresses.get(id).await.map(one))
        }
        ("GET", [id, "ping"]) => {
            let id = number(id)?.into();
            call!(Other, addresses.ping(id).await.map(one))
        }
        ("GET", [id, "changelog"]) => {
            let id = number(id)?.into();
            call!(List, addresses.changelog(id).await.map(many))
        }
        ("POST", []) => {
            let mut body = fields(recording)?;
            let subnet = body.remove("subnetId").and_then(|id| phpipam_id(&id))?;
            let ip = body.remove("ip")?.as_str()?.parse().ok()?;
            let body = AddressFields::from_json(&body);
            call!(Other, addresses.create(subnet.into(), ip, &body?).await.map(|address| created(address.id.get())))
        }
        ("POST", ["first_free", subnet]) => {
            let subnet = number(subnet)?.into();
            let body = AddressFields::from_json(&fields(recording)?);
            call!(Free, {
                let taken = addresses.allocate_first_free(subnet, &body?).await?;
                Ok(Done { id: Some(taken.id.get()), ..text(taken.ip) })
            })
        }
        ("PATCH", [id]) => {
            let id = number(id)?.into();
            let body = AddressFields::from_json(&fields(recording)?);
            call!(Other, addresses.update(id, &body?).await.map(|()| Done::default()))
        }
        ("DELETE", [id]) => {
            let id = number(id)?.into();
            if recording.query.is_empty() {
                call!(Other, addresses.delete(id).await.map(|()| Done::default()))
            } else {
                call!(Other, addresses.delete_with_dns(id).await.map(|()| Done::default()))
            }
        }
        _ => None,
    }
}
