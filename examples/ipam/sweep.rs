//! `ipam sweep`

use ipam_core::{IpamProvider, Sweep, Swept};

use crate::cli;
use crate::exit::Failure;
use crate::output::{Output, Table, or_dash, remark};
use crate::times::show_time;

pub(crate) async fn run(provider: &dyn IpamProvider, args: cli::Sweep) -> Result<Output, Failure> {
    let request = Sweep::new().with_older_than(args.older_than).with_dry_run(args.dry_run).with_limit(args.limit);
    let swept = provider.sweep(&request).await?;
    Output::new(text(&swept, args.dry_run), &swept)
}

fn text(swept: &Swept, dry_run: bool) -> String {
    let mut table = Table::new(&["ADDRESS", "RANGE", "CLAIMED", "OWNER", "KEY"]);
    for claim in &swept.claims {
        table.row([
            claim.address.map_or_else(|| "(child prefix)".to_owned(), |address| address.to_string()),
            claim.range.to_string(),
            or_dash(claim.claimed.map(show_time)),
            or_dash(claim.owner.as_ref()),
            or_dash(claim.key.as_ref()),
        ]);
    }
    let mut text = table.render("no abandoned claims");
    if !swept.claims.is_empty() {
        let done = if dry_run { "would be undone" } else { "undone" };
        remark(&mut text, format!("{} {done}", swept.claims.len()));
    }
    if swept.more {
        remark(&mut text, "there are more: run it again, or with a higher --limit");
    }
    text
}

#[cfg(test)]
mod tests {
    use ipam_core::AbandonedClaim;

    use super::*;

    #[test]
    fn what_was_undone_and_what_is_left_is_told() {
        assert_eq!(text(&Swept::default(), false), "no abandoned claims");
        let address = std::net::IpAddr::from([10, 0, 0, 7]);
        let claims = vec![
            AbandonedClaim::new("lan", Some(address)).with_key(Some("vm-1".into())),
            AbandonedClaim::new("net-3", None),
        ];
        let told = text(&Swept::new(claims.clone(), true), false);
        assert!(told.contains("10.0.0.7") && told.contains("vm-1") && told.contains("(child prefix)"), "{told}");
        assert!(told.contains("2 undone") && told.contains("run it again"), "{told}");
        assert!(text(&Swept::new(claims, false), true).contains("2 would be undone"));
    }
}
