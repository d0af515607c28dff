//! What a call answers when it succeeds.

use serde_json::{Map, Value};

use super::refusal::{Handled, fail};
use super::schema::Object;

/// A success.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) message: Option<&'static str>,
    pub(super) long_message: Option<String>,
    pub(super) id: Option<String>,
    pub(super) data: Option<Data>,
    pub(super) location: Option<String>,
}

/// What is in `data`.
#[derive(Debug)]
pub(super) enum Data {
    /// Sent as it is.
    Plain(Value),
    /// One object, finished by its kind.
    One(Kind, Map<String, Value>),
    /// A list of objects of one kind.
    List(Kind, Vec<Map<String, Value>>),
    /// Lists by name, and one more member.
    Parts(Vec<Found>, &'static str, Value),
}

/// One list of a search, which is a sentence when it is empty.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) part: &'static str,
    pub(super) kind: Kind,
    pub(super) rows: Vec<Map<String, Value>>,
    pub(super) nothing: &'static str,
}

/// How an object is finished after filtering: renaming, nesting of custom fields, links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing to do but nesting and links of this object.
    Rows(Object),
    /// VLANs and VRFs under their plural names: the key becomes `id`.
    Plural(Object),
    /// L2 domains: `permissions` becomes `sections`.
    Domain,
    /// Subnets: the decimal network becomes dotted.
    Subnet,
    /// Addresses of one subnet: while filtering, `ip` and `ip_addr` are swapped.
    SubnetAddress,
    /// Rows of `tools/…`, whose links have names of their own.
    Tool(Object, &'static str),
}

impl Reply {
    pub(super) fn done(message: &'static str) -> Self {
        Self { status: 200, message: Some(message), ..Self::default() }
    }

    pub(super) fn plain(value: impl Into<Value>) -> Self {
        Self { status: 200, data: Some(Data::Plain(value.into())), ..Self::default() }
    }

    pub(super) fn one(kind: Kind, row: Map<String, Value>) -> Self {
        Self { status: 200, data: Some(Data::One(kind, row)), ..Self::default() }
    }

    pub(super) fn list(kind: Kind, rows: Vec<Map<String, Value>>) -> Self {
        Self { status: 200, data: Some(Data::List(kind, rows)), ..Self::default() }
    }

    pub(super) fn found(parts: Vec<Found>, name: &'static str, value: Value) -> Self {
        Self { status: 200, data: Some(Data::Parts(parts, name, value)), ..Self::default() }
    }

    /// A list that answers `message` with the status of "nothing found" when it is empty.
    pub(super) fn list_or(
        kind: Kind,
        rows: Vec<Map<String, Value>>,
        status: u16,
        message: &'static str,
    ) -> Handled<Self> {
        if rows.is_empty() { Err(fail(status, message)) } else { Ok(Self::list(kind, rows)) }
    }

    pub(super) fn created(message: &'static str, id: u64, location: String) -> Self {
        Self {
            status: 201,
            message: Some(message),
            id: Some(id.to_string()),
            location: Some(location),
            ..Self::default()
        }
    }

    pub(super) fn with_data(mut self, value: impl Into<Value>) -> Self {
        self.data = Some(Data::Plain(value.into()));
        self
    }
}
