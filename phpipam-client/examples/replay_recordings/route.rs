//! Which typed method makes a recorded request.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use ipnet::IpNet;
use phpipam_client::controllers::{GroupKey, SearchKind, Split, Subnets};
use phpipam_client::models::{
    Address, AddressFields, ApiOptions, ChangelogEntry, CustomField, Device, JsonObject, L2Domain, Level, Location,
    Login, Nameserver, Ping, SearchResults, Section, SectionFields, Subnet, SubnetFields, Tag, Usage, User, Vlan,
    VlanFields, Vrf,
};
use phpipam_client::{Client, Error, Filter};
use serde::Serialize;
use serde_json::{Value, json};

use super::recording::{Body, Recording};

/// What sort of call it is, as far as a failure's meaning depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    List,
    /// Asks for something free, or takes it.
    Free,
    Schema,
    Other,
}

/// What a call returned.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// The value written back; `None` where the call returns nothing.
    pub(crate) data: Option<Value>,
    pub(crate) id: Option<u64>,
    /// Members that landed in `extra`, as `Model.member`.
    pub(crate) extra: Vec<String>,
    /// The id of a row that the call leaves out on purpose.
    pub(crate) dropped: Option<u64>,
}

pub(crate) type Calling<'a> = Pin<Box<dyn Future<Output = Result<Done, Error>> + Send + 'a>>;

macro_rules! call {
    ($sort:ident, $body:expr) => {
        Some((Sort::$sort, Box::pin(async move { $body })))
    };
}

/// A model, and what landed in its `extra`.
trait Row: Serialize {
    fn extra(&self, found: &mut Vec<String>);
}

macro_rules! rows {
    ($($type:ident $(. $part:ident)*;)*) => {$(
        impl Row for $type {
            fn extra(&self, found: &mut Vec<String>) {
                found.extend(self.extra.keys().map(|name| format!("{}.{name}", stringify!($type))));
                $( for part in self.$part.iter() {
                    found.extend(part.extra.keys().map(|name| format!("{}.{}.{name}", stringify!($type), stringify!($part))));
                } )*
            }
        }
    )*};
}
rows! {
    Address.links; ApiOptions.controllers.methods; ChangelogEntry; CustomField; Device; L2Domain.links; Location; Login; Nameserver; Ping;
    Section.links; Subnet.nameservers.gateway.usage.addresses.links; Tag.links; Usage; User; Vlan.links; Vrf.links;
}

fn one<T: Row>(row: T) -> Done {
    let mut done = Done { data: serde_json::to_value(&row).ok(), ..Done::default() };
    row.extra(&mut done.extra);
    done
}

fn many<T: Row>(rows: Vec<T>) -> Done {
    let mut done = Done { data: serde_json::to_value(&rows).ok(), ..Done::default() };
    for row in &rows {
        row.extra(&mut done.extra);
    }
    done
}

fn schema(fields: Vec<CustomField>) -> Done {
    let done = many(fields.clone());
    let object: JsonObject = fields.into_iter().map(|field| (field.name.clone(), json!(field))).collect();
    Done { data: Some(Value::Object(object)), ..done }
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

fn created(id: u64) -> Done {
    Done { id: Some(id), ..Done::default() }
}

fn text(value: impl ToString) -> Done {
    Done { data: Some(Value::String(value.to_string())), ..Done::default() }
}

/// The typed call for a recorded request; `None` where there is none.
pub(crate) fn route<'a>(client: &'a Client, recording: &'a Recording) -> Option<(Sort, Calling<'a>)> {
    let segments: Vec<&str> = recording.segments.iter().map(String::as_str).collect();
    let method = recording.method.as_str();
    if method == "OPTIONS" && segments.len() < 2 {
        let controller = segments.first().copied().unwrap_or_default();
        return call!(Other, client.options(controller).await.map(one));
    }
    let (controller, rest) = segments.split_first()?;
    if let ("GET", "search", [text]) = (method, *controller, rest) {
        return search(client, text, &recording.query);
    }
    let filter = match recording.query.as_slice() {
        [] => None,
        pairs if pairs.iter().all(|(name, _)| name.starts_with("filter_")) => Some(filter(pairs)?),
        [(name, value)] if name == "remove_dns" && value == "1" && *controller == "addresses" => None,
        [(name, _)] if name == "subnetId" && rest.first() == Some(&"tags") => None,
        _ => return None,
    };
    match *controller {
        "user" => user(client, recording, method, rest),
        "sections" => sections(client, recording, method, rest, filter),
        "subnets" => subnets(client.subnets(), recording, method, rest, filter),
        "folders" => subnets(client.folders(), recording, method, rest, filter),
        "addresses" => addresses(client, recording, method, rest, filter),
        "vlans" if method != "GET" => vlans(client, recording, method, rest),
        "vlans" | "vrfs" | "l2domains" | "tools" => lists(client, controller, method, rest, filter),
        _ => None,
    }
}

