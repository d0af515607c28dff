//! `prefix`

use ipam_core::Family;
use phpipam_client::Client;
use phpipam_client::models::{AddressFields, ExternalObjects, SubnetFields};
use serde_json::{Value, json};

use super::{Done, Recording, Routed, Sort, call, fields, many, text};

fn family(word: &str) -> Option<Family> {
    match word {
        "4" => Some(Family::V4),
        "6" => Some(Family::V6),
        _ => None,
    }
}

fn external(found: ExternalObjects) -> Done {
    if found == ExternalObjects::default() {
        return Done { data: Some(Value::Array(Vec::new())), ..Done::default() };
    }
    let (mut subnets, addresses) = (many(found.subnets), many(found.addresses));
    subnets.extra.extend(addresses.extra);
    Done { data: Some(json!({"subnets": subnets.data, "addresses": addresses.data})), ..subnets }
}

pub(super) fn route<'a>(client: &'a Client, recording: &'a Recording, method: &str, rest: &[&'a str]) -> Routed<'a> {
    let prefix = client.prefix();
    let (kind, rest) = rest.split_first()?;
    let kind = *kind;
    match (method, rest) {
        ("GET", [value]) if kind == "external_id" => {
            let value = *value;
            call!(List, prefix.find_by_external_id(value).await.map(external))
        }
        ("GET", []) => call!(List, prefix.list(kind, None).await.map(many)),
        ("GET", ["address"]) => call!(List, prefix.list_for_addresses(kind).await.map(many)),
        ("GET", [only]) => {
            let only = Some(family(only)?);
            if recording.query.is_empty() {
                call!(List, prefix.list(kind, only).await.map(many))
            } else {
                call!(List, prefix.list_with_usage(kind, only).await.map(many))
            }
        }
        ("GET", [of, "address"]) => {
            let of = family(of)?;
            call!(Free, prefix.peek_address(kind, of).await.map(text))
        }
        ("GET", [of, mask]) => {
            let (of, mask) = (family(of)?, mask.parse().ok()?);
            call!(Free, prefix.peek_subnet(kind, of, mask).await.map(text))
        }
        ("POST", [of, "address"]) => {
            let of = family(of)?;
            let body = AddressFields::from_json(&fields(recording)?);
            call!(Free, {
                let taken = prefix.allocate_address(kind, of, &body?).await?;
                Ok(Done { id: Some(taken.id.get()), ..text(taken.ip) })
            })
        }
        ("POST", [of, mask]) => {
            let (of, mask) = (family(of)?, mask.parse().ok()?);
            let body = SubnetFields::from_json(&fields(recording)?);
            call!(Free, {
                let (subnet, network) = prefix.allocate_subnet(kind, of, mask, &body?).await?;
                Ok(Done { id: Some(subnet.id.get()), ..text(network) })
            })
        }
        _ => None,
    }
}
