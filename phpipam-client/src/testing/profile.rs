//! Behaviour that differs between versions of phpIPAM, as data.

/// Behaviour of one version of phpIPAM where versions differ.
///
/// A server is built with one profile, and asks the profile instead of comparing versions. Only
/// [`V1_8_2`](Self::V1_8_2) is complete; changing its fields gives single behaviours of older versions.
///
/// ```
/// use phpipam_client::testing::{Profile, Server};
/// # use phpipam_client::{Auth, Client, HttpOptions};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// // An empty list as 1.4 sends it: HTTP 200 with `"success":false`.
/// let mut profile = Profile::V1_8_2;
/// profile.nothing_found = 200;
/// let server = Server::builder().profile(profile).start().await?;
/// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
/// #     .with_http_options(HttpOptions::new().with_allow_http(true))
/// #     .build()?;
/// assert!(client.vlans().list().await?.is_empty());
/// assert_eq!(server.requests().last().and_then(|request| request.status), Some(200));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// Version, for messages to people; no behaviour depends on it.
    pub version: &'static str,
    /// Status of "nothing found" on lists and searches: 404 from 1.5.0 on, 200 with `success` false before.
    pub nothing_found: u16,
    /// True if failures say `"success":0` instead of `false`, as 1.3 does.
    pub failure_is_zero: bool,
    /// True if the request header `api-stringify-results` decides how numbers are sent: from 1.7.0 on.
    pub stringify_header: bool,
    /// Effect of the method PUT.
    pub put: Put,
    /// True if `filter_by` is read from the query string: from 1.4 on.
    pub filters: bool,
    /// True if the list of all subnets looks a gateway up by the id of the subnet, and so shows the gateway of another
    /// subnet: from 1.4.0 on.
    pub gateway_by_subnet_id: bool,
    /// True if only the first row of some searches has a dotted address, and the others a decimal one: 1.8.2.
    pub decimal_after_first: bool,
    /// True if `addresses/{ip}/{subnetId}/` finds only the row with the lowest id of the subnet: 1.8.2.
    pub by_ip_finds_first_only: bool,
    /// True if deleting the default L2 domain is refused: 1.8.2. Older versions delete it.
    pub keeps_default_domain: bool,
    /// True if `sections`, `subnets` and `addresses` have a `changelog`: from 1.7.0 on.
    pub changelog: bool,
    /// Status of a lock timeout: 200 with code 500 in 1.8.2, 503 before.
    pub lock_timeout_status: u16,
    /// Controllers of this version; others are 400 `Invalid controller`.
    pub controllers: &'static [&'static str],
    /// Message to a blocked client. It says `excesive` before 1.7.
    pub blocked: &'static str,
    /// Name of the session cookie: `PHPSESSID` in 1.3, `phpipam` later.
    pub cookie: &'static str,
    /// Rows of the longest list that PHP's memory holds; `None` for any length. A longer list is an empty 500.
    ///
    /// A filter helps as far as on a real server: PHP reads all rows first, and a row that it sends takes twice the
    /// memory of one that it only reads. A list of more than three times this length dies with any filter. With PHP's
    /// default of 128 MB it is about 18 000.
    pub memory_rows: Option<usize>,
}

/// Effect of the method PUT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Put {
    /// The same as PATCH: 1.8.2.
    AsPatch,
    /// 501, as for an unknown method: 1.3 and 1.4.
    NotImplemented,
}

impl Profile {
    /// phpIPAM 1.8.2 on PHP 8.2.
    pub const V1_8_2: Self = Self {
        version: "1.8.2",
        // Q11: 1.8.2 has no empty lists; "nothing found" is an error of status 404.
        nothing_found: 404,
        // Q09: 1.3.2 sends 0 on every failure, 1.4.7 only on uncaught ones.
        failure_is_zero: false,
        // Q02: 1.5.2 and 1.6 ignore the header.
        stringify_header: true,
        put: Put::AsPatch,
        // Q69: 1.3.2 takes `?…` after a pretty path for a path segment.
        filters: true,
        // Q35: `read_all_subnets` indexes the gateways by their own id instead of that of their subnet.
        gateway_by_subnet_id: true,
        // Q27, seen in 1.8.2 and not up to 1.7.4: the server's cache is keyed by the column that was searched, and adds
        // `ip` to the first row only. Later rows stay decimal, and a look-up by IP finds one row of each subnet.
        decimal_after_first: true,
        by_ip_finds_first_only: true,
        keeps_default_domain: true,
        changelog: true,
        // Q50: 1.8.2 reports the timeout in the envelope only; HTTP says 200.
        lock_timeout_status: 200,
        controllers: &[
            "user",
            "sections",
            "subnets",
            "folders",
            "addresses",
            "vlan",
            "vlans",
            "vrf",
            "vrfs",
            "l2domains",
            "tools",
            "devices",
            "search",
        ],
        blocked: "Your IP has been blocked for 5 minutes because of excessive login failures",
        cookie: "phpipam",
        memory_rows: None,
    };
}

impl Default for Profile {
    fn default() -> Self {
        Self::V1_8_2
    }
}
