//! Parameters of a request: version of the API, filter, order and page.

use ipam_core::testing::http::Request;
use serde_json::{Value, json};

use super::refusal::{Refusal, invalid};
use crate::testing::faults::Fault;
use crate::testing::filter::{self, Filter};
use crate::testing::order;
use crate::testing::paging::cut;

/// Versions of the API that the server knows.
pub(super) const VERSIONS: [&str; 4] = ["2019-01-15", "2020-01-30", "2020-08-25", "2021-07-15"];

/// Form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// IaaS list that declares `$count`: without it, the total is left out.
    Counted,
    /// IaaS list that declares `$top` and `$skip` only.
    Paged,
    /// IaaS list that declares no paging and no filter. The server may honour both all the same.
    Undeclared,
    /// Projects: `$orderBy` with a capital letter, and filters with functions.
    Projects,
    /// Page of Spring, of the catalog and deployment services.
    Spring,
}

/// Parameters of a request.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Default number of rows on a page of the IaaS service; guessed.
    const IAAS: usize = 100;
    /// Default number of rows on a page of Spring.
    const SPRING: usize = 20;

    pub(super) fn read(request: &Request) -> Self {
        Self(request.parameters())
    }

    /// Returns a parameter by its name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Returns true if a flag is there. Any value switches it on.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Returns the values of a parameter that may be repeated, or joined with commas.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let values = self.0.iter().filter(|(n, _)| n == name).flat_map(|(_, value)| value.split(','));
        values.filter(|value| !value.is_empty()).collect()
    }

    /// Checks the version of the API. With `needed`, a call without one is refused.
    pub(super) fn check_version(&self, needed: bool) -> Result<(), Refusal> {
        match self.get("apiVersion") {
            None if needed => Err(invalid("The parameter apiVersion is required for this call.")),
            None => Ok(()),
            Some(version) if VERSIONS.contains(&version) => Ok(()),
            Some(version) => Err(invalid(format!("The API version {version} is not supported."))),
        }
    }

    fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| invalid(format!("The value {text} of {name} is not a number.")))
    }

    fn filter(&self, style: Style) -> Result<Option<Filter>, Refusal> {
        let Some(text) = self.get("$filter") else { return Ok(None) };
        let parsed = filter::parse(text).and_then(|filter| match style {
            Style::Projects | Style::Spring => Some(filter),
            Style::Counted | Style::Paged | Style::Undeclared => filter.of_iaas(),
        });
        parsed.map(Some).ok_or_else(|| invalid(format!("The filter {text} cannot be parsed.")))
    }

    /// Returns the requested page of the rows.
    pub(super) fn page(&self, mut rows: Vec<Value>, style: Style, at: ListContext<'_>) -> Result<Value, Refusal> {
        let unpaged = style == Style::Undeclared && at.ignores_undeclared;
        if !unpaged && let Some(filter) = self.filter(style)? {
            // Filtered before the page is cut, so that the counts are those of the rows that match.
            rows.retain(|row| filter.holds(row));
        }
        // Each list has its own letter case; the other one is ignored, as an unknown parameter is.
        let order = if style == Style::Projects { "$orderBy" } else { "$orderby" };
        if let Some(order) = self.get(order).filter(|_| !unpaged) {
            order::sort(&mut rows, order);
        }
        let limit = match style {
            Style::Spring => self.number("$top")?.or(self.number("size")?).unwrap_or(Self::SPRING),
            _ if unpaged => usize::MAX,
            _ => self.number("$top")?.unwrap_or(Self::IAAS),
        };
        let limit = limit.clamp(1, at.largest.max(1));
        let skip = match style {
            _ if unpaged || at.fault == Some(&Fault::IgnorePage) => 0,
            Style::Spring => {
                let pages = self.number("page")?.map(|page| page.saturating_mul(limit));
                self.number("$skip")?.or(pages).unwrap_or(0)
            }
            _ => self.number("$skip")?.unwrap_or(0),
        };
        let (content, counted) = cut(&rows, skip, limit, at.fault);
        let counts = !matches!(at.fault, Some(Fault::NoMetadata | Fault::BarePage));
        Ok(if style == Style::Spring {
            spring(content, counted, skip, limit, counts)
        } else {
            // Only documented lists leave the total out; a client has to read both.
            let total = counts && (!matches!(style, Style::Counted | Style::Projects) || self.flag("$count"));
            iaas(content, total.then_some(counted), at.fault != Some(&Fault::BarePage))
        })
    }
}

