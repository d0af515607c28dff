//! `vlans`, `vrfs` and `l2domains`.
//!
//! Each has a singular name, too. Only the plural ones rename the key of a row to `id` (Q30): the server compares the
//! name in the path.

use serde_json::{Map, Value};

use super::super::context::{Call, Id, Method, field, put};
use super::super::refusal::{Handled, fail};
use super::super::reply::{Kind, Reply};
use super::super::schema::Object;
use super::super::store::Store;
use super::super::table::{Cell, Fields};
use super::subnet_rows::{row, with_gateway_id};

/// Returns the kind of rows: with the key renamed under the plural name.
fn kind(object: Object, plural: bool) -> Kind {
    if plural { Kind::Plural(object) } else { Kind::Rows(object) }
}

fn rows(call: &Call<'_>, store: &Store, object: Object, ids: impl IntoIterator<Item = u64>) -> Vec<Map<String, Value>> {
    let table = store.table(object);
    ids.into_iter().map(|id| table.json(id, call.strings)).collect()
}

/// Returns the subnets that refer to a VLAN or VRF, each with the id of its gateway.
fn subnets_of(call: &Call<'_>, store: &Store, column: &str, id: u64, section: Option<u64>) -> Vec<Map<String, Value>> {
    let mut ids = store.table(Object::Subnet).referring(column, id);
    ids.retain(|id| section.is_none_or(|s| store.cell(Object::Subnet, *id, "sectionId").reference() == Some(s)));
    ids.sort_by_key(|id| store.order_of(*id));
    let with_gateway = |id| {
        let mut row = row(call, store, id);
        with_gateway_id(call, store, id, &mut row);
        row
    };
    ids.into_iter().map(with_gateway).collect()
}

/// Carries out a call of `vlans` or `vlan`.
pub(super) fn vlans(call: &Call<'_>, store: &mut Store, plural: bool) -> Handled<Reply> {
    let object = Object::Vlan;
    let kind = kind(object, plural);
    let id = Id::of(call.params.id());
    let found = id.row(store, object);
    match call.method {
        Method::Get | Method::Options => match (call.params.id(), call.params.id2()) {
            (None | Some("all"), _) => {
                let ids = store.table(object).ids();
                call.list_or(kind, rows(call, store, object, ids), "No vlans configured")
            }
            (Some("custom_fields"), _) => call.custom_fields(store, object),
            (Some("search"), number) => {
                let ids = store
                    .table(object)
                    .ids()
                    .filter(|id| number.is_some_and(|n| store.cell(object, *id, "number").as_text() == n));
                call.list_or(kind, rows(call, store, object, ids), "Vlans not found")
            }
            (Some(_), Some("subnets")) => {
                let id = found.ok_or_else(|| fail(404, "Invalid Vlan id"))?;
                let section = call.params.id3().and_then(|s| s.parse().ok());
                let list = subnets_of(call, store, "vlanId", id, section);
                call.list_or(Kind::Subnet, list, "No subnets found")
            }
            _ => {
                let id = found.ok_or_else(|| call.nothing("Vlan not found"))?;
                Ok(Reply::one(kind, store.table(object).json(id, call.strings)))
            }
        },
        Method::Post => {
            let fields = call.fields(store, object, &["id", "vlanId"])?;
            check_vlan(call, store, &fields, None)?;
            let id = store.insert(object, &fields)?;
            Ok(Reply::created("Vlan created", id, call.location("vlans", id)))
        }
        Method::Patch => {
            if call.params.id().is_none() {
                return Err(fail(400, "Vlan Id is required"));
            }
            let id = found.ok_or_else(|| fail(404, "Invalid Vlan id"))?;
            let mut fields = call.fields(store, object, &["id", "vlanId"])?;
            check_vlan(call, store, &fields, Some(id))?;
            put(&mut fields, "editDate", call.now.clone());
            store.update(object, id, &fields)?;
            Ok(Reply::done("Vlan updated"))
        }
        Method::Delete => {
            let id = found.ok_or_else(|| fail(404, "Invalid Vlan id"))?;
            forget(store, "vlanId", id);
            store.remove(object, id);
            Ok(Reply::done("Vlan deleted"))
        }
    }
}

