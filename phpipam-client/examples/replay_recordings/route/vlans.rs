//! `vlans`, `vrfs` and `l2domains`

use phpipam_client::models::{L2DomainFields, VlanFields, VrfFields};
use phpipam_client::{Client, Filter};

use super::{Done, Recording, Routed, Sort, call, created, fields, many, number, one, phpipam_id, schema};

pub(super) fn vlans<'a>(
    client: &'a Client,
    recording: &'a Recording,
    method: &str,
    rest: &[&'a str],
    filter: Option<Filter>,
) -> Routed<'a> {
    let vlans = client.vlans();
    match (method, rest) {
        ("GET", []) => match filter {
            Some(filter) => call!(List, vlans.list_filtered(&filter).await.map(many)),
            None => call!(List, vlans.list().await.map(many)),
        },
        _ if filter.is_some() => None,
        ("GET", ["custom_fields"]) => call!(Schema, vlans.custom_fields().await.map(schema)),
        ("GET", ["search", vlan]) => {
            let vlan = u32::try_from(number(vlan)?).ok()?;
            call!(List, vlans.search(vlan).await.map(many))
        }
        ("GET", [id]) => {
            let id = number(id)?.into();
            call!(Other, vlans.get(id).await.map(one))
        }
        ("GET", [id, "subnets"]) => {
            let id = number(id)?.into();
            call!(List, vlans.subnets(id).await.map(many))
        }
        ("GET", [id, "subnets", section]) => {
            let (id, section) = (number(id)?.into(), number(section)?.into());
            call!(List, vlans.subnets_in_section(id, section).await.map(many))
        }
        ("POST", []) => {
            let mut body = fields(recording)?;
            let name = body.remove("name")?.as_str()?.to_owned();
            let number = body.remove("number").and_then(|number| phpipam_id(&number))?;
            let number = u32::try_from(number).ok()?;
            let body = VlanFields::from_json(&body);
            call!(Other, vlans.create(&name, number, &body?).await.map(|vlan| created(vlan.id.get())))
        }
        ("PATCH", [id]) => {
            let id = number(id)?.into();
            let body = VlanFields::from_json(&fields(recording)?);
            call!(Other, vlans.update(id, &body?).await.map(|()| Done::default()))
        }
        ("DELETE", [id]) => {
            let id = number(id)?.into();
            call!(Other, vlans.delete(id).await.map(|()| Done::default()))
        }
        _ => None,
    }
}

pub(super) fn vrfs<'a>(
    client: &'a Client,
    recording: &'a Recording,
    method: &str,
    rest: &[&'a str],
    filter: Option<Filter>,
) -> Routed<'a> {
    let vrfs = client.vrfs();
    match (method, rest) {
        ("GET", []) => match filter {
            Some(filter) => call!(List, vrfs.list_filtered(&filter).await.map(many)),
            None => call!(List, vrfs.list().await.map(many)),
        },
        _ if filter.is_some() => None,
        ("GET", ["custom_fields"]) => call!(Schema, vrfs.custom_fields().await.map(schema)),
        ("GET", [id]) => {
            let id = number(id)?.into();
            call!(Other, vrfs.get(id).await.map(one))
        }
        ("GET", [id, "subnets"]) => {
            let id = number(id)?.into();
            call!(List, vrfs.subnets(id).await.map(many))
        }
        ("POST", []) => {
            let mut body = fields(recording)?;
            let name = body.remove("name")?.as_str()?.to_owned();
            let body = VrfFields::from_json(&body);
            call!(Other, vrfs.create(&name, &body?).await.map(|vrf| created(vrf.id.get())))
        }
        ("PATCH", [id]) => {
            let id = number(id)?.into();
            let body = VrfFields::from_json(&fields(recording)?);
            call!(Other, vrfs.update(id, &body?).await.map(|()| Done::default()))
        }
        ("DELETE", [id]) => {
            let id = number(id)?.into();
            call!(Other, vrfs.delete(id).await.map(|()| Done::default()))
        }
        _ => None,
    }
}

pub(super) fn l2domains<'a>(
    client: &'a Client,
    recording: &'a Recording,
    method: &str,
    rest: &[&'a str],
    filter: Option<Filter>,
) -> Routed<'a> {
    let domains = client.l2domains();
    match (method, rest) {
        ("GET", []) => match filter {
            Some(filter) => call!(List, domains.list_filtered(&filter).await.map(many)),
            None => call!(List, domains.list().await.map(many)),
        },
        _ if filter.is_some() => None,
        ("GET", ["custom_fields"]) => call!(Schema, domains.custom_fields().await.map(schema)),
        ("GET", [id]) => {
            let id = number(id)?.into();
            call!(Other, domains.get(id).await.map(one))
        }
        ("GET", [id, "vlans"]) => {
            let id = number(id)?.into();
            call!(List, domains.vlans(id).await.map(many))
        }
        ("POST", []) => {
            let mut body = fields(recording)?;
            let name = body.remove("name")?.as_str()?.to_owned();
            let body = L2DomainFields::from_json(&body);
            call!(Other, domains.create(&name, &body?).await.map(|domain| created(domain.id.get())))
        }
        ("PATCH", [id]) => {
            let id = number(id)?.into();
            let body = L2DomainFields::from_json(&fields(recording)?);
            call!(Other, domains.update(id, &body?).await.map(|()| Done::default()))
        }
        ("DELETE", [id]) => {
            let id = number(id)?.into();
            call!(Other, domains.delete(id).await.map(|()| Done::default()))
        }
        _ => None,
    }
}
