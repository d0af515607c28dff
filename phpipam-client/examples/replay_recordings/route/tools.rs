//! `tools`

use phpipam_client::Client;

use super::{Routed, Sort, call, many, number, one};

pub(super) fn route<'a>(client: &'a Client, method: &str, rest: &[&'a str]) -> Routed<'a> {
    if method != "GET" {
        return None;
    }
    let tools = client.tools();
    match rest {
        [table] => match *table {
            "tags" => call!(List, tools.tags().await.map(many)),
            "nameservers" => call!(List, tools.nameservers().await.map(many)),
            "locations" => call!(List, tools.locations().await.map(many)),
            "devices" => call!(List, tools.devices().await.map(many)),
            _ => None,
        },
        [table, id] => {
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
