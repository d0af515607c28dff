//! The lists that subnets and addresses refer to.

use phpipam_client::models::VlanFields;
use phpipam_client::{Client, Filter};

use super::{Done, Recording, Routed, Sort, call, created, fields, many, number, one, schema};

pub(super) fn route<'a>(
    client: &'a Client,
    controller: &str,
    method: &str,
    rest: &[&'a str],
    filter: Option<Filter>,
) -> Routed<'a> {
    if method != "GET" {
        return None;
    }
    let (vlans, vrfs, domains, tools) = (client.vlans(), client.vrfs(), client.l2domains(), client.tools());
    if let Some(filter) = filter {
        return match (controller, rest) {
            ("vlans", []) => call!(List, vlans.list_filtered(&filter).await.map(many)),
            ("vrfs", []) => call!(List, vrfs.list_filtered(&filter).await.map(many)),
            _ => None,
        };
    }
    match (controller, rest) {
        ("vlans", []) => call!(List, vlans.list().await.map(many)),
        ("vlans", ["custom_fields"]) => call!(Schema, vlans.custom_fields().await.map(schema)),
        ("vlans", ["search", vlan]) => {
            let vlan = u32::try_from(number(vlan)?).ok()?;
            call!(List, vlans.search(vlan).await.map(many))
        }
        ("vlans", [id]) => {
            let id = number(id)?.into();
            call!(Other, vlans.get(id).await.map(one))
        }
        ("vlans", [id, "subnets"]) => {
            let id = number(id)?.into();
            call!(List, vlans.subnets(id).await.map(many))
        }
        ("vrfs", []) => call!(List, vrfs.list().await.map(many)),
        ("vrfs", ["custom_fields"]) => call!(Schema, vrfs.custom_fields().await.map(schema)),
        ("vrfs", [id]) => {
            let id = number(id)?.into();
            call!(Other, vrfs.get(id).await.map(one))
        }
        ("vrfs", [id, "subnets"]) => {
            let id = number(id)?.into();
            call!(List, vrfs.subnets(id).await.map(many))
        }
        ("l2domains", []) => call!(List, domains.list().await.map(many)),
        ("l2domains", ["custom_fields"]) => call!(Schema, domains.custom_fields().await.map(schema)),
        ("l2domains", [id]) => {
            let id = number(id)?.into();
            call!(Other, domains.get(id).await.map(one))
        }
        ("l2domains", [id, "vlans"]) => {
            let id = number(id)?.into();
            call!(List, domains.vlans(id).await.map(many))
        }
        ("tools", [table]) => match *table {
            "tags" => call!(List, tools.tags().await.map(many)),
            "nameservers" => call!(List, tools.nameservers().await.map(many)),
            "locations" => call!(List, tools.locations().await.map(many)),
            "devices" => call!(List, tools.devices().await.map(many)),
            _ => None,
        },
        ("tools", [table, id]) => {
            let id = number(id)?;
            match *table {
                "tags" => call!(Other, tools.tag(id.into()).await.map(one)),
                "nameservers" => call!(Other, tools.nameserver(id.into()).await.map(one)),
                "locations" => call!(Other, tools.location(id.into()).await.map(one)),
                "devices" => call!(Other, tools.device(id.into()).await.map(one)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Changes of VLANs.
pub(super) fn vlans<'a>(client: &'a Client, recording: &'a Recording, method: &str, rest: &[&'a str]) -> Routed<'a> {
    let vlans = client.vlans();
    match (method, rest) {
        ("POST", []) => {
            let mut body = fields(recording)?;
            let name = body.remove("name")?.as_str()?.to_owned();
            let vlan = body.remove("number").and_then(|vlan| u32::try_from(vlan.as_u64()?).ok())?;
            let body = VlanFields::from_json(&body);
            call!(Other, vlans.create(&name, vlan, &body?).await.map(|created_| created(created_.id.get())))
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