/// Checks a VLAN that is created (`old` is `None`) or changed.
fn check_vlan(call: &Call<'_>, store: &Store, fields: &Fields, old: Option<u64>) -> Handled<()> {
    let creating = old.is_none();
    if (creating || call.profile.vlan_needs_name) && field(fields, "name").is_none_or(str::is_empty) {
        return Err(fail(400, "Vlan name is required"));
    }
    let number = field(fields, "number");
    if creating && number.is_none() {
        return Err(fail(400, "Vlan number must be number"));
    }
    if let Some(text) = number {
        match text.parse::<f64>() {
            // 400 below 0, but 500 above the maximum (409 in 1.3.2).
            Ok(n) if n < 0.0 => return Err(fail(400, "Vlan number cannot be negative")),
            Ok(n) if n <= f64::from(i32::try_from(store.vlan_maximum).unwrap_or(4096)) => {}
            _ => return Err(fail(500, format!("Highest possible VLAN number is {}!", store.vlan_maximum))),
        }
    }
    let domain = field(fields, "domainId");
    if let Some(domain) = domain.filter(|d| !d.is_empty())
        && Id::of(Some(domain)).row(store, Object::L2Domain).is_none()
    {
        return Err(fail(400, "Invalid domain id"));
    }
    // A number is unique in its domain, unless a setting of the server allows duplicates.
    if store.vlan_duplicates || number.is_none() {
        return Ok(());
    }
    let kept = old.and_then(|id| store.cell(Object::Vlan, id, "domainId").reference());
    let domain = domain.and_then(|d| d.parse().ok()).or(kept).unwrap_or(1);
    let same =
        |id: &u64| Some(*id) != old && number == Some(store.cell(Object::Vlan, *id, "number").as_text().as_str());
    if store.table(Object::Vlan).referring("domainId", domain).iter().any(same) {
        return Err(fail(409, "Vlan already exists"));
    }
    Ok(())
}

/// Clears the references of subnets to a VLAN or VRF that is deleted.
fn forget(store: &mut Store, column: &str, id: u64) {
    for subnet in store.table(Object::Subnet).referring(column, id) {
        store.set(Object::Subnet, subnet, column, Cell::Null);
    }
}

/// Carries out a call of `vrfs` or `vrf`.
pub(super) fn vrfs(call: &Call<'_>, store: &mut Store, plural: bool) -> Handled<Reply> {
    let object = Object::Vrf;
    let kind = kind(object, plural);
    let found = Id::of(call.params.id()).row(store, object);
    // Q46: 400 for every method, where VLANs and domains have 404.
    let missing = || fail(400, "Invalid VRF id");
    match call.method {
        Method::Get | Method::Options => match (call.params.id(), call.params.id2()) {
            (None | Some("all"), _) => {
                let ids = store.table(object).ids();
                call.list_or(kind, rows(call, store, object, ids), "No vrfs configured")
            }
            (Some("custom_fields"), _) => call.custom_fields(store, object),
            (Some(_), Some("subnets")) => {
                let id = found.ok_or_else(missing)?;
                let list = subnets_of(call, store, "vrfId", id, None);
                call.list_or(Kind::Subnet, list, "No subnets belonging to this vrf")
            }
            (Some(_), Some(_)) => Err(fail(400, "Invalid identifier")),
            (Some(text), None) if Id::of(Some(text)) == Id::Text => Err(fail(400, "Vrf Id must be numeric")),
            (Some(_), None) => Ok(Reply::one(kind, store.table(object).json(found.ok_or_else(missing)?, call.strings))),
        },
        Method::Post => {
            let fields = call.fields(store, object, &["id", "vrfId"])?;
            if field(&fields, "name").is_none_or(str::is_empty) {
                return Err(fail(400, "VRF name is required"));
            }
            check_vrf(store, &fields, None)?;
            let id = store.insert(object, &fields)?;
            Ok(Reply::created("VRF created", id, call.location("vrfs", id)))
        }
        Method::Patch => {
            let id = found.ok_or_else(missing)?;
            let mut fields = call.fields(store, object, &["id", "vrfId"])?;
            check_vrf(store, &fields, Some(id))?;
            put(&mut fields, "editDate", call.now.clone());
            store.update(object, id, &fields)?;
            Ok(Reply::done("VRF updated"))
        }
        Method::Delete => {
            let id = found.ok_or_else(missing)?;
            forget(store, "vrfId", id);
            store.remove(object, id);
            Ok(Reply::done("VRF deleted"))
        }
    }
}

