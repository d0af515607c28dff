//! `ipam agent plan`: subnets of the agent.

use super::connect;
use super::settings::Settings;
use crate::exit::{self, Failure};
use crate::output::{Output, Table, or_dash};
use crate::progress::Progress;

pub(super) async fn run(settings: &Settings) -> Result<(Output, u8), Failure> {
    let agent = connect::planner(settings)?;
    let plan = Progress::new("reading the plan", 0).during(agent.plan()).await?;
    let mut table = Table::new(&["SUBNET", "ID", ">ADDRESSES", "DISCOVER", "CHECK", "DNS", "DESCRIPTION"]);
    for subnet in &plan.subnets {
        let dns = match (subnet.resolve_dns, subnet.nameservers.is_empty()) {
            (false, _) => "-".to_owned(),
            (true, true) => "system".to_owned(),
            (true, false) => subnet.nameservers.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        };
        let addresses = match subnet.net {
            ipnet::IpNet::V4(net) => (1_u64 << (32 - net.prefix_len())).to_string(),
            // It is never swept.
            ipnet::IpNet::V6(_) => "known ones".to_owned(),
        };
        table.row([
            subnet.net.to_string(),
            subnet.id.to_string(),
            addresses,
            yes(subnet.discover),
            yes(subnet.check),
            dns,
            or_dash(subnet.description.as_ref()),
        ]);
    }
    let none = "no subnet is assigned to this agent with discovery or status checks switched on (subnet, Scan agent)";
    let mut text = table.render(none);
    for note in &plan.notes {
        text.push_str("\nnote: ");
        text.push_str(&note.reason);
    }
    Ok((Output::new(text, &plan)?, exit::DONE))
}

fn yes(flag: bool) -> String {
    if flag { "yes" } else { "no" }.to_owned()
}
