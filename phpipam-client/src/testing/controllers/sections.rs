//! `sections`: reading, creating, changing and deleting.

use super::super::context::{Call, Id, Method, added, changed, field, put};
use super::super::present::dotted;
use super::super::refusal::{Handled, Refusal, fail};
use super::super::reply::{Kind, Reply};
use super::super::schema::Object;
use super::super::store::Store;
use super::address_rows::raw_row;
use super::subnet_rows::{self, row};
use super::usage::usage;

const SECTION: Object = Object::Section;

/// Carries out a call of `sections`.
pub(super) fn handle(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    match call.method {
        Method::Post => create(call, store),
        Method::Patch => change(call, store),
        Method::Delete => delete(call, store),
        Method::Get | Method::Options => read(call, store),
    }
}

fn read(call: &Call<'_>, store: &Store) -> Handled<Reply> {
    let table = store.table(SECTION);
    let Some(id) = call.params.id() else {
        if table.is_empty() {
            // Q12: the only empty list that is a success, without `data`.
            return Ok(Reply::done("No sections available"));
        }
        let mut ids: Vec<u64> = table.ids().collect();
        ids.sort_by_key(|id| (table.cell(*id, "order").reference(), *id));
        let rows = ids.iter().map(|id| table.json(*id, call.strings)).collect();
        return Ok(Reply::list(Kind::Rows(SECTION), rows));
    };
    // No version has custom fields of sections; the path is known all the same (Q43).
    if id == "custom_fields" {
        return Err(fail(409, "Custom fields not supported"));
    }
    let parsed = Id::of(Some(id));
    if parsed == Id::Text {
        let named = table.ids().find(|row| table.cell(*row, "name").as_text() == id);
        let found = named.ok_or_else(|| fail(404, "Not Found"))?;
        // The server ignores what follows a name: `sections/{name}/subnets/` returns the section.
        return Ok(Reply::one(Kind::Rows(SECTION), table.json(found, call.strings)));
    }
    let found = parsed.row(store, SECTION);
    match call.params.id2() {
        Some("subnets") => section_subnets(call, store, found),
        Some("changelog") if call.profile.changelog => {
            let found = found.ok_or_else(|| fail(404, "Section does not exist"))?;
            call.changelog(store, SECTION, found)
        }
        _ => {
            let found = found.ok_or_else(|| fail(404, "Section does not exist"))?;
            Ok(Reply::one(Kind::Rows(SECTION), table.json(found, call.strings)))
        }
    }
}

/// Returns folders by name, then subnets by network and mask, each subnet with its usage.
///
/// `sections/{id}/subnets/addresses/` adds the addresses, with the columns of the database (Q26). A missing section has
/// an empty list: the texts do not tell the two apart.
fn section_subnets(call: &Call<'_>, store: &Store, section: Option<u64>) -> Handled<Reply> {
    let with_addresses = call.params.id3() == Some("addresses");
    let mut ids = section.map_or_else(Vec::new, |s| store.table(Object::Subnet).referring("sectionId", s));
    ids.sort_by_key(|id| {
        let folder = store.is_folder(*id);
        let name = store.cell(Object::Subnet, *id, "description").as_text().to_lowercase();
        (!folder, folder.then_some(name), store.order_of(*id))
    });
    let rows = ids
        .into_iter()
        .map(|id| {
            let mut row = row(call, store, id);
            dotted(&mut row, "subnet");
            subnet_rows::with_nameservers(call, store, id, &mut row);
            subnet_rows::with_gateway_id(call, store, id, &mut row);
            if !store.is_folder(id) {
                row.insert("usage".to_owned(), usage(call, store, id));
                if with_addresses {
                    let list: Vec<_> = store.addresses_of(id).map(|(_, a)| raw_row(call, store, a).into()).collect();
                    row.insert("addresses".to_owned(), serde_json::Value::Array(list));
                }
            }
            row
        })
        .collect();
    call.list_or(Kind::Subnet, rows, "No subnets found")
}

/// Refuses a parent section that does not exist or has a parent itself.
fn check(store: &Store, fields: &super::super::table::Fields) -> Handled<()> {
    let Some(master) = field(fields, "masterSection").filter(|m| !m.is_empty() && *m != "0") else { return Ok(()) };
    let found = Id::of(Some(master)).row(store, SECTION);
    let found = found.ok_or_else(|| fail(400, format!("Invalid masterSection id {master}")))?;
    if store.cell(SECTION, found, "masterSection").reference().is_some() {
        return Err(fail(400, "Only 1 level of nesting is permitted for sections"));
    }
    Ok(())
}

fn create(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    let fields = call.fields(store, SECTION, &["id"])?;
    if field(&fields, "name").is_none_or(|name| name.chars().count() < 3) {
        // Spelled so by the server.
        return Err(fail(400, "Name is mandatory or too short (mininum 3 characters)"));
    }
    check(store, &fields)?;
    let id = store.insert(SECTION, &fields)?;
    call.log(store, SECTION, id, "add", added(&fields, id));
    Ok(Reply::created("Section created", id, call.location("sections", id)))
}

/// Returns the section of the path, for a change or a deletion.
fn existing(call: &Call<'_>, store: &Store) -> Handled<u64> {
    if call.params.id().is_none() {
        return Err(fail(400, "Section Id required"));
    }
    let found = Id::of(call.params.id()).row(store, SECTION);
    found.ok_or_else(|| fail(404, "Section does not exist"))
}

fn change(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    let id = existing(call, store)?;
    let mut fields = call.fields(store, SECTION, &["id"])?;
    check(store, &fields)?;
    if !fields.is_empty() {
        put(&mut fields, "editDate", call.now.clone());
    }
    let diff = changed(store, SECTION, id, &fields);
    store.update(SECTION, id, &fields)?;
    call.log(store, SECTION, id, "edit", diff);
    // Q12: neither message nor data.
    Ok(Reply { status: 200, ..Reply::default() })
}

/// Deletes a section, its subsections, and all their subnets and addresses.
///
/// A real server prints an alert box before the envelope for each subnet that it takes out of a NAT rule (Q75). This is
/// not simulated, as there are no NAT rules.
fn delete(call: &Call<'_>, store: &mut Store) -> Handled<Reply> {
    let id = existing(call, store)?;
    // PHP 8 refuses to count the subnets of a section that has none, and nothing catches its TypeError.
    if call.profile.keeps_empty_section && store.table(Object::Subnet).referring("sectionId", id).is_empty() {
        return Err(Refusal::Fatal);
    }
    // Sections nest one level deep, so there are no subsections of subsections.
    let mut gone = store.table(SECTION).referring("masterSection", id);
    gone.push(id);
    for section in gone {
        for subnet in store.table(Object::Subnet).referring("sectionId", section) {
            store.remove_subnet(subnet);
        }
        store.remove(SECTION, section);
    }
    Ok(Reply { status: 200, ..Reply::default() })
}