/// Refuses a name that another VRF has.
fn check_vrf(store: &Store, fields: &Fields, old: Option<u64>) -> Handled<()> {
    let Some(name) = field(fields, "name") else { return Ok(()) };
    let taken = |id: u64| Some(id) != old && store.cell(Object::Vrf, id, "name").as_text() == name;
    if store.table(Object::Vrf).ids().any(taken) {
        return Err(fail(409, "VRF with that name already exists"));
    }
    Ok(())
}

/// Carries out a call of `l2domains`.
pub(super) fn domains(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    let object = Object::L2Domain;
    let found = Id::of(call.params.id()).row(store, object);
    let missing = || fail(404, "Invalid domain id");
    match call.method {
        Method::Get | Method::Options => match (call.params.id(), call.params.id2()) {
            (None | Some("all"), _) => {
                let ids = store.table(object).ids();
                call.list_or(Kind::Domain, rows(call, store, object, ids), "No domains configured")
            }
            (Some("custom_fields"), _) => call.custom_fields(store, object),
            (Some(text), _) if Id::of(Some(text)) == Id::Text => Err(fail(400, "Domain id must be numeric")),
            (Some(_), Some("vlans")) => {
                let id = found.ok_or_else(missing)?;
                let ids = store.table(Object::Vlan).referring("domainId", id);
                let list = rows(call, store, Object::Vlan, ids);
                call.list_or(Kind::Rows(Object::Vlan), list, "No vlans belonging to this domain")
            }
            (Some(_), _) => {
                let id = found.ok_or_else(missing)?;
                Ok(Reply::one(Kind::Domain, store.table(object).json(id, call.strings)))
            }
        },
        Method::Post => {
            // Reads show `sections`, writes need `permissions`: the renaming works in one direction only.
            let fields = call.fields(store, object, &["id", "sections"])?;
            check_domain(&fields, true)?;
            let id = store.insert(object, &fields)?;
            Ok(Reply::created("L2 domain created", id, call.location("l2domains", id)))
        }
        Method::Patch => {
            let id = found.ok_or_else(missing)?;
            let fields = call.fields(store, object, &["id", "sections"])?;
            check_domain(&fields, false)?;
            store.update(object, id, &fields)?;
            Ok(Reply::done("L2 domain updated"))
        }
        Method::Delete => {
            let id = found.ok_or_else(missing)?;
            if id == 1 && call.profile.keeps_default_domain {
                return Err(fail(409, "Default domain cannot be deleted"));
            }
            // The VLANs move to the default domain, also if they then have duplicate numbers.
            for vlan in store.table(Object::Vlan).referring("domainId", id) {
                store.set(Object::Vlan, vlan, "domainId", Cell::Int(1));
            }
            store.remove(object, id);
            Ok(Reply::done("L2 domain deleted and vlans migrated to default domain"))
        }
    }
}

/// Refuses a domain without a name.
fn check_domain(fields: &Fields, creating: bool) -> Handled<()> {
    let named = field(fields, "name").is_some_and(|name| !name.is_empty());
    let given = fields.iter().any(|(name, _)| name == "name");
    if named || (!creating && !given) { Ok(()) } else { Err(fail(400, "Domain name is mandatory")) }
}
