//! Why nothing is taken.

use std::borrow::Cow;
use std::net::IpAddr;

use ipam_core::{Error as CoreError, ErrorKind, RangeId, Retry};

/// The operation that errors name.
pub(super) const OP: &str = "allocate";

pub(crate) fn taken_error(operation: &'static str, line: usize, ip: IpAddr, range: &RangeId) -> CoreError {
    CoreError::new(ErrorKind::Conflict, operation, format!("{ip} cannot be had: it is taken or set aside"))
        .with_context("line", line)
        .with_context("range", range)
}

pub(crate) fn exhausted_error(operation: &'static str, line: usize, ranges: &[RangeId], why: &str) -> CoreError {
    let ranges = ranges.iter().map(RangeId::as_str).collect::<Vec<_>>().join(", ");
    CoreError::new(ErrorKind::Exhausted, operation, format!("no range has room for line {line}: {why}"))
        .with_context("line", line)
        .with_context("ranges", ranges)
}

pub(crate) fn busy(message: impl Into<Cow<'static, str>>) -> CoreError {
    CoreError::new(ErrorKind::Busy, OP, message).with_retry(Retry::Safe)
}
