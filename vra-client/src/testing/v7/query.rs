//! Lists: filter, order and page of the rows.

use ipam_core::testing::http::Request;
use serde_json::{Map, Value, json};

use super::refusal::{Refusal, invalid};
use crate::testing::faults::Fault;
use crate::testing::filter::{self, Filter};
use crate::testing::order;
use crate::testing::paging::cut;

/// Parameters of a list request.
#[derive(Debug)]
pub(super) struct Query {
    parameters: Vec<(String, String)>,
    page: usize,
    limit: usize,
}

impl Query {
    /// Default number of rows on a page, as on a real server.
    const LIMIT: usize = 20;
    /// Documented upper bound of the rows on a page.
    const MOST: usize = 5000;

    /// Reads the parameters of a request.
    pub(super) fn read(request: &Request) -> Result<Self, Refusal> {
        let mut query = Self { parameters: request.parameters(), page: 1, limit: Self::LIMIT };
        let number = |name: &str| -> Result<Option<usize>, Refusal> {
            let Some(text) = query.get(name) else { return Ok(None) };
            // Published clients send limits up to 2147483647 to get everything at once. The server cuts the page at its own
            // bound without an error, so a client has to compare the rows with the count.
            text.parse().map(Some).map_err(|_| invalid(format!("The value {text} of {name} is not a number.")))
        };
        let (page, limit, top, skip) = (number("page")?, number("limit")?, number("$top")?, number("$skip")?);
        // If both forms are given, `$top` and `$skip` win, as the manual says.
        if let Some(limit) = top.or(limit) {
            query.limit = limit.clamp(1, Self::MOST);
        }
        query.page = match skip {
            // The envelope counts in pages, so a skip inside a page is rounded down to its start.
            Some(skip) => skip / query.limit + 1,
            None => page.unwrap_or(1).max(1),
        };
        Ok(query)
    }

    /// Limits the page to this number of rows, whatever was requested.
    pub(super) fn cap(&mut self, most: usize) {
        self.limit = self.limit.min(most);
    }

    /// Returns a parameter by its name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Returns true if a parameter is `true`, in any letter case.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Returns the filter, or error 10101 if it cannot be parsed.
    pub(super) fn filter(&self) -> Result<Option<Filter>, Refusal> {
        let parse = |text| filter::parse(text).ok_or_else(|| invalid(format!("The filter {text} cannot be parsed.")));
        self.get("$filter").map(parse).transpose()
    }

    /// Returns the requested page of the rows, filtered and sorted.
    pub(super) fn page(&self, rows: Vec<Value>, at: &ListContext<'_>) -> Result<Value, Refusal> {
        let mut rows = rows;
        if let Some(filter) = self.filter()? {
            // Filtered before the page is cut, so that the counts are those of the rows that match.
            rows.retain(|row| filter.holds(row));
        }
        // Without an order they stay in the order of the store.
        if let Some(order) = self.get("$orderby") {
            order::sort(&mut rows, order);
        }
        Ok(self.cut(&rows, at))
    }

    /// Cuts the page out of the rows, and applies the fault to it.
    fn cut(&self, rows: &[Value], at: &ListContext<'_>) -> Value {
        // A client that reads until a page is empty would never stop.
        let page = if at.fault == Some(&Fault::IgnorePage) { 1 } else { self.page };
        let offset = (page - 1).saturating_mul(self.limit);
        let (content, counted) = cut(rows, offset, self.limit, at.fault);
        let pages = counted.div_ceil(self.limit);
        let mut links = Vec::new();
        // As documented, the link loses `$orderby`, and here `$filter` too: a client that follows it blindly gets other rows.
        let mut link = |rel: &str, number: usize| {
            let href = format!("{}{}?page={number}&limit={}", at.origin, at.path, self.limit);
            links.push(json!({"@type": "link", "rel": rel, "href": href}));
        };
        if page < pages {
            link("next", page + 1);
        }
        if page > 1 {
            link("previous", page - 1);
        }
        let mut body = Map::new();
        // Without links and counts, a client can tell the last page only by its length.
        if at.fault != Some(&Fault::BarePage) {
            body.insert("links".into(), links.into());
        }
        body.insert("content".into(), content.into());
        if at.metadata && !matches!(at.fault, Some(Fault::BarePage | Fault::NoMetadata)) {
            let size = if at.size_zero { 0 } else { self.limit };
            body.insert(
                "metadata".into(),
                json!({"size": size, "totalElements": counted, "totalPages": pages, "number": page, "offset": offset}),
            );
        }
        body.into()
    }
}

/// Location of a list, and its quirks.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListContext<'a> {
    pub(super) origin: &'a str,
    pub(super) path: &'a str,
    pub(super) fault: Option<&'a Fault>,
    /// True if the list has counts.
    pub(super) metadata: bool,
    /// True if `size` is always 0, as documented for reservation policies.
    pub(super) size_zero: bool,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    fn ask(query: &str, fault: Option<&Fault>) -> Value {
        let rows =
            (1..=5).map(|n| json!({"id": format!("r{n}"), "n": n, "kind": if n % 2 == 0 { "even" } else { "odd" }}));
        let request = Request::new("GET", &format!("/rows?{query}"));
        let at = ListContext { origin: "https://vra.example", path: "/rows", fault, metadata: true, size_zero: false };
        Query::read(&request).unwrap().page(rows.collect(), &at).unwrap()
    }

    fn ids(page: &Value) -> Vec<&str> {
        page["content"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
    }

    #[test]
    fn pages_count_from_one_and_the_link_loses_the_order() {
        let page = ask("page=2&limit=2&%24orderby=n%20desc", None);
        assert_eq!(ids(&page), ["r3", "r2"]);
        assert_eq!(page["metadata"], json!({"size": 2, "totalElements": 5, "totalPages": 3, "number": 2, "offset": 2}));
        assert_eq!(
            page["links"][0],
            json!({"@type": "link", "rel": "next", "href": "https://vra.example/rows?page=3&limit=2"})
        );
        assert_eq!(ids(&ask("$top=2&$skip=4&page=1&limit=5", None)), ["r5"]);
        assert_eq!(ids(&ask("limit=2147483647", None)).len(), 5);
        assert_eq!(ids(&ask("$filter=kind eq 'even'", None)), ["r2", "r4"]);
    }

    #[test]
    fn each_fault_of_paging_is_applied() {
        assert_eq!(ids(&ask("limit=2", Some(&Fault::TruncatePage))), ["r1"]);
        assert_eq!(ids(&ask("limit=2&page=2", Some(&Fault::RepeatRow))), ["r2", "r4"]);
        assert_eq!(ids(&ask("limit=2&page=2", Some(&Fault::IgnorePage))), ["r1", "r2"]);
        let counts = ask("limit=2", Some(&Fault::CountOff(2)));
        assert_eq!((&counts["metadata"]["totalElements"], &counts["metadata"]["totalPages"]), (&json!(7), &json!(4)));
        assert_eq!(
            ask("", Some(&Fault::NoMetadata)).as_object().unwrap().keys().collect::<Vec<_>>(),
            ["links", "content"]
        );
        assert_eq!(ask("", Some(&Fault::BarePage)).as_object().unwrap().keys().collect::<Vec<_>>(), ["content"]);
    }
}