/// Circumstances of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListContext<'a> {
    pub(super) fault: Option<&'a Fault>,
    /// True if lists that declare no paging return all rows.
    pub(super) ignores_undeclared: bool,
    /// Largest number of rows of a page.
    pub(super) largest: usize,
}

fn iaas(content: Vec<Value>, total: Option<usize>, counted: bool) -> Value {
    let mut body = json!({"content": content});
    if let Some(total) = total {
        body["totalElements"] = total.into();
    }
    if counted {
        body["numberOfElements"] = content.len().into();
    }
    body
}

fn spring(content: Vec<Value>, counted: usize, skip: usize, limit: usize, counts: bool) -> Value {
    let (number, rows) = (skip / limit, content.len());
    let sort = json!({"sorted": false, "unsorted": true, "empty": true});
    if !counts {
        return json!({"content": content});
    }
    let last = skip.saturating_add(rows) >= counted;
    json!({
        "content": content,
        "pageable": {
            "offset": skip, "sort": sort, "pageNumber": number, "pageSize": limit, "unpaged": false, "paged": true,
        },
        "totalElements": counted, "last": last, "totalPages": counted.div_ceil(limit), "first": skip == 0,
        "sort": sort, "size": limit, "number": number, "numberOfElements": rows, "empty": rows == 0,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    fn ask(query: &str, style: Style, ignores_undeclared: bool) -> Result<Value, Refusal> {
        let rows = (1..=5).map(|n| json!({"id": format!("r{n}"), "name": format!("N{}", 9 - n)})).collect();
        let at = ListContext { fault: None, ignores_undeclared, largest: 1000 };
        Query::read(&Request::new("GET", &format!("/rows?{query}"))).page(rows, style, at)
    }

    fn ids(page: &Value) -> Vec<&str> {
        page["content"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
    }

    #[test]
    fn the_total_is_there_only_where_it_is_asked_for() {
        let page = ask("$top=2&$skip=1", Style::Counted, false).unwrap();
        assert_eq!((ids(&page), page.get("totalElements")), (vec!["r2", "r3"], None));
        let page = ask("$top=2&$count", Style::Counted, false).unwrap();
        assert_eq!((&page["totalElements"], &page["numberOfElements"]), (&json!(5), &json!(2)));
        let page = ask("$top=2", Style::Paged, false).unwrap();
        assert_eq!(page["totalElements"], 5);
    }

    #[test]
    fn each_list_has_its_own_order_filter_and_page() {
        assert_eq!(ids(&ask("$orderby=name&$top=1", Style::Counted, false).unwrap()), ["r5"]);
        assert_eq!(ids(&ask("$orderby=name&$top=1", Style::Projects, false).unwrap()), ["r1"]);
        assert_eq!(ids(&ask("$orderBy=name&$top=1", Style::Projects, false).unwrap()), ["r5"]);
        assert_eq!(ids(&ask("$filter=name eq 'N4*'", Style::Undeclared, false).unwrap()), ["r5"]);
        assert_eq!(ids(&ask("$filter=name eq 'N4*'&$top=2&$skip=2", Style::Undeclared, true).unwrap()).len(), 5);
        assert_eq!(ids(&ask("$filter=startswith(name,'N4')", Style::Projects, false).unwrap()), ["r5"]);
        assert!(ask("$filter=startswith(name,'N4')", Style::Counted, false).is_err());
        assert!(ask("$top=x", Style::Counted, false).is_err());
        let page = ask("page=1&size=2", Style::Spring, false).unwrap();
        assert_eq!((ids(&page), &page["number"], &page["last"]), (vec!["r3", "r4"], &json!(1), &json!(false)));
        let page = ask("$top=2&$skip=4", Style::Spring, false).unwrap();
        assert_eq!((ids(&page), &page["totalPages"], &page["last"]), (vec!["r5"], &json!(3), &json!(true)));
    }

    #[test]
    fn versions_are_checked() {
        let check =
            |query: &str, needed| Query::read(&Request::new("GET", &format!("/x?{query}"))).check_version(needed);
        assert!(check("apiVersion=2021-07-15", true).is_ok() && check("", false).is_ok());
        for wrong in ["apiVersion=2021-7-15", "apiVersion=2030-01-01", "apiVersion=", "apiversion=2021-07-15"] {
            assert!(check(wrong, true).is_err(), "{wrong}");
        }
    }
}
