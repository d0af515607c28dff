//! `ipam diff`

use std::io;

use ipam_core::IpamProvider;
use ipam_core::plan::{Comparison, Difference, DifferenceStatus, FieldDifference};
use serde_json::{Map, Value, json};

use crate::exit::{self, Failure};
use crate::output::{Output, print_line};
use crate::progress::Progress;

/// Compares two providers. Returns the output and the exit code.
pub(crate) async fn run(
    first: &dyn IpamProvider,
    second: &dyn IpamProvider,
    limit: usize,
    as_json: bool,
) -> Result<(Output, u8), Failure> {
    let most = if limit == 0 { usize::MAX } else { limit };
    let mut items: Vec<Value> = Vec::new();
    let mut printed = 0_usize;
    let mut failed = None;
    let progress = Progress::new("comparing addresses", 0);
    let watch = |done| progress.set(done);
    let compared = {
        let mut found = |difference: Difference| {
            if printed == most || failed.is_some() {
                return;
            }
            printed += 1;
            if as_json {
                items.push(as_value(&difference));
            } else if let Err(error) = print_line(&difference.to_string()) {
                failed = Some(error);
            }
        };
        let comparison = Comparison::new(first, second).with_progress(&watch);
        progress.during(comparison.run(&mut found)).await?
    };
    if let Some(error) = failed.filter(|error| error.kind() != io::ErrorKind::BrokenPipe) {
        return Err(Failure::Failed(format!("the result cannot be written: {error}")));
    }
    let more = compared.differences.saturating_sub(printed as u64);
    let shown = if more > 0 { format!("and {more} more differences\n") } else { String::new() };
    let text = format!(
        "{shown}{} differences in {} blocks, {} ranges and {} addresses",
        compared.differences, compared.blocks, compared.ranges, compared.addresses
    );
    let json = json!({
        "same": compared.differences == 0,
        "differences": compared.differences,
        "blocks": compared.blocks,
        "ranges": compared.ranges,
        "addresses": compared.addresses,
        "items": items,
        "more": more,
    });
    let code = if compared.differences == 0 { exit::DONE } else { exit::DIFFERENT };
    Ok((Output::new(text, &json)?, code))
}

fn as_value(difference: &Difference) -> Value {
    let (status, fields) = match &difference.status {
        DifferenceStatus::OnlyFirst => ("only-first", None),
        DifferenceStatus::OnlySecond => ("only-second", None),
        DifferenceStatus::Fields(fields) => ("different", Some(fields)),
        _ => ("unknown", None),
    };
    let mut value = json!({
        "kind": difference.kind.as_str(),
        "space": difference.space,
        "name": difference.name,
        "about": difference.about,
        "status": status,
    });
    if let Some(fields) = fields {
        let pair =
            |field: &FieldDifference| (field.field.to_owned(), json!({ "first": field.first, "second": field.second }));
        value["fields"] = Value::Object(fields.iter().map(pair).collect::<Map<_, _>>());
    }
    value
}
