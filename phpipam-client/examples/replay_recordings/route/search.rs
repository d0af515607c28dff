//! `search`

use phpipam_client::Client;
use phpipam_client::controllers::SearchKind;
use phpipam_client::models::{JsonObject, SearchResults};
use serde_json::Value;

use super::{Done, Routed, Sort, call, many};

pub(super) fn route<'a>(client: &'a Client, text: &'a str, query: &[(String, String)]) -> Routed<'a> {
    let mut kinds = vec![SearchKind::Subnets, SearchKind::Addresses];
    for (name, value) in query {
        let kind = match name.as_str() {
            "subnets" => SearchKind::Subnets,
            "addresses" => SearchKind::Addresses,
            "vlan" => SearchKind::Vlans,
            "vrf" => SearchKind::Vrfs,
            _ => return None,
        };
        kinds.retain(|other| *other != kind);
        if value == "1" {
            kinds.push(kind);
        }
    }
    call!(Other, client.search().find(text, &kinds).await.map(searched))
}

fn searched(found: SearchResults) -> Done {
    let parts = [
        ("subnets", many(found.subnets)),
        ("addresses", many(found.addresses)),
        ("vlan", many(found.vlans)),
        ("vrf", many(found.vrfs)),
    ];
    let mut done = Done::default();
    let mut data = JsonObject::new();
    for (name, part) in parts {
        done.extra.extend(part.extra);
        data.insert(name.to_owned(), part.data.unwrap_or_default());
    }
    Done { data: Some(Value::Object(data)), ..done }
}
