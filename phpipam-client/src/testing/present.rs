//! Presentation of rows as `data`: filter, renaming, nesting of custom fields, links, in this order.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use regex::Regex;
use serde_json::{Map, Value, json};

use super::context::{Call, Method};
use super::ip_number;
use super::params::as_text;
use super::refusal::{Handled, Refusal, fail};
use super::reply::{Data, Kind, SearchPart};
use super::schema::Object;
use super::store::Store;

type Row = Map<String, Value>;

/// Returns the value of `data`.
pub(super) fn data(call: &Call<'_>, store: &Store, data: Data) -> Handled<Value> {
    match data {
        Data::Plain(value) => Ok(value),
        Data::One(kind, row) => {
            let (mut rows, filtered) = finished(call, store, kind, vec![row], Place::Alone)?;
            // The real filter works on lists; a single object becomes a list of one, and stays one.
            Ok(if filtered { list(rows) } else { rows.pop().map_or(Value::Null, Value::Object) })
        }
        Data::List(kind, rows) => Ok(list(finished(call, store, kind, rows, Place::InList)?.0)),
        Data::Parts(parts, name, value) => {
            let mut all = Row::new();
            for SearchPart { part, kind, rows, nothing } in parts {
                // Each list has an envelope of its own, in which a sentence stands for an empty list.
                let found = if rows.is_empty() {
                    json!({"code": 404, "data": nothing})
                } else {
                    json!({"code": 200, "data": list(finished(call, store, kind, rows, Place::InPart)?.0)})
                };
                all.insert(part.to_owned(), found);
            }
            all.insert(name.to_owned(), value);
            Ok(Value::Object(all))
        }
    }
}

fn list(rows: Vec<Row>) -> Value {
    Value::Array(rows.into_iter().map(Value::Object).collect())
}

/// Place of a row in `data`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Alone,
    InList,
    /// In one of several lists (`search`), where custom fields are never nested.
    InPart,
}

/// Returns the rows that pass the filter, finished, and true if there was a filter.
fn finished(call: &Call<'_>, store: &Store, kind: Kind, rows: Vec<Row>, place: Place) -> Handled<(Vec<Row>, bool)> {
    // Writes take their fields from the same parameters, so `filter_by` means a filter on GET only.
    let filter = if call.method == Method::Get && call.profile.filters { Filter::of(call, &rows)? } else { None };
    let filtered = filter.is_some();
    let read = rows.len();
    let mut rows = match filter {
        Some(filter) => filter.apply(rows)?,
        None => rows,
    };
    // Q76: all rows are read before they are filtered, and the text of those that are left takes memory too.
    if call.profile.memory_rows.is_some_and(|most| read + 2 * rows.len() > most.saturating_mul(3)) {
        return Err(Refusal::Fatal);
    }
    for row in &mut rows {
        finish(kind, row, filtered);
        if call.app.nested && place != Place::InPart {
            nest(store, kind, row, place == Place::Alone);
        }
        if links_wanted(call) {
            link(call, kind, row, place == Place::Alone);
        }
    }
    Ok((rows, filtered))
}

struct Filter {
    field: String,
    test: Box<dyn Fn(&str) -> bool>,
}

impl Filter {
    fn of(call: &Call<'_>, rows: &[Row]) -> Handled<Option<Self>> {
        let Some(field) = call.params.text("filter_by") else { return Ok(None) };
        let Some(value) = call.params.text("filter_value") else { return Err(fail(400, "Missing filter_value")) };
        if value.is_empty() {
            return Err(fail(400, "Empty filter_value"));
        }
        if !rows.iter().any(|row| row.contains_key(&field)) {
            return Err(fail(400, "Invalid filter_by"));
        }
        let test: Box<dyn Fn(&str) -> bool> = match call.params.text("filter_match").as_deref() {
            // Q69: compared with the stored value, loosely.
            None | Some("full") => Box::new(move |cell| loosely_equal(cell, &value)),
            Some("partial") => Box::new(move |cell| cell.contains(&value)),
            Some("regex") => {
                let regex = delimited(&value).ok_or_else(|| fail(400, "Invalid regular expression (err=1)"))?;
                Box::new(move |cell| regex.is_match(cell))
            }
            Some(_) => return Err(fail(400, "Invalid filter_match")),
        };
        Ok(Some(Self { field, test }))
    }

