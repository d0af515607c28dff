//! Choice of the typed method that makes a recorded request.

mod addresses;
mod circuits;
mod devices;
mod nat;
mod prefix;
mod search;
mod sections;
mod subnets;
mod tools;
mod user;
mod vlans;

use std::future::Future;
use std::pin::Pin;

use phpipam_client::models::{
    Address, ApiOptions, ChangelogEntry, Circuit, CircuitProvider, CustomField, Customer, Device, DeviceType,
    JsonObject, L2Domain, Location, Login, Nameserver, Nat, NatWithRows, Ping, Rack, ScanAgent, Section, Subnet, Tag,
    Usage, User, Vlan, Vrf,
};
use phpipam_client::{Client, Error, Filter};
use serde::Serialize;
use serde_json::{Value, json};

use super::recording::{Body, Recording};

/// Sort of a call, on which the meaning of a failure depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    List,
    /// Looks for a free address or subnet, or allocates it.
    Free,
    Schema,
    Other,
}

/// Result of a call.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Value, written back as JSON; `None` if the call returns none.
    pub(crate) data: Option<Value>,
    pub(crate) id: Option<u64>,
    /// Members that ended up in `extra`, as `Model.member`.
    pub(crate) extra: Vec<String>,
    /// Id of a row that the call leaves out on purpose.
    pub(crate) dropped: Option<u64>,
}

pub(crate) type Calling<'a> = Pin<Box<dyn Future<Output = Result<Done, Error>> + Send + 'a>>;

/// Result of [`route`].
type Routed<'a> = Option<(Sort, Calling<'a>)>;

macro_rules! call {
    ($sort:ident, $body:expr) => {
        Some((Sort::$sort, Box::pin(async move { $body })))
    };
}
use call;

/// Model whose unknown members are in `extra`.
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
    Address.links; ApiOptions.controllers.methods; ChangelogEntry; Circuit.links; CircuitProvider.links; CustomField; Customer.links; Device.links; DeviceType.links; L2Domain.links; Location.links; Login; Nameserver.links; Nat.links; Ping; Rack.links; ScanAgent.links;
    Section.links; Subnet.nameservers.gateway.usage.addresses.links; Tag.links; Usage; User; Vlan.links; Vrf.links;
}

impl Row for NatWithRows {
    fn extra(&self, found: &mut Vec<String>) {
        found.extend(self.extra.keys().map(|name| format!("NatWithRows.{name}")));
        for side in [&self.source, &self.destination] {
            side.addresses.iter().for_each(|address| address.extra(found));
            side.subnets.iter().for_each(|subnet| subnet.extra(found));
        }
    }
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

fn created(id: u64) -> Done {
    Done { id: Some(id), ..Done::default() }
}

fn text(value: impl ToString) -> Done {
    Done { data: Some(Value::String(value.to_string())), ..Done::default() }
}
/// Returns the typed call for a recorded request, or `None` if there is none.
pub(crate) fn route<'a>(client: &'a Client, recording: &'a Recording) -> Routed<'a> {
    let segments: Vec<&str> = recording.segments.iter().map(String::as_str).collect();
    let method = recording.method.as_str();
    if method == "OPTIONS" && segments.len() < 2 {
        let controller = segments.first().copied().unwrap_or_default();
        return call!(Other, client.options(controller).await.map(one));
    }
    let (controller, rest) = segments.split_first()?;
    if let ("GET", "search", [text]) = (method, *controller, rest) {
        return search::route(client, text, &recording.query);
    }
    let filter = match recording.query.as_slice() {
        [] => None,
        pairs if pairs.iter().all(|(name, _)| name.starts_with("filter_")) => Some(filter(pairs)?),
        [(name, value)] if name == "remove_dns" && value == "1" && *controller == "addresses" => None,
        [(name, value)] if name == "usage" && value == "true" && *controller == "prefix" => None,
        [(name, _)] if name == "subnetId" && rest.first() == Some(&"tags") => None,
        _ => return None,
    };
    match *controller {
        "user" => user::route(client, recording, method, rest),
        "sections" => sections::route(client, recording, method, rest, filter),
        "subnets" => subnets::route(client.subnets(), recording, method, rest, filter),
        "folders" => subnets::route(client.folders(), recording, method, rest, filter),
        "addresses" => addresses::route(client, recording, method, rest, filter),
        "vlans" => vlans::vlans(client, recording, method, rest, filter),
        "vrfs" => vlans::vrfs(client, recording, method, rest, filter),
        "l2domains" => vlans::l2domains(client, recording, method, rest, filter),
        "devices" => devices::route(client, recording, method, rest, filter),
        "circuits" => circuits::route(client, recording, method, rest, filter),
        "prefix" => prefix::route(client, recording, method, rest),
        "nat" if filter.is_none() => nat::route(client, recording, method, rest),
        "tools" if rest.first() == Some(&"nat") => nat::tools(client, recording, method, rest),
        "tools" if filter.is_none() => tools::route(client, recording, method, rest),
        _ => None,
    }
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

/// Returns an id from a number or its text.
fn phpipam_id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
