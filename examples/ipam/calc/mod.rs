//! `ipam calc`: subnet calculations, without a provider.

mod arguments;
mod describe;
mod items;
mod lines;
mod sets;
mod vlsm;

pub(crate) use self::arguments::Calc;

use ipam_core::net::NetError;

use self::arguments::CalcCommand;
use crate::exit::Failure;
use crate::output::Output;

pub(crate) fn run(args: &Calc, as_json: bool) -> Result<Output, Failure> {
    match &args.command {
        None => describe::run(&args.prefixes),
        Some(CalcCommand::Split(args)) => lines::split(args, as_json),
        Some(CalcCommand::Hosts(args)) => lines::hosts(args, as_json),
        Some(CalcCommand::Reverse { items }) => describe::reverse(items),
        Some(CalcCommand::Supernet { prefix, length }) => sets::supernet(prefix, *length),
        Some(CalcCommand::Cover { items }) => sets::cover(items),
        Some(CalcCommand::Aggregate { items, limit }) => sets::aggregate(items, *limit, as_json),
        Some(CalcCommand::Subtract { from, items, limit }) => sets::subtract(from, items, *limit, as_json),
        Some(CalcCommand::Vlsm(args)) => vlsm::run(args),
    }
}

/// Converts an error of a calculation. Its text names the value and the remedy, so that the operation adds nothing.
fn failure(error: NetError) -> Failure {
    Failure::Provider(error.into())
}

/// Returns a count in full; 2^128, which has no `u128`, too.
fn count_text(count: Option<u128>) -> String {
    count.map_or_else(|| "340282366920938463463374607431768211456".to_owned(), |count| count.to_string())
}

/// Returns a count for programs, by the rule of all counts: a string above 2^53 − 1, which not each reader holds.
fn count_json(count: Option<u128>) -> serde_json::Value {
    match count.and_then(|count| u64::try_from(count).ok()).filter(|count| *count < 1 << 53) {
        Some(count) => count.into(),
        None => count_text(count).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_for_people_and_programs() {
        assert_eq!(count_text(Some(u128::MAX)), "340282366920938463463374607431768211455");
        assert_eq!(count_json(None), count_text(None));
        assert_eq!(count_json(Some((1 << 53) - 1)), 9_007_199_254_740_991_u64);
        assert_eq!(count_json(Some(1 << 53)), "9007199254740992");
    }
}