    fn apply(self, rows: Vec<Row>) -> Handled<Vec<Row>> {
        let keep = |row: &Row| match row.get(&self.field) {
            Some(value) => (self.test)(&as_text(value).unwrap_or_default()),
            None => false,
        };
        let rows: Vec<Row> = rows.into_iter().filter(keep).collect();
        // 404 in 1.4.7 as well, where other empty lists are 200.
        if rows.is_empty() { Err(fail(404, "No results (filter applied)")) } else { Ok(rows) }
    }
}

/// Compares two texts as PHP's `==` does: numbers as numbers, so that `1` equals `01` and `1.0`.
fn loosely_equal(a: &str, b: &str) -> bool {
    match (a.trim().parse::<f64>(), b.trim().parse::<f64>()) {
        // Decimal IPv6 addresses are beyond what a float tells apart. PHP compares two such texts character by
        // character.
        (Ok(x), Ok(y)) if x.abs() < 9e15 => (x - y).abs() == 0.0,
        _ => a == b,
    }
}

/// Reads a pattern with delimiters and flags, such as `/pattern/i`, as PHP's `preg_match` takes it.
///
/// Of the flags it knows `i`, `m`, `s` and `x`, which Rust's expressions have, too.
fn delimited(text: &str) -> Option<Regex> {
    let delimiter = text.chars().next().filter(|c| !c.is_alphanumeric() && *c != '\\')?;
    let end = text.rfind(delimiter).filter(|end| *end > 0)?;
    let (pattern, flags) = (text.get(delimiter.len_utf8()..end)?, text.get(end + delimiter.len_utf8()..)?);
    if !flags.chars().all(|f| "imsx".contains(f)) {
        return None;
    }
    let flags = if flags.is_empty() { String::new() } else { format!("(?{flags})") };
    Regex::new(&format!("{flags}{pattern}")).ok()
}

/// Renames members, and turns numbers into addresses.
fn finish(kind: Kind, row: &mut Row, filtered: bool) {
    match kind {
        Kind::Plural(object) => rename(row, object.key(), "id"),
        Kind::Domain => rename(row, "permissions", "sections"),
        Kind::Subnet => dotted(row, "subnet"),
        Kind::SubnetAddress => {
            // While it filters, the server holds the text in `ip_addr` and the number in `ip`, against their names. A
            // filter on `ip` therefore takes the decimal form here, and a filtered row has its `ip` at the end.
            let text = row.shift_remove("ip_addr").unwrap_or_default();
            if filtered {
                row.shift_remove("ip");
            }
            row.insert("ip".to_owned(), text);
        }
        Kind::Rows(_) | Kind::Tool(..) => {}
    }
}

/// Renames a key and keeps its place: clients and recordings see the order of members.
pub(super) fn rename(row: &mut Row, from: &str, to: &str) {
    if !row.contains_key(from) {
        return;
    }
    let renamed = std::mem::take(row).into_iter();
    *row = renamed.map(|(k, v)| if k == from { (to.to_owned(), v) } else { (k, v) }).collect();
}

/// Turns a decimal address of a row into its text form.
pub(super) fn dotted(row: &mut Row, key: &str) {
    if let Some(Value::String(text)) = row.get_mut(key)
        && let Some(number) = ip_number::parse(text)
    {
        *text = ip_number::dotted(number);
    }
}

fn object_of(kind: Kind) -> Object {
    match kind {
        Kind::Rows(object) | Kind::Plural(object) | Kind::Tool(object, _) => object,
        Kind::Domain => Object::L2Domain,
        Kind::Subnet => Object::Subnet,
        Kind::SubnetAddress => Object::Address,
    }
}

