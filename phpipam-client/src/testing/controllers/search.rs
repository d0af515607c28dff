//! `search/{text}/`: one text in all columns of several tables, compared as the database does.
//!
//! The server also reads every text as a range of addresses. A text that is no address becomes the address 0, which is
//! the network of all folders: every such text finds all folders.

use std::net::{Ipv4Addr, Ipv6Addr};

use regex::Regex;
use serde_json::{Map, Value};

use super::super::context::Call;
use super::super::ip_number::{self, Net};
use super::super::refusal::{Handled, fail};
use super::super::reply::{Kind, Reply, SearchPart};
use super::super::schema::Object;
use super::super::store::Store;
use super::super::table::{Cell, Table};
use super::{address_rows, subnet_rows};

/// Parts of a search: name in query and response, true if searched by default, and the sentence for an empty result.
const PARTS: [(&str, bool, &str); 4] = [
    ("subnets", true, "No subnets found"),
    ("addresses", true, "No addresses found"),
    ("vlan", false, "No vlan found"),
    ("vrf", false, "No vrf found"),
];

/// Carries out a call of `search`.
pub(super) fn handle(call: &Call<'_>, store: &Store) -> Handled<Reply> {
    // 501 with `success` true: the controller returns the failure as if it were a result.
    if call.method.writes() {
        return Ok(Reply { status: 501, message: Some("Method not implemented"), ..Reply::default() });
    }
    let term = call.params.id().ok_or_else(|| fail(400, "Please provide search string"))?;
    let (like, span) = (Like::containing(term)?, Span::of(term));
    let mut found = Vec::new();
    let mut wanted = Map::new();
    for (part, default, nothing) in PARTS {
        // The server reads a number, so `01` and `1.0` count as 1. Any other text leaves the default.
        let given = call.params.text(part).filter(|text| text.parse::<f64>().is_ok_and(|n| n == 0.0 || n == 1.0));
        let on = given.as_deref().map_or(default, |text| text.parse::<f64>().is_ok_and(|n| n == 1.0));
        wanted.insert(part.to_owned(), given.unwrap_or_else(|| u8::from(default).to_string()).into());
        if on {
            let (kind, rows) = rows(call, store, part, term, &like, &span);
            found.push(SearchPart { part, kind, rows, nothing });
        }
    }
    Ok(Reply::found(found, "search_filter", Value::Object(wanted)))
}

fn rows(
    call: &Call<'_>,
    store: &Store,
    part: &str,
    term: &str,
    like: &Like,
    span: &Span,
) -> (Kind, Vec<Map<String, Value>>) {
    let plain = |object: Object, columns: &[&str]| {
        let table = store.table(object);
        let columns = places(table, columns);
        let ids = table.ids().filter(|id| like.any(table, *id, &columns));
        // As under the plural names: the key is `id`.
        (Kind::Plural(object), ids.map(|id| table.json(id, call.strings)).collect())
    };
    match part {
        "subnets" => {
            let ids = find_subnets(store, like, span);
            (Kind::Rows(Object::Subnet), ids.into_iter().map(|id| subnet_rows::row(call, store, id)).collect())
        }
        "addresses" => {
            let ids = find_addresses(store, term, like, span);
            (
                Kind::Rows(Object::Address),
                ids.into_iter().map(|id| address_rows::decimal_row(call, store, id)).collect(),
            )
        }
        "vlan" => plain(Object::Vlan, &["name", "description", "number"]),
        _ => plain(Object::Vrf, &["name", "description", "rd"]),
    }
}

/// Returns subnets by text and range, then those that overlap the network of the text, the widest first.
///
/// The first group is sorted by the network as text, because the column is one: 10 comes after 1.
fn find_subnets(store: &Store, like: &Like, span: &Span) -> Vec<u64> {
    let table = store.table(Object::Subnet);
    let within = |id: u64| span.networks.is_some_and(|(low, high)| (low..=high).contains(&store.subnet_number(id)));
    let columns = places(table, &["description"]);
    let mut ids: Vec<u64> = table.ids().filter(|id| within(*id) || like.any(table, *id, &columns)).collect();
    let order = |id: &u64| {
        let mask = table.cell(*id, "mask");
        (table.cell(*id, "subnet").as_text(), *mask != Cell::Null, mask.as_text())
    };
    ids.sort_by_cached_key(order);
    if let Some(inner) = span.inside {
        let overlaps = |id: &u64| store.net_of(*id).is_some_and(|net| net.overlaps(inner));
        let mut around: Vec<u64> = table.ids().filter(|id| !ids.contains(id)).filter(overlaps).collect();
        around.sort_by_key(|id| {
            let (first, mask) = store.order_of(*id);
            (mask, std::cmp::Reverse(first))
        });
        ids.extend(around);
    }
    ids
}

