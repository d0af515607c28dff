//! `ipam allocate`

use ipam_core::{Allocate, AllocateLine, IpamProvider, Labels, Placement, Precondition, Selection};

use crate::cli;
use crate::exit::Failure;
use crate::output::{Output, Table, remark};
use crate::tables;

pub(crate) async fn run(provider: &dyn IpamProvider, args: cli::Allocate) -> Result<Output, Failure> {
    let preview = args.preview;
    let request = request(args);
    if preview {
        let preview = provider.preview_allocate(&request).await?;
        let mut table = Table::new(&["ADDRESS", "RANGE"]);
        for candidate in preview.lines.iter().flatten() {
            table.row([candidate.address.to_string(), candidate.range.to_string()]);
        }
        return Output::new(table.render("nothing"), &preview);
    }
    let allocated = provider.allocate(&request).await?;
    let mut text = tables::allocations(allocated.iter(), "nothing");
    if allocated.repeated {
        remark(&mut text, "allocated by an earlier call with this key");
    }
    Output::new(text, &allocated)
}

fn request(args: cli::Allocate) -> Allocate {
    let selection = match args.address {
        Some(first) => Selection::Exact { first, count: args.count },
        None => {
            let placement = match (args.contiguous, args.aligned) {
                (_, true) => Placement::Aligned,
                (true, false) => Placement::Contiguous,
                (false, false) => Placement::Scattered,
            };
            Selection::Next { count: args.count, placement }
        }
    };
    let mut labels = Labels::default();
    (labels.hostname, labels.description, labels.mac) =
        (args.labels.hostname, args.labels.description, args.labels.mac);
    labels.tags = args.labels.tags.into_iter().collect();
    let mut ranges = args.ranges.into_iter();
    let mut line = AllocateLine::new(ranges.next().unwrap_or_default(), selection).with_labels(labels);
    line.ranges.extend(ranges.map(Into::into));
    (line.exclude, line.expiry) = (args.exclude, args.expiry);
    let mut request = Allocate::new(args.owner).with_line(line);
    request.key = args.key.map(Into::into);
    request
}

impl From<cli::ExpectArgs> for Precondition {
    fn from(args: cli::ExpectArgs) -> Self {
        match (args.expect_owner, args.expect_key) {
            (Some(owner), _) => Self::Owner(owner.into()),
            (None, Some(key)) => Self::Key(key.into()),
            (None, None) => Self::Anyone,
        }
    }
}
