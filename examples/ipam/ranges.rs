//! `ipam ranges`

use futures_util::TryStreamExt;
use ipam_core::net::HostPolicy;
use ipam_core::{
    DefineRange, IpamProvider, IpamProviderExt, ListRanges, NetworkInfo, Patch, Properties, RangeFilter, RangePolicy,
    RemoveRange, Tags, UpdateRange,
};

use crate::cli::{self, RangeField, RangeFields, Ranges};
use crate::exit::Failure;
use crate::output::{Output, Rows};
use crate::patch::{added, appended};
use crate::tables;

pub(crate) async fn run(provider: &dyn IpamProvider, verb: Ranges, as_json: bool) -> Result<Output, Failure> {
    match verb {
        Ranges::List(args) => list(provider, args, as_json).await,
        Ranges::Add(args) => {
            let range = provider.define_range(&define(args)).await?;
            Output::new(tables::ranges([&range]), &range)
        }
        Ranges::Update(args) => {
            let id = args.id.clone();
            let request = update(provider, args).await?;
            let range = provider.update_range(&request).await.map_err(|error| error.with_context("range", id))?;
            Output::new(tables::ranges([&range]), &range)
        }
        Ranges::Remove { id, with_allocations } => {
            let request = RemoveRange::new(id.clone()).with_allocations(with_allocations);
            let removed = provider.remove_range(&request).await?;
            let text = match &removed.range {
                None => format!("there was no range {id}"),
                Some(range) => format!("removed {id} {} and {} allocations", range.net, removed.freed.len()),
            };
            Output::new(text, &removed)
        }
    }
}

async fn list(provider: &dyn IpamProvider, args: cli::ListRanges, as_json: bool) -> Result<Output, Failure> {
    let mut filter = RangeFilter::default();
    filter.ids = args.ids.into_iter().map(Into::into).collect();
    filter.space = args.space.map(Into::into);
    filter.block = args.block.map(Into::into);
    (filter.family, filter.name, filter.within) = (args.family, args.name, args.within);
    filter.tags = args.tags.into_iter().collect();
    let mut rows = Rows::new(as_json, &tables::RANGES);
    let mut ranges = provider.ranges(ListRanges::all().with_filter(filter));
    while let Some(range) = ranges.try_next().await? {
        rows.add(&range, tables::range)?;
    }
    Ok(rows.finish("no ranges"))
}

fn define(args: cli::AddRange) -> DefineRange {
    let cli::AddRange { id, net, space, pool, fields } = args;
    let policy = policy(&fields, RangePolicy::default());
    let mut network = NetworkInfo::default();
    (network.gateway, network.dns_servers) = (fields.gateway, fields.dns);
    (network.search_domains, network.domain, network.vlan) = (fields.search_domains, fields.domain, fields.vlan);
    let mut request = DefineRange::new(id, net)
        .with_name(fields.about.name.unwrap_or_default())
        .with_description(fields.about.description)
        .with_addresses(fields.addresses)
        .with_hosts(if pool { HostPolicy::All } else { HostPolicy::Hosts })
        .with_network(network)
        .with_reserved(fields.reserve)
        .with_policy(policy)
        .with_tags(fields.about.tags.into_iter().collect::<Tags>())
        .with_properties(fields.about.properties.into_iter().collect::<Properties>());
    if let Some(space) = space {
        request.space = space.into();
    }
    request
}

async fn update(provider: &dyn IpamProvider, args: cli::UpdateRange) -> Result<UpdateRange, Failure> {
    let cli::UpdateRange { id, fields, clear } = args;
    let clears = |field| clear.contains(&field);
    // `UpdateRange` sets order and quarantine together, and lists as a whole. The present values are read first, so that
    // those without an argument are kept.
    let half = fields.order.is_some() || fields.quarantine.is_some();
    let lists = [
        fields.dns.is_empty(),
        fields.search_domains.is_empty(),
        fields.reserve.is_empty(),
        fields.about.tags.is_empty(),
        fields.about.properties.is_empty(),
    ];
    let before = if half || lists.contains(&false) { Some(provider.get_range(id.clone()).await?) } else { None };
    let before = before.as_ref();
    let policy = match (clears(RangeField::Policy), before.filter(|_| half)) {
        (true, _) => Patch::Clear,
        (false, Some(before)) => Patch::Set(policy(&fields, before.policy)),
        (false, None) => Patch::Keep,
    };
    let mut request = UpdateRange::new(id);
    request.name = patch("name", fields.about.name, clears(RangeField::Name))?;
    request.description = patch("description", fields.about.description, clears(RangeField::Description))?;
    request.addresses = patch("addresses", fields.addresses, clears(RangeField::Addresses))?;
    request.gateway = patch("gateway", fields.gateway, clears(RangeField::Gateway))?;
    let network = before.map(|range| &range.network);
    request.dns_servers = appended(network.map(|network| &network.dns_servers), fields.dns, clears(RangeField::Dns));
    let domains = network.map(|network| &network.search_domains);
    request.search_domains = appended(domains, fields.search_domains, clears(RangeField::SearchDomains));
    request.domain = patch("domain", fields.domain, clears(RangeField::Domain))?;
    request.vlan = patch("vlan", fields.vlan, clears(RangeField::Vlan))?;
    request.reserved = appended(before.map(|range| &range.reserved), fields.reserve, clears(RangeField::Reserve));
    request.policy = policy;
    request.tags = added(before.map(|range| &range.tags), fields.about.tags, clears(RangeField::Tags));
    let properties = before.map(|range| &range.properties);
    request.properties = added(properties, fields.about.properties, clears(RangeField::Properties));
    Ok(request)
}

fn policy(fields: &RangeFields, before: RangePolicy) -> RangePolicy {
    let order = fields.order.map_or(before.order, Into::into);
    before.with_order(order).with_quarantine(fields.quarantine.unwrap_or(before.quarantine))
}

/// Returns the change of a field that may be set or emptied, but not both.
pub(crate) fn patch<T>(name: &str, value: Option<T>, clear: bool) -> Result<Patch<T>, Failure> {
    match (value, clear) {
        (Some(_), true) => Err(Failure::Usage(format!("--{name} is both set and cleared; leave one out"))),
        (Some(value), false) => Ok(Patch::Set(value)),
        (None, true) => Ok(Patch::Clear),
        (None, false) => Ok(Patch::Keep),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_field_is_kept_set_or_cleared_and_never_both() {
        assert_eq!(patch("name", Some(1), false).unwrap(), Patch::Set(1));
        assert_eq!(patch::<u8>("name", None, true).unwrap(), Patch::Clear);
        assert_eq!(patch::<u8>("name", None, false).unwrap(), Patch::Keep);
        assert_eq!(patch("name", Some(1), true).unwrap_err().code(), crate::exit::WRONG_USE);
    }
}
