//! `subnets` and `folders`: choice of the call, and reading.

use super::super::context::{Call, Id, Method};
use super::super::ip_number::{self, Net};
use super::super::refusal::{Handled, Refusal, fail};
use super::super::reply::{Kind, Reply};
use super::super::schema::Object;
use super::super::store::Store;
use super::subnet_rows::{existing, list_row, row, single_row, tree_row};
use super::{address_rows, changes, free, resize, subnet_write, usage};

const SUBNET: Object = Object::Subnet;

/// Carries out a call of `subnets`, or of `folders`: the same code on the same table.
pub(super) fn handle(call: &Call<'_>, store: &mut Store, folders: bool) -> Handled<Reply> {
    match call.method {
        Method::Get | Method::Options => read(call, store, folders),
        Method::Post => match call.params.id2() {
            Some("first_subnet" | "last_subnet") => free::allocate_subnet(call, store),
            _ => subnet_write::create(call, store),
        },
        Method::Patch => match call.params.id2() {
            None => subnet_write::change(call, store),
            Some("resize") => resize::resize(call, store),
            Some("split") => resize::split(call, store),
            Some("permissions") => changes::set_permissions(call, store),
            Some(_) => Err(fail(400, "Invalid parameters")),
        },
        Method::Delete => changes::delete(call, store),
    }
}

fn read(call: &Call<'_>, store: &Store, folders: bool) -> Handled<Reply> {
    let none = if folders { "No folders found" } else { "No subnets found" };
    let of_kind = |id: &u64| store.is_folder(*id) == folders;
    let (id2, id3) = (call.params.id2(), call.params.id3());
    match (call.params.id(), id2) {
        (None | Some("all"), _) => {
            // Q11: an empty table is a failed read to the server, and 500. A table with rows of the other kind only is
            // 404.
            if store.table(SUBNET).is_empty() {
                return Err(fail(500, "Unable to read subnets"));
            }
            let ids = store.table(SUBNET).ids().filter(of_kind);
            return call.list_or(Kind::Subnet, ids.map(|id| list_row(call, store, id)).collect(), none);
        }
        (Some("custom_fields"), _) => return call.custom_fields(store, SUBNET),
        // Exact matches only, in all sections and VRFs.
        (Some("cidr" | "search"), _) => {
            let wanted = network(id2, id3);
            let found = store.table(SUBNET).ids().filter(|id| wanted.is_some() && store.net_of(*id) == wanted);
            return call.list_or(Kind::Subnet, found.map(|id| row(call, store, id)).collect(), none);
        }
        (Some("overlapping"), _) => {
            let wanted = network(id2, id3);
            let mut found: Vec<u64> = store
                .table(SUBNET)
                .ids()
                .filter(|id| store.net_of(*id).zip(wanted).is_some_and(|(net, wanted)| net.overlaps(wanted)))
                .collect();
            found.sort_by_key(|id| store.order_of(*id));
            found.reverse();
            return call.list_or(Kind::Subnet, found.into_iter().map(|id| row(call, store, id)).collect(), none);
        }
        (Some(text), None) => {
            let id = match Id::of(Some(text)) {
                Id::Text => return Err(fail(404, "Invalid Id")),
                // Q46: 400 here, 404 on sub-resources.
                id => id.row(store, SUBNET).ok_or_else(|| fail(400, format!("Invalid subnet Id ({text})")))?,
            };
            if store.is_folder(id) != folders {
                return Err(fail(404, none));
            }
            return Ok(Reply::one(Kind::Subnet, single_row(call, store, id)));
        }
        (Some(_), Some(_)) => {}
    }
    let id = existing(call, store)?;
    match id2.unwrap_or_default() {
        // A folder has no mask to compute with.
        "usage" if store.is_folder(id) => Err(Refusal::Fatal),
        "usage" => Ok(Reply::plain(usage::usage(call, store, id))),
        "addresses" => address_rows::of_subnet(call, store, id),
        "slaves" => {
            let ids = store.children_of(id).into_iter().filter(of_kind);
            call.list_or(Kind::Subnet, ids.map(|id| row(call, store, id)).collect(), "No slaves")
        }
        // Q36: begins with the subnet itself. Folders are left out below subnets, and subnets below folders.
        "slaves_recursive" => {
            let ids = store.tree_of(id).into_iter().filter(of_kind);
            let rows = ids.map(|child| tree_row(call, store, id, child)).collect();
            call.list_or(Kind::Subnet, rows, "No slaves")
        }
        // Q66: this GET says 409, while `addresses/first_free/{id}/` says 404 for the same subnet.
        "first_free" if store.has_children(id) => Err(fail(409, "Subnet contains subnets")),
        "first_free" => free::peek(call, store, id).map(|ip| Reply::plain(ip_number::dotted(ip))),
        "first_subnet" | "last_subnet" | "all_subnets" => free::peek_subnet(call, store, id),
        "changelog" if call.profile.changelog => call.changelog(store, SUBNET, id),
        _ => Err(fail(400, "Invalid request")),
    }
}

/// Returns the network of two path segments, or `None` if they are none or it has host bits.
fn network(address: Option<&str>, mask: Option<&str>) -> Option<Net> {
    let number = ip_number::parse(address?)?;
    Net::new(number, mask?.parse().ok()?).filter(|net| net.first == number)
}