/// Returns addresses in the order of their decimal number as text, as the column is one.
fn find_addresses(store: &Store, term: &str, like: &Like, span: &Span) -> Vec<u64> {
    const COLUMNS: [&str; 7] = ["hostname", "owner", "switch", "port", "description", "note", "mac"];
    let table = store.table(Object::Address);
    let tags = store.table(Object::Tag);
    // A term that is the name of a tag finds the addresses with that tag.
    let tag = tags.ids().find(|id| tags.cell(*id, "type").as_text().to_lowercase() == term.to_lowercase());
    let columns = places(table, &COLUMNS);
    let hit = |id: &u64| {
        like.any(table, *id, &columns)
            || span.addresses.is_some_and(|(low, high)| (low..=high).contains(&store.ip_of(*id)))
            || tag.is_some_and(|tag| table.cell(*id, "state").reference() == Some(tag))
    };
    let mut ids: Vec<u64> = table.ids().filter(hit).collect();
    ids.sort_by_cached_key(|id| table.cell(*id, "ip_addr").as_text());
    ids
}

/// Returns the places of columns and of all custom fields.
fn places(table: &Table, columns: &[&str]) -> Vec<usize> {
    let custom = table.custom().map(|column| column.name.as_str());
    columns.iter().copied().chain(custom).filter_map(|name| table.index(name)).collect()
}

/// `LIKE '%term%'` of SQL: `%` stands for any text, `_` for any character; upper and lower case are equal.
///
/// The server does not escape the wildcards of a term.
struct Like(Regex);

impl Like {
    /// Returns the comparison for a term. One that is too long for it is 500; the database has a limit as well.
    fn containing(term: &str) -> Handled<Self> {
        let mut pattern = "(?is)".to_owned();
        let mut chars = term.chars();
        while let Some(c) = chars.next() {
            match c {
                '%' => pattern.push_str(".*"),
                '_' => pattern.push('.'),
                '\\' => pattern.push_str(&regex::escape(&chars.next().unwrap_or(c).to_string())),
                c => pattern.push_str(&regex::escape(&c.to_string())),
            }
        }
        Regex::new(&pattern).map(Self).map_err(|error| fail(500, error.to_string()))
    }

    /// Returns true if one of these columns contains the text.
    fn any(&self, table: &Table, id: u64, columns: &[usize]) -> bool {
        columns.iter().any(|index| match table.cell_at(id, *index) {
            Cell::Null => false,
            Cell::Text(text) => self.0.is_match(text),
            number => self.0.is_match(&number.as_text()),
        })
    }
}

/// Range of addresses that a text stands for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Span {
    /// Addresses that match.
    addresses: Option<(u128, u128)>,
    /// Network addresses of the subnets that match.
    networks: Option<(u128, u128)>,
    /// Network that matching subnets overlap.
    inside: Option<Net>,
}

impl Span {
    fn of(term: &str) -> Self {
        match family(term) {
            Family::V4 => Self::v4(&term.replace('%', "")),
            Family::V6 => Self::v6(term),
        }
    }

    fn single(address: u128) -> Self {
        let mask = if ip_number::is_v4(address) { 32 } else { 128 };
        Self { inside: Net::new(address, mask), ..Self::between(address, address) }
    }

    fn between(low: u128, high: u128) -> Self {
        Self { addresses: Some((low, high)), networks: Some((low, high)), inside: None }
    }

    fn network(net: Option<Net>, address: u128) -> Self {
        let Some(net) = net else { return Self::default() };
        // With host bits it is no subnet to the server, which then looks for nothing around it.
        Self { inside: Some(net).filter(|net| net.first == address), ..Self::between(net.first, net.last()) }
    }

