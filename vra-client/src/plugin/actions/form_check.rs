//! Check of an endpoint's form against the ranges and blocks of the IPAM.

use std::collections::BTreeSet;

use ipam_core::{IpamProvider, ListBlocks, ListRanges, PageRequest, Properties, SpaceId};

use crate::plugin::{ActionError, Settings};

/// Largest number of pages that are read. In an IPAM with more, what was not found may be on a later page.
const MAX_PAGES: usize = 20;
/// Largest number of names in a message.
const MAX_NAMES: usize = 40;

/// Properties that the form names, and what the IPAM has.
struct Search {
    of: &'static str,
    wanted: Vec<(&'static str, Vec<String>)>,
    space: Option<SpaceId>,
    names: BTreeSet<String>,
    spaces: BTreeSet<String>,
    any: bool,
}

/// Refuses a form that names a property or an address space which no range has.
///
/// An administrator sees a mistake when the form is saved, or else only by lists that stay empty. Where the IPAM has no range
/// yet, nothing is refused.
///
/// # Errors
/// An error that names the field of the form, or the property of a range with DNS servers that are no addresses; that of a
/// listing.
pub(super) async fn check<P: IpamProvider + ?Sized>(provider: &P, settings: &Settings) -> Result<(), ActionError> {
    let mut ranges = Search::new("range", settings.named_of_ranges(), settings.ranges.space.clone());
    let mut request = ListRanges::all().with_page(PageRequest::of(ipam_core::MAX_PAGE_SIZE));
    for _ in 0..MAX_PAGES {
        if ranges.is_done() {
            break;
        }
        let page = provider.list_ranges(&request).await?;
        for mut range in page.items {
            ranges.add(&range.space, &range.properties);
            // One value that is no address would fail every listing later.
            settings
                .complete(&mut range.network, &range.properties)
                .map_err(|error| ActionError::new(format!("range {} ({}): {error}", range.id, range.net)))?;
        }
        request.page.token = page.next;
        if request.page.token.is_none() {
            ranges.refuse()?;
            break;
        }
    }
    let mut blocks = Search::new("block", settings.named_of_blocks(), None);
    let mut request = ListBlocks::all().with_page(PageRequest::of(ipam_core::MAX_PAGE_SIZE));
    for _ in 0..MAX_PAGES {
        if blocks.is_done() || !provider.capabilities().blocks {
            break;
        }
        let page = provider.list_blocks(&request).await?;
        for block in page.items {
            blocks.add(&block.space, &block.properties);
        }
        request.page.token = page.next;
        if request.page.token.is_none() {
            blocks.refuse()?;
            break;
        }
    }
    Ok(())
}

impl Search {
    fn new(of: &'static str, wanted: Vec<(&'static str, Vec<String>)>, space: Option<SpaceId>) -> Self {
        Self { of, wanted, space, names: BTreeSet::new(), spaces: BTreeSet::new(), any: false }
    }

    /// Returns true if everything was found, so that no further page is needed.
    fn is_done(&self) -> bool {
        self.wanted.is_empty() && self.space.is_none()
    }

    fn add(&mut self, space: &SpaceId, properties: &Properties) {
        self.any = true;
        self.wanted.retain(|(_, names)| !names.iter().any(|name| properties.contains_key(name)));
        if self.space.as_ref() == Some(space) {
            self.space = None;
        }
        if self.names.len() <= MAX_NAMES {
            self.names.extend(properties.keys().cloned());
        }
        if self.spaces.len() <= MAX_NAMES {
            self.spaces.insert(space.to_string());
        }
    }

    fn refuse(&self) -> Result<(), ActionError> {
        if !self.any {
            return Ok(());
        }
        let of = self.of;
        let shown = |names: &BTreeSet<String>| {
            let more = if names.len() > MAX_NAMES { ", …" } else { "" };
            names.iter().take(MAX_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ") + more
        };
        // The form's own text is left out: a password may have been typed into the wrong field.
        if let Some((field, _)) = self.wanted.first() {
            let problem = format!("no {of} has a value of a property of this name; there are: {}", shown(&self.names));
            return Err(ActionError::input(&format!("endpointProperties.{field}"), &problem));
        }
        if self.space.is_some() {
            let problem = format!("no {of} is in this address space; there are: {}", shown(&self.spaces));
            return Err(ActionError::input("endpointProperties.addressSpace", &problem));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use ipam_core::{DefineBlock, DefineRange, MemoryProvider};
    use serde_json::{Value, json};

    use super::*;

    async fn checked(ipam: &MemoryProvider, form: Value) -> Result<(), String> {
        let settings = Settings::read(&serde_json::from_value(form).unwrap()).unwrap();
        check(ipam, &settings).await.map_err(|error| error.to_string())
    }

    #[test]
    fn a_property_or_a_space_that_no_range_has_is_named() {
        futures_executor::block_on(async {
            let ipam = MemoryProvider::new();
            let filter = json!({"enableFilter": "true", "filterField": "tag,wrong", "filterValue": "a,s3cret"});
            checked(&ipam, filter.clone()).await.unwrap();
            let properties = Properties::from([("site".into(), "Prague".into()), ("dns".into(), "no".into())]);
            let range = DefineRange::new("12", "10.0.0.0/24".parse().unwrap()).with_properties(properties.clone());
            ipam.define_range(&range).await.unwrap();
            let block = DefineBlock::new("30", "10.0.0.0/8".parse().unwrap()).with_properties(properties);
            ipam.define_block(&block).await.unwrap();
            for (form, field) in [
                (filter, "filterField"),
                (json!({"shownFields": "site,s3cret"}), "shownFields"),
                (json!({"domainField": "s3cret"}), "domainField"),
                (json!({"dnsDomain": "s3cret"}), "dnsDomain"),
                (json!({"addressSpace": "s3cret"}), "addressSpace"),
                (
                    json!({"enableBlockFilter": 1, "blockFilterField": "s3cret", "blockFilterValue": "1"}),
                    "blockFilterField",
                ),
            ] {
                let error = checked(&ipam, form).await.unwrap_err();
                assert!(error.starts_with(&format!("endpointProperties.{field}: no ")), "{error}");
                assert!(error.contains("there are: ") && !error.contains("s3cret"), "{error}");
            }
            for form in [
                json!({"enableFilter": "true", "filterField": "site,name", "filterValue": "Brno,x"}),
                json!({"shownFields": "*", "addressSpace": "default", "dnsDomain": "a.test"}),
                json!({"dnsDomain": "site"}),
            ] {
                checked(&ipam, form).await.unwrap();
            }
            let error = checked(&ipam, json!({"dnsServersField": "dns"})).await.unwrap_err();
            assert!(error.starts_with("range 12 (10.0.0.0/24): dns: entry 1"), "{error}");
        });
    }
}
