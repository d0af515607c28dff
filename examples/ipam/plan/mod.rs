//! A subnet plan in a file: blocks, ranges, and the addresses that are taken already.
//!
//! Three formats, one [`Plan`]: CSV and JSON of ours ([`csv`], [`json`], both through [`record`]), and what a phpIPAM
//! answers ([`phpipam`]). [`check`] finds what contradicts itself or the store; [`import`] applies what is left.

pub(crate) mod check;
pub(crate) mod csv;
pub(crate) mod import;
pub(crate) mod json;
pub(crate) mod phpipam;
mod record;
pub(crate) mod recorded;

use std::fmt;
use std::net::IpAddr;

use ipam_core::{AllocationKey, DefineBlock, DefineRange, Labels, Owner, RangeId};

/// Something of a plan, and where in its file it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row<T> {
    /// For people: `line 7`, `ranges[3]`, `subnets data[12]`.
    pub(crate) at: String,
    pub(crate) item: T,
}

impl<T> Row<T> {
    pub(crate) fn new(at: impl Into<String>, item: T) -> Self {
        Self { at: at.into(), item }
    }
}

/// An address that is taken, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlannedAddress {
    pub(crate) range: RangeId,
    pub(crate) address: IpAddr,
    /// Makes importing the same row twice the same request.
    pub(crate) key: AllocationKey,
    pub(crate) owner: Owner,
    pub(crate) labels: Labels,
}

impl PlannedAddress {
    /// The key of a row that names none.
    pub(crate) fn default_key(range: &RangeId, address: IpAddr) -> AllocationKey {
        AllocationKey::new(format!("plan/{range}/{address}"))
    }
}

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) blocks: Vec<Row<DefineBlock>>,
    pub(crate) ranges: Vec<Row<DefineRange>>,
    pub(crate) addresses: Vec<Row<PlannedAddress>>,
    /// What was understood, but had to be put differently.
    pub(crate) notes: Vec<Row<String>>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) at: String,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn new(at: impl Into<String>, message: impl Into<String>) -> Self {
        Self { at: at.into(), message: message.into() }
    }

    /// A field that cannot be used: which, what it is, and what to write instead.
    pub(crate) fn field(at: &str, field: &str, value: &str, remedy: impl fmt::Display) -> Self {
        let shown: String = value.chars().take(80).collect();
        Self::new(at, format!("{field} is {shown:?}; {remedy}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

/// The result of reading: a plan, or everything that is wrong with the file.
pub(crate) type Parsed = Result<Plan, Vec<Problem>>;

/// How a plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A table with a column for each field; see examples/README.md.
    Csv,
    /// An object of `blocks`, `ranges` and `allocations`; see examples/README.md.
    Json,
    /// What phpIPAM answers to GET subnets/.
    Phpipam,
}

impl Format {
    /// What `text` looks like: a response of phpIPAM has rows with a mask, or says how it went; a plan of ours has lists by
    /// name.
    pub(crate) fn guess(text: &str) -> Self {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if !start.starts_with(['{', '[']) {
            return Self::Csv;
        }
        match serde_json::from_str::<serde_json::Value>(start) {
            Ok(value) if phpipam::looks_like_answer(&value) => Self::Phpipam,
            _ => Self::Json,
        }
    }
}
