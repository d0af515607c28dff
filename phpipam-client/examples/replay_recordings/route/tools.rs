//! `tools`

use phpipam_client::Client;
use phpipam_client::models::{
    CustomerFields, DeviceFields, DeviceTypeFields, LocationFields, NameserverFields, RackFields, ScanAgentFields,
    ScanAgentType, TagFields, TextList,
};

use super::{Done, Recording, Routed, Sort, call, created, fields, many, number, one};

/// Calls that every subcontroller has.
macro_rules! reads {
    ($table:expr, $rest:expr, $($word:literal => $method:ident),*) => {{
        let table = $table;
        match $rest {
            [] => call!(List, table.list().await.map(many)),
            [id] => {
                let id = number(id)?.into();
                call!(Other, table.get(id).await.map(one))
            }
            $( [id, $word] => {
                let id = number(id)?.into();
                call!(List, table.$method(id).await.map(many))
            } )*
            _ => None,
        }
    }};
}

/// Calls of the subcontrollers that write. Arguments of the creating call are taken out of the body.
macro_rules! writes {
    ($table:expr, $fields:ident, $recording:expr, $method:expr, $rest:expr, $($key:literal as $argument:expr),*) => {{
        let table = $table;
        match ($method, $rest) {
            ("POST", []) => {
                let mut body = fields($recording)?;
                let mut take = |key: &str| Some(body.remove(key)?.as_str()?.to_owned());
                let arguments = ($( $argument(take($key)?), )*);
                let body = $fields::from_json(&body);
                call!(Other, spread!(table, arguments, &body?, $($key)*).await.map(|row| created(row.id.get())))
            }
            ("PATCH", [id]) => {
                let id = number(id)?.into();
                let body = $fields::from_json(&fields($recording)?);
                call!(Other, table.update(id, &body?).await.map(|()| Done::default()))
            }
            ("DELETE", [id]) => {
                let id = number(id)?.into();
                call!(Other, table.delete(id).await.map(|()| Done::default()))
            }
            _ => None,
        }
    }};
}

/// The creating call with one argument or two.
macro_rules! spread {
    ($table:ident, $arguments:ident, $body:expr, $one:literal) => {
        $table.create(&$arguments.0, $body)
    };
    ($table:ident, $arguments:ident, $body:expr, $one:literal $two:literal) => {
        $table.create(&$arguments.0, $arguments.1, $body)
    };
}

pub(super) fn route<'a>(
    client: &'a Client,
    recording: &'a Recording,
    method: &str,
    segments: &[&'a str],
) -> Routed<'a> {
    let tools = client.tools();
    let (table, rest) = segments.split_first()?;
    if method == "GET" {
        return match *table {
            "tags" => reads!(tools.tags(), rest, "addresses" => addresses),
            "devices" => reads!(tools.devices(), rest, "addresses" => addresses),
            "device_types" => reads!(tools.device_types(), rest, "devices" => devices),
            "vlans" => reads!(tools.vlans(), rest, "subnets" => subnets),
            "vrfs" => reads!(tools.vrfs(), rest, "subnets" => subnets),
            "nameservers" => reads!(tools.nameservers(), rest,),
            "scanagents" => reads!(tools.scan_agents(), rest,),
            "locations" => reads!(
                tools.locations(), rest,
                "subnets" => subnets, "devices" => devices, "racks" => racks, "ipaddresses" => addresses
            ),
            "racks" => reads!(tools.racks(), rest, "devices" => devices),
            "customers" => reads!(tools.customers(), rest,),
            _ => None,
        };
    }
    let text = |text: String| text;
    let servers = |text: String| text.split(';').collect::<TextList>();
    let kind = |word: String| ScanAgentType::from(word.as_str());
    match *table {
        "tags" => writes!(tools.tags(), TagFields, recording, method, rest, "type" as text),
        "devices" => writes!(tools.devices(), DeviceFields, recording, method, rest, "hostname" as text),
        "device_types" => writes!(tools.device_types(), DeviceTypeFields, recording, method, rest, "tname" as text),
        "nameservers" => {
            writes!(
                tools.nameservers(),
                NameserverFields,
                recording,
                method,
                rest,
                "name" as text,
                "namesrv1" as servers
            )
        }
        "scanagents" => {
            writes!(tools.scan_agents(), ScanAgentFields, recording, method, rest, "name" as text, "type" as kind)
        }
        "locations" => writes!(tools.locations(), LocationFields, recording, method, rest, "name" as text),
        "racks" => writes!(tools.racks(), RackFields, recording, method, rest, "name" as text),
        "customers" => writes!(tools.customers(), CustomerFields, recording, method, rest, "title" as text),
        _ => None,
    }
}
