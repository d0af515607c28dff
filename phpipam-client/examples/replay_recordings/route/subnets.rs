//! `subnets` and `folders`

use std::collections::BTreeMap;

use ipnet::IpNet;
use phpipam_client::Filter;
use phpipam_client::controllers::{GroupKey, Split, Subnets};
use phpipam_client::models::{JsonObject, Level, SubnetFields};
use serde_json::{Value, json};

use super::{Done, Recording, Routed, Sort, call, created, fields, many, number, one, phpipam_id, schema, text};

pub(super) fn route<'a>(
    subnets: Subnets<'a>,
    recording: &'a Recording,
    method: &str,
    rest: &[&'a str],
    filter: Option<Filter>,
) -> Routed<'a> {
    match (method, rest) {
        ("GET", [] | ["all"]) => match filter {
            Some(filter) => call!(List, subnets.list_filtered(&filter).await.map(many)),
            None => call!(List, subnets.list().await.map(many)),
        },
        ("GET", ["custom_fields"]) => call!(Schema, subnets.custom_fields().await.map(schema)),
        ("GET", [word @ ("cidr" | "overlapping"), network, mask]) => {
            let network = IpNet::new(network.parse().ok()?, mask.parse().ok()?).ok()?;
            match *word {
                "cidr" => call!(List, subnets.find_by_cidr(network).await.map(many)),
                _ => call!(List, subnets.find_overlapping(network).await.map(many)),
            }
        }
        ("GET", [id]) if filter.is_none() => {
            let id = number(id)?.into();
            call!(Other, subnets.get(id).await.map(one))
        }
        ("GET", [id, "addresses"]) => {
            let id = number(id)?.into();
            match filter {
                Some(filter) => call!(List, subnets.addresses_filtered(id, &filter).await.map(many)),
                None => call!(List, subnets.addresses(id).await.map(many)),
            }
        }
        ("GET", [id, word]) if filter.is_none() => {
            let number = number(id)?;
            let id = number.into();
            match *word {
                "usage" => call!(Other, subnets.usage(id).await.map(one)),
                "slaves" => call!(List, subnets.slaves(id).await.map(many)),
                "slaves_recursive" => call!(
                    List,
                    subnets.slaves_recursive(id).await.map(|rows| Done { dropped: Some(number), ..many(rows) })
                ),
                "first_free" => call!(Free, subnets.peek_first_free(id).await.map(text)),
                "changelog" => call!(List, subnets.changelog(id).await.map(many)),
                _ => None,
            }
        }
        ("GET", [id, word, mask]) => {
            let (id, mask) = (number(id)?.into(), mask.parse().ok()?);
            match *word {
                "first_subnet" => call!(Free, subnets.peek_first_subnet(id, mask).await.map(text)),
                "last_subnet" => call!(Free, subnets.peek_last_subnet(id, mask).await.map(text)),
                "all_subnets" => call!(
                    List,
                    subnets.list_free_subnets(id, mask).await.map(|networks| Done {
                        data: serde_json::to_value(strings(&networks)).ok(),
                        ..Done::default()
                    })
                ),
                _ => None,
            }
        }
        ("POST", []) => {
            let mut body = fields(recording)?;
            let section = body.remove("sectionId").and_then(|id| phpipam_id(&id))?;
            if body.get("isFolder").is_some_and(|flag| flag == 1 || flag == "1") {
                let body = SubnetFields::from_json(&body);
                return call!(
                    Other,
                    subnets.create_folder(section.into(), &body?).await.map(|folder| created(folder.id.get()))
                );
            }
            let address = body.remove("subnet")?.as_str()?.parse().ok()?;
            let mask = body.remove("mask").and_then(|mask| phpipam_id(&mask))?;
            let network = IpNet::new(address, u8::try_from(mask).ok()?).ok()?;
            let body = SubnetFields::from_json(&body);
            call!(Other, subnets.create(section.into(), network, &body?).await.map(|subnet| created(subnet.id.get())))
        }
        ("POST", [id, word @ ("first_subnet" | "last_subnet"), mask]) => {
            let (id, mask, first) = (number(id)?.into(), mask.parse().ok()?, *word == "first_subnet");
            let body = SubnetFields::from_json(&fields(recording)?);
            call!(Free, {
                let body = body?;
                let (subnet, network) = if first {
                    subnets.allocate_first_subnet(id, mask, &body).await?
                } else {
                    subnets.allocate_last_subnet(id, mask, &body).await?
                };
                Ok(Done { id: Some(subnet.id.get()), ..text(network) })
            })
        }
        ("PATCH", [id]) => {
            let id = number(id)?.into();
            let body = SubnetFields::from_json(&fields(recording)?);
            call!(Other, subnets.update(id, &body?).await.map(|()| Done::default()))
        }
        ("PATCH", [id, "resize"]) => {
            let id = number(id)?.into();
            let body = fields(recording)?;
            let mask = body.get("mask").and_then(phpipam_id).and_then(|mask| u8::try_from(mask).ok())?;
            call!(Other, subnets.resize(id, mask).await.map(|()| Done::default()))
        }
        ("PATCH", [id, "split"]) => {
            let id = number(id)?.into();
            let body = fields(recording)?;
            let count = body.get("number").and_then(phpipam_id)?;
            let mut split = Split::new(u32::try_from(count).ok()?);
            for (name, value) in &body {
                let value = value.as_str();
                split = match (name.as_str(), value) {
                    ("number", _) => split,
                    ("group", Some(group)) => split.with_delete_original(group == "no"),
                    ("prefix", Some(prefix)) => split.with_prefix(prefix),
                    ("copy_custom", Some(copy)) => split.with_copy_custom_fields(copy == "yes"),
                    _ => return None,
                };
            }
            call!(Other, subnets.split(id, &split).await.map(|()| Done::default()))
        }
        ("PATCH", [id, "permissions"]) => {
            let id = number(id)?.into();
            let mut levels = BTreeMap::new();
            for (group, level) in fields(recording)? {
                let group = match number(&group) {
                    Some(id) => GroupKey::Id(id.into()),
                    None => GroupKey::Name(group),
                };
                let level = level.as_str().map_or_else(|| level.to_string(), str::to_owned);
                levels.insert(group, Level::from(level.as_str()));
            }
            call!(
                Other,
                subnets.set_permissions(id, &levels).await.map(|levels| {
                    let levels: JsonObject =
                        levels.iter().map(|(name, level)| (name.clone(), json!(word(level)))).collect();
                    Done { data: Some(Value::Object(levels)), ..Done::default() }
                })
            )
        }
        ("DELETE", [id, "permissions"]) => {
            let id = number(id)?.into();
            call!(Other, subnets.remove_permissions(id).await.map(|()| Done::default()))
        }
        ("DELETE", [id, "truncate"]) => {
            let id = number(id)?.into();
            call!(Other, subnets.truncate(id).await.map(|()| Done::default()))
        }
        ("DELETE", [id]) => {
            let id = number(id)?.into();
            call!(Other, subnets.delete(id).await.map(|()| Done::default()))
        }
        _ => None,
    }
}

/// The server writes levels as words where it confirms them.
fn word(level: &Level) -> &str {
    match level {
        Level::None => "na",
        Level::Read => "ro",
        Level::Write => "rw",
        Level::Admin => "rwa",
        other => other.as_str(),
    }
}

fn strings<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}
