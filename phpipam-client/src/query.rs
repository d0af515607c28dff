//! Filters of lists.

use std::net::IpAddr;

use crate::request::ApiRequest;

/// Which rows of a list the server returns.
///
/// The server reads all rows and then filters, one field at a time; fields have the names of the responses. 1.3 ignores
/// or misreads filters: check the rows there.
///
/// ```
/// use phpipam_client::Filter;
///
/// let in_section = Filter::equals("sectionId", 8);
/// let lab = Filter::contains("description", "lab");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    field: String,
    value: String,
    matching: Matching,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Matching {
    Full,
    Partial,
    Regex,
}

impl Filter {
    /// Rows whose field has this value. PHP compares loosely: `1` is `01` too.
    #[must_use]
    pub fn equals(field: impl Into<String>, value: impl ToString) -> Self {
        Self { field: field.into(), value: value.to_string(), matching: Matching::Full }
    }

    /// Rows whose field contains this text, upper and lower case told apart. Since 1.4.
    #[must_use]
    pub fn contains(field: impl Into<String>, text: impl Into<String>) -> Self {
        Self { field: field.into(), value: text.into(), matching: Matching::Partial }
    }

    /// Rows whose field matches a PHP regular expression, delimiters included, such as `#^lab-\d+$#`. Since 1.4.
    #[must_use]
    pub fn matches(field: impl Into<String>, regex: impl Into<String>) -> Self {
        Self { field: field.into(), value: regex.into(), matching: Matching::Regex }
    }

    /// Subnets with this first address: the server compares with the number it stores.
    #[must_use]
    pub fn network_address(ip: IpAddr) -> Self {
        let number = match ip {
            IpAddr::V4(ip) => u32::from(ip).into(),
            IpAddr::V6(ip) => u128::from(ip),
        };
        Self::equals("subnet", number)
    }

    pub(crate) fn apply(&self, request: ApiRequest) -> ApiRequest {
        let request = request.with_query("filter_by", &self.field).with_query("filter_value", &self.value);
        match self.matching {
            Matching::Full => request,
            Matching::Partial => request.with_query("filter_match", "partial"),
            Matching::Regex => request.with_query("filter_match", "regex"),
        }
    }
}
