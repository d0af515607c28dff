//! Allocations that an export leaves out, and values that it refuses.

use std::fmt;
use std::net::IpAddr;

use crate::{Error, ErrorKind, Operation, RangeId};

/// Number of allocations that an export has left out for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// Reason, such as `without a host name`.
    pub reason: &'static str,
    /// Number of allocations.
    pub count: u64,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.count, self.reason)
    }
}

/// Reasons with their counts.
// A list and not a map: there are fewer than ten reasons.
#[derive(Debug, Default)]
pub(super) struct Counts(Vec<LeftOut>);

impl Counts {
    pub(super) fn add(&mut self, reason: &'static str) {
        match self.0.iter_mut().find(|known| known.reason == reason) {
            Some(known) => known.count += 1,
            None => self.0.push(LeftOut { reason, count: 1 }),
        }
    }

    pub(super) fn into_vec(mut self) -> Vec<LeftOut> {
        // Providers list in an order of their own, in which the first of a reason is any.
        self.0.sort_by_key(|left| left.reason);
        self.0
    }
}

/// Number of refused values that an error names; the others are counted.
const NAMED: usize = 20;
/// Characters of a refused value that an error shows.
const SHOWN: usize = 100;

/// Values that a format cannot hold.
#[derive(Debug, Default)]
pub(super) struct Refused {
    named: Vec<String>,
    count: usize,
}

impl Refused {
    pub(super) fn add(&mut self, address: IpAddr, range: &RangeId, field: &str, value: &str, problem: &str) {
        // Bounded: a provider may have a million wrong names, and people mend the first few.
        self.count += 1;
        if self.named.len() < NAMED {
            // Debug below escapes line ends, so that each value stays on its line.
            let value: String = value.chars().take(SHOWN).collect();
            self.named.push(format!("{address} in range {range:?}: {field} {value:?}: {problem}"));
        }
    }

    /// Returns the error if there is a refused value.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.count == 0 {
            return Ok(());
        }
        let mut message = match self.count {
            1 => "a value cannot be written".to_owned(),
            count => format!("{count} values cannot be written"),
        };
        message.push_str("; change them, or leave these allocations out of the export:");
        self.named.iter().for_each(|line| message.push_str(&format!("\n  {line}")));
        if self.count > self.named.len() {
            message.push_str(&format!("\n  and {} more", self.count - self.named.len()));
        }
        Err(Error::new(ErrorKind::InvalidInput, Operation::Export, message))
    }
}
