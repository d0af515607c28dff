//! Successful results of calls, before they are put into the envelope.

use serde_json::{Map, Value};

use super::refusal::{Handled, fail};
use super::schema::Object;

/// Success of a call.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) message: Option<&'static str>,
    pub(super) long_message: Option<String>,
    pub(super) id: Option<String>,
    pub(super) data: Option<Data>,
    pub(super) location: Option<String>,
}

/// Contents of `data`.
#[derive(Debug)]
pub(super) enum Data {
    /// Value that is sent as it is.
    Plain(Value),
    /// One object, finished by its kind.
    One(Kind, Map<String, Value>),
    /// List of objects of one kind.
    List(Kind, Vec<Map<String, Value>>),
    /// Lists by name, and one more member.
    Parts(Vec<SearchPart>, &'static str, Value),
}

/// One list of a search. An empty list is sent as the sentence `nothing` instead.
#[derive(Debug)]
pub(super) struct SearchPart {
    pub(super) part: &'static str,
    pub(super) kind: Kind,
    pub(super) rows: Vec<Map<String, Value>>,
    pub(super) nothing: &'static str,
}

/// Kind of a row, which decides its finish: renaming, nesting of custom fields, links.
///
/// The server filters before it renames, so filters use the names of the columns (`vlanId`, decimal `subnet`). Rows are
/// therefore finished after the filter, and not by the controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Rows of this object, without renaming.
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
    /// Returns a success with a message and no data.
    pub(super) fn done(message: &'static str) -> Self {
        Self { status: 200, message: Some(message), ..Self::default() }
    }

    /// Returns a success whose data is sent as it is.
    pub(super) fn plain(value: impl Into<Value>) -> Self {
        Self { status: 200, data: Some(Data::Plain(value.into())), ..Self::default() }
    }

    /// Returns a success with one object.
    pub(super) fn one(kind: Kind, row: Map<String, Value>) -> Self {
        Self { status: 200, data: Some(Data::One(kind, row)), ..Self::default() }
    }

    /// Returns a success with a list.
    pub(super) fn list(kind: Kind, rows: Vec<Map<String, Value>>) -> Self {
        Self { status: 200, data: Some(Data::List(kind, rows)), ..Self::default() }
    }

    /// Returns the lists of a search, and the member `name` after them.
    pub(super) fn found(parts: Vec<SearchPart>, name: &'static str, value: Value) -> Self {
        Self { status: 200, data: Some(Data::Parts(parts, name, value)), ..Self::default() }
    }

    /// Returns a list, or a failure with `status` and `message` if it is empty.
    pub(super) fn list_or(
        kind: Kind,
        rows: Vec<Map<String, Value>>,
        status: u16,
        message: &'static str,
    ) -> Handled<Self> {
        if rows.is_empty() { Err(fail(status, message)) } else { Ok(Self::list(kind, rows)) }
    }

    /// Returns the success of a creation: 201 with the new id.
    pub(super) fn created(message: &'static str, id: u64, location: String) -> Self {
        Self {
            status: 201,
            message: Some(message),
            // A text in every version and on every PHP, although reading the row gives a number: `lastInsertId` is one.
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