/// Moves custom fields into the member `custom_fields`: all of a single object, those that are not null in a list.
///
/// Q42: the server tests with `isset`, which is false for null, and does so in lists only. A kind without custom fields
/// has `custom_fields` null (Q43).
fn nest(store: &Store, kind: Kind, row: &mut Row, single: bool) {
    let mut nested = Row::new();
    let mut defined = false;
    for column in store.table(object_of(kind)).custom() {
        defined = true;
        if row.get(&column.name).is_some_and(|v| single || !v.is_null())
            && let Some(value) = row.shift_remove(&column.name)
        {
            nested.insert(column.name.clone(), value);
        }
    }
    if !defined {
        row.insert("custom_fields".to_owned(), Value::Null);
    } else if !nested.is_empty() {
        row.insert("custom_fields".to_owned(), Value::Object(nested));
    }
}

fn links_wanted(call: &Call<'_>) -> bool {
    match call.params.text("links").as_deref() {
        Some("true") => true,
        Some("false") => false,
        _ => call.app.links,
    }
}

fn link(call: &Call<'_>, kind: Kind, row: &mut Row, single: bool) {
    const ALL: [&str; 4] = ["GET", "POST", "DELETE", "PATCH"];
    let (path, more): (&str, &[(&str, &[&str])]) = match kind {
        Kind::Rows(Object::Section) => ("sections", &[("subnets", &["GET"])]),
        Kind::Rows(Object::Address) | Kind::SubnetAddress => ("addresses", &[("ping", &["GET"])]),
        Kind::Rows(Object::Tag) => ("addresses/tags", &[("addresses", &["GET"])]),
        Kind::Rows(Object::Device) => ("devices", &[("addresses", &["GET"])]),
        Kind::Rows(Object::Vlan) | Kind::Plural(Object::Vlan) => ("vlans", &[("subnets", &["GET"])]),
        Kind::Rows(Object::Vrf) | Kind::Plural(Object::Vrf) => ("vrfs", &[("subnets", &["GET"])]),
        Kind::Domain => ("l2domains", &[("vlans", &["GET"])]),
        Kind::Subnet | Kind::Rows(Object::Subnet) => (
            "subnets",
            &[
                ("addresses", &["GET"]),
                ("addresses/{ip}", &["GET"]),
                ("usage", &["GET"]),
                ("first_free", &["GET"]),
                ("slaves", &["GET"]),
                ("slaves_recursive", &["GET"]),
                ("truncate", &["DELETE"]),
                ("permissions", &["DELETE", "PATCH"]),
                ("resize", &["PATCH"]),
                ("split", &["PATCH"]),
            ],
        ),
        // A wrong path, as on a real server: the API knows `tools/tags` only.
        Kind::Tool(Object::Tag, _) => ("tools/iptags", &[("addresses", &["GET"])]),
        Kind::Tool(_, path) => (path, &[]),
        _ => return,
    };
    // Links add an `id` to rows whose key has another name (`vlanId`, `vrfId`, `tid`).
    if !row.contains_key("id") {
        let id = row.get(object_of(kind).key()).cloned().unwrap_or_default();
        row.insert("id".to_owned(), id);
    }
    let id = row.get("id").and_then(as_text).unwrap_or_default();
    let app = call.params.app.as_deref().unwrap_or_default();
    let base = format!("/api/{app}/{path}/{id}/");
    let links = if single {
        // Only these two do not promise the methods that write, although devices have them.
        let own: &[&str] = if matches!(path, "addresses/tags" | "devices") { &["GET"] } else { &ALL };
        let mut links = vec![json!({"rel": "self", "href": base, "methods": own})];
        links.extend(
            more.iter().map(|(rel, methods)| json!({"rel": rel, "href": format!("{base}{rel}/"), "methods": methods})),
        );
        links
    } else {
        vec![json!({"rel": "self", "href": base})]
    };
    row.insert("links".to_owned(), Value::Array(links));
}

/// Returns the local time of the server in its own form, without an offset (Q07).
pub(super) fn local(time: SystemTime, offset_minutes: i32) -> String {
    // An offset that no time zone has becomes UTC: the builder takes any number and returns no error.
    let zone = Offset::from_seconds(offset_minutes.saturating_mul(60)).map_or(TimeZone::UTC, TimeZone::fixed);
    let stamp = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