fn search<'a>(client: &'a Client, text: &'a str, query: &[(String, String)]) -> Option<(Sort, Calling<'a>)> {
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

fn filter(pairs: &[(String, String)]) -> Option<Filter> {
    let get = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let (field, value) = (get("filter_by")?, get("filter_value")?);
    match get("filter_match").as_deref() {
        None | Some("full") => Some(Filter::equals(field, value)),
        Some("partial") => Some(Filter::contains(field, value)),
        Some("regex") => Some(Filter::matches(field, value)),
        Some(_) => None,
    }
}

fn fields(recording: &Recording) -> Option<JsonObject> {
    match &recording.body {
        Body::Empty => Some(JsonObject::new()),
        Body::Fields(fields) => Some(fields.clone()),
        Body::Other(_) => None,
    }
}

fn number(segment: &str) -> Option<u64> {
    segment.parse().ok().filter(|number| *number > 0)
}

fn user<'a>(client: &'a Client, recording: &'a Recording, method: &str, rest: &[&str]) -> Option<(Sort, Calling<'a>)> {
    let user = client.user();
    match (method, rest) {
        ("POST", []) => {
            let (name, password) = recording.basic()?;
            call!(Other, user.login(&name, &password.into()).await.map(one))
        }
        ("GET", []) => call!(Other, user.token().await.map(one)),
        ("PATCH", []) => call!(Other, user.refresh().await.map(one)),
        ("DELETE", []) => call!(Other, user.logout_everywhere().await.map(|()| Done::default())),
        ("GET", ["all"]) => call!(List, user.list().await.map(many)),
        ("GET", ["admins"]) => call!(List, user.list_admins().await.map(many)),
        _ => None,
    }
}

fn sections<'a>(
    client: &'a Client,
    recording: &'a Recording,
    method: &str,
    rest: &[&'a str],
    filter: Option<Filter>,
) -> Option<(Sort, Calling<'a>)> {
    let sections = client.sections();
    if filter.is_some() {
        return None;
    }
    match (method, rest) {
        ("GET", []) => call!(List, sections.list().await.map(many)),
        ("GET", ["custom_fields"]) => call!(Schema, sections.custom_fields().await.map(schema)),
        ("GET", [id]) => match number(id) {
            Some(id) => call!(Other, sections.get(id.into()).await.map(one)),
            None => {
                let name = *id;
                call!(Other, sections.get_by_name(name).await.map(one))
            }
        },
        ("GET", [id, word]) => {
            let id = number(id)?.into();
            match *word {
                "subnets" => call!(List, sections.subnets(id).await.map(many)),
                "changelog" => call!(List, sections.changelog(id).await.map(many)),
                _ => None,
            }
        }
        ("GET", [id, "subnets", "addresses"]) => {
            let id = number(id)?.into();
            call!(List, sections.subnets_with_addresses(id).await.map(many))
        }
        ("POST", []) => {
            let mut body = fields(recording)?;
            let name = body.remove("name")?.as_str()?.to_owned();
            let body = SectionFields::from_json(&body);
            call!(Other, sections.create(&name, &body?).await.map(|created_| created(created_.id.get())))
        }
        ("PATCH", [id]) => {
            let id = number(id)?.into();
            let body = SectionFields::from_json(&fields(recording)?);
            call!(Other, sections.update(id, &body?).await.map(|()| Done::default()))
        }
        ("DELETE", [id]) => {
            let id = number(id)?.into();
            call!(Other, sections.delete(id).await.map(|()| Done::default()))
        }
        _ => None,
    }
}

fn subnets<'a>(
    subnets: Subnets<'a>,
    recording: &'a Recording,
    method: &str,
    rest: &[&'a str],
    filter: Option<Filter>,
) -> Option<(Sort, Calling<'a>)> {
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

/// A number, or one as text.
fn phpipam_id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn addresses<'a>(
    client: &'a Client,
    recording: &'a Recording,
    method: &str,
    rest: &[&'a str],
    filter: Option<Filter>,
) -> Option<(Sort, Calling<'a>)> {
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

/// Changes of VLANs.
fn vlans<'a>(
    client: &'a Client,
    recording: &'a Recording,
    method: &str,
    rest: &[&'a str],
) -> Option<(Sort, Calling<'a>)> {
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

/// The lists that subnets and addresses refer to.
fn lists<'a>(
    client: &'a Client,
    controller: &str,
    method: &str,
    rest: &[&'a str],
    filter: Option<Filter>,
) -> Option<(Sort, Calling<'a>)> {
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
