//! Template: the program of a vRealize Automation plug-in for NetBox 3.6 and later, to be changed for another IPAM.
//!
//! This file has all that is about NetBox, in under 100 lines of code: how to log in, and the six calls of [`Records`].
//! The other files stay as they are: `records/` makes an `IpamProvider` of the calls, and `rest.rs` is a client of JSON over
//! HTTP. `README.md` says what NetBox needs, what the provider promises, and how to build and package the program.

mod records;
mod rest;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use ipam_core::http::HttpOptions;
use ipam_core::net::{HostPolicy, hosts};
use ipam_core::{Error, ErrorKind, Health, Operation, Properties, Range, Result, SpaceId, Tag};
use records::{By, Mark, Paging, Record, RecordProvider, Records, Reserved, Rows};
use rest::{Rest, parsed};
use serde_json::{Value, json};
use vra_client::plugin::host::{Host, Invocation};

fn main() -> std::io::Result<ExitCode> {
    let action = std::env::args().nth(1).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let host = Host::new(|call: Invocation| async move { open(&call, HttpOptions::new()) });
    let done = runtime.block_on(host.serve(&action, std::io::stdin(), std::io::stdout(), std::io::stderr()))?;
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Opens the NetBox that the form of the endpoint names. Nothing is sent yet.
fn open(call: &Invocation, options: HttpOptions) -> Result<RecordProvider<NetBox>> {
    // NetBox needs no user. Tokens of its second version have a prefix, and another scheme.
    let scheme = |token: &str| if token.starts_with("nbt_") { "Bearer" } else { "Token" };
    let rest = Rest::open(call, options, |_user, token| format!("{} {token}", scheme(token)))?;
    Ok(RecordProvider::new(NetBox { rest, fields: call.settings().address_fields.clone() }))
}

/// NetBox: a range is an active prefix, and a record is an IP address with three custom fields.
#[derive(Debug)]
struct NetBox {
    rest: Rest,
    fields: Properties,
}

#[async_trait::async_trait]
impl Records for NetBox {
    const NAME: &str = "NetBox";

    async fn check(&self) -> Result<Health> {
        let fields = self.rest.get("api/extras/custom-fields/?limit=100&q=ipam_", &[]).await?.to_string();
        let missing = |name: &&&str| !fields.contains(&format!("\"name\":\"{name}\""));
        if let Some(name) = ["ipam_key", "ipam_owner", "ipam_mark"].iter().find(missing) {
            let problem = format!("NetBox has no custom field {name} for IP addresses; create it as the README says");
            return Err(Error::new(ErrorKind::Config, Operation::Check, problem));
        }
        Ok(Health::new().with_version(parsed::<String>(&self.rest.get("api/status/", &[]).await?, "netbox-version")?))
    }

    async fn ranges(&self, id: Option<u64>, page: Paging) -> Result<Rows<Range>> {
        self.list("api/ipam/prefixes/?status=active", id.map(|id| ("id", id.to_string())), page, range).await
    }

    async fn records(&self, by: &By<'_>, page: Paging) -> Result<Rows<Record>> {
        let condition = by.parameter(["id", "cf_ipam_key", "cf_ipam_owner", "address", "parent"]);
        self.list("api/ipam/ip-addresses/", condition, page, record).await
    }

    async fn reserved(&self, range: &Range, page: Paging) -> Result<Rows<Reserved>> {
        self.list("api/ipam/ip-ranges/", Some(("parent", range.net.to_string())), page, reserved).await
    }

    async fn create(&self, marks: &[Mark]) -> Result<()> {
        let rows = marks.iter().map(|mark| {
            let mut fields = json!(self.fields);
            fields["ipam_key"] = json!(mark.allocation.key);
            fields["ipam_owner"] = json!(mark.allocation.owner);
            fields["ipam_mark"] = json!(mark);
            json!({"address": mark.net(), "vrf": mark.space_number(), "custom_fields": fields,
                "dns_name": mark.dns_name(), "description": mark.description(200)})
        });
        // One transaction under one lock of the server: all of them or none, and no address twice.
        let created = self.rest.post("api/ipam/ip-addresses/", rows.collect()).await;
        created.map(drop).map_err(|error| records::taken_if(error, "Duplicate IP address"))
    }

    async fn delete(&self, id: u64) -> Result<()> {
        self.rest.delete(&format!("api/ipam/ip-addresses/{id}/")).await.map(drop)
    }
}

impl NetBox {
    /// Lists the rows after an id, in the order of their ids, so that none is missed while others come and go.
    async fn list<T>(&self, path: &str, by: rest::Query, page: Paging, read: rest::Read<T>) -> Result<Rows<T>> {
        let page =
            [("ordering", "id".to_owned()), ("id__gt", page.after.to_string()), ("limit", page.size.to_string())];
        let found = self.rest.get(path, &page.into_iter().chain(by).collect::<Vec<_>>()).await?;
        let rows = rest::elements(&found["results"]).map(|row| Ok((parsed(row, "id")?, read(row)?)));
        Ok(Rows { rows: rows.collect::<Result<_>>()?, more: !found["next"].is_null() })
    }
}

fn range(row: &Value) -> Result<Range> {
    let (id, net) = (parsed::<u64>(row, "id")?, parsed(row, "prefix")?);
    let policy = if row["is_pool"] == true { HostPolicy::All } else { HostPolicy::Hosts };
    let mut range = Range::new(id.to_string(), space(row), net, hosts(net, policy));
    range.name = net.to_string();
    range.description = rest::optional(row, "description")?;
    range.network.gateway = rest::optional(&row["custom_fields"], "gateway")?;
    range.properties = rest::texts(&row["custom_fields"]);
    range.tags = rest::elements(&row["tags"]).filter_map(|tag| Some(Tag::new(tag["name"].as_str()?, ""))).collect();
    Ok(range)
}

fn record(row: &Value) -> Result<Record> {
    let mark = rest::optional(&row["custom_fields"], "ipam_mark")?;
    Ok(Record { space: space(row), net: parsed(row, "address")?, mark })
}

/// Reads an IP range, such as a pool of DHCP: its addresses are set aside, whatever its status.
fn reserved(row: &Value) -> Result<Reserved> {
    Ok(Reserved { space: space(row), first: parsed(row, "start_address")?, last: parsed(row, "end_address")? })
}

/// Returns the address space: the VRF, or the global table.
fn space(row: &Value) -> SpaceId {
    row["vrf"]["id"].as_u64().map_or_else(SpaceId::default, |id| id.to_string().into())
}
