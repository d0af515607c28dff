//! `ipam calc vlsm`

use ipam_core::net::{HostPolicy, IpSet, Planner, SubnetDetails, SubnetSize, hosts, parse_net};
use serde_json::json;

use super::arguments::Vlsm;
use super::items::read;
use super::{count_json, count_text, failure};
use crate::exit::Failure;
use crate::output::{Output, Table, remark};

const HEADINGS: [&str; 6] = ["PREFIX", ">SIZE", "NAME", "NETMASK", "HOSTS", ">NUMBER"];

pub(super) fn run(args: &Vlsm) -> Result<Output, Failure> {
    let policy = if args.all { HostPolicy::All } else { HostPolicy::Hosts };
    let blocks = std::iter::once(&args.block).chain(&args.blocks).map(|block| parse_net(block));
    let blocks = blocks.collect::<Result<Vec<_>, _>>().map_err(failure)?;
    let taken: IpSet = read(&args.taken)?.into_iter().collect();
    let sizes: Vec<SubnetSize> = args.sizes.iter().map(|size| size.size).collect();
    let planner = Planner::new(blocks.iter().copied()).with_taken(taken.clone()).with_policy(policy);
    let placed = planner.plan(&sizes).map_err(failure)?;

    let mut table = Table::new(&HEADINGS);
    let mut subnets = Vec::new();
    for (size, net) in args.sizes.iter().zip(&placed) {
        let (range, netmask) = (hosts(*net, policy), SubnetDetails::of(*net).netmask);
        table.row([
            net.to_string(),
            size.text.clone(),
            size.name.clone().unwrap_or_else(|| "-".to_owned()),
            netmask.to_string(),
            range.to_string(),
            count_text(range.size()),
        ]);
        subnets.push(json!({
            "name": size.name,
            "size": size.text,
            "prefix": net,
            "netmask": netmask,
            "first_host": range.first(),
            "last_host": range.last(),
            "hosts": count_json(range.size()),
        }));
    }
    let used = &taken | &placed.iter().copied().collect();
    let free = (&blocks.into_iter().collect::<IpSet>() - &used).into_prefixes();
    let free: Vec<String> = free.map(|net| net.to_string()).collect();
    let rest = if free.is_empty() { "nothing".to_owned() } else { free.join(" ") };
    let mut text = table.render("");
    remark(&mut text, format!("\nleft: {rest}"));
    Output::new(text, &json!({ "subnets": subnets, "free": free }))
}
