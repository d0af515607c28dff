//! Filters of lists.

use std::net::IpAddr;

use crate::request::ApiRequest;

/// Condition on the rows that a list returns.
///
/// The server reads all rows and then filters by one field, so a filter saves traffic and not the server's memory.
/// Fields have the server's names, which differ from those of the models:
///
/// | list | model field → name in a filter |
/// | --- | --- |
/// | all | `description` → `description`, `section_id` → `sectionId`, custom fields → their own names |
/// | subnets | `subnet` → `subnet`, see [`network_address`](Self::network_address); `vlan_id` → `vlanId` |
/// | addresses | `ip` → `ip`, `tag` → `tag`, `device_id` → `deviceId`, `subnet_id` → `subnetId` |
/// | [addresses of a subnet](crate::controllers::Subnets::addresses_filtered) | the same, but `ip` → `ip_addr` |
/// | VLANs, VRFs | `id` → `vlanId`, `id` → `vrfId` |
/// | layer 2 domains | `sections` → `permissions` |
///
/// **1.3 ignores filters or takes them for a part of the path**: it returns all rows, or none, without an error. The
/// client does not check the rows; on 1.3 do it yourself.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = phpipam_client::testing::Server::start().await?;
/// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
/// # let auth = phpipam_client::Auth::user("admin", "correct horse");
/// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
/// use phpipam_client::Filter;
/// use phpipam_client::models::VlanFields;
///
/// client.vlans().create("lab-a", 10, &VlanFields::new()).await?;
/// client.vlans().create("office", 20, &VlanFields::new()).await?;
/// let found = client.vlans().list_filtered(&Filter::contains("name", "lab")).await?;
/// assert_eq!(found.len(), 1);
/// assert_eq!(found[0].number, Some(10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
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
    /// Matches rows whose field has this value. PHP compares numbers loosely: `1` matches `01` too.
    #[must_use]
    pub fn equals(field: impl Into<String>, value: impl ToString) -> Self {
        Self { field: field.into(), value: value.to_string(), matching: Matching::Full }
    }

    /// Matches rows whose field contains this text, case-sensitive. Since 1.4; 1.3 returns wrong rows, see [`Filter`].
    #[must_use]
    pub fn contains(field: impl Into<String>, text: impl Into<String>) -> Self {
        Self { field: field.into(), value: text.into(), matching: Matching::Partial }
    }

    /// Matches rows whose field matches a PHP regular expression, delimiters included, such as `#^lab-\d+$#`. Since
    /// 1.4; 1.3 returns wrong rows, see [`Filter`].
    #[must_use]
    pub fn matches(field: impl Into<String>, regex: impl Into<String>) -> Self {
        Self { field: field.into(), value: regex.into(), matching: Matching::Regex }
    }

    /// Matches subnets with this network address, which the server compares as the decimal number that its database
    /// holds.
    ///
    /// ```
    /// use phpipam_client::Filter;
    ///
    /// let filter = Filter::network_address("10.15.0.0".parse()?);
    /// assert_eq!(filter, Filter::equals("subnet", 168_755_200));
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    #[must_use]
    pub fn network_address(ip: IpAddr) -> Self {
        let number = match ip {
            IpAddr::V4(ip) => u32::from(ip).into(),
            IpAddr::V6(ip) => u128::from(ip),
        };
        // The server filters its rows before it turns the numbers of the database into text (Q69).
        Self::equals("subnet", number)
    }

    pub(crate) fn apply(&self, request: ApiRequest) -> ApiRequest {
        let request = request.with_query("filter_by", &self.field).with_query("filter_value", &self.value);
        match self.matching {
            // The default is not sent: 1.3 does not know the parameter.
            Matching::Full => request,
            Matching::Partial => request.with_query("filter_match", "partial"),
            Matching::Regex => request.with_query("filter_match", "regex"),
        }
    }
}