    fn v4(text: &str) -> Self {
        if let Some((address, mask)) = text.split_once('/') {
            let address = address.parse::<Ipv4Addr>().map_or(0, |ip| u128::from(u32::from(ip)));
            return Self::network(mask.parse().ok().and_then(|mask| Net::new(address, mask)), address);
        }
        let pieces: Vec<&str> = text.split('.').filter(|piece| !piece.is_empty()).collect();
        if pieces.is_empty() {
            // No text is the address 0 to one query, and the network 1 to the other.
            return Self { addresses: Some((0, 0)), networks: Some((1, 1)), inside: None };
        }
        let filled = |with: &str| {
            let filler = std::iter::repeat_n(with, 4_usize.saturating_sub(pieces.len()));
            let text: Vec<&str> = pieces.iter().copied().chain(filler).collect();
            text.join(".").parse::<Ipv4Addr>().map_or(0, |ip| u128::from(u32::from(ip)))
        };
        // The server completes a beginning of an address: `10.0.1` is 10.0.1.0 to 10.0.1.255.
        let (low, high) = (filled("0"), filled("255"));
        match pieces.len() {
            // A host name of many labels is compared as it is, and equals nothing.
            5.. => Self::default(),
            _ if low == high => Self::single(low),
            _ => Self::between(low, high),
        }
    }

    fn v6(text: &str) -> Self {
        let (address, mask) = text.split_once('/').map_or((text, None), |(ip, mask)| (ip, Some(mask)));
        let Ok(ip) = address.parse::<Ipv6Addr>() else { return Self::single(0) };
        let address = u128::from(ip);
        match mask {
            None => Self::single(address),
            Some(mask) => Self::network(mask.parse().ok().and_then(|mask| Net::new(address, mask)), address),
        }
    }
}

enum Family {
    V4,
    V6,
}

/// Returns the family that the server assumes for a text, before it checks that the text is an address.
///
/// A colon means IPv6, a dot IPv4. A number is IPv4 up to 2^32 − 1; any other text is by its length.
fn family(text: &str) -> Family {
    if text.contains(':') {
        return Family::V6;
    }
    let small = match text.parse::<f64>() {
        _ if text.contains('.') => true,
        Ok(value) => value <= f64::from(u32::MAX),
        Err(_) => text.len() < 12,
    };
    if small { Family::V4 } else { Family::V6 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn number(text: &str) -> u128 {
        ip_number::parse(text).unwrap()
    }

    #[test]
    fn any_text_is_a_range() {
        let single = |text: &str| Span::single(number(text));
        assert_eq!(Span::of("10.0.0.7"), single("10.0.0.7"));
        assert_eq!(Span::of("10.0.1"), Span::between(number("10.0.1.0"), number("10.0.1.255")));
        assert_eq!(Span::of("10"), Span::between(number("10.0.0.0"), number("10.255.255.255")));
        assert_eq!(Span::of("2001:db8::1"), single("2001:db8::1"));
        assert_eq!(Span::of("10.0.0.0/24").inside, Net::new(number("10.0.0.0"), 24));
        assert_eq!(Span::of("10.0.0.1/24").inside, None);
        assert_eq!(Span::of("10.0.0.1/24").addresses, Some((number("10.0.0.0"), number("10.0.0.255"))));
        for zero in ["web", "web.example.test", "00:11:22:aa:bb:cc", "a-long-name-without-dots", "99999999999"] {
            assert_eq!(Span::of(zero), Span::single(0), "{zero}");
        }
        assert_eq!(Span::of("a.web.example.test.org"), Span::default());
        assert_eq!(Span::of("%").networks, Some((1, 1)));
    }

    #[test]
    fn like_knows_wildcards_and_no_capitals() {
        let hits = |term: &str, text: &str| Like::containing(term).unwrap().0.is_match(text);
        assert!(hits("ERVER", "server1") && hits("s_rver", "server1") && hits("s%1", "server1") && hits("%", ""));
        assert!(!hits("s.rver", "server1") && !hits(r"s\_rver", "server1"));
        assert!(hits(r"\_", "a_b") && hits("a(b", "xA(By"));
    }
}
